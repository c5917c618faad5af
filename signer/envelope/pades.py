"""PAdES B-B, B-T and B-LT (ETSI EN 319 142-1 §6): an incremental update that holds a CAdES signature.

pyHanko writes the update, `cades` makes the CMS, and the octets of the document stay as they are: what is
kept of a signature is what it appends. Signed attributes are content-type, message-digest and
signing-certificate-v2 alone; the time stands in /M, and no media type is signed, since EN 319 142-1 §6.3
allows neither attribute. Nothing is verified here (`signer.verify.pades`), and pyHanko is imported on the
first use only.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from signer.envelope import cades
from signer.envelope.algorithms import SUITES
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, DocumentUnreadable, FormatUnsupported
from signer.model.request import PDF, Level, VisibleSeal
from signer.prescription.pdf_structure import open_pdf, parser_faults
from signer.x509 import Certificate

if TYPE_CHECKING:
    from pyhanko.pdf_utils.generic import DictionaryObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader

    from signer.envelope.seal import Place

#: Octets kept for a signature timestamp: tokens with their authority's chain have 3 to 8 KiB.
TIMESTAMP_ROOM = 16 * 1024
#: The longest signature value: RSA of 4096 bits, with room for the lengths in DER around it.
_VALUE_ROOM = 512 + 16


class PadesToBeSigned(Struct, frozen=True, kw_only=True):
    """A signed PDF that lacks the signature's value.

    `tail` is what comes behind `content`; from octet `hole` of it on, `room` hexadecimal digits wait for the
    CMS (§5.3: /Contents).
    """

    cms: cades.CadesToBeSigned
    content: bytes
    tail: bytes
    hole: int
    room: int

    @property
    def to_be_signed(self) -> bytes:
        """The DER of the signed attributes, which hold the digest of everything but the hole."""
        return self.cms.to_be_signed

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """As given to `prepare`."""
        return self.cms.algorithm

    @property
    def certificate(self) -> Certificate:
        """As given to `prepare`."""
        return self.cms.certificate

    def stamped(self, signature: bytes) -> bytes:
        """The signature value itself (EN 319 122-1 §5.3)."""
        return self.cms.stamped(signature)

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The signed PDF. With chain or revocation data, a second update holds them (/DSS, §5.4.2).

        Raises `DocumentRefused` where a timestamp is larger than the room that was kept for it.
        """
        # Chain and revocation data are for the whole file, in its security store, and not for the CMS.
        value = self.cms.finish(signature, Evidence(timestamp=evidence.timestamp))
        digits = value.hex().encode()
        if len(digits) > self.room:
            raise DocumentRefused("PDF: the timestamp is larger than the room kept for it")
        padded = digits.ljust(self.room, b"0")
        signed = b"".join((self.content, self.tail[: self.hole], padded, self.tail[self.hole + self.room :]))
        if not (evidence.certificates or evidence.crls or evidence.ocsps):
            return signed
        return _with_security_store(signed, padded, self.certificate, evidence)


def prepare(
    *,
    content: bytes,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    media_type: str = PDF,
    attached: bool = True,
    level: Level = Level.B_B,
    seal: VisibleSeal | None = None,
) -> PadesToBeSigned:
    """Begin a signature inside the PDF `content`; what was signed in it before stays valid.

    `signing_time` is aware and signed to the second. `level` says how much room to keep; `seal` where the
    doctor's seal is drawn, None for nowhere. Raises `DocumentUnreadable`, `DocumentRefused` (see `open_pdf`),
    `FormatUnsupported` for what is no PDF or detached, and what `cades.prepare` raises.
    """
    if media_type != PDF or not attached:
        raise FormatUnsupported("PAdES is for a PDF, inside of it")
    check(media_type, certificate, algorithm)
    suite = SUITES[algorithm]
    # Its length does not depend on the digest, so it tells the room before there is one.
    draft = _cms(bytes(suite.digest_size), certificate, algorithm)
    room = 2 * (len(draft.finish(bytes(_VALUE_ROOM))) + (0 if level is Level.B_B else TIMESTAMP_ROOM))
    tail, hole, digest = _update(content, certificate, suite.digest_name, signing_time, room, seal)
    return PadesToBeSigned(
        cms=_cms(digest, certificate, algorithm), content=content, tail=tail, hole=hole, room=room
    )


