"""The tokens page: a card for each token, a row for each certificate, and the ways to its PIN."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.presenters.in_progress import RequestRow
from gui.presenters.pin import Line, Tone
from gui.presenters.pin_change import Task
from gui.presenters.tokens import CertificateRow, TokenCard, TokensView
from gui.presenters.tongue import Tongue
from gui.translations import Text
from gui.views.kit import button, card, chip, hairline, label, set_line
from gui.views.marks import Initial
from gui.views.page import Page, notice, titled_card
from gui.views.words import Flow

#: Per cent of the designed text size from which buttons stand below what they belong to.
_TOO_LARGE = 150


class TokensPage(Page):
    """Draws a `TokensView`. `pin_wanted(task, managed_token)` when a PIN is to be changed.

    `naming(certificate_row)` when its centre is to be named, `here_wanted(credential_id, wanted)` when it is
    to be this computer's, or no longer. `request_wanted(serial, credential_id)` for a certificate request on
    a token, the id empty for a new one; `going_on(key_request)` and `forgotten(request_id)` for one that is
    in progress.
    """

    pin_wanted = Signal(object, object)
    naming = Signal(object)
    here_wanted = Signal(str, bool)
    request_wanted = Signal(str, str)
    going_on = Signal(object)
    forgotten = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._asking: str | None = None
        self._shown: tuple[TokensView, Tongue] | None = None

    def show_tokens(self, view: TokensView, tongue: Tongue) -> None:
        """Draw it, where it is not what stands there."""
        self._shown = (view, tongue)
        if self._asking not in {one.request.id for one in view.requests}:
            self._asking = None
        if self.stands(what := (view, tongue.lang, theme.px(100), self._asking)):
            return
        parts: list[QWidget | None] = []
        if view.notice is not None:
            parts.append(notice(view.notice, view.remedy))
        parts += [self._card(number, one, tongue) for number, one in enumerate(view.cards)]
        if view.requests_problem is not None:
            parts.append(notice(*view.requests_problem))
        if view.requests:
            parts.append(self._in_progress(view.requests, tongue))
        self.draw(what, tongue.say(t.NAV_TOKENS).replace("&", ""), [*parts, None])

    def _card(self, number: int, token: TokenCard, tongue: Tongue) -> QFrame:
        frame, inside = card()
        inside.setContentsMargins(22, 18, 22, 8)
        inside.setSpacing(12)
        frame.setAccessibleName(f"{token.title}. {token.facts}")
        # Large letters leave no room for the buttons beside them.
        beside = theme.px(100) < _TOO_LARGE
        top = QHBoxLayout() if beside else QVBoxLayout()
        top.setSpacing(14)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(token.title, "headline", wrap=True))
        words.addWidget(label(token.facts, "soft", wrap=True))
        if token.pin is not None:
            tries = label("", wrap=True)
            set_line(tries, token.pin)
            words.addWidget(tries)
        if token.no_unblock is not None:
            words.addWidget(label(token.no_unblock, "bad", wrap=True))
        words.addStretch(1)
        top.addLayout(words, 1)
        top.addWidget(self._buttons(number, token, tongue), 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(top)
        for certificate in token.certificates:
            inside.addWidget(hairline())
            inside.addWidget(_Certificate(certificate, self._ways(certificate, tongue), tongue))
        if not token.certificates:
            inside.addWidget(hairline())
            inside.addWidget(label(tongue.say(t.NO_CERTIFICATES), "soft", wrap=True))
            inside.addSpacing(8)
        return frame

    def _ways(self, certificate: CertificateRow, tongue: Tongue) -> Flow:
        across = Flow(gap=8, line_gap=6)
        name = button(tongue.say(t.NAME_CENTRE), "link")
        name.setObjectName(f"name-{certificate.credential_id}")
        name.clicked.connect(lambda: self.naming.emit(certificate))
        parts = [name]
        if certificate.here or certificate.may_be_here:
            here = button(tongue.say(t.NOT_HERE if certificate.here else t.USE_HERE), "link")
            here.setObjectName(f"here-{certificate.credential_id}")
            here.clicked.connect(
                lambda: self.here_wanted.emit(certificate.credential_id, not certificate.here)
            )
            parts.append(here)
        if (serial := certificate.renew) is not None:
            renew = button(tongue.say(t.REQUEST_RENEW))
            renew.setObjectName(f"renew-{certificate.credential_id}")
            renew.clicked.connect(lambda: self.request_wanted.emit(serial, certificate.credential_id))
            parts.insert(0, renew)
        for part in parts:
            part.setAccessibleName(f"{part.text()}: {certificate.centre}")
            across.addWidget(part)
        return across

    def _buttons(self, number: int, token: TokenCard, tongue: Tongue) -> QWidget:
        across = QWidget()
        column = QVBoxLayout(across)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        managed = token.managed
        if managed is None:
            return across
        ways = [(Task.CHANGE, tongue.say(t.CHANGE_PIN))] if managed.pin_set else []
        if token.unblock is not None:
            ways.append((Task.UNBLOCK, token.unblock))
        for task, words in ways:
            part = button(words)
            part.setObjectName(f"{task.value}-{number}")
            part.setAccessibleName(f"{words}: {token.title}")
            part.clicked.connect(lambda _=False, task=task: self.pin_wanted.emit(task, managed))
            column.addWidget(part)
        if managed.can_request:
            ask = button(tongue.say(t.REQUEST_NEW))
            ask.setObjectName(f"request-{number}")
            ask.setAccessibleName(f"{ask.text()}: {token.title}")
            ask.clicked.connect(lambda: self.request_wanted.emit(managed.ref.serial, ""))
            column.addWidget(ask)
        return across

    def _in_progress(self, requests: tuple[RequestRow, ...], tongue: Tongue) -> QFrame:
        frame, inside = titled_card(tongue.say(t.REQUESTS_TITLE))
        for number, one in enumerate(requests):
            if number:
                inside.addWidget(hairline())
            inside.addWidget(self._request(number, one, tongue))
        return frame

    def _request(self, number: int, one: RequestRow, tongue: Tongue) -> QFrame:
        frame = QFrame()
        frame.setAccessibleName(one.accessible)
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(4)
        head = Flow(gap=12, line_gap=4)
        head.addWidget(label(one.who, "strong", wrap=True))
        head.addWidget(chip(one.stand.text, one.stand.tone))
        column.addLayout(head)
        column.addWidget(label(one.facts, "soft", wrap=True))
        if one.away is not None:
            column.addWidget(label(one.away, "warn", wrap=True))
        if self._asking == one.request.id:
            column.addWidget(notice(Line(one.question, Tone.WARN), tongue.say(t.REQUEST_FORGET_HINT)))
        ways = Flow(gap=10, line_gap=8)
        for name, words, act in self._ways_on(one):
            part = button(tongue.say(words))
            part.setObjectName(f"{name}-{number}")
            part.setAccessibleName(f"{part.text()}: {one.who}")
            part.clicked.connect(lambda _=False, act=act: act())
            ways.addWidget(part)
        column.addLayout(ways)
        return frame

    def _ways_on(self, one: RequestRow) -> list[tuple[str, Text, Callable[[], None]]]:
        request = one.request
        if self._asking == request.id:
            return [
                ("forget-no", t.CANCEL, lambda: self._ask(None)),
                ("forget-yes", t.REQUEST_FORGET_YES, lambda: self.forgotten.emit(request.id)),
            ]
        return [
            ("go-on", t.REQUEST_GO_ON, lambda: self.going_on.emit(request)),
            ("forget", t.REQUEST_FORGET, lambda: self._ask(request.id)),
        ]

    def _ask(self, request_id: str | None) -> None:
        """Ask before one is thrown away; the keyboard is on *no*, so that a second Enter takes nothing."""
        before, self._asking = self._asking, request_id
        if self._shown is None:
            return
        self.show_tokens(*self._shown)
        rows = [one.request.id for one in self._shown[0].requests]
        name = "forget" if request_id is None else "forget-no"
        held = self.findChild(QWidget, f"{name}-{rows.index(request_id or before or rows[0])}")
        if held is not None:
            held.setFocus()


class _Certificate(QFrame):
    """One certificate: the centre's letter, who and where, how long, and what to do."""

    def __init__(self, certificate: CertificateRow, ways: Flow, tongue: Tongue) -> None:
        super().__init__()
        self.setAccessibleName(certificate.accessible)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 2, 0, 6)
        across.setSpacing(14)
        across.addWidget(Initial(certificate.centre), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        head = Flow(gap=12, line_gap=4)
        head.addWidget(label(certificate.centre, "strong", wrap=True))
        head.addWidget(chip(certificate.left.text, certificate.left.tone))
        if certificate.here:
            head.addWidget(chip(tongue.say(t.THIS_COMPUTERS), Tone.OK))
        words.addLayout(head)
        words.addWidget(label(certificate.holder, wrap=True))
        validity = Flow(gap=10)
        validity.addWidget(label(certificate.validity, "soft", wrap=True))
        validity.addWidget(label(certificate.other_validity, "soft", wrap=True))
        words.addLayout(validity)
        words.addWidget(label(certificate.issuer, "soft", wrap=True))
        if certificate.problem or certificate.remedy:
            words.addSpacing(6)
            tone = certificate.left.tone if certificate.problem is None else Tone.BAD
            first = certificate.problem or certificate.remedy or ""
            second = certificate.remedy if certificate.problem is not None else None
            words.addWidget(notice(Line(first, tone), second))
        words.addSpacing(6)
        words.addLayout(ways)
        across.addLayout(words, 1)
