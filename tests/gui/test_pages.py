"""The pages of a PDF in the consent window: drawn as they come into sight, and all seen before a yes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from gui import translations as t
from gui.presenters.tongue import Tongue
from gui.views.consent import ConsentWindow
from gui.views.pages import KEPT, PagePicture
from signer.model.errors import DocumentUnreadable
from signer.model.sheet import DocumentSheet, Finding, Page, PdfSheet, Picture
from signer.service.consent import ConsentQuestion
from tests.desktop import scenes
from tests.gui.theatre import application, settle


@dataclass
class Press:
    """Draws pages of one colour, and remembers which."""

    broken: int | None = None
    drawn: list[int] = field(default_factory=list)

    def draw(self, page: int, width: int) -> Picture:
        """A page that is all green."""
        if page == self.broken:
            raise DocumentUnreadable("PDF: broken on cue")
        self.drawn.append(page)
        height = round(width * 1.4)
        return Picture(width=width, height=height, pixels=b"\0\xc0\0\xff" * (width * height))


def question(press: Press, pages: int, findings: tuple[Finding, ...] = ()) -> ConsentQuestion:
    body = PdfSheet(
        pages=tuple(Page(width=500, height=700, lines=(f"line {n}",)) for n in range(pages)),
        picture=press.draw,
    )
    asked = scenes.consent(scenes.plain_text())
    sheet = DocumentSheet(
        document_id="doc-1", content_hash=asked.sheets[0].content_hash, findings=findings, draw=lambda: body
    )
    return replace(asked, sheets=(sheet,))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        settle()


def opened(press: Press, pages: int) -> ConsentWindow:
    application()
    window = ConsentWindow(question(press, pages), Tongue("fa"), stray=0)
    window.come_forward()
    settle()
    return window


def pages_of(window: ConsentWindow) -> list[PagePicture]:
    return sorted(window.findChildren(PagePicture), key=lambda page: page.y())


def why(window: ConsentWindow) -> str | None:
    return window.presenter.why_not_approve(0)


def read_all(window: ConsentWindow) -> None:
    until(lambda: not window.sheet.read_on())


@pytest.mark.parametrize("pages", [1, 3])
def test_every_page_must_be_seen_before_a_yes(pages: int) -> None:
    window = opened(Press(), pages)
    assert why(window) == window.tongue.say(t.WHY_PAGES)
    read_all(window)
    until(lambda: why(window) is None)
    window.close()


def test_a_page_that_was_jumped_over_is_still_to_be_seen() -> None:
    window = opened(Press(), 6)
    until(lambda: pages_of(window)[0].picture is not None)
    paper = window.sheet._paper
    assert paper is not None
    assert paper._area is not None
    bar = paper._area.verticalScrollBar()
    bar.setValue(bar.maximum())
    until(lambda: pages_of(window)[-1].picture is not None)
    settle()
    assert why(window) == window.tongue.say(t.WHY_PAGES)
    bar.setValue(0)
    read_all(window)
    until(lambda: why(window) is None)
    window.close()


def test_two_hundred_pages_are_drawn_as_they_come_and_forgotten_as_they_go() -> None:
    press = Press()
    window = opened(press, 200)
    until(lambda: pages_of(window)[0].picture is not None)
    settle()
    assert len(press.drawn) <= 3
    for _ in range(40):
        window.sheet.read_on()
        settle()
    assert sum(page.picture is not None for page in pages_of(window)) <= KEPT
    assert len(press.drawn) < 60
    window.close()


def test_a_page_that_cannot_be_drawn_is_never_seen() -> None:
    window = opened(Press(broken=1), 2)
    read_all(window)
    until(lambda: pages_of(window)[1].failed)
    settle()
    assert why(window) == window.tongue.say(t.WHY_PAGES)
    assert pages_of(window)[1].accessibleName() == window.tongue.say(t.PAGE_UNDRAWN)
    window.close()


def test_the_picture_is_what_is_on_the_screen_and_the_text_stands_behind_it() -> None:
    window = opened(Press(), 1)
    page = pages_of(window)[0]
    until(lambda: page.picture is not None)
    settle()
    grabbed = page.grab().toImage()
    assert grabbed.pixelColor(QPoint(grabbed.width() // 2, 60)).name() == "#00c000"
    assert [leaf.text for leaf in window.presenter.sheet(0).leaves] == ["line 0"]
    window.close()


def test_closing_the_window_while_a_page_is_drawn_is_quiet() -> None:
    class Slow(Press):
        def draw(self, page: int, width: int) -> Picture:
            time.sleep(0.3)
            return super().draw(page, width)

    window = opened(Slow(), 3)
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents()
    settle()
    time.sleep(0.5)
    settle()
