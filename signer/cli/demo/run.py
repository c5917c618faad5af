"""`mohr demo`: makes the demo token, then runs the thread by script or opens window, panel and browser.

Everything it starts ends with it.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import webbrowser
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from signer.cli.demo.token import PIN, DemoCannotRun, DemoToken, demo_token
from signer.cli.loadable import ModuleChoice, known_modules
from signer.model.errors import AlreadyRunning
from signer.platform.display import has_display
from signer.platform.folders import folders_under, user_data

_FAMILY = "softhsm"
SIGNATURES = "signatures"


def run(*, folder: Path | None, auto: bool, as_json: bool, https: bool = False) -> int:
    """0 when everything verified, or when the window was closed; 1 when something could not be done."""
    try:
        if not auto and not has_display():
            print("No display here: the same thread runs without a window and without a person.")
            auto = True
        base = (folder or user_data() / "demo").absolute()
        (base / SIGNATURES).mkdir(parents=True, exist_ok=True, mode=0o700)
        return asyncio.run(_auto(base, as_json=as_json) if auto else _with_window(base, https=https))
    except DemoCannotRun as reason:
        print(f"mohr demo: {reason}", file=sys.stderr)
        return 1
    except AlreadyRunning as problem:
        print(f"mohr demo: {problem.en} {problem.en_remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def prepare(base: Path) -> tuple[DemoToken, ModuleChoice]:
    """The demo token under `base` and the module that serves it. Raises `DemoCannotRun`."""
    module = next((m for m in known_modules() if m.profile.family == _FAMILY), None)
    if module is None:
        raise DemoCannotRun("SoftHSM is missing: apt-get install softhsm2")
    token = await demo_token(base / "token", module.path)
    return token, ModuleChoice(path=module.path, profile=module.profile, env=token.env)


async def _auto(base: Path, *, as_json: bool) -> int:
    from signer.cli.demo.auto import sign_samples

    token, module = await prepare(base)
    report = await sign_samples(token, module, folders_under(base / "agent"), base / SIGNATURES)
    if as_json:
        print(msgspec.json.encode(report).decode())
    else:
        for document in report.documents:
            stages = ", ".join(f"{name} {lasted:g} ms" for name, lasted in document.ms.items())
            print(f"{document.insurer:8} {document.verdict}: {document.signature} ({stages})")
        print(f"verify: openssl cms -verify -cades -inform DER -purpose any -CAfile {report.anchors} -in …")
    return 0 if report.all_valid else 1


def window_command() -> tuple[str, ...]:
    """The demo's desktop: a module of this interpreter, or in a packaged Mohr a program beside this one."""
    if getattr(sys, "frozen", False):
        return (str(Path(sys.executable).with_name("mohr-demo-window")),)
    return (sys.executable, "-m", "gui.demo")


async def _with_window(base: Path, *, https: bool) -> int:
    from signer.cli.demo.panel_server import PanelServer
    from signer.cli.demo.public_page import PublicPage, find_browser

    browser = find_browser() if https else None
    if https and browser is None:
        raise DemoCannotRun("--https needs Chromium, Chrome or Edge: apt-get install chromium")
    await prepare(base)
    public = PublicPage(base, datetime.now(UTC)) if browser else None
    panel = PanelServer(public.context() if public else None)
    origin = await panel.start()
    programs = [
        subprocess.Popen(  # noqa: S603, ASYNC220  # our own desktop, beside this process
            [*window_command(), "--folder", str(base), "--panel", origin]
        )
    ]
    (window,) = programs
    try:
        shown = public.origin(panel.port) if public else origin
        print(f"The demo panel is at {shown}. The token's PIN is {PIN}. Close the window or press Ctrl-C.")
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, window.terminate)
        if public and browser:
            programs.append(public.open(browser, panel.port))
        else:
            await asyncio.to_thread(webbrowser.open, origin)
        return await asyncio.to_thread(window.wait)
    finally:
        for program in programs:
            program.terminate()
            await asyncio.to_thread(program.wait)
        await panel.stop()
