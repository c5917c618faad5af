"""What is refused: each row is a request, and the problem that it gets. No row reaches a use case."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from signer.cli.demo.authority import DemoAuthority
from signer.endpoint.certificate_messages import MAX_CERTIFICATES_BODY
from signer.endpoint.document_messages import MAX_DOCUMENT, MAX_PDF
from signer.endpoint.keys import SigningKey
from signer.endpoint.messages import MAX_BODY, MAX_SMALL_BODY
from signer.model.policy import Policy
from signer.model.request import PDF
from tests.endpoint.caller import ORIGIN, OTHER_ORIGIN, Caller, Headers, signing_request
from tests.endpoint.world import NOON, World

POST = "/v1/signing-requests"
SIGN_INS = "/v1/sign-ins"
REQUESTS = "/v1/certificate-requests"
CERTIFICATES = "/v1/certificates"
SUBJECT = {"given_name": "سارا", "surname": "نمونه", "national_code": "0012345679"}
NONCE = "A" * 43
ISSUED = base64.b64encode(DemoAuthority(now=NOON).certificate).decode()
FILE = {"name": "a.txt", "media_type": "text/plain", "content_base64": "eA=="}
LARGE_FILE = FILE | {"content_base64": "AAAA" * (2 * 1024 * 1024)}
ONE = {"id": "rx-1", "media_type": "text/plain", "content": "x", "format": "cades"}
AGENT = "/v1/agent?challenge=" + "A" * 43


class Sent(Struct):
    """A request as a row sends it."""

    method: str = "GET"
    target: str = "/v1/credentials"
    headers: Headers = []
    body: bytes = b""


Row = tuple[str, Callable[[Caller], Sent], int, str]


def without(document: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names} | more


def signed(
    world: Caller,
    method: str = "GET",
    target: str = "/v1/credentials",
    body: bytes = b"",
    *,
    head: dict[str, str | None] | None = None,
    idempotency_key: str | None = None,
    **signature: Any,
) -> Sent:
    """An honest signed request but for what the row says."""
    proof = world.signature(method, target, body, idempotency_key=idempotency_key, **signature)
    extra: dict[str, str | None] = {name.replace("-", "_"): value for name, value in proof.items()}
    if method == "POST":
        extra["Content_Type"] = "application/json"
    if idempotency_key is not None:
        extra["Idempotency_Key"] = idempotency_key
    return Sent(method, target, world.head(**extra | (head or {})), body)


def posted(body: bytes) -> Callable[[Caller], Sent]:
    """A signed POST of a body that is wrong in itself."""
    return lambda world: signed(world, "POST", POST, body, idempotency_key="k")


def signing_in(body: bytes) -> Callable[[Caller], Sent]:
    """A signed POST of a sign-in that is wrong in itself."""
    return lambda world: signed(world, "POST", SIGN_INS, body, idempotency_key="k")


def requesting(subject: dict[str, Any] = SUBJECT, **more: Any) -> Callable[[Caller], Sent]:
    """A signed POST of a certificate request that is wrong in itself."""
    body = msgspec.json.encode({"subject": subject, **more})
    return lambda world: signed(world, "POST", REQUESTS, body, idempotency_key="k")


def storing(body: bytes) -> Callable[[Caller], Sent]:
    """A signed POST of a certificate that is wrong in itself."""
    return lambda world: signed(world, "POST", CERTIFICATES, body, idempotency_key="k")


def got(**head: str | None) -> Callable[[Caller], Sent]:
    """A signed GET with headers changed or left out."""
    return lambda world: signed(world, head=head)


def repeated(name: str, value: str | None = None) -> Callable[[Caller], Sent]:
    """A signed POST in which one header stands twice, as it is or with another value."""

    def make(world: Caller) -> Sent:
        sent = signed(world, "POST", POST, signing_request(), idempotency_key="k")
        sent.headers.append(("Content-Length", str(len(sent.body))))
        first = dict(sent.headers)[name]
        sent.headers.append((name, first if value is None else value))
        return sent

    return make


def opened(
    target: str, *, method: str = "GET", body: bytes = b"", **head: str | None
) -> Callable[[Caller], Sent]:
    """An unsigned request."""
    return lambda world: Sent(method, target, world.head(**head), body)


def altered(signed_as: Sent, sent_as: Sent) -> Callable[[Caller], Sent]:
    """A request sent otherwise than it was signed."""

    def make(world: Caller) -> Sent:
        made = signed(world, signed_as.method, signed_as.target, signed_as.body)
        headers = [*made.headers]
        if sent_as.method == "POST" and signed_as.method != "POST":
            headers.append(("Content-Type", "application/json"))
        return Sent(sent_as.method, sent_as.target, headers, sent_as.body)

    return make


def spelled(name: str, old: str, new: str) -> Callable[[Caller], Sent]:
    """A signed GET with a piece of one signature header written otherwise."""

    def make(world: Caller) -> Sent:
        sent = signed(world)
        value = dict(sent.headers)[name]
        assert old in value
        sent.headers = [(key, value.replace(old, new) if key == name else said) for key, said in sent.headers]
        return sent

    return make


def renamed(world: Caller) -> Sent:
    """A request of the paired key that says, and signs, that it is another's."""
    key = SigningKey.from_pem(world.panel_key.to_pem())
    key.keyid = world.agent_key.keyid
    return signed(world, key=key)


