"""`mohr agent` as a process: a person at its terminal, nobody at all, and a second one beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from signer.cli.demo import people, samples
from signer.cli.demo.token import PIN
from signer.client.errors import ProblemAnswered
from signer.client.panel import PanelClient
from signer.endpoint.messages import RequestAnswer
from signer.endpoint.pairing import PairingState
from signer.endpoint.problems import Problem
from signer.model.errors import AlreadyRunning, ConsentSurfaceMissing
from signer.model.request import PRESCRIPTION, Document, RequestState
from signer.verify.cades import verify
from tests.cli.place import ORIGIN, User, make_user
from tests.cli.theatre import Terminal

CTRL_C = "\x03"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    return make_user(tmp_path_factory.mktemp("user"))


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


@pytest.fixture
def panels() -> Iterator[ThreadPoolExecutor]:
    """Where a panel's blocking calls wait."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def _prescription(name: str, centre: str | None = people.PRACTICES[0].centre) -> Document:
    content = samples.salamat(datetime.now(UTC), people.prescriber(centre))
    return Document(id=name, media_type=PRESCRIPTION, content=content)


def _answer(terminal: Terminal, prompt: str, typed: str) -> None:
    terminal.read_until(prompt)
    terminal.type(typed + "\n")


def _pair(terminal: Terminal, panel: PanelClient, panels: ThreadPoolExecutor) -> None:
    codes: list[str] = []
    pairing = panels.submit(panel.pair, codes.append)
    terminal.read_until("The page must show the same digits:")
    _answer(terminal, "Are they the same? Type yes or no: ", "yes")
    assert pairing.result(30) is PairingState.ACCEPTED
    assert codes[0] in terminal.text


def _ended(agent: subprocess.Popen[bytes], terminal: Terminal) -> int:
    """Its exit status, the screen being read meanwhile."""
    while agent.poll() is None:
        terminal.look()
    while terminal.look(0):
        pass
    return agent.returncode


def test_a_prescription_is_signed_by_what_a_person_types(
    user: User, terminal: Terminal, panels: ThreadPoolExecutor
) -> None:
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        panel = user.panel()
        _pair(terminal, panel, panels)
        document = _prescription("rx-1", centre=None)
        asked: Future[RequestAnswer] = panels.submit(panel.sign, [document])
        terminal.read_until("Which certificate?")
        number = re.search(rf"(\d)\. {people.NAME}.*{people.PRACTICES[0].centre}", _list(terminal))
        assert number is not None
        _answer(terminal, "Number, or nothing to decline: ", number[1])
        _answer(terminal, "Sign this document? Type yes or no: ", "yes")
        _answer(terminal, "(nothing to decline): ", "999999")
        terminal.read_until("The PIN was wrong.")
        _answer(terminal, "(nothing to decline): ", PIN)
        answer = asked.result(30)
        terminal.read_until("1 of 1 signed.")
        panel.close()
        assert answer.state is RequestState.FINISHED
        signature = answer.documents[0].signature
        assert isinstance(signature, bytes)
        verdict = verify(
            signature,
            content=document.content,
            media_type=document.media_type,
            anchors=(user.anchor(),),
        )
        assert verdict.reason is None
        at_the_pin = terminal.text.partition("PIN of")[2]
        assert "The PIN was wrong." in at_the_pin
        assert PIN not in at_the_pin
        assert "999999" not in at_the_pin
        terminal.type(CTRL_C)
        assert _ended(agent, terminal) == 0
        assert "Traceback" not in terminal.text
        assert not user.told.exists()
    finally:
        agent.kill()
        agent.wait()


def _list(terminal: Terminal) -> str:
    """The screen down to the prompt behind the list."""
    terminal.read_until("token Mohr demo")
    terminal.read_until("token Mohr demo")
    return terminal.text


def test_a_doctor_is_told_of_a_closed_panel_and_of_another_that_waits_and_both_get_their_signatures(
    user: User, terminal: Terminal, panels: ThreadPoolExecutor
) -> None:
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        panel, other = user.panel(), user.panel("https://pane1.example")
        _pair(terminal, panel, panels)
        pairing = panels.submit(other.pair, lambda code: None)
        terminal.read_until("[CARE] This address looks like " + ORIGIN)
        _answer(terminal, "Are they the same? Type yes or no: ", "yes")
        assert pairing.result(30) is PairingState.ACCEPTED
        usable = next(c.id for c in panel.credentials() if c.usable)
        document = _prescription("rx-1")
        panel.submit([document], idempotency_key="closed", credential=usable)
        panel.close()
        terminal.read_until("Sign this document? Type yes or no: ")
        waiting = panels.submit(other.sign, [document], credential=usable)
        terminal.read_until("1 more waiting, from https://pane1.example.")
        terminal.read_until("The panel's page is closed.")
        _answer(terminal, "Sign this document? Type yes or no: ", "yes")
        _answer(terminal, "(nothing to decline): ", PIN)
        terminal.read_until("what was done is kept for its return")
        terminal.read_until("https://pane1.example asks for 1 signature(s).")
        _answer(terminal, "Sign this document? Type yes or no: ", "yes")
        _answer(terminal, "(nothing to decline): ", PIN)
        assert waiting.result(30).state is RequestState.FINISHED
        back = panel.sign([document], idempotency_key="closed", credential=usable)
        assert back.state is RequestState.FINISHED
        panel.close()
        other.close()
    finally:
        agent.kill()
        agent.wait()


