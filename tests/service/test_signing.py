"""The signing use case, with a real journal, real envelopes and a real verifier."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from signer import x509
from signer.journal.store import SqliteJournal
from signer.model.credential import TriesLeft
from signer.model.errors import (
    CredentialAbsent,
    FormatUnsupported,
    IdempotencyConflict,
    JournalUnwritable,
    ModuleCrashed,
    PolicyInvalid,
    RequestExpired,
    RequestUnknown,
    TokenRemoved,
    TooManyPending,
)
from signer.model.policy import Policy, RevocationMode
from signer.model.request import Document, DocumentState, RequestState
from signer.service import questions, signing
from signer.service.centres import KeptCentres
from signer.service.consent import Approved, ConsentQuestion, Declined, DocumentAnswer, Pin, PinProblem
from signer.service.evidence import Outside
from signer.service.pin_guard import COOL_DOWN, PinGuard
from signer.service.questions import Surroundings
from signer.service.runner import Runner
from signer.service.session_signing import SessionSigning
from signer.service.signing import UNANSWERED_FOR, SigningService
from signer.service.views import RequestView
from tests import outside
from tests.service.doubles import PIN, Doctor, FixedClock, SoftToken, StillNet, again, yes

ORIGIN = "https://panel.example"
OTHER = "https://other.example"


class Clinic:
    """Everything around one service, and a panel's way of posting."""

    def __init__(self, folder: Path, credentials: int = 1) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.doctor = Doctor()
        self.token = SoftToken(credentials)
        self.guard = PinGuard()
        self.net = StillNet()
        self.revocation = RevocationMode.REQUIRE
        self.policy = Policy()
        self.centres = KeptCentres(folder.with_name(f"{folder.name}-centres.json"))
        self.policy_problem: PolicyInvalid | None = None
        self.sessions: SessionSigning | None = None
        self.open()

    def open(self) -> None:
        self.journal = SqliteJournal(self.folder)
        self.service = SigningService(
            Surroundings(
                signers=self.token,
                consent=self.doctor,
                journal=self.journal,
                clock=self.clock,
                guard=self.guard,
                paired_since=lambda origin: None,
                outside=Outside(
                    net=self.net,
                    revocation=self.revocation,
                    known=(x509.read(self.token.anchor), outside.root()),
                ),
                severe=self.policy.red_findings,
                formats=self.policy.formats,
                policy_problem=self.policy_problem,
                centres=self.centres.read,
                sessions=self.sessions,
            )
        )

    async def close(self) -> None:
        await self.service.stop()
        await self.journal.close()

    async def restart(self) -> None:
        await self.close()
        self.open()

    async def post(
        self,
        *documents: Document,
        key: str = "k1",
        origin: str = ORIGIN,
        credential: str | None = None,
        body: bytes = b"b" * 32,
    ) -> RequestView:
        return await self.service.submit(
            origin=origin,
            idempotency_key=key,
            body_hash=body,
            documents=documents or (text("rx-1"),),
            credential=credential,
            purpose=None,
        )

    async def finished(self, view: RequestView, origin: str = ORIGIN) -> RequestView:
        return await self.service.view(origin=origin, request_id=view.id, wait=10)

    def yes(self) -> None:
        self.doctor.answers.append(yes)


def text(document_id: str, content: str = "آموکسی‌سیلین 500 mg", *, attached: bool = True) -> Document:
    return Document(id=document_id, media_type="text/plain", content=content.encode(), attached=attached)


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    yield made
    await made.close()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what follows the panel's answer: the logout and the closing of the window."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def states(view: RequestView) -> list[DocumentState]:
    return [d.state for d in view.documents]


def codes(view: RequestView) -> list[str | None]:
    return [d.problem.code if d.problem else None for d in view.documents]


