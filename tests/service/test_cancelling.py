"""A request taken back at each stage: what was sealed stays, the rest is cancelled, the doctor is free."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from signer.model.credential import Credential
from signer.model.request import DocumentState, RequestState
from signer.service.consent import Pin
from signer.service.views import RequestView
from tests.service.doubles import SoftSession, again, yes
from tests.service.test_signing import ORIGIN, OTHER, Clinic, codes, eventually, states, text

DOCUMENTS = tuple(text(f"rx-{number}", f"{number}") for number in range(40))


async def never(*_: object, **__: object) -> Any:
    await asyncio.Event().wait()


class Stage(Struct, frozen=True):
    """How to get there, what the panel sees when it is reached, and how many signatures may come of it."""

    prepare: Callable[[Clinic, pytest.MonkeyPatch], None]
    reached: Callable[[Clinic], bool]
    seen: RequestState
    signed: range = range(1)
    tokens: int = 1


def in_line(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    clinic.doctor.reading = asyncio.Event()


def while_tokens_are_looked_for(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clinic.token, "credentials", never)


def while_the_doctor_chooses(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clinic.doctor, "choose", never)


def while_the_doctor_reads(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    pass


def while_the_pin_is_asked_again(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    clinic.doctor.answers.append(lambda question: yes(question, "0000"))
    clinic.doctor.out_of_pins = never


def while_the_token_logs_in(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    """A login that has begun is let end, since the token counts it."""
    clinic.yes()
    gate = clinic.token.gate = asyncio.Event()
    log_in = clinic.token.log_in

    async def slowly(credential: Credential, pin: Pin | None) -> SoftSession:
        await gate.wait()
        return await log_in(credential, pin)

    patch.setattr(clinic.token, "log_in", slowly)


def between_two_signatures(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    clinic.yes()
    clinic.token.gate = asyncio.Event()


def while_a_signature_wants_its_pin(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    clinic.yes()
    clinic.token.each = True
    clinic.doctor.pins += [again(), again()]
    clinic.doctor.out_of_pins = never


def while_the_token_is_away(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    clinic.yes()

    def pull_out() -> None:
        if clinic.token.signed == 2:
            clinic.token.removed.set()

    clinic.token.before_sign = pull_out


STAGES = {
    "in line": Stage(in_line, lambda c: len(c.doctor.questions) == 1, RequestState.RECEIVED),
    "tokens looked for": Stage(while_tokens_are_looked_for, lambda c: True, RequestState.RECEIVED),
    "choosing": Stage(while_the_doctor_chooses, lambda c: True, RequestState.CHOOSING, tokens=2),
    "consent": Stage(while_the_doctor_reads, lambda c: len(c.doctor.questions) == 1, RequestState.CONSENT),
    "PIN asked again": Stage(
        while_the_pin_is_asked_again, lambda c: len(c.doctor.pin_requests) == 1, RequestState.CONSENT
    ),
    "logging in": Stage(while_the_token_logs_in, lambda c: True, RequestState.CONSENT),
    "between signatures": Stage(
        between_two_signatures, lambda c: c.token.sessions_open == 1, RequestState.SIGNING, range(1, 17)
    ),
    "PIN for a signature": Stage(
        while_a_signature_wants_its_pin,
        lambda c: len(c.doctor.pin_requests) == 3,
        RequestState.SIGNING,
        range(2, 3),
    ),
    "token pulled out": Stage(
        while_the_token_is_away, lambda c: len(c.doctor.tokens_wanted) == 1, RequestState.CONSENT, range(2, 3)
    ),
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
async def test_a_request_is_taken_back(stage: Stage, tmp_path: Path) -> None:
    clinic = Clinic(tmp_path / "journal", credentials=stage.tokens)
    try:
        with pytest.MonkeyPatch.context() as patch:
            stage.prepare(clinic, patch)
            view, waiting = await _taken_back(clinic, stage)
            # Who waits for the end of it hears the same, on another connection as well.
            assert _plain(await waiting) == _plain(view)
        signed = _check_answer(view, stage)
        assert clinic.token.signed == signed
        assert clinic.token.sessions_open == 0, "nobody stays logged in"
        await eventually(lambda: len(clinic.doctor.outcomes) == len(clinic.doctor.questions))
        await _check_again(clinic, view)
        await _next_is_served(clinic)
    finally:
        await clinic.close()


async def _taken_back(clinic: Clinic, stage: Stage) -> tuple[RequestView, Awaitable[RequestView]]:
    front = None
    if stage.prepare is in_line:
        front = await clinic.post(origin=OTHER)
        await clinic.doctor.asked.wait()
    posted = await clinic.post(*DOCUMENTS)
    waiting = asyncio.ensure_future(clinic.finished(posted))
    async with asyncio.timeout(20):
        while not stage.reached(clinic) or await _state(clinic, posted) is not stage.seen:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)
    cancelling = asyncio.ensure_future(clinic.service.cancel(origin=ORIGIN, request_id=posted.id))
    await asyncio.sleep(0)
    if clinic.token.gate is not None:
        clinic.token.gate.set()
    view = await asyncio.wait_for(cancelling, 20)
    once_more = await clinic.service.cancel(origin=ORIGIN, request_id=posted.id)
    assert _plain(once_more) == _plain(view)
    if front is not None:
        await clinic.service.cancel(origin=OTHER, request_id=front.id)
    return view, waiting


def _plain(view: RequestView) -> tuple[object, ...]:
    """What a panel gets, as something that can be compared."""
    signatures = tuple(document.signature for document in view.documents)
    return view.state, tuple(states(view)), tuple(codes(view)), signatures


async def _state(clinic: Clinic, posted: RequestView) -> RequestState:
    return (await clinic.service.view(origin=ORIGIN, request_id=posted.id)).state


def _check_answer(view: RequestView, stage: Stage) -> int:
    """Each document is signed or cancelled and says so; how many are signed."""
    assert view.state is RequestState.CANCELLED
    assert set(codes(view)) <= {None, "request-cancelled", "token-removed"}
    for document in view.documents:
        assert (document.signature is not None) is (document.state is DocumentState.SIGNED)
        assert (document.problem is None) is (document.state is DocumentState.SIGNED)
    signed = states(view).count(DocumentState.SIGNED)
    assert signed in stage.signed
    return signed


async def _check_again(clinic: Clinic, view: RequestView) -> None:
    """The journal says the same, and nobody is asked again: now, and after a restart."""
    questions = len(clinic.doctor.questions)
    assert _plain(await clinic.post(*DOCUMENTS)) == _plain(view)
    await clinic.restart()
    after = await clinic.post(*DOCUMENTS)
    assert _plain(after)[1:] == _plain(view)[1:]
    assert after.id == view.id
    assert len(clinic.doctor.questions) == questions
    assert await clinic.journal.check() > 0


async def _next_is_served(clinic: Clinic) -> None:
    """Whoever comes next has the doctor, the token and a PIN of its own."""
    clinic.token.removed.clear()
    clinic.token.before_sign = None
    clinic.token.each = False
    clinic.doctor.reading = None
    clinic.doctor.answers = [yes]
    clinic.doctor.pins = [again(last_try=True)]
    served = await clinic.finished(await clinic.post(origin=OTHER, key="next"), OTHER)
    assert served.state is RequestState.FINISHED
