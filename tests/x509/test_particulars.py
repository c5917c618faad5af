"""What of a certificate begins the next request."""

from __future__ import annotations

import pytest

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, Name, NamePart
from signer.model.applicant import Applicant
from signer.x509.particulars import particulars
from tests import pki

_CN, _O, _ST, _L, _SERIAL = "2.5.4.3", "2.5.4.10", "2.5.4.8", "2.5.4.7", "2.5.4.5"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (
            PLAIN_DOCTOR,
            Applicant(
                given_name="سارا",
                surname="نمونه",
                national_code="0012345679",
                council_number="123456",
                centre="درمانگاه نمونه",
            ),
        ),
        (
            ODD_DOCTOR,
            Applicant(given_name="علی", surname="رضایی", national_code="0499370899", council_number="654321"),
        ),
        (
            (
                NamePart(_ST, "تهران"),
                NamePart(_L, "ری"),
                NamePart(_O, "مطب ونک [Sign]"),
                NamePart(_CN, "نمونه"),
                NamePart(_SERIAL, "0012345679 0499370899"),
            ),
            Applicant(
                given_name="نمونه",
                surname="",
                national_code="",
                centre="مطب ونک",
                province="تهران",
                city="ری",
            ),
        ),
    ],
    ids=["one name", "brackets and no centre", "two codes and one word"],
)
def test_the_subject_begins_the_next_request(subject: Name, expected: Applicant) -> None:
    assert particulars(pki.leaf(subject=subject)) == expected