def at(seconds: float) -> Callable[[Caller], Sent]:
    return lambda world: signed(world, created=int(world.clock.now().timestamp() + seconds))


HEAD: list[Row] = [
    ("a rebound name as Host", got(Host="attacker.example:18717"), 403, "host-refused"),
    ("no Host", got(Host=None), 400, "request-malformed"),
    ("an empty Host", got(Host=""), 403, "host-refused"),
    ("our Host with another port", got(Host="127.0.0.1:1"), 403, "host-refused"),
    ("our Host without a port", got(Host="127.0.0.1"), 403, "host-refused"),
    ("another loopback address", got(Host="127.0.0.2:18717"), 403, "host-refused"),
    ("no Origin", got(Origin=None), 403, "origin-refused"),
    ("Origin null", got(Origin="null"), 403, "origin-refused"),
    ("an empty Origin", got(Origin=""), 403, "origin-refused"),
    ("an http origin", got(Origin="http://panel.example"), 403, "origin-refused"),
    ("a loopback origin without policy", got(Origin="http://127.0.0.1:8000"), 403, "origin-refused"),
    ("https on loopback without policy", got(Origin="https://localhost"), 403, "origin-refused"),
    ("an Origin with a path", got(Origin=ORIGIN + "/"), 403, "origin-refused"),
    ("an Origin in upper case", got(Origin="https://Panel.example"), 403, "origin-refused"),
    ("an Origin with its default port", got(Origin=ORIGIN + ":443"), 403, "origin-refused"),
    ("an Origin in Unicode", got(Origin="https://مهر.example"), 403, "origin-refused"),
    ("two origins in one", got(Origin=f"{ORIGIN}, {ORIGIN}"), 403, "origin-refused"),
    ("an extension's origin", got(Origin="chrome-extension://abcdef"), 403, "origin-refused"),
    ("Sec-Fetch-Mode navigate", got(Sec_Fetch_Mode="navigate"), 403, "fetch-mode-refused"),
    ("Sec-Fetch-Mode no-cors", got(Sec_Fetch_Mode="no-cors"), 403, "fetch-mode-refused"),
    ("websocket without an upgrade", got(Sec_Fetch_Mode="websocket"), 403, "fetch-mode-refused"),
    (
        "a text/plain POST",
        lambda w: signed(w, "POST", POST, signing_request(), head={"Content_Type": "text/plain"}),
        415,
        "media-type-not-accepted",
    ),
    (
        "a form POST",
        lambda w: signed(w, "POST", POST, b"a=b", head={"Content_Type": "application/x-www-form-urlencoded"}),
        415,
        "media-type-not-accepted",
    ),
    (
        "a POST without Content-Type",
        lambda w: signed(w, "POST", POST, signing_request(), head={"Content_Type": None}),
        415,
        "media-type-not-accepted",
    ),
    ("OPTIONS that is no preflight", opened(POST, method="OPTIONS"), 405, "method-not-allowed"),
    ("the page for another page", opened("/", Sec_Fetch_Mode=None), 403, "origin-refused"),
    ("POST to the page", opened("/", method="POST", Origin=None), 405, "method-not-allowed"),
    ("HEAD of the page", opened("/", method="HEAD", Origin=None), 405, "method-not-allowed"),
    ("an absolute request target", opened("http://127.0.0.1/v1/agent"), 400, "request-malformed"),
    ("OPTIONS *", opened("*", method="OPTIONS"), 400, "request-malformed"),
    ("Origin twice", repeated("Origin"), 403, "origin-refused"),
    ("Sec-Fetch-Mode twice", repeated("Sec-Fetch-Mode"), 403, "fetch-mode-refused"),
    ("Idempotency-Key twice", repeated("Idempotency-Key"), 400, "idempotency-key-missing"),
    ("Signature twice", repeated("Signature"), 401, "signature-missing"),
    ("Signature-Input twice", repeated("Signature-Input"), 401, "signature-missing"),
    ("Content-Digest twice", repeated("Content-Digest"), 401, "signature-missing"),
    ("Host twice", repeated("Host", "attacker.example"), 400, "request-malformed"),
    ("Content-Type twice", repeated("Content-Type", "text/plain"), 400, "request-malformed"),
    ("Content-Length twice", repeated("Content-Length", "1"), 400, "request-malformed"),
]

