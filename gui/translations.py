"""Every sentence of the desktop, in Persian and in English side by side. No other file holds one.

The sentences of findings, errors and odd origins and the captions of a prescription are not here: they belong
to `signer.model.findings`, `errors`, `lookalike` and `captions`, which the terminal shares. Places are
`str.format` names; how a number or a Latin run is written into them is `gui.presenters.tongue`.
"""

from __future__ import annotations

from typing import Literal

from signer.model.captions import Text

__all__ = ["Lang", "Text"]

Lang = Literal["fa", "en"]


# --- the application
APP = Text("مُهر", "Mohr")
STATE_STARTING = Text("در حال آغاز…", "Starting…")
STATE_READY = Text("آماده", "Ready")
STATE_WAITING = Text("در انتظار شما", "Waiting for you")
STATE_FAILED = Text("آماده نیست", "Not ready")
READY_HINT = Text(
    "پنل‌های نسخه‌نویسی می‌توانند امضا بخواهند؛ هر درخواست همین‌جا دیده و پذیرفته می‌شود.",
    "Prescribing panels may ask for signatures; each request is shown and approved here.",
)
STARTING_HINT = Text("درگاه محلی در حال باز شدن است.", "The local endpoint is opening.")
WAITING_HINT = Text("پنجره‌ای در انتظار پاسخ شماست.", "A window is waiting for your answer.")
TOKEN_READY = Text("توکن آماده", "Token, ready")
TOKEN_READING = Text("در حال خواندن توکن…", "Reading the token…")
ADDRESS = Text("نشانی محلی", "Local address")
VERSION = Text("نسخهٔ برنامه", "Version")

# --- a token that stays open after one PIN
TOKEN_OPEN = Text("توکن باز است", "The token is open")
OPEN_LEFT = Text("{left} امضای دیگر، تا ساعت {time}", "{left} more, until {time}")
OPEN_NO_PIN = Text("رمز خواسته نمی‌شود", "No PIN is asked")
OPEN_HOW_TO_CLOSE = Text(
    "بستن: از نشان مُهر کنار ساعت، یا صفحهٔ خانه.", "To close it: Mohr's tray icon, or its Home page."
)
OPEN_STATE = Text(
    "توکن باز است: {left} امضای دیگر، تا ساعت {time}", "The token is open: {left} more, until {time}"
)
OPEN_WHOSE = Text(
    "توکن {holder} باز است: {left} امضای دیگر، تا ساعت {time}. هر نسخه همچنان پذیرش خودش را می‌خواهد.",
    "The token of {holder} is open: {left} more, until {time}. Each prescription still needs its own yes.",
)
OPEN_CLOSE = Text("بستن توکن", "Close the token")
WILL_STAY = Text(
    "با این رمز، توکن باز می‌ماند: روی هم تا {signatures} امضا، حداکثر {time}.",
    "With this PIN the token stays open: up to {signatures} signatures in all, {time} at most.",
)
SETTINGS_SESSION = Text("باز ماندن توکن پس از یک رمز", "Staying open after one PIN")
SESSION_MEANS = Text(
    "توکن پس از یک بار رمز، برای امضاهای بعدی باز می‌ماند؛ خود رمز جایی نگه داشته نمی‌شود. هر نسخه همچنان پذیرش"
    " خودش را می‌خواهد. با بیرون کشیدن توکن، قفل صفحه، تعویض کاربر یا خواب رایانه، توکن بسته می‌شود.",
    "After one PIN the token stays open for the signatures that follow; the PIN itself is kept nowhere. Each"
    " prescription still needs its own yes. Pulling the token out, locking the screen, switching the user or"
    " sleep closes it.",
)
SESSION_FORBIDDEN = Text("سیاست این مرکز آن را ممنوع کرده است.", "The policy of this clinic forbids it.")
SESSION_UNSEEN = Text(
    "روی این سیستم مُهر نمی‌تواند ببیند که صفحه قفل می‌شود یا کاربر عوض می‌شود؛ پس توکن باز نمی‌ماند.",
    "On this system Mohr cannot see the screen being locked or the user switched, so no token stays open.",
)
SESSION_NO_TOKEN = Text(
    "هر کس این را برای گواهی خودش برمی‌گزیند: توکن خود را وصل کنید.",
    "Each holder chooses this for their own certificates: plug your token in.",
)
SESSION_ON = Text("توکن {holder} باز بماند", "Keep the token of {holder} open")
SESSION_SIGNATURES = Text("حداکثر امضا با یک رمز", "Signatures for one PIN, at most")
SESSION_TIME = Text("حداکثر زمان", "Time, at most")
SESSION_MOST = Text(
    "سیاست این مرکز: حداکثر {signatures} امضا و {time}.",
    "The policy of this clinic: at most {signatures} signatures and {time}.",
)
SESSION_COUNT = Text("{count}", "{count}")
MINUTES = Text("{count} دقیقه", "{count} min")
HOURS = Text("{count} ساعت", "{count} h")
ENTRY_PIN = Text("رمز", "PIN")
ENTRY_WITHOUT_PIN = Text(
    "زده نشد: توکن از رمز پیشین باز بود", "Not typed: the token stood open from an earlier one"
)

# --- the main window. Letters after & are typed with Alt.
NAV_HOME = Text("&خانه", "&Home")
NAV_TOKENS = Text("&توکن‌ها و گواهی‌ها", "&Tokens")
NAV_JOURNAL = Text("&دفتر امضا", "&Journal")
NAV_PANELS = Text("&پنل‌ها", "&Panels")
NAV_CHECK = Text("&عیب‌یابی", "&Check")
NAV_SETTINGS = Text("تن&ظیمات", "&Settings")
NAVIGATION = Text("صفحه‌ها", "Pages")
LANGUAGE = Text("زبان", "Language")
AS_THE_LANGUAGE = Text("مانند زبان", "As the language")
CALENDAR = Text("تقویم", "Calendar")
CALENDAR_JALALI = Text("هجری شمسی", "Jalali")
CALENDAR_GREGORIAN = Text("میلادی", "Gregorian")
DIGITS = Text("رقم‌ها", "Digits")
DIGITS_PERSIAN = Text("فارسی", "Persian")
DIGITS_LATIN = Text("لاتین", "Latin")
SETTINGS_PIN = Text("رمز توکن", "Token PIN")
PIN_PASTE = Text("بتوان رمز را چسباند", "A PIN may be pasted")
SETTINGS_UPDATES = Text("به‌روزرسانی", "Updates")
UPDATES_NONE = Text(
    "مُهر هیچ‌گاه خودبه‌خود به‌روز نمی‌شود و به دنبال نسخهٔ تازه نمی‌گردد.",
    "Mohr never updates by itself and looks for no newer version.",
)
TEXT_SIZE = Text("اندازهٔ نوشته", "Text size")
TEXT_SIZE_PERCENT = Text("{percent}٪", "{percent} %")
SETTINGS_START = Text("آغاز به کار", "Starting")
START_WITH_SYSTEM = Text("با ورود به سیستم، مُهر هم باز شود", "Start Mohr when I log in")
START_UNKNOWN = Text(
    "روی این سیستم هنوز نمی‌توان این را از اینجا تنظیم کرد.",
    "This cannot be set from here on this system yet.",
)
SETTINGS_LOOK = Text("زبان و نما", "Language and look")
THEME = Text("پوسته", "Appearance")
THEME_SYSTEM = Text("سیستم", "System")
THEME_LIGHT = Text("روشن", "Light")
THEME_DARK = Text("تیره", "Dark")
TRAY_OPEN = Text("گشودن مُهر", "Open Mohr")
TRAY_QUIT = Text("خروج", "Quit")
CLOSE_TO_TRAY = Text(
    "با بستن این پنجره، مُهر کنار ساعت سیستم می‌ماند.",
    "Closing this window leaves Mohr in the system tray.",
)
CLOSE_QUITS = Text("با بستن این پنجره، مُهر بسته می‌شود.", "Closing this window quits Mohr.")
SHOW_WAITING = Text("نمایش", "Show")

