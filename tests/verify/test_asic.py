"""What a container holds is told exactly; a zip that two unpackers could see differently is refused."""

from __future__ import annotations

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signer.model.request import PRESCRIPTION
from signer.verify.asic import read, signed_files
from signer.verify.candidate import Unreadable
from signer.verify.report import SubIndication
from tests import pki
from tests.asic import ATTACHMENTS, container
from tests.xmldsig import JSON_CONTENT, signed

WHOLE = container()
Entries = list[tuple[zipfile.ZipInfo, bytes]]


def test_what_mohr_makes_is_read_and_says_what_was_signed() -> None:
    found = read(WHOLE, JSON_CONTENT)
    assert found.failure is None
    assert (found.format, found.level, found.attached, found.covers_all) == ("asic-e", "B-B", True, True)
    assert (found.content, found.media_type) == (JSON_CONTENT, PRESCRIPTION)
    assert (found.certificate, found.claimed_at) == (pki.leaf("p256").der, pki.NOW)
    assert [finding.code for finding in found.findings] == ["asic-attachment"] * 2
    files = {attachment.name: attachment.content for attachment in ATTACHMENTS}
    assert signed_files(WHOLE) == {"prescription.json": JSON_CONTENT, **files}


def test_another_document_than_the_signed_one_is_a_hash_failure() -> None:
    assert read(WHOLE, b"{}").failure is SubIndication.HASH_FAILURE


def packed(entries: Entries) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as made:
        for info, content in entries:
            made.writestr(info, content, info.compress_type)
    return octets.getvalue()


def unpacked() -> Entries:
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as made:
        return [(info, made.read(info)) for info in made.infolist()]


def with_content(name: str, content: bytes) -> bytes:
    return packed([(info, content if info.filename == name else old) for info, old in unpacked()])


def with_entry(name: str, content: bytes = b"", place: int = 99) -> bytes:
    entries = unpacked()
    entries.insert(place, (zipfile.ZipInfo(name), content))
    return packed(entries)


def without(name: str) -> bytes:
    return packed([entry for entry in unpacked() if entry[0].filename != name])


def deflated(*, first: bool) -> bytes:
    entries = unpacked()
    for info, _ in entries if first else entries[1:]:
        info.compress_type = zipfile.ZIP_DEFLATED
    return packed(entries)


def central(offset: int, value: bytes) -> bytes:
    """One field of the second entry's central header changed."""
    at = WHOLE.index(b"PK\x01\x02", WHOLE.index(b"PK\x01\x02") + 4)
    return WHOLE[: at + offset] + value + WHOLE[at + offset + len(value) :]


def local(offset: int, value: bytes) -> bytes:
    """The same field of its local header."""
    at = WHOLE.index(b"PK\x03\x04", 4)
    return WHOLE[: at + offset] + value + WHOLE[at + offset + len(value) :]


def end(offset: int, value: bytes) -> bytes:
    at = len(WHOLE) - 22
    return WHOLE[: at + offset] + value + WHOLE[at + offset + len(value) :]


def extra_on_mimetype() -> bytes:
    entries = unpacked()
    entries[0][0].extra = b"\xfe\xca\x00\x00"
    return packed(entries)


def bomb() -> bytes:
    entries = unpacked()
    for n in range(2):
        info = zipfile.ZipInfo(f"bomb{n}")
        info.compress_type = zipfile.ZIP_DEFLATED
        entries.append((info, bytes(33 * 1024 * 1024)))
    return packed(entries)


def lying_about_its_size() -> bytes:
    """Both headers say one octet; a million come out."""
    made = with_entry("liar", b"")
    packer = zipfile.ZipInfo("liar")
    packer.compress_type = zipfile.ZIP_DEFLATED
    made = packed([*unpacked(), (packer, bytes(1_000_000))])
    return made.replace(struct.pack("<I", 1_000_000), struct.pack("<I", 1))


