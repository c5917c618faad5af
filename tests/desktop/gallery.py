"""Draws every screen, both languages, both looks: `python -m tests.desktop.gallery OUTDIR [NAME…]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from msgspec import structs
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QLabel, QWidget

from gui import theme
from gui import translations as t
from gui.bridge.line import Line
from gui.bridge.messages import AgentChanged, AgentInfo, AgentState
from gui.preferences import Preferences
from gui.presenters.check import CheckView, present_check
from gui.presenters.first_run import Known, Step, present_first_run
from gui.presenters.home import present_home
from gui.presenters.journal import chain_line
from gui.presenters.panels import present_panels
from gui.presenters.pin import Line as Said
from gui.presenters.pin import Tone
from gui.presenters.pin_change import PinChange, Task
from gui.presenters.request_steps import RequestSteps
from gui.presenters.session import open_state, present_session
from gui.presenters.tokens import condition_words, present_tokens, present_warnings
from gui.presenters.tongue import Tongue
from gui.presenters.trust import present_offer, present_trust
from gui.translations import Lang
from gui.views.centre_name import NameWindow
from gui.views.choice import ChoiceWindow
from gui.views.consent import SIZE, ConsentWindow
from gui.views.first_run import FirstRunWindow
from gui.views.journal import JournalPage
from gui.views.main import MainWindow, PageName
from gui.views.marks import seal_icon
from gui.views.module import ModuleWindow
from gui.views.pages import PagePicture
from gui.views.pairing import PairingWindow
from gui.views.pin_change import PinChangeWindow
from gui.views.request_steps import RequestWindow
from gui.views.tokens import TokensPage
from gui.views.trust import TrustDeeds, TrustShown
from signer.diagnostics.finding import finding
from signer.model.credential import AuthorisationKind, TriesLeft
from signer.model.errors import AddressInvalid
from signer.model.presence import Presence
from signer.model.request import Document, VisibleSeal
from signer.model.session_signing import Limits, OpenNow
from signer.service.consent import (
    ConsentQuestion,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
    TokenQuestion,
)
from signer.service.key_requests import KeyRequest
from signer.service.office import TokensNow
from signer.service.own_signing import OwnSigned
from signer.service.panels import PanelsNow
from signer.service.records import Opened, Traced
from signer.service.session_signing import SessionSettings
from tests import pdfs
from tests.desktop import scenes

Draw = Callable[[Tongue, Preferences], QWidget]


def _consent(
    question: ConsentQuestion | TokenQuestion, act: Callable[[ConsentWindow], None] = lambda _: None
) -> Draw:
    def draw(tongue: Tongue, _: Preferences) -> QWidget:
        window = ConsentWindow(question, tongue, stray=0)
        window.come_forward()
        window.resize(SIZE)
        _settle()
        act(window)
        return window

    return draw


def _read(window: ConsentWindow) -> None:
    window.sheet.build_all()
    while window.sheet.read_on():
        _settle()


def _drawn(window: ConsentWindow) -> None:
    """Wait for the pages in sight."""
    until = time.monotonic() + 20
    while time.monotonic() < until and not any(p.picture for p in window.findChildren(PagePicture)):
        _settle()
        time.sleep(0.02)
    _settle()


def _read_pages(window: ConsentWindow) -> None:
    _drawn(window)
    until = time.monotonic() + 20
    while time.monotonic() < until and window.presenter.why_not_approve(0) == window.tongue.say(t.WHY_PAGES):
        window.sheet.read_on()
        _settle()
        time.sleep(0.02)


def _typed(window: ConsentWindow) -> None:
    _read(window)
    window.pin.field.setText("1234")
    window.pin.field.setFocus()


def _closed_meanwhile(window: ConsentWindow) -> None:
    _read(window)
    window.token_open(None)


def _persian_pin(window: ConsentWindow) -> None:
    _read(window)
    window.pin.field.setText("۱۲۳۴")
    window.pin.press_sign()


def _again(window: ConsentWindow) -> None:
    _typed(window)
    window.pin.press_sign()
    window.ask_pin(PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN))


def _signing(window: ConsentWindow) -> None:
    for index in range(window.presenter.count):
        window.presenter.saw_end(index)
        window.presenter.approve(index)
    if window.documents is not None:
        window.documents.go(3)
    _typed(window)
    window.pin.press_sign()
    window.progress(12, window.presenter.counts().approved)


def _failed(window: ConsentWindow) -> None:
    _typed(window)
    window.pin.press_sign()
    outcome = Outcome(documents=(("rx-1", DocumentOutcome.FAILED),), problem="pin-locked")
    window.close_with(outcome, at_once=False)


def _done(window: ConsentWindow) -> None:
    _typed(window)
    window.pin.press_sign()
    window.close_with(Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),)), at_once=False)


def _making(window: ConsentWindow) -> None:
    _typed(window)
    window.pin.press_sign()
    window.progress(0, 1)


def _made(window: ConsentWindow) -> None:
    _typed(window)
    window.pin.press_sign()
    outcome = Outcome(documents=(("certificate-request", DocumentOutcome.SIGNED),))
    window.close_with(outcome, at_once=False)


def _full(window: ConsentWindow) -> None:
    window.presenter.accept(0, 0, True)
    _typed(window)
    window.pin.press_sign()
    outcome = Outcome(documents=(("certificate", DocumentOutcome.FAILED),), problem="token-full")
    window.close_with(outcome, at_once=False)


def _some(window: ConsentWindow) -> None:
    for index in range(window.presenter.count):
        window.presenter.saw_end(index)
        if index == 4:
            window.presenter.refuse(index)
        elif index != 5:
            window.presenter.approve(index)
    assert window.documents is not None
    window.documents.go(2)
    _typed(window)
    window._renew()


def _results(window: ConsentWindow) -> None:
    _signing(window)
    outcomes = []
    for index, sheet in enumerate(window.presenter.question.sheets):
        approved = window.presenter.decision(index).value == "approved"
        failed = index == 7
        state = DocumentOutcome.FAILED if failed else DocumentOutcome.SIGNED
        outcomes.append((sheet.document_id, state if approved else DocumentOutcome.DECLINED))
    window.close_with(Outcome(documents=tuple(outcomes)), at_once=False)


def _details(window: ConsentWindow) -> None:
    window.sheet.flip()


def _consent_later(document: Callable[[], Document], act: Callable[[ConsentWindow], None]) -> Draw:
    """For a document that takes an application, or a process, to make."""

    def draw(tongue: Tongue, preferences: Preferences) -> QWidget:
        return _consent(scenes.consent(document()), act)(tongue, preferences)

    return draw


def _main(
    fill: Callable[[MainWindow, Tongue, Preferences], None],
    change: AgentChanged | None = None,
    act: Callable[[MainWindow], None] = lambda _: None,
) -> Draw:
    """The main window, in the state of `change`, filled by `fill`, after `act`."""

    def draw(tongue: Tongue, preferences: Preferences) -> QWidget:
        window = MainWindow(Line(lambda number, request: None))
        window.set_tongue(tongue)
        state = present_home(change or _READY, 0, tongue, tray=True, presence=scenes.PRESENCE).state
        window.show_state(state, tongue)
        fill(window, tongue, preferences)
        window.resize(1040, 760)
        window.show()
        _settle()
        act(window)
        return window

    return draw


def _home(
    change: AgentChanged,
    waiting: int = 0,
    presence: Presence = scenes.PRESENCE,
    opened: OpenNow | None = None,
    now: TokensNow | None = None,
) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, _: Preferences) -> None:
        view = present_home(change, waiting, tongue, tray=True, presence=presence, opened=opened)
        if now is not None:
            view = structs.replace(view, endings=present_warnings(now, tongue))
        window.show_state(view.state, tongue)
        window.home.show_home(view, tongue)

    return _main(fill, change)


def _settings(settings: SessionSettings | None = scenes.SESSION_ON, *, down: bool = False) -> Draw:
    """The page, from its top or from the section of session signing `down` in it."""

    def fill(window: MainWindow, tongue: Tongue, preferences: Preferences) -> None:
        window.settings.show_settings(preferences, tongue, False, present_session(settings, tongue))
        window.turn_to(PageName.SETTINGS)

    def act(window: MainWindow) -> None:
        bar = window.settings.verticalScrollBar()
        bar.setValue(bar.maximum() if down else 0)

    return _main(fill, act=act)


def _tray(tongue: Tongue, _: Preferences) -> QWidget:
    """The tray's icon as it stands on light and dark panels, shut and open, at the sizes of trays."""
    window = QWidget()
    grid = QGridLayout(window)
    for across, ground in enumerate(("#eeeeee", "#2b2b2b")):
        for down, opened in enumerate((False, True)):
            for at, size in enumerate((16, 22, 32, 64)):
                shown = QLabel()
                shown.setPixmap(seal_icon(opened=opened).pixmap(size, size))
                shown.setStyleSheet(f"background: {ground}; padding: 6px")
                grid.addWidget(shown, down, 4 * across + at)
    grid.addWidget(QLabel(open_state(scenes.OPENED, tongue)), 2, 0, 1, 8)
    window.show()
    return window