def strip(signed: bytes, content: bytes) -> bytes:
    """What the signature appended, without the document: what a journal may keep. ValueError for another."""
    if not signed.startswith(content):
        raise ValueError("not an update of this document")
    return signed[len(content) :]


def attach(kept: bytes, content: bytes) -> bytes:
    """The signed PDF again, from what `strip` left and the document."""
    return content + kept


def _cms(digest: bytes, certificate: Certificate, algorithm: SignatureAlgorithm) -> cades.CadesToBeSigned:
    return cades.CadesToBeSigned(
        to_be_signed=cades.signed_attributes(digest=digest, certificate=certificate),
        algorithm=algorithm,
        certificate=certificate,
        content=None,
    )


def _update(
    content: bytes,
    certificate: Certificate,
    digest_name: str,
    signing_time: datetime,
    room: int,
    seal: VisibleSeal | None,
) -> tuple[bytes, int, bytes]:
    """What is appended, where in it the hole's digits begin, and the digest over everything else."""
    from pyhanko.pdf_utils.generic import pdf_name
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import PdfSignedData

    reader = open_pdf(content)
    try:
        writer = IncrementalPdfFileWriter.from_reader(reader)
        # A document only grows, so its length names no field twice.
        name = f"Mohr-{len(content)}"
        where = None if seal is None else _place(reader, seal)
        field = SigFieldSpec(name) if where is None else SigFieldSpec(name, where.page, where.rectangle)
        steps = PdfCMSEmbedder(new_field_spec=field).write_cms(name, writer)
        annotation = next(steps).get_object()
        if seal is not None and where is not None:
            _draw(annotation, writer, certificate, signing_time, seal, where)
        placeholder = PdfSignedData(
            obj_type=pdf_name("/Sig"),
            subfilter=SigSeedSubFilter.PADES,
            timestamp=signing_time.replace(microsecond=0),
            bytes_reserved=room,
        )
        steps.send(SigObjSetup(sig_placeholder=placeholder))
        prepared, written = steps.send(SigIOSetup(md_algorithm=digest_name, output=io.BytesIO()))
    except parser_faults() as fault:
        raise DocumentUnreadable(f"PDF: {type(fault).__name__}") from None
    with written.getbuffer() as octets:
        tail = bytes(octets[len(content) :])
    return tail, prepared.reserved_region_start + 1 - len(content), prepared.document_digest


def _place(reader: PdfFileReader, seal: VisibleSeal) -> Place:
    from signer.envelope.seal import place

    return place(reader, seal)


def _draw(
    annotation: DictionaryObject,
    writer: IncrementalPdfFileWriter,
    certificate: Certificate,
    signing_time: datetime,
    seal: VisibleSeal,
    where: Place,
) -> None:
    from signer.envelope.seal import draw

    draw(annotation, writer, certificate.holder, signing_time, seal.reason, where.turn)


def _with_security_store(signed: bytes, digits: bytes, certificate: Certificate, evidence: Evidence) -> bytes:
    """The signed PDF with one more update: certificates, CRLs and OCSP responses for this signature."""
    from asn1crypto import crl, ocsp, x509
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    output = io.BytesIO(signed)
    DocumentSecurityStore.add_dss(
        output,
        digits.upper(),
        certs=[x509.Certificate.load(der) for der in (certificate.der, *evidence.certificates)],
        ocsps=[ocsp.OCSPResponse.load(der) for der in evidence.ocsps],
        crls=[crl.CertificateList.load(der) for der in evidence.crls],
    )
    return output.getvalue()
