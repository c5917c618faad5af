"""Consent in a terminal, for `mohr agent`: the sheet in plain lines, a yes in words, the PIN without echo.

Needs a terminal on both ends and in the foreground; without one every question ends in
`ConsentSurfaceMissing`. One question is in front at a time; the others wait in the order in which they came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, TypeVar

from signer.cli.sheet_lines import caution_line, finding_lines, sheet_lines
from signer.cli.tty import NoAnswer, Tty
from signer.cli.typed_pin import typed_pin, typed_word
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Credential,
    PinRole,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import ConsentDeclined, ConsentSurfaceMissing, PinLocked, by_code
from signer.model.session_signing import OpenNow
from signer.model.sheet import DocumentSheet
from signer.model.text import latin_digits
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentAnswer,
    DocumentOutcome,
    ModuleQuestion,
    Outcome,
    PairingQuestion,
    Pin,
    PinProblem,
    PinRequest,
    Standing,
    TokenChoiceQuestion,
    TokenQuestion,
)

T = TypeVar("T")

_PIN_PROBLEMS = {
    PinProblem.WRONG: "The PIN was wrong. Nothing was done; type it again with care.",
    PinProblem.MALFORMED: "The token does not take a PIN like that (length or characters). No try was spent.",
    PinProblem.LOGGED_OUT: "The token's session ended. Type the PIN again to go on.",
    PinProblem.TOKEN_CLOSED: "The token was closed in the meantime. Type the PIN to sign.",
    PinProblem.TOKEN_BACK: "The token is back. Type the PIN to go on with what is not yet done.",
    PinProblem.LAST_TRY_UNCONFIRMED: "This may be the last try, and your own yes to it was missing.",
}
_TRIES = {
    TriesLeft.OK: "enough",
    TriesLeft.LOW: "few; type with care",
    TriesLeft.LAST: "one",
    TriesLeft.LOCKED: "none",
    TriesLeft.UNKNOWN: "not known",
}
_ELSEWHERE = {
    AuthorisationKind.PIN_PAD: "Type the PIN on the reader's own keys.",
    AuthorisationKind.MODULE_DIALOG: "Type the PIN in the window that the token's own software opens.",
}
#: What loading a module means.
MODULE_WARNING = (
    "A PKCS#11 module is a program. Once it is loaded it can do whatever you can do on this computer:",
    "read your files, see every PIN that is typed for its token, and sign with it while it is open.",
    "Mohr runs it in a process of its own, which keeps its crashes away and nothing more.",
)
#: Hexadecimal digits of a certificate's SHA-256 that tell two certificates of one holder apart.
_FINGERPRINT = 8


class TerminalConsent:
    """Implements `ConsentSurface` on a terminal: `reader` and `writer` are its file descriptors."""

    def __init__(self, reader: int = 0, writer: int = 1) -> None:
        self._tty = Tty(reader, writer)
        self._queue: deque[_Place] = deque()

    async def pair(self, question: PairingQuestion) -> bool:
        """Show the digits; only the word `yes` is a yes."""
        async with self._turn():
            self._tty.say()
            self._tty.say("Pairing asked for by ", question.origin)
            for caution in question.cautions:
                self._tty.say(*caution_line(caution))
            self._tty.say("The page must show the same digits:  ", question.code)
            with suppress(NoAnswer):
                return await _yes(self._tty, "Are they the same?")
        return False

    async def choose(self, question: ChoiceQuestion) -> str | None:
        """A number, or an empty line to decline. What cannot sign cannot be chosen."""
        async with self._turn():
            self._tty.say()
            self._tty.say(question.origin, " asks for a signature. Which certificate?")
            for number, credential in enumerate(question.credentials, 1):
                name = question.centres.names.get(credential.id)
                self._tty.say(f"  {number}. ", *_credential(credential, name))
            return await self._picked(
                {str(n): c.id for n, c in enumerate(question.credentials, 1) if c.problem is None}
            )

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        """A number, or an empty line to decline."""
        async with self._turn():
            self._tty.say()
            self._tty.say(question.origin, " asks for work on a token. Which token?")
            for number, token in enumerate(question.tokens, 1):
                self._tty.say(f"  {number}. ", *_token(token))
            return await self._picked({str(n): token for n, token in enumerate(question.tokens, 1)})

    async def use_module(self, question: ModuleQuestion) -> bool:
        """Say what changed and what loading it means; only the word `yes` is a yes."""
        async with self._turn():
            self._tty.say()
            self._tty.say("A module that you added is another file now: ", question.path)
            for line in MODULE_WARNING:
                self._tty.say(line)
            self._tty.say("sha256 agreed to  ", question.agreed)
            self._tty.say("sha256 now        ", question.found)
            self._tty.say("It is an update of its maker's, or an attack. Without your yes it is left out.")
            for place in question.open_to_others:
                self._tty.say("WARNING: other users of this computer can write to ", place)
            with suppress(NoAnswer):
                return await _yes(self._tty, "Use the changed module?")
        return False

    def open(self, question: ConsentQuestion) -> TerminalDialogue:
        """Begin the dialogue; shown at once where no other question is in front."""
        return TerminalDialogue(self._tty, self._take_place(), question)

    def open_token(self, question: TokenQuestion) -> TerminalDialogue:
        """The same for what is asked of a token."""
        return TerminalDialogue(self._tty, self._take_place(), question)

    async def _picked(self, offered: dict[str, T]) -> T | None:
        """What stands under the number that is typed; None where nothing is."""
        with suppress(NoAnswer):
            while typed := (await self._tty.line("Number, or nothing to decline: ")).strip():
                if (number := latin_digits(typed)) in offered:
                    return offered[number]
                self._tty.say("Type one of ", ", ".join(offered), ".")
        return None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        place = self._take_place()
        try:
            await place.came.wait()
            yield
        finally:
            place.leave()

    def _take_place(self) -> _Place:
        if not self._tty.attended:
            raise ConsentSurfaceMissing("no terminal in the foreground on standard input and output")
        return _Place(self._queue)


class TerminalDialogue:
    """Implements `ConsentDialogue`: one document after another, then one PIN. In front until it is closed."""

    def __init__(self, tty: Tty, place: _Place, question: ConsentQuestion | TokenQuestion) -> None:
        self._tty = tty
        self._place = place
        self._question = question
        self._words = _words(question)
        self._shown = False
        self._wrong_before = False
        self._standing = Standing()
        if place.came.is_set():
            try:
                self._show()
            except ConsentSurfaceMissing:
                place.leave()
                raise

    async def answer(self) -> Approved | Declined:
        """Each document is shown whole and answered by itself; then the PIN is asked."""
        await self._place.came.wait()
        self._show()
        sheets = self._question.sheets
        try:
            answers: list[DocumentAnswer] = []
            for number, sheet in enumerate(sheets, 1):
                self._tty.say()
                if self._words.numbered:
                    self._tty.say(f"--- document {number} of {len(sheets)}: ", sheet.document_id)
                if (answer := await self._answer_one(sheet)) is not None:
                    answers.append(answer)
            if not answers:
                return Declined()
            approved = await self._authorise(tuple(answers), self._question.authorisation)
        except NoAnswer:
            return Declined()
        return approved or Declined()

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        """The PIN again, saying why."""
        # A PIN for the next signature is asked for only after one that was right.
        wrong_until_now = self._wrong_before and request.problem is not PinProblem.EACH_SIGNATURE
        self._wrong_before = wrong_until_now or request.problem is PinProblem.WRONG
        self._tty.say()
        if request.problem is PinProblem.EACH_SIGNATURE:
            self._tty.say(f"This key wants its PIN for each signature: {request.number} of {request.total}.")
        else:
            self._tty.say(_PIN_PROBLEMS[request.problem])
        unconfirmed = request.problem is PinProblem.LAST_TRY_UNCONFIRMED
        try:
            return await self._authorise((), request.authorisation, guard_unknown=unconfirmed)
        except NoAnswer:
            return None

    def token_away(self, token: TokenRef | None) -> None:
        """Nothing yet: a line in the middle of a prompt would hide it. `want_token` says it at the PIN."""

    def token_open(self, opened: OpenNow | None) -> None:
        """An agent that asks in a terminal keeps no token open."""

    def standing(self, standing: Standing) -> None:
        """Lines above whatever is being asked, which is then asked again; what was typed stays typed."""
        before, self._standing = self._standing, standing
        if not self._shown:
            return
        with suppress(ConsentSurfaceMissing):
            for line in _standing_lines(before, standing):
                self._tty.interject(*line)

    async def want_token(self, token: TokenRef) -> None:
        """Name the token; an empty line gives up."""
        self._tty.say()
        self._tty.say("The token ", token.label, " (serial ", token.serial, ") was pulled out.")
        with suppress(NoAnswer):
            while (await self._tty.line("Plug it in again, or nothing to give up: ")).strip():
                pass

    def progress(self, done: int, total: int) -> None:
        """One line that counts up."""
        if total > 1:
            with suppress(ConsentSurfaceMissing):
                self._tty.count(done, total)

    def close(self, outcome: Outcome) -> None:
        """Say how it ended, where the question was shown, and let the next one come."""
        if self._shown:
            with suppress(ConsentSurfaceMissing):
                self._say_end(outcome)
        self._place.leave()

    def _show(self) -> None:
        """Who asks, for how much, with which certificate. Once."""
        if self._shown:
            return
        self._shown = True
        question, tty = self._question, self._tty
        tty.say()
        tty.say(question.origin, self._words.asks)
        for caution in question.cautions:
            tty.say(*caution_line(caution))
        for line in _standing_lines(Standing(), self._standing):
            tty.say(*line)
        if question.paired_since is not None:
            tty.say(f"Paired since {question.paired_since:%Y-%m-%d}.")
        if isinstance(question, TokenQuestion):
            tty.say("Token: ", *_token(question.token))
        else:
            tty.say("Certificate: ", *_credential(question.credential, question.centre))
        if len(question.sheets) > 1:
            tty.say("Ctrl-D at any question declines them all.")

    def _say_end(self, outcome: Outcome) -> None:
        signed = sum(state is DocumentOutcome.SIGNED for _, state in outcome.documents)
        self._tty.say(f"{signed} of {len(outcome.documents)} {self._words.done}.")
        if signed and self._standing.panel_away:
            self._tty.say("The panel's page is closed; what was done is kept for its return, for 24 hours.")
        if outcome.problem is not None and outcome.problem != ConsentDeclined.code:
            problem = by_code(outcome.problem)
            self._tty.say(f"{problem.en} {problem.en_remedy} [{problem.code}]")

    async def _answer_one(self, sheet: DocumentSheet) -> DocumentAnswer | None:
        for line in sheet_lines(sheet):
            self._tty.say(*line)
        if sheet.refused:
            self._tty.say(f"This cannot be {self._words.done} as it stands.")
            return None
        for finding in sheet.needs_yes:
            for line in finding_lines(finding):
                self._tty.say(*line)
            if not await _yes(self._tty, self._words.in_spite):
                return None
        if not await _yes(self._tty, self._words.question):
            return None
        codes = {finding.code for finding in sheet.needs_yes}
        return DocumentAnswer(document_id=sheet.document_id, accepted=tuple(sorted(codes)))

    async def _authorise(
        self,
        answers: tuple[DocumentAnswer, ...],
        authorisation: Authorisation,
        *,
        guard_unknown: bool = False,
    ) -> Approved | None:
        tries, tty = authorisation.tries, self._tty
        if tries is TriesLeft.LOCKED:
            tty.say(f"{PinLocked.en} {PinLocked.en_remedy}")
            return None
        if authorisation.each and answers:
            tty.say(f"This key wants its PIN once to open the token, then {len(answers)} time(s) to sign.")
        tty.say(f"PIN tries left: {_TRIES[tries]}.")
        unknown = tries is TriesLeft.UNKNOWN and (self._wrong_before or guard_unknown)
        guarded = tries is TriesLeft.LAST or unknown
        if guarded:
            tty.say(f"A wrong PIN now {'may lock' if unknown else 'locks'} the token.")
            if not await _yes(tty, "Try all the same?"):
                return None
        pin = None
        if authorisation.kind in _ELSEWHERE:
            tty.say(_ELSEWHERE[authorisation.kind])
        elif (pin := await self._pin(authorisation)) is None:
            return None
        return Approved(answers=answers, pin=pin, last_try_accepted=guarded)

    async def _pin(self, authorisation: Authorisation) -> Pin | None:
        """A PIN that may be this token's, or None where nothing is typed."""
        asked = self._question
        holder = asked.token.label if isinstance(asked, TokenQuestion) else asked.credential.holder.name
        what = "Signature PIN of " if authorisation.role is PinRole.SIGNATURE else "PIN of "
        return await typed_pin(
            self._tty,
            what,
            holder,
            " (nothing to decline): ",
            least=authorisation.pin_min,
            most=authorisation.pin_max,
        )


