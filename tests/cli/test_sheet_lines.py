"""What a terminal shows of a document: every signed value, and nothing that could move the cursor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.cli.drawing import drawn
from signer.cli.sheet_lines import sheet_lines
from signer.model.errors import DocumentUnreadable
from signer.model.request import PRESCRIPTION, Document
from signer.model.sheet import DocumentSheet
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


def _printed(sheet: DocumentSheet) -> str:
    lines = ["".join(map(drawn, line)) for line in sheet_lines(sheet)]
    assert not any(hidden(_without_direction(line)) for line in lines)
    assert not any("\n" in line or "\t" in line for line in lines)
    return _without_direction("\n".join(lines))


def _without_direction(text: str) -> str:
    return text.translate({ord(mark): None for mark in (LRI, FSI, PDI)})


@pytest.mark.parametrize(
    "document",
    [scenes.prescription(), scenes.three_items(), scenes.long(), scenes.plain_json(), scenes.plain_text()],
    ids=["salamat", "tamin", "free", "json", "text"],
)
def test_every_signed_value_of_a_document_is_printed(document: Document) -> None:
    sheet = read(document, scenes.HOLDER, scenes.NOW)
    printed = _printed(sheet)
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


def test_doses_inside_persian_stand_isolated() -> None:
    assert drawn("قرص 5 mg شبی") == f"{FSI}قرص {LRI}5 mg{PDI} شبی{PDI}"
    assert drawn("AMLODIPINE 5 mg") == "AMLODIPINE 5 mg"
