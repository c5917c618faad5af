"""The journal's page in words: rows, one entry, the answer to *did I sign this?*, a day that is typed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from msgspec import Struct

from gui import translations as t
from gui.presenters.asker import asker
from gui.presenters.coded import finding_name, format_name
from gui.presenters.pin import Line, Tone
from gui.presenters.tokens import condition_words
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.model.history import Result, Row
from signer.model.origin import OWN_ORIGIN
from signer.model.request import CERTIFICATE_ID, JOURNAL_ID, REQUEST_ID, TEST_ID, SignatureFormat
from signer.prescription.dates import parse_date, tehran
from signer.service.records import Detailed, Opened, Traced
from signer.verify import Indication, Severity
from signer.verify.sentences import sentence

_RESULTS: dict[Result, tuple[Text, Tone]] = {
    Result.SIGNED: (t.RESULT_SIGNED, Tone.OK),
    Result.DECLINED: (t.RESULT_DECLINED, Tone.PLAIN),
    Result.FAILED: (t.RESULT_FAILED, Tone.BAD),
}
#: What the window's own documents are called; a panel may give any of its own such a name.
_OWN_DOCUMENTS: dict[str, Text] = {
    REQUEST_ID: t.DOCUMENT_REQUEST,
    CERTIFICATE_ID: t.DOCUMENT_CERTIFICATE,
    TEST_ID: t.DOCUMENT_TEST,
    JOURNAL_ID: t.DOCUMENT_JOURNAL,
}
#: How work on a token ended well: nothing was signed.
_OF_TOKEN: dict[str, Text] = {REQUEST_ID: t.RESULT_KEY_MADE, CERTIFICATE_ID: t.RESULT_KEPT}
_COLUMNS = (t.COLUMN_TIME, t.FILTER_PANEL, t.FILTER_CENTRE, t.COLUMN_DOCUMENT, t.FILTER_RESULT)


class RowView(Struct, frozen=True, kw_only=True, gc=False):
    """One row: its cells in the order of `columns`, how loud the result is, and all of it in one sentence."""

    cells: tuple[str, ...]
    tone: Tone
    accessible: str


class EntryView(Struct, frozen=True, kw_only=True):
    """One entry. `facts` are caption and value; `problem` and `remedy` say why it was not signed."""

    title: str
    result: Line
    problem: str | None
    remedy: str | None
    facts: tuple[tuple[str, str], ...]
    hint: str | None


def columns(tongue: Tongue) -> tuple[str, ...]:
    """The names of a row's cells."""
    return tuple(tongue.say(name) for name in _COLUMNS)


def results(tongue: Tongue) -> tuple[tuple[str, Result], ...]:
    """What can be searched for."""
    return tuple((tongue.say(words), result) for result, (words, _) in _RESULTS.items())


def title(opened: Opened, tongue: Tongue) -> str:
    """Whose journal it is."""
    names = (" و " if tongue.rtl else ", ").join(tongue.within(name) for name in opened.holders)
    return tongue.say(t.JOURNAL_OF, names=names)


def present_row(row: Row, centres: dict[str, str], tongue: Tongue) -> RowView:
    """One row of the table."""
    words, tone = _result(row, None)
    centre = centres.get(row.credential_id or "", "")
    cells = (
        f"{tongue.short_day(row.at)}  {tongue.clock(row.at)}",
        asker(row.origin.removeprefix("https://"), tongue),
        tongue.signed(centre) if centre else "—",
        _document(row, None, tongue),
        tongue.say(words),
    )
    return RowView(cells=cells, tone=tone, accessible=". ".join(cells))


