"""The Cryptoki contract over OpenSC and a card in a reader, through both bindings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.readers import same_reader
from drivers.supervisor import Supervisor
from drivers.types import Binding
from tests.card.fixtures import MODULE, doctors_card
from tests.card.piv import PIN
from tests.card.reader import Contacts, Service
from tests.contract.run import SIGNS, WRONG_PIN, Run


@dataclass(frozen=True)
class Place:
    """Where the run reports; its environment is ours, which leads to the virtual readers."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def inserted(readers_service: Service) -> Iterator[Contacts]:
    contacts = Contacts(readers_service, doctors_card(signature_key="rsa-2048"))
    contacts.insert()
    yield contacts
    contacts.take_away()


@pytest.mark.parametrize("binding", list(Binding))
def test_opensc_with_a_card_holds_to_the_contract(
    inserted: Contacts, tmp_path: Path, binding: Binding
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    run = Run(
        Place(tmp_path),
        *("--module", MODULE, "--token-label", "سارا نمونه", "--pin-file", pin),
        *("--may-spend-a-try", "--binding", binding.value),
    )
    assert run.status == 0, run.output
    assert {f"{WRONG_PIN}[{binding.value}]", f"{SIGNS}[{binding.value}-ecdsa-sha256-host]"} <= run.passed
    assert "it wants a login for each signature" in run.output
    assert PIN not in run.output + run.report


async def test_both_bindings_see_the_same_card_in_the_same_reader(inserted: Contacts) -> None:
    seen = []
    for binding in Binding:
        async with Supervisor(MODULE, binding=binding) as supervisor:
            (token,) = await supervisor.tokens()
            seen.append((token.serial, token.label, token.reader, token.mechanisms))
    assert seen[0] == seen[1]
    assert same_reader(seen[0][2], inserted.reader)
