"""Every condition that a caller can act on, one class each, with its remedy.

This file alone maps `CK_RV` values and HTTP statuses; the error catalogue in the docs is generated from
it. A condition says what happened and what to do, in Persian and English for the doctor, and what to look
at for the helpdesk. It never carries a name, a PIN or a document.

    MohrError
    ├── RequestError      RequestMalformed RequestTooLarge RequestStale RequestReplayed TooManyRequests
    │                     TooManyPending IdempotencyConflict IdempotencyKeyMissing RequestUnknown
    │                     RequestExpired RouteUnknown MethodNotAllowed MediaTypeNotAccepted RefusedLately
    ├── AdmissionError    HostRefused OriginRefused FetchModeRefused NotPaired SignatureMissing
    │                     SignatureInvalid PairingUnknown PairingRefused PairingBusy
    ├── ConsentError      ConsentDeclined ConsentSurfaceMissing RequestCancelled
    ├── DocumentError     DocumentRefused DocumentUnreadable FormatUnsupported
    ├── CredentialError   CredentialAbsent CredentialUnusable CredentialRevoked CredentialNotForSignIn
    │                     MechanismUnsupported CertificateWithoutKey CertificateStored ApplicantInvalid
    │                     CertificateFileUnusable CertificateNotRequested
    ├── TokenError        TokenAbsent TokenAmbiguous TokenRemoved TokenNotRecognised TokenBusy TokenFull
    │   │                 CardMute ReaderAbsent ReaderServiceStopped OperationUnsupported
    │   └── PinError      PinWrong PinMalformed PinLocked PinNotSet PinMustChange PinCancelled PinCoolDown
    │                     LastTryUnconfirmed OfficerPinLocked
    ├── SessionError      AlreadyLoggedIn NotLoggedIn SignatureWantsPin OperationActive
    ├── ModuleError       ModuleFailed ModuleCrashed ModuleHung ModuleCannotLoad ModuleChanged
    ├── OutsideError      TsaUnreachable RevocationUnreachable UpdatesUnreachable
    └── AgentError        AlreadyRunning PortsTaken JournalUnwritable FileUnusable AddressInvalid
                          SignatureNotVerified PairingStoreFailed PolicyInvalid TrustStoreFailed
                          TrustStoreLocked TrustStoreWantsPassword PanelOriginUnfit AdministratorNeeded
                          BrowserPolicyUnreadable DataNewer SignedFileMalformed SignedFileUntrusted
                          SignedFileExpired SignedFileOlder SigningKeyUnusable PackageNotListed
                          ProfilePackInvalid ModulePlaceOpen Unexpected
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar


class MohrError(Exception):
    """Root of all conditions. `detail` is for the helpdesk's log and holds no personal data.

    Class attributes: `code` (stable, kebab-case, part of the contract), `status` (HTTP, or None where the
    condition never leaves Mohr), `retriable` (may the same call succeed without anything being changed but
    the world), `fa`/`en` (what happened, one sentence), `fa_remedy`/`en_remedy` (what to do next),
    `helpdesk` (what to look at).
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int | None] = 500
    retriable: ClassVar[bool] = False
    fa: ClassVar[str]
    en: ClassVar[str]
    fa_remedy: ClassVar[str]
    en_remedy: ClassVar[str]
    helpdesk: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail

    @property
    def remedy(self) -> str:
        """What to do next, in English (`fa_remedy` holds the Persian sentence)."""
        return self.en_remedy


class RequestError(MohrError):
    """The request cannot be served."""


class RequestMalformed(RequestError):
    code = "request-malformed"
    status = 400
    fa = "درخواست پنل درست نوشته نشده است."
    en = "The panel's request is not well formed."
    fa_remedy = "به پشتیبانی پنل خبر دهید؛ چیزی امضا نشد."
    en_remedy = "Correct the request; nothing was signed. `detail` names the place."
    helpdesk = "Schema, I-JSON (RFC 7493), base64 or UTF-8 rule broken; `detail` has the JSON Pointer."


class RequestTooLarge(RequestError):
    code = "request-too-large"
    status = 413
    fa = "درخواست پنل بزرگ‌تر از اندازهٔ مجاز است."
    en = "The panel's request is over a size limit."
    fa_remedy = "نسخه‌ها را در درخواست‌های کوچک‌تر بفرستید."
    en_remedy = (
        "Send fewer or smaller documents: 250 documents, 20 MiB a body, "
        "1 MiB a JSON or text document, 10 MiB a PDF."
    )
    helpdesk = "Which limit is in `detail`."


class RequestStale(RequestError):
    code = "request-stale"
    status = 401
    retriable = True
    fa = "زمان درخواست پنل با ساعت این رایانه نمی‌خواند."
    en = "The request was signed outside the accepted time window."
    fa_remedy = "صفحهٔ پنل را تازه کنید."
    en_remedy = "Sign the request again with the present time."
    helpdesk = "`created` older than 300 s, ahead of the clock, or from before the agent's start."


class RequestReplayed(RequestError):
    code = "request-replayed"
    status = 401
    retriable = True
    fa = "این درخواست پیش‌تر دریافت شده است."
    en = "This signed request was received before."
    fa_remedy = "صفحهٔ پنل را تازه کنید."
    en_remedy = "Sign each request with a nonce of its own."
    helpdesk = "The nonce stands in the replay window: a retry that was not signed again, or an attack."


class TooManyRequests(RequestError):
    code = "too-many-requests"
    status = 429
    retriable = True
    fa = "درخواست‌ها بیش از اندازه است."
    en = "Too many requests in a short time."
    fa_remedy = "کمی صبر کنید و دوباره بکوشید."
    en_remedy = "Wait for the seconds in `Retry-After`, then try again."
    helpdesk = "Rate limit or pairing attempts used up."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        """`retry_after` is in whole seconds, for the `Retry-After` header (RFC 9110 §10.2.3)."""
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyPending(RequestError):
    code = "too-many-pending"
    status = 429
    retriable = True
    fa = "درخواست‌های پیشین هنوز در انتظار پزشک‌اند."
    en = "Earlier requests still wait for the doctor."
    fa_remedy = "درخواست‌های باز را امضا یا رد کنید."
    en_remedy = "Wait until a pending request is finished or cancel one: 2 an origin, 8 in all."
    helpdesk = "See the queue in the window."


