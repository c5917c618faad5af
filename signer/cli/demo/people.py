"""The demo's invented doctor: one person, a certificate for each of two practice centres.

One certificate keeps to the rules; the other has what certificates of the field have: a bracket in a
PrintableString, mixed scripts, Persian digits. Nobody of this name, code or number is meant.
"""

from __future__ import annotations

from msgspec import Struct

from signer.cli.demo.authority import Name, NamePart, StringKind
from signer.model.credential import Holder

NAME = "سارا نمونه"
NATIONAL_CODE = "0012345679"
COUNCIL_NUMBER = "123456"

_COUNTRY, _CN, _SERIAL, _ORGANIZATION, _TITLE = "2.5.4.6", "2.5.4.3", "2.5.4.5", "2.5.4.10", "2.5.4.12"


class Practice(Struct, frozen=True):
    """A centre and the subject of the certificate for it."""

    centre: str
    subject: Name


PRACTICES = (
    Practice(
        "مطب ونک",
        (
            NamePart(_COUNTRY, "IR", StringKind.PRINTABLE),
            NamePart(_ORGANIZATION, "مطب ونک"),
            NamePart(_TITLE, "نظام پزشکی ۱۲۳۴۵۶"),
            NamePart(_SERIAL, NATIONAL_CODE, StringKind.PRINTABLE),
            NamePart(_CN, NAME),
        ),
    ),
    Practice(
        "درمانگاه مهر",
        (
            NamePart(_COUNTRY, "IR", StringKind.PRINTABLE),
            NamePart(_ORGANIZATION, "درمانگاه مهر [Sign]", StringKind.PRINTABLE),
            NamePart(_TITLE, "نظام پزشکی 123456 [Sign]", StringKind.PRINTABLE),
            NamePart(_SERIAL, "۰۰۱۲۳۴۵۶۷۹"),
            NamePart(_CN, f"{NAME} [Sign]"),
        ),
    ),
)


def prescriber(centre: str | None) -> Holder:
    """The doctor as a panel that knows her writes her into a prescription."""
    return Holder(
        name=NAME, national_codes=(NATIONAL_CODE,), council_numbers=(COUNCIL_NUMBER,), centre=centre
    )
