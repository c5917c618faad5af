"""Is what a format's reader finds in a finished signature what was agreed to? The check before it leaves.

For formats whose reader tells in `Candidate` all that their signatures can say. CAdES and legacy CMS are
compared octet by octet instead (`cades`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.model.request import Level
from signer.verify.candidate import Candidate, ReadSignature, Unreadable
from signer.x509 import Certificate

#: What stands before the hash in an algorithm's name, and what a `Candidate` calls it.
_PADDINGS = {"rsa-pkcs1": "pkcs1", "rsa-pss": "pss", "ecdsa": "ecdsa"}


class Agreed(Struct, frozen=True, kw_only=True):
    """What a signature has to be: what the doctor said yes to, and what was placed into it afterwards.

    `signing_time` is aware and counts to the second, `level` is the one that was reached, `stamped` what its
    timestamp covers. `timestamp`, `certificates`, `crls` and `ocsps` are DER, as given to the maker.
    """

    content: bytes
    media_type: str
    certificate: Certificate
    algorithm: SignatureAlgorithm
    signing_time: datetime
    attached: bool
    level: Level = Level.B_B
    stamped: bytes = b""
    timestamp: bytes | None = None
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


def check(
    read: ReadSignature,
    signature: bytes,
    agreed: Agreed,
    *,
    media_type: bool = True,
    harmless: frozenset[str] = frozenset(),
) -> None:
    """Read `signature` again and let it pass only where nothing differs.

    `media_type` False is for a format that signs none; `harmless` are codes of findings that a content may
    bring along. Raises `SignatureNotVerified`, with what differs in its detail.
    """
    try:
        found = read(signature, None if agreed.attached else agreed.content)
    except Unreadable as problem:
        raise SignatureNotVerified(f"{problem.sub_indication.name} {problem.finding.code}") from None
    if found.failure is not None:
        raise SignatureNotVerified(found.failure.name)
    differing = list(_differing(found, agreed, harmless))
    if media_type and found.media_type != agreed.media_type:
        differing.append("media type")
    if differing:
        raise SignatureNotVerified(f"differs: {', '.join(differing)}")


def _differing(found: Candidate, agreed: Agreed, harmless: frozenset[str]) -> Iterator[str]:
    stamps = [(stamp.token, stamp.stamped) for stamp in found.timestamps]
    chain = set(agreed.certificates) - {agreed.certificate.der}
    for name, holds in (
        ("content", found.content == agreed.content),
        ("certificate", found.certificate == agreed.certificate.der),
        ("algorithm", (found.padding, found.digest) == _names(agreed.algorithm)),
        ("signing time", found.claimed_at == agreed.signing_time.replace(microsecond=0)),
        ("attachment", found.attached is agreed.attached),
        ("coverage", found.covers_all),
        ("level", found.level == agreed.level.value),
        (
            "timestamp",
            stamps == ([] if agreed.timestamp is None else [(agreed.timestamp, agreed.stamped)]),
        ),
        ("chain", chain <= set(found.certificates)),
        ("revocation data", (set(found.crls), set(found.ocsps)) == (set(agreed.crls), set(agreed.ocsps))),
        ("findings", {finding.code for finding in found.findings} <= harmless),
    ):
        if not holds:
            yield name


def _names(algorithm: SignatureAlgorithm) -> tuple[str, str]:
    scheme, _, digest = algorithm.value.rpartition("-")
    return _PADDINGS[scheme], digest
