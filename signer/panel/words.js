/**
 * What to tell a person about a code that only a page can see: a sentence and what to do, in Persian and English.
 *
 * A module of its own, so that a panel with its own words does not carry these. The agent's codes have their words in
 * the agent's own answers and in `docs/errors.md`.
 *
 * @module
 */

/** @typedef {{title: string, remedy: string}} Words */
/** @typedef {'fa' | 'en'} Language */

/** @type {Record<string, {fa: [string, string], en: [string, string]}>} code: what happened, what to do */
const WORDS = {
  'no-answer': {
    fa: ['مُهر شما روی این رایانه پاسخ نمی‌دهد.', 'مُهر را به نام کاربری خودتان اجرا کنید یا بی امضا ادامه دهید.'],
    en: ['No agent of yours answers on this computer.', 'Start Mohr as yourself, or go on unsigned.'],
  },
  'click-needed': {
    fa: ['مرورگر فقط پس از کلیک شما مُهر را اجرا می‌کند.', 'دکمهٔ اجرای مُهر را بزنید.'],
    en: ['The browser starts Mohr only from a click.', 'Call start() from a click.'],
  },
  'storage-failed': {
    fa: ['مرورگر نمی‌گذارد این صفحه چیزی نگه دارد.', 'از پنجرهٔ خصوصی بیرون بیایید یا ذخیره‌سازی را برای این وب‌گاه مجاز کنید.'],
    en: [
      'The browser lets this page keep nothing, so it cannot keep its pairing.',
      'Leave the private window, or allow this site to store data.',
    ],
  },
  'no-answer-safari': {
    fa: [
      'مُهر پاسخ نمی‌دهد، یا سافاری گواهی آن را نپذیرفته است.',
      'مُهر را اجرا کنید و در آن «اعتماد سافاری» را بزنید، یا از پنجرهٔ پل استفاده کنید.',
    ],
    en: [
      'No agent answers, or Safari does not trust its certificate.',
      'Start Mohr and let it be trusted by Safari, or use the bridge window.',
    ],
  },
  'permission-pending': {
    fa: ['مرورگر هنوز نمی‌داند که این صفحه اجازهٔ رسیدن به مُهر را دارد یا نه.', 'به پرسش مرورگر پاسخ دهید یا بی امضا ادامه دهید.'],
    en: [
      'The browser has not been told yet whether this page may reach Mohr.',
      'Answer the question that the browser shows, or go on unsigned.',
    ],
  },
  denied: {
    fa: ['مرورگر نمی‌گذارد این صفحه به برنامه‌های این رایانه برسد.', 'در تنظیمات همین وب‌گاه در مرورگر اجازه دهید، یا از پنجرهٔ پل استفاده کنید.'],
    en: [
      'The browser forbids this page to reach programs on this computer.',
      "Allow it in the browser's settings for this site, or use the bridge window.",
    ],
  },
  'not-delegated': {
    fa: ['این قاب، یا سرآیندهای صفحه‌اش، راه رسیدن به مُهر را بسته است.', 'سازندهٔ پنل باید allow="loopback-network; local-network-access" را به قاب بیفزاید.'],
    en: [
      'This frame, or the headers of its page, may not reach programs on this computer.',
      'Add allow="loopback-network; local-network-access" to the iframe and allow it in Permissions-Policy.',
    ],
  },
  'csp-blocked': {
    fa: ['سیاست امنیتی خود پنل راه مُهر را بسته است.', 'سازندهٔ پنل باید نشانی‌های مُهر را در connect-src بیاورد.'],
    en: ["The panel's own Content-Security-Policy blocks the agent.", "List the agent's addresses in connect-src."],
  },
  'not-paired': {
    fa: ['این پنل به مُهر متصل نیست.', 'دکمهٔ اتصال را بزنید و شش رقم را با پنجرهٔ مُهر بسنجید.'],
    en: ['This panel is not paired with Mohr.', 'Call pair() from a click.'],
  },
  'no-token': {
    fa: ['توکنی به این رایانه وصل نیست.', 'توکن را وصل کنید.'],
    en: ['No token is connected to this computer.', 'Plug the token in.'],
  },
  'other-users-agent': {
    fa: ['کاربر دیگری از این رایانه هم مُهر را اجرا کرده است.', 'کاری لازم نیست؛ این صفحه با مُهر خود شما کار می‌کند.'],
    en: [
      'Another user of this computer runs Mohr too.',
      'Nothing is to be done: this page works with your own.',
    ],
  },
  impostor: {
    fa: ['برنامه‌ای جز مُهر به جای آن پاسخ می‌دهد.', 'چیزی فرستاده نشد. به پشتیبانی خبر دهید.'],
    en: [
      "The program on Mohr's port is not the agent that this panel is paired with.",
      'Nothing was sent to it. Ask the helpdesk; where Mohr was installed anew, call unpair() and pair again.',
    ],
  },
  'popup-blocked': {
    fa: ['مرورگر پنجرهٔ پل را باز نکرد.', 'دوباره روی دکمه بزنید و به این وب‌گاه اجازهٔ بازکردن پنجره بدهید.'],
    en: ['The browser did not open the bridge window.', 'Click again, and allow this site to open windows.'],
  },
  'bridge-silent': {
    fa: ['پنجرهٔ پل به مُهر نرسید.', 'مُهر را اجرا کنید. اگر اجراست، سازندهٔ پنل سرآیند Cross-Origin-Opener-Policy را ببیند.'],
    en: [
      'The bridge window did not reach Mohr.',
      'Start Mohr. If it runs, the panel must not send Cross-Origin-Opener-Policy: same-origin.',
    ],
  },
  'agent-lost': {
    fa: ['مُهر دیگر پاسخ نمی‌دهد.', 'همان نسخه را دوباره بفرستید؛ چیزی دوبار امضا نمی‌شود.'],
    en: [
      'The agent stopped answering.',
      'Call sign() again with the same documents and idempotencyKey; nothing is signed twice.',
    ],
  },
  'answer-unverified': {
    fa: ['پاسخی رسید که از مُهر نبود و کنار گذاشته شد.', 'همان نسخه را دوباره بفرستید؛ اگر باز پیش آمد به پشتیبانی خبر دهید.'],
    en: [
      'An answer did not come from the agent that this panel is paired with, and was dropped.',
      'Call sign() again with the same documents and idempotencyKey; if it repeats, ask the helpdesk.',
    ],
  },
  'part-missing': {
    fa: ['بخشی از برنامهٔ این صفحه بار نشد.', 'صفحه را از نو باز کنید؛ چیزی دوبار امضا نمی‌شود.'],
    en: ["A part of this page's program did not load.", 'Reload the page; nothing is signed twice.'],
  },
  'pairing-forged': {
    fa: ['هنگام اتصال، کلیدی جز آنچه مُهر وعده داده بود نشان داده شد.', 'به پشتیبانی خبر دهید و سپس دوباره متصل شوید.'],
    en: [
      'The agent showed another key than it had committed to.',
      'Ask the helpdesk what else runs on this computer, then pair again.',
    ],
  },
  'pairing-busy': {
    fa: ['اتصال دیگری در جریان است.', 'دو دقیقه صبر کنید و دوباره بکوشید.'],
    en: ['Another pairing is in progress.', 'Wait two minutes at most, then pair again.'],
  },
  'too-many-requests': {
    fa: ['درخواست‌ها بیش از اندازه است.', 'کمی صبر کنید و دوباره بکوشید.'],
    en: ['Too many tries in a short time.', 'Wait, then try again.'],
  },
  'consent-surface-missing': {
    fa: ['مُهر پنجره‌ای ندارد که از پزشک بپرسد.', 'مُهر را در نشست خود پزشک اجرا کنید.'],
    en: ['Mohr has no window in which to ask the doctor.', "Start Mohr in the doctor's own session."],
  },
  'pairing-store-failed': {
    fa: ['مُهر نتوانست فهرست پنل‌های متصل را نگه دارد.', 'به پشتیبانی خبر دهید.'],
    en: ['Mohr cannot keep its list of paired panels.', 'Call the helpdesk.'],
  },
  'origin-refused': {
    fa: ['این صفحه اجازهٔ فراخواندن مُهر را ندارد.', 'پنل باید از نشانی https باز شود.'],
    en: ["This page's origin may not call Mohr.", 'Serve the panel from an https origin.'],
  },
  'request-unknown': {
    fa: ['مُهر این درخواست را نمی‌شناسد.', 'همان نسخه را با همان کلید دوباره بفرستید؛ امضایی که شده باشد برمی‌گردد.'],
    en: [
      'The agent does not know this request.',
      'Call sign() with the same documents and idempotencyKey; a signature already made comes back.',
    ],
  },
};

