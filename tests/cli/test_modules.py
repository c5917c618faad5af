"""`mohr modules`: nothing is loaded before a yes, and a file that changed is asked about again."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from signer.model.errors import ModuleChanged
from signer.service.hand_added import Standing, measured, standing, writable_by_others
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
    here = user.mohr("tokens", "here").stdout
    assert f"{module}\n  module-changed" in here
    assert ModuleChanged.en_remedy in here
    listed = user.mohr("modules", "list")
    assert listed.returncode == 1
    assert "CHANGED" in listed.stdout
    assert add(user, terminal, module, "yes") == 0
    assert "has CHANGED since you agreed" in terminal.text
    assert "module-changed" not in user.mohr("tokens", "here").stdout


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
        return bool(mapped)
    finally:
        agent.terminate()
        agent.wait(20)


def _mapped(agent: int, module: Path) -> list[int]:
    """The agent's workers that have loaded the file."""
    mapped = []
    for pid in with_children(agent):
        with suppress(OSError):  # it has ended meanwhile
            if str(module) in Path(f"/proc/{pid}/maps").read_text():
                mapped.append(pid)
    return mapped


def test_a_module_that_changes_while_the_agent_runs_is_asked_about_and_not_loaded_before_a_yes(
    user: User, terminal: Terminal, module: Path
) -> None:
    assert add(user, terminal, module, "yes") == 0
    agent = user.open_window(terminal)
    try:
        terminal.read_until("Ctrl-C ends it.")
        with ThreadPoolExecutor(1) as panels:
            panel = user.panel()
            pairing = panels.submit(panel.pair, lambda code: None)
            terminal.read_until("Are they the same?")
            terminal.type("yes\n")
            pairing.result(30)
            _until(terminal, lambda: bool(_mapped(agent.pid, module)))

            def asked(times: int) -> bool:
                """A panel has the modules looked at; how often was it asked about by now?"""
                panel.credentials()
                return terminal.text.count("Use the changed module?") == times

            exchange(module, agent.pid)
            _until(terminal, lambda: asked(1))
            assert _mapped(agent.pid, module) == []
            assert '"module-changed"' in user.mohr("diagnose", "--json").stdout
            terminal.type("yes\n")
            _until(terminal, lambda: bool(_mapped(agent.pid, module)))
            exchange(module, agent.pid)
            _until(terminal, lambda: asked(2))
            terminal.type("no\n")
            _until(terminal, lambda: "left out, as was answered" in terminal.text)
            for _ in range(3):
                assert asked(2), "a no is not asked for again"
            assert _mapped(agent.pid, module) == []
            assert add_in_another_window(user, module) == 0
            _until(terminal, lambda: asked(2) and bool(_mapped(agent.pid, module)))
            panel.close()
    finally:
        agent.terminate()
        agent.wait(20)


def exchange(module: Path, agent: int) -> None:
    """Another file in the module's place, and its worker dies."""
    other = module.with_suffix(".new")
    other.write_bytes(module.read_bytes() + b"\0")
    workers = _mapped(agent, module)
    other.replace(module)
    for worker in workers:
        os.kill(worker, signal.SIGSEGV)


def add_in_another_window(user: User, module: Path) -> int:
    window = Terminal()
    try:
        return add(user, window, module, "yes")
    finally:
        window.close()


def _until(terminal: Terminal, true: Callable[[], bool]) -> None:
    """The screen is read meanwhile."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "waited in vain"
        terminal.look(0.05)


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


def test_a_module_that_is_gone_is_told_as_such(module: Path) -> None:
    agreed = measured(module)
    assert standing(agreed) is Standing.AGREED
    module.unlink()
    assert standing(agreed) is Standing.ABSENT
