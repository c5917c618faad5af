"""The support code as a QR, read by a library that had no part in drawing it."""

from __future__ import annotations

import re

import pytest
import zxingcpp

from signer.cli.diagnosis.page import page
from signer.diagnostics.finding import finding
from signer.diagnostics.qr import QUIET, spoken, squares
from tests.desktop import scenes

_SCALE = 4


def _read(rows: tuple[tuple[bool, ...], ...]) -> list[str]:
    """What the reader finds in a picture of the squares."""
    octets = bytes(
        0 if dark else 255 for row in rows for _ in range(_SCALE) for dark in row for _ in range(_SCALE)
    )
    side = len(rows) * _SCALE
    picture = memoryview(octets).cast("B", shape=[side, side])
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("code", ["417-290-813-562", "000-000-000-000", "999-999-999-999"])
def test_another_library_reads_what_was_drawn(code: str) -> None:
    rows = squares(code)
    assert _read(rows) == [f"MOHR {code}"] == [spoken(code)]
    border = (*rows[:QUIET], *rows[-QUIET:], *(row[:QUIET] + row[-QUIET:] for row in rows))
    assert not any(dark for row in border for dark in row)


def test_a_picture_with_one_half_gone_is_not_read() -> None:
    rows = squares("417-290-813-562")
    blank = tuple(False for _ in rows)
    half = tuple(row if number < len(rows) // 2 else blank for number, row in enumerate(rows))
    assert _read(half) == []


def test_the_page_draws_the_reports_own_code_and_fetches_nothing() -> None:
    report = scenes.report(finding("pin-locked", ("epass3003", "token 1")))
    drawn = page(report)
    side = int(re.findall(r'viewBox="0 0 (\d+)', drawn)[0])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn)}
    rows = tuple(tuple((x, y) in dark for x in range(side)) for y in range(side))
    assert _read(rows) == [spoken(report.support_code)]
    assert re.findall(r"https?:|<img|<script|url\(", drawn) == []
