"""Reading a signed PDF (ETSI EN 319 142-1; ISO 32000-2 §12.8): which octets are signed, and what came later.

The last signature is the one that is judged; earlier ones and later updates are reported. What a parser could
be led astray by is checked on the file's own octets: the range must leave out the one hexadecimal string and
nothing else. pyHanko's reader finds the signatures and tells what later updates changed; the CMS is read by
`cms`. Whom to trust is not decided here.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.model.request import PDF
from signer.prescription.pdf_structure import entries, entry, parser_faults
from signer.verify import cms
from signer.verify.candidate import Candidate, SignatureTimestamp, Unreadable
from signer.verify.report import Finding, Severity, SubIndication
from signer.x509 import Certificate

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature


FORMAT = "pades"
#: Twice the largest PDF that Mohr signs: room for the signatures and evidence of others.
MAX_OCTETS = 20 * 1024 * 1024
#: No document of the field has more; each costs a pass over the file.
MAX_SIGNATURES = 32
#: Objects that are looked at for what came after signatures, some 0.2 ms each.
MAX_COMPARED = 12_000

_ETSI = "/ETSI.CAdES.detached"
_LEGACY = "/adbe.pkcs7.detached"
_TIMESTAMP = "/ETSI.RFC3161"

_HOLE = re.compile(rb"<([0-9A-Fa-f]+)>")
#: What stands before the hole: the name it is the value of, spelled plainly.
_BEFORE = re.compile(rb"/Contents[ \t\r\n]*\Z")
_RANGE_NAME = re.compile(rb"/ByteRange(?![A-Za-z])")
_PAIRS = 4


class _Signature(Struct, frozen=True, kw_only=True):
    """One signature of the file, its range checked: `end` is where the signed revision ends."""

    found: Any
    kind: str
    cms: bytes
    before: int
    after: int
    end: int

    def signed(self, octets: bytes) -> bytes:
        """What its digest covers."""
        return octets[: self.before] + octets[self.after : self.end]


def read(octets: bytes, content: bytes | None = None, *, compared: int = MAX_COMPARED) -> Candidate:
    """Take a signed PDF apart. `content` is the document as it was before, where it is at hand.

    `compared` bounds how many objects are looked at for what came after signatures. `Candidate.content` is
    the revision that was signed. Raises `Unreadable` alone.
    """
    if len(octets) > MAX_OCTETS:
        raise _unreadable("pdf-too-large")

    try:
        return _read(octets, content, compared)
    except parser_faults() as fault:
        raise _unreadable("pdf-broken", type(fault).__name__) from None


def _read(octets: bytes, content: bytes | None, compared: int) -> Candidate:
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(octets), strict=True)
    if "/Encrypt" in reader.trailer_view:
        raise _unreadable("pdf-encrypted")
    if reader.xrefs.hybrid_xrefs_present:
        raise _unreadable("pdf-hybrid")
    signatures = _signatures(reader, octets)
    judged = max((s for s in signatures if s.kind != _TIMESTAMP), key=lambda s: s.end, default=None)
    if judged is None:
        raise _unreadable("pdf-not-signed", sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND)
    part = _cms(judged, octets)
    steps = compared // max(1, _objects(reader))
    findings = [*part.findings, *_form(judged, part), *_earlier(signatures, judged, octets, steps)]
    failure = part.failure
    changed = _changed(judged, octets, steps)
    if changed is not None:
        findings.append(changed)
        if changed.severity is Severity.FAILED:
            failure = failure or SubIndication.HASH_FAILURE
    if content is not None and not octets[: judged.end].startswith(content):
        findings.append(Finding(code="pdf-original-differs", severity=Severity.FAILED))
        failure = failure or SubIndication.HASH_FAILURE
    return _candidate(reader, octets, signatures, judged, part, tuple(findings), failure, changed)


def _cms(signature: _Signature, octets: bytes) -> Candidate:
    """The CMS over the octets that it has to cover. Raises `Unreadable`."""
    part = cms.read(signature.cms, signature.signed(octets))
    if part.attached:
        raise _unreadable("content-inside-cms")
    if signature.kind == _ETSI and part.format != "cades":
        # EN 319 142-1 §6.3: a signing-certificate attribute shall be there.
        raise _unreadable(
            "signing-certificate-missing", sub_indication=SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        )
    return part


def _form(judged: _Signature, part: Candidate) -> Iterator[Finding]:
    """What the form of the signature is remarked for."""
    if judged.kind == _LEGACY:
        yield Finding(code="pdf-legacy-subfilter", severity=Severity.WARNING)
    elif part.claimed_at is not None or part.media_type is not None:
        yield Finding(code="pdf-attribute-forbidden", severity=Severity.WARNING)


def _candidate(
    reader: PdfFileReader,
    octets: bytes,
    signatures: list[_Signature],
    judged: _Signature,
    part: Candidate,
    findings: tuple[Finding, ...],
    failure: SubIndication | None,
    changed: Finding | None,
) -> Candidate:
    store = _Store.of(reader)
    timestamps = (
        *part.timestamps,
        *(
            SignatureTimestamp(token=s.cms, stamped=s.signed(octets))
            for s in signatures
            if s.kind == _TIMESTAMP and s.end > judged.end
        ),
    )
    level = "B-B"
    if timestamps:
        level = "B-LT" if store.crls or store.ocsps or part.crls or part.ocsps else "B-T"
    return Candidate(
        format=FORMAT,
        level=level,
        certificate=part.certificate,
        digest=part.digest,
        padding=part.padding,
        certificates=tuple(dict.fromkeys((*part.certificates, *store.certificates))),
        crls=(*part.crls, *store.crls),
        ocsps=(*part.ocsps, *store.ocsps),
        timestamps=timestamps,
        claimed_at=_claimed(judged.found.sig_object),
        media_type=PDF,
        content=octets[: judged.end],
        covers_all=changed is None or changed.severity is Severity.INFO,
        failure=failure,
        findings=findings,
    )


def _signatures(reader: PdfFileReader, octets: bytes) -> list[_Signature]:
    found = reader.embedded_signatures
    if len(found) > MAX_SIGNATURES:
        raise _unreadable("pdf-too-many-signatures")
    if len(found) != len(_RANGE_NAME.findall(octets)):
        # One that no form field leads to, or a range written twice: viewers differ in what they show.
        raise _unreadable("pdf-signature-ambiguous")
    return [_signature(one, octets) for one in found]


def _signature(found: EmbeddedPdfSignature, octets: bytes) -> _Signature:
    """Hold the range against the octets. Raises `Unreadable`."""
    place = found.sig_object
    kind = str(entry(place, "/SubFilter"))
    if kind not in {_ETSI, _LEGACY, _TIMESTAMP}:
        raise _unreadable("pdf-subfilter-unknown")
    numbers = [int(number) for number in entries(entry(place, "/ByteRange"))]
    if len(numbers) != _PAIRS or numbers[0] != 0:
        raise _unreadable("pdf-byte-range", "shape")
    before, after, end = numbers[1], numbers[2], numbers[2] + numbers[3]
    if not 0 < before < after <= end <= len(octets):
        raise _unreadable("pdf-byte-range", "order")
    hole = _HOLE.fullmatch(octets, before, after)
    if hole is None or len(hole[1]) % 2 or not _BEFORE.search(octets[max(0, before - 64) : before]):
        raise _unreadable("pdf-byte-range", "gap")
    value = bytes.fromhex(hole[1].decode())
    if value != found.pkcs7_content:
        raise _unreadable("pdf-byte-range", "other contents")
    length = _der_length(value)
    if value[length:].strip(b"\0"):
        raise _unreadable("pdf-contents-trailing")
    return _Signature(found=found, kind=kind, cms=value[:length], before=before, after=after, end=end)


def _der_length(value: bytes) -> int:
    """How many octets the first element has; ValueError where it is none in DER."""
    if len(value) < 2 or value[0] != 0x30:
        raise ValueError("no SEQUENCE")
    first = value[1]
    if first < 0x80:
        return 2 + first
    size = first & 0x7F
    if not 1 <= size <= 4 or len(value) < 2 + size:
        raise ValueError("length is not DER")
    length = 2 + size + int.from_bytes(value[2 : 2 + size])
    if length > len(value):
        raise ValueError("length beyond the end")
    return length


def _objects(reader: PdfFileReader) -> int:
    """How many objects all revisions write, which is what a comparison of revisions costs by."""
    revisions = range(reader.xrefs.total_revisions)
    return sum(len(reader.xrefs.explicit_refs_in_revision(revision)) for revision in revisions)


def _later(signature: _Signature) -> int:
    """How many revisions came after the signature's."""
    revisions: int = signature.found.reader.xrefs.total_revisions
    return revisions - 1 - int(signature.found.signed_revision)


