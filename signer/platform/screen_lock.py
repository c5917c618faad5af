"""Is the screen open, and is it this user's turn at it? As logind and the screen saver tell on D-Bus.

`Sight` is what is known, and pure; `LinuxScreen` listens. Both buses are needed: logind knows of a switch of
user and of sleep, and the desktop's own screen saver of its lock. Where either is missing, or lost later,
nothing is seen, which is what `sees` then says. A signal counts only from who owns the service's name, since
anybody on a bus may send one. Windows and macOS are not watched yet.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from signer.model.session_signing import Ended

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.asyncio import DBusConnection

log = logging.getLogger(__name__)

LOGIND = "org.freedesktop.login1"
MANAGER = "/org/freedesktop/login1"
SESSION = f"{LOGIND}.Session"
#: The names under which desktops tell of their lock, and where: the interface is the name.
SAVERS = {
    "org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
    "org.mate.ScreenSaver": "/org/mate/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
}
#: Seconds for one answer of a service.
_PATIENCE = 5.0
_BUS = "org.freedesktop.DBus"
_PROPERTIES = f"{_BUS}.Properties"


class Sight(Struct, frozen=True, kw_only=True):
    """What is known. `active` and `locked` are logind's, None until it has told of a graphical session.

    `savers` holds each screen saver that is there, and whether it covers the screen.
    """

    active: bool | None = None
    locked: bool = False
    asleep: bool = False
    savers: dict[str, bool] = field(default_factory=dict)

    @property
    def sees(self) -> bool:
        """The screen is open and this user's, and its end would be seen."""
        return bool(self.active and self.savers) and not (self.locked or self.asleep or self.covered)

    @property
    def covered(self) -> bool:
        """Does a screen saver cover the screen?"""
        return any(self.savers.values())


def end_of(before: Sight, after: Sight) -> Ended | None:
    """Why the screen is no more the open one that it was; None where it is, or was not before."""
    if not before.sees or after.sees:
        return None
    if after.asleep:
        return Ended.ASLEEP
    if after.locked or after.covered:
        return Ended.LOCKED
    return Ended.SWITCHED if after.active is False else Ended.UNSEEN