class RefusedLately(RequestError):
    code = "refused-lately"
    status = 429
    retriable = True
    fa = "پزشک به درخواست پیشین همین پنل «نه» گفته است."
    en = "The doctor has just turned down a request of this panel."
    fa_remedy = "کمی صبر کنید و اگر باز امضا می‌خواهید، دوباره بفرستید."
    en_remedy = "Wait for the seconds in `Retry-After`, then ask again if the doctor wants it."
    helpdesk = "An origin waits after each no or withdrawal, longer each time; a signature ends the waiting."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        """`retry_after` is in whole seconds, for the `Retry-After` header (RFC 9110 §10.2.3)."""
        super().__init__(detail)
        self.retry_after = retry_after


class IdempotencyConflict(RequestError):
    code = "idempotency-conflict"
    status = 422
    fa = "همین کلید با نسخهٔ دیگری فرستاده شده است."
    en = "This Idempotency-Key was used with another body."
    fa_remedy = "به پشتیبانی پنل خبر دهید؛ چیزی امضا نشد."
    en_remedy = "Use a new Idempotency-Key for a new body."
    helpdesk = "The panel reuses keys; nothing was signed twice."


class IdempotencyKeyMissing(RequestError):
    code = "idempotency-key-missing"
    status = 400
    fa = "درخواست پنل کلید یکتایی ندارد."
    en = "The request has no usable Idempotency-Key."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "Send one Idempotency-Key header of 1 to 128 visible ASCII characters."
    helpdesk = "Header absent, repeated, or with characters outside the allowed set."


class RequestUnknown(RequestError):
    code = "request-unknown"
    status = 404
    fa = "چنین درخواستی در مُهر نیست."
    en = "There is no such signing request."
    fa_remedy = "از پنل دوباره بفرستید."
    en_remedy = "Post the documents again with the same Idempotency-Key."
    helpdesk = "Id never given, given to another origin, or the agent was restarted."


class RequestExpired(RequestError):
    code = "request-expired"
    status = 410
    fa = "مهلت درخواست گذشته است."
    en = "The signing request has expired."
    fa_remedy = "از پنل دوباره، با کلیدی تازه، بفرستید."
    en_remedy = "Post the documents again, under a new Idempotency-Key."
    helpdesk = "Nobody answered within the time, or the result is older than 24 h."


class RouteUnknown(RequestError):
    code = "route-unknown"
    status = 404
    fa = "چنین نشانی در مُهر نیست."
    en = "There is nothing at this address."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "See /openapi.json for the calls that exist."
    helpdesk = "The panel may be written for another version of the contract."


class MethodNotAllowed(RequestError):
    code = "method-not-allowed"
    status = 405
    fa = "این نشانی چنین فراخوانی ندارد."
    en = "This address does not take that method."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "See /openapi.json for the calls that exist."
    helpdesk = "The panel may be written for another version of the contract."


class MediaTypeNotAccepted(RequestError):
    code = "media-type-not-accepted"
    status = 415
    fa = "پنل داده را به شکلی ناشناخته فرستاده است."
    en = "The request's body is not application/json."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "POST with Content-Type: application/json."
    helpdesk = "A form post or text/plain is what a foreign page can send without asking."


class AdmissionError(MohrError):
    """The caller is not let in."""


class HostRefused(AdmissionError):
    code = "host-refused"
    status = 403
    fa = "درخواست به نشانی نادرستی فرستاده شده است."
    en = "The Host header is not this agent's."
    fa_remedy = "از نشانی پنل خودتان استفاده کنید."
    en_remedy = "Call 127.0.0.1, [::1] or localhost with the agent's own port."
    helpdesk = "DNS rebinding, or a proxy that rewrites Host."


class OriginRefused(AdmissionError):
    code = "origin-refused"
    status = 403
    fa = "این صفحه اجازهٔ گفت‌وگو با مُهر ندارد."
    en = "This page's origin may not call Mohr."
    fa_remedy = "نشانی پنل باید https باشد."
    en_remedy = "Serve the panel from an https origin; loopback origins need the clinic's policy."
    helpdesk = "Origin absent, null, repeated, http, or outside the clinic's policy."


class FetchModeRefused(AdmissionError):
    code = "fetch-mode-refused"
    status = 403
    fa = "مرورگر این درخواست را به شکلی ناامن فرستاده است."
    en = "The request was not made as a CORS fetch."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "Use fetch() with mode 'cors'."
    helpdesk = "Sec-Fetch-Mode is neither cors nor, on an upgrade, websocket."


class NotPaired(AdmissionError):
    code = "not-paired"
    status = 401
    fa = "این پنل هنوز به مُهر متصل نشده است."
    en = "This panel is not paired with Mohr."
    fa_remedy = "در پنل دکمهٔ اتصال را بزنید و کد شش‌رقمی را بسنجید."
    en_remedy = "Pair first: POST /v1/pairings, then let the doctor compare the six digits."
    helpdesk = "No live pairing for this origin, or it was revoked."


class SignatureMissing(AdmissionError):
    code = "signature-missing"
    status = 401
    fa = "درخواست پنل امضای اتصال ندارد."
    en = "The request carries no pairing signature."
    fa_remedy = "صفحهٔ پنل را تازه کنید."
    en_remedy = "Sign the request with the paired key (RFC 9421); the SDK does it."
    helpdesk = "Signature, Signature-Input or Content-Digest absent or of another form."


class SignatureInvalid(AdmissionError):
    code = "signature-invalid"
    status = 401
    fa = "امضای اتصال این درخواست درست نیست."
    en = "The request's pairing signature does not verify."
    fa_remedy = "پنل را دوباره متصل کنید."
    en_remedy = "Sign method, path, query, body digest and nonce with the paired key."
    helpdesk = "Key of another pairing, a changed body, or a header altered on the way."


class PairingUnknown(AdmissionError):
    code = "pairing-unknown"
    status = 404
    fa = "این اتصال در جریان نیست."
    en = "There is no such pairing in progress."
    fa_remedy = "اتصال را از پنل دوباره آغاز کنید."
    en_remedy = "Start again with POST /v1/pairings."
    helpdesk = "Over two minutes old, finished, or started by another origin."


class PairingRefused(AdmissionError):
    code = "pairing-refused"
    status = 403
    fa = "اتصال پذیرفته نشد."
    en = "The pairing was refused."
    fa_remedy = "کد شش‌رقمی پنل و مُهر باید یکی باشد."
    en_remedy = "Start again from a click; the digits in page and window must be equal."
    helpdesk = "The doctor said no, the commitment did not open, or policy forbids pairing."


