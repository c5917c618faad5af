"""A user for the `mohr` command: home, data and runtime folders of her own, and the demo's token."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from signer import x509
from signer.cli.demo.token import demo_token
from signer.client.keys import FileKeys
from signer.client.panel import PanelClient
from tests.cli.theatre import Terminal
from tests.softhsm import module_path

ORIGIN = "https://panel.example"

# The process becomes the leader of a session whose terminal is its standard input, as in a terminal window.
_IN_A_WINDOW = (
    "import fcntl, os, sys, termios\n"
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True)
class User:
    """Somebody whose folders are all under `home`."""

    home: Path

    @property
    def data(self) -> Path:
        """Where her agent keeps things."""
        return self.home / "share" / "mohr"

    @property
    def told(self) -> Path:
        """Where her agent tells its port."""
        return self.home / "run" / "mohr" / "endpoint.json"

    @property
    def env(self) -> dict[str, str]:
        """The environment of her session."""
        places = {"HOME": "", "XDG_DATA_HOME": "share", "XDG_RUNTIME_DIR": "run", "XDG_CONFIG_HOME": "etc"}
        return {
            **os.environ,
            **{name: str(self.home / place) for name, place in places.items()},
            "SOFTHSM2_CONF": str(self.home / "token" / "softhsm2.conf"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }

    def mohr(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with no terminal."""
        return subprocess.run(
            _command(*arguments),
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command without a terminal."""
        self.told.unlink(missing_ok=True)
        return subprocess.Popen(
            _command(*arguments),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def open_window(self, terminal: Terminal, *, in_background: bool = False) -> subprocess.Popen[bytes]:
        """Start an agent in a terminal window; as a background job of a shell there, if so asked."""
        self.told.unlink(missing_ok=True)
        shell = ("/bin/sh", "-c", 'set -m; "$@" & wait', "sh") if in_background else ()
        return subprocess.Popen(
            [sys.executable, "-c", _IN_A_WINDOW, *shell, *_command("agent")],
            env=self.env,
            stdin=terminal.device,
            stdout=terminal.device,
            stderr=terminal.device,
        )

    def sit_down(self, terminal: Terminal, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command in a terminal window."""
        return subprocess.Popen(
            [sys.executable, "-c", _IN_A_WINDOW, *_command(*arguments)],
            env=self.env,
            stdin=terminal.device,
            stdout=terminal.device,
            stderr=terminal.device,
        )

    def panel(self, origin: str = ORIGIN) -> PanelClient:
        """A panel at her agent, once that answers. Its keys outlive the agent."""
        end = time.monotonic() + 30
        while not self.told.exists():
            assert time.monotonic() < end, "the agent never told its port"
            time.sleep(0.01)
        port = json.loads(self.told.read_bytes())["port"]
        return PanelClient(
            f"http://127.0.0.1:{port}", origin, FileKeys(self.home / f"{urlsplit(origin).hostname}.json")
        )

    def anchor(self) -> x509.Certificate:
        """The demo CA's certificate."""
        token = asyncio.run(demo_token(self.home / "token", module_path()))
        return x509.read(ssl.PEM_cert_to_DER_cert(token.anchors.read_text()))


def make_user(home: Path) -> User:
    """Her folders, with nothing in them but the token."""
    user = User(home)
    for folder in ("run", "share"):
        (home / folder).mkdir(mode=0o700)
    user.anchor()
    return user


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "signer.cli.main", *arguments]
