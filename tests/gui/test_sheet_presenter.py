"""A sheet in words: every value has its place, and findings stand where they belong."""

from __future__ import annotations

import json

import pytest

from gui.bridge.messages import AgentChanged, AgentInfo, AgentState
from gui.presenters.asks import present_choice, present_pairing
from gui.presenters.home import present_home
from gui.presenters.pin import Tone
from gui.presenters.sheet import SheetView, present_sheet, summary
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from signer.model.request import Document
from signer.model.sheet import Comparison, Weight
from tests.desktop import scenes

FA, EN = Tongue("fa"), Tongue("en")


def _view(document: Document, tongue: Tongue = EN) -> SheetView:
    return present_sheet(scenes.consent(document).sheets[0], tongue)


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_details_hold_every_value_of_the_document_exactly_as_signed(lang: Lang) -> None:
    document = scenes.three_items()
    signed: dict[str, str] = {}

    def walk(value: object, pointer: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, f"{pointer}/{name}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                walk(inner, f"{pointer}/{number}")
        else:
            signed[pointer] = value if isinstance(value, str) and value else json.dumps(value)

    walk(json.loads(document.content), "")
    shown = {leaf.pointer: leaf.text for leaf in _view(document, Tongue(lang)).leaves}
    assert shown == signed


def test_a_finding_about_an_item_stands_above_that_item() -> None:
    view = _view(scenes.differing())
    red = [f for f in view.findings if f.weight is Weight.RED]
    assert [f.item for f in red] == [1]
    assert "20" in red[0].text
    assert "200" in red[0].text
    assert red[0].remedy


def test_a_finding_about_the_whole_document_stands_at_the_top_and_asks_for_a_yes() -> None:
    amber = next(f for f in _view(scenes.late()).findings if f.weight is Weight.AMBER)
    assert amber.item is None
    assert amber.needs_yes


def test_a_value_that_differs_from_the_insurers_body_is_marked() -> None:
    view = _view(scenes.differing())
    quantity = next(i for i, column in enumerate(view.columns) if column.numeric)
    cell = view.items[1].cells[quantity]
    assert cell is not None
    assert cell.comparison is Comparison.DIFFERS
    assert Comparison.DIFFERS in dict(view.legend)


def test_columns_that_no_item_fills_are_left_out() -> None:
    document = scenes.three_items()
    tree = json.loads(document.content)
    for item in tree["items"]:
        item.pop("instruction")
    changed = Document(id="x", media_type=document.media_type, content=json.dumps(tree).encode())
    assert "Instruction" not in [c.caption for c in _view(changed).columns]


@pytest.mark.parametrize(
    ("document", "fa", "en"),
    [
        (scenes.three_items(), ("بیمار نمونه یک", "دارو، ۳ قلم"), ("بیمار نمونه یک", "Medicines, items: 3")),
        (
            scenes.plain_text("t-1"),
            ("سند \u2066t-1\u2069", "۴ مقدار"),
            ("Document \u2066t-1\u2069", "values: 4"),
        ),
    ],
)
def test_a_document_is_summed_up_in_two_lines(
    document: Document, fa: tuple[str, str], en: tuple[str, str]
) -> None:
    sheet = scenes.consent(document).sheets[0]
    assert summary(sheet, FA) == fa
    assert summary(sheet, EN) == en


def test_no_latin_digit_stands_in_the_persian_sheet_outside_of_latin_text() -> None:
    view = _view(scenes.three_items(), FA)
    for item in view.items:
        for cell in item.cells:
            assert cell is None or not any(c in "0123456789" for c in cell.text)


def test_pairing_shows_the_digits_as_the_page_does_and_again_in_persian() -> None:
    view = present_pairing(scenes.PAIRING, FA)
    assert view.code == "\u2066417 290\u2069"
    assert view.local_code == "\u2066۴۱۷ ۲۹۰\u2069"
    assert view.spoken_code == "۴ ۱ ۷ ۲ ۹ ۰"
    assert present_pairing(scenes.PAIRING, EN).local_code is None


def test_a_credential_says_holder_centre_issuer_validity_and_why_it_cannot_sign() -> None:
    usable, other, unusable = present_choice(scenes.CHOICE, EN).options
    assert usable.name == "مطب ونک · this computer's"
    assert other.name == "\u2068شیفت شب\u2069 (\u2068بیمارستان نمونه\u2069)"
    assert usable.who == "\u2068دکتر نمونه\u2069 · council no. \u2066123456\u2069"
    assert "GICA Bronze Sample CA" in usable.facts
    assert "2027-06-02" in usable.facts
    assert usable.problem is None
    assert unusable.problem == "This certificate cannot be used to sign."


def test_a_token_says_its_name_serial_and_reader() -> None:
    one, other = present_choice(scenes.TOKEN_CHOICE, EN).options
    assert (one.picks, other.picks) == scenes.TOKEN_CHOICE.tokens
    assert (bare(one.who), bare(one.facts)) == ("serial 2A410009", "in Sample 00")
    assert one.problem is None
    assert "serial 2A410010" in bare(other.accessible)


@pytest.mark.parametrize("tongue", [EN, FA])
def test_what_goes_into_a_certificate_request_is_all_on_its_sheet(tongue: Tongue) -> None:
    sheet = scenes.certificate_request().sheets[0]
    view = present_sheet(sheet, tongue)
    shown = [bare(field.value.text) for field in view.head]
    code, number = ("۰۰۱۲۳۴۵۶۷۹", "۱۲۳۴۵۶") if tongue.rtl else ("0012345679", "123456")
    assert shown[:7] == ["سارا", "نمونه", code, number, "مطب ونک", "تهران", "IR"]
    assert shown[7] == "RSA 2048"
    assert "2A410009" in shown[8].translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789"))
    assert [leaf.pointer for leaf in view.leaves][-1] == "/key"
    captions = {field.caption for field in view.head}
    assert ("کد ملی" if tongue.rtl else "national code") in captions
    assert len(captions) == len(view.head)


def test_a_certificate_says_whose_it_is_until_when_and_by_whom() -> None:
    view = present_sheet(scenes.certificate().sheets[0], EN)
    said = {field.caption: bare(field.value.text) for field in view.head}
    assert said["council number"] == "123456"
    assert said["valid until"] == "22 November 2027"
    assert "Mohr" in said["issuer"]
    assert [finding.needs_yes for finding in view.findings] == [True, False]


def bare(text: str) -> str:
    return "".join(c for c in text if c not in "\u2066\u2067\u2068\u2069\u200b")


@pytest.mark.parametrize(
    ("change", "waiting", "fa", "en", "tone"),
    [
        (AgentChanged(AgentState.STARTING), 0, "در حال آغاز…", "Starting…", Tone.PLAIN),
        (AgentChanged(AgentState.READY), 0, "آماده", "Ready", Tone.OK),
        (AgentChanged(AgentState.READY), 2, "در انتظار شما", "Waiting for you", Tone.WARN),
        (AgentChanged(AgentState.FAILED, problem="policy-invalid"), 0, "آماده نیست", "Not ready", Tone.BAD),
    ],
)
def test_the_main_window_says_how_the_agent_is(
    change: AgentChanged, waiting: int, fa: str, en: str, tone: Tone
) -> None:
    for tongue, words in ((FA, fa), (EN, en)):
        view = present_home(change, waiting, tongue, tray=True)
        assert (view.state.text, view.state.tone) == (words, tone)


def test_the_main_window_says_what_closing_it_does() -> None:
    ready = AgentChanged(AgentState.READY, info=AgentInfo(address="127.0.0.1:18717", version="1"))
    assert "tray" in present_home(ready, 0, EN, tray=True).closing
    assert "quits" in present_home(ready, 0, EN, tray=False).closing
    assert ("Local address", "\u2066127.0.0.1:18717\u2069") in present_home(ready, 0, EN, tray=True).facts
