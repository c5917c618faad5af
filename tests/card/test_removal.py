"""Cards that come, go and vanish under a signature: the whole service over OpenSC and virtual readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from drivers.catalogue import load_catalogue
from drivers.readers import ReaderWatch
from drivers.supervisor import Supervisor
from signer.cli.assembly import SystemClock
from signer.journal.store import SqliteJournal
from signer.model.applicant import Applicant, KeyType
from signer.model.presence import Presence
from signer.model.request import Document, DocumentState, RequestState
from signer.service.consent import PinProblem
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.questions import Surroundings, TokenWork
from signer.service.signing import SigningService
from signer.service.token_desk import TokenDesk
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from signer.service.views import RequestView
from tests.card.fixtures import MODULE, doctors_card
from tests.card.piv import PIN, Instruction
from tests.card.reader import Contacts, Service
from tests.service.doubles import Doctor, StillNet, again, yes

ORIGIN = "https://panel.example"
PATIENCE = 60.0
DOCTOR = Applicant(given_name="سارا", surname="نمونه", national_code="0012345679", centre="مطب ونک")


class Desk:
    """A service whose tokens are what stands in the virtual readers."""

    def __init__(self, folder: Path) -> None:
        profile = next(p for p in load_catalogue() if p.family == "opensc")
        self.supervisor = Supervisor(MODULE, limits=profile.limits)
        self.module = TokenModule(path=str(MODULE), profile=profile, supervisor=self.supervisor)
        self.tokens = TokenWatch(TokenSigners((self.module,), SystemClock()), (self.module,))
        self.readers = ReaderWatch(self.tokens.readers_changed)
        self.journal = SqliteJournal(folder / "journal")
        self.doctor = Doctor()
        self.told: list[Presence] = []
        guard, requests = PinGuard(), KeyRequests(folder / "requests.json")
        work = TokenDesk(
            (self.module,), clock=SystemClock(), guard=guard, requests=requests, turn=asyncio.Lock()
        )
        self.service = SigningService(
            Surroundings(
                signers=self.tokens,
                consent=self.doctor,
                journal=self.journal,
                clock=SystemClock(),
                guard=guard,
                token_work=TokenWork(desk=work, requests=requests, tokens=self.tokens),
                paired_since=lambda origin: None,
                outside=Outside(net=StillNet()),
            )
        )

    async def open(self) -> None:
        self.tokens.start()
        self.readers.start()
        self.tokens.on_change(self.told.append)

    async def close(self) -> None:
        await self.service.stop()
        self.tokens.close()
        await self.readers.close()
        await self.supervisor.close()
        await self.journal.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.02)

    async def ready(self) -> None:
        await self.until(lambda: self.tokens.presence.usable and not self.tokens.presence.reading)

    async def post(self, count: int = 1) -> RequestView:
        documents = tuple(
            Document(id=f"rx-{n}", media_type="text/plain", content=f"نسخهٔ {n}".encode())
            for n in range(count)
        )
        return await self.service.submit(
            origin=ORIGIN,
            idempotency_key="k",
            body_hash=b"b" * 32,
            documents=documents,
            credential=None,
            purpose=None,
        )

    async def ask_for_a_key(self) -> RequestView:
        return await self.service.request_certificate(
            origin=ORIGIN, idempotency_key="c", body_hash=b"c" * 32, applicant=DOCTOR, key=KeyType.RSA_2048
        )

    async def finished(self, view: RequestView) -> RequestView:
        return await self.service.view(origin=ORIGIN, request_id=view.id, wait=PATIENCE)


@pytest.fixture
async def desk(readers_service: Service, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    await made.open()
    yield made
    await made.close()


async def test_a_card_is_told_as_being_read_as_ready_and_as_gone(desk: Desk, contacts: Contacts) -> None:
    await desk.until(lambda: desk.tokens.presence.problem == "token-absent")
    contacts.insert()
    await desk.ready()
    (token,) = desk.tokens.presence.tokens
    assert token.label == "سارا نمونه"
    assert token.family == "OpenSC"
    assert len(token.credentials) == 1
    assert Presence(reading=True) in desk.told
    contacts.remove()
    await desk.until(lambda: desk.tokens.presence.problem == "token-absent")
    assert desk.tokens.presence.tokens == ()


async def test_two_cards_of_one_kind_are_told_apart_by_serial_and_reader(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    other = Contacts(readers_service, doctors_card(key="other-p256"), reader=1)
    contacts.insert()
    other.insert()
    try:
        await desk.until(lambda: len(desk.tokens.presence.tokens) == 2)
        first, second = desk.tokens.presence.tokens
        assert (first.label, first.family) == (second.label, second.family)
        assert first.serial != second.serial
        assert first.reader != second.reader
        contacts.remove()
        await desk.until(lambda: len(desk.tokens.presence.tokens) == 1)
        assert desk.tokens.presence.tokens[0].reader == second.reader
        assert desk.tokens.presence.tokens[0].serial == second.serial
    finally:
        other.take_away()


async def test_a_card_pulled_out_while_the_doctor_reads_is_waited_for(desk: Desk, contacts: Contacts) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)

    def pulled_out_before_the_yes(question: object) -> object:
        contacts.remove()
        return yes(question, PIN)  # type: ignore[arg-type]

    desk.doctor.answers.append(pulled_out_before_the_yes)  # type: ignore[arg-type]
    posted = await desk.post()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    assert desk.doctor.tokens_wanted[0].label == "سارا نمونه"
    contacts.insert()
    view = await desk.finished(posted)
    assert view.documents[0].state is DocumentState.SIGNED
    assert contacts.card.signatures == 1


async def test_a_card_that_vanishes_under_a_signature_costs_that_document_alone(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    desk.doctor.on_pin = lambda: again(PIN)
    contacts.vanish[Instruction.GENERAL_AUTHENTICATE] = 2
    posted = await desk.post(4)
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    contacts.insert()
    view = await desk.finished(posted)
    assert view.state is RequestState.FINISHED
    assert [d.problem.code if d.problem else None for d in view.documents] == [
        None,
        None,
        "token-removed",
        None,
    ]
    assert contacts.card.signatures == 3
    assert contacts.card.tries == 3


async def test_another_card_in_the_reader_is_not_the_one_that_is_wanted(
    desk: Desk, contacts: Contacts, readers_service: Service
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    contacts.vanish[Instruction.VERIFY] = 0
    posted = await desk.post()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    other = Contacts(readers_service, doctors_card(key="other-p256"))
    other.insert()
    await desk.ready()
    assert not desk.doctor.pin_requests
    other.take_away()
    contacts.insert()
    assert (await desk.finished(posted)).documents[0].state is DocumentState.SIGNED
    assert other.card.signatures == 0
    assert other.card.tries == 3


async def test_a_card_pulled_out_while_a_new_key_is_asked_for_is_named_waited_for_and_gone_on_with(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.on_pin = lambda: again(PIN)

    def pulled_out_before_the_yes(question: object) -> object:
        contacts.remove()
        return yes(question, PIN)  # type: ignore[arg-type]

    desk.doctor.answers.append(pulled_out_before_the_yes)  # type: ignore[arg-type]
    asked = await desk.ask_for_a_key()
    await desk.until(lambda: bool(desk.doctor.tokens_wanted))
    assert desk.doctor.tokens_wanted[0].serial == desk.doctor.token_questions[0].token.serial
    assert not desk.doctor.pin_requests
    contacts.insert()
    view = await desk.finished(asked)
    assert [request.problem for request in desk.doctor.pin_requests] == [PinProblem.TOKEN_BACK]
    # A PIV card makes no key for its holder: the module says so, and that is what the panel is told.
    assert view.state is RequestState.FAILED
    problem = view.documents[0].problem
    assert problem is not None
    assert problem.code in {"operation-unsupported", "mechanism-unsupported", "module-failed"}
    assert contacts.card.tries == 3


async def test_a_card_that_goes_and_comes_while_a_new_key_is_asked_for_is_told_and_changes_nothing(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    asked = await desk.ask_for_a_key()
    await desk.until(lambda: bool(desk.doctor.token_questions))
    wanted = desk.doctor.token_questions[0].token
    contacts.remove()
    await desk.until(lambda: bool(desk.doctor.tokens_away))
    contacts.insert()
    await desk.until(lambda: len(desk.doctor.tokens_away) == 2)
    assert [token and token.serial for token in desk.doctor.tokens_away] == [wanted.serial, None]
    view = await desk.service.cancel(origin=ORIGIN, request_id=asked.id)
    assert view.state is RequestState.CANCELLED


async def test_a_doctor_who_gives_the_card_up_has_declined_the_new_key(
    desk: Desk, contacts: Contacts
) -> None:
    contacts.insert()
    await desk.ready()
    desk.doctor.gives_up = True
    desk.doctor.answers.append(lambda question: yes(question, PIN))
    contacts.vanish[Instruction.VERIFY] = 0
    view = await desk.finished(await desk.ask_for_a_key())
    assert view.state is RequestState.DECLINED
