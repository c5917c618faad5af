"""The window in which the doctor names a certificate's centre. The name stays in the agent's own file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QFrame, QLineEdit, QVBoxLayout, QWidget

from gui import theme
from gui import translations as t
from gui.bridge.line import Line as Wire
from gui.bridge.requests import NameCentre
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import CertificateRow, condition_words
from gui.presenters.tongue import Tongue
from gui.views.kit import KeyButton, button, clear, label, row
from gui.views.page import notice
from signer.service.centres import LONGEST_NAME
from signer.service.office import TokensNow


class NameWindow(QDialog):
    """Names one certificate's centre over `wire`; `named` gets the tokens as they are afterwards."""

    def __init__(
        self,
        certificate: CertificateRow,
        tongue: Tongue,
        wire: Wire,
        named: Callable[[TokensNow], None],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self._certificate, self._tongue, self._wire, self._named = certificate, tongue, wire, named
        self.setObjectName("window")
        self.setModal(True)
        title = tongue.say(t.CENTRE_NAME)
        self.setWindowTitle(title)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        inside = QVBoxLayout()
        inside.setContentsMargins(24, 20, 24, 18)
        inside.setSpacing(10)
        heading = label(title, "headline", wrap=True)
        inside.addWidget(heading)
        inside.addWidget(label(certificate.written, "soft", wrap=True))
        self.field = QLineEdit(certificate.own_name)
        self.field.setMaxLength(LONGEST_NAME)
        self.field.setAccessibleName(title)
        self.field.returnPressed.connect(self.keep)
        heading.setBuddy(self.field)
        inside.addWidget(self.field)
        inside.addWidget(label(tongue.say(t.CENTRE_NAME_HINT), "soft", wrap=True))
        self._banner = QVBoxLayout()
        inside.addLayout(self._banner)
        column.addLayout(inside, 1)
        foot = QFrame()
        foot.setObjectName("footer")
        self.no = KeyButton(tongue.say(t.CANCEL), "Esc")
        self.no.clicked.connect(self.reject)
        self.yes = button(tongue.say(t.CENTRE_KEEP), "primary")
        self.yes.clicked.connect(self.keep)
        last = row(None, self.no, self.yes, spacing=12)
        last.setContentsMargins(22, 14, 22, 14)
        foot.setLayout(last)
        column.addWidget(foot)
        self.finished.connect(self.deleteLater)
        self.field.setFocus()
        self._fit()

    def keep(self) -> None:
        """Give the name over. The window stays until it is kept."""
        self.yes.setEnabled(False)
        request = NameCentre(credential_id=self._certificate.credential_id, name=self.field.text())
        self._wire.ask(request, self._kept, self._failed, owner=self)

    def _fit(self) -> None:
        """Leave room for every line of what wraps."""
        width = theme.px(460)
        self._column.activate()
        self.setMinimumSize(width, self._column.totalHeightForWidth(width))

    def _kept(self, now: TokensNow) -> None:
        self.accept()
        self._named(now)

    def _failed(self, code: str) -> None:
        self.yes.setEnabled(True)
        clear(self._banner)
        words = self._tongue.say(t.CENTRE_NOT_KEPT)
        self._banner.addWidget(notice(Line(words, Tone.BAD), condition_words(code, self._tongue)[1]))
        self._fit()