PROOF: list[Row] = [
    ("no pairing", lambda w: signed(w, head={"Origin": OTHER_ORIGIN}), 401, "not-paired"),
    ("no signature", got(Signature=None), 401, "signature-missing"),
    ("no Signature-Input", got(Signature_Input=None), 401, "signature-missing"),
    ("no Content-Digest", got(Content_Digest=None), 401, "signature-missing"),
    ("another label", spelled("Signature-Input", "mohr=(", "sig1=("), 401, "signature-missing"),
    (
        "another order",
        spelled("Signature-Input", '"@method" "@authority"', '"@authority" "@method"'),
        401,
        "signature-missing",
    ),
    ("a component less", spelled("Signature-Input", ' "@query"', ""), 401, "signature-missing"),
    (
        "another algorithm",
        spelled("Signature-Input", "ecdsa-p256-sha256", "hmac-sha256"),
        401,
        "signature-missing",
    ),
    ("another tag", spelled("Signature-Input", "mohr-panel", "mohr-agent"), 401, "signature-missing"),
    (
        "one more parameter",
        spelled("Signature-Input", ';tag="mohr-panel"', ';tag="mohr-panel";expires=1'),
        401,
        "signature-missing",
    ),
    ("a second signature", spelled("Signature", "mohr=:", "x=:AA==:, mohr=:"), 401, "signature-missing"),
    ("a SHA-512 digest", spelled("Content-Digest", "sha-256=", "sha-512="), 401, "signature-missing"),
    ("a short nonce", lambda w: signed(w, nonce=bytes(15)), 401, "signature-missing"),
    ("a key that is not covered", got(Idempotency_Key="k"), 401, "signature-missing"),
    ("another key", lambda w: signed(w, key=SigningKey.generate()), 401, "signature-invalid"),
    (
        "another signature",
        lambda w: signed(w, head={"Signature": w.signature("GET", "/v1/agent")["Signature"]}),
        401,
        "signature-invalid",
    ),
    (
        "another keyid",
        lambda w: signed(
            w, head={"Signature_Input": w.signature("GET", "/", key=w.agent_key)["Signature-Input"]}
        ),
        401,
        "signature-invalid",
    ),
    (
        "another nonce",
        lambda w: signed(
            w, head={"Signature_Input": w.signature("GET", "/v1/credentials")["Signature-Input"]}
        ),
        401,
        "signature-invalid",
    ),
    ("the right key under another's keyid", renamed, 401, "signature-invalid"),
    ("another path", altered(Sent("GET", f"{POST}/a"), Sent("GET", f"{POST}/b")), 401, "signature-invalid"),
    (
        "another query",
        altered(Sent("GET", f"{POST}/a?wait=1"), Sent("GET", f"{POST}/a?wait=2")),
        401,
        "signature-invalid",
    ),
    (
        "a query added",
        altered(Sent("GET", f"{POST}/a"), Sent("GET", f"{POST}/a?wait=2")),
        401,
        "signature-invalid",
    ),
    (
        "another method",
        altered(Sent("GET", f"{POST}/a"), Sent("DELETE", f"{POST}/a")),
        401,
        "signature-invalid",
    ),
    (
        "another body",
        altered(
            Sent("POST", POST, [], signing_request()), Sent("POST", POST, [], signing_request(purpose="p"))
        ),
        401,
        "signature-invalid",
    ),
    ("signed for another address", lambda w: signed(w, authority="127.0.0.1:1"), 401, "signature-invalid"),
    (
        "another Idempotency-Key",
        lambda w: signed(
            w, "POST", POST, signing_request(), idempotency_key="a", head={"Idempotency_Key": "b"}
        ),
        401,
        "signature-invalid",
    ),
    (
        "an Idempotency-Key with a space",
        lambda w: signed(w, "POST", POST, signing_request(), idempotency_key="a b"),
        400,
        "idempotency-key-missing",
    ),
    (
        "an Idempotency-Key of 129 characters",
        lambda w: signed(w, "POST", POST, signing_request(), idempotency_key="k" * 129),
        400,
        "idempotency-key-missing",
    ),
    ("created before the start", at(-1), 401, "request-stale"),
    ("created too far ahead", at(301), 401, "request-stale"),
    ("a body over the limit", posted(b" " * (MAX_BODY + 1)), 413, "request-too-large"),
    ("a sign-in over the limit", signing_in(b" " * (MAX_SMALL_BODY + 1)), 413, "request-too-large"),
    ("a certificate request over the limit", requesting(more="x" * MAX_SMALL_BODY), 413, "request-too-large"),
    (
        "a certificate over the limit",
        storing(b" " * (MAX_CERTIFICATES_BODY + 1)),
        413,
        "request-too-large",
    ),
    ("an unknown route, unsigned", opened("/v2/agent"), 401, "signature-missing"),
]

