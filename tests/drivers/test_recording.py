"""A module's calls as they are recorded: by the C_ function, without a value; what never returned shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import ModuleReturned, WorkerDied
from drivers.pin import Pin
from drivers.recording import FUNCTIONS, UNKNOWN, named
from drivers.spawning import worker_command
from drivers.supervisor import Supervisor
from drivers.types import Binding, KeySpec, Mechanism
from tests.fault.module import FaultyModule, build
from tests.softhsm import PIN, SoftHsm, make_keys, only_slot

SHA256_RSA = Mechanism(type=0x40)
KEY = b"\x01"
MARK = b"of Zebedee Quillfeather, s3kr3t"


class Kept:
    """Keeps what it is told; implements `Observer`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int | None, int]] = []
        self.ends: list[str] = []

    def entered(self, worker: int, function: str, octets: int) -> None:
        self.calls.append((function, octets, None, 0))

    def left(self, worker: int, rv: int, micros: int, octets: int) -> None:
        function, given, before, _ = self.calls[-1]
        assert before is None
        assert micros >= 0
        self.calls[-1] = (function, given, rv, octets)

    def ended(self, worker: int, how: str) -> None:
        self.ends.append(how)

    @property
    def functions(self) -> list[str]:
        return [call[0] for call in self.calls]


@pytest.mark.parametrize("binding", Binding)
async def test_each_call_is_told_with_its_ck_rv_and_none_once_nobody_listens(
    softhsm: SoftHsm, binding: Binding
) -> None:
    await make_keys(softhsm, {KEY: KeySpec.RSA_2048})
    kept = Kept()
    async with softhsm.supervisor(binding=binding) as supervisor:
        slot = await only_slot(supervisor)
        supervisor.record(kept)
        with pytest.raises(ModuleReturned):
            await supervisor.login(slot, Pin("000999"))
        await supervisor.login(slot, Pin(PIN))
        await supervisor.sign(slot, KEY, SHA256_RSA, MARK)
        supervisor.record(None)
        told = list(kept.calls)
        await supervisor.sign(slot, KEY, SHA256_RSA, MARK)
        assert kept.calls == told
    logins = [call for call in told if call[0] == "C_Login"]
    assert [rv for _, _, rv, _ in logins] == [0xA0, 0]
    assert all((given, got) == (0, 0) for _, given, _, got in logins)
    signatures = [call for call in told if call[0] == "C_Sign"]
    sizes = (len(MARK), 256) if binding is Binding.PYKCS11 else (0, 0)
    assert [(given, got) for _, given, _, got in signatures] == [sizes]
    assert set(kept.functions) <= FUNCTIONS
    assert MARK.decode() not in repr(kept.calls) and PIN not in repr(kept.calls)


async def test_the_load_is_recorded_where_it_was_asked_for_before(softhsm: SoftHsm) -> None:
    kept = Kept()
    supervisor = softhsm.supervisor()
    supervisor.record(kept)
    async with supervisor:
        await supervisor.tokens()
    assert kept.functions[:3] == ["dlopen", "C_Initialize", "C_GetInfo"]
    assert kept.ends == ["exit 0"]


async def test_a_crash_leaves_the_call_that_never_returned(tmp_path: Path, softhsm: SoftHsm) -> None:
    await make_keys(softhsm, {KEY: KeySpec.RSA_2048})
    faulty = FaultyModule(build(tmp_path), softhsm, tmp_path)
    faulty.fail("C_Sign", "crash")
    kept = Kept()
    async with faulty.token.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        await supervisor.login(slot, Pin(PIN))
        supervisor.record(kept)
        with pytest.raises(WorkerDied):
            await supervisor.sign(slot, KEY, SHA256_RSA, MARK)
    assert kept.calls[-1] == ("C_Sign", len(MARK), None, 0)
    assert kept.ends == ["SIGSEGV"]


def test_a_name_that_is_not_cryptokis_is_not_passed_on() -> None:
    assert named("C_Sign") == "C_Sign"
    assert {named(word) for word in ("C_Zebedee", PIN, "", "c_sign", "C_Sign\n")} == {UNKNOWN}


async def test_a_module_without_a_load_takes_the_question_for_a_recording() -> None:
    supervisor = Supervisor("/made/up", command=worker_command("tests.drivers.stub_worker"))
    kept = Kept()
    supervisor.record(kept)
    async with supervisor:
        assert [token.slot for token in await supervisor.tokens()] == [7]
    assert kept.functions == ["dlopen"]
