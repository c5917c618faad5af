/**
 * What `dastine.js` refuses, and what to change in the page, in Persian and English.
 *
 * @module
 */

/** @type {Record<string, {fa: [string, string], en: [string, string]}>} code: what happened, what to change */
const WORDS = {
  'hash-not-offered': {
    fa: ['مُهر با SHA-1 امضا نمی‌کند، و بی نام چکیده‌ساز هم دستینه SHA-1 به کار می‌برد.', "در Sign پارامتر دوم و در CmsSign پارامتر چهارم را 'SHA256' بنویسید."],
    en: [
      'Mohr does not sign with SHA-1, which Dastine also takes where no hash is named.',
      "Pass 'SHA256': the second parameter of Sign, the fourth of CmsSign.",
    ],
  },
  'secret-in-page': {
    fa: ['رمز توکن یا پروندهٔ کلید از صفحهٔ وب پذیرفته نمی‌شود.', 'این فراخوانی را بردارید؛ پزشک رمز را در پنجرهٔ مُهر می‌نویسد.'],
    en: [
      'Mohr takes no PIN, password or key file from a page.',
      "Remove this call; the doctor types the PIN in Mohr's own window.",
    ],
  },
  'call-not-offered': {
    fa: ['مُهر این فراخوانی را از صفحهٔ وب ندارد.', 'این فراخوانی را بردارید؛ جدول کوچ می‌گوید به جای آن چه هست.'],
    en: ['Mohr does not offer this call to a page.', 'Remove it; the migration table says what stands in its place.'],
  },
  'attributes-not-offered': {
    fa: ['صفحه نمی‌تواند ویژگی‌های امضا را تعیین کند.', 'CmsSign را فرا بخوانید؛ مُهر زمان و گواهی را خود می‌نویسد.'],
    en: ['A page cannot set the attributes of a signature.', 'Call CmsSign; Mohr writes signing time and content type itself.'],
  },
  'certificate-not-selected': {
    fa: ['گواهی انتخاب نشده است.', 'نخست SelectCertificateFromTokenByUI را فرا بخوانید.'],
    en: ['No certificate has been selected.', 'Call SelectCertificateFromTokenByUI first.'],
  },
  'certificate-comes-later': {
    fa: ['مُهر گواهی پزشک را پیش از پذیرفتن او به صفحه نمی‌دهد.', 'GetSelectedCertificate را پس از Sign یا CmsSign فرا بخوانید.'],
    en: [
      "Mohr does not give the doctor's certificate to a page before the doctor has said yes.",
      'Call GetSelectedCertificate after Sign or CmsSign.',
    ],
  },
  'no-certificate': {
    fa: ['گواهی‌ای که با آن بتوان امضا کرد پیدا نشد.', 'توکن را وصل کنید؛ پنجرهٔ مُهر می‌گوید هر گواهی چرا به کار نمی‌آید.'],
    en: ['No certificate was found that can sign.', "Plug the token in; Mohr's window says why a certificate cannot be used."],
  },
  'subject-unknown': {
    fa: ['گواهی‌ای با این مشخصات پیدا نشد، یا بیش از یکی هست.', 'SelectCertificateFromTokenByUI را فرا بخوانید؛ پزشک خود برمی‌گزیند.'],
    en: [
      'No certificate fits this subject and issuer, or more than one does.',
      'Call SelectCertificateFromTokenByUI; the doctor chooses.',
    ],
  },
  'key-usages-not-offered': {
    fa: ['کاربرد کلید را صفحه تعیین نمی‌کند.', 'پارامتر keyUsages را خالی بگذارید؛ مُهر تنها گواهی‌های امضا را نشان می‌دهد.'],
    en: ['A page does not set key usages.', 'Leave keyUsages empty; Mohr lists only certificates that may sign.'],
  },
  'not-base64': {
    fa: ['داده base64 نیست.', 'خود سند را به base64 بدهید.'],
    en: ['The data is not base64.', 'Pass the document itself, in base64.'],
  },
  'digest-refused': {
    fa: ['این چکیده است، و پزشک نمی‌تواند چکیده را بخواند.', 'به جای چکیده خود سند را بدهید؛ چکیده را مُهر می‌سازد.'],
    en: [
      'This is a digest, which no doctor can read.',
      'Pass the document itself instead of its digest; Mohr makes the digest.',
    ],
  },
  'data-unreadable': {
    fa: ['مُهر این داده را نمی‌تواند به پزشک نشان دهد.', 'متن را با UTF-8 (نه UTF-16)، یا JSON، XML یا PDF بدهید.'],
    en: ['Mohr cannot show this data to the doctor.', 'Pass text in UTF-8 (not UTF-16), JSON, XML or a PDF.'],
  },
};

/** Every code that has words here. */
export const CODES = Object.keys(WORDS);

/** @param {string} code @param {import('./words.js').Language} language @returns {import('./words.js').Words} */
export function explainMove(code, language) {
  const [title, remedy] = WORDS[code][language];
  return { title, remedy };
}