class _Words(NamedTuple):
    """What a question is called: behind the origin, for each sheet, for its warnings, and at the end."""

    asks: str
    question: str
    in_spite: str
    done: str
    numbered: bool = False


def _words(question: ConsentQuestion | TokenQuestion) -> _Words:
    if isinstance(question, TokenQuestion):
        if question.makes_key:
            asks = " asks for a certificate request, with a new key on a token."
            return _Words(asks, "Make this key and request?", "Make it in spite of that?", "made")
        asks = " brings a certificate to be kept on a token."
        return _Words(asks, "Keep this certificate?", "Keep it in spite of that?", "kept")
    if question.signs_in:
        return _Words(
            " asks you to sign in.", f"Sign in to {question.origin}?", "Sign in spite of that?", "signed"
        )
    asks = f" asks for {len(question.sheets)} signature(s)."
    return _Words(asks, "Sign this document?", "Sign in spite of that?", "signed", numbered=True)


class _Place:
    """A place in the queue of questions. `came` is set once it is in front; `leave` may be repeated."""

    def __init__(self, queue: deque[_Place]) -> None:
        self.came = asyncio.Event()
        self._queue = queue
        queue.append(self)
        queue[0].came.set()

    def leave(self) -> None:
        """Give the place up, in front or not."""
        if self in self._queue:
            self._queue.remove(self)
        if self._queue:
            self._queue[0].came.set()


