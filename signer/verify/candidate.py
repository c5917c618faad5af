"""What a format's reader hands to `judge`: one signature, taken apart, its integrity and value checked.

A reader knows its format and nothing of trust. It reads octets from anywhere without touching the network,
raises `Unreadable` where it cannot go on, and otherwise says everything that it found; chain, revocation,
timestamps and policy are judged in one place for all formats.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from signer.verify.report import Finding, SubIndication


class SignatureTimestamp(Struct, frozen=True, kw_only=True):
    """A TimeStampToken (RFC 3161 §2.4.2, DER) and the octets that its imprint has to cover."""

    token: bytes
    stamped: bytes


class Candidate(Struct, frozen=True, kw_only=True, gc=False):
    """One signature. Integrity (digests) and value (the key's own signature) were checked by the reader.

    `failure` is what those checks, or a rule of the format, ended in; None where all held. `certificate` is
    the signing certificate as the *signed* reference names it, `certificates` all others inside, `crls` and
    `ocsps` revocation data inside (RFC 5280 §5, RFC 6960 §4.2.1), all DER. `digest` is what `hashlib` calls
    the hash under the signature; `padding` is "pkcs1", "pss" or "ecdsa". `content` is None where it was not
    given, and `changed` another version of it, where both are at hand and one of them is the signed one;
    `covers_all` is False where the file holds more than what was signed (a later update of a PDF).
    """

    format: str
    level: str
    certificate: bytes
    digest: str
    padding: str
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    timestamps: tuple[SignatureTimestamp, ...] = ()
    claimed_at: datetime | None = None
    media_type: str | None = None
    content: bytes | None = None
    changed: bytes | None = None
    attached: bool = True
    covers_all: bool = True
    failure: SubIndication | None = None
    findings: tuple[Finding, ...] = ()


class Unreadable(Exception):
    """The reader cannot go on: not this format, broken, or over a limit. `finding` says why."""

    def __init__(self, sub_indication: SubIndication, finding: Finding) -> None:
        super().__init__(f"{sub_indication.value} {finding.code}")
        self.sub_indication = sub_indication
        self.finding = finding


class ReadSignature(Protocol):
    """The one function that a format's reader exports as `read`."""

    def __call__(self, octets: bytes, content: bytes | None = None) -> Candidate:
        """Take one signature file apart; `content` where it is detached. Raises `Unreadable` alone."""
