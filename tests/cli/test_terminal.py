"""The terminal as a surface: what it prints, what counts as an answer, and the PIN that is never seen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from signer.cli.terminal import TerminalConsent
from signer.cli.tty import LONGEST_LINE, Tty
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Holder,
    PinRole,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import ConsentSurfaceMissing
from signer.model.lookalike import Caution, CautionKind
from signer.model.request import Document
from signer.model.sheet import DocumentSheet, Finding, Leaf, PlainSheet, Weight
from signer.model.text import visible
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentOutcome,
    Outcome,
    PairingQuestion,
    PinProblem,
    PinRequest,
    Standing,
)
from tests.cli.theatre import Terminal
from tests.desktop import scenes

SIGNED = Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),))
CANCELLED = Outcome(documents=(("rx-1", DocumentOutcome.DECLINED),), problem="request-cancelled")
SIGN = "Sign this document?"
PIN = "PIN of"


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


@pytest.fixture
def surface(terminal: Terminal) -> TerminalConsent:
    return TerminalConsent(terminal.device, terminal.device)


def _begin(surface: TerminalConsent, *documents: Document) -> asyncio.Task[Approved | Declined]:
    question = scenes.consent(*(documents or (scenes.three_items(),)))
    return asyncio.create_task(surface.open(question).answer())


async def test_escape_sequences_of_every_source_are_spelled_out(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    evil = "\x1b[2J\u202e\x9b"
    plain = scenes.credential()
    credential = msgspec.structs.replace(
        plain,
        holder=Holder(name=f"holder{evil}", council_numbers=(f"1{evil}",), centre=f"centre{evil}"),
        issuer=f"issuer{evil}",
        token=TokenRef(module="m", slot=0, serial="1", label=f"label{evil}", reader="r"),
    )
    body = PlainSheet(media_type=f"type{evil}", leaves=(Leaf(pointer=f"/pointer{evil}", text=f"text{evil}"),))
    finding = Finding(
        code="hidden-characters", weight=Weight.AMBER, facts=(("count", "1"), ("characters", evil))
    )
    question = msgspec.structs.replace(
        scenes.consent(scenes.three_items()),
        origin=f"origin{evil}",
        credential=credential,
        sheets=(
            DocumentSheet(document_id=f"id{evil}", content_hash=b"", findings=(finding,), draw=lambda: body),
        ),
    )
    pairing = asyncio.create_task(
        surface.pair(PairingQuestion(**{**_fields(scenes.PAIRING), "origin": evil}))
    )
    await terminal.answer("Type yes or no: ", "no")
    assert await pairing is False
    choice = asyncio.create_task(surface.choose(ChoiceQuestion(origin=evil, credentials=(credential,))))
    await terminal.answer("Number", "")
    assert await choice is None
    asking = asyncio.create_task(surface.open(question).answer())
    await terminal.answer("Sign in spite of that?", "yes")
    await terminal.answer(SIGN, "yes")
    await terminal.answer(PIN, "")
    await asking
    assert "\x1b" not in terminal.screen
    assert "\x9b" not in terminal.screen
    assert "\u202e" not in terminal.screen
    spelled = visible(evil)
    assert spelled == "<U+001B>[2J<U+202E><U+009B>"
    sources = (
        "by ",
        "holder",
        "council 1",
        "centre",
        "issuer",
        "label",
        "origin",
        "type",
        "/pointer",
        "text",
        "id",
    )
    for source in (*sources, "of the text: "):
        assert f"{source}{spelled}" in terminal.text, source


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


# What counts as an answer.


async def test_a_refused_document_is_not_even_asked_about(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    assert isinstance(await _drained(terminal, _begin(surface, scenes.differing())), Declined)
    assert "[STOP]" in terminal.text
    assert SIGN not in terminal.text


async def _drained(terminal: Terminal, task: asyncio.Task[Approved | Declined]) -> Approved | Declined:
    """Keep reading the screen while the agent writes to it."""
    await terminal.until("cannot be signed as it stands")
    return await task


async def test_an_amber_finding_needs_a_yes_of_its_own(terminal: Terminal, surface: TerminalConsent) -> None:
    asking = _begin(surface, scenes.late())
    await terminal.answer("Sign in spite of that?", "no")
    assert isinstance(await asking, Declined)
    assert SIGN not in terminal.text


@pytest.mark.parametrize(
    "typed",
    ["\x04", "yes\x04\x04", "y" * LONGEST_LINE + "\n", "no\n"],
    ids=["end of input", "a line without an end", "a line that was cut short", "no"],
)
async def test_what_is_no_whole_yes_declines(
    terminal: Terminal, surface: TerminalConsent, typed: str
) -> None:
    asking = _begin(surface)
    await terminal.until(SIGN)
    terminal.type(typed)
    assert isinstance(await asking, Declined)
    assert terminal.echoes


async def test_octets_that_are_no_text_are_no_pin(terminal: Terminal, surface: TerminalConsent) -> None:
    asking = _begin(surface)
    await terminal.answer(SIGN, "yes")
    await terminal.until(PIN)
    terminal.press(b"12\xff34\n")
    assert isinstance(await asking, Declined)


async def test_a_word_that_is_neither_is_asked_for_again(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    pairing = asyncio.create_task(surface.pair(scenes.PAIRING))
    for typed in ("y", "", "yess", " Yes "):
        await terminal.answer("Are they the same?", typed)
    assert await pairing is True


async def test_the_end_of_input_declines_pairing_and_choice(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    pairing = asyncio.create_task(surface.pair(scenes.PAIRING))
    await terminal.until("Are they the same?")
    terminal.type("\x04")
    assert await pairing is False
    choice = asyncio.create_task(surface.choose(scenes.CHOICE))
    await terminal.until("Number")
    terminal.type("\x04")
    assert await choice is None


async def test_a_certificate_that_cannot_sign_cannot_be_chosen(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    choice = asyncio.create_task(surface.choose(scenes.CHOICE))
    for typed in ("3", "0", "-1", "four"):
        await terminal.answer("Number", typed)
    await terminal.answer("Number", "۲")
    assert await choice == scenes.CHOICE.credentials[1].id
    assert "cannot sign" in terminal.text


async def test_what_was_typed_before_the_question_does_not_answer_it(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    terminal.type("yes\nyes\n")
    pairing = asyncio.create_task(surface.pair(scenes.PAIRING))
    await terminal.answer("Are they the same?", "no")
    assert await pairing is False


# The PIN.


async def test_the_pin_is_on_the_screen_at_no_time(terminal: Terminal, surface: TerminalConsent) -> None:
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until(PIN)
    assert not terminal.echoes
    terminal.type("83461927"[:7] + "\n")
    answer = await asking
    dialogue.close(SIGNED)
    await terminal.until("1 of 1 signed.")
    assert isinstance(answer, Approved)
    assert answer.pin is not None
    assert answer.pin.reveal() == b"8346192"
    assert "8346192" not in terminal.screen
    assert terminal.echoes


@pytest.mark.parametrize(
    ("word", "sent"), [("latin", "1234"), ("typed", "۱۲۳٤")], ids=["as latin", "as typed"]
)
async def test_a_pin_in_persian_digits_is_sent_as_the_doctor_says(
    terminal: Terminal, surface: TerminalConsent, word: str, sent: str
) -> None:
    asking = _begin(surface)
    await terminal.answer(SIGN, "yes")
    await terminal.answer(PIN, "۱۲۳٤")
    await terminal.until("Persian or Arabic")
    await terminal.answer("Type latin or typed: ", "")
    await terminal.answer("Type latin or typed: ", word)
    answer = await asking
    assert isinstance(answer, Approved)
    assert answer.pin is not None
    assert answer.pin.reveal() == sent.encode()


async def test_a_pin_that_cannot_be_this_tokens_is_asked_for_again(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    asking = _begin(surface)
    await terminal.answer(SIGN, "yes")
    await terminal.answer(PIN, "123")
    await terminal.until("at least 4")
    await terminal.answer(PIN, "123456789")
    await terminal.until("at most 8")
    await terminal.answer(PIN, "")
    assert isinstance(await asking, Declined)


@pytest.mark.parametrize(
    ("problem", "tries", "guarded"),
    [
        (PinProblem.WRONG, TriesLeft.UNKNOWN, True),
        (PinProblem.WRONG, TriesLeft.LAST, True),
        (PinProblem.WRONG, TriesLeft.LOW, False),
        (PinProblem.MALFORMED, TriesLeft.UNKNOWN, False),
        (PinProblem.MALFORMED, TriesLeft.LAST, True),
        (PinProblem.LOGGED_OUT, TriesLeft.OK, False),
        (PinProblem.LAST_TRY_UNCONFIRMED, TriesLeft.UNKNOWN, True),
    ],
)
async def test_only_a_try_that_may_be_the_last_needs_a_yes(
    terminal: Terminal, surface: TerminalConsent, problem: PinProblem, tries: TriesLeft, guarded: bool
) -> None:
    request = PinRequest(problem=problem, authorisation=scenes.Tried(tries).authorisation())
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    first = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.answer(PIN, "1111")
    await first
    again = asyncio.create_task(dialogue.ask_pin(request))
    if guarded:
        await terminal.answer("Try all the same?", "yes")
    await terminal.answer(PIN, "2222")
    answer = await again
    assert answer is not None
    assert answer.last_try_accepted is guarded
    assert ("Try all the same?" in terminal.text) is guarded


async def test_a_key_that_wants_a_pin_for_each_signature_is_told_of_before_and_asked_for_by_number(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    each = Authorisation(kind=AuthorisationKind.PIN, tries=TriesLeft.OK, each=True, role=PinRole.SIGNATURE)
    dialogue = surface.open(scenes.consent(scenes.three_items(), authorisation=each))
    first = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until("once to open the token, then 1 time(s) to sign")
    await terminal.answer("Signature PIN of ", "1111")
    await first
    request = PinRequest(problem=PinProblem.EACH_SIGNATURE, authorisation=each, number=1, total=1)
    again = asyncio.create_task(dialogue.ask_pin(request))
    await terminal.until("1 of 1")
    await terminal.answer("Signature PIN of ", "2222")
    answer = await again
    assert answer is not None
    assert answer.pin is not None
    assert answer.pin.reveal() == b"2222"


async def test_a_module_that_asks_in_its_own_window_gets_no_pin_from_here(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    dialog = Authorisation(kind=AuthorisationKind.MODULE_DIALOG, tries=TriesLeft.OK)
    dialogue = surface.open(scenes.consent(scenes.three_items(), authorisation=dialog))
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until("in the window that the token's own software opens")
    answer = await asking
    assert isinstance(answer, Approved)
    assert answer.pin is None


async def test_a_locked_token_is_asked_no_pin(terminal: Terminal, surface: TerminalConsent) -> None:
    locked = scenes.Tried(TriesLeft.LOCKED).authorisation()
    dialogue = surface.open(scenes.consent(scenes.three_items(), authorisation=locked))
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until("PIN is locked")
    assert isinstance(await asking, Declined)
    assert PIN not in terminal.text


async def test_a_last_try_that_is_not_wanted_declines(terminal: Terminal, surface: TerminalConsent) -> None:
    last = Authorisation(kind=AuthorisationKind.PIN, tries=TriesLeft.LAST)
    dialogue = surface.open(scenes.consent(scenes.three_items(), authorisation=last))
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.answer("Try all the same?", "no")
    assert isinstance(await asking, Declined)
    assert PIN not in terminal.text


async def test_half_a_pin_of_a_withdrawn_question_answers_nothing_later(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until(PIN)
    terminal.type("8346")
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    dialogue.close(CANCELLED)
    await terminal.until("The question was withdrawn.")
    await terminal.until("[request-cancelled]")
    assert terminal.echoes
    choice = asyncio.create_task(surface.choose(scenes.CHOICE))
    await terminal.answer("Number", "1")
    assert await choice == scenes.CHOICE.credentials[0].id
    assert "8346" not in terminal.screen


# Whose turn it is, and whether anybody is there.


async def test_a_pairing_waits_until_the_open_consent_is_closed(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    asking = asyncio.create_task(dialogue.answer())
    pairing = asyncio.create_task(surface.pair(scenes.PAIRING))
    await terminal.answer(SIGN, "yes")
    await terminal.answer(PIN, "1234")
    await asking
    dialogue.progress(1, 2)
    assert "Pairing" not in terminal.text
    dialogue.close(SIGNED)
    await terminal.until("signed 1 of 2\r\n1 of 1 signed.")
    await terminal.answer("Are they the same?", "yes")
    assert await pairing is True


async def test_a_consent_that_was_cancelled_in_the_queue_was_never_shown(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    pairing = asyncio.create_task(surface.pair(scenes.PAIRING))
    await terminal.until("Are they the same?")
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    asking = asyncio.create_task(dialogue.answer())
    await asyncio.sleep(0)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    dialogue.close(CANCELLED)
    terminal.type("yes\n")
    assert await pairing is True
    while terminal.look(0):
        pass
    assert "signature" not in terminal.text
    assert "cancelled" not in terminal.text


async def test_where_there_is_no_terminal_there_is_nobody_to_ask(terminal: Terminal) -> None:
    reader, writer = os.pipe()
    try:
        for ends in ((reader, terminal.device), (terminal.device, writer), (reader, writer)):
            surface = TerminalConsent(*ends)
            with pytest.raises(ConsentSurfaceMissing):
                await surface.pair(scenes.PAIRING)
            with pytest.raises(ConsentSurfaceMissing):
                await surface.choose(scenes.CHOICE)
            with pytest.raises(ConsentSurfaceMissing):
                surface.open(scenes.consent(scenes.three_items()))
    finally:
        os.close(reader)
        os.close(writer)


async def test_a_terminal_that_hangs_up_is_nobodys_no(terminal: Terminal, surface: TerminalConsent) -> None:
    question: ConsentQuestion = scenes.consent(scenes.three_items())
    dialogue = surface.open(question)
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer(SIGN, "yes")
    await terminal.until(PIN)
    terminal.hang_up()
    with pytest.raises(ConsentSurfaceMissing):
        await asking
    dialogue.progress(1, 2)
    dialogue.close(CANCELLED)
    tty = Tty(terminal.device, terminal.device)
    for ask in (tty.line, tty.secret):
        with pytest.raises(ConsentSurfaceMissing):
            await ask("Still there? ")
    with pytest.raises(ConsentSurfaceMissing):
        await surface.pair(scenes.PAIRING)


async def test_a_sign_in_is_asked_for_as_one_and_names_the_page(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    asking = asyncio.create_task(surface.open(scenes.consent(scenes.sign_in())).answer())
    await terminal.answer(f"Sign in to {scenes.ORIGIN}?", "yes")
    await terminal.answer(PIN, "1234")
    answer = await asking
    assert isinstance(answer, Approved)
    assert f"{scenes.ORIGIN} asks you to sign in." in terminal.text
    assert "/nonce" in terminal.text
    assert SIGN not in terminal.text


# Work on a token.


async def test_a_new_key_is_told_with_all_that_goes_into_its_request(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    question = scenes.certificate_request(scenes.earlier_request(finished=True))
    dialogue = surface.open_token(question)
    asking = asyncio.create_task(dialogue.answer())
    await terminal.answer("Make it in spite of that?", "yes")
    await terminal.answer("Make this key and request?", "yes")
    await terminal.answer("PIN of ePass3003", "1234")
    answer = await asking
    assert isinstance(answer, Approved)
    assert answer.answers[0].accepted == ("request-in-progress",)
    dialogue.close(Outcome(documents=(("certificate-request", DocumentOutcome.SIGNED),)))
    await terminal.until("1 of 1 made.")
    for line in (
        "https://panel.salamat.example asks for a certificate request, with a new key on a token.",
        "Token: ePass3003, serial 2A410009, in Sample 00",
        "given name: سارا",
        "national code: 0012345679",
        "council number: 123456",
        "centre: مطب ونک",
        "key: RSA 2048",
        "[CARE]",
    ):
        assert line in terminal.text
    assert "1234" not in terminal.text.replace("0012345679", "").replace("123456", "")


async def test_of_several_tokens_a_number_picks_one_and_nothing_else_does(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    choosing = asyncio.create_task(surface.choose_token(scenes.TOKEN_CHOICE))
    await terminal.answer("Number, or nothing to decline", "3")
    await terminal.answer("Number, or nothing to decline", "\u06f2")
    assert await choosing == scenes.TOKEN_CHOICE.tokens[1]


async def test_a_closed_panel_is_told_above_the_prompt_and_what_was_typed_still_counts(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    dialogue = surface.open(scenes.consent(scenes.three_items()))
    answering = asyncio.create_task(dialogue.answer())
    await terminal.until(SIGN)
    terminal.type("ye")
    dialogue.standing(Standing(panel_away=True))
    await terminal.until("The panel's page is closed.")
    await terminal.until(SIGN)
    terminal.type("s\n")
    await terminal.answer(PIN, "1234")
    assert isinstance(await answering, Approved)
    dialogue.close(SIGNED)
    await terminal.until("what was done is kept for its return")


async def test_who_waits_behind_is_told_at_the_beginning_and_when_it_changes(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    front = surface.open(scenes.consent(scenes.three_items()))
    behind = surface.open(scenes.consent(scenes.three_items()))
    behind.standing(Standing(waiting=("https://third.example",)))
    front.close(SIGNED)
    answering = asyncio.create_task(behind.answer())
    await terminal.until("1 more waiting, from https://third.example.")
    await terminal.until(SIGN)
    behind.standing(Standing())
    await terminal.until("0 more waiting.")
    await terminal.answer(SIGN, "no")
    assert isinstance(await answering, Declined)


async def test_an_odd_origin_is_flagged_where_a_panel_pairs_and_where_it_asks(
    terminal: Terminal, surface: TerminalConsent
) -> None:
    odd = (Caution(CautionKind.RESEMBLES, "https://panel.example"),)
    pairing = asyncio.create_task(surface.pair(msgspec.structs.replace(scenes.PAIRING, cautions=odd)))
    await terminal.until("[CARE] This address looks like https://panel.example")
    await terminal.answer("Are they the same?", "no")
    assert not await pairing
    question = msgspec.structs.replace(scenes.consent(scenes.three_items()), cautions=odd)
    answering = asyncio.create_task(surface.open(question).answer())
    await terminal.until("[CARE] This address looks like https://panel.example")
    await terminal.answer(SIGN, "no")
    assert isinstance(await answering, Declined)