class PairingBusy(AdmissionError):
    code = "pairing-busy"
    status = 409
    retriable = True
    fa = "اتصال دیگری در جریان است."
    en = "Another pairing is in progress."
    fa_remedy = "نخست اتصال باز را تمام کنید."
    en_remedy = "Wait until the other pairing is answered or two minutes are over."
    helpdesk = "One pairing at a time, so that nobody compares the wrong digits."


class ConsentError(MohrError):
    """There is no yes to sign."""


class ConsentDeclined(ConsentError):
    code = "consent-declined"
    status = 403
    fa = "پزشک امضا را نپذیرفت."
    en = "The doctor declined to sign."
    fa_remedy = "اگر نادرست بود، از پنل دوباره بفرستید."
    en_remedy = "Do not repeat the request by itself; let the doctor start it again."
    helpdesk = "A person's no; nothing is broken."


class ConsentSurfaceMissing(ConsentError):
    code = "consent-surface-missing"
    status = 503
    retriable = True
    fa = "پنجره یا پایانه‌ای برای پرسش از پزشک نیست."
    en = "There is no window or terminal to ask the doctor on."
    fa_remedy = "مُهر را در نشست کاربر باز کنید."
    en_remedy = "Start mohr-desktop in the doctor's session, or mohr agent in a terminal."
    helpdesk = "The agent runs without a TTY or a display."


class RequestCancelled(ConsentError):
    code = "request-cancelled"
    status = 409
    fa = "درخواست پس گرفته شد."
    en = "The request was cancelled."
    fa_remedy = "اگر لازم است از پنل دوباره بفرستید."
    en_remedy = "Post it again if it is still wanted."
    helpdesk = "DELETE by the panel, or the agent was closed before the doctor answered."


class DocumentError(MohrError):
    """This document is not signed as it stands."""


class DocumentRefused(DocumentError):
    code = "document-refused"
    status = 422
    fa = "این نسخه با این وضع امضا نمی‌شود."
    en = "A rule forbids signing this document."
    fa_remedy = "یافته‌های سرخ پنجره را ببینید و نسخه را در پنل درست کنید."
    en_remedy = "Correct what the red findings name."
    helpdesk = "Finding codes are in `detail`; there is no override."


class DocumentUnreadable(DocumentError):
    code = "document-unreadable"
    status = 422
    fa = "محتوای نسخه خوانا نیست."
    en = "The document cannot be shown, so it cannot be signed."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "Send UTF-8 text or I-JSON that matches its media type."
    helpdesk = "What cannot be drawn is not signed; `detail` has the place."


class FormatUnsupported(DocumentError):
    code = "format-unsupported"
    status = 422
    fa = "این گونه امضا برای این سند پشتیبانی نمی‌شود."
    en = "This format, level or media type is not supported together."
    fa_remedy = "به پشتیبانی پنل خبر دهید."
    en_remedy = "See /openapi.json for the matrix of media types, formats and levels."
    helpdesk = "Panel asks for a format that this version lacks."


class CredentialError(MohrError):
    """There is nothing to sign with."""


class CredentialAbsent(CredentialError):
    code = "credential-not-there"
    status = 422
    retriable = True
    fa = "گواهی خواسته‌شده در هیچ توکن متصلی نیست."
    en = "The requested certificate is on no connected token."
    fa_remedy = "توکن همان گواهی را وصل کنید."
    en_remedy = "Plug in the token that holds it, or leave `credential` out to let the doctor choose."
    helpdesk = "GET /v1/credentials lists what is there."


class CredentialUnusable(CredentialError):
    code = "certificate-unusable"
    status = 422
    fa = "این گواهی برای امضای نسخه به کار نمی‌آید."
    en = "This certificate cannot be used to sign."
    fa_remedy = "گواهی دیگری برگزینید یا تمدید کنید."
    en_remedy = "Choose another certificate or renew this one."
    helpdesk = "Expired, not yet valid, or key usage without a signing bit; reason in `detail`."


class CredentialRevoked(CredentialError):
    code = "certificate-revoked"
    status = 422
    fa = "صادرکننده این گواهی یا زنجیرهٔ آن را باطل کرده است."
    en = "The issuer has revoked this certificate, or one above it."
    fa_remedy = "با دفتر صادرکننده تماس بگیرید و گواهی تازه بگیرید."
    en_remedy = "Ask the issuing office for a new certificate."
    helpdesk = "A CRL or OCSP answer with a good signature lists it; which certificate is in `detail`."


class CredentialNotForSignIn(CredentialError):
    code = "certificate-not-for-sign-in"
    status = 422
    fa = "این گواهی تنها برای امضای سند است و با آن نمی‌توان وارد شد."
    en = "This certificate is for signing documents alone and does not sign in."
    fa_remedy = "با گواهی دیگری وارد شوید، یا از راه دیگر پنل."
    en_remedy = "Sign in with another certificate, or in the panel's other way."
    helpdesk = (
        "Key usage is nonRepudiation without digitalSignature; `sign_in_with_non_repudiation` allows it."
    )


class MechanismUnsupported(CredentialError):
    code = "mechanism-unsupported"
    status = 422
    fa = "توکن این روش امضا را ندارد."
    en = "The token lacks the mechanism for this signature."
    fa_remedy = "به پشتیبانی خبر دهید."
    en_remedy = "Use another token or algorithm."
    helpdesk = "CKR_MECHANISM_INVALID or _PARAM_INVALID; compare the token's mechanism list."


class CertificateWithoutKey(CredentialError):
    code = "certificate-without-key"
    status = 422
    fa = "کلید این گواهی در توکن نیست."
    en = "The token holds no key for this certificate."
    fa_remedy = "توکنی را وصل کنید که درخواست گواهی با آن ساخته شد."
    en_remedy = "Plug in the token on which the request for this certificate was made."
    helpdesk = "No private key on the token has its public key: another token, or one that was initialised."


class CertificateStored(CredentialError):
    code = "certificate-stored"
    status = 409
    fa = "این گواهی هم‌اکنون در توکن هست."
    en = "This certificate is on the token already."
    fa_remedy = "کاری لازم نیست."
    en_remedy = "Nothing to do."
    helpdesk = "A certificate object with the same octets was found; nothing was written."


class ApplicantInvalid(CredentialError):
    code = "applicant-invalid"
    status = 422
    fa = "مشخصات درخواست گواهی کامل یا درست نیست."
    en = "The particulars for the certificate request are not complete or not right."
    fa_remedy = "نام، نام خانوادگی و کد ملی را درست کنید."
    en_remedy = "Correct what `detail` names."
    helpdesk = (
        "Name empty or over 64 characters, hidden characters, or a national code whose check digit is wrong."
    )


