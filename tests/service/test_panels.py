"""The panels' page's use cases, over the real pairings' file and a real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from signer.endpoint.pairings import FILE, Pairings
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.errors import PairingStoreFailed
from signer.model.policy import Policy
from signer.service.panels import Panels
from tests.journal.test_store import seal
from tests.service.doubles import NOW, FixedClock

ONE, TWO = "https://one.example", "https://two.example"


class Clinic:
    def __init__(self, folder: Path) -> None:
        self.journal = SqliteJournal(folder / "journal")
        self.pairings = Pairings.open(folder)
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        octets = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for origin in (ONE, TWO):
            self.pairings.accept(origin, octets, NOW - timedelta(days=3))

    def panels(self, policy: Policy | None = None, problem: str | None = None) -> Panels:
        history = JournalReader(self.journal)
        return Panels(self.pairings, history, FixedClock(), policy=policy or Policy(), problem=problem)


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path)
    yield made
    await made.journal.close()


async def test_each_paired_panel_is_told_with_its_use_and_its_count(clinic: Clinic) -> None:
    await clinic.journal.seal(tuple(replace(seal(f"rx-{n}"), origin=TWO) for n in range(3)))
    now = await clinic.panels().now()
    assert [(panel.origin, panel.signed, panel.admitted) for panel in now.panels] == [
        (ONE, 0, True),
        (TWO, 3, True),
    ]
    assert {panel.paired_at for panel in now.panels} == {NOW - timedelta(days=3)}
    assert (now.policy, now.problem) == (None, None)


async def test_a_panel_that_is_revoked_is_gone_from_the_store_too(clinic: Clinic) -> None:
    left = await clinic.panels().revoke(ONE)
    assert [panel.origin for panel in left.panels] == [TWO]
    assert clinic.pairings.find(ONE, NOW) is None
    again = await clinic.panels().revoke(ONE)
    assert again == left


async def test_the_clinics_policy_is_told_and_whom_it_stops(clinic: Clinic) -> None:
    policy = Policy(origins=(TWO,))
    now = await clinic.panels(policy).now()
    assert now.policy == policy
    assert [panel.admitted for panel in now.panels] == [False, True]


async def test_a_policy_that_cannot_be_followed_is_told_as_a_problem(clinic: Clinic) -> None:
    now = await clinic.panels(Policy(pairing=False), "policy-invalid").now()
    assert (now.policy, now.problem) == (None, "policy-invalid")


async def test_a_damaged_store_is_a_typed_refusal(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"{}")
    with pytest.raises(PairingStoreFailed):
        await clinic.panels().now()
