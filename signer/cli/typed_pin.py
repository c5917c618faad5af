"""A PIN typed at a terminal: without echo, of a length that the token takes, in the digits that are meant."""

from __future__ import annotations

from drivers.pin import Pin
from signer.cli.tty import Tty
from signer.model.text import latin_digits


async def typed_pin(tty: Tty, *prompt: str, least: int = 0, most: int = 0) -> Pin | None:
    """The PIN, or None where nothing is typed. Lengths are in characters, 0 where not told.

    Raises `NoAnswer`, `ConsentSurfaceMissing`.
    """
    while typed := await tty.secret(*prompt):
        if len(typed) < least:
            tty.say(f"This token's PIN has at least {least} characters.")
        elif most and len(typed) > most:
            tty.say(f"This token's PIN has at most {most} characters.")
        elif (latin := latin_digits(typed)) == typed:
            return Pin(typed)
        else:
            tty.say("Its digits are Persian or Arabic ones.")
            as_latin = await typed_word(tty, "Send it in Latin digits, or as typed?", "latin", "typed")
            return Pin(latin if as_latin == "latin" else typed)
    return None


async def typed_word(tty: Tty, question: str, first: str, second: str) -> str:
    """One of two words, asked for until it is typed. Raises `NoAnswer`."""
    while True:
        typed = (await tty.line(f"{question} Type {first} or {second}: ")).strip().lower()
        if typed in {first, second}:
            return typed
