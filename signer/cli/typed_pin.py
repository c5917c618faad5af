"""A PIN typed at a terminal: without echo, of a length that the token takes, in the digits that are meant."""

from __future__ import annotations

from drivers.pin import Pin
from signer.cli.language import Language, Pair, first_of
from signer.cli.tty import Tty
from signer.model.text import latin_digits

_LEAST: Pair = ("رمز این توکن دست‌کم {count} نویسه دارد.", "This token's PIN has at least {count} characters.")
_MOST: Pair = ("رمز این توکن بیش از {count} نویسه ندارد.", "This token's PIN has at most {count} characters.")
_DIGITS: Pair = ("رقم‌های آن فارسی یا عربی است.", "Its digits are Persian or Arabic ones.")
_WHICH: Pair = (
    "با رقم‌های لاتین فرستاده شود (latin) یا همان‌گونه که نوشتید (typed)؟",
    "Send it in Latin digits, or as typed?",
)
_TYPE: Pair = ("{first} یا {second} بنویسید", "Type {first} or {second}")


async def typed_pin(
    tty: Tty, *prompt: str, least: int = 0, most: int = 0, language: Language = "en"
) -> Pin | None:
    """The PIN, or None where nothing is typed. Lengths are in characters, 0 where not told.

    Raises `NoAnswer`, `ConsentSurfaceMissing`.
    """
    while typed := await tty.secret(*prompt):
        if len(typed) < least:
            tty.say(first_of(_LEAST, language).format(count=least))
        elif most and len(typed) > most:
            tty.say(first_of(_MOST, language).format(count=most))
        elif (latin := latin_digits(typed)) == typed:
            return Pin(typed)
        else:
            tty.say(first_of(_DIGITS, language))
            as_latin = await typed_word(tty, first_of(_WHICH, language), "latin", "typed", language)
            return Pin(latin if as_latin == "latin" else typed)
    return None


async def typed_word(tty: Tty, question: str, first: str, second: str, language: Language = "en") -> str:
    """One of two words, asked for until it is typed. Raises `NoAnswer`."""
    wanted = first_of(_TYPE, language).format(first=first, second=second)
    while True:
        typed = (await tty.line(f"{question} {wanted}: ")).strip().lower()
        if typed in {first, second}:
            return typed
