"""Every finding that the verifier can make has its sentences, and none is there that nobody makes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import signer.verify
from signer.model.text import FSI
from signer.verify import Finding, Severity, sentences
from signer.verify.sentences import TABLE, place, sentence

HERE = Path(signer.verify.__file__).parent
#: Codes that are put together, and those of the command.
COMPOSED = {
    f"{who}-{what}"
    for who in ("certificate", "authority")
    for what in ("revoked", "on-hold", "revoked-later", "not-revoked")
}
ELSEWHERE = {"file-unreadable", "verifier-failed"}
#: Modules whose strings are no codes.
NOT_THESE = {"cades.py", "structure.py", "verdict.py", "report.py", "sentences.py"}


def made() -> Iterator[str]:
    """Every code that the verifier's modules name: rows as strings, and whatever is given as a `code`."""
    for path in HERE.glob("*.py"):
        if path.name not in NOT_THESE:
            tree = ast.parse(path.read_text("utf-8"))
            places = dict(_takes_a_code(tree))
            for node in ast.walk(tree):
                yield from _codes(node, places)


def _takes_a_code(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions and exceptions of a module that take a `code`, and which argument it is."""
    for node in ast.walk(tree):
        for part in node.body if isinstance(node, ast.Module | ast.ClassDef) else ():
            if isinstance(part, ast.FunctionDef):
                names = [argument.arg for argument in part.args.args if argument.arg != "self"]
                if "code" in names:
                    yield node.name if isinstance(node, ast.ClassDef) else part.name, names.index("code")


def _codes(node: ast.AST, places: dict[str, int]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and node.value in TABLE:
        yield str(node.value)
    given: list[ast.expr] = []
    if isinstance(node, ast.keyword) and node.arg == "code":
        given = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
        given = node.args[places[node.func.id] : places[node.func.id] + 1]
    yield from (str(one.value) for one in given if isinstance(one, ast.Constant))


def test_every_finding_has_a_row_and_every_row_a_finding() -> None:
    assert {*made(), *COMPOSED, *ELSEWHERE} == set(TABLE)


@pytest.mark.parametrize("code", list(TABLE))
def test_a_row_has_both_languages_and_no_place_that_nothing_fills(code: str) -> None:
    finding = Finding(code=code, severity=Severity.INFO, detail="/items/1/quantity")
    persian, english = sentence(finding, "fa"), sentence(finding, "en")
    assert persian.endswith((".", "؛"))
    assert english.endswith(".")
    assert any("؀" <= character <= "ۿ" for character in persian)
    assert english.isascii() or FSI in english


def test_codes_stand_once() -> None:
    rows = [row.code for chapter in sentences.CHAPTERS for row in chapter.row]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    ("pointer", "en", "fa"),
    [
        ("/items/1/quantity", "item 2's quantity", "تعداد، قلم ۲"),
        ("/items/0/name", "item 1's name", "نام قلم، قلم ۱"),
        ("/items/2", "item 3", "قلم ۳"),
        ("/items/0/x/y", "item 1's x/y", "x/y، قلم ۱"),
        ("/patient/name", "patient's name", "نام بیمار"),
        ("/wire/a", "/wire/a", "/wire/a"),
        ("", "all of it", "همهٔ سند"),
    ],
)
def test_a_place_in_a_document_is_said_in_words(pointer: str, en: str, fa: str) -> None:
    assert place(pointer, "en") == en
    assert place(pointer, "fa") == fa


def test_what_comes_out_of_a_file_is_visible_and_cut() -> None:
    finding = Finding(code="attribute-unknown", severity=Severity.INFO, detail="\u202e" + "x" * 1000)
    said = sentence(finding, "en")
    assert "<U+202E>" in said
    assert len(said) < 400
