"""A panel has a key made on a token and hands in its certificate: asked, queued, recorded, made once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_csr
from msgspec.structs import replace

from drivers.pin import Pin
from drivers.types import KeySpec
from signer import x509
from signer.cli.demo.authority import AUTHORITY_NAME, PLAIN_DOCTOR, DemoAuthority, NamePart, Usage
from signer.journal.store import SqliteJournal
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import TriesLeft
from signer.model.errors import (
    ApplicantInvalid,
    IdempotencyConflict,
    JournalUnwritable,
    RequestExpired,
    RequestUnknown,
    TooManyPending,
)
from signer.model.findings import sentence
from signer.model.record import Intent, Seal
from signer.model.request import Document, DocumentState, RequestState
from signer.service.consent import Approved, Declined, DocumentAnswer, PinProblem, TokenQuestion
from signer.service.evidence import Outside
from signer.service.key_requests import KeyRequest, KeyRequests
from signer.service.open_token import KeyOnToken
from signer.service.pin_guard import PinGuard
from signer.service.questions import Surroundings, TokenWork
from signer.service.signing import UNANSWERED_FOR, SigningService
from signer.service.token_desk import ManagedToken, Secret, TokenDesk
from signer.service.token_questions import each_once
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.service.doubles import Doctor, FixedClock, StillNet, again, yes

ORIGIN = "https://panel.example"
OTHER = "https://other.example"
DOCTOR = Applicant(
    given_name="سارا",
    surname="نمونه",
    national_code="0012345679",
    council_number="123456",
    centre="درمانگاه نمونه",
)
KEY = KeyType.EC_P256


class Clinic:
    """A service at one SoftHSM token, and a panel's way of posting."""

    def __init__(self, folder: Path, token: hsm.SoftHsm) -> None:
        self.folder = folder
        self.token = token
        self.clock = FixedClock()
        self.clock.at = datetime.now(UTC)
        self.doctor = Doctor()
        self.guard = PinGuard()
        self.authority = DemoAuthority(now=self.clock.at)
        self.anchors: tuple[x509.Certificate, ...] = ()
        self.supervisor = token.supervisor()
        self.open()

    def open(self) -> None:
        module = TokenModule(path=str(self.token.module), profile=hsm.profile(), supervisor=self.supervisor)
        signers = TokenSigners((module,), self.clock)
        watch = TokenWatch(signers, (module,))
        self.requests = KeyRequests(self.folder / "requests.json")
        turn = asyncio.Lock()

        def desk(turn: asyncio.Lock) -> TokenDesk:
            return TokenDesk(
                (module,),
                clock=self.clock,
                guard=self.guard,
                requests=self.requests,
                turn=turn,
                changed=signers.read_anew,
            )

        self.desk = desk(turn)
        self.journal = SqliteJournal(self.folder / "journal")
        self.service = SigningService(
            Surroundings(
                signers=watch,
                consent=self.doctor,
                journal=self.journal,
                clock=self.clock,
                guard=self.guard,
                paired_since=lambda origin: None,
                outside=Outside(net=StillNet()),
                token_work=TokenWork(
                    desk=desk(asyncio.Lock()),
                    requests=self.requests,
                    tokens=watch,
                    anchors=lambda: self.anchors,
                ),
                turn=turn,
            )
        )

    async def close(self) -> None:
        await self.service.stop()
        await self.journal.close()

    async def restart(self) -> None:
        await self.close()
        self.open()

    async def ask(
        self,
        key: str = "c1",
        *,
        applicant: Applicant = DOCTOR,
        body: bytes = b"c" * 32,
        origin: str = ORIGIN,
        key_type: KeyType = KEY,
    ) -> RequestView:
        return await self.service.request_certificate(
            origin=origin, idempotency_key=key, body_hash=body, applicant=applicant, key=key_type
        )

    async def hand_in(self, certificate: bytes, key: str = "i1", *chain: bytes) -> RequestView:
        return await self.service.store_certificate(
            origin=ORIGIN, idempotency_key=key, body_hash=b"i" * 32, certificate=certificate, chain=chain
        )

    async def end_of(self, view: RequestView) -> RequestView:
        """The request once nothing more happens to it, its token closed and its window gone."""
        await self.service.view(origin=ORIGIN, request_id=view.id, wait=30)
        return await self.service.cancel(origin=ORIGIN, request_id=view.id)

    async def made(self, key: str = "c1") -> bytes:
        self.yes()
        return result(await self.end_of(await self.ask(key)))

    def yes(self, pin: str = hsm.PIN) -> None:
        self.doctor.answers.append(lambda question: yes(question, pin))

    async def keys(self) -> tuple[KeyOnToken, ...]:
        return await self.desk.keys(await self.desk.only_token(), Secret(pin=Pin(hsm.PIN)))

    def issue(self, request: bytes) -> bytes:
        spki = self.requests.all()[-1].spki
        assert load_der_x509_csr(request).is_signature_valid
        return self.authority.issue(spki, PLAIN_DOCTOR, not_before=self.clock.at - timedelta(minutes=1))


