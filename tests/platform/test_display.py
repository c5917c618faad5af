"""A desktop without a display says so and ends, before anything is started."""

from __future__ import annotations

import pytest

from gui.__main__ import main
from signer.platform.display import has_display


@pytest.mark.parametrize(("name", "there"), [("DISPLAY", True), ("WAYLAND_DISPLAY", True), ("TERM", False)])
def test_a_display_is_what_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, name: str, there: bool
) -> None:
    for known in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(known, raising=False)
    monkeypatch.setenv(name, ":0")
    assert has_display() is there


def test_the_desktop_names_the_other_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for known in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(known, raising=False)
    assert main([]) == 1
    assert "mohr agent" in capsys.readouterr().err
