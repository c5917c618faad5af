"""The look, in one place: two palettes, one style sheet, the fonts.

Colours are named for what they mean. Widgets are styled by their dynamic property `role` and by their object
name; what paints itself (`gui.views.marks`) asks `colours()`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

ThemeChoice = Literal["system", "light", "dark"]

#: How much larger than designed all letters may be; the space that holds them grows along.
TextSize = Literal[100, 125, 150, 200]

FAMILY = "Vazirmatn"
_FONT_FILES = ("Vazirmatn-Regular.ttf", "Vazirmatn-Medium.ttf", "Vazirmatn-Bold.ttf")

#: Logical pixels.
BASE_SIZE, SMALL_SIZE = 15, 13
MEDIUM = QFont.Weight.Medium


class Colours(Struct, frozen=True, kw_only=True):
    """One palette, `#RRGGBB`. Each of ok, warn, bad, seal has a soft ground to stand on."""

    paper: str
    card: str
    ink: str
    soft: str
    line: str
    edge: str
    field: str
    seal: str
    seal_hover: str
    seal_soft: str
    on_seal: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    disabled: str
    on_disabled: str


LIGHT = Colours(
    paper="#FBFAF7",
    card="#FFFFFF",
    ink="#1B2430",
    soft="#5B6675",
    line="#E4E1DA",
    edge="#85888F",
    field="#F4F2EC",
    seal="#243B8F",
    seal_hover="#1C2F75",
    seal_soft="#E9ECF8",
    on_seal="#FFFFFF",
    ok="#1E7A4C",
    ok_soft="#E5F3EB",
    warn="#9A5B00",
    warn_soft="#FBF0DC",
    bad="#B3261E",
    bad_soft="#FBE7E5",
    disabled="#ECEAE4",
    on_disabled="#6B7280",
)
DARK = Colours(
    paper="#14171C",
    card="#1C2128",
    ink="#E9EDF2",
    soft="#A3AEBB",
    line="#2D343D",
    edge="#76818F",
    field="#242A32",
    seal="#93A8FF",
    seal_hover="#AEBEFF",
    seal_soft="#232B47",
    on_seal="#10152B",
    ok="#6FD19B",
    ok_soft="#1B3127",
    warn="#F0B860",
    warn_soft="#352A16",
    bad="#FF8A80",
    bad_soft="#3B1F1D",
    disabled="#2A3039",
    on_disabled="#97A2AF",
)

_SHEET = Template("""
* { font-family: "$family"; font-size: ${base}px; }
QWidget { color: $ink; }
QWidget#window, QMainWindow, QDialog, QMessageBox { background: $paper; }
QLabel { background: transparent; }
QLabel[role="title"] { font-weight: 700; font-size: 16px; }
QLabel[role="headline"] { font-weight: 700; font-size: 20px; }
QLabel[role="strong"] { font-weight: 700; }
QLabel[role="medium"] { font-weight: 500; }
QLabel[role="number"] { font-weight: 700; font-size: 17px; }
QLabel[role="number-bad"] { font-weight: 700; font-size: 17px; color: $bad; }
QLabel[role="soft"], QLabel[role="caption"], QLabel[role="why"] { color: $soft; font-size: ${small}px; }
QLabel[role="origin"] { font-size: 14px; font-weight: 700; }
QLabel[role="caption"] { font-weight: 500; }
QLabel[role="qualifier"] { color: $soft; font-size: 14px; }
QLabel[role="octets"] { font-family: "monospace"; font-size: ${small}px; }
QLabel[role="code"] { font-weight: 700; font-size: 54px; color: $seal; }
QLabel[role="ok"] { color: $ok; font-size: ${small}px; font-weight: 500; }
QLabel[role="warn"] { color: $warn; font-size: ${small}px; font-weight: 500; }
QLabel[role="bad"] { color: $bad; font-size: ${small}px; font-weight: 700; }
QLabel[role="key"] {
    color: $soft; font-size: 12px; font-weight: 500; background: $card;
    border: 1px solid $line; border-bottom-width: 2px; border-radius: 6px; padding: 0 7px;
}
QFrame#header { background: $paper; border: 0; border-bottom: 1px solid $line; }
QFrame#footer { background: $card; border: 0; border-top: 1px solid $line; }
QFrame#card { background: $card; border: 1px solid $line; border-radius: 14px; }
QFrame#hairline { background: $line; border: 0; max-height: 1px; min-height: 1px; }
QFrame#hairline-v { background: $line; border: 0; max-width: 1px; min-width: 1px; }
QFrame#side { background: $paper; border: 0; }
QScrollArea, QScrollArea > QWidget > QWidget#sheet { background: transparent; border: 0; }
QScrollArea:focus { border: 0; }
QFrame[role="chip-seal"], QFrame[role="chip-ok"], QFrame[role="chip-warn"], QFrame[role="chip-bad"],
QFrame[role="chip-plain"] { border-radius: ${pill}px; border: 0; }
QFrame[role="chip-seal"] { background: $seal_soft; }
QFrame[role="chip-ok"] { background: $ok_soft; }
QFrame[role="chip-warn"] { background: $warn_soft; }
QFrame[role="chip-bad"] { background: $bad_soft; }
QFrame[role="chip-plain"] { background: $field; }
QFrame[role^="chip-"] QLabel { font-size: ${small}px; font-weight: 500; }
QFrame[role="chip-seal"] QLabel { color: $seal; }
QFrame[role="chip-ok"] QLabel { color: $ok; }
QFrame[role="chip-warn"] QLabel { color: $warn; }
QFrame[role="chip-bad"] QLabel { color: $bad; }
QFrame[role="chip-plain"] QLabel { color: $soft; }
QFrame[role="find-red"] { background: $bad_soft; border: 0; border-radius: 10px; }
QFrame[role="find-amber"] { background: $warn_soft; border: 0; border-radius: 10px; }
QFrame[role="find-note"] { background: $field; border: 0; border-radius: 10px; }
QFrame[role="find-ok"] { background: $ok_soft; border: 0; border-radius: 10px; }
QFrame[role="find-ok"] QLabel { color: $ok; }
QFrame[role="find-red"] QLabel { color: $bad; }
QFrame[role="find-amber"] QLabel { color: $warn; }
QFrame[role="find-note"] QLabel { color: $ink; }
QFrame[role^="find-"] QLabel[role="remedy"] { font-size: 14px; }
QFrame[role="find-note"] QLabel[role="remedy"] { color: $soft; }
QPushButton {
    border: 1px solid $edge; border-radius: 10px; background: $card; color: $ink;
    font-weight: 700; padding: 8px 22px; min-height: 26px;
}
QPushButton:hover { background: $field; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $seal; padding: 7px 21px; }
QPushButton:disabled { color: $on_disabled; background: $disabled; border-color: $line; }
QPushButton QLabel { font-weight: 700; background: transparent; }
QPushButton QLabel[role="key"] { font-weight: 500; }
QPushButton QLabel:disabled { color: $on_disabled; }
QPushButton[role="primary"] { background: $seal; border-color: $seal; color: $on_seal; }
QPushButton[role="primary"]:hover { background: $seal_hover; border-color: $seal_hover; }
QPushButton[role="primary"]:focus { border: 2px solid $ink; }
QPushButton[role="primary"]:disabled {
    background: $disabled; border: 1px solid $line; color: $on_disabled; padding: 8px 22px;
}
QPushButton[role="link"] {
    border: 0; background: transparent; color: $seal; font-weight: 500; padding: 2px 4px;
    text-decoration: underline; font-size: 14px; min-height: 22px;
}
QPushButton[role="link"]:hover { color: $seal_hover; }
QPushButton[role="link"]:focus { border: 2px solid $seal; border-radius: 6px; padding: 0 2px; }
QFrame#nav { background: $paper; border: 0; }
QPushButton[role="nav"] {
    border: 1px solid transparent; background: transparent; font-weight: 400; padding: 7px 14px;
    min-height: 28px; text-align: left;
}
QPushButton[role="nav"]:hover { background: $field; }
QPushButton[role="nav"]:checked { background: $seal_soft; color: $seal; font-weight: 700; }
QPushButton[role="nav"]:focus { border: 2px solid $seal; padding: 6px 13px; }
QPushButton[role="segment"] { padding: 4px 16px; font-weight: 500; font-size: 14px; min-height: 24px; }
QPushButton[role="segment"]:focus { padding: 3px 15px; }
QPushButton[role="segment"]:checked {
    background: $seal_soft; color: $seal; border-color: $seal; font-weight: 700;
}
QLineEdit {
    background: $field; border: 1px solid $edge; border-radius: 10px; padding: 6px 12px; color: $ink;
    selection-background-color: $seal; selection-color: $on_seal;
}
QLineEdit:focus { border: 2px solid $seal; padding: 5px 11px; }
QLineEdit:disabled { background: $disabled; color: $on_disabled; border-color: $line; }
QLineEdit[role="search"] { background: $card; padding: 8px 12px; font-size: 14px; min-height: 26px; }
QLineEdit[role="search"]:focus { padding: 7px 11px; }
QLineEdit#pin { font-size: 20px; font-weight: 700; lineedit-password-character: 8226; }
QCheckBox { spacing: 9px; font-weight: 500; font-size: 14px; padding: 3px; border: 2px solid transparent; }
QCheckBox:focus { border: 2px solid $seal; border-radius: 6px; }
QCheckBox::indicator, QRadioButton::indicator { width: ${tick}px; height: ${tick}px; }
QFrame[role="find-amber"] QCheckBox { color: $warn; }
QCheckBox[role="bad"] { color: $bad; }
QComboBox {
    background: $card; border: 1px solid $edge; border-radius: 10px; padding: 8px 12px; color: $ink;
    font-size: 14px; min-height: 26px; combobox-popup: 0;
}
QComboBox:focus { border: 2px solid $seal; padding: 7px 11px; }
QComboBox:disabled { background: $disabled; color: $on_disabled; border-color: $line; }
QComboBox::drop-down { border: 0; width: ${arrow}px; }
QComboBox QAbstractItemView {
    background: $card; border: 1px solid $edge; padding: 4px; outline: 0; color: $ink;
    selection-background-color: $seal_soft; selection-color: $seal;
}
QTableView { background: transparent; border: 0; outline: 0; color: $ink; }
QHeaderView { background: transparent; border: 0; }
QHeaderView::section {
    background: transparent; border: 0; border-bottom: 1px solid $line; color: $soft;
    font-size: ${small}px; font-weight: 500; padding: 0 14px;
}
QListView { background: $paper; border: 0; outline: 0; }
QPlainTextEdit {
    background: transparent; border: 0; color: $ink;
    selection-background-color: $seal; selection-color: $on_seal;
}
QProgressBar { background: $field; border: 0; border-radius: 4px; max-height: 8px; min-height: 8px; }
QProgressBar::chunk { background: $seal; border-radius: 4px; }
QFrame[role="option"] { background: $card; border: 1px solid $line; border-radius: 10px; }
QFrame[role="option"][chosen="true"] { background: $seal_soft; border: 2px solid $seal; }
QRadioButton { font-weight: 700; spacing: 12px; background: transparent; }
QRadioButton { padding: 3px; border: 2px solid transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar::handle:vertical { background: $edge; border-radius: 4px; min-height: 32px; }
QScrollBar::handle:vertical:hover { background: $soft; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QMenu { background: $card; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 6px 22px; border-radius: 6px; }
QMenu::item:selected { background: $seal_soft; color: $seal; }
QToolTip { background: $card; color: $ink; border: 1px solid $line; padding: 4px 8px; }
""")

_colours = LIGHT
_percent: TextSize = 100
_LENGTH = re.compile(r"((?:font-size|min-height): )(\d\d+)px")


def px(length: int) -> int:
    """A length of the design, in logical pixels, at the text size in force."""
    return round(length * _percent / 100)


def colours() -> Colours:
    """The palette in force."""
    return _colours


def load_fonts() -> None:
    """Register the shipped fonts. Raises `RuntimeError` where the installation lacks one."""
    for name in _FONT_FILES:
        octets = files("signer").joinpath("panel", "demo", "fonts", name).read_bytes()
        if QFontDatabase.addApplicationFontFromData(QByteArray(octets)) < 0:
            raise RuntimeError(f"the font {name} cannot be loaded")


def apply(app: QApplication, choice: ThemeChoice, percent: TextSize = 100) -> None:
    """Dress the application: fonts are loaded, `choice` may follow the system's light or dark."""
    global _colours, _percent
    _percent = percent
    hints = QGuiApplication.styleHints()
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    hints.setColorScheme(wanted.get(choice, Qt.ColorScheme.Unknown))
    dark = choice == "dark" or (choice == "system" and hints.colorScheme() is Qt.ColorScheme.Dark)
    _colours = DARK if dark else LIGHT
    app.setPalette(_palette(_colours))
    app.setStyleSheet(style_sheet(_colours))


def style_sheet(palette: Colours) -> str:
    """The Qt style sheet in these colours."""
    values = {name: getattr(palette, name) for name in Colours.__struct_fields__}
    sizes = {"base": BASE_SIZE, "small": SMALL_SIZE, "pill": px(13), "arrow": px(26), "tick": px(20)}
    sheet = _SHEET.substitute(values, family=FAMILY, **sizes)
    return _LENGTH.sub(lambda found: f"{found[1]}{px(int(found[2]))}px", sheet)


def font(size: int = BASE_SIZE, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The typeface at `size` pixels of the design, as large as the text size makes them."""
    face = QFont(FAMILY)
    face.setPixelSize(px(size))
    face.setWeight(weight)
    return face


def _palette(c: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, value in (
        (role.Window, c.paper),
        (role.WindowText, c.ink),
        (role.Base, c.card),
        (role.AlternateBase, c.field),
        (role.Text, c.ink),
        (role.Button, c.card),
        (role.ButtonText, c.ink),
        (role.Highlight, c.seal),
        (role.HighlightedText, c.on_seal),
        (role.PlaceholderText, c.soft),
        (role.Link, c.seal),
        (role.ToolTipBase, c.card),
        (role.ToolTipText, c.ink),
    ):
        palette.setColor(which, QColor(value))
    return palette
