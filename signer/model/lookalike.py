"""What a person should know of an origin before trusting its looks: punycode, mixed scripts, a likeness.

Pure, and advice alone: nobody is refused for it. Likeness to a known origin is found by a *skeleton*, after
the idea of UTS #39 §4, from a small table of what looks like Latin or Persian letters. Most of Unicode's
confusables are not in it, and a name with a letter more or less is another name. The origin itself is shown
elsewhere, as the browser gave it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import Enum
from typing import Literal

from msgspec import Struct

from signer.model.origin import parse_origin
from signer.model.text import isolate, visible

_PUNYCODE = "xn--"


class CautionKind(Enum):
    """What is odd. The values are stable words."""

    PUNYCODE = "punycode"
    MIXED_SCRIPTS = "mixed-scripts"
    RESEMBLES = "resembles"
    BEGINS_WITH = "begins-with"


class Caution(Struct, frozen=True):
    """One thing to know. `fact` is the name in its own letters, the scripts, or the origin it is like."""

    kind: CautionKind
    fact: str


def cautions(origin: str, known: Collection[str]) -> tuple[Caution, ...]:
    """Everything odd about `origin`, in the browser's spelling, beside the origins that the doctor knows.

    `known` may hold `origin` itself, which looks like nothing but itself. Raises `OriginInvalid`.
    """
    host = parse_origin(origin).host
    labels = [_read(label) for label in host.split(".")]
    found: list[Caution] = []
    if any(label.startswith(_PUNYCODE) for label in host.split(".")):
        found.append(Caution(CautionKind.PUNYCODE, ".".join(labels)))
    for label in labels:
        scripts = _scripts(label)
        if len(scripts) > 1:
            found.append(Caution(CautionKind.MIXED_SCRIPTS, ", ".join(sorted(scripts))))
            break
    bones = _skeleton(labels)
    for other in sorted(set(known)):
        other_host = parse_origin(other).host
        if other_host == host:
            continue
        if _skeleton([_read(label) for label in other_host.split(".")]) == bones:
            found.append(Caution(CautionKind.RESEMBLES, other))
        elif host.startswith((f"{other_host}.", f"{other_host}-")):
            found.append(Caution(CautionKind.BEGINS_WITH, other))
    return tuple(found)


def sentence(caution: Caution, language: Literal["fa", "en"]) -> str:
    """What to say of it; the fact stands isolated, its hidden characters spelled."""
    fa, en = _SENTENCES[caution.kind]
    return (fa if language == "fa" else en).format(fact=isolate(visible(caution.fact)))


_SENTENCES = {
    CautionKind.PUNYCODE: (
        "در این نشانی حرف‌هایی جز a تا z هست؛ آن را چنین می‌خوانند: {fact}",
        "This address has letters beyond a to z; written out it is {fact}",
    ),
    CautionKind.MIXED_SCRIPTS: (
        "یک واژه از این نشانی حرف‌های چند خط را با هم دارد ({fact})، چنان که نشانی‌های ساختگی دارند.",
        "One word of this address mixes letters of several scripts ({fact}), as forged addresses do.",
    ),
    CautionKind.RESEMBLES: (
        "این نشانی به {fact} می‌ماند، اما پنل دیگری است.",
        "This address looks like {fact}, and is another panel.",
    ),
    CautionKind.BEGINS_WITH: (
        "این نشانی با نام {fact} آغاز می‌شود، اما از آنِ دیگری است.",
        "This address begins with the name of {fact}, and belongs to somebody else.",
    ),
}


def _read(label: str) -> str:
    """A label in its own letters (RFC 3492); as it stands where it is none or cannot be read."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _scripts(label: str) -> set[str]:
    """The scripts of its letters, by the first word of Unicode's names for them; Latin as in ASCII, too."""
    names = (unicodedata.name(letter, "UNNAMED") for letter in label if letter.isalpha())
    return {_SAME_SCRIPT.get(name.split()[0], name.split()[0].title()) for name in names}


#: Scripts that one language writes together.
_SAME_SCRIPT = dict.fromkeys(("HIRAGANA", "KATAKANA", "CJK"), "Japanese or Chinese")


def _skeleton(labels: list[str]) -> str:
    text = unicodedata.normalize("NFKD", ".".join(labels)).casefold()
    kept = (one for one in text if not unicodedata.combining(one) and unicodedata.category(one) != "Cf")
    text = "".join(_LIKE.get(one, one) for one in kept)
    for several, single in _PAIRS:
        text = text.replace(several, single)
    return text.replace("-", "").replace(".", "")


def _alike(letters: str, to: str) -> dict[str, str]:
    return dict(zip(letters, to, strict=True))


_LIKE = {
    # digits and letters that differ by a hair in many fonts
    **_alike("01i|5", "ollls"),
    # Latin letters that keep no accent of their own
    **_alike("ıłøđħŧɡɑ", "llodhtga"),
    # Cyrillic
    **_alike("аеорсухіјѕԁԛԝһӏкмтвнгп", "aeopcyxljsdqwhlkmtbhrn"),
    # Greek
    **_alike("αορνυικτχγη", "aopvulktxyn"),
    # Arabic script: letters and digits that Persian and Arabic write apart
    **_alike("يىكةهۀەۂ", "ییکههههه"),
    **_alike("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"),
}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
