"""A worker around a module that is made up: it is loud, slow or dies, as what it is given to sign says.

Run as `python -m` by a supervisor under test; everything but the binding is the real worker.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from drivers.cryptoki import Cryptoki, Template
from drivers.errors import ModuleReturned
from drivers.recording import Heard
from drivers.types import Binding, Library, Mechanism, Token
from drivers.worker import process
from drivers.worker.loop import serve

OPERATION_ACTIVE = 0x90
USER_NOT_LOGGED_IN = 0x101
CONTEXT_KEY = 99


class LoudModule:
    """Implements `Cryptoki`; answers a signature with the data, turned round."""

    def __init__(self) -> None:
        self._sessions = 0
        self._active: set[int] = set()

    def record(self, heard: Heard | None) -> None:
        self._heard = heard

    def load(self, path: str) -> None:
        self._path = path

    def initialize(self) -> None:
        self._shout()

    def library(self) -> Library:
        names = " ".join(sorted(os.environ))
        return Library(manufacturer=self._path, description=names, version="1.0", cryptoki="2.40")

    def finalize(self) -> None:
        self._shout()

    def slots(self) -> list[int]:
        return [7]

    def token(self, slot: int) -> Token:
        read = sys.stdin.read()
        return Token(
            slot=slot,
            label=f"stdin {read!r}",
            serial="1",
            manufacturer="",
            model="",
            reader="",
            flags=0,
            pin_min=0,
            pin_max=0,
            mechanisms=(),
        )

    def token_flags(self, slot: int) -> int:
        return 0

    def key_sizes(self, slot: int, mechanism: int) -> tuple[int, int]:
        return 0, 0

    def open_session(self, slot: int, *, writable: bool) -> int:
        self._sessions += 1
        return self._sessions

    def close_session(self, session: int) -> None:
        self._active.discard(session)

    def login(self, session: int, pin: bytes | None, *, so: bool = False) -> None:
        raise ValueError(f"a careless binding quotes {pin!r}")

    def logout(self, session: int) -> None:
        self._shout()

    def find(self, session: int, template: Template) -> list[int]:
        key_id = dict(template)[0x102]
        return [CONTEXT_KEY] if key_id == b"context" else list(range(len(key_id)))

    def attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        return b"\x01" if kind == 0x202 and handle == CONTEXT_KEY else None

    def sign(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        self._shout()
        if session in self._active:
            raise ModuleReturned(OPERATION_ACTIVE, "C_SignInit")
        if data == b"exit":
            os._exit(3)
        if data == b"segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        if data == b"slow":
            time.sleep(0.3)
        if data == b"logged out":
            raise ModuleReturned(USER_NOT_LOGGED_IN, "C_Sign")
        if data == b"session":
            return str(session).encode()
        if data == b"left active":
            self._active.add(session)
            raise ModuleReturned(0x5, "C_Sign")
        return data[::-1]

    def sign_authenticated(
        self, session: int, key: int, mechanism: Mechanism, data: bytes, pin: bytes | None
    ) -> bytes:
        raise ValueError(f"a careless binding quotes {pin!r}")

    def set_pin(self, session: int, old: bytes | None, new: bytes | None) -> None:
        raise ValueError(f"a careless binding quotes {old!r} and {new!r}")

    def init_pin(self, session: int, new: bytes | None) -> None:
        raise ValueError(f"a careless binding quotes {new!r}")

    def init_token(self, slot: int, so_pin: bytes | None, label: str) -> None:
        raise ValueError(f"a careless binding quotes {so_pin!r}")

    def generate_key_pair(
        self, session: int, mechanism: int, public: Template, private: Template
    ) -> tuple[int, int]:
        return 1, 2

    def create(self, session: int, template: Template) -> int:
        return 1

    def _shout(self) -> None:
        print("Vendor PKCS#11 module, all rights reserved", flush=True)
        os.write(1, b"\x00\x00\x00\x05noise")


def open_binding(_: Binding) -> Cryptoki:
    return LoudModule()


if __name__ == "__main__":
    serve(*process.prepare(), open_binding, process.limit_farewell)
    os._exit(0)
