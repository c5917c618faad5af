"""Certificate requests and certificates over the endpoint: each under its own path, for its own origin."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import msgspec
import pytest

from signer.cli.demo.authority import DemoAuthority
from signer.model.applicant import KeyType
from signer.model.errors import TokenFull
from signer.model.request import SignatureFormat
from signer.service import token_documents
from tests.endpoint.test_server import eventually
from tests.endpoint.world import CERTIFICATE, NOON, OTHER_ORIGIN, Reply, World, signing_request

REQUESTS = "/v1/certificate-requests"
CERTIFICATES = "/v1/certificates"
SUBJECT = {
    "given_name": "سارا",
    "surname": "نمونه",
    "national_code": "0012345679",
    "centre": "مطب ونک",
}
ISSUED = DemoAuthority(now=NOON).certificate
BODIES = {
    REQUESTS: msgspec.json.encode({"subject": SUBJECT}),
    CERTIFICATES: msgspec.json.encode({"certificate": base64.b64encode(ISSUED).decode()}),
}


async def post(world: World, path: str, query: str = "", key: str = "c-1") -> Reply:
    return await world.call("POST", path + query, BODIES[path], idempotency_key=key)


@pytest.mark.parametrize("path", BODIES)
async def test_it_is_taken_in_at_once_and_found_under_its_own_path(paired: World, path: str) -> None:
    reply = await post(paired, path)
    made = reply.json()["id"]
    assert (reply.status, reply.headers["location"]) == (202, f"{path}/{made}")
    assert reply.json() == {"id": made, "state": "received", "position": 0}
    assert (await paired.call("GET", f"{path}/{made}")).json() == reply.json()
    assert (await post(paired, path)).json()["id"] == made


async def test_a_request_holds_the_subject_and_the_key_that_were_posted_and_no_more(paired: World) -> None:
    body = msgspec.json.encode({"subject": SUBJECT, "key": "ec-p256"})
    await paired.call("POST", REQUESTS, body, idempotency_key="c-1")
    (document,) = paired.use_cases.submitted[0].documents
    asked = token_documents.wanted(document)
    assert {part: text for part, text in msgspec.structs.asdict(asked.subject).items() if text} == SUBJECT
    assert (asked.key, document.format) == (KeyType.EC_P256, SignatureFormat.PKCS10)


@pytest.mark.parametrize(
    ("part", "value"), [("national_code", "0012345678"), ("given_name", "سا\u202eرا"), ("centre", " مطب")]
)
async def test_the_part_that_breaks_a_rule_is_named_and_its_value_is_neither_told_nor_logged(
    paired: World, caplog: pytest.LogCaptureFixture, part: str, value: str
) -> None:
    body = msgspec.json.encode({"subject": SUBJECT | {part: value}})
    with caplog.at_level("INFO"):
        reply = await paired.call("POST", REQUESTS, body, idempotency_key="c-1")
    assert (reply.status, reply.code, reply.json()["detail"]) == (422, "applicant-invalid", part)
    assert value not in reply.body.decode()
    assert value not in caplog.text
    assert paired.use_cases.submitted == []


async def test_a_certificate_comes_with_those_above_it(paired: World) -> None:
    encoded = base64.b64encode(ISSUED).decode()
    body = msgspec.json.encode({"certificate": encoded, "chain": [encoded]})
    await paired.call("POST", CERTIFICATES, body, idempotency_key="c-1")
    (document,) = paired.use_cases.submitted[0].documents
    assert document.content == ISSUED
    assert [file.content for file in document.attachments] == [ISSUED]


@pytest.mark.parametrize(
    ("path", "member", "value"),
    [
        (REQUESTS, "request", base64.b64encode(b"a signature").decode()),
        (CERTIFICATES, "credential", hashlib.sha256(CERTIFICATE).hexdigest()),
    ],
)
async def test_who_waits_is_answered_with_what_came_of_it(
    paired: World, path: str, member: str, value: str
) -> None:
    waiting = asyncio.create_task(post(paired, path, "?wait=25"))
    await eventually(lambda: paired.use_cases.waiting == 1)
    paired.use_cases.finish()
    reply = await waiting
    assert (reply.status, reply.json()["state"], reply.json()[member]) == (200, "finished", value)


@pytest.mark.parametrize("path", BODIES)
async def test_what_failed_says_why(paired: World, path: str) -> None:
    made = (await post(paired, path)).json()["id"]
    paired.use_cases.finish(problem=TokenFull())
    found = (await paired.call("GET", f"{path}/{made}?wait=5")).json()
    assert (found["state"], found["problem"]["code"], found["problem"]["status"]) == (
        "failed",
        "token-full",
        409,
    )
    assert not {"request", "credential"} & set(found)


@pytest.mark.parametrize("path", BODIES)
async def test_it_can_be_taken_back(paired: World, path: str) -> None:
    made = (await post(paired, path)).json()["id"]
    assert (await paired.call("DELETE", f"{path}/{made}")).json()["state"] == "cancelled"


@pytest.mark.parametrize("path", BODIES)
async def test_no_other_kind_of_request_is_seen_or_taken_back_under_its_path(
    paired: World, path: str
) -> None:
    other = next(one for one in BODIES if one != path)
    ids = [(await post(paired, other, key="k-1")).json()["id"]]
    signing = await paired.call("POST", "/v1/signing-requests", signing_request(), idempotency_key="k-2")
    for found in (*ids, signing.json()["id"]):
        for method in ("GET", "DELETE"):
            reply = await paired.call(method, f"{path}/{found}")
            assert (reply.status, reply.code) == (404, "request-unknown")
    assert (await paired.call("GET", f"{other}/{ids[0]}")).json()["state"] == "received"
    own = (await post(paired, path, key="k-3")).json()["id"]
    assert (await paired.call("GET", f"/v1/sign-ins/{own}")).code == "request-unknown"


@pytest.mark.parametrize("path", BODIES)
async def test_another_panels_is_unknown(paired: World, path: str) -> None:
    made = (await post(paired, path)).json()["id"]
    paired.pair(OTHER_ORIGIN)
    reply = await paired.call("GET", f"{path}/{made}", origin=OTHER_ORIGIN)
    assert (reply.status, reply.code) == (404, "request-unknown")
