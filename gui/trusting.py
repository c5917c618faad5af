"""Trust between the settings' cards and the line: what is shown, what is being asked, and how it went."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.trusting import Distrust, LookAtAuthority, ReadTrust, StampAt, TrustAuthorities
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue
from gui.presenters.trust import present_offer, present_trust
from gui.views.settings import SettingsPage
from gui.views.trust import TrustDeeds, TrustShown
from signer.service.trusted import Trusted, TrustNow
from signer.verify.anchors import SUFFIXES


class Trusting(QObject):
    """One for the desktop. Reads when the settings are turned to."""

    def __init__(self, page: SettingsPage, wire: Wire, tongue: Tongue) -> None:
        super().__init__()
        self._page, self._wire, self._tongue = page, wire, tongue
        self._now: TrustNow | None = None
        self._offered: tuple[Trusted, ...] | None = None
        self._asking: str | None = None
        self._problem: str | None = None
        self._stamper_problem: str | None = None
        self._typed: str | None = None
        self._stamped: Line | None = None
        self._deeds = TrustDeeds(
            add=self._pick, answer=self._answer, ask=self._ask, remove=self._remove, stamp_at=self._stamp_at
        )

    def read(self) -> None:
        """Look what is trusted now."""
        self._wire.ask(ReadTrust(), self._came, self._failed, owner=self)

    def set_tongue(self, tongue: Tongue) -> None:
        """Say the same in another language, or in letters of another size."""
        self._tongue, self._stamped = tongue, None
        self._draw()

    def offer(self, path: Path) -> None:
        """Show whose certificates a file holds, and ask."""
        self._wire.ask(LookAtAuthority(path), self._offer, self._failed, owner=self)

    def _pick(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        words = self._tongue.say
        name, _ = QFileDialog.getOpenFileName(
            self._page, words(t.TRUST_TITLE), "", words(t.TRUST_FILTER, endings=endings)
        )
        if name:
            self.offer(Path(name))

    def _offer(self, authorities: tuple[Trusted, ...]) -> None:
        self._problem, self._asking, self._offered = None, None, authorities
        self._draw()
        self._page.focus_on("trust-no")

    def _answer(self, yes: bool) -> None:
        offered, self._offered = self._offered, None
        if yes and offered is not None:
            self._wire.ask(TrustAuthorities(offered), self._came, self._failed, owner=self)
        self._draw()

    def _ask(self, authority: str | None) -> None:
        self._asking, self._offered = authority, None
        self._draw()
        # The question has the keyboard on its *no*: a second Enter takes nothing away.
        self._page.focus_on("distrust-no")

    def _remove(self, authority: str) -> None:
        self._asking = None
        self._wire.ask(Distrust(authority), self._came, self._failed, owner=self)
        self._draw()

    def _stamp_at(self, address: str) -> None:
        self._typed = address
        self._wire.ask(StampAt(address), self._kept, self._refused, owner=self)

    def _came(self, now: TrustNow) -> None:
        self._now, self._problem = now, None
        self._draw()

    def _failed(self, code: str) -> None:
        self._problem = code
        self._now = self._now or TrustNow()
        self._draw()

    def _kept(self, now: TrustNow) -> None:
        words = t.STAMPER_ENDED if now.stamper is None else t.STAMPER_KEPT
        self._typed = self._stamper_problem = None
        self._stamped = Line(self._tongue.say(words), Tone.OK)
        self._came(now)

    def _refused(self, code: str) -> None:
        self._stamper_problem = code
        self._draw()

    def _draw(self) -> None:
        if self._now is None:
            return
        shown = TrustShown(
            view=present_trust(self._now, self._tongue),
            asking=self._asking,
            offered=None if self._offered is None else present_offer(self._offered, self._tongue),
            typed=self._typed,
            stamper_line=self._stamped,
        )
        if self._problem is not None:
            sentence, remedy = condition_words(self._problem, self._tongue)
            shown = replace(shown, line=Line(sentence, Tone.BAD), remedy=remedy)
        if self._stamper_problem is not None:
            sentence, remedy = condition_words(self._stamper_problem, self._tongue)
            shown = replace(shown, stamper_line=Line(sentence, Tone.BAD), stamper_remedy=remedy)
        self._page.show_trust(shown, self._deeds)
