"""The main thread whole: a panel in Chromium, the real window, a SoftHSM token, OpenSSL as the judge.

Nothing is replaced: to the browser the page is a public one, whose way to local programs is closed but for
this origin, and the doctor is fingers on a mouse and a keyboard.
"""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Request, expect

from signer.cli.demo.people import PRACTICES
from signer.cli.demo.token import PIN
from tests.browser.https_panel import Panel, browse, serve
from tests.desktop import doctor as desk
from tests.desktop.display import PATIENCE
from tests.openssl import verified_content

pytestmark = [pytest.mark.browser, pytest.mark.desktop]
expect.set_options(timeout=PATIENCE * 1000)

CENTRE = PRACTICES[0].centre
WRONG_PIN = "654321"


class Practice:
    """A doctor, the agent on the doctor's screen, and a panel in the doctor's browser."""

    def __init__(
        self, doctor: desk.Doctor, agent: desk.Program, panel: Panel, context: BrowserContext, port: int
    ) -> None:
        self.doctor = doctor
        self.agent = agent
        self.panel = panel
        self.context = context
        self.port = port
        self.complaints: list[str] = []
        self.posted: list[bytes] = []

    async def open(self) -> Page:
        """The demo panel, which has found the agent and is not paired."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._keep_document)
        await page.goto(f"{self.panel.origin}/demo/?agent={self.port}")
        await shows(page, "not-paired")
        return page

    async def open_paired(self) -> Page:
        """The demo panel, paired by the doctor."""
        page = await self.open()
        await page.get_by_test_id("connect").click()
        await self.doctor.accept_pairing()
        await shows(page, "ready")
        return page

    async def ask(self, page: Page) -> None:
        """Press *sign and send* in the page, and say in Mohr's window which certificate."""
        await page.get_by_test_id("sign").click()
        await self.doctor.choose(CENTRE)

    def _keep_document(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/v1/signing-requests"):
            (document,) = json.loads(request.post_data or "")["documents"]
            self.posted.append(base64.b64decode(document["content_base64"]))


@pytest.fixture(scope="module")
def screen() -> Iterator[desk.Screen]:
    with desk.screen() as shown:
        yield shown


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo token is; the first agent makes it."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
async def practice(screen: desk.Screen, token: Path, tmp_path: Path) -> AsyncIterator[Practice]:
    with desk.agent(screen, token, tmp_path) as agent, serve(tmp_path) as panel:
        async with browse(panel, allowed=True) as context:
            made = Practice(desk.Doctor(screen), agent, panel, context, await desk.port(tmp_path))
            yield made
            assert made.complaints == []


async def shows(page: Page, state: str) -> None:
    """The strip on top says so."""
    await expect(page.get_by_test_id("status")).to_have_attribute("data-state", state)


async def ends(page: Page, kind: str) -> None:
    """The card that tells how it ended is there, of that kind."""
    await expect(page.get_by_test_id("result")).to_have_attribute("data-kind", kind)
    await expect(page.get_by_test_id("result")).to_be_visible()


async def download(page: Page, folder: Path) -> Path:
    """The signature, as the page gives it away."""
    async with page.expect_download() as offered:
        await page.get_by_test_id("download").click()
    kept = folder / "kept.p7m"
    await (await offered.value).save_as(kept)
    return kept


def content(signature: Path, token: Path) -> bytes:
    """What OpenSSL finds in it, having verified it up to the demo's authority."""
    return verified_content(signature, token / "token" / "demo-ca.pem")


async def test_a_doctor_pairs_reads_signs_and_openssl_accepts_the_very_octets_that_the_panel_sent(
    practice: Practice, token: Path, tmp_path: Path
) -> None:
    page = await practice.open()
    await page.get_by_test_id("connect").click()
    await expect(page.get_by_test_id("pairing")).to_be_visible()
    assert await page.get_by_test_id("code").get_attribute("data-code") == (
        await practice.doctor.pairing_digits()
    )
    await practice.doctor.accept_pairing()
    await shows(page, "ready")

    await practice.ask(page)
    (document,) = practice.posted
    items = json.loads(document)["items"]
    await practice.doctor.reads(CENTRE, *(item["name"] for item in items))
    await practice.doctor.sign(PIN)
    await ends(page, "signed")
    assert content(await download(page, tmp_path), token) == document


async def test_a_doctor_who_presses_escape_signs_nothing_and_the_page_says_declined(
    practice: Practice, tmp_path: Path
) -> None:
    page = await practice.open_paired()
    await practice.ask(page)
    await practice.doctor.decline()
    await ends(page, "stopped")
    await expect(page.get_by_test_id("draft")).to_be_visible()
    await expect(page.get_by_test_id("download")).to_be_hidden()


async def test_a_page_reloaded_while_the_window_asks_still_gets_its_signature(
    practice: Practice, token: Path, tmp_path: Path
) -> None:
    page = await practice.open_paired()
    await practice.ask(page)
    await practice.doctor.consent()
    await page.reload()
    await expect(page.get_by_test_id("progress")).not_to_be_empty()
    await practice.doctor.sign(PIN)
    await ends(page, "signed")
    assert [content(await download(page, tmp_path), token)] == practice.posted


async def test_a_wrong_pin_is_said_in_the_window_and_the_right_one_then_signs(
    practice: Practice, token: Path, tmp_path: Path
) -> None:
    page = await practice.open_paired()
    await practice.ask(page)
    await practice.doctor.sign(WRONG_PIN)
    await practice.doctor.sign_again(PIN)
    await ends(page, "signed")
    assert [content(await download(page, tmp_path), token)] == practice.posted


async def test_where_the_agent_was_killed_the_prescription_goes_on_unsigned(practice: Practice) -> None:
    page = await practice.open_paired()
    os.kill(practice.agent.process.pid, signal.SIGKILL)
    assert await practice.agent.gone() == -signal.SIGKILL
    await page.get_by_test_id("sign").click()
    await ends(page, "unsigned")
    assert practice.posted == []
