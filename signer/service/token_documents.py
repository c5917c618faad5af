"""What a token is asked for beside signatures, as the one document of a request, and as its sheet.

The document's octets are what the doctor's yes is bound to; the sheet is drawn from them, and from what is
known of the token and of earlier requests. Pure: who looks those up is `token_questions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from signer import x509
from signer.model import findings
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import Holder, KeyKind, TokenRef
from signer.model.request import (
    AGENTS_OWN,
    CERTIFICATE,
    CERTIFICATE_ID,
    CERTIFICATE_REQUEST,
    REQUEST_ID,
    Attachment,
    Document,
    SignatureFormat,
)
from signer.model.sheet import DocumentSheet, Fact, FactsSheet, Finding, Leaf, Weight
from signer.model.text import visible
from signer.prescription.dates import short_instant
from signer.service.key_requests import KeyRequest

_KEYS = {
    KeyType.RSA_2048: "RSA 2048",
    KeyType.RSA_3072: "RSA 3072",
    KeyType.RSA_4096: "RSA 4096",
    KeyType.EC_P256: "EC P-256",
}
_WHY = {
    x509.Unusable.NOT_YET_VALID: "هنوز معتبر نشده است",
    x509.Unusable.EXPIRED: "اعتبارش تمام شده است",
    x509.Unusable.USAGE: "برای امضا صادر نشده است",
    x509.Unusable.KEY_SIZE: "اندازهٔ کلیدش پذیرفته نیست",
}
_GRAVITY = {Weight.RED: 0, Weight.AMBER: 1, Weight.NOTE: 2}
#: Parts of the subject that are identifiers and not words.
_CODES = frozenset({"national_code", "council_number"})


class Wanted(Struct, frozen=True, kw_only=True):
    """What a certificate request asks for. Its JSON is the document."""

    subject: Applicant
    key: KeyType


def of_token(document: Document) -> bool:
    """Is this work on a token, and no signature on a document?"""
    return document.format in AGENTS_OWN - {SignatureFormat.SIGN_IN}


def request_document(applicant: Applicant, key: KeyType) -> Document:
    """The document of a certificate request: particulars and key, in one spelling."""
    return Document(
        id=REQUEST_ID,
        media_type=CERTIFICATE_REQUEST,
        content=msgspec.json.encode(Wanted(subject=applicant, key=key)),
        format=SignatureFormat.PKCS10,
        attached=False,
    )


def wanted(document: Document) -> Wanted:
    """What such a document asks for."""
    return msgspec.json.decode(document.content, type=Wanted)


def certificate_document(certificate: bytes, chain: tuple[bytes, ...]) -> Document:
    """The document of a certificate that comes in, DER; the certificates above it are attached."""
    return Document(
        id=CERTIFICATE_ID,
        media_type=CERTIFICATE,
        content=certificate,
        format=SignatureFormat.CERTIFICATE,
        attached=False,
        attachments=tuple(
            Attachment(name=f"issuer-{number}", media_type=CERTIFICATE, content=der)
            for number, der in enumerate(chain, 1)
        ),
    )


def request_sheet(
    document: Document,
    token: TokenRef,
    *,
    origin: str | None,
    alike: tuple[KeyRequest, ...],
    holders: tuple[Holder, ...],
    severe: frozenset[str] = frozenset(),
) -> DocumentSheet:
    """What goes into the request, and on which token its key is made.

    `alike` are requests in progress for the same particulars on this token, `holders` those of the
    certificates that are on it already. `origin` is None where the holder asks in the window.
    """
    asked = wanted(document)
    subject = asked.subject
    found: list[Finding] = []
    if origin is not None:
        found.append(findings.make("makes-key", origin=origin, token=token.label or token.serial))
    found += _of_earlier(alike, asked.key, severe)
    others = [h for h in holders if h.national_codes and subject.national_code not in h.national_codes]
    if others and len(others) == len(holders):
        found.append(
            findings.make("token-of-another", "/subject/national_code", severe=severe, holder=others[0].name)
        )
    facts = (*_subject(subject), Fact(name="key", text=_KEYS[asked.key], code=True), _token(token))
    leaves = tuple(
        Leaf(pointer=f"/subject/{part}", text=visible(text))
        for part, text in msgspec.structs.asdict(subject).items()
        if text is not None
    )
    body = FactsSheet(
        media_type=document.media_type,
        facts=facts,
        leaves=(*leaves, Leaf(pointer="/key", text=asked.key.value)),
    )
    return _sheet(document, found, body)


def certificate_sheet(
    document: Document,
    token: TokenRef,
    *,
    origin: str | None,
    request: KeyRequest | None,
    trusted: bool,
    now: datetime,
    severe: frozenset[str] = frozenset(),
) -> DocumentSheet:
    """What the certificate says. `request` is the one that it answers, where Mohr has it.

    `trusted` says that a way was found to an authority that this computer trusts; `now` is aware. `origin`
    is None where the holder brings it in the window.
    """
    certificate = x509.read(document.content)
    holder = certificate.holder
    found: list[Finding] = []
    if origin is not None:
        found.append(findings.make("stores-certificate", origin=origin))
    if not trusted:
        found.append(findings.make("issuer-not-trusted", severe=severe, issuer=certificate.issuer))
    if (why := x509.unusable(certificate, now)) is not None:
        found.append(
            findings.make("certificate-cannot-sign", severe=severe, why_fa=_WHY[why], why_en=why.value)
        )
    found += _differences(certificate, request, severe)
    facts = (
        Fact(name="holder", text=visible(holder.name)),
        *(Fact(name="national_code", text=visible(code), code=True) for code in holder.national_codes),
        *(Fact(name="council_number", text=visible(number), code=True) for number in holder.council_numbers),
        *((Fact(name="centre", text=visible(holder.centre)),) if holder.centre else ()),
        Fact(name="issuer", text=visible(certificate.issuer)),
        Fact(name="valid_from", text=f"{certificate.not_before:%Y-%m-%d}", at=certificate.not_before),
        Fact(name="valid_to", text=f"{certificate.not_after:%Y-%m-%d}", at=certificate.not_after),
        Fact(name="key", text=_key_of(certificate), code=True),
        _token(token),
    )
    leaves = (
        Leaf(pointer="subject", text=visible(certificate.subject)),
        Leaf(pointer="issuer", text=visible(certificate.issuer)),
        Leaf(pointer="serialNumber", text=f"{certificate.serial:x}"),
        Leaf(pointer="SHA-256", text=certificate.id),
    )
    return _sheet(document, found, FactsSheet(media_type=document.media_type, facts=facts, leaves=leaves))


def _of_earlier(alike: tuple[KeyRequest, ...], key: KeyType, severe: frozenset[str]) -> Iterator[Finding]:
    """A key that was left is used; else one that waits for its certificate needs a yes to another key."""
    left = [one for one in alike if not one.finished and one.key_type == key.value]
    waiting = [one for one in alike if one.finished]
    if left:
        begun = left[0].made_at
        yield findings.make(
            "key-left-unfinished", begun_fa=short_instant(begun, "fa"), begun_en=short_instant(begun, "en")
        )
    elif waiting:
        made = waiting[-1].made_at
        yield findings.make(
            "request-in-progress",
            severe=severe,
            made_fa=short_instant(made, "fa"),
            made_en=short_instant(made, "en"),
        )


def _sheet(document: Document, found: list[Finding], body: FactsSheet) -> DocumentSheet:
    return DocumentSheet(
        document_id=document.id,
        content_hash=document.content_hash(),
        findings=tuple(sorted(found, key=lambda finding: _GRAVITY[finding.weight])),
        draw=lambda: body,
    )


def _subject(subject: Applicant) -> Iterator[Fact]:
    """Every part of the subject, in the order in which it is read."""
    for part in ("given_name", "surname", "national_code", "council_number", "centre", "province", "city"):
        text = getattr(subject, part)
        if text is not None:
            yield Fact(name=part, text=visible(text), code=part in _CODES)
    yield Fact(name="country", text="IR", code=True)


def _key_of(certificate: x509.Certificate) -> str:
    if certificate.key_kind is KeyKind.RSA:
        return f"RSA {certificate.key_bits}"
    return f"EC P-{certificate.key_bits}"


def _token(token: TokenRef) -> Fact:
    return Fact(name="token", text=visible(f"{token.label} ({token.serial})"))


def _differences(
    certificate: x509.Certificate, request: KeyRequest | None, severe: frozenset[str]
) -> Iterator[Finding]:
    """Where the authority wrote something else than was asked for."""
    if request is None:
        return
    holder, asked = certificate.holder, request.applicant
    pairs = (
        ("holder", holder.name, asked.name, holder.name == asked.name),
        (
            "national_code",
            " ".join(holder.national_codes),
            asked.national_code,
            not holder.national_codes or asked.national_code in holder.national_codes,
        ),
        ("centre", holder.centre or "–", asked.centre or "–", holder.centre == asked.centre),
    )
    for field, there, here, same in pairs:
        if not same:
            yield findings.make(
                "certificate-for-another", severe=severe, field=field, certificate=there, document=here
            )
