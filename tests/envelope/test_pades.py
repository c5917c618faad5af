"""PAdES: others accept what is made, the document's own octets stay, and what cannot be signed is refused."""

from __future__ import annotations

import asyncio
import io
import subprocess
from pathlib import Path

import pytest
from asn1crypto import x509 as other_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, Name
from signer.envelope import pades
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentError, DocumentRefused, DocumentUnreadable, FormatUnsupported
from signer.model.request import Level
from signer.net import timestamp
from signer.verify import Indication, RevocationPolicy, SubIndication, verify
from signer.x509 import read
from tests import levels, pdfs, pki, revocation, stamping
from tests.bench.pades import peak_of_large
from tests.signatures import ALGORITHMS, WITHOUT_NUMBERS, lasting_pdf, signed_pdf

RSA = SignatureAlgorithm.RSA_PKCS1_SHA256


def pdfsig(folder: Path, signed: bytes) -> str:
    """What poppler says about each signature, certificates aside."""
    file = folder / "signed.pdf"
    file.write_bytes(signed)
    told = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, timeout=30)
    assert told.returncode == 0, told.stderr
    return told.stdout


def pyhanko_accepts(signed: bytes, *, count: int = 1) -> PdfSignatureStatus:
    """Each signature is intact and trusted up to the test's root; nothing was changed behind the last."""
    root = other_x509.Certificate.load(pki.authority().certificate)
    context = ValidationContext(trust_roots=[root], moment=pki.NOW, revocation_mode="soft-fail")
    found = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures
    assert len(found) == count
    for one in found:
        status = asyncio.run(async_validate_pdf_signature(one, context))
        assert status.intact
        assert status.valid
        assert status.trusted
        assert status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    assert status.modification_level <= ModificationLevel.LTA_UPDATES
    return status


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("subject", [PLAIN_DOCTOR, ODD_DOCTOR], ids=["plain", "odd"])
def test_poppler_accepts_every_algorithm_with_plain_and_odd_certificates(
    tmp_path: Path, kind: str, algorithm: SignatureAlgorithm, subject: Name
) -> None:
    told = pdfsig(tmp_path, signed_pdf(pdfs.plain(), kind, algorithm, certificate=pki.leaf(kind, subject)))
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "Not total" not in told
    assert "ETSI.CAdES.detached" in told
    assert "Signing Time: Nov 22 2026 06:45:00" in told


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_another_pdf_library_accepts_every_algorithm(kind: str, algorithm: SignatureAlgorithm) -> None:
    pyhanko_accepts(signed_pdf(pdfs.plain(), kind, algorithm, certificate=pki.leaf(kind, WITHOUT_NUMBERS)))


def test_the_cms_has_no_signing_time_and_no_media_type() -> None:
    (found,) = PdfFileReader(io.BytesIO(signed_pdf(pdfs.plain()))).embedded_regular_signatures
    kinds = {attribute["type"].dotted for attribute in found.signer_info["signed_attrs"]}
    assert kinds == {"1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"}
    assert found.sig_object["/M"] == "D:20261122064500Z"


def test_the_document_stays_octet_for_octet_and_is_put_back_to_what_was_kept() -> None:
    content = pdfs.plain()
    signed = signed_pdf(content)
    kept = pades.strip(signed, content)
    assert signed.startswith(content)
    assert b"Amoxicillin" not in kept
    assert pades.attach(kept, content) == signed
    with pytest.raises(ValueError, match="not an update"):
        pades.strip(signed, pdfs.plain(3))


def test_a_pdf_that_is_signed_already_keeps_its_signature_valid(tmp_path: Path) -> None:
    once = signed_pdf(pdfs.plain(), certificate=pki.leaf("rsa-2048", WITHOUT_NUMBERS))
    twice = signed_pdf(
        once, "p256", SignatureAlgorithm.ECDSA_SHA256, certificate=pki.leaf("p256", WITHOUT_NUMBERS)
    )
    assert pdfsig(tmp_path, twice).count("Signature is Valid") == 2
    pyhanko_accepts(twice, count=2)


def certified() -> bytes:
    parts = pdfs.objects(catalog=b"/Perms << /DocMDP 20 0 R >>")
    parts[20] = (
        b"<< /Type /Sig /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> >>] >>"
    )
    return pdfs.written(parts)


