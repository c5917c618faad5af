"""Debian's own Chromium and Firefox inside the root, before a panel that is a page of the internet.

Asked is whether the page reaches a program of this computer, and whether the browser takes the certificate
of one. Nobody is there to answer a prompt, so what is let through was let through without one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct
from playwright.async_api import Error, async_playwright
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Firefox
from selenium.webdriver.firefox.options import Options
from selenium.webdriver.firefox.service import Service

from tests.browser.firefox import geckodriver, preferences
from tests.browser.https_panel import Panel, arguments
from tests.browser.test_firefox import measured
from tests.browser.test_local_network_access import DETECT
from tests.smoke.installed import DATA, UNSEEN, Installed, seen, until
from tests.smoke.root import DOCTOR, Root

#: Firefox's, below the doctor's home.
_PROFILE = ".mozilla/firefox/clinic.default"


class Met(Struct, frozen=True):
    """What `detect()` said in the panel's page, and whether the certificate was taken."""

    state: str
    trusted: bool


class Browsers:
    """Both browsers of the root, as the doctor starts them. `scratch` is the doctor's, the same inside."""

    def __init__(self, root: Root, panel: Panel, scratch: Path) -> None:
        self._root, self._panel, self.scratch = root, panel, scratch
        self._driver = scratch / "geckodriver"
        shutil.copy(geckodriver(), self._driver)
        certificate = scratch / "panel.crt"
        certificate.write_text(ssl.DER_cert_to_PEM_cert(_der(panel.certificate)), encoding="ascii")
        profile = f"{DOCTOR.home}/{_PROFILE}"
        root.run_as(DOCTOR, "mkdir", "-p", profile)
        for command in (("-N", "--empty-password"), ("-A", "-n", "panel", "-t", "C,,", "-i", certificate)):
            root.run_as(DOCTOR, "certutil", *command, "-d", f"sql:{profile}")

    @property
    def origin(self) -> str:
        """The panel's."""
        return self._panel.origin

    def meet(self, port: int, secure: int) -> dict[str, Met]:
        """What each browser says of the program at these two ports, http and https."""
        return {
            "Chromium": asyncio.run(self._chromium(port, secure)),
            "Firefox": asyncio.run(self._firefox(port, secure)),
        }

    async def _chromium(self, port: int, secure: int) -> Met:
        folder = self.scratch / "chromium"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        os.chown(folder, DOCTOR.number, DOCTOR.number)
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                folder,
                executable_path=self._inside("chromium"),
                chromium_sandbox=False,
                args=arguments(self._panel),
            )
            page = await context.new_page()
            await page.goto(f"{self._panel.origin}/README.md")
            state, _ = await page.evaluate(DETECT, port)
            try:
                await page.goto(f"https://127.0.0.1:{secure}/openapi.json")
                trusted = True
            except Error as refused:
                assert "ERR_CERT_AUTHORITY_INVALID" in refused.message, refused
                trusted = False
            await context.close()
        return Met(state, trusted)

    async def _firefox(self, port: int, secure: int) -> Met:
        options = Options()
        options.binary_location = "/usr/bin/firefox-esr"
        for argument in ("-headless", "-profile", f"{DOCTOR.home}/{_PROFILE}"):
            options.add_argument(argument)
        options.accept_insecure_certs = False
        for name, value in preferences(self._panel).items():
            options.set_preference(name, value)
        driver = Firefox(options=options, service=Service(str(self._inside(str(self._driver)))))
        try:
            driver.set_script_timeout(60)
            _, state, _ = await measured(driver, self._panel, port, "http")
            try:
                driver.get(f"https://127.0.0.1:{secure}/openapi.json")
                trusted = True
            except WebDriverException as refused:
                assert "Certificate" in type(refused).__name__, refused
                trusted = False
        finally:
            driver.quit()
        return Met(state, trusted)

    def _inside(self, program: str) -> Path:
        """A command that starts a program of the root as the doctor."""
        command = self.scratch / f"start-{Path(program).name}"
        environment = " ".join(f"{name}={value}" for name, value in DOCTOR.env.items())
        command.write_text(
            f"""#!/bin/sh
exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin {environment} \\
    chroot --userspec={DOCTOR.number}:{DOCTOR.number} --groups= {self._root.folder} {program} "$@"
""",
            encoding="utf-8",
        )
        command.chmod(0o755)
        return command


def let_through(mohr: Installed, browsers: Browsers) -> Path:
    """What Mohr places for browsers has its effect in them; a copy of the agent's own certificate."""
    with mohr.agent(UNSEEN):
        port = mohr.port()
        until(lambda: "Mohr" in mohr.authorities(DOCTOR, _PROFILE))
        met = browsers.meet(port, port + 1)
        assert met == {"Chromium": Met("denied", True), "Firefox": Met("permission-pending", True)}, met
        mohr.root.run("mohr", "policy", "browsers", "--panel", browsers.origin, "--write")
        met = browsers.meet(port, port + 1)
        assert {one.state for one in met.values()} == {"not-paired"}, met
    leaf = browsers.scratch / "leaf.pem"
    shutil.copy(mohr.root.inside(f"{DOCTOR.home}/{DATA}/tls/leaf.pem"), leaf)
    seen("Chromium and Firefox trust the authority, and ask nothing once the policy is written")
    return leaf


def let_through_no_longer(browsers: Browsers, leaf: Path) -> None:
    """After the removal both ask again, and take the agent's certificate for a stranger's."""
    with stand_in(leaf) as ports:
        met = browsers.meet(*ports)
    assert met == {"Chromium": Met("denied", False), "Firefox": Met("permission-pending", False)}, met
    seen("neither trusts it nor lets the panel through after the removal")


@contextmanager
def stand_in(leaf: Path) -> Iterator[tuple[int, int]]:
    """Somebody else at two ports, http and https, with a certificate and key that were an agent's."""
    plain, secure = (ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threads = [threading.Thread(target=server.serve_forever) for server in (plain, secure)]
    for thread in threads:
        thread.start()
    try:
        yield plain.server_port, secure.server_port
    finally:
        for server, thread in zip((plain, secure), threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _der(pem: Path) -> bytes:
    told = subprocess.run(["openssl", "x509", "-in", pem, "-outform", "DER"], capture_output=True, check=True)
    return told.stdout
