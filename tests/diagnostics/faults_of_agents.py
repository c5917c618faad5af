"""Faults of the agent, its ports, and the browsers that panels run in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from signer.diagnostics.ground import Ground
from signer.endpoint.listener import listen
from signer.endpoint.local_ca import kept_authority, local_identity
from signer.platform.folders import Folders, folders_under
from signer.platform.only_one import only_one
from signer.platform.trust_stores import TrustStore, distrust, trust, user_stores
from tests.diagnostics.computer import Computer
from tests.diagnostics.row import Table, as_nobody

TABLE = Table()


@TABLE.row("the agent is not started", "agent-not-running", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(folders=folders_under(folder))


@TABLE.row("the data is from a newer version", "data-newer", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder / "newer")
    (folders.data / "version.json").write_text('{"version": 99, "program": "9.0"}')
    yield computer.ground(folders=folders)


@TABLE.row("the mark of the data's version is damaged", "data-version-unreadable", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    (folders.data / "version.json").touch(mode=0o600)
    yield computer.ground(folders=folders)


@TABLE.row("the agent was killed and left its note", "agent-not-running", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    folders = folders_under(folder)
    (folders.data / "agent.lock").touch()
    _tell(folders, computer.port)
    yield computer.ground(folders=folders)


@contextmanager
def _running(folder: Path, port: int | None) -> Iterator[Folders]:
    """Folders whose lock is held, as by an agent, which says that it is at this port."""
    folders = folders_under(folder)
    with only_one(folders.data):
        if port is not None:
            _tell(folders, port)
        yield folders


def _tell(folders: Folders, port: int) -> None:
    folders.endpoint_file.write_text(json.dumps({"port": port, "pid": os.getpid(), "ipv6": True}))


@TABLE.row("an agent that never told its port", "agent-unreachable", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with _running(folder, None) as folders:
        yield computer.ground(folders=folders)


@TABLE.row("an agent whose port refuses", "agent-unreachable", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and never listens
        with _running(folder, bound.getsockname()[1]) as folders:
            yield computer.ground(folders=folders)


@TABLE.row("an agent that takes connections and says nothing", "agent-hung", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        _running(folder, silent.getsockname()[1]) as folders,
    ):
        yield computer.ground(folders=folders)


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    def log_message(self, *arguments: object) -> None:
        pass


@TABLE.row("another program at the agent's port", "agent-foreign", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            with _running(folder, server.server_port) as folders:
                yield computer.ground(folders=folders)
        finally:
            server.shutdown()
            serving.join()


@TABLE.row("an agent of another version", "agent-of-another-version", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(version="99.0")


@TABLE.row("an agent whose https is another authority's", "agent-tls-failed", "agent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    other = local_identity(folder / "tls", computer.now).authority
    yield computer.ground(authority=lambda: other)


@TABLE.row("all of the agent's ports are taken", "ports-taken", "agent", "ports")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with ExitStack() as stack:
        taken = []
        for _ in range(3):
            listening = listen((0,))
            stack.callback(listening.close)
            taken.append(listening.address.port)
        yield computer.ground(folders=folders_under(folder), ports=tuple(taken))


@TABLE.row("one of the agent's ports is another program's", "port-taken", "ports")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    listening = listen((0,))
    try:
        yield computer.ground(ports=(listening.address.port, computer.port))
    finally:
        listening.close()


@TABLE.row("another user's agent at the first port", "other-users-agent", "ports")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    # The kernel keeps whose a socket was when it was made.
    with as_nobody():
        listening = listen((0,))
    try:
        yield computer.ground(ports=(listening.address.port, computer.port))
    finally:
        listening.close()


@contextmanager
def _other_home(computer: Computer, folder: Path) -> Iterator[tuple[Ground, tuple[TrustStore, ...]]]:
    """A copy of the home folder, and the stores in it: Chromium's, then Firefox's."""
    home = Path(shutil.copytree(computer.home, folder / "home"))
    yield computer.ground(home=home), user_stores(home)


@TABLE.row("the authority is missing in Firefox alone", "authority-missing", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with _other_home(computer, folder) as (ground, (_, firefox)):
        distrust(firefox)
        yield ground


@TABLE.row("the authority is missing in Chromium alone", "authority-missing", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with _other_home(computer, folder) as (ground, (chromium, _)):
        distrust(chromium)
        yield ground


@TABLE.row("a store that trusts an earlier authority", "authority-outdated", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    earlier = local_identity(folder / "tls", computer.now - timedelta(days=100)).authority
    with _other_home(computer, folder) as (ground, (_, firefox)):
        trust(firefox, earlier)
        yield ground


@TABLE.row("a store that is damaged", "store-unreadable", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with _other_home(computer, folder) as (ground, (_, firefox)):
        (firefox.folder / "cert9.db").write_bytes(b"not a database" * 100)
        yield ground


@TABLE.row("a store that a browser holds", "store-locked", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with (
        _other_home(computer, folder) as (ground, (_, firefox)),
        closing(sqlite3.connect(firefox.folder / "cert9.db")) as browser,
    ):
        browser.execute("BEGIN EXCLUSIVE")
        yield ground


@TABLE.row("an authority that was never made", "authority-none", "stores")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(authority=lambda: kept_authority(folder))


def _managed(name: str, first: str, place: str, text: str) -> None:
    """A row whose browsers have a managed policy, at its place below the root."""

    @TABLE.row(name, first, "browsers")
    @contextmanager
    def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
        programs = folder / "bin"
        programs.mkdir()
        for browser, said in (("chromium", "Chromium 156.0.1"), ("firefox", "Mozilla Firefox 153.0")):
            (programs / browser).write_text(f"#!/bin/sh\necho {said}\n")
            (programs / browser).chmod(0o755)
        file = folder / "root" / place
        file.parent.mkdir(parents=True)
        file.write_text(text)
        yield computer.ground(root=folder / "root", path=str(programs))


_CHROMIUM = "etc/chromium/policies/managed/clinic.json"
_managed(
    "a policy of Chromium's that blocks the panel",
    "browser-policy-blocks",
    _CHROMIUM,
    '{"LoopbackNetworkBlockedForUrls": ["https://[*.]example"]}',
)
_managed(
    "a policy of Chromium's that blocks loopback",
    "browser-policy-blocks",
    _CHROMIUM,
    '{"URLBlocklist": ["127.0.0.1"], "LoopbackNetworkAllowedForUrls": ["https://panel.example"]}',
)
_managed(
    "a policy of Firefox's that lets no page through",
    "browser-policy-blocks",
    "etc/firefox/policies/policies.json",
    '{"policies": {"WebsiteFilter": {"Block": ["<all_urls>"], "Exceptions": ["https://panel.example/*"]}}}',
)
_managed("a policy file that is no JSON", "browser-policy-damaged", _CHROMIUM, '{"URLBlocklist": [')
_managed("no policy that grants the panel anything", "browser-will-ask", _CHROMIUM, "{}")
_managed(
    "a policy that grants another port of the panel's host",
    "browser-will-ask",
    _CHROMIUM,
    '{"LoopbackNetworkAllowedForUrls": ["https://panel.example:8443"]}',
)


@TABLE.row("no browser at all", "browser-none", "browsers")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield computer.ground(path=str(folder))


@TABLE.row("a browser of ten years ago", "browser-outdated", "browsers")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "firefox").write_text("#!/bin/sh\necho Mozilla Firefox 45.0.1\n")
    (folder / "firefox").chmod(0o755)
    yield computer.ground(path=str(folder))
