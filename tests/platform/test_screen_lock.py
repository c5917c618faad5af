"""The screen as two real buses tell of it: dbus-daemons of the test's own, and services that are scripted.

No logind and no desktop run here, so what they send is what their documents say: freedesktop.org's
org.freedesktop.login1(5), and the screen savers' `GetActive` and `ActiveChanged`.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call
from jeepney import new_method_return as reply
from jeepney import new_signal as signal
from jeepney.io.asyncio import DBusConnection, open_dbus_connection

from signer.model.session_signing import Ended
from signer.platform.screen_lock import LOGIND, MANAGER, SAVERS, SESSION, LinuxScreen, Sight, _Savers, end_of

OURS = "/org/freedesktop/login1/session/_32"
GNOME = "org.gnome.ScreenSaver"
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class Bus:
    """A dbus-daemon, which the environment leads to under `variable`."""

    def __init__(self, folder: Path, name: str, variable: str, patch: pytest.MonkeyPatch) -> None:
        self.socket, self.name = folder / f"{name}.socket", name
        (folder / f"{name}.conf").write_text(CONFIG.format(socket=self.socket))
        command = ["dbus-daemon", f"--config-file={folder / f'{name}.conf'}", "--nofork", "--print-address"]
        self.daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.daemon.stdout is not None
        self.daemon.stdout.readline()
        patch.setenv(variable, f"unix:path={self.socket}")

    def end(self) -> None:
        self.daemon.kill()
        self.daemon.wait()
        assert self.daemon.stdout is not None
        self.daemon.stdout.close()


class Service:
    """A program on a bus that owns `name` and answers calls by their member from `answers`."""

    def __init__(self, connection: DBusConnection, name: str, answers: dict[str, tuple[str, Any]]) -> None:
        self.connection, self.name, self.answers = connection, name, answers
        self._serving = asyncio.ensure_future(self._serve())

    @classmethod
    async def own(cls, bus: str, name: str, answers: dict[str, tuple[str, Any]]) -> Service:
        connection = await open_dbus_connection(bus=bus)
        address = DBusAddress(
            "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
        )
        await connection.send(new_method_call(address, "RequestName", "su", (name, 0)))
        while (await connection.receive()).header.message_type is not MessageType.method_return:
            pass
        return cls(connection, name, answers)

    async def tell(self, path: str, interface: str, member: str, signature: str, *body: object) -> None:
        await self.connection.send(signal(DBusAddress(path, interface=interface), member, signature, body))

    async def end(self) -> None:
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        self.connection.writer.close()
        await self.connection.writer.wait_closed()

    async def _serve(self) -> None:
        while True:
            message = await self.connection.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            member = message.header.fields[HeaderFields.member]
            key = message.body[1] if member == "Get" else member
            if key not in self.answers:
                await self.connection.send(new_error(message, "org.example.None"))
                continue
            kind, value = self.answers[key]
            if member == "Get":
                await self.connection.send(reply(message, "v", ((kind, value),)))
            else:
                await self.connection.send(reply(message, kind, (value,)))


class Desktop:
    """Both buses, a logind with one session, a screen saver, and a screen that is watched."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.system = Bus(folder, "system", "DBUS_SYSTEM_BUS_ADDRESS", patch)
        self.session = Bus(folder, "session", "DBUS_SESSION_BUS_ADDRESS", patch)
        self.screen = LinuxScreen()
        self.ends: list[Ended] = []
        self.screen.on_end(self.ends.append)
        self._services: list[Service] = []

    async def own(self, bus: str, name: str, answers: dict[str, tuple[str, Any]]) -> Service:
        service = await Service.own(bus, name, answers)
        self._services.append(service)
        return service

    async def logind(self, **other: tuple[str, Any]) -> Service:
        known: dict[str, tuple[str, Any]] = {
            "GetSessionByPID": ("o", OURS),
            "Type": ("s", "wayland"),
            "Active": ("b", True),
            "LockedHint": ("b", False),
        }
        return await self.own("SYSTEM", LOGIND, known | other)

    async def saver(self, name: str = GNOME, *, covered: bool = False) -> Service:
        return await self.own("SESSION", name, {"GetActive": ("b", covered)})

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not happened():
                await asyncio.sleep(0.01)

    async def until_passed_on(self, service: Service, ear: _Savers, path: str) -> None:
        """Return when the ear has taken all that the service has sent it so far."""
        last = signal(DBusAddress(path, interface="org.example.Mark"), "Mark")
        assert ear._connection is not None
        last.header.fields[HeaderFields.destination] = ear._connection.unique_name
        taken: list[str] = []
        take = ear._take

        async def noted(message: Message) -> None:
            await take(message)
            taken.append(str(message.header.fields.get(HeaderFields.path)))

        ear._take = noted  # type: ignore[method-assign]
        await service.connection.send(last)
        await self.until(lambda: path in taken)

    async def seen(self) -> None:
        self.screen.start()
        await self.until(lambda: self.screen.sees)

    async def close(self) -> None:
        await self.screen.close()
        for service in self._services:
            await service.end()
        self.system.end()
        self.session.end()