def _trust(change: Callable[[TrustShown, Tongue], TrustShown]) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, preferences: Preferences) -> None:
        window.settings.show_settings(preferences, tongue, False, present_session(scenes.SESSION_ON, tongue))
        window.turn_to(PageName.SETTINGS)
        shown = TrustShown(view=present_trust(scenes.TRUST, tongue))
        idle = TrustDeeds(
            add=lambda: None,
            answer=lambda _: None,
            ask=lambda _: None,
            remove=lambda _: None,
            stamp_at=lambda _: None,
        )
        window.settings.show_trust(change(shown, tongue), idle)

    def down(window: MainWindow) -> None:
        bar = window.settings.verticalScrollBar()
        bar.setValue(bar.maximum())

    return _main(fill, act=down)


def _forgetting(page: TokensPage) -> None:
    page._ask("c-1")
    page.ensureVisible(0, 9999)


def _tokens(now: TokensNow, act: Callable[[TokensPage], None] = lambda _: None) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, _: Preferences) -> None:
        window.tokens.show_tokens(present_tokens(now, tongue), tongue)
        window.turn_to(PageName.TOKENS)

    return _main(fill, act=lambda window: act(window.tokens))


def _journal(
    opened: Opened,
    act: Callable[[JournalPage], None] = lambda _: None,
    broken_at: int | None = None,
) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, _: Preferences) -> None:
        window.journal.show_chain(chain_line(broken_at, tongue))
        window.journal.show_opened(opened)
        window.turn_to(PageName.JOURNAL)

    return _main(fill, act=lambda window: act(window.journal))


