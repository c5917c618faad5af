"""The two ends of a loopback connection, in the forms under which an operating system may list them."""

from __future__ import annotations

import socket

#: (address, port, …) as the socket module gives it for AF_INET and AF_INET6.
SocketAddress = tuple[str, int] | tuple[str, int, int, int]
#: 4 or 16 octets in network order, and the port.
End = tuple[bytes, int]


def family_of(address: SocketAddress) -> socket.AddressFamily:
    """AF_INET or AF_INET6, by the address's spelling."""
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def as_it_is(address: SocketAddress) -> End:
    """The address as it was given."""
    return socket.inet_pton(family_of(address), address[0]), address[1]


def as_mapped(address: SocketAddress) -> End:
    """An IPv4 address as a dual-stack program's IPv6 socket has it (RFC 4291 §2.5.5.2)."""
    octets, port = as_it_is(address)
    return (b"\0" * 10 + b"\xff\xff" + octets if len(octets) == 4 else octets), port


def forms(peer: SocketAddress, server: SocketAddress) -> frozenset[tuple[End, End]]:
    """Both ends as the peer's own socket may be listed: (local, remote)."""
    return frozenset((form(peer), form(server)) for form in (as_it_is, as_mapped))
