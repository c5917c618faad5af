"""A worker that dies or hangs in the middle of a batch: told by name, replaced, and the next try succeeds."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.errors import WorkerDied
from drivers.supervisor import Supervisor
from drivers.types import KeySpec, Limits
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.model.request import Document, DocumentState, RequestState
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.fault.agent import FaultyAgent
from tests.fault.desk import ORIGIN, Desk
from tests.fault.module import FaultyModule


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    token = hsm.create(tmp_path / "softhsm")
    await hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC))
    opened = Desk(tmp_path, token, Limits(sign=2.0))
    yield opened
    await opened.close()


async def until_signing(supervisor: Supervisor, desk: Desk, view: RequestView) -> int:
    """The worker's process id, once it makes signatures for this request."""
    async with asyncio.timeout(30):
        while (await desk.service.view(origin=ORIGIN, request_id=view.id)).state is not RequestState.SIGNING:
            await asyncio.sleep(0.001)
    assert supervisor.pid is not None
    return supervisor.pid


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, "module-crashed"),
        (signal.SIGSEGV, "module-crashed"),
        (signal.SIGSTOP, "module-hung"),
    ],
)
async def test_what_was_sealed_stays_the_rest_fails_by_name_and_a_second_try_succeeds(
    desk: Desk, number: signal.Signals, code: str
) -> None:
    posted = await desk.post("first", 250)
    lost = await until_signing(desk.supervisor, desk, posted)
    os.kill(lost, number)
    ended = await desk.end_of(posted)

    assert ended.state is RequestState.FAILED
    failed = [d for d in ended.documents if d.state is not DocumentState.SIGNED]
    assert {d.problem.code for d in failed if d.problem} == {code}
    assert all(d.signature is None for d in failed)
    sealed = [d for d in ended.documents if d.state is DocumentState.SIGNED]
    assert all(d.signature for d in sealed)

    again = await desk.end_of(await desk.post("second", 3))
    assert [d.state for d in again.documents] == [DocumentState.SIGNED] * 3
    assert desk.supervisor.pid not in {None, lost}
    assert await desk.journal.check() == 250 + 250 + 3 + 3, "every intent has a seal or an ending"


@pytest.mark.parametrize("function", ["dlopen", "C_Initialize", "C_GetInfo", "C_GetSlotList"])
async def test_a_crash_before_the_first_call_is_told_by_the_function_that_it_was_in(
    function: str, built: Path, certified: hsm.SoftHsm, tmp_path: Path
) -> None:
    module = FaultyModule(built, certified, tmp_path)
    module.fail("load" if function == "dlopen" else function, "crash")
    async with module.token.supervisor() as supervisor:
        with pytest.raises(WorkerDied) as died:
            await supervisor.tokens()
    assert str(died.value) == f"SIGSEGV in {function}"


def test_an_agent_that_is_told_to_end_does_not_wait_for_a_module_that_hangs(tmp_path: Path) -> None:
    with FaultyAgent(tmp_path, Limits(sign=600)) as agent:
        agent.module.fail("C_Sign", "hang")
        text = Document(id="1", media_type="text/plain", content=b"waits for ever")
        agent.panel.submit([text], idempotency_key="hangs")
        while not agent.module.reached:
            time.sleep(0.01)
    assert not agent.running
