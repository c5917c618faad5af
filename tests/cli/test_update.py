"""`mohr update` as it is run: with OpenSSL's keys, from a file and from a server of the clinic's."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from signer.cli import update
from signer.cli.assembly import version
from signer.cli.main import main
from signer.model.errors import SignedFileUntrusted
from signer.model.policy import NetSettings, Policy, UpdateSettings
from signer.verify import signed_file


class Clinic:
    """Keys, a package and a manifest in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "mohr.deb"
        self.package.write_bytes(b"a package")
        for name in ("key", "other"):
            made = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(folder / f"{name}.pem")]
            subprocess.run(made, check=True)
            public = ["openssl", "pkey", "-in", str(folder / f"{name}.pem"), "-pubout"]
            subprocess.run([*public, "-out", str(folder / f"{name}.pub")], check=True)

    def sign(self, serial: int, newest: str, key: str = "key") -> Path:
        """Write a manifest and sign it."""
        now = datetime.now(UTC)
        manifest = {
            "mohr_updates": 1,
            "serial": serial,
            "issued": now.isoformat(),
            "expires": (now + timedelta(days=30)).isoformat(),
            "packages": [
                {
                    "version": newest,
                    "system": "Debian 12",
                    "file": "mohr.deb",
                    "where": "https://clinic.example/mohr.deb",
                    "sha256": hashlib.sha256(self.package.read_bytes()).hexdigest(),
                    "size": self.package.stat().st_size,
                }
            ],
        }
        written, out = self.folder / "manifest.json", self.folder / "signed.json"
        written.write_text(json.dumps(manifest))
        key_file = str(self.folder / f"{key}.pem")
        assert main(["update", "sign", key_file, str(written), "--out", str(out)]) == 0
        return out

    def check(self, *more: str) -> int:
        return main(["update", "check", *self.sources(), *more])

    def verify(self, file: Path) -> int:
        return main(["update", "verify", str(file), *self.sources()])

    def sources(self) -> list[str]:
        return ["--manifest", str(self.folder / "signed.json"), "--key", str(self.folder / "key.pub")]


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    monkeypatch.setattr(update, "user_data", lambda: data)
    monkeypatch.setattr(update, "read_policy", lambda: None)
    return Clinic(tmp_path)


def test_a_newer_version_is_told_with_where_and_what_and_nothing_is_fetched(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sign(1, "99.0")
    assert clinic.check() == 3
    told = capsys.readouterr().out
    assert f"installed  {version()}" in told
    assert "newest     99.0" in told
    assert "https://clinic.example/mohr.deb" in told
    assert hashlib.sha256(b"a package").hexdigest() in told
    assert clinic.check("--json") == 3
    assert json.loads(capsys.readouterr().out)["newest"] == "99.0"


def test_all_of_it_is_told_in_persian_too(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    clinic.sign(1, "99.0")
    assert clinic.check("--language", "fa") == 3
    told = capsys.readouterr().out
    assert ("تازه‌ترین" in told, "چیزی دانلود یا نصب نشد" in told, "newest" in told) == (True, True, False)
    assert main(["update", "verify", str(clinic.package), *clinic.sources(), "--language", "fa"]) == 0
    assert "اصل است" in capsys.readouterr().out
    clinic.sign(2, "99.0", key="other")
    assert clinic.check("--language", "fa") == 1
    assert SignedFileUntrusted.fa in capsys.readouterr().err


def test_the_newest_is_told_and_going_back_is_the_clinics_to_say(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sign(1, version())
    assert clinic.check() == 0
    clinic.sign(2, "0.0.1")
    assert clinic.check() == 3
    assert "goes back" in capsys.readouterr().out
    clinic.sign(1, version())
    assert clinic.check() == 1
    assert "[signed-file-older]" in capsys.readouterr().err
    clinic.sign(2, "99.0")
    assert clinic.check() == 1
    assert "other words" in capsys.readouterr().err


def test_a_package_is_genuine_or_not_to_be_installed(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sign(1, "99.0")
    assert clinic.verify(clinic.package) == 0
    assert "genuine: mohr.deb, version 99.0" in capsys.readouterr().out
    clinic.package.write_bytes(b"a packagE")
    assert clinic.verify(clinic.package) == 1
    assert "[package-not-listed]" in capsys.readouterr().err
    assert clinic.verify(clinic.folder / "absent.deb") == 1
    assert "[file-unusable]" in capsys.readouterr().err


def test_another_key_is_refused_and_leaves_no_mark(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic.sign(9, "99.0", key="other")
    assert clinic.check() == 1
    assert "[signed-file-untrusted]" in capsys.readouterr().err
    clinic.sign(1, "99.0")
    assert clinic.check() == 3


def test_the_policys_key_is_not_to_be_replaced_by_an_option(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = clinic.sign(1, "99.0")
    pinned = (clinic.folder / "key.pub").read_text()
    policy = Policy(updates=UpdateSettings(manifest=str(manifest), key=pinned))
    monkeypatch.setattr(update, "read_policy", lambda: policy)
    assert main(["update", "check"]) == 3
    assert clinic.check() == 3
    clinic.sign(2, "99.0", key="other")
    assert main(["update", "check", "--key", str(clinic.folder / "other.pub")]) == 1
    assert "pins another key" in capsys.readouterr().err


def test_without_a_key_or_a_manifest_it_says_what_is_missing(
    clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["update", "check"]) == 1
    assert "[signing-key-unusable]" in capsys.readouterr().err
    assert main(["update", "check", "--key", str(clinic.folder / "key.pub")]) == 1
    assert "[updates-unreachable]" in capsys.readouterr().err


def test_what_is_no_manifest_is_not_signed(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    written = clinic.folder / "bad.json"
    written.write_text("{}")
    assert main(["update", "sign", str(clinic.folder / "key.pem"), str(written)]) == 1
    said = capsys.readouterr()
    assert (said.out, "[signed-file-malformed]" in said.err) == ("", True)


@contextmanager
def serving(answer: bytes, *, stall: bool = False) -> Iterator[str]:
    """A server that gives this, or begins to and then says no more."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if stall:
                over.wait(60)
            else:
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/manifest"
        finally:
            over.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "stall", "why"),
    [(b" " * (signed_file.MAX_OCTETS + 1), False, "over 262144 octets"), (b"{", True, "too slow")],
)
def test_a_server_that_gives_too_much_or_nothing_is_given_up(
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: bytes,
    stall: bool,
    why: str,
) -> None:
    policy = Policy(net=NetSettings(proxy="none", deadline_seconds=1.0 if stall else 30.0))
    monkeypatch.setattr(update, "read_policy", lambda: policy)
    with serving(answer, stall=stall) as url:
        key = str(clinic.folder / "key.pub")
        assert main(["update", "check", "--manifest", url, "--key", key]) == 1
    told = capsys.readouterr().err
    assert ("[updates-unreachable]" in told, why in told) == (True, True)


def test_a_server_of_the_clinics_is_asked(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "read_policy", lambda: Policy(net=NetSettings(proxy="none")))
    with serving(clinic.sign(1, "99.0").read_bytes()) as url:
        assert main(["update", "check", "--manifest", url, "--key", str(clinic.folder / "key.pub")]) == 3
