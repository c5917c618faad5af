"""What a screen reader finds in a window: names, roles, states and places, over AT-SPI.

So a test reads what a person is told, and a window that cannot be read aloud fails it. Keys and clicks are
the display's. Only what these tests ask for is here.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from PySide6.QtDBus import QDBusConnection, QDBusMessage

from tests.desktop.display import PATIENCE

_T = TypeVar("_T")
_ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
_ACCESSIBLE = "org.a11y.atspi.Accessible"
# Bits of AT-SPI's state set.
_SHOWING, _FOCUSED, _CHECKED = 25, 12, 4
_ON_SCREEN = 0
_TO_THE_END = -1

#: Seconds between two looks at what is awaited.
GLANCE = 0.02


class Gone(Exception):
    """The object, or the program it belongs to, is not there any more."""


class Accessible(Struct, frozen=True):
    """One object of a program, by where it lives on the bus."""

    bus: str
    owner: str
    path: str

    @property
    def name(self) -> str:
        """What it is called."""
        return self._property("Name")

    @property
    def description(self) -> str:
        """What is said after its name."""
        return self._property("Description")

    @property
    def role(self) -> str:
        """As AT-SPI names it, such as `push button`."""
        return str(self._call(_ACCESSIBLE, "GetRoleName").arguments()[0])

    @property
    def text(self) -> str:
        """The text in it, empty where it has none."""
        try:
            return str(self._call("org.a11y.atspi.Text", "GetText", 0, _TO_THE_END).arguments()[0])
        except Gone:
            return ""

    @property
    def showing(self) -> bool:
        """Is it on screen?"""
        return self._state(_SHOWING)

    @property
    def focused(self) -> bool:
        """Do keys go to it?"""
        return self._state(_FOCUSED)

    @property
    def checked(self) -> bool:
        """Is it the one that is picked?"""
        return self._state(_CHECKED)

    @property
    def centre(self) -> tuple[int, int]:
        """Its middle on the screen, in pixels."""
        extents = self._call("org.a11y.atspi.Component", "GetExtents", _ON_SCREEN)
        x, y, width, height = _numbers(extents)
        return x + width // 2, y + height // 2

    def take_focus(self) -> bool:
        """Ask for the focus; False where it takes none."""
        (taken,) = self._call("org.a11y.atspi.Component", "GrabFocus").arguments()
        return bool(taken)

    def children(self) -> list[Accessible]:
        """The objects right in it."""
        found = re.findall(
            r'"(:[^"]+)", \[ObjectPath: ([^\]]+)\]', _printed(self._call(_ACCESSIBLE, "GetChildren"))
        )
        return [Accessible(self.bus, owner, path) for owner, path in found]

    def everything(self) -> Iterator[Accessible]:
        """It and all in it that is showing, each before what it holds."""
        yield self
        for child in self.children():
            if child.showing:
                yield from child.everything()

    def find(self, *, name: str | None = None, role: str | None = None) -> Accessible:
        """The first that is showing of this name or role. Raises `Gone`."""
        for one in self.everything():
            if name in {None, one.name} and role in {None, one.role}:
                return one
        raise Gone(f"nothing called {name!r}, {role!r} in {self.name!r}")

    def _property(self, name: str) -> str:
        (variant,) = self._call("org.freedesktop.DBus.Properties", "Get", _ACCESSIBLE, name).arguments()
        return str(variant.variant())

    def _state(self, bit: int) -> bool:
        low, high = _numbers(self._call(_ACCESSIBLE, "GetState"))
        return bool((high << 32 | low) >> bit & 1)

    def _call(self, interface: str, method: str, *arguments: object) -> QDBusMessage:
        message = QDBusMessage.createMethodCall(self.owner, self.path, interface, method)
        message.setArguments(list(arguments))
        answer = QDBusConnection(self.bus).call(message, timeout=int(PATIENCE * 1000))
        if answer.type() is not QDBusMessage.MessageType.ReplyMessage:
            raise Gone(f"{method} of {self.path}: {answer.errorMessage()}")
        return answer


class Reader:
    """A session bus of its own with AT-SPI on it. `env` is what a program needs to be read through it."""

    def __init__(self, env: dict[str, str], bus: str) -> None:
        self.env = env
        self._root = Accessible(bus, *_ROOT)

    async def window(self, title: str) -> Accessible:
        """The window of this title, once a program shows one. Raises `TimeoutError`."""
        return await until(lambda: self._window(title))

    async def closed(self, title: str) -> None:
        """Wait until no window of this title is showing. Raises `TimeoutError`."""
        await until(lambda: self._window(title) is None or None)

    def windows(self) -> list[Accessible]:
        """Every program's. Raises `Gone`."""
        return [window for program in self._root.children() for window in program.children()]

    def _window(self, title: str) -> Accessible | None:
        return next((one for one in self.windows() if _own_title(one.name) == title and one.showing), None)


async def until(look: Callable[[], _T | None]) -> _T:
    """What `look` finds, once it finds anything. Objects may vanish meanwhile. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                found = look()
            except Gone:
                found = None
            if found is not None:
                return found
            await asyncio.sleep(GLANCE)


@contextmanager
def reader(runtime: Path) -> Iterator[Reader]:
    """Start the buses and end them. `runtime` takes sockets, so its path must be short."""
    env = {"XDG_RUNTIME_DIR": str(runtime)}
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--print-address", "--nofork", "--nopidfile"],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert daemon.stdout is not None
        env["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().strip()
        QDBusConnection.connectToBus(env["DBUS_SESSION_BUS_ADDRESS"], "mohr-session")
        ask = Accessible("mohr-session", "org.a11y.Bus", "/org/a11y/bus")
        (address,) = ask._call("org.a11y.Bus", "GetAddress").arguments()
        QDBusConnection.connectToBus(str(address), "mohr-reader")
        yield Reader({**env, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}, "mohr-reader")
    finally:
        QDBusConnection.disconnectFromBus("mohr-reader")
        QDBusConnection.disconnectFromBus("mohr-session")
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.communicate()


def _own_title(title: str) -> str:
    """A window's title without the application's name, which Qt appends."""
    return title.split(" — ")[0]


def _printed(answer: QDBusMessage) -> str:
    # The binding cannot unpack D-Bus structures; Qt prints them in full.
    return repr(answer)


def _numbers(answer: QDBusMessage) -> list[int]:
    return [int(number) for number in re.findall(r"(?<=[ {])-?\d+(?=[,}\]])", _printed(answer))]
