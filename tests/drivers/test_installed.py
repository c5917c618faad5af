"""Which modules are on a computer: real files in a folder, and a Windows that is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers import installed
from drivers.catalogue import Module, Profile, Take, load_catalogue, shipped
from drivers.installed import (
    Presence,
    PresentModule,
    candidates,
    files,
    find_modules,
    installed_modules,
    presence,
)
from tests import softhsm

WINDOWS = {
    "SystemRoot": "D:/Windows",
    "ProgramFiles": "D:/Programs",
    "ProgramFiles(x86)": "D:/Programs (x86)",
}


def profile(family: str, module: Module) -> Profile:
    """A family with this module, and SoftHSM's words."""
    return Profile(
        family=family,
        name=family,
        help=softhsm.profile().help,
        evidence=softhsm.profile().evidence,
        module=module,
    )


def anywhere(*paths: Path, take: Take = Take.FIRST, served_by: tuple[str, ...] = ()) -> Module:
    """A module with the same paths on every system."""
    texts = tuple(str(path) for path in paths)
    return Module(linux64=texts, linux32=texts, windows=texts, macos=texts, take=take, served_by=served_by)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    one, other = tmp_path / "one.so", tmp_path / "other.so"
    one.touch()
    other.touch()
    return one, other


def on_windows(monkeypatch: pytest.MonkeyPatch, maxsize: int = 2**63 - 1) -> None:
    monkeypatch.setattr("drivers.installed.sys.platform", "win32")
    monkeypatch.setattr("drivers.installed.sys.maxsize", maxsize)


def test_the_first_file_found_is_the_module(two: tuple[Path, Path], tmp_path: Path) -> None:
    assert list(files(anywhere(tmp_path / "missing.so", *two))) == [two[0]]


def test_each_file_is_one_where_a_family_has_a_module_for_each_kind_of_token(two: tuple[Path, Path]) -> None:
    assert list(files(anywhere(*two, take=Take.EACH))) == list(two)


def test_a_folder_by_the_name_of_a_module_is_none(tmp_path: Path) -> None:
    assert list(files(anywhere(tmp_path))) == []


def test_two_paths_to_one_file_are_one_module(two: tuple[Path, Path], tmp_path: Path) -> None:
    link = tmp_path / "link.so"
    link.symlink_to(two[0])
    (found,) = find_modules([profile("good", anywhere(link, two[0], take=Take.EACH))])
    assert found.path == two[0]


def test_a_file_that_two_families_lead_to_is_the_first_ones(two: tuple[Path, Path], tmp_path: Path) -> None:
    link = tmp_path / "link.so"
    link.symlink_to(two[0])
    first, second = profile("first", anywhere(link)), profile("second", anywhere(two[0]))
    assert [(m.profile.family, m.path) for m in find_modules([first, second])] == [("first", two[0])]


@pytest.mark.parametrize(
    ("maxsize", "paths"),
    [
        (2**63 - 1, ["D:/Programs (x86)/m64.dll", "D:/Windows/System32/m.dll"]),
        (2**31 - 1, ["D:/Programs/m32.dll", "D:/Windows/System32/m.dll"]),
    ],
    ids=["64", "32"],
)
def test_windows_paths_are_those_of_the_process_and_its_own_come_first(
    monkeypatch: pytest.MonkeyPatch, maxsize: int, paths: list[str]
) -> None:
    on_windows(monkeypatch, maxsize)
    module = Module(
        windows=("%SystemRoot%/System32/m.dll",),
        windows64=("%ProgramFiles(x86)%/m64.dll",),
        windows32=("%ProgramFiles%/m32.dll",),
    )
    assert [path.as_posix() for path in candidates(module, WINDOWS)] == paths


def test_where_a_worker_loads_32_bits_their_modules_are_looked_for_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_windows(monkeypatch, 2**63 - 1)
    module = Module(windows=("C:/m.dll",), windows64=("C:/m64.dll",), windows32=("C:/m32.dll",))
    assert [path.name for path in candidates(module, WINDOWS)] == ["m64.dll", "m.dll"]
    monkeypatch.setattr(installed, "worker_for_32_bits", lambda: Path("mohr-worker.exe"))
    assert [path.name for path in candidates(module, WINDOWS)] == ["m64.dll", "m.dll", "m32.dll"]


def test_a_path_whose_variable_is_not_set_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    on_windows(monkeypatch)
    module = Module(windows=("%ProgramFiles(x86)%/m.dll", "C:/m.dll"))
    assert [path.as_posix() for path in candidates(module, {})] == ["C:/m.dll"]


def test_every_shipped_family_expands_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    on_windows(monkeypatch)
    for one in load_catalogue():
        wanted = len(one.module.windows) + len(one.module.windows64)
        expanded = [str(path) for path in candidates(one.module, WINDOWS)]
        assert len(expanded) == wanted
        assert not any("%" in path for path in expanded)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (Module(linux64=("/good.so",)), Presence.PRESENT),
        (Module(linux64=("/twin.so",), served_by=("good",)), Presence.SERVED),
        (Module(served_by=("good",)), Presence.SERVED),
        (Module(linux64=("/other.so",)), Presence.ABSENT),
        (Module(linux64=("/other.so",), served_by=("absent",)), Presence.ABSENT),
        (Module(served_by=("absent",)), Presence.ABSENT),
        (Module(windows=("C:/other.dll",)), Presence.NOT_FOR_THIS_SYSTEM),
        (Module(), Presence.NO_MODULE_KNOWN),
    ],
)
def test_a_family_stands_on_this_computer_as_its_module_does(
    monkeypatch: pytest.MonkeyPatch, module: Module, expected: Presence
) -> None:
    monkeypatch.setattr("drivers.installed.sys.platform", "linux")
    monkeypatch.setattr("drivers.installed.sys.maxsize", 2**63 - 1)
    good = PresentModule(profile=profile("good", Module()), path=Path("/good.so"))
    family = "good" if expected is Presence.PRESENT else "twin"
    assert presence(profile(family, module), [good]) is expected


def test_what_is_installed_is_what_the_whole_catalogue_would_find_with_the_general_module_last() -> None:
    found = installed_modules(shipped())
    assert {module.path for module in found} == {module.path for module in find_modules(load_catalogue())}
    assert "softhsm" in [module.profile.family for module in found]
    priorities = [module.profile.match.priority for module in found]
    assert priorities == sorted(priorities, reverse=True)
