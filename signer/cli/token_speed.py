"""The figures of `mohr token bench` as lines and as a file, and two such files side by side.

A file names the token's family and no serial number, label or holder; keys are told by kind and size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from signer.cli.drawing import drawn
from signer.cli.language import Language, Pair, first_of
from signer.model.errors import by_code
from signer.model.text import visible
from signer.service.token_bench import Measured

FORMAT = "mohr-token-bench/1"
_NO_KEY: Pair = ("کلید خصوصی روی این توکن نیست.", "There is no private key on this token.")
_COLUMNS: Pair = (
    "به ترتیب: کلید، شیوهٔ امضا، امضا در ثانیه، زمان میانه، زمانی که ۹۵٪ از آن کوتاه‌ترند، شمار امضاها",
    "in this order: key, way of signing, signatures a second, median time, time that 95 % stay under, count",
)
_COMPARED: Pair = (
    "امضا در ثانیه و زمان میانه؛ ستون آخر: زمان B چند برابر زمان A است",
    "signatures a second and median time; the last column: how many times as long B takes",
)


class Bench(Struct, frozen=True, kw_only=True):
    """One file. The keys are numbered in it: a CKA_ID may say more than that."""

    format: str
    family: str
    rows: tuple[Measured, ...]


def bench_lines(rows: tuple[Measured, ...], language: Language) -> Iterator[str]:
    """What the columns are, and one line for each key and way: names and figures, from the left."""
    yield first_of(_COLUMNS if rows else _NO_KEY, language)
    for row in rows:
        head = f"{row.key}  {row.kind:<10} {row.algorithm or '-':<18}"
        if row.problem is not None:
            yield f"{head} {_why(row.problem, language)}"
        else:
            yield f"{head} {row.per_second:>8} /s   p50 {row.p50:>8} ms   p95 {row.p95:>8} ms   n {row.count}"


def bench_file(family: str, rows: tuple[Measured, ...]) -> bytes:
    """JSON, with a line's end."""
    numbers = {key: str(number) for number, key in enumerate(dict.fromkeys(row.key for row in rows), 1)}
    numbered = tuple(replace(row, key=numbers[row.key]) for row in rows)
    told = Bench(format=FORMAT, family=family, rows=numbered)
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def compare(first: Path, second: Path, language: Language) -> int:
    """Print the table: 0, or 1 where a file cannot be read."""
    try:
        one, other = (msgspec.json.decode(file.read_bytes(), type=Bench) for file in (first, second))
    except (OSError, msgspec.MsgspecError) as problem:
        print(f"mohr token compare: {visible(str(problem))}", file=sys.stderr)
        return 1
    for line in compared(one, other, language):
        print(drawn(line))
    return 0


def compared(one: Bench, other: Bench, language: Language) -> Iterator[str]:
    """Each kind of key and way that either has; the last column says how many times as long B takes."""
    yield first_of(_COMPARED, language)
    yield f"{'':<31} {'A: ' + one.family:>22} {'B: ' + other.family:>22}   B/A"
    first, second = _quickest(one), _quickest(other)
    for kind, algorithm in dict.fromkeys((*first, *second)):
        a, b = first.get((kind, algorithm)), second.get((kind, algorithm))
        ratio = f"{b.p50 / a.p50:5.2f}" if a and b and a.p50 and b.p50 else "    -"
        yield f"{kind:<10} {algorithm:<20} {_cell(a, language):>22} {_cell(b, language):>22} {ratio}"


def _quickest(bench: Bench) -> dict[tuple[str, str], Measured]:
    """Of several keys of one kind, the quickest; a way that failed with each stands there with why."""
    found: dict[tuple[str, str], Measured] = {}
    for row in bench.rows:
        if row.algorithm is None:
            continue
        at = (row.kind, row.algorithm)
        if at not in found or (row.p50 or float("inf")) < (found[at].p50 or float("inf")):
            found[at] = row
    return found


def _cell(row: Measured | None, language: Language) -> str:
    if row is None:
        return "-"
    if row.problem is not None:
        return _why(row.problem, language)
    return f"{row.per_second}/s {row.p50} ms"


def _why(code: str, language: Language) -> str:
    return by_code(code).fa if language == "fa" else code
