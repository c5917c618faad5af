"""The page of docs/panel-quick-start.md in a folder of its own, as it is printed, beside the simulator."""

from __future__ import annotations

import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.https_panel import ROOT, SDK
from tests.simulate.place import simulator

pytestmark = pytest.mark.browser


class Quiet(SimpleHTTPRequestHandler):
    """`python -m http.server`, without its log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


async def test_the_printed_page_pairs_and_signs(tmp_path: Path) -> None:
    printed = (ROOT / "docs" / "panel-quick-start.md").read_text("utf-8")
    (page,) = re.findall(r"```html\n(.*?)```", printed, re.DOTALL)
    assert page.count("new Mohr()") == 1
    folder = tmp_path / "panel"
    (folder / "mohr").mkdir(parents=True)
    for module in SDK.glob("*.js"):
        shutil.copy(module, folder / "mohr")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        async with simulator(tmp_path / "simulator") as agent, async_playwright() as playwright:
            # The one thing that is not as printed: the simulator of a test takes any free port.
            ports = f"new Mohr({{ ports: [{agent.address.port}] }})"
            (folder / "index.html").write_text(page.replace("new Mohr()", ports))
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
                chromium_sandbox=False,
            )
            opened = await browser.new_page()
            await opened.goto(f"http://localhost:{server.server_address[1]}/")
            said, within = opened.locator("#said"), 60_000
            await expect(said).to_have_text("This panel is not paired with Mohr.", timeout=within)
            await opened.click("#connect")
            await expect(said).to_have_text("accepted", timeout=within)
            await opened.click("#sign")
            await expect(said).to_have_text(re.compile(r"signed: \d{4} characters of base64"), timeout=within)
            await browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
