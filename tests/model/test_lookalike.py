"""What is said of an origin's looks: punycode, mixed scripts, and a likeness to a panel that is known."""

from __future__ import annotations

import pytest

from signer.model.lookalike import Caution, CautionKind, cautions, sentence
from signer.model.origin import OriginInvalid

KNOWN = "https://panel.example.ir"


def https(host: str) -> str:
    """The origin of a name in its own letters, in the spelling that browsers send."""
    labels = (one if one.isascii() else "xn--" + one.encode("punycode").decode() for one in host.split("."))
    return "https://" + ".".join(labels)


PUNYCODE, MIXED = CautionKind.PUNYCODE, CautionKind.MIXED_SCRIPTS
RESEMBLES, BEGINS_WITH = CautionKind.RESEMBLES, CautionKind.BEGINS_WITH

ROWS: list[tuple[str, str, list[CautionKind]]] = [
    ("the panel itself", KNOWN, []),
    ("the same name at another port", "https://panel.example.ir:8443", []),
    ("another name", "https://clinic.example.ir", []),
    ("a name with one letter more, which is beyond this", "https://panels.example.ir", []),
    ("l written as 1", "https://pane1.example.ir", [RESEMBLES]),
    ("l written as i", "https://panei.example.ir", [RESEMBLES]),
    ("a hyphen more", "https://pa-nel.example.ir", [RESEMBLES]),
    ("a hyphen where a dot was", "https://panel-example.ir", [RESEMBLES]),
    ("its name in front of another's", "https://panel.example.ir.evil.example", [BEGINS_WITH]),
    ("its name with a hyphen behind", "https://panel.example.ir-login.example", [BEGINS_WITH]),
    ("one Cyrillic letter among Latin ones", https("pаnel.example.ir"), [PUNYCODE, MIXED, RESEMBLES]),
    ("a word all in Cyrillic", https("раԛеӏ.example.ir"), [PUNYCODE]),
    ("Greek omicron", https("panel.example.cοm"), [PUNYCODE, MIXED]),
    ("an accent", https("pánel.example.ir"), [PUNYCODE, RESEMBLES]),
    ("a dotless i for an l", https("paneı.example.ir"), [PUNYCODE, RESEMBLES]),
    ("a Persian name", https("نسخه.example.ir"), [PUNYCODE]),
    ("punycode that stands for nothing", "https://xn--0.example.ir", [PUNYCODE]),
    ("an address", "https://192.0.2.7", []),
]


@pytest.mark.parametrize(("origin", "kinds"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_is_odd_is_named(origin: str, kinds: list[CautionKind]) -> None:
    assert [caution.kind for caution in cautions(origin, [KNOWN])] == kinds


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://modern.example", "https://modem.example"),
        ("https://vvard.example", "https://ward.example"),
        ("https://clinic-0.example", "https://dinic-o.example"),
        (https("نسخه‌ی.example"), https("نسخهي.example")),
        (https("كلینیک.example"), https("کلینیک.example")),
        (https("بخش۱.example"), https("بخش١.example")),
        (https("сосо.example"), "https://coco.example"),
        (https("οοο.example"), "https://000.example"),
    ],
)
def test_two_names_that_look_alike_are_alike_both_ways(one: str, other: str) -> None:
    for origin, known in ((one, other), (other, one)):
        assert Caution(RESEMBLES, known) in cautions(origin, [known])


def test_nothing_resembles_itself_or_what_is_not_known() -> None:
    assert cautions(KNOWN, []) == ()
    assert cautions(KNOWN, [KNOWN, KNOWN]) == ()


def test_a_name_is_written_out_in_its_own_letters() -> None:
    (caution,) = cautions(https("نسخه.example"), [])
    assert caution == Caution(PUNYCODE, "نسخه.example")


@pytest.mark.parametrize("kind", CautionKind)
def test_each_is_said_in_both_languages_with_its_fact_apart_and_nothing_hidden(kind: CautionKind) -> None:
    said = {language: sentence(Caution(kind, "pa\u202enel"), language) for language in ("fa", "en")}
    for text in said.values():
        assert "\u2068pa<U+202E>nel\u2069" in text
    persian = {language: any("\u0600" <= c <= "\u06ff" for c in text) for language, text in said.items()}
    assert persian == {"fa": True, "en": False}


def test_what_is_no_origin_is_refused() -> None:
    with pytest.raises(OriginInvalid):
        cautions("null", [])
