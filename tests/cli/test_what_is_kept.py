"""The page on privacy names every file: what a real agent leaves in a home, and every place that writes."""

from __future__ import annotations

import fnmatch
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from gui.preferences import Preferences, save
from signer.cli.demo import people, samples
from signer.cli.demo.token import PIN
from signer.endpoint.pairing import PairingState
from signer.model.request import PRESCRIPTION, Document, RequestState
from tests.cli.place import User, make_user
from tests.cli.theatre import Terminal

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "privacy.md"
#: What the test itself puts into the home: the token, and the panel's keys.
OURS = ("token/*", "panel.example.json")
#: Half written at the moment when one looks; it has its name in a moment.
HALF_WRITTEN = "*/.*.????????"
#: The browsers' own, which the page names among what lies outside of the folders.
STORES = ("*/nssdb/cert9.db*", "*/nssdb/key4.db*", "*/nssdb/pkcs11.txt")
PATIENCE = 60.0

_WRITES = re.compile(
    r"\b(write_private|write_text|write_bytes|mkstemp|NamedTemporaryFile|FileHandler|copyfile|copytree)\b"
    r"|sqlite3\.connect|os\.O_CREAT|\.open\(\s*[\"'][wax]|\bopen\([^)]*,\s*[\"'][wax]"
)
#: Every module that writes a file, and the words by which the page knows what it writes. `None` where it only
#: carries out another one's writing, or writes into a folder that it removes again.
WRITERS: dict[str, str | None] = {
    "gui/checking.py": "what was exported",
    "gui/preferences.py": "data/desktop.json",
    "signer/cli/demo/auto.py": "the demonstration",
    "signer/cli/demo/authority.py": "the demonstration",
    "signer/cli/demo/token.py": "the demonstration",
    "signer/cli/diagnosis/place.py": None,
    "signer/cli/diagnosis/run.py": "what was exported",
    "signer/cli/fetching.py": "data/revocation/*.der",
    "signer/cli/signed_files.py": "what was exported",
    "signer/cli/simulate/agent.py": "data/simulator/",
    "signer/cli/simulate/authority.py": "data/simulator/",
    "signer/cli/simulate/control.py": "data/simulator/",
    "signer/cli/logbook.py": "data/logs/mohr.log",
    "signer/cli/token.py": "what was exported",
    "signer/cli/trace/channel.py": "session/trace.json",
    "signer/cli/trace/run.py": "what was exported",
    "signer/cli/wiring.py": "data/revocation/*.der",
    "signer/client/keys.py": None,
    "signer/endpoint/agent_key.py": "data/agent-key.pem",
    "signer/endpoint/local_ca.py": "data/tls/leaf.pem",
    "signer/endpoint/pairings.py": "data/pairings.json",
    "signer/endpoint/server.py": "session/endpoint.json",
    "signer/journal/reading.py": None,
    "signer/journal/store.py": "data/journal/journal.db",
    "signer/journal/walking.py": None,
    "signer/platform/autostart.py": "autostart/mohr.desktop",
    "signer/platform/browser_policy_files.py": "policies.json",
    "signer/platform/data_version.py": "data/version.json",
    "signer/platform/nss_worker.py": "cert9.db",
    "signer/platform/only_one.py": "data/agent.lock",
    "signer/platform/private_files.py": None,
    "signer/platform/trust_stores.py": "cert9.db",
    "signer/platform/trust_upkeep.py": "data/tls/placed.json",
    "signer/platform/uninstall.py": None,
    "signer/service/centres.py": "data/centres.json",
    "signer/service/exported.py": "what was exported",
    "signer/service/hand_added.py": "data/added-modules.json",
    "signer/service/key_requests.py": "data/certificate-requests.json",
    "signer/service/own_requests.py": "what was exported",
    "signer/service/pin_guard.py": "data/wrong-pins.json",
    "signer/service/profiles.py": "data/profiles.pack",
    "signer/service/seen_certificates.py": "data/certificates/*.der",
    "signer/service/seen_files.py": "data/updates-seen.json",
    "signer/service/session_choices.py": "data/session-signing.json",
    "signer/service/trusted.py": "data/timestamps.json",
}


