"""What a package says that it needs and bundles is what lies in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

from installer import notices
from installer.linux.copyright import copyright_file
from installer.linux.libraries import CEILINGS, Needs, needs
from installer.linux.package import control, debian, kilobytes, tarball
from installer.linux.unaccounted import unaccounted

LOCK = Path(__file__).parent.parent.parent / "requirements" / "desktop.txt"
EPOCH = 1_700_000_000


def test_an_elf_file_tells_its_libraries_and_symbols(tmp_path: Path) -> None:
    shutil.copy("/bin/ls", tmp_path / "ls")
    (tmp_path / "words").write_text("not a program")
    asked = needs(tmp_path)
    assert "libc.so.6" in asked.libraries
    assert asked.symbols["GLIBC"] >= (2, 3)


def test_a_library_in_the_tree_is_not_asked_of_the_system(tmp_path: Path) -> None:
    linked = subprocess.run(["ldd", "/bin/ls"], capture_output=True, text=True, check=True).stdout
    libc = next(word for word in linked.split() if word.startswith("/") and "libc.so.6" in word)
    shutil.copy("/bin/ls", tmp_path / "ls")
    shutil.copy(libc, tmp_path / "libc.so.6")
    assert "libc.so.6" not in needs(tmp_path).libraries


def test_a_library_that_nobody_judged_is_refused() -> None:
    with pytest.raises(LookupError, match=r"libnobody\.so\.1"):
        Needs(frozenset({"libc.so.6", "libnobody.so.1"}), {"GLIBC": (2, 34)}).packages()


@pytest.mark.parametrize(
    ("symbols", "refused"),
    [
        ({"GLIBC": (2, 35)}, []),
        ({"GLIBC": (2, 36)}, ["GLIBC_2.36"]),
        ({"GLIBC": (2, 4), "GLIBCXX": (3, 4, 31)}, ["GLIBCXX_3.4.31"]),
        ({"GLIBC": (2, 4), "UNHEARD": (1,)}, ["UNHEARD_1"]),
    ],
)
def test_what_the_oldest_system_lacks_is_told(
    symbols: dict[str, tuple[int, ...]], refused: list[str]
) -> None:
    assert Needs(frozenset(), symbols).too_new() == refused


def test_ubuntu_22_04_is_the_oldest() -> None:
    assert CEILINGS["GLIBC"] == (2, 35)


def test_depends_names_each_package_once_and_the_card_service() -> None:
    text = control(
        Needs(frozenset({"libc.so.6", "libm.so.6", "libssl.so.3"}), {"GLIBC": (2, 34)}), "1.2.3", 4
    )
    assert "Depends: libc6 (>= 2.34), libpcsclite1, libssl3t64 | libssl3, pcscd\n" in text
    assert "Version: 1.2.3\n" in text


def _small_tree(folder: Path) -> Path:
    (folder / "usr" / "lib" / "mohr").mkdir(parents=True)
    (folder / "usr" / "lib" / "mohr" / "mohr").write_bytes(b"program" * 300)
    (folder / "usr" / "bin").mkdir()
    (folder / "usr" / "bin" / "mohr").symlink_to("../lib/mohr/mohr")
    return folder


def test_packages_of_one_tree_are_the_same_octets(tmp_path: Path) -> None:
    asked = Needs(frozenset({"libc.so.6"}), {"GLIBC": (2, 34)})
    made = []
    for name in ("one", "two"):
        root, target = _small_tree(tmp_path / name), tmp_path / f"{name}-out"
        target.mkdir()
        made.append(
            [
                debian(root, asked, "1.0", EPOCH, target).read_bytes(),
                tarball(root, "1.0", EPOCH, target).read_bytes(),
            ]
        )
    assert made[0] == made[1]
    package = tmp_path / "one-out" / "mohr_1.0_amd64.deb"
    listed = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True).stdout
    assert "./usr/bin/mohr -> ../lib/mohr/mohr" in listed
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}
    assert kilobytes(tmp_path / "one") == 3 + 1 + 4


def test_the_bill_of_materials_is_valid_and_the_same_twice() -> None:
    bundled = [distribution("msgspec"), distribution("PySide6-Essentials"), distribution("mohr")]
    first, second = (notices.bill(bundled, "1.0", EPOCH) for _ in range(2))
    assert first == second
    told = json.loads(first)
    assert told["specVersion"] == "1.6"
    assert {one["name"] for one in told["components"]} == {
        "CPython",
        "Vazirmatn",
        "msgspec",
        "PySide6_Essentials",
    }
    (qt,) = (one for one in told["components"] if one["name"] == "PySide6_Essentials")
    versions = {part["name"]: part["version"] for part in qt["components"]}
    assert versions.keys() == {"ICU", "Qt"}
    assert versions["Qt"].startswith("6.")
    assert versions["ICU"].isdigit()


def test_every_bundled_distribution_is_in_the_notices_with_its_licence() -> None:
    names = [name for name in LOCK.read_text("utf-8").splitlines() if name[:1].isalpha()]
    bundled = [distribution("aiohttp"), distribution("lxml"), distribution("PyKCS11"), distribution("mohr")]
    text = notices.notices(bundled)
    for needed in (
        "Apache License",
        "GNU GENERAL PUBLIC LICENSE",
        "SIL OPEN FONT LICENSE",
        "PYTHON SOFTWARE",
    ):
        assert needed.lower() in text.lower(), needed
    assert "PyKCS11" in copyright_file(bundled)
    assert len(names) > 10


def test_qt_comes_with_the_texts_of_its_licences_and_of_what_is_inside_it() -> None:
    text = notices.notices([distribution("PySide6-Essentials"), distribution("shiboken6")])
    for needed in (
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "GNU GENERAL PUBLIC LICENSE",
        "src/3rdparty/pcre2",
        "the Independent JPEG Group",
    ):
        assert needed in text, needed


def test_what_brings_no_licence_text_is_not_shipped(tmp_path: Path) -> None:
    (tmp_path / "bare-1.dist-info").mkdir()
    (tmp_path / "bare-1.dist-info" / "METADATA").write_text("Name: bare\nVersion: 1\nLicense: MIT\n")
    bare = Distribution.at(tmp_path / "bare-1.dist-info")
    with pytest.raises(LookupError, match="bare brings no licence text"):
        notices.notices([bare])


def test_a_library_of_nobody_is_found(tmp_path: Path) -> None:
    for name in (
        "libpython3.11.so.1.0",
        "python3.11/lib-dynload/_ssl.so",
        "lxml/etree.so",
        "PySide6/Qt/lib/libQt6Core.so.6",
        "PySide6/Qt/lib/libstranger.so.1",
        "stranger.libs/libz.so.1",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", tmp_path / name)
    bundled = [distribution("lxml"), distribution("PySide6-Essentials")]
    strange = ["PySide6/Qt/lib/libstranger.so.1", "stranger.libs/libz.so.1"]
    assert unaccounted(tmp_path, bundled) == strange
    assert unaccounted(tmp_path, bundled[1:]) == [
        "PySide6/Qt/lib/libstranger.so.1",
        "lxml/etree.so",
        strange[1],
    ]


def test_what_is_not_pinned_is_not_shipped() -> None:
    assert notices.not_locked([distribution("msgspec"), distribution("mohr")], LOCK) == []
    assert notices.not_locked([distribution("pytest")], LOCK) == ["pytest"]


def test_what_is_shipped_is_read_from_the_frozen_folder(tmp_path: Path) -> None:
    for name in ("msgspec", "typing.pyc", "asn1crypto", "libQt6Core.so.6"):
        (tmp_path / name).mkdir()
    assert [one.name for one in notices.shipped(tmp_path)] == ["asn1crypto", "msgspec"]
    assert sys.version_info >= (3, 11)
