"""The package as WiX source (the schema of WiX 3): what candle and light take on Windows, as it is.

Paths in it are relative to a folder that holds `payload` and the icon. What wixl does not know of it is
`wixl`'s to say in another way; nothing is said twice.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from installer.windows import settings
from installer.windows.names import MANUFACTURER, UPGRADE_CODE, guid, identifier, product_code
from installer.windows.payload import PayloadFile
from installer.windows.settings import ANCHORS, HOME, PROGRAM, SCHEME, START, Copy, Part, Value

NAMESPACE = "http://schemas.microsoft.com/wix/2006/wi"
PAYLOAD, ICON = "payload", "mohr.ico"
DOWNGRADE = "A newer version of Mohr is installed. Remove it first to go back; journals stay."
#: Always after each other, between the search for what was decided and the check of it (50 and 100).
_FIRST_ACTION = 51
_SHORTCUT_OF = ("mohr-desktop.exe",)


def package(files: list[PayloadFile], version: str) -> ET.Element:
    """The whole source."""
    root = ET.Element("Wix", xmlns=NAMESPACE)
    product = _add(
        root,
        "Product",
        Id=product_code(version),
        Name="Mohr",
        Language="1033",
        Codepage="1252",
        Version=version,
        Manufacturer=MANUFACTURER,
        UpgradeCode=UPGRADE_CODE,
    )
    _add(
        product,
        "Package",
        InstallerVersion="500",
        Compressed="yes",
        InstallScope="perMachine",
        Description="Signs electronic prescriptions with PKCS#11 tokens",
        Comments=f"Mohr {version}",
    )
    _add(product, "Media", Id="1", Cabinet="mohr.cab", EmbedCab="yes")
    _versions(product, version)
    _decisions(product)
    _add(product, "Icon", Id=ICON, SourceFile=ICON)
    components = _directories(product, files)
    feature = _add(
        product,
        "Feature",
        Id="Mohr",
        Title="Mohr",
        Level="1",
        Display="hidden",
        Absent="disallow",
        AllowAdvertise="no",
    )
    for name in components:
        _add(feature, "ComponentRef", Id=name)
    return root


def _versions(product: ET.Element, version: str) -> None:
    """An update takes the older version's place; what is newer stays.

    The older one is removed after the new one is in place: what both have is never gone, and the clinic's
    copied policy stays where the update is not told of one. All files are written, whatever version stands
    in a library that is there (REINSTALLMODE a), so that no two versions mix.
    """
    upgrade = _add(product, "Upgrade", Id=UPGRADE_CODE)
    _add(
        upgrade,
        "UpgradeVersion",
        Minimum="0.0.0",
        IncludeMinimum="yes",
        Maximum=version,
        IncludeMaximum="no",
        Property="OLDERFOUND",
    )
    _add(
        upgrade,
        "UpgradeVersion",
        Minimum=version,
        IncludeMinimum="no",
        OnlyDetect="yes",
        Property="NEWERFOUND",
    )
    _condition(product, "Installed OR NOT NEWERFOUND", DOWNGRADE)
    _condition(product, "Installed OR VersionNT64", "Mohr needs Windows for 64 bits.")
    _condition(
        product, "Installed OR Privileged", "Mohr is installed for the whole computer, by an administrator."
    )
    _add(product, "Property", Id="REINSTALLMODE", Value="amus")
    _add(product, "Property", Id="ARPPRODUCTICON", Value=ICON)
    _add(product, "Property", Id="ARPNOMODIFY", Value="1")


def _decisions(product: ET.Element) -> None:
    """The public properties: found where an earlier version kept them, told, defaulted, checked."""
    for one in settings.properties():
        _add(product, "Property", Id=one.name, Secure="yes")
        for condition, message in one.refused:
            _condition(product, condition, message)
    for search in settings.searches():
        place = _add(product, "Property", Id=search.property, Secure="yes")
        _add(
            place,
            "RegistrySearch",
            Id=f"Find{search.property}",
            Root="HKLM",
            Key=search.key,
            Name=search.name,
            Type="raw",
            Win64="yes",
        )
    sequence = ET.Element("InstallExecuteSequence")
    number = _FIRST_ACTION
    for one in settings.properties():
        given = [(f"Keep{one.name}", f"[{settings.before(one.name)}]", f"NOT {one.name}")]
        if one.default:
            given.append((f"Default{one.name}", one.default, f"NOT {one.name}"))
        for action, value, condition in given:
            # A text is given to a property; no program runs (type 51).
            _add(product, "CustomAction", Id=action, Property=one.name, Value=value, Impersonate="yes")
            _add(sequence, "Custom", Action=action, Sequence=str(number)).text = condition
            number += 1
    _add(sequence, "MoveFiles", Sequence="3800")
    _add(sequence, "RemoveExistingProducts", Sequence="6550")
    _add(sequence, "InstallExecute", Sequence="6500")
    product.append(sequence)


def _directories(product: ET.Element, files: list[PayloadFile]) -> list[str]:
    """All directories with their components; the components' keys."""
    root = _add(product, "Directory", Id="TARGETDIR", Name="SourceDir")
    _add(root, "Directory", Id="ProgramMenuFolder")
    home = _add(_add(root, "Directory", Id="ProgramFiles64Folder"), "Directory", Id=HOME, Name="Mohr")
    folders: dict[tuple[str, ...], ET.Element] = {(): home}
    keys = [_file(_folder(folders, one.place[:-1]), one) for one in files]
    anchors = _add(home, "Directory", Id=ANCHORS, Name="anchors")
    for part in settings.parts():
        keys.append(_part(anchors if part.name == "Anchors" else home, part))
    return keys


