"""An older program over newer data: every command refuses, and not an octet of the folder changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gui.__main__ import _preferences
from gui.preferences import Preferences, load, save
from signer.platform import folders
from signer.platform.data_version import STEPS
from tests.cli.place import User, make_user
from tests.cli.test_ca import agent


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    """Whose data a newer program has taken further: journal, pairings and preferences say more."""
    made = make_user(tmp_path_factory.mktemp("newer"))
    with agent(made):
        made.panel()
    for name, text in {
        "version.json": f'{{"version": {len(STEPS) + 1}, "program": "9.9"}}',
        "pairings.json": '{"version": 2, "pairings": {"https://panel.example": {"new": true}}}',
        "desktop.json": '{"language": "fa", "new": true}',
        "added-modules.json": '{"new": true}',
    }.items():
        (made.data / name).write_text(text)
    (made.data / "journal").mkdir(exist_ok=True)
    (made.data / "journal" / "journal.db").write_bytes(b"of another schema")
    return made


def octets(user: User) -> dict[str, bytes]:
    return {
        str(path.relative_to(user.data)): path.read_bytes()
        for path in sorted(user.data.rglob("*"))
        if path.is_file()
    }


COMMANDS = [
    ("agent",),
    ("pairings",),
    ("pairings", "--revoke", "https://panel.example"),
    ("journal",),
    ("ca", "status"),
    ("ca", "trust"),
    ("ca", "distrust"),
    ("modules", "list"),
    ("modules", "add", "/usr/lib/softhsm/libsofthsm2.so"),
    ("anchors", "list"),
    ("demo", "--auto"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_and_harms_nothing(user: User, command: tuple[str, ...]) -> None:
    before = octets(user)
    done = user.mohr(*command)
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "[data-newer]" in told
    assert "Traceback" not in done.stderr
    assert octets(user) == before


def test_the_window_keeps_its_preferences_elsewhere_meanwhile(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = octets(user)
    for name, value in user.env.items():
        monkeypatch.setenv(name, value)
    assert folders.user_places().data == user.data
    with _preferences() as place:
        assert load(place) == Preferences()
        save(place, Preferences(language="en"))
        assert load(place).language == "en"
    assert not place.exists()
    assert octets(user) == before


def test_the_check_names_it_first(user: User) -> None:
    before = octets(user)
    done = user.mohr("diagnose")
    assert "data-newer" in done.stdout + done.stderr
    assert octets(user) == before


def test_uninstalling_needs_no_understanding_of_what_goes(user: User, tmp_path: Path) -> None:
    rehearsed = user.mohr("uninstall", "--dry-run")
    assert rehearsed.returncode == 0
    assert "pairings.json" in rehearsed.stdout


def test_the_window_itself_starts_and_says_it(user: User) -> None:
    code = (
        "from gui.__main__ import _agent, _preferences\n"
        "from signer.model.errors import DataNewer\n"
        "try: _agent(None)\n"
        "except DataNewer: print('told')"
    )
    done = subprocess.run([sys.executable, "-c", code], env=user.env, capture_output=True, text=True)
    assert done.stdout == "told\n", done.stderr