class CertificateFileUnusable(CredentialError):
    code = "certificate-file-unusable"
    status = None
    fa = "در این فایل گواهی‌ای که بتوان برداشت نیست."
    en = "This file holds no certificate that can be taken."
    fa_remedy = "فایلی را برگزینید که دفتر صادرکننده داده است، با یک گواهی برای این درخواست."
    en_remedy = "Choose the file that the issuing office sent, with one certificate for this request."
    helpdesk = (
        "DER, PEM and PKCS #7 (.p7b) are read, up to 1 MiB and 20 certificates; `detail` says what is wrong. "
        "Two certificates for one key are refused: leave the right one in the file."
    )


class CertificateNotRequested(CredentialError):
    code = "certificate-not-requested"
    status = None
    fa = "هیچ گواهی این فایل برای کلید این درخواست نیست."
    en = "No certificate in this file is for this request's key."
    fa_remedy = "ببینید فایل از آنِ همین درخواست است، نه درخواستی دیگر یا گواهی پیشین."
    en_remedy = "See that the file belongs to this request, and not to another one or to the old certificate."
    helpdesk = "The public keys are compared. The office may have certified another PKCS #10 than this one."


class TokenError(MohrError):
    """The token cannot be used now."""


class TokenAbsent(TokenError):
    code = "token-absent"
    status = 409
    retriable = True
    fa = "توکن متصل نیست."
    en = "No token is connected."
    fa_remedy = "توکن را وصل کنید."
    en_remedy = "Plug the token in."
    helpdesk = "CKR_TOKEN_NOT_PRESENT, CKR_SLOT_ID_INVALID, or no module found a token."


class TokenAmbiguous(TokenError):
    code = "token-ambiguous"
    status = 409
    retriable = True
    fa = "چند توکن متصل است و معلوم نیست کدام خواسته شده است."
    en = "Several tokens are connected, and it is not clear which one is meant."
    fa_remedy = "تنها همان توکن را متصل بگذارید."
    en_remedy = "Leave that token alone connected, or name its serial number."
    helpdesk = "Nothing is ever done to the first one found; `mohr tokens here` lists serial numbers."


class OperationUnsupported(TokenError):
    code = "operation-unsupported"
    status = 422
    fa = "این توکن یا ماژول آن این کار را انجام نمی‌دهد."
    en = "This token, or its module, cannot do that."
    fa_remedy = "از نرم‌افزار سازندهٔ توکن یا دفتر صادرکننده کمک بگیرید."
    en_remedy = "Use the maker's own tool, or ask the issuing office."
    helpdesk = (
        "CKR_FUNCTION_NOT_SUPPORTED, CKR_USER_TYPE_INVALID, CKR_TOKEN_WRITE_PROTECTED or the profile says so."
    )


class TokenRemoved(TokenError):
    code = "token-removed"
    status = 409
    retriable = True
    fa = "توکن در میانهٔ کار جدا شد."
    en = "The token was removed during the operation."
    fa_remedy = "توکن را دوباره وصل کنید و رمز را باز بزنید."
    en_remedy = "Plug the token in again; the PIN is asked anew."
    helpdesk = "CKR_DEVICE_REMOVED or CKR_SESSION_HANDLE_INVALID."


class TokenNotRecognised(TokenError):
    code = "token-not-recognised"
    status = 409
    fa = "این توکن شناخته نشد."
    en = "The token was not recognised by its module."
    fa_remedy = "راه‌انداز همان توکن را نصب کنید."
    en_remedy = "Install the module of this token's maker."
    helpdesk = "CKR_TOKEN_NOT_RECOGNIZED."


class CardMute(TokenError):
    code = "card-mute"
    status = 409
    retriable = True
    fa = "کارتی در کارت‌خوان است که پاسخ نمی‌دهد."
    en = "There is a card in the reader that does not answer."
    fa_remedy = "کارت را بیرون آورید، تراشه‌اش را پاک کنید و از سمت درست جا بزنید."
    en_remedy = "Take the card out, wipe its chip, and put it in the right way round."
    helpdesk = "SCARD_STATE_MUTE: no answer to reset. A card put in the wrong way round, dirty, or dead."


class ReaderAbsent(TokenError):
    code = "reader-absent"
    status = 409
    retriable = True
    fa = "هیچ توکن یا کارت‌خوانی به این رایانه وصل نیست."
    en = "No token and no card reader is connected to this computer."
    fa_remedy = "توکن یا کارت‌خوان را وصل کنید؛ اگر وصل است، درگاه دیگری را بیازمایید."
    en_remedy = "Plug the token or the reader in; if it is, try another port."
    helpdesk = "PC/SC runs and lists no reader: cable, hub, or the reader's driver. A token is a reader too."


class ReaderServiceStopped(TokenError):
    code = "reader-service-stopped"
    status = 503
    retriable = True
    fa = "سرویس کارت هوشمند این رایانه کار نمی‌کند."
    en = "The smart card service of this computer is not running."
    fa_remedy = "رایانه را از نو راه‌اندازی کنید؛ اگر ماند، مسئول رایانه باید سرویس را روشن کند."
    en_remedy = "Start the computer anew; if that does not help, let the administrator start the service."
    helpdesk = "SCardEstablishContext fails. Windows: service SCardSvr. Linux: pcscd.socket, package pcscd."


class TokenBusy(TokenError):
    code = "token-busy"
    status = 503
    retriable = True
    fa = "توکن سرگرم کار دیگری است."
    en = "The token is busy."
    fa_remedy = "برنامه‌های دیگری را که توکن را گرفته‌اند ببندید."
    en_remedy = "Close other programs that hold the token and try again."
    helpdesk = "CKR_SESSION_COUNT: no more sessions."


class TokenFull(TokenError):
    code = "token-full"
    status = 409
    fa = "حافظهٔ توکن پر است."
    en = "The token's memory is full."
    fa_remedy = "با پشتیبانی یک شیء بی‌کار را از توکن پاک کنید."
    en_remedy = "Delete an unused object with the helpdesk's help."
    helpdesk = "CKR_DEVICE_MEMORY."


class PinError(TokenError):
    """The PIN stands in the way."""


class PinWrong(PinError):
    code = "pin-wrong"
    status = None
    fa = "رمز نادرست است."
    en = "The PIN is wrong."
    fa_remedy = "رمز را با دقت دوباره بزنید."
    en_remedy = "Type it again with care."
    helpdesk = "CKR_PIN_INCORRECT."


