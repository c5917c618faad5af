"""`mohr ca`: the agent's own authority for https on loopback, and the stores that browsers trust."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from signer.endpoint.local_ca import LocalIdentity, local_identity
from signer.model.errors import MohrError
from signer.model.text import visible
from signer.platform import trust_stores
from signer.platform.folders import user_data
from signer.platform.trust_stores import TrustStore, system_store, user_stores


def status(*, system: bool) -> int:
    """Print the authority and how it stands in each store; 1 where one cannot be read."""
    identity = _identity()
    print(f"SHA-256 {identity.fingerprint}, until {identity.not_after:%Y-%m-%d}")
    return _each(system, lambda store: trust_stores.standing(store, identity.authority).value)


def trust(*, system: bool) -> int:
    """Put the authority into each store; 1 where one would not have it."""
    identity = _identity()

    def put(store: TrustStore) -> str:
        trust_stores.trust(store, identity.authority)
        return "trusted"

    return _each(system, put)


def distrust(*, system: bool) -> int:
    """Take every authority of ours out of each store; 1 where one would not let go."""
    return _each(system, lambda store: "removed" if trust_stores.distrust(store) else "was not there")


def export() -> int:
    """Print the authority, PEM."""
    sys.stdout.write(_identity().authority.decode("ascii"))
    return 0


def _identity() -> LocalIdentity:
    return local_identity(user_data() / "tls", datetime.now(UTC))


def _each(system: bool, do: Callable[[TrustStore], str]) -> int:
    failed = 0
    for store in (system_store(),) if system else user_stores(Path.home()):
        try:
            said = do(store)
        except MohrError as problem:
            failed, said = 1, f"{problem.en} {problem.detail} [{problem.code}]"
        print(f"{store.kind.value:9} {visible(str(store.folder))}: {said}")
    return failed
