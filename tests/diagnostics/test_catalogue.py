"""The catalogue of findings: whole, in two languages, and without a circle of causes."""

from __future__ import annotations

import re

from signer.diagnostics.catalogue import NUMBERS, Meaning, Part, meanings

TABLE = tuple(meanings().values())


def test_every_finding_says_what_it_is_and_what_to_do_in_both_languages() -> None:
    for meaning in TABLE:
        for sentence in (meaning.fa, meaning.en, meaning.fa_remedy, meaning.en_remedy, meaning.look):
            assert sentence.strip().endswith((".", "؟", "`", "?")), (meaning.code, sentence)
        assert re.search("[ا-ی]", meaning.fa) and re.search("[ا-ی]", meaning.fa_remedy), meaning.code
        assert not re.search("[ا-ی]", meaning.en + meaning.en_remedy + meaning.look), meaning.code
        assert "ي" not in meaning.fa + meaning.fa_remedy and "ك" not in meaning.fa + meaning.fa_remedy


def test_numbers_are_given_once_and_fit_a_support_code() -> None:
    numbers = [meaning.number for meaning in TABLE]
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < NUMBERS for number in numbers)


def test_every_part_of_the_chain_has_findings_in_the_order_of_their_numbers() -> None:
    assert {meaning.part for meaning in TABLE} == set(Part)
    assert [meaning.place for meaning in TABLE] == list(range(len(TABLE)))


def test_what_a_finding_follows_from_is_in_the_catalogue() -> None:
    for meaning in TABLE:
        assert meaning.follows <= meanings().keys(), meaning.code


def test_no_finding_follows_from_itself_however_far_around() -> None:
    def walk(meaning: Meaning, above: tuple[str, ...]) -> None:
        assert meaning.code not in above, (*above, meaning.code)
        for cause in meaning.follows:
            walk(meanings()[cause], (*above, meaning.code))

    for meaning in TABLE:
        walk(meaning, ())