class PinMalformed(PinError):
    code = "pin-malformed"
    status = None
    fa = "درازا یا نویسه‌های رمز پذیرفته نیست."
    en = "The PIN's length or characters are not accepted."
    fa_remedy = "زبان صفحه‌کلید و شمار رقم‌ها را ببینید."
    en_remedy = "Check the keyboard layout and the number of digits."
    helpdesk = "CKR_PIN_LEN_RANGE or CKR_PIN_INVALID."


class PinLocked(PinError):
    code = "pin-locked"
    status = 423
    fa = "رمز توکن قفل شده است."
    en = "The token's PIN is locked."
    fa_remedy = "با کد PUK از دفتر صادرکننده باز می‌شود."
    en_remedy = "Unblock it with the PUK from the issuing office."
    helpdesk = "CKR_PIN_LOCKED."


class PinNotSet(PinError):
    code = "pin-not-set"
    status = 409
    fa = "توکن هنوز رمز ندارد."
    en = "The token has no user PIN yet."
    fa_remedy = "رمز را با نرم‌افزار سازنده یا دفتر صادرکننده تنظیم کنید."
    en_remedy = "Set it with the maker's tool or at the issuing office."
    helpdesk = "CKR_USER_PIN_NOT_INITIALIZED."


class PinMustChange(PinError):
    code = "pin-must-change"
    status = 409
    fa = "رمز توکن باید عوض شود."
    en = "The token's PIN must be changed first."
    fa_remedy = "رمز را عوض کنید و دوباره بکوشید."
    en_remedy = "Change the PIN, then try again."
    helpdesk = "CKR_PIN_EXPIRED."


class PinCancelled(PinError):
    code = "pin-cancelled"
    status = 403
    retriable = True
    fa = "ورود رمز روی دستگاه لغو شد."
    en = "PIN entry was cancelled on the reader."
    fa_remedy = "اگر خواستید دوباره امضا کنید."
    en_remedy = "Start the signature again if it is wanted."
    helpdesk = "CKR_FUNCTION_CANCELED."


class PinCoolDown(PinError):
    code = "pin-cool-down"
    status = 423
    retriable = True
    fa = "دو بار رمز نادرست در یک ساعت؛ مُهر برای نگه‌داشتن توکن صبر می‌کند."
    en = "Two wrong PINs within an hour; Mohr waits to protect the token."
    fa_remedy = "پس از پایان زمان انتظار دوباره بکوشید."
    en_remedy = "Wait for the cool-down to end, then type the PIN with care."
    helpdesk = "Mohr's own guard, whoever asked; no try was spent."


class LastTryUnconfirmed(PinError):
    code = "last-try-unconfirmed"
    status = None
    fa = "این شاید آخرین تلاش باشد و پذیرش جداگانه می‌خواهد."
    en = "This may be the last try, and it needs a yes of its own."
    fa_remedy = "اگر از رمز مطمئنید، آخرین تلاش را بپذیرید."
    en_remedy = "Say yes to the last try, if you are sure of the PIN."
    helpdesk = "Mohr's own guard; no try was spent."


class OfficerPinLocked(PinError):
    code = "officer-pin-locked"
    status = 423
    fa = "رمز مدیر توکن (SO-PIN یا PUK) قفل شده است."
    en = "The token's officer PIN (SO-PIN or PUK) is locked."
    fa_remedy = "دفتر صادرکننده باید توکن را عوض کند."
    en_remedy = "The issuing office has to replace the token."
    helpdesk = "CKF_SO_PIN_LOCKED, or CKR_PIN_LOCKED at a login as CKU_SO."


class SessionError(MohrError):
    """The conversation with the token is out of step."""


class AlreadyLoggedIn(SessionError):
    code = "already-logged-in"
    status = None
    retriable = True
    fa = "توکن از پیش باز بوده است."
    en = "The token is already logged in."
    fa_remedy = "کاری لازم نیست."
    en_remedy = "Nothing to do: Mohr goes on and notes it."
    helpdesk = "CKR_USER_ALREADY_LOGGED_IN."


class NotLoggedIn(SessionError):
    code = "not-logged-in"
    status = None
    retriable = True
    fa = "نشست توکن بسته شده است."
    en = "The token's session is no longer logged in."
    fa_remedy = "رمز را دوباره بزنید."
    en_remedy = "Type the PIN again."
    helpdesk = "CKR_USER_NOT_LOGGED_IN."


class SignatureWantsPin(SessionError):
    code = "signature-wants-pin"
    status = None
    retriable = True
    fa = "کلید امضا برای هر امضا رمز جداگانه می‌خواهد."
    en = "The signing key wants its PIN for each signature."
    fa_remedy = "رمز را برای همین امضا بزنید."
    en_remedy = "Type the PIN for this signature."
    helpdesk = "CKA_ALWAYS_AUTHENTICATE: C_Login as CKU_CONTEXT_SPECIFIC between C_SignInit and C_Sign."


class OperationActive(SessionError):
    code = "operation-active"
    status = 502
    retriable = True
    fa = "کار پیشین توکن بسته نشده بود."
    en = "An earlier operation was still open on the token."
    fa_remedy = "دوباره بکوشید."
    en_remedy = "Try again; Mohr opens a new session."
    helpdesk = "CKR_OPERATION_ACTIVE: a bug of ours or of the module; keep the incident number."


class ModuleError(MohrError):
    """The vendor's module did not do its work."""


class ModuleFailed(ModuleError):
    code = "module-failed"
    status = 502
    retriable = True
    fa = "ماژول سازندهٔ توکن خطا داد."
    en = "The token's module reported a failure."
    fa_remedy = "توکن را جدا و دوباره وصل کنید."
    en_remedy = "Unplug the token, plug it in, and try again."
    helpdesk = "CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED or a vendor code, in `detail`."


class ModuleCrashed(ModuleError):
    code = "module-crashed"
    status = 502
    retriable = True
    fa = "ماژول سازندهٔ توکن از کار افتاد؛ مُهر آن را از نو راه انداخت."
    en = "The token's module crashed; Mohr started it anew."
    fa_remedy = "دوباره امضا کنید."
    en_remedy = "Sign again; nothing else was lost."
    helpdesk = "Signal and C_ function in `detail`."


class ModuleHung(ModuleError):
    code = "module-hung"
    status = 504
    retriable = True
    fa = "ماژول سازندهٔ توکن پاسخ نداد؛ مُهر آن را از نو راه انداخت."
    en = "The token's module did not answer in time; Mohr started it anew."
    fa_remedy = "توکن را جدا و دوباره وصل کنید."
    en_remedy = "Unplug the token, plug it in, and sign again."
    helpdesk = "C_ function and deadline in `detail`."