def test_ctrl_c_at_the_pin_ends_the_agent_with_the_echo_on(
    user: User, terminal: Terminal, panels: ThreadPoolExecutor
) -> None:
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        panel = user.panel()
        _pair(terminal, panel, panels)
        credential = panel.credentials()[0].id
        panel.submit([_prescription("rx-2")], idempotency_key="stopped", credential=credential)
        panel.close()
        _answer(terminal, "Sign this document? Type yes or no: ", "yes")
        terminal.read_until("(nothing to decline): ")
        terminal.type(PIN[:3] + CTRL_C)
        assert _ended(agent, terminal) == 0
        assert terminal.echoes
        assert "The question was withdrawn." in terminal.text
        assert "Traceback" not in terminal.text
    finally:
        agent.kill()
        agent.wait()


def test_closing_the_terminal_window_ends_the_agent(user: User, terminal: Terminal) -> None:
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        terminal.hang_up()
        assert agent.wait(30) == 0
        assert not user.told.exists()
    finally:
        agent.kill()
        agent.wait()


@pytest.fixture
def paired(user: User, terminal: Terminal, panels: ThreadPoolExecutor) -> User:
    """The user with her panel paired and no agent running."""
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        panel = user.panel()
        _pair(terminal, panel, panels)
        panel.close()
        terminal.type(CTRL_C)
        assert _ended(agent, terminal) == 0
    finally:
        agent.kill()
        agent.wait()
    return user


def test_without_a_terminal_each_request_says_so_and_the_agent_goes_on(paired: User) -> None:
    agent = paired.begin("agent")
    try:
        panel = paired.panel()
        credential = panel.credentials()[0].id
        for name in ("first", "second"):
            answer = panel.sign([_prescription(name)], credential=credential)
            assert answer.state is RequestState.FAILED
            problem = answer.documents[0].problem
            assert isinstance(problem, Problem)
            assert problem.code == ConsentSurfaceMissing.code
        with pytest.raises(ProblemAnswered) as refused:
            panel.pair(lambda _: None)
        assert refused.value.problem.code == ConsentSurfaceMissing.code
        panel.close()
        agent.send_signal(signal.SIGTERM)
        output, _ = agent.communicate(timeout=30)
        assert agent.returncode == 0
        assert b"Traceback" not in output
    finally:
        agent.kill()
        agent.wait()


def test_an_agent_in_the_background_of_a_shell_asks_nobody_and_is_not_stopped(
    paired: User, terminal: Terminal
) -> None:
    shell = paired.open_window(terminal, in_background=True)
    try:
        panel = paired.panel()
        answer = panel.sign([_prescription("third")], credential=panel.credentials()[0].id)
        panel.close()
        problem = answer.documents[0].problem
        assert isinstance(problem, Problem)
        assert problem.code == ConsentSurfaceMissing.code
    finally:
        os.kill(json.loads(paired.told.read_bytes())["pid"], signal.SIGTERM)
        shell.wait(30)


def test_a_second_agent_of_the_same_user_ends_at_once_and_says_why(
    user: User, terminal: Terminal, panels: ThreadPoolExecutor
) -> None:
    first = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        told = user.told.read_bytes()
        second = user.mohr("agent")
        assert second.returncode == 1
        assert AlreadyRunning.en in second.stderr
        assert AlreadyRunning.en_remedy in second.stderr
        assert "Traceback" not in second.stderr
        assert user.told.read_bytes() == told
        assert json.loads(told)["pid"] == first.pid
        terminal.type(CTRL_C)
        assert _ended(first, terminal) == 0
    finally:
        first.kill()
        first.wait()


def test_what_a_killed_agent_held_is_free_for_the_next(user: User, terminal: Terminal) -> None:
    first = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
    finally:
        first.kill()
        first.wait()
    next_one = Terminal()
    second = user.open_window(next_one)
    try:
        next_one.read_until("Ctrl-C ends it.")
        next_one.type(CTRL_C)
        assert _ended(second, next_one) == 0
    finally:
        second.kill()
        second.wait()
        next_one.close()
