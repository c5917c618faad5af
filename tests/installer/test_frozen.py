"""A packaged Mohr has no interpreter to start: it starts programs that lie beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from drivers import spawning
from gui import __main__ as desktop
from gui.preferences import load
from signer.cli.demo import run as demo
from signer.platform import nss_database
from signer.platform.folders import user_places
from signer.platform.only_one import only_one
from signer.prescription import pdf_process

HOME = Path("/usr/lib/mohr")


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(HOME / "mohr-desktop"))


@pytest.mark.usefixtures("packaged")
def test_what_a_packaged_agent_starts_lies_in_its_folder() -> None:
    assert spawning.worker_command() == (str(HOME / "worker" / "mohr-worker"),)
    assert pdf_process.worker_command() == (str(HOME / "mohr-pdf"),)
    assert demo.window_command() == (str(HOME / "mohr-demo-window"),)
    assert nss_database.command() == (str(HOME / "mohr-nss"),)


@pytest.mark.usefixtures("packaged")
def test_the_bindings_of_a_packaged_agent_are_in_its_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "mohr"))
    assert not spawning.bindings_here()
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "mohr-worker").touch()
    assert spawning.bindings_here()


@pytest.mark.usefixtures("packaged")
def test_a_module_of_32_bits_goes_to_the_worker_for_it_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "mohr"))
    old, new = tmp_path / "old.dll", tmp_path / "new.dll"
    for library, machine in ((old, b"\x4c\x01"), (new, b"\x64\x86")):  # PE: i386, AMD64
        library.write_bytes(b"MZ".ljust(0x3C, b"\0") + b"\x40\0\0\0PE\0\0" + machine)
    usual = (str(tmp_path / "worker" / "mohr-worker"),)
    assert spawning.worker_command(library=old) == usual
    (tmp_path / "worker32").mkdir()
    second = tmp_path / "worker32" / "mohr-worker"
    second.touch()
    assert spawning.worker_command(library=old) == (str(second),)
    assert spawning.worker_command(library=new) == usual
    assert spawning.worker_command(library=tmp_path / "absent.dll") == usual
    assert spawning.worker_command() == usual


def test_a_checkout_starts_its_own_interpreter() -> None:
    commands = (
        spawning.worker_command(),
        pdf_process.worker_command(),
        demo.window_command(),
        nss_database.command(),
    )
    for command in commands:
        assert command[0] == sys.executable


def test_a_panels_address_starts_no_second_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    started: list[bool] = []

    def run(*_: object, hidden: bool, **__: object) -> int:
        started.append(hidden)
        return 0

    monkeypatch.setattr(desktop, "run", run)
    monkeypatch.setenv("DISPLAY", ":0")
    assert desktop.main(["mohr:"]) == 0
    assert started == [True]
    with only_one(user_places().data):
        assert desktop.main(["mohr:"]) == 0
    assert started == [True]
    assert desktop.main([]) == 0
    assert started == [True, False]


def test_who_installs_chooses_the_language_of_the_first_start_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    begun: list[str] = []

    def run(*_: object, preferences_path: Path, **__: object) -> int:
        begun.append(load(preferences_path).language)
        return 0

    monkeypatch.setattr(desktop, "run", run)
    for arguments in ([], ["--language", "en"], ["--language", "fa", "--", "mohr:"], []):
        assert desktop.main(arguments) == 0
    assert begun == ["fa", "en", "en", "en"]


@pytest.mark.parametrize("text", ["https://panel.example", "--evil", "file:/etc/passwd", ""])
def test_only_an_address_of_mohr_is_taken(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        desktop.main([text])
    assert ended.value.code == 2
    assert "mohr-desktop: error:" in capsys.readouterr().err


def test_nothing_of_the_address_is_kept() -> None:
    assert desktop.command_line().parse_args(["mohr://x/?y=z"]).address == "mohr:"
