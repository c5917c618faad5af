"""Signed PDFs that were tampered with, each by one named trick."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from asn1crypto import cms

from signer.model.credential import SignatureAlgorithm
from signer.model.request import Level
from signer.verify.candidate import Unreadable
from signer.verify.pades import read
from tests import pdfs, pki
from tests.signatures import signed_pdf

_HOLE = re.compile(rb"/Contents <([0-9a-fA-F]+)>")
_RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")


@cache
def honest() -> bytes:
    """Two pages, signed by the doctor."""
    return signed_pdf(pdfs.plain())


@cache
def roomy() -> bytes:
    """The same with room for a timestamp that did not come: thousands of zeros behind the CMS."""
    return signed_pdf(pdfs.plain(), level=Level.B_T)


def hole(signed: bytes) -> tuple[int, int]:
    """Where the hexadecimal digits of the signature are."""
    found = _HOLE.search(signed)
    assert found is not None
    return found.span(1)


def _digits(change: Callable[[bytes], bytes], signed: bytes | None = None) -> bytes:
    """The signature's digits changed, to the same length."""
    signed = signed or honest()
    start, end = hole(signed)
    changed = change(signed[start:end])
    assert len(changed) == end - start
    return signed[:start] + changed + signed[end:]


def _range(text: bytes) -> bytes:
    """Another range, in the room of the first."""
    found = _RANGE.search(honest())
    assert found is not None
    return honest()[: found.start()] + text.ljust(len(found[0])) + honest()[found.end() :]


def _numbers() -> list[int]:
    found = _RANGE.search(honest())
    assert found is not None
    return [int(number) for number in re.findall(rb"\d+", found[0])]


def _moved(*by: int) -> bytes:
    numbers = [number + delta for number, delta in zip(_numbers(), by, strict=True)]
    return _range(b"/ByteRange [%s]" % b" ".join(b"%d" % number for number in numbers))


def _cms(change: Callable[[cms.ContentInfo], None]) -> bytes:
    """The CMS taken apart, changed, and put back with zeros behind it."""

    def digits(before: bytes) -> bytes:
        info = cms.ContentInfo.load(bytes.fromhex(before.decode()))
        change(info)
        return info.dump(force=True).hex().encode().ljust(len(before), b"0")

    return _digits(digits, roomy())


def _without_attributes(info: cms.ContentInfo) -> None:
    del info["content"]["signer_infos"][0]["signed_attrs"]


def _one_attribute_less(kind: str) -> Callable[[cms.ContentInfo], None]:
    def change(info: cms.ContentInfo) -> None:
        signer = info["content"]["signer_infos"][0]
        kept = [a for a in signer["signed_attrs"] if a["type"].dotted != kind]
        signer["signed_attrs"] = cms.CMSAttributes(kept)

    return change


def _two_signers(info: cms.ContentInfo) -> None:
    signers = info["content"]["signer_infos"]
    signers.append(signers[0].copy())


def _content_inside(info: cms.ContentInfo) -> None:
    info["content"]["encap_content_info"]["content"] = b"x"


def _other_certificate(info: cms.ContentInfo) -> None:
    other = cms.CertificateChoices.load(pki.leaf("p256").der)
    info["content"]["certificates"] = [other]


def _other_signature() -> bytes:
    """The same document, signed by another key and claiming the doctor's certificate."""
    from signer.envelope import pades

    draft = pades.prepare(
        content=pdfs.plain(),
        certificate=pki.leaf("rsa-2048"),
        algorithm=SignatureAlgorithm.RSA_PKCS1_SHA256,
        signing_time=pki.NOW,
    )
    other = pki.key("other-rsa-2048")
    return draft.finish(pki.sign(other, SignatureAlgorithm.RSA_PKCS1_SHA256, draft.to_be_signed))


def _signature_dictionary() -> tuple[int, bytes]:
    """Number and body of the object with the range."""
    found = re.search(rb"(\d+) 0 obj\n(<<\n/Contents.*?\n>>)\nendobj", honest(), re.DOTALL)
    assert found is not None
    return int(found[1]), found[2]


def _replaced_dictionary(change: Callable[[bytes], bytes]) -> bytes:
    number, body = _signature_dictionary()
    return pdfs.updated(honest(), {number: change(body)})


def _wrapped() -> bytes:
    """Signature wrapping: other pages stand in the gap, where nothing is signed, and nothing else moves."""
    evil = b"> /X (Morphine 1000 mg, and whatever else a viewer may be led to) /Y <00"
    return _digits(lambda digits: digits[: -len(evil)] + evil, roomy())


