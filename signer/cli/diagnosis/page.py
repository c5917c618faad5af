"""A report as one HTML file: Persian from the right, then English, nothing fetched, nothing that runs."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from signer.cli.diagnosis import words
from signer.cli.language import Language, which
from signer.diagnostics.catalogue import Severity
from signer.diagnostics.conclusion import READY
from signer.diagnostics.qr import squares
from signer.diagnostics.report import Report, ReportedFinding

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body{font:16px/1.7 Vazirmatn,Tahoma,"Segoe UI",sans-serif;background:#fbfaf7;color:#1c2233}
body{margin:0 auto;max-width:60rem;padding:1rem}
section{background:#fff;border:1px solid #dfdfe4;border-radius:12px;padding:1rem 1.5rem;margin:1rem 0}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin:.4rem 0}p{margin:.3rem 0}
.code{font:600 1.6rem/1.4 ui-monospace,monospace;letter-spacing:.1em;direction:ltr;unicode-bidi:isolate}
.stops{border-inline-start:6px solid #b3261e}.hinders{border-inline-start:6px solid #b26a00}
.note{border-inline-start:6px solid #8a8fa3}.facts,td{direction:ltr;unicode-bidi:isolate;text-align:start}
.qr{width:9rem;height:9rem;border-radius:8px;shape-rendering:crispEdges}
.facts{color:#5a6075;font-size:.85rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
td{border-top:1px solid #e6e6ea;padding:.25rem .5rem;vertical-align:top}
main[dir=rtl] .code,main[dir=rtl] .facts{text-align:right}
@media(prefers-color-scheme:dark){body{background:#14161f;color:#e7e8ee}section{background:#1d2030;border-color:#343a50}
.facts{color:#a7adc2}td{border-color:#343a50}.stops{border-inline-start-color:#f2705f}}
"""


def page(report: Report) -> str:
    """The whole file."""
    body = "".join((*_half(report, "fa"), *_half(report, "en")))
    return (
        '<!doctype html><html lang="fa"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{words.TITLE[0]}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _half(report: Report, language: Language) -> Iterator[str]:
    at = which(language)
    yield f'<main lang="{language}" dir="{"rtl" if at == 0 else "ltr"}"><h1>{words.TITLE[at]}</h1>'
    yield f'<section><p>{words.CODE[at]}</p><p class="code">{escape(report.support_code)}</p>'
    yield _symbol(report.support_code, words.CODE[at])
    yield f"<p>{words.PRIVATE[at]}</p></section>"
    wrong = [one for one in report.causes if one.code != READY]
    if not any(one.severity != Severity.NOTE.value for one in wrong):
        yield f"<section><h2>{(words.READY if report.ready else words.CLEAR)[at]}</h2></section>"
    for one in wrong:
        yield from _card(one, at)
        if following := report.following(one):
            yield f"<section><h2>{words.CONSEQUENCES[at]}</h2>"
            yield from (f"<p>{escape(_said(c, at))}</p>" for c in following)
            yield "</section>"
    yield f"<section><h2>{words.CHECKS[at]}</h2><table>"
    for probe in report.probes:
        told = ", ".join(f"{name} {value}" for name, value in probe.told.items())
        cells = (probe.name, told, " ".join(probe.found), f"{probe.seconds:g} s")
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield f"</table><p class=facts>{escape(f'{report.at} · Mohr {report.version}')}</p></section></main>"


def _symbol(code: str, name: str) -> str:
    """The code as a QR: dark on light in a dark page too, which is what telephones read."""
    rows = squares(code)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return (
        f'<svg class="qr" role="img" aria-label="{escape(name)}" viewBox="0 0 {len(rows)} {len(rows)}">'
        f'<path fill="#fff" d="M0 0h{len(rows)}v{len(rows)}h-{len(rows)}z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def _card(one: ReportedFinding, at: int) -> Iterator[str]:
    remedy = (one.remedy.fa, one.remedy.en)[at]
    facts = ", ".join(f"{name} {value}" for name, value in one.evidence.items())
    yield f'<section class="{one.severity}"><h2>{escape(_said(one, at))}</h2><p>{escape(remedy)}</p>'
    if one.page is not None:
        page = escape(one.page)
        yield f'<p>{words.PAGE[at]}: <a dir=ltr rel=noreferrer href="{page}">{page}</a></p>'
    yield f"<p>{words.LOOK[at]}: <span lang=en dir=ltr>{escape(one.look)}</span></p>"
    yield f'<p class="facts">{escape(" · ".join(p for p in (one.code, one.about, facts) if p))}</p></section>'


def _said(one: ReportedFinding, at: int) -> str:
    return (one.means.fa, one.means.en)[at]
