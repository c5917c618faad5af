"""Virtual readers: a pcscd of the tests' own with vpcd in it, and the contacts that a card meets there.

Each run has a socket, a configuration and ports of its own, so that several runs share a machine, and no
reader that is really plugged in is ever seen. A card's misbehaviour is set on its `Contacts`: late, wrong,
pulled out or silent at a chosen instruction.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers import winscard
from tests.card.piv import PivCard

#: What the client's library reads for where the service listens. Set for the whole run, before any of it.
SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
#: The name in the configuration; the service adds two numbers, and vpcd makes a reader for each of two.
NAME = "کارت‌خوان مطب"
NAMES = (f"{NAME} 00 00", f"{NAME} 00 01")
_DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
_PATIENCE = 30.0
# sd_listen_fds(3): the first socket that is handed over has the number 3.
_HANDED_OVER = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec pcscd -f -c "$0"'
# vpcd's protocol: two octets of length, then the APDU, or one octet that is a command.
# Longer than an ATR can be: the reader takes it as none. An empty answer would make it wait.
_NO_ATR = bytes(40)
_POWER_OFF, _POWER_ON, _RESET, _ATR = 0, 1, 2, 4


def isolate() -> None:
    """Lead this process, and those that it starts, to the tests' own service. Before any PC/SC call."""
    os.environ[SOCKET_VARIABLE] = str(Path(tempfile.gettempdir()) / f"mohr-tests-{os.getpid()}.pcsc")


