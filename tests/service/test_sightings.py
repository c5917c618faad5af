"""Which sightings are one token: by certificate, reader and serial, and by no name."""

from __future__ import annotations

import pytest

from drivers.types import Token
from signer.service.sightings import Sighting, one_each

READER = "Maker Reader 00 00"


def seen(
    module: str, *credentials: str, serial: str = "1", reader: str = READER, label: str = "token"
) -> Sighting:
    token = Token(
        slot=0,
        label=label,
        serial=serial,
        manufacturer="maker",
        model="model",
        reader=reader,
        flags=0x400,
        pin_min=4,
        pin_max=8,
        mechanisms=(),
    )
    return Sighting(module=module, family=module, token=token, credentials=credentials)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (seen("vendor", "c", serial="A1"), seen("opensc", "c", serial="00a1", reader=READER + "  "), True),
        (seen("vendor", "c", reader="slot 0"), seen("opensc", "c"), True),
        (seen("vendor", "c", label="another"), seen("opensc", "c"), True),
        (seen("vendor", "c", "d"), seen("opensc", "d", "e"), True),
        (seen("vendor", "c"), seen("opensc", "d"), False),
        (seen("vendor"), seen("opensc"), False),
        (seen("vendor", "c"), seen("vendor", "c", serial="2", reader="Maker Reader 01 00"), False),
        (seen("vendor", "c"), seen("vendor", "c"), False),
        (seen("vendor", "c"), seen("opensc", "c", serial="2", reader="Maker Reader 01 00"), False),
        (seen("vendor", "c", serial="", reader="a"), seen("opensc", "c", serial="", reader="b"), False),
    ],
)
def test_two_sightings_are_one_token_or_two(one: Sighting, other: Sighting, same: bool) -> None:
    assert len(one_each((one, other))) == (1 if same else 2)


def test_a_token_is_named_by_the_first_module_and_has_the_certificates_of_all() -> None:
    (token,) = one_each((seen("vendor", "c", label="مطب"), seen("opensc", "d", "c", label="PIV")))
    assert (token.label, token.family, token.credentials) == ("مطب", "vendor", ("c", "d"))


def test_two_cards_that_both_modules_see_are_two_tokens() -> None:
    second = {"serial": "2", "reader": "Maker Reader 01 00"}
    tokens = one_each(
        (
            seen("vendor", "c"),
            seen("vendor", "d", **second),
            seen("opensc", "d", **second),
            seen("opensc", "c"),
        )
    )
    assert [token.credentials for token in tokens] == [("c",), ("d",)]
