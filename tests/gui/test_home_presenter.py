"""The main window's words as tokens come and go."""

from __future__ import annotations

import pytest

from gui.bridge.messages import AgentChanged, AgentInfo, AgentState
from gui.presenters.home import HomeView, present_home
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from signer.model.errors import by_code
from signer.model.presence import Presence, SeenToken

READY = AgentChanged(AgentState.READY, info=AgentInfo(address="127.0.0.1:18717", version="1"))


def seen(serial: str) -> SeenToken:
    return SeenToken(label="مطب", serial=serial, reader="r", family="OpenSC", credentials=("c",))


def home(presence: Presence | None, lang: Lang = "en", waiting: int = 0) -> HomeView:
    return present_home(READY, waiting, Tongue(lang), tray=False, presence=presence)


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize(
    "code", ["token-absent", "reader-absent", "reader-service-stopped", "card-mute", "token-not-recognised"]
)
def test_a_missing_token_is_told_with_its_remedy(code: str, lang: Lang) -> None:
    view = home(Presence(problem=code), lang)
    condition = by_code(code)
    assert view.state.tone is Tone.WARN
    assert (view.sentence, view.remedy) == (
        (condition.fa, condition.fa_remedy) if lang == "fa" else (condition.en, condition.en_remedy)
    )


def test_tokens_that_are_there_are_named_by_label_and_serial() -> None:
    view = home(Presence(tokens=(seen("s-1"), seen("s-2"))))
    assert view.state.tone is Tone.OK
    assert view.remedy is None
    named = [value for _, value in view.facts][:2]
    assert "s-1" in named[0]
    assert "s-2" in named[1]


def test_a_token_that_is_being_read_is_told_as_that() -> None:
    assert "Reading" in home(Presence(reading=True)).sentence


def test_a_question_that_waits_comes_before_a_missing_token() -> None:
    assert home(Presence(problem="token-absent"), waiting=1).waiting
    assert home(Presence(problem="token-absent"), waiting=1).remedy is None


def test_before_anything_is_known_the_agent_is_ready() -> None:
    assert home(None).state.tone is Tone.OK