def _entry(number: int) -> Callable[[JournalPage], None]:
    def act(page: JournalPage) -> None:
        page.table.setCurrentIndex(page.model.index(number, 0))
        page._entry_read(scenes.ROWS[number].sequence, scenes.entry(scenes.ROWS[number]))

    return act


def _traced(page: JournalPage) -> None:
    traced = Traced(name="rx-4100.json", sha256=bytes(32), rows=scenes.ROWS[:1], report=None)
    page._show_traced(traced)


def _panels(now: PanelsNow, asking: str | None = None) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, _: Preferences) -> None:
        window.panels.show_panels(present_panels(now, tongue), tongue)
        window.turn_to(PageName.PANELS)

    def act(window: MainWindow) -> None:
        if asking is not None:
            window.panels._ask(asking)

    return _main(fill, act=act)


def _check(view: Callable[[Tongue], CheckView | None]) -> Draw:
    def fill(window: MainWindow, tongue: Tongue, _: Preferences) -> None:
        window.check.show_check(view(tongue), tongue, checking=False)
        window.turn_to(PageName.CHECK)

    return _main(fill)


def _pin_change(task: Task, act: Callable[[PinChangeWindow], None] = lambda _: None) -> Draw:
    def draw(tongue: Tongue, _: Preferences) -> QWidget:
        change = PinChange(task, scenes.tokens().managed[0], tongue)
        window = PinChangeWindow(change, Line(lambda number, request: None), lambda: None, None)
        window.show()
        act(window)
        return window

    return draw


def _centre_name(tongue: Tongue, _: Preferences) -> QWidget:
    row = present_tokens(scenes.tokens(), tongue).cards[0].certificates[1]
    window = NameWindow(row, tongue, Line(lambda number, request: None), lambda now: None, None)
    window.show()
    return window


def _request(act: Callable[[RequestSteps], None] = lambda _: None, *, renews: bool = True) -> Draw:
    """A certificate request, after what `act` let happen."""

    def draw(tongue: Tongue, _: Preferences) -> QWidget:
        steps = scenes.steps(tongue, renews=renews)
        act(steps)
        window = RequestWindow(steps, None)
        window.show()
        return window

    return draw