# --- the check of the whole chain
CHECK_ASK = Text("اگر چیزی کار نمی‌کند، اینجا بررسی کنید", "Something does not work? Check it here")
CHECK_HINT = Text(
    "از کارت‌خوان تا مرورگر بررسی می‌شود. رمزی پرسیده نمی‌شود و چیزی تغییر نمی‌کند.",
    "Everything from the reader to the browser is looked at. No PIN is asked for, and nothing is changed.",
)
CHECK_NOW = Text("بررسی کن", "Check now")
CHECK_AGAIN = Text("بررسی دوباره", "Check again")
CHECK_ROW_AGAIN = Text("دوباره ببین", "Look again")
CHECKING = Text("در حال بررسی…", "Checking…")
CHECKING_SO_FAR = Text("در حال بررسی… {done} از {total}", "Checking… {done} of {total}")
CHECK_START_READERS = Text("روشن کردن سرویس کارت هوشمند", "Start the smart card service")
CHECK_MAKERS_PAGE = Text("باز کردن صفحهٔ سازندهٔ توکن", "Open the token maker's page")
CHECK_TRUST = Text("نصب گواهی محلی مُهر در مرورگرها", "Let the browsers trust Mohr's local authority")
CHECK_MENDED = Text("انجام شد و دوباره بررسی شد", "Done, and looked at again")
CHECK_NOT_MENDED = Text(
    "از اینجا انجام نشد؛ به مسئول رایانه بگویید",
    "It could not be done from here; call who looks after this computer",
)
CHECK_LOG = Text("دیدن رویدادنگاشت", "Show the log")
CHECK_LOG_NONE = Text("هنوز چیزی ثبت نشده است", "Nothing was logged yet")
CHECK_LOG_PRIVATE = Text(
    "رویدادنگاشت مُهر، با شمارهٔ رخدادها؛ نام بیمار و رمز در آن نوشته نمی‌شود.",
    "Mohr's log, with incident numbers; no patient's name and no PIN is written there.",
)
CHECK_READY = Text("همه چیز آمادهٔ امضا است", "Everything is ready to sign")
CHECK_CLEAR = Text("ایرادی پیدا نشد", "Nothing is wrong")
CHECK_CODE = Text("کد پشتیبانی (بخوانید)", "Support code, to read aloud")
CHECK_FINE = Text("بی‌ایراد", "In order")
CHECK_UNSEEN = Text("هیچ گواهی‌ای دیده نشد", "No certificate was seen")
CHECK_STOPS = Text("مانع امضا", "Stops signing")
CHECK_HINDERS = Text("هشدار", "Warning")
CHECK_WAITS = Text("در پی ایراد دیگر", "Follows from another fault")
CHECK_FOLLOWS = Text("در پی ایراد دیگر: {what}", "Follows from another fault: {what}")
CHECK_TO_TOKENS = Text("رفتن به توکن‌ها و گواهی‌ها", "Go to the tokens")
CHECK_TO_JOURNAL = Text("رفتن به دفتر امضا", "Go to the journal")
CHECK_TO_PANELS = Text("رفتن به پنل‌ها", "Go to the panels")
CHECK_SAVE = Text("پیش‌نمایش و ذخیرهٔ گزارش", "Preview and save the report")
CHECK_SAVE_AS = Text("ذخیره…", "Save…")
CHECK_SAVED = Text("گزارش ذخیره شد", "The report was saved")
CHECK_NOT_SAVED = Text(
    "گزارش ذخیره نشد؛ جای دیگری را برگزینید", "The report was not saved; pick another place"
)
CHECK_FAILED = Text("بررسی به پایان نرسید ({code})", "The check did not come to its end ({code})")
CHECK_REPORT = Text("گزارش", "The report")
CHECK_PRIVATE = Text(
    "گزارش نام، کد ملی، شمارهٔ نظام پزشکی، نام بیمار و رمز ندارد.",
    "The report holds no name, national code, council number, patient or PIN.",
)
CHECK_COMPUTER = Text("رایانه", "Computer")
CHECK_READER = Text("سرویس و کارت‌خوان", "Card service and reader")
CHECK_MODULE = Text("ماژول توکن", "Token module")
CHECK_TOKEN = Text("توکن و رمز", "Token and PIN")
CHECK_CERTIFICATE = Text("کلید و گواهی", "Key and certificate")
CHECK_CLINIC = Text("درمانگاه و دفتر امضا", "Clinic and journal")
CHECK_AGENT = Text("درگاه محلی", "Local endpoint")
CHECK_BROWSER = Text("مرورگرها", "Browsers")

# --- tokens and their certificates
SERIAL = Text("شمارهٔ سریال {serial}", "serial {serial}")
READER = Text("کارت‌خوان {reader}", "reader {reader}")
NO_CERTIFICATES = Text("روی این توکن گواهی نیست.", "There is no certificate on this token.")
NO_PIN_YET = Text("هنوز رمزی برای توکن تعیین نشده است", "The token has no PIN yet")
CHANGE_PIN = Text("تغییر رمز", "Change PIN")
UNBLOCK_WITH_PUK = Text("باز کردن با PUK", "Unblock with PUK")
UNBLOCK_WITH_OFFICER = Text("باز کردن با رمز مدیر", "Unblock with SO-PIN")
SET_FIRST_PIN = Text("تعیین رمز با رمز مدیر", "Set a PIN with the SO-PIN")
NO_UNBLOCKING = Text(
    "رمز قفل‌شدهٔ این توکن را تنها صادرکننده باز می‌کند.", "Only the issuer can unblock this token's PIN."
)
VALID_FROM_TO = Text("{start} تا {end}", "{start} to {end}")
DAYS_LEFT = Text("{count} روز مانده", "days left: {count}")
ENDS_TODAY = Text("امروز پایان می‌یابد", "ends today")
EXPIRED_ON = Text("منقضی در {date}", "ended {date}")
BEGINS_ON = Text("از {date}", "begins {date}")
RENEW_SOON = Text("پیش از پایان اعتبار، گواهی تازه بخواهید.", "Ask for a new certificate before it ends.")
RENEW_NOW = Text(
    "همین هفته گواهی تازه بخواهید؛ پس از آن نمی‌توانید امضا کنید.",
    "Ask for a new certificate this week; after that you cannot sign with it.",
)
RENEW_EXPIRED = Text(
    "با این گواهی دیگر نمی‌توان امضا کرد؛ گواهی تازه بخواهید.",
    "It can sign no more; ask for a new certificate.",
)
CERTIFICATE_ENDS = Text(
    "گواهی «{centre}» تا {count} روز دیگر پایان می‌یابد.",
    "The certificate of {centre} ends. Days left: {count}.",
)
CERTIFICATE_ENDS_TODAY = Text(
    "گواهی «{centre}» امروز پایان می‌یابد.", "The certificate of {centre} ends today."
)
CERTIFICATE_ENDED = Text("گواهی «{centre}» پایان یافته است.", "The certificate of {centre} has ended.")
PIN_CURRENT = Text("رمز کنونی", "Current PIN")
PIN_PUK = Text("کد بازگشایی توکن", "PUK")
PIN_OFFICER = Text("رمز مدیر توکن", "SO-PIN")
PIN_NEW = Text("رمز تازه", "New PIN")
PIN_NEW_AGAIN = Text("تکرار رمز تازه", "New PIN again")
PIN_DIFFERS = Text("دو رمز تازه یکی نیستند.", "The two new PINs differ.")
PIN_SAME = Text("رمز تازه همان رمز کنونی است.", "The new PIN is the present one.")
PIN_CHANGING = Text("در حال تغییر رمز…", "Changing the PIN…")
PIN_CHANGED = Text(
    "رمز عوض شد. از این پس رمز تازه را بزنید.", "The PIN is changed. Use the new one from now on."
)
PIN_NEVER_KEPT = Text(
    "رمز تنها به توکن داده می‌شود و جایی نگه داشته نمی‌شود.",
    "A PIN goes to the token alone and is kept nowhere.",
)
CANCEL = Text("انصراف", "Cancel")

