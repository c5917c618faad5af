"""Persian and English side by side, for whatever the commands print."""

from __future__ import annotations

from typing import Literal

from signer.cli.drawing import drawn
from signer.model.errors import MohrError
from signer.model.text import visible

Language = Literal["fa", "en"]
#: Persian, English.
Pair = tuple[str, str]


def which(language: Language) -> int:
    """Where a language's word stands in a pair."""
    return 0 if language == "fa" else 1


def first_of(pair: Pair, language: Language) -> str:
    """The pair's word in this language."""
    return pair[which(language)]


def told(pair: Pair, language: Language, **values: object) -> str:
    """The pair's sentence with these values in it, as a terminal may show it."""
    return drawn(first_of(pair, language).format(**values))


def problem_line(problem: MohrError, language: Language) -> str:
    """What happened, what to do next, the detail and the code."""
    said = (problem.fa, problem.fa_remedy) if language == "fa" else (problem.en, problem.en_remedy)
    return " ".join(part for part in (*said, visible(problem.detail), f"[{problem.code}]") if part)
