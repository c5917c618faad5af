"""The demo panel in a real Chromium against the real endpoint: find, pair, sign, reload, go on unsigned.

Behind the endpoint stand its tests' own use cases and scripted doctor; a window and a token take their place
elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from signer.model.errors import ModuleCrashed
from signer.model.request import PRESCRIPTION
from signer.service.consent import PairingQuestion
from tests.browser.https_panel import Panel, chromium, serve, visit
from tests.endpoint.world import NOON, World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class Desk:
    """A doctor's desk: the panel in a browser, and an agent beside it."""

    def __init__(self, panel: Panel, context: BrowserContext, world: World) -> None:
        self.panel = panel
        self.context = context
        self.world = world
        self.complaints: list[str] = []

    async def open(self, port: int | None = None) -> Page:
        """The demo panel, on the agent's clock."""
        page = await self.context.new_page()
        await page.clock.set_fixed_time(NOON)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.panel.origin}/demo/?agent={port or self.world.address.port}")
        return page

    async def open_paired(self) -> Page:
        """The demo panel, connected by a doctor who always says yes."""
        page = await self.open()
        await page.get_by_test_id("connect").click()
        await shows(page, "ready")
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Panel, Browser]]:
    """The panel, and a browser that every test visits as somebody new."""
    with serve(tmp_path_factory.mktemp("panel")) as panel:
        async with chromium(panel) as browser:
            yield panel, browser


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shown: tuple[Panel, Browser], tmp_path: Path) -> AsyncIterator[Desk]:
    panel, browser = shown
    world = await World.start(tmp_path)
    async with visit(browser, panel, allowed=True) as context:
        made = Desk(panel, context, world)
        yield made
        assert made.complaints == []
    await world.stop()


async def shows(page: Page, state: str) -> None:
    """The strip on top says so."""
    await expect(page.get_by_test_id("status")).to_have_attribute("data-state", state)


async def ends(page: Page, kind: str) -> None:
    """The card that tells how it ended is there, of that kind."""
    await expect(page.get_by_test_id("result")).to_be_visible()
    await expect(page.get_by_test_id("result")).to_have_attribute("data-kind", kind)


async def posted(world: World) -> None:
    """The endpoint has a request, and the page waits for it."""
    while not (world.use_cases.submitted and world.use_cases.waiting):
        await asyncio.sleep(0.01)


async def test_pairing_shows_the_same_digits_in_the_page_and_to_the_doctor(desk: Desk) -> None:
    compared = asyncio.Event()

    async def compare(question: PairingQuestion) -> bool:
        await compared.wait()
        return True

    desk.world.doctor.answer = compare
    page = await desk.open()
    await shows(page, "not-paired")
    await page.get_by_test_id("connect").click()
    await expect(page.get_by_test_id("pairing")).to_be_visible()
    code = await page.get_by_test_id("code").get_attribute("data-code")
    (question,) = desk.world.doctor.questions
    assert (question.origin, question.code) == (desk.panel.origin, code)
    compared.set()
    await shows(page, "ready")
    await expect(page.get_by_test_id("doctor")).to_have_text("دکتر نمونه")
    assert desk.panel.origin in [pairing.origin for pairing in desk.world.pairings.list(NOON)]


async def test_a_pairing_that_the_doctor_refuses_leaves_the_panel_unpaired(desk: Desk) -> None:
    desk.world.doctor.answer = desk.world.doctor.no
    page = await desk.open()
    await page.get_by_test_id("connect").click()
    await expect(page.get_by_text("پذیرفته نشد")).to_be_visible()
    await page.reload()
    await shows(page, "not-paired")


@pytest.mark.parametrize("insurer", ["tamin", "salamat", "free"])
async def test_a_prescription_is_sent_as_octets_and_its_signature_can_be_kept(
    desk: Desk, insurer: str, tmp_path: Path
) -> None:
    page = await desk.open_paired()
    await page.locator("label", has=page.get_by_test_id(insurer)).click()
    await page.get_by_test_id("quantity-0").fill("۱۴")
    await page.get_by_test_id("sign").click()
    await posted(desk.world)
    (request,) = desk.world.use_cases.submitted
    (document,) = request.documents
    said = json.loads(document.content)
    assert (request.origin, document.media_type) == (desk.panel.origin, PRESCRIPTION)
    assert (said["insurer"], said["issued"]) == (insurer, "2026-11-22T12:00:00+03:30")
    assert said["items"][0]["quantity"] == 14
    assert said["prescriber"]["council_number"] == "123456"

    desk.world.use_cases.finish()
    await ends(page, "signed")
    async with page.expect_download() as download:
        await page.get_by_test_id("download").click()
    kept = tmp_path / "kept.p7m"
    await (await download.value).save_as(kept)
    assert kept.read_bytes() == b"a signature"


async def test_after_a_reload_the_open_request_is_followed_and_the_signature_is_not_lost(desk: Desk) -> None:
    page = await desk.open_paired()
    await page.get_by_test_id("sign").click()
    await posted(desk.world)
    await page.reload()
    await expect(page.get_by_test_id("progress")).not_to_be_empty()
    desk.world.use_cases.finish()
    await ends(page, "signed")
    await page.reload()
    await ends(page, "signed")
    await page.get_by_test_id("next").click()
    await expect(page.get_by_test_id("draft")).to_be_visible()
    await page.reload()
    await shows(page, "ready")
    await expect(page.get_by_test_id("result")).to_be_hidden()
    assert len(desk.world.use_cases.submitted) == 1