def second(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """The second entry's header changed, before the container is packed anew."""
    entries = unpacked()
    change(entries[1][0])
    return packed(entries)


def a_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def another_name(info: zipfile.ZipInfo) -> None:
    """Info-ZIP's Unicode path, which its unpacker and others believe before the entry's own name."""
    path = b"\x01" + struct.pack("<I", zlib.crc32(info.filename.encode())) + b"evil.json"
    info.extra = struct.pack("<2H", 0x7075, len(path)) + path


def other_sizes(info: zipfile.ZipInfo) -> None:
    info.extra = struct.pack("<2H2Q", 0x0001, 16, 1, 1)


def extra_cut_short(info: zipfile.ZipInfo) -> None:
    info.extra = struct.pack("<2H", 0x5455, 9)


def two_of_one_name() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return with_entry("prescription.json", b"{}")


#: Name of the attack, the container, the finding that names it.
ATTACKS: list[tuple[str, Callable[[], bytes], str]] = [
    ("document changed", lambda: with_content("prescription.json", b"{}"), "digest-differs"),
    ("attachment changed", lambda: with_content("scan & 1.pdf", b"%PDF"), "digest-differs"),
    ("document gone", lambda: without("prescription.json"), "content-missing"),
    ("attachment gone", lambda: without("scan & 1.pdf"), "content-missing"),
    ("no signature", lambda: without("META-INF/signatures.xml"), "no-signer"),
    ("two signatures", lambda: with_entry("META-INF/signatures2.xml", b"<a/>"), "several-signers"),
    ("signature that covers no file", lambda: with_content("META-INF/signatures.xml", signed("enveloping")),
     "xades-reference"),
    ("signature of something else", lambda: with_content("META-INF/signatures.xml", signed("detached")),
     "content-missing"),
    ("a CAdES signature beside", lambda: with_entry("META-INF/signature.p7s", b"0"), "several-signers"),
    ("no mimetype", lambda: without("mimetype"), "asic-mimetype"),
    ("mimetype not first", lambda: with_entry("first", place=0), "asic-mimetype"),
    ("mimetype deflated", lambda: deflated(first=True), "asic-mimetype"),
    ("mimetype with an extra field", extra_on_mimetype, "asic-mimetype"),
    ("ASiC-S", lambda: with_content("mimetype", b"application/vnd.etsi.asic-s+zip"), "asic-mimetype"),
    ("name twice", two_of_one_name, "asic-zip-refused"),
    ("name twice but for case", lambda: with_entry("PRESCRIPTION.json"), "asic-zip-refused"),
    ("name twice, composed and decomposed", lambda: with_entry(
        unicodedata.normalize("NFD", ATTACHMENTS[0].name)), "asic-zip-refused"),
    ("symbolic link", lambda: second(a_link), "asic-zip-refused"),
    ("another name in an extra field", lambda: second(another_name), "asic-zip-refused"),
    ("other sizes in an extra field", lambda: second(other_sizes), "asic-zip-refused"),
    ("extra field cut short", lambda: second(extra_cut_short), "asic-zip-refused"),
    ("a container behind the container", lambda: WHOLE + WHOLE, "asic-zip-refused"),
    ("a container in the comment", lambda: end(20, struct.pack("<H", len(WHOLE))) + WHOLE,
     "asic-zip-refused"),
    ("path upwards", lambda: with_entry("../evil"), "asic-zip-refused"),
    ("absolute path", lambda: with_entry("/evil"), "asic-zip-refused"),
    ("path of Windows", lambda: local(30, b"prescr\\ption").replace(b"prescription", b"prescr\\ption"),
     "asic-zip-refused"),
    ("drive", lambda: with_entry("C:evil"), "asic-zip-refused"),
    ("NUL in a name", lambda: WHOLE.replace(b"prescription", b"prescr\x00ption"), "asic-zip-refused"),
    ("name that is not UTF-8", lambda: WHOLE.replace("آ".encode(), b"\xff\xff"), "asic-zip-refused"),
    ("octets before", lambda: b"MZ" + WHOLE, "asic-zip-refused"),
    ("octets after", lambda: WHOLE + b"\x00", "asic-zip-refused"),
    ("comment", lambda: end(20, b"\x02\x00") + b"hi", "asic-zip-refused"),
    ("octets between", lambda: WHOLE.replace(b"PK\x01\x02", b"evilPK\x01\x02", 1), "asic-zip-refused"),
    ("more entries than there are", lambda: end(8, b"\x07\x00\x07\x00"), "asic-zip-refused"),
    ("fewer entries than there are", lambda: end(8, b"\x05\x00\x05\x00"), "asic-zip-refused"),
    ("two disks", lambda: end(4, b"\x01\x00"), "asic-zip-refused"),
    ("other name in the local header", lambda: local(30, b"P"), "asic-zip-refused"),
    ("other name in the central header", lambda: central(46, b"P"), "asic-zip-refused"),
    ("other method in the local header", lambda: local(8, b"\x08"), "asic-zip-refused"),
    ("other checksum in the local header", lambda: local(14, b"\x00\x00"), "asic-zip-refused"),
    ("other size in the local header", lambda: local(18, b"\x01"), "asic-zip-refused"),
    ("other offset", lambda: central(42, b"\x00"), "asic-zip-refused"),
    ("encrypted", lambda: central(8, b"\x01"), "asic-zip-refused"),
    ("method unknown", lambda: central(10, b"\x0e"), "asic-zip-refused"),
    ("zip64", lambda: central(20, b"\xff" * 4), "asic-zip-refused"),
    ("four gigabytes", lambda: central(20, b"\xfe\xff\xff\xff" * 2), "asic-zip-refused"),
    ("bomb", bomb, "asic-zip-refused"),
    ("size that is a lie", lying_about_its_size, "asic-zip-refused"),
    ("too many entries", lambda: packed([(zipfile.ZipInfo(str(n)), b"") for n in range(129)]),
     "asic-zip-refused"),
    ("nothing inside", lambda: packed([]), "asic-zip-refused"),
    ("cut short", lambda: WHOLE[:-30], "asic-zip-refused"),
]  # fmt: skip


def codes(octets: bytes) -> tuple[bool, set[str]]:
    """Is it accepted, and what was found."""
    try:
        found = read(octets)
    except Unreadable as refused:
        return False, {refused.finding.code}
    return found.failure is None, {finding.code for finding in found.findings}


@pytest.mark.parametrize(("name", "made", "code"), ATTACKS, ids=[row[0] for row in ATTACKS])
def test_an_attack_is_refused_by_its_name(name: str, made: Callable[[], bytes], code: str) -> None:
    accepted, found = codes(made())
    assert not accepted
    assert code in found


@pytest.mark.parametrize("name", ["zzz.json", "META-INF/prescription.json", "prescription%2Ejson"])
def test_a_file_that_is_not_signed_is_told_and_never_the_content(name: str) -> None:
    found = read(with_entry(name, b"{}", place=1))
    assert found.failure is None
    assert not found.covers_all
    assert found.content == JSON_CONTENT
    assert name not in signed_files(with_entry(name, b"{}"))


def test_what_a_container_says_of_itself_need_not_be_signed() -> None:
    for name in ("META-INF/container.xml", "META-INF/metadata.xml"):
        assert read(with_entry(name, b"<a/>")).covers_all


def test_a_container_that_another_program_packed_is_read() -> None:
    """Deflated, and with data descriptors, as programs that write to a pipe make them."""
    assert read(deflated(first=False)).failure is None
    octets = io.BytesIO()
    octets.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(octets, "w") as made:
        for place, (info, content) in enumerate(unpacked()):
            info.compress_type = zipfile.ZIP_DEFLATED if place else zipfile.ZIP_STORED
            made.writestr(info, content)
    assert read(octets.getvalue()).failure is None


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), gone=st.integers(0, 20), new=st.binary(max_size=4))
def test_no_mutation_is_accepted_with_another_file(at: int, gone: int, new: bytes) -> None:
    mutated = WHOLE[:at] + new + WHOLE[at + gone :]
    accepted, found = codes(mutated)
    if accepted:
        assert signed_files(mutated) == signed_files(WHOLE)
    else:
        assert found
