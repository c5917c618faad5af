"""What the journal's page says, in both languages and calendars, without Qt."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gui import translations as t
from gui.presenters.journal import (
    chain_line,
    columns,
    day_typed,
    present_entry,
    present_row,
    present_traced,
    title,
)
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from signer.model.errors import by_code
from signer.model.history import Row
from signer.model.origin import OWN_ORIGIN
from signer.model.request import CERTIFICATE_ID, JOURNAL_ID, REQUEST_ID, TEST_ID
from signer.service.records import Traced
from signer.verify import Finding, Indication, Report, Severity
from tests.desktop import scenes

EN, FA = Tongue("en"), Tongue("fa")
SIGNED, FAILED, DECLINED = scenes.ROWS[0], scenes.ROWS[2], scenes.ROWS[4]


def test_a_row_tells_when_where_and_how_it_ended() -> None:
    centres = scenes.journal().centres
    view = present_row(SIGNED, centres, FA)
    time, panel, centre, document, result = view.cells
    assert "۱۴۰۵/۰۹/۰۱" in time
    assert "ep.tamin.example" in panel
    assert (centre, result) == ("مطب ونک", "امضا شد")
    assert "rx-4100" in document
    assert len(columns(FA)) == len(view.cells)
    assert centre in view.accessible
    tones = [present_row(row, centres, EN).tone for row in (SIGNED, FAILED, DECLINED)]
    assert tones == [Tone.OK, Tone.BAD, Tone.PLAIN]


def test_a_row_without_a_certificate_names_no_centre() -> None:
    assert present_row(replace(SIGNED, credential_id=None), {}, EN).cells[2] == "—"


def test_a_signed_entry_has_both_hashes_its_certificate_and_both_dates() -> None:
    view = present_entry(scenes.entry(SIGNED), EN)
    told = " ".join(value.replace("\u200b", "") for _, value in view.facts)
    assert bytes(range(32)).hex() in told
    assert bytes(range(32, 64)).hex() in told
    assert "دکتر نمونه" in told
    assert "council no. " in told
    assert "GICA" in told
    assert "22 November 2026" in told
    assert "1405/09/01" in told
    assert view.hint is not None
    assert (view.problem, view.remedy) == (None, None)


def test_an_entry_that_was_signed_while_the_token_stood_open_says_that_no_pin_was_typed() -> None:
    entry = scenes.entry(replace(SIGNED, without_pin=True))
    assert ("PIN", t.ENTRY_WITHOUT_PIN.en) in present_entry(entry, EN).facts
    assert all(caption != "PIN" for caption, _ in present_entry(scenes.entry(SIGNED), EN).facts)


@pytest.mark.parametrize(
    ("tongue", "said"), [(EN, "issued on another date"), (FA, "صدور در تاریخی دیگر")], ids=["en", "fa"]
)
def test_what_was_accepted_is_told_in_words_with_the_code_beside_them(tongue: Tongue, said: str) -> None:
    accepted = dict(present_entry(scenes.entry(SIGNED), tongue).facts)[tongue.say(t.ENTRY_ACCEPTED)]
    assert accepted.startswith(said)
    assert "(signed-late)" in accepted


def test_a_failed_entry_says_why_and_what_to_do() -> None:
    view = present_entry(scenes.entry(FAILED), FA)
    condition = by_code("token-removed")
    assert (view.problem, view.remedy) == (condition.fa, condition.fa_remedy)
    assert view.hint is None


def test_whose_journal_it_is_stands_above_it() -> None:
    both = scenes.journal(holders=("دکتر نمونه", "سارا نمونه"))
    assert "دکتر نمونه" in title(both, FA)
    assert "سارا نمونه" in title(both, EN)


def report(indication: Indication, *codes: str) -> Report:
    return Report(
        indication=indication,
        certificate=b"c",
        findings=tuple(Finding(code=code, severity=Severity.FAILED) for code in codes),
    )


@pytest.mark.parametrize(
    ("known", "judged", "tone", "answer", "more"),
    [
        (True, None, Tone.OK, "Yes", None),
        (False, None, Tone.WARN, "No", None),
        (True, report(Indication.VALID), Tone.OK, "Yes", "good"),
        (False, report(Indication.VALID), Tone.WARN, "No", "good"),
        (True, report(Indication.INDETERMINATE, "chain-missing"), Tone.OK, "Yes", "cannot be judged"),
        (False, report(Indication.INVALID, "signature-wrong"), Tone.BAD, "No", "bad"),
        (True, report(Indication.INVALID, "signature-wrong"), Tone.BAD, "Yes", "bad"),
    ],
)
def test_did_i_sign_this(
    known: bool, judged: Report | None, tone: Tone, answer: str, more: str | None
) -> None:
    traced = Traced(name="rx.json", sha256=b"", rows=scenes.ROWS[:1] if known else (), report=judged)
    line, said = present_traced(traced, EN)
    assert line.tone is tone
    assert line.text.startswith(answer)
    assert "rx.json" in line.text
    assert (said is None) if more is None else more in (said or "")


@pytest.mark.parametrize("typed", ["1405/09/01", "۱۴۰۵/۰۹/۰۱", "14050901", "2026-11-22"])
def test_a_day_is_understood_in_either_calendar_and_script(typed: str) -> None:
    day = day_typed(typed)
    assert day is not None
    begins, ends = day
    assert begins.isoformat() == "2026-11-22T00:00:00+03:30"
    assert ends.isoformat() == "2026-11-23T00:00:00+03:30"


@pytest.mark.parametrize("typed", ["", "1405/13/01", "yesterday", "1405-09-01"])
def test_what_is_no_day_is_none(typed: str) -> None:
    assert day_typed(typed) is None


def test_a_break_of_the_chain_is_bad_and_names_its_entry() -> None:
    assert chain_line(None, EN).tone is Tone.OK
    broken = chain_line(7, FA)
    assert broken.tone is Tone.BAD
    assert "۷" in broken.text


OWN = replace(SIGNED, origin=OWN_ORIGIN)


@pytest.mark.parametrize(
    ("row", "document", "result"),
    [
        (replace(OWN, document_id=REQUEST_ID, credential_id=None), "Certificate request", "Key made"),
        (replace(OWN, document_id=CERTIFICATE_ID), "Issued certificate", "Certificate imported"),
        (replace(OWN, document_id=TEST_ID), "Test document", "Signed"),
        (replace(OWN, document_id=JOURNAL_ID), "The journal", "Signed"),
        (replace(SIGNED, document_id=REQUEST_ID, credential_id=None), "Certificate request", "Key made"),
        (replace(SIGNED, document_id=REQUEST_ID), REQUEST_ID, "Signed"),
        (replace(SIGNED, document_id=JOURNAL_ID), JOURNAL_ID, "Signed"),
        (replace(SIGNED, document_id=CERTIFICATE_ID), CERTIFICATE_ID, "Signed"),
    ],
)
def test_work_of_the_window_has_words_and_a_panels_document_keeps_its_name(
    row: Row, document: str, result: str
) -> None:
    cells = present_row(row, {}, EN).cells
    assert document in cells[3]
    assert cells[4] == result
    assert ("Mohr itself" in cells[1]) == (row.origin == OWN_ORIGIN)
    assert all(text not in present_row(row, {}, FA).cells[4] for text in ("Key", "Signed"))


@pytest.mark.parametrize(
    ("form", "result"), [("pkcs10", "Key made"), ("certificate", "Certificate imported"), ("cades", "Signed")]
)
def test_an_entry_of_a_panel_tells_by_its_format_what_was_done(form: str, result: str) -> None:
    detailed = scenes.entry(SIGNED)
    view = present_entry(replace(detailed, entry=replace(detailed.entry, format=form)), EN)
    assert view.result.text == result
    assert (view.hint is None) == (result != "Signed")
