"""Certificate requests between their window and the line: what is sent at each step, and what comes of it.

The shell says what it reads of the tokens. What was sent goes on where the window is closed meanwhile: the
request then stands in the list of those in progress.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.bridge.certificate_requests import (
    BeginRequest,
    DraftRequest,
    ForgetRequest,
    KeepCertificate,
    LookAtCertificate,
    MakeRequest,
    WriteRequest,
)
from gui.bridge.line import Line as Wire
from gui.bridge.requests import Request
from gui.presenters.applicant import applicant_of
from gui.presenters.request_steps import RequestSteps, Stage, Step
from gui.presenters.tongue import Tongue
from gui.views.request_steps import RequestWindow
from signer.model.applicant import KeyType
from signer.model.sheet import DocumentSheet
from signer.service.consent import Pin
from signer.service.key_requests import KeyRequest
from signer.service.office import TokensNow
from signer.service.own_requests import Begun
from signer.service.token_desk import Secret

T = TypeVar("T")


class Requesting(QObject):
    """One for the desktop, with at most one window. `read` reads the tokens anew, `forgotten` gets them."""

    def __init__(
        self,
        parent: QWidget,
        wire: Wire,
        tongue: Tongue,
        read: Callable[[], None],
        forgotten: Callable[[TokensNow], None],
    ) -> None:
        super().__init__()
        self._parent, self._wire, self._tongue = parent, wire, tongue
        self._read, self._forgotten = read, forgotten
        self._now: TokensNow | None = None
        self.window: RequestWindow | None = None

    def start(self, serial: str, credential_id: str | None) -> None:
        """A new request on the token with this serial number, blank or following a certificate."""

        def begun(answer: Begun) -> None:
            if (steps := self._steps(serial)) is not None:
                steps.begin(answer, renews=credential_id is not None)
                self._show(steps)

        def failed(code: str) -> None:
            if (steps := self._steps(serial)) is not None:
                steps.failed(code)
                self._show(steps)

        self._wire.ask(BeginRequest(credential_id), begun, failed, owner=self)

    def go_on(self, request: KeyRequest) -> None:
        """Take up one that is in progress, at its step."""
        if (steps := self._steps(request.token_serial)) is not None:
            steps.take_up(request)
            self._show(steps)

    def forget(self, request_id: str) -> None:
        """Throw one away; who asks has had the person's yes."""
        self._wire.ask(ForgetRequest(request_id), self._forgotten, lambda _: self._read(), owner=self)

    def set_tongue(self, tongue: Tongue) -> None:
        """Say the same in another language, or in letters of another size."""
        self._tongue = tongue
        if self.window is not None:
            self.window.steps.set_tongue(tongue)
            self.window.set_tongue()

    def tokens_are(self, now: TokensNow | None) -> None:
        """What the shell has read: a token may have come, or gone."""
        if now is None or now == self._now:
            return
        self._now = now
        if self.window is not None:
            self.window.steps.tokens_are(now)
            self._draft()
            self.window.renew()

    # Inside.

    def _steps(self, serial: str) -> RequestSteps | None:
        """A new one; None where there is none to begin with, or the window is at work already."""
        if self.window is not None and self.window.steps.stage is Stage.WORKING:
            self._to_front()
            return None
        return None if self._now is None else RequestSteps(self._tongue, self._now, serial)

    def _show(self, steps: RequestSteps) -> None:
        if self.window is not None:
            self.window.reject()
        window = self.window = RequestWindow(steps, self._parent)
        window.went.connect(self._went)
        window.key_wanted.connect(self._pick)
        window.pin_given.connect(self._pin_given)
        window.saved.connect(self._save)
        window.chosen.connect(self._look)
        window.other_wanted.connect(self._to_other)
        window.finished.connect(lambda _: self._closed(window))
        self._draft()
        window.show()
        self._to_front()

    def _to_front(self) -> None:
        if self.window is not None:
            self.window.raise_()
            self.window.activateWindow()

    def _closed(self, window: RequestWindow) -> None:
        window.deleteLater()
        if self.window is window:
            self.window = None

    def _went(self, by: int) -> None:
        if self.window is not None:
            steps = self.window.steps
            steps.go_on() if by > 0 else steps.back()
            self._draft()
            self.window.renew()

    def _pick(self, key: KeyType) -> None:
        if self.window is not None:
            self.window.steps.pick(key)
            self._draft()
            self.window.renew()

    def _draft(self) -> None:
        """Have it said what is to be known before the key is made, as things are now."""
        steps = None if self.window is None else self.window.steps
        if steps is None or steps.step is not Step.KEY or steps.stage is not Stage.ASKING:
            return
        token, key = steps.token, steps.key
        if token is None or key not in token.keys:
            return

        def drafted(sheet: DocumentSheet) -> None:
            # One that another key or another token has overtaken tells nothing any more.
            if steps.step is Step.KEY and (steps.token, steps.key) == (token, key):
                steps.drafted(sheet)
                self._renew(steps)

        def failed(code: str) -> None:
            steps.failed(code)
            self._renew(steps)

        request = DraftRequest(token=token, applicant=applicant_of(steps.texts), key=key)
        self._wire.ask(request, drafted, failed, owner=self)

    def _pin_given(self, pin: str | None) -> None:
        if self.window is None or (token := self.window.steps.token) is None:
            return
        steps = self.window.steps
        secret = Secret(pin=None if pin is None else Pin(pin), last_try_accepted=steps.last_try_accepted)
        issued, key, accepted = steps.issued, steps.key, steps.accepted
        if steps.step is Step.KEY and key is not None:
            making = MakeRequest(
                token=token,
                secret=secret,
                applicant=applicant_of(steps.texts),
                key=key,
                accepted=accepted,
            )
            self._send(steps, making, steps.made)
        elif issued is not None:
            keeping = KeepCertificate(token=token, secret=secret, found=issued, accepted=accepted)
            self._send(steps, keeping, lambda _: steps.kept())

    def _save(self, path: Path) -> None:
        if self.window is not None and (request := self.window.steps.request) is not None:
            steps = self.window.steps
            writing = WriteRequest(request_id=request.id, path=path)
            self._send(steps, writing, lambda _: steps.saved(path.name))

    def _look(self, path: Path) -> None:
        if self.window is not None and (request := self.window.steps.request) is not None:
            steps = self.window.steps
            looking = LookAtCertificate(request_id=request.id, path=path)
            steps.look()
            self._send(steps, looking, steps.found)

    def _to_other(self) -> None:
        if self.window is not None:
            self.window.steps.go_to_other()
            self.window.renew()

    def _send(self, steps: RequestSteps, request: Request[T], then: Callable[[T], None]) -> None:
        """Have it done; the window waits, and the tokens are read anew at its end, whichever that is."""

        def answered(answer: T) -> None:
            then(answer)
            self._renew(steps)
            self._read()

        steps.work()
        self._renew(steps)
        self._wire.ask(request, answered, lambda code: self._failed(steps, code), owner=self)

    def _failed(self, steps: RequestSteps, code: str) -> None:
        steps.failed(code)
        self._renew(steps)
        self._read()

    def _renew(self, steps: RequestSteps) -> None:
        if self.window is not None and self.window.steps is steps:
            self.window.renew()
