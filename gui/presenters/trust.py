"""Whom the user trusts, in words: each authority with its fingerprint, and where the time is stamped."""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.presenters.pin import Line, Tone
from gui.presenters.tongue import Tongue, left_to_right
from signer.service.trusted import Trusted, TrustNow

_GROUP = 8


class AuthorityRow(Struct, frozen=True, kw_only=True):
    """One authority. `id` is the key to it, `mark` whether Mohr knows it, `question` asks about its end."""

    id: str
    name: str
    mark: Line
    facts: tuple[tuple[str, str], ...]
    question: str
    accessible: str


class Offered(Struct, frozen=True, kw_only=True):
    """What a chosen file holds, and the question whether to trust it. `warning` where Mohr knows it not."""

    rows: tuple[AuthorityRow, ...]
    question: str
    warning: str | None


class TrustView(Struct, frozen=True, kw_only=True):
    """The two cards. `stamper` is the user's address, `fixed` the clinic's words where it names its own."""

    users: tuple[AuthorityRow, ...]
    clinics: tuple[AuthorityRow, ...]
    empty: str | None
    unreadable: str | None
    stamper: str
    fixed: str | None


def present_trust(now: TrustNow, tongue: Tongue) -> TrustView:
    """Everything on the cards."""
    say = tongue.say
    unreadable = fixed = None
    if now.unreadable:
        unreadable = say(t.TRUST_UNREADABLE, names=" · ".join(map(left_to_right, now.unreadable)))
    if now.clinic_stampers:
        fixed = say(t.STAMPER_FIXED, addresses=" · ".join(map(left_to_right, now.clinic_stampers)))
    return TrustView(
        users=tuple(_row(one, tongue) for one in now.users),
        clinics=tuple(_row(one, tongue) for one in now.clinics),
        empty=None if now.users or now.clinics else say(t.TRUST_NONE),
        unreadable=unreadable,
        stamper=now.stamper or "",
        fixed=fixed,
    )


def present_offer(authorities: tuple[Trusted, ...], tongue: Tongue) -> Offered:
    """What is asked before anything of a file is trusted."""
    unknown = any(one.known is None for one in authorities)
    return Offered(
        rows=tuple(_row(one, tongue) for one in authorities),
        question=tongue.say(t.TRUST_ASK if len(authorities) == 1 else t.TRUST_ASK_ALL),
        warning=tongue.say(t.TRUST_COMPARE) if unknown else None,
    )


def _row(authority: Trusted, tongue: Tongue) -> AuthorityRow:
    say = tongue.say
    name = authority.name if authority.known is None else authority.known.name
    mark = Line(say(t.TRUST_UNKNOWN), Tone.WARN)
    if authority.known is not None:
        root = authority.known.role == "root"
        mark = Line(say(t.TRUST_ROOT if root else t.TRUST_INTERMEDIATE), Tone.OK)
    facts = (
        (say(t.TRUST_UNTIL), f"{tongue.day(authority.until)} ({tongue.other_day(authority.until)})"),
        ("SHA-256", _grouped(authority.id)),
    )
    return AuthorityRow(
        id=authority.id,
        name=name,
        mark=mark,
        facts=facts,
        question=say(t.DISTRUST_ASK, name=name),
        accessible=". ".join((name, mark.text, *(f"{caption}: {value}" for caption, value in facts))),
    )


def _grouped(fingerprint: str) -> str:
    """In groups that a person compares one by one."""
    parts = (fingerprint[at : at + _GROUP] for at in range(0, len(fingerprint), _GROUP))
    return left_to_right(" ".join(parts))
