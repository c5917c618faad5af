/**
 * The page's words in Persian and English, and how numbers, days and Latin names are written in each.
 *
 * @module
 */

import { jalali } from './prescription.js';

/** @typedef {import('../words.js').Language} Language */

/** @type {Record<string, [fa: string, en: string]>} */
const WORDS = {
  panel: ['مطب‌یار', 'Matab-Yar'],
  'panel-more': ['پنل نسخه‌نویسی نمونه', 'A sample prescribing panel'],
  'sign-in': ['ورود با توکن', 'Sign in with the token'],
  theme: ['روشن یا تیره', 'Light or dark'],
  'look-again': ['دوباره بگرد', 'Look again'],
  start: ['اجرای مُهر', 'Start Mohr'],
  connect: ['اتصال به مُهر', 'Connect to Mohr'],
  compare: ['این شش رقم را با پنجرهٔ مُهر بسنجید', "Compare these six digits with Mohr's window"],
  'compare-before': ['پنجرهٔ مُهر همین حالا باز شده است. اگر همین رقم‌ها را برای', "Mohr's window has just opened. If it shows the same digits for"],
  'compare-after': [' نشان می‌دهد، آنجا بپذیرید.', ', accept there.'],
  'give-up': ['انصراف', 'Cancel'],
  'send-again': ['دوباره بفرست', 'Send again'],
  'new-prescription': ['نسخهٔ تازه', 'New prescription'],
  editing: ['ویرایش نسخه', 'Edited prescription'],
  replaces: ['این نسخه جای نسخهٔ پیشین را می‌گیرد:', 'This prescription takes the place of'],
  insurer: ['بیمه', 'Insurer'],
  tamin: ['تأمین اجتماعی', 'Tamin'],
  salamat: ['بیمه سلامت', 'Bimeh Salamat'],
  free: ['آزاد', 'Free'],
  templates: ['الگوها…', 'Templates…'],
  'save-template': ['ذخیرهٔ الگو', 'Save as template'],
  'template-name': ['نام الگو (بی نام بیمار):', "The template's name (no patient's name):"],
  patient: ['بیمار', 'Patient'],
  'national-code': ['کد ملی', 'National code'],
  'birth-date': ['تاریخ تولد', 'Born'],
  mobile: ['تلفن همراه', 'Mobile'],
  item: ['قلم', 'Drug'],
  amount: ['مقدار مصرف', 'Dose'],
  quantity: ['تعداد', 'Quantity'],
  instruction: ['دستور مصرف', 'Instruction'],
  remove: ['حذف', 'Remove'],
  search: ['افزودن دارو: نام فارسی یا لاتین، مانند amox 500', 'Add a drug, such as amox 500'],
  'no-lines': ['هنوز دارویی در نسخه نیست.', 'No drug in the prescription yet.'],
  notes: ['توضیح برای داروخانه', 'For the pharmacy'],
  profile: ['مشخصات پزشک در این پنل', 'The doctor in this panel'],
  'profile-more': [
    'اگر گواهی توکن نام و شمارهٔ نظام پزشکی داشته باشد، همان‌ها در نسخه می‌آید.',
    "Where the token's certificate has a name and a council number, these go into the prescription.",
  ],
  name: ['نام', 'Name'],
  council: ['شماره نظام پزشکی', 'Council number'],
  'council-short': ['نظام پزشکی', 'Council no.'],
  'take-back': ['پس گرفتن', 'Take back'],
  'to-list': ['به فهرست', 'To the list'],
  sign: ['امضا و ارسال', 'Sign and send'],
  todays: ['نسخه‌های امروز', "Today's prescriptions"],
  nothing: ['هنوز نسخه‌ای نیست. نسخه را امضا کنید، یا به فهرست بفرستید تا چند نسخه را یک‌جا امضا کنید.', 'None yet. Sign one, or send it to the list to sign several at once.'],
  'many-more': ['یک درخواست و یک رمز برای همه', 'One request and one PIN for all'],
  'sign-many': ['امضای # نسخه', 'Sign all (#)'],
  items: ['#\u00a0قلم', '#\u00a0items'],
  edit: ['ویرایش و امضای دوباره', 'Edit and sign again'],
  drop: ['برداشتن', 'Remove'],
  file: ['دریافت امضا', 'Download signature'],
  next: ['نسخهٔ بعدی', 'Next'],
  back: ['بازگشت به نسخه', 'Back to the prescription'],
  sample: [
    'این صفحه نمونه است: بیمار و کد داروها ساختگی‌اند و چیزی به بیمه فرستاده نمی‌شود.',
    "This page is a sample: the patient and the drugs' codes are made up, and nothing is sent to an insurer.",
  ],

  'state-waiting': ['در انتظار امضا', 'Waiting'],
  'state-sent': ['نزد مُهر', 'With Mohr'],
  'state-signed': ['امضا شد', 'Signed'],
  'state-unsigned': ['بی امضا', 'Unsigned'],
  'state-stopped': ['امضا نشد', 'Not signed'],
  'state-unsettled': ['نامعلوم', 'Unknown'],
  'state-replaced': ['جایگزین شد', 'Replaced'],
  'verdict-valid': ['کارساز: امضا درست است', 'Server: signature valid'],
  'verdict-other': ['کارساز: امضا پذیرفته نشد', 'Server: signature not accepted'],

  received: ['در صف مُهر…', "In Mohr's queue…"],
  choosing: ['در پنجرهٔ مُهر بگویید با کدام گواهی امضا شود.', "Say in Mohr's window which certificate signs."],
  consent: ['نسخه در پنجرهٔ مُهر است؛ آنجا بخوانید و امضا کنید.', "The prescription is in Mohr's window: read and sign it there."],
  signing: ['توکن امضا می‌کند…', 'The token signs…'],
  resuming: ['نسخهٔ پیش از تازه‌شدن صفحه پی گرفته می‌شود…', 'Following the prescription from before the reload…'],

  'ended-signed': ['نسخه امضا و فرستاده شد', 'Signed and sent'],
  'ended-signed-many': ['# نسخه امضا و فرستاده شد', '# prescriptions signed and sent'],
  'ended-unsigned': ['نسخه بدون امضا فرستاده شد', 'Sent unsigned'],
  'ended-stopped': ['نسخه امضا نشد و فرستاده نشد', 'Not signed, and not sent'],
  'ended-part': ['# نسخه امضا شد و بقیه نه', '# prescriptions signed, the others not'],
  'ended-unsettled': ['سرنوشت این نسخه معلوم نیست', 'What became of it is not known'],
  'ended-unknown': ['مُهر این نسخه را دیگر به یاد ندارد', 'Mohr does not remember this prescription'],
  'signed-more': ['امضا کنار نسخه نگه داشته شد و هر کس می‌تواند آن را بیازماید.', 'The signature is kept beside the prescription, and anybody can verify it.'],
  'signed-no-server': ['این نمونه کارسازی ندارد: امضا را دریافت کنید تا بماند.', 'This sample has no server: download the signature to keep it.'],
  'unsigned-more': ['. امضا هنوز الزامی نیست و کار بیمار نماند.', '. Signing is not mandatory yet, and the patient need not wait.'],
  'unsettled-more': [
    'دوباره بفرستید: همان نسخه با همان شناسه می‌رود و چیزی دوبار امضا نمی‌شود.',
    'Send it again: the same prescription goes under the same id, and nothing is signed twice.',
  ],
  'stopped-declined': ['پزشک در پنجرهٔ مُهر امضا نکرد. نسخه همین‌جاست؛ درستش کنید یا دوباره بفرستید.', "The doctor declined in Mohr's window. The prescription is still here: correct it, or send it again."],
  'stopped-cancelled': ['پیش از امضا پس گرفته شد.', 'Taken back before it was signed.'],
  'again-more': ['از نو «امضا و ارسال» را بزنید.', 'Press “Sign and send” anew.'],
  id: ['شناسهٔ نسخه', 'Id'],
  'signed-at': ['زمان امضا', 'Signed'],
  format: ['قالب', 'Format'],
  size: ['اندازه', 'Size'],
  kilobytes: ['# کیلوبایت', '# kB'],
  download: ['دریافت امضا ', 'Download signature '],

  'sign-in-yes': ['کارساز پذیرفت: ', 'The server accepted: '],
  'sign-in-no': ['کارساز این ورود را نپذیرفت.', 'The server did not accept this sign-in.'],
  'sign-in-unchecked': [
    'توکن ورود رسید، ولی این نمونه کارسازی ندارد که آن را بیازماید؛ صفحه نباید خودش به آن اعتماد کند.',
    'A sign-in token came, but this sample has no server to check it, and a page must not trust it by itself.',
  ],
  'sign-in-declined': ['ورود با توکن انجام نشد.', 'Not signed in.'],
};

