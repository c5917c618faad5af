"""The fault table: what can go wrong in a module, at each C_ function that a signature needs.

A cell is one fault at one function. `run` shows it to an agent and tells how the agent came through; whether
that was well is decided here too, so that the tests and `make fault-table` cannot disagree.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path

from msgspec import Struct

from drivers.types import Binding, Limits
from signer.model.errors import MohrError, Unexpected, by_code
from signer.model.request import DocumentState, RequestState
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.drivers.processes import deserted
from tests.fault.desk import Desk, do_nothing
from tests.fault.module import FaultyModule

SIGNED = "signed"
NOT_APPLICABLE = "n/a"


class Fault(Enum):
    """A fault, as a rule of the faulty module writes it."""

    CRASH = "crash"
    HANG = "hang"
    EXIT = "exit 3"
    SLOW = "sleep 20"
    DEVICE_REMOVED = "rv 0x32"
    DEVICE_ERROR = "rv 0x30"
    GENERAL_ERROR = "rv 0x05"
    FUNCTION_FAILED = "rv 0x06"
    VENDOR_CODE = "rv 0x80000A11"
    WRONG_SIGNATURE = "signature"
    GARBAGE_LENGTHS = "lengths"
    BANNER = "banner"
    MEMORY = "memory 2048"
    FORK = "fork"

    @property
    def title(self) -> str:
        """As the table names it."""
        return self.name.lower().replace("_", "-")


class Call(Struct, frozen=True):
    """A C_ function at a moment of a signature.

    `limit` is the one of `Limits` that a hang runs into, None where none is needed to get away. A function
    that reads certificates first and is called again once the doctor has said yes stands in the table twice.
    """

    function: str
    limit: str | None
    after_yes: bool = False

    @property
    def title(self) -> str:
        """As the table names it."""
        return f"{self.function} after the yes" if self.after_yes else self.function


CALLS = (
    Call("load", "load"),
    Call("C_Initialize", "load"),
    Call("C_GetInfo", "load"),
    Call("C_GetSlotList", "read"),
    Call("C_GetSlotInfo", "read"),
    Call("C_GetTokenInfo", "read"),
    Call("C_GetMechanismList", "read"),
    Call("C_OpenSession", "read"),
    Call("C_FindObjectsInit", "read"),
    Call("C_FindObjects", "read"),
    Call("C_FindObjectsFinal", "read"),
    Call("C_GetAttributeValue", "read"),
    Call("C_CloseSession", "read"),
    Call("C_OpenSession", "login", after_yes=True),
    Call("C_Login", "login"),
    Call("C_FindObjects", "sign", after_yes=True),
    Call("C_GetAttributeValue", "sign", after_yes=True),
    Call("C_SignInit", "sign"),
    Call("C_Sign", "sign"),
    Call("C_Logout", "read"),
    Call("C_CloseSession", "read", after_yes=True),
    Call("C_Finalize", None),
)
# Called when every signature is made already: nothing that goes wrong there may take one away.
_AFTERWARDS = frozenset({"C_Logout", "C_CloseSession after the yes", "C_Finalize"})
_GIVING_LENGTHS = frozenset(
    {"C_GetSlotList", "C_GetTokenInfo", "C_FindObjects", "C_GetAttributeValue", "C_Sign"}
)
# The look at what stands in the slots that C_GetSlotList named.
_LOOKING = frozenset({"C_GetSlotInfo", "C_GetTokenInfo", "C_GetMechanismList"})
# Where python-pkcs11 comes to another end: it lists slots with their descriptions, and looks at lengths.
_THROUGH_THE_SECOND = {
    ("C_GetSlotInfo", Fault.DEVICE_REMOVED): "token-removed",
    ("C_GetSlotList", Fault.GARBAGE_LENGTHS): "token-absent",
    ("C_FindObjects", Fault.GARBAGE_LENGTHS): "module-failed",
}
_RETURNED = frozenset(fault for fault in Fault if fault.value.startswith("rv "))
_HANG_SECONDS = 1.5
# A load begins with the start of an interpreter, which a busy machine makes slow.
_HANG_SECONDS_LOADING = 4.0


class Cell(Struct, frozen=True):
    """One fault at one function, of a module that is used through one of the bindings."""

    call: Call
    fault: Fault
    binding: Binding = Binding.PYKCS11

    @property
    def applies(self) -> bool:
        """False where the function gives nothing that this fault could spoil."""
        if self.call.function == "load" and self.fault in _RETURNED:
            return False
        match self.fault:
            case Fault.WRONG_SIGNATURE:
                return self.call.function == "C_Sign"
            case Fault.GARBAGE_LENGTHS:
                return self.call.function in _GIVING_LENGTHS
            case _:
                return True

    @property
    def wanted(self) -> str:
        """The one right outcome: SIGNED, or the code that the panel is told."""
        if self.call.title in _AFTERWARDS:
            return SIGNED
        if self.binding is Binding.PYTHON_PKCS11 and (self.call.function, self.fault) in _THROUGH_THE_SECOND:
            return _THROUGH_THE_SECOND[self.call.function, self.fault]
        if self.call.function == "C_CloseSession" and self.fault in _RETURNED | {Fault.MEMORY}:
            # What was read is read.
            return SIGNED
        match self.fault:
            case Fault.SLOW | Fault.BANNER | Fault.FORK:
                return SIGNED
            case Fault.CRASH | Fault.EXIT:
                return "module-crashed"
            case Fault.HANG:
                return "module-hung"
            case Fault.DEVICE_REMOVED:
                # A token that goes between the list of slots and the look at it is simply not there.
                return "token-absent" if self.call.function in _LOOKING else "token-removed"
            case Fault.WRONG_SIGNATURE:
                return "signature-not-verified"
            case Fault.GARBAGE_LENGTHS:
                # How long a PIN may be is advice; the other lengths end the binding, which believes them.
                return SIGNED if self.call.function == "C_GetTokenInfo" else "module-crashed"
            case Fault.MEMORY if self.call.function == "load":
                # Nobody can be told CKR_HOST_MEMORY there.
                return "module-crashed"
            case _:
                return "module-failed"

    @property
    def limits(self) -> Limits:
        """Short for the operation that hangs, so that no other cell hurries a slow machine."""
        limit = self.call.limit
        if self.fault is not Fault.HANG or limit is None:
            return Limits()
        if limit == "load":
            return Limits(load=_HANG_SECONDS_LOADING)
        return Limits(**{limit: _HANG_SECONDS})


class Row(Struct, frozen=True):
    """How the agent came through a cell: `outcome` of the request with the fault, `faults` in its conduct."""

    call: str
    fault: str
    outcome: str
    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Did the agent do everything right?"""
        return not self.faults


