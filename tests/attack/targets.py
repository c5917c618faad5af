"""Attacks on a request's line and the little around it: method, version, path, query, key, name."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Callable

from signer.endpoint.encodings import b64u
from tests.attack.attack import Attack, Position, attack, refused, request
from tests.attack.octets import connection, head
from tests.attack.panels import Pairer
from tests.attack.victim import PATIENCE, POST, Panel, Victim
from tests.endpoint.caller import as_octets, send_octets, signing_request
from tests.endpoint.test_refusals import Sent, signed

PAGE, REBOUND = Position.PAGE, Position.REBOUND
PANEL, LISTENER, PROGRAM = Position.PANEL, Position.LISTENER, Position.PROGRAM
AGENT = "/v1/agent?challenge=" + "A" * 43


def _raw(name: str, tried: str, line: str, code: str = "request-malformed", status: int = 400) -> Attack:
    """An honest head under that request line."""

    async def run(victim: Victim) -> None:
        said = "\r\n".join((line, *(f"{name}: {value}" for name, value in victim.panel().head()), "", ""))
        async with connection(victim) as (reader, writer), asyncio.timeout(PATIENCE):
            writer.write(said.format(authority=victim.authority).encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/") and answer.split()[1] == str(status).encode(), answer
            if not line.startswith("HEAD"):
                assert code.encode() in await reader.readuntil(b"}")

    return Attack(name=name, position=PROGRAM, tried=tried, outcome=f"{status} `{code}`", run=run)


_LINES: tuple[Attack, ...] = (
    *(
        _raw(
            f"the method {method}",
            f"{method} of an open path",
            f"{method} {AGENT} HTTP/1.1",
            "method-not-allowed",
            405,
        )
        for method in ("HEAD", "TRACE", "PUT", "PATCH", "CONNECT")
    ),
    _raw("OPTIONS that asks for no leave", "OPTIONS of an open path", f"OPTIONS {AGENT} HTTP/1.1",
         "method-not-allowed", 405),
    _raw("OPTIONS of everything", "OPTIONS *", "OPTIONS * HTTP/1.1"),
    _raw("a method in lower case", "get", f"get {AGENT} HTTP/1.1"),
    _raw("HTTP/1.0", "an honest head in HTTP/1.0", f"GET {AGENT} HTTP/1.0"),
    _raw("HTTP/2.0 in clear text", "an honest head in HTTP/2.0", f"GET {AGENT} HTTP/2.0"),
    _raw("a version that is none", "an honest head in HTTP/9.9", f"GET {AGENT} HTTP/9.9"),
    _raw("our own name in the request line", "an absolute request target, and the right `Host`",
         f"GET http://{{authority}}{AGENT} HTTP/1.1"),
    _raw("a fragment in the request line", "`#` after the path", "GET /v1/agent#x HTTP/1.1"),
)  # fmt: skip


def _sent_to(target: str) -> Callable[[Panel], Sent]:
    """What was signed for the credentials, by another spelling."""
    return lambda panel: Sent("GET", target, signed(panel).headers)


def _signed_for(target: str) -> Callable[[Panel], Sent]:
    return lambda panel: signed(panel, target=target)


def _keyed(key: str) -> Callable[[Panel], Sent]:
    body = signing_request()
    return lambda panel: signed(panel, "POST", POST, body, idempotency_key="k", head={"Idempotency_Key": key})


_PATHS: tuple[Attack, ...] = (
    *(
        request(
            LISTENER,
            f"another spelling of a path: {why}",
            f"sends to `{target}` what was signed for `/v1/credentials`",
            _sent_to(target),
            401,
            "signature-invalid",
            as_itself=True,
        )
        for why, target in (
            ("percent-encoded", "/v1/%63redentials"),
            ("an encoded slash", "/v1%2Fcredentials"),
            ("dots", "/v1/x/../credentials"),
            ("two slashes", "//v1/credentials"),
            ("a slash at the end", "/v1/credentials/"),
            ("a parameter", "/v1/credentials;x"),
            ("a NUL", "/v1/credentials%00"),
        )
    ),
    *(
        request(
            PANEL,
            f"a path that leads nowhere: {why}",
            f"signs `{target}`",
            _signed_for(target),
            404,
            "route-unknown",
        )
        for why, target in (
            ("percent-encoded", "/v1/%63redentials"),
            ("dots", "/v1/../v1/credentials"),
            ("a host", "//evil.example/v1/credentials"),
        )
    ),
    *(
        request(
            PANEL,
            f"a wait that is none: {wait or 'nothing'}",
            f"`wait={wait}`",
            _signed_for(f"{POST}/x?wait={wait}"),
            400,
            "request-malformed",
        )
        for wait in ("nan", "inf", "1e999", "25.0000001", "-1", "0x10", "%32", "", "5&wait=0")
    ),
    *(
        request(PANEL, f"an Idempotency-Key of {why}", why, _keyed(key), 400, "idempotency-key-missing")
        for why, key in (
            ("two words", "a b"),
            ("129 characters", "x" * 129),
            ("a TAB", "a\tb"),
            ("Persian letters", "کلید"),
        )
    ),
)

_HOSTS: tuple[Attack, ...] = (
    *(
        request(
            REBOUND,
            f"our address in {why}",
            f"calls `{host}`",
            lambda panel, host=host: signed(panel, head={"Host": host.format(port=panel.address.port)}),  # type: ignore[misc]  # a lambda with a default
            403,
            "host-refused",
        )
        for why, host in (
            ("full-width digits", "１２７.0.0.1:{port}"),
            ("ideographic full stops", "127。0。0。1:{port}"),
            ("a soft hyphen", "local\u00adhost:{port}"),
            ("a port with a zero", "localhost:0{port}"),
            ("a list", "localhost:{port},evil.example"),
            ("a zone", "[::1%25lo]:{port}"),
        )
    ),
    request(
        REBOUND,
        "our address in X-Forwarded-Host",
        "calls `evil.example`, and says for whom a proxy would have asked",
        lambda panel: signed(panel, head={"Host": "evil.example", "X_Forwarded_Host": panel.authority}),
        403,
        "host-refused",
    ),
)


@attack(
    PANEL,
    "a method in another header",
    "GET with `X-HTTP-Method-Override: DELETE` at another's and at its own request",
    "a GET is a GET: the request stays open",
    leaves=("consents", "endings"),
)
async def overridden(victim: Victim) -> None:
    panel = victim.panel("https://override.example")
    place = (await panel.post()).headers["location"]
    await panel.call("GET", place, extra=[("X-HTTP-Method-Override", "DELETE")])
    assert (await panel.call("GET", place)).json()["state"] in {"received", "consent"}


@attack(
    PANEL,
    "an Idempotency-Key that means something elsewhere",
    "keys of quotes, of a path, of a prototype's name, of SQL",
    "each is a key like any other, and taken as it is written",
    leaves=("consents", "endings"),
)
async def meaningful_keys(victim: Victim) -> None:
    for number, key in enumerate(('"\\"', "../../journal.db", "__proto__", "';DROP/**/TABLE/**/entry;--")):
        panel = victim.panel(f"https://keys{number}.example")
        first, again = await panel.post(key=key), await panel.post(key=key)
        assert (first.status, again.status) == (202, 202)
        assert first.json()["id"] == again.json()["id"]
        await panel.take_back()


@attack(
    PAGE,
    "a pairing's id guessed",
    "asks for a hundred ids while another page's pairing is open",
    "404 `pairing-unknown`, then 429; an id holds 128 random bits at least",
    alone=True,
)
async def guessed_pairing(victim: Victim) -> None:
    honest, evil = Pairer(victim.page("https://new.example")), victim.page("https://evil.example")
    await honest.start()
    assert len(honest.offer["id"]) * 6 >= 128
    seen = {
        (await evil.open_call("GET", f"/v1/pairings/{b64u(secrets.token_bytes(16))}")).code
        for _ in range(100)
    }
    assert seen == {"pairing-unknown", "too-many-requests"}


@attack(
    PROGRAM,
    "an origin after the body",
    "`Origin` in the trailer of a chunked request",
    "403 `origin-refused`: what comes after the head is no head",
)
async def trailer(victim: Victim) -> None:
    panel = victim.panel()
    headers = [*panel.head(Origin=None, Content_Type="application/json"), ("Transfer-Encoding", "chunked")]
    body = f"2\r\n{{}}\r\n0\r\nOrigin: {panel.origin}\r\n\r\n".encode()
    refused(await panel.send_octets(as_octets("POST", "/v1/pairings", headers, body)), 403, "origin-refused")


@attack(
    PROGRAM,
    "two framings under TLS",
    "Content-Length twice, and with Transfer-Encoding, on the https port",
    "400 `request-malformed`, as on the other",
)
async def framed_under_tls(victim: Victim) -> None:
    authority = (victim.folders.data / "tls" / "authority.pem").read_text()
    tls = ssl.create_default_context(cadata=authority)
    for framing in (["Content-Length: 5", "Transfer-Encoding: chunked"], ["Content-Length: 2"] * 2):
        octets = head(victim.panel(), body=b"{}", framing=framing) + b"2\r\n{}\r\n0\r\n\r\n"
        reply = await send_octets(victim.address.secure_port, octets, tls=tls)
        assert (reply.status, reply.code) == (400, "request-malformed")


@attack(
    LISTENER,
    "a query changed on its way",
    "a wait of another length, a second one, a question mark with nothing behind it",
    "401 `signature-invalid`; the empty query is no query, as RFC 9421 has it",
)
async def changed_query(victim: Victim) -> None:
    panel, place = victim.panel("https://query.example"), f"{POST}/x"
    for told, sent in (("?wait=0", "?wait=25"), ("?wait=0", ""), ("", "?wait=0"), ("?wait=0", "?wait=0&a=b")):
        proof = panel.signature("GET", f"{place}{told}")
        reply = await panel.send("GET", f"{place}{sent}", panel.head() + list(proof.items()))
        refused(reply, 401, "signature-invalid")
    proof = panel.signature("GET", place)
    reply = await panel.send("GET", f"{place}?", panel.head() + list(proof.items()))
    assert (reply.status, reply.code) == (404, "request-unknown")


ATTACKS: tuple[Attack, ...] = (
    *_LINES,
    *_PATHS,
    *_HOSTS,
    overridden,
    meaningful_keys,
    guessed_pairing,
    trailer,
    framed_under_tls,
    changed_query,
)
