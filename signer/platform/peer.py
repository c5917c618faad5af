"""Does the program at the other end of a loopback connection belong to the same OS user as the agent?

Linux is asked over NETLINK_SOCK_DIAG (sock_diag(7)), or through /proc/net/tcp{,6} where a sandbox forbids
netlink. On other platforms the answer is `UNKNOWN`, and whoever asked must close the connection. This tells
users apart, not programs of one user.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from enum import Enum
from pathlib import Path

#: (address, port, …) as the socket module gives it for AF_INET and AF_INET6.
SocketAddress = tuple[str, int] | tuple[str, int, int, int]


class PeerOwner(Enum):
    """Whose the other end is. `UNKNOWN` where it cannot be told: the socket is gone, or no way to ask."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


def peer_owner(peer: SocketAddress, server: SocketAddress, *, uid: int | None = None) -> PeerOwner:
    """Who owns the socket bound to `peer` and connected to `server`? `uid` is ours unless given.

    Takes about 20 µs on Linux and never raises.
    """
    if sys.platform != "linux":
        return PeerOwner.UNKNOWN
    try:
        owner = _ask_netlink(peer, server)
    except OSError:
        owner = owner_in_proc(peer, server)
    if owner is None:
        return PeerOwner.UNKNOWN
    return PeerOwner.SAME if owner == (os.getuid() if uid is None else uid) else PeerOwner.OTHER


_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_ALL_STATES = 0xFFFFFFFF
_NO_COOKIE = b"\xff" * 8
_NLMSGHDR = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_SOCKET_ID = struct.Struct("!HH16s16sI")
#: inet_diag_msg: family, state, timer, retransmits, the socket's id, expires, rqueue, wqueue, uid, inode.
_ANSWER = struct.Struct("=BBBB48sIIIII")


def _ask_netlink(peer: SocketAddress, server: SocketAddress) -> int | None:
    family = _family(peer)
    query = (
        _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + _SOCKET_ID.pack(peer[1], server[1], _packed(family, peer), _packed(family, server), 0)
        + _NO_COOKIE
    )
    head = _NLMSGHDR.pack(_NLMSGHDR.size + len(query), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(0.2)
        netlink.send(head + query)
        answer = netlink.recv(8192)
    kind = _NLMSGHDR.unpack_from(answer)[1]
    if kind == _NLMSG_ERROR or len(answer) < _NLMSGHDR.size + _ANSWER.size:
        return None
    fields = _ANSWER.unpack_from(answer, _NLMSGHDR.size)
    uid, inode = fields[-2], fields[-1]
    # A socket that nobody holds any more reports uid 0, which must not pass for root.
    return int(uid) if inode else None


def owner_in_proc(peer: SocketAddress, server: SocketAddress, root: Path = Path("/proc/net")) -> int | None:
    """The uid that /proc/net/tcp{,6} (proc_pid_net(5)) gives for that socket, None where it lists none."""
    wanted = {(_in_proc(address(peer)), _in_proc(address(server))) for address in (_as_it_is, _as_mapped)}
    for name in ("tcp", "tcp6"):
        try:
            lines = (root / name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if (fields[1], fields[2]) in wanted and fields[9] != "0":
                return int(fields[7])
    return None


def _family(address: SocketAddress) -> int:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _packed(family: int, address: SocketAddress) -> bytes:
    return socket.inet_pton(family, address[0]).ljust(16, b"\0")


def _as_it_is(address: SocketAddress) -> tuple[bytes, int]:
    return socket.inet_pton(_family(address), address[0]), address[1]


def _as_mapped(address: SocketAddress) -> tuple[bytes, int]:
    # A dual-stack client reaches 127.0.0.1 through an IPv6 socket (RFC 4291 §2.5.5.2).
    octets, port = _as_it_is(address)
    return (b"\0" * 10 + b"\xff\xff" + octets if len(octets) == 4 else octets), port


def _in_proc(address: tuple[bytes, int]) -> str:
    octets, port = address
    words = struct.unpack(f"={len(octets) // 4}I", octets)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