def cells(binding: Binding = Binding.PYKCS11) -> Iterator[Cell]:
    """Every fault at every call, those that do not apply too."""
    return (Cell(call, fault, binding) for call in CALLS for fault in Fault)


async def run_all(
    wanted: Iterable[Cell], built: Path, token: hsm.SoftHsm, folder: Path
) -> AsyncIterator[Row]:
    """Each cell's row in order, a few cells at a time; `folder` is empty."""
    # One more than there are processors, since some cells only wait for a deadline.
    places = asyncio.Semaphore(1 + (os.cpu_count() or 1))

    async def row(number: int, cell: Cell) -> Row:
        if not cell.applies:
            return Row(cell.call.title, cell.fault.title, NOT_APPLICABLE)
        async with places:
            own = folder / str(number)
            own.mkdir()
            return await run(cell, built, token, own)

    async with asyncio.TaskGroup() as running:
        for task in [running.create_task(row(number, cell)) for number, cell in enumerate(wanted)]:
            yield await task


async def run(cell: Cell, built: Path, token: hsm.SoftHsm, folder: Path) -> Row:
    """Post a request while the fault is there and another one after it; `folder` is the cell's own."""
    module = FaultyModule(built, hsm.copy(token, folder / "softhsm"), folder)
    desk = Desk(folder, module.token, cell.limits, binding=cell.binding)
    try:
        outcome, conduct = await _watch(cell, module, desk)
    finally:
        await desk.close()
    conduct["a process was left behind"] = all([await deserted(pid) for pid in module.workers()])
    wrong = tuple(what for what, right in conduct.items() if not right)
    return Row(cell.call.title, cell.fault.title, outcome, wrong)


async def _watch(cell: Cell, module: FaultyModule, desk: Desk) -> tuple[str, dict[str, bool]]:
    """The outcome, and what the agent must not have done: True where it has not."""

    def begin() -> None:
        module.fail(cell.call.function, cell.fault.value)

    if cell.call.after_yes:
        desk.on_yes = begin
    else:
        begin()
    posted = await desk.post("faulty", 1)
    aside = await desk.post("meanwhile", 1, "https://other.example")
    aside = await desk.service.cancel(origin="https://other.example", request_id=aside.id)
    ended = await desk.end_of(posted)
    await desk.put_away(posted)
    # Nothing that was begun under the fault is in hand when it ends.
    with suppress(MohrError):
        await desk.service.credentials()
    if cell.call.function == "C_Finalize":
        await desk.supervisor.end_worker()
    reached, typed = module.reached, module.entered("C_Login")

    desk.on_yes = do_nothing
    module.heal()
    again = await desk.end_of(await desk.post("healed", 1))
    outcome = _outcome(ended)
    return outcome, {
        "the fault was not reached": reached,
        f"the request ended as {outcome}": outcome == cell.wanted,
        "the outcome is not one that a panel can be told": outcome == SIGNED or _is_told(outcome),
        "another panel was not served meanwhile": aside.state is RequestState.CANCELLED,
        "a PIN was sent more than once": typed <= 1 and module.entered("C_Login") - typed <= 1,
        f"the next request ended as {_outcome(again)}": _outcome(again) == SIGNED,
    }


def _outcome(view: RequestView) -> str:
    (document,) = view.documents
    if document.state is DocumentState.SIGNED and document.signature:
        return SIGNED
    return document.problem.code if document.problem is not None else document.state.value


def _is_told(code: str) -> bool:
    try:
        return by_code(code).status is not None and code != Unexpected.code
    except KeyError:
        return False
