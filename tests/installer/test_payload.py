"""The folder that a package for Windows is made of: laid out, looked through, refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from installer.freezing import CannotPackage
from installer.windows.__main__ import main
from installer.windows.payload import files, stage
from tests.smoke.windows import small_payload


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _with(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text("x")


UNFIT = [
    ("no window", _without("mohr/mohr-desktop.exe"), "mohr-desktop.exe is not in the payload"),
    ("no worker", _without("mohr-worker/mohr-worker.exe"), "worker/mohr-worker.exe is not in the payload"),
    ("an empty worker32", _without("mohr-worker32/mohr-worker.exe"), "worker32/mohr-worker.exe is not"),
    ("one name in two cases", _with("mohr/MOHR.exe"), "capitals"),
    ("a device's name", _with("mohr/_internal/aux.pyc"), "no name for a file on Windows"),
    ("a colon", _with("mohr/_internal/a:b"), "no name for a file on Windows"),
    ("a dot at the end", _with("mohr/_internal/a."), "no name for a file on Windows"),
    ("Qt beside the worker", _with("mohr-worker/Qt6Core.dll"), "has Qt in it"),
    ("a link", lambda folder: (folder / "mohr" / "link").symlink_to("mohr.exe"), "a link"),
]


@pytest.mark.parametrize(("change", "why"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT])
def test_a_payload_that_cannot_be_installed_is_refused(
    change: Callable[[Path], object], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_payload(tmp_path)
    change(tmp_path)
    assert main(["msi", "--payload", str(tmp_path), "--out", str(tmp_path / "x.msi")]) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / "x.msi").exists()


def test_a_payload_brings_its_licences_and_its_bill_of_materials(tmp_path: Path) -> None:
    small_payload(tmp_path / "frozen")
    for folder in ("mohr", "mohr-worker"):
        (tmp_path / "frozen" / folder / "_internal" / "msgspec").mkdir(parents=True)
    stage(tmp_path / "frozen", tmp_path / "payload", "1.2.3", 1_700_000_000)
    home = tmp_path / "payload" / "mohr"
    assert "Apache License" in (home / "LICENSE.txt").read_text("utf-8")
    assert "msgspec" in (home / "NOTICES.txt").read_text("utf-8")
    assert '"msgspec"' in (home / "sbom.cdx.json").read_text("utf-8")
    papers = {("LICENSE.txt",), ("NOTICES.txt",), ("sbom.cdx.json",)}
    assert {one.place for one in files(tmp_path / "payload")} - {
        one.place for one in files(tmp_path / "frozen")
    } == papers


def test_what_is_not_pinned_is_not_laid_out(tmp_path: Path) -> None:
    small_payload(tmp_path / "frozen")
    for folder in ("mohr", "mohr-worker"):
        (tmp_path / "frozen" / folder / "_internal" / "pytest").mkdir(parents=True)
    with pytest.raises(CannotPackage, match="pytest"):
        stage(tmp_path / "frozen", tmp_path / "payload", "1.2.3", 1_700_000_000)


def test_a_worker_for_32_bits_may_be_absent(tmp_path: Path) -> None:
    small_payload(tmp_path)
    (tmp_path / "mohr-worker32" / "mohr-worker.exe").unlink()
    (tmp_path / "mohr-worker32").rmdir()
    assert ("worker32", "mohr-worker.exe") not in {one.place for one in files(tmp_path)}
