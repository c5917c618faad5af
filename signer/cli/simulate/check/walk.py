"""Walks one panel through the steps: opens it, pairs it, clicks, and collects a visit for each step.

It clicks the elements that `docs/simulator.md` names; a person may click instead. It judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from urllib.parse import urlsplit

from msgspec import Struct

from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.check.chromium import Browser, Page, PageBroke
from signer.cli.simulate.check.steps import Act, Step
from signer.cli.simulate.check.visit import Visit
from signer.cli.simulate.scenarios import BY_CODE, AgentFault, Pace
from signer.model.errors import MohrError

_FINAL = ("signed", "unsigned", "stopped")
#: Seconds for a panel to be paired.
_PAIRS = 20.0
#: Seconds without a call after which a panel has come to rest.
_QUIET = 0.4
#: Seconds that a person gets for each click.
_BY_HAND = 300.0
_GLANCE = 0.05


class Tempo(Struct, frozen=True, kw_only=True):
    """How long things take in a check, in seconds: long enough to be noticed, short enough to be waited for.

    `settles` is what a panel gets to come to rest after it was opened, `ends` to end a step, `lingers` the
    time after that to do what it must not.
    """

    pace: Pace = Pace(reading=0.5, long_reading=6.0, slow_signature=2.0, hang=3.0, away=2.0, unanswered=4.0)
    settles: float = 10.0
    ends: float = 25.0
    lingers: float = 1.2


class CannotWalk(Exception):
    """The panel cannot be walked through; the message says why, and what to do."""


class Walker:
    """One panel in one browser. `say` is told what a person must do, where one clicks."""

    def __init__(
        self,
        agent: SimulatedAgent,
        browser: Browser,
        url: str,
        *,
        tempo: Tempo,
        by_hand: bool = False,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`{port}` in `url` becomes the simulator's, for panels that can be told; each step opens `url`."""
        self._agent = agent
        self._browser = browser
        self.url = url.replace("{port}", str(agent.address.port))
        self._tempo = tempo
        self._by_hand = by_hand
        self._say = say
        self._page: Page | None = None
        self.origin = ""

    @property
    def page(self) -> Page:
        """The panel's tab. After `begin`."""
        assert self._page is not None
        return self._page

    async def begin(self) -> None:
        """Open the panel and pair it. Raises `CannotWalk`."""
        await self._agent.play(BY_CODE["approve"])
        split = urlsplit(self.url)
        await self._browser.allow(f"{split.scheme}://{split.netloc}")
        self._page = await self._browser.page(files(__package__).joinpath("watch.js").read_text("utf-8"))
        try:
            await self.page.open(self.url)
        except PageBroke as problem:
            raise CannotWalk(f"the panel did not open: {problem}") from problem
        self.origin = str(await self.page.run("location.origin"))
        await self._pair()

    async def step(self, step: Step) -> Visit:
        """Walk one. Raises `CannotWalk` where the panel lost what it needs."""
        wire = self._agent.wire
        await self._agent.play(step.scenario)
        if step.act is Act.PAIR:
            self._agent.pairings.revoke(self.origin)
        wire.seen = []
        visit = Visit(step=step)
        try:
            await self._walk(step, visit)
            await self._look(visit)
        except PageBroke as problem:
            raise CannotWalk(f"{step.code}: {problem}") from problem
        visit.seen, wire.seen = wire.seen, []
        await self._put_away(visit)
        return visit

    async def _walk(self, step: Step, visit: Visit) -> None:
        page = self.page
        await page.front()
        await page.open(self.url)
        wanted = "pair" if step.act is Act.PAIR else "sign"
        await asyncio.sleep(_QUIET)
        await self._until(self._at_rest, self._tempo.settles)
        visit.hooked = await self._can(wanted) and await self._has_states()
        if not visit.hooked and not self._by_hand:
            what = f'an element with data-mohr="{wanted}" that can be clicked, and one with data-mohr-state'
            raise CannotWalk(f"{step.code}: the page needs {what}; or click yourself with --by-hand")
        visit.hooked = visit.hooked or await self._has_states()
        await self._click(step, wanted, 2 if step.act is Act.SIGN_TWICE else 1)
        if step.act is Act.CANCEL and await self._posted():
            await self._click(step, "cancel")
        if step.act is Act.RELOAD and await self._posted():
            await asyncio.sleep(_QUIET)  # what the old page sends is not the new one's
            visit.reloaded_at = asyncio.get_running_loop().time()
            errors = list(page.errors)
            await page.reload()
            page.errors[:0] = errors
        if step.act is not Act.PAIR:
            await self._until(self._has_ended, self._tempo.ends)
        await asyncio.sleep(self._tempo.lingers)

    async def _look(self, visit: Visit) -> None:
        clicked, told = await self.page.run("[__mohrCheck.clicked, __mohrCheck.told]")
        ends = [(at, word) for at, word in told if word in _FINAL]
        if ends:
            visit.ended = str(ends[-1][1])
            visit.went_on = (ends[0][0] - clicked) / 1000 if clicked is not None else None
        visit.pin_fields = [str(name) for name in await self.page.run("__mohrCheck.pins()")]
        visit.errors = list(self.page.errors)
        if await self.page.run("__mohrCheck.click('next')"):
            await asyncio.sleep(_QUIET)

    async def _pair(self) -> None:
        if self._paired():
            return
        if self._by_hand:
            self._say("In the panel: connect to Mohr.")
        elif not await self._click_hook("pair"):
            raise CannotWalk(
                'the page has no element with data-mohr="pair" that can be clicked; see docs/simulator.md,'
                " or click yourself with --by-hand"
            )

        async def paired() -> bool:
            return self._paired()

        if not await self._until(paired, _BY_HAND if self._by_hand else _PAIRS):
            raise CannotWalk(
                f"the panel did not pair with the simulator at 127.0.0.1:{self._agent.address.port}"
            )
        await asyncio.sleep(_GLANCE)

    def _paired(self) -> bool:
        return self._agent.is_paired(self.origin)

    async def _can(self, name: str) -> bool:
        """Wait for it: a panel looks for the agent first."""

        async def can() -> bool:
            return bool(await self.page.run(f"__mohrCheck.can({name!r})"))

        return await self._until(can, self._tempo.settles if not self._by_hand else 1.0)

    async def _has_states(self) -> bool:
        return bool(await self.page.run("document.querySelector('[data-mohr-state]') !== null"))

    async def _click(self, step: Step, name: str, times: int = 1) -> None:
        if self._by_hand:
            twice = ", twice and quickly" if times > 1 else ""
            self._say(f"{step.code}: in the panel, click {name!r}{twice}.")
            await self._clicked_by_hand(step, name)
        elif not await self._click_hook(name, times):
            raise PageBroke(f'data-mohr="{name}" cannot be clicked')

    async def _click_hook(self, name: str, times: int = 1) -> bool:
        if not await self._can(name):
            return False
        return bool(await self.page.run(f"__mohrCheck.click({name!r}, {times})"))

    async def _clicked_by_hand(self, step: Step, name: str) -> None:
        """Wait until something comes of it: a request at the agent, or whatever the page shows."""
        count = len(self._agent.wire.seen)
        known = step.scenario.agent in {AgentFault.AWAY, AgentFault.SILENT}

        async def happened() -> bool:
            new = self._agent.wire.seen[count:]
            return any(s.method in {"POST", "DELETE"} for s in new) or (known and await self._has_ended())

        await self._until(happened, _BY_HAND if not known else 30.0)

    async def _posted(self) -> bool:
        """Wait until the agent has taken a request in, and the panel knows its id."""

        async def posted() -> bool:
            return any(seen.posts and 0 < seen.status < 300 for seen in self._agent.wire.seen)

        return await self._until(posted, self._tempo.settles)

    async def _at_rest(self) -> bool:
        """A panel looks for the agent first, and for what was open before: no call for a moment."""
        now = asyncio.get_running_loop().time()
        if any(now - (seen.ended or seen.at) < _QUIET for seen in self._agent.wire.seen):
            return False
        word = await self.page.run("document.querySelector('[data-mohr-state]')?.dataset.mohrState ?? ''")
        return str(word) != "busy"

    async def _has_ended(self) -> bool:
        words: list[str] = await self.page.run("__mohrCheck.told.map(([, word]) => word)")
        return not set(_FINAL).isdisjoint(words)

    async def _until(self, holds: Callable[[], object], seconds: float) -> bool:
        """Look until it holds, or the time is over."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return True
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(_GLANCE)

    async def _put_away(self, visit: Visit) -> None:
        """Leave no request behind for the next step to wait for."""
        if visit.agent is not AgentFault.NONE:
            await self._agent.play(BY_CODE["approve"])
        ids = {seen.told.get("id") for seen in visit.posts}
        for request_id in ids:
            if isinstance(request_id, str):
                with suppress(MohrError):
                    await self._agent.service.cancel(origin=self.origin, request_id=request_id)