/** @typedef {'chrome' | 'edge' | 'firefox' | 'safari'} Browser */

/**
 * What to do in the browser at hand, where browsers differ: added to the remedy.
 *
 * @type {Record<string, Partial<Record<Browser, Record<Language, string>>>>}
 */
const IN_BROWSER = {
  denied: {
    chrome: {
      fa: 'در کروم: روی نشانهٔ کنار نشانی بزنید، تنظیمات وب‌گاه را باز کنید و «برنامه‌های این دستگاه» را مجاز کنید.',
      en: 'In Chrome: click the icon beside the address, open the site settings and allow apps on this device.',
    },
    edge: {
      fa: 'در اج: روی قفل کنار نشانی بزنید، «مجوزهای این سایت» را باز کنید و «برنامه‌های این دستگاه» را مجاز کنید.',
      en: 'In Edge: click the lock beside the address, open the permissions for this site and allow apps on this device.',
    },
    firefox: {
      fa: 'در فایرفاکس: روی نشانهٔ کنار نشانی بزنید و مسدودسازی «دسترسی به این دستگاه» را بردارید.',
      en: 'In Firefox: click the icon beside the address and clear the block on access to this device.',
    },
    safari: { fa: 'در سافاری: از پنجرهٔ پل استفاده کنید.', en: 'In Safari: use the bridge window.' },
  },
  'permission-pending': {
    chrome: {
      fa: 'در کروم: در پنجرهٔ زیر نشانی «اجازه دادن» را بزنید؛ اگر آن را بسته‌اید صفحه را از نو باز کنید.',
      en: 'In Chrome: press Allow in the box below the address; if it was closed, reload the page.',
    },
    edge: {
      fa: 'در اج: در پنجرهٔ زیر نشانی «اجازه دادن» را بزنید؛ اگر آن را بسته‌اید صفحه را از نو باز کنید.',
      en: 'In Edge: press Allow in the box below the address; if it was closed, reload the page.',
    },
    firefox: {
      fa: 'در فایرفاکس: در پنجرهٔ زیر نشانی اجازه دهید؛ اگر پیدا نیست روی نشانهٔ کنار نشانی بزنید.',
      en: 'In Firefox: allow it in the box below the address; if it is not there, click the icon beside the address.',
    },
  },
  'popup-blocked': {
    chrome: {
      fa: 'در کروم: نشانهٔ پنجرهٔ مسدودشده در انتهای نوار نشانی است.',
      en: 'In Chrome: the icon of a blocked window is at the end of the address bar.',
    },
    edge: {
      fa: 'در اج: نشانهٔ پنجرهٔ مسدودشده در انتهای نوار نشانی است.',
      en: 'In Edge: the icon of a blocked window is at the end of the address bar.',
    },
    firefox: {
      fa: 'در فایرفاکس: در نوار زردِ بالای صفحه «گزینه‌ها» را بزنید.',
      en: 'In Firefox: press Options in the bar above the page.',
    },
    safari: {
      fa: 'در سافاری: تنظیمات، وب‌گاه‌ها، پنجره‌های بازشو.',
      en: 'In Safari: Settings, Websites, Pop-up Windows.',
    },
  },
};