def _standing_lines(before: Standing, now: Standing) -> Iterator[tuple[str, ...]]:
    """What has changed for the doctor."""
    if now.panel_away and not before.panel_away:
        yield ("The panel's page is closed. What you sign is kept for its return, for 24 hours.",)
    if before.panel_away and not now.panel_away:
        yield ("The panel's page is back.",)
    if now.waiting != before.waiting:
        origins = ", ".join(dict.fromkeys(now.waiting))
        yield (f"{len(now.waiting)} more waiting", ", from " if origins else "", origins, ".")


async def _yes(tty: Tty, question: str) -> bool:
    return await typed_word(tty, question, "yes", "no") == "yes"


def _token(token: TokenRef) -> tuple[str, ...]:
    reader = (", in ", token.reader) if token.reader else ()
    return (token.label or "(no name)", ", serial ", token.serial, *reader)


def _credential(credential: Credential, called: str | None) -> tuple[str, ...]:
    """The doctor's name for it; holder, centre, issuer, validity, token, and why it cannot sign if so."""
    holder = credential.holder
    own = called if called != holder.centre else None
    parts: list[str] = ["for ", own, ": ", holder.name] if own else [holder.name]
    if holder.council_numbers:
        parts += [", council ", "/".join(holder.council_numbers)]
    if holder.centre:
        parts += [", ", holder.centre]
    parts += [", issued by ", credential.issuer, f", until {credential.not_after:%Y-%m-%d}"]
    parts += [", token ", credential.token.label, ", certificate ", credential.id[:_FINGERPRINT]]
    if credential.problem is not None:
        parts += [f" (cannot sign: {by_code(credential.problem).en})"]
    return tuple(parts)
