"""A worker as the agent sees it: crashes, hangs, noise, order, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from drivers.errors import (
    ContextLoginNeeded,
    KeyAmbiguous,
    ModuleNotLoaded,
    ModuleReturned,
    NoSuchKey,
    WorkerDied,
    WorkerHung,
    WorkerKilled,
)
from drivers.pin import Pin
from drivers.spawning import worker_command
from drivers.supervisor import Supervisor
from drivers.types import KeySpec, Limits, Mechanism
from tests.drivers.processes import pid_of, running, wait_until_gone
from tests.softhsm import PIN, SoftHsm, make_keys, only_slot

SHA256_RSA = Mechanism(type=0x40)
KEY = b"\x01"


def stub(limits: Limits | None = None) -> Supervisor:
    """A supervisor of the made-up module."""
    return Supervisor("/made/up", limits=limits, command=worker_command("tests.drivers.stub_worker"))


async def logged_in(supervisor: Supervisor) -> int:
    slot = await only_slot(supervisor)
    await supervisor.login(slot, Pin(PIN))
    return slot


@pytest.mark.parametrize(("number", "how"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV")])
async def test_a_crash_in_c_sign_names_it_spares_the_queue_and_the_next_call_gets_a_new_worker(
    softhsm: SoftHsm, number: signal.Signals, how: str
) -> None:
    await make_keys(softhsm, {KEY: KeySpec.RSA_2048})
    async with softhsm.supervisor() as supervisor:
        slot = await logged_in(supervisor)
        await supervisor.sign(slot, KEY, SHA256_RSA, b"before")
        first = pid_of(supervisor)
        os.kill(first, signal.SIGSTOP)
        signing = [asyncio.create_task(supervisor.sign(slot, KEY, SHA256_RSA, b"x")) for _ in range(5)]
        await asyncio.sleep(0)
        os.kill(first, number)
        os.kill(first, signal.SIGCONT)
        outcomes = await asyncio.gather(*signing, return_exceptions=True)

        deaths = [outcome for outcome in outcomes if isinstance(outcome, WorkerDied)]
        assert deaths
        assert outcomes[-len(deaths) :] == deaths
        assert [death.begun for death in deaths] == [True] + [False] * (len(deaths) - 1)
        assert {(death.how, death.function) for death in deaths} == {(how, "C_Sign")}

        slot = await logged_in(supervisor)
        assert len(await supervisor.sign(slot, KEY, SHA256_RSA, b"after")) == 256
        assert pid_of(supervisor) != first


async def test_a_stopped_worker_is_killed_at_its_deadline_and_replaced(softhsm: SoftHsm) -> None:
    await make_keys(softhsm, {KEY: KeySpec.RSA_2048})
    async with softhsm.supervisor(limits=Limits(sign=0.2)) as supervisor:
        slot = await logged_in(supervisor)
        first = pid_of(supervisor)
        os.kill(first, signal.SIGSTOP)
        outcomes = await asyncio.gather(
            *(supervisor.sign(slot, KEY, SHA256_RSA, b"x") for _ in range(3)), return_exceptions=True
        )
        head, *behind = outcomes
        assert isinstance(head, WorkerHung)
        assert (head.function, head.seconds) == ("C_Sign", 0.2)
        assert [(type(fault), fault.begun) for fault in behind if isinstance(fault, WorkerDied)] == [
            (WorkerKilled, False),
            (WorkerKilled, False),
        ]
        wait_until_gone(first)
        assert await only_slot(supervisor) == slot


async def test_a_deadline_runs_for_the_head_of_the_queue_alone() -> None:
    async with stub(Limits(sign=1.0)) as supervisor:
        slow = [supervisor.sign(7, KEY, SHA256_RSA, b"slow") for _ in range(5)]
        assert await asyncio.gather(*slow) == [b"wols"] * 5


async def test_an_exit_code_and_a_signal_are_told_apart() -> None:
    async with stub() as supervisor:
        with pytest.raises(WorkerDied, match="exit 3 in C_Sign"):
            await supervisor.sign(7, KEY, SHA256_RSA, b"exit")
        with pytest.raises(WorkerDied, match="SIGSEGV in C_Sign"):
            await supervisor.sign(7, KEY, SHA256_RSA, b"segv")


async def test_answers_before_a_crash_are_not_lost() -> None:
    async with stub() as supervisor:
        sent = [b"one", b"two", b"exit", b"four"]
        outcomes = await asyncio.gather(
            *(supervisor.sign(7, KEY, SHA256_RSA, data) for data in sent), return_exceptions=True
        )
        assert outcomes[:2] == [b"eno", b"owt"]
        begun = [outcome.begun for outcome in outcomes if isinstance(outcome, WorkerDied)]
        assert begun == [True, False]


async def test_a_worker_that_died_while_idle_is_replaced_unseen() -> None:
    async with stub() as supervisor:
        await supervisor.library()
        first = pid_of(supervisor)
        os.kill(first, signal.SIGKILL)
        while supervisor.pid is not None:
            await asyncio.sleep(0.01)
        assert await supervisor.sign(7, KEY, SHA256_RSA, b"abc") == b"cba"
        assert pid_of(supervisor) != first


async def test_a_module_that_prints_and_reads_stdin_breaks_no_frame() -> None:
    async with stub() as supervisor:
        signatures = await asyncio.gather(
            *(supervisor.sign(7, KEY, SHA256_RSA, f"{n}".encode()) for n in range(100))
        )
        assert signatures == [f"{n}".encode()[::-1] for n in range(100)]
        (token,) = await supervisor.tokens()
        assert token.label == "stdin ''"
        assert "all rights reserved" in supervisor.stderr
        assert len(supervisor.stderr) <= 16 * 1024


async def test_an_operation_that_the_module_left_active_costs_the_next_signature_nothing() -> None:
    async with stub() as supervisor:
        with pytest.raises(ModuleReturned, match="C_Sign returned 0x00000005"):
            await supervisor.sign(7, KEY, SHA256_RSA, b"left active")
        assert await supervisor.sign(7, KEY, SHA256_RSA, b"abc") == b"cba"


async def test_two_keys_under_one_id_are_refused_rather_than_chosen_from() -> None:
    async with stub() as supervisor:
        with pytest.raises(KeyAmbiguous):
            await supervisor.sign(7, b"\x01\x02", SHA256_RSA, b"abc")


async def test_a_key_that_wants_a_login_for_each_signature_is_refused_not_tried() -> None:
    async with stub() as supervisor:
        with pytest.raises(ContextLoginNeeded):
            await supervisor.sign(7, b"context", SHA256_RSA, b"abc")
        assert (await supervisor.key_attributes(7, b"context")).always_authenticate


async def test_a_session_that_was_logged_out_behind_our_back_is_not_used_again() -> None:
    async with stub() as supervisor:
        first = await supervisor.sign(7, KEY, SHA256_RSA, b"session")
        assert await supervisor.sign(7, KEY, SHA256_RSA, b"session") == first
        with pytest.raises(ModuleReturned, match="0x00000101"):
            await supervisor.sign(7, KEY, SHA256_RSA, b"logged out")
        assert await supervisor.sign(7, KEY, SHA256_RSA, b"session") != first


async def test_an_ended_worker_is_gone_and_the_next_call_gets_another() -> None:
    async with stub() as supervisor:
        await supervisor.library()
        first = pid_of(supervisor)
        await supervisor.end_worker()
        assert not running(first)
        assert supervisor.pid is None
        assert await supervisor.sign(7, KEY, SHA256_RSA, b"abc") == b"cba"


async def test_a_waiting_worker_uses_no_cpu() -> None:
    async with stub() as supervisor:
        await supervisor.library()
        stat = Path(f"/proc/{supervisor.pid}/stat")
        before = stat.read_text().split()[13:15]
        await asyncio.sleep(1)
        assert stat.read_text().split()[13:15] == before


async def test_a_thousand_signatures_in_flight_come_back_in_order() -> None:
    async with stub() as supervisor:
        signing = (supervisor.sign(7, KEY, SHA256_RSA, n.to_bytes(4, "big")) for n in range(1000))
        assert await asyncio.gather(*signing) == [n.to_bytes(4, "little") for n in range(1000)]


async def test_a_cancelled_caller_does_not_shift_the_answers_of_others() -> None:
    async with stub() as supervisor:
        first = asyncio.create_task(supervisor.sign(7, KEY, SHA256_RSA, b"slow"))
        second = asyncio.create_task(supervisor.sign(7, KEY, SHA256_RSA, b"abc"))
        await asyncio.sleep(0.05)
        first.cancel()
        assert await second == b"cba"


def everything_shown(fault: BaseException, supervisor: Supervisor) -> str:
    """What a log with local variables would hold of a fault, and the worker's stderr."""
    shown = [supervisor.stderr, repr(fault), str(fault), repr(fault.__cause__), repr(fault.__context__)]
    for frame, _ in traceback.walk_tb(fault.__traceback__):
        if "tests" not in Path(frame.f_code.co_filename).parts:
            shown.append(repr(frame.f_locals))
    return "\n".join(shown)


