"""The palettes can be read: WCAG 2.2 §1.4.3 and §1.4.11, computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from PySide6.QtWidgets import QAbstractButton, QStyle, QStyleOptionButton

from gui import theme
from gui.presenters.pin import Tone
from gui.theme import DARK, LIGHT, Colours, style_sheet
from gui.views.ticks import Radio, Tick
from tests.gui.theatre import application

TEXT_ON = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "field"),
    ("soft", "paper"),
    ("soft", "card"),
    ("soft", "field"),
    ("seal", "card"),
    ("seal", "seal_soft"),
    ("on_seal", "seal"),
    ("on_seal", "seal_hover"),
    ("ok", "ok_soft"),
    ("ok", "card"),
    ("warn", "warn_soft"),
    ("warn", "card"),
    ("bad", "bad_soft"),
    ("bad", "card"),
    ("on_disabled", "disabled"),
    ("card", "ok"),
    ("card", "bad"),
]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out_from_its_ground(palette: Colours, text: str, ground: str) -> None:
    least = 4.0 if text == "on_disabled" else 4.5
    assert _contrast(getattr(palette, text), getattr(palette, ground)) >= least


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card", "field"])
def test_the_edge_of_a_control_can_be_seen(palette: Colours, ground: str) -> None:
    assert _contrast(palette.edge, getattr(palette, ground)) >= 3.0


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_has_no_place_left_unfilled(palette: Colours) -> None:
    assert "$" not in style_sheet(palette)


@pytest.mark.parametrize(
    ("button", "part"),
    [
        (lambda: Tick("ok", Tone.PLAIN), QStyle.SubElement.SE_CheckBoxIndicator),
        (lambda: Radio("ok"), QStyle.SubElement.SE_RadioButtonIndicator),
    ],
    ids=["tick", "radio"],
)
def test_boxes_and_circles_grow_with_the_words(
    button: Callable[[], QAbstractButton], part: QStyle.SubElement
) -> None:
    app = application()

    def side(percent: Literal[100, 200]) -> int:
        theme.apply(app, "light", percent)
        drawn = button()
        drawn.ensurePolished()
        drawn.resize(drawn.sizeHint())
        option = QStyleOptionButton()
        option.initFrom(drawn)
        box = drawn.style().subElementRect(part, option, drawn)
        assert drawn.rect().contains(box)
        return box.width()

    try:
        assert (side(100), side(200)) == (20, 40)
    finally:
        theme.apply(app, "light")
