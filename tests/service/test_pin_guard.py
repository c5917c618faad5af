"""The cool-down and the guarded last try, told by the clock and over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.model.credential import Authorisation, AuthorisationKind, TokenRef, TriesLeft
from signer.model.errors import PinCoolDown, PinLocked
from signer.service.pin_guard import COOL_DOWN, WINDOW, PinGuard

NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
TOKEN = TokenRef(module="m", slot=0, serial="2A41", label="مطب", reader="r")


def wants(tries: TriesLeft, kind: AuthorisationKind = AuthorisationKind.PIN) -> Authorisation:
    return Authorisation(kind=kind, tries=tries)


def test_one_wrong_pin_is_a_slip_and_two_within_the_hour_close_the_token_for_a_while() -> None:
    guard = PinGuard()
    guard.wrong(TOKEN, NOW)
    guard.check(TOKEN, NOW)
    guard.wrong(TOKEN, NOW + timedelta(minutes=5))
    with pytest.raises(PinCoolDown):
        guard.check(TOKEN, NOW + timedelta(minutes=5) + COOL_DOWN - timedelta(seconds=1))
    guard.check(TOKEN, NOW + timedelta(minutes=5) + COOL_DOWN)


def test_two_wrong_pins_in_two_hours_close_nothing_and_a_right_one_forgives() -> None:
    guard = PinGuard()
    guard.wrong(TOKEN, NOW)
    guard.wrong(TOKEN, NOW + WINDOW)
    guard.check(TOKEN, NOW + WINDOW)
    guard.right(TOKEN)
    guard.wrong(TOKEN, NOW + WINDOW)
    guard.check(TOKEN, NOW + WINDOW)


def test_another_reader_gives_no_new_tries_and_another_token_is_not_punished() -> None:
    guard = PinGuard()
    guard.wrong(TOKEN, NOW)
    guard.wrong(replace(TOKEN, reader="other", slot=3), NOW)
    with pytest.raises(PinCoolDown):
        guard.check(TOKEN, NOW)
    guard.check(replace(TOKEN, serial="9F00"), NOW)


@pytest.mark.parametrize(
    ("tries", "after_a_wrong_one", "needs"),
    [
        (TriesLeft.OK, False, False),
        (TriesLeft.OK, True, False),
        (TriesLeft.LOW, True, False),
        (TriesLeft.LAST, False, True),
        (TriesLeft.UNKNOWN, False, False),
        (TriesLeft.UNKNOWN, True, True),
    ],
)
def test_what_may_be_the_last_try_needs_its_own_yes(
    tries: TriesLeft, after_a_wrong_one: bool, needs: bool
) -> None:
    guard = PinGuard()
    if after_a_wrong_one:
        guard.wrong(TOKEN, NOW)
    assert guard.needs_explicit_yes(TOKEN, wants(tries), NOW) is needs


def test_a_locked_token_is_told_as_locked_and_a_pin_pad_guards_itself() -> None:
    with pytest.raises(PinLocked):
        PinGuard().needs_explicit_yes(TOKEN, wants(TriesLeft.LOCKED), NOW)
    assert not PinGuard().needs_explicit_yes(TOKEN, wants(TriesLeft.LAST, AuthorisationKind.PIN_PAD), NOW)


def test_a_restart_forgets_no_wrong_pin_and_the_file_names_no_token(tmp_path: Path) -> None:
    file = tmp_path / "wrong-pins.json"
    guard = PinGuard(file)
    guard.wrong(TOKEN, NOW)
    guard.wrong(TOKEN, NOW)
    assert TOKEN.serial not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(PinCoolDown):
        PinGuard(file).check(TOKEN, NOW)
    PinGuard(file).right(TOKEN)
    PinGuard(file).check(TOKEN, NOW)


def test_a_damaged_record_is_logged_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "wrong-pins.json"
    file.write_text("{")
    PinGuard(file).check(TOKEN, NOW)
    assert "cannot be read" in caplog.text