async def test_a_request_that_the_panel_takes_back_is_cancelled_at_the_agent(desk: Desk) -> None:
    page = await desk.open_paired()
    await page.get_by_test_id("sign").click()
    await posted(desk.world)
    await page.get_by_test_id("cancel").click()
    await ends(page, "stopped")
    await expect(page.get_by_test_id("draft")).to_be_visible()


async def test_without_an_agent_the_prescription_goes_on_unsigned_and_the_page_says_so(desk: Desk) -> None:
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        page = await desk.open(port=kept.getsockname()[1])
        await shows(page, "no-answer")
        await page.get_by_test_id("sign").click()
        await ends(page, "unsigned")
    assert desk.world.use_cases.submitted == []


async def test_a_pairing_that_the_agent_dropped_is_asked_for_again(desk: Desk) -> None:
    page = await desk.open_paired()
    desk.world.pairings.revoke(desk.panel.origin)
    await page.reload()
    await shows(page, "not-paired")
    await page.get_by_test_id("connect").click()
    await shows(page, "ready")


async def test_drugs_are_found_by_keyboard_and_many_prescriptions_are_signed_in_one_request(
    desk: Desk,
) -> None:
    page = await desk.open_paired()
    drug = page.get_by_test_id("drug")
    await drug.fill("AMOX 250")
    await expect(page.get_by_test_id("drugs").locator("[aria-selected=true]")).to_contain_text("250 mg")
    await drug.press("ArrowDown")
    await drug.press("Enter")
    await expect(page.get_by_test_id("quantity-3")).to_be_focused()
    await page.keyboard.type("۵")
    page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept("الگوی من")))
    await page.get_by_test_id("save-template").click()
    await page.get_by_test_id("queue").click()
    await page.locator("label", has=page.get_by_test_id("free")).click()
    await page.get_by_test_id("templates").select_option("الگوی من")
    await expect(page.get_by_test_id("quantity-3")).to_have_value("۵")
    await page.get_by_test_id("queue").click()
    await expect(page.locator("[data-standing=waiting]")).to_have_count(2)
    await page.get_by_test_id("sign-many").click()
    await posted(desk.world)
    (request,) = desk.world.use_cases.submitted
    said = [json.loads(document.content) for document in request.documents]
    assert [one["insurer"] for one in said] == ["tamin", "free"]
    for one in said:
        assert (one["items"][3]["code"], one["items"][3]["quantity"]) == ("0000000103", 5)
    await expect(page.locator("[data-mohr=state]")).to_have_attribute("data-mohr-state", "busy")
    await expect(page.locator("[data-mohr=state]")).to_have_attribute("data-mohr-step", "received")
    desk.world.use_cases.finish()
    await ends(page, "signed")
    await expect(page.locator("[data-standing=signed]")).to_have_count(2)
    await expect(page.locator("[data-mohr=state]")).to_have_attribute("data-mohr-state", "signed")


async def test_an_edit_of_a_signed_prescription_says_which_one_it_replaces_in_english_too(desk: Desk) -> None:
    page = await desk.open_paired()
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("status")).to_contain_text("Mohr is ready")
    await page.get_by_test_id("sign").click()
    await posted(desk.world)
    desk.world.use_cases.finish()
    await ends(page, "signed")
    await page.get_by_test_id("edit").click()
    first = desk.world.use_cases.submitted[0].documents[0].id
    await expect(page.get_by_test_id("replacing")).to_contain_text(first)
    await page.get_by_test_id("remove-0").click()
    await page.keyboard.press("Control+Enter")
    while len(desk.world.use_cases.submitted) < 2:
        await asyncio.sleep(0.01)
    (document,) = desk.world.use_cases.submitted[1].documents
    said = json.loads(document.content)
    assert (said["replaces"], len(said["items"])) == (first, 2)
    desk.world.use_cases.finish()
    await expect(page.locator("[data-standing=replaced]")).to_have_count(1)
    await expect(page.get_by_test_id("result")).to_contain_text("Signed and sent")
    await expect(page.locator("html")).to_have_attribute("dir", "ltr")


async def test_what_nobody_knows_the_end_of_is_sent_again_under_its_own_id(desk: Desk) -> None:
    page = await desk.open_paired()
    desk.world.use_cases.failure = ModuleCrashed("on cue")
    await page.get_by_test_id("sign").click()
    await ends(page, "stopped")
    await expect(page.locator("[data-standing=unsettled]")).to_be_visible()
    await expect(page.get_by_test_id("quantity-0")).to_be_disabled()
    await expect(page.get_by_test_id("queue")).to_be_disabled()
    desk.world.use_cases.failure = None
    await page.get_by_test_id("sign").click()
    await posted(desk.world)
    (request,) = desk.world.use_cases.submitted
    standing = page.locator(f"[data-id={request.documents[0].id}] [data-standing=sent]")
    await expect(standing).to_be_visible()
    desk.world.use_cases.finish()
    await ends(page, "signed")
    assert len(desk.world.use_cases.submitted) == 1
