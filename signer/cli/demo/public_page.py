"""The demo panel as a page of the internet: https, an origin of its own, a Chromium that takes it for public.

A page of this computer may call this computer's programs unasked; one from outside has to be allowed by the
person. This shows the latter as it will be, the browser's question included. Certificate and browser profile
are the demo's own: nothing is put into the person's browser.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import ssl
import subprocess
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signer.endpoint.local_ca import LocalIdentity, local_identity

#: `.test` belongs to nobody (RFC 6761 §6.2), and is known to this one browser alone.
HOST = "panel.mohr.test"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


class PublicPage:
    """A certificate for the panel, and the browser that shows it. Raises OSError for the folder."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._identity: LocalIdentity = local_identity(folder / "panel", now)
        self._profile = folder / "browser"

    def context(self) -> ssl.SSLContext:
        """For the panel's port."""
        return self._identity.context()

    def origin(self, port: int) -> str:
        """As the browser writes it."""
        return f"https://{HOST}:{port}"

    def open(self, browser: str, port: int) -> subprocess.Popen[bytes]:
        """Show the panel."""
        return subprocess.Popen([browser, *self.arguments(port)])  # noqa: S603  # a browser of BROWSERS

    def arguments(self, port: int) -> list[str]:
        """What makes the panel at that port of 127.0.0.1 a public page, and only it."""
        certificate = x509.load_pem_x509_certificate(self._identity.leaf.read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return [
            f"--user-data-dir={self._profile}",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"--ip-address-space-overrides=127.0.0.1:{port}=public",
            f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key).digest()).decode()}",
            "--no-first-run",
            "--no-default-browser-check",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            f"{self.origin(port)}/",
        ]


def find_browser() -> str | None:
    """A Chromium, Chrome or Edge on this computer."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)
