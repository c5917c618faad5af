"""`mohr update`: what the clinic's signed manifest says of packages. Nothing is downloaded or installed.

The key that signs is pinned by the clinic's policy, or by a file where the policy pins none.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from signer.cli.assembly import version
from signer.cli.language import Language, Pair, told
from signer.cli.signed_files import octets_of, pinned_or_given, signed_to
from signer.model.errors import FileUnusable, UpdatesUnreachable
from signer.model.policy import Policy
from signer.model.text import visible
from signer.net.http import ExchangeFailed, exchange
from signer.platform.folders import user_data
from signer.platform.policy_file import read_policy
from signer.service.seen_files import SeenFiles
from signer.verify import signed_file, update_manifest
from signer.verify.dated import judge
from signer.verify.update_manifest import Manifest, ordered

#: What was seen last of each key.
SEEN = "updates-seen.json"
#: The exit status where another version is to be installed.
OTHER = 3
_BLOCK = 1024 * 1024

_INSTALLED: Pair = ("نصب‌شده     {version}", "installed  {version}")
_NEWEST: Pair = (
    "تازه‌ترین    {version}، به گفتهٔ فهرست شمارهٔ {serial}، معتبر تا {until}",
    "newest     {version}, says manifest {serial}, good until {until}",
)
_CURRENT: Pair = ("همین تازه‌ترین است", "this is the newest")
_BACK: Pair = ("درمانگاه به نسخهٔ کهنه‌تری برمی‌گردد", "the clinic goes back to an older one")
_PACKAGE: Pair = ("{file} برای {system}، {size} بایت", "{file} for {system}, {size} octets")
_NOT_DONE: Pair = (
    "چیزی دانلود یا نصب نشد؛ آنچه را دانلود کرده‌اید با ‎mohr update verify‎ بسنجید",
    "nothing was downloaded or installed; `mohr update verify FILE` checks what you have downloaded",
)
_GENUINE: Pair = (
    "اصل است: {file}، نسخهٔ {version}، برای {system}",
    "genuine: {file}, version {version}, for {system}",
)


def check(source: str | None, key_file: Path | None, language: Language, *, as_json: bool) -> int:
    """0 where the clinic's newest is installed, 3 where it is not. Raises what refuses the manifest."""
    manifest = _accepted(source, key_file)
    installed, newest = version(), manifest.newest
    ahead = _order(installed) > ordered(newest)
    current = _order(installed) == ordered(newest)
    packages = [one for one in manifest.packages if one.version == newest]
    if as_json:
        said = {
            "installed": installed,
            "newest": newest,
            "serial": manifest.serial,
            "expires": manifest.expires.isoformat(),
            "packages": [msgspec.to_builtins(one) for one in packages],
        }
        print(json.dumps(said, ensure_ascii=False))
        return 0 if current else OTHER
    until = f"{manifest.expires:%Y-%m-%d}"
    print(told(_INSTALLED, language, version=installed))
    print(told(_NEWEST, language, version=newest, serial=manifest.serial, until=until))
    if current:
        print(told(_CURRENT, language))
        return 0
    if ahead:
        print(told(_BACK, language))
    for one in packages:
        about = {"file": one.file, "system": one.system, "size": one.size}
        print(f"  {told(_PACKAGE, language, **about)}")
        print(f"    {visible(one.where)}\n    SHA-256 {one.sha256}")
    print(told(_NOT_DONE, language))
    return OTHER


def verify(package: Path, source: str | None, key_file: Path | None, language: Language) -> int:
    """0 where the file is one that the manifest lists. Raises what refuses manifest or file."""
    manifest = _accepted(source, key_file)
    digest, size = hashlib.sha256(), 0
    try:
        with package.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as fault:
        raise FileUnusable(f"{package.name}: {type(fault).__name__}") from fault
    found = update_manifest.listed(manifest, digest.hexdigest(), size)
    about = {"file": found.file, "system": found.system, "version": found.version}
    print(told(_GENUINE, language, **about))
    return 0


def sign(key_file: Path, manifest_file: Path, out: Path | None) -> int:
    """Sign what is written there, as it is, where it is a manifest; to `out` or standard output."""
    payload = octets_of(manifest_file)
    manifest = update_manifest.read(payload)
    return signed_to(payload, update_manifest.PAYLOAD_TYPE, manifest.serial, key_file=key_file, out=out)


def _order(installed: str) -> tuple[int, ...]:
    """A version that is none of numbers, such as a developer's, comes before every other."""
    try:
        return ordered(installed)
    except ValueError:
        return (0, 0, 0, 0)


def _accepted(source: str | None, key_file: Path | None) -> Manifest:
    """The manifest, signed by the pinned key, current, and none that goes back; it is remembered."""
    policy = read_policy() or Policy()
    key = pinned_or_given(policy.updates.key, key_file)
    payload = signed_file.opened(
        _fetched(source or policy.updates.manifest, policy), update_manifest.PAYLOAD_TYPE, key
    )
    manifest = update_manifest.read(payload)
    seen, named = SeenFiles(user_data() / SEEN), signed_file.key_id(key)
    sha256 = hashlib.sha256(payload).hexdigest()
    seen.remember(named, judge(manifest, sha256, datetime.now(UTC), seen.last(named)))
    return manifest


def _fetched(source: str | None, policy: Policy) -> bytes:
    if source is None:
        raise UpdatesUnreachable("neither the policy nor --manifest names one")
    if not source.startswith(("https://", "http://")):
        return octets_of(Path(source))
    net = policy.net
    try:
        return exchange(source, cap=signed_file.MAX_OCTETS, seconds=net.deadline_seconds, proxy=net.proxy)
    except ExchangeFailed as fault:
        raise UpdatesUnreachable(str(fault)) from fault