@pytest.fixture
async def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desktop]:
    made = Desktop(tmp_path, monkeypatch)
    yield made
    await made.close()


@pytest.mark.parametrize("name", sorted(SAVERS))
async def test_a_screen_saver_that_covers_the_screen_ends_it_and_uncovers_it_again(
    desktop: Desktop, name: str
) -> None:
    await desktop.logind()
    saver = await desktop.saver(name)
    await desktop.seen()
    await saver.tell(SAVERS[name], name, "ActiveChanged", "b", True)
    await desktop.until(lambda: desktop.ends == [Ended.LOCKED])
    assert not desktop.screen.sees
    await saver.tell(SAVERS[name], name, "ActiveChanged", "b", False)
    await desktop.until(lambda: desktop.screen.sees)


async def test_loginds_word_to_lock_ends_it(desktop: Desktop) -> None:
    logind = await desktop.logind()
    await desktop.saver()
    await desktop.seen()
    await logind.tell(OURS, SESSION, "Lock", "")
    await desktop.until(lambda: desktop.ends == [Ended.LOCKED])
    await logind.tell(OURS, SESSION, "Unlock", "")
    await desktop.until(lambda: desktop.screen.sees)


@pytest.mark.parametrize(
    ("name", "value", "why"), [("Active", False, Ended.SWITCHED), ("LockedHint", True, Ended.LOCKED)]
)
async def test_a_switch_of_user_and_a_locked_session_end_it(
    desktop: Desktop, name: str, value: bool, why: Ended
) -> None:
    logind = await desktop.logind()
    await desktop.saver()
    await desktop.seen()
    logind.answers[name] = ("b", value)
    changed: tuple[Any, ...] = (SESSION, {name: ("b", value)}, [])
    await logind.tell(OURS, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", *changed)
    await desktop.until(lambda: desktop.ends == [why])


async def test_sleep_ends_it(desktop: Desktop) -> None:
    logind = await desktop.logind()
    await desktop.saver()
    await desktop.seen()
    await logind.tell(MANAGER, f"{LOGIND}.Manager", "PrepareForSleep", "b", True)
    await desktop.until(lambda: desktop.ends == [Ended.ASLEEP])
    await logind.tell(MANAGER, f"{LOGIND}.Manager", "PrepareForSleep", "b", False)
    await desktop.until(lambda: desktop.screen.sees)


async def test_another_users_session_changes_nothing(desktop: Desktop) -> None:
    logind = await desktop.logind()
    await desktop.saver()
    await desktop.seen()
    await logind.tell("/org/freedesktop/login1/session/_39", SESSION, "Lock", "")
    await logind.tell(MANAGER, f"{LOGIND}.Manager", "PrepareForSleep", "b", True)
    await desktop.until(lambda: bool(desktop.ends))
    assert desktop.ends == [Ended.ASLEEP], "the one before it was heard, and was not ours"


async def test_what_another_program_says_in_a_screen_savers_name_is_not_believed(desktop: Desktop) -> None:
    saver = await desktop.saver(covered=True)
    heard = Sight()

    def hear(change: Callable[[Sight], Sight]) -> None:
        nonlocal heard
        heard = change(heard)

    ear = _Savers(hear)
    listening = asyncio.ensure_future(ear.listen())
    await desktop.until(lambda: heard.savers == {GNOME: True})
    assert ear._connection is not None
    stranger = await desktop.own("SESSION", "org.example.Stranger", {})
    for service, path in ((stranger, "/stranger"), (saver, "/saver")):
        word = signal(DBusAddress(SAVERS[GNOME], interface=GNOME), "ActiveChanged", "b", (False,))
        word.header.fields[HeaderFields.destination] = ear._connection.unique_name
        await service.connection.send(word)
        await desktop.until_passed_on(service, ear, path)
        assert heard.savers[GNOME] is (service is stranger)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize("bus", ["system", "session"])
async def test_a_bus_that_is_lost_ends_it_and_nothing_is_seen_any_more(desktop: Desktop, bus: str) -> None:
    await desktop.logind()
    await desktop.saver()
    await desktop.seen()
    (desktop.system if bus == "system" else desktop.session).daemon.kill()
    await desktop.until(lambda: desktop.ends == [Ended.UNSEEN])
    assert not desktop.screen.sees


async def test_a_screen_saver_that_ends_is_no_more_seen_and_one_that_comes_is(desktop: Desktop) -> None:
    await desktop.logind()
    saver = await desktop.saver()
    await desktop.seen()
    await saver.end()
    await desktop.until(lambda: desktop.ends == [Ended.UNSEEN])
    await desktop.saver("org.xfce.ScreenSaver")
    await desktop.until(lambda: desktop.screen.sees)


async def test_a_service_of_the_users_manager_is_shown_by_the_users_own_display(desktop: Desktop) -> None:
    logind = await desktop.logind(GetUser=("o", "/user"), Display=("(so)", ("2", OURS)))
    del logind.answers["GetSessionByPID"]
    await desktop.saver()
    await desktop.seen()


@pytest.mark.parametrize(
    "other",
    [{"Type": ("s", "tty")}, {"Active": ("b", False)}, {"LockedHint": ("b", True)}],
    ids=lambda other: next(iter(other)),
)
async def test_a_session_without_a_screen_or_behind_another_is_not_seen(
    desktop: Desktop, other: dict[str, tuple[str, Any]]
) -> None:
    await desktop.logind(**other)
    await desktop.saver()
    desktop.screen.start()
    await desktop.until(lambda: desktop.screen._sight.savers == {GNOME: False})
    known = other.get("Type") is not None
    await desktop.until(lambda: known or desktop.screen._sight.active is not None)
    assert not desktop.screen.sees


async def test_without_a_bus_nothing_is_seen_and_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    screen = LinuxScreen()
    screen.start()
    await asyncio.wait(screen._tasks, timeout=30)
    assert not screen.sees
    await screen.close()


sights = st.builds(
    Sight,
    active=st.sampled_from([None, True, False]),
    locked=st.booleans(),
    asleep=st.booleans(),
    savers=st.dictionaries(st.sampled_from(sorted(SAVERS)), st.booleans(), max_size=2),
)


@given(before=sights, after=sights)
def test_every_end_of_sight_has_a_reason_and_nothing_else_has(before: Sight, after: Sight) -> None:
    assert (end_of(before, after) is not None) == (before.sees and not after.sees)


@given(sight=sights)
def test_a_screen_is_seen_only_where_both_tell_and_it_is_open(sight: Sight) -> None:
    if sight.sees:
        assert sight.active
        assert sight.savers
        assert not (sight.locked or sight.asleep or any(sight.savers.values()))