def _changed(judged: _Signature, octets: bytes, steps: int) -> Finding | None:
    """What at most so many updates after the signature did to the document; None where there is none."""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if not octets[judged.end :].strip():
        return None
    if _later(judged) > steps:
        return Finding(code="pdf-not-compared", severity=Severity.WARNING)
    signature = judged.found
    signature.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)
    result = signature.diff_result
    if signature.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return Finding(code="pdf-changed-after-signing", severity=Severity.FAILED, detail="coverage")
    if isinstance(result, SuspiciousModification):
        return Finding(code="pdf-changed-after-signing", severity=Severity.FAILED, detail="content")
    if result.modification_level is ModificationLevel.LTA_UPDATES:
        return Finding(code="pdf-evidence-added", severity=Severity.INFO)
    if result.modification_level is ModificationLevel.NONE:
        return Finding(code="pdf-changed-after-signing", severity=Severity.FAILED, detail="trailing octets")
    return Finding(
        code="pdf-changed-after-signing",
        severity=Severity.FAILED,
        detail=result.modification_level.name.lower().replace("_", "-"),
    )


def _earlier(signatures: list[_Signature], judged: _Signature, octets: bytes, steps: int) -> list[Finding]:
    """One finding for each signature before the judged one: whether it holds, and for what came after it."""
    findings = []
    earlier = sorted((s for s in signatures if s.end < judged.end), key=lambda s: s.end)
    for number, one in enumerate(earlier, 1):
        detail = f"{number} of {len(earlier)}"
        if one.kind == _TIMESTAMP:
            findings.append(Finding(code="pdf-earlier-timestamp", severity=Severity.INFO, detail=detail))
            continue
        try:
            broken = _cms(one, octets).failure is not None
        except Unreadable:
            broken = True
        if broken:
            code, severity = "pdf-earlier-signature-broken", Severity.WARNING
        elif (steps := steps - _later(one)) < 0:
            code, severity = "pdf-earlier-signature-not-compared", Severity.WARNING
        elif _left_behind(one):
            code, severity = "pdf-changed-after-earlier-signature", Severity.WARNING
        else:
            code, severity = "pdf-earlier-signature", Severity.INFO
        findings.append(Finding(code=code, severity=severity, detail=detail))
    return findings


