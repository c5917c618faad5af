"""Puts the agent's authority into its user's browsers, once for each store and authority, and no more.

A store that somebody took it out of is not filled again, and neither is any after `decline`. So a start at
which nothing is new starts no process. What a store is, and how it is filled, is `trust_stores`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from signer.model.errors import MohrError
from signer.platform.private_files import read_private, write_private
from signer.platform.trust_stores import TrustStore, trust, user_stores

FILE = "placed.json"


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """The authority, SHA-256 of its PEM, and the stores that were given it. `declined`: none is to be."""

    authority: str = ""
    stores: tuple[str, ...] = ()
    declined: bool = False


def keep_trusted(
    home: Path, tls: Path, authority: bytes, going_on: Callable[[], bool] = lambda: True
) -> Iterator[tuple[TrustStore, MohrError | None]]:
    """Give it to each store that was not given it, and tell each with what went wrong there, if anything.

    `tls` is the private folder where the record is kept, `authority` PEM. A store that refused is tried again
    at the next start; `going_on` is asked before each. Raises OSError where the record refuses.
    """
    placed = _read(tls)
    if placed.declined:
        return
    named = hashlib.sha256(authority).hexdigest()
    if placed.authority != named:
        placed = Placed(authority=named)
    for store in user_stores(home):
        if str(store.folder) in placed.stores or not going_on():
            continue
        try:
            trust(store, authority)
        except MohrError as problem:
            yield store, problem
            continue
        placed = msgspec.structs.replace(placed, stores=(*placed.stores, str(store.folder)))
        _write(tls, placed)
        yield store, None


def decline(tls: Path) -> None:
    """The user wants it in no store: the next starts put it in none. Raises OSError."""
    _write(tls, Placed(declined=True))


def agree(tls: Path) -> None:
    """The user has asked for it again. Raises OSError."""
    _write(tls, Placed())


def _read(tls: Path) -> Placed:
    try:
        return msgspec.json.decode(read_private(tls / FILE) or b"{}", type=Placed)
    except msgspec.DecodeError:
        return Placed()  # nothing is lost but the memory of what was done


def _write(tls: Path, placed: Placed) -> None:
    write_private(tls / FILE, msgspec.json.encode(placed))
