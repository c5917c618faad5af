"""A certificate request on its way, in words: whose, its key, what goes out, and what comes back.

Knows what was typed and answered, and says what is drawn; sees a PIN only as a length. What is done at each
step is `gui.requesting`'s.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256

from msgspec import Struct

from gui import translations as t
from gui.presenters import applicant as form
from gui.presenters.applicant import FieldView
from gui.presenters.consent_views import Footer
from gui.presenters.first_run import StepMark
from gui.presenters.in_progress import away_words, request_words
from gui.presenters.pin import (
    Line,
    Tone,
    elsewhere,
    elsewhere_words,
    guarded,
    last_try_words,
    layout_line,
    length_line,
    name_of_the_pin,
    tries_line,
)
from gui.presenters.sheet import SheetView, present_sheet
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.model.applicant import KeyType
from signer.model.sheet import DocumentSheet
from signer.service.key_requests import KeyRequest
from signer.service.office import TokensNow
from signer.service.own_requests import Begun, Issued
from signer.service.token_desk import ManagedToken

KEY_NAMES = {
    KeyType.EC_P256: "EC P-256",
    KeyType.RSA_2048: "RSA 2048",
    KeyType.RSA_3072: "RSA 3072",
    KeyType.RSA_4096: "RSA 4096",
}
#: Taken where the certificate that is followed does not say: what every authority here certifies.
_USUAL = (KeyType.RSA_2048, KeyType.EC_P256)
_CANNOT_SIGN = "certificate-cannot-sign"
_TOKEN_GONE = frozenset({"token-absent", "token-removed", "card-mute", "reader-absent"})


class Step(Enum):
    """The four, in their order."""

    WHO = "who"
    KEY = "key"
    SEND = "send"
    BRING = "bring"


class Stage(Enum):
    """What the window does at its step: asks, waits for an answer, or is done with all of it."""

    ASKING = "asking"
    WORKING = "working"
    DONE = "done"


_NAMES = {
    Step.WHO: t.REQUEST_WHO,
    Step.KEY: t.REQUEST_KEY,
    Step.SEND: t.REQUEST_SEND,
    Step.BRING: t.REQUEST_BRING,
}
_WORDS: dict[Step, tuple[Text, Text]] = {
    Step.WHO: (t.REQUEST_WHO_TITLE, t.REQUEST_WHO_WORDS),
    Step.KEY: (t.REQUEST_KEY_TITLE, t.REQUEST_KEY_WORDS),
    Step.SEND: (t.REQUEST_SEND_TITLE, t.REQUEST_SEND_WORDS),
    Step.BRING: (t.REQUEST_BRING_TITLE, t.REQUEST_BRING_WORDS),
}


class StepsView(Struct, frozen=True, kw_only=True):
    """The window without its last row. `keys` are what the token makes, and which is picked.

    `other` is what the button says that goes on with another request; None where there is none.
    """

    step: Step
    stage: Stage
    title: str
    marks: tuple[StepMark, ...]
    headline: str
    words: str | None
    banner: Line | None
    remedy: str | None
    fields: tuple[FieldView, ...]
    keys: tuple[tuple[KeyType, str, bool], ...]
    sheet: SheetView | None
    accepted: frozenset[int]
    facts: tuple[tuple[str, str], ...]
    other: str | None
    back: bool
    go_on: str | None
    close: str


class RequestSteps:
    """One request, from the first field to its certificate. `now` is what was last read of the tokens."""

    def __init__(self, tongue: Tongue, now: TokensNow, serial: str) -> None:
        self.tongue = tongue
        self.now = now
        self.step = Step.WHO
        self.stage = Stage.ASKING
        self.texts = dict.fromkeys(form.PARTS, "")
        self.key: KeyType | None = None
        self.request: KeyRequest | None = None
        self.sheet: DocumentSheet | None = None
        self.issued: Issued | None = None
        self.last_try_accepted = False
        self._serial = serial
        self._label = next((one.ref.label for one in now.managed if one.ref.serial == serial), "")
        self._renews = False
        self._refused: dict[str, str] = {}
        self._accepted: frozenset[int] = frozenset()
        self._said: tuple[Line, str | None] | None = None
        self._problem: str | None = None

    # What happened.

    def begin(self, begun: Begun, *, renews: bool) -> None:
        """A new one: blank, or with the particulars of the certificate that it follows."""
        self.texts = form.texts_of(begun.applicant)
        self.key, self._renews = begun.key, renews
        self._pick_key()

    def take_up(self, request: KeyRequest) -> None:
        """One that is in progress: go on at its step."""
        self.request = request if request.finished else None
        self.texts = form.texts_of(request.applicant)
        if request.key_type:
            self.key = KeyType(request.key_type)
        self._serial, self._label = request.token_serial, request.token_label
        self._go(Step.SEND if request.finished else Step.KEY)

    def tokens_are(self, now: TokensNow) -> None:
        """The tokens were read again."""
        self.now = now
        self._pick_key()

    def type(self, part: str, text: str) -> None:
        """A field has this text now."""
        self.texts[part] = text

    def pick(self, key: KeyType) -> None:
        """The key is to be of this kind."""
        self.key, self.sheet = key, None
        self._accepted = frozenset()

    def drafted(self, sheet: DocumentSheet) -> None:
        """What is to be known before the key is made; where that is other than it was, no yes counts."""
        if self.sheet is None or self.sheet.findings != sheet.findings:
            self._accepted = frozenset()
        self.sheet = sheet

    def accept(self, index: int, yes: bool) -> None:
        """A finding got its yes, or lost it."""
        self._accepted = self._accepted | {index} if yes else self._accepted - {index}

    def work(self) -> None:
        """Something was sent and is awaited."""
        self.stage, self._said, self._problem = Stage.WORKING, None, None

    def failed(self, code: str) -> None:
        """It was not done, for the reason of a stable code."""
        self.stage, self._problem, self.last_try_accepted = Stage.ASKING, code, False
        sentence, remedy = condition_words(code, self.tongue)
        if code in _TOKEN_GONE:
            remedy = self.tongue.say(t.REQUEST_NOTHING_LOST)
        self._said = Line(sentence, Tone.BAD), remedy

    def made(self, request: KeyRequest) -> None:
        """The key is on the token, and there is a request to send."""
        self.request = request
        self._go(Step.SEND)

    def saved(self, name: str) -> None:
        """The request was written to a file."""
        self.stage = Stage.ASKING
        self._said = Line(self.tongue.say(t.REQUEST_SAVED, name=left_to_right(name)), Tone.OK), None

    def look(self) -> None:
        """Another file is to be looked at: what the last one held is of no matter."""
        self.sheet = self.issued = None

    def found(self, issued: Issued) -> None:
        """The file holds this certificate."""
        self.stage, self.issued, self._accepted = Stage.ASKING, issued, frozenset()
        if self.is_another:
            other = request_words(issued.request, self.tongue)
            self.sheet = None
            self._said = Line(self.tongue.say(t.REQUEST_OF_ANOTHER, other=other), Tone.WARN), None
        else:
            self.sheet = issued.sheet
            words = t.REQUEST_TRUSTED if issued.trusted else t.REQUEST_MATCHED
            self._said = Line(self.tongue.say(words), Tone.OK if issued.trusted else Tone.PLAIN), None

    def go_to_other(self) -> None:
        """Go on with the request that the certificate is for."""
        issued = self.issued
        assert issued is not None
        self.take_up(issued.request)
        self._go(Step.BRING)
        self.found(issued)

    def kept(self) -> None:
        """The certificate is on the token."""
        self.stage, self.sheet = Stage.DONE, None
        findings = () if self.issued is None else self.issued.sheet.findings
        if any(one.code == _CANNOT_SIGN for one in findings):
            line = Line(self.tongue.say(t.FIRST_TOKEN_UNUSABLE), Tone.WARN)
        else:
            line = Line(self.tongue.say(t.REQUEST_DONE), Tone.OK)
        self._said = line, self.tongue.say(t.REQUEST_DONE_HINT)

    def back(self) -> None:
        """One step back: to the particulars, or to the file that went out."""
        self._go(Step.WHO if self.step is Step.KEY else Step.SEND)

    def go_on(self) -> None:
        """One step on, where nothing forbids it: what was typed is looked at first."""
        if self.step is Step.WHO:
            self._refused = form.refusals(form.applicant_of(self.texts), self.tongue)
            if not self._refused:
                self._go(Step.KEY)
        elif self.step is Step.SEND:
            self._go(Step.BRING)

    # What is known.

    @property
    def token(self) -> ManagedToken | None:
        """The token that the key is made on, or is on, where it is in."""
        return next((one for one in self.now.managed if one.ref.serial == self._serial), None)

    @property
    def is_another(self) -> bool:
        """Is the certificate that was found another request's?"""
        return self.issued is not None and (self.request is None or self.issued.request.id != self.request.id)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The codes of the findings that got a yes."""
        findings = () if self.sheet is None else self.sheet.findings
        return tuple(one.code for at, one in enumerate(findings) if at in self._accepted)

    @property
    def first_refused(self) -> str | None:
        """The first field that is wrong."""
        return next((part for part in form.PARTS if part in self._refused), None)

    def set_tongue(self, tongue: Tongue) -> None:
        """Say it in another language from now on; what was said of the last thing done is not said again."""
        self.tongue = tongue
        self._refused = form.refusals(form.applicant_of(self.texts), tongue) if self._refused else {}
        if self._problem is not None and self.stage is Stage.ASKING:
            self.failed(self._problem)
        elif self.stage is Stage.DONE:
            self.kept()
        elif self.step is Step.BRING and self.issued is not None:
            self.found(self.issued)
        else:
            self._said = None

    def view(self) -> StepsView:
        """As it is to be drawn now."""
        say, step = self.tongue.say, self.step
        headline: Text
        words: Text | None
        headline, words = _WORDS[step]
        if step is Step.WHO and self._renews:
            words = t.REQUEST_RENEW_WORDS
        if self.stage is Stage.DONE:
            headline, words = t.DONE_KEPT, None
        banner, remedy = self._said or (None, None)
        asks = self.stage is Stage.ASKING and step in {Step.KEY, Step.BRING}
        if self.token is None and asks and (banner is None or banner.tone is Tone.BAD):
            away = away_words(self._label, self._serial, self.tongue)
            if banner is None:
                banner = Line(away, Tone.WARN)
            else:
                remedy = " ".join(filter(None, (remedy, away)))
        if banner is None and step is Step.KEY and not self._keys() and self.token is not None:
            banner = Line(say(t.REQUEST_NO_KEYS), Tone.BAD)
        asking = self.stage is Stage.ASKING
        return StepsView(
            step=step,
            stage=self.stage,
            title=say(t.REQUEST_TITLE),
            marks=self._marks(),
            headline=say(headline),
            words=None if words is None else say(words),
            banner=banner,
            remedy=remedy,
            fields=form.present_fields(self._refused, self.tongue) if step is Step.WHO else (),
            keys=tuple((key, left_to_right(KEY_NAMES[key]), key is self.key) for key in self._keys())
            if step is Step.KEY
            else (),
            sheet=None if self.sheet is None else present_sheet(self.sheet, self.tongue),
            accepted=self._accepted,
            facts=self._facts() if step is Step.SEND else (),
            other=say(t.REQUEST_GO_TO_OTHER) if self.is_another and asking and step is Step.BRING else None,
            back=asking and step in {Step.KEY, Step.BRING},
            go_on={Step.WHO: say(t.FIRST_NEXT), Step.SEND: say(t.REQUEST_HAVE_IT)}.get(step),
            close=self._close(),
        )

    def footer(self, typed: str, keyboard: str | None, *, caps: bool) -> Footer | None:
        """The row with the PIN, at the steps that want one.

        `typed` is looked at and not kept; `keyboard` is the language of it, where that is known.
        """
        step = self.step
        if self.stage is Stage.DONE or step not in {Step.KEY, Step.BRING}:
            return None
        if step is Step.BRING and (self.issued is None or self.is_another):
            return None
        say, token = self.tongue.say, self.token
        working = self.stage is Stage.WORKING
        wrong = self._problem == "pin-wrong"
        makes = step is Step.KEY
        busy = say(t.MAKING_KEY if makes else t.OPENING_TOKEN) if working else None
        pad = None
        if token is not None and elsewhere(token.user):
            pad = Line(" ".join(elsewhere_words(token.user, self.tongue)))
        last_try = token is not None and self._needs_last_try(token)
        return Footer(
            holder=self.tongue.signed(self._label),
            pin_caption=say(t.PIN_LABEL) if token is None else name_of_the_pin(token.user, self.tongue),
            pin_pad=pad,
            opened=False,
            stays=None,
            takes_pin=token is not None and pad is None,
            tries=Line("")
            if token is None
            else tries_line(token.user.tries, self.tongue, wrong_before=wrong),
            layout=layout_line(keyboard, typed, self.tongue, caps=caps),
            last_try=last_try_words(token.user, self.tongue) if token is not None and last_try else None,
            banner=None,
            sign=say(t.MAKE_KEY if makes else t.KEEP),
            why_not="" if working else self._why_not(token, len(typed)),
            # What the token is at goes on where the window is closed: that takes nothing back.
            decline=say(t.CANCEL if self.request is None and not working else t.CLOSE),
            can_decline=True,
            hint=None,
            busy=busy,
            progress=(0, 0) if working else None,
        )

    # Inside.

    def _go(self, step: Step) -> None:
        self.step, self.stage = step, Stage.ASKING
        self.sheet = self.issued = None
        self._said = self._problem = None
        self._refused, self._accepted = {}, frozenset()

    def _keys(self) -> tuple[KeyType, ...]:
        token = self.token
        return () if token is None else token.keys

    def _pick_key(self) -> None:
        keys = self._keys()
        if keys and self.key not in keys:
            self.key = next((key for key in _USUAL if key in keys), keys[0])

    def _needs_last_try(self, token: ManagedToken) -> bool:
        wrong = self._problem == "pin-wrong"
        return self._problem == "last-try-unconfirmed" or guarded(token.user, wrong_before=wrong)

    def _why_not(self, token: ManagedToken | None, length: int) -> str | None:
        say = self.tongue.say
        if token is None:
            return say(t.WHY_TOKEN_AWAY)
        if self.step is Step.KEY and self.key not in token.keys:
            return say(t.REQUEST_NO_KEYS)
        if self.sheet is None:
            return say(t.CHECKING)
        if self.sheet.refused:
            return say(t.FINDING_STOPS)
        wanted = {at for at, one in enumerate(self.sheet.findings) if one in self.sheet.needs_yes}
        if wanted - self._accepted:
            return say(t.WHY_YES)
        if self._needs_last_try(token) and not self.last_try_accepted:
            return say(t.WHY_LAST_TRY)
        if elsewhere(token.user):
            return None
        return length_line(length, token.user, self.tongue)

    def _close(self) -> str:
        if self.stage is Stage.DONE:
            return self.tongue.say(t.CLOSE)
        return self.tongue.say(t.CANCEL if self.request is None else t.REQUEST_LATER)

    def _marks(self) -> tuple[StepMark, ...]:
        steps, say = list(Step), self.tongue.say
        at, marks = steps.index(self.step), []
        for number, step in enumerate(steps):
            done = number < at or self.stage is Stage.DONE
            name = say(_NAMES[step])
            spoken = say(t.FIRST_STEP, number=number + 1, total=len(steps), name=name)
            if done:
                spoken = f"{spoken}, {say(t.FIRST_STEP_DONE)}"
            marks.append(StepMark(name, number == at, done, spoken))
        return tuple(marks)

    def _facts(self) -> tuple[tuple[str, str], ...]:
        request = self.request
        assert request is not None
        say, tongue = self.tongue.say, self.tongue
        digest = sha256(request.request).hexdigest().upper()
        pairs = " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
        serial = say(t.SERIAL, serial=left_to_right(request.token_serial))
        token = f"{tongue.within(request.token_label)} · {serial}"
        return (
            (say(t.REQUEST_FOR), request_words(request, tongue)),
            (say(t.REQUEST_ON), token),
            (say(t.REQUEST_MADE), f"{tongue.day(request.made_at)} {tongue.clock(request.made_at)}"),
            (say(t.REQUEST_FINGERPRINT), left_to_right(pairs)),
            ("", say(t.REQUEST_FINGERPRINT_HINT)),
        )
