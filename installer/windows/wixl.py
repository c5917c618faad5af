"""Builds the package with wixl (msitools), out of the source that WiX takes on Windows.

wixl 0.101 knows less than WiX. What it does not know is taken out of a copy of the source and put into the
package's tables afterwards, as WiX would have put it: conditions of components, copied and removed files,
and which properties may be given by who is not an administrator.
"""

from __future__ import annotations

import copy
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from installer.freezing import CannotPackage
from installer.windows.source import ICON, PAYLOAD

#: The tables that wixl never makes (Windows Installer, "MoveFile Table", "RemoveFile Table").
_MOVE_FILE = (
    "CREATE TABLE `MoveFile` (`FileKey` CHAR(72) NOT NULL, `Component_` CHAR(72) NOT NULL,"
    " `SourceName` CHAR(255) LOCALIZABLE, `DestName` CHAR(255) LOCALIZABLE, `SourceFolder` CHAR(72),"
    " `DestFolder` CHAR(72) NOT NULL, `Options` INT NOT NULL PRIMARY KEY `FileKey`)"
)
_ON = {"install": 1, "uninstall": 2, "both": 3}


def build(source: ET.Element, payload: Path, icon: bytes, target: Path) -> None:
    """Write the package. Raises `CannotPackage` with what wixl said."""
    plain, statements = without_what_wixl_lacks(source)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / PAYLOAD).symlink_to(payload.resolve())
        (place / ICON).write_bytes(icon)
        ET.ElementTree(plain).write(place / "mohr.wxs", encoding="utf-8", xml_declaration=True)
        _run(["wixl", "--arch", "x64", "--output", "mohr.msi", "mohr.wxs"], place)
        _run(["msibuild", "mohr.msi", "-q", *statements], place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((place / "mohr.msi").read_bytes())


def without_what_wixl_lacks(source: ET.Element) -> tuple[ET.Element, list[str]]:
    """A copy that wixl takes, and the statements that put the rest into its package."""
    plain = copy.deepcopy(source)
    statements = [_MOVE_FILE]
    for component in plain.iter("Component"):
        for child in list(component):
            if (statement := _statement(component.attrib["Id"], child)) is not None:
                statements.append(statement)
                component.remove(child)
    statements.append(_secure(plain))
    return plain, statements


def _statement(component: str, child: ET.Element) -> str | None:
    told = child.attrib
    match child.tag:
        case "Condition":
            return (
                f"UPDATE `Component` SET `Condition`={_text(child.text)} WHERE `Component`={_text(component)}"
            )
        case "CopyFile":
            row = {
                "FileKey": _text(told["Id"]),
                "Component_": _text(component),
                "DestName": _text(told["DestinationName"]),
                "SourceFolder": _text(told["SourceProperty"]),
                "DestFolder": _text(told["DestinationDirectory"]),
                "Options": "0",  # copied, not moved
            }
            return _insert("MoveFile", row)
        case "RemoveFile":
            row = {
                "FileKey": _text(told["Id"]),
                "Component_": _text(component),
                "FileName": _text(told["Name"]),
                "DirProperty": _text(told["Directory"]),
                "InstallMode": str(_ON[told["On"]]),
            }
            return _insert("RemoveFile", row)
    return None


def _secure(plain: ET.Element) -> str:
    """Takes the mark off the properties. wixl has listed those of the upgrade, and no other."""
    names = [one.attrib["Property"] for one in plain.iter("UpgradeVersion")]
    for one in plain.iter("Property"):
        if one.attrib.pop("Secure", None) is not None:
            names.append(one.attrib["Id"])
    return f"UPDATE `Property` SET `Value`={_text(';'.join(names))} WHERE `Property`='SecureCustomProperties'"


def _insert(table: str, row: dict[str, str]) -> str:
    columns = ", ".join(f"`{name}`" for name in row)
    return f"INSERT INTO `{table}` ({columns}) VALUES ({', '.join(row.values())})"


def _text(text: str | None) -> str:
    if "'" in (text or ""):
        raise ValueError("a text of the tables has a quotation mark in it")
    return f"'{text or ''}'"


def _run(command: list[str], folder: Path) -> None:
    """wixl warns of what it does not know and goes on: here that is an error."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or done.stderr.strip():
        raise CannotPackage(f"{command[0]}: {done.stderr.strip()[-2000:]}")
