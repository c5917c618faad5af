"""One consent from question to ending: what is decided, what may be pressed, what each line says.

The window asks this and draws; it decides nothing itself. The PIN is never kept here: its length is, and
the text passes through `approval` into a `Pin`.
"""

from __future__ import annotations

from gui import translations as t
from gui.presenters import pin as pins
from gui.presenters.asker import asker, asker_lead
from gui.presenters.consent_views import Counts, Decision, Ending, Footer, Header, Phase, Row
from gui.presenters.ending import present_ending
from gui.presenters.notices import present_notices
from gui.presenters.pin import Line, Tone
from gui.presenters.session import open_left, will_stay
from gui.presenters.sheet import SheetView, known, present_sheet, summary
from gui.presenters.tongue import Tongue, left_to_right
from gui.presenters.wish import wish_of
from signer.model.captions import INSURERS
from signer.model.credential import TokenRef, TriesLeft
from signer.model.errors import PinLocked
from signer.model.session_signing import OpenNow
from signer.model.sheet import DocumentSheet, PdfSheet, PrescriptionSheet, Weight
from signer.service.consent import (
    Approved,
    ConsentQuestion,
    DocumentAnswer,
    DocumentOutcome,
    Outcome,
    Pin,
    PinProblem,
    PinRequest,
    Standing,
    TokenQuestion,
)


