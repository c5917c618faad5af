"""Which loopback port the agent gets: the first of three that is free on 127.0.0.1 and on [::1] alike.

Nothing else is ever bound. The port above each is left for https.
"""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import ExitStack

from msgspec import Struct

from signer.model.errors import PortsTaken

PORTS = (18717, 18719, 18721)
_ANY_PORT_TRIES = 20
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


class EndpointAddress(Struct, frozen=True):
    """Where the endpoint listens: 127.0.0.1, and [::1] where this computer has it."""

    port: int
    ipv6: bool

    @property
    def url(self) -> str:
        """The base address that always works."""
        return f"http://127.0.0.1:{self.port}"


def listen(ports: tuple[int, ...] = PORTS) -> tuple[EndpointAddress, list[socket.socket]]:
    """Bound, listening sockets on the first free port; port 0 is any free one. Raises `PortsTaken`."""
    for port in ports:
        for _ in range(_ANY_PORT_TRIES if port == 0 else 1):
            sockets = _pair(port)
            if sockets:
                address = EndpointAddress(sockets[0].getsockname()[1], len(sockets) == 2)
                return address, sockets
    raise PortsTaken(f"no free port among {', '.join(map(str, ports))}")


def _pair(port: int) -> list[socket.socket]:
    """Both sockets, one where there is no IPv6 loopback, none where the port is taken on either."""
    with ExitStack() as undo:
        try:
            first = undo.enter_context(_bound(socket.AF_INET, "127.0.0.1", port))
            sockets = [first]
            try:
                sockets.append(undo.enter_context(_bound(socket.AF_INET6, "::1", first.getsockname()[1])))
            except OSError as problem:
                if problem.errno not in _NO_IPV6:
                    raise
        except OSError as problem:
            if problem.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            return []
        undo.pop_all()
        return sockets


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # where SO_REUSEADDR would let another program share the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(128)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made