@pytest.fixture
async def clinic(tmp_path: Path, softhsm: hsm.SoftHsm) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path, softhsm)
    yield made
    await made.close()
    await made.supervisor.close()


def result(view: RequestView) -> bytes:
    (document,) = view.documents
    assert document.signature is not None, document
    return document.signature


def code(view: RequestView) -> str | None:
    (document,) = view.documents
    return document.problem.code if document.problem else None


def warned(clinic: Clinic) -> list[str]:
    return [finding.code for finding in clinic.doctor.token_questions[-1].sheets[0].needs_yes]


async def asked(clinic: Clinic) -> TokenQuestion:
    """The question, once it is in front of the doctor."""
    async with asyncio.timeout(20):
        await clinic.doctor.asked.wait()
    return clinic.doctor.token_questions[-1]


async def test_the_doctor_is_asked_for_a_key_on_this_token_and_the_panel_gets_its_request(
    clinic: Clinic,
) -> None:
    request = await clinic.made()
    (question,) = clinic.doctor.token_questions
    assert (question.origin, question.makes_key, question.token.serial) == (
        ORIGIN,
        True,
        (await clinic.desk.only_token()).ref.serial,
    )
    (key,) = await clinic.keys()
    (kept,) = clinic.desk.requests()
    assert (kept.request, kept.origin, kept.key_id) == (request, ORIGIN, key.key_id)
    assert load_der_x509_csr(request).is_signature_valid
    assert clinic.doctor.outcomes[-1].problem is None


async def test_the_journal_has_the_intent_and_the_request_and_its_chain_holds(clinic: Clinic) -> None:
    request = await clinic.made()
    past = await clinic.journal.past(ORIGIN, "c1", clinic.clock.now())
    assert past is not None
    (intent,), (seal,) = past.intents, past.seals
    assert (intent.format, intent.media_type) == (
        "pkcs10",
        "application/vnd.mohr.certificate-request+json",
    )
    assert seal.signature == request
    assert await clinic.journal.check() == 2


async def test_a_no_makes_no_key_and_is_not_asked_again_under_its_key(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda question: Declined())
    view = await clinic.end_of(await clinic.ask())
    assert (view.state, code(view)) == (RequestState.DECLINED, "consent-declined")
    await clinic.restart()
    view = await clinic.end_of(await clinic.ask())
    assert view.state is RequestState.DECLINED
    assert len(clinic.doctor.token_questions) == 1
    assert await clinic.keys() == ()
    assert clinic.desk.requests() == ()


async def test_the_same_key_gives_the_same_request_after_a_restart_a_day_and_its_certificate(
    clinic: Clinic,
) -> None:
    request = await clinic.made()
    assert result(await clinic.ask()) == request
    await clinic.restart()
    assert result(await clinic.ask()) == request
    with pytest.raises(IdempotencyConflict):
        await clinic.ask(body=b"d" * 32)
    clinic.clock.ahead(timedelta(days=3))
    await clinic.restart()
    assert result(await clinic.ask()) == request
    await clinic.restart()
    with pytest.raises(IdempotencyConflict):
        await clinic.ask(body=b"d" * 32)
    clinic.yes()
    stored = await clinic.end_of(await clinic.hand_in(clinic.issue(request)))
    assert stored.state is RequestState.FINISHED, code(stored)
    await clinic.restart()
    assert result(await clinic.ask()) == request
    assert len(await clinic.keys()) == 1
    assert [question.makes_key for question in clinic.doctor.token_questions] == [True, False]


async def test_what_was_made_and_could_not_be_recorded_is_given_later_and_not_made_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(seals: tuple[Seal, ...]) -> None:
        raise JournalUnwritable("no space")

    clinic.yes()
    with monkeypatch.context() as patched:
        patched.setattr(clinic.journal, "seal", full)
        view = await clinic.end_of(await clinic.ask())
    assert (view.state, code(view)) == (RequestState.FAILED, "journal-unwritable")
    (kept,) = clinic.desk.requests()
    await clinic.restart()
    assert result(await clinic.ask()) == kept.request
    past = await clinic.journal.past(ORIGIN, "c1", clinic.clock.now())
    assert past is not None
    assert [seal.signature for seal in past.seals] == [kept.request]
    assert (len(clinic.doctor.token_questions), len(await clinic.keys())) == (1, 1)


