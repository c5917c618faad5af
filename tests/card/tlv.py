"""BER-TLV as PIV cards write it (ISO/IEC 7816-4 §5.2.2): what the virtual card needs and no more."""

from __future__ import annotations


def tlv(tag: int, *values: bytes) -> bytes:
    """One data object over the values' octets."""
    value = b"".join(values)
    octets = (tag.bit_length() + 7) // 8
    size = len(value)
    if size < 0x80:
        length = bytes((size,))
    else:
        width = (size.bit_length() + 7) // 8
        length = bytes((0x80 | width,)) + size.to_bytes(width, "big")
    return tag.to_bytes(octets, "big") + length + value


def objects(octets: bytes) -> dict[int, bytes]:
    """The data objects that stand side by side, of one-octet tags. Raises `IndexError` where one is cut."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(octets):
        tag, size = octets[at], octets[at + 1]
        at += 2
        if size & 0x80:
            width = size & 0x7F
            size = int.from_bytes(octets[at : at + width], "big")
            at += width
        if at + size > len(octets):
            raise IndexError("a data object is cut")
        found[tag] = octets[at : at + size]
        at += size
    return found
