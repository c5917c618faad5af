"""Qt's loop is never held for long: while the agent rests, and while a batch signs.

Judged by the processor time of the loop's own thread, which other programs do not lengthen; what a key would
have waited is told beside it.
"""

from __future__ import annotations

import pytest

from tests.desktop.watched import Seen, watch

#: Milliseconds that one turn of the loop may take at most.
AT_REST, SIGNING = 16.0, 50.0


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One run: an agent that rests and then signs a batch."""
    found = watch(tmp_path_factory.mktemp("watched"))
    print(found)
    return found


def test_an_agent_at_rest_holds_its_window_for_less_than_a_frame(seen: Seen) -> None:
    assert seen.rest.turns > 0
    assert seen.rest.work < AT_REST


def test_a_batch_that_signs_does_not_hold_the_window(seen: Seen) -> None:
    assert seen.signing.turns > 0
    assert seen.signing.work < SIGNING
