"""One card that a vendor's module and OpenSC both see: one token, and the profiles' order says through which.

A copy of OpenSC's library plays the vendor's module: another file, in a worker of its own, at the same card.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from drivers.catalogue import shipped
from drivers.installed import installed_modules
from signer.model.request import DocumentState
from tests.card.desk import Desk
from tests.card.fixtures import MODULE
from tests.card.piv import PIN
from tests.card.reader import Contacts, Service
from tests.service.doubles import yes

# By its name it would come after OpenSC.
_VENDOR = """
family = "vendor"
name = "The vendor's tokens"

[module]
linux64 = ["{path}"]

[match]
manufacturers = ["nobody"]
priority = {priority}

[help]
fa = "راهنما"
en = "Help"

[[evidence]]
fact = "it is OpenSC's library under another name"
source = "this test"
seen = true
"""


@pytest.fixture
async def opened(
    readers_service: Service, contacts: Contacts, tmp_path: Path
) -> AsyncIterator[Callable[[int], Awaitable[Desk]]]:
    """Opens a desk with both modules, as they are found; the argument is the priority of the vendor's."""
    vendors = tmp_path / "vendor-pkcs11.so"
    shutil.copy(MODULE, vendors)
    async with AsyncExitStack() as closing:

        async def open_(priority: int) -> Desk:
            text = _VENDOR.format(path=vendors, priority=priority)
            texts = {"opensc": shipped()["opensc"], "vendor": text}
            found = tuple((one.path, one.profile) for one in installed_modules(texts))
            assert {path for path, _ in found} == {vendors.resolve(), MODULE.resolve()}
            desk = Desk(tmp_path, found)
            closing.push_async_callback(desk.close)
            await desk.open()
            contacts.insert()
            await desk.ready()
            return desk

        yield open_


@pytest.mark.parametrize(("priority", "family"), [(0, "The vendor's tokens"), (-2, "OpenSC")])
async def test_a_card_seen_by_two_modules_is_one_token_and_signs_through_the_first(
    opened: Callable[[int], Awaitable[Desk]], contacts: Contacts, priority: int, family: str
) -> None:
    desk = await opened(priority)
    first, second = desk.modules
    (token,) = desk.tokens.presence.tokens
    assert (token.family, first.profile.name) == (family, family)
    assert len(token.credentials) == 1
    assert [await module.supervisor.tokens() != () for module in (first, second)] == [True, True]
    (credential,) = await desk.tokens.credentials()
    assert credential.token.module == first.path

    desk.doctor.answers.append(lambda question: yes(question, PIN))
    view = await desk.finished(await desk.post())
    assert [document.state for document in view.documents] == [DocumentState.SIGNED]
    assert desk.doctor.choices == [], "nobody is asked which of two names of one card is meant"
    assert desk.doctor.questions[0].credential.token.module == first.path
    assert contacts.card.signatures == 1

    contacts.remove()
    await desk.until(lambda: desk.tokens.presence.problem == "token-absent")
    contacts.insert()
    await desk.ready()
    assert [one.family for one in desk.tokens.presence.tokens] == [family]
