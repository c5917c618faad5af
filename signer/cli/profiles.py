"""`mohr profiles`: which profiles of token families are in use, and a signed pack: taken, judged, made.

A pack is taken where the clinic's policy pins the key that signed it, and no option names another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from drivers.catalogue import Profile, shipped
from drivers.edition import EDITION
from drivers.errors import ProfileInvalid
from signer.cli.drawing import drawn
from signer.cli.language import Language, Pair, first_of, problem_line, told
from signer.cli.loadable import profile_set
from signer.cli.signed_files import octets_of, pinned_or_given, signed_to, written
from signer.model.errors import FileUnusable, ProfilePackInvalid
from signer.model.policy import Policy
from signer.model.text import visible
from signer.platform.folders import user_data
from signer.platform.policy_file import read_policy
from signer.service import profiles
from signer.service.profiles import Opened, Standing
from signer.verify import profile_pack

_SHIPPED: Pair = ("همراه مُهر", "shipped with Mohr")
_PACK: Pair = ("از بسته", "from the pack")
_VERSION: Pair = ("نمایه‌های توکن، نسخهٔ {version}، {source}", "token profiles, version {version}, {source}")
_KEY: Pair = ("کلید", "key")
_OVERTAKEN: Pair = (
    "بستهٔ نسخهٔ {version} کنار گذاشته شده است: نمایه‌های همراه مُهر به آن رسیده‌اند",
    "the pack of version {version} stands aside: the shipped profiles have caught up with it",
)
_NOT_USED: Pair = ("بسته‌ای هست که به کار نمی‌رود:", "there is a pack that is not used:")
_UNKNOWN: Pair = ("چنین خانواده‌ای شناخته نیست", "no such family is known")
_USED: Pair = (
    "از این پس نمایه‌های نسخهٔ {version} به کار می‌رود؛ مُهر باز را ببندید و دوباره باز کنید",
    "profiles of version {version} are used from now on; an agent that runs takes them up at its next start",
)
_ALREADY: Pair = (
    "همین بسته، نسخهٔ {version}، هم‌اکنون به کار می‌رود",
    "this very pack, version {version}, is in use already",
)
_GENUINE: Pair = (
    "درست و امضاشده: نسخهٔ {version}، برای نصب تا {until}",
    "genuine: version {version}, to be installed until {until}",
)
_NEW: Pair = ("تازه", "new")
_INSTEAD: Pair = ("به جای نمایهٔ همراه مُهر", "instead of the shipped one")


def listed(language: Language, *, as_json: bool) -> int:
    """Every family and its source: 1 where there is a pack that cannot be used."""
    used = profile_set()
    standing = used.standing
    families = used.load()
    if as_json:
        said = {
            "version": standing.version,
            "source": standing.source.value,
            "key": standing.key_id,
            "overtaken": standing.overtaken,
            "problem": None if standing.problem is None else standing.problem.code,
            "profiles": [
                {"family": one.family, "name": one.name, "source": _source(one, standing)} for one in families
            ],
        }
        print(json.dumps(said))
    else:
        print("\n".join(_standing_lines(standing, language)))
        for one in families:
            print(f"  {one.family:<24}{visible(one.name):<40}{told(_words(one, standing), language)}")
    return int(standing.problem is not None)


def show(family: str, language: Language) -> int:
    """The text of one: 1 where there is none."""
    used = profile_set()
    if family not in used.texts:
        print(f"{visible(family)}: {told(_UNKNOWN, language)}")
        return 1
    words = _PACK if family in used.standing.families else _SHIPPED
    version = used.standing.version if family in used.standing.families else EDITION
    print(f"# {told(_VERSION, language, version=version, source=first_of(words, language))}")
    for line in used.texts[family].splitlines():
        print(visible(line))
    return 0


def update(file: Path, language: Language) -> int:
    """Take a pack. Raises what refuses it; nothing has changed then."""
    policy = read_policy() or Policy()
    key = pinned_or_given(policy.profiles.key, None)
    before = profile_set().standing
    found = profiles.install(octets_of(file), key, user_data(), datetime.now(UTC))
    same = before.source is profiles.Source.PACK and before.version == found.pack.serial
    print(told(_ALREADY if same else _USED, language, version=found.pack.serial))
    _print_contents(found, language)
    return 0


def verify(file: Path, key_file: Path | None, language: Language) -> int:
    """0 where it is signed, whole, current and none that goes back. Raises what refuses it."""
    policy = read_policy() or Policy()
    key = pinned_or_given(policy.profiles.key, key_file)
    found = profiles.judged(octets_of(file), key, user_data(), datetime.now(UTC))
    until = f"{found.pack.expires:%Y-%m-%d}"
    print(told(_GENUINE, language, version=found.pack.serial, until=until))
    _print_contents(found, language)
    return 0


def pack(folder: Path, serial: int, days: int, out: Path | None) -> int:
    """Make the payload of a pack, which would be taken here were it signed; to `out` or standard output."""
    try:
        texts = shipped(folder)
    except OSError as fault:
        raise FileUnusable(f"{folder.name}: {type(fault).__name__}") from fault
    except ProfileInvalid as fault:
        raise ProfilePackInvalid(str(fault)) from fault
    now = datetime.now(UTC).replace(microsecond=0)
    said = {
        "mohr_profiles": 1,
        "serial": serial,
        "issued": now.isoformat(),
        "expires": (now + timedelta(days=days)).isoformat(),
        "profiles": texts,
    }
    octets = msgspec.json.format(json.dumps(said, ensure_ascii=False).encode(), indent=1) + b"\n"
    _judged_for_signing(octets)
    written(octets, out)
    return 0


def sign(key_file: Path, pack_file: Path, out: Path | None) -> int:
    """Sign what `pack` has made, as it is; to `out` or standard output."""
    octets = octets_of(pack_file)
    serial = _judged_for_signing(octets).serial
    return signed_to(octets, profile_pack.PAYLOAD_TYPE, serial, key_file=key_file, out=out)


def _judged_for_signing(octets: bytes) -> profile_pack.Pack:
    said = profile_pack.read(octets)
    profiles.check(said.profiles)
    return said


def _standing_lines(standing: Standing, language: Language) -> Iterator[str]:
    from_pack = standing.source is profiles.Source.PACK
    source = first_of(_PACK if from_pack else _SHIPPED, language)
    yield told(_VERSION, language, version=standing.version, source=source)
    if standing.key_id is not None:
        yield f"{told(_KEY, language)} {standing.key_id}"
    if standing.overtaken is not None:
        yield told(_OVERTAKEN, language, version=standing.overtaken)
    if standing.problem is not None:
        yield drawn(f"{first_of(_NOT_USED, language)} {problem_line(standing.problem, language)}")


def _print_contents(found: Opened, language: Language) -> None:
    print(f"{told(_KEY, language)} {found.key_id}")
    before = shipped()
    for family in sorted(found.pack.profiles):
        print(f"  {family:<24}{told(_INSTEAD if family in before else _NEW, language)}")


def _words(one: Profile, standing: Standing) -> Pair:
    return _PACK if one.family in standing.families else _SHIPPED


def _source(one: Profile, standing: Standing) -> str:
    source = profiles.Source.PACK if one.family in standing.families else profiles.Source.SHIPPED
    return str(source.value)