class ModuleCannotLoad(ModuleError):
    code = "module-cannot-load"
    status = 503
    fa = "ماژول سازندهٔ توکن بارگذاری نشد."
    en = "The token's module cannot be loaded."
    fa_remedy = "نرم‌افزار سازندهٔ توکن را دوباره نصب کنید."
    en_remedy = "Install the maker's software again, in the bitness of this system."
    helpdesk = "dlopen failed, wrong bitness, or no C_GetFunctionList."


class ModuleChanged(ModuleError):
    code = "module-changed"
    status = 503
    fa = "پروندهٔ ماژولی که خودتان افزوده‌اید عوض شده است و تا دوباره نپذیرید بار نمی‌شود."
    en = "The file of a module that you added has changed, and it is not loaded before you agree to it again."
    fa_remedy = "اگر نرم‌افزار توکن را به‌روز کرده‌اید به پرسش مُهر «بله» بگویید؛ وگرنه به پشتیبانی خبر دهید."
    en_remedy = "If the token's software was updated, say yes to Mohr's question; if not, tell the helpdesk."
    helpdesk = "`mohr modules list`: an update of its maker's, or an attack. A no holds until the next start."


class OutsideError(MohrError):
    """Something outside of this computer, which a level above B-B needs, did not answer."""


class TsaUnreachable(OutsideError):
    code = "tsa-unreachable"
    status = 502
    retriable = True
    fa = "هیچ مرجع مهر زمانی پاسخ درستی نداد؛ امضا بیرون نرفت."
    en = "No timestamp authority gave a usable timestamp, so the signature was not released."
    fa_remedy = "اینترنت رایانه را ببینید و از پنل دوباره بفرستید."
    en_remedy = "Post it again under a new Idempotency-Key, or ask for `B-T?`, which may come out as B-B."
    helpdesk = "Each authority of the policy, and why it was passed over, is in `detail`."


class RevocationUnreachable(OutsideError):
    code = "revocation-unreachable"
    status = 502
    retriable = True
    fa = "وضعیت ابطال گواهی به دست نیامد؛ امضا بیرون نرفت."
    en = "No usable CRL or OCSP answer could be had, so the signature was not released."
    fa_remedy = "اینترنت رایانه را ببینید و از پنل دوباره بفرستید."
    en_remedy = "Post it again under a new Idempotency-Key, or ask for `B-LT?`, which may come out lower."
    helpdesk = "The places that were asked are in `detail`; policy can name CRLs for CAs that name none."


class UpdatesUnreachable(OutsideError):
    code = "updates-unreachable"
    status = None
    retriable = True
    fa = "فهرست به‌روزرسانی درمانگاه به دست نیامد."
    en = "The clinic's manifest of updates could not be had."
    fa_remedy = "شبکه را ببینید و دوباره بکوشید."
    en_remedy = "Look at the network and try again."
    helpdesk = "`detail` says why: HTTP status, deadline, size, or no address given."


class AgentError(MohrError):
    """The agent itself cannot go on with this."""


class AlreadyRunning(AgentError):
    code = "already-running"
    status = None
    fa = "مُهر هم‌اکنون برای همین کاربر باز است."
    en = "Mohr is already running for this user."
    fa_remedy = "همان مُهر باز را به کار ببرید، یا نخست آن را ببندید."
    en_remedy = "Use the one that runs, or end it first."
    helpdesk = (
        "agent.lock in the data folder is held; endpoint.json in the runtime folder has the process id."
    )


class PortsTaken(AgentError):
    code = "ports-taken"
    status = None
    retriable = True
    fa = "هر سه درگاه مُهر روی این رایانه گرفته شده است."
    en = "All three of Mohr's ports on this computer are taken."
    fa_remedy = "کاربران دیگری را که مُهر را باز گذاشته‌اند خارج کنید و مُهر را دوباره باز کنید."
    en_remedy = "End the agents of other users, or the program that holds the ports, and start Mohr again."
    helpdesk = "18717, 18719 and 18721 are each bound on 127.0.0.1 or ::1: `ss -ltnp` names the program."


class JournalUnwritable(AgentError):
    code = "journal-unwritable"
    status = 507
    retriable = True
    fa = "دفتر امضا نوشته نمی‌شود، پس امضایی بیرون نمی‌رود."
    en = "The journal cannot be written, so no signature is released."
    fa_remedy = "جای خالی و دسترسی پوشهٔ داده را ببینید."
    en_remedy = "Free disk space or mend the data folder's permissions."
    helpdesk = "SQLite's error class is in `detail`."


class FileUnusable(AgentError):
    code = "file-unusable"
    status = None
    retriable = True
    fa = "این فایل خوانده یا نوشته نمی‌شود."
    en = "This file cannot be read or written."
    fa_remedy = "جای فایل، دسترسی آن و اندازه‌اش را ببینید؛ بیش از ۳۲ مگابایت خوانده نمی‌شود."
    en_remedy = "Look at its place, permissions and size; no more than 32 MiB are read."
    helpdesk = "The operating system's error is in `detail`."


class AddressInvalid(AgentError):
    code = "address-invalid"
    status = None
    fa = "این نشانی، نشانی یک مرجع مهر زمانی نیست."
    en = "This is not the address of a timestamp authority."
    fa_remedy = "نشانی را همان‌گونه که مرجع داده است بنویسید؛ آغازش http یا https است."
    en_remedy = "Write it as the authority gave it; it begins with http or https."
    helpdesk = (
        "A user and a password do not belong into the address: the clinic's policy has members for them."
    )


class SignatureNotVerified(AgentError):
    code = "signature-not-verified"
    status = 502
    retriable = True
    fa = "امضای ساخته‌شده درست از آب درنیامد و بیرون نرفت."
    en = "The made signature did not verify and was not released."
    fa_remedy = "دوباره بکوشید؛ اگر تکرار شد با پشتیبانی سخن بگویید."
    en_remedy = "Try again; if it repeats, the module or the certificate on the token is faulty."
    helpdesk = "Key and certificate do not match, or the module lies with CKR_OK."


class PairingStoreFailed(AgentError):
    code = "pairing-store-failed"
    status = 507
    fa = "فهرست پنل‌های متصل خوانده یا نوشته نمی‌شود."
    en = "The list of paired panels cannot be read or written."
    fa_remedy = "به پشتیبانی خبر دهید؛ شاید پنل‌ها باید دوباره متصل شوند."
    en_remedy = "Call the helpdesk; the panels may have to be paired again."
    helpdesk = "pairings.json or agent-key.pem: damaged, not ours alone, or the disk is full; see `detail`."


