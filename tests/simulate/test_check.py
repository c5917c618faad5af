"""The check of a panel, in a real Chromium: each mistake of a bad one is named, and nothing else."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.cli.main import main
from signer.cli.simulate.agent import SimulatedAgent
from signer.cli.simulate.check.chromium import Browser, chromium
from signer.cli.simulate.check.rules import RULES, Mistake, judge
from signer.cli.simulate.check.run import Asked, walk
from signer.cli.simulate.check.steps import STEPS
from signer.cli.simulate.check.walk import CannotWalk, Walker
from signer.cli.simulate.control import Control
from signer.cli.simulate.scenarios import BY_CODE, Stage
from tests.browser.https_panel import SDK, Panel, serve
from tests.simulate.checking import QUICK, seen_as_public

pytestmark = pytest.mark.browser

BAD = Path(__file__).parent / "bad"
#: Each mistake, and the step in which it is made.
MISTAKES = {
    "document-before-proof": "approve",
    "sent-before-paired": "approve",
    "sent-to-another": "agent-replaced",
    "patient-in-name": "approve",
    "key-reused": "approve",
    "signed-twice": "agent-restarts",
    "posted-twice": "two-clicks",
    "asked-after-no": "declined",
    "tried-again-by-itself": "locked",
    "polls-too-fast": "slow",
    "wait-too-long": "slow",
    "contract-broken": "approve",
    "result-not-fetched": "slow",
    "cancel-not-told": "taken-back",
    "lost-on-reload": "reloaded",
    "unsigned-after-no": "declined",
    "said-signed": "locked",
    "unsigned-too-soon": "approve",
    "slow-to-go-on": "agent-away",
    "end-not-told": "approve",
    "pin-in-page": "approve",
    "page-error": "approve",
    "pairing-nagged": "pairing-refused",
}
#: What else a mistake shows itself as.
BESIDES = {
    "pairing-nagged": {"contract-broken"},  # the agent turns the second attempt away
    "signed-twice": {"document-before-proof"},
    "wait-too-long": {"contract-broken"},
    "lost-on-reload": {"result-not-fetched", "end-not-told"},
    "unsigned-too-soon": set[str](),
    "sent-before-paired": {"contract-broken", "document-before-proof", "signed-twice"},
}


async def by_hand(agent: SimulatedAgent, browser: Browser, address: str) -> list[Mistake]:
    """The same, while somebody who reads what is said clicks in the panel."""
    clicks: list[asyncio.Task[object]] = []
    walker = Walker(
        agent,
        browser,
        f"{address}tried-again-by-itself",
        tempo=QUICK,
        by_hand=True,
        say=lambda said: clicks.append(
            asyncio.ensure_future(clicked("pair" if "connect" in said else "sign"))
        ),
    )

    async def clicked(name: str) -> object:
        while not await walker.page.run(f"__mohrCheck.click('{name}')"):
            await asyncio.sleep(0.05)
        return name

    await walker.begin()
    (step,) = (step for step in STEPS if step.code == "locked")
    mistakes = judge(await walker.step(step))
    assert (await asyncio.gather(*clicks))[-1] == "sign"
    return mistakes


#: What is walked with one browser and one simulator; a panel that somebody clicks in comes last.
WALKED = list({"none": "agent-restarts", **MISTAKES}.items())
BROWSERS = (WALKED[:12], WALKED[12:])
HALVES = [(0, code) for code, _ in BROWSERS[0][1:]] + [(1, code) for code, _ in BROWSERS[1]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[str, list[Mistake]]]:
    """What the check says of the bad panels of one browser, each browser walked once for all tests."""
    return cache(lambda half: _found(half, tmp_path_factory.mktemp("bad")))


def _found(half: int, scratch: Path) -> dict[str, list[Mistake]]:
    folder = Path(shutil.copytree(SDK, scratch / "panel", ignore=shutil.ignore_patterns("demo")))
    shutil.copytree(BAD, folder, dirs_exist_ok=True)

    async def walked(panel: Panel) -> dict[str, list[Mistake]]:
        agent = SimulatedAgent(
            scratch / "simulator", Stage(BY_CODE["approve"], QUICK.pace), ports=(0,), keeping=True
        )
        await agent.start()
        said = {}
        try:
            async with chromium(arguments=seen_as_public(panel)) as browser:
                address = f"{panel.origin}/?agent={agent.address.port}&mistake="
                # Two of them never end a step.
                walker = Walker(agent, browser, address, tempo=replace(QUICK, ends=5.0))
                await walker.begin()
                for mistake, wanted in BROWSERS[half]:
                    (step,) = (step for step in STEPS if step.code == wanted)
                    walker.url = address + mistake
                    said[mistake] = judge(await walker.step(step))
                if half:
                    said["by hand"] = await by_hand(agent, browser, address)
        finally:
            await agent.stop()
        return said

    with serve(scratch, folder) as panel:
        return asyncio.run(walked(panel))


def test_every_rule_has_a_panel_that_breaks_it() -> None:
    assert set(MISTAKES) == {rule.code for rule in RULES}


@pytest.mark.parametrize(("half", "mistake"), HALVES)
def test_a_panel_that_makes_a_mistake_is_told_of_it(
    half: int, mistake: str, found: Callable[[int], dict[str, list[Mistake]]]
) -> None:
    codes = {one.code for one in found(half)[mistake]}
    assert mistake in codes
    assert codes - {mistake} <= BESIDES.get(mistake, set())


def test_what_a_person_clicks_is_judged_as_well(found: Callable[[int], dict[str, list[Mistake]]]) -> None:
    assert [mistake.code for mistake in found(1)["by hand"]] == ["tried-again-by-itself"]


def test_the_same_panel_without_a_mistake_is_told_of_none(
    found: Callable[[int], dict[str, list[Mistake]]],
) -> None:
    assert found(0)["none"] == []


def test_the_command_says_what_is_wrong_and_where_to_read_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(SDK, tmp_path / "panel", ignore=shutil.ignore_patterns("demo")))
    shutil.copytree(BAD, folder, dirs_exist_ok=True)
    with serve(tmp_path, folder) as panel:
        arguments = [f"--browser-argument={one}" for one in seen_as_public(panel)]
        address = f"{panel.origin}/?agent={{port}}&mistake=pin-in-page"
        asked = ["simulate", "--check", address, "--port", "0", "--only", "approve", "--json", *arguments]
        assert main(asked) == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert (report["simulator"], report["passed"]) == (True, False)
    (step,) = report["steps"]
    (mistake,) = step["mistakes"]
    assert (step["step"], step["ended"]) == ("approve", "signed")
    assert (mistake["code"], mistake["detail"]) == ("pin-in-page", "token-pin")
    assert "WRONG approve (signed)" in said.err
    assert "pin-in-page: The page asks for a PIN" in said.err
    assert "docs/simulator.md#no-pin-in-the-page" in said.err


def test_a_page_without_hooks_is_told_which_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "panel"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>A page</title><p>No panel.</p>")
    with serve(tmp_path, folder) as panel:
        asked = Asked(url=f"{panel.origin}/", port=0, browser_arguments=seen_as_public(panel))
        with pytest.raises(CannotWalk, match=r'data-mohr="pair" .* --by-hand'):
            asyncio.run(walk(asked, lambda _: None, replace(QUICK, settles=0.5)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--browser", "/nowhere/chromium"), "chromium cannot be started"),
        (("--browser", "/bin/true"), "the browser ended at once, with 0"),
        (("--only", "none"), "no step none. Known: approve, declined"),
    ],
)
def test_what_keeps_the_check_from_starting_is_said(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--check", "https://panel.example/", "--port", "0", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_computer_without_a_browser_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["simulate", "--check", "https://panel.example/", "--port", "0"]) == 2
    assert "no Chromium, Chrome or Edge was found: install one" in capsys.readouterr().err


def test_what_is_no_address_of_a_page_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--check", "panel.example"]) == 2
    assert "http or https" in capsys.readouterr().err


async def test_the_simulators_own_page_changes_what_is_played_and_no_other_page_can(tmp_path: Path) -> None:
    agent = SimulatedAgent(tmp_path / "simulator", Stage(BY_CODE["approve"], QUICK.pace), ports=(0,))
    await agent.start()
    control = Control(agent, tmp_path)
    await control.start()
    address, secret = control.url.split("#")
    call = (
        f"fetch('{address}scenario', {{method: 'POST', body: '{{\"scenario\":\"slow\"}}', headers: HEADERS}})"
    )
    telling = f"{{'Content-Type': 'application/json', Authorization: 'Bearer {secret}'}}"
    try:
        async with chromium() as browser:
            page = await browser.page("")
            await page.open(control.url)
            click = "document.querySelector('[data-scenario=declined]')?.click() === undefined"
            pressed = "document.querySelector('[aria-pressed=true]')?.dataset.scenario"
            async with asyncio.timeout(30):
                while await page.run(pressed) != "approve":
                    await asyncio.sleep(0.02)
                assert await page.run(click)
                while await page.run(pressed) != "declined":
                    await asyncio.sleep(0.02)
            assert agent.stage.scenario.code == "declined"
            assert page.errors == []
            # A page of another port of this computer, even one that knows the secret; and a form's type.
            await page.open(f"{agent.address.url}/")
            for headers in (telling, "{'Content-Type': 'text/plain'}"):
                assert (
                    await page.run(f"{call.replace('HEADERS', headers)}.then(() => 'sent', () => 'no')")
                    == "no"
                )
    finally:
        await control.stop()
        await agent.stop()
    assert agent.stage.scenario.code == "declined"
