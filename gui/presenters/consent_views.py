"""What a consent window is told to draw: frozen values, made by `gui.presenters.consent`."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from gui.presenters.pin import Line
from signer.service.consent import DocumentOutcome


class Phase(Enum):
    """Where the dialogue stands."""

    ASKING = "asking"
    OPENING = "opening"
    SIGNING = "signing"
    TOKEN_WANTED = "token-wanted"  # noqa: S105 - a phase, not a secret
    ENDED = "ended"


class Decision(Enum):
    """What the doctor said about one of several documents."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class Header(Struct, frozen=True, kw_only=True):
    """The top row: what is asked, by whom, and what with. `origin` is as the browser gave it."""

    title: str
    lead: str
    origin: str
    since: str | None
    insurer: str | None
    certificate: str


class Row(Struct, frozen=True, kw_only=True):
    """One document in the list of many. `accessible` says all of it in one sentence."""

    title: str
    subtitle: str
    decision: Decision
    mark: Line | None
    outcome: DocumentOutcome | None
    accessible: str


class Counts(Struct, frozen=True, kw_only=True):
    """How many documents are approved, refused and not yet decided."""

    approved: int
    refused: int
    open: int


class Footer(Struct, frozen=True, kw_only=True):
    """The last row. `why_not` says why Sign cannot be pressed; None when it can.

    `pin_pad` stands in the field's place; where the token is `opened`, `tries` and `layout` say so instead.
    `stays` is what a PIN will open, or how to close what is.
    """

    holder: str
    pin_caption: str
    pin_pad: Line | None
    opened: bool
    stays: Line | None
    takes_pin: bool
    tries: Line
    layout: Line
    last_try: str | None
    banner: Line | None
    sign: str
    why_not: str | None
    decline: str
    can_decline: bool
    hint: str | None
    busy: str | None
    progress: tuple[int, int] | None


class Ending(Struct, frozen=True, kw_only=True):
    """The last words. `silent` endings (all signed, or declined by the doctor) need nobody to read them."""

    sentence: Line
    remedy: str | None
    code: str | None
    silent: bool
