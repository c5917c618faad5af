"""Which envelope a document asked for, and the check that every signature passes before it leaves.

The one place where the use cases name an envelope format: a format that is not registered here is refused.
How one is built is `signer.envelope`, how it is checked `signer.verify`; both are imported when a request
asks for the format, since some are heavy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from signer.envelope import algorithms, cades, sign_in
from signer.envelope.phases import NOTHING, Evidence, ToBeSigned
from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import JSON, PRESCRIPTION, SIGN_IN, TEXT, Document, Level, SignatureFormat
from signer.verify import cades as cades_check
from signer.verify import sign_in as sign_in_check
from signer.verify.candidate import ReadSignature
from signer.verify.jose import take_apart
from signer.verify.jose_value import certificates
from signer.verify.release import Agreed, check
from signer.verify.structure import NOTHING_UNSIGNED, Profile, Unsigned, parse
from signer.x509 import Certificate


class Maker(Protocol):
    """What a format's module in `signer.envelope` exports."""

    def prepare(
        self,
        *,
        content: bytes,
        media_type: str,
        certificate: Certificate,
        algorithm: SignatureAlgorithm,
        signing_time: datetime,
        attached: bool = True,
        level: Level = Level.B_B,
    ) -> ToBeSigned:
        """Begin a signature."""

    def strip(self, signed: bytes, content: bytes, /) -> bytes:
        """What an attached signature adds to its content."""

    def attach(self, kept: bytes, content: bytes, /) -> bytes:
        """The attached file again, byte for byte."""


class Checker(Protocol):
    """How a finished signature is read again."""

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """Raise `SignatureNotVerified` for any other signature than the one agreed to."""

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """The signer's certificate, DER, of one of our own signatures; `content` where it is detached."""


class StrictCms(Struct, frozen=True):
    """Implements `Checker` for the profiles of CMS that are compared octet by octet."""

    profile: Profile

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        unsigned = NOTHING_UNSIGNED
        if agreed.level is not Level.B_B:
            unsigned = Unsigned(
                timestamp=agreed.timestamp,
                certificates=frozenset(agreed.certificates) - {agreed.certificate.der},
                crls=frozenset(agreed.crls),
                ocsps=frozenset(agreed.ocsps),
            )
        cades_check.verify_release(
            signature,
            content=agreed.content,
            media_type=agreed.media_type,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=agreed.signing_time,
            attached=agreed.attached,
            profile=self.profile,
            unsigned=unsigned,
        )

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        return parse(signature, self.profile).certificate


class ByReading(Struct, frozen=True):
    """Implements `Checker` by a format's general reader; the rest is as `release.check` has it."""

    reader: Callable[[], ReadSignature]
    media_type: bool = True
    harmless: frozenset[str] = frozenset()

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        check(self.reader(), signature, agreed, media_type=self.media_type, harmless=self.harmless)

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        return self.reader()(signature, content).certificate


class SignIns(Struct, frozen=True):
    """Implements `Maker` and `Checker` for sign-ins, which no panel asks for as a document."""

    def prepare(
        self,
        *,
        content: bytes,
        media_type: str,
        certificate: Certificate,
        algorithm: SignatureAlgorithm,
        signing_time: datetime,
        attached: bool = True,
        level: Level = Level.B_B,
    ) -> ToBeSigned:
        """See `Maker`."""
        return sign_in.prepare(
            content=content, certificate=certificate, algorithm=algorithm, signing_time=signing_time
        )

    def strip(self, signed: bytes, content: bytes, /) -> bytes:
        """See `Maker`."""
        raise FormatUnsupported("a sign-in is not attached")

    def attach(self, kept: bytes, content: bytes, /) -> bytes:
        """See `Maker`."""
        raise FormatUnsupported("a sign-in is not attached")

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        sign_in_check.verify_release(
            signature,
            content=agreed.content,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=agreed.signing_time,
        )

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        return certificates(take_apart(signature).header)[0].der


class Format(Struct, frozen=True, kw_only=True):
    """One format as the agent offers it. `maker` imports its module when it is first asked for."""

    maker: Callable[[], Maker]
    checker: Checker
    media_types: frozenset[str]
    levels: frozenset[Level]
    attached: frozenset[bool] = frozenset({True, False})


def _legacy() -> Maker:
    from signer.envelope import legacy

    return legacy


