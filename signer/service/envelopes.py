"""Which envelope a document asked for, and the check that every signature passes before it leaves.

One row of `FORMATS` for each format: who makes it, who reads it again, what goes into it. How one is built is
`signer.envelope`, how it is checked is `signer.verify`; both are imported when a request first asks for the
format, since some are heavy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct

from signer.envelope import algorithms, sign_in
from signer.envelope.phases import NOTHING, Evidence, ToBeSigned
from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import (
    JSON,
    PDF,
    PRESCRIPTION,
    SIGN_IN,
    TEXT,
    XML_TYPES,
    Document,
    Level,
    SignatureFormat,
)
from signer.service.release import ByReading, Checker, Container, SignedIn, StrictCms, StrictPdf
from signer.verify.release import Agreed
from signer.verify.structure import Profile
from signer.x509 import Certificate


class Format(Struct, frozen=True, kw_only=True):
    """One format as the agent offers it.

    `maker` gives its module in `signer.envelope`, imported when it is first asked for, with `prepare`,
    `strip`, `attach` and, where `checks_content`, `check_content`. `options` are what of a document this
    format's `prepare` alone asks for, `parts` what the others ask for; `slow` makers are kept off the event
    loop. A format without `media_types` is no panel's to ask for.
    """

    maker: Callable[[], Any]
    checker: Checker
    media_types: frozenset[str]
    levels: frozenset[Level] = frozenset({Level.B_B})
    attached: frozenset[bool] = frozenset({True, False})
    options: Callable[[Document], dict[str, Any]] = lambda _: {}
    parts: Callable[[Document], dict[str, Any]] = lambda _: {}
    slow: bool = False
    checks_content: bool = True


def _module(name: str) -> Callable[[], Any]:
    @cache
    def load() -> Any:
        from importlib import import_module

        return import_module(f"signer.envelope.{name}")

    return load


_READ = frozenset({PRESCRIPTION, JSON, TEXT})
_STAMPED = frozenset({Level.B_B, Level.B_T, Level.B_T_IF_POSSIBLE})
_ATTACHED = frozenset({True})


def _container(maker: str) -> Format:
    return Format(
        maker=_module(maker),
        checker=Container(),
        media_types=_READ | XML_TYPES,
        attached=_ATTACHED,
        options=lambda document: {"attachments": document.attachments},
        parts=lambda document: {"attachments": document.attachments},
    )


FORMATS = {
    SignatureFormat.CADES: Format(
        maker=_module("cades"),
        checker=StrictCms(Profile.CADES),
        media_types=_READ | XML_TYPES | {PDF},
        levels=frozenset(Level),
    ),
    SignatureFormat.CMS: Format(
        maker=_module("legacy"),
        checker=StrictCms(Profile.LEGACY),
        media_types=_READ | XML_TYPES | {PDF},
    ),
    SignatureFormat.JWS: Format(maker=_module("jws"), checker=ByReading("jws"), media_types=_READ),
    SignatureFormat.JADES: Format(
        maker=_module("jades"), checker=ByReading("jades"), media_types=_READ, levels=_STAMPED
    ),
    SignatureFormat.XADES: Format(
        maker=_module("xades"), checker=ByReading("xades"), media_types=_READ | XML_TYPES, levels=_STAMPED
    ),
    SignatureFormat.PADES: Format(
        maker=_module("pades"),
        checker=StrictPdf(),
        media_types=frozenset({PDF}),
        levels=frozenset(Level),
        attached=_ATTACHED,
        options=lambda document: {"seal": document.seal},
        slow=True,
        checks_content=False,
    ),
    SignatureFormat.ASIC_E: _container("asic"),
    SignatureFormat.ASIC_E_CADES: _container("asic_cades"),
    SignatureFormat.SIGN_IN: Format(
        maker=_module("sign_in"),
        checker=SignedIn(),
        media_types=frozenset(),
        attached=frozenset({False}),
        checks_content=False,
    ),
}

#: Media type × (format, level): what a panel may ask for.
MATRIX = frozenset(
    (media_type, kind, level)
    for kind, form in FORMATS.items()
    for media_type in form.media_types
    for level in form.levels
)


def check_supported(document: Document, allowed: frozenset[SignatureFormat] | None = None) -> None:
    """Refuse at the post what no yes could make good.

    Raises `FormatUnsupported` where the matrix has no such cell or policy allows other formats alone, and
    `DocumentRefused` for a content that the format cannot carry and for attachments whose names cannot stand
    in a container.
    """
    kind, level = document.format, document.level
    if (document.media_type, kind, level) not in MATRIX:
        raise FormatUnsupported(f"{kind.value} {level.value}")
    if document.attached not in FORMATS[kind].attached:
        raise FormatUnsupported(f"{kind.value} {'attached' if document.attached else 'detached'}")
    if allowed is not None and kind not in allowed:
        raise FormatUnsupported(f"{kind.value}: not by this clinic's policy")
    form = FORMATS[kind]
    if form.checks_content:
        form.maker().check_content(
            document.content, document.media_type, attached=document.attached, **form.parts(document)
        )


def slow(document: Document) -> bool:
    """Does making or checking this take long enough to be kept off the event loop?"""
    return FORMATS[document.format].slow


def prepare(
    document: Document, certificate: Certificate, algorithm: SignatureAlgorithm, signing_time: datetime
) -> ToBeSigned:
    """The bytes for the token. Raises `DocumentRefused`, `DocumentUnreadable`, `FormatUnsupported`."""
    form = FORMATS[document.format]
    draft: ToBeSigned = form.maker().prepare(
        content=document.content,
        media_type=document.media_type,
        certificate=certificate,
        algorithm=algorithm,
        signing_time=signing_time,
        attached=document.attached,
        level=document.level,
        **form.options(document),
    )
    return draft


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
            attachments=tuple((file.name, file.content) for file in document.attachments),
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
    form = FORMATS[document.format]
    kept: bytes = form.maker().strip(signature, document.content, **form.parts(document))
    return kept


def attach(kept: bytes, document: Document) -> bytes:
    """What the panel gets, from what the journal kept and the document that was posted again."""
    if not document.attached:
        return kept
    form = FORMATS[document.format]
    whole: bytes = form.maker().attach(kept, document.content, **form.parts(document))
    return whole


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