# --- the first steps
FIRST_STEPS = Text("گام‌های نخست", "First steps")
FIRST_STEPS_AGAIN = Text("نمایش گام‌های نخست", "Show the first steps")
FIRST_STEP = Text("گام {number} از {total}: {name}", "Step {number} of {total}: {name}")
FIRST_STEP_DONE = Text("انجام شد", "done")
FIRST_TOKEN = Text("توکن", "Token")
FIRST_TOKEN_TITLE = Text("توکن را وصل کنید", "Connect your token")
FIRST_TOKEN_WORDS = Text(
    "توکن یا کارت هوشمند خود را در رایانه بگذارید. مُهر خودش آن را پیدا می‌کند و به رمز نیازی نیست.",
    "Put your token or smart card into the computer. Mohr finds it by itself; no PIN is needed.",
)
FIRST_TOKEN_FOUND = Text("توکن آمادهٔ امضا است", "The token is ready to sign")
FIRST_TOKEN_EMPTY = Text("در این توکن گواهی امضا نیست", "There is no certificate on this token")
FIRST_TOKEN_EMPTY_REMEDY = Text(
    "در صفحهٔ توکن‌ها درخواست گواهی بسازید، یا توکن را به صادرکننده‌اش نشان دهید.",
    "Request a certificate on the tokens' page, or take the token to who issued it.",
)
FIRST_TOKEN_UNUSABLE = Text("با گواهی این توکن نمی‌توان امضا کرد", "The certificate on this token cannot sign")
FIRST_SIGN = Text("امضای آزمایشی", "Test signature")
FIRST_SIGN_TITLE = Text("یک سند آزمایشی امضا کنید", "Sign a test document")
FIRST_SIGN_WORDS = Text(
    "همان پنجره‌ای باز می‌شود که برای هر نسخه خواهید دید: سند را بخوانید، رمز را بزنید و امضا کنید. "
    "چون نسخه نیست، پنجره یک «دیدم و می‌پذیرم» هم می‌خواهد. این سند به جایی فرستاده نمی‌شود.",
    "The same window opens that you will see for each prescription: read it, type the PIN and sign. "
    "As it is no prescription, a tick is wanted for that as well. This document is sent nowhere.",
)
FIRST_SIGN_GO = Text("امضای سند آزمایشی", "Sign the test document")
FIRST_SIGN_OPEN = Text("پنجرهٔ امضا در انتظار شماست…", "The window with the document is waiting for you…")
FIRST_SIGN_DONE = Text("امضا شد و درستی آن بررسی شد", "Signed, and the signature is verified")
FIRST_SIGN_BY = Text("با گواهی", "With the certificate of")
FIRST_SIGN_DECLINED = Text("امضا را نپذیرفتید؛ چیزی امضا نشد", "You declined; nothing was signed")
FIRST_PAIR = Text("اتصال پنل", "Panel")
FIRST_PAIR_TITLE = Text("پنل نسخه‌نویسی را وصل کنید", "Pair your prescribing panel")
FIRST_PAIR_WORDS = Text(
    "پنل را در مرورگر باز کنید و در آن «اتصال به مُهر» را بزنید. شش رقم در صفحه و در پنجرهٔ مُهر می‌بینید؛ "
    "اگر یکی بودند بپذیرید.",
    "Open the panel in your browser and choose to connect to Mohr there. Six digits appear on the page and "
    "in Mohr's window: accept where they are the same.",
)
FIRST_PAIR_DONE = Text("این پنل‌ها وصل هستند", "These panels are paired")
FIRST_PAIR_CLOSED = Text(
    "سیاست درمانگاه اتصال پنل تازه را بسته است", "The clinic's policy allows no new pairings"
)
FIRST_BACK = Text("قبلی", "Back")
FIRST_NEXT = Text("بعدی", "Next")
FIRST_SKIP = Text("فعلاً نه", "Not now")
FIRST_FINISH = Text("پایان", "Finish")
FIRST_TO_CHECK = Text("پیدا کردن ایراد", "Find out what is wrong")
TRIAL_DOCUMENT = Text(
    "سند آزمایشی مُهر\nاین سند را خود مُهر ساخته است. نسخه نیست، به جایی فرستاده نمی‌شود و اثری ندارد.\n"
    "امضای آن نشان می‌دهد که توکن، رمز و گواهی شما کار می‌کند.",
    "A test document of Mohr\nMohr made this document itself. It is no prescription, is sent nowhere and "
    "has no effect.\nSigning it shows that your token, its PIN and your certificate work.",
)

