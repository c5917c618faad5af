"""What a clinic's administrator runs, as it is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signer.cli import browser_policy
from signer.cli.main import main
from signer.platform import browser_policy_files

PANEL = ["--panel", "https://panel.example"]


def test_one_browsers_policy_is_printed_as_the_file_that_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "browsers", *PANEL, "--browser", "edge"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "LoopbackNetworkAllowedForUrls": ["https://panel.example:443"]
    }
    assert main(["policy", "browsers", *PANEL]) == 0
    assert "firefox:\n{" in capsys.readouterr().out
    assert main(["policy", "browsers", *PANEL, "--format", "reg", "--remove"]) == 0
    assert '"18717"=-' in capsys.readouterr().out
    assert main(["policy", "browsers", *PANEL, "--format", "admx"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize(
    "options", [[], ["--panel", "http://panel.example"], ["--panel", "https://*.example"]]
)
@pytest.mark.parametrize("doing", [[], ["--write"], ["--format", "reg"]])
def test_what_is_no_panel_is_refused_with_its_code(
    capsys: pytest.CaptureFixture[str], options: list[str], doing: list[str]
) -> None:
    assert main(["policy", "browsers", *options, *doing]) == 1
    said = capsys.readouterr()
    assert (said.out, "[panel-origin-unfit]" in said.err) == ("", True)


def test_a_registry_file_is_not_written_to_linuxs_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "browsers", *PANEL, "--format", "reg", "--write"]) == 2
    assert capsys.readouterr().out == ""


def test_written_and_removed_are_told_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("put_in", "take_out"):
        real = getattr(browser_policy_files, name)
        monkeypatch.setattr(browser_policy, name, lambda *a, real=real, **k: real(*a, **k, root=tmp_path))
    assert main(["policy", "browsers", *PANEL, "--write"]) == 0
    assert capsys.readouterr().out.count("written to ") == 5
    assert main(["policy", "browsers", "--remove", "--browser", "firefox"]) == 0
    assert capsys.readouterr().out.count("removed from ") == 1
    assert main(["policy", "browsers", "--remove"]) == 0
    assert capsys.readouterr().out.count("removed from ") == 4
    assert main(["policy", "browsers", "--remove"]) == 0
    assert capsys.readouterr().out == "nothing of ours there\n"
