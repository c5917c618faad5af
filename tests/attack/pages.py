"""Attacks of pages in the doctor's browser: by origin, by a rebound name, without CORS, by socket and bridge.

Each is what a browser would send (measured with Chromium and Firefox), and most carry the honest panel's own
signature, so that nothing but the head stands in their way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from signer.endpoint.admission import EXCHANGE_TYPE
from signer.endpoint.encodings import b64u
from signer.endpoint.pairing import panel_commitment
from tests.attack.attack import Attack, Position, attack, refused, request
from tests.attack.victim import PATIENCE, POST, Panel, Victim
from tests.endpoint.caller import ORIGIN, Headers, signing_request
from tests.endpoint.test_refusals import Sent, got, opened, repeated, signed

PAGE, REBOUND = Position.PAGE, Position.REBOUND
AGENT = "/v1/agent?challenge=" + "A" * 43
FORM = "application/x-www-form-urlencoded"

#: Origins that are not the panel's, each with why it might pass for it, and what is said to it.
_ORIGINS: tuple[tuple[str, str | None, int, str], ...] = (
    ("another site", "https://evil.example", 401, "not-paired"),
    ("no origin", None, 403, "origin-refused"),
    ("the origin null of a sandboxed frame", "null", 403, "origin-refused"),
    ("an empty origin", "", 403, "origin-refused"),
    ("a subdomain of the panel", "https://a.panel.example", 401, "not-paired"),
    ("the domain above the panel", "https://example", 401, "not-paired"),
    ("the panel's name inside another", "https://panel.example.evil.example", 401, "not-paired"),
    ("a name that ends like the panel's", "https://notpanel.example", 401, "not-paired"),
    ("the panel's host at another port", "https://panel.example:8443", 401, "not-paired"),
    ("the panel with its default port spelled", "https://panel.example:443", 403, "origin-refused"),
    ("the panel in upper case", "https://PANEL.example", 403, "origin-refused"),
    ("the panel with a trailing dot", "https://panel.example.", 403, "origin-refused"),
    ("the panel with a trailing slash", "https://panel.example/", 403, "origin-refused"),
    ("the panel as a user's name", "https://panel.example@evil.example", 403, "origin-refused"),
    ("the panel over http", "http://panel.example", 403, "origin-refused"),
    ("a name in Unicode letters", "https://pänel.example", 403, "origin-refused"),
    ("a look-alike in punycode", "https://xn--pnel-0na.example", 401, "not-paired"),
    ("a list of two origins", f"{ORIGIN}, https://evil.example", 403, "origin-refused"),
    ("a browser extension", "chrome-extension://abcdefghijklmnop", 403, "origin-refused"),
    ("a file on the disk", "file://", 403, "origin-refused"),
    ("a server on this computer", "http://127.0.0.1:3000", 403, "origin-refused"),
    ("an https server on this computer", "https://localhost:3000", 403, "origin-refused"),
    ("this computer in an IPv6 spelling", "https://[::ffff:127.0.0.1]", 403, "origin-refused"),
)

#: What a page calls itself whose name was made to lead to this computer, or what it calls this computer.
_HOSTS: tuple[tuple[str, str], ...] = (
    ("a rebound name", "evil.example:{port}"),
    ("0.0.0.0", "0.0.0.0:{port}"),
    ("another loopback address", "127.0.0.2:{port}"),
    ("an IPv4 address inside IPv6", "[::ffff:127.0.0.1]:{port}"),
    ("the IPv6 loopback, uncompressed", "[0:0:0:0:0:0:0:1]:{port}"),
    ("the IPv6 address of nothing", "[::]:{port}"),
    ("localhost with a trailing dot", "localhost.:{port}"),
    ("localhost in upper case", "LOCALHOST:{port}"),
    ("a name below localhost", "evil.localhost:{port}"),
    ("the address in short", "127.1:{port}"),
    ("the address as a number", "2130706433:{port}"),
    ("the address in octal", "0177.0.0.1:{port}"),
    ("our address without its port", "127.0.0.1"),
    ("our address at another port", "127.0.0.1:80"),
    ("our address after a user's name", "evil@127.0.0.1:{port}"),
)


def _origin(origin: str | None) -> Callable[[Panel], Sent]:
    return got(Origin=origin)


def _host(host: str) -> Callable[[Panel], Sent]:
    return lambda panel: signed(panel, head={"Host": host.format(port=panel.address.port)})


def _simple(kind: str, mode: str, origin: str | None) -> Callable[[Panel], Sent]:
    """A POST for which a browser asks no leave, with the panel's signature on it."""
    body = signing_request()
    head: dict[str, str | None] = {"Content_Type": kind, "Sec_Fetch_Mode": mode, "Origin": origin}
    return lambda panel: signed(panel, "POST", POST, body, idempotency_key="k", head=head)


