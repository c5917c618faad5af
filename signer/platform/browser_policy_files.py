"""Puts the browsers' policies where they look for them on Linux, and takes out exactly what was put in.

A Chromium reads every file of a folder, so ours has a name of its own. Firefox reads one file for everybody:
what we add to it is noted in a file of ours, so that another's entry is never taken for ours. Takes root.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from signer.model.errors import AdministratorNeeded, BrowserPolicyUnreadable, FileUnusable
from signer.platform.browser_policies import DOMAINS, FIREFOX, PolicyBrowser, as_json, domains, dump

OURS = "mohr.json"
#: Below the root. Ubuntu's snap of Chromium reads the second.
CHROMIUM_FOLDERS = {
    PolicyBrowser.CHROMIUM: ("etc/chromium/policies/managed", "etc/chromium-browser/policies/managed"),
    PolicyBrowser.CHROME: ("etc/opt/chrome/policies/managed",),
    PolicyBrowser.EDGE: ("etc/opt/edge/policies/managed",),
}
#: Firefox reads the first of these that is there, and no other: a new first one would hide the clinic's own.
FIREFOX_FILES = (
    "etc/firefox/policies/policies.json",
    "usr/lib/firefox/distribution/policies.json",
    "usr/lib/firefox-esr/distribution/policies.json",
)
#: What is ours in Firefox's file.
NOTE = "etc/mohr/firefox-policy.json"
_NOT_REMOVED = frozenset({"etc", "etc/opt"})
_MAX_OCTETS = 4 * 1024 * 1024


class FirefoxNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The domains that we added to `file`, below the root; `made` says that the file is ours altogether."""

    file: str
    domains: tuple[str, ...]
    made: bool


def put_in(
    browsers: Iterable[PolicyBrowser],
    panels: tuple[str, ...],
    *,
    older: bool = False,
    root: Path = Path("/"),
) -> tuple[Path, ...]:
    """Grant these panels, and no earlier ones of ours; the files that were written.

    Raises `AdministratorNeeded`, `BrowserPolicyUnreadable`, `FileUnusable`: that file is then as it was.
    """
    written: list[Path] = []
    for browser in browsers:
        if browser is PolicyBrowser.FIREFOX:
            written.append(_put_into_firefox(panels, root))
            continue
        for place in CHROMIUM_FOLDERS[browser]:
            _write(root / place / OURS, as_json(browser, panels, older=older))
            written.append(root / place / OURS)
    return tuple(written)


def take_out(browsers: Iterable[PolicyBrowser], *, root: Path = Path("/")) -> tuple[Path, ...]:
    """Take out what `put_in` has put in; the files that changed or went, none where there was nothing.

    Folders that are empty then go too. Raises as `put_in` does.
    """
    changed: list[Path] = []
    for browser in browsers:
        if browser is PolicyBrowser.FIREFOX:
            changed += _take_from_firefox(root)
            continue
        for place in CHROMIUM_FOLDERS[browser]:
            if (root / place / OURS).exists():
                _remove(root / place / OURS, root)
                changed.append(root / place / OURS)
    return tuple(changed)


def standing(root: Path = Path("/")) -> tuple[Path, ...]:
    """The files that hold something of ours now."""
    places = [root / place / OURS for places in CHROMIUM_FOLDERS.values() for place in places]
    note = _note(root)
    return (*(place for place in places if place.exists()), *((root / note.file,) if note else ()))


def _put_into_firefox(panels: tuple[str, ...], root: Path) -> Path:
    _take_from_firefox(root)
    place = next((name for name in FIREFOX_FILES if (root / name).exists()), FIREFOX_FILES[0])
    file = root / place
    made = not file.exists()
    document: dict[str, object] = {} if made else _read(file)
    listed = _skipped(document, file)
    added = tuple(domain for domain in domains(panels) if domain not in listed)
    # The note first: a domain that is noted and not there is harmless, one that is there and not noted stays.
    note = FirefoxNote(file=place, domains=added, made=made)
    _write(root / NOTE, msgspec.json.encode(note).decode())
    listed.extend(added)
    _write(file, dump(document))
    return file


def _take_from_firefox(root: Path) -> list[Path]:
    note = _note(root)
    if note is None:
        return []
    file = root / note.file
    if file.exists():
        document = _read(file)
        listed = _skipped(document, file)
        listed[:] = [domain for domain in listed if domain not in note.domains]
        _prune(document)
        if note.made and not document:
            _remove(file, root)
        else:
            _write(file, dump(document))
    _remove(root / NOTE, root)
    return [file]


def _skipped(document: dict[str, object], file: Path) -> list[str]:
    """The list of domains inside the document, made where it is missing. Raises `BrowserPolicyUnreadable`."""
    inside: object = document
    for name in ("policies", FIREFOX):
        inside = inside.setdefault(name, {}) if isinstance(inside, dict) else None
    listed = inside.setdefault(DOMAINS, []) if isinstance(inside, dict) else None
    if not isinstance(listed, list):
        raise BrowserPolicyUnreadable(f"{file}: policies.{FIREFOX}.{DOMAINS} is no list")
    return listed


def _prune(document: dict[str, object]) -> None:
    """Drop what is empty on the way to the list; what others wrote is not empty."""
    policies = document.get("policies")
    assert isinstance(policies, dict)
    if not policies[FIREFOX][DOMAINS]:
        del policies[FIREFOX][DOMAINS]
    if not policies[FIREFOX]:
        del policies[FIREFOX]
    if not policies:
        del document["policies"]


def _read(file: Path) -> dict[str, object]:
    try:
        if file.stat().st_size > _MAX_OCTETS:
            raise BrowserPolicyUnreadable(f"{file}: more than {_MAX_OCTETS} octets")
        found = json.loads(file.read_bytes())
    except OSError as fault:
        raise _refused(file, fault) from fault
    except ValueError as fault:
        raise BrowserPolicyUnreadable(f"{file}: no JSON") from fault
    if not isinstance(found, dict):
        raise BrowserPolicyUnreadable(f"{file}: no JSON object")
    return found


def _note(root: Path) -> FirefoxNote | None:
    try:
        note = msgspec.json.decode((root / NOTE).read_bytes(), type=FirefoxNote)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise _refused(root / NOTE, fault) from fault
    except msgspec.DecodeError as fault:
        raise BrowserPolicyUnreadable(f"{root / NOTE}: not as it was written") from fault
    if note.file not in FIREFOX_FILES:
        raise BrowserPolicyUnreadable(f"{root / NOTE}: names another file")
    return note


def _write(file: Path, text: str) -> None:
    """Replace the file whole, readable by everybody, as browsers of every user must; its mode is kept."""
    try:
        _make(file.parent)
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as fresh:
                fresh.write(text)
                fresh.flush()
                os.fsync(fresh.fileno())
            Path(name).chmod(mode)
            Path(name).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as fault:
        raise _refused(file, fault) from fault


def _make(folder: Path) -> None:
    """0755, whatever the administrator's umask is: a folder that users cannot enter is no policy to them."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _remove(file: Path, root: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as fault:
        raise _refused(file, fault) from fault
    for folder in file.relative_to(root).parents:
        if str(folder) in _NOT_REMOVED:
            return
        try:
            (root / folder).rmdir()
        except OSError:
            return  # somebody's file is in it


def _refused(file: Path, fault: OSError) -> AdministratorNeeded | FileUnusable:
    kind = AdministratorNeeded if isinstance(fault, PermissionError) else FileUnusable
    return kind(f"{file}: {type(fault).__name__}")
