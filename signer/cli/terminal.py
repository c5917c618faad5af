"""Consent in a terminal, for `mohr agent`: the sheet in plain lines, a yes in words, the PIN without echo.

Needs a TTY on standard input and output; without one every question ends in `ConsentSurfaceMissing`.
Everything that comes from a panel or a certificate is printed with its control characters spelled out.
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from signer.model import findings
from signer.model.credential import AuthorisationKind, Credential
from signer.model.errors import ConsentSurfaceMissing, by_code
from signer.model.sheet import (
    Cell,
    DocumentSheet,
    Finding,
    Item,
    Moment,
    Person,
    PlainSheet,
    PrescriptionSheet,
    Weight,
)
from signer.model.text import latin_digits, visible
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentAnswer,
    DocumentOutcome,
    Outcome,
    PairingQuestion,
    Pin,
    PinProblem,
    PinRequest,
)

_MARKS = {Weight.RED: "STOP", Weight.AMBER: "CARE", Weight.NOTE: "note"}
_PIN_PROBLEMS = {
    PinProblem.WRONG: "The PIN was wrong.",
    PinProblem.MALFORMED: "The PIN's length or characters are not accepted by the token.",
    PinProblem.LOGGED_OUT: "The token's session was closed.",
    PinProblem.LAST_TRY_UNCONFIRMED: "This may be the last try before the token locks.",
}


class Tty:
    """Lines typed at a terminal, awaited without a thread, so that a withdrawn question leaves no reader."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def line(self, prompt: str) -> str:
        """One line without its end. Empty at the end of input."""
        write(prompt, end="")
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(self._descriptor, readable)
        try:
            await ready
        finally:
            loop.remove_reader(self._descriptor)
        return os.read(self._descriptor, 4096).decode(errors="replace").rstrip("\r\n")

    async def secret(self, prompt: str) -> str:
        """One line that is not echoed."""
        with self._echo_off():
            typed = await self.line(prompt)
        write("")
        return typed

    @contextmanager
    def _echo_off(self) -> Iterator[None]:
        before = termios.tcgetattr(self._descriptor)
        silent = termios.tcgetattr(self._descriptor)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, silent)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, before)


