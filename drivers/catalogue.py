"""Token profiles: what is known of each family, loaded from `profiles/*.toml` and nothing else.

A vendor's quirk is a line in a profile, never a branch in code. Loading is strict: an unknown key, a value
outside its enum or a relative path fails with `ProfileInvalid`. Which profile a signature is made by is the
caller's choice, from `find_modules` and `matches`.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec
from msgspec import Struct

from drivers.errors import ProfileInvalid
from drivers.mechanisms import SignPreferences
from drivers.types import Binding, Limits, Token

PROFILES = Path(__file__).parent / "profiles"
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_ATR = re.compile(r"([0-9A-F]{2})( [0-9A-F]{2})*\Z")


class Module(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[module]`: absolute paths to try, in order, for each system and bitness. `%NAME%` is a variable."""

    linux64: tuple[str, ...] = ()
    linux32: tuple[str, ...] = ()
    windows64: tuple[str, ...] = ()
    windows32: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    binding: Binding = Binding.PYKCS11


class Atr(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An ATR and the bits of it that count: octets in upper-case hexadecimal, set apart by blanks."""

    value: str
    mask: str | None = None

    def matches(self, atr: bytes) -> bool:
        """True where `atr` agrees in every bit of the mask, and in length."""
        value = bytes.fromhex(self.value)
        mask = bytes.fromhex(self.mask) if self.mask is not None else b"\xff" * len(value)
        if len(atr) != len(value):
            return False
        return all(a & m == v & m for a, v, m in zip(atr, value, mask, strict=True))


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[match]`: how a token of this family is known. Texts are compared whole, without padding."""

    atrs: tuple[Atr, ...] = ()
    manufacturers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class PinFlags(Enum):
    """Whether CKF_USER_PIN_COUNT_LOW, _FINAL_TRY and _LOCKED may be relied upon when they are *not* set."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[login]`."""

    pin_flags: PinFlags = PinFlags.UNKNOWN


class EventSource(Enum):
    """Where news of tokens come from."""

    PCSC = "pcsc"
    SLOT_EVENT = "slot-event"
    SLOT_LIST = "slot-list"


class Events(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[events]`. `slot_list_seconds` counts where the slot list is asked, never below one second."""

    source: EventSource = EventSource.PCSC
    slot_list_seconds: float = 2.0


class Help(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[help]`: one sentence for the doctor, in Persian and in English."""

    fa: str
    en: str


class Fact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `[[evidence]]`: a fact used above, where it comes from, and whether we saw it happen."""

    fact: str
    source: str
    seen: bool


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of tokens. `ckr` maps C_ function, then CK_RV, to a stable error code of the signer."""

    family: str
    name: str
    module: Module
    match: Match
    help: Help
    evidence: tuple[Fact, ...]
    login: Login = Login()
    sign: SignPreferences = SignPreferences()
    events: Events = Events()
    limits: Limits = Limits()
    ckr: Mapping[str, Mapping[str, str]] = {}

    def meanings(self, function: str) -> dict[int, str]:
        """The error codes that this family's CK_RV stand for, when `function` returned them."""
        return {int(rv, 16): code for rv, code in self.ckr.get(function, {}).items()}

    def matches(self, token: Token) -> bool:
        """True where manufacturer and model, each as far as the profile names any, are this family's."""
        by = self.match
        if not by.manufacturers and not by.models:
            return False
        return (not by.manufacturers or token.manufacturer in by.manufacturers) and (
            not by.models or token.model in by.models
        )


class PresentModule(Struct, frozen=True, kw_only=True):
    """A profile's module that is installed here: the file found, with links resolved."""

    profile: Profile
    path: Path


def load_profile(file: Path) -> Profile:
    """One profile. Raises `ProfileInvalid` naming the file and the key, `OSError` where it cannot be read."""
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileInvalid(file.name, "$", str(error)) from None
    try:
        profile = msgspec.convert(raw, Profile)
    except msgspec.ValidationError as error:
        problem, key = _split(str(error), raw)
        raise ProfileInvalid(file.name, key, problem) from None
    for key, problem in _problems(profile, file):
        raise ProfileInvalid(file.name, key, problem)
    return profile


def load_catalogue(folder: Path = PROFILES) -> tuple[Profile, ...]:
    """All profiles of a folder, by family. Raises as `load_profile` does."""
    return tuple(load_profile(file) for file in sorted(folder.glob("*.toml")))


def find_modules(
    profiles: Iterable[Profile], environment: Mapping[str, str] | None = None
) -> tuple[PresentModule, ...]:
    """The modules installed on this computer, each file once, in the profiles' order.

    A file that two paths lead to, through links, is one module: its tokens are not to be listed twice.
    """
    environment = os.environ if environment is None else environment
    found: dict[Path, PresentModule] = {}
    for profile in profiles:
        for template in getattr(profile.module, _platform()):
            path = _expanded(template, environment)
            if path is not None and path.is_file():
                real = path.resolve()
                found.setdefault(real, PresentModule(profile=profile, path=real))
    return tuple(found.values())


def _platform() -> str:
    if sys.platform == "darwin":
        return "macos"
    return ("windows" if sys.platform == "win32" else "linux") + ("64" if sys.maxsize > 2**32 else "32")


def _expanded(template: str, environment: Mapping[str, str]) -> Path | None:
    names = re.findall(r"%([^%]+)%", template)
    if any(name not in environment for name in names):
        return None
    return Path(re.sub(r"%([^%]+)%", lambda found: environment[found[1]], template))


def _split(message: str, raw: dict[str, Any]) -> tuple[str, str]:
    """msgspec's sentence and the path in it; an unknown or missing key is named by the sentence alone."""
    problem, _, where = message.partition(" - at `")
    path = where.rstrip("`").removeprefix("$").removeprefix(".")
    named = re.search(r"(?:field|missing required field) `([^`]+)`", problem)
    key = ".".join(part for part in (path, named[1] if named else "") if part)
    return problem, key or "$"


def _problems(profile: Profile, file: Path) -> Iterable[tuple[str, str]]:
    if profile.family != file.stem:
        yield "family", f"the file is named {file.stem}"
    for key in ("linux64", "linux32", "macos"):
        if not all(PurePosixPath(path).is_absolute() for path in getattr(profile.module, key)):
            yield f"module.{key}", "a path is not absolute"
    for key in ("windows64", "windows32"):
        for path in getattr(profile.module, key):
            if not (PureWindowsPath(path).is_absolute() or path.startswith("%")):
                yield f"module.{key}", "a path is not absolute"
    for atr in profile.match.atrs:
        texts = [atr.value] if atr.mask is None else [atr.value, atr.mask]
        if not all(_ATR.match(text) for text in texts) or len({len(text) for text in texts}) != 1:
            yield "match.atrs", "an ATR or its mask is not octets in upper-case hexadecimal, equally many"
    for field in Limits.__struct_fields__:
        if not 0 < getattr(profile.limits, field) <= 600:
            yield f"limits.{field}", "not above 0 and up to 600 seconds"
    if profile.events.slot_list_seconds < 1:
        yield "events.slot_list_seconds", "faster than once a second"
    if not profile.sign.hashing:
        yield "sign.hashing", "names no way to sign"
    for function, codes in profile.ckr.items():
        for rv, code in codes.items():
            if not re.fullmatch(r"0x[0-9A-F]{8}", rv) or not _CODE.match(code):
                yield f"ckr.{function}.{rv}", "not a CK_RV as 0x and eight digits, and a stable code"
    if not profile.evidence:
        yield "evidence", "nothing says where these facts come from"
