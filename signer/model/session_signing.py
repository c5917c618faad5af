"""How long one PIN keeps a token open, for how many signatures, and what ends it before that.

A pure state: `Shut` or `Open`, and each function gives the next one. Seconds are the caller's, from a clock
that never goes back and runs while the computer sleeps. Who logs out is `signer.service.session_signing`.

A request begins only where all that it asks fits into what is left, and then goes on to its end: nobody is
asked for a PIN in the middle of a batch that was agreed to whole.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from signer.model.credential import Authorisation, AuthorisationKind, PinRole
from signer.model.policy import LONGEST_SESSION, MOST_SIGNATURES, Policy


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many signatures, and for how many minutes. The signatures of the first request count too."""

    signatures: Annotated[int, Meta(ge=1, le=MOST_SIGNATURES)] = 20
    minutes: Annotated[int, Meta(ge=1, le=LONGEST_SESSION)] = 15


class OpenNow(Struct, frozen=True, kw_only=True):
    """What a person is told of the token that is open: whose it is, how many more, and until when.

    `until` is aware, UTC: what the wall clock will say then, unless it is set meanwhile.
    """

    holder: str
    token: str
    left: int
    until: datetime


class Unoffered(Enum):
    """Why no token may stay open on this computer."""

    FORBIDDEN = "forbidden"
    UNSEEN = "unseen"


class Ended(Enum):
    """Why a token does not stay open any more."""

    USED_UP = "used-up"
    TIME_UP = "time-up"
    BY_PERSON = "by-person"
    UNWANTED = "unwanted"
    LOCKED = "locked"
    SWITCHED = "switched"
    ASLEEP = "asleep"
    UNSEEN = "unseen"
    REMOVED = "removed"
    LOST = "lost"
    OTHER_LOGIN = "other-login"
    STOPPED = "stopped"


class Shut(Struct, frozen=True):
    """No token is kept open. `why` is the last reason, None where none was."""

    why: Ended | None = None


class Open(Struct, frozen=True, kw_only=True):
    """A token is logged in since `since`, and has signed `made` times after its one PIN.

    `in_hand` while a request is signed; what ends it meanwhile is `ending`, and takes effect after that one.
    """

    limits: Limits
    since: float
    made: int = 0
    in_hand: bool = False
    ending: Ended | None = None

    @property
    def left(self) -> int:
        """Signatures that may still be begun."""
        return max(0, self.limits.signatures - self.made)

    @property
    def until(self) -> float:
        """The second at which nothing may begin any more."""
        return self.since + 60.0 * self.limits.minutes


State = Shut | Open


def ceiling(policy: Policy) -> Limits | None:
    """The most that the clinic allows; None where it forbids it."""
    signatures, minutes = policy.session_signing_signatures, policy.session_signing_minutes
    return Limits(signatures, minutes) if signatures and minutes else None


def narrowed(wish: Limits, most: Limits) -> Limits:
    """What a person chose, within what the clinic allows."""
    return Limits(min(wish.signatures, most.signatures), min(wish.minutes, most.minutes))


def may_stay(authorisation: Authorisation) -> bool:
    """May a login that was asked for so be kept? Only the user's PIN, and where it opens the key for good."""
    typed = authorisation.kind in {AuthorisationKind.PIN, AuthorisationKind.PIN_PAD}
    return typed and not authorisation.each and authorisation.role is PinRole.USER


def opened(limits: Limits, now: float) -> Open:
    """A PIN was right, and the request that it was typed for has the token in hand."""
    return Open(limits=limits, since=now, in_hand=True)


def fits(state: State, count: int, now: float) -> bool:
    """May a request for so many signatures begin without a PIN?"""
    match at(state, now):
        case Open(in_hand=False) as still:
            return 0 < count <= still.left
        case _:
            return False


def begun(state: Open) -> Open:
    """A request that `fits` takes the token in hand."""
    return replace(state, in_hand=True)


def signed(state: Open) -> Open:
    """A signature is begun: it counts whatever comes of it."""
    return replace(state, made=state.made + 1)


def done(state: Open, now: float) -> State:
    """The request that had the token in hand has ended."""
    state = replace(state, in_hand=False)
    return Shut(state.ending) if state.ending is not None else at(state, now)


def ended(state: State, why: Ended) -> State:
    """Something ends it: now, or after the request in hand. The first reason stands."""
    match state:
        case Open(in_hand=True, ending=None):
            return replace(state, ending=why)
        case Open(in_hand=False):
            return Shut(why)
        case _:
            return state


def at(state: State, now: float) -> State:
    """The state now that it is so late. A clock that went back, which it never should, ends it too."""
    match state:
        case Open() if not state.left:
            return ended(state, Ended.USED_UP)
        case Open() if not state.since <= now < state.until:
            return ended(state, Ended.TIME_UP)
        case _:
            return state