# --- a certificate request, step by step
REQUEST_TITLE = Text("درخواست گواهی", "Certificate request")
REQUEST_NEW = Text("درخواست گواهی…", "Request a certificate…")
REQUEST_RENEW = Text("تمدید…", "Renew…")
REQUEST_WHO = Text("مشخصات", "Particulars")
REQUEST_KEY = Text("کلید", "Key")
REQUEST_SEND = Text("درخواست", "Request")
REQUEST_BRING = Text("گواهی", "Certificate")
REQUEST_WHO_TITLE = Text("گواهی برای کیست و کدام مرکز؟", "Whose certificate, and for which centre?")
REQUEST_WHO_WORDS = Text(
    "همان‌گونه بنویسید که در مدارک شماست. هر گواهی برای یک مرکز است.",
    "Write it as your papers have it. One certificate is for one centre.",
)
REQUEST_RENEW_WORDS = Text(
    "از گواهی کنونی برداشته شده است؛ اگر چیزی عوض شده، درست کنید. "
    "گواهی کنونی تا پایان اعتبارش می‌ماند و کار می‌کند.",
    "Taken from your present certificate; correct what has changed. "
    "The present one stays and works until its end.",
)
REQUEST_KEY_TITLE = Text("کلید در توکن ساخته می‌شود", "The key is made on the token")
REQUEST_KEY_WORDS = Text(
    "کلید درون توکن ساخته می‌شود و از آن بیرون نمی‌رود. آنچه در پایین می‌بینید در درخواست نوشته می‌شود.",
    "It is made inside the token and never leaves it. What stands below is written into the request.",
)
REQUEST_KEY_KIND = Text("نوع کلید", "Kind of key")
REQUEST_SEND_TITLE = Text("درخواست را به صادرکننده بدهید", "Give the request to the issuing office")
REQUEST_SEND_WORDS = Text(
    "درخواست را در یک فایل ذخیره کنید و آن را در سامانهٔ صادرکننده بارگذاری کنید یا به دفتر آن بدهید. "
    "راز نیست: کلید در توکن مانده است. این پنجره را می‌توانید ببندید؛ از صفحهٔ توکن‌ها ادامه می‌دهید.",
    "Save the request to a file and upload it on the issuing office's site, or hand it in. "
    "It is no secret: the key stays on the token. "
    "You may close this window and go on from the tokens' page later.",
)
REQUEST_SAVE = Text("ذخیرهٔ درخواست…", "Save the request…")
REQUEST_SAVED = Text("درخواست در «{name}» ذخیره شد.", "The request was saved to {name}.")
REQUEST_FINGERPRINT = Text("چکیدهٔ درخواست", "SHA-256 of the request")
REQUEST_FINGERPRINT_HINT = Text(
    "اگر صادرکننده پرسید، چکیده را با آنچه او می‌بیند یکی کنید.",
    "Where the office asks, compare this with what it sees.",
)
REQUEST_MADE = Text("ساخته‌شده", "Made")
REQUEST_FOR = Text("برای", "For")
REQUEST_ON = Text("در توکن", "On the token")
REQUEST_HAVE_IT = Text("گواهی را گرفته‌ام", "I have the certificate")
REQUEST_BRING_TITLE = Text("گواهی صادرشده را وارد کنید", "Bring the issued certificate")
REQUEST_BRING_WORDS = Text(
    "فایل گواهی را اینجا بیندازید یا برگزینید. مُهر آن را با کلید این درخواست می‌سنجد و تا مرجعش دنبال می‌کند.",
    "Drop the certificate's file here, or choose it. "
    "Mohr matches it to this request's key and follows it to its authority.",
)
REQUEST_CHOOSE = Text("گزینش فایل…", "Choose the file…")
REQUEST_TRUSTED = Text(
    "گواهی از آنِ کلید همین درخواست است و تا مرجعی معتبر دنبال شد.",
    "The certificate is for this request's key, and leads to an authority that is trusted.",
)
REQUEST_MATCHED = Text("گواهی از آنِ کلید همین درخواست است.", "The certificate is for this request's key.")
REQUEST_OF_ANOTHER = Text(
    "این گواهی برای درخواست دیگر شماست: {other}.",
    "This certificate is for another request of yours: {other}.",
)
REQUEST_GO_TO_OTHER = Text("ادامه با همان درخواست", "Go on with that request")
REQUEST_DONE = Text("می‌توانید با آن امضا کنید.", "You can sign with it.")
REQUEST_DONE_HINT = Text(
    "گواهی پیشین، اگر بود، تا پایان اعتبارش کنار آن می‌ماند.",
    "An earlier one, if there was one, stays beside it until its end.",
)
REQUEST_LATER = Text("بستن؛ بعداً ادامه می‌دهم", "Close, go on later")
REQUEST_NOTHING_LOST = Text(
    "چیزی از دست نرفت: پس از وصل شدن توکن، از همین‌جا ادامه دهید.",
    "Nothing is lost: with the token back, go on from here.",
)
REQUEST_TOKEN_AWAY = Text(
    "توکن {label} (شمارهٔ {serial}) وصل نیست. همان را وصل کنید.",
    "The token {label} (serial {serial}) is not connected. Plug that one in.",
)
REQUEST_NO_KEYS = Text(
    "این توکن کلیدی نمی‌سازد که بتوان برایش گواهی گرفت.",
    "This token makes no key that a certificate can be had for.",
)
FIELD_EMPTY = Text("این را بنویسید.", "Write this.")
FIELD_LONG = Text("بیش از {count} نویسه نباشد.", "No more than {count} characters.")
FIELD_HIDDEN = Text(
    "نویسه‌ای دارد که دیده نمی‌شود؛ پاکش کنید و دوباره بنویسید.",
    "It holds a character that cannot be seen; delete it and type it again.",
)
FIELD_NAME_LONG = Text(
    "نام و نام خانوادگی با هم بیش از {count} نویسه نباشد.",
    "Given name and surname together have no more than {count} characters.",
)
FIELD_CODE_LENGTH = Text("کد ملی ده رقم است.", "A national code has ten digits.")
FIELD_CODE_SUM = Text(
    "این کد ملی درست نیست: رقمی جا افتاده یا جابه‌جا شده است.",
    "This is no national code: a digit is wrong or out of place.",
)
FIELD_COUNCIL = Text("شمارهٔ نظام پزشکی تنها رقم است.", "A council number is digits alone.")
FIELD_MAY_BE_EMPTY = Text("{name} (اگر هست)", "{name} (if any)")
REQUESTS_TITLE = Text("درخواست‌های در جریان", "Requests in progress")
REQUEST_WAITS = Text("در انتظار گواهی", "waits for its certificate")
REQUEST_UNFINISHED = Text("ساخت کلید ناتمام ماند", "the key was not finished")
REQUEST_ASKED = Text("خواسته‌شده از {who}", "asked by {who}")
REQUEST_GO_ON = Text("ادامه", "Go on")
REQUEST_FORGET = Text("کنار گذاشتن…", "Throw away…")
REQUEST_FORGET_ASK = Text("درخواست {what} کنار گذاشته شود؟", "Throw away the request of {what}?")
REQUEST_FORGET_HINT = Text(
    "گواهی‌ای که برای آن صادر شود دیگر از این‌جا وارد نمی‌شود. کلید در توکن می‌ماند.",
    "A certificate that is issued for it can then not be brought in here. The key stays on the token.",
)
REQUEST_FORGET_YES = Text("بله، کنار گذاشته شود", "Yes, throw it away")

# --- the panels
PANELS_NONE = Text("هنوز هیچ پنلی وصل نیست.", "No panel is paired yet.")
PANELS_HOW = Text(
    "در صفحهٔ پنل «اتصال به مُهر» را بزنید؛ رقم‌ها همین‌جا پرسیده می‌شود.",
    "Choose to connect to Mohr on the panel's page; the digits are asked about here.",
)
PANEL_FIRST = Text("نخستین بار", "First")
PANEL_LAST = Text("آخرین بار", "Last")
PANEL_SIGNED = Text("سندهای امضاشده", "Documents signed")
PANEL_REFUSED = Text("سیاست درمانگاه این پنل را نمی‌پذیرد.", "The clinic's policy does not admit this panel.")
PANEL_REVOKE = Text("لغو دسترسی", "Revoke")
PANEL_REVOKE_ASK = Text("دسترسی {origin} لغو شود؟", "Revoke {origin}?")
PANEL_REVOKE_HINT = Text(
    "پس از آن، این پنل چیزی نمی‌تواند بخواهد تا دوباره وصل شود.",
    "It can ask for nothing after that, until it is paired again.",
)
PANEL_REVOKE_YES = Text("بله، لغو شود", "Yes, revoke")
POLICY_TITLE = Text("سیاست درمانگاه", "The clinic's policy")
POLICY_HINT = Text("این‌ها را مدیر رایانه گذاشته است.", "Set by this computer's administrator.")
POLICY_PAIRING = Text("اتصال پنل تازه", "New pairings")
POLICY_OPEN = Text("باز", "allowed")
POLICY_CLOSED = Text("بسته", "closed")
POLICY_ORIGINS = Text("تنها این پنل‌ها", "Only these panels")
POLICY_LOOPBACK = Text("صفحه‌های همین رایانه", "Pages of this computer")
POLICY_FORMATS = Text("تنها این قالب‌ها", "Only these formats")
POLICY_RED = Text("هشدارهایی که پذیرفتنی نیست", "Warnings nobody may accept")
POLICY_TSA = Text("مرجع مُهر زمانی", "Timestamp authority")
POLICY_NONE = Text("هیچ", "none")

