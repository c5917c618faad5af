"""Records what browsers really send to a loopback port, for `tests/endpoint/test_recorded.py` to replay.

`python -m tests.browser.record` writes `tests/endpoint/recorded.json` anew: a Chromium and a Firefox, each on
a public https page, try every way that a page has to reach the port, honest or not: over http and ws, over
https and wss, and with a Chromium in which the person has denied it. A stand-in notes each head and allows
everything, so that what follows a preflight comes too. Ports, keys and user agents are left out. After a new
version of a browser, record again, and read the difference.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from signer.endpoint.local_ca import LocalIdentity, local_identity
from signer.platform.trust_stores import StoreKind, TrustStore, trust
from tests.browser.firefox import firefox, make_profile
from tests.browser.https_panel import ROOT, Panel, browse, serve

FILE = ROOT / "tests" / "endpoint" / "recorded.json"
#: What a record says for the agent's port, and for the panel's.
AGENT_PORT, PANEL_PORT = ":AGENT", ":PANEL"
#: How the agent is reached: over http and ws, over https and wss, and where the person denies.
PLAIN, SECURE, DENIED = "plain", "secure", "denied"
#: Of the computer that recorded, or of that moment alone.
_LEFT_OUT = {"user-agent", "sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile", "accept-language"}

#: Every way that a page has. Each names itself in its address, which is how a request is told from another.
TRY = """async ([scheme, port]) => {
    const u = (what, path) => `${scheme}://127.0.0.1:${port}${path}?as=${what}`;
    const settle = (work, ms = 1500) => Promise.race([Promise.resolve(work).catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, ms))]);
    const add = (tag, set) => document.body.appendChild(Object.assign(document.createElement(tag), set));
    const json = { 'Content-Type': 'application/json' };
    const form = (what, enctype) => {
        add('iframe', { name: what });
        const action = u(what, '/v1/signing-requests');
        const made = add('form', { method: 'post', enctype, target: what, action });
        made.append(Object.assign(document.createElement('input'), { name: 'a', value: 'b' }));
        made.submit();
    };
    const sandboxed = (what, path, script) => {
        const frame = document.createElement('iframe');
        frame.sandbox = 'allow-scripts';
        frame.allow = 'loopback-network *; local-network-access *';
        frame.srcdoc = `<script>${script(JSON.stringify(u(what, path)))}<` + '/script>';
        document.body.append(frame);
    };
    await settle(fetch(u('fetch', '/v1/agent')));
    await settle(fetch(u('fetch-json', '/v1/signing-requests'),
        { method: 'POST', headers: { ...json, 'Idempotency-Key': 'k-1' }, body: '{}' }));
    await settle(fetch(u('fetch-delete', '/v1/signing-requests/x'), { method: 'DELETE' }));
    const text = { method: 'POST', body: '{}' };
    await settle(fetch(u('fetch-text', '/v1/signing-requests'), text));
    await settle(fetch(u('fetch-no-cors', '/v1/signing-requests'), { ...text, mode: 'no-cors' }));
    await settle(fetch(u('fetch-page', '/bridge')));
    navigator.sendBeacon(u('beacon', '/v1/signing-requests'), '{}');
    form('form', 'application/x-www-form-urlencoded');
    form('form-text', 'text/plain');
    add('img', { src: u('image', '/v1/agent') });
    add('script', { src: u('script', '/v1/agent') });
    add('link', { rel: 'stylesheet', href: u('style', '/v1/agent') });
    add('iframe', { src: u('frame', '/v1/agent') });
    const source = new EventSource(u('event-source', '/v1/events'));
    const socket = new WebSocket(u('socket', '/v1/socket').replace('http', 'ws'));
    sandboxed('null-fetch', '/v1/agent', (at) => `fetch(${at})`);
    sandboxed('null-socket', '/v1/socket', (at) => `new WebSocket(${at}.replace('http', 'ws'))`);
    await settle(new Promise(() => {}), 2500);
    source.close();
    socket.close();
}"""
#: From a click: a page of the agent's own, and one that is none; then the bridge's one exchange.
CLICK = """([scheme, port]) => {
    const button = document.body.appendChild(document.createElement('button'));
    button.onclick = () => {
        const bridge = window.open(`${scheme}://127.0.0.1:${port}/bridge?as=bridge`, 'bridge', 'popup');
        const ask = { mohr: 'ask', id: 1, method: 'GET', target: '/v1/agent', headers: {}, body: '' };
        const hello = setInterval(() => bridge.postMessage({ mohr: 'hello' }, '*'), 200);
        addEventListener('message', ({ data }) => {
            if (data?.mohr !== 'here') return;
            clearInterval(hello);
            bridge.postMessage(ask, '*');
            setTimeout(() => { window.done = true; }, 1000);
        }, { once: true });
    };
}"""

UNTIL_DONE = """
    const [done] = arguments;
    (function look() { window.done ? done() : setTimeout(look, 50); })();