def present_entry(detailed: Detailed, tongue: Tongue) -> EntryView:
    """One entry with all that is kept of it."""
    say, entry, signer = tongue.say, detailed.entry, detailed.signer
    row = entry.row
    words, tone = _result(row, entry.format)
    problem = remedy = None
    if row.code is not None:
        problem, remedy = condition_words(row.code, tongue)
    when = f"{tongue.day(row.at)} ({tongue.other_day(row.at)})  {tongue.clock(row.at)}"
    facts = [
        (say(t.COLUMN_TIME), when),
        (say(t.FILTER_PANEL), asker(row.origin, tongue)),
        (say(t.COLUMN_DOCUMENT), _document(row, entry.format, tongue)),
    ]
    if signer is not None:
        holder = signer.holder
        who = [tongue.within(holder.name)]
        if holder.council_number:
            who.append(say(t.HOLDER_COUNCIL, number=tongue.code(holder.council_number)))
        if holder.centre:
            who.append(tongue.within(holder.centre))
        until = say(t.CERTIFICATE_UNTIL, date=tongue.short_day(signer.not_after))
        facts += [
            (say(t.ENTRY_CERTIFICATE), " · ".join((*who, until))),
            ("", say(t.ISSUER, issuer=tongue.within(signer.issuer))),
        ]
    if entry.signature_hash is not None:
        form = " · ".join(filter(None, (format_name(entry.format or ""), entry.level, entry.media_type)))
        facts.append((say(t.ENTRY_FORMAT), left_to_right(form)))
    if row.without_pin:
        facts.append((say(t.ENTRY_PIN), say(t.ENTRY_WITHOUT_PIN)))
    if entry.accepted:
        accepted = " · ".join(finding_name(code, tongue) for code in entry.accepted)
        facts.append((say(t.ENTRY_ACCEPTED), accepted))
    facts.append((say(t.ENTRY_CONTENT), left_to_right(entry.content_hash.hex())))
    if entry.signature_hash is not None:
        facts.append((say(t.ENTRY_SIGNATURE), left_to_right(entry.signature_hash.hex())))
    return EntryView(
        title=say(t.ENTRY_TITLE, number=row.sequence),
        result=Line(say(words), tone),
        problem=problem,
        remedy=remedy,
        facts=tuple(facts),
        hint=say(t.ENTRY_HOW_TO_CHECK) if words is t.RESULT_SIGNED else None,
    )


def present_traced(traced: Traced, tongue: Tongue) -> tuple[Line, str | None]:
    """Did I sign this? And what the verifier says of the signature, where there is one at hand."""
    name = left_to_right(traced.name)
    if traced.rows:
        at = traced.rows[0].at
        answer = tongue.say(t.TRACE_YES, name=name, day=tongue.day(at), time=tongue.clock(at))
    else:
        answer = tongue.say(t.TRACE_NO, name=name)
    report = traced.report
    if report is None:
        return Line(answer, Tone.OK if traced.rows else Tone.WARN), None
    if report.indication is Indication.VALID:
        return Line(answer, Tone.OK if traced.rows else Tone.WARN), tongue.say(t.TRACE_GOOD)
    worst = next((found for found in report.findings if found.severity is Severity.FAILED), None)
    why = "" if worst is None else sentence(worst, tongue.lang)
    bad = report.indication is Indication.INVALID
    said = tongue.say(t.TRACE_BAD if bad else t.TRACE_OPEN, why=why)
    return Line(answer, Tone.BAD if bad else Tone.OK if traced.rows else Tone.WARN), said


def chain_line(broken_at: int | None, tongue: Tongue) -> Line:
    """What the check of the chain at the start has found."""
    if broken_at is None:
        return Line(tongue.say(t.JOURNAL_WHOLE), Tone.OK)
    return Line(tongue.say(t.JOURNAL_BROKEN, number=broken_at), Tone.BAD)


def day_typed(text: str) -> tuple[datetime, datetime] | None:
    """The beginning and end in Tehran of a day as typed, Jalali or Gregorian; None where it is none."""
    day = parse_date(text)
    if day is None:
        return None
    begins = datetime.combine(day, time(), tehran())
    return begins, begins + timedelta(days=1)


def _work(row: Row, form: str | None) -> str | None:
    """Which of our own documents it is about, where that is certain: a panel names its own as it likes.

    Of a panel's documents the format of the entry tells, and of a sealed request that no certificate is its.
    """
    if row.origin == OWN_ORIGIN:
        return row.document_id if row.document_id in _OWN_DOCUMENTS else None
    if form == SignatureFormat.CERTIFICATE.value:
        return CERTIFICATE_ID
    unsigned = row.result is Result.SIGNED and row.credential_id is None
    return REQUEST_ID if form == SignatureFormat.PKCS10.value or unsigned else None


def _document(row: Row, form: str | None, tongue: Tongue) -> str:
    work = _work(row, form)
    return left_to_right(row.document_id) if work is None else tongue.say(_OWN_DOCUMENTS[work])


def _result(row: Row, form: str | None) -> tuple[Text, Tone]:
    words, tone = _RESULTS[row.result]
    if row.result is Result.SIGNED:
        words = _OF_TOKEN.get(_work(row, form) or "", words)
    return words, tone