OPEN: list[Row] = [
    ("no challenge", opened("/v1/agent"), 400, "request-malformed"),
    ("a short challenge", opened("/v1/agent?challenge=AAAA"), 400, "request-malformed"),
    ("a challenge of 65 octets", opened("/v1/agent?challenge=" + "A" * 87), 400, "request-malformed"),
    ("a challenge that is no base64url", opened("/v1/agent?challenge=" + "+" * 43), 400, "request-malformed"),
    ("two challenges", opened(f"{AGENT}&challenge=" + "B" * 43), 400, "request-malformed"),
    ("a body where none belongs", opened(AGENT, body=b"{}"), 413, "request-too-large"),
    ("an unknown pairing", opened("/v1/pairings/abc"), 404, "pairing-unknown"),
    ("a method that does not exist", opened("/v1/agent", method="PUT"), 405, "method-not-allowed"),
    (
        "a commitment that is too short",
        opened("/v1/pairings", method="POST", body=b'{"commitment":"AAAA"}', Content_Type="application/json"),
        400,
        "request-malformed",
    ),
    (
        "a pairing with an unknown member",
        opened(
            "/v1/pairings", method="POST", body=b'{"commitment":"A","x":1}', Content_Type="application/json"
        ),
        400,
        "request-malformed",
    ),
    (
        "a pairing over the limit",
        opened(
            "/v1/pairings", method="POST", body=b" " * (MAX_SMALL_BODY + 1), Content_Type="application/json"
        ),
        413,
        "request-too-large",
    ),
]