class PolicyInvalid(AgentError):
    code = "policy-invalid"
    status = 503
    fa = "پروندهٔ سیاست درمانگاه درست نیست، پس امضا انجام نمی‌شود."
    en = "The clinic's policy file is not valid, so nothing is signed."
    fa_remedy = "مسئول رایانه باید پرونده را درست کند."
    en_remedy = "Let the administrator correct the policy file."
    helpdesk = "Owner, mode or syntax; `detail` names it."


class TrustStoreFailed(AgentError):
    code = "trust-store-failed"
    status = None
    fa = "گواهی محلی مهر در انبار گواهی‌های مرورگر نوشته یا از آن برداشته نشد."
    en = "Mohr's own certificate could not be put into a browser's store, or taken out."
    fa_remedy = "مرورگر را ببندید و دوباره بکوشید؛ بی آن هم کروم و فایرفاکس به مهر می‌رسند."
    en_remedy = "Close the browser and try again; Chromium and Firefox reach Mohr without it too."
    helpdesk = (
        "`detail` has NSS's own name of the error. `mohr ca status` shows every store; NSS is Debian's "
        "libnss3, or what Firefox brings along."
    )


class DataNewer(AgentError):
    code = "data-newer"
    status = None
    fa = "داده‌های این رایانه را نسخهٔ تازه‌تری از مُهر نوشته است، پس این نسخه به آن‌ها دست نمی‌زند."
    en = "A newer version of Mohr has written this data, so this one leaves it alone."
    fa_remedy = "نسخهٔ تازه‌تر مُهر را دوباره نصب کنید؛ چیزی از دست نرفته است."
    en_remedy = "Install the newer version again; nothing is lost."
    helpdesk = (
        "version.json in the data folder is ahead of the program; `detail` says by how much. To go back for "
        "good, keep the folder aside: the older version begins a new one, and panels pair again."
    )


class SignedFileMalformed(AgentError):
    code = "signed-file-malformed"
    status = None
    fa = "این فایل امضاشده درست نوشته نشده است."
    en = "This signed file is not well formed."
    fa_remedy = "فایل را دوباره از مسئول رایانه بگیرید."
    en_remedy = "Get the file again from whoever signs it."
    helpdesk = "`detail` has the place. 256 KiB, 64 packages and 400 days are the most."


class SignedFileUntrusted(AgentError):
    code = "signed-file-untrusted"
    status = None
    fa = "این فایل را کلیدی که باید، امضا نکرده است."
    en = "The key that is pinned has not signed this file."
    fa_remedy = "از آن استفاده نکنید و به مسئول رایانه خبر دهید."
    en_remedy = "Do not use it, and tell the administrator."
    helpdesk = "A changed file, another key, or no signature; `detail` has the pinned key's beginning."


class SignedFileExpired(AgentError):
    code = "signed-file-expired"
    status = None
    fa = "زمان اعتبار این فایل گذشته یا هنوز نرسیده است."
    en = "This signed file is past its time, or not yet of it."
    fa_remedy = "ساعت رایانه را ببینید؛ اگر درست است، فایل تازه‌ای بگیرید."
    en_remedy = "Look at the clock; if it is right, get a new file."
    helpdesk = "Somebody may hold newer ones back: ask when the last was signed."


class SignedFileOlder(AgentError):
    code = "signed-file-older"
    status = None
    fa = "این فایل از فایلی که پیش‌تر دیده شده کهنه‌تر است."
    en = "This signed file is older than one that was seen before."
    fa_remedy = "فایل تازه‌تر را بگیرید."
    en_remedy = "Get the newer one; to go back, whoever signs it signs the older content under a new number."
    helpdesk = "Serials go up only, and one serial has one content; `detail` has both."


class SigningKeyUnusable(AgentError):
    code = "signing-key-unusable"
    status = None
    fa = "کلیدی که با آن امضا سنجیده یا زده شود در دست نیست."
    en = "There is no usable key to sign or to check with."
    fa_remedy = "کلید را در سیاست درمانگاه یا با --key بدهید."
    en_remedy = "Name an Ed25519 key in the policy (updates.key, profiles.key) or with --key."
    helpdesk = "PEM, or base64 of the 32 octets; `openssl genpkey -algorithm ed25519` makes one."


class PackageNotListed(AgentError):
    code = "package-not-listed"
    status = None
    fa = "این بسته در فهرست درمانگاه نیست."
    en = "This package is not in the clinic's manifest."
    fa_remedy = "آن را نصب نکنید؛ دوباره دانلود کنید."
    en_remedy = "Do not install it; download it again."
    helpdesk = "SHA-256 and size fit no row: cut off, changed, or of another manifest."


class ProfilePackInvalid(AgentError):
    code = "profile-pack-invalid"
    status = None
    fa = "نمایه‌های توکن در این بسته درست نیست."
    en = "The token profiles in this pack are not valid."
    fa_remedy = "چیزی عوض نشد؛ بستهٔ درست را از کسی که آن را امضا کرده بگیرید."
    en_remedy = "Nothing was changed; have whoever signed the pack correct it."
    helpdesk = (
        "File, key and problem are in `detail`: as the loader reads the shipped profiles, and beside them."
    )


class ModulePlaceOpen(AgentError):
    code = "module-place-open"
    status = None
    fa = "نمایه‌ای در این بسته، ماژول را در جایی نام می‌برد که کاربر هم می‌تواند در آن بنویسد."
    en = "A profile in this pack names a module in a place that a user can write to."
    fa_remedy = "چیزی عوض نشد؛ نرم‌افزار توکن را در پوشه‌های سیستم نصب کنید یا به امضاکنندهٔ بسته خبر دهید."
    en_remedy = (
        "Nothing was changed; install the token's software where an administrator alone writes, "
        "or tell whoever signed the pack."
    )
    helpdesk = (
        "Any program of the user could put a module of its own there; family, path and the open folder are "
        "in `detail`."
    )


class TrustStoreLocked(AgentError):
    code = "trust-store-locked"
    status = None
    retriable = True
    fa = "مرورگر انبار گواهی‌هایش را در دست دارد."
    en = "A browser holds its certificate store at this moment."
    fa_remedy = "مرورگر را ببندید و دوباره بکوشید."
    en_remedy = "Close the browser and try again."
    helpdesk = "SQLite says that cert9.db is locked; a Firefox that is open is the usual one."