def _refused(steps: RequestSteps) -> None:
    for part, text in (("surname", ""), ("national_code", "0012345678"), ("council_number", "12a")):
        steps.type(part, text)
    steps.go_on()


def _drafted(*earlier: KeyRequest) -> Callable[[RequestSteps], None]:
    def act(steps: RequestSteps) -> None:
        steps.go_on()
        steps.drafted(scenes.draft(*earlier))

    return act


def _key_being_made(steps: RequestSteps) -> None:
    _drafted()(steps)
    steps.work()


def _pulled_out(steps: RequestSteps) -> None:
    _drafted(scenes.earlier_request(finished=False))(steps)
    steps.failed("token-removed")
    steps.tokens_are(TokensNow(at=scenes.NOW, presence=_ABSENT, managed=(), credentials=()))


def _to_send(steps: RequestSteps) -> None:
    steps.made(scenes.earlier_request(finished=True))
    steps.saved("certificate-request.csr")


def _to_bring(steps: RequestSteps) -> None:
    steps.made(scenes.earlier_request(finished=True))
    steps.go_on()


def _brought(*, trusted: bool, request: KeyRequest | None = None) -> Callable[[RequestSteps], None]:
    def act(steps: RequestSteps) -> None:
        _to_bring(steps)
        steps.found(scenes.issued(trusted=trusted, request=request))

    return act


def _not_mine(steps: RequestSteps) -> None:
    _to_bring(steps)
    steps.failed("certificate-not-requested")


def _brought_home(steps: RequestSteps) -> None:
    _brought(trusted=True)(steps)
    steps.kept()


def _first(step: Step, known: Known) -> Draw:
    def draw(tongue: Tongue, _: Preferences) -> QWidget:
        window = FirstRunWindow(None)
        window.show_step(present_first_run(step, known, tongue), tongue)
        window.show()
        return window

    return draw


def _new_pin_typed(window: PinChangeWindow) -> None:
    for field, pin in zip(window.fields, ("1234", "19283746", "19283746"), strict=True):
        field.setText(pin)


def _wrong_pin(window: PinChangeWindow) -> None:
    _new_pin_typed(window)
    window.press_go()
    window._ended("pin-wrong")


def _tries(tries: TriesLeft, kind: AuthorisationKind = AuthorisationKind.PIN) -> ConsentQuestion:
    return scenes.consent(scenes.three_items(), authorisation=scenes.Tried(tries, kind).authorisation())


_INFO = AgentInfo(address="127.0.0.1:18717", version="0.1.0")
_ABSENT = Presence(problem="token-absent")
_READY = AgentChanged(AgentState.READY, info=_INFO)

