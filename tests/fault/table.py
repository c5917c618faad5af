"""The fault table: what can go wrong in a module, at each C_ function that a signature needs.

A cell is one fault at one function. `run` shows it to an agent and tells how the agent came through; whether
that was well is decided here too, so that the tests and `make fault-table` cannot disagree.

Not in the table: faults while the library is being loaded, a module that forks, and one that eats memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

from drivers.types import Limits
from signer.model.errors import Unexpected, by_code
from signer.model.request import DocumentState, RequestState
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.fault.desk import Desk, do_nothing
from tests.fault.module import FaultyModule

SIGNED = "signed"


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
    Call("C_Initialize", "load"),
    Call("C_GetSlotList", "read"),
    Call("C_GetTokenInfo", "read"),
    Call("C_OpenSession", "read"),
    Call("C_FindObjectsInit", "read"),
    Call("C_FindObjects", "read"),
    Call("C_FindObjectsFinal", "read"),
    Call("C_GetAttributeValue", "read"),
    Call("C_OpenSession", "login", after_yes=True),
    Call("C_Login", "login"),
    Call("C_FindObjects", "sign", after_yes=True),
    Call("C_GetAttributeValue", "sign", after_yes=True),
    Call("C_SignInit", "sign"),
    Call("C_Sign", "sign"),
    Call("C_Logout", "read"),
    Call("C_Finalize", None),
)
# Called when every signature is made already: nothing that goes wrong there may take one away.
_AFTERWARDS = frozenset({"C_Logout", "C_Finalize"})
_GIVING_LENGTHS = frozenset(
    {"C_GetSlotList", "C_GetTokenInfo", "C_FindObjects", "C_GetAttributeValue", "C_Sign"}
)
_HANG_SECONDS = 0.5
# A load begins with the start of an interpreter, which a busy machine makes slow.
_HANG_SECONDS_LOADING = 2.0


class Cell(Struct, frozen=True):
    """One fault at one function."""

    call: Call
    fault: Fault

    @property
    def applies(self) -> bool:
        """False where the function gives nothing that this fault could spoil."""
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
        if self.call.function in _AFTERWARDS:
            return SIGNED
        match self.fault:
            case Fault.SLOW | Fault.BANNER:
                return SIGNED
            case Fault.CRASH | Fault.EXIT:
                return "module-crashed"
            case Fault.HANG:
                return "module-hung"
            case Fault.DEVICE_REMOVED:
                # A token that goes between the list of slots and the look at it is simply not there.
                return "token-absent" if self.call.function == "C_GetTokenInfo" else "token-removed"
            case Fault.WRONG_SIGNATURE:
                return "signature-not-verified"
            case Fault.GARBAGE_LENGTHS:
                # How long a PIN may be is advice; the other lengths end the binding, which believes them.
                return SIGNED if self.call.function == "C_GetTokenInfo" else "module-crashed"
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


def cells() -> Iterator[Cell]:
    """Every fault at every call, those that do not apply too."""
    return (Cell(call, fault) for call in CALLS for fault in Fault)


async def run(cell: Cell, built: Path, token: hsm.SoftHsm, folder: Path) -> Row:
    """Post a request while the fault is there and another one after it; `folder` is the cell's own."""
    module = FaultyModule(built, token, folder)
    desk = Desk(folder, module.token, cell.limits)
    try:
        return await _watch(cell, module, desk)
    finally:
        await desk.close()


async def _watch(cell: Cell, module: FaultyModule, desk: Desk) -> Row:
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
    if cell.call.function == "C_Finalize":
        await desk.supervisor.end_worker()
    reached, typed = module.reached, module.entered("C_Login")

    desk.on_yes = do_nothing
    module.heal()
    again = await desk.end_of(await desk.post("healed", 1))
    outcome = _outcome(ended)
    conduct = {
        "the fault was not reached": reached,
        f"the request ended as {outcome}": outcome == cell.wanted,
        "the outcome is not one that a panel can be told": outcome == SIGNED or _is_told(outcome),
        "another panel was not served meanwhile": aside.state is RequestState.CANCELLED,
        "a PIN was sent more than once": typed <= 1 and module.entered("C_Login") - typed <= 1,
        f"the next request ended as {_outcome(again)}": _outcome(again) == SIGNED,
    }
    wrong = tuple(what for what, right in conduct.items() if not right)
    return Row(cell.call.title, cell.fault.title, outcome, wrong)


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
