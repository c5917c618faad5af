"""Whose socket is it, on macOS: looked for among the open files of our own user's processes (libproc).

Other users' processes do not show theirs, so of a socket that is not found it cannot be told whose it is.
What libproc gives is read by pure functions, tested with buffers made up after <sys/proc_info.h>; the
calls themselves have not been run on macOS.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from functools import lru_cache

from signer.platform.ends import End, SocketAddress, forms

_PROC_UID_ONLY = 4
_PROC_PIDLISTFDS = 1
_PROC_PIDFDSOCKETINFO = 3
_PROX_FDTYPE_SOCKET = 2
_SOCKINFO_TCP = 2
_INI_IPV4 = 1
#: proc_fdinfo: descriptor, kind.
_FDINFO = struct.Struct("=iI")
#: socket_fdinfo: what stands in it before soi_kind is of no concern here.
SOCKET_FDINFO = 792
_KIND_AT = 256
#: in_sockinfo: foreign and local port (network order in the low half), then vflag, foreign and local address.
_IN_SOCKINFO_AT = 264
_IN_SOCKINFO = struct.Struct(">H2xH2x16xB7x16s16s")


def socket_descriptors(listed: bytes) -> tuple[int, ...]:
    """The sockets among a process's descriptors, from an array of proc_fdinfo."""
    whole = len(listed) - len(listed) % _FDINFO.size
    return tuple(fd for fd, kind in _FDINFO.iter_unpack(listed[:whole]) if kind == _PROX_FDTYPE_SOCKET)


def ends_of(socket_fdinfo: bytes) -> tuple[End, End] | None:
    """(local, remote) of a TCP socket; None for any other, or where the buffer is short."""
    if len(socket_fdinfo) < SOCKET_FDINFO:
        return None
    if struct.unpack_from("=i", socket_fdinfo, _KIND_AT)[0] != _SOCKINFO_TCP:
        return None
    remote_port, local_port, flags, remote, local = _IN_SOCKINFO.unpack_from(socket_fdinfo, _IN_SOCKINFO_AT)
    if flags & _INI_IPV4:  # the address stands in the last four octets (in4in6_addr)
        remote, local = remote[12:], local[12:]
    return (local, local_port), (remote, remote_port)


def ask(peer: SocketAddress, server: SocketAddress) -> bool | None:
    """True where a process of our effective user holds the socket; None where none is found to."""
    wanted = forms(peer, server)
    for pid in _processes(os.geteuid()):
        # The agent's own end of the connection has the two ends the other way round, and is not taken for it.
        if any(ends_of(info) in wanted for info in _sockets(pid)):
            return True
    return None


def _processes(uid: int) -> tuple[int, ...]:
    libproc = _libproc()
    size = libproc.proc_listpids(_PROC_UID_ONLY, uid, None, 0)
    if size <= 0:
        return ()
    # Processes may be added between the two calls.
    array = (ctypes.c_int * (size // 4 + 32))()
    size = libproc.proc_listpids(_PROC_UID_ONLY, uid, array, ctypes.sizeof(array))
    return tuple(pid for pid in array[: max(size, 0) // 4] if pid)


def _sockets(pid: int) -> Iterator[bytes]:
    libproc = _libproc()
    size = libproc.proc_pidinfo(pid, _PROC_PIDLISTFDS, ctypes.c_uint64(0), None, 0)
    if size <= 0:
        return
    buffer = ctypes.create_string_buffer(size + 32 * _FDINFO.size)
    size = libproc.proc_pidinfo(pid, _PROC_PIDLISTFDS, ctypes.c_uint64(0), buffer, len(buffer))
    info = ctypes.create_string_buffer(SOCKET_FDINFO)
    for descriptor in socket_descriptors(buffer.raw[: max(size, 0)]):
        if libproc.proc_pidfdinfo(pid, descriptor, _PROC_PIDFDSOCKETINFO, info, len(info)) == len(info):
            yield info.raw


@lru_cache(maxsize=1)
def _libproc() -> ctypes.CDLL:
    return ctypes.CDLL("/usr/lib/libproc.dylib")