async def test_a_yes_and_a_pin_give_a_sealed_signature(clinic: Clinic) -> None:
    clinic.yes()
    posted = await clinic.post(text("a"), text("b", attached=False))
    view = await clinic.finished(posted)
    assert view.state is RequestState.FINISHED
    assert states(view) == [DocumentState.SIGNED] * 2
    assert all(d.signature and d.certificate for d in view.documents)
    assert await clinic.journal.check() == 4, "two intents and two seals"
    await eventually(lambda: len(clinic.doctor.outcomes) == 1)
    assert clinic.token.sessions_open == 0, "logged out after the last signature"
    assert clinic.doctor.progress[-1] == (2, 2)


async def test_two_hundred_and_fifty_documents_are_all_signed_once(clinic: Clinic) -> None:
    clinic.yes()
    documents = tuple(text(f"rx-{n}", f"قلم {n}") for n in range(250))
    view = await clinic.finished(await clinic.post(*documents))
    assert set(states(view)) == {DocumentState.SIGNED}
    assert clinic.token.signed == 250
    assert await clinic.journal.check() == 500


async def test_no_means_no_and_spends_no_try(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda question: Declined())
    view = await clinic.finished(await clinic.post())
    assert view.state is RequestState.DECLINED
    assert codes(view) == ["consent-declined"]
    assert clinic.token.logins == []


async def test_what_was_not_approved_is_not_signed(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda q: Approved(answers=yes(q).answers[1:], pin=Pin(PIN)))
    view = await clinic.finished(await clinic.post(text("a"), text("b")))
    assert states(view) == [DocumentState.DECLINED, DocumentState.SIGNED]
    assert clinic.token.signed == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda q: Approved(answers=(DocumentAnswer(document_id="never-shown"),), pin=Pin(PIN)),
        lambda q: Approved(answers=(DocumentAnswer(document_id="rx-1"),) * 2, pin=Pin(PIN)),
        lambda q: Approved(answers=(), pin=Pin(PIN)),
        lambda q: Approved(answers=(DocumentAnswer(document_id="rx-1", accepted=()),), pin=Pin(PIN)),
    ],
    ids=["not shown", "twice", "nothing", "amber in silence"],
)
async def test_a_surface_cannot_approve_what_it_must_not(clinic: Clinic, answer: object) -> None:
    clinic.doctor.answers.append(answer)  # type: ignore[arg-type]
    hidden = text("rx-1", "قرص \u202e500")
    view = await clinic.finished(await clinic.post(hidden))
    assert view.state is RequestState.FAILED
    assert codes(view) == ["unexpected"]
    assert clinic.token.logins == []


async def test_several_credentials_are_chosen_by_the_doctor(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, credentials=3)
    wanted = (await clinic.token.credentials())[2]
    clinic.doctor.choice = lambda question: wanted.id
    clinic.yes()
    view = await clinic.finished(await clinic.post())
    assert len(clinic.doctor.choices) == 1
    assert view.documents[0].certificate == wanted.certificate
    named = await clinic.post(key="k2", credential=wanted.id)
    clinic.yes()
    assert (await clinic.finished(named)).state is RequestState.FINISHED
    assert len(clinic.doctor.choices) == 1, "a request that names its credential asks nothing"
    await clinic.close()


async def test_a_wrong_pin_is_asked_again_and_never_resent(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda q: yes(q, "0000"))
    clinic.doctor.pins.append(again(last_try=True))
    view = await clinic.finished(await clinic.post())
    assert view.state is RequestState.FINISHED
    assert clinic.token.logins == [b"0000", PIN.encode()]
    assert [r.problem for r in clinic.doctor.pin_requests] == [PinProblem.WRONG]


async def test_after_a_wrong_pin_the_unknown_is_guarded_like_the_last_try(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda q: yes(q, "0000"))
    clinic.doctor.pins += [again(last_try=False), again(last_try=True)]
    view = await clinic.finished(await clinic.post())
    assert view.state is RequestState.FINISHED
    assert [r.problem for r in clinic.doctor.pin_requests] == [
        PinProblem.WRONG,
        PinProblem.LAST_TRY_UNCONFIRMED,
    ]
    assert clinic.token.logins == [b"0000", PIN.encode()], "an unconfirmed try is not spent"


