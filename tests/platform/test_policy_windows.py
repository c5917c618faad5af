"""Where a policy may stand on Windows, judged anywhere; the registry itself is Windows' own."""

from __future__ import annotations

from pathlib import Path

import pytest

from signer.model.errors import PolicyInvalid
from signer.model.policy import Policy
from signer.platform.policy_file import MAX_OCTETS, read_named
from signer.platform.policy_windows import check_place, named_file

PROGRAMS = (r"C:\Program Files", r"C:\Program Files (x86)")

STRANGE = [
    ("a folder that everybody writes to", r"C:\ProgramData\mohr\policy.toml"),
    ("the user's own", r"C:\Users\doctor\policy.toml"),
    ("a way out", r"C:\Program Files\Mohr\..\..\Users\doctor\policy.toml"),
    ("a name that only begins alike", r"C:\Program Files Mohr\policy.toml"),
    ("another drive", r"D:\Program Files\Mohr\policy.toml"),
    ("another computer", r"\\server\share\policy.toml"),
    ("no drive", r"\Program Files\Mohr\policy.toml"),
    ("relative", "policy.toml"),
    ("the folder itself", r"C:\Program Files"),
    ("nothing", ""),
]


@pytest.mark.parametrize("named", [row[1] for row in STRANGE], ids=[row[0] for row in STRANGE])
def test_a_policy_where_others_may_write_is_none(named: str) -> None:
    with pytest.raises(PolicyInvalid, match="administrators alone"):
        check_place(named, PROGRAMS)


@pytest.mark.parametrize(
    "named", [r"C:\Program Files\Mohr\policy.toml", r"c:\program files (X86)\clinic\mohr.toml"]
)
def test_a_policy_among_the_programs_is_taken(named: str) -> None:
    check_place(named, PROGRAMS)


def test_no_folder_of_programs_no_policy() -> None:
    with pytest.raises(PolicyInvalid):
        check_place(r"C:\Program Files\Mohr\policy.toml", ())


def test_a_named_file_is_read_and_none_is_the_default(tmp_path: Path) -> None:
    place = tmp_path / "policy.toml"
    place.write_text("pairing = false\n")
    assert read_named(lambda: place) == Policy(pairing=False)
    assert read_named(lambda: None) is None
    assert read_named(named_file) is None  # here there is no registry


@pytest.mark.parametrize("octets", [b"pairing = 7", b"#" * (MAX_OCTETS + 1), b"\xff"])
def test_a_named_file_that_is_no_policy_stops_signing(tmp_path: Path, octets: bytes) -> None:
    place = tmp_path / "policy.toml"
    place.write_bytes(octets)
    with pytest.raises(PolicyInvalid):
        read_named(lambda: place)


def test_a_named_file_that_is_not_there_stops_signing(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="FileNotFoundError"):
        read_named(lambda: tmp_path / "policy.toml")