def named_on_the_page() -> list[str]:
    """The first column of the page's tables, as patterns."""
    cells = re.findall(r"^\| (`(?:data|session)/.*?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return [*STORES, *(pattern for cell in cells for pattern in re.findall(r"`([^`]+)`", cell))]


def left_in(user: User) -> dict[str, Path]:
    """Every file of the home, by how the page writes it; what is outside of both folders, as it stands."""
    places = {user.data: "data", user.told.parent: "session"}
    found = {}
    for file in user.home.rglob("*"):
        if file.is_dir():
            continue
        plain = str(file.relative_to(user.home))
        if any(fnmatch.fnmatch(plain, ours) for ours in OURS):
            continue
        below = (f"{name}/{file.relative_to(at)}" for at, name in places.items() if at in file.parents)
        if not fnmatch.fnmatch(plain, HALF_WRITTEN):
            found[next(below, plain)] = file
    return found


def test_an_agent_that_was_used_leaves_no_file_that_the_page_does_not_name(tmp_path: Path) -> None:
    user = make_user(tmp_path)
    running = _signed_with_a_wrong_pin_first(user)
    _started_with_its_window(user)
    assert user.mohr("anchors", "add", str(_anchor_file(user, tmp_path))).returncode == 0
    user.mohr("diagnose", "--language", "en")
    save(user.data / "desktop.json", Preferences(language="en"))

    found = running | left_in(user).keys()
    patterns = named_on_the_page()
    unnamed = {file for file in found if not any(fnmatch.fnmatch(file, pattern) for pattern in patterns)}
    assert unnamed == set()
    used = {pattern for pattern in patterns if fnmatch.filter(found, pattern)}
    assert used >= {
        "data/journal/journal.db",
        "data/journal/journal.db-wal",
        "data/journal/journal.key",
        "data/pairings.json",
        "data/agent-key.pem",
        "data/agent.lock",
        "data/tls/leaf.pem",
        "data/wrong-pins.json",
        "data/anchors/*.der",
        "data/desktop.json",
        "session/endpoint.json",
    }


def test_what_is_left_holds_no_pin_and_no_patient(tmp_path: Path) -> None:
    user = make_user(tmp_path)
    _signed_with_a_wrong_pin_first(user)
    content = _prescription().content
    assert "بیمار".encode() in content
    for name, file in left_in(user).items():
        octets = file.read_bytes()
        assert "بیمار".encode() not in octets, name
        assert WRONG.encode() not in octets, name


def test_every_module_that_writes_is_known_and_its_file_is_on_the_page() -> None:
    found = {
        str(file.relative_to(ROOT))
        for room in ("signer", "gui", "drivers")
        for file in (ROOT / room).rglob("*.py")
        if _WRITES.search(file.read_text("utf-8")) and "signer/panel/server/" not in str(file)
    }
    assert found == set(WRITERS)
    page = PAGE.read_text("utf-8")
    assert [words for words in WRITERS.values() if words is not None and words not in page] == []


#: A PIN that the token refuses, and whose digits stand in nothing else.
WRONG = "83920174"


def _prescription() -> Document:
    content = samples.salamat(datetime.now(UTC), people.prescriber(people.PRACTICES[0].centre))
    return Document(id="rx-1", media_type=PRESCRIPTION, content=content)


def _signed_with_a_wrong_pin_first(user: User) -> set[str]:
    """Pair, sign, and end; the files that were there while it ran."""
    terminal = Terminal()
    agent = user.open_window(terminal)
    try:
        with ThreadPoolExecutor(1) as pool:
            terminal.read_until("Ctrl-C ends it.")
            panel = user.panel()
            pairing = pool.submit(panel.pair, lambda digits: None)
            _answer(terminal, "Are they the same? Type yes or no: ", "yes")
            assert pairing.result(PATIENCE) is PairingState.ACCEPTED
            asked = pool.submit(panel.sign, [_prescription()])
            _answer(terminal, "Sign this document? Type yes or no: ", "yes")
            _answer(terminal, "(nothing to decline): ", WRONG)
            terminal.read_until("The PIN was wrong.")
            _answer(terminal, "(nothing to decline): ", PIN)
            assert asked.result(PATIENCE).state is RequestState.FINISHED
            panel.close()
        running = set(left_in(user))
        terminal.type("\x03")
        while agent.poll() is None:
            terminal.look()
        return running
    finally:
        agent.kill()
        agent.wait()
        terminal.close()


def _answer(terminal: Terminal, prompt: str, typed: str) -> None:
    terminal.read_until(prompt)
    terminal.type(typed + "\n")


def _started_with_its_window(user: User) -> None:
    """The desktop, until its endpoint answers; Qt leaves what it leaves."""
    user.told.unlink(missing_ok=True)
    window = subprocess.Popen(
        [sys.executable, "-m", "gui"],
        env={**user.env, "QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + PATIENCE
        while not user.told.exists():
            assert time.monotonic() < end, "the window's agent never told its port"
            assert window.poll() is None
            time.sleep(0.01)
        os.kill(window.pid, signal.SIGTERM)
        window.wait(PATIENCE)
    finally:
        window.kill()
        window.wait()


def _anchor_file(user: User, folder: Path) -> Path:
    file = folder / "token" / "authority.der"
    file.write_bytes(user.anchor().der)
    return file
