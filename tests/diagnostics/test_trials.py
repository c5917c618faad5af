"""What signing shows beside what was seen without a PIN."""

from __future__ import annotations

import pytest

from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import finding
from signer.diagnostics.trial_judgement import judge_trials
from signer.model.credential import SignatureAlgorithm
from signer.service.self_test import Trial

READY = finding("credential-ready", ("softhsm", "token 1", "certificate 1"))


def trial(problem: str | None, key_id: bytes = b"\x01") -> Trial:
    return Trial(key_id=key_id, label="", algorithm=SignatureAlgorithm.RSA_PKCS1_SHA256, problem=problem)


@pytest.mark.parametrize(
    ("problems", "codes"),
    [
        ((None, None), {"signature-made"}),
        ((None, "signature-wants-pin"), {"signature-made"}),
        (("signature-wants-pin",), set()),
        ((None, "signature-not-verified"), {"signature-wrong"}),
        (("module-failed", "module-failed"), {"signature-refused"}),
        ((), set()),
    ],
)
def test_each_failure_is_a_finding_once(problems: tuple[str | None, ...], codes: set[str]) -> None:
    found = judge_trials(tuple(map(trial, problems)), ("softhsm",))
    assert {one.code for one in found} == codes
    assert len(found) == len(codes)


def test_a_key_that_fails_beside_one_that_signs_is_worth_knowing() -> None:
    tried = (trial(None), trial("module-failed", b"\x02"))
    conclusion = conclude((READY, *judge_trials(tried, ("softhsm",))))
    assert conclusion.first is None and conclusion.ready
    assert "signature-refused" in {one.finding.code for one in conclusion.causes}


def test_a_signature_that_does_not_verify_stops_though_the_certificate_looked_ready() -> None:
    conclusion = conclude((READY, *judge_trials((trial("signature-not-verified"),), ("softhsm",))))
    assert conclusion.first is not None and conclusion.first.finding.code == "signature-wrong"
    assert conclusion.first.severity.value == "stops"
    assert not conclusion.ready
