"""The check's page in words: the first broken link and what to do, then each stretch of the chain in a row.

What findings mean is written in their catalogue, which the report carries along; here are the rows around it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from gui import translations as t
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.diagnostics.qr import squares

if TYPE_CHECKING:
    from signer.diagnostics.report import Report, ReportedFinding, Sentence


class Way(Enum):
    """A page on which what is wrong can be mended."""

    TOKENS = "tokens"
    JOURNAL = "journal"
    PANELS = "panels"


class Fix(Enum):
    """What the page can mend by itself, at a press of a button."""

    START_READERS = "start-readers"
    TRUST = "trust"


class _Stretch(Struct, frozen=True):
    """A part of the chain, by its name in reports, and the beginnings of its probes' names."""

    part: str
    caption: Text
    probes: tuple[str, ...]


_CHAIN = (
    _Stretch("computer", t.CHECK_COMPUTER, ("system", "clock", "disk")),
    _Stretch("reader", t.CHECK_READER, ("readers",)),
    _Stretch("module", t.CHECK_MODULE, ("profiles", "module")),
    _Stretch("token", t.CHECK_TOKEN, ("module",)),
    _Stretch("certificate", t.CHECK_CERTIFICATE, ("authorities", "module")),
    _Stretch("clinic", t.CHECK_CLINIC, ("policy", "panels", "journal")),
    _Stretch("agent", t.CHECK_AGENT, ("agent", "ports")),
    _Stretch("browser", t.CHECK_BROWSER, ("browsers", "stores")),
)
#: Probes whose facts say something to a person beside the row's sentence.
_WORTH_TELLING = {"browsers": "browser"}
_TONES = {"stops": Tone.BAD, "hinders": Tone.WARN}
_WAYS = {"token": Way.TOKENS, "certificate": Way.TOKENS}
_READY = "credential-ready"
#: The findings that a press of a button may mend.
_FIXES = {
    "reader-service-stopped": Fix.START_READERS,
    "authority-missing": Fix.TRUST,
    "authority-outdated": Fix.TRUST,
}


class CheckRow(Struct, frozen=True, kw_only=True):
    """A stretch of the chain. `lines` say what is found there; `probes` look at it once more."""

    part: str
    caption: str
    tone: Tone
    waits: bool
    lines: tuple[str, ...]
    facts: str | None
    probes: tuple[str, ...]
    accessible: str


class CheckView(Struct, frozen=True, kw_only=True):
    """The page. `code` is the support code, `way` leads to where the first broken link is mended.

    `fixes` are what can be mended from here, the gravest first; `page` is an address of the token's
    maker that helps with the first broken link; `symbol` is the support code as a QR.
    """

    first: Line
    remedy: str | None
    way: Way | None
    code: str
    spoken_code: str
    rows: tuple[CheckRow, ...]
    fixes: tuple[Fix, ...] = ()
    page: str | None = None
    symbol: tuple[tuple[bool, ...], ...] = ()


def present_check(report: Report, tongue: Tongue) -> CheckView:
    """Everything on the page after a check."""
    broken = next((one for one in report.causes if one.severity in _TONES), None)
    if broken is None:
        first, remedy = Line(tongue.say(t.CHECK_READY if report.ready else t.CHECK_CLEAR), Tone.OK), None
    else:
        first = Line(_said(broken.means, tongue), _TONES[broken.severity])
        remedy = _said(broken.remedy, tongue)
    return CheckView(
        first=first,
        remedy=remedy,
        way=None if broken is None else _way(broken),
        code=left_to_right(tongue.digits(report.support_code)),
        spoken_code=" ".join(tongue.digits(report.support_code.replace("-", ""))),
        rows=tuple(_row(stretch, report, tongue) for stretch in _CHAIN),
        page=None if broken is None else broken.page,
        symbol=squares(report.support_code),
        fixes=tuple(dict.fromkeys(_FIXES[one.code] for one in report.causes if one.code in _FIXES)),
    )


def _way(broken: ReportedFinding) -> Way | None:
    if broken.code.startswith("journal"):
        return Way.JOURNAL
    if broken.code.startswith("pairing"):
        return Way.PANELS
    return _WAYS.get(broken.part)


def _row(stretch: _Stretch, report: Report, tongue: Tongue) -> CheckRow:
    caption = tongue.say(stretch.caption)
    causes = [one for one in report.causes if one.part == stretch.part and one.code != _READY]
    follows = [one for one in report.consequences if one.part == stretch.part]
    grave = {one.severity for one in causes}
    tone = next(
        (tone for severity, tone in _TONES.items() if severity in grave), Tone.PLAIN if grave else Tone.OK
    )
    waits = bool(follows) and tone in _FINE
    lines = [_line(one, tongue) for one in causes]
    lines += [tongue.say(t.CHECK_FOLLOWS, what=_said(one.means, tongue)) for one in follows]
    unseen = stretch.part == "certificate" and not lines and not report.ready
    lines = list(dict.fromkeys(lines)) or [tongue.say(t.CHECK_UNSEEN if unseen else t.CHECK_FINE)]
    waits = waits or unseen
    state = t.CHECK_WAITS if waits else _STATES[tone]
    return CheckRow(
        part=stretch.part,
        caption=caption,
        tone=Tone.WARN if waits else tone,
        waits=waits,
        lines=tuple(lines),
        facts=_facts(stretch, report),
        probes=tuple(p.name for p in report.probes if p.name.startswith(stretch.probes)),
        accessible=". ".join((caption, tongue.say(state), *lines)),
    )


_FINE = {Tone.OK, Tone.PLAIN}
_STATES = dict.fromkeys(_FINE, t.CHECK_FINE) | {Tone.WARN: t.CHECK_HINDERS, Tone.BAD: t.CHECK_STOPS}


def _line(one: ReportedFinding, tongue: Tongue) -> str:
    """The sentence, and in which module or token where the report names one."""
    about = f" ({left_to_right(one.about)})" if one.about else ""
    return _said(one.means, tongue) + about


def _facts(stretch: _Stretch, report: Report) -> str | None:
    told = [
        f"{name} {value}"
        for probe in report.probes
        if _WORTH_TELLING.get(probe.name) == stretch.part
        for name, value in probe.told.items()
    ]
    return left_to_right(" · ".join(told)) if told else None


def _said(sentence: Sentence, tongue: Tongue) -> str:
    return tongue.finding(sentence.fa if tongue.lang == "fa" else sentence.en)
