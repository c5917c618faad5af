"""Whom the verifier trusts, and on what terms: anchors, revocation data and policy, as plain values.

Reading a folder of anchors is `anchors`; what comes of all this is judged in `judge`.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from enum import Enum
from typing import Protocol

from msgspec import Struct

from signer.x509 import Certificate


class RevocationPolicy(Enum):
    """REQUIRE: no valid verdict without data that is current. PREFER: a warning. SKIP: not looked at."""

    REQUIRE = "require"
    PREFER = "prefer"
    SKIP = "skip"


class RevocationData(Struct, frozen=True, kw_only=True):
    """CRLs (RFC 5280 §5) and OCSP responses (RFC 6960 §4.2.1), DER, about whichever certificates."""

    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


class RevocationSource(Hashable, Protocol):
    """Where revocation data comes from that no file holds: a cache, the network. Nothing here has one."""

    def __call__(self, certificate: Certificate, issuer: Certificate, at: datetime) -> RevocationData:
        """What can be had about `certificate` for a judgement at `at` (aware). Empty where nothing can.

        It keeps its own deadlines and raises nothing: what cannot be reached is what is not there.
        """


class Trust(Struct, frozen=True, kw_only=True):
    """`anchors` are trusted, `intermediates` only help to find the way; `data` is revocation data at hand.

    `source` is asked for more where `data` and the file do not settle a certificate's state.
    """

    anchors: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...] = ()
    data: RevocationData = RevocationData()
    source: RevocationSource | None = None
    revocation: RevocationPolicy = RevocationPolicy.PREFER
