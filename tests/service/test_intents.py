"""No document is signed before its intent is durable, and none waits for the intents of all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from signer.model.credential import Credential, SignatureAlgorithm
from signer.model.errors import JournalUnwritable
from signer.model.record import Intent
from signer.model.request import DocumentState, RequestState
from signer.service.intents import AT_FIRST
from signer.service.views import RequestView
from tests.service.test_signing import ORIGIN, Clinic, codes, eventually, states, text

MORE = 4


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    made.yes()
    yield made
    await made.close()


class Parts:
    """In the place of the journal's `intend`: the second part waits for `go`, and may fail then."""

    def __init__(self, clinic: Clinic, fails: JournalUnwritable | None = None) -> None:
        self._intend = clinic.journal.intend
        self._fails = fails
        self.go = asyncio.Event()
        self.sizes: list[int] = []

    async def __call__(self, intents: tuple[Intent, ...]) -> None:
        self.sizes.append(len(intents))
        if len(self.sizes) == 2:
            await self.go.wait()
            if self._fails is not None:
                raise self._fails
        await self._intend(intents)


async def first_part_signed(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, fails: JournalUnwritable | None = None
) -> tuple[Parts, RequestView]:
    """A request whose second part of intents waits, once the token has signed the first part."""
    parts = Parts(clinic, fails)
    monkeypatch.setattr(clinic.journal, "intend", parts)
    view = await clinic.post(*(text(f"rx-{n}", str(n)) for n in range(AT_FIRST + MORE)))
    await eventually(lambda: clinic.token.signed == AT_FIRST)
    return parts, view


async def test_what_is_intended_is_signed_while_the_rest_is_written(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, view = await first_part_signed(clinic, monkeypatch)
    await asyncio.sleep(0.05)
    assert clinic.token.signed == AT_FIRST, "no signature is made before its intent is durable"
    parts.go.set()
    done = await clinic.finished(view)
    assert states(done) == [DocumentState.SIGNED] * (AT_FIRST + MORE)
    assert parts.sizes == [AT_FIRST, MORE]
    assert await clinic.journal.check() == 2 * (AT_FIRST + MORE)


async def test_the_rest_is_not_signed_where_it_cannot_be_intended(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, view = await first_part_signed(clinic, monkeypatch, JournalUnwritable("no space"))
    parts.go.set()
    done = await clinic.finished(view)
    assert codes(done) == [None] * AT_FIRST + ["journal-unwritable"] * MORE
    assert clinic.token.signed == AT_FIRST


async def test_a_request_that_is_taken_back_meanwhile_signs_no_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, view = await first_part_signed(clinic, monkeypatch)
    cancelling = asyncio.create_task(clinic.service.cancel(origin=ORIGIN, request_id=view.id))
    await asyncio.sleep(0.05)
    parts.go.set()
    done = await cancelling
    assert done.state is RequestState.CANCELLED
    assert states(done) == [DocumentState.SIGNED] * AT_FIRST + [DocumentState.CANCELLED] * MORE
    assert clinic.token.signed == AT_FIRST


async def test_a_request_that_is_taken_back_while_the_token_is_asked_for_its_ways_signs_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    algorithms, cancelling = clinic.token.algorithms, list[asyncio.Task[RequestView]]()

    async def and_take_it_back(credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        work = clinic.service.cancel(origin=ORIGIN, request_id=view.id)
        cancelling.append(asyncio.create_task(work))
        await asyncio.sleep(0.02)
        return await algorithms(credential)

    monkeypatch.setattr(clinic.token, "algorithms", and_take_it_back)
    view = await clinic.post(text("a"), text("b"))
    done = await clinic.finished(view)
    assert done.state is RequestState.CANCELLED
    assert clinic.token.signed == 0
    await asyncio.gather(*cancelling)