BODY: list[Row] = [
    ("an empty body", posted(b""), 400, "request-malformed"),
    ("malformed JSON", posted(b'{"documents":['), 400, "request-malformed"),
    ("two JSON texts", posted(signing_request() * 2), 400, "request-malformed"),
    ("a repeated member", posted(b'{"documents":[],"documents":[]}'), 400, "request-malformed"),
    ("NaN", posted(b'{"documents":NaN}'), 400, "request-malformed"),
    ("a lone surrogate", posted(b'{"documents":[],"purpose":"\\ud800"}'), 400, "request-malformed"),
    ("UTF-8 that is none", posted(b'{"purpose":"\xff"}'), 400, "request-malformed"),
    ("a byte order mark", posted(b"\xef\xbb\xbf" + signing_request()), 400, "request-malformed"),
    ("nested too deep", posted(b"[" * 40 + b"]" * 40), 400, "request-malformed"),
    ("not an object", posted(b"[]"), 400, "request-malformed"),
    ("no documents", posted(b"{}"), 400, "request-malformed"),
    ("an empty list", posted(b'{"documents":[]}'), 400, "request-malformed"),
    (
        "251 documents",
        posted(signing_request(*(without(ONE, id=str(n)) for n in range(251)))),
        413,
        "request-too-large",
    ),
    ("an unknown member", posted(signing_request(callback="x")), 400, "request-malformed"),
    (
        "an unknown document member",
        posted(signing_request(without(ONE, digest="x"))),
        400,
        "request-malformed",
    ),
    ("a number as id", posted(signing_request(without(ONE, id=1))), 400, "request-malformed"),
    ("an empty id", posted(signing_request(without(ONE, id=""))), 400, "request-malformed"),
    (
        "an id of 129 characters",
        posted(signing_request(without(ONE, id="x" * 129))),
        400,
        "request-malformed",
    ),
    ("the same id twice", posted(signing_request(ONE, ONE)), 400, "request-malformed"),
    ("text as attached", posted(signing_request(without(ONE, attached="yes"))), 400, "request-malformed"),
    ("null as credential", posted(signing_request(credential=None)), 400, "request-malformed"),
    ("null as content", posted(signing_request(without(ONE, content=None))), 400, "request-malformed"),
    ("no content", posted(signing_request(without(ONE, "content"))), 400, "request-malformed"),
    ("both contents", posted(signing_request(without(ONE, content_base64="eA=="))), 400, "request-malformed"),
    (
        "a media type that is none",
        posted(signing_request(without(ONE, media_type="text"))),
        400,
        "request-malformed",
    ),
    ("an unknown format", posted(signing_request(without(ONE, format="fax"))), 422, "format-unsupported"),
    *(
        (f"attachments: {why}", posted(signing_request(without(ONE, format=kind, attachments=files))), *told)
        for why, kind, files, told in (
            ("of another format", "cades", [FILE], (422, "format-unsupported")),
            ("seventeen", "asic-e", [FILE] * 17, (400, "request-malformed")),
            ("over 10 MiB", "asic-e", [LARGE_FILE, LARGE_FILE], (413, "request-too-large")),
            ("not base64", "asic-e", [FILE | {"content_base64": "?"}], (400, "request-malformed")),
            ("no name", "asic-e", [FILE | {"name": ""}], (400, "request-malformed")),
            ("a long name", "asic-e", [FILE | {"name": "x" * 129}], (400, "request-malformed")),
            ("an unknown member", "asic-e", [FILE | {"size": 1}], (400, "request-malformed")),
            ("null", "asic-e", None, (400, "request-malformed")),
            (
                "a type with parameters",
                "asic-e",
                [FILE | {"media_type": "text/plain; x=y"}],
                (400, "request-malformed"),
            ),
        )
    ),
    (
        "a sign-in as a document",
        posted(signing_request(without(ONE, format="sign-in"))),
        422,
        "format-unsupported",
    ),
    *(
        (f"a sign-in with {why}", signing_in(body), 400, "request-malformed")
        for why, body in (
            ("no nonce", b"{}"),
            ("an empty nonce", b'{"nonce":""}'),
            ("a nonce of 31 octets", msgspec.json.encode({"nonce": "A" * 42})),
            ("a nonce of 65 octets", msgspec.json.encode({"nonce": "A" * 87})),
            ("a nonce with padding", msgspec.json.encode({"nonce": "A" * 43 + "="})),
            ("a nonce in base64", msgspec.json.encode({"nonce": "+" * 44})),
            ("a nonce that is not canonical", msgspec.json.encode({"nonce": "A" * 42 + "B"})),
            ("an audience of its own", msgspec.json.encode({"nonce": NONCE, "aud": ORIGIN})),
            ("an origin of its own", msgspec.json.encode({"nonce": NONCE, "origin": ORIGIN})),
        )
    ),
    (
        "a sign-in without an Idempotency-Key",
        lambda w: signed(w, "POST", SIGN_INS, msgspec.json.encode({"nonce": NONCE})),
        400,
        "idempotency-key-missing",
    ),
    *(
        (
            f"{kind} as a document",
            posted(signing_request(without(ONE, format=kind))),
            422,
            "format-unsupported",
        )
        for kind in ("pkcs10", "certificate")
    ),
    *(
        (f"a certificate request {why}", made, 400, "request-malformed")
        for why, made in (
            ("without a surname", requesting(without(SUBJECT, "surname"))),
            ("without a national code", requesting(without(SUBJECT, "national_code"))),
            ("with an empty centre", requesting(SUBJECT | {"centre": ""})),
            ("with a name of 65 characters", requesting(SUBJECT | {"surname": "ن" * 65})),
            ("with a national code in Persian digits", requesting(SUBJECT | {"national_code": "۰۰۱۲۳۴۵۶۷۹"})),
            ("with a council number in words", requesting(SUBJECT | {"council_number": "12a"})),
            ("with a null city", requesting(SUBJECT | {"city": None})),
            ("with a part of its own", requesting(SUBJECT | {"email": "a@b.example"})),
            ("for a key of 1024 bits", requesting(key="rsa-1024")),
            ("for a key of another curve", requesting(key="ec-p521")),
            ("with a key of its own", requesting(spki="AAAA")),
            ("for a token that the page names", requesting(token="2A410009")),
        )
    ),
    *(
        (f"a certificate request {why}", requesting(subject), 422, "applicant-invalid")
        for why, subject in (
            ("whose code's check digit is wrong", SUBJECT | {"national_code": "0012345678"}),
            ("with hidden characters", SUBJECT | {"given_name": "سارا\u202e"}),
            ("with blanks round a centre", SUBJECT | {"centre": " مطب "}),
            ("with names that are too long together", SUBJECT | {"surname": "ن" * 62}),
        )
    ),
    (
        "a certificate request without an Idempotency-Key",
        lambda w: signed(w, "POST", REQUESTS, msgspec.json.encode({"subject": SUBJECT})),
        400,
        "idempotency-key-missing",
    ),
    *(
        (f"a certificate {why}", storing(body), 400, "request-malformed")
        for why, body in (
            ("that is none", msgspec.json.encode({"certificate": "AAAA"})),
            ("that is empty", msgspec.json.encode({"certificate": ""})),
            ("in PEM", msgspec.json.encode({"certificate": "-----BEGIN CERTIFICATE-----"})),
            ("with a chain that is none", msgspec.json.encode({"certificate": ISSUED, "chain": ["AAAA"]})),
            ("under five others", msgspec.json.encode({"certificate": ISSUED, "chain": [ISSUED] * 5})),
            ("with its private key", msgspec.json.encode({"certificate": ISSUED, "key": "AAAA"})),
        )
    ),
    ("an unknown level", posted(signing_request(without(ONE, level="B-LTA"))), 422, "format-unsupported"),
    (
        "a document over 1 MiB",
        posted(signing_request(without(ONE, content="x" * (MAX_DOCUMENT + 1)))),
        413,
        "request-too-large",
    ),
    (
        "a PDF over 10 MiB",
        posted(
            signing_request(
                without(
                    ONE,
                    "content",
                    media_type=PDF,
                    content_base64=base64.b64encode(bytes(MAX_PDF + 1)).decode(),
                )
            )
        ),
        413,
        "request-too-large",
    ),
    (
        "a seal on what is no PAdES",
        posted(signing_request(without(ONE, seal={}))),
        422,
        "format-unsupported",
    ),
    *(
        (
            f"a seal {why}",
            posted(signing_request(without(ONE, format="pades", seal=seal))),
            400,
            "request-malformed",
        )
        for why, seal in (
            ("on page zero", {"page": 0}),
            ("in no corner", {"corner": "middle"}),
            ("for no reason", {"reason": ""}),
            ("for too long a reason", {"reason": "x" * 101}),
            ("of another colour", {"colour": "red"}),
            ("that is null", None),
        )
    ),
    *(
        (
            f"base64 that is {why}",
            posted(signing_request(without(ONE, "content", content_base64=text))),
            400,
            "request-malformed",
        )
        for why, text in (
            ("not padded", "eA"),
            ("padded too much", "eA==="),
            ("base64url", "-_-_"),
            ("broken by a line", "eHh4\neHh4"),
            ("not canonical", "eB=="),
            ("followed by more", "eA==eA=="),
            ("not ASCII", "ｅＡ＝＝"),
        )
    ),
    (
        "no Idempotency-Key",
        lambda w: signed(w, "POST", POST, signing_request()),
        400,
        "idempotency-key-missing",
    ),
    ("a wait that is no number", lambda w: signed(w, target=f"{POST}/a?wait=x"), 400, "request-malformed"),
    ("a wait over 25", lambda w: signed(w, target=f"{POST}/a?wait=25.001"), 400, "request-malformed"),
    ("a negative wait", lambda w: signed(w, target=f"{POST}/a?wait=-1"), 400, "request-malformed"),
    ("an unknown query", lambda w: signed(w, target="/v1/credentials?x=1"), 400, "request-malformed"),
    ("an unknown route", lambda w: signed(w, target="/v1/nothing"), 404, "route-unknown"),
    ("a route with a slash too many", lambda w: signed(w, target="/v1/credentials/"), 404, "route-unknown"),
    (
        "a method that does not exist",
        lambda w: signed(w, "DELETE", "/v1/credentials"),
        405,
        "method-not-allowed",
    ),
]