def write(text: str, end: str = "\n") -> None:
    """Print to the terminal at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


class TerminalConsent:
    """Implements `ConsentSurface` on standard input and output."""

    def __init__(self) -> None:
        self._tty = Tty(sys.stdin.fileno()) if sys.stdin.isatty() and sys.stdout.isatty() else None

    async def pair(self, question: PairingQuestion) -> bool:
        """Show the digits; only the word `yes` is a yes."""
        tty = self._require_tty()
        write(f"\nPairing asked for by {visible(question.origin)}")
        write(f"The page must show the same digits:  {question.code}")
        return await tty.line("Are they the same? Type yes or no: ") == "yes"

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """A number, or an empty line to decline."""
        tty = self._require_tty()
        write(f"\n{visible(question.origin)} asks for a signature. Which certificate?")
        for number, credential in enumerate(question.credentials, 1):
            write(f"  {number}. {credential_line(credential)}")
        while True:
            typed = await tty.line("Number, or nothing to decline: ")
            if not typed:
                return None
            if typed.isdecimal() and 1 <= int(typed) <= len(question.credentials):
                return question.credentials[int(typed) - 1].id

    def open(self, question: ConsentQuestion) -> TerminalDialogue:
        """Begin the dialogue."""
        return TerminalDialogue(self._require_tty(), question)

    def _require_tty(self) -> Tty:
        if self._tty is None:
            raise ConsentSurfaceMissing("standard input is not a terminal")
        return self._tty


class TerminalDialogue:
    """Implements `ConsentDialogue`: one document after another, then one PIN."""

    def __init__(self, tty: Tty, question: ConsentQuestion) -> None:
        self._tty = tty
        self._question = question

    async def answer(self) -> Approved | Declined:
        """Each document is shown whole and answered by itself; then the PIN is asked."""
        question = self._question
        write(f"\n{visible(question.origin)} asks for {len(question.sheets)} signature(s).")
        write(f"Certificate: {credential_line(question.credential)}")
        answers = []
        for number, sheet in enumerate(question.sheets, 1):
            write(f"\n--- document {number} of {len(question.sheets)}")
            for line in sheet_lines(sheet):
                write(line)
            answer = await self._answer_one(sheet)
            if answer is not None:
                answers.append(answer)
        if not answers:
            return Declined()
        approved = await self._authorise(tuple(answers))
        return approved or Declined()

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """The PIN again, saying why."""
        write(_PIN_PROBLEMS[request.problem])
        write(f"Tries left: {request.authorisation.tries.value}")
        confirmed = True
        if request.problem is not PinProblem.MALFORMED:
            confirmed = await self._tty.line("Type yes to try again, anything else to stop: ") == "yes"
        return await self._authorise((), last_try_accepted=True) if confirmed else None

    def progress(self, done: int, total: int) -> None:
        """One line that counts up."""
        if total > 1:
            write(f"\rsigned {done} of {total}", end="\n" if done == total else "")

    def close(self, outcome: Outcome) -> None:
        """Say how it ended."""
        signed = sum(state is DocumentOutcome.SIGNED for _, state in outcome.documents)
        write(f"{signed} of {len(outcome.documents)} signed.")
        if outcome.problem is not None:
            problem = by_code(outcome.problem)
            write(f"{problem.en} {problem.en_remedy} [{problem.code}]")

    async def _answer_one(self, sheet: DocumentSheet) -> DocumentAnswer | None:
        if sheet.refused:
            write("This document cannot be signed as it stands.")
            return None
        for finding in sheet.needs_yes:
            if await self._tty.line(f"Accept «{finding.code}»? Type yes or no: ") != "yes":
                return None
        if await self._tty.line("Sign this document? Type yes or no: ") != "yes":
            return None
        return DocumentAnswer(document_id=sheet.document_id, accepted=tuple(f.code for f in sheet.needs_yes))

    async def _authorise(
        self, answers: tuple[DocumentAnswer, ...], *, last_try_accepted: bool = False
    ) -> Approved | None:
        if self._question.authorisation.kind is not AuthorisationKind.PIN:
            write("Type the PIN on the reader.")
            return Approved(answers=answers, pin=None, last_try_accepted=last_try_accepted)
        holder = visible(self._question.credential.holder.name)
        typed = await self._tty.secret(f"PIN of {holder} (nothing to decline): ")
        if not typed:
            return None
        if latin_digits(typed) != typed:
            write("The digits were typed in Persian or Arabic.")
            choice = await self._tty.line("Type latin to send Latin digits, typed to send them as they are: ")
            if choice not in {"latin", "typed"}:
                return None
            typed = latin_digits(typed) if choice == "latin" else typed
        return Approved(answers=answers, pin=Pin(typed), last_try_accepted=last_try_accepted)


def credential_line(credential: Credential) -> str:
    """Holder, centre, issuer and validity of a certificate, in one line."""
    holder = credential.holder
    parts = (
        holder.name,
        holder.council_number and f"council {holder.council_number}",
        holder.centre,
        credential.issuer,
        f"until {credential.not_after:%Y-%m-%d}",
        f"token {credential.token.label}",
    )
    return visible(" · ".join(part for part in parts if part))


def sheet_lines(sheet: DocumentSheet) -> Iterator[str]:
    """Every signed value of a document, and its findings first."""
    for finding in sheet.findings:
        yield finding_line(finding)
    match sheet.body:
        case PlainSheet(media_type=media_type, leaves=leaves):
            yield f"{visible(media_type)}:"
            for leaf in leaves:
                yield f"  {leaf.pointer}: {leaf.text}"
        case PrescriptionSheet() as body:
            yield f"{body.kind} · {body.insurer}"
            yield from _moment("issued", body.issued)
            yield from _moment("valid until", body.valid_until)
            yield from _person("patient", body.patient)
            yield from _person("prescriber", body.prescriber)
            for number, item in enumerate(body.items, 1):
                yield f"  {number}. {_item(item)}"
            yield from _cell("notes", body.notes)
            yield from _cell("replaces", body.replaces)
            for leaf in body.details:
                yield f"    {leaf.pointer}: {leaf.text}"


def finding_line(finding: Finding) -> str:
    """A finding's mark and sentence."""
    return f"[{_MARKS[finding.weight]}] {findings.sentence(finding, 'en')} ({finding.code})"


def _moment(label: str, moment: Moment | None) -> Iterator[str]:
    if moment is not None:
        yield f"  {label}: {moment.text}"


def _cell(label: str, cell: Cell | None) -> Iterator[str]:
    if cell is not None:
        yield f"  {label}: {cell.text}"


def _person(label: str, person: Person) -> Iterator[str]:
    rest = (
        person.national_code,
        person.council_number,
        person.centre,
        person.birth_date,
        person.mobile,
    )
    yield f"  {label}: " + " · ".join(cell.text for cell in (person.name, *rest) if cell is not None)


def _item(item: Item) -> str:
    cells = (
        ("", item.name),
        ("code", item.code),
        ("form", item.form),
        ("strength", item.strength),
        ("quantity", item.quantity),
        ("amount", item.amount),
        ("instruction", item.instruction),
        ("repeat", item.repeat),
        ("diagnosis", item.diagnosis),
        ("not before", item.not_before),
    )
    return " · ".join(f"{label} {cell.text}".strip() for label, cell in cells if cell is not None)
