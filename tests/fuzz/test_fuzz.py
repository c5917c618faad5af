"""Every fuzzer, over few examples; `make fuzz` takes longer."""

from __future__ import annotations

import pytest

from tests.fuzz import FUZZERS


@pytest.mark.parametrize("name", FUZZERS)
def test_nothing_comes_out_but_values_and_typed_refusals(name: str) -> None:
    FUZZERS[name](150)