def named(rows: list[Row]) -> list[Any]:
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


async def refused(world: World, make: Callable[[Caller], Sent], status: int, code: str) -> tuple[Sent, Any]:
    sent = make(world)
    reply = await world.send(sent.method, sent.target, sent.headers, sent.body)
    if sent.method == "HEAD":
        assert reply.status == status
    else:
        assert (reply.status, reply.code) == (status, code)
        assert reply.headers["content-type"] == "application/problem+json"
        assert set(reply.json()) - {"detail"} == {"type", "title", "status", "code", "remedy", "instance"}
    assert world.use_cases.calls == 0
    return sent, reply


@pytest.mark.parametrize(("make", "status", "code"), named(HEAD))
async def test_a_head_that_admission_refuses_reaches_nothing_and_is_told_without_cors(
    paired: World, make: Callable[[Caller], Sent], status: int, code: str
) -> None:
    _, reply = await refused(paired, make, status, code)
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert "signature" not in reply.headers


@pytest.mark.parametrize(("make", "status", "code"), named(PROOF))
async def test_a_request_without_a_good_proof_reaches_nothing_and_gets_no_signature(
    paired: World, make: Callable[[Caller], Sent], status: int, code: str
) -> None:
    _, reply = await refused(paired, make, status, code)
    assert "signature" not in reply.headers


