"""The OpenAPI document held against the endpoint by schemathesis: what it allows is taken, the rest refused.

Every call is signed as a paired panel signs it, after the case is made and before it is sent. What the calls
do is other tests' business: behind them stands a use case that only remembers.
"""

from __future__ import annotations

import asyncio
import copy
import json
import secrets
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from signer.endpoint import openapi
from signer.endpoint.document_messages import documents_of, read_signing_request
from signer.endpoint.encodings import b64u
from signer.endpoint.keys import SigningKey
from signer.model.errors import DocumentRefused, MohrError
from signer.model.request import AGENTS_OWN, Document
from signer.service.envelopes import check_supported
from signer.service.views import RequestView
from tests.endpoint.test_certificates import BODIES
from tests.endpoint.world import RememberingUseCases, World, signing_request

WHOLE = json.loads(openapi.document("1.2.3"))
DOCUMENT = copy.deepcopy(WHOLE)
for path in DOCUMENT["paths"].values():
    for operation in path.values():
        # Signed by `AsPanel`, whatever schemathesis would have put there; refusals are tests' of their own.
        operation["security"] = []
#: Too much of something is refused with a status of its own.
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 404, 405, 413, 415, 422]}}}
)
#: The stream of events has no end, and is read by tests of its own.
schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG).exclude(path="/v1/events")
CALLS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    found.ok().label: found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)
}


#: What is posted so that there is something to ask for.
POSTED: dict[str, dict[str, Any]] = {
    "/v1/pairings": {"commitment": "A" * 43},
    "/v1/signing-requests": json.loads(signing_request()),
    "/v1/sign-ins": {"nonce": "A" * 43},
    **{path: json.loads(body) for path, body in BODIES.items()},
}
#: Bodies of which a schema cannot say what makes them good, or so narrowly that none is found at random.
REAL: dict[str, dict[str, Any]] = {
    **{f"POST {path}": json.loads(body) for path, body in BODIES.items()},
    "POST /v1/pairings/{id}": {"key": b64u(SigningKey.generate().point), "nonce": "A" * 43},
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


class Impatient(RememberingUseCases):
    """Waits for nobody: what a `wait` is good for is tested elsewhere."""

    async def view(self, *, origin: str, request_id: str, wait: float = 0.0) -> RequestView:
        return await super().view(origin=origin, request_id=request_id)

    async def submit(self, *, documents: tuple[Document, ...], **more: Any) -> RequestView:
        for document in documents:
            if document.format not in AGENTS_OWN:
                check_supported(document)
        return await super().submit(documents=documents, **{**more, "credential": None})

    def pending(self, origin: str) -> bool:
        return False


class AsPanel(AuthBase):
    """Signs what is about to be sent, and lets the agent's clock go on so that no rate is used up."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._world.clock.pass_(minutes=3 if str(request.path_url) == "/v1/pairings" else 0.1)
        split = urlsplit(request.url or "")
        body = request.body or b""
        octets = body.encode() if isinstance(body, str) else body
        key = request.headers.get("Idempotency-Key")
        target = f"{split.path}?{split.query}" if split.query else split.path
        proof = self._world.signature(str(request.method), target, octets, idempotency_key=key)
        request.headers.update({"Origin": self._world.origin, **proof})
        return request


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An endpoint on a loop and a thread of its own, since schemathesis waits for its answers."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> World:
        made = World(tmp_path_factory.mktemp("agent"), use_cases=Impatient())
        made.pair()
        made.address = await made.endpoint.start()
        return made

    world = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    try:
        yield world
    finally:
        asyncio.run_coroutine_threadsafe(world.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_the_document_is_openapi_3_1_and_its_schemas_are_json_schemas() -> None:
    schemathesis.openapi.from_dict(WHOLE).validate()
    for named in WHOLE["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **named})
    broken = {**WHOLE, "paths": {"/v1/agent": {"get": {"responses": []}}}}
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


def test_what_needs_a_pairing_needs_every_header_of_its_signature() -> None:
    proof = {"Content-Digest", "Signature", "Signature-Input"}
    assert set(WHOLE["components"]["securitySchemes"]) == proof
    for path, calls in WHOLE["paths"].items():
        is_open = path == "/v1/agent" or path.startswith("/v1/pairings")
        for operation in calls.values():
            assert [set(way) for way in operation["security"]] == ([] if is_open else [proof])


def test_no_call_is_left_out() -> None:
    assert CALLS.keys() == {
        f"{method.upper()} {path}"
        for path, calls in WHOLE["paths"].items()
        for method in calls
        if path != "/v1/events"
    }


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda one: one.value
)
@pytest.mark.parametrize("label", CALLS)
def test_what_the_document_says_is_what_the_endpoint_does(
    agent: World, label: str, mode: GenerationMode
) -> None:
    """A test for each call and mode, by names of their own: what shares one is run once where tests are
    spread over processes.
    """

    real: Any = {"body": REAL[label]} if mode is GenerationMode.POSITIVE and label in REAL else {}

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=CALLS[label].as_strategy(generation_mode=mode, **real))
    def holds(case: Case[Any]) -> None:
        tried.append(label)
        if mode is GenerationMode.POSITIVE:
            meant_well(agent, case)
        checks = [*CHECKS, *(() if inexpressible(case.body) else (positive_data_acceptance,))]
        case.call_and_validate(base_url=agent.address.url, auth=AsPanel(agent), checks=checks)

    tried: list[str] = []
    try:
        holds()
    except Unsatisfiable:
        # A call that takes nothing cannot be given anything wrong.
        assert (mode, takes_anything(label)) == (GenerationMode.NEGATIVE, False)
    else:
        assert tried


def takes_anything(label: str) -> bool:
    """Is there a path, query, header or body in it that could be wrong?"""
    method, path = label.split(" ")
    call = WHOLE["paths"][path][method.lower()]
    return bool(call.get("parameters") or call.get("requestBody"))


def meant_well(agent: World, case: Case[Any]) -> None:
    """Let a valid case find what it asks for, and not what another case has posted."""
    if "{id}" in case.path:
        case.path_parameters = {"id": known(agent, case.path)}
        case.query = {}
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)


def known(agent: World, path: str) -> str:
    """The id of something that is there under such a path."""
    above = path.removesuffix("/{id}")
    body, headers = POSTED[above], {"Idempotency-Key": secrets.token_hex(8)}
    answer = requests.post(
        agent.address.url + above, json=body, headers=headers, auth=AsPanel(agent), timeout=20
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def inexpressible(body: Any) -> bool:
    """Is something wrong in a body that no schema can say?"""
    documents = body.get("documents") if isinstance(body, dict) else None
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        return False
    ids = [json.dumps(one.get("id")) for one in documents]
    return (
        len(set(ids)) < len(ids)
        or any(one.get("attachments") for one in documents)
        or any(cannot_carry(one) for one in documents)
    )


def cannot_carry(document: dict[str, Any]) -> bool:
    """Is it a content that its format has no place for?"""
    try:
        body = read_signing_request(json.dumps({"documents": [document]}).encode())
        check_supported(documents_of(body)[0])
    except DocumentRefused:
        return True
    except MohrError:
        pass
    return False
