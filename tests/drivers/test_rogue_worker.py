"""A worker that breaks the protocol is killed, told by name and replaced; one that is only loud is not."""

from __future__ import annotations

import asyncio
import logging

import pytest

from drivers.errors import DriverFault, FrameMalformed, WorkerDied, WorkerHung, WorkerOfAnotherVersion
from drivers.spawning import worker_command
from drivers.supervisor import Supervisor
from drivers.types import Limits
from tests.drivers.processes import group, pid_of, wait_until_gone


def rogue(kind: str, limits: Limits | None = None) -> Supervisor:
    """A supervisor of a worker that misbehaves so."""
    command = worker_command("tests.drivers.rogue_worker")
    return Supervisor("/made/up", limits=limits, env={"ROGUE": kind}, command=command)


@pytest.mark.parametrize(
    ("kind", "fault", "told"),
    [
        ("flood", FrameMalformed, "calls without end"),
        ("stall", WorkerHung, "C_GetSlotList"),
        ("answer_another", FrameMalformed, "not asked"),
        ("answer_the_load_again", FrameMalformed, "Loaded is no answer"),
        ("talk_garbage", FrameMalformed, "not an answer"),
        ("announce_too_much", FrameMalformed, "over the cap"),
        ("sign_too_long", FrameMalformed, "not an answer"),
    ],
)
async def test_a_worker_that_breaks_the_protocol_is_killed_and_told(
    kind: str, fault: type[DriverFault], told: str
) -> None:
    limits = Limits(read=0.5) if fault is WorkerHung else None
    async with rogue(kind, limits) as supervisor:
        await supervisor.library()
        first = pid_of(supervisor)
        with pytest.raises(fault, match=told):
            await supervisor.tokens()
        wait_until_gone(first)
        await supervisor.library()
        assert pid_of(supervisor) != first


@pytest.mark.parametrize("kind", ["answer_twice", "flood_answers"])
async def test_an_answer_too_many_costs_the_worker_its_life_and_nobody_an_answer(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with rogue(kind) as supervisor:
        await supervisor.library()
        first = pid_of(supervisor)
        assert await supervisor.tokens() == ()
        async with asyncio.timeout(10):
            while supervisor.pid == first:
                await asyncio.sleep(0.01)
        wait_until_gone(first)
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING and r.name.startswith("drivers")]
    assert str(first) in record.getMessage()


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("another version", WorkerOfAnotherVersion),
        ("no worker", FrameMalformed),
    ],
)
async def test_who_does_not_greet_as_this_version_does_is_not_listened_to(
    kind: str, fault: type[DriverFault]
) -> None:
    async with rogue(kind) as supervisor:
        for _ in range(2):
            asked = await asyncio.gather(supervisor.tokens(), supervisor.library(), return_exceptions=True)
            assert [type(answer) for answer in asked] == [fault, fault]


async def test_a_worker_that_never_greets_hangs_in_its_start() -> None:
    async with rogue("mute", Limits(load=0.5)) as supervisor:
        with pytest.raises(WorkerHung, match="its start"):
            await supervisor.tokens()


async def test_a_flood_on_stderr_is_heard_to_its_end_and_only_its_end_is_kept() -> None:
    async with rogue("shout") as supervisor:
        await supervisor.library()
        assert await supervisor.tokens() == ()
        async with asyncio.timeout(10):
            while not supervisor.stderr.endswith("the last word\n"):
                await asyncio.sleep(0.01)
        assert len(supervisor.stderr) == 16 * 1024


async def test_a_child_that_the_module_forked_neither_holds_the_pipes_nor_stays() -> None:
    async with rogue("leave_a_child") as supervisor:
        await supervisor.library()
        first = pid_of(supervisor)
        with pytest.raises(WorkerDied, match="exit 3"):
            await supervisor.tokens()
        assert not group(first)
