"""The package for Windows, read back table by table as it was built. `tests.smoke.windows` installs it."""

from __future__ import annotations

import os
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from installer.freezing import CannotPackage
from installer.icons import windows_icon
from installer.windows import settings, wixl
from installer.windows.__main__ import main
from installer.windows.names import UPGRADE_CODE, product_code
from installer.windows.payload import files
from installer.windows.source import ICON, package
from signer.platform.browser_policies import PolicyBrowser, as_reg, fit_panels
from tests.gui.theatre import application
from tests.smoke.windows import small_payload

ROOT = Path(__file__).parent.parent.parent
VERSION = "1.2.3"
PLACES = {
    "mohr.exe",
    "mohr-desktop.exe",
    "mohr-pdf.exe",
    "_internal/gone.pyc",
    "_internal/changed.pyc",
    "_internal/stays.pyc",
    "worker/mohr-worker.exe",
    "worker32/mohr-worker.exe",
}
Row = dict[str, str]


class Package:
    """One built package."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def names(self) -> list[str]:
        """Of the tables with rows that can be told as text."""
        told = subprocess.run(["msiinfo", "tables", self.file], capture_output=True, text=True, check=True)
        return [name for name in told.stdout.split() if not name.startswith("_") and name != "Icon"]

    def text(self, table: str) -> str:
        """One table as `msiinfo` writes it."""
        told = subprocess.run(["msiinfo", "export", self.file, table], capture_output=True, check=True)
        return told.stdout.decode()

    def rows(self, table: str) -> list[Row]:
        """One table: three lines of heading, then a row a line."""
        lines = self.text(table).replace("\r", "").split("\n")
        heading = lines[0].split("\t")
        return [dict(zip(heading, line.split("\t"), strict=True)) for line in lines[3:] if line]

    def column(self, table: str, key: str, value: str) -> dict[str, str]:
        return {row[key]: row[value] for row in self.rows(table)}


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    application()  # the run's own, which outlives this: the icon is painted with Qt
    folder = tmp_path_factory.mktemp("frozen")
    small_payload(folder)
    return folder


@pytest.fixture(scope="module")
def built(payload: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(payload, tmp_path_factory.mktemp("package"), VERSION)


def build(payload: Path, folder: Path, version: str) -> Package:
    file = folder / f"{version}.msi"
    assert main(["msi", "--payload", str(payload), "--version", version, "--out", str(file)]) == 0
    return Package(file)


def path_of(package: Package, directory: str) -> tuple[str, ...]:
    rows = {row["Directory"]: row for row in package.rows("Directory")}
    row = rows[directory]
    if not row["Directory_Parent"]:
        return ()
    name = directory if row["DefaultDir"] == "." else row["DefaultDir"].split("|")[-1]
    return (*path_of(package, row["Directory_Parent"]), name)


def test_each_file_is_a_component_of_its_own_in_its_place(built: Package) -> None:
    components = {row["Component"]: row for row in built.rows("Component")}
    seen = set()
    for row in built.rows("File"):
        component = components[row["Component_"]]
        assert component["KeyPath"] == row["File"]
        assert int(component["Attributes"]) == 256  # 64 bits
        assert not component["Condition"]
        seen.add("/".join((*path_of(built, component["Directory_"])[2:], row["FileName"].split("|")[-1])))
        assert path_of(built, component["Directory_"])[:2] == ("ProgramFiles64Folder", "Mohr")
    assert seen == PLACES
    guids = [row["ComponentId"] for row in components.values()]
    assert len(set(guids)) == len(guids)
    assert all(re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", one) for one in guids)
    installed = {row["Component_"] for row in built.rows("FeatureComponents")}
    assert installed == set(components)


def test_a_version_is_a_product_and_shares_its_components_with_the_next(
    payload: Path, built: Package, tmp_path: Path
) -> None:
    newer = build(payload, tmp_path, "1.3.0")
    assert newer.column("Component", "Component", "ComponentId") == built.column(
        "Component", "Component", "ComponentId"
    )
    codes = [one.column("Property", "Property", "Value") for one in (built, newer)]
    assert [one["ProductCode"] for one in codes] == [product_code(VERSION), product_code("1.3.0")]
    assert codes[0]["ProductCode"] != codes[1]["ProductCode"]
    assert {one["UpgradeCode"] for one in codes} == {UPGRADE_CODE}
    assert UPGRADE_CODE == "{6D6F6872-5EA1-5A3C-9B1E-18717D0C7042}"  # never another one


def test_an_older_version_gives_way_and_a_newer_one_stays(built: Package) -> None:
    rows = {row["ActionProperty"]: row for row in built.rows("Upgrade")}
    only_detect, from_minimum = 2, 256
    older, newer = rows["OLDERFOUND"], rows["NEWERFOUND"]
    assert (older["VersionMin"], older["VersionMax"], int(older["Attributes"])) == (
        "0.0.0",
        VERSION,
        from_minimum,
    )
    assert (newer["VersionMin"], newer["VersionMax"], int(newer["Attributes"])) == (VERSION, "", only_detect)
    assert {row["UpgradeCode"] for row in rows.values()} == {UPGRADE_CODE}
    assert "Installed OR NOT NEWERFOUND" in built.column("LaunchCondition", "Condition", "Description")
    sequence = {row["Action"]: int(row["Sequence"]) for row in built.rows("InstallExecuteSequence")}
    order = [
        "FindRelatedProducts",
        "AppSearch",
        "LaunchConditions",
        "RemoveFiles",
        "MoveFiles",
        "InstallFiles",
    ]
    order += ["InstallExecute", "RemoveExistingProducts", "InstallFinalize"]
    assert sorted(order, key=sequence.__getitem__) == order


def test_nothing_but_a_text_for_a_property_is_an_action_of_ours(built: Package) -> None:
    set_property = 51
    actions = {row["Action"]: row for row in built.rows("CustomAction")}
    assert {int(row["Type"]) for row in actions.values()} == {set_property}
    sequence = {row["Action"]: row for row in built.rows("InstallExecuteSequence")}
    for one in settings.properties():
        kept = actions[f"Keep{one.name}"]
        assert (kept["Source"], kept["Target"]) == (one.name, f"[{one.name}_BEFORE]")
        assert sequence[f"Keep{one.name}"]["Condition"] == f"NOT {one.name}"
        if one.default:
            default = actions[f"Default{one.name}"]
            assert (default["Source"], default["Target"]) == (one.name, one.default)
            assert int(sequence[f"Keep{one.name}"]["Sequence"]) < int(
                sequence[f"Default{one.name}"]["Sequence"]
            )
    numbers = [int(sequence[name]["Sequence"]) for name in actions]
    assert int(sequence["AppSearch"]["Sequence"]) < min(numbers)
    assert max(numbers) < int(sequence["LaunchConditions"]["Sequence"])
    assert {"Binary", "ServiceInstall", "ServiceControl"} & {
        name for name in built.names() if built.rows(name)
    } == set()


def test_every_property_is_public_secure_found_again_and_checked(built: Package) -> None:
    said = built.column("Property", "Property", "Value")
    secure = set(said["SecureCustomProperties"].split(";"))
    found = built.column("AppSearch", "Property", "Signature_")
    places = {row["Signature_"]: row for row in built.rows("RegLocator")}
    conditions = built.column("LaunchCondition", "Condition", "Description")
    assert [one.name for one in settings.properties()] == [
        *("LANGUAGE", "AUTOSTART", "POLICYFILE", "ANCHORS"),
        *(f"PANEL{number}{part}" for number in range(1, 10) for part in ("", "PORT")),
    ]
    for one in settings.properties():
        assert {one.name, f"{one.name}_BEFORE"} <= secure
        place = places[found[f"{one.name}_BEFORE"]]
        raw_64 = 2 | 16
        assert (place["Root"], place["Key"], place["Name"], int(place["Type"])) == (
            "2",
            r"SOFTWARE\Mohr\Setup",
            one.name,
            raw_64,
        )
        assert one.refused
        for condition, message in one.refused:
            assert conditions[condition] == message
    assert all(len(condition) <= 255 for condition in conditions)
    assert (said["ALLUSERS"], said["REINSTALLMODE"]) == ("1", "amus")


def decided(built: Package, component: str) -> set[tuple[str, str, str]]:
    return {
        (row["Key"], row["Name"], row["Value"])
        for row in built.rows("Registry")
        if row["Component_"] == component
    }


def test_each_part_stands_under_its_condition_and_is_known_by_what_it_keeps(built: Package) -> None:
    components = {row["Component"]: row for row in built.rows("Component")}
    keys = {row["Registry"]: row for row in built.rows("Registry")}
    assert {row["Root"] for row in keys.values()} == {"2"}  # HKEY_LOCAL_MACHINE
    firefox = "AND (NOT FIREFOXLIST OR FIREFOXOURS)"
    wanted = {
        "Language": ("", "LANGUAGE"),
        "Autostart": ("AUTOSTART", "AUTOSTART"),
        "Policy": ("POLICYFILE", "POLICYFILE"),
        "Anchors": ("ANCHORS", "ANCHORS"),
        **{f"Panel{n}": (f"PANEL{n}", f"PANEL{n}") for n in range(1, 10)},
        **{f"Firefox{n}": (f"PANEL{n} {firefox}", str(n)) for n in range(1, 10)},
    }
    for name, (condition, kept) in wanted.items():
        row = components.pop(name)
        assert (row["Condition"], keys[row["KeyPath"]]["Name"]) == (condition, kept)
        assert int(row["Attributes"]) == 256 | 4  # 64 bits, known by a value of the registry
    assert len(components) == len(PLACES)
    start = '"[#MohrDesktop]" --language [LANGUAGE]'
    assert decided(built, "Autostart") == {
        (r"SOFTWARE\Mohr\Setup", "AUTOSTART", "[AUTOSTART]"),
        (r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run", "Mohr", f"{start} --hidden"),
    }
    assert decided(built, "Policy") == {
        (r"SOFTWARE\Mohr\Setup", "POLICYFILE", "[POLICYFILE]"),
        (r"SOFTWARE\Policies\Mohr", "PolicyFile", "[INSTALLFOLDER]policy.toml"),
    }


def test_a_panel_writes_what_mohr_policy_browsers_prints(built: Package) -> None:
    panels = fit_panels(["https://panel.example", "https://second.panel.example:8443"])
    filled = {"PANEL1": "panel.example", "PANEL1PORT": "443"}
    filled |= {"PANEL2": "second.panel.example", "PANEL2PORT": "8443"}
    ours = set()
    for name in ("Panel1", "Firefox1", "Panel2", "Firefox2"):
        for key, value, text in decided(built, name):
            if "Policies" in key:
                ours.add((key, value, re.sub(r"\[(\w+)\]", lambda found: filled[found[1]], text)))
    printed, key = set(), ""
    for line in as_reg(PolicyBrowser, panels).splitlines():
        if line.startswith("["):
            key = line[1:-1].removeprefix("HKEY_LOCAL_MACHINE\\")
        elif found := re.fullmatch(r'"(\d+)"="(.*)"', line):
            printed.add((key, found[1], found[2]))
    assert len(printed) == 8
    assert ours == printed


def test_what_is_copied_is_taken_away_again(built: Package) -> None:
    moved = {row["FileKey"]: row for row in built.rows("MoveFile")}
    removed = {row["FileKey"]: row for row in built.rows("RemoveFile")}
    for name, source, folder, file in (
        ("Policy", "POLICYFILE", "INSTALLFOLDER", "policy.toml"),
        ("Anchors", "ANCHORS", "ANCHORSFOLDER", "anchors.pem"),
    ):
        assert moved.pop(f"Copy{name}") == {
            "FileKey": f"Copy{name}",
            "Component_": name,
            "SourceName": "",
            "DestName": file,
            "SourceFolder": source,
            "DestFolder": folder,
            "Options": "0",
        }
        at_removal = {"Component_": name, "FileName": file, "DirProperty": folder, "InstallMode": "2"}
        assert removed.pop(f"Remove{name}") == {"FileKey": f"Remove{name}", **at_removal}
    folder_of_anchors = removed.pop("RemoveAnchorsFolder")
    assert (folder_of_anchors["DirProperty"], folder_of_anchors["FileName"]) == ("ANCHORSFOLDER", "")
    assert (moved, removed) == ({}, {})
    assert path_of(built, "ANCHORSFOLDER") == ("ProgramFiles64Folder", "Mohr", "anchors")


def test_the_menu_and_the_address_start_the_window(built: Package) -> None:
    (shortcut,) = built.rows("Shortcut")
    window = next(row for row in built.rows("File") if row["FileName"] == "mohr-desktop.exe")
    assert shortcut["Component_"] == window["Component_"]
    assert (shortcut["Directory_"], shortcut["Name"].split("|")[-1]) == ("ProgramMenuFolder", "Mohr")
    assert (shortcut["Target"], shortcut["Arguments"]) == ("[#MohrDesktop]", "--language [LANGUAGE]")
    assert (shortcut["Icon_"], window["File"]) == (ICON, "MohrDesktop")
    scheme = r"SOFTWARE\Classes\mohr"
    assert decided(built, window["Component_"]) == {
        (scheme, "", "URL:Mohr"),
        (scheme, "URL Protocol", ""),
        (rf"{scheme}\DefaultIcon", "", '"[#MohrDesktop]",0'),
        (rf"{scheme}\shell\open\command", "", '"[#MohrDesktop]" --language [LANGUAGE] -- "%1"'),
    }


def test_the_icon_and_the_files_are_inside(built: Package, payload: Path, tmp_path: Path) -> None:
    icon = subprocess.run(
        ["msiinfo", "extract", built.file, f"Icon.{ICON}"], capture_output=True, check=True
    ).stdout
    assert icon == windows_icon()
    subprocess.run(["msiextract", "-C", tmp_path, built.file], capture_output=True, check=True)
    home = next(tmp_path.rglob("mohr.exe")).parent
    for one in files(payload):
        assert home.joinpath(*one.place).read_bytes() == (payload / one.source).read_bytes()


def test_two_builds_have_the_same_tables_and_no_place_of_this_machine(
    payload: Path, built: Package, tmp_path: Path
) -> None:
    for file in payload.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    again = build(payload, tmp_path, VERSION)
    assert again.names() == built.names()
    for name in built.names():
        assert again.text(name) == built.text(name)
    octets = built.file.read_bytes()
    places = {str(ROOT), str(payload), str(Path.home()), str(built.file.parent)} - {"/"}
    for place in places:
        assert place.encode() not in octets
        assert place.encode("utf-16-le") not in octets
    assert not any("/tmp/" in built.text(name) for name in built.names())


def test_the_sources_for_wix_say_all_that_wixl_is_told_apart(payload: Path, tmp_path: Path) -> None:
    source = package(files(payload), VERSION)
    plain, statements = wixl.without_what_wixl_lacks(source)
    gone = {one.tag for one in source.iter()} - {one.tag for one in plain.iter()}
    assert gone == {"CopyFile", "RemoveFile"}
    conditions = len(source.findall(".//Component/Condition"))
    copies = len(source.findall(".//CopyFile")) + len(source.findall(".//RemoveFile"))
    assert not plain.findall(".//Component/Condition")
    assert len(statements) == 1 + conditions + copies + 1
    (tmp_path / "payload").symlink_to(payload)
    assert main(["sources", "--folder", str(tmp_path), "--version", VERSION]) == 0
    written = ET.parse(tmp_path / "mohr.wxs").getroot()
    ours = "{http://schemas.microsoft.com/wix/2006/wi}"
    assert [(one.tag.removeprefix(ours), one.attrib) for one in written.iter()][1:] == [
        (one.tag, one.attrib) for one in source.iter()
    ][1:]
    sources = {one.attrib["Source"] for one in written.iter(f"{ours}File")}
    assert all((tmp_path / name).is_file() for name in sources | {ICON})


def test_what_wixl_does_not_know_stops_the_build(payload: Path, tmp_path: Path) -> None:
    source = package(files(payload), VERSION)
    next(source.iter("Media")).set("CompressionLevel", "high")
    with pytest.raises(CannotPackage, match="CompressionLevel"):
        wixl.build(source, payload, b"icon", tmp_path / "x.msi")
    assert not (tmp_path / "x.msi").exists()


@pytest.mark.parametrize(
    "version", ["1", "1.2", "1.2.3.4", "256.0.0", "1.256.0", "1.0.65536", "1.0.0rc1", ""]
)
def test_only_a_version_that_windows_compares_is_taken(version: str, payload: Path) -> None:
    with pytest.raises(SystemExit):
        main(["msi", "--payload", str(payload), "--version", version])
