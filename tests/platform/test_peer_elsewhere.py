"""Whose socket it is on Windows and macOS, from buffers of the documented layouts. Nothing was run there."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Callable

import pytest

from signer.platform import peer_macos, peer_windows
from signer.platform.ends import SocketAddress
from signer.platform.peer import PeerOwner, peer_owner

SERVER: SocketAddress = ("127.0.0.1", 18717)
PEER: SocketAddress = ("127.0.0.1", 51234)
SERVER6: SocketAddress = ("::1", 18717, 0, 0)
PEER6: SocketAddress = ("::1", 51234, 0, 0)
ALICE = bytes.fromhex("010500000000000515000000") + struct.pack("<4I", 1, 2, 3, 1001)
BOB = ALICE[:-4] + struct.pack("<I", 1002)


def address(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def row(local: SocketAddress, remote: SocketAddress, pid: int) -> bytes:
    """A MIB_TCPROW_OWNER_PID, state established; the unused half of a port is not always zero."""
    ends = (address(end[0]) + struct.pack(">H", end[1]) + b"\xaa\xbb" for end in (local, remote))
    return struct.pack("<I", 5) + b"".join(ends) + struct.pack("<I", pid)


def row6(local: SocketAddress, remote: SocketAddress, pid: int) -> bytes:
    """A MIB_TCP6ROW_OWNER_PID."""
    ends = (address(end[0]) + bytes(4) + struct.pack(">H", end[1]) + b"\xaa\xbb" for end in (local, remote))
    return b"".join(ends) + struct.pack("<II", 5, pid)


def table(*rows: bytes) -> bytes:
    return struct.pack("<I", len(rows)) + b"".join(rows)


ELSEWHERE: SocketAddress = ("127.0.0.1", 51235)
#: The agent's own end stands in the table too, the other way round.
OWN = row(SERVER, PEER, 1)


@pytest.mark.parametrize(
    ("octets", "pid"),
    [
        (table(OWN, row(PEER, SERVER, 4711)), 4711),
        (table(row(ELSEWHERE, SERVER, 1), row(PEER, SERVER, 4711)), 4711),
        (table(OWN), None),
        (table(row(PEER, ("127.0.0.1", 18718), 1)), None),
        (table(row(("127.0.0.2", 51234), SERVER, 1)), None),
        (table(), None),
        (b"", None),
        (b"\1\0\0", None),
        (table(OWN, row(PEER, SERVER, 4711))[:-1], None),
        (struct.pack("<I", 2**32 - 1) + row(PEER, SERVER, 4711), 4711),
        (struct.pack("<I", 0) + row(PEER, SERVER, 4711), None),
    ],
)
def test_windows_table_names_the_process_at_the_other_end(octets: bytes, pid: int | None) -> None:
    assert peer_windows.pid_of(octets, PEER, SERVER) == pid


def test_windows_table_for_ipv6_has_another_order_and_mapped_addresses() -> None:
    assert (
        peer_windows.pid_of6(table(row6(SERVER6, PEER6, 1), row6(PEER6, SERVER6, 4711)), PEER6, SERVER6)
        == 4711
    )
    mapped = row6(("::ffff:127.0.0.1", 51234), ("::ffff:127.0.0.1", 18717), 4712)
    assert peer_windows.pid_of6(table(mapped), PEER, SERVER) == 4712
    assert peer_windows.pid_of6(table(mapped), PEER6, SERVER6) is None


def test_windows_token_has_the_sid_that_its_pointer_leads_to() -> None:
    head = struct.calcsize("P") + 8
    buffer = ctypes.create_string_buffer(head + len(ALICE))
    base = ctypes.addressof(buffer)
    raw = struct.pack("P", base + head) + bytes(8) + ALICE
    assert peer_windows.sid_in(raw, base) == ALICE
    for damaged in (
        raw[:-1],
        raw[:4],
        b"",
        struct.pack("P", base - 1) + raw[8:],
        struct.pack("P", 0) + raw[8:],
    ):
        assert peer_windows.sid_in(damaged, base) is None


@pytest.mark.parametrize(
    ("pids", "sid", "own", "same"),
    [
        ((7, 7), ALICE, ALICE, True),
        ((7, 7), BOB, ALICE, False),
        ((7, 7), None, ALICE, None),
        ((7, 8), ALICE, ALICE, None),
        ((7, None), ALICE, ALICE, None),
        ((None,), ALICE, ALICE, None),
        ((0,), ALICE, ALICE, None),
        ((7, 7), ALICE, None, None),
    ],
    ids=[
        "ours",
        "another user's",
        "a process that may not be asked",
        "a number given away meanwhile",
        "gone meanwhile",
        "not in the table",
        "nobody's any more",
        "who we are is not known",
    ],
)
def test_windows_users_are_told_apart_by_their_sids(
    pids: tuple[int | None, ...], sid: bytes | None, own: bytes | None, same: bool | None
) -> None:
    told = iter(pids)

    def find(there: SocketAddress, here: SocketAddress) -> int | None:
        return next(told)

    assert peer_windows.same_user(PEER, SERVER, find_pid=find, sid_of=lambda pid: sid, own=own) is same


def fdinfo(local: SocketAddress, remote: SocketAddress, *, kind: int = 2) -> bytes:
    """A socket_fdinfo, as long as macOS gives it."""
    v4 = ":" not in local[0]
    ports = b"".join(struct.pack(">H", end[1]) + b"\0\0" for end in (remote, local))
    addresses = b"".join((b"\xcc" * 12 if v4 else b"") + address(end[0]) for end in (remote, local))
    ini = ports + b"\xdd" * 16 + bytes([1 if v4 else 2, 64]) + bytes(6) + addresses
    return (b"\xee" * 256 + struct.pack("=i", kind) + bytes(4) + ini).ljust(peer_macos.SOCKET_FDINFO, b"\0")


@pytest.mark.parametrize(("local", "remote"), [(PEER, SERVER), (PEER6, SERVER6)])
def test_macos_socket_has_both_ends(local: SocketAddress, remote: SocketAddress) -> None:
    ends = (address(local[0]), local[1]), (address(remote[0]), remote[1])
    assert peer_macos.ends_of(fdinfo(local, remote)) == ends
    assert peer_macos.ends_of(fdinfo(local, remote, kind=3)) is None, "no TCP"
    assert peer_macos.ends_of(fdinfo(local, remote)[:-1]) is None, "cut short"


def test_macos_list_of_descriptors_gives_the_sockets() -> None:
    listed = struct.pack("=iIiIiI", 0, 1, 5, 2, 9, 2)
    assert peer_macos.socket_descriptors(listed) == (5, 9)
    assert peer_macos.socket_descriptors(listed[:-3]) == (5,)
    assert peer_macos.socket_descriptors(b"") == ()


class Libproc:
    """What libproc answers, for two processes of ours."""

    def __init__(self, sockets: dict[int, dict[int, bytes]]) -> None:
        self._sockets = sockets

    def proc_listpids(self, kind: int, uid: int, buffer: ctypes.Array[ctypes.c_int] | None, size: int) -> int:
        assert (kind, uid) == (4, os.geteuid())
        for at, pid in enumerate(self._sockets if buffer is not None else ()):
            assert buffer is not None
            buffer[at] = pid
        return 4 * len(self._sockets)

    def proc_pidinfo(
        self, pid: int, flavor: int, arg: object, buffer: ctypes.Array[ctypes.c_char] | None, size: int
    ) -> int:
        assert flavor == 1
        listed = b"".join(struct.pack("=iI", fd, 2) for fd in self._sockets[pid])
        if buffer is not None:
            ctypes.memmove(buffer, listed, len(listed))
        return len(listed)

    def proc_pidfdinfo(
        self, pid: int, fd: int, flavor: int, buffer: ctypes.Array[ctypes.c_char], size: int
    ) -> int:
        assert flavor == 3
        info = self._sockets[pid][fd]
        ctypes.memmove(buffer, info, len(info))
        return len(info)


@pytest.mark.parametrize(
    ("sockets", "same"),
    [
        ({10: {3: fdinfo(SERVER, PEER)}, 11: {4: fdinfo(ELSEWHERE, SERVER), 5: fdinfo(PEER, SERVER)}}, True),
        ({10: {3: fdinfo(SERVER, PEER)}}, None),
        ({10: {}}, None),
        ({}, None),
        ({10: {3: fdinfo(PEER, SERVER)[:100]}}, None),
    ],
    ids=["a program of ours", "the agent's own end alone", "no sockets", "no processes", "gone while asked"],
)
def test_macos_is_asked_for_our_own_processes_sockets(
    monkeypatch: pytest.MonkeyPatch, sockets: dict[int, dict[int, bytes]], same: bool | None
) -> None:
    monkeypatch.setattr(peer_macos, "_libproc", lambda: Libproc(sockets))
    assert peer_macos.ask(PEER, SERVER) is same


@pytest.mark.parametrize(("platform", "module"), [("win32", peer_windows), ("darwin", peer_macos)])
@pytest.mark.parametrize(
    ("said", "owner"),
    [
        (lambda *_: True, PeerOwner.SAME),
        (lambda *_: False, PeerOwner.OTHER),
        (lambda *_: None, PeerOwner.UNKNOWN),
    ],
)
def test_what_the_system_says_is_what_the_agent_goes_by(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    module: object,
    said: Callable[..., bool | None],
    owner: PeerOwner,
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(module, "ask", said)
    assert peer_owner(PEER, SERVER) is owner


def test_a_system_that_cannot_be_asked_makes_nobody_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise OSError("no such library")

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(peer_macos, "ask", broken)
    assert peer_owner(PEER, SERVER) is PeerOwner.UNKNOWN
    assert peer_windows.ask(PEER, SERVER) is None, "no Windows to ask here"