def _folder(folders: dict[tuple[str, ...], ET.Element], place: tuple[str, ...]) -> ET.Element:
    if place not in folders:
        folders[place] = _add(
            _folder(folders, place[:-1]), "Directory", Id=identifier("d", "/".join(place)), Name=place[-1]
        )
    return folders[place]


def _file(folder: ET.Element, one: PayloadFile) -> str:
    """One component for one file; that of the window has the menu's entry and the address `mohr:` too."""
    place = "/".join(one.place)
    window = one.place == _SHORTCUT_OF
    key = PROGRAM if window else identifier("f", place)
    component = _component(folder, identifier("c", place), f"file {place.lower()}")
    _add(
        component,
        "File",
        Id=key,
        Name=one.place[-1],
        Source=f"{PAYLOAD}/{one.source.as_posix()}",
        KeyPath="yes",
    )
    if window:
        _add(
            component,
            "Shortcut",
            Id="MohrShortcut",
            Directory="ProgramMenuFolder",
            Name="Mohr",
            Description="Signs prescriptions",
            Target=f"[#{PROGRAM}]",
            Arguments="--language [LANGUAGE]",
            Icon=ICON,
            IconIndex="0",
            WorkingDirectory=HOME,
        )
        for value in (
            Value(SCHEME, "", "URL:Mohr"),
            Value(SCHEME, "URL Protocol", ""),
            Value(rf"{SCHEME}\DefaultIcon", "", f'"[#{PROGRAM}]",0'),
            # After the two dashes nothing is an option, whatever a page has written into its address.
            Value(rf"{SCHEME}\shell\open\command", "", f'{START} -- "%1"'),
        ):
            _value(component, value, key=False)
    return component.attrib["Id"]


def _part(folder: ET.Element, part: Part) -> str:
    component = _component(folder, part.name, f"setting {part.name}")
    if part.condition:
        _add(component, "Condition").text = part.condition
    for value in part.values:
        _value(component, value, key=value is part.values[0])
    for copy in part.copies:
        _copy(component, part, copy)
    return part.name


def _copy(component: ET.Element, part: Part, copy: Copy) -> None:
    """The installer copies where there is something to copy, and goes on where there is nothing."""
    _add(
        component,
        "CopyFile",
        Id=f"Copy{part.name}",
        SourceProperty=copy.source,
        DestinationDirectory=copy.target,
        DestinationName=copy.name,
    )
    _add(
        component,
        "RemoveFile",
        Id=f"Remove{part.name}",
        Directory=copy.target,
        Name=copy.name,
        On="uninstall",
    )
    if copy.target != HOME:
        _add(component, "RemoveFolder", Id=f"Remove{part.name}Folder", On="uninstall")


def _component(folder: ET.Element, key: str, name: str) -> ET.Element:
    return _add(folder, "Component", Id=key, Guid=guid(name), Win64="yes")


def _value(component: ET.Element, value: Value, *, key: bool) -> None:
    told = {"Name": value.name} if value.name else {}
    _add(
        component,
        "RegistryValue",
        Id=identifier("r", f"{component.attrib['Id']} {value.key} {value.name}"),
        Root="HKLM",
        Key=value.key,
        **told,
        Type="string",
        Value=value.value,
        KeyPath="yes" if key else "no",
    )


def _condition(product: ET.Element, condition: str, message: str) -> None:
    _add(product, "Condition", Message=message).text = condition


def _add(parent: ET.Element, tag: str, /, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, attributes)