"""


class Recorder:
    """Listens on a port of its own, over TLS with an `identity`; `heads` are what came: name, method, path,
    headers, body.
    """

    def __init__(self, identity: LocalIdentity | None = None) -> None:
        self.heads: list[tuple[str, str, str, list[tuple[str, str]], str]] = []
        self.port = 0
        self._identity = identity
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Recorder:
        tls = None if self._identity is None else self._identity.context()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def place(self) -> tuple[str, int]:
        """What the scripts take."""
        return ("http" if self._identity is None else "https"), self.port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ", 2)
                headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in head[1:-2])]
                given = {name.lower(): value for name, value in headers}
                body = (await reader.readexactly(int(given.get("content-length", 0)))).decode("latin-1")
                url = urlsplit(target)
                name = parse_qs(url.query).get("as", [url.path.strip("/").replace("/", "-")])[0]
                self.heads.append((name, method, url.path, headers, body))
                writer.write(_answer(method, url.path, given.get("origin", "")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.close()


def _answer(method: str, path: str, origin: str) -> bytes:
    """Yes to whatever is asked; the real bridge's page, which cannot be opened by a stand-in of its own."""
    bridge = method == "GET" and path == "/bridge"
    body = (ROOT / "signer" / "endpoint" / "bridge.html").read_bytes() if bridge else b"{}"
    head = [
        "HTTP/1.1 200 OK",
        f"Content-Type: {'text/html' if bridge else 'application/json'}",
        f"Content-Length: {len(body)}",
        f"Access-Control-Allow-Origin: {origin or '*'}",
        "Access-Control-Allow-Methods: GET, POST, DELETE",
        "Access-Control-Allow-Headers: content-type, idempotency-key",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def records(recorder: Recorder, panel: Panel, browser: str, setting: str) -> list[dict[str, Any]]:
    """What came, without what belongs to this computer or this moment. Other things that a browser fetches,
    such as an icon, are left out.
    """

    def symbolic(name: str, value: str) -> str:
        if name.lower() == "sec-websocket-key":
            return "KEY"
        return value.replace(f":{recorder.port}", AGENT_PORT).replace(f":{panel.port}", PANEL_PORT)

    return [
        {
            "browser": browser,
            "setting": setting,
            "what": what,
            "method": method,
            "path": path,
            "headers": [[n, symbolic(n, v)] for n, v in headers if n.lower() not in _LEFT_OUT],
            "body": symbolic("", body),
        }
        for what, method, path, headers, body in sorted(recorder.heads, key=lambda head: head[:2])
        if path.startswith(("/v1/", "/bridge"))
    ]


async def by_chromium(
    panel: Panel, setting: str, identity: LocalIdentity | None = None
) -> tuple[str, list[dict[str, Any]]]:
    """Its version, and what it sends; over TLS with an `identity`. In the setting `denied` only a window gets
    through.
    """
    if identity is not None:
        panel = replace(panel, spki=f"{panel.spki},{_spki(identity)}")
    async with Recorder(identity) as recorder, browse(panel, allowed=setting != DENIED) as context:
        page = await context.new_page()
        await page.goto(f"{panel.origin}/README.md")
        await page.evaluate(TRY, recorder.place)
        await page.evaluate(CLICK, recorder.place)
        await page.click("button")
        await page.wait_for_function("window.done", timeout=20_000)
        browser = context.browser
        assert browser is not None
        return browser.version, records(recorder, panel, "chromium", setting)


async def by_firefox(
    panel: Panel, scratch: Path, setting: str, identity: LocalIdentity | None = None
) -> tuple[str, list[dict[str, Any]]]:
    """Its version, and what it sends while it does not ask before loopback; over TLS with an `identity`."""
    profile = make_profile(scratch / f"profile-{setting}", panel)
    if identity is not None:
        trust(TrustStore(StoreKind.FIREFOX, profile), identity.authority)
    async with Recorder(identity) as recorder:

        def use() -> str:
            with firefox(profile, panel, {"network.lna.enabled": False}) as driver:
                driver.get(f"{panel.origin}/README.md")
                driver.execute_async_script(f"({TRY})(arguments[0]).then(arguments[1])", recorder.place)
                driver.execute_script(f"({CLICK})(arguments[0])", recorder.place)
                driver.find_element("tag name", "button").click()
                driver.execute_async_script(UNTIL_DONE)
                return str(driver.capabilities["browserVersion"])

        version = await asyncio.to_thread(use)
        return version, records(recorder, panel, "firefox", setting)


def _spki(identity: LocalIdentity) -> str:
    leaf = x509.load_pem_x509_certificate(identity.leaf.read_bytes())
    octets = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


async def main() -> None:
    """Record, and write the file."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as panel:
        scratch = Path(folder)
        identity = local_identity(scratch / "tls", datetime.now(UTC))
        chromium, first = await by_chromium(panel, PLAIN)
        _, second = await by_chromium(panel, SECURE, identity)
        _, third = await by_chromium(panel, DENIED)
        mozilla, fourth = await by_firefox(panel, scratch, PLAIN)
        _, fifth = await by_firefox(panel, scratch, SECURE, identity)
    requests = [*first, *second, *third, *fourth, *fifth]
    told = {"browsers": {"chromium": chromium, "firefox": mozilla}, "requests": requests}
    FILE.write_text(json.dumps(told, indent=1) + "\n", "ascii")
    print(f"{len(requests)} of Chromium {chromium} and Firefox {mozilla}")


if __name__ == "__main__":
    asyncio.run(main())
