"""Runs probes side by side, each with a catch and a deadline of its own, so that every check ends.

What a probe looks at is in the `*_probe` modules. A probe that is late or breaks off is a finding itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from msgspec import Struct

from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.survey import Survey

log = logging.getLogger(__name__)

T = TypeVar("T")


class InReader(Struct, frozen=True, kw_only=True):
    """What stands in a reader: `atr` is None where it is empty, and empty where the card is mute."""

    name: str
    atr: bytes | None


class Seen(Struct, frozen=True, kw_only=True):
    """What a probe saw: findings, and short facts for the line of its name when nothing is wrong.

    `told` are numbers, versions and words of the project's own. `survey` and `readers` are what more findings
    are drawn from, once all probes have ended; they go no further.
    """

    findings: tuple[Finding, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    survey: Survey | None = None
    readers: tuple[InReader, ...] | None = None


class Probe(Struct, frozen=True, kw_only=True):
    """One thing to look at. `seconds` is its deadline; `run` may raise whatever it likes."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[Seen]]


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a probe, and the seconds that it took."""

    probe: str
    seconds: float
    seen: Seen


async def run(
    probes: Iterable[Probe], ended: Callable[[Outcome], None] = lambda _: None
) -> tuple[Outcome, ...]:
    """All of them at once; `ended` is called with each as it ends. In the order of `probes`."""

    async def one(probe: Probe) -> Outcome:
        outcome = await _one(probe)
        ended(outcome)
        return outcome

    return tuple(await asyncio.gather(*map(one, probes)))


async def _one(probe: Probe) -> Outcome:
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(probe.seconds):
            seen = await probe.run()
    except TimeoutError:
        late = finding("probe-late", (), probe=probe.name, seconds=f"{probe.seconds:g}")
        seen = Seen(findings=(late,))
    except Exception as problem:  # noqa: BLE001 - a probe that breaks off is a finding, and the others go on
        log.warning("the probe %s broke off: %s", probe.name, type(problem).__name__)
        seen = Seen(findings=(finding("probe-failed", (), probe=probe.name, error=type(problem).__name__),))
    return Outcome(probe=probe.name, seconds=asyncio.get_running_loop().time() - began, seen=seen)


async def aside(work: Callable[[], T]) -> T:
    """Do blocking work in a daemon thread of its own: one that never returns keeps nobody from leaving."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, problem: Exception | None) -> None:
        if done.done():
            return
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # a result, None where T has it

    def body() -> None:
        try:
            result, problem = work(), None
        except Exception as raised:  # noqa: BLE001 - handed to who waits
            result, problem = None, raised
        try:
            loop.call_soon_threadsafe(tell, result, problem)
        except RuntimeError:
            log.debug("nobody waits any more")

    threading.Thread(target=body, name="mohr-probe", daemon=True).start()
    return await done