# --- whom the user trusts
TRUST_TITLE = Text("مرجع‌های مورد اعتماد", "Trusted authorities")
TRUST_HINT = Text(
    "زنجیرهٔ هر گواهی باید به یکی از این‌ها برسد. تنها مرجعی را بیفزایید که می‌شناسید.",
    "The chain of each certificate must end at one of these. Add only an authority that you know.",
)
TRUST_NONE = Text("به هیچ مرجعی اعتماد نمی‌شود.", "No authority is trusted.")
TRUST_BY_CLINIC = Text("مرجع‌هایی که درمانگاه تعیین کرده است", "Named by the clinic")
TRUST_ADD = Text("افزودن…", "Add…")
TRUST_FILTER = Text("گواهی ({endings})", "Certificates ({endings})")
TRUST_ROOT = Text("ریشهٔ شناخته‌شده", "known root")
TRUST_INTERMEDIATE = Text("میانی شناخته‌شده", "known intermediate")
TRUST_UNKNOWN = Text("مُهر آن را نمی‌شناسد", "none that Mohr knows")
TRUST_UNTIL = Text("اعتبار تا", "Valid until")
TRUST_UNREADABLE = Text("این فایل‌ها گواهی خواندنی ندارند: {names}", "No certificate can be read in: {names}")
TRUST_ASK = Text("به این مرجع اعتماد شود؟", "Trust this authority?")
TRUST_ASK_ALL = Text("به همهٔ این مرجع‌ها اعتماد شود؟", "Trust all of these authorities?")
TRUST_COMPARE = Text(
    "مُهر آن را نمی‌شناسد. اثر انگشت آن را با آنچه خود مرجع گفته است بسنجید.",
    "Mohr does not know it. Compare its fingerprint with what the authority itself has told.",
)
TRUST_YES = Text("بله، اعتماد شود", "Yes, trust")
DISTRUST = Text("برداشتن", "Remove")
DISTRUST_ASK = Text("«{name}» برداشته شود؟", "Remove {name}?")
DISTRUST_HINT = Text(
    "امضاهایی که زنجیره‌شان به آن می‌رسد دیگر معتبر شمرده نمی‌شوند.",
    "Signatures whose chains end at it no longer count as valid.",
)
DISTRUST_YES = Text("بله، برداشته شود", "Yes, remove")
STAMPER_TITLE = Text("مُهر زمانی", "Timestamps")
STAMPER_HINT = Text(
    "اگر پنلی مُهر زمانی بخواهد، از این مرجع گرفته می‌شود. تنها چکیدهٔ امضا فرستاده می‌شود.",
    "Where a panel asks for a timestamp, this authority gives it. It is sent a hash of the signature alone.",
)
STAMPER_FIXED = Text("درمانگاه تعیین کرده است: {addresses}", "Named by the clinic: {addresses}")
STAMPER_ADDRESS = Text("نشانی مرجع مُهر زمانی", "Address of the timestamp authority")
STAMPER_KEEP = Text("ثبت", "Keep")
STAMPER_KEPT = Text("ثبت شد.", "Kept.")
STAMPER_ENDED = Text("از این پس مُهر زمانی گرفته نمی‌شود.", "No timestamps are fetched from now on.")

# --- the journal
JOURNAL_NO_HOLDER = Text(
    "دفتر هر پزشک با توکن خودش باز می‌شود. توکن را وصل کنید.",
    "Each doctor's journal opens with that doctor's token. Plug the token in.",
)
JOURNAL_OF = Text("دفتر {names}", "Journal of {names}")
JOURNAL_COUNT = Text("{count} مورد", "entries: {count}")
JOURNAL_EMPTY = Text("چیزی پیدا نشد.", "Nothing was found.")
JOURNAL_WHOLE = Text("زنجیرهٔ دفتر درست است", "The journal's chain holds")
JOURNAL_CHECKING = Text("در حال بررسی زنجیرهٔ دفتر…", "Checking the journal's chain…")
JOURNAL_BROKEN = Text(
    "دفتر امضا از ردیف {number} به بعد آن نیست که نوشته شده بود.",
    "From entry {number} on the journal is not what was written.",
)
JOURNAL_BROKEN_REMEDY = Text(
    "پوشهٔ داده را دست نزنید و به پشتیبانی خبر دهید.", "Leave the data folder as it is, and tell the helpdesk."
)
JOURNAL_UNREADABLE = Text("دفتر خوانده نشد.", "The journal could not be read.")
FILTER_DAY = Text("روز", "Day")
FILTER_DAY_HINT = Text("مانند {day}", "such as {day}")
FILTER_DAY_WRONG = Text("این روز خوانده نشد.", "This is not a day Mohr can read.")
FILTER_PANEL = Text("پنل", "Panel")
FILTER_CENTRE = Text("مرکز", "Centre")
FILTER_RESULT = Text("نتیجه", "Result")
FILTER_ALL = Text("همه", "All")
RESULT_SIGNED = Text("امضا شد", "Signed")
RESULT_DECLINED = Text("رد شد", "Declined")
RESULT_FAILED = Text("ناموفق", "Failed")
RESULT_KEY_MADE = Text("کلید ساخته شد", "Key made")
RESULT_KEPT = Text("گواهی وارد شد", "Certificate imported")
DOCUMENT_REQUEST = Text("درخواست گواهی", "Certificate request")
DOCUMENT_CERTIFICATE = Text("گواهی صادرشده", "Issued certificate")
DOCUMENT_TEST = Text("سند آزمایشی", "Test document")
DOCUMENT_JOURNAL = Text("دفتر امضا", "The journal")
COLUMN_TIME = Text("زمان", "Time")
COLUMN_DOCUMENT = Text("سند", "Document")
ROW_LOADING = Text("…", "…")
ENTRY_TITLE = Text("ردیف {number}", "Entry {number}")
ENTRY_CONTENT = Text("چکیدهٔ سند", "SHA-256 of the document")
ENTRY_SIGNATURE = Text("چکیدهٔ امضا", "SHA-256 of the signature")
ENTRY_FORMAT = Text("قالب", "Format")
ENTRY_CERTIFICATE = Text("گواهی", "Certificate")
ENTRY_ACCEPTED = Text("هشدارهای پذیرفته", "Warnings accepted")
ENTRY_HOW_TO_CHECK = Text(
    "برای بررسی امضا، سند یا فایل امضا را روی این صفحه بیندازید.",
    "To check the signature, drop the document or the signature file on this page.",
)
TRACE_ASK = Text("این را من امضا کرده‌ام؟", "Did I sign this?")
TRACE_HINT = Text(
    "فایل سند یا امضا را اینجا بیندازید یا برگزینید.", "Drop a document or a signature here, or choose it."
)
TRACE_YES = Text(
    "بله. «{name}» را {day} ساعت {time} امضا کرده‌اید.", "Yes. You signed {name} on {day} at {time}."
)
TRACE_NO = Text(
    "نه. امضای شما روی «{name}» در دفتر این رایانه نیست.",
    "No. This computer's journal has no signature of yours on {name}.",
)
TRACE_GOOD = Text("امضا درست است.", "The signature is good.")
TRACE_BAD = Text("امضا درست نیست: {why}", "The signature is bad: {why}")
TRACE_OPEN = Text("دربارهٔ امضا نمی‌توان حکم کرد: {why}", "The signature cannot be judged: {why}")
EXPORT = Text("خروجی جدول…", "Export CSV…")
SIGN_EXPORT = Text("خروجی امضاشده…", "Signed PDF…")
SIGN_EXPORT_WAITS = Text(
    "دفتر آمادهٔ امضا است؛ پنجرهٔ امضا در انتظار شماست.",
    "The pages are ready: a window is waiting for your signature.",
)
SIGN_EXPORT_DONE = Text("دفتر امضاشده در «{name}» است.", "The signed journal is in {name}.")
SIGN_EXPORT_MANY = Text(
    "بیش از {count} ردیف در یک برگ امضاشده نمی‌گنجد.", "No more than {count} rows are signed at once."
)
SIGN_EXPORT_FEWER = Text("روز، پنل یا درمانگاه را انتخاب کنید.", "Pick a day, a panel or a centre first.")
PRINT_MADE = Text("ساخته‌شده در {when}", "Made on {when}")
PRINT_PAGE = Text("صفحهٔ {number}", "Page {number}")
PRINT_NUMBER = Text("شماره", "No.")
PRINT_HINT = Text(
    "شماره‌ها شمارهٔ ردیف در دفتر همین رایانه است؛ درستی هر امضا را با خود فایل می‌توان سنجید.",
    "The numbers are those of this computer's journal; whether a signature is good is told by its file.",
)
EXPORTED = Text("{count} ردیف در «{name}» نوشته شد.", "Rows written to {name}: {count}.")