@pytest.mark.parametrize(("make", "status", "code"), named(OPEN))
async def test_an_open_call_that_is_wrong_is_told_so(
    paired: World, make: Callable[[Caller], Sent], status: int, code: str
) -> None:
    _, reply = await refused(paired, make, status, code)
    assert reply.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(("make", "status", "code"), named(BODY))
async def test_a_wrong_body_of_a_proven_panel_reaches_nothing_and_its_problem_is_signed(
    paired: World, make: Callable[[Caller], Sent], status: int, code: str
) -> None:
    sent, reply = await refused(paired, make, status, code)
    assert paired.trusts(reply, dict(sent.headers)["Signature"])


async def test_a_problem_detail_names_the_place_and_holds_no_value(paired: World) -> None:
    body = signing_request(ONE, without(ONE, "content", id="rx-2", content_base64="secret"))
    reply = await paired.call("POST", POST, body, idempotency_key="k")
    assert reply.json()["detail"] == "/documents/1/content_base64: not canonical base64"


async def test_a_revoked_panel_is_not_paired_at_its_next_request(paired: World) -> None:
    assert (await paired.call("GET", "/v1/credentials")).status == 200
    assert paired.pairings.revoke(ORIGIN)
    assert (await paired.call("GET", "/v1/credentials")).code == "not-paired"


async def test_a_pairing_that_nobody_used_for_ninety_days_has_ended(paired: World) -> None:
    paired.clock.pass_(days=90)
    assert (await paired.call("GET", "/v1/credentials")).code == "not-paired"


async def test_a_pairing_in_use_does_not_end(paired: World) -> None:
    for _ in range(3):
        paired.clock.pass_(days=60)
        assert (await paired.call("GET", "/v1/credentials")).status == 200


async def test_a_request_is_taken_once(paired: World) -> None:
    sent = signed(paired)
    first = await paired.send(sent.method, sent.target, sent.headers)
    again = await paired.send(sent.method, sent.target, sent.headers)
    assert (first.status, again.status, again.code) == (200, 401, "request-replayed")
    assert paired.use_cases.calls == 1
    assert "signature" not in again.headers


