"""The start of the card service: what the system says of it is what is told."""

from __future__ import annotations

import pytest

from signer.platform.card_service import start


@pytest.mark.parametrize(
    ("command", "runs"),
    [(("true",), True), (("false",), False), (("no-such-program-of-ours",), False), ((), False)],
)
def test_it_runs_where_the_system_says_so_and_nowhere_else(command: tuple[str, ...], runs: bool) -> None:
    assert start(command) is runs
