"""Problem bodies: every condition has one, in two languages, and nothing that must stay leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.endpoint.problems import (
    Language,
    incident_of,
    new_incident,
    preferred_language,
    problem_of,
    sendable,
)
from signer.model.errors import MohrError, RequestMalformed, Unexpected, catalogue

PUBLIC = [kind for kind in catalogue() if kind.status is not None]
PRIVATE = [kind for kind in catalogue() if kind.status is None]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.code)
def test_every_condition_that_may_leave_has_a_problem_in_both_languages(kind: type[MohrError]) -> None:
    english, persian = (
        problem_of(kind("x"), "0000-0000", language) for language in (Language.EN, Language.FA)
    )
    assert (english.title, persian.title) == (kind.en, kind.fa)
    assert (english.remedy, persian.remedy) == (kind.en_remedy, kind.fa_remedy)
    for problem in (english, persian):
        assert problem.status == kind.status
        assert problem.type == f"urn:mohr:problem:{kind.code}"
        assert problem.instance == "urn:mohr:incident:0000-0000"


@pytest.mark.parametrize("kind", PRIVATE, ids=lambda kind: kind.code)
def test_what_must_stay_in_mohr_becomes_an_incident(kind: type[MohrError]) -> None:
    assert isinstance(sendable(kind("x"), "0000-0000"), Unexpected)


def test_a_bug_is_logged_with_its_frames_and_causes_but_no_messages(caplog: pytest.LogCaptureFixture) -> None:
    patient = "a patient's name"
    try:
        try:
            dict[str, str]()[patient]
        except KeyError as problem:
            raise ValueError(patient) from problem
    except ValueError as bug:
        sendable(bug, "ABCD-EFGH")
    for part in ("ABCD-EFGH", "ValueError", "KeyError", "test_problems.py"):
        assert part in caplog.text
    assert "a patient's" not in caplog.text


def test_only_a_fault_of_the_request_tells_its_detail() -> None:
    assert problem_of(RequestMalformed("/documents"), "i", Language.EN).detail == "/documents"
    assert problem_of(Unexpected("inner workings"), "i", Language.EN).detail == ""


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.EN),
        ("en-US,en;q=0.9", Language.EN),
        ("fa", Language.FA),
        ("fa-IR,fa;q=0.9,en-US;q=0.8,en;q=0.7", Language.FA),
        ("en-US,en;q=0.9,fa;q=0.8", Language.EN),
        ("en;q=0.1, FA ; q=0.2", Language.FA),
        ("fa;q=0", Language.EN),
        ("de, fa;q=0.3", Language.FA),
        ("*", Language.EN),
        ("farsi", Language.EN),
    ],
)
def test_the_callers_language_is_chosen_by_weight(header: str, language: Language) -> None:
    assert preferred_language(header) is language


@given(st.text(max_size=200))
def test_no_header_makes_the_choice_of_language_raise(header: str) -> None:
    preferred_language(header)


def test_incident_numbers_can_be_said_over_the_phone() -> None:
    for number in (new_incident(), incident_of("a", "b", "c")):
        assert len(number) == 9
        assert not set(number) & set("ILOU")
    assert incident_of("a", "b") == incident_of("a", "b") != incident_of("a", "c")
    assert new_incident() != new_incident()