async def test_a_key_that_was_left_behind_is_told_and_used(clinic: Clinic) -> None:
    token = await clinic.desk.only_token()
    async with clinic.desk.open(token, Secret(pin=Pin(hsm.PIN))) as opened:
        left = await opened.make_key(KeySpec.EC_P256, "left", key_id=b"leftover")
    begun = KeyRequest(
        id="begun",
        applicant=DOCTOR,
        token_serial=token.ref.serial,
        token_label=token.ref.label,
        key_id=b"leftover",
        spki=b"",
        request=b"",
        made_at=clinic.clock.now(),
        key_type=KEY.value,
    )
    clinic.requests.put(begun)
    request = await clinic.made("another")
    told = [finding.code for finding in clinic.doctor.token_questions[-1].sheets[0].findings]
    assert "key-left-unfinished" in told
    (key,) = await clinic.keys()
    (kept,) = clinic.desk.requests()
    assert (key.spki, kept.spki, kept.request) == (left.spki, left.spki, request)


async def test_a_second_key_for_the_same_particulars_needs_a_yes_of_its_own(clinic: Clinic) -> None:
    await clinic.made()
    await clinic.made("c2")
    assert warned(clinic) == ["request-in-progress"]
    assert len(await clinic.keys()) == 2


async def test_a_wrong_pin_is_counted_and_asked_again_in_the_same_dialogue(clinic: Clinic) -> None:
    clinic.yes("00000000")
    clinic.doctor.pins.append(again(hsm.PIN, last_try=True))
    view = await clinic.end_of(await clinic.ask())
    assert view.state is RequestState.FINISHED, code(view)
    assert [request.problem for request in clinic.doctor.pin_requests] == [PinProblem.WRONG]
    assert len(await clinic.keys()) == 1


async def test_two_wrong_pins_end_in_the_cool_down_that_signing_has_too(clinic: Clinic) -> None:
    clinic.yes("00000000")
    clinic.doctor.pins += [again("00000000", last_try=True), again(hsm.PIN, last_try=True)]
    view = await clinic.end_of(await clinic.ask())
    assert (view.state, code(view)) == (RequestState.FAILED, "pin-cool-down")
    assert clinic.desk.requests() == ()


async def test_what_may_be_the_last_try_is_not_spent_without_a_yes_to_it(clinic: Clinic) -> None:
    ref = (await clinic.desk.only_token()).ref
    clinic.guard.wrong(ref, clinic.clock.now())
    clinic.yes()
    clinic.doctor.pins.append(None)
    view = await clinic.end_of(await clinic.ask())
    (wanted,) = clinic.doctor.pin_requests
    assert wanted.problem is PinProblem.LAST_TRY_UNCONFIRMED
    assert wanted.authorisation.tries in {TriesLeft.UNKNOWN, TriesLeft.LAST}
    assert view.state is RequestState.DECLINED


async def test_it_is_taken_back_while_it_is_on_screen_and_no_key_is_made(clinic: Clinic) -> None:
    view = await clinic.ask()
    await asked(clinic)
    view = await clinic.service.cancel(origin=ORIGIN, request_id=view.id)
    assert (view.state, code(view)) == (RequestState.CANCELLED, "request-cancelled")
    assert len(clinic.doctor.outcomes) == 1
    assert (await clinic.keys(), clinic.desk.requests()) == ((), ())


async def test_it_is_taken_back_while_it_waits_for_its_turn(clinic: Clinic) -> None:
    first = await clinic.ask("c1")
    await asked(clinic)
    second = await clinic.ask("c2")
    assert second.position == 1
    second = await clinic.service.cancel(origin=ORIGIN, request_id=second.id)
    assert second.state is RequestState.CANCELLED
    assert len(clinic.doctor.token_questions) == 1
    await clinic.service.cancel(origin=ORIGIN, request_id=first.id)