class Service:
    """One pcscd with two virtual readers, which keep their ports when it is stopped and started again.

    With a `driver` that `tests.card.driver` builds they may be pulled out and plugged in while it runs.
    """

    def __init__(self, folder: Path, name: str = NAME, *, driver: Path | None = None) -> None:
        self.socket = Path(os.environ[SOCKET_VARIABLE])
        self.port = _free_pair()
        self._configuration = folder / "readers"
        self._configuration.mkdir()
        self._log = folder / "pcscd.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._driver = driver or Path(_DRIVER)
        self._away = folder / "away"
        self.plug(name)

    def plug(self, name: str = NAME) -> None:
        """Have the readers connected, as of the next start."""
        (self._configuration / "vpcd").write_text(
            f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{self.port}\nLIBPATH {self._driver}\n'
            f"CHANNELID {self.port}\n",
            "utf-8",
        )

    def unplug(self) -> None:
        """Have no reader, as of the next start."""
        (self._configuration / "vpcd").unlink()

    def start(self) -> None:
        """Start the service; returns when it listens and the readers' ports are open."""
        # The service takes a socket that it is handed, as from systemd, and leaves its fixed place alone. No
        # copy stays here: with the service stopped, connecting must fail.
        with socket.socket(socket.AF_UNIX) as listening:
            self.socket.unlink(missing_ok=True)
            listening.bind(str(self.socket))
            listening.listen()
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    ["sh", "-c", _HANDED_OVER, str(self._configuration)],
                    env={**os.environ, "PLUGGABLE_DRIVER": _DRIVER, "PLUGGABLE_AWAY": str(self._away)},
                    stdin=listening.fileno(),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        if any(self._configuration.iterdir()):
            wait_until(lambda: all(_open(self.port + number) for number in range(2)))

    @property
    def pid(self) -> int:
        """The process id of the running service."""
        assert self._process is not None
        return self._process.pid

    def pull_out_readers(self) -> None:
        """Have the running service lose both readers, cards and all: it lists them on, as out of reach.

        That a reader leaves the list, or a new one joins it, is told to Debian's pcscd by udev alone: with
        that in it, `pcscd --hotplug` does nothing.
        """
        self._away.touch()

    def plug_in_readers(self) -> None:
        """Have it reach them again, with the cards that are in them."""
        self._away.unlink()

    def stop(self) -> None:
        """Stop it, as when an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
            self._process = None
        self.socket.unlink(missing_ok=True)

    def holds_a_card(self, reader: str) -> bool:
        """Does the service itself see a card in this reader now?"""
        context = winscard.Context()
        try:
            (state,) = context.wait((winscard.ReaderState(reader, winscard.STATE_UNAWARE),), 0)
        finally:
            context.release()
        return bool(state.flags & winscard.STATE_PRESENT)


class Contacts:
    """A card and one of the readers it may be put in: `insert`, `remove`, and what goes wrong in between.

    `delay` seconds, `status` words and `hang` hold for the instructions named in them. `vanish` says after
    how many of an instruction the card is pulled out in the next one, once. A card that is `mute` gives no
    answer to a reset.
    """

    def __init__(self, service: Service, card: PivCard, reader: int = 0) -> None:
        self.card = card
        self.delay: dict[int, float] = {}
        self.status: dict[int, int] = {}
        self.vanish: dict[int, int] = {}
        self.hang: set[int] = set()
        self.mute = False
        self.reader = NAMES[reader]
        self._service = service
        self._port = service.port + reader
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._freed = threading.Event()

    @property
    def inserted(self) -> bool:
        """Is the card in the reader?"""
        return self._line is not None

    def insert(self) -> None:
        """Put the card in."""
        assert self._line is None
        self.card.reset()
        self._freed.clear()
        self._line = socket.create_connection(("127.0.0.1", self._port), _PATIENCE)
        self._line.settimeout(None)
        self._thread = threading.Thread(target=self._serve, args=(self._line,), daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card out, whatever it is doing."""
        self._cut()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def take_away(self) -> None:
        """Remove it, and return when that was seen: the service takes a card put in at once for the old."""
        self.remove()
        wait_until(lambda: not self._service.holds_a_card(self.reader))

    def _cut(self) -> None:
        line, self._line = self._line, None
        self._freed.set()
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _serve(self, line: socket.socket) -> None:
        just_reset = False
        with suppress(OSError):
            while (message := _receive(line)) is not None:
                if len(message) > 1:
                    answer = self._answer(message)
                    if answer is None:
                        return
                    _send(line, answer)
                elif message[0] == _ATR:
                    # It is asked for to see whether a card is there, and to have the answer to a reset.
                    _send(line, _NO_ATR if self.mute and just_reset else self.card.ATR)
                    just_reset = False
                elif message[0] in (_POWER_OFF, _POWER_ON, _RESET):
                    just_reset = message[0] != _POWER_OFF
                    self.card.reset()
        line.close()  # where the service has gone, nobody else does
        if self._line is line:
            self._line = None

    def _answer(self, apdu: bytes) -> bytes | None:
        """The response, or None where there will be none."""
        instruction = apdu[1]
        if instruction in self.vanish:
            self.vanish[instruction] -= 1
            if self.vanish[instruction] < 0:
                del self.vanish[instruction]
                self._cut()
                return None
        if instruction in self.hang:
            self._freed.wait()
            return None
        if instruction in self.delay:
            time.sleep(self.delay[instruction])
        if instruction in self.status:
            return self.status[instruction].to_bytes(2, "big")
        return self.card.transmit(apdu)


def wait_until(true: Callable[[], bool], seconds: float = _PATIENCE) -> None:
    """Return once it is true; a machine that is slow gets its time."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.02)


def _receive(line: socket.socket) -> bytes | None:
    head = _exactly(line, 2)
    return _exactly(line, int.from_bytes(head, "big")) if head is not None else None


def _exactly(line: socket.socket, count: int) -> bytes | None:
    octets = b""
    while len(octets) < count:
        more = line.recv(count - len(octets))
        if not more:
            return None
        octets += more
    return octets


def _send(line: socket.socket, message: bytes) -> None:
    line.sendall(len(message).to_bytes(2, "big") + message)


def _open(port: int) -> bool:
    """Is somebody listening? Asked of the kernel: connecting would be a card that comes and goes."""
    entries = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(e[1].rpartition(":")[2], 16) == port and e[3] == "0A" for e in entries)


def _free_pair() -> int:
    """Two ports side by side that nobody has now; vpcd gives its second reader the next one."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two free ports side by side")
