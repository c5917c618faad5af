"""A JWS taken apart strictly (RFC 7515), whoever made it: what two readers could see differently is refused.

Knows serializations, encodings and headers. Which parameters a profile wants is for `jws`, `jades` and
`sign_in`, whose key made the value for `jose_value`. A key named by reference is refused, never fetched.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from signer.model import ijson
from signer.model.ijson import IJsonInvalid, JsonValue
from signer.verify.candidate import Unreadable
from signer.verify.report import Finding, Severity, SubIndication

MAX_OCTETS = 32 * 1024 * 1024
MAX_HEADER = 256 * 1024

#: Parameters by which another verifier could take another key than the one in `x5c` (RFC 7515 §4.1.2-5).
_KEY_ELSEWHERE = ("jku", "x5u", "jwk")

_MEMBERS = {"payload", "protected", "header", "signature"}
_COMPACT = re.compile(rb"([\w-]+)\.([\w-]*)\.([\w-]+)", re.ASCII)
_PRINTABLE = re.compile(r"[\w#.+/-]{1,40}", re.ASCII)
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")


class Jws(Struct, frozen=True, kw_only=True):
    """The parts. `protected`, `payload`, `value` stand as the file has them, in base64url.

    `payload` is None where it was left out; `unprotected` is empty where there is no such header.
    """

    compact: bool
    protected: bytes
    payload: bytes | None
    value: bytes
    signature: bytes
    header: dict[str, JsonValue]
    unprotected: dict[str, JsonValue]


def refused(
    code: str, detail: str = "", sub_indication: SubIndication = SubIndication.FORMAT_FAILURE
) -> Unreadable:
    """What a reader raises, with its one finding."""
    return Unreadable(sub_indication, Finding(code=code, severity=Severity.FAILED, detail=detail))


def take_apart(octets: bytes) -> Jws:
    """Either serialization, with the rules that hold for every profile. Raises `Unreadable`."""
    if len(octets) > MAX_OCTETS:
        raise refused("file-too-large", f"{len(octets)} octets")
    return _judge_header(_flattened(octets) if octets.startswith(b"{") else _compact(octets))


def is_jades(octets: bytes) -> bool:
    """Is this one for `jades`, and not for `jws`? Told by the serialization and by `iat`.

    Raises `Unreadable` for what is no JWS at all.
    """
    found = take_apart(octets)
    return not found.compact or "iat" in found.header


def base64url(octets: bytes) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    return binascii.b2a_base64(octets, newline=False).translate(_TO_URL).rstrip(b"=")


def unbase64url(text: bytes) -> bytes:
    """Canonical base64url without padding (RFC 7515 §2). Raises ValueError for every other spelling."""
    octets = binascii.a2b_base64(text.translate(_FROM_URL) + b"=" * (-len(text) % 4))
    if base64url(octets) != text:
        raise ValueError("not canonical base64url")
    return octets


def unbase64(text: str) -> bytes:
    """Canonical base64 with padding (RFC 4648 §4). Raises ValueError for every other spelling."""
    octets = binascii.a2b_base64(text)
    if binascii.b2a_base64(octets, newline=False).decode("ascii") != text:
        raise ValueError("not canonical base64")
    return octets


def content_of(found: Jws, given: bytes | None) -> bytes | None:
    """What was signed: the payload, else `given`. An empty payload is one that was left out.

    Raises `Unreadable` for a payload that is no base64url.
    """
    return _decoded(found.payload, "payload") if found.payload else given


def critical(header: Mapping[str, JsonValue], understood: frozenset[str]) -> frozenset[str]:
    """The parameters that `crit` names (RFC 7515 §4.1.11), all understood. Raises `Unreadable`."""
    if "crit" not in header:
        return frozenset()
    names = header["crit"]
    if not isinstance(names, list) or not names:
        raise refused("jose-crit-malformed")
    known = frozenset(name for name in names if isinstance(name, str) and name in understood)
    if len(known) != len(names):
        unknown = next((name for name in names if name not in known), names[0])
        raise refused("jose-crit-unknown", printable(unknown))
    for name in known:
        if name not in header:
            raise refused("jose-crit-malformed", name)
    return known


def text(header: Mapping[str, JsonValue], name: str) -> str | None:
    """A parameter that is a string, or None where it is absent. Raises `Unreadable`."""
    value = header.get(name)
    if name in header and not isinstance(value, str):
        raise refused("jose-parameter-malformed", name)
    return value if isinstance(value, str) else None


def media_type(header: Mapping[str, JsonValue]) -> str | None:
    """`cty`, with the prefix that RFC 7515 §4.1.10 lets a maker leave out."""
    cty = text(header, "cty")
    return cty if cty is None or "/" in cty else f"application/{cty}"


def check_typ(header: Mapping[str, JsonValue], *accepted: str) -> None:
    """Refuse a `typ` that says that this is another thing, as that of a sign-in does."""
    typ = text(header, "typ")
    if typ is not None and typ.lower().removeprefix("application/") not in accepted:
        raise refused("jose-typ", printable(typ))


def sig_t(header: Mapping[str, JsonValue]) -> datetime | None:
    """`sigT` (TS 119 182-1 §5.2.1): UTC, to the second. Raises `Unreadable`."""
    value = text(header, "sigT")
    if value is None:
        return None
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII) is None:
        raise refused("jose-parameter-malformed", "sigT")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise refused("jose-parameter-malformed", "sigT") from None


def seconds(header: Mapping[str, JsonValue], name: str) -> datetime | None:
    """A NumericDate of whole seconds (RFC 7519 §2), or None where it is absent. Raises `Unreadable`."""
    value = header.get(name)
    if name not in header:
        return None
    if type(value) is not int or not 0 <= value < 253_402_300_800:
        raise refused("jose-parameter-malformed", name)
    return datetime.fromtimestamp(value, UTC)


def unknown(header: Mapping[str, JsonValue], known: frozenset[str]) -> tuple[Finding, ...]:
    """Tells of signed parameters that mean nothing here, and are ignored (RFC 7515 §4)."""
    return tuple(
        Finding(code="jose-parameter-unknown", severity=Severity.INFO, detail=printable(name))
        for name in header
        if name not in known
    )


def printable(name: object) -> str:
    """A name from the file, for a finding: itself where it is short and plain, else no word of it."""
    return name if isinstance(name, str) and _PRINTABLE.fullmatch(name) else "?"


def _compact(octets: bytes) -> Jws:
    parts = _COMPACT.fullmatch(octets)
    if parts is None:
        raise refused("jose-structure")
    protected, payload, value = parts.groups()
    return Jws(
        compact=True,
        protected=protected,
        payload=payload or None,
        value=value,
        signature=_decoded(value, "signature"),
        header=_header(protected),
        unprotected={},
    )


def _flattened(octets: bytes) -> Jws:
    """RFC 7515 §7.2.2; the general form of §7.2.1 only to say how many signatures it has."""
    members = _object(octets, "jose-structure")
    if "signatures" in members:
        several = isinstance(members["signatures"], list) and len(members["signatures"]) > 1
        raise refused("several-signers" if several else "jose-general")
    if not members.keys() <= _MEMBERS:
        raise refused("jose-member-unknown", printable(min(members.keys() - _MEMBERS)))
    unprotected = members.get("header", {})
    if not isinstance(unprotected, dict):
        raise refused("jose-structure", "header")
    protected, value = _ascii(members, "protected"), _ascii(members, "signature")
    return Jws(
        compact=False,
        protected=protected,
        payload=_ascii(members, "payload") if "payload" in members else None,
        value=value,
        signature=_decoded(value, "signature"),
        header=_header(protected),
        unprotected=unprotected,
    )


def _ascii(members: Mapping[str, JsonValue], name: str) -> bytes:
    value = members.get(name)
    if not isinstance(value, str) or not value.isascii():
        raise refused("jose-structure", name)
    return value.encode("ascii")


def _header(protected: bytes) -> dict[str, JsonValue]:
    if len(protected) > MAX_HEADER:
        raise refused("file-too-large", "protected")
    return _object(_decoded(protected, "protected"), "jose-header")


def _decoded(text: bytes, place: str) -> bytes:
    try:
        return unbase64url(text)
    except ValueError:
        raise refused("jose-encoding", place) from None


def _object(octets: bytes, code: str) -> dict[str, JsonValue]:
    try:
        value = ijson.parse(octets)
    except IJsonInvalid as fault:
        raise refused(code, fault.reason) from None
    if not isinstance(value, dict):
        raise refused(code)
    return value


def _judge_header(found: Jws) -> Jws:
    for name in _KEY_ELSEWHERE:
        if name in found.header:
            raise refused("jose-key-elsewhere", name)
    if "b64" in found.header:
        raise refused("jose-unencoded-payload")
    extra = found.unprotected.keys() - {"etsiU"}
    if extra:
        raise refused("jose-unprotected", printable(min(extra)))
    return found
