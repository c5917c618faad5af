"""A panel on an https origin of its own, and a Chromium that takes it for a public page.

Without this, everything on one computer is loopback talking to loopback, and the browser's gate before local
programs (Local Network Access) never closes. What a test does in the page is its own business.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from playwright.async_api import Browser, BrowserContext, async_playwright

HOST = "panel.test"
ROOT = Path(__file__).parent.parent.parent
SDK = ROOT / "signer" / "panel"


class Panel(Struct, frozen=True, kw_only=True):
    """A folder served over https. `certificate` is a PEM file, `spki` base64 SHA-256 of its public key."""

    port: int
    spki: str
    certificate: Path

    @property
    def origin(self) -> str:
        """As the browser writes it into `Origin`."""
        return f"https://{HOST}:{self.port}"


class _Handler(SimpleHTTPRequestHandler):
    """Static files, with the `extra` headers on everything."""

    #: One handshake for many files.
    protocol_version = "HTTP/1.1"
    extra: Mapping[str, str] = {}

    def end_headers(self) -> None:
        """The extra headers, and none of it cached."""
        self.send_header("Cache-Control", "no-store")
        for name, value in self.extra.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serve(scratch: Path, folder: Path = SDK, headers: Mapping[str, str] | None = None) -> Iterator[Panel]:
    """Serve `folder` at https://panel.test:PORT with a certificate made for this once, in `scratch`."""
    certificate, spki = _certificate(scratch)
    handler = type("Handler", (_Handler,), {"extra": headers or {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Panel(port=server.server_address[1], spki=spki, certificate=certificate)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def arguments(panel: Panel) -> list[str]:
    """What makes the panel a page from the internet to a Chromium."""
    return [
        "--host-resolver-rules=MAP *.test 127.0.0.1",
        f"--ip-address-space-overrides=127.0.0.1:{panel.port}=public",
        f"--ignore-certificate-errors-spki-list={panel.spki}",
        "--disable-background-networking",
        "--no-first-run",
    ]


@asynccontextmanager
async def chromium(panel: Panel, policy: Mapping[str, object] | None = None) -> AsyncIterator[Browser]:
    """A headless Chromium to which the panel is a page from the internet.

    `policy` is what the computer's administrator has set.
    """
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if policy is not None:
        executable = str(_managed(panel.certificate.parent, str(executable), policy))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable,
            chromium_sandbox=False,
            args=arguments(panel),
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(browser: Browser, panel: Panel, *, allowed: bool) -> AsyncIterator[BrowserContext]:
    """A person's own profile in it, empty at first.

    `allowed`: the person has clicked *Allow* for this origin. If not, a headless browser counts as one that
    clicked *Block*.
    """
    context = await browser.new_context(locale="fa-IR", viewport={"width": 1040, "height": 860})
    if allowed:
        await context.grant_permissions(["local-network-access"], origin=panel.origin)
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def browse(
    panel: Panel, *, allowed: bool, policy: Mapping[str, object] | None = None
) -> AsyncIterator[BrowserContext]:
    """Both at once."""
    async with chromium(panel, policy) as browser, visit(browser, panel, allowed=allowed) as context:
        yield context


def _managed(scratch: Path, executable: str, policy: Mapping[str, object]) -> Path:
    """A command that starts the browser where /etc/chromium holds that policy, and nowhere else."""
    (scratch / "managed.json").write_text(json.dumps(policy))
    command = scratch / "managed-chromium"
    place = "/etc/chromium/policies/managed"
    command.write_text(
        f"""#!/bin/sh
exec unshare --map-root-user --mount sh -c '
mount -t tmpfs none /etc/chromium && mkdir -p {place} && cp {scratch}/managed.json {place}/ && exec "$0" "$@"
' {executable} "$@"
"""
    )
    command.chmod(0o700)
    return command


def _certificate(scratch: Path) -> tuple[Path, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = scratch / "panel.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return path, base64.b64encode(hashlib.sha256(spki).digest()).decode()
