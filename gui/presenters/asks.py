"""The small questions in words: pairing, the choice of a credential or a token, a module that has changed."""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.presenters.asker import asker, asker_lead
from gui.presenters.notices import caution_lines
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.credential import Credential, TokenRef
from signer.model.errors import by_code
from signer.model.text import visible
from signer.service.centres import Centres, here_of
from signer.service.consent import ChoiceQuestion, ModuleQuestion, PairingQuestion, TokenChoiceQuestion


class PairingView(Struct, frozen=True, kw_only=True):
    """The pairing question.

    `code` is in the digits that the page shows, so that like is compared with like; `local_code` says it
    again in the language's own. `spoken_code` spaces them, so that a screen reader says each.
    """

    title: str
    origin: str
    cautions: tuple[str, ...]
    code: str
    local_code: str | None
    spoken_code: str
    until: str
    ask: str
    hint: str
    yes: str
    no: str


class OptionView(Struct, frozen=True, kw_only=True):
    """One certificate or token to pick, and the reply that it stands for. `problem` says why it cannot be."""

    picks: str | TokenRef
    name: str
    who: str
    facts: str
    problem: str | None
    accessible: str


class ChoiceView(Struct, frozen=True, kw_only=True):
    """The choice question; nothing in it is preselected."""

    title: str
    lead: str
    origin: str
    hint: str
    listed: str
    options: tuple[OptionView, ...]
    proceed: str
    decline: str


class HashView(Struct, frozen=True, kw_only=True):
    """A SHA-256 in groups that a person can compare, and what it is of."""

    name: str
    octets: str


class ModuleView(Struct, frozen=True, kw_only=True):
    """The question about a module whose file is another one than was agreed to."""

    title: str
    what: str
    path: str
    meaning: str
    hashes: tuple[HashView, HashView]
    warnings: tuple[str, ...]
    hint: str
    yes: str
    no: str


def present_pairing(question: PairingQuestion, tongue: Tongue) -> PairingView:
    """The pairing question in words."""
    say = tongue.say
    first, second = question.code[:3], question.code[3:]
    local = tongue.digits(question.code)
    return PairingView(
        title=say(t.PAIR_TITLE),
        origin=left_to_right(question.origin),
        cautions=caution_lines(question.cautions, tongue),
        code=left_to_right(f"{first} {second}"),
        local_code=left_to_right(f"{local[:3]} {local[3:]}") if local != question.code else None,
        spoken_code=" ".join(local),
        until=say(t.PAIR_UNTIL, time=tongue.clock(question.expires_at)),
        ask=say(t.PAIR_ASK),
        hint=say(t.PAIR_HINT),
        yes=say(t.PAIR_YES),
        no=say(t.PAIR_NO),
    )


def present_choice(question: ChoiceQuestion | TokenChoiceQuestion, tongue: Tongue) -> ChoiceView:
    """The choice question in words."""
    say = tongue.say
    if isinstance(question, TokenChoiceQuestion):
        return ChoiceView(
            title=say(t.CHOOSE_TOKEN_TITLE),
            lead=asker_lead(question.origin, tongue),
            origin=asker(question.origin, tongue),
            hint=say(t.CHOOSE_TOKEN_HINT),
            listed=say(t.CHOOSE_TOKEN_LIST),
            options=tuple(_token(token, tongue) for token in question.tokens),
            proceed=say(t.CHOOSE_CONTINUE),
            decline=say(t.DECLINE),
        )
    here = here_of(question.centres, question.credentials)
    return ChoiceView(
        title=say(t.CHOOSE_TITLE),
        lead=asker_lead(question.origin, tongue),
        origin=asker(question.origin, tongue),
        hint=say(t.CHOOSE_HINT),
        listed=say(t.CHOOSE_LIST),
        options=tuple(_credential(c, question.centres, c.id in here, tongue) for c in question.credentials),
        proceed=say(t.CHOOSE_CONTINUE),
        decline=say(t.DECLINE),
    )


def present_module(question: ModuleQuestion, tongue: Tongue) -> ModuleView:
    """The question about a changed module in words."""
    say, sha256 = tongue.say, left_to_right("SHA-256")
    return ModuleView(
        title=say(t.MODULE_TITLE),
        what=say(t.MODULE_CHANGED),
        path=left_to_right(visible(question.path)),
        meaning=say(t.MODULE_MEANING),
        hashes=(
            HashView(name=say(t.MODULE_AGREED, name=sha256), octets=_in_groups(question.agreed)),
            HashView(name=say(t.MODULE_FOUND, name=sha256), octets=_in_groups(question.found)),
        ),
        warnings=tuple(
            say(t.MODULE_OPEN, path=left_to_right(visible(place))) for place in question.open_to_others
        ),
        hint=say(t.MODULE_HINT),
        yes=say(t.MODULE_USE),
        no=say(t.MODULE_LEAVE),
    )


def centre_words(credential: Credential, centres: Centres, tongue: Tongue) -> str:
    """What the doctor calls its centre, with what the certificate says where that is something else."""
    own, written = centres.names.get(credential.id), credential.holder.centre
    if own is None or own == written:
        return tongue.signed(written) if written else tongue.say(t.NO_CENTRE)
    return f"{tongue.within(own)} ({tongue.within(written)})" if written else tongue.signed(own)


def _in_groups(sha256: str) -> str:
    """Two lines of eight groups of four digits."""
    groups = [sha256[at : at + 4] for at in range(0, len(sha256), 4)]
    half = len(groups) // 2
    return "\n".join(left_to_right(" ".join(part)) for part in (groups[:half], groups[half:]))


def _token(token: TokenRef, tongue: Tongue) -> OptionView:
    say = tongue.say
    name = tongue.signed(token.label or token.serial)
    serial = say(t.TOKEN_SERIAL, serial=left_to_right(token.serial))
    reader = say(t.TOKEN_READER, reader=left_to_right(token.reader)) if token.reader.strip() else ""
    return OptionView(
        picks=token,
        name=name,
        who=serial,
        facts=reader,
        problem=None,
        accessible=". ".join(filter(None, (name, serial, reader))),
    )


def _credential(credential: Credential, centres: Centres, here: bool, tongue: Tongue) -> OptionView:
    say, holder = tongue.say, credential.holder
    centre = centre_words(credential, centres, tongue)
    if here:
        centre = f"{centre} · {say(t.THIS_COMPUTERS)}"
    who = tongue.within(holder.name)
    if holder.council_number:
        council = say(t.HOLDER_COUNCIL, number=tongue.code(holder.council_number))
        who = f"{tongue.within(holder.name)} · {council}"
    facts = " · ".join(
        (
            say(
                t.VALIDITY,
                start=tongue.short_day(credential.not_before),
                end=tongue.short_day(credential.not_after),
            ),
            say(t.ISSUER, issuer=tongue.within(credential.issuer)),
            say(t.TOKEN, label=left_to_right(credential.token.label)),
        )
    )
    problem = None
    if credential.problem is not None:
        condition = by_code(credential.problem)
        problem = condition.fa if tongue.rtl else condition.en
    return OptionView(
        picks=credential.id,
        name=centre,
        who=who,
        facts=facts,
        problem=problem,
        accessible=". ".join(filter(None, (centre, who, facts, problem))),
    )
