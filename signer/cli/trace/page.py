"""A recording as one HTML file: Persian from the right, then English, nothing fetched, nothing that runs.

Time runs from left to right in both halves, as it does on every chart of a laboratory.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from signer.cli.trace import words
from signer.cli.trace.told import Told, end_of, shares
from signer.service.tracing import Lane, Span

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_COLOURS = {
    Lane.PERSON: ("#2f6fb0", "#6ea8e0"),
    Lane.CARD: ("#b26a00", "#e0a75a"),
    Lane.MODULE: ("#6a4aa5", "#a98be0"),
    Lane.SEALING: ("#1f7a5c", "#5fc09c"),
    Lane.OUTSIDE: ("#a33a6a", "#e07fae"),
    Lane.ENDPOINT: ("#5a6075", "#a7adc2"),
}
_STYLE = (
    """
body{font:16px/1.7 Vazirmatn,Tahoma,"Segoe UI",sans-serif;background:#fbfaf7;color:#1c2233}
body{margin:0 auto;max-width:70rem;padding:1rem}
section{background:#fff;border:1px solid #dfdfe4;border-radius:12px;padding:1rem 1.5rem;margin:1rem 0}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin:.4rem 0}p{margin:.3rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td{border-top:1px solid #e6e6ea;padding:.25rem .5rem;vertical-align:top}
.ltr{direction:ltr;unicode-bidi:isolate;text-align:start}.soft{color:#5a6075;font-size:.85rem}
svg{width:100%;height:auto;direction:ltr;display:block}svg text{font-size:12px;fill:#1c2233}
svg .grid{stroke:#e6e6ea}svg .lost{stroke:#b3261e;stroke-width:2;stroke-dasharray:3 2}
.one{white-space:nowrap}
.key{display:inline-block;width:.8em;height:.8em;border-radius:3px;margin-inline:.2em .4em}
@media(prefers-color-scheme:dark){body{background:#14161f;color:#e7e8ee}
section{background:#1d2030;border-color:#343a50}.soft{color:#a7adc2}td{border-color:#343a50}
svg text{fill:#e7e8ee}svg .grid{stroke:#343a50}svg .lost{stroke:#f2705f}}
"""
    + "".join(f".{lane.name.lower()}{{fill:{day};background:{day}}}" for lane, (day, _) in _COLOURS.items())
    + "@media(prefers-color-scheme:dark){"
    + "".join(
        f".{lane.name.lower()}{{fill:{dark};background:{dark}}}" for lane, (_, dark) in _COLOURS.items()
    )
    + "}"
)

_WIDTH, _LABEL, _BAR, _GAP = 1000, 130, 16, 8
#: Bars that are drawn; of more, the longest. A browser draws some thousand without effort.
_MOST_BARS = 3000
_MOST_SUB_ROWS = 8
_MOST_REQUESTS = 40
_LONGEST = 20


def page(told: Told) -> str:
    """The whole file."""
    body = "".join((*_half(told, 0), *_half(told, 1)))
    return (
        '<!doctype html><html lang="fa"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{words.TITLE[0]}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _half(told: Told, at: int) -> Iterator[str]:
    yield f'<main lang="{("fa", "en")[at]}" dir="{("rtl", "ltr")[at]}"><h1>{words.TITLE[at]}</h1>'
    yield f"<section><p>{words.PRIVATE[at]}</p>{_key(at)}</section>"
    if not told.spans:
        yield f"<section><h2>{words.NOTHING[at]}</h2></section>"
    for share in shares(told)[:_MOST_REQUESTS]:
        caption = words.numbered(words.REQUEST, share.request, at)
        yield f"<section><h2>{caption}: {_time(share.micros)}</h2><table>"
        for lane, micros in share.lanes:
            caption = words.UNKNOWN[at] if lane is None else words.LANES[lane][at]
            part = micros / share.micros if share.micros else 0
            mark = "" if lane is None else f'<span class="key {lane.name.lower()}"></span>'
            yield f"<tr><td>{mark}{caption}</td><td>{_time(micros)}</td><td>{_ltr(f'{part:.0%}')}</td></tr>"
        yield "</table></section>"
    if told.spans:
        yield f"<section><h2>{words.ALL_LANES[at]}</h2>{''.join(_timeline(told, at))}</section>"
        yield f"<section><h2>{words.LONGEST[at]}</h2><table>{''.join(_longest(told, at))}</table></section>"
    dropped = f" · {told.dropped}: {words.DROPPED[at]}" if told.dropped else ""
    whole = f"Mohr {told.version} · {words.seconds(told.micros)}"
    yield f'<p class="soft">{_ltr(whole)}{dropped}</p></main>'


def _key(at: int) -> str:
    marks = (
        f'<span class="one"><span class="key {lane.name.lower()}"></span>{caption[at]}</span>'
        for lane, caption in words.LANES.items()
    )
    return f"<p>{' &nbsp; '.join(marks)}</p>"


def _ltr(text: str) -> str:
    return f'<span class="ltr">{escape(text)}</span>'


def _time(micros: int) -> str:
    return _ltr(words.seconds(micros))


def _longest(told: Told, at: int) -> Iterator[str]:
    ranked = sorted(told.spans, key=lambda span: span.began - end_of(span, told.micros))
    for span in ranked[:_LONGEST]:
        facts = " · ".join(f"<bdi>{escape(fact)}</bdi>" for fact in _facts(span, at))
        yield f"<tr><td>{_time(end_of(span, told.micros) - span.began)}</td>"
        mark = f'<span class="key {span.lane.name.lower()}"></span>'
        yield f"<td>{mark}{escape(words.name(span.name, at))}</td>"
        yield f'<td class="soft">{facts}</td></tr>'


def _facts(span: Span, at: int) -> Iterator[str]:
    if span.request is not None:
        yield words.numbered(words.REQUEST, span.request, at)
    if span.module is not None:
        yield words.numbered(words.MODULE, span.module, at)
    if span.code is not None:
        yield span.code
    if span.sent or span.got:
        yield f"{span.sent} B → {span.got} B"
    if span.lost is not None:
        yield f"{words.NEVER[at]}: {span.lost}"
    elif span.micros is None:
        yield words.STILL[at]


def _timeline(told: Told, at: int) -> Iterator[str]:
    """One row for each request, each module and the panels; what overlaps within a row is stacked."""
    drawn = sorted(told.spans, key=lambda span: span.began - end_of(span, told.micros))[:_MOST_BARS]
    rows: dict[str, list[Span]] = {}
    for span in sorted(drawn, key=lambda span: span.began):
        rows.setdefault(_row(span, at), []).append(span)
    start = min(span.began for span in drawn)
    end = max(*(end_of(span, told.micros) for span in drawn), start + 1)
    scale = (_WIDTH - _LABEL) / (end - start)
    top, body = 24, []
    for caption, spans in rows.items():
        depth, bars = _bars(spans, told.micros, start, scale, top, at)
        body.append(f'<text x="0" y="{top + 12}">{escape(caption)}</text>')
        body += bars
        top += depth * (_BAR + 2) + _GAP
    yield f'<svg viewBox="0 0 {_WIDTH} {top}" role="img" aria-label="{words.ALL_LANES[at]}">'
    for tick in range(6):
        x = _LABEL + (_WIDTH - _LABEL - 60) * tick / 5
        moment = words.seconds(int((x - _LABEL) / scale))
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="18" y2="{top}"/>'
        yield f'<text x="{x + 2:.1f}" y="12">{moment}</text>'
    yield from body
    yield "</svg>"


def _row(span: Span, at: int) -> str:
    if span.request is not None:
        return words.numbered(words.REQUEST, span.request, at)
    return words.ENDPOINT[at] if span.module is None else words.numbered(words.MODULE, span.module, at)


def _bars(
    spans: list[Span], whole: int, start: int, scale: float, top: int, at: int
) -> tuple[int, list[str]]:
    free: list[int] = []
    bars = []
    for span in spans:
        ended = end_of(span, whole)
        level = next((level for level, until in enumerate(free) if until <= span.began), len(free))
        level = min(level, _MOST_SUB_ROWS - 1)
        free[level : level + 1] = [ended]
        x, width = _LABEL + (span.began - start) * scale, max((ended - span.began) * scale, 1.0)
        lost = " lost" if span.lost is not None else ""
        told = " · ".join((words.name(span.name, at), words.seconds(ended - span.began), *_facts(span, at)))
        bars.append(
            f'<rect class="{span.lane.name.lower()}{lost}" x="{x:.1f}" y="{top + level * (_BAR + 2)}" '
            f'width="{width:.1f}" height="{_BAR}" rx="2"><title>{escape(told)}</title></rect>'
        )
    return max(len(free), 1), bars
