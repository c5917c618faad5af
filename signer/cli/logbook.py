"""What a running agent leaves of itself on the disk: its log, where it crashed, and no core file.

Everything is private to the user. What is logged is redacted where it is logged; an error that nobody foresaw
gets an incident number and its frames, since its message may quote a document. A home folder has its user's
name, so it is written as `~`.
"""

from __future__ import annotations

import copy
import faulthandler
import logging
import os
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from drivers.no_core import forbid_core_files
from signer.model.text import visible
from signer.platform.private_files import private_folder
from signer.service.traces import without_values

FOLDER = "logs"
FILE = "mohr.log"
CRASH = "crash.txt"
#: Octets of one file, and how many older ones are kept: some weeks of a clinic.
_SIZE, _KEPT = 512 * 1024, 3
#: Octets of the log that are shown.
_SHOWN = 256 * 1024
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger(__name__)


class Lines(logging.Formatter):
    """Each record as lines that move no cursor and name no home folder."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._home = str(Path.home())

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        plain = copy.copy(record)
        # A traceback as `logging` writes it ends in the error's message.
        plain.exc_info = plain.exc_text = plain.stack_info = None
        said = super().format(plain)
        if record.exc_info and record.exc_info[1] is not None:
            said += "\n" + without_values(record.exc_info[1])
        told = "\n".join(map(visible, said.splitlines()))
        return told.replace(self._home, "~") if len(self._home) > 1 else told


class _Rotating(RotatingFileHandler):
    """Files that only their owner can read."""

    def _open(self):  # type: ignore[no-untyped-def]  # the stub's type is of a private module
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def begin(data: Path) -> None:
    """From now on this process logs below `data`, leaves no core file, and says where it crashes.

    Where the disk will not have it, the log is not written, and nothing else suffers. Raises nothing.
    """
    forbid_core_files()
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    sys.unraisablehook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    try:
        folder = private_folder(data / FOLDER)
        handler = _Rotating(folder / FILE, maxBytes=_SIZE, backupCount=_KEPT, encoding="utf-8")
        crash = os.open(folder / CRASH, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as problem:
        log.warning("no log is written: %s", type(problem).__name__)
        return
    handler.setFormatter(Lines())
    logging.getLogger().addHandler(handler)
    # The frames of every thread, written by a signal handler: names of our own functions, and no value.
    faulthandler.enable(crash)


def shown(data: Path) -> str:
    """The end of the log, and of what a crash left, for a person to read; empty where there is none."""
    parts = []
    for name in (f"{FILE}.1", FILE, CRASH):
        try:
            octets = (data / FOLDER / name).read_bytes()[-_SHOWN:]
        except OSError:
            continue
        if octets:
            parts.append(f"== {name}\n{octets.decode('utf-8', 'replace')}")
    return "\n".join(parts)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None
) -> None:
    from signer.endpoint.problems import new_incident

    if issubclass(kind, KeyboardInterrupt):
        return
    said = kind.__qualname__ if error is None else without_values(error.with_traceback(traceback))
    log.critical("incident %s: %s", new_incident(), said)
