"""The window of a second agent says that Mohr is already running, and leaves the first one alone."""

from __future__ import annotations

from pathlib import Path

from gui.bridge.messages import AgentChanged, AgentState, Message
from gui.bridge.surface import Outbox
from gui.bridge.thread import AgentThread
from gui.hosting import HostedAgent
from gui.presenters.home import present_home
from gui.presenters.tongue import Tongue
from signer.cli.assembly import Agent
from signer.model.errors import AlreadyRunning
from signer.platform.folders import folders_under


def test_the_window_of_a_second_agent_says_what_to_do(tmp_path: Path) -> None:
    folders = folders_under(tmp_path)
    outboxes = [Outbox(), Outbox()]
    heard: list[list[Message]] = [[], []]
    threads = []
    for outbox, messages in zip(outboxes, heard, strict=True):
        outbox.attach(messages.append)
        thread = AgentThread(
            lambda surface: HostedAgent(
                lambda consent: Agent(consent=consent, modules=(), folders=folders, ports=(0,)), surface
            ),
            outbox,
        )
        thread.start()
        assert thread.wait_settled(30)
        threads.append(thread)
    assert folders.endpoint_file.exists()
    assert all(thread.stop() for thread in threads)
    (first, *_), (second,) = heard
    assert isinstance(first, AgentChanged)
    assert first.state is AgentState.READY
    assert second == AgentChanged(AgentState.FAILED, problem=AlreadyRunning.code)
    view = present_home(second, 0, Tongue("fa"), tray=False)
    assert (view.sentence, view.remedy) == (AlreadyRunning.fa, AlreadyRunning.fa_remedy)
