"""How long Qt's loop is held while a whole agent rests, and while it signs: `watch(folder)`.

The agent runs in a process of its own, this file, with its window on no screen, on the demo token. A doctor
in the same loop says yes to everything, so what is measured of signing begins when *Sign* is pressed. What is
a stall and what is none is judged by who asks.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from PySide6.QtCore import QAbstractEventDispatcher, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from gui.app import run
from gui.hosting import HostedAgent
from gui.presenters.consent_views import Phase
from gui.views.consent import ConsentWindow
from gui.views.pairing import PairingWindow
from signer.cli.demo import people, samples
from signer.cli.demo.run import prepare
from signer.cli.demo.token import PIN
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.model.request import PRESCRIPTION, Document, DocumentState
from signer.platform.folders import folders_under

if TYPE_CHECKING:
    from signer.cli.assembly import Agent
    from signer.service.consent import ConsentSurface

#: As many as one request may hold.
BATCH = 250
#: Seconds between two knocks at the loop, and between two looks of the doctor at the screen.
_KNOCK, _LOOK = 0.005, 0.1
_PATIENCE = 120.0


class Held(Struct, frozen=True, kw_only=True):
    """What held the loop during one stretch, in milliseconds.

    `work` is the processor time of the loop's thread in its longest turn; `wait` how long a knock, as it
    might be a key pressed, stood before the door at worst, other programs' share of the processor included.
    """

    work: float
    wait: float
    turns: int


class Seen(Struct, frozen=True, kw_only=True):
    """The stretches of one run."""

    rest: Held
    signing: Held


class Watchdog(QObject):
    """Watches the loop of the thread that makes it, once that runs. Turns count for the stretch in hand."""

    _knocked = Signal(float)
    _named = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, Held] = {}
        self._stretch = ""
        self._over = threading.Event()
        self._doctor = _Doctor(lambda: self._begin("signing"))
        # Queued: what comes before the loop runs waits for it.
        self._knocked.connect(self._open, Qt.ConnectionType.QueuedConnection)
        self._named.connect(self._begin, Qt.ConnectionType.QueuedConnection)

    def follow(self) -> None:
        """Count under each name that is said. For another thread."""
        for line in sys.stdin:
            self._named.emit(line.strip())

    def knock(self) -> None:
        """Ask to be let in, again and again. For another thread."""
        while not self._over.wait(_KNOCK):
            self._knocked.emit(time.perf_counter())

    def end(self) -> None:
        """Knock no more."""
        self._over.set()

    def _begin(self, stretch: str) -> None:
        if not self._stretch:
            self._cpu = time.thread_time()
            # From one wakening to the next is a turn: what was posted, then timers and the window's events.
            QAbstractEventDispatcher.instance().awake.connect(self._turned)
            self._doctor.look_out()
        self._stretch = stretch
        self.held[stretch] = Held(work=0, wait=0, turns=0)

    def _turned(self) -> None:
        cpu = time.thread_time()
        work, self._cpu = (cpu - self._cpu) * 1000, cpu
        if (held := self.held.get(self._stretch)) is not None:
            self.held[self._stretch] = Held(work=max(held.work, work), wait=held.wait, turns=held.turns + 1)

    def _open(self, knocked: float) -> None:
        wait = (time.perf_counter() - knocked) * 1000
        if (held := self.held.get(self._stretch)) is not None:
            self.held[self._stretch] = Held(work=held.work, wait=max(held.wait, wait), turns=held.turns)


class _Doctor(QObject):
    """Accepts a pairing, approves every document, types the PIN and signs."""

    def __init__(self, signs: Callable[[], None]) -> None:
        super().__init__()
        self._signs = signs

    def look_out(self) -> None:
        """Look at the screen from now on, until a signature was asked for."""
        self._looking = QTimer(self)
        self._looking.timeout.connect(self._look)
        self._looking.start(round(_LOOK * 1000))

    def _look(self) -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, PairingWindow) and window.isVisible():
                window.yes.click()
            elif isinstance(window, ConsentWindow) and window.presenter.phase is Phase.ASKING:
                self._looking.stop()
                self._window = window
                QTimer.singleShot(1000, self, self._approve)

    def _approve(self) -> None:
        window = self._window
        for index in range(window.presenter.count):
            window.presenter.saw_end(index)
            assert window.presenter.approve(index), window.presenter.why_not_approve(index)
        window.pin.field.setText(PIN)
        QTimer.singleShot(200, self, self._press)

    def _press(self) -> None:
        self._signs()
        self._window.pin.sign.click()


def main(token: Path, folder: Path) -> int:
    """Run an agent until it is told to end; a line of standard input names the stretch that begins."""
    logging.basicConfig(level=logging.WARNING)
    _, module = asyncio.run(prepare(token))
    folders = folders_under(folder)

    def agent(consent: ConsentSurface) -> Agent:
        from signer.cli.assembly import Agent

        return Agent(consent=consent, modules=(module,), folders=folders, ports=(0,))

    dog = Watchdog()
    threads = [threading.Thread(target=work) for work in (dog.follow, dog.knock)]
    for thread in threads:
        thread.start()
    status = run(lambda consent: HostedAgent(agent, consent), preferences_path=folders.data / "desktop.json")
    dog.end()
    for thread in threads:
        thread.join()
    print(json.dumps(msgspec.to_builtins(dog.held)))
    return status


def watch(folder: Path, rest: float = 3.0) -> Seen:
    """Let an agent with its things in `folder` rest for so many seconds, then sign a batch."""
    token, own = folder / "token", folder / "agent"
    own.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.desktop.watched", str(token), str(own)]
    env = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        told = own / "runtime" / "endpoint.json"
        until = time.monotonic() + _PATIENCE
        while not told.exists():
            assert time.monotonic() < until, "no agent answered"
            time.sleep(_LOOK)
        time.sleep(2)  # the window opens, and the tokens and the journal are read

        print("rest", file=agent.stdin, flush=True)
        time.sleep(rest)
        print("asking", file=agent.stdin, flush=True)
        _sign(msgspec.json.decode(told.read_bytes())["port"])
        time.sleep(1)  # the results are drawn
        agent.stdin.close()
        agent.terminate()
        seen = agent.stdout.read()
        assert agent.wait(_PATIENCE) == 0
    return msgspec.json.decode(seen.splitlines()[-1], type=Seen)


def _sign(port: int) -> None:
    panel = PanelClient(f"http://127.0.0.1:{port}", "https://watched.example", MemoryKeys())
    panel.pair(lambda code: None)
    now = datetime.now(ZoneInfo("Asia/Tehran"))
    doctor = people.prescriber(people.PRACTICES[0].centre)
    documents = [
        Document(
            id=f"rx-{n}", media_type=PRESCRIPTION, content=samples.tamin(now - timedelta(seconds=n), doctor)
        )
        for n in range(BATCH)
    ]
    mine = next(one.id for one in panel.credentials() if one.centre == people.PRACTICES[0].centre)
    answer = panel.sign(documents, credential=mine)
    panel.close()
    assert all(one.state is DocumentState.SIGNED for one in answer.documents), answer.state


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
