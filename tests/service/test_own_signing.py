"""What the window itself has signed goes the whole way of a request, in the agent's own name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from signer.journal.reading import JournalReader
from signer.model.errors import TokenAbsent
from signer.model.history import Wanted
from signer.model.origin import OWN_ORIGIN, OriginInvalid, parse_origin
from signer.model.request import Document
from signer.service.consent import Declined
from signer.service.own_signing import OwnSigning
from tests.service.doubles import NOW
from tests.service.test_signing import Clinic

DOCUMENT = Document(id="test", media_type="text/plain", content="سند آزمایشی".encode())


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    yield made
    await made.close()


async def test_it_is_shown_signed_and_recorded_in_the_agents_own_name(clinic: Clinic) -> None:
    clinic.yes()
    tried = await OwnSigning(clinic.service).sign(DOCUMENT)
    assert (tried.code, tried.at) == (None, NOW)
    (question,) = clinic.doctor.questions
    assert question.origin == OWN_ORIGIN
    assert tried.holder == question.credential.holder
    found = await JournalReader(clinic.journal).find(Wanted(credentials=(question.credential.id,)), 10)
    assert [row.origin for row in found.rows] == [OWN_ORIGIN]
    clinic.yes()
    await OwnSigning(clinic.service).sign(DOCUMENT)
    assert len(clinic.doctor.questions) == 2, "each one is asked about anew"


async def test_nobody_is_told_that_its_panel_has_gone(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signer.service.attendance.GRACE", 0.0)
    trying = asyncio.create_task(OwnSigning(clinic.service).sign(DOCUMENT))
    await clinic.doctor.asked.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    assert clinic.doctor.standings == []
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)


async def test_a_no_is_told_and_holds_nobody_up_who_asks_again(clinic: Clinic) -> None:
    signing = OwnSigning(clinic.service)
    clinic.doctor.answers.append(lambda question: Declined())
    tried = await signing.sign(DOCUMENT)
    assert (tried.code, tried.holder, tried.at) == ("consent-declined", None, None)
    clinic.yes()
    assert (await signing.sign(DOCUMENT)).code is None


async def test_without_a_token_it_ends_in_that_condition(tmp_path: Path) -> None:
    made = Clinic(tmp_path / "journal", credentials=0)
    tried = await OwnSigning(made.service).sign(DOCUMENT)
    assert tried.code == TokenAbsent.code
    await made.close()


def test_no_browser_has_the_agents_own_origin() -> None:
    with pytest.raises(OriginInvalid):
        parse_origin(OWN_ORIGIN)
