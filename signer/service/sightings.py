"""Two modules that show the same card show one token: which sightings belong together. Pure.

No name is compared. Two sightings through different modules are one token where a certificate of one is on
the other too, octet by octet, and they stand in the same reader or have the same serial number: a maker's
module and OpenSC often print a card's serial differently, and some modules do not tell the reader. Two
sightings through one module are always two tokens.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from drivers.readers import same_reader
from drivers.types import Token
from signer.model.presence import SeenToken


class Sighting(Struct, frozen=True, kw_only=True):
    """A token as one module shows it; `credentials` are the certificates' ids, in the module's order."""

    module: str
    family: str
    token: Token
    credentials: tuple[str, ...]


def one_each(sightings: Iterable[Sighting]) -> tuple[SeenToken, ...]:
    """Each token once, named as the first module that shows it names it, with the certificates of all."""
    groups: list[list[Sighting]] = []
    for sighting in sightings:
        same = next((g for g in groups if all(_same_token(sighting, other) for other in g)), None)
        if same is None:
            groups.append([sighting])
        else:
            same.append(sighting)
    return tuple(_merged(group) for group in groups)


def _same_token(one: Sighting, other: Sighting) -> bool:
    if one.module == other.module or set(one.credentials).isdisjoint(other.credentials):
        return False
    serial = one.token.serial
    return same_reader(one.token.reader, other.token.reader) or bool(serial and serial == other.token.serial)


def _merged(group: list[Sighting]) -> SeenToken:
    first = group[0]
    return SeenToken(
        label=first.token.label,
        serial=first.token.serial,
        reader=first.token.reader,
        family=first.family,
        credentials=tuple(dict.fromkeys(c for sighting in group for c in sighting.credentials)),
    )
