"""`mohr policy check`: would the agent take this policy file, and what would it then allow?

The file may stand anywhere, and belong to anybody: who wrote it checks it before it is put in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from signer.model.errors import PolicyInvalid, SigningKeyUnusable
from signer.model.policy import Policy
from signer.model.text import visible
from signer.platform.policy_file import PLACE, parse_policy, read_policy
from signer.verify import signed_file


def check(file: Path) -> int:
    """0 where the agent would take it, 1 where it would not, with what is wrong."""
    try:
        octets = file.read_bytes()
    except OSError as problem:
        print(f"mohr policy: {visible(str(problem))}")
        return 1
    try:
        policy = parse_policy(octets, file)
        _key(policy.profiles.key)
        _key(policy.updates.key)
        if file.resolve() == PLACE:
            read_policy()  # in its place, owner and mode count too
    except (PolicyInvalid, SigningKeyUnusable) as problem:
        print(f"{problem.en} {visible(problem.detail)}")
        return 1
    print("\n".join(("valid", *(f"  {line}" for line in _allows(policy)))))
    return 0


def _allows(policy: Policy) -> Iterator[str]:
    """What the policy says, a line for each thing that somebody asks about."""
    yield f"panels             {_listed(policy.origins, 'any https origin that the doctor pairs')}"
    yield f"pages of this PC   {_listed(policy.loopback_origins, 'none')}"
    yield f"new pairings       {'allowed' if policy.pairing else 'closed'}"
    formats = None if policy.formats is None else sorted(one.value for one in policy.formats)
    yield f"formats            {_listed(formats, 'all')}"
    yield f"red findings       {_listed(sorted(policy.red_findings), 'none beyond the usual')}"
    yield f"anchors            {visible(policy.anchors or 'none')}"
    yield f"timestamps from    {_listed([tsa.url for tsa in policy.net.tsa], 'nobody')}"
    yield f"revocation         {policy.net.revocation.value}"
    yield f"profile packs of   {_key(policy.profiles.key)}"
    yield f"updates from       {visible(policy.updates.manifest or 'nowhere')}"
    yield f"updates signed by  {_key(policy.updates.key)}"
    signatures, minutes = policy.session_signing_signatures, policy.session_signing_minutes
    session = f"{signatures} signatures, {minutes} minutes" if signatures and minutes else "forbidden"
    yield f"session signing    {session}"


def _key(pinned: str | None) -> str:
    """A key's id, as `mohr update sign` and `mohr profiles sign` print it. Raises `SigningKeyUnusable`."""
    return "nobody" if pinned is None else f"key {signed_file.key_id(signed_file.public_key(pinned))}"


def _listed(texts: tuple[str, ...] | list[str] | None, otherwise: str) -> str:
    return ", ".join(map(visible, texts)) if texts else otherwise
