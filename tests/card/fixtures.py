"""A running service with two virtual readers, a doctor's card, and the card at the first reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, Name
from tests import pki
from tests.card.piv import PivCard, Slot
from tests.card.reader import Contacts, Service

MODULE = Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")
#: CKA_ID that OpenSC gives the key in slot 9A.
KEY_ID = b"\x01"


def doctors_card(
    subject: Name = PLAIN_DOCTOR, key: str = "p256", *, signature_key: str | None = None
) -> PivCard:
    """A card with certificates of the day: an EC key in 9A and, where asked for, an RSA key in 9C."""
    now = datetime.now(UTC)
    authority = DemoAuthority(now=now - timedelta(days=1))
    made = PivCard()
    slots = {Slot.AUTHENTICATION: key} | ({Slot.SIGNATURE: signature_key} if signature_key else {})
    for slot, kind in slots.items():
        private = pki.key(kind)
        certificate = authority.issue(pki.spki(private), subject, not_before=now - timedelta(hours=1))
        made.put(slot, private, certificate)
    return made


@pytest.fixture(scope="module")
def readers_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for a file of tests; a test that stops it starts it again."""
    service = Service(tmp_path_factory.mktemp("pcsc"))
    service.start()
    yield service
    service.stop()


@pytest.fixture
def card() -> PivCard:
    """A doctor's card, fresh."""
    return doctors_card()


@pytest.fixture
def contacts(readers_service: Service, card: PivCard) -> Iterator[Contacts]:
    """The card before the first reader, not yet in it."""
    made = Contacts(readers_service, card)
    yield made
    made.take_away()
