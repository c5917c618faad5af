"""Token profiles: what is known of each family, loaded from `profiles/*.toml` and nothing else.

A vendor's quirk is a line in a profile, never a branch in code. Loading is strict: an unknown key, a value
outside its enum or a relative path fails with `ProfileInvalid`, and so do two profiles that claim the same
card or the same file. What is installed here is asked of `drivers.installed`; profiles that come in a pack
are read by the same rules.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import combinations
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeVar

import msgspec
from msgspec import Struct

from drivers.atr import AtrPattern, parse_pattern
from drivers.errors import ProfileInvalid
from drivers.mechanisms import SignPreferences
from drivers.types import Binding, Limits, Token

PROFILES = Path(__file__).parent / "profiles"
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
#: The variables that a path may name: folders that only an administrator writes to (DESIGN: not the user's).
VARIABLES = frozenset({"SystemRoot", "ProgramFiles", "ProgramFiles(x86)"})
_VARIABLE = re.compile(r"%([^%]+)%")
#: Of a named host, its own port, no user, query or fragment: what a person can read to the end.
_PAGE = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,24}(/[A-Za-z0-9._-]+)*/?", re.ASCII)


class Take(Enum):
    """Which of the files found a family is used through: the first, or each where tokens differ by file."""

    FIRST = "first"
    EACH = "each"


class Module(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[module]`: absolute paths to try, in order, for each system and bitness; absent where none is known.

    A Windows path may begin with one of `VARIABLES`, as `%NAME%`. Under `windows` stand those that Windows
    itself leads to the process's bitness (System32, ProgramFiles); those of one bitness are tried before.
    `served_by` names families whose modules speak to this one's tokens too.
    """

    linux64: tuple[str, ...] = ()
    linux32: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    windows64: tuple[str, ...] = ()
    windows32: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    take: Take = Take.FIRST
    binding: Binding = Binding.PYKCS11
    served_by: tuple[str, ...] = ()

    def paths(self) -> Iterable[tuple[str, str]]:
        """Every path, after the name of its key."""
        for key in PATH_KEYS:
            for path in getattr(self, key):
                yield key, path


PATH_KEYS = ("linux64", "linux32", "windows", "windows64", "windows32", "macos")


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[match]`: how a token of this family is known. Texts are compared whole, without padding.

    `atrs` are as `drivers.atr.parse_pattern` reads them. Where two families know the same card, the one of
    higher `priority` has it; two of equal priority are refused.
    """

    atrs: tuple[str, ...] = ()
    manufacturers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    priority: int = 0

    @property
    def patterns(self) -> tuple[AtrPattern, ...]:
        """`atrs`, parsed. Raises `ValueError`."""
        return tuple(parse_pattern(text) for text in self.atrs)

    def knows_atr(self, atr: bytes) -> bool:
        """True where one of the patterns matches."""
        return any(pattern.matches(atr) for pattern in self.patterns)

    def knows_token(self, token: Token) -> bool:
        """True where manufacturer and model, each as far as any is named, are this family's."""
        if not self.manufacturers and not self.models:
            return False
        return (not self.manufacturers or token.manufacturer in self.manufacturers) and (
            not self.models or token.model in self.models
        )

    def shares_a_card_with(self, other: Match) -> bool:
        """True where some ATR, or some manufacturer and model, would be known by both."""
        return any(a.overlaps(b) for a in self.patterns for b in other.patterns) or (
            bool(self.manufacturers or self.models)
            and bool(other.manufacturers or other.models)
            and _share(self.manufacturers, other.manufacturers)
            and _share(self.models, other.models)
        )


class PinFlags(Enum):
    """Whether CKF_USER_PIN_COUNT_LOW, _FINAL_TRY and _LOCKED may be relied upon when they are *not* set."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"


class LoginForm(Enum):
    """Who asks for the PIN: Mohr (or the reader, where the token says so), or the module in a window."""

    PIN = "pin"
    MODULE_DIALOG = "module-dialog"


class Unblocking(Enum):
    """What gives a user a new PIN who has lost the old one: a module's own way, which nothing else tells."""

    SO_PIN = "so-pin"
    PUK = "puk"
    NONE = "none"


class SignaturePin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[login.signature_pin]`: where a family keeps a second PIN, for its signature key.

    `slots` are texts in the label of a token that stands in a slot of its own for that PIN; `context` says
    that the login before each signature wants it, and not the PIN that opened the token.
    """

    slots: tuple[str, ...] = ()
    context: bool = False


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[login]`. `always_authenticate` are CKA_IDs, in hexadecimal, of keys that want a login each time.

    It only lets the doctor be told beforehand: the key's own word counts, once it can be read.
    """

    pin_flags: PinFlags = PinFlags.UNKNOWN
    form: LoginForm = LoginForm.PIN
    unblock: Unblocking = Unblocking.SO_PIN
    always_authenticate: tuple[str, ...] = ()
    signature_pin: SignaturePin = SignaturePin()