/** @type {Language} */
export let language = /^en/.test(globalThis.document?.documentElement.dataset.language ?? '') ? 'en' : 'fa';

/** @param {string} key @param {number} [count] stands for `#` @returns {string} */
export function say(key, count) {
  const words = WORDS[key][language === 'fa' ? 0 : 1];
  return count === undefined ? words : words.replace('#', number(count));
}

/** @param {string} fa @param {string} en @returns {string} */
export const either = (fa, en) => (language === 'fa' ? fa : en);

/** @param {string | number} text @returns {string} its digits as the language writes them */
export const number = (text) =>
  language === 'fa' ? String(text).replace(/[0-9]/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]) : ascii(String(text));

/** @param {string} text @returns {string} */
export const ascii = (text) => text.replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0));

/** @param {string} text @returns {HTMLElement} Latin inside Persian, kept in its own order */
export function latin(text) {
  const isolated = document.createElement('bdi');
  isolated.dir = 'ltr';
  isolated.textContent = text;
  return isolated;
}

/** @param {string} time RFC 3339 @returns {string} */
export function clock(time) {
  const options = /** @type {const} */ ({ timeZone: 'Asia/Tehran', dateStyle: 'medium', timeStyle: 'short' });
  return new Intl.DateTimeFormat(language === 'fa' ? 'fa-IR' : 'en-GB-u-ca-persian', options).format(new Date(time));
}

/** @returns {string} the Jalali day */
export function today() {
  const { year, month, day } = jalali(Date.now());
  return number([year, month, day].map((part) => String(part).padStart(2, '0')).join('/'));
}

/** Write the page anew in that language. @param {Language} chosen */
export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.documentElement.dir = chosen === 'fa' ? 'rtl' : 'ltr';
  document.title = `${say('new-prescription')} · ${say('panel')}`;
  for (const each of document.querySelectorAll('[data-say]')) {
    each.textContent = say(/** @type {HTMLElement} */ (each).dataset.say ?? '');
  }
}
