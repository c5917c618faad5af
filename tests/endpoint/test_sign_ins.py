"""Sign-ins over the endpoint: for the origin that the browser named, and for nobody else's id."""

from __future__ import annotations

import asyncio
import json

import msgspec

from signer.model.errors import CredentialNotForSignIn
from signer.model.request import SignatureFormat
from tests.endpoint.test_server import eventually
from tests.endpoint.world import ORIGIN, OTHER_ORIGIN, Reply, World, credential, signing_request

SIGN_INS = "/v1/sign-ins"
REQUESTS = "/v1/signing-requests"
NONCE = "A" * 43
BODY = msgspec.json.encode({"nonce": NONCE})


async def post(world: World, target: str = SIGN_INS, body: bytes = BODY) -> Reply:
    return await world.call("POST", target, body, idempotency_key="s-1")


async def test_a_sign_in_is_for_the_origin_that_the_browser_named(paired: World) -> None:
    reply = await post(paired, body=msgspec.json.encode({"nonce": NONCE, "credential": credential().id}))
    assert reply.status == 202
    assert reply.headers["location"] == f"{SIGN_INS}/{reply.json()['id']}"
    assert reply.json() == {"id": reply.json()["id"], "state": "received", "position": 0}
    (seen,) = paired.use_cases.submitted
    (document,) = seen.documents
    assert document.format is SignatureFormat.SIGN_IN
    assert json.loads(document.content) == {"aud": ORIGIN, "nonce": NONCE}
    assert seen.credential == credential().id


async def test_a_sign_in_that_waits_is_answered_with_its_token(paired: World) -> None:
    waiting = asyncio.create_task(post(paired, f"{SIGN_INS}?wait=25"))
    await eventually(lambda: paired.use_cases.waiting == 1)
    paired.use_cases.finish()
    reply = await waiting
    assert (reply.status, reply.json()["state"], reply.json()["token"]) == (200, "finished", "a signature")
    assert reply.json()["certificate"]


async def test_a_sign_in_that_failed_says_why(paired: World) -> None:
    made = (await post(paired)).json()["id"]
    paired.use_cases.finish(problem=CredentialNotForSignIn())
    found = (await paired.call("GET", f"{SIGN_INS}/{made}?wait=5")).json()
    assert (found["state"], found["problem"]["code"]) == ("failed", "certificate-not-for-sign-in")
    assert "token" not in found


async def test_a_sign_in_can_be_taken_back(paired: World) -> None:
    made = (await post(paired)).json()["id"]
    assert (await paired.call("DELETE", f"{SIGN_INS}/{made}")).json()["state"] == "cancelled"


async def test_a_signing_request_is_no_sign_in_and_is_not_cancelled_as_one(paired: World) -> None:
    made = (await paired.call("POST", REQUESTS, signing_request(), idempotency_key="k")).json()["id"]
    for method in ("GET", "DELETE"):
        reply = await paired.call(method, f"{SIGN_INS}/{made}")
        assert (reply.status, reply.code) == (404, "request-unknown")
    assert (await paired.call("GET", f"{REQUESTS}/{made}")).json()["state"] == "received"


async def test_another_panels_sign_in_is_unknown(paired: World) -> None:
    made = (await post(paired)).json()["id"]
    paired.pair(OTHER_ORIGIN)
    reply = await paired.call("GET", f"{SIGN_INS}/{made}", origin=OTHER_ORIGIN)
    assert (reply.status, reply.code) == (404, "request-unknown")
