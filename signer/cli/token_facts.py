"""`mohr token info`, `objects` and `mechanisms`: what a token tells without a PIN, raw and readable.

Through the module of each token's profile, in a worker that ends with the command. Holders are not named: a
certificate is told by its SHA-256, its dates and its CKA_ID.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from drivers.mechanism_names import NAMES
from drivers.types import StoredCertificate, Token, TokenFlags
from signer import x509
from signer.diagnostics.ground import PATIENCE, Candidate
from signer.diagnostics.survey import SurveyedToken, survey
from signer.model.text import visible

Row = dict[str, Any]


def info(serial: str | None, *, as_json: bool) -> int:
    """Who made each token, and its flags by name."""
    return _told(serial, as_json, lambda seen: iter((_info(seen.token),)))


def objects(serial: str | None, *, as_json: bool) -> int:
    """The certificates and public keys that are visible without a PIN."""
    return _told(serial, as_json, _objects)


def mechanisms(serial: str | None, *, as_json: bool) -> int:
    """What each token can compute, with the sizes of key that it takes, in the module's own unit."""
    return _told(serial, as_json, lambda seen: _mechanisms(seen.token))


def _told(serial: str | None, as_json: bool, rows: Callable[[SurveyedToken], Iterator[Row]]) -> int:
    """Print the rows of each token that is meant: 1 where there is none."""
    found = [
        {"token": visible(seen.token.serial), "module": name} | row
        for name, seen in asyncio.run(_surveyed())
        if serial in {None, seen.token.serial}
        for row in rows(seen)
    ]
    if as_json:
        print(json.dumps(found, indent=2))
    for row in () if as_json else found:
        print("  ".join(f"{key} {visible(_text(value))}" for key, value in row.items()))
    if not found and not as_json:
        print("no token that is meant, or nothing to tell of it: see `mohr diagnose`")
    return 0 if found else 1


async def _surveyed() -> list[tuple[str, SurveyedToken]]:
    from signer.cli.diagnosis.place import this_computer

    async def one(module: Candidate) -> list[tuple[str, SurveyedToken]]:
        seen = await survey(module, module.bindings[0], PATIENCE, 2 * PATIENCE)
        return [(module.name, token) for token in seen.tokens if _initialised(token.token)]

    return [found for many in await asyncio.gather(*map(one, this_computer().modules)) for found in many]


def _initialised(token: Token) -> bool:
    return TokenFlags.TOKEN_INITIALIZED in token.token_flags


def _info(token: Token) -> Row:
    return {
        "slot": token.slot,
        "label": token.label,
        "manufacturer": token.manufacturer,
        "model": token.model,
        "reader": token.reader,
        "flags": f"0x{token.flags:08X}",
        "flag_names": [flag.name for flag in TokenFlags if flag in token.token_flags],
        "pin": [token.pin_min, token.pin_max],
        "mechanisms": len(token.mechanisms),
    }


def _objects(seen: SurveyedToken) -> Iterator[Row]:
    for one in seen.certificates:
        yield {"kind": "certificate", "id": one.key_id.hex()} | _certificate(one)
    for key in seen.public_keys:
        told = None if key.spki is None else x509.describe(x509.public_key(key.spki))
        yield {
            "kind": "public-key",
            "id": key.key_id.hex(),
            "key": "hidden" if told is None else f"{told[0].value} {told[1]}",
            "certificate": any(_spki(one) == key.spki for one in seen.certificates),
        }


def _certificate(stored: StoredCertificate) -> Row:
    try:
        certificate = x509.read(stored.der)
    except x509.CertificateUnreadable:
        return {"unreadable": True}
    usage = certificate.key_usage
    signs = usage is None or usage.digital_signature or usage.non_repudiation
    return {
        "sha256": certificate.id,
        "from": _day(certificate.not_before),
        "until": _day(certificate.not_after),
        "key": f"{certificate.key_kind.value} {certificate.key_bits}",
        "signs": signs,
    }


def _spki(stored: StoredCertificate) -> bytes | None:
    try:
        return x509.read(stored.der).spki
    except x509.CertificateUnreadable:
        return None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _mechanisms(token: Token) -> Iterator[Row]:
    sizes = {one.mechanism: one for one in token.key_sizes}
    for value in token.mechanisms:
        size = sizes.get(value)
        yield {
            "mechanism": f"0x{value:08X}",
            "name": NAMES.get(value, "-"),
            "sizes": None if size is None else [size.least, size.most],
        }


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "-" if value is None else str(value)
