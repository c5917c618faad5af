"""No damage to a signed file makes other content valid, and none makes the verifier fall over."""

from __future__ import annotations

import pytest

from signer.verify import Indication
from tests.verify.mutations import SUBJECTS, check, mutants


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_what_is_not_damaged_is_valid(name: str) -> None:
    subject = SUBJECTS[name]()
    assert check(subject, subject.signed).indication is Indication.VALID


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_no_mutant_is_valid_for_other_content(name: str) -> None:
    subject = SUBJECTS[name]()
    verdicts = {check(subject, mutant).indication for mutant in mutants(subject, 400, seed=4)}
    assert Indication.INVALID in verdicts
