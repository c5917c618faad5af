"""What one yes is bound to: a change of any part of it asks again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from signer.model.request import PDF, Corner, Document, Level, SignatureFormat, VisibleSeal
from signer.service.consent import binding_digest

AT = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
SEAL = VisibleSeal(page=1, corner=Corner.TOP_LEFT, reason="referral")
DOCUMENT = Document(id="d", media_type=PDF, content=b"x", format=SignatureFormat.PADES, seal=SEAL)


def bound(
    document: Document = DOCUMENT,
    *,
    credential: str = "c",
    origin: str = "https://panel.example",
    accepted: tuple[str, ...] = ("a", "b"),
    at: datetime = AT,
) -> bytes:
    return binding_digest(document, credential, origin, accepted, at)


@pytest.mark.parametrize(
    "other",
    [
        bound(replace(DOCUMENT, content=b"y")),
        bound(replace(DOCUMENT, media_type="text/plain")),
        bound(replace(DOCUMENT, format=SignatureFormat.CADES)),
        bound(replace(DOCUMENT, level=Level.B_T)),
        bound(replace(DOCUMENT, attached=False)),
        bound(replace(DOCUMENT, seal=None)),
        bound(replace(DOCUMENT, seal=replace(SEAL, page=2))),
        bound(replace(DOCUMENT, seal=replace(SEAL, corner=Corner.TOP_RIGHT))),
        bound(replace(DOCUMENT, seal=replace(SEAL, reason="another"))),
        bound(credential="d"),
        bound(origin="https://other.example"),
        bound(accepted=("a",)),
        bound(at=AT + timedelta(seconds=1)),
    ],
    ids=[
        *("content", "media type", "format", "level", "attachment", "no seal", "page", "corner", "reason"),
        *("credential", "origin", "findings", "time"),
    ],
)
def test_a_change_of_any_part_binds_to_something_else(other: bytes) -> None:
    assert other != bound()


def test_the_order_of_the_findings_makes_no_difference() -> None:
    assert bound(accepted=("b", "a")) == bound()
