"""The few DER encodings that this room makes itself (ITU-T X.690), so that a worker imports no ASN.1 library.

It parses no more than the head of one element: what a module encoded.
"""

from __future__ import annotations

INTEGER = 0x02
OCTET_STRING = 0x04
SEQUENCE = 0x30
NULL = b"\x05\x00"


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, definite length in the fewest octets, content (X.690 §8.1, §10.1)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def read(octets: bytes, tag: int) -> tuple[bytes, bytes]:
    """The contents of the element that begins here, and what follows it. Raises `ValueError`.

    BER: a length may take more octets than it needs, but is definite (X.690 §8.1.3).
    """
    if len(octets) < 2 or octets[0] != tag:
        raise ValueError(f"no tag 0x{tag:02X}")
    start, size = 2, octets[1]
    if size & 0x80:
        start, size = 2 + (size & 0x7F), int.from_bytes(octets[2 : 2 + (size & 0x7F)], "big")
    if octets[1] == 0x80 or len(octets) < start + size:
        raise ValueError("a length that does not fit")
    return octets[start : start + size], octets[start + size :]


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of parts that are DER already."""
    return tlv(SEQUENCE, b"".join(parts))


def integer(value: int) -> bytes:
    """INTEGER, for values that are not negative."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octet_string(content: bytes) -> bytes:
    """OCTET STRING, primitive."""
    return tlv(OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return tlv(0x03, b"\x00" + content)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted form (X.690 §8.19)."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | (arc & 0x7F))
        content += bytes(reversed(septets))
    return tlv(0x06, bytes(content))
