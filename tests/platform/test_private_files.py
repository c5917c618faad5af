"""Private files: owner alone, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from signer.platform.folders import folders_under, user_folders
from signer.platform.private_files import NotPrivate, private_folder, read_private, write_private


def test_what_is_written_is_read_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert read_private(path) is None
    for octets in (b"first", b"second and longer"):
        write_private(path, octets)
        assert read_private(path) == octets
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        write_private(path, b"new")
    assert read_private(path) == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_read(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    write_private(path, b"x")
    path.chmod(mode)
    with pytest.raises(NotPrivate):
        read_private(path)


def test_a_file_of_another_user_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, b"x")
    ours = path.stat().st_uid
    monkeypatch.setattr("os.getuid", lambda: ours + 1)
    with pytest.raises(NotPrivate):
        read_private(path)


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        read_private(tmp_path)


def test_folders_are_made_for_their_owner_alone_and_an_open_one_is_refused(tmp_path: Path) -> None:
    folders = folders_under(tmp_path / "demo")
    assert folders.endpoint_file.parent == folders.runtime
    for folder in (folders.data, folders.runtime):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folders.data.chmod(0o777)
    with pytest.raises(NotPrivate):
        folders_under(tmp_path / "demo")
    with pytest.raises(OSError, match="exists"):
        private_folder(_file(tmp_path))


def test_the_users_own_folders_are_the_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    folders = user_folders()
    assert (folders.data, folders.runtime) == (tmp_path / "data" / "mohr", tmp_path / "run" / "mohr")


def _file(folder: Path) -> Path:
    path = folder / "plain"
    path.write_bytes(b"")
    return path


def test_without_a_folder_of_the_session_nothing_stands_where_everybody_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folders = user_folders()
    assert folders.runtime == folders.data / "runtime"
    assert stat.S_IMODE(folders.runtime.stat().st_mode) == 0o700