def _shadow_hide() -> bytes:
    """Hide: an annotation that covers the text was signed, and is taken away afterwards."""
    note = b"<< /Type /Annot /Subtype /Square /Rect [50 700 500 800] /IC [1 1 1] /F 4 >>"
    signed = signed_pdf(pdfs.plain(page=b"/Annots [%s]" % note))
    return pdfs.updated(signed, {4: pdfs.objects()[4]})


def _shadow_replace() -> bytes:
    """Replace: the font that was signed is exchanged for one whose letters are others."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
    return pdfs.updated(honest(), {3: font})


def _shadow_hide_and_replace() -> bytes:
    """Hide and replace: a second set of pages was signed unseen, and the catalog is turned to it."""
    parts = pdfs.objects()
    parts[40] = b"<< /Type /Pages /Count 1 /Kids [41 0 R] >>"
    parts[41] = parts[4].replace(b"2 0 R", b"40 0 R").replace(b"5 0 R", b"42 0 R")
    parts[42] = pdfs.stream(pdfs.text("Morphine 1000 mg"))
    signed = signed_pdf(pdfs.written(parts))
    return pdfs.updated(signed, {1: b"<< /Type /Catalog /Pages 40 0 R /AcroForm 43 0 R >>"})


EVIL = pdfs.stream(pdfs.text("Morphine 1000 mg"))


def _catalog(more: bytes, others: dict[int, bytes] | None = None) -> bytes:
    """An update of these objects, and of the catalog as it was signed with more in it."""
    found = re.findall(rb"\n1 0 obj\n<<(.*?)>>\nendobj", honest(), re.DOTALL)
    return pdfs.updated(honest(), {1: b"<<" + found[-1] + more + b" >>", **(others or {})})


def _table(entries: bytes, *, root: int = 1, previous: int | None = None) -> bytes:
    """An update that is nothing but a cross-reference table."""
    last = int(honest().rsplit(b"startxref", 1)[1].split()[0]) if previous is None else previous
    trailer = b"trailer\n<< /Size 200 /Root %d 0 R /Prev %d >>" % (root, last)
    return honest() + b"xref\n%s\n%s\nstartxref\n%d\n%%%%EOF\n" % (entries, trailer, len(honest()))


NOTE = b"<< /Type /Annot /Subtype /FreeText /Rect [60 700 300 780] /Contents (1000 mg) /F 4 >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Annots [%s] >>"

#: Trick, what came of it, and the finding's code where it is always the same.
ATTACKS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "a word changed": (lambda: honest().replace(b"500 mg", b"900 mg"), "digest-differs"),
    "the time changed": (
        lambda: honest().replace(b"(D:2026", b"(D:2025").replace(b"D\\0722026", b"D\\0722025"),
        "digest-differs",
    ),
    "pages replaced by an update": (
        lambda: pdfs.updated(honest(), {5: pdfs.stream(pdfs.text("Morphine 1000 mg"))}),
        "pdf-changed-after-signing",
    ),
    "a note put on a page by an update": (
        lambda: pdfs.updated(honest(), {4: _PAGE % NOTE}),
        "pdf-changed-after-signing",
    ),
    "a page taken away by an update": (
        lambda: pdfs.updated(honest(), {2: b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>"}),
        "pdf-changed-after-signing",
    ),
    "evidence, and with it another page": (
        lambda: _catalog(b"/DSS 90 0 R", {90: b"<< /Certs [] >>", 5: EVIL}),
        "pdf-changed-after-signing",
    ),
    "evidence that is the page": (
        lambda: _catalog(b"/DSS 90 0 R", {90: b"<< /Certs [5 0 R] >>", 5: EVIL}),
        "pdf-changed-after-signing",
    ),
    "a script at the opening": (
        lambda: _catalog(b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
        "pdf-changed-after-signing",
    ),
    "other metadata": (
        lambda: _catalog(b"/Metadata 90 0 R", {90: pdfs.stream(b"<x/>", b"/Type /Metadata /Subtype /XML")}),
        "pdf-changed-after-signing",
    ),
    "a page freed by the table": (lambda: _table(b"5 1\n0000000000 00001 f "), "pdf-changed-after-signing"),
    "a page's number turned to another object": (
        lambda: _table(b"5 1\n%010d 00000 n " % honest().index(b"7 0 obj")),
        "pdf-broken",
    ),
    "another catalog by the trailer": (lambda: _table(b"0 0", root=40), "pdf-broken"),
    "a table that leads to itself": (lambda: _table(b"0 0", previous=len(honest())), "pdf-broken"),
    "shadow: hide": (_shadow_hide, "pdf-changed-after-signing"),
    "shadow: replace": (_shadow_replace, "pdf-changed-after-signing"),
    "shadow: hide and replace": (_shadow_hide_and_replace, None),
    "signature wrapping": (_wrapped, "pdf-byte-range"),
    "something appended": (lambda: honest() + b"% more\n", "pdf-changed-after-signing"),
    "a second document appended": (lambda: honest() + pdfs.plain(1), None),
    "cut at the end": (lambda: honest()[:-20], None),
    "cut in the signature": (lambda: honest()[: hole(honest())[0] + 100], None),
    "a range that ends early": (lambda: _moved(0, 0, 0, -5), None),
    "a range that ends past the file": (lambda: _moved(0, 0, 0, 5), "pdf-byte-range"),
    "a range that begins late": (lambda: _moved(1, -1, 0, 0), "pdf-byte-range"),
    "a range with a wider gap": (lambda: _moved(0, 0, 7, -7), "pdf-byte-range"),
    "a range with a narrower gap": (lambda: _moved(0, 4, 0, 0), "pdf-byte-range"),
    "a range of everything": (lambda: _range(b"/ByteRange [0 %d 0 0]" % len(honest())), "pdf-byte-range"),
    "a range of nothing": (lambda: _range(b"/ByteRange [0 0 0 0]"), "pdf-byte-range"),
    "a range of three numbers": (lambda: _range(b"/ByteRange [0 9 9]"), "pdf-byte-range"),
    "a range of six numbers": (lambda: _range(b"/ByteRange [0 1 2 3 4 5]"), "pdf-byte-range"),
    "a range of negative numbers": (lambda: _range(b"/ByteRange [0 -1 -1 9]"), "pdf-byte-range"),
    "a range of 4 GiB": (lambda: _range(b"/ByteRange [0 9 4294967296 9]"), "pdf-byte-range"),
    "a range of names": (lambda: _range(b"/ByteRange [/a /b /c /d]"), "pdf-broken"),
    "a range that is null": (lambda: _range(b"/ByteRange null"), None),
    "no range at all": (lambda: _range(b"/NoRange [0 1 2 3]"), None),
    "a second range by an update": (
        lambda: _replaced_dictionary(lambda body: _RANGE.sub(b"/ByteRange [0 9 9 9] ", body)),
        "pdf-signature-ambiguous",
    ),
    "the range written twice in one dictionary": (
        lambda: _replaced_dictionary(lambda body: body[:-2] + b"/ByteRange [0 1 2 3] >>"),
        None,
    ),
    "the contents taken away by an update": (
        lambda: _replaced_dictionary(lambda body: _HOLE.sub(b"/Contents null", body)),
        None,
    ),
    "the contents emptied": (lambda: _digits(lambda d: b"0" * len(d)), None),
    "the contents spaced out": (lambda: _digits(lambda d: b" " + d[:-1]), "pdf-byte-range"),
    "the contents with an odd digit": (lambda: _digits(lambda d: d[:-1] + b" "), "pdf-byte-range"),
    "something behind the CMS": (lambda: _digits(lambda d: d[:-2] + b"01"), "pdf-contents-trailing"),
    "a length of 4 GiB in the CMS": (lambda: _digits(lambda d: b"3084ffffffff" + d[12:]), None),
    "an indefinite length in the CMS": (lambda: _digits(lambda d: b"3080" + d[4:]), None),
    "another key": (_other_signature, "signature-wrong"),
    "another certificate": (lambda: _cms(_other_certificate), "signing-certificate-missing"),
    "no signed attributes": (lambda: _cms(_without_attributes), "no-signed-attributes"),
    "no message digest": (lambda: _cms(_one_attribute_less("1.2.840.113549.1.9.4")), None),
    "no content type": (lambda: _cms(_one_attribute_less("1.2.840.113549.1.9.3")), None),
    "no signing certificate": (
        lambda: _cms(_one_attribute_less("1.2.840.113549.1.9.16.2.47")),
        "signing-certificate-missing",
    ),
    "two signers": (lambda: _cms(_two_signers), "pdf-broken"),
    "content inside the CMS": (lambda: _cms(_content_inside), None),
    "a subfilter of SHA-1": (
        lambda: honest().replace(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 "),
        "pdf-signature-ambiguous",
    ),
    "no PDF at all": (lambda: b"plain words", None),
    "nothing": (lambda: b"", None),
}


def verdict(octets: bytes) -> tuple[bool, list[str]]:
    """Does it read as signed to its end, and the codes of what was found."""
    try:
        found = read(octets)
    except Unreadable as problem:
        return False, [problem.finding.code]
    return found.failure is None and found.covers_all, [finding.code for finding in found.findings]
