"""`mohr verify`: exit codes, both languages, JSON lines, directories; with the plain package alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signer.cli.main import main
from signer.cli.report_lines import report_json, report_lines
from signer.verify import verify
from signer.x509 import read
from tests import pki
from tests.signatures import signed

DOCUMENT = (
    '{"mohr":1,"kind":"drug","insurer":"free","issued":"2026-11-22T10:15:00+03:30",'
    '"patient":{"name":"مریم نمونه","national_code":"0499370899"},'
    '"prescriber":{"name":"سارا نمونه","national_code":"0012345679","council_number":"123456"},'
    '"items":[{"name":"Amoxicillin","quantity":20},{"name":"Ibuprofen","quantity":10}],"wire":{}}'
).encode()
CHANGED = DOCUMENT.replace(b'"quantity":10', b'"quantity":100')
AT = ("--at", "2026-11-22T10:15:00+03:30")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of files, and `anchors` beside them."""
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "root.crt").write_bytes(pki.authority().certificate)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "good.p7m").write_bytes(signed(content=DOCUMENT))
    (tmp_path / "original.json").write_bytes(DOCUMENT)
    (tmp_path / "changed.json").write_bytes(CHANGED)
    return tmp_path


def run(place: Path, *arguments: str) -> int:
    return main(["verify", *arguments, "--anchors", str(place / "anchors"), *AT])


def test_a_valid_prescription_is_told_with_its_signer_and_drawn_as_it_was_signed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, str(place / "files" / "good.p7m")) == 0
    said = capsys.readouterr().out
    for words in ("good.p7m: valid", "سارا نمونه", "0012345679", "123456", "item 2 of 2", "Ibuprofen"):
        assert words in said
    assert "The signer is the prescriber whom the document names." in said


def test_a_changed_document_is_told_by_the_item_that_changed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tampered = place / "tampered.p7m"
    tampered.write_bytes(signed(content=DOCUMENT).replace(b'"quantity":10', b'"quantity":99'))
    assert run(place, str(tampered), "--content", str(place / "original.json")) == 1
    said = capsys.readouterr().out
    assert "item 2's quantity" in said
    assert "Ibuprofen" not in said
    assert run(place, str(tampered)) == 1
    assert "its digest differs" in capsys.readouterr().out


def test_persian_says_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, changed = str(place / "files" / "good.p7m"), str(place / "changed.json")
    assert run(place, good, "--content", changed, "--language", "fa") == 1
    said = capsys.readouterr().out
    assert "نامعتبر (HASH_FAILURE)" in said
    assert "تعداد، قلم ۲" in said


def test_the_prescription_is_drawn_in_persian_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, str(place / "files" / "good.p7m"), "--language", "fa") == 0
    said = capsys.readouterr().out
    for words in ("نوع: drug (دارو)", "بیمار\n", "قلم ۲ از ۲", "نام قلم: Ibuprofen", "تعداد: 10", "کد ملی"):
        assert words in said
    captions = "\n".join(line for line in said.splitlines() if line.startswith("    "))
    for words in ("patient", "quantity", "item 2", "national code", "the rest"):
        assert words not in captions


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_line_a_file_with_what_the_contract_names(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = place / "files" / "good.p7m"
    assert run(place, str(file), "--json") == 0
    (row,) = rows(capsys.readouterr().out)
    assert (row["file"], row["verdict"], row["format"]) == (str(file), "valid", "cades")
    assert row["signer"]["national_codes"] == ["0012345679"]
    assert row["claimed_at"] == "2026-11-22T06:45:00Z"
    assert {"code", "text"} <= row["findings"][0].keys()


@pytest.mark.parametrize(
    ("name", "octets", "status"),
    [
        ("good", signed(content=DOCUMENT), 0),
        ("cut", signed(content=DOCUMENT)[:-1], 1),
        ("detached", signed(content=DOCUMENT, attached=False), 3),
    ],
)
def test_the_exit_code_is_the_verdict(place: Path, name: str, octets: bytes, status: int) -> None:
    (place / name).write_bytes(octets)
    assert run(place, str(place / name)) == status


def test_one_invalid_file_outweighs_an_open_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "cut").write_bytes(b"\x30")
    (place / "detached").write_bytes(signed(content=DOCUMENT, attached=False))
    assert run(place, str(place / "cut"), str(place / "detached"), "--json") == 1
    assert [row["verdict"] for row in rows(capsys.readouterr().out)] == ["invalid", "indeterminate"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing",),
        ("files/good.p7m", "--content", "missing"),
        ("files", "--content", "original.json"),
        ("files/good.p7m", "--at", "yesterday"),
        ("files/good.p7m", "--at", "2026-11-22T10:15:00"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(
    place: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert main(["verify", "--anchors", "anchors", *arguments]) == 2


def test_a_directory_finds_the_documents_beside_detached_signatures(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = place / "files"
    (folder / "a.json").write_bytes(DOCUMENT)
    (folder / "a.json.p7s").write_bytes(signed(content=DOCUMENT, attached=False))
    (folder / "b.json").write_bytes(CHANGED)
    (folder / "b.json.p7s").write_bytes(signed(content=DOCUMENT, attached=False))
    assert run(place, str(folder), "--json") == 1
    verdicts = {Path(row["file"]).name: row["verdict"] for row in rows(capsys.readouterr().out)}
    assert verdicts == {"a.json.p7s": "valid", "b.json.p7s": "invalid", "good.p7m": "valid"}


def test_a_large_directory_is_verified_in_processes_in_the_order_of_its_files(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = signed(content=DOCUMENT)
    for number in range(100):
        octets = good if number % 7 else good.replace(b'"quantity":10', b'"quantity":99')
        (place / "files" / f"{number:03}.p7m").write_bytes(octets)
    assert run(place, str(place / "files"), "--json") == 1
    told = rows(capsys.readouterr().out)
    assert [Path(row["file"]).name for row in told] == [*(f"{n:03}.p7m" for n in range(100)), "good.p7m"]
    assert [row["verdict"] for row in told[:8]] == ["invalid", *["valid"] * 6, "invalid"]


def test_what_cannot_be_opened_is_a_finding_and_ends_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from signer.verify.judge import Verifier

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Verifier, "verify", breaks)
    assert run(place, str(place / "files" / "good.p7m")) == 3
    assert "verifier-failed" in capsys.readouterr().out


def test_names_from_a_file_cannot_move_the_cursor(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = place / "\x1b[2J.p7m"
    evil.write_bytes(b"{")
    (place / "a.p7m").write_bytes(b"\x30")
    run(place, str(place / "a.p7m"))
    report = verify(b"\x30", anchors=())
    assert "\x1b" not in "\n".join(report_lines(evil, report, "en"))
    assert json.loads(report_json(evil, report, "en"))["file"] == str(evil)
    assert "\x1b" not in capsys.readouterr().out


_PLAIN = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"aiohttp", "PySide6", "PyKCS11", "pkcs11", "smartcard", "pypdfium2", "gui",
                                  "drivers"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from signer.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_plain_package_verifies_without_token_window_and_server(place: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c", _PLAIN, "verify", place / "files" / "good.p7m"),
            *("--anchors", place / "anchors", "--json", *AT),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "valid"


def test_the_authority_of_these_tests_is_read_from_its_folder(place: Path) -> None:
    from signer.verify.anchors import load

    assert load(place / "anchors").certificates == (read(pki.authority().certificate),)
