"""Whose socket is it, on Windows: the TCP table names a process, its token names a user's SID.

GetExtendedTcpTable (iphlpapi) is asked again after the token was read, since a process may have ended
meanwhile and its number been given to another. The tables are read by pure functions, which are tested with
buffers made up after the documented layouts; the calls themselves have not been run on Windows.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable

from signer.platform.ends import SocketAddress, forms

#: MIB_TCPROW_OWNER_PID: state, local address and port, remote address and port, process.
_ROW = struct.Struct("<4x4sH2x4sH2xI")
#: MIB_TCP6ROW_OWNER_PID: local address, scope, port, remote address, scope, port, state, process.
_ROW6 = struct.Struct("<16s4xH2x16s4xH6xI")
#: SID (MS-DTYP §2.4.2): revision, number of sub-authorities, authority.
_SID_HEAD = 8


def pid_of(table: bytes, peer: SocketAddress, server: SocketAddress) -> int | None:
    """The process that holds the socket bound to `peer` and connected to `server`; None where none is listed.

    `table` is a MIB_TCPTABLE_OWNER_PID. A table cut short is read as far as it goes.
    """
    return _pid_of(table, _ROW, peer, server)


def pid_of6(table: bytes, peer: SocketAddress, server: SocketAddress) -> int | None:
    """The same in a MIB_TCP6TABLE_OWNER_PID."""
    return _pid_of(table, _ROW6, peer, server)


def sid_in(token_user: bytes, base: int) -> bytes | None:
    """The SID in a TOKEN_USER that lies at the address `base`; None where it points out of the buffer."""
    if len(token_user) < struct.calcsize("P"):
        return None
    at = int(struct.unpack_from("P", token_user)[0]) - base
    if not 0 <= at <= len(token_user) - _SID_HEAD:
        return None
    end = at + _SID_HEAD + 4 * token_user[at + 1]
    return token_user[at:end] if end <= len(token_user) else None


def same_user(
    peer: SocketAddress,
    server: SocketAddress,
    *,
    find_pid: Callable[[SocketAddress, SocketAddress], int | None],
    sid_of: Callable[[int], bytes | None],
    own: bytes | None,
) -> bool | None:
    """Does the socket belong to the user with the SID `own`? None where it cannot be told.

    `find_pid` and `sid_of` ask Windows.
    """
    pid = find_pid(peer, server)
    if not pid or own is None:
        return None
    sid = sid_of(pid)
    if sid is None or find_pid(peer, server) != pid:
        return None
    return sid == own


def ask(peer: SocketAddress, server: SocketAddress) -> bool | None:
    """Does the socket belong to our user? None where it cannot be told, as on any other system."""
    if sys.platform == "win32":
        return same_user(peer, server, find_pid=_find_pid, sid_of=_sid_of, own=_own_sid())
    return None


def _pid_of(table: bytes, row: struct.Struct, peer: SocketAddress, server: SocketAddress) -> int | None:
    wanted = forms(peer, server)
    count = struct.unpack_from("<I", table)[0] if len(table) >= 4 else 0
    for at in range(4, min(4 + count * row.size, len(table) - row.size + 1), row.size):
        local, local_port, remote, remote_port, pid = row.unpack_from(table, at)
        # The low half of a port's double word holds it in network order.
        if ((local, _swapped(local_port)), (remote, _swapped(remote_port))) in wanted:
            return int(pid)
    return None


def _swapped(port: int) -> int:
    return (port & 0xFF) << 8 | port >> 8


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _AF_INET, _AF_INET6 = 2, 23
    _TCP_TABLE_OWNER_PID_CONNECTIONS = 4
    _ERROR_INSUFFICIENT_BUFFER = 122
    _PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
    _TOKEN_QUERY = 0x0008
    _TOKEN_USER = 1
    _TRIES = 5

    _iphlpapi = ctypes.WinDLL("iphlpapi")
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32.OpenProcess.restype = wintypes.HANDLE
    _kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
    _advapi32.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
    _advapi32.GetTokenInformation.argtypes = (
        wintypes.HANDLE,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.DWORD),
    )

    def _find_pid(peer: SocketAddress, server: SocketAddress) -> int | None:
        return pid_of(_table(_AF_INET), peer, server) or pid_of6(_table(_AF_INET6), peer, server)

    def _table(family: int) -> bytes:
        size = wintypes.DWORD(16 * 1024)
        for _ in range(_TRIES):
            buffer = ctypes.create_string_buffer(size.value)
            problem = _iphlpapi.GetExtendedTcpTable(
                buffer, ctypes.byref(size), False, family, _TCP_TABLE_OWNER_PID_CONNECTIONS, 0
            )
            if problem == 0:
                return buffer.raw
            if problem != _ERROR_INSUFFICIENT_BUFFER:
                break
        return b""

    def _sid_of(pid: int) -> bytes | None:
        process = _kernel32.OpenProcess(_PROCESS_QUERY_LIMITED_INFORMATION, False, pid)
        if not process:
            return None
        try:
            return _sid_of_process(process)
        finally:
            _kernel32.CloseHandle(process)

    def _own_sid() -> bytes | None:
        return _sid_of_process(_kernel32.GetCurrentProcess())

    def _sid_of_process(process: int) -> bytes | None:
        token = wintypes.HANDLE()
        if not _advapi32.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
            return None
        try:
            buffer = ctypes.create_string_buffer(256)
            size = wintypes.DWORD()
            if not _advapi32.GetTokenInformation(token, _TOKEN_USER, buffer, len(buffer), ctypes.byref(size)):
                return None
            return sid_in(buffer.raw[: size.value], ctypes.addressof(buffer))
        finally:
            _kernel32.CloseHandle(token)
