"""Policies in and out of a root of its own: what others wrote stays, and nothing of ours is left."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from signer.model.errors import AdministratorNeeded, BrowserPolicyUnreadable, FileUnusable, MohrError
from signer.platform.browser_policies import PolicyBrowser
from signer.platform.browser_policy_files import FIREFOX_FILES, NOTE, put_in, standing, take_out

PANELS = ("https://panel.example",)
EVERY = tuple(PolicyBrowser)
FIREFOX = (PolicyBrowser.FIREFOX,)


def tree(root: Path) -> dict[str, str]:
    """Every file below the root with its text; a folder stands with a slash."""
    return {
        f"{path.relative_to(root)}{'/' if path.is_dir() else ''}": "" if path.is_dir() else path.read_text()
        for path in sorted(root.rglob("*"))
    }


def clinics(root: Path, document: object, place: str = FIREFOX_FILES[0]) -> Path:
    """A policies.json of the clinic's own."""
    file = root / place
    file.parent.mkdir(parents=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document, indent=2) + "\n")
    return file


def test_every_browser_finds_it_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    written = put_in(EVERY, PANELS, root=tmp_path)
    assert [str(file.relative_to(tmp_path)) for file in written] == [
        "etc/chromium/policies/managed/mohr.json",
        "etc/chromium-browser/policies/managed/mohr.json",
        "etc/opt/chrome/policies/managed/mohr.json",
        "etc/opt/edge/policies/managed/mohr.json",
        "etc/firefox/policies/policies.json",
    ]
    assert standing(tmp_path) == written
    for file in written:
        assert file.stat().st_mode & 0o777 == 0o644
        assert all(folder.stat().st_mode & 0o005 == 0o005 for folder in file.parents[:3])
    assert set(take_out(EVERY, root=tmp_path)) == set(written)
    assert tree(tmp_path) == {"etc/": "", "etc/opt/": ""}
    assert take_out(EVERY, root=tmp_path) == ()
    assert standing(tmp_path) == ()


def test_other_files_of_a_chromium_and_its_folders_stay(tmp_path: Path) -> None:
    other = tmp_path / "etc/chromium/policies/managed/clinic.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    before = tree(tmp_path)
    put_in((PolicyBrowser.CHROMIUM,), PANELS, root=tmp_path)
    take_out((PolicyBrowser.CHROMIUM,), root=tmp_path)
    assert tree(tmp_path) == before


THEIRS = [
    ("other keys", {"policies": {"DisableTelemetry": True}, "note": "ما"}),
    (
        "other domains",
        {"policies": {"LocalNetworkAccess": {"SkipDomains": ["theirs.example"], "Locked": True}}},
    ),
    ("the panel's domain already", {"policies": {"LocalNetworkAccess": {"SkipDomains": ["panel.example"]}}}),
    ("other settings of the gate", {"policies": {"LocalNetworkAccess": {"Enabled": True}}}),
]


@pytest.mark.parametrize("place", FIREFOX_FILES)
@pytest.mark.parametrize("theirs", [row[1] for row in THEIRS], ids=[row[0] for row in THEIRS])
def test_firefoxs_one_file_is_shared_and_comes_back_as_it_was(
    tmp_path: Path, theirs: dict[str, object], place: str
) -> None:
    file = clinics(tmp_path, theirs, place)
    assert put_in(FIREFOX, PANELS, root=tmp_path) == (file,)
    merged = json.loads(file.read_text())
    assert "panel.example" in merged["policies"]["LocalNetworkAccess"]["SkipDomains"]
    assert {**merged, "policies": None} == {**theirs, "policies": None}
    take_out(FIREFOX, root=tmp_path)
    assert json.loads(file.read_text()) == theirs
    assert not (tmp_path / NOTE).exists()


def test_panels_written_later_take_the_place_of_the_earlier_ones(tmp_path: Path) -> None:
    file = clinics(tmp_path, {"policies": {"LocalNetworkAccess": {"SkipDomains": ["theirs.example"]}}})
    put_in(EVERY, PANELS, root=tmp_path)
    put_in(EVERY, ("https://new.example",), root=tmp_path)
    listed = json.loads(file.read_text())["policies"]["LocalNetworkAccess"]["SkipDomains"]
    assert listed == ["theirs.example", "new.example"]
    assert "panel.example" not in "".join(tree(tmp_path).values())


def test_what_the_clinic_adds_later_to_a_file_of_ours_stays(tmp_path: Path) -> None:
    (file,) = put_in(FIREFOX, PANELS, root=tmp_path)
    document = json.loads(file.read_text())
    document["policies"]["DisableTelemetry"] = True
    file.write_text(json.dumps(document))
    take_out(FIREFOX, root=tmp_path)
    assert json.loads(file.read_text()) == {"policies": {"DisableTelemetry": True}}


DAMAGED = [
    ("no JSON", "{", "no JSON"),
    ("no object", "[]", "no JSON object"),
    ("policies of another kind", {"policies": []}, "no list"),
    ("a gate of another kind", {"policies": {"LocalNetworkAccess": True}}, "no list"),
    ("domains of another kind", {"policies": {"LocalNetworkAccess": {"SkipDomains": "a,b"}}}, "no list"),
    ("far too long", " " * (4 * 1024 * 1024) + "{}", "octets"),
]


@pytest.mark.parametrize(("document", "why"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_a_file_of_firefoxs_that_cannot_be_read_is_left_alone(
    tmp_path: Path, document: object, why: str
) -> None:
    clinics(tmp_path, document)
    before = tree(tmp_path)
    with pytest.raises(BrowserPolicyUnreadable, match=why):
        put_in(FIREFOX, PANELS, root=tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("note", ["{", '{"file": "../../etc/passwd", "domains": [], "made": true}', "{}"])
def test_a_note_that_is_not_ours_moves_nothing(tmp_path: Path, note: str) -> None:
    put_in(FIREFOX, PANELS, root=tmp_path)
    (tmp_path / NOTE).write_text(note)
    before = tree(tmp_path)
    with pytest.raises(BrowserPolicyUnreadable):
        take_out(FIREFOX, root=tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("fault", "condition"), [(PermissionError, AdministratorNeeded), (OSError, FileUnusable)]
)
def test_a_place_that_refuses_is_a_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[OSError], condition: type[MohrError]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    put_in(EVERY, PANELS, root=tmp_path)
    before = tree(tmp_path)
    doings: tuple[Callable[[], object], ...] = (
        lambda: put_in(EVERY, ("https://new.example",), root=tmp_path),
        lambda: take_out(EVERY, root=tmp_path),
    )
    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    for doing in doings:
        with pytest.raises(condition, match=fault.__name__):
            doing()
    monkeypatch.undo()
    assert {name: text for name, text in tree(tmp_path).items() if "/.mohr" not in name} == before
