"""A doctor at a screen with the real Mohr on it: reads its windows, clicks and types. Decides nothing alone.

What is read comes from the accessible tree and what is done goes in as X events, so a window that cannot be
read aloud, or that keys do not reach, stops the doctor.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from gui import translations as t
from gui.presenters.tongue import Tongue
from tests.desktop.accessible import GLANCE, Accessible, Gone, Reader, reader, until
from tests.desktop.display import PATIENCE, Display, display

ROOT = Path(__file__).parent.parent.parent
#: Looks for an effect before the same is tried again.
LOOKS = 10


class Screen(msgspec.Struct, frozen=True):
    """A display, and the same as a screen reader finds it."""

    display: Display
    reader: Reader

    @property
    def env(self) -> dict[str, str]:
        """What a program needs to open its windows here."""
        return {**self.reader.env, "DISPLAY": self.display.name, "QT_QPA_PLATFORM": "xcb"}


@contextmanager
def screen() -> Iterator[Screen]:
    """A screen that nobody else uses, gone afterwards."""
    with ExitStack() as undo:
        scratch = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="mohr-")))
        yield Screen(undo.enter_context(display(scratch)), undo.enter_context(reader(scratch)))


class Program:
    """A program of ours in a process group of its own."""

    def __init__(self, command: list[str], env: Mapping[str, str], output: Path) -> None:
        self.output = output
        with output.open("wb") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **env}, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def alive(self) -> bool:
        """Is any process of the group left?"""
        self.process.poll()
        return any(_group(entry) == self.process.pid for entry in Path("/proc").glob("[0-9]*"))

    async def gone(self) -> int:
        """The exit status, once the whole group has ended. Raises `TimeoutError`."""
        await until(lambda: not self.alive or None)
        return self.process.wait()

    def end(self) -> None:
        """End what is left of the group, by force."""
        if self.alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def program(command: list[str], env: Mapping[str, str], output: Path) -> Iterator[Program]:
    """Run a program; whatever is left of it afterwards is ended by force."""
    running = Program(command, env, output)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def agent(shown: Screen, token: Path, folder: Path) -> Iterator[Program]:
    """The desktop on the demo token in `token`, made there if need be, with its own things in `folder`."""
    command = [sys.executable, "-m", "tests.desktop.agent", str(token), str(folder)]
    with program(command, shown.env, folder / "agent.log") as running:
        yield running


async def port(folder: Path) -> int:
    """The port of the agent with its things in `folder`, once it answers. Raises `TimeoutError`."""
    file = folder / "runtime" / "endpoint.json"
    await until(lambda: file.exists() or None)
    return int(msgspec.json.decode(file.read_bytes())["port"])


class Doctor:
    """A person who reads Persian, with a mouse and a keyboard."""

    def __init__(self, shown: Screen, title: t.Text = t.TITLE_ONE) -> None:
        """`title` is the consent window's, which is another for what is no prescription."""
        self.display = shown.display
        self.reader = shown.reader
        self._title = title
        self._say = Tongue("fa").say

    async def pairing_digits(self) -> str:
        """The six digits that the pairing window reads aloud, which are those in it."""
        window = await self.reader.window(self._say(t.PAIR_TITLE))
        spoken = _digits(window.find(name=self._say(t.PAIR_CODE)).description)
        assert spoken in [_digits(one.name) for one in window.everything() if one.role == "label"]
        return spoken

    async def accept_pairing(self) -> None:
        """*Yes, the same*, by mouse."""
        title = self._say(t.PAIR_TITLE)
        window = await self.reader.window(title)
        yes = window.find(name=self._say(t.PAIR_YES))
        no = window.find(name=self._say(t.PAIR_NO))
        # The window takes no input at first; once Tab moves, it listens.
        await again(lambda: self.display.press("Tab"), so_that=lambda: yes.focused or no.focused)
        await self.display.click(*yes.centre)
        await self.reader.closed(title)

    async def choose(self, centre: str) -> None:
        """Pick the certificate of this centre, where the window asks."""
        title = self._say(t.CHOOSE_TITLE)
        window = await self.reader.window(title)
        option = next(one for one in window.everything() if one.role == "radio button" and centre in one.name)
        await again(lambda: self.display.click(*option.centre), so_that=lambda: option.checked)
        await self.display.click(*window.find(name=self._say(t.CHOOSE_CONTINUE)).centre)
        await self.reader.closed(title)

    async def consent(self) -> None:
        """Wait for the consent window, read it to its end, and click into its PIN field."""
        await self.display.window(self._say(self._title))
        window = await self.reader.window(self._say(self._title))
        field = await until(lambda: self._field(window))
        await again(
            lambda: self.display.scroll_down(*window.centre),
            so_that=lambda: not any(self._say(why) in _names(window) for why in (t.WHY_UNSEEN, t.WHY_PAGES)),
        )
        await again(lambda: self.display.click(*field.centre), so_that=lambda: field.focused)

    async def accept_warnings(self) -> None:
        """Tick the yes of each amber warning. Raises `TimeoutError` where there is none."""
        window = await self.reader.window(self._say(self._title))

        def boxes() -> list[Accessible]:
            return [one for one in window.everything() if one.role == "check box"]

        for box in await until(lambda: boxes() or None):

            async def tick(box: Accessible = box) -> None:
                if not box.checked:
                    await self.display.click(*box.centre)

            await again(tick, so_that=lambda box=box: box.checked)  # type: ignore[misc]

    async def type_pin(self, pin: str) -> None:
        """Type the PIN into the consent window; nothing that reads the window gets to know it."""
        await self.consent()
        await self._type(pin)

    async def signed(self) -> None:
        """Wait until the consent window has gone."""
        await self.reader.closed(self._say(self._title))

    async def sign(self, pin: str) -> None:
        """Type the PIN and press Enter."""
        await self.type_pin(pin)
        await self.display.press("Return")

    async def sign_again(self, pin: str) -> None:
        """Read that the PIN was wrong, and type another at once: the field waits for it."""
        await self.reads(self._say(t.PIN_AGAIN_WRONG))
        window = await self.reader.window(self._say(self._title))
        await until(lambda: self._field(window).focused or None)
        await self._type(pin)
        await self.display.press("Return")

    async def decline(self) -> None:
        """Escape."""
        await self.consent()
        await self.display.press("Escape")
        await self.reader.closed(self._say(self._title))

    async def reads(self, *sentences: str) -> None:
        """Find each of these somewhere in the consent window."""
        window = await self.reader.window(self._say(self._title))
        await until(lambda: all(sentence in _names(window) for sentence in sentences) or None)

    async def _type(self, pin: str) -> None:
        window = await self.reader.window(self._say(self._title))
        await self.display.type(pin)
        await until(lambda: len(self._field(window).text) == len(pin) or None)
        assert not set(self._field(window).text) & set(pin)

    def _field(self, window: Accessible) -> Accessible:
        return window.find(name=self._say(t.PIN_LABEL), role="text")


async def again(act: Callable[[], Awaitable[None]], *, so_that: Callable[[], bool]) -> None:
    """Act, and act again while it has no effect: a window takes no input in its first moments.

    What is acted must do no harm when done twice. Raises `TimeoutError`.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            await act()
            for _ in range(LOOKS):
                with suppress(Gone):
                    if so_that():
                        return
                await asyncio.sleep(GLANCE)


def _names(window: Accessible) -> str:
    """Every name in the window, a line each."""
    return "\n".join(one.name for one in window.everything())


def _digits(text: str) -> str:
    """The decimal digits in a text, of any script, in ASCII."""
    return "".join(str(unicodedata.digit(character)) for character in text if character.isdecimal())


def _group(entry: Path) -> int | None:
    """The process group of a process that has not ended."""
    try:
        state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return int(group) if state != "Z" else None