def _bridged(**head: str | None) -> Callable[[Panel], Sent]:
    """A frame of the bridge, posted by something that is not its page."""

    def make(panel: Panel) -> Sent:
        own: dict[str, str | None] = {
            "Origin": f"http://{panel.authority}",
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "same-origin",
            "Content-Type": EXCHANGE_TYPE,
        }
        own |= {name.replace("_", "-"): value for name, value in head.items()}
        frame = b'{"id":1,"method":"GET","target":"/v1/credentials","origin":"%s"}\n' % ORIGIN.encode()
        return Sent("POST", "/bridge/exchange", panel.head(**own), frame)

    return make


_HEADS: tuple[Attack, ...] = (
    *(
        request(PAGE, why, f"calls as `{origin}`" if origin else "calls so", _origin(origin), status, code)
        for why, origin, status, code in _ORIGINS
    ),
    request(
        PAGE,
        "the panel's origin twice",
        "sends `Origin` twice",
        repeated("Origin", "https://evil.example"),
        403,
        "origin-refused",
    ),
    *(request(REBOUND, why, f"calls `{host}`", _host(host), 403, "host-refused") for why, host in _HOSTS),
    request(
        REBOUND,
        "two names at once",
        "sends `Host` twice",
        repeated("Host", "evil.example"),
        400,
        "request-malformed",
    ),
    request(
        REBOUND,
        "a request line with a name in it",
        "asks for `http://evil.example/v1/agent`",
        opened("http://evil.example/v1/agent"),
        400,
        "request-malformed",
    ),
    request(
        REBOUND,
        "a rebound page reads a static page",
        "GET `/` by its own name",
        opened("/", Host="evil.example:18717", Origin=None, Sec_Fetch_Mode=None),
        403,
        "host-refused",
    ),
)

_SIMPLE: tuple[Attack, ...] = (
    request(
        PAGE,
        "a fetch without CORS, as Chromium sends it",
        "POST of text/plain, mode no-cors",
        _simple("text/plain", "no-cors", ORIGIN),
        403,
        "fetch-mode-refused",
    ),
    request(
        PAGE,
        "a fetch without CORS, as Firefox sends it",
        "POST of text/plain, origin null",
        _simple("text/plain", "no-cors", "null"),
        403,
        "fetch-mode-refused",
    ),
    request(
        PAGE,
        "a form that navigates",
        "POST of text/plain, origin null, mode navigate",
        _simple("text/plain", "navigate", "null"),
        403,
        "fetch-mode-refused",
    ),
    *(
        request(
            PAGE,
            f"a body of {kind}",
            "POST with the panel's origin, its signature and that type",
            _simple(kind, "cors", ORIGIN),
            415,
            "media-type-not-accepted",
        )
        for kind in ("text/plain", FORM, "multipart/form-data; boundary=b", "application/json, text/plain")
    ),
    *(
        request(
            PAGE,
            f"a {what}",
            f"GET without Origin, mode {mode}",
            lambda panel, mode=mode: signed(panel, head={"Origin": None, "Sec_Fetch_Mode": mode}),  # type: ignore[misc]  # a lambda with a default
            403,
            "fetch-mode-refused",
        )
        for what, mode in (("picture or script", "no-cors"), ("link or frame", "navigate"))
    ),
    request(
        PAGE,
        "a script tag that asks who is there",
        "GET `/v1/agent` without Origin",
        opened(AGENT, Origin=None, Sec_Fetch_Mode="no-cors"),
        403,
        "fetch-mode-refused",
    ),
    request(
        PAGE,
        "another page reads the contract",
        "GET `/openapi.json` with its origin",
        opened("/openapi.json"),
        403,
        "origin-refused",
    ),
    request(
        PAGE,
        "a leave for the bridge's own path",
        "preflight of `/bridge/exchange`",
        opened("/bridge/exchange", method="OPTIONS", Access_Control_Request_Method="POST"),
        403,
        "fetch-mode-refused",
    ),
)

