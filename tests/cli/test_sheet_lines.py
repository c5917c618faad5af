"""What a terminal shows of a document: every signed value, and nothing that could move the cursor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.cli.drawing import drawn
from signer.cli.sheet_lines import Ours, _Words, sheet_lines
from signer.model.errors import DocumentUnreadable
from signer.model.findings import Language
from signer.model.request import PRESCRIPTION, Document
from signer.model.sheet import DocumentSheet, Item, Page, PdfSheet, Person, Picture
from signer.model.text import FSI, LRI, PDI, hidden
from signer.prescription.reader import read
from tests.desktop import scenes


def _texts(tree: Any) -> Iterator[str]:
    """The text of each cell, leaf and moment, wherever the sheet's types have one."""
    if isinstance(tree, dict):
        if isinstance(tree.get("text"), str) and "pointer" in tree:
            yield tree["text"]
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _texts(value)


def _printed(sheet: DocumentSheet, language: Language = "en") -> str:
    lines = ["".join(map(drawn, line)) for line in sheet_lines(sheet, language)]
    assert not any(hidden(_without_direction(line)) for line in lines)
    assert not any("\n" in line or "\t" in line for line in lines)
    return _without_direction("\n".join(lines))


def _without_direction(text: str) -> str:
    return text.translate({ord(mark): None for mark in (LRI, FSI, PDI)})


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize(
    "document",
    [scenes.prescription(), scenes.three_items(), scenes.long(), scenes.plain_json(), scenes.plain_text()],
    ids=["salamat", "tamin", "free", "json", "text"],
)
def test_every_signed_value_of_a_document_is_printed(document: Document, language: Language) -> None:
    sheet = read(document, scenes.HOLDER, scenes.NOW)
    printed = _printed(sheet, language)
    found = list(_texts(msgspec.to_builtins(sheet.body)))
    assert len(found) > 3
    assert [text for text in found if text not in printed] == []


@given(name=st.text(max_size=40), key=st.text(min_size=1, max_size=20), value=st.text(max_size=40))
def test_whatever_a_panel_writes_is_printed_and_moves_no_cursor(name: str, key: str, value: str) -> None:
    tree = json.loads(scenes.prescription().content)
    tree["patient"]["name"], tree["notes"] = name, value
    tree["wire"][key] = value
    content = json.dumps(tree).encode()
    try:
        sheet = read(Document(id="rx-1", media_type=PRESCRIPTION, content=content), scenes.HOLDER, scenes.NOW)
    except DocumentUnreadable:
        return  # a lone surrogate, for one
    printed = _printed(sheet)
    assert all(text in printed for text in _texts(msgspec.to_builtins(sheet.body)))


@pytest.mark.parametrize(
    "document", [scenes.prescription(), scenes.three_items(), scenes.long()], ids=["salamat", "tamin", "free"]
)
def test_each_language_keeps_to_its_own_script_in_its_own_words(document: Document) -> None:
    sheet = read(document, scenes.HOLDER, scenes.NOW)
    foreign: dict[Language, str] = {"fa": "[A-Za-z0-9]", "en": "[\u0600-\u06ff]"}
    for language, others in foreign.items():
        words = [part for line in sheet_lines(sheet, language) for part in line if isinstance(part, Ours)]
        assert len(words) > 10
        assert [word for word in words if re.search(others, word)] == []


def test_every_field_of_a_person_and_an_item_has_a_persian_name() -> None:
    say = _Words("fa")
    for kind, of_item in ((Person, False), (Item, True)):
        for name in kind.__struct_fields__:
            assert re.fullmatch("[\u0600-\u06ff\u200c ]+", say.field(name, of_item=of_item)), name


def test_doses_inside_persian_stand_isolated() -> None:
    assert drawn("قرص 5 mg شبی") == f"{FSI}قرص {LRI}5 mg{PDI} شبی{PDI}"
    assert drawn("AMLODIPINE 5 mg") == "AMLODIPINE 5 mg"


def test_a_pdf_is_printed_as_text_page_by_page_and_says_what_cannot_be_seen() -> None:
    pages = (Page(width=1, height=1, lines=("Amoxicillin", "500 mg")), Page(width=1, height=1, lines=("",)))

    def picture(page: int, width: int) -> Picture:
        raise AssertionError("a terminal draws nothing")

    sheet = DocumentSheet(
        document_id="d", content_hash=b"", findings=(), draw=lambda: PdfSheet(pages=pages, picture=picture)
    )
    printed = "\n".join("".join(line) for line in sheet_lines(sheet))
    for words in ("2 page(s)", "cannot be seen here", "page 1 of 2", "Amoxicillin", "500 mg"):
        assert words in printed
    assert "no text on this page" in printed