# --- who asks, with what
TITLE_ONE = Text("درخواست امضای نسخه", "Request to sign a prescription")
TITLE_ONE_PLAIN = Text("درخواست امضای سند", "Request to sign a document")
TITLE_SIGN_IN = Text("ورود به {origin}", "Sign in to {origin}")
TITLE_MAKES_KEY = Text("درخواست گواهی با کلید تازه", "Certificate request with a new key")
TITLE_KEEPS = Text("گواهی صادرشده برای توکن", "An issued certificate for your token")
TITLE_MANY = Text("{count} سند برای امضا", "{count} documents to sign")
FROM_PANEL = Text("از پنل", "From the panel")
FROM_MOHR = Text("از", "From")
MOHR_ITSELF = Text("خود مُهر", "Mohr itself")
PAIRED_SINCE = Text("متصل از {date}", "paired since {date}")
PANEL_AWAY = Text(
    "صفحهٔ این پنل بسته شده است. آنچه امضا کنید تا ۲۴ ساعت برایش نگه داشته می‌شود.",
    "The page of this panel is closed. What you sign is kept for its return, for 24 hours.",
)
PANEL_AWAY_KEPT = Text(
    "صفحهٔ این پنل بسته است؛ آنچه امضا شد تا ۲۴ ساعت برایش نگه داشته می‌شود.",
    "The page of this panel is closed; what was signed is kept for its return, for 24 hours.",
)
WAITING_BEHIND = Text(
    "{count} درخواست دیگر در انتظار است، از {origins}", "{count} more waiting, from {origins}"
)
CERTIFICATE_UNTIL = Text("گواهی تا {date}", "certificate until {date}")
ISSUER = Text("صادرکننده: {issuer}", "Issuer: {issuer}")

# --- the sheet
ITEMS_COUNT = Text("{kind}، {count} قلم", "{kind}, items: {count}")
NO_ITEMS = Text("این نسخه قلمی ندارد.", "This prescription has no items.")
PRESCRIBER_CODE = Text("کد ملی پزشک", "Prescriber's national code")
COUNCIL_NUMBER = Text("نظام پزشکی {number}", "council no. {number}")
PATIENT_COUNCIL = Text("نظام پزشکی بیمار", "Patient's council no.")
PATIENT_CENTRE = Text("مرکز بیمار", "Patient's centre")
PRESCRIBER_BIRTH_DATE = Text("تاریخ تولد پزشک", "Prescriber's date of birth")
PRESCRIBER_MOBILE = Text("تلفن پزشک", "Prescriber's mobile")
COLUMN_ITEM = Text("قلم", "Item")
COLUMN_AMOUNT = Text("مقدار", "Dose")
COLUMN_QUANTITY = Text("تعداد", "Quantity")
COLUMN_INSTRUCTION = Text("دستور مصرف", "Instruction")
COLUMN_REPEAT = Text("تکرار", "Repeat")
CODE = Text("کد {value}", "code {value}")
DIAGNOSIS = Text("تشخیص {value}", "diagnosis {value}")
NOT_BEFORE = Text("نه پیش از {value}", "not before {value}")
LEGEND_EQUAL = Text("با بدنهٔ بیمه یکی است", "same in the insurer's body")
LEGEND_DIFFERS = Text("با بدنهٔ بیمه یکی نیست", "differs from the insurer's body")
LEGEND_INCOMPARABLE = Text("بی‌نشان: با بدنهٔ بیمه سنجیدنی نیست", "no sign: cannot be compared with it")
TIME_NOT_UNDERSTOOD = Text("زمان خوانده نشد: {value}", "not a time Mohr can read: {value}")
DETAILS = Text("جزئیات ({count} مقدار دیگر)", "Details ({count} more values)")
DETAILS_ALL = Text("جزئیات", "Details")
DETAILS_TITLE = Text("همهٔ مقدارها، درست همان‌گونه که امضا می‌شوند", "Every value, exactly as it is signed")
DETAILS_BACK = Text("بازگشت به نسخه", "Back to the prescription")
FACTS_TITLE = Text("همهٔ مقدارها، همان‌گونه که خواسته شده است", "Every value, as it was asked for")
FACTS_BACK = Text("بازگشت", "Back")
FACTS_ASKED = Text("مقدارها، همان‌گونه که خواسته شده است", "The values as they were asked for")
CERTIFICATE_MORE = Text("بیشتر از این گواهی", "More of this certificate")
KEY_PROMISE = Text(
    "کلید درون توکن ساخته می‌شود و از آن بیرون نمی‌رود. آنچه بالا می‌بینید در درخواست گواهی نوشته می‌شود.",
    "The key is made inside the token and never leaves it. What stands above is written into the request.",
)
KEEP_PROMISE = Text(
    "گواهی کنار کلیدش در توکن نوشته می‌شود. چیزی پاک نمی‌شود و چیزی امضا نمی‌شود.",
    "The certificate is written to the token beside its key. Nothing is deleted, and nothing is signed.",
)
SIGN_IN_TITLE = Text("همهٔ آنچه صفحه خواسته است", "Everything that the page asks with")
LEAVES_TITLE = Text("همهٔ مقدارهای این سند", "Every value of this document")
PAGE_OF = Text("صفحهٔ {page} از {count}", "Page {page} of {count}")
PAGE_WAITING = Text("در حال آماده‌شدن…", "Being drawn…")
PAGE_UNDRAWN = Text(
    "این صفحه را نمی‌توان نشان داد؛ پس این سند امضا نمی‌شود.",
    "This page cannot be shown, so this document is not signed.",
)
PAGES_TEXT = Text("متن صفحه‌ها، آن‌گونه که نرم‌افزار می‌خواند", "Text of the pages, as software reads it")
PAGES_BACK = Text("بازگشت به صفحه‌ها", "Back to the pages")
PAGES_COUNT = Text("{count} صفحه", "pages: {count}")
WHY_PAGES = Text("همهٔ صفحه‌ها را تا پایان ببینید.", "Look at every page to its end.")
SEARCH = Text("جست‌وجو", "Search")
SEARCH_COUNT = Text("{found} از {total}", "{found} of {total}")
SIGNED_PROMISE = Text(
    "با امضا، همین متن و همین ارقام با کلید توکن شما مهر می‌شود. هیچ مقدار امضاشده‌ای پنهان نیست.",
    "Signing seals this very text and these very numbers with your token's key. No signed value is hidden.",
)
EMPTY_VALUE = Text("(خالی)", "(empty)")
FINDING_YES = Text("این را دیدم و می‌پذیرم", "I have seen this and accept it")
FINDING_STOPS = Text("امضا ممکن نیست", "Cannot be signed")
FINDING_ASKS = Text("تأیید جداگانه می‌خواهد", "Needs a yes of its own")
FINDING_TELLS = Text("بدانید", "For your information")

