"""What is bundled and under which licences: a bill of materials (CycloneDX 1.6) and the notices themselves.

What counts is what lies in the frozen tree, not what was installed beside it.
"""

from __future__ import annotations

import re
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from installer.inside import inside

ROOT = Path(__file__).parent.parent
LICENCES = ROOT / "installer" / "licences"
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
#: The texts of those that bring none.
_TEXTS = {
    "pyside6-essentials": ("LGPL-3.0.txt", "GPL-3.0.txt", "qt.txt"),
    "shiboken6": ("LGPL-3.0.txt",),
}


def shipped(*trees: Path) -> list[Distribution]:
    """The distributions that have a module in one of the frozen trees, by name."""
    owners = packages_distributions()
    there = {entry.name.split(".")[0] for tree in trees for entry in tree.iterdir()}
    names = {normal(name) for module in there & owners.keys() for name in owners[module]}
    return [distribution(name) for name in sorted(names)]


def not_locked(distributions: list[Distribution], lock: Path) -> list[str]:
    """What would be shipped without being pinned in the desktop's own lock file."""
    pins = _pins(lock)
    return [
        name
        for one in distributions
        if (name := normal(one.name)) != "mohr" and (name not in pins or pins[name] != one.version)
    ]


def bill(distributions: list[Distribution], version: str, epoch: int) -> str:
    """The bill of materials, JSON; the same octets for the same content. Raises `ValueError` if invalid."""
    bom = Bom()
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bom.metadata.component = Component(
        name="mohr",
        bom_ref="mohr",
        version=version,
        type=ComponentType.APPLICATION,
        licenses=[_licence("GPL-3.0-only")],
    )
    bom.components.update(
        (
            _component("CPython", sys.version.split()[0], "PSF-2.0", ComponentType.PLATFORM),
            _component("Vazirmatn", None, "OFL-1.1", ComponentType.FILE),
        )
    )
    within = inside({normal(one.name) for one in distributions})
    for one in distributions:
        if normal(one.name) == "mohr":
            continue
        component = Component(
            name=one.name,
            bom_ref=normal(one.name),
            version=one.version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=normal(one.name), version=one.version),
            licenses=[_licence(licence_of(one))],
        )
        for name, version_, licence in within.get(normal(one.name), ()):
            # One library may be in several, each with its own.
            part = _component(name, version_, licence)
            part.bom_ref.value = f"{normal(one.name)}/{name}"
            component.components.add(part)
        bom.components.add(component)
    bom.register_dependency(bom.metadata.component, bom.components)
    bundled = "\n".join(f"{one.name} {one.version}" for one in distributions)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"mohr {version}\n{epoch}\n{bundled}")
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if (wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise ValueError(f"the bill of materials is not valid: {wrong}")
    return text + "\n"


def notices(distributions: list[Distribution]) -> str:
    """All licence texts of what is bundled, one after the other. Raises `LookupError` where one has none."""
    parts = [
        _part("Mohr", "", "Apache-2.0", [(ROOT / "LICENSE").read_text("utf-8")]),
        _part("CPython", sys.version.split()[0], "PSF-2.0", [_python_licence().read_text("utf-8")]),
    ]
    font = ROOT / "signer" / "panel" / "demo" / "fonts" / "OFL.txt"
    parts.append(_part("Vazirmatn", "", "OFL-1.1", [font.read_text("utf-8")]))
    for one in distributions:
        if normal(one.name) == "mohr":
            continue
        texts = list(_texts(one))
        texts += [(LICENCES / name).read_text("utf-8") for name in _TEXTS.get(normal(one.name), ())]
        if not texts:
            raise LookupError(f"{one.name} brings no licence text, and none is kept for it")
        parts.append(_part(one.name, one.version, licence_of(one), texts))
    return "\n".join(parts)


def licence_of(one: Distribution) -> str:
    """As the distribution says it. Raises `LookupError` where it says nothing."""
    told = one.metadata
    for field in ("License-Expression", "License"):
        text = str(told[field]).strip() if field in told else ""
        if text and "\n" not in text:
            return text
    for classifier in told.get_all("Classifier") or []:
        if classifier.startswith("License ::"):
            return str(classifier).rsplit("::", 1)[1].strip()
    raise LookupError(f"{one.name} does not say its licence")


def _component(
    name: str, version: str | None, licence: str, kind: ComponentType = ComponentType.LIBRARY
) -> Component:
    return Component(name=name, bom_ref=name, version=version, type=kind, licenses=[_licence(licence)])


def _licence(text: str) -> License:
    return LicenseFactory().make_from_string(text)


def _texts(one: Distribution) -> Iterator[str]:
    for file in sorted(one.files or [], key=str):
        inside = [part for part in file.parts[:-1] if part.endswith(".dist-info")]
        if inside and (_LICENCE_FILE.search(file.name) or "licenses" in file.parts):
            yield Path(str(file.locate())).read_text("utf-8", errors="replace")


def _part(name: str, version: str, licence: str, texts: list[str]) -> str:
    head = f"{name} {version}".strip()
    body = "\n".join(text.rstrip() + "\n" for text in texts)
    return f"{'=' * 78}\n{head}: {licence}\n{'=' * 78}\n\n{body}"


def _python_licence() -> Path:
    """Where CPython's own licence lies: beside its library, or where Windows and Debian put it."""
    places = [
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path(f"/usr/share/doc/python{sys.version_info.major}.{sys.version_info.minor}/copyright"),
    ]
    return next(place for place in places if place.exists())


def _pins(lock: Path) -> dict[str, str]:
    pins = {}
    for part in re.split(r"\n(?=\S)", lock.read_text("utf-8")):
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", part):
            pins[normal(match[1])] = match[2]
    return pins


def normal(name: str) -> str:
    """A distribution's name as an index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
