"""A change of PIN in words: what is asked for, why it cannot be sent yet, and how it ended.

Sees PINs only as values passed in and forgotten; keeps none.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from gui import translations as t
from gui.presenters.pin import (
    Line,
    Tone,
    elsewhere,
    elsewhere_words,
    guarded,
    last_try_words,
    length_line,
    tries_line,
)
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.credential import Authorisation
from signer.service.office import Unblocking
from signer.service.token_desk import ManagedToken


class Task(Enum):
    """Who knows the PIN changes it, or another secret gives a lost or locked one a new value."""

    CHANGE = "change"
    UNBLOCK = "unblock"


class Stage(Enum):
    """Where it is."""

    ASKING = "asking"
    WORKING = "working"
    DONE = "done"


class PinChangeView(Struct, frozen=True, kw_only=True):
    """As it is to be drawn. `captions` are the three fields', None where the reader takes the PINs."""

    title: str
    token: str
    captions: tuple[str, str, str] | None
    elsewhere: str | None
    tries: Line
    banner: Line | None
    remedy: str | None
    last_try: str | None
    go: str
    busy: str | None


class PinChange:
    """One change, from the first field to its end."""

    def __init__(self, task: Task, token: ManagedToken, tongue: Tongue) -> None:
        self.task = task
        self.token = token
        self.tongue = tongue
        self.stage = Stage.ASKING
        self._problem: str | None = None

    @property
    def wants(self) -> Authorisation:
        """What the secret that is given needs: the user's PIN, or the officer's."""
        return self.token.user if self.task is Task.CHANGE else self.token.officer

    @property
    def takes_pins(self) -> bool:
        """False where the reader's keys or the module's own window take them."""
        return not elsewhere(self.wants)

    @property
    def last_try(self) -> bool:
        """Does the next try need a yes of its own?"""
        return self._problem == "last-try-unconfirmed" or guarded(
            self.wants, wrong_before=self._problem == "pin-wrong"
        )

    def begin(self) -> None:
        """It was sent."""
        self.stage, self._problem = Stage.WORKING, None

    def done(self) -> None:
        """The token has the new PIN."""
        self.stage = Stage.DONE

    def failed(self, code: str) -> None:
        """It was not done, for the reason of a stable code."""
        self.stage, self._problem = Stage.ASKING, code

    def renew(self, token: ManagedToken) -> None:
        """The token was read again: what is known of its tries may be other."""
        self.token = token

    def why_not(self, secret: str, new: str, again: str, *, last_try: bool) -> str | None:
        """Why this cannot be sent, None where it can."""
        say = self.tongue.say
        if self.last_try and not last_try:
            return say(t.WHY_LAST_TRY)
        if not self.takes_pins:
            return None
        short = length_line(len(secret), self.wants, self.tongue) or length_line(
            len(new), self.token.user, self.tongue
        )
        if short is not None:
            return short
        if self.task is Task.CHANGE and new == secret:
            return say(t.PIN_SAME)
        return None if new == again else say(t.PIN_DIFFERS)

    def view(self) -> PinChangeView:
        """As it is to be drawn now."""
        say = self.tongue.say
        banner, remedy = None, None
        if self.stage is Stage.DONE:
            banner = Line(say(t.PIN_CHANGED), Tone.OK)
        elif self._problem is not None:
            sentence, remedy = condition_words(self._problem, self.tongue)
            banner = Line(sentence, Tone.BAD)
        where = None if self.takes_pins else " ".join(elsewhere_words(self.wants, self.tongue))
        label, serial = self.token.ref.label, self.token.ref.serial
        return PinChangeView(
            title=self._title(),
            token=f"{self.tongue.signed(label)} · {say(t.SERIAL, serial=left_to_right(serial))}",
            captions=(self._secret(), say(t.PIN_NEW), say(t.PIN_NEW_AGAIN)) if self.takes_pins else None,
            elsewhere=where,
            tries=tries_line(self.wants.tries, self.tongue, wrong_before=self._problem == "pin-wrong"),
            banner=banner,
            remedy=remedy,
            last_try=last_try_words(self.wants, self.tongue) if self.last_try else None,
            go=self._title(),
            busy=say(t.PIN_CHANGING) if self.stage is Stage.WORKING else None,
        )

    def _title(self) -> str:
        if self.task is Task.CHANGE:
            return self.tongue.say(t.CHANGE_PIN)
        if self.token.unblocking is Unblocking.PUK:
            return self.tongue.say(t.UNBLOCK_WITH_PUK)
        return self.tongue.say(t.UNBLOCK_WITH_OFFICER if self.token.pin_set else t.SET_FIRST_PIN)

    def _secret(self) -> str:
        if self.task is Task.CHANGE:
            return self.tongue.say(t.PIN_CURRENT)
        return self.tongue.say(t.PIN_PUK if self.token.unblocking is Unblocking.PUK else t.PIN_OFFICER)
