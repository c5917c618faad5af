"""An origin that the doctor turned down waits: how long, what counts as a no, and what ends the waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from signer.model.errors import RefusedLately
from signer.model.request import RequestState
from signer.service import cool_down
from signer.service.consent import ConsentQuestion, Declined
from signer.service.cool_down import CoolDowns
from tests.service.doubles import NOW
from tests.service.test_signing import Clinic, eventually

PANEL, OTHER = "https://panel.example", "https://other.example"


@pytest.mark.parametrize(
    ("refusals", "seconds"), [(0, 0), (1, 3), (2, 3), (3, 10), (4, 30), (5, 60), (6, 300), (20, 300)]
)
def test_each_no_in_a_row_makes_the_wait_longer_up_to_five_minutes(refusals: int, seconds: int) -> None:
    waits = CoolDowns()
    for _ in range(refusals):
        waits.refused(PANEL, NOW)
    assert waits.left(PANEL, NOW) == seconds
    assert waits.left(PANEL, NOW + timedelta(seconds=seconds)) == 0
    assert waits.left(OTHER, NOW) == 0


def test_a_yes_and_an_hour_end_what_is_held_against_an_origin() -> None:
    waits = CoolDowns()
    for _ in range(6):
        waits.refused(PANEL, NOW)
    assert waits.left(PANEL, NOW) == 300
    waits.accepted(PANEL)
    assert waits.left(PANEL, NOW) == 0
    for _ in range(6):
        waits.refused(PANEL, NOW)
    waits.refused(PANEL, NOW + timedelta(hours=1))
    assert waits.left(PANEL, NOW + timedelta(hours=1)) == 3


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    yield made
    await made.close()


def no(question: ConsentQuestion) -> Declined:
    return Declined()


async def declined(clinic: Clinic, key: str) -> None:
    clinic.doctor.answers.append(no)
    assert (await clinic.finished(await clinic.post(key=key))).state is RequestState.DECLINED


async def shown(clinic: Clinic, count: int) -> None:
    await eventually(lambda: len(clinic.doctor.questions) == count)


async def test_after_a_no_the_origin_is_told_how_long_to_wait_and_others_are_not(clinic: Clinic) -> None:
    await declined(clinic, "a")
    clinic.clock.ahead(timedelta(seconds=0.5))
    with pytest.raises(RefusedLately) as told:
        await clinic.post(key="b")
    assert told.value.retry_after == 3
    clinic.yes()
    other = await clinic.post(key="b", origin=OTHER)
    assert (await clinic.finished(other, OTHER)).state is RequestState.FINISHED
    clinic.clock.ahead(timedelta(seconds=2.5))
    clinic.yes()
    assert (await clinic.finished(await clinic.post(key="b"))).state is RequestState.FINISHED


async def test_what_was_answered_is_given_again_at_once(clinic: Clinic) -> None:
    await declined(clinic, "a")
    assert (await clinic.post(key="a")).state is RequestState.DECLINED


async def test_a_signature_ends_the_waiting(clinic: Clinic) -> None:
    for key in "abcde":
        await declined(clinic, key)
        clinic.clock.ahead(timedelta(minutes=1))
    clinic.yes()
    await clinic.finished(await clinic.post(key="f"))
    await declined(clinic, "g")
    with pytest.raises(RefusedLately) as told:
        await clinic.post(key="h")
    assert told.value.retry_after == 3


async def test_a_question_taken_back_from_under_the_doctors_eyes_counts_as_a_no(clinic: Clinic) -> None:
    read = await clinic.post(key="a")
    await shown(clinic, 1)
    unread = await clinic.post(key="b")
    await clinic.service.cancel(origin=PANEL, request_id=unread.id)
    await clinic.post(key="c")
    await clinic.service.cancel(origin=PANEL, request_id=read.id)
    with pytest.raises(RefusedLately):
        await clinic.post(key="d")


async def test_what_stood_in_the_queue_waits_too_and_lets_others_go_first(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cool_down, "WAITS", (0.05,))
    gate = clinic.doctor.reading = asyncio.Event()
    clinic.doctor.answers.append(no)
    await clinic.post(key="a")
    second = await clinic.post(key="b")
    other = await clinic.post(key="c", origin=OTHER)
    await shown(clinic, 1)
    gate.set()
    await shown(clinic, 2)
    assert [question.origin for question in clinic.doctor.questions] == [PANEL, OTHER]
    await clinic.service.cancel(origin=OTHER, request_id=other.id)
    await asyncio.sleep(0.2)
    assert len(clinic.doctor.questions) == 2
    clinic.clock.ahead(timedelta(seconds=1))
    await shown(clinic, 3)
    assert clinic.doctor.questions[2].request_id == second.id


async def test_who_waits_in_the_queue_can_be_taken_back(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cool_down, "WAITS", (600,))
    clinic.doctor.reading = asyncio.Event()
    clinic.doctor.answers.append(no)
    await clinic.post(key="a")
    second = await clinic.post(key="b")
    clinic.doctor.reading.set()
    await eventually(lambda: bool(clinic.doctor.outcomes))
    view = await clinic.service.cancel(origin=PANEL, request_id=second.id)
    assert view.state is RequestState.CANCELLED
    assert len(clinic.doctor.questions) == 1


async def test_an_origin_that_is_asked_about_is_pending_until_its_end(clinic: Clinic) -> None:
    view = await clinic.post()
    assert (clinic.service.pending(PANEL), clinic.service.pending(OTHER)) == (True, False)
    await clinic.service.cancel(origin=PANEL, request_id=view.id)
    assert not clinic.service.pending(PANEL)
