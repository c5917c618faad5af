"""`mohr ca`: the agent's own authority for https on loopback, and the stores that browsers trust."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from signer.endpoint.local_ca import AUTHORITY, LocalIdentity, local_identity
from signer.model.errors import MohrError, TrustStoreFailed
from signer.model.text import visible
from signer.platform import trust_stores, trust_upkeep
from signer.platform.folders import NAME, user_data
from signer.platform.private_files import private_folder
from signer.platform.trust_stores import TrustStore, system_store, user_stores


def status(*, system: bool) -> int:
    """Print the authority and how it stands in each store; 1 where one cannot be read."""
    if system:
        authority = _callers()
        return _each(system, lambda store: trust_stores.standing(store, authority).value)
    identity = _identity()
    print(f"SHA-256 {identity.fingerprint}, until {identity.not_after:%Y-%m-%d}")
    return _each(system, lambda store: trust_stores.standing(store, identity.authority).value)


def trust(*, system: bool) -> int:
    """Put the authority into each store; 1 where one would not have it."""
    authority = _callers() if system else _identity().authority
    if not system:
        trust_upkeep.agree(user_data() / "tls")

    def put(store: TrustStore) -> str:
        trust_stores.trust(store, authority)
        return "trusted"

    return _each(system, put)


def distrust(*, system: bool) -> int:
    """Take every authority of ours out of each store; 1 where one would not let go.

    The agent puts it into none of this user's any more, until it is asked to.
    """
    if not system:
        trust_upkeep.decline(private_folder(user_data() / "tls"))
    return _each(system, lambda store: "removed" if trust_stores.distrust(store) else "was not there")


def export() -> int:
    """Print the authority, PEM."""
    sys.stdout.write(_identity().authority.decode("ascii"))
    return 0


def _identity() -> LocalIdentity:
    return local_identity(user_data() / "tls", datetime.now(UTC))


def _callers() -> bytes:
    """The authority of whoever called sudo: root's own agent, if there is one, serves no doctor."""
    caller = os.environ.get("SUDO_UID", "")
    if os.name != "posix" or os.getuid() != 0 or not caller.isdigit():
        return _identity().authority
    import pwd

    return kept_of(Path(pwd.getpwuid(int(caller)).pw_dir))


def kept_of(home: Path) -> bytes:
    """The authority below another user's home folder. Raises `TrustStoreFailed` where there is none."""
    try:
        return (home / ".local" / "share" / NAME / "tls" / AUTHORITY).read_bytes()
    except OSError as fault:
        raise TrustStoreFailed("that user's agent has made none yet: start it once") from fault


def _each(system: bool, do: Callable[[TrustStore], str]) -> int:
    failed = 0
    for store in (system_store(),) if system else user_stores(Path.home()):
        try:
            said = do(store)
        except MohrError as problem:
            failed, said = 1, f"{problem.en} {problem.en_remedy} {problem.detail} [{problem.code}]"
        if trust_stores.in_use(store):
            said += " (Firefox has it open, and notices a change at its next start)"
        print(f"{store.kind.value:9} {visible(str(store.folder))}: {said}")
    return failed
