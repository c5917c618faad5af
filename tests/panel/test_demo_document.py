"""What the demo panel would have signed, read by the reader that the doctor's window uses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from signer.model.credential import Holder
from signer.model.request import PRESCRIPTION, Document
from signer.model.sheet import Comparison, DocumentSheet, PrescriptionSheet, Weight
from signer.prescription.reader import read
from tests.panel.test_sdk import node

ISSUED = datetime(2026, 11, 22, 20, 45, tzinfo=UTC)
HOLDER = Holder(name="نمونه پزشک", national_codes=("0499370899",), council_numbers=("123456",))

BUILD = """
import('./signer/panel/demo/prescription.js').then(({ PATIENTS, LINES, prescription }) => {
  const { insurer, at, prescriber } = JSON.parse(process.argv[1]);
  const patient = PATIENTS[insurer];
  const draft = { insurer, at, prescriber, patient, lines: LINES, notes: 'مصرف همراه غذا' };
  process.stdout.write(JSON.stringify(prescription(draft)));
});
"""


def drafted(insurer: str) -> DocumentSheet:
    """The sheet of the demo's prescription for that insurer, a minute after it was issued."""
    prescriber = {"name": HOLDER.name, "council_number": "123456", "national_code": HOLDER.national_code}
    draft = {"insurer": insurer, "at": ISSUED.timestamp() * 1000, "prescriber": prescriber}
    content = node("-e", BUILD, json.dumps(draft)).encode()
    document = Document(id="rx-1", media_type=PRESCRIPTION, content=content)
    return read(document, HOLDER, ISSUED + timedelta(minutes=1))


@pytest.mark.parametrize("insurer", ["tamin", "salamat", "free"])
def test_the_demo_asks_for_nothing_that_a_doctor_would_have_to_overlook(insurer: str) -> None:
    sheet = drafted(insurer)
    assert [finding for finding in sheet.findings if finding.weight is not Weight.NOTE] == []


@pytest.mark.parametrize("insurer", ["tamin", "salamat", "free"])
def test_the_demos_codes_and_quantities_stand_in_the_wire_body_too(insurer: str) -> None:
    body = drafted(insurer).body
    assert isinstance(body, PrescriptionSheet)
    assert len(body.items) == 3
    for item in body.items:
        assert item.code is not None
        assert item.quantity is not None
        assert (item.code.comparison, item.quantity.comparison) == (Comparison.EQUAL, Comparison.EQUAL)


def test_the_demo_writes_the_day_that_it_is_in_tehran() -> None:
    body = drafted("tamin").body
    assert isinstance(body, PrescriptionSheet)
    assert body.issued.text == "2026-11-23T00:15:00+03:30"
    assert body.valid_until is not None
    assert body.valid_until.at == datetime(2027, 1, 21, 20, 45, tzinfo=UTC)
    assert '"prescDate":"14050902"' in node(
        "-e",
        BUILD,
        json.dumps(
            {
                "insurer": "tamin",
                "at": ISSUED.timestamp() * 1000,
                "prescriber": {"name": "ن"},
            }
        ),
    )
