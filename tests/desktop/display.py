"""A private X display without a window manager: keys and clicks go in, pictures come out.

Qt gives its windows the focus by itself where no window manager does, so none is needed. What is on the
display is none of this file's business.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtGui import QImage

WIDTH, HEIGHT = 1280, 1024
#: Seconds that anything on the display may take, on a machine that is busy with other things.
PATIENCE = 20.0

# Words of an XWD header (XWDFile.h), big-endian: its own size, the octets of a line, the number of colours.
_HEADER = struct.Struct(">25I")
_HEADER_SIZE, _BYTES_PER_LINE, _COLOURS, _COLOUR_SIZE = 0, 12, 19, 12


class Display:
    """One running Xvfb. `name` is what DISPLAY says."""

    def __init__(self, name: str, frame: Path) -> None:
        self.name = name
        self._frame = frame

    async def window(self, title: str) -> str:
        """The X id of the mapped window whose title begins so, once there is one. Raises `TimeoutError`."""
        found = await self._xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}")
        return found.split()[-1]

    async def press(self, *keys: str) -> None:
        """Press and release keys, by their X names, wherever the focus is."""
        await self._xdotool("key", "--clearmodifiers", *keys)

    async def type(self, text: str) -> None:
        """Type text wherever the focus is. It goes over a pipe: arguments can be read by every process."""
        await self._xdotool("type", "--clearmodifiers", "--file", "-", said=text)

    async def click(self, x: int, y: int) -> None:
        """Move the pointer there and click."""
        await self._xdotool("mousemove", str(x), str(y), "click", "1")

    async def scroll_down(self, x: int, y: int) -> None:
        """Move the pointer there and turn the wheel."""
        await self._xdotool("mousemove", str(x), str(y), "click", "--repeat", "5", "5")

    def pixels(self) -> bytes:
        """What is on screen now, four bytes (blue, green, red, unused) to a pixel."""
        with self._frame.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as frame:
            words = _HEADER.unpack_from(frame)
            begins = words[_HEADER_SIZE] + words[_COLOURS] * _COLOUR_SIZE
            return frame[begins : begins + words[_BYTES_PER_LINE] * HEIGHT]

    def picture(self) -> QImage:
        """What is on screen now."""
        return QImage(self.pixels(), WIDTH, HEIGHT, QImage.Format.Format_RGB32).copy()

    async def _xdotool(self, *arguments: str, said: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *("xdotool", *arguments),
            env={**os.environ, "DISPLAY": self.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(said.encode()), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode == 0
        return out.decode()


@contextmanager
def display(scratch: Path) -> Iterator[Display]:
    """Start an Xvfb on a display of its own and end it. `scratch` takes its picture, an existing folder."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset", "-fbdir", str(scratch)],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb did not start"
        yield Display(f":{number}", scratch / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait()
