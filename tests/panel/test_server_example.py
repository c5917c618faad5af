"""The server example, end to end: the demo in Chromium, the whole agent, a token, and the example judging.

And, without a browser, what the example refuses: each with a request of its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from drivers.types import KeySpec
from signer.cli.assembly import Agent
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.demo.people import COUNCIL_NUMBER, NAME, PRACTICES
from signer.cli.loadable import ModuleChoice
from signer.model.policy import Policy
from signer.platform.folders import folders_under
from tests.openssl import verified_content
from tests.panel.test_sdk import ROOT
from tests.signatures import signed
from tests.softhsm import SoftHsm, certify, profile

SERVER = ROOT / "signer" / "panel" / "server"
EXAMPLE = SERVER / "server.py"
expect.set_options(timeout=30_000)


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    """The example with sign-in, which is the other and more, over folders `anchors` and `store`."""
    (tmp_path / "anchors").mkdir()
    command = [
        sys.executable,
        str(SERVER / "sign_in.py"),
        "0",
        str(tmp_path / "anchors"),
        str(tmp_path / "store"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    address = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    yield address.removesuffix("/demo/\n")
    process.kill()
    await process.wait()


def put(url: str, body: bytes) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, body, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def test_what_the_demo_signs_is_verified_and_stored_and_the_doctor_is_let_in(
    origin: str, softhsm: SoftHsm, tmp_path: Path
) -> None:
    anchor = await certify(softhsm, {b"\x01": KeySpec.RSA_2048}, PRACTICES[0].subject, datetime.now(UTC))
    (tmp_path / "anchors" / "root.cer").write_bytes(anchor)
    agent = Agent(
        consent=ScriptedDoctor(softhsm.pin),
        modules=(ModuleChoice(path=softhsm.module, profile=profile(), env=softhsm.env),),
        folders=folders_under(tmp_path / "agent"),
        ports=(0,),
        policy=Policy(loopback_origins=(origin,)),
    )
    address = await agent.start()
    complaints: list[str] = []
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), chromium_sandbox=False
            )
            page = await browser.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"{origin}/demo/?agent={address.port}")
            await page.get_by_test_id("connect").click()
            await expect(page.get_by_test_id("status")).to_have_attribute("data-state", "ready")
            await page.get_by_test_id("sign").click()
            await expect(page.get_by_test_id("result")).to_have_attribute("data-kind", "signed")
            for insurer in ("salamat", "free"):
                await page.locator("label", has=page.get_by_test_id(insurer)).click()
                await page.get_by_test_id("queue").click()
            await page.get_by_test_id("sign-many").click()
            await expect(page.get_by_test_id("verdict")).to_have_count(3)
            await expect(page.locator("[data-standing=signed]")).to_have_count(3)
            await page.get_by_test_id("sign-in").click()
            await expect(page.get_by_test_id("result")).to_contain_text(NAME)
            await page.reload()
            await expect(page.get_by_test_id("status")).to_have_attribute("data-state", "ready")
            await expect(page.get_by_test_id("result")).to_be_hidden()
            await browser.close()
    finally:
        await agent.stop()
    assert complaints == []
    store = tmp_path / "store"
    verdicts = [json.loads(path.read_text()) for path in store.glob("*.verdict")]
    assert verdicts == [{"verdict": "valid", "signer": NAME, "reasons": []}] * 3
    pem = tmp_path / "root.pem"
    subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-in", tmp_path / "anchors" / "root.cer", "-out", pem],
        check=True,
    )
    for signature in store.glob("*.p7m"):
        assert verified_content(signature, pem) == signature.with_suffix(".json").read_bytes()
        body = json.loads(signature.with_suffix(".json").read_text("utf-8"))
        assert body["prescriber"]["council_number"] == COUNCIL_NUMBER

    one, other, *_ = sorted(store.glob("*.json"))
    place = f"{origin}/api/prescriptions"
    changed = one.read_bytes().replace(b"21", b"99")
    assert await asyncio.to_thread(put, f"{place}/{one.stem}", changed) == (409, {})
    moved = other.with_suffix(".p7m").read_bytes()
    status, verdict = await asyncio.to_thread(put, f"{place}/{one.stem}/signature", moved)
    assert (status, verdict["verdict"]) == (200, "invalid")
    assert json.loads(one.with_suffix(".verdict").read_text())["verdict"] == "valid", "a good one stays"


async def test_the_server_tells_what_is_wrong_and_keeps_to_its_own_folder(
    origin: str, tmp_path: Path
) -> None:
    place = f"{origin}/api/prescriptions"
    content = json.dumps({"prescriber": {"council_number": "999"}}).encode()

    async def answer(path: str, body: bytes) -> tuple[int, dict[str, object]]:
        return await asyncio.to_thread(put, f"{place}/{path}", body)

    assert await answer("rx-1/signature", b"nothing was kept") == (404, {})
    assert (await answer("rx-1", b"[]"))[0] == 400
    assert (await answer("rx-1", content))[0] == 200
    assert (await answer("..%2Frx-1", content))[0] == 404
    for octets, reason in (
        (b"no signature", None),
        (signed(content=content), "signer-is-not-the-prescriber"),
    ):
        status, verdict = await answer("rx-1/signature", octets)
        assert status == 200
        assert verdict["verdict"] != "valid"
        reasons = verdict["reasons"]
        assert isinstance(reasons, list)
        assert reason is None or reason in reasons
    assert {path.name for path in (tmp_path / "store").iterdir()} == {"rx-1.json", "rx-1.p7m", "rx-1.verdict"}


def test_the_example_has_at_most_sixty_lines_of_code() -> None:
    code = EXAMPLE.read_text().split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 60


def test_the_examples_types_hold() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases"]
    done = subprocess.run(
        [*command, "--cache-dir", str(ROOT / ".mypy_cache" / "server"), "server.py", "sign_in.py"],
        cwd=SERVER,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
