"""May an authority name this subject (RFC 5280 §4.2.1.10)? Directory names are compared, by their DER bytes.

Constraints on other kinds of names bind a certificate that has such names, and then they are not understood:
the answer is no. Nothing else of a way is judged here.
"""

from __future__ import annotations

from signer.x509 import tlv
from signer.x509.certificate import Certificate

_NAME_CONSTRAINTS, _ALTERNATIVE_NAMES = "2.5.29.30", "2.5.29.17"
_PERMITTED, _EXCLUDED, _DIRECTORY_NAME = 0xA0, 0xA1, 0xA4


def permits(authority: Certificate, subject: Certificate) -> bool:
    """Is the subject within what the authority may name? True where it is not constrained."""
    value = authority.extension(_NAME_CONSTRAINTS)
    if value is None:
        return True
    try:
        return _permits(value, subject)
    except ValueError:
        return False


def _permits(constraints: bytes, subject: Certificate) -> bool:
    kinds = _kinds_of_alternative_names(subject)
    for part in tlv.read_one(constraints).expect(tlv.SEQUENCE).children():
        bases = [_base(subtree) for subtree in part.children()]
        if any(base.tag in kinds for base in bases):
            return False
        directories = [_rdns(tlv.read_one(base.contents)) for base in bases if base.tag == _DIRECTORY_NAME]
        name = _rdns(tlv.read_one(subject.subject_der))
        within = any(name[: len(directory)] == directory for directory in directories)
        if part.tag == _PERMITTED and directories and not within:
            return False
        if part.tag == _EXCLUDED and within:
            return False
    return True


def _base(subtree: tlv.Tlv) -> tlv.Tlv:
    """The base of a GeneralSubtree; minimum and maximum are never used (§4.2.1.10)."""
    (base,) = subtree.expect(tlv.SEQUENCE).children()
    return base


def _rdns(name: tlv.Tlv) -> list[bytes]:
    return [rdn.encoded for rdn in name.expect(tlv.SEQUENCE).children()]


def _kinds_of_alternative_names(subject: Certificate) -> set[int]:
    value = subject.extension(_ALTERNATIVE_NAMES)
    return set() if value is None else {name.tag for name in tlv.read_one(value).children()}