class ConsentPresenter:
    """The state of one consent window. All methods are called on the window's thread."""

    def __init__(self, question: ConsentQuestion | TokenQuestion, tongue: Tongue) -> None:
        self.question = question
        self._wish = wish_of(question)
        self.phase = Phase.ASKING
        self.tongue = tongue
        self._authorisation = question.authorisation
        count = len(question.sheets)
        self._decisions = [Decision.OPEN] * count
        self._seen = [False] * count
        self._accepted: list[set[int]] = [set() for _ in range(count)]
        self._wrong_before = False
        self._again: PinRequest | None = None
        self._wanted: TokenRef | None = None
        self._consented = False
        self._last_try = False
        self._pin_length = 0
        self._layout: str | None = None
        self._caps = False
        self._typed_sample = ""
        self._progress: tuple[int, int] | None = None
        self._outcome: Outcome | None = None
        self._standing = Standing()
        self._opened = None if isinstance(question, TokenQuestion) else question.opened
        self._was_closed = False

    # --- what was asked

    @property
    def many(self) -> bool:
        """True where several documents wait for one PIN."""
        return len(self.question.sheets) > 1

    @property
    def count(self) -> int:
        """How many documents are asked about."""
        return len(self.question.sheets)

    def header(self) -> Header:
        """The top row."""
        question, say = self.question, self.tongue.say
        return Header(
            title=(
                say(t.TITLE_MANY, count=self.count)
                if self.many
                else say(self._wish.title, origin=left_to_right(question.origin))
            ),
            lead=asker_lead(question.origin, self.tongue),
            origin=asker(question.origin, self.tongue),
            since=(
                say(t.PAIRED_SINCE, date=self.tongue.short_day(question.paired_since))
                if question.paired_since is not None
                else None
            ),
            insurer=self._insurer(),
            certificate=self._with_what(),
        )

    def notices(self) -> tuple[str, ...]:
        """What to know of who asks and who waits, each a line under the origin."""
        away_now = self._standing.panel_away and self.phase is not Phase.ENDED
        return present_notices(self.question.cautions, self._standing.waiting, self.tongue, away=away_now)

    def sheet(self, index: int) -> SheetView:
        """One document as drawn."""
        return present_sheet(self.question.sheets[index], self.tongue)

    def row(self, index: int) -> Row:
        """One document as the list shows it."""
        sheet = self.question.sheets[index]
        title, subtitle = summary(sheet, self.tongue)
        mark = self._mark(sheet)
        outcome = self._outcomes().get(sheet.document_id)
        state = self._state_words(index, outcome)
        words = [title, subtitle, *([mark.text] if mark else []), state]
        return Row(
            title=title,
            subtitle=subtitle,
            decision=self._decisions[index],
            mark=mark,
            outcome=outcome,
            accessible="، ".join(words) if self.tongue.rtl else ", ".join(words),
        )

    # --- what the doctor does

    def saw_end(self, index: int) -> bool:
        """The sheet was on screen to its last line; True the first time."""
        first = not self._seen[index]
        self._seen[index] = True
        return first

    def accept(self, index: int, finding: int, yes: bool) -> None:
        """An amber finding got its yes, or lost it; losing it takes the approval back."""
        if yes:
            self._accepted[index].add(finding)
            return
        self._accepted[index].discard(finding)
        if self._decisions[index] is Decision.APPROVED:
            self._decisions[index] = Decision.OPEN

    def accepted(self, index: int, finding: int) -> bool:
        """True where this amber finding has its yes."""
        return finding in self._accepted[index]

    def why_not_approve(self, index: int) -> str | None:
        """Why this document cannot be approved now, or None where it can."""
        sheet, say = self.question.sheets[index], self.tongue.say
        if sheet.refused:
            return say(t.WHY_RED)
        if not self._seen[index]:
            return say(t.WHY_PAGES if isinstance(sheet.body, PdfSheet) else self._wish.unseen)
        if not self._amber(sheet) <= self._accepted[index]:
            return say(t.WHY_YES)
        return None

    def approve(self, index: int) -> bool:
        """Say yes to one of many; False where it may not be said."""
        if self.phase is not Phase.ASKING or self._consented or self.why_not_approve(index) is not None:
            return False
        self._decisions[index] = Decision.APPROVED
        return True

    def refuse(self, index: int) -> None:
        """Say no to one of many."""
        if self.phase is Phase.ASKING and not self._consented:
            self._decisions[index] = Decision.REFUSED

    def decision(self, index: int) -> Decision:
        """What was said about this document."""
        return self._decisions[index]

    def next_open(self, after: int) -> int | None:
        """The next document without a decision, going round; None where all are decided."""
        order = [*range(after + 1, self.count), *range(after)]
        return next((i for i in order if self._decisions[i] is Decision.OPEN), None)

    def counts(self) -> Counts:
        """How the documents stand."""
        return Counts(
            approved=self._decisions.count(Decision.APPROVED),
            refused=self._decisions.count(Decision.REFUSED),
            open=self._decisions.count(Decision.OPEN),
        )

    @property
    def frozen(self) -> bool:
        """True once the yes was given: sheets can be read, and no answer changed."""
        return self._consented or self.phase is not Phase.ASKING

    def typed(self, pin: str) -> None:
        """The PIN field changed. Only the length and the script stay here."""
        self._pin_length = len(pin)
        self._typed_sample = _script_sample(pin)

    def keyboard(self, language: str | None) -> None:
        """What the system says of the keyboard's language (ISO 639 code), None where it does not."""
        self._layout = language

    def caps_lock(self, on: bool) -> None:
        """Whether Caps Lock is on, as far as the typed letters tell."""
        self._caps = on

    def accept_last_try(self, yes: bool) -> None:
        """The explicit yes to spending what may be the last try."""
        self._last_try = yes

    def approval(self, pin: str | None) -> Approved:
        """The answer to send. Call only where `footer().why_not` is None."""
        self.phase = Phase.OPENING
        self._consented = True
        self._again = None
        answers = tuple(self._answer(i) for i in range(self.count) if self._goes(i))
        return Approved(
            answers=answers,
            pin=None if pin is None else Pin(pin),
            last_try_accepted=self._last_try,
        )

    def give_up(self) -> None:
        """No further PIN; the agent will say how it ended."""
        self.phase = Phase.OPENING
        self._again = None

    # --- what the agent says

    def ask_pin(self, request: PinRequest) -> None:
        """The PIN is wanted again."""
        self.phase = Phase.ASKING
        self._wanted = self._opened = None
        self._again = request
        self._authorisation = request.authorisation
        # A PIN for the next signature is asked for only after one that was right.
        wrong_until_now = self._wrong_before and request.problem is not PinProblem.EACH_SIGNATURE
        self._wrong_before = wrong_until_now or request.problem is PinProblem.WRONG
        self._last_try = False
        self._pin_length = 0
        self._progress = None

    def token_away(self, token: TokenRef | None) -> None:
        """The token was pulled out while the doctor reads, or (None) it is back."""
        self._wanted = token

    def token_open(self, opened: OpenNow | None) -> None:
        """The token that was open is closed (None), or for another number or time."""
        self._was_closed = self._was_closed or (self._opened is not None and opened is None)
        self._opened = opened

    def stand(self, standing: Standing) -> None:
        """The panel went or came back, or others wait."""
        self._standing = standing

    def want_token(self, token: TokenRef) -> None:
        """The token was pulled out; the yes that was given stays given."""
        self.phase = Phase.TOKEN_WANTED
        self._wanted = token
        self._progress = None

    def progressed(self, done: int, total: int) -> None:
        """`done` of `total` are signed."""
        # A signature may become durable while the PIN for the next one is awaited.
        if self.phase is not Phase.ASKING:
            self.phase = Phase.SIGNING
        self._progress = (done, total)

    def ended(self, outcome: Outcome) -> None:
        """It is over."""
        self.phase = Phase.ENDED
        self._outcome = outcome

    # --- what the last row says

    def footer(self) -> Footer:
        """The last row as it must be drawn now."""
        say, authorisation, opened = self.tongue.say, self._authorisation, self._opened
        pad = opened is not None or pins.elsewhere(authorisation)
        where, when = self._in_the_pins_place() if pad else ("", "")
        asking = self.phase is Phase.ASKING
        guarded = opened is None and pins.guarded(authorisation, wrong_before=self._guard_unknown)
        return Footer(
            holder=self._whose(),
            pin_caption=self._pin_caption(),
            pin_pad=Line(where) if pad else None,
            opened=opened is not None,
            stays=self._will_stay() if asking else None,
            takes_pin=asking and not pad and authorisation.tries is not TriesLeft.LOCKED,
            tries=(
                Line(where, Tone.WARN)
                if opened is not None
                else pins.tries_line(authorisation.tries, self.tongue, wrong_before=self._guard_unknown)
            ),
            layout=(
                Line(when)
                if pad
                else pins.layout_line(self._layout, self._typed_sample, self.tongue, caps=self._caps)
            ),
            last_try=pins.last_try_words(authorisation, self.tongue) if guarded and asking else None,
            banner=self._banner() if asking else None,
            sign=self._sign_words(),
            why_not=self._why_not(guarded=guarded, pad=pad),
            decline=say(t.GIVE_UP if self._consented else t.DECLINE),
            can_decline=asking or self.phase is Phase.TOKEN_WANTED,
            hint=self._hint(),
            busy=self._busy(),
            progress=self._progress if self.phase is Phase.SIGNING and self._wish.busy is None else None,
        )

    def ending(self) -> Ending:
        """The last words. Only after `ended`."""
        assert self._outcome is not None
        away = self._standing.panel_away
        return present_ending(self._outcome, self.tongue, wish=self._wish, many=self.many, away=away)

    # --- inside

    @property
    def _guard_unknown(self) -> bool:
        """After a wrong PIN, and where the agent says that a yes is missing, unknown is guarded like last."""
        unconfirmed = self._again is not None and self._again.problem is PinProblem.LAST_TRY_UNCONFIRMED
        return self._wrong_before or unconfirmed

    def _with_what(self) -> str:
        """The certificate that would sign; where there is none yet, the token."""
        question, say = self.question, self.tongue.say
        if isinstance(question, TokenQuestion):
            return say(t.TOKEN, label=left_to_right(question.token.label or question.token.serial))
        credential = question.credential
        date = self.tongue.short_day(credential.not_after)
        if question.centre is not None:
            return say(t.FOR_CENTRE, centre=self.tongue.within(question.centre), date=date)
        return f"{self.tongue.within(credential.holder.name)} · {say(t.CERTIFICATE_UNTIL, date=date)}"

    def _whose(self) -> str:
        """Whose PIN is wanted."""
        question = self.question
        if isinstance(question, TokenQuestion):
            return self.tongue.signed(question.token.label or question.token.serial)
        return self.tongue.signed(question.credential.holder.name)

    def _insurer(self) -> str | None:
        names = {s.body.insurer for s in self.question.sheets if isinstance(s.body, PrescriptionSheet)}
        if len(names) != 1 or not all(isinstance(s.body, PrescriptionSheet) for s in self.question.sheets):
            return None
        return known(INSURERS, names.pop(), self.tongue)

    def _mark(self, sheet: DocumentSheet) -> Line | None:
        if sheet.refused:
            return Line(self.tongue.say(t.MARK_RED), Tone.BAD)
        if sheet.needs_yes:
            return Line(self.tongue.say(t.MARK_AMBER), Tone.WARN)
        return None

    def _state_words(self, index: int, outcome: DocumentOutcome | None) -> str:
        if outcome is not None:
            return self.tongue.say(
                {
                    DocumentOutcome.SIGNED: t.OUTCOME_SIGNED,
                    DocumentOutcome.DECLINED: t.OUTCOME_DECLINED,
                    DocumentOutcome.FAILED: t.OUTCOME_FAILED,
                }[outcome]
            )
        return self.tongue.say(
            {
                Decision.OPEN: t.STATE_OF_OPEN,
                Decision.APPROVED: t.STATE_OF_APPROVED,
                Decision.REFUSED: t.STATE_OF_REFUSED,
            }[self._decisions[index]]
        )

    def _outcomes(self) -> dict[str, DocumentOutcome]:
        return dict(self._outcome.documents) if self._outcome else {}

    def _amber(self, sheet: DocumentSheet) -> set[int]:
        return {i for i, f in enumerate(sheet.findings) if f.weight is Weight.AMBER}

    def _goes(self, index: int) -> bool:
        return not self.many or self._decisions[index] is Decision.APPROVED

    def _answer(self, index: int) -> DocumentAnswer:
        sheet = self.question.sheets[index]
        codes = {sheet.findings[i].code for i in self._accepted[index]}
        return DocumentAnswer(document_id=sheet.document_id, accepted=tuple(sorted(codes)))

    def _why_not(self, *, guarded: bool, pad: bool) -> str | None:
        say = self.tongue.say
        if self.phase is not Phase.ASKING:
            return ""
        if self._wanted is not None:
            return say(t.WHY_TOKEN_AWAY)
        if self._authorisation.tries is TriesLeft.LOCKED:
            return say(t.WHY_LOCKED)
        if not self._consented:
            if self.many and self.counts().approved == 0:
                return say(t.WHY_NONE)
            if not self.many and (reason := self.why_not_approve(0)) is not None:
                return reason
        if guarded and not self._last_try:
            return say(t.WHY_LAST_TRY)
        return None if pad else pins.length_line(self._pin_length, self._authorisation, self.tongue)

    def _sign_words(self) -> str:
        if not self.many:
            return self.tongue.say(self._wish.press)
        return self.tongue.say(t.SIGN_MANY, approved=self.counts().approved, total=self.count)

    def _in_the_pins_place(self) -> tuple[str, str]:
        """What stands there where Mohr takes no PIN, and what there is to know of that."""
        if self._opened is not None:
            return self.tongue.say(t.TOKEN_OPEN), open_left(self._opened, self.tongue)
        return pins.elsewhere_words(self._authorisation, self.tongue)

    def _will_stay(self) -> Line | None:
        """What the PIN that is asked for will open beside this request; how to close what stands open."""
        question = self.question
        if self._opened is not None:
            return Line(self.tongue.say(t.OPEN_HOW_TO_CLOSE))
        if isinstance(question, TokenQuestion) or question.stays is None:
            return None
        return will_stay(question.stays, self.tongue)

    def _banner(self) -> Line | None:
        if self._authorisation.tries is TriesLeft.LOCKED:
            what = PinLocked.fa if self.tongue.rtl else PinLocked.en
            remedy = PinLocked.fa_remedy if self.tongue.rtl else PinLocked.en_remedy
            return Line(f"{what} {remedy}", Tone.BAD)
        if self._wanted is not None:
            return Line(self._token_wanted(self._wanted), Tone.WARN)
        if self._again is not None:
            return pins.again_line(self._again, self.tongue)
        if self._was_closed and self._opened is None:
            return Line(self.tongue.say(t.PIN_AGAIN_TOKEN_CLOSED), Tone.WARN)
        if self._authorisation.each:
            return pins.beforehand_line(self.count, self.tongue)
        return None

    def _token_wanted(self, token: TokenRef) -> str:
        label, serial = left_to_right(token.label), left_to_right(token.serial)
        return self.tongue.say(t.TOKEN_WANTED, label=label, serial=serial)

    def _pin_caption(self) -> str:
        if self._opened is not None:
            return self.tongue.say(t.OPEN_NO_PIN)
        approved = self.counts().approved
        if self.many and approved and not self._authorisation.each:
            return self.tongue.say(t.ONE_PIN_FOR, count=approved)
        return pins.name_of_the_pin(self._authorisation, self.tongue)

    def _hint(self) -> str | None:
        counts = self.counts()
        if self.many and self.phase is Phase.ASKING and counts.open and counts.approved:
            return self.tongue.say(t.UNDECIDED_ARE_DECLINED, count=counts.open)
        return None

    def _busy(self) -> str | None:
        if self.phase is Phase.OPENING:
            if self._opened is None and pins.elsewhere(self._authorisation):
                return pins.elsewhere_words(self._authorisation, self.tongue)[0]
            return self.tongue.say(t.OPENING_TOKEN)
        if self.phase is Phase.TOKEN_WANTED and self._wanted is not None:
            return self._token_wanted(self._wanted)
        if self.phase is Phase.SIGNING and self._wish.busy is not None:
            return self.tongue.say(self._wish.busy)
        if self.phase is Phase.SIGNING and self._progress is not None:
            done, total = self._progress
            return self.tongue.say(t.SIGNING_COUNT, done=done, total=total)
        return None


def _script_sample(pin: str) -> str:
    """One character that stands for the script of a PIN, and for nothing else of it."""
    if pins.has_eastern_digits(pin):
        return "\u06f0"
    if any("\u0600" <= c <= "\u06ff" for c in pin):
        return "\u0627"
    return "a" if any(c.isascii() and c.isalpha() for c in pin) else ""
