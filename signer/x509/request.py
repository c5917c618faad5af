"""A certification request, PKCS #10 (RFC 2986): what is to be signed, the finished one, and a look at one.

The signature is made elsewhere, on a token. The look is by another library than the one that built it.
"""

from __future__ import annotations

from asn1crypto import algos, csr, keys
from asn1crypto import x509 as names
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_csr
from msgspec import Struct

from signer.model.applicant import Applicant

_COUNCIL = "نظام پزشکی {number}"


class RequestBroken(ValueError):
    """A finished request does not verify, or is for another key than was meant."""


class RequestToBeSigned(Struct, frozen=True):
    """The CertificationRequestInfo, DER, and the AlgorithmIdentifier that its signature is made by."""

    to_be_signed: bytes
    signature_algorithm: bytes

    def finish(self, signature: bytes) -> bytes:
        """The CertificationRequest, DER. The signature value is as for a certificate (RFC 5280 §4.1.1.3)."""
        finished: bytes = csr.CertificationRequest(
            {
                "certification_request_info": csr.CertificationRequestInfo.load(self.to_be_signed),
                "signature_algorithm": algos.SignedDigestAlgorithm.load(self.signature_algorithm),
                "signature": signature,
            }
        ).dump()
        return finished


def prepare(applicant: Applicant, spki: bytes, signature_algorithm: bytes) -> RequestToBeSigned:
    """A request for signing: digitalSignature and nonRepudiation are asked for (RFC 2985 §5.4.2).

    `spki` is a SubjectPublicKeyInfo, `signature_algorithm` an AlgorithmIdentifier, both DER. The particulars
    are expected to keep their rules (`Applicant.check`).
    """
    usage = names.Extension(
        {
            "extn_id": "key_usage",
            "critical": True,
            "extn_value": names.KeyUsage({"digital_signature", "non_repudiation"}),
        }
    )
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": _subject(applicant),
            "subject_pk_info": keys.PublicKeyInfo.load(spki),
            "attributes": [{"type": "extension_request", "values": [names.Extensions([usage])]}],
        }
    )
    return RequestToBeSigned(info.dump(), signature_algorithm)


def check(request: bytes, spki: bytes) -> None:
    """Read a finished request again, independently. Raises `RequestBroken`."""
    try:
        read = load_der_x509_csr(request)
        key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        verifies = read.is_signature_valid
    except ValueError as problem:
        raise RequestBroken("it cannot be read") from problem
    if key != spki:
        raise RequestBroken("it is for another key")
    if not verifies:
        raise RequestBroken("its signature does not verify")


def _subject(applicant: Applicant) -> names.Name:
    """In the order of certificates of the field; text is UTF8String, codes are PrintableString."""
    council = applicant.council_number
    parts = (
        ("country_name", "IR"),
        ("state_or_province_name", applicant.province),
        ("locality_name", applicant.city),
        ("organization_name", applicant.centre),
        ("title", None if council is None else _COUNCIL.format(number=council)),
        ("serial_number", applicant.national_code),
        ("surname", applicant.surname),
        ("given_name", applicant.given_name),
        ("common_name", applicant.name),
    )
    return names.Name.build({kind: text for kind, text in parts if text is not None})
