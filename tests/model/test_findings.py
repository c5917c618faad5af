"""The catalogue of findings: closed, in two languages, every place filled."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.finding_names import name_of, named
from signer.model.findings import CATALOGUE, FIELDS, MAX_FACT, Language, make, remedy, sentence
from signer.model.sheet import Weight

WEIGHTS = {
    "items-differ-from-wire": Weight.RED,
    "holder-is-not-prescriber": Weight.RED,
    "credential-in-wire": Weight.RED,
    "issued-in-future": Weight.RED,
    "signed-too-late": Weight.RED,
    "signed-late": Weight.AMBER,
    "unreadable-date": Weight.AMBER,
    "holder-code-unknown": Weight.AMBER,
    "holder-code-ambiguous": Weight.AMBER,
    "hidden-characters": Weight.AMBER,
    "wire-unrecognised": Weight.AMBER,
    "document-not-a-prescription": Weight.AMBER,
    "pdf-active-content": Weight.RED,
    "pdf-embedded-files": Weight.AMBER,
    "pdf-layers": Weight.AMBER,
    "pdf-form-fields": Weight.AMBER,
    "pdf-fonts-missing": Weight.AMBER,
    "pdf-off-page": Weight.AMBER,
    "pdf-tiny-text": Weight.AMBER,
    "pdf-unseen-text": Weight.AMBER,
    "pdf-hidden-annotation": Weight.AMBER,
    "pdf-signed-before": Weight.NOTE,
    "pdf-seal-drawn": Weight.NOTE,
    "pdf-seal-reason": Weight.NOTE,
    "attachment-not-shown": Weight.AMBER,
    "names-are-the-panels-words": Weight.NOTE,
    "wire-not-comparable": Weight.NOTE,
    "signs-in": Weight.NOTE,
    "makes-key": Weight.NOTE,
    "key-left-unfinished": Weight.NOTE,
    "request-in-progress": Weight.AMBER,
    "token-of-another": Weight.AMBER,
    "stores-certificate": Weight.NOTE,
    "issuer-not-trusted": Weight.AMBER,
    "certificate-for-another": Weight.AMBER,
    "certificate-cannot-sign": Weight.AMBER,
}
LANGUAGES: tuple[Language, ...] = ("fa", "en")


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_each_code_has_the_weight_that_the_rules_give_it() -> None:
    assert {code: kind.weight for code, kind in CATALOGUE.items()} == WEIGHTS


@pytest.mark.parametrize("code", WEIGHTS)
def test_policy_makes_amber_red_and_nothing_else(code: str) -> None:
    raised = make(code, severe=frozenset(WEIGHTS)).weight
    assert raised is (Weight.RED if WEIGHTS[code] is Weight.AMBER else WEIGHTS[code])
    assert make(code, severe=frozenset({"another"})).weight is WEIGHTS[code]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", WEIGHTS)
def test_each_sentence_says_its_facts_and_has_a_remedy(code: str, language: Language) -> None:
    kind = CATALOGUE[code]
    names = places(kind.fa if language == "fa" else kind.en)
    facts = {name: "quantity" if name in {"field", "fields"} else f"value of {name}" for name in names}
    finding = make(code, "/x", severe=frozenset(), **facts)
    text = sentence(finding, language)
    for name, value in facts.items():
        told = FIELDS["quantity"][0 if language == "fa" else 1] if name in {"field", "fields"} else value
        assert told in text
    assert "{" not in text
    assert text[-1] in ".:)"
    assert remedy(finding, language)


def test_both_languages_of_a_sentence_have_the_same_places_but_for_the_calendar() -> None:
    for kind in CATALOGUE.values():
        assert {p.removesuffix("_fa") for p in places(kind.fa)} == {
            p.removesuffix("_en") for p in places(kind.en)
        }


def test_a_list_of_fields_is_translated_word_by_word() -> None:
    finding = make("wire-not-comparable", fields="amount,quantity")
    assert "مقدار مصرف، تعداد" in sentence(finding, "fa")
    assert "amount, quantity" in sentence(finding, "en")


def test_a_fact_stands_isolated_and_with_its_hidden_characters_spelled() -> None:
    finding = make("unreadable-date", "/issued", field="issued", text="1405\u202e{field}")
    assert "\u20681405<U+202E>{field}\u2069" in sentence(finding, "en")


@given(st.text(min_size=MAX_FACT + 1, max_size=4 * MAX_FACT))
def test_a_long_fact_does_not_drown_the_sentence(value: str) -> None:
    finding = make("unreadable-date", field="issued", text=value)
    longest = max(len(sentence(make("unreadable-date", field="issued", text=""), lang)) for lang in LANGUAGES)
    assert all(len(sentence(finding, lang)) <= longest + MAX_FACT + 1 for lang in LANGUAGES)


def test_a_code_outside_of_the_catalogue_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        make("no-such-code")


def test_what_a_person_can_accept_has_a_name_and_nothing_else_has() -> None:
    assert named() == {code for code, weight in WEIGHTS.items() if weight is Weight.AMBER}


def test_a_name_is_short_and_in_the_language_that_is_asked_for() -> None:
    for code in named():
        fa, en = name_of(code, "fa"), name_of(code, "en")
        assert fa is not None and en is not None
        assert en.isascii() and len(en) < 40
        assert not fa.isascii() and len(fa) < 40
    assert name_of("of-another-version", "en") is None
