"""The catalogue is complete, and each language keeps to its own script and digits."""

from __future__ import annotations

import re
import string

import pytest

from gui import translations
from gui.translations import Text

TEXTS = {name: value for name, value in vars(translations).items() if isinstance(value, Text)}


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_catalogue_is_not_empty() -> None:
    assert len(TEXTS) > 100


@pytest.mark.parametrize("name", TEXTS)
def test_a_sentence_stands_in_both_languages_with_the_same_places(name: str) -> None:
    text = TEXTS[name]
    assert text.fa.strip()
    assert text.en.strip()
    assert _places(text.fa) == _places(text.en)


@pytest.mark.parametrize("name", TEXTS)
def test_persian_keeps_to_persian_letters_and_digits(name: str) -> None:
    words = re.sub(r"\{\w+\}", "", TEXTS[name].fa).replace("PUK", "")
    assert not re.search(r"[0-9A-Za-z]", words)
    assert not re.search("[يك]", words), "Arabic yeh and kaf are not the Persian letters"


@pytest.mark.parametrize("name", TEXTS)
def test_english_holds_no_persian(name: str) -> None:
    assert not re.search("[\u0600-\u06ff]", TEXTS[name].en)


def test_every_sentence_is_said_somewhere() -> None:
    from pathlib import Path

    room = Path(translations.__file__).parent
    code = "\n".join(path.read_text() for path in room.rglob("*.py") if path.name != "translations.py")
    unused = [name for name in TEXTS if not re.search(rf"\bt\.{name}\b", code)]
    assert unused == []