SCREENS: dict[str, Draw] = {
    "consent": _consent(scenes.consent(scenes.three_items())),
    "consent-salamat": _consent(scenes.consent(scenes.prescription()), _typed),
    "consent-red": _consent(scenes.consent(scenes.differing())),
    "consent-amber": _consent(scenes.consent(scenes.late())),
    "consent-long": _consent(scenes.consent(scenes.long())),
    "consent-details": _consent(scenes.consent(scenes.three_items()), _details),
    "consent-json": _consent(scenes.consent(scenes.plain_json())),
    "consent-text": _consent(scenes.consent(scenes.plain_text(lines=80))),
    "consent-pdf": _consent_later(lambda: scenes.pdf(seal=VisibleSeal()), _drawn),
    "consent-pdf-end": _consent_later(scenes.pdf, _read_pages),
    "consent-pdf-text": _consent_later(scenes.pdf, _details),
    "consent-pdf-red": _consent_later(lambda: scenes.pdf(content=pdfs.scripted()), _drawn),
    "consent-sign-in": _consent(scenes.consent(scenes.sign_in()), _typed),
    "consent-last": _consent(_tries(TriesLeft.LAST)),
    "consent-locked": _consent(_tries(TriesLeft.LOCKED)),
    "consent-pad": _consent(_tries(TriesLeft.OK, AuthorisationKind.PIN_PAD)),
    "consent-open": _consent(scenes.opened(scenes.consent(scenes.three_items())), _read),
    "consent-open-unread": _consent(scenes.opened(scenes.consent(scenes.long()))),
    "consent-open-closed": _consent(scenes.opened(scenes.consent(scenes.three_items())), _closed_meanwhile),
    "consent-stays": _consent(structs.replace(scenes.consent(scenes.three_items()), stays=Limits()), _typed),
    "many-open": _consent(scenes.opened(scenes.many()), _some),
    "consent-persian-pin": _consent(scenes.consent(scenes.three_items()), _persian_pin),
    "consent-again": _consent(scenes.consent(scenes.three_items()), _again),
    "consent-failed": _consent(scenes.consent(scenes.three_items()), _failed),
    "consent-done": _consent(scenes.consent(scenes.three_items()), _done),
    "many": _consent(scenes.many(), _some),
    "many-signing": _consent(scenes.many(), _signing),
    "many-results": _consent(scenes.many(), _results),
    "certificate-request": _consent(scenes.certificate_request(), _typed),
    "certificate-request-again": _consent(scenes.certificate_request(scenes.earlier_request(finished=True))),
    "certificate-request-left": _consent(scenes.certificate_request(scenes.earlier_request(finished=False))),
    "certificate-request-making": _consent(scenes.certificate_request(), _making),
    "certificate-request-done": _consent(scenes.certificate_request(), _made),
    "certificate": _consent(scenes.certificate()),
    "certificate-failed": _consent(scenes.certificate(), _full),
    "pairing": lambda tongue, _: _shown(PairingWindow(scenes.PAIRING, tongue, stray=0)),
    "choice": lambda tongue, _: _shown(ChoiceWindow(scenes.CHOICE, tongue, stray=0)),
    "choice-of-token": lambda tongue, _: _shown(ChoiceWindow(scenes.TOKEN_CHOICE, tongue, stray=0)),
    "module": lambda tongue, _: _shown(ModuleWindow(scenes.MODULE, tongue, stray=0)),
    "home": _home(_READY),
    "home-waiting": _home(_READY, 1),
    "home-no-token": _home(_READY, presence=_ABSENT),
    "tokens": _tokens(scenes.tokens()),
    "tokens-locked": _tokens(scenes.tokens(TriesLeft.LOCKED)),
    "tokens-none": _tokens(TokensNow(at=scenes.NOW, presence=_ABSENT, managed=(), credentials=())),
    "journal": _journal(scenes.journal()),
    "journal-entry": _journal(scenes.journal(), _entry(1)),
    "journal-failed": _journal(scenes.journal(), _entry(2)),
    "journal-traced": _journal(scenes.journal(), _traced),
    "journal-broken": _journal(scenes.journal(), broken_at=212),
    "journal-empty": _journal(scenes.journal(())),
    "journal-no-token": _journal(scenes.journal((), ())),
    "panels": _panels(scenes.PANELS),
    "panels-revoke": _panels(scenes.PANELS, scenes.ORIGIN),
    "panels-none": _panels(PanelsNow(panels=(), policy=None, problem=None)),
    "centre-name": _centre_name,
    "pin-change": _pin_change(Task.CHANGE, _new_pin_typed),
    "pin-change-wrong": _pin_change(Task.CHANGE, _wrong_pin),
    "pin-unblock": _pin_change(Task.UNBLOCK),
    "check": _check(lambda _: None),
    "check-locked": _check(lambda tongue: present_check(scenes.locked(), tongue)),
    "check-two": _check(lambda tongue: present_check(scenes.stopped(), tongue)),
    "check-module": _check(lambda tongue: present_check(scenes.missing(), tongue)),
    "check-ready": _check(lambda tongue: present_check(scenes.report(finding("credential-ready")), tongue)),
    "settings": _settings(),
    "settings-session": _settings(down=True),
    "settings-session-off": _settings(scenes.SESSION_OFF, down=True),
    "settings-session-forbidden": _settings(scenes.SESSION_FORBIDDEN, down=True),
    "settings-session-unseen": _settings(scenes.SESSION_UNSEEN, down=True),
    "tray": _tray,
    "trust": _trust(lambda shown, _: shown),
    "trust-ask": _trust(
        lambda shown, tongue: structs.replace(shown, offered=present_offer(scenes.TRUST.users[1:], tongue))
    ),
    "trust-remove": _trust(
        lambda shown, tongue: structs.replace(
            shown,
            asking=shown.view.users[1].id,
            typed="tsa.example",
            stamper_line=Said(condition_words(AddressInvalid.code, tongue)[0], Tone.BAD),
            stamper_remedy=condition_words(AddressInvalid.code, tongue)[1],
        )
    ),
    "first-token": _first(Step.TOKEN, Known(presence=scenes.PRESENCE, tokens=scenes.tokens())),
    "first-no-token": _first(Step.TOKEN, Known(presence=_ABSENT)),
    "first-sign": _first(Step.SIGN, Known(presence=scenes.PRESENCE)),
    "first-signed": _first(
        Step.SIGN, Known(presence=scenes.PRESENCE, tried=OwnSigned(holder=scenes.HOLDER, at=scenes.NOW))
    ),
    "first-panel": _first(Step.PAIR, Known(presence=scenes.PRESENCE, panels=scenes.PANELS)),
    "consent-test": lambda tongue, preferences: _consent(scenes.trial(tongue.say(t.TRIAL_DOCUMENT)), _typed)(
        tongue, preferences
    ),
    "home-open": _home(_READY, opened=scenes.OPENED),
    "request-who": _request(),
    "request-refused": _request(_refused, renews=False),
    "request-key": _request(_drafted()),
    "request-key-again": _request(_drafted(scenes.earlier_request(finished=True))),
    "request-key-making": _request(_key_being_made),
    "request-key-away": _request(_pulled_out),
    "request-send": _request(_to_send),
    "request-bring": _request(_to_bring),
    "request-brought": _request(_brought(trusted=True)),
    "request-untrusted": _request(_brought(trusted=False)),
    "request-another": _request(
        _brought(trusted=True, request=structs.replace(scenes.earlier_request(finished=True), id="c-9"))
    ),
    "request-not-mine": _request(_not_mine),
    "request-done": _request(_brought_home),
    "requests": _tokens(scenes.in_progress(), lambda page: page.ensureVisible(0, 9999)),
    "requests-forget": _tokens(scenes.in_progress(), _forgetting),
    "home-renewal": _home(_READY, now=scenes.tokens()),
    "home-failed": _home(AgentChanged(AgentState.FAILED, problem="journal-unwritable")),
}


