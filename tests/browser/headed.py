"""A Chromium with a window, and the person before it who answers what the browser itself asks.

The prompt is read and answered as a screen reader's user does it: found by its name, reached by focus,
pressed by a key. A headless browser has no prompt and counts as one that was clicked away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Browser, async_playwright

from tests.browser.https_panel import Panel, arguments
from tests.desktop.accessible import Accessible, Gone, until
from tests.desktop.doctor import Screen, again

#: What Chromium asks before a page reaches programs of this computer.
ASKS = "wants to: Access other apps and services on this device"


class Person:
    """Before the browser's window. `answered` counts the prompts that came up and were answered."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.answered = 0

    async def answer(self, button: str) -> None:
        """Wait for the browser's prompt and press *Allow*, *Block* or *Close*. Raises `TimeoutError`."""
        prompt = await until(self.prompt)
        pressed = prompt.find(name=button)

        async def press() -> None:
            # A prompt takes no input in its first moments.
            if pressed.take_focus():
                await self._screen.display.press("space")

        await again(press, so_that=lambda: self.prompt() is None)
        self.answered += 1

    def prompt(self) -> Accessible | None:
        """The prompt that is showing now."""
        for window in self._screen.reader.windows():
            with suppress(Gone):
                if window.name.endswith(ASKS):
                    return window
        return None


@asynccontextmanager
async def headed(screen: Screen, panel: Panel) -> AsyncIterator[Browser]:
    """A Chromium on that screen to which the panel is a page from the internet."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            chromium_sandbox=False,
            headless=False,
            env={
                **os.environ,
                **screen.env,
                "ACCESSIBILITY_ENABLED": "1",
                "GNOME_ACCESSIBILITY": "1",
                "LANGUAGE": "en",
            },
            args=[*arguments(panel), "--force-renderer-accessibility"],
        )
        try:
            yield browser
        finally:
            await browser.close()
