"""Which way a line of a window runs."""

from __future__ import annotations

import pytest

from gui.views.words import reads_right_to_left
from signer.model.text import isolate, isolate_latin

NAME = isolate(isolate_latin("سارا نمونه [Sign]"))


@pytest.mark.parametrize(
    ("text", "right_to_left"),
    [
        ("سارا", True),
        ("council", False),
        (f"{NAME} · council no. 123456", False),
        (f"{isolate('Mohr')} · نظام پزشکی", True),
        ("\u2069council", False),
    ],
    ids=["persian", "latin", "persian within isolates first", "latin within an isolate first", "stray end"],
)
def test_a_line_runs_as_its_first_letter_outside_isolates_does(text: str, right_to_left: bool) -> None:
    assert reads_right_to_left(text, not right_to_left) is right_to_left


@pytest.mark.parametrize("fallback", [True, False])
def test_a_line_without_such_a_letter_runs_as_the_window_does(fallback: bool) -> None:
    assert reads_right_to_left(f"{NAME} · 12", fallback) is fallback