def _shown(window: PairingWindow | ChoiceWindow | ModuleWindow) -> QWidget:
    window.come_forward()
    return window


def _settle() -> None:
    for _ in range(5):
        QApplication.processEvents()
    # Outside of an event loop Qt leaves what `deleteLater` marked where it is.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _save(draw: Draw, preferences: Preferences, file: Path) -> None:
    window = draw(Tongue(preferences.language), preferences)
    _settle()
    window.grab().save(str(file))
    window.hide()
    window.deleteLater()
    _settle()


def _large(name: str) -> bool:
    """Is this to be drawn with letters of twice the size as well?"""
    return name in {
        "home",
        "consent-open",
        "home-open",
        "settings-session",
        "settings",
        "trust",
        "tokens",
        "centre-name",
        "journal-entry",
        "panels-revoke",
        "first-token",
        "request-refused",
        "request-key-again",
        "request-send",
        "request-untrusted",
        "requests",
        "home-renewal",
    }


def main(arguments: list[str]) -> int:
    """Draw all screens, or those named."""
    parser = argparse.ArgumentParser(description="Draw the screens of the window as PNG files.")
    parser.add_argument("out", type=Path, help="the folder that they go to")
    parser.add_argument("screen", nargs="*", help="all, where none is named")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.screen) - set(SCREENS):
        parser.error(f"no such screen: {', '.join(sorted(unknown))}")
    out: Path = asked.out
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    theme.load_fonts()
    languages: tuple[Lang, ...] = ("fa", "en")
    looks: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for look in looks:
        theme.apply(app, look)
        app.setFont(theme.font())
        for lang in languages:
            rtl = lang == "fa"
            app.setLayoutDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
            for name, draw in SCREENS.items():
                if asked.screen and name not in asked.screen:
                    continue
                _save(draw, Preferences(language=lang, theme=look), out / f"{name}-{lang}-{look}.png")
                if look == "light" and _large(name):
                    theme.apply(app, look, 200)
                    large = Preferences(language=lang, theme=look, text_percent=200)
                    _save(draw, large, out / f"{name}-{lang}-200.png")
                    theme.apply(app, look)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
