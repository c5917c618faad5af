"""The check of the whole chain, as the window asks for it: all of it, or some of its probes once more.

Apart from `requests`: it asks nothing of the office, and looks at this computer as `mohr diagnose` does.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from signer.diagnostics.check import Checked
    from signer.diagnostics.ground import Ground
    from signer.diagnostics.report import Report
    from signer.service.office import Office


class Examined(Struct, frozen=True, kw_only=True):
    """What came of a check: what it looked at and found, and the report of it that may leave the computer."""

    ground: Ground
    checked: Checked
    report: Report


def _nobody(done: int, total: int) -> None:
    """Nobody waits to hear how far it is."""


class CheckComputer(Struct, frozen=True, kw_only=True):
    """Run every probe. `told` is called on the agent's loop, with how many have ended and of how many."""

    told: Callable[[int, int], None] = _nobody

    async def perform(self, office: Office) -> Examined:
        """See `Request`."""
        from signer.cli.diagnosis.place import this_computer
        from signer.diagnostics.check import check, probes

        ground = await asyncio.to_thread(this_computer)
        total, done = len(probes(ground)), itertools.count(1)
        self.told(0, total)
        return _examined(ground, await check(ground, lambda _: self.told(next(done), total)))


class CheckAgain(Struct, frozen=True, kw_only=True):
    """Run the probes of these names once more, after something was mended; the others stay as they were."""

    before: Examined
    probes: tuple[str, ...]

    async def perform(self, office: Office) -> Examined:
        """See `Request`."""
        from signer.diagnostics.check import check_again

        ground = self.before.ground
        return _examined(ground, await check_again(self.before.checked, ground, self.probes))


def _examined(ground: Ground, checked: Checked) -> Examined:
    from signer.diagnostics.redaction import Redactor
    from signer.diagnostics.report import report

    return Examined(ground=ground, checked=checked, report=report(checked, Redactor(ground.profiles)))