async def test_a_request_grows_stale_after_five_minutes(paired: World) -> None:
    sent = signed(paired)
    paired.clock.pass_(seconds=301)
    reply = await paired.send(sent.method, sent.target, sent.headers)
    assert (reply.code, paired.use_cases.calls) == ("request-stale", 0)


async def test_a_body_that_was_changed_does_not_use_up_the_nonce(paired: World) -> None:
    sent = signed(paired, "POST", POST, signing_request(), idempotency_key="k")
    changed = await paired.send(sent.method, sent.target, sent.headers, sent.body + b" ")
    honest = await paired.send(sent.method, sent.target, sent.headers, sent.body)
    assert (changed.code, honest.status) == ("signature-invalid", 202)


async def test_the_same_key_with_another_body_conflicts(paired: World) -> None:
    first = await paired.call("POST", POST, signing_request(), idempotency_key="k")
    other = await paired.call("POST", POST, signing_request(purpose="p"), idempotency_key="k")
    assert (first.status, other.status, other.code) == (202, 422, "idempotency-conflict")
    assert len(paired.use_cases.submitted) == 1


async def test_a_credential_that_is_not_there_is_told(paired: World) -> None:
    reply = await paired.call("POST", POST, signing_request(credential="0" * 64), idempotency_key="k")
    assert (reply.status, reply.code) == (422, "credential-not-there")


async def test_an_unknown_request_and_another_panels_request_look_the_same(paired: World) -> None:
    paired.pair(OTHER_ORIGIN)
    made = (await paired.call("POST", POST, signing_request(), idempotency_key="k")).json()["id"]
    foreign = await paired.call("GET", f"{POST}/{made}", origin=OTHER_ORIGIN)
    unknown = await paired.call("GET", f"{POST}/nothing", origin=OTHER_ORIGIN)
    assert (foreign.status, foreign.code) == (unknown.status, unknown.code) == (404, "request-unknown")


async def test_a_stranger_who_keeps_calling_is_told_to_wait(world: World) -> None:
    codes = []
    for _ in range(60):
        reply = await world.open_call("GET", AGENT, origin=OTHER_ORIGIN)
        codes.append(reply.status)
    assert codes[0] == 200
    assert codes[-1] == 429
    assert int(reply.headers["retry-after"]) >= 1
    assert (await world.open_call("GET", AGENT)).status == 200


async def test_failed_proofs_do_not_shut_the_honest_panel_out(paired: World) -> None:
    for _ in range(60):
        forged = signed(paired, key=SigningKey.generate())
        await paired.send(forged.method, forged.target, forged.headers)
    assert (await paired.call("GET", "/v1/credentials")).status == 200


@pytest.mark.parametrize(
    ("policy", "origin", "status"),
    [
        (Policy(loopback_origins=("http://127.0.0.1:8000",)), "http://127.0.0.1:8000", 200),
        (Policy(loopback_origins=("http://127.0.0.1:8000",)), "http://127.0.0.1:8001", 403),
        (Policy(loopback_origins=("http://panel.example",)), "http://panel.example", 403),
        (Policy(origins=(ORIGIN,)), ORIGIN, 200),
        (Policy(origins=(ORIGIN,)), OTHER_ORIGIN, 403),
        (Policy(origins=()), ORIGIN, 403),
    ],
)
async def test_policy_says_which_origins_may_speak(
    tmp_path: Path, policy: Policy, origin: str, status: int
) -> None:
    world = await World.start(tmp_path, policy)
    try:
        assert (await world.open_call("GET", AGENT, origin=origin)).status == status
    finally:
        await world.stop()


async def test_a_bug_becomes_an_incident_and_its_message_stays_in_mohr(
    paired: World, caplog: pytest.LogCaptureFixture
) -> None:
    paired.use_cases.failure = RuntimeError("a patient's name")
    reply = await paired.call("GET", "/v1/credentials")
    assert (reply.status, reply.code) == (500, "unexpected")
    incident = reply.json()["instance"].removeprefix("urn:mohr:incident:")
    assert incident in caplog.text
    assert "RuntimeError" in caplog.text
    assert b"patient" not in reply.body
    assert "patient" not in caplog.text
