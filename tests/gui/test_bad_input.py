"""What a careless or a hostile panel may send, in the window that asks: whole, as text, in its place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from gui import translations as t
from gui.bridge.messages import Asked
from gui.desk import Desk
from gui.presenters.tongue import Tongue
from gui.views.consent import ConsentWindow
from gui.views.pages import KEPT, PagePicture
from signer.model.lookalike import cautions
from signer.model.request import PRESCRIPTION, Document
from signer.model.text import visible
from tests import pdfs
from tests.desktop import scenes
from tests.gui.theatre import application, approve_all, read_to_end, settle

#: Seconds that drawing some pages may take on a busy machine.
PATIENCE = 60.0
PANEL = "https://panel.salamat.example"
HTML = "<h1>x</h1><img src='file:///etc/passwd'><a href='https://evil.example'>y</a>&amp;"
DIALOG = "رمز نادرست بود. رمز را دوباره بنویسید:\n\n   [ ____ ]   ( امضا )   ( رد )\n\nمُهر"


def drug(**change: Any) -> Document:
    """A prescription of one drug, in both of its parts alike.

    `change` overrides what is said of it, `patient` the patient's surname, `notes` the notes.
    """
    tree = json.loads(scenes.long(items=1).content)
    person = tree["wire"]["Person"]
    (order,) = tree["wire"]["Composition"]["MedicationPrescriptions"]["Orders"]
    if (patient := change.pop("patient", None)) is not None:
        person["LastName"] = patient
        tree["patient"]["name"] = f"{person['FirstName']} {patient}"
    if (notes := change.pop("notes", None)) is not None:
        tree["notes"] = notes
    if (instruction := change.get("instruction")) is not None:
        order["PatientInstruction"] = instruction
    tree["items"][0].update(change)
    return Document(id="rx-1", media_type=PRESCRIPTION, content=json.dumps(tree, ensure_ascii=False).encode())


@pytest.fixture
def desk() -> Iterator[Desk]:
    application()
    made = Desk(lambda ticket, reply: None, Tongue("fa"), stray=0)
    yield made
    for window in made.windows:
        window.finish()
    settle()


def asked(desk: Desk, document: Document, ticket: int = 1, origin: str = PANEL) -> ConsentWindow:
    """The window in which this is asked about."""
    question = replace(scenes.consent(document), origin=origin, cautions=cautions(origin, (PANEL,)))
    desk.receive(Asked(ticket, question))
    settle()
    window = desk.windows[-1]
    assert isinstance(window, ConsentWindow)
    return window


def drawn(part: QWidget) -> str:
    """What its labels say, without the marks of drawing."""
    said = "\n".join(one.text() for one in part.findChildren(QLabel))
    return "".join(c for c in said if c not in "\u2066\u2067\u2068\u2069\u200b")


def cut_off(window: ConsentWindow) -> list[str]:
    """The labels of the sheet that are lower than their lines."""
    labels = [one for one in window.sheet.findChildren(QLabel) if one.isVisible() and one.wordWrap()]
    return [one.text() for one in labels if one.height() < one.heightForWidth(one.width())]


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        pytest.param(scenes.long(items=300), "SAMPLE DRUG 300 5 mg", id="300 items"),
        pytest.param(drug(notes="یادداشت " * 625 + "پایان"), "یادداشت پایان", id="a note of 5,000 letters"),
        pytest.param(drug(patient="ن" * 200), "ن" * 200, id="a name of 200 letters in one word"),
        pytest.param(
            drug(name="آموکسی‌سیلین Amoxicillin Амоксициллин 阿莫西林"),
            "阿莫西林",
            id="mixed scripts",
        ),
        pytest.param(drug(instruction="هر ۸ ساعت 💊👩‍⚕️🇮🇷"), "💊", id="emoji"),
        pytest.param(drug(patient=HTML), HTML, id="HTML in the patient's name"),
        pytest.param(drug(name=HTML), HTML, id="HTML in a drug's name"),
        pytest.param(drug(instruction=HTML), HTML, id="HTML in an instruction"),
        pytest.param(drug(notes=HTML), HTML, id="HTML in the notes"),
        pytest.param(drug(notes=DIALOG), "رمز نادرست بود.", id="a text that looks like Mohr's own window"),
    ],
)
def test_it_is_shown_whole_and_as_text_and_can_be_signed_once_read(
    desk: Desk, document: Document, shown: str
) -> None:
    window = asked(desk, document)
    assert window.presenter.why_not_approve(0) is not None
    approve_all(window)
    assert shown in drawn(window.sheet)
    assert all(one.textFormat() is Qt.TextFormat.PlainText for one in window.findChildren(QLabel))
    assert not cut_off(window)
    assert window.presenter.why_not_approve(0) is None


def test_words_like_mohrs_own_stay_on_the_sheet(desk: Desk) -> None:
    window = asked(desk, drug(notes=DIALOG))
    assert not window.pin.banner.isVisible()
    assert "رمز نادرست بود" not in drawn(window.pin) + drawn(window.header)


@pytest.mark.parametrize("hidden", ["\u202e", "\u202d", "\u200b", "\u2066", "\ufeff"], ids=ascii)
def test_what_cannot_be_seen_is_written_out_and_needs_its_own_yes(desk: Desk, hidden: str) -> None:
    name = f"آموکسی{hidden}سیلین"
    window = asked(desk, drug(name=name))
    read_to_end(window)
    assert visible(name) in drawn(window.sheet)
    assert visible(name) != name
    assert window.presenter.why_not_approve(0) == Tongue("fa").say(t.WHY_YES)
    for box in window.sheet.findChildren(QCheckBox):
        box.click()
    assert window.presenter.why_not_approve(0) is None


@pytest.mark.parametrize(
    ("origin", "warned"),
    [
        ("https://xn--panl-6ve.salamat.example", "xn--panl-6ve"),
        ("https://pane1.salamat.example", PANEL),
    ],
    ids=["punycode", "a digit for a letter"],
)
def test_an_origin_is_shown_as_the_browser_gave_it_with_a_warning(
    desk: Desk, origin: str, warned: str
) -> None:
    window = asked(desk, scenes.three_items(), origin=origin)
    said = drawn(window.header)
    assert origin in said
    assert warned in said
    assert len(window.presenter.notices()) >= 1


def test_of_a_pdf_of_200_pages_few_are_kept_and_the_yes_waits_for_the_last(desk: Desk) -> None:
    window = asked(desk, scenes.pdf(content=pdfs.plain(200)))
    pages = window.findChildren(PagePicture)
    assert len(pages) == 200
    drawn_once: set[PagePicture] = set()
    end = time.monotonic() + PATIENCE
    while len(drawn_once) <= KEPT:
        assert time.monotonic() < end, "no page was drawn"
        settle()
        window.sheet.read_on()
        now = [one for one in pages if one.picture is not None]
        assert len(now) <= KEPT
        drawn_once.update(now)
    assert window.presenter.why_not_approve(0) == Tongue("fa").say(t.WHY_PAGES)


def test_of_two_requests_at_once_the_second_takes_no_key_from_the_pin_of_the_first(desk: Desk) -> None:
    first = asked(desk, scenes.three_items("a"))
    approve_all(first)
    QTest.keyClicks(first.pin.field, "12")
    desk.receive(Asked(2, replace(scenes.consent(scenes.three_items("b")), origin="https://other.example")))
    settle()
    QTest.keyClicks(first.pin.field, "34")
    assert first.pin.field.text() == "1234"
    assert desk.windows == (first,)
    assert desk.waiting == 2
    first.finish()
    settle()
    (second,) = desk.windows
    assert isinstance(second, ConsentWindow)
    assert second.pin.field.text() == ""
    assert "other.example" in drawn(second.header)
