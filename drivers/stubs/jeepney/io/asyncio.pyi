import asyncio
from collections.abc import Iterator

from jeepney import Message

class DBusConnection:
    outgoing_serial: Iterator[int]
    writer: asyncio.StreamWriter
    unique_name: str
    async def send(self, message: Message, *, serial: int | None = None) -> None: ...
    async def receive(self) -> Message: ...
    async def close(self) -> None: ...

async def open_dbus_connection(bus: str = "SESSION") -> DBusConnection: ...
