"""A few hundred damaged headers in every run; `python -m tests.verify.jose_mutations` makes thousands."""

from __future__ import annotations

from signer.verify.report import SubIndication
from tests.verify.jose_mutations import run


def test_damage_gets_an_answer_and_never_a_right_one_for_what_was_not_signed() -> None:
    ends = run(600)
    assert ends.total() == 600
    assert ends[SubIndication.SIG_CRYPTO_FAILURE.value] > 0
    assert {"jose-header", "jose-x5c"} <= set(ends)