class EventSource(Enum):
    """Where news of tokens come from: PC/SC, or for tokens in no reader the slot list, looked at in turns.

    C_WaitForSlotEvent is not among them: no family was seen to need it, and several modules crash in it.
    """

    PCSC = "pcsc"
    SLOT_LIST = "slot-list"


class Events(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[events]`. `slot_list_seconds` counts where the slot list is asked, never below one second."""

    source: EventSource = EventSource.PCSC
    slot_list_seconds: float = 2.0


class Help(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[help]` for the doctor, in Persian and in English: what this is, and what to do if it is not found.

    `page` is the maker's own with the software, https; None where nobody has named one.
    """

    fa: str
    en: str
    page: str | None = None


class Fact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `[[evidence]]`: what is known of the family, where from, and whether we saw it happen.

    `guess` marks what nobody published either: inferred, or from memory.
    """

    fact: str
    source: str
    seen: bool
    guess: bool = False


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One family of tokens. `ckr` maps C_ function, then CK_RV, to a stable error code of the signer."""

    family: str
    name: str
    help: Help
    evidence: tuple[Fact, ...]
    module: Module = Module()
    match: Match = Match()
    login: Login = Login()
    sign: SignPreferences = SignPreferences()
    events: Events = Events()
    limits: Limits = Limits()
    ckr: Mapping[str, Mapping[str, str]] = {}

    def meanings(self, function: str) -> dict[int, str]:
        """The error codes that this family's CK_RV stand for, when `function` returned them."""
        return {int(rv, 16): code for rv, code in self.ckr.get(function, {}).items()}


def shipped(folder: Path = PROFILES) -> dict[str, str]:
    """The texts of a folder's profiles by family, unread. Raises `ProfileInvalid`, OSError."""
    return {file.stem: _text(file) for file in sorted(folder.glob("*.toml"))}


def load_profile(family: str, text: str) -> Profile:
    """One profile. Raises `ProfileInvalid` naming the file and the key."""
    profile = _converted(family, text, Profile)
    for key, problem in _problems(profile, family):
        raise ProfileInvalid(f"{family}.toml", key, problem)
    return profile


def load_catalogue(texts: Mapping[str, str] | None = None) -> tuple[Profile, ...]:
    """All profiles, by family: the shipped ones unless others are given.

    Raises as `load_profile` does, and where two contradict.
    """
    given = shipped() if texts is None else texts
    profiles = tuple(load_profile(family, text) for family, text in sorted(given.items()))
    for profile, key, problem in _contradictions(profiles):
        raise ProfileInvalid(f"{profile.family}.toml", key, problem)
    return profiles


def load_module(family: str, text: str) -> Module:
    """A profile's `[module]` alone, for those who ask which families are installed: most are not.

    The rest of the text is not checked. Raises as `load_profile` does.
    """
    # A document of TOML that is cut before a table's header is a document of TOML; `load_profile` sees to
    # it that no other table stands before `[module]`.
    head = re.split(r"^\[(?!module\])", text, maxsplit=1, flags=re.MULTILINE)[0]
    return _converted(family, head, _Head).module


def known_by_atr(profiles: Iterable[Profile], atr: bytes) -> Profile | None:
    """The family that has this ATR."""
    return max((p for p in profiles if p.match.knows_atr(atr)), key=_priority, default=None)


def known_by_token(profiles: Iterable[Profile], token: Token) -> Profile | None:
    """The family that has this manufacturer and model."""
    return max((p for p in profiles if p.match.knows_token(token)), key=_priority, default=None)


def expand(path: str, environment: Mapping[str, str]) -> str:
    """A path with its variables' values. Raises `KeyError` where one is not set."""
    return _VARIABLE.sub(lambda found: environment[found[1]], path)


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    family: str
    name: str
    module: Module = Module()


_T = TypeVar("_T", bound=Struct)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ProfileInvalid(file.name, "$", str(error)) from None


def _converted(family: str, text: str, kind: type[_T]) -> _T:
    file = f"{family}.toml"
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileInvalid(file, "$", str(error)) from None
    first = next((key for key, value in raw.items() if _is_table(value)), None)
    if "module" in raw and first != "module":
        raise ProfileInvalid(file, "module", "is not the first table")
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        problem, key = _split(str(error))
        raise ProfileInvalid(file, key, problem) from None


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


def _priority(profile: Profile) -> int:
    return profile.match.priority


def _share(mine: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Two lists of texts, an empty one standing for all texts."""
    return not mine or not others or not set(mine).isdisjoint(others)


def _split(message: str) -> tuple[str, str]:
    """msgspec's sentence and the path in it; an unknown or missing key is named by the sentence alone."""
    problem, _, where = message.partition(" - at `")
    path = where.rstrip("`").removeprefix("$").removeprefix(".")
    named = re.search(r"(?:field|missing required field) `([^`]+)`", problem)
    key = ".".join(part for part in (path, named[1] if named else "") if part)
    return problem, key or "$"


def _problems(profile: Profile, family: str) -> Iterable[tuple[str, str]]:
    if profile.family != family:
        yield "family", f"the file is named {family}"
    for key, path in profile.module.paths():
        if not _is_absolute(key, path):
            yield f"module.{key}", f"{path} is not absolute"
        if unknown := set(_VARIABLE.findall(path)) - VARIABLES:
            yield f"module.{key}", f"{unknown.pop()} is no variable that a path may name"
    try:
        patterns = profile.match.patterns
    except ValueError as error:
        yield "match.atrs", str(error)
        patterns = ()
    if any(a.overlaps(b) for a, b in combinations(patterns, 2)):
        yield "match.atrs", "two patterns match the same ATR"
    for field in Limits.__struct_fields__:
        if not 0 < getattr(profile.limits, field) <= 600:
            yield f"limits.{field}", "not above 0 and up to 600 seconds"
    if profile.login.form is LoginForm.MODULE_DIALOG and profile.module.binding is not Binding.PYKCS11:
        yield "login.form", "the profile's binding gives no PIN only where a token has a PIN pad"
    for key_id in profile.login.always_authenticate:
        if not re.fullmatch(r"(?:[0-9a-f]{2})+", key_id):
            yield "login.always_authenticate", f"{key_id} is not octets in hexadecimal"
    if profile.events.slot_list_seconds < 1:
        yield "events.slot_list_seconds", "faster than once a second"
    if profile.help.page is not None and not _PAGE.fullmatch(profile.help.page):
        yield "help.page", "not a plain https address"
    if not profile.sign.hashing:
        yield "sign.hashing", "names no way to sign"
    for function, codes in profile.ckr.items():
        for rv, code in codes.items():
            if not re.fullmatch(r"0x[0-9A-F]{8}", rv) or not _CODE.match(code):
                yield f"ckr.{function}.{rv}", "not a CK_RV as 0x and eight digits, and a stable code"
    if not profile.evidence:
        yield "evidence", "nothing says where these facts come from"
    for number, fact in enumerate(profile.evidence):
        if fact.seen and fact.guess:
            yield f"evidence[{number}].guess", "what was seen is no guess"


def _is_absolute(key: str, path: str) -> bool:
    if key.startswith("windows"):
        return PureWindowsPath(path).is_absolute() or path.startswith("%")
    return PurePosixPath(path).is_absolute()


def _contradictions(profiles: tuple[Profile, ...]) -> Iterable[tuple[Profile, str, str]]:
    families = {profile.family for profile in profiles}
    times = Counter(place for profile in profiles for place in _places(profile))
    for profile in profiles:
        for family in profile.module.served_by:
            if family not in families - {profile.family}:
                yield profile, "module.served_by", f"{family} is no other family"
        for place in _places(profile):
            if times[place] > 1:
                yield profile, f"module.{place[0]}", f"{place[1]} stands twice: use served_by for the second"
    for one, other in combinations(profiles, 2):
        if one.match.priority == other.match.priority and one.match.shares_a_card_with(other.match):
            yield one, "match.priority", f"{other.family} knows the same card: one has to come before"


def _places(profile: Profile) -> Iterable[tuple[str, str]]:
    """The paths, spelled so that two spellings of one are equal: Windows does not tell case apart."""
    for key, path in profile.module.paths():
        yield key, path.lower() if key.startswith("windows") else path