# --- the PIN
PIN_LABEL = Text("رمز توکن", "Token PIN")
PIN_PAD = Text("رمز را روی دستگاه کارت‌خوان بزنید", "Type the PIN on the reader itself")
PIN_PAD_HINT = Text("پس از «امضا» دستگاه رمز را می‌خواهد.", "The reader asks for it after you press Sign.")
PIN_IN_DIALOG = Text("رمز را در پنجرهٔ خود توکن بزنید", "Type the PIN in the token's own window")
PIN_IN_DIALOG_HINT = Text(
    "پس از «امضا» نرم‌افزار توکن پنجره‌ای باز می‌کند.", "The token's software opens it after you press Sign."
)
SIGNATURE_PIN_LABEL = Text("رمز امضا", "Signature PIN")
PIN_FOR_EACH = Text(
    "این کلید برای هر امضا رمز می‌خواهد: نخست برای باز شدن توکن، سپس {count} بار.",
    "This key wants its PIN for each signature: once to open the token, then {count} times.",
)
PIN_FOR_THIS_ONE = Text(
    "این کلید برای هر امضا رمز می‌خواهد: امضای {number} از {total}.",
    "This key wants its PIN for each signature: signature {number} of {total}.",
)
TRIES_OK = Text("تلاش باقی‌مانده: کافی", "Tries left: enough")
TRIES_LOW = Text("تلاش باقی‌مانده: کم؛ با دقت بزنید", "Tries left: few; type with care")
TRIES_LAST = Text("تنها یک تلاش مانده است", "Only one try is left")
TRIES_LOCKED = Text("رمز توکن قفل است", "The PIN is locked")
TRIES_UNKNOWN = Text("تلاش باقی‌مانده: نامعلوم", "Tries left: not known")
TRIES_UNKNOWN_AFTER_WRONG = Text(
    "تلاش باقی‌مانده نامعلوم است؛ شاید همین آخری باشد",
    "Tries left: not known; this may be the last",
)
LAST_TRY_YES = Text(
    "می‌دانم که اگر رمز نادرست باشد توکن قفل می‌شود",
    "I know that a wrong PIN now locks the token",
)
LAST_TRY_YES_UNKNOWN = Text(
    "می‌دانم که اگر رمز نادرست باشد شاید توکن قفل شود",
    "I know that a wrong PIN now may lock the token",
)
LAYOUT = Text("زبان صفحه‌کلید: {layout}", "Keyboard: {layout}")
CAPS_LOCK = Text("کلید {key} روشن است", "{key} is on")
LAYOUT_UNKNOWN = Text("زبان صفحه‌کلید را ببینید", "Check the keyboard layout")
LAYOUT_PERSIAN = Text("رقم فارسی زده‌اید", "You typed Persian digits")
PIN_SCRIPT_TITLE = Text("رمز با رقم فارسی", "A PIN in Persian digits")
PIN_SCRIPT_ASK = Text(
    "رمز را با رقم فارسی یا عربی زده‌اید. بیشتر توکن‌ها رمز را با رقم لاتین می‌شناسند. کدام فرستاده شود؟",
    "You typed the PIN in Persian or Arabic digits. Most tokens know it in Latin digits. Which one to send?",
)
PIN_SEND_LATIN = Text("با رقم لاتین", "In Latin digits")
PIN_SEND_AS_TYPED = Text("همان‌گونه که زدم", "As I typed it")
PIN_SEND_NEITHER = Text("دوباره می‌زنم", "Type it again")
PIN_AGAIN_WRONG = Text(
    "رمز نادرست بود. کاری انجام نشد؛ با دقت دوباره بزنید.",
    "The PIN was wrong. Nothing was done; type it again with care.",
)
PIN_AGAIN_MALFORMED = Text(
    "توکن این رمز را نپذیرفت: درازا یا نویسه‌هایش درست نیست. تلاشی از دست نرفت.",
    "The token does not take this PIN: its length or characters are not right. No try was spent.",
)
PIN_AGAIN_LOGGED_OUT = Text(
    "نشست توکن بسته شد. برای ادامه رمز را دوباره بزنید.",
    "The token's session ended. Type the PIN again to go on.",
)
PIN_AGAIN_TOKEN_BACK = Text(
    "توکن برگشت. برای ادامهٔ آنچه هنوز انجام نشده، رمز را بزنید.",
    "The token is back. Type the PIN to go on with what is not yet done.",
)
PIN_AGAIN_TOKEN_CLOSED = Text(
    "توکن در این میان بسته شد. برای امضا رمز را بزنید.",
    "The token was closed in the meantime. Type the PIN to sign.",
)
PIN_AGAIN_LAST_TRY = Text(
    "این شاید آخرین تلاش باشد؛ پیش از فرستادن رمز، پذیرش جداگانه می‌خواهد.",
    "This may be the last try; it needs your own yes before the PIN is sent.",
)

# --- the last row
DECLINE = Text("رد", "Decline")
GIVE_UP = Text("انصراف", "Give up")
SIGN = Text("امضا", "Sign")
SIGN_IN = Text("ورود", "Sign in")
MAKE_KEY = Text("ساختن کلید", "Make the key")
KEEP = Text("نگهداری در توکن", "Keep on the token")
SIGN_MANY = Text("امضای {approved} از {total}", "Sign {approved} of {total}")
CLOSE = Text("بستن", "Close")
WHY_RED = Text("این نسخه ایرادی دارد که امضا را ممکن نمی‌کند.", "A finding forbids signing this.")
WHY_UNSEEN_FACTS = Text("تا پایان بخوانید.", "Read it to its end.")
WHY_UNSEEN = Text("نسخه را تا پایان ببینید.", "Read the sheet to its end.")
WHY_YES = Text("پذیرش جداگانهٔ هشدارها لازم است.", "The warnings need your own yes.")
WHY_NONE = Text("هنوز سندی تأیید نشده است.", "No document is approved yet.")
WHY_LOCKED = Text("رمز توکن قفل است.", "The token's PIN is locked.")
WHY_LAST_TRY = Text("پذیرش آخرین تلاش لازم است.", "The last try needs your own yes.")
WHY_PIN = Text("رمز توکن را بزنید.", "Type the token PIN.")
WHY_PIN_SHORT = Text(
    "رمز این توکن دست‌کم {count} نویسه است.", "This token's PIN has at least {count} characters."
)
WHY_PIN_LONG = Text(
    "رمز این توکن بیش از {count} نویسه نیست.", "This token's PIN has at most {count} characters."
)
ONE_PIN_FOR = Text("یک رمز برای {count} سند", "One PIN for {count} documents")
UNDECIDED_ARE_DECLINED = Text(
    "{count} سند بررسی‌نشده امضا نمی‌شود.", "Documents not yet decided are not signed: {count}."
)