async def test_it_is_taken_back_while_the_pin_is_asked_again(clinic: Clinic) -> None:
    clinic.yes("00000000")
    clinic.doctor.out_of_pins = lambda: asyncio.Event().wait()
    view = await clinic.ask()
    async with asyncio.timeout(20):
        while not clinic.doctor.pin_requests:
            await asyncio.sleep(0.01)
    view = await clinic.service.cancel(origin=ORIGIN, request_id=view.id)
    assert view.state is RequestState.CANCELLED
    clinic.guard.right((await clinic.desk.only_token()).ref)
    assert (await clinic.keys(), clinic.desk.requests()) == ((), ())


async def test_it_is_taken_back_with_the_token_open_and_still_no_key_is_made(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    intend, cancelling = clinic.journal.intend, []

    async def and_take_it_back(intents: tuple[Intent, ...]) -> None:
        await intend(intents)
        taken_back = clinic.service.cancel(origin=ORIGIN, request_id=intents[0].request_id)
        cancelling.append(asyncio.ensure_future(taken_back))
        await asyncio.sleep(0.01)

    monkeypatch.setattr(clinic.journal, "intend", and_take_it_back)
    clinic.yes()
    view = await clinic.end_of(await clinic.ask())
    await asyncio.gather(*cancelling)
    assert view.state is RequestState.CANCELLED
    assert (await clinic.keys(), clinic.desk.requests()) == ((), ())


async def test_its_panel_hears_of_it_as_of_any_request(clinic: Clinic) -> None:
    clinic.yes()
    view = await clinic.ask()
    following = clinic.service.events(origin=ORIGIN, last_id=None)
    heard = []
    async with asyncio.timeout(30), aclosing(following) as news:
        async for one in news:
            if isinstance(one.what, RequestView):
                assert one.what.id == view.id
                heard.append(one.what.state)
                if one.what.final:
                    break
    assert heard[-1] is RequestState.FINISHED


async def test_it_counts_among_the_open_requests_of_its_origin(clinic: Clinic) -> None:
    await clinic.ask("c1")
    await clinic.ask("c2")
    with pytest.raises(TooManyPending):
        await clinic.ask("c3")
    with pytest.raises(TooManyPending):
        await clinic.service.submit(
            origin=ORIGIN,
            idempotency_key="s",
            body_hash=b"s" * 32,
            documents=(Document(id="rx-1", media_type="text/plain", content=b"x"),),
            credential=None,
            purpose=None,
        )
    await clinic.ask("c1", origin=OTHER)


async def test_one_that_nobody_answers_expires(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signer.service.signing.UNANSWERED_FOR", timedelta(seconds=0.2))
    assert timedelta(minutes=1) < UNANSWERED_FOR
    view = await clinic.end_of(await clinic.ask())
    assert (view.state, code(view)) == (RequestState.FAILED, RequestExpired.code)
    assert await clinic.keys() == ()


async def test_another_origin_sees_nothing_of_it(clinic: Clinic) -> None:
    view = await clinic.ask()
    with pytest.raises(RequestUnknown):
        await clinic.service.view(origin=OTHER, request_id=view.id)
    with pytest.raises(RequestUnknown):
        await clinic.service.cancel(origin=OTHER, request_id=view.id)


async def test_particulars_that_break_a_rule_are_refused_before_anybody_is_asked(clinic: Clinic) -> None:
    with pytest.raises(ApplicantInvalid):
        await clinic.ask(applicant=replace(DOCTOR, national_code="0012345678"))
    assert clinic.doctor.token_questions == []


async def test_without_a_token_or_with_one_that_has_no_pin_it_ends_in_that_condition(
    clinic: Clinic,
) -> None:
    token = await clinic.desk.only_token()
    await clinic.desk.initialise(token, Secret(pin=Pin(hsm.SO_PIN)), "without a PIN")
    assert code(await clinic.end_of(await clinic.ask())) == "pin-not-set"
    (clinic.token.folder / "tokens").rename(clinic.token.folder / "away")
    (clinic.token.folder / "tokens").mkdir()
    await clinic.supervisor.end_worker()
    assert code(await clinic.end_of(await clinic.ask("c2"))) == "token-absent"


async def test_of_several_tokens_the_doctor_picks_one_and_its_key_is_made_there(clinic: Clinic) -> None:
    first = await clinic.desk.only_token()
    blank = next(t.ref.slot for t in await clinic.desk.tokens() if not t.initialised)
    await clinic.supervisor.init_token(blank, Pin(hsm.SO_PIN), "second")
    second = next(t for t in await clinic.desk.tokens() if t.ref.label == "second")
    await clinic.desk.unblock(second, Secret(pin=Pin(hsm.SO_PIN)), Pin(hsm.PIN))
    clinic.doctor.token_choice = lambda question: next(t for t in question.tokens if t.label == "second")
    await clinic.made()
    (choice,) = clinic.doctor.token_choices
    assert {token.serial for token in choice.tokens} == {first.ref.serial, second.ref.serial}
    assert clinic.doctor.token_questions[0].token.serial == second.ref.serial
    pin = Secret(pin=Pin(hsm.PIN))
    assert len(await clinic.desk.keys(second, pin)) == 1
    assert await clinic.desk.keys(first, Secret(pin=Pin(hsm.PIN))) == ()
    clinic.doctor.token_choice = lambda question: None
    assert (await clinic.end_of(await clinic.ask("c2"))).state is RequestState.DECLINED


async def test_a_card_that_two_modules_show_is_one_token_and_two_of_one_module_are_two(
    clinic: Clinic,
) -> None:
    seen = await clinic.desk.only_token()

    def shown(module: str, slot: int, serial: str, reader: str) -> ManagedToken:
        ref = replace(seen.ref, module=module, slot=slot, serial=serial, reader=reader)
        return replace(seen, ref=ref)

    vendors = shown("vendor", 0, "0A1B", "Reader 00")
    signature = shown("vendor", 1, "0A1B", "Reader 00")
    softhsm = shown("softhsm", 0, "77", "")
    shown_again = (
        shown("opensc", 0, "a1b", "Reader 00 "),  # another spelling of its serial number
        shown("other", 0, "77", ""),
        replace(shown("vendor", 2, "", ""), initialised=False),
    )
    assert each_once((vendors, signature, softhsm, *shown_again)) == (vendors, signature, softhsm)
    elsewhere = shown("opensc", 1, "a1c", "Reader 01")
    assert each_once((vendors, elsewhere)) == (vendors, elsewhere)


async def test_the_doctor_is_warned_where_the_token_is_somebody_elses(clinic: Clinic) -> None:
    request = await clinic.made()
    clinic.yes()
    await clinic.end_of(await clinic.hand_in(clinic.issue(request)))
    clinic.yes()
    await clinic.end_of(await clinic.ask("c2", applicant=replace(DOCTOR, national_code="0043210988")))
    assert warned(clinic) == ["token-of-another"]


async def test_a_yes_to_what_was_not_asked_makes_no_key(clinic: Clinic) -> None:
    clinic.doctor.answers.append(
        lambda question: Approved(answers=(DocumentAnswer(document_id="rx-1"),), pin=Pin(hsm.PIN))
    )
    view = await clinic.end_of(await clinic.ask())
    assert (view.state, code(view)) == (RequestState.FAILED, "unexpected")
    assert await clinic.keys() == ()


# --- the certificate


async def test_a_trusted_certificate_is_kept_beside_its_key_without_a_warning_and_can_sign(
    clinic: Clinic,
) -> None:
    clinic.anchors = (x509.read(clinic.authority.certificate),)
    issued = clinic.issue(await clinic.made())
    clinic.yes()
    view = await clinic.end_of(await clinic.hand_in(issued))
    (document,) = view.documents
    assert (view.state, document.certificate) == (RequestState.FINISHED, issued)
    assert warned(clinic) == []
    assert clinic.desk.requests() == ()
    (key,) = await clinic.keys()
    assert key.certified
    clinic.doctor.answers.append(lambda question: yes(question, hsm.PIN))
    signed = await clinic.service.submit(
        origin=ORIGIN,
        idempotency_key="s1",
        body_hash=b"s" * 32,
        documents=(Document(id="rx-1", media_type="text/plain", content=b"x"),),
        credential=x509.read(issued).id,
        purpose=None,
    )
    signed = await clinic.end_of(signed)
    assert signed.documents[0].state is DocumentState.SIGNED


@pytest.mark.parametrize("trusted", [True, False], ids=["to-an-anchor", "to-nobody"])
async def test_a_chain_that_the_panel_brings_leads_to_an_anchor_and_is_none(
    clinic: Clinic, trusted: bool
) -> None:
    root = DemoAuthority(now=clinic.clock.at, name=(NamePart("2.5.4.3", "Sample Root"),))
    between = root.issue(
        x509.read(clinic.authority.certificate).spki,
        AUTHORITY_NAME,
        not_before=clinic.clock.at - timedelta(hours=1),
        usage=frozenset({Usage.KEY_CERT_SIGN}),
        ca=True,
    )
    clinic.anchors = (x509.read(root.certificate),) if trusted else ()
    issued = clinic.issue(await clinic.made())
    clinic.yes()
    view = await clinic.end_of(await clinic.hand_in(issued, "i1", between, root.certificate))
    assert view.state is RequestState.FINISHED, code(view)
    assert warned(clinic) == ([] if trusted else ["issuer-not-trusted"])
    assert [one.id for one in await clinic.service.credentials()] == [x509.read(issued).id]


async def test_what_the_authority_wrote_otherwise_needs_a_yes_of_its_own(clinic: Clinic) -> None:
    clinic.anchors = (x509.read(clinic.authority.certificate),)
    clinic.yes()
    other = replace(DOCTOR, given_name="دیگر", national_code="0043210988", centre="مطب دیگر")
    request = result(await clinic.end_of(await clinic.ask(applicant=other)))
    clinic.yes()
    await clinic.end_of(await clinic.hand_in(clinic.issue(request)))
    question = clinic.doctor.token_questions[-1]
    differing = [dict(finding.facts)["field"] for finding in question.sheets[0].needs_yes]
    assert differing == ["holder", "national_code", "centre"]


async def test_a_certificate_that_cannot_sign_is_kept_only_after_a_yes_of_its_own(clinic: Clinic) -> None:
    clinic.anchors = (x509.read(clinic.authority.certificate),)
    await clinic.made()
    spki = clinic.desk.requests()[0].spki
    early = clinic.authority.issue(
        spki, PLAIN_DOCTOR, not_before=clinic.clock.at, usage=frozenset({Usage.KEY_ENCIPHERMENT})
    )
    clinic.yes()
    view = await clinic.end_of(await clinic.hand_in(early))
    assert view.state is RequestState.FINISHED, code(view)
    (finding,) = clinic.doctor.token_questions[-1].sheets[0].needs_yes
    assert finding.code == "certificate-cannot-sign"
    assert "برای امضا صادر نشده است" in sentence(finding, "fa")


@pytest.mark.parametrize("refused", ["certificate-without-key", "certificate-stored"])
async def test_a_certificate_that_cannot_be_kept_says_why(clinic: Clinic, refused: str) -> None:
    issued = clinic.issue(await clinic.made())
    if refused == "certificate-without-key":
        issued = clinic.authority.certificate
    else:
        clinic.yes()
        await clinic.end_of(await clinic.hand_in(issued))
    clinic.yes()
    view = await clinic.end_of(await clinic.hand_in(issued, "i2"))
    assert (view.state, code(view)) == (RequestState.FAILED, refused)


async def test_a_certificate_that_is_declined_is_not_written_and_its_request_stays(clinic: Clinic) -> None:
    issued = clinic.issue(await clinic.made())
    clinic.doctor.answers.append(lambda question: Declined())
    view = await clinic.end_of(await clinic.hand_in(issued))
    assert view.state is RequestState.DECLINED
    assert [key.certified for key in await clinic.keys()] == [False]
    assert len(clinic.desk.requests()) == 1


async def test_a_certificate_is_kept_once_whoever_posts_it_again(clinic: Clinic) -> None:
    issued = clinic.issue(await clinic.made())
    clinic.yes()
    first = await clinic.end_of(await clinic.hand_in(issued))
    await clinic.restart()
    second = await clinic.hand_in(issued)
    assert (second.state, second.documents[0].certificate) == (
        RequestState.FINISHED,
        first.documents[0].certificate,
    )
    assert len(clinic.doctor.token_questions) == 2


async def test_a_request_that_was_thrown_away_is_not_made_anew_under_its_old_key(clinic: Clinic) -> None:
    await clinic.made()
    (request,) = clinic.desk.requests()
    clinic.requests.forget(request.id)
    clinic.clock.ahead(timedelta(hours=24, minutes=1))
    await clinic.restart()
    with pytest.raises(RequestExpired):
        await clinic.ask()
    assert len(clinic.doctor.token_questions) == 1, "nobody types a PIN for what can never be sealed"
    assert len(await clinic.keys()) == 1


async def test_a_certificate_posted_again_after_a_day_is_not_asked_about_anew(clinic: Clinic) -> None:
    issued = clinic.issue(await clinic.made())
    clinic.yes()
    await clinic.end_of(await clinic.hand_in(issued))
    clinic.clock.ahead(timedelta(hours=24, minutes=1))
    await clinic.restart()
    with pytest.raises(RequestExpired):
        await clinic.hand_in(issued)
    assert len(clinic.doctor.token_questions) == 2
