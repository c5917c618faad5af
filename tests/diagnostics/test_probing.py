"""Probes run side by side, and one that hangs or breaks off is a finding among the others."""

from __future__ import annotations

import asyncio
import threading
import time

from signer.diagnostics.finding import finding
from signer.diagnostics.probing import Outcome, Probe, Seen, aside, run


async def _well() -> Seen:
    return Seen(findings=(finding("disk-low"),))


async def _breaks() -> Seen:
    raise RuntimeError("with a name in it")


async def test_a_probe_that_hangs_and_one_that_breaks_off_keep_no_other_from_its_end() -> None:
    never = threading.Event()

    async def hangs() -> Seen:
        await aside(never.wait)
        return Seen()

    ended: list[Outcome] = []
    began = time.monotonic()
    outcomes = await run(
        (
            Probe(name="hangs", seconds=0.3, run=hangs),
            Probe(name="breaks", seconds=5, run=_breaks),
            Probe(name="well", seconds=5, run=_well),
        ),
        ended.append,
    )
    assert time.monotonic() - began < 4
    assert [one.code for outcome in outcomes for one in outcome.seen.findings] == [
        "probe-late",
        "probe-failed",
        "disk-low",
    ]
    assert {outcome.probe for outcome in ended} == {"hangs", "breaks", "well"}
    assert "with a name in it" not in repr(outcomes)
    never.set()


async def test_they_run_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def meets() -> Seen:
        await both.wait()
        return Seen()

    outcomes = await run([Probe(name=name, seconds=20, run=meets) for name in ("one", "other")])
    assert all(outcome.seen.findings == () for outcome in outcomes)


async def test_work_aside_gives_its_result_or_raises_what_it_raised() -> None:
    def fails() -> None:
        raise KeyError("gone")

    assert await aside(lambda: 7) == 7
    assert (await asyncio.gather(aside(fails), return_exceptions=True))[0].args == ("gone",)  # type: ignore[union-attr]
