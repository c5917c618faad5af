"""A request that the module was not asked about, and why."""

from __future__ import annotations

from drivers import wire


class Refusal(Exception):
    """The module was not asked, for this reason."""

    def __init__(self, reason: wire.Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
