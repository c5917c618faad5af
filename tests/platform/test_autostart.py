"""The autostart entry: written as the specification has it, read back by its rules."""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path

import pytest

from signer.model.errors import FileUnusable
from signer.platform.autostart import FILE, autostart_folder, set_start, starts


def executed(folder: Path) -> list[str]:
    """The command as a desktop reads it: the string's escapes, then the quotes, then the field codes."""
    entry = configparser.RawConfigParser()
    entry.read_string((folder / FILE).read_text())
    unescaped = entry["Desktop Entry"]["exec"].replace("\\\\", "\\")
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', unescaped)
    return [re.sub(r"\\(.)", r"\1", argument).replace("%%", "%") for argument in quoted]


@pytest.mark.parametrize(
    "command",
    [
        ("/usr/bin/mohr-desktop", "--hidden"),
        ("/home/a b/پوشه/mohr-desktop", "--hidden"),
        ('/odd/100%/$HOME/`x`/"q"/back\\slash', "--hidden"),
    ],
)
def test_a_command_is_started_as_it_was_given(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = tmp_path / "autostart"
    assert not starts(folder)
    set_start(folder, command)
    assert starts(folder)
    assert executed(folder) == list(command)


def test_switched_off_it_is_gone_and_twice_is_once(tmp_path: Path) -> None:
    set_start(tmp_path, ("mohr-desktop",))
    set_start(tmp_path, None)
    set_start(tmp_path, None)
    assert not starts(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktop_has_switched_off_does_not_start(tmp_path: Path, line: str) -> None:
    set_start(tmp_path, ("mohr-desktop",))
    with (tmp_path / FILE).open("a") as file:
        file.write(f"{line}\n")
    assert not starts(tmp_path)


def test_a_folder_that_refuses_is_a_typed_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileUnusable):
        set_start(tmp_path / "file", ("mohr-desktop",))


def test_the_folder_is_the_sessions_and_unknown_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert autostart_folder() == tmp_path / "autostart"
    monkeypatch.setattr(sys, "platform", "win32")
    assert autostart_folder() is None
