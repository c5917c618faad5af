"""The recording of a module's calls: names, CK_RVs, times and sizes; no value, and not the length of a PIN.

What a worker says is not believed: a name that is not Cryptoki's is not passed on, so a module that would
speak through its worker has no words. What becomes of a recording is the signer's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol

#: What a recording may name: the functions of PKCS #11 v2.40 that the bindings call, and the loader.
FUNCTIONS = frozenset(
    {
        "dlopen",
        "C_CloseSession",
        "C_CreateObject",
        "C_Finalize",
        "C_FindObjects",
        "C_FindObjectsFinal",
        "C_FindObjectsInit",
        "C_GenerateKeyPair",
        "C_GetAttributeValue",
        "C_GetInfo",
        "C_GetMechanismInfo",
        "C_GetMechanismList",
        "C_GetSlotInfo",
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_InitPIN",
        "C_InitToken",
        "C_Initialize",
        "C_Login",
        "C_Logout",
        "C_OpenSession",
        "C_SetPIN",
        "C_Sign",
        "C_SignInit",
    }
)
UNKNOWN = "C_?"


class Heard(Protocol):
    """In the worker: told of each call while it is made. `octets` is 0 where there is nothing to tell."""

    def entered(self, function: str, octets: int) -> None:
        """Just before the call."""

    def left(self, rv: int, micros: int, octets: int) -> None:
        """Just after it."""


class Observer(Protocol):
    """In the agent: told what a worker says. `worker` is a process id. None of these may block."""

    def entered(self, worker: int, function: str, octets: int) -> None:
        """A call has begun; `function` is one of `FUNCTIONS`, or `UNKNOWN`."""

    def left(self, worker: int, rv: int, micros: int, octets: int) -> None:
        """The call that the worker entered last has returned."""

    def ended(self, worker: int, how: str) -> None:
        """The process is gone; what it had entered never returned."""


#: Gives each supervisor that is made in this context its observer; for the recording of one command.
OBSERVED: ContextVar[Callable[[], Observer] | None] = ContextVar("OBSERVED", default=None)


def named(function: str) -> str:
    """The function's name, where it is Cryptoki's."""
    return function if function in FUNCTIONS else UNKNOWN
