"""A web origin, in the one spelling that browsers send (RFC 6454 §6.1).

Syntax only: whether an origin may call is `policy`'s. Anything that a browser would not have written is
refused rather than repaired, since a repaired name is not the name the browser vouched for.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from msgspec import Struct

MAX_LENGTH = 300
#: Stands where an origin does for what is done in Mohr's own window. It is none: `parse_origin` refuses it.
OWN_ORIGIN = "mohr:"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:]+\]|[a-z0-9_.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?", re.ASCII
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)


class OriginInvalid(ValueError):
    """Not an http or https origin in canonical spelling."""


class Origin(Struct, frozen=True):
    """Scheme, host (punycode as given, brackets around IPv6) and port, None for the scheme's own."""

    scheme: str
    host: str
    port: int | None

    @property
    def loopback(self) -> bool:
        """Is this a page served by this computer?"""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        address = _address(self.host)
        return address is not None and address.is_loopback


def parse_origin(text: str) -> Origin:
    """The origin that `text` is. Raises `OriginInvalid`, also for `null` and for other schemes."""
    found = _ORIGIN.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise OriginInvalid("not scheme://host[:port] in lower case")
    port = int(found["port"]) if found["port"] else None
    if port is not None and (port > 65535 or port == _DEFAULT_PORTS[found["scheme"]]):
        raise OriginInvalid("port out of range, or the scheme's own spelled out")
    _check_host(found["host"])
    return Origin(found["scheme"], found["host"], port)


def _check_host(host: str) -> None:
    address = _address(host)
    if address is not None:
        spelled = f"[{address.compressed}]" if isinstance(address, IPv6Address) else str(address)
        if spelled != host or (isinstance(address, IPv6Address) and address.ipv4_mapped is not None):
            raise OriginInvalid("address not in its canonical spelling")
        return
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise OriginInvalid("not a host name")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except AddressValueError:
        return None
