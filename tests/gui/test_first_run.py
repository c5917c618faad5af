"""The first steps: how each stands, in words; and the whole way on a real token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QLabel, QPushButton

from drivers.types import KeySpec
from gui.presenters.first_run import Deed, Known, Step, present_first_run
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.views.main import MainWindow, PageName
from gui.welcoming import Welcoming
from signer.cli.demo.people import PRACTICES
from signer.model.policy import Policy
from signer.model.presence import Presence, SeenToken
from signer.service.consent import Declined
from signer.service.own_signing import OwnSigned
from signer.service.panels import PanelsNow
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import settle
from tests.service.doubles import NOW, yes

BARE = Presence(tokens=(SeenToken(label="A", serial="1", reader="R", family="f", credentials=()),))
THERE = Known(presence=scenes.PRESENCE)
UNUSABLE = replace(scenes.tokens(), credentials=(scenes.credential("a", problem="certificate-unusable"),))
CLOSED = PanelsNow(panels=(), policy=Policy(pairing=False), problem=None)
BROKEN = replace(CLOSED, problem="policy-invalid")
DECLINED = OwnSigned(code="consent-declined")
SIGNED = OwnSigned(holder=scenes.HOLDER, at=NOW)
NO_PANELS = PanelsNow(panels=(), policy=None, problem=None)

TOKEN, SIGN, PAIR = Step
PLAIN, OK, WARN, BAD = Tone

#: Step, what is known, its sentence and tone, the step's own button and may it be pressed, is the step done.
STANDS = [
    (TOKEN, Known(), "Reading", PLAIN, None, True, False),
    (TOKEN, Known(presence=Presence(reading=True)), "Reading", PLAIN, None, True, False),
    (TOKEN, Known(presence=Presence(problem="reader-absent")), "reader", WARN, Deed.CHECK, True, False),
    (TOKEN, Known(presence=BARE), "no certificate", WARN, Deed.CHECK, True, False),
    (TOKEN, replace(THERE, tokens=UNUSABLE), "cannot sign", WARN, Deed.CHECK, True, False),
    (TOKEN, replace(THERE, tokens=scenes.tokens()), "ready to sign", OK, None, True, True),
    (SIGN, Known(presence=BARE), "not connected", WARN, Deed.SIGN, False, False),
    (SIGN, THERE, None, None, Deed.SIGN, True, False),
    (SIGN, replace(THERE, signing=True), "waiting for you", PLAIN, Deed.SIGN, False, False),
    (SIGN, replace(THERE, tried=DECLINED), "declined", PLAIN, Deed.SIGN, True, False),
    (SIGN, replace(THERE, tried=OwnSigned(code="pin-locked")), "locked", BAD, Deed.SIGN, True, False),
    (SIGN, replace(THERE, refused="policy-invalid"), "policy", BAD, Deed.SIGN, True, False),
    (SIGN, replace(THERE, tried=SIGNED), "verified", OK, None, True, True),
    (PAIR, THERE, None, None, None, True, False),
    (PAIR, replace(THERE, panels=NO_PANELS), "No panel", PLAIN, None, True, False),
    (PAIR, replace(THERE, panels=CLOSED), "no new pairings", WARN, None, True, False),
    (PAIR, replace(THERE, panels=BROKEN), "policy", BAD, None, True, False),
    (PAIR, replace(THERE, panels=scenes.PANELS), "paired", OK, None, True, True),
]


@pytest.mark.parametrize(("step", "known", "words", "tone", "deed", "able", "done"), STANDS)
def test_each_step_says_how_it_stands(
    step: Step, known: Known, words: str | None, tone: Tone | None, deed: Deed | None, able: bool, done: bool
) -> None:
    view = present_first_run(step, known, Tongue("en"))
    assert (view.deed, view.able, view.done) == (deed, able, done)
    if words is None:
        assert view.state is None
    else:
        assert view.state is not None
        assert view.state.tone is tone
        assert words in view.state.text
    assert [mark.here for mark in view.marks].index(True) == list(Step).index(step)
    assert (view.back is None) == (step is Step.TOKEN)


class Newcomer:
    """The first steps over an office at one token."""

    def __init__(self, office: OfficeThread) -> None:
        self.office = office
        self.over = 0
        self.main = MainWindow(office.line)
        self.steps = Welcoming(self.main, office.line, Tongue("en"), self._ended)
        now = office.tokens()
        self.steps.tokens_are(now.presence, now)
        self.steps.open()
        settle()

    def _ended(self) -> None:
        self.over += 1

    def said(self) -> str:
        assert self.steps.window is not None
        return "\n".join(part.text() for part in self.steps.window.findChildren(QLabel) if part.isVisible())

    def press(self, name: str) -> None:
        assert self.steps.window is not None
        part = next(one for one in self.steps.window.findChildren(QPushButton, name) if one.isVisible())
        assert part.isEnabled()
        part.click()
        settle()


@pytest.fixture
def newcomer(tmp_path: Path, softhsm: hsm.SoftHsm) -> Iterator[Newcomer]:
    asyncio.run(hsm.certify(softhsm, {b"\x01": KeySpec.EC_P256}, PRACTICES[0].subject, NOW))
    office = OfficeThread(tmp_path, softhsm)
    made = Newcomer(office)
    yield made
    if made.steps.window is not None:
        made.steps.window.close()
    made.main.deleteLater()
    office.end()


def test_from_the_token_to_a_signature_to_the_panel(newcomer: Newcomer) -> None:
    assert "ready to sign" in newcomer.said()
    newcomer.press("first-on")
    newcomer.office.doctor.answers.append(lambda question: yes(question, hsm.PIN))
    newcomer.press("first-deed")
    assert "waiting for you" in newcomer.said()
    newcomer.office.until(lambda: "verified" in newcomer.said())
    (question,) = newcomer.office.doctor.questions
    assert question.credential.holder.name in newcomer.said()
    newcomer.press("first-on")
    newcomer.office.until(lambda: "No panel is paired" in newcomer.said())
    newcomer.press("first-back")
    assert "verified" in newcomer.said(), "what was reached is kept"
    newcomer.press("first-on")
    newcomer.press("first-on")
    assert newcomer.steps.window is None
    assert newcomer.over == 1


def test_a_no_is_told_as_one_and_may_be_followed_by_a_yes(newcomer: Newcomer) -> None:
    newcomer.press("first-on")
    newcomer.office.doctor.answers.append(lambda question: Declined())
    newcomer.press("first-deed")
    newcomer.office.until(lambda: "You declined" in newcomer.said())
    newcomer.office.doctor.answers.append(lambda question: yes(question, hsm.PIN))
    newcomer.press("first-deed")
    newcomer.office.until(lambda: "verified" in newcomer.said())


def test_without_a_token_the_way_leads_to_the_check(newcomer: Newcomer) -> None:
    newcomer.steps.tokens_are(Presence(problem="reader-absent"), None)
    settle()
    newcomer.press("first-deed")
    assert newcomer.main.page is PageName.CHECK
    assert newcomer.steps.window is None
