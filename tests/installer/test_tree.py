"""What a Linux package installs beside the frozen programs, judged by the tools that will read it."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gui.__main__ import command_line as desktop_line
from installer.linux import tree
from installer.linux.completions import commands
from signer.cli.main import command_line

EPOCH = 1_700_000_000
SHARE = Path("usr/share")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    staged = tmp_path_factory.mktemp("root")
    tree.stage_desktop(staged, "9.9.9", EPOCH)
    tree.settle(staged, EPOCH)
    return staged


def test_every_file_stands_where_a_linux_desktop_looks(root: Path) -> None:
    files = {str(entry.relative_to(root)) for entry in root.rglob("*") if entry.is_file()}
    assert files == {
        "usr/lib/systemd/user/mohr.service",
        "usr/share/applications/mohr.desktop",
        "usr/share/man/man1/mohr.1.gz",
        "usr/share/man/man1/mohr-desktop.1.gz",
        *(
            f"usr/share/{place}"
            for name in ("mohr", "mohr-desktop")
            for place in (
                f"bash-completion/completions/{name}",
                f"zsh/vendor-completions/_{name}",
                f"fish/vendor_completions.d/{name}.fish",
            )
        ),
    }


def test_the_desktop_entry_is_valid_and_starts_mohr_from_a_panel(root: Path) -> None:
    entry = root / SHARE / "applications" / "mohr.desktop"
    judged = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True)
    assert (judged.returncode, judged.stdout) == (0, "")
    lines = entry.read_text("utf-8").splitlines()
    assert "MimeType=x-scheme-handler/mohr;" in lines
    assert "Exec=mohr-desktop %u" in lines


def test_systemd_takes_the_unit(root: Path) -> None:
    unit = (root / "usr/lib/systemd/user/mohr.service").read_text("utf-8")
    assert "ExecStart=/usr/bin/mohr agent" in unit.splitlines()


def test_entries_have_one_time_and_plain_modes(root: Path) -> None:
    for entry in root.rglob("*"):
        told = entry.lstat()
        assert told.st_mtime == EPOCH, entry
        assert told.st_mode & 0o7777 == (0o755 if entry.is_dir() else 0o644), entry


@pytest.mark.parametrize("program", ["mohr", "mohr-desktop"])
def test_man_reads_the_manual_without_a_complaint(root: Path, program: str) -> None:
    page = root / SHARE / "man" / "man1" / f"{program}.1.gz"
    shown = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-P", "cat", page],
        env={**os.environ, "MANWIDTH": "400", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    words = " ".join(re.sub(".\b", "", shown.stdout).split())  # bold is a letter struck twice
    parser = {"mohr": command_line, "mohr-desktop": desktop_line}[program]()
    assert parser.description is not None
    assert parser.description in words
    for path, told, _ in commands(parser):
        assert not path or f"{program} {' '.join(path)}" in words, path
        assert not path or " ".join(told.split()) in words, path


def test_a_manual_is_the_same_on_every_terminal_and_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = []
    for columns in ("40", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        tree.stage_desktop(tmp_path / columns, "1", EPOCH)
        pages.append(gzip.decompress((tmp_path / columns / SHARE / "man/man1/mohr.1.gz").read_bytes()))
    assert pages[0] == pages[1]
    assert b"2023" in pages[0]


def _completed_by_bash(file: Path, *words: str) -> set[str]:
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*";'
        ' COMP_POINT=${#COMP_LINE}; _shtab_mohr; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", file, *words], capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


def _completed_by_fish(file: Path, *words: str) -> set[str]:
    told = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', file, " ".join(words)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split("\t")[0] for line in told.stdout.splitlines()}


def _below(path: tuple[str, ...]) -> Iterator[str]:
    for other, _, _ in commands(command_line()):
        if len(other) == len(path) + 1 and other[: len(path)] == path:
            yield other[-1]


@pytest.mark.parametrize("path", [(), ("token",), ("anchors",), ("tokens",)])
def test_bash_and_fish_complete_every_command(root: Path, path: tuple[str, ...]) -> None:
    words = ("mohr", *path, "")
    bash = root / SHARE / "bash-completion/completions/mohr"
    fish = root / SHARE / "fish/vendor_completions.d/mohr.fish"
    assert set(_below(path)) <= _completed_by_bash(bash, *words)
    assert set(_below(path)) == _completed_by_fish(fish, *words)


def test_options_and_their_values_are_completed(root: Path) -> None:
    bash = root / SHARE / "bash-completion/completions/mohr"
    fish = root / SHARE / "fish/vendor_completions.d/mohr.fish"
    wanted = {"--content", "--at", "--revocation", "--fetch", "--json", "--anchors", "--language", "--help"}
    assert wanted <= _completed_by_bash(bash, "mohr", "verify", "--")
    assert wanted <= _completed_by_fish(fish, "mohr", "verify", "--")
    assert _completed_by_fish(fish, "mohr", "verify", "--language", "") == {"fa", "en"}
    assert _completed_by_bash(bash, "mohr", "verify", "--language", "") == {"fa", "en"}


def test_zsh_takes_the_completions(root: Path) -> None:
    file = root / SHARE / "zsh/vendor-completions/_mohr"
    assert file.read_text("utf-8").startswith("#compdef mohr\n")
    subprocess.run(["zsh", "-f", "-n", file], check=True)


@pytest.mark.parametrize("script", ["prerm", "postrm"])
def test_the_shell_takes_what_runs_at_a_removal(script: str) -> None:
    subprocess.run(["sh", "-n", tree.FILES / script], check=True)


def test_a_place_of_the_building_machine_is_found(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "told.pyc").write_bytes(b"\0/home/somebody/mohr/x.py\0")
    (tmp_path / "clean.pyc").write_bytes(b"\0signer/x.py\0")
    assert tree.traces(tmp_path, "/home/somebody/mohr") == ["inside/told.pyc"]
