"""Reads a SignerInfo (RFC 5652 §5.3) in strict DER, and remembers how those before it were built.

One person's signatures differ in digest, time and value alone. Where every other octet is the same, and these
three stand in the same places, DER reads the same: then they are cut out, and nothing is taken apart again.
What is remembered is how octets are read, never whether they are true.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from signer.verify import attributes, der
from signer.verify.attributes import Meaning
from signer.verify.candidate import Unreadable
from signer.verify.der import Element, NotDer
from signer.verify.report import Finding, Severity, SubIndication

#: Builds that are kept, one for each person, and the octets that one of them may have.
_MEMORY, _WORTH_KEEPING = 4096, 2048


class SignerInfo(Struct, frozen=True, kw_only=True, gc=False):
    """A SignerInfo taken apart; `signed_attributes` bear the tag of SET OF, as they were signed (§5.4).

    `sid` and the algorithms are DER; `unsigned_attributes` are the contents of a SET OF Attribute.
    """

    sid: bytes
    digest_algorithm: bytes
    signed_attributes: bytes
    meaning: Meaning
    message_digest: bytes
    signing_time: datetime | None
    signature_algorithm: bytes
    signature: bytes
    unsigned_attributes: bytes | None = None


class _Places(Struct, frozen=True, gc=False, cache_hash=True):
    """Where a SignerInfo has its signed attributes, the contents of digest and time, and those of the value.

    Of the value, where they begin: it is the last element.
    """

    attributes: tuple[int, int]
    digest: tuple[int, int]
    time: tuple[int, int]
    value: int

    def rest(self, octets: bytes) -> bytes:
        """What is neither digest nor time nor value."""
        (first, after_first), (second, after_second) = sorted((self.digest, self.time))
        return octets[:first] + octets[after_first:second] + octets[after_second : self.value]


class _Build(Struct, frozen=True, gc=False):
    """What the rest of a SignerInfo says."""

    sid: bytes
    digest_algorithm: bytes
    meaning: Meaning
    time_tag: int
    signature_algorithm: bytes


_places: dict[int, _Places] = {}
_builds: dict[tuple[_Places, bytes], _Build] = {}


def read(octets: bytes) -> SignerInfo:
    """Take a SignerInfo apart. Raises `NotDer`, `Unreadable`, `algorithms.Unknown`."""
    places = _places.get(len(octets))
    build = None if places is None else _builds.get((places, places.rest(octets)))
    return _take_apart(octets) if places is None or build is None else _cut(octets, places, build)


def _cut(octets: bytes, places: _Places, build: _Build) -> SignerInfo:
    (start, end), (digest, after_digest), (time, after_time) = places.attributes, places.digest, places.time
    return SignerInfo(
        sid=build.sid,
        digest_algorithm=build.digest_algorithm,
        signed_attributes=b"\x31" + octets[start + 1 : end],
        meaning=build.meaning,
        message_digest=octets[digest:after_digest],
        signing_time=der.moment(Element(octets, build.time_tag, time, time, after_time)),
        signature_algorithm=build.signature_algorithm,
        signature=octets[places.value :],
    )


def _take_apart(octets: bytes) -> SignerInfo:
    fields = der.only(octets).parts(der.SEQUENCE)
    if len(fields) < 5:
        raise NotDer("not the parts of a SignerInfo")
    if fields[0].contents(der.INTEGER) != (b"\x01" if fields[1].tag == der.SEQUENCE else b"\x03"):
        raise _broken("version-unknown", "SignerInfo")
    if fields[3].tag != der.CONTEXT_0:
        raise _broken("no-signed-attributes")
    if not 6 <= len(fields) <= 7:
        raise NotDer("not the parts of a SignerInfo")
    meaning, digest, time = attributes.signed(fields[3].parts(der.CONTEXT_0))
    read = SignerInfo(
        sid=fields[1].encoded(fields[1].tag),
        digest_algorithm=fields[2].encoded(der.SEQUENCE),
        signed_attributes=b"\x31" + fields[3].encoded(der.CONTEXT_0)[1:],
        meaning=meaning,
        message_digest=digest.contents(der.OCTET_STRING),
        signing_time=None if time is None else der.moment(time),
        signature_algorithm=fields[4].encoded(der.SEQUENCE),
        signature=fields[5].contents(der.OCTET_STRING),
        unsigned_attributes=fields[6].contents(der.CONTEXT_1) if len(fields) == 7 else None,
    )
    if time is not None and len(fields) == 6 and len(octets) <= _WORTH_KEEPING:
        places = _Places(
            attributes=(fields[3].at, fields[3].end),
            digest=(digest.start, digest.end),
            time=(time.start, time.end),
            value=fields[5].start,
        )
        _remember(octets, places, read, time.tag)
    return read


def _remember(octets: bytes, places: _Places, read: SignerInfo, time_tag: int) -> None:
    if len(_builds) >= _MEMORY:
        _builds.clear()
    _places[len(octets)] = places
    _builds[places, places.rest(octets)] = _Build(
        read.sid, read.digest_algorithm, read.meaning, time_tag, read.signature_algorithm
    )


def _broken(code: str, detail: str = "") -> Unreadable:
    return Unreadable(
        SubIndication.FORMAT_FAILURE, Finding(code=code, severity=Severity.FAILED, detail=detail)
    )
