"""The five calls of the PC/SC API that a watch over readers needs, through the system's own library.

For waiting and listing alone: nothing here talks to a card. The library is called directly, because the
binding that there is encodes a reader's name as ASCII and so cannot wait for one that is named in Persian.
Names cross as UTF-8 (pcsc-lite, macOS) or UTF-16 (Windows). Return values are the API's own, unsigned.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

SCARD_S_SUCCESS = 0x00000000
SCARD_E_CANCELLED = 0x80100002
SCARD_E_UNKNOWN_READER = 0x80100009
SCARD_E_TIMEOUT = 0x8010000A
SCARD_E_NO_READERS_AVAILABLE = 0x8010002E
SCARD_W_SECURITY_VIOLATION = 0x8010006A

STATE_UNAWARE = 0x0000
STATE_CHANGED = 0x0002
STATE_UNKNOWN = 0x0004
STATE_UNAVAILABLE = 0x0008
STATE_PRESENT = 0x0020
STATE_EXCLUSIVE = 0x0080
STATE_MUTE = 0x0200

#: The reader that is none: its state changes when a reader comes or goes.
PNP = "\\\\?PnP?\\Notification"

_WINDOWS = sys.platform == "win32"
_MACOS = sys.platform == "darwin"
_LIBRARY = (
    "winscard"
    if _WINDOWS
    else "/System/Library/Frameworks/PCSC.framework/PCSC"
    if _MACOS
    else "libpcsclite.so.1"
)
# DWORD and LONG are as wide as a C long in pcsc-lite, and 32 bits elsewhere.
_DWORD: Any = ctypes.c_uint32 if _WINDOWS or _MACOS else ctypes.c_ulong
_CONTEXT: Any = ctypes.c_size_t if _WINDOWS else ctypes.c_int32 if _MACOS else ctypes.c_long
_NAME: Any = ctypes.c_wchar_p if _WINDOWS else ctypes.c_char_p
_SCOPE_USER = 0
_LENGTHENED = 4


class _ReaderState(ctypes.Structure):
    """SCARD_READERSTATE. The fields' order, and the room for an ATR, are the platform's."""

    if _MACOS:
        _pack_ = 1
    _fields_ = (
        ("reader", _NAME),
        ("user_data", ctypes.c_void_p),
        ("current", _DWORD),
        ("event", _DWORD),
        ("atr_length", _DWORD),
        ("atr", ctypes.c_ubyte * (36 if _WINDOWS else 33)),
    )


class ReaderState(Struct, frozen=True):
    """A reader as the service tells it: STATE_ bits, with a count of events above them, and the ATR."""

    name: str
    flags: int
    atr: bytes = b""


class ServiceFault(Exception):
    """A call returned something else than success; `code` is an SCARD_ value, 0 where there is no library."""

    def __init__(self, code: int) -> None:
        super().__init__(f"PC/SC returned 0x{code:08X}" if code else "there is no PC/SC library")
        self.code = code


class Context:
    """SCardEstablishContext until `release`. One thread waits; `cancel` may be called from any other."""

    def __init__(self) -> None:
        """Raises `ServiceFault` where the service does not run."""
        self._library = _load()
        self._handle = _CONTEXT()
        self._call("SCardEstablishContext", _DWORD(_SCOPE_USER), None, None, ctypes.byref(self._handle))

    def readers(self) -> tuple[str, ...]:
        """The readers' names, in the service's order. Raises `ServiceFault`."""
        function = "SCardListReadersW" if _WINDOWS else "SCardListReaders"
        length = _DWORD(0)
        try:
            self._call(function, self._handle, None, None, ctypes.byref(length))
            # A reader that comes between the two calls needs room too.
            length = _DWORD(length.value * _LENGTHENED)
            names = (ctypes.c_wchar if _WINDOWS else ctypes.c_char) * length.value
            room = names()
            self._call(function, self._handle, None, room, ctypes.byref(length))
        except ServiceFault as fault:
            if fault.code == SCARD_E_NO_READERS_AVAILABLE:
                return ()
            raise
        text = room[: length.value]
        told = text if isinstance(text, str) else bytes(text).decode("utf-8", "surrogateescape")
        return tuple(name for name in told.split("\0") if name)

    def wait(self, known: Sequence[ReaderState], milliseconds: int) -> tuple[ReaderState, ...]:
        """Block until a reader is no longer as `known`; all of them as they are then.

        Raises `ServiceFault`: `SCARD_E_TIMEOUT` when the time is over, `SCARD_E_CANCELLED` after `cancel`.
        """
        states = (_ReaderState * len(known))()
        for state, one in zip(states, known, strict=True):
            state.reader = one.name if _WINDOWS else one.name.encode("utf-8", "surrogateescape")
            state.current = one.flags
        function = "SCardGetStatusChangeW" if _WINDOWS else "SCardGetStatusChange"
        self._call(function, self._handle, _DWORD(milliseconds), states, _DWORD(len(known)))
        return tuple(
            ReaderState(one.name, state.event, bytes(state.atr[: state.atr_length]))
            for state, one in zip(states, known, strict=True)
        )

    def cancel(self) -> None:
        """End a `wait` that is in progress; one that begins later is not ended by it."""
        self._library.SCardCancel(self._handle)

    def release(self) -> None:
        """Give the context back. Never raises."""
        self._library.SCardReleaseContext(self._handle)

    def _call(self, function: str, *arguments: object) -> None:
        code = getattr(self._library, function)(*arguments) & 0xFFFFFFFF
        if code != SCARD_S_SUCCESS:
            raise ServiceFault(code)


def _load() -> Any:
    try:
        # WINAPI's calling convention is C's own but on 32-bit Windows.
        loader = getattr(ctypes, "WinDLL", ctypes.CDLL)
        return loader(_LIBRARY)
    except OSError as fault:
        raise ServiceFault(0) from fault
