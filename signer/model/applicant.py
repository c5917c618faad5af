"""Who asks an authority for a certificate: the particulars that go into the request's subject.

Plain facts and the rules that they keep. How they are written into a request is `signer.x509.request`;
whether they are true is the authority's to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from signer.model.errors import ApplicantInvalid
from signer.model.text import hidden, is_national_code

#: Characters in one part of a name (X.520 upper bounds, RFC 5280 appendix A.1).
LONGEST_PART = 64


class KeyType(Enum):
    """The keys that a request may have made on a token: RSA of 2048 bits or more, or P-256."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    EC_P256 = "ec-p256"


class Applicant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A doctor, and the practice centre that the certificate is for: one request for each centre.

    Names are legal names, in Persian or Latin script as the authority has them. Codes are ASCII digits.
    """

    given_name: str
    surname: str
    national_code: str
    council_number: str | None = None
    centre: str | None = None
    province: str | None = None
    city: str | None = None

    @property
    def name(self) -> str:
        """Given name and surname."""
        return f"{self.given_name} {self.surname}"

    def check(self) -> None:
        """Raise `ApplicantInvalid`, whose detail names the first part that breaks a rule, not its value."""
        for part in self.broken():
            raise ApplicantInvalid(part)

    def broken(self) -> tuple[str, ...]:
        """The names of the parts that break a rule, each once."""
        return tuple(dict.fromkeys(_broken(self)))


def _broken(applicant: Applicant) -> Iterator[str]:
    for part in applicant.__struct_fields__:
        text = getattr(applicant, part)
        if text is None:
            continue
        if not text.strip() or text != text.strip() or len(text) > LONGEST_PART or hidden(text):
            yield part
    if len(applicant.name) > LONGEST_PART:
        yield "surname"
    if not is_national_code(applicant.national_code):
        yield "national_code"
    number = applicant.council_number
    if number is not None and not (number.isascii() and number.isdigit()):
        yield "council_number"