def _left_behind(signature: _Signature) -> bool:
    """Was more done to the document after this signature than signing it again, or filling in a form?"""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, SuspiciousModification

    signature.found.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)
    return isinstance(signature.found.diff_result, SuspiciousModification)


class _Store(Struct, frozen=True):
    """The document security store of the newest revision (EN 319 142-1 §5.4.2.2)."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @staticmethod
    def of(reader: PdfFileReader) -> _Store:
        """What it holds; nothing where there is none."""
        store = entry(reader.root, "/DSS")

        def streams(name: str) -> tuple[bytes, ...]:
            return tuple(bytes(stream.data) for stream in entries(entry(store, name)))

        return _Store(streams("/Certs"), streams("/CRLs"), streams("/OCSPs"))


def _claimed(place: Any) -> datetime | None:
    """/M, where it is a date with a zone (ISO 32000-2 §7.9.4)."""
    from pyhanko.pdf_utils.generic import parse_pdf_date

    written = entry(place, "/M")
    if written is None:
        return None
    at: datetime = parse_pdf_date(str(written), strict=True)
    return at if at.tzinfo is not None else None


def verify_release(
    signature: bytes,
    *,
    content: bytes,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    timestamp: bytes | None = None,
    certificates: tuple[bytes, ...] = (),
    crls: tuple[bytes, ...] = (),
    ocsps: tuple[bytes, ...] = (),
) -> None:
    """Let pass only the signed PDF that was agreed to: this document, this certificate, nothing more.

    The last four are what was placed into it, DER; what the document brought along of their kind may stand
    beside them, but for the timestamp. Raises `SignatureNotVerified`, with what differs in its detail.
    """
    try:
        # The document passed the limits of the post, and what came after the signature is the maker's own.
        found = read(signature, content, compared=sys.maxsize)
    except Unreadable as problem:
        raise SignatureNotVerified(f"{problem.sub_indication.name} {problem.finding.code}") from None
    if found.failure is not None:
        raise SignatureNotVerified(found.failure.name)
    stamps = () if timestamp is None else (timestamp,)
    agreed = (
        (found.certificate == certificate.der, "certificate"),
        (f"{found.padding}-{found.digest}" == algorithm.value.removeprefix("rsa-"), "algorithm"),
        (found.claimed_at == signing_time.replace(microsecond=0), "signing time"),
        (found.covers_all, "coverage"),
        (tuple(stamp.token for stamp in found.timestamps) == stamps, "timestamp"),
        ({*certificates} <= {*found.certificates, certificate.der}, "chain"),
        ({*crls} <= {*found.crls} and {*ocsps} <= {*found.ocsps}, "revocation data"),
        ({finding.code for finding in found.findings} <= _HARMLESS, "form of the signature"),
    )
    for holds, what in agreed:
        if not holds:
            raise SignatureNotVerified(f"{what} differs")


#: What a document may bring along, and the evidence of a level above B-B.
_HARMLESS = {
    "pdf-earlier-signature",
    "pdf-earlier-signature-broken",
    "pdf-changed-after-earlier-signature",
    "pdf-earlier-signature-not-compared",
    "pdf-earlier-timestamp",
    "pdf-evidence-added",
}


def _unreadable(
    code: str, detail: str = "", *, sub_indication: SubIndication = SubIndication.FORMAT_FAILURE
) -> Unreadable:
    return Unreadable(sub_indication, Finding(code=code, severity=Severity.FAILED, detail=detail))