class LinuxScreen:
    """Implements `signer.service.ports.ScreenWatch`, on the agent's loop."""

    def __init__(self) -> None:
        self._sight = Sight()
        self._tell_end: list[Callable[[Ended], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def sees(self) -> bool:
        """See `ScreenWatch.sees`."""
        return self._sight.sees

    def on_end(self, tell: Callable[[Ended], None]) -> None:
        """See `ScreenWatch.on_end`."""
        self._tell_end.append(tell)

    def start(self) -> None:
        """See `ScreenWatch.start`: listen on both buses."""
        for ear in (_Logind(self._now_is), _Savers(self._now_is)):
            self._tasks.append(asyncio.ensure_future(ear.listen()))

    async def close(self) -> None:
        """See `ScreenWatch.close`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _now_is(self, change: Callable[[Sight], Sight]) -> None:
        before, self._sight = self._sight, change(self._sight)
        end = end_of(before, self._sight)
        if end is not None:
            for tell_end in self._tell_end:
                tell_end(end)


Tell = Callable[[Callable[[Sight], Sight]], None]


class _Ear:
    """One bus, followed until it is lost."""

    bus: str

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._connection: DBusConnection | None = None
        self._owners: dict[str, str] = {}
        self._later: deque[Message] = deque()

    async def listen(self) -> None:
        """Connect, ask how it stands, and follow; a bus that is not there, or goes, is told as unseen."""
        from jeepney.io.asyncio import open_dbus_connection

        try:
            async with asyncio.timeout(_PATIENCE):
                self._connection = await open_dbus_connection(bus=self.bus)
            await self.begin()
            while True:
                waiting = self._later.popleft() if self._later else await self._connection.receive()
                await self._take(waiting)
        except Exception as fault:  # noqa: BLE001  # a bus is no part of ours: whatever it does, it is unseen
            log.info("the screen is not seen: %s bus: %s", self.bus.lower(), type(fault).__name__)
        finally:
            self.blind()
            if self._connection is not None:
                self._connection.writer.close()

    async def begin(self) -> None:
        """Ask for signals, then how it stands, so that nothing falls between the two."""
        raise NotImplementedError

    async def heard(self, name: str, path: str, interface: str, member: str, body: tuple[Any, ...]) -> None:
        """A signal of a service that is followed, by its well-known name."""
        raise NotImplementedError

    async def owner_changed(self, name: str, owner: str) -> None:
        """A service that is followed has come (`owner` not empty), or gone."""
        raise NotImplementedError

    def blind(self) -> None:
        """Nothing is heard any more."""
        raise NotImplementedError

    async def follow(self, name: str) -> bool:
        """Have the signals of a service, and its coming and going; is it there?"""
        await self.bus_call("AddMatch", "s", f"type='signal',sender='{name}'")
        await self.bus_call(
            "AddMatch", "s", f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{name}'"
        )
        self._owners.setdefault(name, "")
        owner = await self.bus_call("GetNameOwner", "s", name)
        self._owners[name] = str(owner[0]) if owner else ""
        return bool(owner)

    async def bus_call(self, member: str, signature: str, *body: object) -> tuple[Any, ...] | None:
        """Ask the bus itself."""
        return await self.call(_BUS, "/org/freedesktop/DBus", _BUS, member, signature, *body)

    async def call(
        self, name: str, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> tuple[Any, ...] | None:
        """The answer's body; None where the service answers with an error. Signals meanwhile wait."""
        from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call

        assert self._connection is not None
        address = DBusAddress(path, bus_name=name, interface=interface)
        serial = next(self._connection.outgoing_serial)
        message = new_method_call(address, member, signature or None, body)
        async with asyncio.timeout(_PATIENCE):
            await self._connection.send(message, serial=serial)
            while True:
                answer = await self._connection.receive()
                if answer.header.fields.get(HeaderFields.reply_serial) != serial:
                    self._later.append(answer)
                elif answer.header.message_type is MessageType.method_return:
                    return tuple(answer.body)
                else:
                    return None

    async def _take(self, message: Message) -> None:
        from jeepney import HeaderFields, MessageType

        if message.header.message_type is not MessageType.signal:
            return
        fields = message.header.fields
        sender = str(fields.get(HeaderFields.sender, ""))
        interface = str(fields.get(HeaderFields.interface, ""))
        member = str(fields.get(HeaderFields.member, ""))
        if (sender, member) == (_BUS, "NameOwnerChanged"):
            name, _, owner = message.body
            if name in self._owners:
                self._owners[name] = owner
                await self.owner_changed(name, owner)
            return
        path = str(fields.get(HeaderFields.path, ""))
        for name in [name for name, owner in self._owners.items() if owner and owner == sender]:
            await self.heard(name, path, interface, member, tuple(message.body))


class _Logind(_Ear):
    """The user's graphical session: whether it is the one at the seat, its lock, and sleep."""

    bus = "SYSTEM"

    def __init__(self, tell: Tell) -> None:
        super().__init__(tell)
        self._session = ""

    async def begin(self) -> None:
        """Find the session of this process, or the user's own display, and read how it stands."""
        if await self.follow(LOGIND):
            await self._find()

    async def owner_changed(self, name: str, owner: str) -> None:
        """A logind that is started anew knows the same sessions."""
        self.blind()
        if owner:
            await self._find()

    async def heard(self, name: str, path: str, interface: str, member: str, body: tuple[Any, ...]) -> None:
        """Sleep, a lock, or a property of the session."""
        if (path, member) == (MANAGER, "PrepareForSleep"):
            self._tell(lambda sight: replace(sight, asleep=bool(body[0])))
        elif path != self._session:
            return
        elif (interface, member) == (SESSION, "Lock"):
            self._tell(lambda sight: replace(sight, locked=True))
        elif (interface, member) in {(SESSION, "Unlock"), (_PROPERTIES, "PropertiesChanged")}:
            await self._read()

    def blind(self) -> None:
        """Whose turn it is, is not known."""
        self._tell(lambda sight: replace(sight, active=None))

    async def _find(self) -> None:
        manager = (LOGIND, MANAGER, f"{LOGIND}.Manager")
        found = await self.call(*manager, "GetSessionByPID", "u", os.getpid())
        if found is None:
            # A service of the user's own manager stands in no session: the user's display is meant.
            user = await self.call(*manager, "GetUser", "u", os.getuid())
            shown = user and await self._get(str(user[0]), f"{LOGIND}.User", "Display")
            found = (shown[1],) if shown else None
        self._session = str(found[0]) if found else ""
        await self._read()

    async def _read(self) -> None:
        if not self._session:
            return
        kind = await self._get(self._session, SESSION, "Type")
        active = await self._get(self._session, SESSION, "Active")
        locked = await self._get(self._session, SESSION, "LockedHint")
        known = bool(active) if kind in {"x11", "wayland", "mir"} else None
        self._tell(lambda sight: replace(sight, active=known, locked=bool(locked)))

    async def _get(self, path: str, interface: str, name: str) -> Any:
        found = await self.call(LOGIND, path, _PROPERTIES, "Get", "ss", interface, name)
        return found[0][1] if found else None


class _Savers(_Ear):
    """The desktop's screen saver, under whichever name it has."""

    bus = "SESSION"

    async def begin(self) -> None:
        """Ask each that is there."""
        for name in SAVERS:
            if await self.follow(name):
                await self._read(name)

    async def owner_changed(self, name: str, owner: str) -> None:
        """One that ends while it covers the screen takes what is known with it."""
        self._tell(lambda sight: replace(sight, savers=_without(sight.savers, name)))
        if owner:
            await self._read(name)

    async def heard(self, name: str, path: str, interface: str, member: str, body: tuple[Any, ...]) -> None:
        """It covers the screen now, or no more."""
        if (interface, member) == (name, "ActiveChanged") and body:
            self._tell(lambda sight: replace(sight, savers={**sight.savers, name: bool(body[0])}))

    def blind(self) -> None:
        """No saver is heard."""
        self._tell(lambda sight: replace(sight, savers={}))

    async def _read(self, name: str) -> None:
        """One that does not say whether it covers the screen is no evidence that a lock would be told."""
        active = await self.call(name, SAVERS[name], name, "GetActive")
        if active is not None:
            self._tell(lambda sight: replace(sight, savers={**sight.savers, name: bool(active[0])}))


def _without(savers: dict[str, bool], name: str) -> dict[str, bool]:
    return {other: covered for other, covered in savers.items() if other != name}


def screen_to_watch() -> LinuxScreen | None:
    """One to start, or None on a system whose screen is not watched yet."""
    return LinuxScreen() if sys.platform == "linux" else None
