"""The clinic's policy file: read strictly, from one place, and only where the administrator alone can write.

No flag, environment variable or user setting moves it. What the policy means is `signer.model.policy`; where
it stands on Windows is `policy_windows`.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from signer.model.errors import PolicyInvalid
from signer.model.findings import CATALOGUE
from signer.model.origin import OriginInvalid, parse_origin
from signer.model.policy import NO_PROXY, SYSTEM_PROXY, NetSettings, Policy
from signer.model.sheet import Weight
from signer.platform import policy_windows

PLACE = Path("/etc/mohr/policy.toml")
ADMINISTRATOR = 0
#: A policy is a page of text.
MAX_OCTETS = 64 * 1024


def read_policy(place: Path = PLACE, *, owner: int = ADMINISTRATOR) -> Policy | None:
    """The policy, or None where there is no such file. `owner` is the user id that file and folder belong to.

    Raises `PolicyInvalid`, with what is wrong in its detail; nothing may then be signed.
    """
    if os.name != "posix":
        return read_named(policy_windows.named_file)
    try:
        octets = _read(place, owner)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise PolicyInvalid(f"{place}: {type(problem).__name__}") from problem
    return parse_policy(octets, place)


def read_named(find: Callable[[], Path | None]) -> Policy | None:
    """The policy in the file that `find` gives, or None where it gives none.

    Raises `PolicyInvalid`, also where that file is not there: who names one has a policy.
    """
    try:
        place = find()
        if place is None:
            return None
        with place.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except OSError as problem:
        raise PolicyInvalid(f"the file that the registry names: {type(problem).__name__}") from problem
    return parse_policy(octets, place)


def parse_policy(octets: bytes, place: Path) -> Policy:
    """The policy in these octets, whoever owns the file that they are from; `place` stands in what is raised.

    Raises `PolicyInvalid`.
    """
    if len(octets) > MAX_OCTETS:
        raise PolicyInvalid(f"{place}: more than {MAX_OCTETS} octets")
    try:
        policy = msgspec.convert(tomllib.loads(octets.decode()), Policy, strict=True)
        _check(policy)
    except (ValueError, msgspec.ValidationError) as problem:  # tomllib's and UTF-8's errors are ValueErrors
        raise PolicyInvalid(f"{place}: {problem}") from problem
    return policy


def _read(place: Path, owner: int) -> bytes:
    _check_owner(place.parent, place.parent.stat(), owner)
    with place.open("rb") as file:
        found = os.fstat(file.fileno())
        _check_owner(place, found, owner)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_OCTETS:
            raise PolicyInvalid(f"{place}: no plain file of at most {MAX_OCTETS} octets")
        return file.read(MAX_OCTETS)


def _check_owner(path: Path, found: os.stat_result, owner: int) -> None:
    if found.st_uid != owner:
        raise PolicyInvalid(f"{path}: belongs to another user than {owner}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PolicyInvalid(f"{path}: can be written by others")


def _check(policy: Policy) -> None:
    """What the types cannot say. Raises ValueError."""
    for origin in policy.origins or ():
        _check_origin(origin, loopback=False)
    for origin in policy.loopback_origins:
        _check_origin(origin, loopback=True)
    for code in sorted(policy.red_findings):
        if code not in CATALOGUE or CATALOGUE[code].weight is not Weight.AMBER:
            raise ValueError(f"red_findings: {code} is no amber finding")
    if policy.anchors is not None and not Path(policy.anchors).is_absolute():
        raise ValueError("anchors: not an absolute path")
    _check_net(policy.net)


def _check_origin(origin: str, *, loopback: bool) -> None:
    try:
        parsed = parse_origin(origin)
    except OriginInvalid as problem:
        raise ValueError(f"{origin}: not an origin as browsers write it") from problem
    if parsed.loopback is not loopback or (parsed.scheme != "https" and not loopback):
        raise ValueError(
            f"{origin}: {'not a page of this computer' if loopback else 'not https from elsewhere'}"
        )


def _check_net(net: NetSettings) -> None:
    proxies = () if net.proxy in {SYSTEM_PROXY, NO_PROXY} else (net.proxy,)
    for url in (*(tsa.url for tsa in net.tsa), *net.crls, *net.ocsp, *proxies):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url}: not an http or https URL")
        if parts.username is not None and url != net.proxy:
            raise ValueError(f"{parts.hostname}: user and password have members of their own")
    for tsa in net.tsa:
        arcs = (tsa.policy or "1.2").split(".")
        if len(arcs) < 2 or not all(arc.isascii() and arc.isdigit() for arc in arcs):
            raise ValueError(f"{tsa.url}: policy is no object identifier")
        if tsa.password is not None and tsa.user is None:
            raise ValueError(f"{tsa.url}: a password without a user")
