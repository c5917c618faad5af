"""The bodies of the calls about certificates: one is asked for, one comes in. `messages` reads them."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from signer import x509
from signer.endpoint.messages import decoded, document_problem, only_document, present
from signer.endpoint.problems import Language, Problem
from signer.model.applicant import LONGEST_PART, Applicant, KeyType
from signer.model.errors import RequestMalformed
from signer.model.request import RequestState, SignatureFormat
from signer.service.views import RequestView

#: Octets of a body with certificates, and how many may stand above the one that is to be kept.
MAX_CERTIFICATES_BODY = 256 * 1024
MAX_CHAIN = 4

SubjectPart = Annotated[str, Meta(min_length=1, max_length=LONGEST_PART)]


class SubjectBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a certificate is for, and for which practice centre. Codes are ASCII digits."""

    given_name: SubjectPart
    surname: SubjectPart
    national_code: Annotated[str, Meta(pattern=r"^[0-9]{10}$")]
    council_number: Annotated[str, Meta(pattern=r"^[0-9]{1,16}$")] | UnsetType = UNSET
    centre: SubjectPart | UnsetType = UNSET
    province: SubjectPart | UnsetType = UNSET
    city: SubjectPart | UnsetType = UNSET


class CertificateRequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/certificate-requests. The key is made on the doctor's token and never leaves it."""

    subject: SubjectBody
    key: KeyType = KeyType.RSA_2048


class CertificateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/certificates. DER in base64; `chain` holds the certificates above it, which are not kept."""

    certificate: str
    chain: Annotated[list[str], Meta(max_length=MAX_CHAIN)] = []


class CertificateRequestAnswer(Struct, frozen=True, kw_only=True):
    """A certificate request now. `request` is the PKCS #10, DER in base64; `problem` where it failed."""

    id: str
    state: RequestState
    position: int
    request: bytes | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class CertificateAnswer(Struct, frozen=True, kw_only=True):
    """A certificate on its way to its token. `credential` is its id once it is there."""

    id: str
    state: RequestState
    position: int
    credential: str | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


def applicant_of(body: CertificateRequestBody) -> Applicant:
    """The particulars, not yet held against their rules (`Applicant.check`)."""
    subject = body.subject
    return Applicant(
        given_name=subject.given_name,
        surname=subject.surname,
        national_code=subject.national_code,
        council_number=subject.council_number or None,
        centre=subject.centre or None,
        province=subject.province or None,
        city=subject.city or None,
    )


def certificates_of(body: CertificateBody) -> tuple[bytes, tuple[bytes, ...]]:
    """The certificate and those above it, DER, each of which can be read. Raises `RequestMalformed`."""
    chain = enumerate(body.chain)
    return _certificate("/certificate", body.certificate), tuple(
        _certificate(f"/chain/{place}", encoded) for place, encoded in chain
    )


def certificate_request_answer(view: RequestView, language: Language) -> CertificateRequestAnswer:
    """A certificate request as its origin may know it. Raises `RequestUnknown` for one that is none."""
    document = only_document(view, SignatureFormat.PKCS10)
    return CertificateRequestAnswer(
        id=view.id,
        state=view.state,
        position=view.position,
        request=present(document.signature),
        problem=document_problem(view.id, document, language),
    )


def certificate_answer(view: RequestView, language: Language) -> CertificateAnswer:
    """A certificate that is to be kept, likewise. Raises `RequestUnknown`."""
    document = only_document(view, SignatureFormat.CERTIFICATE)
    return CertificateAnswer(
        id=view.id,
        state=view.state,
        position=view.position,
        credential=UNSET if document.certificate is None else sha256(document.certificate).hexdigest(),
        problem=document_problem(view.id, document, language),
    )


def _certificate(pointer: str, encoded: str) -> bytes:
    der = decoded(pointer, encoded)
    try:
        x509.read(der)
    except x509.CertificateUnreadable:
        raise RequestMalformed(f"{pointer}: no certificate that can be read") from None
    return der
