"""The few DER encodings that this room makes itself (ITU-T X.690), so that a worker imports no ASN.1 library.

It writes and never parses.
"""

from __future__ import annotations

OCTET_STRING = 0x04
NULL = b"\x05\x00"


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, definite length in the fewest octets, content (X.690 §8.1, §10.1)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of parts that are DER already."""
    return tlv(0x30, b"".join(parts))


def integer(value: int) -> bytes:
    """INTEGER, for values that are not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


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
