"""`mohr token` at a terminal, over the demo's token: what is asked and warned of, and no PIN on screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_csr
from msgspec import structs

from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority
from signer.cli.demo.token import PIN
from signer.platform.private_files import private_folder
from signer.service.key_requests import KeyRequests
from tests.cli.place import User
from tests.cli.theatre import Terminal
from tests.desktop import scenes

SO_PIN, NEW = "87654321", "135790"
DOCTOR = (
    "--given-name",
    "سارا",
    "--surname",
    "نمونه",
    "--national-code",
    "0012345679",
    "--centre",
    "مطب ونک",
)


def run(user: User, terminal: Terminal, arguments: tuple[str, ...], *said: tuple[str, str]) -> int:
    """Run `mohr token …`, answering each prompt; its exit status once all that it said was read."""
    process = user.sit_down(terminal, "token", *arguments)
    try:
        for prompt, typed in said:
            terminal.read_until(prompt)
            terminal.type(typed + "\n")
        status = process.wait(30)
    finally:
        process.kill()
        process.wait()
    while terminal.look():
        pass
    return status


def test_each_key_signs_and_what_it_signs_verifies(user: User, terminal: Terminal) -> None:
    assert run(user, terminal, ("selftest",), ("PIN (", PIN)) == 0
    lines = [line for line in terminal.text.splitlines() if "signed and verified" in line]
    assert {line.split()[1] for line in lines} >= {"rsa-pkcs1-sha256", "rsa-pss-sha512"}
    assert len({line.split()[0] for line in lines}) > 1
    assert PIN not in terminal.text


def change(user: User, terminal: Terminal, old: str, new: str) -> int:
    return run(
        user,
        terminal,
        ("change-pin",),
        ("Present PIN", old),
        ("New PIN (", new),
        ("New PIN again", new),
    )


def test_a_pin_is_changed_and_stands_on_the_screen_at_no_time(user: User, terminal: Terminal) -> None:
    assert change(user, terminal, PIN, NEW) == 0
    assert "The PIN is changed." in terminal.text
    assert change(user, terminal, NEW, PIN) == 0
    assert PIN not in terminal.text
    assert NEW not in terminal.text


def test_wrong_pins_are_told_and_counted_over_commands_until_the_cool_down(
    user: User, terminal: Terminal
) -> None:
    for _ in range(2):
        assert change(user, terminal, "9999", NEW) == 1
    assert terminal.text.count("[pin-wrong]") == 2
    assert change(user, terminal, PIN, NEW) == 1
    assert "[pin-cool-down]" in terminal.text


def test_two_new_pins_that_differ_are_asked_for_again(user: User, terminal: Terminal) -> None:
    status = run(
        user,
        terminal,
        ("unblock",),
        ("SO-PIN (", SO_PIN),
        ("New PIN (", NEW),
        ("New PIN again", "97531"),
        ("New PIN (", NEW),
        ("New PIN again", NEW),
    )
    assert status == 0
    assert "nobody can unlock it" in terminal.text


def test_initialising_wants_the_serial_number_and_nothing_is_done_without_it(
    user: User, terminal: Terminal
) -> None:
    assert run(user, terminal, ("init", "--label", "new"), ("Type its serial number", "yes")) == 1
    assert "EVERYTHING on this token will be gone" in terminal.text
    assert "Nothing was done." in terminal.text
    assert run(user, terminal, ("keys",), ("PIN (", PIN)) == 0
    assert terminal.text.count("certified") == 2


def test_a_request_goes_to_a_file_and_its_certificate_comes_back_beside_the_key(
    user: User, terminal: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "request.pem"
    assert run(user, terminal, ("request", *DOCTOR, "--out", str(out)), ("PIN (", PIN)) == 0
    request = load_pem_x509_csr(out.read_bytes())
    assert request.is_signature_valid
    spki = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    authority = DemoAuthority(now=datetime.now(UTC))
    issued = tmp_path / "issued.cer"
    issued.write_bytes(authority.issue(spki, PLAIN_DOCTOR, not_before=datetime.now(UTC)))
    assert run(user, terminal, ("requests",)) == 0
    assert "مطب ونک" in terminal.text
    assert "not finished" not in terminal.text
    assert run(user, terminal, ("import", str(issued)), ("PIN (", PIN)) == 0
    assert "is stored." in terminal.text
    assert run(user, terminal, ("import", str(issued)), ("PIN (", PIN)) == 1
    assert "[certificate-stored]" in terminal.text
    again = run(user, terminal, ("request", *DOCTOR, "--out", str(out)))
    assert again == 1
    assert "is there already" in terminal.text


def test_what_a_panel_asked_for_and_what_was_not_finished_is_told_and_can_be_thrown_away(
    user: User, terminal: Terminal
) -> None:
    kept = KeyRequests(private_folder(user.data) / "certificate-requests.json")
    kept.put(structs.replace(scenes.earlier_request(finished=False), id="left", origin=scenes.ORIGIN))
    assert run(user, terminal, ("requests",)) == 0
    assert f"asked for by {scenes.ORIGIN}" in terminal.text
    assert "not finished: its key may be on the token" in terminal.text
    assert run(user, terminal, ("requests", "--forget", "left")) == 0
    assert kept.all() == ()


def test_without_a_terminal_nothing_is_asked(user: User) -> None:
    ended = user.mohr("token", "change-pin")
    assert ended.returncode == 1
    assert "it needs a terminal" in ended.stdout
