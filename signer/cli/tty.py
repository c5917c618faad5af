"""A terminal as lines: what is said is drawn safely, what is typed is awaited without a thread.

One gate for all output: whatever comes from a panel or a certificate can neither move the cursor nor turn the
text around. Knows no question and no answer. POSIX terminals only (termios(3)).
"""

from __future__ import annotations

import asyncio
import os
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from signer.cli.drawing import drawn
from signer.model.errors import ConsentSurfaceMissing

#: Octets that the kernel's line editor holds, the line's end included (N_TTY_BUF_SIZE): beyond, it drops.
LONGEST_LINE = 4096
#: Seconds between two counts on the screen.
COUNT_EVERY = 0.1


class NoAnswer(Exception):
    """End of input (Ctrl-D), a line too long to have arrived whole, or octets that are not UTF-8."""


class Tty:
    """A terminal to read lines from and to write lines to. Lines typed before they are asked for are dropped.

    Every method raises `ConsentSurfaceMissing` where the terminal has gone.
    """

    def __init__(self, reader: int, writer: int) -> None:
        """File descriptors, which stay their owner's."""
        self._reader = reader
        self._writer = writer
        self._counted_at: float | None = None
        self._prompt: tuple[str, ...] = ()

    @property
    def attended(self) -> bool:
        """Are both ends a terminal, and is this process its foreground job, so that it may read?"""
        if not (os.isatty(self._reader) and os.isatty(self._writer)):
            return False
        try:
            return os.tcgetpgrp(self._reader) == os.getpgrp()
        except OSError:
            return True  # it controls no session of ours, so there is no job control on it

    def say(self, *parts: str) -> None:
        """One line. Each part is drawn by itself: see `drawn`."""
        self._end_count()
        self._write("".join(map(drawn, parts)) + "\n")

    def interject(self, *parts: str) -> None:
        """One line above the prompt that is waited at, if one is; the prompt comes again under it.

        What was typed so far is still in the kernel's line, though not to be seen (Ctrl-R shows it).
        """
        if not self._prompt:
            self.say(*parts)
            return
        self._write("\n" + "".join(map(drawn, parts)) + "\n" + "".join(map(drawn, self._prompt)))

    def count(self, done: int, total: int) -> None:
        """A count that runs on one line; most of what is told too often is left out."""
        now = time.monotonic()
        if done < total and self._counted_at is not None and now - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = now
        self._write(f"\rsigned {done} of {total}")

    async def line(self, *parts: str) -> str:
        """What is typed after the prompt, without the line's end. Raises `NoAnswer`.

        When the wait is cancelled the screen says so, and nothing reads on.
        """
        try:
            termios.tcflush(self._reader, termios.TCIFLUSH)
        except termios.error as gone:
            raise ConsentSurfaceMissing("the terminal has gone") from gone
        return await self._typed(parts)

    async def secret(self, *parts: str) -> str:
        """The same without echo; the echo is back on return, whatever happened."""
        with self._echo_off():
            return await self._typed(parts, echoed=False)

    async def _typed(self, parts: tuple[str, ...], *, echoed: bool = True) -> str:
        self._end_count()
        self._write("".join(map(drawn, parts)))
        self._prompt = parts
        try:
            octets = await self._read()
        except asyncio.CancelledError:
            with suppress(ConsentSurfaceMissing):
                self._write("\nThe question was withdrawn.\n")
            raise
        finally:
            self._prompt = ()
        whole = octets.endswith(b"\n")
        if not (whole and echoed):
            # A terminal that hung up reads as ended too. There this write fails, so that it is nobody's no.
            self._write("\n")
        if not whole or len(octets) >= LONGEST_LINE:
            raise NoAnswer
        try:
            return octets[:-1].decode()
        except UnicodeDecodeError:
            raise NoAnswer from None

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(self._reader, readable)
        try:
            await ready
        finally:
            loop.remove_reader(self._reader)
        try:
            return os.read(self._reader, LONGEST_LINE)
        except OSError as gone:
            raise ConsentSurfaceMissing("the terminal cannot be read") from gone

    @contextmanager
    def _echo_off(self) -> Iterator[None]:
        """TCSANOW and a flush rather than TCSAFLUSH, which waits for output that a paused terminal holds."""
        try:
            before = termios.tcgetattr(self._reader)
            silent = termios.tcgetattr(self._reader)
            silent[3] &= ~termios.ECHO
            termios.tcsetattr(self._reader, termios.TCSANOW, silent)
            termios.tcflush(self._reader, termios.TCIFLUSH)
        except termios.error as gone:
            raise ConsentSurfaceMissing("the terminal has gone") from gone
        try:
            yield
        finally:
            with suppress(termios.error):  # a terminal that has gone took its echo with it
                termios.tcflush(self._reader, termios.TCIFLUSH)
                termios.tcsetattr(self._reader, termios.TCSANOW, before)

    def _end_count(self) -> None:
        if self._counted_at is not None:
            self._counted_at = None
            self._write("\n")

    def _write(self, text: str) -> None:
        octets = text.encode()
        try:
            while octets:
                octets = octets[os.write(self._writer, octets) :]
        except OSError as gone:
            raise ConsentSurfaceMissing("the terminal cannot be written") from gone
