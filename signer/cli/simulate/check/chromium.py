"""A Chromium of its own for the check: found, started with a profile that is thrown away, and spoken to.

Speaks the Chrome DevTools Protocol over a WebSocket, as much of it as is wanted: open a page, run a script in
it, hear of its exceptions. aiohttp, which the agent has anyway, carries it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

#: Seconds that a browser gets to come up, and that one call to it may take.
_STARTS_WITHIN = 40.0
_ANSWERS_WITHIN = 40.0
_MAX_MESSAGE = 64 * 1024 * 1024
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "brave-browser",
    "chrome",
    "msedge",
)
_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
_WINDOWS = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
_ALWAYS = (
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-sync",
    "--password-store=basic",
    "--use-mock-keychain",
)
#: What Chromium calls its gate before programs of this computer, and so what a person allows.
_PERMISSIONS = ("localNetworkAccess", "localNetwork", "loopbackNetwork")


class NoBrowser(Exception):
    """None was found, or it did not come up; the message says what to do."""


class PageBroke(Exception):
    """The page, or the browser, could not do what was asked of it."""


def find() -> Path:
    """A Chromium of this computer. Raises `NoBrowser`."""
    places = [shutil.which(command) for command in _COMMANDS]
    if sys.platform == "darwin":
        places += [f"/Applications/{name}.app/Contents/MacOS/{name}" for name in _MAC]
    if sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        places += [str(Path(root) / name) for root in roots if root for name in _WINDOWS]
    for place in places:
        if place is not None and Path(place).exists():
            return Path(place)
    raise NoBrowser("no Chromium, Chrome or Edge was found: install one, or name it with --browser PATH")


class Browser:
    """A running one. `call` speaks to it, `page` opens a tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._pages: dict[str, Callable[[str, Any], None]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """One command and its result. Raises `PageBroke`."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        try:
            await self._socket.send_str(msgspec.json.encode(message).decode())
            return await asyncio.wait_for(answer, _ANSWERS_WITHIN)
        except (TimeoutError, ConnectionError) as problem:
            raise PageBroke(f"{method}: the browser did not answer") from problem
        finally:
            del self._waiting[number]

    async def allow(self, origin: str) -> None:
        """Answer the browser's question about local programs for this origin, as a person would."""
        for permission in _PERMISSIONS:
            with suppress(PageBroke):  # an older or newer browser has another name for it, or none
                await self.call("Browser.grantPermissions", origin=origin, permissions=[permission])

    async def page(self, script: str) -> Page:
        """A blank tab in which `script` runs before any page's own."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"], target)
        self._pages[page.session] = page.heard
        await page.call("Page.enable")
        await page.call("Runtime.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        return page

    def close(self) -> None:
        """Listen no more."""
        self._reading.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = msgspec.json.decode(message.data)
            waiting = self._waiting.get(said.get("id"))
            if waiting is None:
                heard = self._pages.get(said.get("sessionId", ""))
                if heard is not None:
                    heard(said.get("method", ""), said.get("params", {}))
            elif not waiting.done():
                if "error" in said:
                    waiting.set_exception(PageBroke(str(said["error"].get("message"))))
                else:
                    waiting.set_result(said.get("result"))
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(PageBroke("the browser has gone"))


class Page:
    """One tab. `errors` are the exceptions that nobody caught in it, since the last `open`."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser = browser
        self._target = target
        self._loaded = asyncio.Event()
        self.session = session
        self.errors: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command to this tab. Raises `PageBroke`."""
        return await self._browser.call(method, self.session, **parameters)

    def heard(self, method: str, parameters: Any) -> None:
        """Something happened in it."""
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Page.javascriptDialogOpening":
            dismissing = asyncio.ensure_future(self.call("Page.handleJavaScriptDialog", accept=True))
            dismissing.add_done_callback(lambda done: done.cancelled() or done.exception())
        elif method == "Runtime.exceptionThrown":
            details = parameters.get("exceptionDetails", {})
            text = details.get("exception", {}).get("description") or details.get("text", "")
            self.errors.append(str(text).splitlines()[0][:200] if text else "")

    async def open(self, url: str) -> None:
        """Go there and wait until it is loaded. Raises `PageBroke`."""
        self._loaded.clear()
        self.errors.clear()
        went = await self.call("Page.navigate", url=url)
        if went.get("errorText"):
            raise PageBroke(f"{url}: {went['errorText']}")
        await self._load()

    async def reload(self) -> None:
        """As a person reloads it. Raises `PageBroke`."""
        self._loaded.clear()
        await self.call("Page.reload")
        await self._load()

    async def _load(self) -> None:
        try:
            await asyncio.wait_for(self._loaded.wait(), _ANSWERS_WITHIN)
        except TimeoutError as problem:
            raise PageBroke("the page did not load") from problem

    async def run(self, expression: str) -> Any:
        """The value of a script's expression, run as if a person had clicked. Raises `PageBroke`."""
        said = await self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        if "exceptionDetails" in said:
            raise PageBroke(str(said["exceptionDetails"].get("text")))
        return said["result"].get("value")

    async def front(self) -> None:
        """Show it: what a person does not see, a browser slows down."""
        await self._browser.call("Target.activateTarget", targetId=self._target)


@asynccontextmanager
async def chromium(
    path: Path | None = None, *, headed: bool = False, arguments: tuple[str, ...] = ()
) -> AsyncIterator[Browser]:
    """A browser with an empty profile, gone with everything in it at the end. Raises `NoBrowser`."""
    executable = path or find()
    with tempfile.TemporaryDirectory(prefix="mohr-check-", ignore_cleanup_errors=True) as profile:
        command = [str(executable), f"--user-data-dir={profile}", *_ALWAYS, *arguments]
        if not headed:
            command.append("--headless=new")
        if sys.platform == "linux" and os.geteuid() == 0:
            command.append("--no-sandbox")  # root cannot have one, and Chromium refuses to start
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                "about:blank",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as problem:
            raise NoBrowser(f"{executable.name} cannot be started: {problem.strerror}") from problem
        try:
            url = await _debugger(process, Path(profile) / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(url, max_msg_size=_MAX_MESSAGE) as socket,
            ):
                browser = Browser(socket)
                try:
                    yield browser
                    with suppress(PageBroke):
                        await browser.call("Browser.close")
                finally:
                    browser.close()
        finally:
            await _end(process)


async def _debugger(process: asyncio.subprocess.Process, told: Path) -> str:
    """Where it listens, as it writes into its profile once it does."""
    try:
        async with asyncio.timeout(_STARTS_WITHIN):
            while process.returncode is None:
                with suppress(OSError):
                    lines = told.read_text().splitlines()  # noqa: ASYNC240  # two short lines
                    if len(lines) >= 2:
                        return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise NoBrowser("the browser did not come up") from None
    raise NoBrowser(f"the browser ended at once, with {process.returncode}")


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