REFUSALS: list[tuple[str, bytes, type[DocumentError]]] = [
    ("nothing", b"", DocumentUnreadable),
    ("no PDF", b"plain words\n" * 20, DocumentUnreadable),
    ("only a header", pdfs.MARKED, DocumentUnreadable),
    ("cut in the middle", pdfs.plain()[:400], DocumentUnreadable),
    (
        "cross-reference table shifted",
        pdfs.plain().replace(b"%PDF-1.7\n", b"%PDF-1.7\n%%%%%\n"),
        DocumentUnreadable,
    ),
    (
        "start of the table past the end",
        pdfs.plain().replace(b"startxref\n", b"startxref\n9"),
        DocumentUnreadable,
    ),
    ("no pages", pdfs.written({1: b"<< /Type /Catalog >>"}), DocumentUnreadable),
    (
        "a page tree that contains itself",
        pdfs.written(
            {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"}
        ),
        DocumentUnreadable,
    ),
    ("a catalog that is a number", pdfs.written({1: b"42"}), DocumentUnreadable),
    ("XFA form", pdfs.plain(catalog=b"/AcroForm << /Fields [] /XFA (x) >>"), DocumentRefused),
    ("certified against any change", certified(), DocumentRefused),
    ("encrypted", pdfs.written(pdfs.objects(), trailer=pdfs.ENCRYPTED), DocumentRefused),
]


@pytest.mark.parametrize(
    ("content", "refusal"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_cannot_be_updated_without_a_guess_is_not_signed(
    content: bytes, refusal: type[DocumentError]
) -> None:
    with pytest.raises(refusal):
        signed_pdf(content)


def test_only_a_pdf_is_signed_and_only_inside_itself() -> None:
    for wrong in ({"media_type": "text/plain"}, {"attached": False}):
        with pytest.raises(FormatUnsupported):
            pades.prepare(
                content=pdfs.plain(),
                certificate=pki.leaf(),
                algorithm=RSA,
                signing_time=pki.NOW,
                **wrong,
            )


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_others_accept_the_levels_above_b_b(tmp_path: Path, level: Level) -> None:
    signed = lasting_pdf(level, pdfs.plain())
    told = pdfsig(tmp_path, signed)
    assert "Signature is Valid" in told
    stamp = pyhanko_accepts(signed).timestamp_validity
    assert stamp is not None
    assert stamp.intact
    assert stamp.valid


def test_b_lt_holds_chain_and_revocation_data_in_an_update_of_its_own() -> None:
    content = pdfs.plain()
    signed = lasting_pdf(Level.B_LT, content)
    reader = PdfFileReader(io.BytesIO(signed))
    store = DocumentSecurityStore.read_dss(reader)
    assert len(store.certs) == 2
    assert len(store.crls) == 1
    (found,) = reader.embedded_regular_signatures
    assert list(store.vri_entries) == [
        DocumentSecurityStore.sig_content_identifier(found.pkcs7_content.hex().upper().encode())
    ]
    assert pades.attach(pades.strip(signed, content), content) == signed


def answered_pdf() -> tuple[bytes, tuple[bytes, ...]]:
    """PAdES B-LT, timestamp by `openssl ts`, with answers by `openssl ocsp` about signer and stamper."""
    signer = pki.leaf("rsa-2048", WITHOUT_NUMBERS)
    draft = pades.prepare(
        content=pdfs.plain(), certificate=signer, algorithm=RSA, signing_time=pki.NOW, level=Level.B_LT
    )
    value = pki.sign(pki.key("rsa-2048"), RSA, draft.to_be_signed)
    stamp = levels.token(draft.stamped(value))
    stampers = timestamp.certificates(stamp)
    answers = (levels.ocsp(signer), levels.ocsp(stampers[0]))
    chain = (pki.authority().certificate, *(one.der for one in stampers))
    return draft.finish(value, Evidence(timestamp=stamp, certificates=chain, ocsps=answers)), answers


def test_an_authoritys_own_answers_are_in_the_store_and_settle_the_verdict_everywhere(
    tmp_path: Path,
) -> None:
    signed, answers = answered_pdf()
    reader = PdfFileReader(io.BytesIO(signed))
    store = DocumentSecurityStore.read_dss(reader)
    assert {one.get_object().data for one in store.ocsps} == set(answers)
    assert store.crls == []
    root = read(pki.authority().certificate)
    report = verify(signed, anchors=(root,), revocation=RevocationPolicy.REQUIRE)
    assert (report.indication, report.level) == (Indication.VALID, "B-LT"), report.findings
    assert report.proven_at is not None
    assert "certificate-not-revoked" in {finding.code for finding in report.findings}
    (found,) = reader.embedded_regular_signatures
    context = store.as_validation_context(
        {
            "trust_roots": [other_x509.Certificate.load(root.der)],
            "revocation_mode": "hard-fail",
            "allow_fetching": False,
        }
    )
    status = asyncio.run(async_validate_pdf_signature(found, context))
    assert status.bottom_line
    assert "Signature is Valid" in pdfsig(tmp_path, signed)


def test_an_answer_that_it_was_revoked_is_believed_from_the_store() -> None:
    signer = pki.leaf("rsa-2048")
    draft = pades.prepare(
        content=pdfs.plain(), certificate=signer, algorithm=RSA, signing_time=pki.NOW, level=Level.B_LT
    )
    value = pki.sign(pki.key("rsa-2048"), RSA, draft.to_be_signed)
    revoked = revocation.ocsp_response(signer, revoked_at=pki.NOW - pki.A_MONTH / 2)
    signed = draft.finish(value, Evidence(timestamp=levels.token(draft.stamped(value)), ocsps=(revoked,)))
    report = verify(signed, anchors=(read(pki.authority().certificate),))
    assert (report.indication, report.sub_indication) == (Indication.INVALID, SubIndication.REVOKED)


def test_what_was_lasting_stays_so_when_a_second_doctor_signs(tmp_path: Path) -> None:
    first = lasting_pdf(Level.B_LT, pdfs.plain())
    second = lasting_pdf(Level.B_LT, first)
    assert pdfsig(tmp_path, second).count("Signature is Valid") == 2
    store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(second)))
    assert len(store.vri_entries) == 2
    pyhanko_accepts(second, count=2)


def test_a_timestamp_larger_than_its_room_is_refused_rather_than_cut() -> None:
    prepared = pades.prepare(
        content=pdfs.plain(), certificate=pki.leaf("rsa-2048"), algorithm=RSA, signing_time=pki.NOW
    )
    value = pki.sign(pki.key("rsa-2048"), RSA, prepared.to_be_signed)
    with pytest.raises(DocumentRefused, match="timestamp"):
        prepared.finish(value, Evidence(timestamp=stamping.token(value)))


def test_ten_megabytes_are_signed_in_less_than_200_mib() -> None:
    assert peak_of_large() < 200
