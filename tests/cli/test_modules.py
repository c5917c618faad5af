"""`mohr modules`: nothing is loaded before a yes, and a file that changed is asked about again."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import pytest

from signer.service.hand_added import HandAdded, measured, writable_by_others
from tests.bench.process import with_children
from tests.cli.place import User
from tests.cli.theatre import Terminal
from tests.softhsm import module_path


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module at a path that no profile names."""
    return Path(shutil.copy(module_path(), tmp_path / "vendor.so"))


def add(user: User, terminal: Terminal, path: Path, answer: str) -> int:
    process = user.sit_down(terminal, "modules", "add", str(path))
    try:
        terminal.read_until("Load this module from now on?")
        terminal.type(answer + "\n")
        return process.wait(30)
    finally:
        process.kill()
        process.wait()


def test_a_module_is_loaded_after_a_warning_its_hash_and_a_yes(
    user: User, terminal: Terminal, module: Path
) -> None:
    assert add(user, terminal, module, "yes") == 0
    assert "it can do whatever you can do" in terminal.text
    assert hashlib.sha256(module.read_bytes()).hexdigest() in terminal.text
    here = user.mohr("tokens", "here")
    assert str(module) in here.stdout
    assert user.mohr("modules", "list").returncode == 0


def test_without_a_yes_it_is_not_loaded(user: User, terminal: Terminal, module: Path) -> None:
    assert add(user, terminal, module, "no") == 1
    assert str(module) not in user.mohr("tokens", "here").stdout


def test_a_module_that_changed_is_not_loaded_before_somebody_agrees_again(
    user: User, terminal: Terminal, module: Path
) -> None:
    assert add(user, terminal, module, "yes") == 0
    with module.open("ab") as file:
        file.write(b"\0")
    assert str(module) not in user.mohr("tokens", "here").stdout
    listed = user.mohr("modules", "list")
    assert listed.returncode == 1
    assert "CHANGED" in listed.stdout
    assert add(user, terminal, module, "yes") == 0
    assert "has CHANGED since you agreed" in terminal.text
    assert str(module) in user.mohr("tokens", "here").stdout


def test_a_running_agent_asks_about_a_changed_module_and_takes_it_up_after_a_yes(
    user: User, terminal: Terminal, module: Path
) -> None:
    assert add(user, terminal, module, "yes") == 0
    agreed = hashlib.sha256(module.read_bytes()).hexdigest()
    with module.open("ab") as file:
        file.write(b"\0")
    assert _loaded_by_an_agent(user, terminal, module, "no") is False
    assert _loaded_by_an_agent(user, terminal, module, "yes") is True
    assert agreed in terminal.text
    assert hashlib.sha256(module.read_bytes()).hexdigest() in terminal.text
    assert terminal.text.count("is another file now") == 2
    assert user.mohr("modules", "list").returncode == 0


def _loaded_by_an_agent(user: User, terminal: Terminal, module: Path, answer: str) -> bool:
    """Answer what an agent asks at its start; does one of its workers map the module's file afterwards?"""
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Use the changed module?")
        assert not _mapped(agent.pid, module)
        terminal.type(answer + "\n")
        end = time.monotonic() + (20 if answer == "yes" else 2)
        while not (mapped := _mapped(agent.pid, module)) and time.monotonic() < end:
            terminal.look(0.05)
        return mapped
    finally:
        agent.terminate()
        agent.wait(20)


def _mapped(agent: int, module: Path) -> bool:
    maps = (Path(f"/proc/{pid}/maps") for pid in with_children(agent))
    return any(str(module) in file.read_text() for file in maps if file.exists())


def test_a_forgotten_module_is_loaded_no_more(user: User, terminal: Terminal, module: Path) -> None:
    assert add(user, terminal, module, "yes") == 0
    assert user.mohr("modules", "forget", str(module)).returncode == 0
    assert user.mohr("modules", "forget", str(module)).returncode == 1
    assert str(module) not in user.mohr("tokens", "here").stdout


def test_what_is_no_file_and_a_yes_without_a_terminal_are_refused(user: User, module: Path) -> None:
    assert user.mohr("modules", "add", str(module.parent)).returncode == 1
    assert user.mohr("modules", "add", str(module / "none")).returncode == 1
    assert "needs a terminal" in user.mohr("modules", "add", str(module)).stdout


def test_a_place_that_others_can_write_to_is_told(user: User, terminal: Terminal, module: Path) -> None:
    module.chmod(0o666)
    assert module in writable_by_others(module)
    assert add(user, terminal, module, "no") == 1
    assert f"can write to {module}" in terminal.text.replace("\r\n", "")


def test_a_module_that_is_gone_is_not_loaded(tmp_path: Path, module: Path) -> None:
    record = HandAdded(tmp_path / "added.json")
    agreed = measured(module)
    record.agree(agreed)
    assert record.loadable() == (agreed,)
    module.unlink()
    assert record.loadable() == ()
