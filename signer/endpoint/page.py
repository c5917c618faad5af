"""The pages that the agent serves: static, framed by nobody, each style and script allowed by its hash.

One is for a person who opens the agent's address; one is the bridge, which a panel opens in a window. What
the bridge passes on is judged in `exchange`, as if it had come by itself.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files

from msgspec import Struct

from signer.endpoint.encodings import b64


class Page(Struct, frozen=True):
    """HTML, and the Content-Security-Policy that lets it do what it must and no more."""

    html: bytes
    policy: str


def _page(name: str, *allowed: str) -> Page:
    html = files("signer.endpoint").joinpath(name).read_bytes()
    inline = {
        f"{kind}-src": html.partition(start)[2].partition(end)[0]
        for kind, start, end in (
            ("style", b"<style>", b"</style>"),
            ("script", b"<script>", b"</script>"),
        )
    }
    hashes = (f"{kind} 'sha256-{_sha256(text)}'" for kind, text in inline.items() if text)
    closed = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    return Page(html, "; ".join(("default-src 'none'", *hashes, *allowed, *closed)))


def _sha256(text: bytes) -> str:
    return b64(hashlib.sha256(text).digest())


HOME = _page("page.html")
BRIDGE = _page("bridge.html", "connect-src 'self'")

#: What a browser gets that asks for a service worker's script: another program may have planted one while it
#: held the port, and this one removes it. The agent itself has none.
LAST_WORKER = b"""self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.registration.unregister()));
"""
