"""One PIN, several requests: the use case with a token in memory, a screen and a clock of the test's own.

The same over a worker and a real module is `tests.fault.test_token_kept_open`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.journal.reading import JournalReader
from signer.model.credential import Credential, Holder
from signer.model.history import Wanted
from signer.model.request import DocumentState, RequestState
from signer.model.session_signing import Ended, Limits, OpenNow, Unoffered
from signer.service.consent import Approved, ConsentQuestion, PinProblem
from signer.service.session_choices import KeptChoices
from signer.service.session_signing import SessionSigning
from signer.service.views import RequestView
from tests.service.doubles import PIN, again, yes
from tests.service.test_signing import Clinic, text

MOST = Limits(250, 24 * 60)


class Screen:
    """Implements `ScreenWatch`; `ends` is what the test lets happen to it."""

    def __init__(self) -> None:
        self.sees = True
        self._tell: list[Callable[[Ended], None]] = []

    def on_end(self, tell: Callable[[Ended], None]) -> None:
        self._tell.append(tell)

    def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def ends(self, why: Ended) -> None:
        self.sees = False
        for tell in self._tell:
            tell(why)


class Desk:
    """A clinic whose doctor has chosen to keep the token open, and says yes to everything."""

    def __init__(self, clinic: Clinic, folder: Path, most: Limits | None = MOST) -> None:
        self.clinic = clinic
        self.screen = Screen()
        self.seconds = 1000.0
        self.choices = KeptChoices(folder / "choices.json")
        self.sessions = clinic.sessions = SessionSigning(
            clinic.token,
            clinic.clock,
            self.choices,
            most=most,
            watch=self.screen,
            now=lambda: self.seconds,
        )
        self.told: list[OpenNow | None] = []
        self.sessions.on_change(self.told.append)
        self._keys = 0

    async def chooses(self, limits: Limits | None) -> None:
        present = await self.clinic.token.credentials()
        self.sessions.choose(present[0].id, limits, present)

    async def signs(
        self, count: int = 1, *, pin: str | None = PIN, credential: str | None = None
    ) -> RequestView:
        """One request, with this PIN or, where the token is open, without one."""
        return await self.ends_of(await self.posts(count, pin=pin, credential=credential))

    async def posts(
        self, count: int = 1, *, pin: str | None = PIN, credential: str | None = None
    ) -> RequestView:
        self.clinic.doctor.answers.append(lambda question: _answer(question, pin))
        self._keys += 1
        documents = [text(f"rx-{n}", f"{self._keys} {n}") for n in range(count)]
        return await self.clinic.post(*documents, key=f"k{self._keys}", credential=credential)

    async def ends_of(self, view: RequestView) -> RequestView:
        ended = await self.clinic.finished(view)
        await self.clinic.service.cancel(origin="https://panel.example", request_id=view.id)
        return ended

    @property
    def question(self) -> ConsentQuestion:
        return self.clinic.doctor.questions[-1]

    @property
    def pins(self) -> int:
        """How often C_Login was called."""
        return len(self.clinic.token.logins)

    @property
    def logged_in(self) -> bool:
        return self.clinic.token.sessions_open > 0


def _answer(question: ConsentQuestion, pin: str | None) -> Approved:
    return yes(question, pin) if pin is not None else replace(yes(question), pin=None)


def signed(view: RequestView) -> list[bool]:
    return [document.state is DocumentState.SIGNED for document in view.documents]


@pytest.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    opened = Clinic(tmp_path / "journal", credentials=2)
    yield opened
    await opened.close()
    if opened.sessions is not None:
        await opened.sessions.stop()
    assert opened.token.sessions_open == 0, "nothing stays logged in"


@pytest.fixture
async def desk(clinic: Clinic, tmp_path: Path) -> Desk:
    clinic.doctor.choice = lambda question: question.credentials[0].id
    made = Desk(clinic, tmp_path)
    await clinic.restart()
    await made.chooses(Limits(5, 15))
    return made


async def test_it_is_off_until_the_holder_chooses_it(desk: Desk) -> None:
    await desk.chooses(None)
    assert signed(await desk.signs()) == [True]
    assert desk.question.stays is None
    assert not desk.logged_in
    assert signed(await desk.signs()) == [True]
    assert desk.pins == 2


async def test_one_pin_opens_the_token_for_the_requests_that_follow_and_each_is_asked(desk: Desk) -> None:
    assert signed(await desk.signs()) == [True]
    assert (desk.question.opened, desk.question.stays) == (None, Limits(5, 15))
    for left in (4, 3, 2, 1):
        assert desk.logged_in
        assert signed(await desk.signs(pin=None)) == [True]
        assert desk.question.opened is not None
        assert desk.question.opened.left == left
    assert desk.pins == 1
    assert len(desk.clinic.doctor.questions) == 5, "each has its own yes"
    assert not desk.logged_in, "five was all that it was for"
    assert desk.told[-1] is None


async def test_the_pin_is_asked_again_when_the_number_is_used_up(desk: Desk) -> None:
    await desk.signs(5)
    assert signed(await desk.signs()) == [True]
    assert desk.question.opened is None
    assert desk.pins == 2


async def test_the_minutes_run_by_a_clock_that_nobody_sets(desk: Desk) -> None:
    await desk.signs()
    assert desk.sessions.open_now is not None
    assert desk.sessions.open_now.until == desk.clinic.clock.now() + timedelta(minutes=15)
    desk.clinic.clock.at -= timedelta(days=1)  # somebody sets the wall clock back
    desk.seconds += 15 * 60 - 1
    await desk.signs(pin=None)
    desk.seconds += 1
    assert signed(await desk.signs()) == [True]
    assert (desk.question.opened, desk.pins) == (None, 2)


async def test_a_request_for_more_than_is_left_asks_for_the_pin_beforehand(desk: Desk) -> None:
    await desk.signs(3)
    assert signed(await desk.signs(3)) == [True] * 3
    assert (desk.question.opened, desk.pins) == (None, 2)


async def test_a_batch_that_began_within_the_minutes_goes_on_to_its_end(desk: Desk) -> None:
    await desk.signs()
    gate = desk.clinic.token.gate = asyncio.Event()
    posted = await desk.posts(3, pin=None)
    await _until(lambda: desk.clinic.service.pending("https://panel.example") and _signing(desk))
    desk.seconds += 3600
    gate.set()
    desk.clinic.token.gate = None
    assert signed(await desk.ends_of(posted)) == [True] * 3
    assert desk.pins == 1
    assert not desk.logged_in


@pytest.mark.parametrize(
    "why", [Ended.LOCKED, Ended.SWITCHED, Ended.ASLEEP, Ended.UNSEEN], ids=lambda why: why.value
)
async def test_what_happens_to_the_screen_ends_it(desk: Desk, why: Ended) -> None:
    await desk.signs()
    desk.screen.ends(why)
    await _until(lambda: not desk.logged_in)
    desk.screen.sees = True
    assert signed(await desk.signs()) == [True]
    assert (desk.question.opened, desk.pins) == (None, 2)


async def test_a_lock_in_the_middle_of_a_batch_ends_it_after_what_was_agreed_to(desk: Desk) -> None:
    await desk.signs()
    gate = desk.clinic.token.gate = asyncio.Event()
    posted = await desk.posts(2, pin=None)
    await _until(lambda: _signing(desk))
    desk.screen.ends(Ended.LOCKED)
    assert desk.sessions.open_now is None
    gate.set()
    assert signed(await desk.ends_of(posted)) == [True] * 2
    assert not desk.logged_in


async def test_without_a_screen_that_is_seen_nothing_stays_open(desk: Desk) -> None:
    desk.screen.sees = False
    await desk.signs()
    assert (desk.question.stays, desk.logged_in) == (None, False)
    assert desk.sessions.unoffered is Unoffered.UNSEEN


async def test_a_screen_that_locks_while_the_pin_is_tried_keeps_it_from_opening(desk: Desk) -> None:
    posted = await desk.posts()
    desk.screen.sees = False
    assert signed(await desk.ends_of(posted)) == [True]
    assert not desk.logged_in


@pytest.mark.parametrize(
    ("most", "chosen", "stays"),
    [(None, Limits(5, 15), None), (Limits(2, 10), Limits(5, 15), Limits(2, 10))],
    ids=["forbidden", "narrowed"],
)
async def test_the_clinic_forbids_or_narrows_it(
    clinic: Clinic, tmp_path: Path, most: Limits | None, chosen: Limits, stays: Limits | None
) -> None:
    desk = Desk(clinic, tmp_path, most)
    await clinic.restart()
    await desk.chooses(chosen)
    await desk.signs()
    assert desk.question.stays == stays
    assert desk.logged_in is (stays is not None)
    assert desk.sessions.unoffered is (Unoffered.FORBIDDEN if most is None else None)


async def test_a_wrong_pin_opens_nothing_and_the_right_one_does(desk: Desk) -> None:
    desk.clinic.doctor.pins = [again(last_try=True)]
    posted = await desk.signs(pin="0000")
    assert signed(posted) == [True]
    assert desk.clinic.token.logins == [b"0000", PIN.encode()]
    assert desk.logged_in
    await desk.sessions.close(Ended.BY_PERSON)
    desk.clinic.doctor.pins = [None]
    assert (await desk.signs(pin="0000")).state is RequestState.DECLINED
    assert not desk.logged_in


async def test_a_pin_that_the_token_did_not_look_at_opens_nothing(desk: Desk) -> None:
    desk.clinic.token.proved = False
    await desk.signs()
    assert not desk.logged_in


async def test_a_pin_that_is_typed_although_the_token_is_open_is_looked_at(desk: Desk) -> None:
    await desk.signs()
    desk.clinic.doctor.pins = [None]
    ended = await desk.signs(pin="0000")
    assert ended.state is RequestState.DECLINED
    assert desk.clinic.doctor.pin_requests[-1].problem is PinProblem.WRONG
    assert not desk.logged_in


async def test_the_person_ends_it_at_once_and_the_window_that_is_read_says_so(desk: Desk) -> None:
    await desk.signs()
    reading = desk.clinic.doctor.reading = asyncio.Event()
    posted = await desk.posts(pin=None)
    await _until(lambda: len(desk.clinic.doctor.questions) == 2)
    await desk.sessions.close(Ended.BY_PERSON)
    assert not desk.logged_in
    await _until(lambda: desk.clinic.doctor.openings == [None])
    desk.clinic.doctor.pins = [again()]
    reading.set()
    assert signed(await desk.ends_of(posted)) == [True], "a PIN is asked for, and takes"
    assert desk.pins == 2


async def test_a_yes_that_crosses_with_the_end_asks_for_the_pin(desk: Desk) -> None:
    await desk.signs()

    def at_the_last_moment(question: ConsentQuestion) -> Approved:
        desk.sessions.end(Ended.BY_PERSON)
        return replace(yes(question), pin=None)

    desk.clinic.doctor.answers.append(at_the_last_moment)
    desk.clinic.doctor.pins = [again()]
    ended = await desk.ends_of(await desk.clinic.post(key="crossing"))
    assert signed(ended) == [True]
    assert desk.clinic.doctor.pin_requests[-1].problem is PinProblem.TOKEN_CLOSED
    assert desk.clinic.token.logins == [PIN.encode()] * 2, "and none was sent to the token in its place"


async def test_a_worker_that_dies_while_idle_closes_it(desk: Desk) -> None:
    await desk.signs()
    desk.clinic.token.worker_gone.set()
    await _until(lambda: not desk.logged_in)
    assert desk.told[-1] is None
    desk.clinic.token.worker_gone.clear()
    assert signed(await desk.signs()) == [True]
    assert (desk.question.opened, desk.pins) == (None, 2)


async def test_a_token_that_is_pulled_out_or_was_out_is_closed(desk: Desk) -> None:
    token = desk.clinic.token
    await desk.signs()
    token.stays += 1  # out and in again, faster than anybody looked
    for tell in token.listeners:
        tell(token.presence)
    await _until(lambda: not desk.logged_in)
    await desk.signs()
    token.removed.set()
    for tell in token.listeners:
        tell(token.presence)
    await _until(lambda: not desk.logged_in)
    token.removed.clear()
    assert desk.told[-1] is None


async def test_another_certificate_of_the_same_holder_and_token_is_signed_with_too(desk: Desk) -> None:
    first, second = await desk.clinic.token.credentials()
    await desk.signs(credential=first.id)
    assert signed(await desk.signs(pin=None, credential=second.id)) == [True]
    assert desk.question.credential.id == second.id
    assert desk.pins == 1


async def test_a_certificate_of_another_holder_wants_its_own_pin_and_ends_it(desk: Desk) -> None:
    first, second = await desk.clinic.token.credentials()
    other = replace(second, holder=Holder(name="دکتر دیگر", national_codes=("1111111111",)))
    desk.clinic.token._credentials[1] = other
    desk.sessions.choose(other.id, None, (first, other))
    await desk.signs(credential=first.id)
    await desk.signs(credential=other.id)
    assert (desk.question.opened, desk.question.stays, desk.pins) == (None, None, 2)
    assert not desk.logged_in


async def test_a_second_token_ends_the_first(desk: Desk) -> None:
    first, second = await desk.clinic.token.credentials()
    elsewhere = replace(second, token=replace(second.token, slot=1, serial="2", label="other"))
    desk.clinic.token._credentials[1] = elsewhere
    await desk.signs(credential=first.id)
    await desk.signs(credential=elsewhere.id)
    assert (desk.question.opened, desk.pins) == (None, 2)
    assert desk.sessions.open_now is not None
    assert desk.sessions.open_now.token == "other"
    assert desk.clinic.token.sessions_open == 1


async def test_a_key_that_wants_a_pin_for_each_signature_never_stays_open(desk: Desk) -> None:
    desk.clinic.token.each = True
    desk.clinic.doctor.pins = [again()]
    assert signed(await desk.signs()) == [True]
    assert (desk.question.stays, desk.logged_in) == (None, False)


async def test_a_key_that_turns_out_to_want_one_closes_what_stood_open(desk: Desk) -> None:
    await desk.signs()
    standing = desk.sessions.standing

    def as_if_nobody_knew(credential: Credential, authorisation: object, count: int) -> OpenNow | None:
        return standing(credential, replace(desk.question.authorisation, each=False), count)

    desk.sessions.standing = as_if_nobody_knew  # type: ignore[method-assign]
    desk.clinic.token.each = True
    desk.clinic.doctor.pins = [again()]
    assert signed(await desk.signs(pin=None)) == [True]
    assert desk.clinic.doctor.pin_requests[-1].problem is PinProblem.EACH_SIGNATURE
    assert not desk.logged_in


async def test_signing_in_to_a_panel_wants_the_pin_though_the_token_is_open(desk: Desk) -> None:
    await desk.signs()
    desk.clinic.doctor.answers.append(yes)
    view = await desk.clinic.service.sign_in(
        origin="https://panel.example",
        idempotency_key="sign-in",
        body_hash=b"s" * 32,
        nonce="c2lnbi1pbi1ub25jZS1vZi10aGUtcGFuZWwtc2VydmVyLTAx",
        credential=None,
    )
    assert signed(await desk.ends_of(view)) == [True]
    assert (desk.question.opened, desk.pins) == (None, 2)


@pytest.mark.parametrize("otherwise", [None, Limits(1, 1)], ids=["off", "less"])
async def test_who_chooses_otherwise_has_the_token_closed(desk: Desk, otherwise: Limits | None) -> None:
    await desk.signs()
    await desk.chooses(Limits(5, 15))
    assert desk.logged_in, "it is what was chosen before"
    await desk.chooses(otherwise)
    await _until(lambda: not desk.logged_in)


async def test_an_agent_that_ends_leaves_nothing_logged_in(desk: Desk) -> None:
    await desk.signs()
    await desk.clinic.service.stop()
    await desk.sessions.stop()
    assert not desk.logged_in


async def test_the_journal_tells_which_were_signed_without_a_pin(desk: Desk) -> None:
    await desk.signs(2)
    await desk.signs(pin=None)
    reader = JournalReader(desk.clinic.journal)
    ids = tuple(one.id for one in await desk.clinic.token.credentials())
    found = await reader.find(Wanted(credentials=ids), 10)
    assert [row.without_pin for row in found.rows] == [True, False, False]


async def test_a_choice_that_cannot_be_read_is_off(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "choices.json").write_text('{"x": [300, 15]}')
    await desk.signs()
    assert (desk.question.stays, desk.logged_in) == (None, False)


def _signing(desk: Desk) -> bool:
    return any(
        document.state is DocumentState.SIGNING
        for entry in desk.clinic.service._entries.values()
        for document in entry.runner.view(0).documents
    )


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():
            await asyncio.sleep(0.005)
