"""The main window in words: how the agent is, where it answers, and what closing the window does."""

from __future__ import annotations

from msgspec import Struct

from gui import translations as t
from gui.bridge.messages import AgentChanged, AgentState
from gui.presenters.pin import Line, Tone
from gui.presenters.session import open_whose
from gui.presenters.tokens import Warned
from gui.presenters.tongue import Tongue, left_to_right
from signer.model.errors import by_code
from signer.model.presence import Presence, SeenToken
from signer.model.session_signing import OpenNow


class HomeView(Struct, frozen=True, kw_only=True):
    """The main window as it must be drawn. `facts` are caption and value, `endings` are of certificates.

    `opened` is of an open token.
    """

    state: Line
    sentence: str
    remedy: str | None
    facts: tuple[tuple[str, str], ...]
    waiting: bool
    closing: str
    warnings: tuple[Line, ...] = ()
    opened: Line | None = None
    endings: tuple[Warned, ...] = ()


def present_home(
    agent: AgentChanged,
    waiting: int,
    tongue: Tongue,
    *,
    tray: bool,
    presence: Presence | None = None,
    opened: OpenNow | None = None,
) -> HomeView:
    """The agent's last known state, how many questions wait, and which tokens are there.

    Without a token the agent is ready all the same, and the sentence says what the doctor has to do.
    """
    say = tongue.say
    closing = say(t.CLOSE_TO_TRAY if tray else t.CLOSE_QUITS)
    remedy = None
    facts: tuple[tuple[str, str], ...] = ()
    match agent.state:
        case AgentState.FAILED:
            state = Line(say(t.STATE_FAILED), Tone.BAD)
            sentence, remedy = _problem(agent.problem, tongue)
        case AgentState.STARTING:
            state, sentence = Line(say(t.STATE_STARTING)), say(t.STARTING_HINT)
        case AgentState.READY if waiting:
            state, sentence = Line(say(t.STATE_WAITING), Tone.WARN), say(t.WAITING_HINT)
        case AgentState.READY if presence is not None and presence.problem is not None:
            state = Line(say(t.STATE_FAILED), Tone.WARN)
            sentence, remedy = _problem(presence.problem, tongue)
        case AgentState.READY if presence is not None and presence.reading and not presence.tokens:
            state, sentence = Line(say(t.STATE_STARTING)), say(t.TOKEN_READING)
        case AgentState.READY:
            state, sentence = Line(say(t.STATE_READY), Tone.OK), say(t.READY_HINT)
    if agent.info is not None:
        tokens = presence.tokens if presence is not None else ()
        facts = (
            *((say(t.TOKEN_READY), _token(token)) for token in tokens),
            (say(t.ADDRESS), left_to_right(agent.info.address)),
            (say(t.VERSION), left_to_right(agent.info.version)),
        )
    return HomeView(
        state=state,
        sentence=sentence,
        remedy=remedy,
        facts=facts,
        waiting=waiting > 0,
        closing=closing,
        opened=None if opened is None else open_whose(opened, tongue),
    )


def _token(token: SeenToken) -> str:
    return left_to_right(f"{token.label} · {token.serial}" if token.serial else token.label)


def _problem(code: str | None, tongue: Tongue) -> tuple[str, str]:
    condition = by_code(code or "unexpected")
    if tongue.rtl:
        return condition.fa, condition.fa_remedy
    return condition.en, condition.en_remedy
