"""Prescriptions to read and to spoil: the demo's samples as trees, and their reading."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from signer.cli.demo import samples
from signer.model.credential import Holder
from signer.model.request import PRESCRIPTION, Document
from signer.model.sheet import DocumentSheet, Finding
from signer.prescription.reader import read

TEHRAN = timezone(timedelta(hours=3, minutes=30))
ISSUED = datetime(2026, 11, 22, 10, 15, tzinfo=TEHRAN)
NOW = ISSUED + timedelta(minutes=2)
HOLDER = Holder(
    name="دکتر نمونه", national_codes=("0043210988",), council_numbers=("123456",), centre="مطب ونک"
)
SAMPLES = {"tamin": samples.tamin, "salamat": samples.salamat, "free": samples.free}

Tree = dict[str, Any]


def sample(insurer: str) -> Tree:
    """A fresh, flawless prescription."""
    tree = json.loads(SAMPLES[insurer](ISSUED, HOLDER))
    assert isinstance(tree, dict)
    return tree


def put(tree: Tree, pointer: str, value: object) -> None:
    """Set, or with Ellipsis remove, what a JSON Pointer names; `-` appends."""
    *way, last = pointer.split("/")[1:]
    place: Any = tree
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[int(last) if isinstance(place, list) else last]
    elif last == "-":
        place.append(value)
    else:
        place[int(last) if isinstance(place, list) else last] = value


def as_document(content: object, media_type: str = PRESCRIPTION) -> Document:
    """A document of octets as they are, or of anything else as JSON."""
    octets = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return Document(id="rx-1", media_type=media_type, content=octets)


def sheet_of(tree: Tree, holder: Holder = HOLDER, now: datetime = NOW) -> DocumentSheet:
    """The tree as the doctor reads it."""
    return read(as_document(tree), holder, now)


def found(sheet: DocumentSheet, code: str) -> list[Finding]:
    """The sheet's findings of one code."""
    return [finding for finding in sheet.findings if finding.code == code]


def facts(finding: Finding) -> dict[str, str]:
    """A finding's facts by name."""
    return dict(finding.facts)
