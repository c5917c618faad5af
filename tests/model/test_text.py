"""Hidden characters, digits, national codes and the direction of mixed text."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.text import (
    FSI,
    LRI,
    PDI,
    hidden,
    is_national_code,
    isolate,
    isolate_latin,
    latin_digits,
    persian_digits,
    visible,
)

SPELLED = [
    ("right-to-left override", "5\u202e0 mg", "5<U+202E>0 mg"),
    ("left-to-right mark", "a\u200eb", "a<U+200E>b"),
    ("isolates", "\u2067x\u2069", "<U+2067>x<U+2069>"),
    ("zero-width joiner", "ه\u200d", "ه<U+200D>"),
    ("zero-width space", "5\u200b0", "5<U+200B>0"),
    ("byte order mark", "\ufeffx", "<U+FEFF>x"),
    ("soft hyphen", "co\u00adtri", "co<U+00AD>tri"),
    ("escape", "\x1b[31m", "<U+001B>[31m"),
    ("nul", "a\0b", "a<U+0000>b"),
    ("next line", "a\u0085b", "a<U+0085>b"),
    ("lone carriage return", "100\r1", "100<U+000D>1"),
    ("line separator", "a\u2028b", "a<U+2028>b"),
    ("tag characters", "a\U000e0041b", "a<U+E0041>b"),
    ("variation selector", "a\ufe0fb", "a<U+FE0F>b"),
    ("Hangul filler", "a\u3164b", "a<U+3164>b"),
    ("blank Braille cell", "a\u2800b", "a<U+2800>b"),
    ("private use", "a\ue000b", "a<U+E000>b"),
    ("Bengali four, which looks like an eight", "\u09ea0 mg", "<U+09EA>0 mg"),
    ("mathematical digit", "\U0001d7db mg", "<U+1D7DB> mg"),
    ("fullwidth digit", "\uff15 mg", "<U+FF15> mg"),
    ("non-joiner at an end", "می\u200c", "می<U+200C>"),
    ("non-joiner at a start", "\u200cمی", "<U+200C>می"),
    ("non-joiner beside a blank", "می\u200c شود", "می<U+200C> شود"),
    ("non-joiner within a number", "5\u200c0", "5<U+200C>0"),
    ("non-joiner in Latin", "am\u200clod", "am<U+200C>lod"),
    ("two non-joiners", "می\u200c\u200cشود", "می<U+200C><U+200C>شود"),
    ("non-joiner between Persian digits", "۵\u200c۰", "۵<U+200C>۰"),
]


@pytest.mark.parametrize("raw, shown", [row[1:] for row in SPELLED], ids=[row[0] for row in SPELLED])
def test_what_cannot_be_seen_is_spelled_out(raw: str, shown: str) -> None:
    assert visible(raw) == shown
    assert list(hidden(raw)) == list(dict.fromkeys(re.findall(r"<(U\+[0-9A-F]+)>", shown)))


@pytest.mark.parametrize(
    "text",
    [
        "آموکسی‌سیلین 500 mg کپسول",
        "می‌شود، خانه‌ها؛ ۱۲۳ ٤٥٦ «نقل» ۵٫۵٪",
        "هٔ‌ی",
        "µg · ½ – é ≤ 5°",
        "12.5 mg/5 ml (IU)",
        "\u00a0\u2009",
    ],
)
def test_ordinary_persian_and_latin_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert hidden(text) == ()


def test_line_breaks_and_tabs_are_shown_and_are_no_finding() -> None:
    assert visible("a\nb\r\nc\td") == "a↵b↵c⇥d"
    assert hidden("a\nb\r\nc\td") == ()


def test_every_character_that_unicode_calls_invisible_is_spelled() -> None:
    kept = {0x09, 0x0A, *range(0x30, 0x3A), *range(0x660, 0x66A), *range(0x6F0, 0x6FA)}
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        suspicious = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Nd"}
        if suspicious and point not in kept:
            assert hidden(f"a{character}b") == (f"U+{point:04X}",)


@given(st.text())
def test_shown_text_holds_nothing_hidden_and_showing_it_again_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert hidden(shown) == ()
    assert "\n" not in shown
    assert visible(shown) == shown


@given(st.text(st.characters(exclude_characters="\n\r\t<↵⇥")))
def test_nothing_is_lost_by_showing(text: str) -> None:
    def back(match: re.Match[str]) -> str:
        return chr(int(match[1], 16))

    assert re.sub(r"<U\+([0-9A-F]{4,6})>", back, visible(text)) == text


@given(st.text())
def test_digits_are_mapped_one_by_one_and_nothing_else_is(text: str) -> None:
    latin, persian = latin_digits(text), persian_digits(text)
    assert len(latin) == len(persian) == len(text)
    assert latin_digits(persian) == latin
    assert not set(latin) & set("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩")
    for before, after in zip(text, latin, strict=True):
        assert before == after or unicodedata.digit(before) == int(after)


def test_national_codes_pass_by_their_checksum() -> None:
    assert is_national_code("0012345679")
    assert is_national_code("0043210988")
    for wrong in ("0012345678", "001234567", "00123456790", "1111111111", "۰۰۱۲۳۴۵۶۷۹", "", "001234567x"):
        assert not is_national_code(wrong)


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda text: len(set(text)) > 1))
def test_exactly_one_last_digit_completes_a_national_code(body: str) -> None:
    assert sum(is_national_code(f"{body}{last}") for last in range(10)) == 1


def test_an_isolate_wraps_the_text() -> None:
    assert isolate("5 mg") == "\u20685 mg\u2069"


RUNS = [
    ("آموکسی‌سیلین 500 mg کپسول", "آموکسی‌سیلین [500 mg] کپسول"),
    ("شربت 12.5 mg/5 ml", "شربت [12.5 mg/5 ml]"),
    ("هر 8 ساعت 1 عدد", "هر [۸] ساعت [۱] عدد"),
    ("دوز <5 mg و .5 ml", "دوز [<5 mg] و [.5 ml]"),
    ("دمای ≥ 38°", "دمای [≥ ۳۸°]"),
    ("2 دوره از 1405/10/01", "[۲] دوره از [۱۴۰۵/۱۰/۰۱]"),
    ("2.5 عدد", "[۲٫۵] عدد"),
    ("نسخهٔ 1.2.3", "نسخهٔ [۱.۲.۳]"),
    ("قرص (500 mg)", "قرص ([500 mg])"),
    ("Vitamin D3 (50000 IU) قرص", "[Vitamin D3 (50000 IU)] قرص"),
    ("Vitamin D3 (50000 IU قرص", "[Vitamin D3] ([50000 IU] قرص"),
    ("۰٫۵ mg صبح", "[۰٫۵ mg] صبح"),
    ("٥ mg", "[٥ mg]"),
    ("سرم 5% قندی", "سرم [۵%] قندی"),
    ("قطره 2 μg/ml", "قطره [2 μg/ml]"),
    ("متن <U+202E> پنهان", "متن [<U+202E>] پنهان"),
    ("بدون عدد", "بدون عدد"),
]


@pytest.mark.parametrize("text, runs", RUNS)
def test_latin_names_doses_and_numbers_stand_isolated(text: str, runs: str) -> None:
    assert isolate_latin(text, localise=True).replace(LRI, "[").replace(PDI, "]") == runs


mixed = st.lists(
    st.sampled_from(
        [
            "5",
            "12.5",
            "۵",
            "mg",
            "IU",
            "(",
            ")",
            "/",
            "-",
            "<",
            ".",
            ",",
            " ",
            " ",
            "قرص",
            "آب",
            "%",
            "+",
            "µg",
        ]
    )
).map("".join)


@given(mixed | st.text().map(visible))
def test_isolating_adds_isolates_and_nothing_else(text: str) -> None:
    isolated = isolate_latin(text)
    assert isolated.replace(LRI, "").replace(PDI, "") == text
    assert re.fullmatch(f"[^{LRI}{PDI}]*({LRI}[^{LRI}{PDI}]+{PDI}[^{LRI}{PDI}]*)*", isolated)
    outside = re.sub(f"{LRI}[^{PDI}]*{PDI}", "", isolated)
    assert not re.search("[A-Za-z0-9]", outside)
    assert FSI not in isolated


@given(mixed)
def test_localising_changes_digits_and_the_decimal_point_alone(text: str) -> None:
    def flat(shown: str) -> str:
        return latin_digits(shown).replace("\u066b", ".")

    assert flat(isolate_latin(text, localise=True)) == flat(isolate_latin(text))


@given(st.integers(0, 9999), st.sampled_from(["mg", "ml", "g", "IU", "µg"]))
def test_a_dose_and_its_unit_are_never_parted(amount: int, unit: str) -> None:
    assert f"{LRI}{amount} {unit}{PDI}" in isolate_latin(f"قرص {amount} {unit} روزانه", localise=True)


@pytest.mark.parametrize("text", ["(" + "a" * 50_000, "a (" * 20_000, "5-" * 30_000, "5" + "-" * 50_000])
def test_a_long_run_is_read_once(text: str) -> None:
    assert isolate_latin(text).replace(LRI, "").replace(PDI, "") == text