class TrustStoreWantsPassword(AgentError):
    code = "trust-store-wants-password"
    status = None
    fa = "انبار گواهی این مرورگر گذرواژهٔ اصلی دارد که مُهر نمی‌پرسد."
    en = "This browser's store has a primary password, which Mohr does not ask for."
    fa_remedy = "گواهی را با mohr ca export بگیرید و در تنظیمات مرورگر وارد کنید."
    en_remedy = "Take the certificate from `mohr ca export`, and import it in the browser's settings."
    helpdesk = "Firefox vouches for trust with the primary password; taking ours out needs none."


class PanelOriginUnfit(AgentError):
    code = "panel-origin-unfit"
    status = None
    fa = "این نشانی را نمی‌توان به مرورگرها به‌عنوان نشانی پنل داد."
    en = "This is no origin of a panel that browsers could be told of."
    fa_remedy = "نشانی را به شکل https://panel.example، بی‌مسیر و بی‌ستاره، بنویسید."
    en_remedy = "Write it as https://panel.example: https, no path, no wildcard, not this computer."
    helpdesk = "The same rule as for `origins` in the clinic's policy; `detail` says which and why."


class AdministratorNeeded(AgentError):
    code = "administrator-needed"
    status = None
    fa = "این کار را تنها مدیر رایانه می‌تواند انجام دهد."
    en = "Only the computer's administrator can do this."
    fa_remedy = "همین فرمان را با sudo اجرا کنید."
    en_remedy = "Run the same command as root."
    helpdesk = "`detail` names the file that was refused; nothing was changed there."


class BrowserPolicyUnreadable(AgentError):
    code = "browser-policy-unreadable"
    status = None
    fa = "فایل سیاست فایرفاکس خوانا نیست، پس دست نخورد."
    en = "Firefox's policy file cannot be read, so it was left alone."
    fa_remedy = "فایل را درست کنید و دوباره بکوشید."
    en_remedy = "Mend the file, and try again."
    helpdesk = "`detail` names the file; Firefox itself ignores it as it stands."


class Unexpected(AgentError):
    code = "unexpected"
    status = 500
    retriable = True
    fa = "رویدادی پیش‌بینی‌نشده؛ شمارهٔ رخداد را به پشتیبانی بگویید."
    en = "Something unforeseen happened; it is a bug of Mohr's."
    fa_remedy = "شمارهٔ رخداد را به پشتیبانی بدهید."
    en_remedy = "Report the incident number."
    helpdesk = "The log has the traceback under the incident number."


#: PKCS#11 v2.40 §5.1 return values and the condition each one is, where no profile says otherwise.
CK_RV: dict[int, type[MohrError]] = {
    0x00000003: TokenAbsent,  # CKR_SLOT_ID_INVALID
    0x00000005: ModuleFailed,  # CKR_GENERAL_ERROR
    0x00000006: ModuleFailed,  # CKR_FUNCTION_FAILED
    0x00000030: ModuleFailed,  # CKR_DEVICE_ERROR
    0x00000031: TokenFull,  # CKR_DEVICE_MEMORY
    0x00000032: TokenRemoved,  # CKR_DEVICE_REMOVED
    0x00000050: PinCancelled,  # CKR_FUNCTION_CANCELED
    0x00000054: OperationUnsupported,  # CKR_FUNCTION_NOT_SUPPORTED
    0x00000060: TokenRemoved,  # CKR_KEY_HANDLE_INVALID
    0x00000062: OperationUnsupported,  # CKR_KEY_SIZE_RANGE
    0x00000068: CredentialUnusable,  # CKR_KEY_FUNCTION_NOT_PERMITTED
    0x00000070: MechanismUnsupported,  # CKR_MECHANISM_INVALID
    0x00000071: MechanismUnsupported,  # CKR_MECHANISM_PARAM_INVALID
    0x00000090: OperationActive,  # CKR_OPERATION_ACTIVE
    0x000000A0: PinWrong,  # CKR_PIN_INCORRECT
    0x000000A1: PinMalformed,  # CKR_PIN_INVALID
    0x000000A2: PinMalformed,  # CKR_PIN_LEN_RANGE
    0x000000A3: PinMustChange,  # CKR_PIN_EXPIRED
    0x000000A4: PinLocked,  # CKR_PIN_LOCKED
    0x000000B0: TokenRemoved,  # CKR_SESSION_CLOSED
    0x000000B1: TokenBusy,  # CKR_SESSION_COUNT
    0x000000B3: TokenRemoved,  # CKR_SESSION_HANDLE_INVALID
    0x000000B6: TokenBusy,  # CKR_SESSION_EXISTS
    0x000000B7: TokenBusy,  # CKR_SESSION_READ_ONLY_EXISTS
    0x000000E0: TokenAbsent,  # CKR_TOKEN_NOT_PRESENT
    0x000000E1: TokenNotRecognised,  # CKR_TOKEN_NOT_RECOGNIZED
    0x000000E2: OperationUnsupported,  # CKR_TOKEN_WRITE_PROTECTED
    0x00000100: AlreadyLoggedIn,  # CKR_USER_ALREADY_LOGGED_IN
    0x00000101: NotLoggedIn,  # CKR_USER_NOT_LOGGED_IN
    0x00000102: PinNotSet,  # CKR_USER_PIN_NOT_INITIALIZED
    0x00000103: OperationUnsupported,  # CKR_USER_TYPE_INVALID
}


def from_ck_rv(rv: int, function: str, profile: dict[int, str] | None = None) -> MohrError:
    """The condition behind a raw return value, the profile's own `[ckr]` table first.

    `rv` is the CK_RV, `function` the C_ function that returned it, `profile` maps CK_RV to an error code of
    this file. A value that neither table knows is `ModuleFailed` with the number in its detail.
    """
    detail = f"{function} returned 0x{rv:08X}"
    if profile and rv in profile:
        return by_code(profile[rv])(detail)
    return CK_RV.get(rv, ModuleFailed)(detail)


def catalogue() -> list[type[MohrError]]:
    """Every condition of this file that can be raised (has a code of its own), in the order written."""
    found: list[type[MohrError]] = []

    def walk(cls: type[MohrError]) -> None:
        for child in cls.__subclasses__():
            if "code" in child.__dict__:
                found.append(child)
            walk(child)

    walk(MohrError)
    return found


def by_code(code: str) -> type[MohrError]:
    """The class of a stable code; KeyError for a code that does not exist."""
    return _by_code()[code]


@cache
def _by_code() -> dict[str, type[MohrError]]:
    return {cls.code: cls for cls in catalogue()}
