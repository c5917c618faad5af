"""The tokens page in words: each token with its certificates, days left, what is wrong and what to do."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gui import translations as t
from gui.presenters.asks import centre_words
from gui.presenters.in_progress import RequestRow, present_in_progress
from gui.presenters.pin import Line, Tone, tries_line
from gui.presenters.tongue import Tongue, left_to_right
from gui.translations import Text
from signer.model.credential import Credential, TriesLeft
from signer.model.errors import by_code
from signer.model.presence import SeenToken
from signer.prescription.dates import tehran_date
from signer.service.centres import here_of
from signer.service.office import TokensNow, Unblocking
from signer.service.seen_certificates import person
from signer.service.token_desk import ManagedToken

#: Days before its end from which a certificate is spoken of: first as a reminder, then as a warning.
REMIND, WARN, URGE = 60, 30, 7


class CertificateRow(Struct, frozen=True, kw_only=True):
    """One certificate. `problem` says what is wrong and `remedy` what to do, None where nothing is.

    `own_name` is what the doctor calls its centre, or empty, `written` what the certificate does. `here` says
    that it is this computer's, `may_be_here` that its holder has another one, so that this can be chosen.
    `renew` is the serial number of the token on which the next one's key can be made, where it is time.
    """

    credential_id: str
    own_name: str
    written: str
    centre: str
    here: bool
    may_be_here: bool
    holder: str
    issuer: str
    validity: str
    other_validity: str
    left: Line
    problem: str | None
    remedy: str | None
    accessible: str
    renew: str | None = None


class TokenCard(Struct, frozen=True, kw_only=True):
    """One token. `managed` is None where its module does not answer just now, so that no PIN can be changed.

    `unblock` is what the button says, None where the family has no such way; then `no_unblock` may say so.
    """

    title: str
    facts: str
    pin: Line | None
    managed: ManagedToken | None
    unblock: str | None
    no_unblock: str | None
    certificates: tuple[CertificateRow, ...]


class TokensView(Struct, frozen=True, kw_only=True):
    """The page. Without a token `notice` and `remedy` say why there is none."""

    cards: tuple[TokenCard, ...]
    notice: Line | None
    remedy: str | None
    requests: tuple[RequestRow, ...] = ()
    requests_problem: tuple[Line, str] | None = None


class Warned(Struct, frozen=True, kw_only=True):
    """What is said of one certificate on the first page, and how it is renewed, None where it cannot be."""

    line: Line
    credential_id: str
    renew: str | None


def present_tokens(now: TokensNow, tongue: Tongue) -> TokensView:
    """Every token that is there, in the order in which it is asked."""
    cards = tuple(_card(token, now, tongue) for token in now.presence.tokens)
    words = remedy = None
    if not cards and now.presence.reading:
        words = Line(tongue.say(t.TOKEN_READING))
    elif not cards:
        sentence, remedy = condition_words(now.presence.problem or "token-absent", tongue)
        words = Line(sentence, Tone.WARN)
    problem = None
    if now.requests_problem is not None:
        said, cure = condition_words(now.requests_problem, tongue)
        problem = Line(said, Tone.BAD), cure
    return TokensView(
        cards=cards,
        notice=words,
        remedy=remedy,
        requests=present_in_progress(now, tongue),
        requests_problem=problem,
    )


def present_warnings(now: TokensNow, tongue: Tongue) -> tuple[Warned, ...]:
    """What the first page says of certificates that end within 60 days or have ended."""
    there = {name for token in now.presence.tokens for name in token.credentials}
    return tuple(
        Warned(line=warning, credential_id=credential.id, renew=_renews_on(credential, now))
        for credential in now.credentials
        if credential.id in there and (warning := _warning(credential, now, tongue)) is not None
    )


def days_left(credential: Credential, at: datetime) -> int:
    """Whole days in Tehran until the day on which it ends: 0 on that day, negative after its end."""
    if credential.not_after <= at:
        return min(-1, (tehran_date(credential.not_after) - tehran_date(at)).days)
    return (tehran_date(credential.not_after) - tehran_date(at)).days


def condition_words(code: str, tongue: Tongue) -> tuple[str, str]:
    """The sentence and the remedy of a stable error code."""
    condition = by_code(code)
    if tongue.rtl:
        return condition.fa, condition.fa_remedy
    return condition.en, condition.en_remedy


def _card(token: SeenToken, now: TokensNow, tongue: Tongue) -> TokenCard:
    say = tongue.say
    # Both lists go by the modules' order: of two modules that show one token the first is meant in both.
    same = (one for one in now.managed if (one.ref.serial, one.ref.reader) == (token.serial, token.reader))
    managed = next(same, None)
    facts = [say(t.SERIAL, serial=left_to_right(token.serial))] if token.serial else []
    if token.reader:
        facts.append(say(t.READER, reader=left_to_right(token.reader)))
    held = {c.id: c for c in now.credentials}
    return TokenCard(
        title=tongue.signed(token.label) or left_to_right(token.family),
        facts=" · ".join(facts),
        pin=None if managed is None else _pin_line(managed, tongue),
        managed=managed,
        unblock=None if managed is None else _unblock_words(managed, tongue),
        no_unblock=say(t.NO_UNBLOCKING) if managed is not None and _stuck(managed) else None,
        certificates=tuple(_row(held[name], now, tongue) for name in token.credentials if name in held),
    )


def _pin_line(token: ManagedToken, tongue: Tongue) -> Line:
    if not token.pin_set:
        return Line(tongue.say(t.NO_PIN_YET), Tone.WARN)
    return tries_line(token.user.tries, tongue, wrong_before=False)


def _unblock_words(token: ManagedToken, tongue: Tongue) -> str | None:
    match token.unblocking:
        case Unblocking.NONE:
            return None
        case Unblocking.PUK:
            return tongue.say(t.UNBLOCK_WITH_PUK)
        case Unblocking.SO_PIN:
            return tongue.say(t.UNBLOCK_WITH_OFFICER if token.pin_set else t.SET_FIRST_PIN)


def _stuck(token: ManagedToken) -> bool:
    return token.unblocking is Unblocking.NONE and token.user.tries is TriesLeft.LOCKED


def _row(credential: Credential, now: TokensNow, tongue: Tongue) -> CertificateRow:
    say, holder, at = tongue.say, credential.holder, now.at
    centre = centre_words(credential, now.centres, tongue)
    here = credential.id in here_of(now.centres, now.credentials)
    theirs = sum(person(one.holder) == person(holder) for one in now.credentials)
    who = tongue.within(holder.name)
    if holder.council_number:
        who = f"{who} · {say(t.HOLDER_COUNCIL, number=tongue.code(holder.council_number))}"
    left, advice = _left(credential, at, tongue)
    problem = remedy = None
    if advice is not None:
        remedy = say(advice)
    elif credential.problem is not None:
        problem, remedy = condition_words(credential.problem, tongue)
    start, end = credential.not_before, credential.not_after
    validity = say(t.VALID_FROM_TO, start=tongue.day(start), end=tongue.day(end))
    other = say(t.VALID_FROM_TO, start=tongue.other_day(start), end=tongue.other_day(end))
    issuer = say(t.ISSUER, issuer=tongue.within(credential.issuer))
    return CertificateRow(
        credential_id=credential.id,
        own_name=now.centres.names.get(credential.id, ""),
        written=say(
            t.CENTRE_WRITTEN, centre=tongue.within(holder.centre) if holder.centre else say(t.NO_CENTRE)
        ),
        centre=centre,
        here=here,
        may_be_here=theirs > 1,
        holder=who,
        issuer=issuer,
        validity=validity,
        other_validity=other,
        left=left,
        problem=problem,
        remedy=remedy,
        renew=_renews_on(credential, now),
        accessible=". ".join(
            filter(
                None,
                (centre, say(t.THIS_COMPUTERS) if here else "", who, left.text, validity, problem, remedy),
            )
        ),
    )


def _left(credential: Credential, at: datetime, tongue: Tongue) -> tuple[Line, Text | None]:
    """How long it lasts, and what to do about it."""
    say = tongue.say
    if at < credential.not_before:
        return Line(say(t.BEGINS_ON, date=tongue.short_day(credential.not_before)), Tone.WARN), None
    days = days_left(credential, at)
    if days < 0:
        words = say(t.EXPIRED_ON, date=tongue.short_day(credential.not_after))
        return Line(words, Tone.BAD), t.RENEW_EXPIRED
    if days > REMIND:
        return Line(say(t.DAYS_LEFT, count=days), Tone.OK), None
    words = say(t.DAYS_LEFT, count=days) if days else say(t.ENDS_TODAY)
    if days <= URGE:
        return Line(words, Tone.BAD), t.RENEW_NOW
    return Line(words, Tone.WARN), t.RENEW_SOON


def _renews_on(credential: Credential, now: TokensNow) -> str | None:
    """The serial number of the token on which the key for its successor is made, where it is time for one."""
    if now.at < credential.not_before or days_left(credential, now.at) > REMIND:
        return None
    same = (one for one in now.managed if one.ref.serial == credential.token.serial)
    return next((one.ref.serial for one in same if one.can_request), None)


def _warning(credential: Credential, now: TokensNow, tongue: Tongue) -> Line | None:
    centre = tongue.within(now.centres.name_of(credential) or tongue.say(t.NO_CENTRE))
    days = days_left(credential, now.at)
    if days > REMIND:
        return None
    if days < 0:
        return Line(tongue.say(t.CERTIFICATE_ENDED, centre=centre), Tone.BAD)
    if days == 0:
        return Line(tongue.say(t.CERTIFICATE_ENDS_TODAY, centre=centre), Tone.BAD)
    tone = Tone.BAD if days <= URGE else Tone.WARN if days <= WARN else Tone.PLAIN
    return Line(tongue.say(t.CERTIFICATE_ENDS, centre=centre, count=days), tone)