async def test_a_pin_shows_in_no_fault_and_no_stderr_even_when_a_binding_quotes_it() -> None:
    async with stub() as supervisor:
        with pytest.raises(WorkerDied) as died:
            await supervisor.login(7, Pin("73915502"))
        assert died.value.function == "C_Login"
        assert "ValueError" in supervisor.stderr
        assert "73915502" not in everything_shown(died.value, supervisor)


async def test_a_wrong_pin_is_one_c_login_and_shows_nowhere(softhsm: SoftHsm) -> None:
    async with softhsm.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        with pytest.raises(ModuleReturned) as refused:
            await supervisor.login(slot, Pin("11112222"))
        assert (refused.value.rv, refused.value.function) == (0xA0, "C_Login")
        assert "11112222" not in everything_shown(refused.value, supervisor)


@pytest.mark.parametrize(
    "name",
    [
        *("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME"),
        *("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"),
    ],
)
async def test_the_worker_loses_preloads_interpreter_variables_and_proxies(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "/nowhere")
    async with stub() as supervisor:
        assert name not in (await supervisor.library()).description.split()


async def test_the_worker_keeps_what_modules_need(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"OPENSC_CONF", "SOFTHSM2_CONF", "DISPLAY", "LD_LIBRARY_PATH"}
    for name in needed:
        monkeypatch.setenv(name, "/nowhere")
    async with stub() as supervisor:
        assert needed <= set((await supervisor.library()).description.split())