_ANY_TEXT = frozenset({PRESCRIPTION, JSON, TEXT})

FORMATS = {
    SignatureFormat.CADES: Format(
        maker=lambda: cades,
        checker=StrictCms(Profile.CADES),
        media_types=_ANY_TEXT,
        levels=frozenset(Level),
    ),
    SignatureFormat.CMS: Format(
        maker=_legacy,
        checker=StrictCms(Profile.LEGACY),
        media_types=_ANY_TEXT,
        levels=frozenset({Level.B_B}),
    ),
    SignatureFormat.SIGN_IN: Format(
        maker=SignIns,
        checker=SignIns(),
        media_types=frozenset(),  # no document of a panel's
        levels=frozenset({Level.B_B}),
        attached=frozenset({False}),
    ),
}

#: Media type × (format, level): what can be shown to a person and signed.
MATRIX = frozenset(
    (media_type, kind, level)
    for kind, form in FORMATS.items()
    for media_type in form.media_types
    for level in form.levels
)


def check_supported(document: Document, allowed: frozenset[SignatureFormat] | None = None) -> None:
    """Raise `FormatUnsupported` where the matrix has no such cell, or policy allows other formats alone."""
    kind, level = document.format, document.level
    if (document.media_type, kind, level) not in MATRIX:
        raise FormatUnsupported(f"{kind.value} {level.value}")
    if document.attached not in FORMATS[kind].attached:
        raise FormatUnsupported(f"{kind.value} {'attached' if document.attached else 'detached'}")
    if allowed is not None and kind not in allowed:
        raise FormatUnsupported(f"{kind.value}: not by this clinic's policy")


def prepare(
    document: Document, certificate: Certificate, algorithm: SignatureAlgorithm, signing_time: datetime
) -> ToBeSigned:
    """The bytes for the token. Raises `DocumentRefused`, `FormatUnsupported`."""
    return (
        FORMATS[document.format]
        .maker()
        .prepare(
            content=document.content,
            media_type=document.media_type,
            certificate=certificate,
            algorithm=algorithm,
            signing_time=signing_time,
            attached=document.attached,
            level=document.level,
        )
    )


def check_release(
    signature: bytes,
    document: Document,
    draft: ToBeSigned,
    at: datetime,
    *,
    level: Level = Level.B_B,
    stamped: bytes = b"",
    evidence: Evidence = NOTHING,
) -> None:
    """Read the finished signature again and hold it against what was agreed to and placed into it.

    `at` is the agreed signing time, `level` the one that was reached. Raises `SignatureNotVerified`.
    """
    FORMATS[document.format].checker.release(
        signature,
        Agreed(
            content=document.content,
            media_type=document.media_type,
            certificate=draft.certificate,
            algorithm=draft.algorithm,
            signing_time=at,
            attached=document.attached,
            level=level,
            stamped=stamped,
            timestamp=evidence.timestamp,
            certificates=evidence.certificates,
            crls=evidence.crls,
            ocsps=evidence.ocsps,
        ),
    )


def strip(signature: bytes, document: Document) -> bytes:
    """What the journal keeps: what the signature adds, never the content."""
    if not document.attached:
        return signature
    return FORMATS[document.format].maker().strip(signature, document.content)


def attach(kept: bytes, document: Document) -> bytes:
    """What the panel gets, from what the journal kept and the document that was posted again."""
    return FORMATS[document.format].maker().attach(kept, document.content) if document.attached else kept


def sign_in_document(origin: str, nonce: str) -> Document:
    """The one document of a sign-in: worded here, from the origin that the browser vouched for.

    It keeps nothing that a second post could not bring again, so all of it may stand in the journal.
    """
    return Document(
        id="sign-in",
        media_type=SIGN_IN,
        content=sign_in.claims(origin, nonce),
        format=SignatureFormat.SIGN_IN,
        attached=False,
    )


def signer_certificate(signature: bytes, document: Document) -> bytes:
    """The certificate, DER, under which one of our own signatures was made."""
    content = None if document.attached else document.content
    return FORMATS[document.format].checker.certificate(signature, content)


def choose(kind: KeyKind, offered: tuple[SignatureAlgorithm, ...]) -> SignatureAlgorithm:
    """The algorithm for this key among what its token makes. Raises `MechanismUnsupported`."""
    return algorithms.choose(kind, offered)
