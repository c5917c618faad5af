"""Text that means what it looks like: hidden characters, digits, direction, national codes.

Pure functions from text to text. Nothing here judges a document; `signer.prescription` does, with these.

**Hidden** is every character that can change how its neighbours are read and cannot be seen, or that looks
like something else than it is:

- controls (category Cc), except TAB and the line break;
- format characters (Cf): the bidirectional controls, zero-width joiners and spaces, soft hyphen, tags;
- line and paragraph separators (Zl, Zp), private use (Co), surrogates, and what Unicode does not assign (Cn);
- letters and marks that draw nothing: the other default-ignorable code points (UAX #44) and U+2800;
- decimal digits (Nd) other than ASCII, Persian and Arabic ones: a Bengali four looks like an eight.

U+200C ZERO WIDTH NON-JOINER is ordinary Persian spelling and stays as it is exactly where a letter or
vowel mark of the Arabic script stands on both sides of it («می‌شود»). Anywhere else it is hidden too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"

_PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
_ARABIC = "٠١٢٣٤٥٦٧٨٩"
_LATIN = "0123456789"
_TO_LATIN = str.maketrans(_PERSIAN + _ARABIC, _LATIN * 2)
_TO_PERSIAN = str.maketrans(_LATIN + _ARABIC, _PERSIAN * 2)

_ARABIC_LETTER = "[\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f]"
# Whatever needs a second look: all but printable ASCII and Latin-1, punctuation of the General Punctuation
# block that is drawn, the letters, marks and digits of the Arabic block, and ZWNJ where it is spelling.
_UNUSUAL = re.compile(
    r"[^ -~\u00a0-\u00ac\u00ae-\u00ff\u0606-\u061b\u061d-\u06dc\u06de-\u06ff\u2010-\u2027\u2030-\u205f]"
    rf"(?<!{_ARABIC_LETTER}\u200c(?={_ARABIC_LETTER}))"
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) of other categories, and the blank Braille cell.
_DRAWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_DRAWN = {"\n": "↵", "\t": "⇥"}


def visible(text: str) -> str:
    """The text with each hidden character spelled `<U+200F>`, a line break as `↵` and a TAB as `⇥`.

    A line break is LF or CR LF; a lone CR is hidden. What comes out is one line without any control, so a
    surface may print it anywhere. Applying it twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNUSUAL.sub(lambda match: _shown(match[0]), text.replace("\r\n", "\n"))


def hidden(text: str) -> tuple[str, ...]:
    """The hidden characters of the text, each once as `U+200F`, in the order of appearance."""
    if text.isascii() and text.isprintable():
        return ()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    found = dict.fromkeys(_UNUSUAL.findall(text))
    return tuple(_name(character) for character in found if _is_hidden(character))


def latin_digits(text: str) -> str:
    """The text with Persian and Arabic digits as ASCII ones; nothing else changes."""
    return text if text.isascii() else text.translate(_TO_LATIN)


def persian_digits(text: str) -> str:
    """The text with ASCII and Arabic digits as Persian ones; nothing else changes."""
    return text.translate(_TO_PERSIAN)


def is_national_code(text: str) -> bool:
    """Does the text have the form of an Iranian national code: ten ASCII digits, the last a checksum?

    Ten equal digits pass the sum and are given to nobody, so they do not pass here.
    """
    if len(text) != 10 or not text.isascii() or not text.isdigit() or len(set(text)) == 1:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text, range(10, 1, -1), strict=False)) % 11
    return int(text[9]) == (rest if rest < 2 else 11 - rest)


def isolate(text: str) -> str:
    """The text as one isolate of its own direction (FSI … PDI, UAX #9 §2.4), to stand inside other text.

    The text must come from `visible`: an unpaired control of its own could end the isolate.
    """
    return f"{FSI}{text}{PDI}"


def isolate_latin(text: str, *, localise: bool = False) -> str:
    """Right-to-left text with each run of Latin letters, numbers and units as one LRI … PDI.

    So `5 mg` never reads `mg 5`, `.5` never `5.`, and `<5` never `>5`. A run holds Latin letters and digits
    of any of the three kinds, what joins them, and a sign before a number. With `localise`, a run without
    a Latin letter is written in Persian digits, with U+066B for its decimal point: Persian digits in
    Persian text, Latin ones beside Latin. The text must come from `visible`.
    """

    def wrap(match: re.Match[str]) -> str:
        run = match[0]
        if localise and not _LATIN_LETTER.search(run):
            run = persian_digits(_DECIMAL.sub("\\1\u066b\\2", run))
        return f"{LRI}{run}{PDI}"

    return _RUN.sub(wrap, text)


_DIGIT = "0-9۰-۹٠-٩"
_LETTER = "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024fα-ωΑ-Ω"
_LATIN_LETTER = re.compile(f"[{_LETTER}]")
_SPELLED = r"<U\+[0-9A-F]{4,6}>"
_SIGN = r"[<>≤≥±~+\-\u2212.\u066b]"
# Atomic groups and possessive repeats: a long run without a closing bracket is not read twice.
_WORD = (
    rf"(?>{_SPELLED}"
    rf"|(?:{_SIGN} ?)?[{_DIGIT}][{_LETTER}{_DIGIT}]*[%٪°]?"
    rf"|[{_LETTER}][{_LETTER}{_DIGIT}]*[%°]?)"
)
_GAP = r"(?: ?[./:×*_&@#+\-\u2013\u066b\u066c,]{1,3} ?| )"
_WORDS = f"{_WORD}(?:{_GAP}?{_WORD})*+"
_RUN = re.compile(rf"{_WORDS}(?: ?\({_WORDS}\)(?:{_GAP}{_WORDS})?)*+")
_DECIMAL = re.compile(rf"^([^.]*[{_DIGIT}])?\.([{_DIGIT}][^.]*)$")


@lru_cache(maxsize=1024)
def _shown(character: str) -> str:
    return f"<{_name(character)}>" if _is_hidden(character) else _DRAWN.get(character, character)


@lru_cache(maxsize=1024)
def _is_hidden(character: str) -> bool:
    if character in _DRAWN:
        return False
    category = unicodedata.category(character)
    return category in _HIDDEN_CATEGORIES or category == "Nd" or _DRAWS_NOTHING.match(character) is not None


@lru_cache(maxsize=1024)
def _name(character: str) -> str:
    return f"U+{ord(character):04X}"