async def test_two_wrong_pins_close_the_token_for_everybody_for_a_while(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda q: yes(q, "0000"))
    clinic.doctor.pins += [again("1111", last_try=True), again(last_try=True)]
    view = await clinic.finished(await clinic.post())
    assert codes(view) == ["pin-cool-down"]
    clinic.yes()
    other = await clinic.post(origin=OTHER)
    assert codes(await clinic.finished(other, OTHER)) == ["pin-cool-down"]
    assert clinic.token.logins == [b"0000", b"1111"]
    clinic.clock.ahead(COOL_DOWN + timedelta(seconds=1))
    clinic.doctor.answers.append(
        lambda q: Approved(answers=yes(q).answers, pin=Pin(PIN), last_try_accepted=True)
    )
    assert (await clinic.finished(await clinic.post(key="k3"))).state is RequestState.FINISHED


@pytest.mark.parametrize(("tries", "code"), [(TriesLeft.LOCKED, "pin-locked")])
async def test_a_locked_token_is_not_tried(clinic: Clinic, tries: TriesLeft, code: str) -> None:
    clinic.token.tries = tries
    clinic.yes()
    assert codes(await clinic.finished(await clinic.post())) == [code]
    assert clinic.token.logins == []


async def test_the_last_try_needs_its_own_yes(clinic: Clinic) -> None:
    clinic.token.tries = TriesLeft.LAST
    clinic.yes()
    view = await clinic.finished(await clinic.post())
    assert view.state is RequestState.DECLINED
    assert [r.problem for r in clinic.doctor.pin_requests] == [PinProblem.LAST_TRY_UNCONFIRMED]
    assert clinic.token.logins == []


async def test_the_same_key_and_body_give_the_same_result(clinic: Clinic) -> None:
    clinic.yes()
    first = await clinic.finished(await clinic.post())
    second = await clinic.post()
    assert second == first
    with pytest.raises(IdempotencyConflict):
        await clinic.post(body=b"x" * 32)
    assert clinic.token.signed == 1


@pytest.mark.parametrize("attached", [True, False])
async def test_a_result_survives_a_restart_and_is_not_made_again(clinic: Clinic, attached: bool) -> None:
    clinic.yes()
    first = await clinic.finished(await clinic.post(text("a", attached=attached)))
    await clinic.restart()
    with pytest.raises(RequestUnknown):
        await clinic.service.view(origin=ORIGIN, request_id=first.id)
    with pytest.raises(IdempotencyConflict):
        await clinic.post(text("a"), body=b"x" * 32)
    again_posted = await clinic.post(text("a", attached=attached))
    assert again_posted.id == first.id
    assert again_posted.documents == first.documents
    assert clinic.token.signed == 1
    assert len(clinic.doctor.questions) == 1


async def test_a_result_is_kept_for_a_day_and_for_its_own_origin_alone(clinic: Clinic) -> None:
    clinic.yes()
    first = await clinic.finished(await clinic.post())
    clinic.yes()
    others = await clinic.finished(await clinic.post(origin=OTHER), OTHER)
    assert others.id != first.id, "the same key of another origin is another request"
    assert len(clinic.doctor.questions) == 2
    for restarts in (False, True):
        clinic.clock.ahead(timedelta(hours=11, minutes=59))
        if restarts:
            await clinic.restart()
        assert (await clinic.post()).documents == first.documents
    clinic.clock.ahead(timedelta(minutes=3))
    for restarts in (False, True):
        if restarts:
            await clinic.restart()
        with pytest.raises(RequestExpired):
            await clinic.post()
        with pytest.raises(RequestUnknown):
            await clinic.service.view(origin=ORIGIN, request_id=first.id)
    assert len(clinic.doctor.questions) == 2, "nobody types a PIN for what can never be sealed"
    clinic.yes()
    assert (await clinic.finished(await clinic.post(key="k2"))).state is RequestState.FINISHED


