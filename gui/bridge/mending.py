"""What the check's page can mend by itself, each harmless: done, then looked at again by who found it.

Nothing here needs a password or takes anything away; what a person must decide is on other pages.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from gui.bridge.checking import CheckAgain, Examined
from gui.presenters.check import Fix
from signer.model.errors import MohrError

if TYPE_CHECKING:
    from signer.service.office import Office


class Mended(Struct, frozen=True, kw_only=True):
    """What came of it: whether it was done, and how the chain looks now."""

    fix: Fix
    done: bool
    examined: Examined


class Mend(Struct, frozen=True, kw_only=True):
    """Do one thing, and run the probes that it concerns once more."""

    fix: Fix
    before: Examined

    async def perform(self, office: Office) -> Mended:
        """See `Request`."""
        done = await asyncio.to_thread(_DO[self.fix], self.before)
        probes = tuple(
            one.probe for one in self.before.checked.outcomes if one.probe.startswith(_PROBES[self.fix])
        )
        examined = await CheckAgain(before=self.before, probes=probes).perform(office)
        return Mended(fix=self.fix, done=done, examined=examined)


def _start_readers(_: Examined) -> bool:
    from signer.platform.card_service import start

    return start()


def _trust(examined: Examined) -> bool:
    from signer.platform.trust_stores import trust, user_stores

    authority = examined.ground.authority()
    if authority is None:
        return False
    done = True
    for store in user_stores(examined.ground.home):
        try:
            trust(store, authority)
        except MohrError:
            done = False
    return done


_DO = {Fix.START_READERS: _start_readers, Fix.TRUST: _trust}
_PROBES = {Fix.START_READERS: ("readers", "module"), Fix.TRUST: ("stores",)}
