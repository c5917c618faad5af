"""An origin that the doctor turned down waits before it may ask again, longer each time, until a yes.

Bookkeeping in memory, and pure but for that. What counts as a no, and what is done to who does not wait, are
the callers' business: `signing` for signatures and sign-ins, `endpoint.pairing_desk` for pairings.
"""

from __future__ import annotations

from datetime import datetime, timedelta

#: Seconds to wait after the first no in a row, the second, and so on; the last for every one after. The first
#: ones are for a doctor who said no by mistake: to find the button in the page again takes as long.
WAITS = (3, 3, 10, 30, 60, 300)
#: A no that is older than this is forgotten.
REMEMBERED = timedelta(hours=1)


class CoolDowns:
    """One for each kind of question. Times are aware, UTC."""

    def __init__(self) -> None:
        self._refusals: dict[str, list[datetime]] = {}

    def left(self, origin: str, now: datetime) -> float:
        """Seconds until that origin may ask again, 0 where it may at once."""
        recent = self._recent(origin, now)
        if not recent:
            return 0.0
        wait = WAITS[min(len(recent), len(WAITS)) - 1]
        return max(0.0, wait - (now - recent[-1]).total_seconds())

    def refused(self, origin: str, now: datetime) -> None:
        """The doctor said no, or what the doctor was reading was taken back."""
        self._refusals[origin] = [*self._recent(origin, now), now]
        self._refusals = {kept: recent for kept in self._refusals if (recent := self._recent(kept, now))}

    def accepted(self, origin: str) -> None:
        """The doctor said yes: nothing is held against this origin any more."""
        self._refusals.pop(origin, None)

    def forgive(self) -> None:
        """Nothing is held against anybody any more."""
        self._refusals.clear()

    def _recent(self, origin: str, now: datetime) -> list[datetime]:
        return [at for at in self._refusals.get(origin, []) if now - at < REMEMBERED]