async def test_what_was_declined_may_be_asked_again_under_its_key_after_a_day(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda question: Declined())
    assert (await clinic.finished(await clinic.post())).state is RequestState.DECLINED
    clinic.clock.ahead(timedelta(hours=24, minutes=1))
    clinic.yes()
    assert (await clinic.finished(await clinic.post())).state is RequestState.FINISHED


async def test_an_old_result_is_let_go_and_found_again_in_the_journal(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "HELD_DOCUMENTS", 2)
    views = []
    for key in ("k1", "k2", "k3", "k4"):
        clinic.yes()
        views.append(await clinic.finished(await clinic.post(text("a", key), key=key)))
        await eventually(lambda: len(clinic.doctor.outcomes) == len(views))
    with pytest.raises(RequestUnknown):
        await clinic.service.view(origin=ORIGIN, request_id=views[0].id)
    with pytest.raises(IdempotencyConflict):
        await clinic.post(text("a", "k1"), key="k1", body=b"x" * 32)
    for key, view in zip(("k1", "k2", "k3", "k4"), views, strict=True):
        assert await clinic.post(text("a", key), key=key) == view
    assert clinic.token.signed == 4


async def test_a_request_that_was_let_go_leaves_memory_without_a_garbage_collection(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> None:
        raise ModuleCrashed("SIGSEGV in C_Sign")

    monkeypatch.setattr(signing, "HELD_DOCUMENTS", 0)
    gc.collect()
    before = alive(Runner)
    gc.disable()
    try:
        for key, trouble in (("signed", None), ("crashed", crash), ("signed again", None)):
            clinic.yes()
            clinic.token.before_sign = trouble
            await clinic.finished(await clinic.post(text("a"), text("b"), key=key))
            clinic.doctor.asked.clear()
        await eventually(lambda: len(clinic.doctor.outcomes) == 3)
        await clinic.post(key="the next")
        await asyncio.wait_for(clinic.doctor.asked.wait(), 10)
        assert alive(Runner) - before == 1, "the one that waits for the doctor"
    finally:
        gc.enable()


def alive(kind: type) -> int:
    """How many of them are in memory, garbage that waits for its collection included."""
    return sum(isinstance(one, kind) for one in gc.get_objects())


async def test_a_restart_before_the_doctor_answered_asks_again(clinic: Clinic) -> None:
    await clinic.post()
    await asyncio.wait_for(clinic.doctor.asked.wait(), 10)
    await clinic.restart()
    assert len(clinic.doctor.outcomes) == 1, "the old window is gone"
    clinic.yes()
    assert (await clinic.finished(await clinic.post())).state is RequestState.FINISHED


async def test_a_crash_between_intent_and_seal_asks_for_that_document_only(clinic: Clinic) -> None:
    clinic.yes()

    def fail_second() -> None:
        if clinic.token.signed == 1:
            raise ModuleCrashed("SIGSEGV in C_Sign")

    clinic.token.before_sign = fail_second
    first = await clinic.finished(await clinic.post(text("a"), text("b"), key="k9"))
    assert sorted(s.value for s in states(first)) == ["failed", "signed"]
    assert "module-crashed" in codes(first)


async def test_a_crash_spoils_only_what_was_in_hand_and_a_second_request_succeeds(clinic: Clinic) -> None:
    clinic.yes()

    def crash() -> None:
        raise ModuleCrashed("SIGSEGV in C_Sign")

    clinic.token.before_sign = crash
    assert codes(await clinic.finished(await clinic.post())) == ["module-crashed"]
    await eventually(lambda: clinic.token.sessions_open == 0)
    clinic.token.before_sign = None
    clinic.yes()
    assert (await clinic.finished(await clinic.post(key="k2"))).state is RequestState.FINISHED


async def test_cancelling_before_the_answer_closes_the_window(clinic: Clinic) -> None:
    posted = await clinic.post()
    await asyncio.wait_for(clinic.doctor.asked.wait(), 10)
    view = await clinic.service.cancel(origin=ORIGIN, request_id=posted.id)
    assert view.state is RequestState.CANCELLED
    assert len(clinic.doctor.outcomes) == 1
    assert clinic.token.logins == []


async def test_cancelling_while_waiting_in_line_leaves_the_line_in_order(clinic: Clinic) -> None:
    first = await clinic.post(key="k1")
    second = await clinic.post(key="k2")
    third = await clinic.post(key="k1", origin=OTHER)
    assert (second.position, third.position) == (1, 2)
    await clinic.service.cancel(origin=ORIGIN, request_id=second.id)
    assert (await clinic.service.view(origin=OTHER, request_id=third.id)).position == 1
    clinic.yes()
    await clinic.service.cancel(origin=ORIGIN, request_id=first.id)
    assert (await clinic.finished(third, OTHER)).state is RequestState.FINISHED


async def test_cancelling_during_signing_releases_what_is_sealed_and_nothing_more(clinic: Clinic) -> None:
    clinic.token.gate = asyncio.Event()
    clinic.yes()
    posted = await clinic.post(*(text(f"rx-{n}") for n in range(40)))
    await asyncio.wait_for(clinic.doctor.asked.wait(), 10)
    while (await clinic.service.view(origin=ORIGIN, request_id=posted.id)).state is not RequestState.SIGNING:
        await asyncio.sleep(0.01)
    cancelling = asyncio.ensure_future(clinic.service.cancel(origin=ORIGIN, request_id=posted.id))
    await asyncio.sleep(0)
    clinic.token.gate.set()
    view = await cancelling
    assert view.state is RequestState.CANCELLED
    released = sum(s is DocumentState.SIGNED for s in states(view))
    assert released == clinic.token.signed <= 16
    assert set(states(view)) <= {DocumentState.SIGNED, DocumentState.CANCELLED}


async def test_nobody_answering_expires_the_request(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signer.service.signing.UNANSWERED_FOR", timedelta(milliseconds=50))
    assert timedelta(minutes=1) < UNANSWERED_FOR
    view = await clinic.finished(await clinic.post())
    assert codes(view) == ["request-expired"]
    await eventually(lambda: len(clinic.doctor.outcomes) == 1)


async def test_limits_hold_for_an_origin_and_for_all(clinic: Clinic) -> None:
    for number in range(2):
        await clinic.post(key=f"k{number}")
    with pytest.raises(TooManyPending):
        await clinic.post(key="k2")
    for number in range(6):
        await clinic.post(key="k", origin=f"https://p{number}.example")
    with pytest.raises(TooManyPending):
        await clinic.post(key="k", origin="https://p9.example")


async def test_another_origin_cannot_see_or_cancel_a_request(clinic: Clinic) -> None:
    posted = await clinic.post()
    with pytest.raises(RequestUnknown):
        await clinic.service.view(origin=OTHER, request_id=posted.id)
    with pytest.raises(RequestUnknown):
        await clinic.service.cancel(origin=OTHER, request_id=posted.id)


async def test_refusals_at_the_door_leave_nothing_behind(clinic: Clinic) -> None:
    with pytest.raises(CredentialAbsent):
        await clinic.post(credential="00" * 32)
    with pytest.raises(FormatUnsupported):
        await clinic.post(Document(id="p", media_type="image/png", content=b"PNG"))
    assert clinic.doctor.questions == []
    clinic.yes()
    assert (await clinic.finished(await clinic.post())).state is RequestState.FINISHED


async def test_no_token_at_all_is_told_as_such(clinic: Clinic) -> None:
    clinic.token.remove_credentials()
    assert codes(await clinic.finished(await clinic.post())) == ["token-absent"]


async def test_an_unreadable_document_fails_alone(clinic: Clinic) -> None:
    broken = Document(id="bad", media_type="application/json", content=b'{"a":1,"a":2}')
    clinic.yes()
    view = await clinic.finished(await clinic.post(text("good"), broken))
    assert codes(view) == [None, "document-unreadable"]
    assert states(view)[0] is DocumentState.SIGNED


async def test_a_journal_that_cannot_be_opened_takes_no_request_in(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    clinic = Clinic(tmp_path / "taken")
    with pytest.raises(JournalUnwritable):
        await clinic.post()
    assert clinic.doctor.questions == []
    await clinic.close()


async def test_a_full_disk_at_the_seal_releases_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(seals: object) -> None:
        raise JournalUnwritable("OperationalError")

    monkeypatch.setattr(clinic.journal, "seal", full)
    clinic.yes()
    view = await clinic.finished(await clinic.post(*(text(f"rx-{n}") for n in range(60))))
    assert view.state is RequestState.FAILED
    assert set(codes(view)) == {"journal-unwritable"}
    assert all(d.signature is None for d in view.documents)


async def test_what_the_doctor_sees_is_what_was_posted(clinic: Clinic) -> None:
    seen: list[ConsentQuestion] = []

    def look(question: ConsentQuestion) -> Approved:
        seen.append(question)
        return yes(question)

    clinic.doctor.answers.append(look)
    view = await clinic.finished(await clinic.post(text("a", "شربت 5 ml")))
    assert seen[0].origin == ORIGIN
    assert seen[0].sheets[0].content_hash == seen[0].documents[0].content_hash()
    signature = view.documents[0].signature
    assert signature is not None
    assert "شربت 5 ml".encode() in signature


async def test_what_nobody_foresaw_is_logged_where_it_happened_and_without_its_words(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    def quote(question: ConsentQuestion) -> Approved:
        raise RuntimeError(words)

    words = " ".join(("a", "patient's", "name"))
    clinic.doctor.answers.append(quote)
    assert codes(await clinic.finished(await clinic.post())) == ["unexpected"]
    assert "RuntimeError" in caplog.text
    assert words not in caplog.text


async def test_a_token_pulled_out_while_the_doctor_reads_is_named_and_waited_for(clinic: Clinic) -> None:
    clinic.yes()
    clinic.token.removed.set()
    clinic.doctor.pins.append(again())
    posted = await clinic.post(text("a"), text("b"))
    await eventually(lambda: bool(clinic.doctor.tokens_wanted))
    (credential,) = await clinic.token.credentials()
    assert clinic.doctor.tokens_wanted == [credential.token]
    assert (await clinic.service.view(origin=ORIGIN, request_id=posted.id)).state is RequestState.CONSENT
    clinic.token.removed.clear()
    view = await clinic.finished(posted)
    assert states(view) == [DocumentState.SIGNED, DocumentState.SIGNED]
    assert [request.problem for request in clinic.doctor.pin_requests] == [PinProblem.TOKEN_BACK]
    assert clinic.token.logins == [PIN.encode()], "the PIN typed before was not kept"


async def test_a_token_pulled_out_while_it_signs_costs_the_document_in_hand_alone(clinic: Clinic) -> None:
    clinic.yes()
    clinic.doctor.pins.append(again())
    documents = [text(f"rx-{number}", f"{number}") for number in range(40)]

    def pull_out_at_the_seventh() -> None:
        if clinic.token.signed == 6 and not clinic.doctor.tokens_wanted:
            clinic.token.removed.set()

    clinic.token.before_sign = pull_out_at_the_seventh
    posted = await clinic.post(*documents)
    await eventually(lambda: bool(clinic.doctor.tokens_wanted))
    half = await clinic.service.view(origin=ORIGIN, request_id=posted.id)
    assert [d.state for d in half.documents].count(DocumentState.SIGNED) == 6
    assert clinic.token.sessions_open == 0
    clinic.token.removed.clear()
    view = await clinic.finished(posted)
    assert view.state is RequestState.FINISHED
    assert [d.state for d in view.documents].count(DocumentState.SIGNED) == 39
    failed = [d for d in view.documents if d.problem is not None]
    assert [d.problem.code for d in failed if d.problem] == ["token-removed"]
    assert clinic.token.signed == 39
    assert clinic.token.logins == [PIN.encode()] * 2


@pytest.mark.parametrize("seen_away", [True, False])
async def test_a_token_that_is_back_before_anybody_looks_goes_on_and_one_that_only_says_so_does_not(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, seen_away: bool
) -> None:
    monkeypatch.setattr(questions, "GONE_WITHIN", 0.2)
    clinic.yes()
    clinic.doctor.pins.append(again())

    def blink_at_the_second() -> None:
        if clinic.token.signed == 1 and len(clinic.token.logins) == 1:
            clinic.token.stays = int(seen_away)
            raise TokenRemoved

    clinic.token.before_sign = blink_at_the_second
    view = await clinic.finished(await clinic.post(*(text(f"rx-{n}", f"{n}") for n in range(4))))
    assert codes(view).count(None) == (3 if seen_away else 1)
    assert clinic.token.logins == [PIN.encode()] * (2 if seen_away else 1)
    assert [r.problem for r in clinic.doctor.pin_requests] == [PinProblem.TOKEN_BACK] * seen_away


async def test_a_lone_document_that_the_token_had_in_hand_fails_with_the_reason(clinic: Clinic) -> None:
    clinic.yes()
    clinic.token.before_sign = clinic.token.removed.set
    view = await clinic.finished(await clinic.post())
    assert codes(view) == ["token-removed"]
    await eventually(lambda: bool(clinic.doctor.outcomes))
    assert clinic.doctor.outcomes[0].problem == "token-removed"
    assert not clinic.doctor.tokens_wanted


async def test_giving_up_on_a_token_keeps_what_was_signed_and_declines_the_rest(clinic: Clinic) -> None:
    clinic.yes()
    clinic.doctor.gives_up = True

    def pull_out_at_the_third() -> None:
        if clinic.token.signed == 2:
            clinic.token.removed.set()

    clinic.token.before_sign = pull_out_at_the_third
    view = await clinic.finished(await clinic.post(*(text(f"rx-{n}", f"{n}") for n in range(5))))
    assert view.state is RequestState.FINISHED
    assert codes(view) == [None, None, "token-removed", "consent-declined", "consent-declined"]


async def test_a_panel_may_cancel_while_a_token_is_waited_for(clinic: Clinic) -> None:
    clinic.yes()
    clinic.token.removed.set()
    posted = await clinic.post()
    await eventually(lambda: bool(clinic.doctor.tokens_wanted))
    view = await clinic.service.cancel(origin=ORIGIN, request_id=posted.id)
    assert view.state is RequestState.CANCELLED
    assert len(clinic.doctor.outcomes) == 1


async def test_a_token_that_goes_again_before_the_pin_is_waited_for_again(clinic: Clinic) -> None:
    clinic.yes()
    clinic.token.removed.set()
    posted = await clinic.post()
    await eventually(lambda: len(clinic.doctor.tokens_wanted) == 1)

    def gone_again() -> Approved:
        clinic.token.removed.set()
        return again()

    clinic.doctor.on_pin = gone_again
    clinic.token.removed.clear()
    await eventually(lambda: len(clinic.doctor.tokens_wanted) == 2)
    clinic.doctor.on_pin = again
    clinic.token.removed.clear()
    assert states(await clinic.finished(posted)) == [DocumentState.SIGNED]


async def test_a_token_that_goes_and_comes_while_the_doctor_reads_is_told_and_needs_no_second_pin(
    clinic: Clinic,
) -> None:
    clinic.doctor.reading = asyncio.Event()
    clinic.yes()
    posted = await clinic.post()
    await clinic.doctor.asked.wait()
    clinic.token.removed.set()
    await eventually(lambda: len(clinic.doctor.tokens_away) == 1)
    clinic.token.removed.clear()
    await eventually(lambda: len(clinic.doctor.tokens_away) == 2)
    clinic.doctor.reading.set()
    assert states(await clinic.finished(posted)) == [DocumentState.SIGNED]
    (credential,) = await clinic.token.credentials()
    assert clinic.doctor.tokens_away == [credential.token, None]
    assert not clinic.doctor.pin_requests
