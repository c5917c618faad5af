"""Data of another version: older is brought forward step by step, newer is left as it is, octet for octet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from signer.model.errors import DataNewer, FileUnusable
from signer.platform.data_version import FILE, STEPS, bring_forward, check
from signer.platform.private_files import private_folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return private_folder(tmp_path / "data")


def marked(data: Path, version: object) -> None:
    (data / FILE).write_text(json.dumps({"version": version, "program": "9.9", "new": True}))


def adding(letter: str) -> Callable[[Path], None]:
    """A step that replaces a file by one with a letter more."""

    def step(folder: Path) -> None:
        file = folder / "kept"
        file.write_text((file.read_text() if file.exists() else "") + letter)

    return step


def test_data_without_a_marker_and_a_new_folder_are_brought_to_what_this_program_knows(data: Path) -> None:
    assert check(data) == 0
    assert list(data.iterdir()) == []
    assert bring_forward(data, "1.0") == (0, len(STEPS))
    assert check(data) == len(STEPS)
    assert bring_forward(data, "1.0") == (len(STEPS), len(STEPS))


@pytest.mark.parametrize(("before", "kept"), [(0, "abc"), (1, "bc"), (2, "c"), (3, "")])
def test_each_missing_step_runs_once_in_order(data: Path, before: int, kept: str) -> None:
    if before:
        marked(data, before)
    steps = tuple(map(adding, "abc"))
    assert bring_forward(data, "1.0", steps) == (before, 3)
    assert ((data / "kept").read_text() if kept else "") == kept
    assert bring_forward(data, "1.0", steps) == (3, 3)


def test_a_step_that_fails_leaves_the_folder_at_the_one_before_and_is_run_again(data: Path) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        bring_forward(data, "1.0", (adding("a"), refuse))
    assert check(data, 2) == 1
    assert bring_forward(data, "1.0", (adding("a"), adding("b"))) == (1, 2)
    assert (data / "kept").read_text() == "ab"


def test_newer_data_is_refused_and_names_who_wrote_it(data: Path) -> None:
    marked(data, len(STEPS) + 1)
    before = (data / FILE).read_bytes()
    for doing in (lambda: check(data), lambda: bring_forward(data, "1.0")):
        with pytest.raises(DataNewer, match=r"by '9\.9'"):
            doing()
    assert (data / FILE).read_bytes() == before


@pytest.mark.parametrize("marker", [b"", b"{", b"[]", b'{"version": "2"}', b"{}", b"\xff"])
def test_a_marker_that_cannot_be_read_is_no_marker_of_any_version(data: Path, marker: bytes) -> None:
    (data / FILE).write_bytes(marker)
    with pytest.raises(FileUnusable):
        bring_forward(data, "1.0")
    assert (data / FILE).read_bytes() == marker


def test_a_marker_of_somebody_else_is_not_believed(data: Path) -> None:
    marked(data, 1)
    (data / FILE).chmod(0o666)
    with pytest.raises(FileUnusable, match="NotPrivate"):
        check(data)
