"""Does the program at the other end of a loopback connection belong to the same OS user as the agent?

Linux is asked over NETLINK_SOCK_DIAG (sock_diag(7)), or through /proc/net/tcp{,6} where a sandbox forbids
netlink; Windows and macOS by `peer_windows` and `peer_macos`, which have been run on neither. Elsewhere, and
where asking fails, the answer is `UNKNOWN`, and whoever asked must close the connection. This tells users
apart, not programs of one user.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from signer.platform.ends import End, SocketAddress, as_it_is, family_of, forms

__all__ = ["PeerOwner", "SocketAddress", "holder_of", "owner_in_proc", "peer_owner"]


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
        return _elsewhere(sys.platform, peer, server)
    try:
        owner = _ask_netlink(peer, server)
    except OSError:
        owner = owner_in_proc(peer, server)
    if owner is None:
        return PeerOwner.UNKNOWN
    return PeerOwner.SAME if owner == (os.getuid() if uid is None else uid) else PeerOwner.OTHER


def _elsewhere(platform: str, peer: SocketAddress, server: SocketAddress) -> PeerOwner:
    from signer.platform import peer_macos, peer_windows

    asks = {"win32": peer_windows.ask, "darwin": peer_macos.ask}
    try:
        same = asks[platform](peer, server) if platform in asks else None
    except OSError:
        same = None
    if same is None:
        return PeerOwner.UNKNOWN
    return PeerOwner.SAME if same else PeerOwner.OTHER


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
    family = family_of(peer)
    query = (
        _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + _SOCKET_ID.pack(peer[1], server[1], _packed(peer), _packed(server), 0)
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
    wanted = {(_in_proc(local), _in_proc(remote)) for local, remote in forms(peer, server)}
    for fields in _listed(root):
        if (fields[1], fields[2]) in wanted and fields[9] != "0":
            return int(fields[7])
    return None


def _packed(address: SocketAddress) -> bytes:
    return as_it_is(address)[0].ljust(16, b"\0")


def holder_of(port: int, *, uid: int | None = None, root: Path = Path("/proc/net")) -> PeerOwner:
    """Whose program listens on this TCP port? `uid` is ours unless given.

    `UNKNOWN` where nobody does, and on other systems than Linux. Never raises.
    """
    if sys.platform != "linux":
        return PeerOwner.UNKNOWN
    ours = os.getuid() if uid is None else uid
    holders = {
        int(fields[7]) for fields in _listed(root) if fields[3] == _LISTEN and _port(fields[1]) == port
    }
    if not holders:
        return PeerOwner.UNKNOWN
    return PeerOwner.SAME if holders == {ours} else PeerOwner.OTHER


_LISTEN = "0A"


def _listed(root: Path) -> Iterator[list[str]]:
    """The rows of /proc/net/tcp and tcp6 (proc_pid_net(5)), those that can be read."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (root / name).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        yield from (line.split() for line in lines)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _in_proc(address: End) -> str:
    octets, port = address
    words = struct.unpack(f"={len(octets) // 4}I", octets)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
