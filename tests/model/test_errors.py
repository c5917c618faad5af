"""The catalogue of conditions: complete, drawn as it is, and fit to be shown to anybody."""

from __future__ import annotations

import re

import pytest

from signer.model import errors
from signer.model.errors import CK_RV, MohrError, by_code, catalogue, from_ck_rv

EVERY = catalogue()


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn: dict[str, set[str]] = {}
    family = ""
    for line in (errors.__doc__ or "").splitlines():
        names = re.findall(r"\b[A-Z]\w+\b", line) if re.match(r"^ {4}[├└│ ]", line) else []
        if names and re.search("[├└]──", line):
            family, *names = names
        if family:
            drawn.setdefault(family, set()).update(names)
    for condition in EVERY:
        assert condition.__name__ in drawn[condition.__mro__[1].__name__], condition
    assert sum(map(len, drawn.values())) == len(EVERY)


def test_codes_are_stable_words_and_each_belongs_to_one_condition() -> None:
    codes = [condition.code for condition in EVERY]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert all(by_code(condition.code) is condition for condition in EVERY)


@pytest.mark.parametrize("condition", EVERY, ids=lambda condition: condition.code)
def test_each_condition_speaks_both_languages_and_says_what_to_do(condition: type[MohrError]) -> None:
    assert re.search("[\u0600-\u06ff]", condition.fa)
    assert re.search("[\u0600-\u06ff]", condition.fa_remedy)
    for sentence in (condition.en, condition.en_remedy, condition.helpdesk):
        assert sentence.isascii()
        assert sentence.endswith(".")
    assert condition.status is None or 400 <= condition.status <= 599
    assert condition().remedy == condition.en_remedy


@pytest.mark.parametrize("rv", CK_RV)
def test_a_return_value_is_told_with_its_number_and_function(rv: int) -> None:
    problem = from_ck_rv(rv, "C_Sign")
    assert type(problem) is CK_RV[rv]
    assert problem.detail == f"C_Sign returned 0x{rv:08X}"


def test_a_profiles_own_table_comes_first_and_the_unknown_is_a_failed_module() -> None:
    assert from_ck_rv(0x05, "C_Login", {0x05: "pin-wrong"}).code == "pin-wrong"
    assert from_ck_rv(0x80000001, "C_Sign").code == "module-failed"
