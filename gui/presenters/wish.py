"""What a question is about, in the words of its title, its button and its end.

The words of many documents, and of what a question holds, are in `consent` and `sheet`.
"""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.translations import Text
from signer.model.sheet import PrescriptionSheet
from signer.service.consent import ConsentQuestion, TokenQuestion


class Wish(Struct, frozen=True, kw_only=True):
    """One kind of question about one thing. `title` may have a place for the origin.

    `busy` is said while the token works on it, where there is nothing to count.
    """

    title: Text
    press: Text
    done: Text
    nothing: Text = t.DONE_NONE
    unseen: Text = t.WHY_UNSEEN
    busy: Text | None = None


_SIGN = Wish(title=t.TITLE_ONE_PLAIN, press=t.SIGN, done=t.DONE_ONE, unseen=t.WHY_UNSEEN_FACTS)
_PRESCRIPTION = Wish(title=t.TITLE_ONE, press=t.SIGN, done=t.DONE_ONE)
_SIGN_IN = Wish(title=t.TITLE_SIGN_IN, press=t.SIGN_IN, done=t.DONE_SIGN_IN, unseen=t.WHY_UNSEEN_FACTS)
_MAKE_KEY = Wish(
    title=t.TITLE_MAKES_KEY,
    press=t.MAKE_KEY,
    done=t.DONE_KEY,
    nothing=t.DONE_NOTHING,
    unseen=t.WHY_UNSEEN_FACTS,
    busy=t.MAKING_KEY,
)
_KEEP = Wish(
    title=t.TITLE_KEEPS,
    press=t.KEEP,
    done=t.DONE_KEPT,
    nothing=t.DONE_NOTHING,
    unseen=t.WHY_UNSEEN_FACTS,
    busy=t.OPENING_TOKEN,
)


def wish_of(question: ConsentQuestion | TokenQuestion) -> Wish:
    """What this question is about, where it is about one thing."""
    if isinstance(question, TokenQuestion):
        return _MAKE_KEY if question.makes_key else _KEEP
    if question.signs_in:
        return _SIGN_IN
    return _PRESCRIPTION if isinstance(question.sheets[0].body, PrescriptionSheet) else _SIGN
