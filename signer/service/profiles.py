"""Which profiles of token families are in use: those that are shipped, and over them a signed pack's.

A pack is data of whoever the clinic's policy believes. It is judged whole before anything is replaced, and
again each time it is loaded; where it cannot be used, the shipped profiles are, and the reason is kept. Whose
key is believed is the caller's to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.catalogue import Profile, load_catalogue, load_profile, shipped
from drivers.edition import EDITION
from drivers.errors import ProfileInvalid
from drivers.installed import candidates
from signer.model.errors import FileUnusable, ModulePlaceOpen, MohrError, ProfilePackInvalid, SignedFileOlder
from signer.platform.closed_places import closed_by_custom, open_place
from signer.platform.private_files import read_private, write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from signer.verify.profile_pack import Pack

FILE = "profiles.pack"
SEEN = "profiles-seen.json"


class Source(Enum):
    """Where the newest profiles in use come from."""

    SHIPPED = "shipped"
    PACK = "pack"


class Standing(Struct, frozen=True, kw_only=True):
    """What is in use: version, source, and for a pack the key that signed it and the families that are its.

    `problem` is why a pack that is there is not used. `overtaken` is the version of one that is there, signed
    and whole, and that the shipped profiles have caught up with.
    """

    version: int = EDITION
    source: Source = Source.SHIPPED
    key_id: str | None = None
    families: frozenset[str] = frozenset()
    overtaken: int | None = None
    problem: MohrError | None = None


class ProfileSet(Struct, frozen=True, kw_only=True):
    """The profiles' texts by family, and what they are."""

    texts: Mapping[str, str]
    standing: Standing

    def load(self) -> tuple[Profile, ...]:
        """All of them."""
        return load_catalogue(self.texts)


class Opened(Struct, frozen=True, kw_only=True):
    """A pack that a key has signed, and that says what a pack may say."""

    pack: Pack
    key_id: str
    sha256: str


def in_use(folder: Path, key: Callable[[], Ed25519PublicKey]) -> ProfileSet:
    """The profiles, and the pack's of this data folder over them. `key` is asked only where there is a pack.

    No `MohrError` is raised, not `key`'s either: a pack that cannot be used leaves the shipped ones.
    """
    texts = shipped()
    try:
        octets = _kept(folder / FILE)
        if octets is None:
            return ProfileSet(texts=texts, standing=Standing())
        return _over(texts, octets, key(), folder)
    except MohrError as problem:
        return ProfileSet(texts=texts, standing=Standing(problem=problem))


def opened(octets: bytes, key: Ed25519PublicKey) -> Opened:
    """The pack in an envelope. Its profiles load beside the shipped ones, and name closed places alone.

    Raises `SignedFileMalformed`, `SignedFileUntrusted`, `ProfilePackInvalid`, `ModulePlaceOpen`.
    """
    from signer.verify import profile_pack, signed_file

    payload = signed_file.opened(octets, profile_pack.PAYLOAD_TYPE, key)
    pack = profile_pack.read(payload)
    check(pack.profiles)
    return Opened(pack=pack, key_id=signed_file.key_id(key), sha256=hashlib.sha256(payload).hexdigest())


def judged(octets: bytes, key: Ed25519PublicKey, folder: Path, now: datetime) -> Opened:
    """Would `install` take this pack? Changes nothing.

    Raises as `opened` does, and `SignedFileExpired`, `SignedFileOlder`, `FileUnusable`.
    """
    from signer.service.seen_files import SeenFiles
    from signer.verify import dated

    found = opened(octets, key)
    if found.pack.serial <= EDITION:
        raise SignedFileOlder(f"serial {found.pack.serial}, and this version of Mohr brings {EDITION}")
    dated.judge(found.pack, found.sha256, now, SeenFiles(folder / SEEN).last(found.key_id))
    return found


def install(octets: bytes, key: Ed25519PublicKey, folder: Path, now: datetime) -> Opened:
    """Use this pack from now on. Nothing is changed where it raises. Raises as `judged` does."""
    from signer.service.seen_files import SeenFiles
    from signer.verify.dated import Seen

    found = judged(octets, key, folder, now)
    try:
        write_private(folder / FILE, octets)
    except OSError as fault:
        raise FileUnusable(f"{FILE}: {type(fault).__name__}") from fault
    SeenFiles(folder / SEEN).remember(found.key_id, Seen(found.pack.serial, found.sha256))
    return found


def check(profiles: Mapping[str, str]) -> None:
    """Would a pack of these be used here? Raises `ProfilePackInvalid`, `ModulePlaceOpen`."""
    try:
        own = [load_profile(family, text) for family, text in profiles.items()]
        load_catalogue({**shipped(), **profiles})
    except ProfileInvalid as fault:
        raise ProfilePackInvalid(str(fault)) from fault
    for profile in own:
        _check_places(profile)


def _over(texts: Mapping[str, str], octets: bytes, key: Ed25519PublicKey, folder: Path) -> ProfileSet:
    from signer.service.seen_files import SeenFiles
    from signer.verify import dated

    found = opened(octets, key)
    dated.goes_up(found.pack, found.sha256, SeenFiles(folder / SEEN).last(found.key_id))
    if found.pack.serial <= EDITION:
        return ProfileSet(texts=texts, standing=Standing(overtaken=found.pack.serial))
    return ProfileSet(
        texts={**texts, **found.pack.profiles},
        standing=Standing(
            version=found.pack.serial,
            source=Source.PACK,
            key_id=found.key_id,
            families=frozenset(found.pack.profiles),
        ),
    )


def _check_places(profile: Profile) -> None:
    for key, path in profile.module.paths():
        if not closed_by_custom(path, windows=key.startswith("windows")):
            raise ModulePlaceOpen(f"{profile.family}: {path}")
    for candidate in candidates(profile.module):
        place = open_place(candidate)
        if place is not None:
            raise ModulePlaceOpen(f"{profile.family}: {candidate}, by way of {place}")


def _kept(file: Path) -> bytes | None:
    try:
        return read_private(file)
    except OSError as fault:
        raise FileUnusable(f"{FILE}: {type(fault).__name__}") from fault
