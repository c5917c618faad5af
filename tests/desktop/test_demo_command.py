"""`mohr demo` as a person runs it: what it prints, what it leaves on disk, that it leaves nothing running."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from gui import translations as t
from tests.desktop import doctor as desk
from tests.desktop.accessible import until
from tests.openssl import verified_content

pytestmark = pytest.mark.desktop

NOTICE = "No display here: the same thread runs without a window and without a person.\n"
SCREENLESS = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}


def command(folder: Path, *arguments: str) -> list[str]:
    """`mohr demo`, with everything it keeps in `folder`."""
    return [sys.executable, "-m", "signer.cli.main", "demo", "--folder", str(folder), *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one demo after the other keeps its token and signatures."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def screen() -> Iterator[desk.Screen]:
    with desk.screen() as shown:
        yield shown


async def run(folder: Path, output: Path, *arguments: str) -> str:
    """The standard output of a run that ended well and left no process behind."""
    with desk.program(command(folder, *arguments), SCREENLESS, output) as demo:
        assert await demo.gone() == 0
    return output.read_text()


def report(line: str, folder: Path) -> list[Path]:
    """The signatures that a report names, once every member of it holds."""
    said: dict[str, Any] = json.loads(line)
    assert set(said) == {"documents", "anchors"}
    assert [document["insurer"] for document in said["documents"]] == ["tamin", "salamat", "free"]
    for document in said["documents"]:
        assert set(document) == {"id", "insurer", "format", "signature", "verdict", "ms"}
        assert (document["format"], document["verdict"]) == ("cades", "valid")
        assert set(document["ms"]) == {"consent", "signature", "verification"}
        content = verified_content(Path(document["signature"]), Path(said["anchors"]))
        assert json.loads(content)["insurer"] == document["insurer"]
    return [Path(document["signature"]) for document in said["documents"]]


async def test_the_scripted_demo_reports_on_its_last_line_signatures_that_openssl_accepts(
    folder: Path, tmp_path: Path
) -> None:
    for _ in ("a token is made", "the token is there"):
        (line,) = (await run(folder, tmp_path / "out", "--auto", "--json")).splitlines()
        for signature in report(line, folder):
            signature.unlink()


async def test_where_there_is_no_display_the_demo_says_so_and_runs_all_the_same(
    folder: Path, tmp_path: Path
) -> None:
    notice, line = (await run(folder, tmp_path / "out", "--json")).splitlines(keepends=True)
    assert notice == NOTICE
    report(line, folder)


async def test_without_json_the_demo_tells_a_person_how_to_check_a_signature(
    folder: Path, tmp_path: Path
) -> None:
    *documents, how = (await run(folder, tmp_path / "out")).removeprefix(NOTICE).splitlines()
    assert [line.split()[1] for line in documents] == ["valid:"] * 3
    line = how.removeprefix("verify: ").replace("…", str(folder / "signatures" / "demo-tamin.p7m"))
    assert subprocess.run(line.split(), capture_output=True).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
async def test_the_demo_opens_window_and_panel_and_takes_both_with_it(
    screen: desk.Screen, folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >"{opened}.part" && mv "{opened}.part" "{opened}"\n')
    browser.chmod(0o700)
    env = {**screen.env, "BROWSER": str(browser)}
    with desk.program(command(folder), env, tmp_path / "out") as demo:
        await screen.reader.window(t.APP.fa)
        await desk.port(folder / "agent")
        await until(lambda: opened.exists() or None)
        address = opened.read_text().strip()
        page = await asyncio.to_thread(_fetched, address)
        assert 'src="demo.js"' in page
        if number is signal.SIGINT:  # a terminal's Ctrl-C reaches every process in the foreground
            os.killpg(demo.process.pid, number)
        else:
            demo.process.send_signal(number)
        assert await demo.gone() == 0
        assert not (folder / "agent" / "runtime" / "endpoint.json").exists()
        assert "Traceback" not in demo.output.read_text()


async def test_over_https_the_panel_is_a_page_of_the_internet_that_has_to_be_allowed(
    screen: desk.Screen, folder: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    browser = tmp_path / "chromium"
    browser.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >"{given}.part" && mv "{given}.part" "{given}"\nexec sleep 60\n'
    )
    browser.chmod(0o700)
    real = shutil.which("chromium")
    env = {**screen.env, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with desk.program(command(folder, "--https"), env, tmp_path / "out") as demo:
        await screen.reader.window(t.APP.fa)
        await desk.port(folder / "agent")
        await until(lambda: given.exists() or None)
        *switches, address = given.read_text().splitlines()
        assert address.startswith("https://panel.mohr.test:")
        switches = [one for one in switches if not one.startswith("--user-data-dir")]
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(
                executable_path=real, args=switches, chromium_sandbox=False
            )
            page = await chromium.new_page()
            await page.goto(address)
            # Without a screen the browser's answer is no; on loopback it would not have asked.
            await expect(page.get_by_test_id("status")).to_have_attribute("data-state", "denied")
            await chromium.close()
        demo.process.send_signal(signal.SIGTERM)
        assert await demo.gone() == 0
        assert "Traceback" not in demo.output.read_text()


def _fetched(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        return bytes(answer.read()).decode()
