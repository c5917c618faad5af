"""The agent's side of the process that draws PDFs: started when needed, timed, and ended with its question.

A document on which it crashes, hangs or asks for too much is one that cannot be shown, and so is not signed.
No PDF is parsed by PDFium in the agent itself. What the process does is `pdf_worker`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from signer.model.errors import DocumentRefused, DocumentUnreadable
from signer.model.sheet import Picture
from signer.prescription import pdf_wire as wire

#: Seconds: to look through a document, and to draw one page.
INSPECTION, DRAWING = 30.0, 15.0
#: What a process that ended is given to tell with which status.
_LAST_WORDS = 1.0

_BOOT = (
    "import runpy, sys\n"
    "if sys.argv[1] not in sys.path: sys.path.insert(0, sys.argv[1])\n"
    "runpy.run_module('signer.prescription.pdf_worker', run_name='__main__')"
)
#: What Windows needs to start a process at all.
_KEPT = ("SYSTEMROOT", "WINDIR")

A = TypeVar("A", wire.Loaded, wire.Inspected, wire.Drawn)


def worker_command() -> tuple[str, ...]:
    """This interpreter, isolated: no current directory, no PYTHON* variable, no user site.

    A packaged agent has none to start; it has a program for this beside it.
    """
    if getattr(sys, "frozen", False):
        return (str(Path(sys.executable).with_name("mohr-pdf").with_suffix(Path(sys.executable).suffix)),)
    return (sys.executable, "-I", "-c", _BOOT, str(Path(__file__).resolve().parents[2]))


class PdfProcess:
    """One process at most, for the documents of one question.

    Any thread may call; calls wait for each other.
    """

    def __init__(self, command: tuple[str, ...] | None = None) -> None:
        self._command = command or worker_command()
        self._turn = threading.Lock()
        #: Held for a moment, by who starts a process and by who ends it.
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: bytes | None = None
        self._closed = False
        self._finalizer: weakref.finalize[..., PdfProcess] | None = None

    def inspect(self, content: bytes) -> wire.Inspected:
        """Every page's text and size, and what is notable. Raises `DocumentUnreadable`, `DocumentRefused`."""
        with self._turn:
            return self._ask(self._with(content), wire.Inspected, wire.Inspect(), INSPECTION)

    def picture(self, content: bytes, page: int, width: int) -> Picture:
        """A page, counted from 0, about `width` pixels wide. Raises `DocumentUnreadable`."""
        with self._turn:
            drawn = self._ask(self._with(content), wire.Drawn, wire.Draw(page, width), DRAWING)
        if len(drawn.pixels) != 4 * drawn.width * drawn.height:
            raise DocumentUnreadable("PDF: a picture of another size")
        return Picture(width=drawn.width, height=drawn.height, pixels=drawn.pixels)

    def close(self) -> None:
        """End the process; none is started after this. May be called again, and while others wait."""
        with self._changing:
            self._closed = True
        self._end()

    def _with(self, content: bytes) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or process.poll() is not None:
            self._end()
            process = self._start()
        if self._loaded is not content:
            self._loaded = None
            self._ask(process, wire.Loaded, wire.Load(content), INSPECTION)
            self._loaded = content
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        with self._changing:
            if self._closed:
                raise DocumentUnreadable("PDF: the question is over")
            self._loaded = None
            self._process = process = self._popen()
            self._finalizer = weakref.finalize(self, _kill, process)
            return process

    def _popen(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  the command is our own
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            raise DocumentUnreadable("PDF: the process that draws cannot be started") from None

    def _ask(
        self, process: subprocess.Popen[bytes], kind: type[A], request: wire.Request, seconds: float
    ) -> A:
        """One question, one answer. Past the deadline the process is killed, and the pipe ends."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(seconds, process.kill)
        late.daemon = True
        late.start()
        try:
            wire.write(process.stdin, request)
            answer = wire.read_answer(process.stdout)
        except (OSError, ValueError):  # the process ended, or `close` took the pipe from under this
            answer = None
        finally:
            hung = late.finished.is_set()
            late.cancel()
        if isinstance(answer, kind):
            return answer
        if isinstance(answer, wire.Refused):
            refusal = DocumentRefused if answer.readable else DocumentUnreadable
            raise refusal(answer.reason[:200])
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LAST_WORDS)
        status = process.poll()
        self._end()
        raise DocumentUnreadable(
            f"PDF: not done in {seconds:g} s" if hung else f"PDF: the process that draws ended with {status}"
        )

    def _end(self) -> None:
        with self._changing:
            self._process, ending = None, self._finalizer
        if ending is not None:
            ending()


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not sent to a dead process
                continue