_BRIDGE: tuple[Attack, ...] = (
    *(
        request(PAGE, f"the bridge's path from {why}", tried, _bridged(**head), status, code)
        for why, tried, head, status, code in (
            (
                "another origin",
                "posts a frame for the panel",
                {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
                403,
                "origin-refused",
            ),
            (
                "a page at another port of this computer",
                "posts a frame for the panel",
                {"Origin": "http://127.0.0.1:3000", "Sec_Fetch_Site": "same-site"},
                403,
                "origin-refused",
            ),
            (
                "the same page, after the browser's word was cut off",
                "posts a frame without `Sec-Fetch-Site`",
                {"Sec_Fetch_Site": None},
                403,
                "fetch-mode-refused",
            ),
            (
                "a form",
                "posts a frame as text/plain",
                {"Content_Type": "text/plain"},
                415,
                "media-type-not-accepted",
            ),
            (
                "no page at all",
                "posts a frame without Origin",
                {"Origin": None},
                403,
                "origin-refused",
            ),
        )
    ),
)


@attack(
    PAGE,
    "event.origin forged in the bridge",
    "a frame names an origin in it, and a header that would",
    "the frame's origin is judged as any other (403 `origin-refused`, 401); a header in it is no frame (400)",
)
async def forged_event_origin(victim: Victim) -> None:
    caller = victim.panel()
    for vouched, status, code in (
        ("null", 403, "origin-refused"),
        ("", 403, "origin-refused"),
        (f"http://{victim.authority}", 403, "origin-refused"),
        ("https://evil.example", 401, "not-paired"),
        (ORIGIN, 401, "signature-missing"),
    ):
        async with victim.way(victim.page(vouched), "bridge") as bridge:
            refused(await bridge.send("GET", "/v1/credentials", []), status, code)
    async with victim.way(caller, "bridge") as bridge:
        honest = list(caller.signature("GET", "/v1/credentials").items())
        reply = await bridge.send("GET", "/v1/credentials", [*honest, ("Origin", ORIGIN)])
        assert (reply.status, reply.code) == (400, "request-malformed")


@attack(
    PAGE,
    "the bridge in a frame",
    "GET `/bridge` to be framed and clicked through",
    "a policy that lets nobody frame it and runs its own script alone",
)
async def framed_bridge(victim: Victim) -> None:
    reply = await victim.panel().send("GET", "/bridge", [("Host", victim.authority)])
    policy = reply.headers["content-security-policy"]
    assert reply.headers["x-frame-options"] == "DENY"
    assert {"frame-ancestors 'none'", "default-src 'none'"} <= {part.strip() for part in policy.split(";")}
    assert "unsafe" not in policy


async def _upgrade(victim: Victim, origin: str | None, *extra: tuple[str, str]) -> tuple[int, str]:
    headers: Headers = [("Host", victim.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
    headers += [("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]
    headers += [("Origin", origin)] if origin is not None else []
    reply = await victim.panel().send("GET", "/v1/socket", [*headers, *extra])
    return reply.status, reply.code


@attack(
    PAGE,
    "a socket from a page without an origin",
    "upgrades with null, with none, over http, from this computer",
    "403 `origin-refused`, and no socket",
)
async def nameless_socket(victim: Victim) -> None:
    for origin in ("null", None, "", "http://panel.example", f"http://{victim.authority}"):
        assert await _upgrade(victim, origin) == (403, "origin-refused")
    assert await _upgrade(victim, ORIGIN, ("Sec-Fetch-Mode", "navigate")) == (403, "fetch-mode-refused")


@attack(
    PAGE,
    "a socket of another site, with the panel's cookies and all",
    "opens a WebSocket and asks for the doctor's certificates",
    "the socket opens, and each frame gets 401 `not-paired`",
)
async def hijacked_socket(victim: Victim) -> None:
    evil = victim.page("https://evil.example")
    async with victim.way(evil, "ws") as socket:
        refused(await socket.call("GET", "/v1/credentials"), 401, "not-paired")
        refused(await socket.call("POST", POST, signing_request(), idempotency_key="k"), 401, "not-paired")


@attack(
    PAGE,
    "a socket that speaks for another origin",
    "its frames name the panel as their origin, and bring the panel's signature",
    "the origin of the upgrade counts: 401 `not-paired`",
)
async def vouching_socket(victim: Victim) -> None:
    evil, panel = victim.page("https://evil.example"), victim.panel()
    async with victim.way(evil, "ws") as way:
        assert way._socket is not None
        headers = {n.lower(): v for n, v in panel.signature("GET", "/v1/credentials").items()}
        line = {"id": 1, "method": "GET", "target": "/v1/credentials", "headers": headers, "origin": ORIGIN}
        await way._socket.send_bytes(msgspec.json.encode(line) + b"\n")
        told, _, body = (await way._socket.receive_bytes(timeout=PATIENCE)).partition(b"\n")
        assert (msgspec.json.decode(told)["status"], msgspec.json.decode(body)["code"]) == (401, "not-paired")


@attack(
    PAGE,
    "a stranger looks for the agent",
    "asks `/v1/agent` as any page may",
    "200 that says no more than that something answers: not who, nor which token",
)
async def curious(victim: Victim) -> None:
    reply = await victim.page("https://curious.example").open_call("GET", AGENT)
    assert (reply.status, set(reply.json())) == (200, {"api", "paired", "challenge"})
    assert reply.json()["paired"] is False


@attack(
    PAGE,
    "a stranger who keeps asking",
    "calls `/v1/agent` until it is told to stop",
    "429 `too-many-requests`, for that origin alone",
)
async def pestering(victim: Victim) -> None:
    page = victim.page("https://pest.example")
    replies = [await page.open_call("GET", AGENT) for _ in range(80)]
    stopped = [reply for reply in replies if reply.status != 200]
    assert len(stopped) >= 20
    assert {reply.code for reply in stopped} == {"too-many-requests"}
    assert int(stopped[-1].headers["retry-after"]) >= 1
    assert (await victim.page("https://other.example").open_call("GET", AGENT)).status == 200


@attack(
    PAGE,
    "0.0.0.0 and 127.0.0.2",
    "connects to addresses that lead to this computer too",
    "127.0.0.2: nothing listens there; 0.0.0.0: 403 `host-refused`",
)
async def other_addresses(victim: Victim) -> None:
    with contextlib.suppress(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.2", victim.address.port)
        raise AssertionError("something listens on 127.0.0.2")
    reader, writer = await asyncio.open_connection("0.0.0.0", victim.address.port)
    writer.write(f"GET / HTTP/1.1\r\nHost: 0.0.0.0:{victim.address.port}\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE):
        assert b" 403 " in await reader.readline()
    writer.close()


@attack(
    PAGE,
    "a click that another site stole",
    "a page of another origin starts a pairing and shows no digits",
    "the doctor sees that page's own origin and digits, and a no pairs nothing",
    leaves=("pairing_questions",),
    alone=True,
)
async def unexpected_pairing(victim: Victim) -> None:
    evil, nonce = victim.page("https://xn--pnel-0na.example"), b"\1" * 32
    victim.doctor.pairs = False
    commitment = b64u(panel_commitment(evil.panel_key.point, nonce))
    offer = (await evil.open_call("POST", "/v1/pairings", {"commitment": commitment})).json()
    reveal = {"key": b64u(evil.panel_key.point), "nonce": b64u(nonce)}
    await evil.open_call("POST", f"/v1/pairings/{offer['id']}", reveal)
    ended = await evil.open_call("GET", f"/v1/pairings/{offer['id']}?wait=5")
    assert ended.json()["state"] == "refused"
    (question,) = victim.doctor.pairings
    assert question.origin == "https://xn--pnel-0na.example"
    refused(await evil.call("GET", "/v1/credentials"), 401, "not-paired")


ATTACKS: tuple[Attack, ...] = (
    *_HEADS,
    *_SIMPLE,
    *_BRIDGE,
    forged_event_origin,
    framed_bridge,
    nameless_socket,
    hijacked_socket,
    vouching_socket,
    curious,
    pestering,
    other_addresses,
    unexpected_pairing,
)
