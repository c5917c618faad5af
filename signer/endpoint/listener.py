"""Which loopback ports the agent gets: the first pair of three that is free on 127.0.0.1 and on [::1] alike.

The lower port of a pair is for http, the one above it for https. Nothing else is ever bound.
"""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import ExitStack

from msgspec import Struct

from signer.model.errors import PortsTaken

PORTS = (18717, 18719, 18721)
_LAST_PORT = 65535
_ANY_PORT_TRIES = 50
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


class EndpointAddress(Struct, frozen=True):
    """Where the endpoint listens: 127.0.0.1, and [::1] where this computer has it."""

    port: int
    ipv6: bool

    @property
    def secure_port(self) -> int:
        """The port for https and wss, where the agent has a certificate for it."""
        return self.port + 1

    @property
    def url(self) -> str:
        """The base address that always works."""
        return f"http://127.0.0.1:{self.port}"


class Listening(Struct, frozen=True):
    """Bound, listening sockets: for http, and for https."""

    address: EndpointAddress
    plain: tuple[socket.socket, ...]
    secure: tuple[socket.socket, ...]

    def close(self) -> None:
        """Give every port back."""
        for bound in (*self.plain, *self.secure):
            bound.close()


def listen(ports: tuple[int, ...] = PORTS) -> Listening:
    """Sockets on the first free pair; port 0 is any free pair. Raises `PortsTaken`."""
    for port in ports:
        for _ in range(_ANY_PORT_TRIES if port == 0 else 1):
            plain = _both(port)
            if not plain:
                continue
            found = int(plain[0].getsockname()[1])
            secure = _both(found + 1) if found < _LAST_PORT else ()
            if secure:
                return Listening(EndpointAddress(found, len(plain) == 2), plain, secure)
            for bound in plain:
                bound.close()
    raise PortsTaken(f"no free pair among {', '.join(map(str, ports))}")


def passed_over(ports: tuple[int, ...], taken: int) -> tuple[int, ...]:
    """Both ports of each pair that was tried before the one that was taken."""
    before = ports[: ports.index(taken)] if taken in ports else ()
    return tuple(port for pair in before for port in (pair, pair + 1))


def _both(port: int) -> tuple[socket.socket, ...]:
    """A socket for each family; one where there is no IPv6 loopback, none where the port is taken."""
    with ExitStack() as undo:
        try:
            sockets = [undo.enter_context(_bound(socket.AF_INET, "127.0.0.1", port))]
            try:
                number = sockets[0].getsockname()[1]
                sockets.append(undo.enter_context(_bound(socket.AF_INET6, "::1", number)))
            except OSError as problem:
                if problem.errno not in _NO_IPV6:
                    raise
        except OSError as problem:
            if problem.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            return ()
        undo.pop_all()
        return tuple(sockets)


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