/** Instead of the remedy of `no-answer`, where it is known whether this browser was ever paired (`Finding.paired`). */
const NO_ANSWER = {
  never: {
    fa: 'اگر مُهر را ندارید نصبش کنید، وگرنه آن را باز کنید؛ تا آن زمان بی امضا ادامه دهید.',
    en: 'Install Mohr, or open it if it is installed; until then go on unsigned.',
  },
  before: {
    fa: 'مُهر بسته است؛ آن را با دکمهٔ اجرا باز کنید یا بی امضا ادامه دهید.',
    en: 'Mohr is closed: start it with start(), from a click, or go on unsigned.',
  },
};

/** Every code that has words here. */
export const CODES = Object.keys(WORDS);

/** @param {string} agent `navigator.userAgent` @returns {Browser | undefined} */
function browserOf(agent) {
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Edg/.test(agent)) return 'edge';
  if (/Chrom/.test(agent)) return 'chrome';
  return /Safari\//.test(agent) ? 'safari' : undefined;
}

/**
 * @param {string} code a `MohrError`'s, or a state of `detect`
 * @param {Language} [language]
 * @param {string} [browser] `navigator.userAgent`
 * @param {boolean} [paired] `Finding.paired`, for `no-answer`
 * @returns {Words | undefined} undefined for a code of the agent's, whose words are in its answer
 */
export function explain(code, language = 'fa', browser = globalThis.navigator?.userAgent ?? '', paired) {
  const [title, remedy] = WORDS[code]?.[language] ?? [];
  if (title === undefined || remedy === undefined) return undefined;
  if (code === 'no-answer' && paired !== undefined) return { title, remedy: NO_ANSWER[paired ? 'before' : 'never'][language] };
  const known = browserOf(browser);
  const here = known && IN_BROWSER[code]?.[known]?.[language];
  return { title, remedy: here ? `${remedy} ${here}` : remedy };
}