async def test_a_worker_has_its_memory_bounded_kept_off_the_swap_where_allowed_and_out_of_core_files() -> (
    None
):
    async with stub() as supervisor:
        await supervisor.library()
        place = Path(f"/proc/{supervisor.pid}")
        told = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
        limits = (place / "limits").read_text()
        assert re.search(r"^Max data size +1073741824 ", limits, re.M)
        assert re.search(r"^Max core file size +1 ", limits, re.M)
        unlimited = re.search(r"^Max locked memory +unlimited ", limits, re.M) is not None
        privileged = bool(int(told["CapEff"], 16) >> 14 & 1)
        assert (int(told["VmLck"].split()[0]) > 0) is (unlimited or privileged)


@pytest.mark.parametrize("content", [None, b"", b"not a library"])
async def test_a_module_that_does_not_load_says_why_each_time_and_leaves_no_process(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "module.so"
    if content is not None:
        path.write_bytes(content)
    async with Supervisor(path) as supervisor:
        for _ in range(2):
            with pytest.raises(ModuleNotLoaded, match=r"module\.so"):
                await supervisor.tokens()


async def test_a_module_that_appears_later_is_loaded_at_the_next_call(
    softhsm: SoftHsm, tmp_path: Path
) -> None:
    path = tmp_path / "libsofthsm2.so"
    async with Supervisor(path, env=softhsm.env) as supervisor:
        with pytest.raises(ModuleNotLoaded):
            await supervisor.tokens()
        path.symlink_to(softhsm.module)
        assert any(token.label == softhsm.label for token in await supervisor.tokens())


async def test_start_returns_before_the_module_is_loaded_and_close_leaves_nothing() -> None:
    supervisor = stub()
    await supervisor.start()
    pid = pid_of(supervisor)
    assert running(pid)
    await supervisor.close()
    await supervisor.close()
    assert not running(pid)
    with pytest.raises(RuntimeError):
        await supervisor.tokens()


async def test_close_ends_a_call_in_flight_and_a_worker_that_does_not_move() -> None:
    supervisor = stub()
    await supervisor.library()
    pid = pid_of(supervisor)
    os.kill(pid, signal.SIGSTOP)
    signing = asyncio.create_task(supervisor.sign(7, KEY, SHA256_RSA, b"abc"))
    await asyncio.sleep(0)
    await supervisor.close()
    with pytest.raises(WorkerDied):
        await signing
    assert not running(pid)


async def test_a_cancelled_owner_leaves_no_process() -> None:
    pids: list[int] = []

    async def own() -> None:
        async with stub() as supervisor:
            await supervisor.library()
            pids.append(pid_of(supervisor))
            await asyncio.Event().wait()

    owner = asyncio.create_task(own())
    while not pids:
        await asyncio.sleep(0.01)
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    assert not running(pids[0])


async def test_a_worker_is_out_of_reach_of_the_agents_terminal() -> None:
    async with stub() as supervisor:
        assert os.getsid(pid_of(supervisor)) == pid_of(supervisor)


def test_a_worker_leaves_when_its_agent_is_killed() -> None:
    agent = (
        "import asyncio, os, signal\n"
        "from tests.drivers.test_supervisor import stub\n"
        "async def main():\n"
        "    supervisor = stub()\n"
        "    await supervisor.library()\n"
        "    print(supervisor.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", agent], cwd=root, stdout=subprocess.PIPE)
    assert ended.returncode == -signal.SIGKILL
    wait_until_gone(int(ended.stdout))


async def test_a_worker_starts_from_any_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('the current directory was imported from')")
    monkeypatch.chdir(tmp_path)
    async with stub() as supervisor:
        assert (await supervisor.library()).manufacturer == "/made/up"


async def test_a_key_that_is_not_there_is_no_such_key(softhsm: SoftHsm) -> None:
    async with softhsm.supervisor() as supervisor:
        slot = await logged_in(supervisor)
        with pytest.raises(NoSuchKey):
            await supervisor.sign(slot, b"\x99", SHA256_RSA, b"abc")
