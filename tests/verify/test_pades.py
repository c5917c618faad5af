"""Reading signed PDFs: what holds is told with its facts, and no named attack passes."""

from __future__ import annotations

import pytest

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.model.request import Level
from signer.verify.candidate import Candidate
from signer.verify.pades import read, verify_release
from signer.verify.report import SubIndication
from tests import pdfs, pki, stamping
from tests.signatures import ALGORITHMS, WITHOUT_NUMBERS, lasting_pdf, signed_pdf
from tests.verify import pades_attacks

ECDSA = SignatureAlgorithm.ECDSA_SHA256


def codes(candidate: Candidate) -> list[str]:
    return [finding.code for finding in candidate.findings]


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_what_was_signed_is_read_back_with_its_facts(kind: str, algorithm: SignatureAlgorithm) -> None:
    content = pdfs.plain()
    signed = signed_pdf(content, kind, algorithm)
    found = read(signed, content)
    assert found.failure is None
    assert found.findings == ()
    assert found.certificate == pki.leaf(kind).der
    assert (found.level, found.claimed_at, found.content) == ("B-B", pki.NOW, signed)
    assert found.covers_all


def test_the_last_of_two_signatures_is_judged_and_the_first_is_reported() -> None:
    once = signed_pdf(pdfs.plain())
    found = read(signed_pdf(once, "p256", ECDSA), once)
    assert found.certificate == pki.leaf("p256").der
    assert codes(found) == ["pdf-earlier-signature"]
    assert found.failure is None


def test_a_document_that_was_changed_between_two_signatures_is_told() -> None:
    """The last signer stands for what is seen; the earlier one must not seem to."""
    changed = pdfs.updated(signed_pdf(pdfs.plain()), {5: pdfs.stream(pdfs.text("Morphine 1000 mg"))})
    found = read(signed_pdf(changed, "p256", ECDSA), changed)
    assert codes(found) == ["pdf-changed-after-earlier-signature"]
    assert (found.failure, found.certificate) == (None, pki.leaf("p256").der)


def test_more_than_can_be_compared_in_time_is_left_open() -> None:
    """A comparison looks at every object once for each revision that came after."""
    large = pdfs.objects(1) | dict.fromkeys(range(10, 13000), b"null")
    once = signed_pdf(pdfs.written(large))
    assert codes(read(signed_pdf(once, "p256", ECDSA))) == ["pdf-earlier-signature-not-compared"]
    found = read(pdfs.updated(once, {13_100: b"<< >>"}))
    assert codes(found) == ["pdf-not-compared"]
    assert (found.failure, found.covers_all) == (None, False)
    assert read(pdfs.updated(once, {13_100: b"<< >>"}), compared=10**6).covers_all


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_timestamp_chain_and_revocation_data_are_handed_on(level: Level) -> None:
    found = read(lasting_pdf(level, pdfs.plain()))
    assert (found.failure, found.level, found.covers_all) == (None, level.value, True)
    (stamp,) = found.timestamps
    assert len(stamp.stamped) == 256
    if level is Level.B_LT:
        assert codes(found) == ["pdf-evidence-added"]
        assert pki.authority().certificate in found.certificates
        assert found.crls == (stamping.revocation_list(),)


def released(signed: bytes, **other: object) -> None:
    agreed = {
        "content": pdfs.plain(),
        "certificate": pki.leaf("rsa-2048"),
        "algorithm": SignatureAlgorithm.RSA_PKCS1_SHA256,
        "signing_time": pki.NOW,
    }
    verify_release(signed, **{**agreed, **other})  # type: ignore[arg-type]


def test_what_was_agreed_to_is_released() -> None:
    released(signed_pdf(pdfs.plain()))


@pytest.mark.parametrize(
    "other",
    [
        {"content": pdfs.plain(3)},
        {"certificate": pki.leaf("rsa-3072")},
        {"algorithm": SignatureAlgorithm.RSA_PKCS1_SHA512},
        {"signing_time": pki.NOW + pki.A_MONTH},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_from_what_was_agreed_to_is_not_released(other: dict[str, object]) -> None:
    with pytest.raises(SignatureNotVerified):
        released(signed_pdf(pdfs.plain()), **other)


@pytest.mark.parametrize("attack", pades_attacks.ATTACKS)
def test_no_named_attack_reads_as_signed(attack: str) -> None:
    make, code = pades_attacks.ATTACKS[attack]
    octets = make()
    assert octets != pades_attacks.honest()
    holds, found = pades_attacks.verdict(octets)
    assert not holds
    assert code is None or code in found


def test_what_came_with_evidence_alone_is_no_change() -> None:
    later = lasting_pdf(Level.B_LT, pdfs.plain())
    assert pades_attacks.verdict(later) == (True, ["pdf-evidence-added"])


def test_the_document_as_it_was_before_is_compared_where_it_is_at_hand() -> None:
    found = read(pades_attacks.honest(), pdfs.plain(3))
    assert codes(found) == ["pdf-original-differs"]
    assert found.failure is SubIndication.HASH_FAILURE


def test_the_evidence_that_was_placed_is_released_and_other_evidence_is_not() -> None:
    signed = lasting_pdf(Level.B_LT, pdfs.plain())
    (stamp,) = read(signed).timestamps
    placed = {
        "certificate": pki.leaf("rsa-2048", WITHOUT_NUMBERS),
        "timestamp": stamp.token,
        "certificates": (pki.authority().certificate,),
        "crls": (stamping.revocation_list(),),
    }
    released(signed, **placed)
    for name, other in (
        ("timestamp", None),
        ("certificates", (b"x",)),
        ("crls", (b"x",)),
        ("ocsps", (b"x",)),
    ):
        with pytest.raises(SignatureNotVerified):
            released(signed, **{**placed, name: other})
