"""Damage of every kind to a signed file, for any format: what comes out is never valid for other content.

A format adds itself to `SUBJECTS`; it gets some hundred mutants in the tests and thousands in `make fuzz`,
which also holds each verdict to five seconds and the process to 300 MB.
"""

from __future__ import annotations

import random
import re
import resource
import time
from collections.abc import Callable, Iterator

from msgspec import Struct

from signer.verify import Indication, Report
from signer.verify import verify as verify_file
from signer.x509 import read
from tests import pdfs, pki, xmldsig
from tests.asic import cades_container, container
from tests.jose import a_jades, a_jws, a_stamped_jades
from tests.revocation import REVOCATION_VALUES, crl, stamped, tlv, with_unsigned
from tests.signatures import CONTENT, signed, signed_pdf

SECONDS = 5.0
MEGABYTES = 300

#: Octets that parsers trip over: lengths, tags, ends of text, the edges of a byte.
_SHARP = (
    *(b"\x00", b"\x80", b"\xff", b"\x30\x80", b"\x84\xff\xff\xff\xff", b"\x84\x7f\xff\xff\xff", b"\x1f\x80"),
    *(b"\x00\x00", b"=", b".", b'"', b"<", b">", b"&", b"%%EOF", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
)


class Subject(Struct, frozen=True, kw_only=True):
    """One signed file: how it is verified, and what was signed. `others` are files to splice from.

    `signed_part` leaves out of a content what its own signature does not cover: itself, inside a PDF.
    """

    signed: bytes
    content: bytes
    verify: Callable[[bytes], Report]
    others: tuple[bytes, ...] = ()
    signed_part: Callable[[bytes], bytes] = bytes


def mutants(subject: Subject, count: int, seed: int) -> Iterator[bytes]:
    """`count` damaged files, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        mutant = subject.signed
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            mutant = chance.choice(_WAYS)(mutant, subject, chance)
        yield mutant


def check(subject: Subject, mutant: bytes) -> Report:
    """The report on a mutant, which says valid only of what was signed. Lets every exception through."""
    report = subject.verify(mutant)
    if report.indication is Indication.VALID:
        assert report.content is not None
        part = subject.signed_part
        assert part(report.content) == part(subject.content), "valid for content that nobody signed"
    return report


Way = Callable[[bytes, Subject, random.Random], bytes]


def _flip(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    if not octets:
        return b"\x01"
    at = chance.randrange(len(octets))
    return octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]


def _cut(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    return octets[: chance.randrange(len(octets) + 1)]


def _span(octets: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(octets) + 1)
    return start, min(len(octets), start + chance.choice((1, 2, 4, 16, 64, 400)))


def _remove(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    start, end = _span(octets, chance)
    return octets[:start] + octets[end:]


def _repeat(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    start, end = _span(octets, chance)
    return octets[:end] + octets[start:end] + octets[end:]


def _sharpen(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    at, sharp = chance.randrange(len(octets) + 1), chance.choice(_SHARP)
    return octets[:at] + sharp + octets[at + chance.choice((0, len(sharp))) :]


def _move(octets: bytes, _: Subject, chance: random.Random) -> bytes:
    start, end = _span(octets, chance)
    rest, to = octets[:start] + octets[end:], chance.randrange(len(octets) + 1)
    return rest[:to] + octets[start:end] + rest[to:]


def _splice(octets: bytes, subject: Subject, chance: random.Random) -> bytes:
    other = chance.choice((*subject.others, octets))
    start, end = _span(other, chance)
    return octets[:start] + other[start:end] + octets[end:]


_WAYS: tuple[Way, ...] = (_flip, _flip, _cut, _remove, _repeat, _sharpen, _sharpen, _move, _splice)


def cades() -> Subject:
    """An attached CAdES B-B signature and its like over another content."""
    root = read(pki.authority().certificate)
    return Subject(
        signed=signed(),
        content=CONTENT,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(signed(content=b'{"mohr":1,"kind":"lab"}'),),
    )


def cades_detached() -> Subject:
    """The same without its content, which is given beside it."""
    root = read(pki.authority().certificate)
    return Subject(
        signed=signed(attached=False),
        content=CONTENT,
        verify=lambda octets: verify_file(octets, content=CONTENT, anchors=(root,), at=pki.NOW),
    )


def pades() -> Subject:
    """A PDF of two pages, signed inside, and its like of three pages."""
    root = read(pki.authority().certificate)
    pdf = signed_pdf(pdfs.plain())
    return Subject(
        signed=pdf,
        content=pdf,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(signed_pdf(pdfs.plain(3)),),
        signed_part=lambda octets: re.sub(rb"/Contents <[0-9a-fA-F]+>", b"", octets),
    )


def xades() -> Subject:
    """An enveloping XAdES B-B signature."""
    root = read(pki.authority().certificate)
    return Subject(
        signed=xmldsig.signed("enveloping"),
        content=xmldsig.JSON_CONTENT,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(xmldsig.signed("enveloping", content=b"{}"),),
    )


def asic() -> Subject:
    """A container with attachments."""
    root = read(pki.authority().certificate)
    return Subject(
        signed=container(),
        content=xmldsig.JSON_CONTENT,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(container(()),),
    )


def asic_with_cades() -> Subject:
    """A container with a CAdES over its manifest."""
    root = read(pki.authority().certificate)
    return Subject(
        signed=cades_container(),
        content=xmldsig.JSON_CONTENT,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(container(()),),
    )


def cades_b_lt() -> Subject:
    """With a timestamp, and the CRL that was current for it, in unsigned attributes."""
    root = read(pki.authority().certificate)
    values = tlv(0x30, tlv(0xA0, tlv(0x30, crl())))
    whole = with_unsigned(stamped(signed(), pki.NOW), REVOCATION_VALUES, values)
    return Subject(
        signed=whole,
        content=CONTENT,
        verify=lambda octets: verify_file(octets, anchors=(root,), at=pki.NOW),
        others=(stamped(signed(content=b'{"mohr":1,"kind":"lab"}'), pki.NOW),),
    )


def jose(make: Callable[..., bytes], *, attached: bool) -> Callable[[], Subject]:
    """A JWS or JAdES and its like over another content."""

    def subject() -> Subject:
        root = read(pki.authority().certificate)
        given = None if attached else CONTENT
        return Subject(
            signed=make(attached=attached),
            content=CONTENT,
            verify=lambda octets: verify_file(octets, content=given, anchors=(root,), at=pki.NOW),
            others=(make(content=b'{"mohr":1,"kind":"lab"}'),),
        )

    return subject


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "cades": cades,
    "cades-detached": cades_detached,
    "xades": xades,
    "asic": asic,
    "asic-cades": asic_with_cades,
    "pades": pades,
    "cades-b-lt": cades_b_lt,
    "jws": jose(a_jws, attached=True),
    "jws-detached": jose(a_jws, attached=False),
    "jades": jose(a_jades, attached=True),
    "jades-stamped": jose(a_stamped_jades, attached=True),
}


def fuzz(name: str, count: int) -> None:
    """So many mutants of a format, each behaving and none slow. Prints the seed, and what became of them."""
    seed = random.randrange(1 << 32)
    print(f"{name}: seed {seed}", flush=True)
    subject, said = SUBJECTS[name](), dict.fromkeys(Indication, 0)
    for number, mutant in enumerate(mutants(subject, count, seed)):
        begun = time.perf_counter()
        try:
            said[check(subject, mutant).indication] += 1
        except Exception as fault:
            raise AssertionError(f"{name}: mutant {number} of seed {seed}") from fault
        taken = time.perf_counter() - begun
        assert taken <= SECONDS, f"mutant {number} of seed {seed} took {taken:.1f} s"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert memory <= MEGABYTES, f"{memory:.0f} MB"
    print(f"{name}: {', '.join(f'{i.value} {count}' for i, count in said.items())}; {memory:.0f} MB")