# --- many documents
CHIP_APPROVED = Text("{count} تأیید", "{count} approved")
CHIP_REFUSED = Text("{count} رد", "{count} refused")
CHIP_OPEN = Text("{count} بررسی‌نشده", "{count} open")
MARK_RED = Text("ایراد", "Stopped")
MARK_AMBER = Text("هشدار", "Warning")
APPROVE = Text("تأیید", "Approve")
REFUSE = Text("رد", "Refuse")
KEY_HINT_APPROVE = Text("ادامه و تأیید", "read on, approve")
KEY_HINT_REFUSE = Text("رد", "refuse")
KEY_HINT_DETAILS = Text("جزئیات", "details")
DOCUMENT_LIST = Text("فهرست سندها", "List of documents")
STATE_OF_APPROVED = Text("تأییدشده", "approved")
STATE_OF_REFUSED = Text("ردشده", "refused")
STATE_OF_OPEN = Text("بررسی‌نشده", "open")
PLAIN_DOCUMENT = Text("سند {id}", "Document {id}")
LEAVES_COUNT = Text("{count} مقدار", "values: {count}")

# --- progress and ending
OPENING_TOKEN = Text("در حال گشودن توکن…", "Opening the token…")
WHY_TOKEN_AWAY = Text("توکن وصل نیست.", "The token is not connected.")
TOKEN_WANTED = Text(
    "توکن {label} (شمارهٔ {serial}) جدا شد. برای ادامه، همان را دوباره وصل کنید.",
    "The token {label} (serial {serial}) was pulled out. Plug the same one in again to go on.",
)
MAKING_KEY = Text(
    "توکن کلید می‌سازد؛ این شاید یک دقیقه بکشد.", "The token makes the key; this may take a minute."
)
SIGNING_COUNT = Text("{done} از {total} امضا شد", "{done} of {total} signed")
DONE_ONE = Text("امضا شد.", "Signed.")
DONE_KEY = Text(
    "کلید ساخته شد و درخواست گواهی به پنل رسید.", "The key is made, and the panel has the request."
)
DONE_KEPT = Text("گواهی در توکن است.", "The certificate is on the token.")
DONE_NOTHING = Text("کاری انجام نشد.", "Nothing was done.")
DONE_SIGN_IN = Text("وارد شدید.", "Signed in.")
DONE_MANY = Text("{signed} سند امضا شد.", "{signed} documents were signed.")
DONE_SOME = Text(
    "{signed} از {total} سند امضا شد؛ {declined} رد و {failed} ناموفق.",
    "{signed} of {total} signed; {declined} declined, {failed} failed.",
)
DONE_NONE = Text("چیزی امضا نشد.", "Nothing was signed.")
OUTCOME_SIGNED = Text("امضا شد", "signed")
OUTCOME_DECLINED = Text("رد شد", "declined")
OUTCOME_FAILED = Text("ناموفق", "failed")
SUPPORT_CODE = Text("کد خطا: {code}", "Error code: {code}")

# --- pairing
PAIR_TITLE = Text("یک پنل می‌خواهد به مُهر وصل شود", "A panel asks to be paired with Mohr")
PAIR_ASK = Text("آیا صفحهٔ پنل همین رقم‌ها را نشان می‌دهد؟", "Does the page show the same digits?")
PAIR_HINT = Text(
    "اگر این صفحه را خودتان باز نکرده‌اید یا رقم‌ها یکی نیستند، «نه» را بزنید.",
    "If you did not open this page yourself, or the digits differ, answer No.",
)
PAIR_YES = Text("بله، همین است", "Yes, the same")
PAIR_NO = Text("نه", "No")
PAIR_CODE = Text("رقم‌های اتصال", "Pairing digits")
PAIR_UNTIL = Text("تا ساعت {time}", "until {time}")

# --- choice of credential
CHOOSE_TITLE = Text("با کدام گواهی؟", "With which certificate?")
CHOOSE_HINT = Text(
    "چند گواهی قابل استفاده است. مُهر هیچ‌کدام را به جای شما برنمی‌گزیند.",
    "Several certificates can sign. Mohr never picks one for you.",
)
CHOOSE_TOKEN_TITLE = Text("در کدام توکن؟", "On which token?")
CHOOSE_TOKEN_HINT = Text(
    "چند توکن به این رایانه وصل است. مُهر هیچ‌کدام را به جای شما برنمی‌گزیند.",
    "Several tokens are connected. Mohr never picks one for you.",
)
CHOOSE_TOKEN_LIST = Text("توکن‌ها", "Tokens")
TOKEN_SERIAL = Text("شمارهٔ {serial}", "serial {serial}")
TOKEN_READER = Text("در {reader}", "in {reader}")
CHOOSE_CONTINUE = Text("ادامه", "Continue")
CHOOSE_LIST = Text("گواهی‌ها", "Certificates")
VALIDITY = Text("اعتبار {start} تا {end}", "valid {start} to {end}")
HOLDER_COUNCIL = Text("نظام پزشکی {number}", "council no. {number}")
TOKEN = Text("توکن {label}", "token {label}")
THIS_COMPUTERS = Text("گواهی این رایانه", "this computer's")
FOR_CENTRE = Text("با گواهیِ {centre} · تا {date}", "with the certificate for {centre} · until {date}")
NAME_CENTRE = Text("نام مرکز…", "Name the centre…")
USE_HERE = Text("برگزیدن برای این رایانه", "Use on this computer")
NOT_HERE = Text("دیگر برای این رایانه نباشد", "No longer this computer's")
CENTRE_NAME = Text("این مرکز را چه می‌نامید؟", "What do you call this centre?")
CENTRE_NAME_HINT = Text(
    "این نام تنها برای شماست و به هیچ پنلی گفته نمی‌شود."
    " نسخه‌ای که همین مرکز را نام ببرد با این گواهی امضا می‌شود.",
    "This name is yours alone and is told to no panel."
    " A prescription that names this centre is signed with this certificate.",
)
CENTRE_WRITTEN = Text("در گواهی: {centre}", "In the certificate: {centre}")
CENTRE_KEEP = Text("نگه داشتن", "Keep")
CENTRE_NOT_KEPT = Text("نگه داشته نشد.", "It could not be kept.")
NO_CENTRE = Text("بی‌نام مرکز", "no centre named")

# --- a module that was added by hand, and whose file is another one
MODULE_TITLE = Text("فایل ماژول توکن عوض شده است", "A token's module has changed")
MODULE_CHANGED = Text(
    "این فایل دیگر همانی نیست که پذیرفته بودید: یا سازنده آن را به‌روز کرده، یا کسی آن را عوض کرده است.",
    "This file is not the one that you agreed to: its maker has updated it, or somebody has exchanged it.",
)
MODULE_MEANING = Text(
    "ماژول یک برنامه است. اگر بارگذاری شود، هر کاری که شما در این رایانه می‌توانید از آن برمی‌آید: خواندن"
    " فایل‌ها، دیدن رمز توکن و امضا کردن.",
    "A module is a program. Once it is loaded it can do whatever you can do on this computer: read your"
    " files, see the token's PIN, and sign.",
)
MODULE_AGREED = Text("{name} پذیرفته‌شده", "{name} agreed to")
MODULE_FOUND = Text("{name} کنونی", "{name} now")
MODULE_OPEN = Text(
    "کاربران دیگر این رایانه می‌توانند در {path} بنویسند.",
    "Other users of this computer can write to {path}.",
)
MODULE_HINT = Text(
    "اگر خودتان برنامهٔ توکن را به‌روز نکرده‌اید، آن را کنار بگذارید و از پشتیبانی بپرسید. تا نپذیرید بارگذاری"
    " نمی‌شود.",
    "If you did not update the token's software yourself, leave it out and ask your helpdesk. It is not"
    " loaded before you say so.",
)
MODULE_USE = Text("استفاده از آن", "Use it")
MODULE_LEAVE = Text("کنار گذاشتن", "Leave it out")
