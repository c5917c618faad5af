"""What the doctor is told while a question is open: its panel is gone or back, and who waits behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from signer.model.request import RequestState
from signer.service import attendance
from signer.service.consent import Standing
from tests.service.test_signing import ORIGIN, OTHER, Clinic, eventually

AWAY, HERE = Standing(panel_away=True), Standing()


@pytest_asyncio.fixture
async def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    """A doctor who reads on, and a grace short enough to wait for."""
    monkeypatch.setattr(attendance, "GRACE", 0.2)
    made = Clinic(tmp_path / "journal")
    made.doctor.reading = asyncio.Event()
    made.yes()
    yield made
    await made.close()


async def test_a_panel_that_is_closed_is_told_and_its_signature_kept_for_its_return(clinic: Clinic) -> None:
    with clinic.service.present(ORIGIN):
        posted = await clinic.post()
        await clinic.doctor.asked.wait()
        await asyncio.sleep(0.3)
        assert clinic.doctor.standings == [], "as long as it waits it is there"
    await eventually(lambda: clinic.doctor.standings == [AWAY])
    assert clinic.doctor.reading is not None
    clinic.doctor.reading.set()
    await eventually(lambda: len(clinic.doctor.outcomes) == 1)
    back = await clinic.post()
    assert (back.id, back.state) == (posted.id, RequestState.FINISHED)
    assert back.documents[0].signature


async def test_a_panel_that_comes_back_is_told_too(clinic: Clinic) -> None:
    await clinic.post()
    await eventually(lambda: clinic.doctor.standings == [AWAY])
    with clinic.service.present(ORIGIN):
        await eventually(lambda: clinic.doctor.standings == [AWAY, HERE])


async def test_a_reload_is_no_departure(clinic: Clinic) -> None:
    with clinic.service.present(ORIGIN):
        await clinic.post()
        await clinic.doctor.asked.wait()
    with clinic.service.present(ORIGIN):
        await asyncio.sleep(0.3)
        assert clinic.doctor.standings == []


async def test_one_tab_of_two_is_enough_and_another_panel_is_none(clinic: Clinic) -> None:
    with clinic.service.present(ORIGIN):
        with clinic.service.present(ORIGIN):
            await clinic.post()
        await clinic.doctor.asked.wait()
        await asyncio.sleep(0.3)
        assert clinic.doctor.standings == []
    with clinic.service.present(OTHER):
        await eventually(lambda: clinic.doctor.standings == [AWAY])


async def test_who_follows_events_is_there(clinic: Clinic) -> None:
    events = clinic.service.events(origin=ORIGIN, last_id=None)
    await anext(events)
    await clinic.post()
    await clinic.doctor.asked.wait()
    await asyncio.sleep(0.3)
    assert clinic.doctor.standings == []
    await events.aclose()
    await eventually(lambda: clinic.doctor.standings == [AWAY])


async def test_of_two_panels_at_once_one_is_asked_for_and_the_other_named(clinic: Clinic) -> None:
    with clinic.service.present(ORIGIN), clinic.service.present(OTHER):
        first = await clinic.post()
        await clinic.doctor.asked.wait()
        second = await clinic.post(origin=OTHER)
        third = await clinic.post(origin=OTHER, key="k2")
        assert (first.position, second.position, third.position) == (0, 1, 2)
        await eventually(lambda: clinic.doctor.standings[-1:] == [Standing(waiting=(OTHER, OTHER))])
        await clinic.service.cancel(origin=OTHER, request_id=third.id)
        await eventually(lambda: clinic.doctor.standings[-1:] == [Standing(waiting=(OTHER,))])
        assert len(clinic.doctor.questions) == 1
        clinic.doctor.answers += clinic.doctor.answers
        assert clinic.doctor.reading is not None
        clinic.doctor.reading.set()
        assert (await clinic.finished(first)).state is RequestState.FINISHED
        clinic.yes()
        assert (await clinic.finished(second, OTHER)).state is RequestState.FINISHED
        assert [question.origin for question in clinic.doctor.questions] == [ORIGIN, OTHER]


async def test_two_tabs_that_post_one_key_share_one_request_and_one_question(clinic: Clinic) -> None:
    tabs = await asyncio.gather(clinic.post(), clinic.post())
    assert tabs[0].id == tabs[1].id
    waiting = [asyncio.ensure_future(clinic.finished(tab)) for tab in tabs]
    assert clinic.doctor.reading is not None
    clinic.doctor.reading.set()
    one, other = await asyncio.gather(*waiting)
    assert one == other
    assert one.documents[0].signature
    assert len(clinic.doctor.questions) == 1
    assert clinic.token.signed == 1
