"""A key on a token that fails, and an agent that is killed just then: told by name, and made once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from cryptography.x509 import load_der_x509_csr
from msgspec import UNSET

from drivers.types import Limits
from signer.client.errors import AgentNotFound, ClientError
from signer.endpoint.certificate_messages import CertificateRequestAnswer
from signer.endpoint.problems import Problem
from signer.model.applicant import Applicant, KeyType
from signer.model.request import RequestState
from signer.service.key_requests import KeyRequests
from tests.fault.agent import FaultyAgent

DOCTOR = Applicant(given_name="سارا", surname="نمونه", national_code="0012345679", centre="مطب ونک")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyAgent]:
    with FaultyAgent(tmp_path_factory.mktemp("key-left"), Limits(sign=2.0)) as started:
        yield started


def ask(agent: FaultyAgent, key: str, centre: str) -> CertificateRequestAnswer:
    applicant = Applicant(
        given_name=DOCTOR.given_name,
        surname=DOCTOR.surname,
        national_code=DOCTOR.national_code,
        centre=centre,
    )
    return agent.panel.request_certificate(applicant, KeyType.EC_P256, idempotency_key=key, timeout=60)


def problem(answer: CertificateRequestAnswer) -> str:
    assert isinstance(answer.problem, Problem), answer
    return answer.problem.code


def kept(agent: FaultyAgent, centre: str) -> list[bool]:
    """The requests for this centre that the window lists: is each finished?"""
    requests = KeyRequests(agent.folder / "agent" / "data" / "certificate-requests.json").all()
    return [request.finished for request in requests if request.applicant.centre == centre]


@pytest.mark.parametrize(
    ("rv", "expected", "begun"),
    [
        (0x31, "token-full", []),
        (0x70, "mechanism-unsupported", []),
        (0x32, "token-removed", [False]),
        (0x30, "module-failed", [False]),
    ],
    ids=["CKR_DEVICE_MEMORY", "CKR_MECHANISM_INVALID", "CKR_DEVICE_REMOVED", "CKR_DEVICE_ERROR"],
)
def test_a_token_that_cannot_make_the_key_says_why_and_makes_it_when_it_can(
    agent: FaultyAgent, rv: int, expected: str, begun: list[bool]
) -> None:
    agent.module.fail("C_GenerateKeyPair", f"rv {rv}")
    try:
        refused = ask(agent, f"refused-{rv}", f"مطب {rv}")
        assert agent.module.reached
    finally:
        agent.module.heal()
    assert (refused.state, problem(refused), refused.request) == (RequestState.FAILED, expected, UNSET)
    assert kept(agent, f"مطب {rv}") == begun, "what may have left a key is kept as begun, and nothing else"
    made = ask(agent, f"made-{rv}", f"مطب {rv}")
    assert made.state is RequestState.FINISHED, made.problem
    assert kept(agent, f"مطب {rv}") == [True]
    assert isinstance(made.request, bytes)
    assert load_der_x509_csr(made.request).is_signature_valid


@pytest.mark.parametrize(("fault", "expected"), [("crash", "module-crashed"), ("hang", "module-hung")])
def test_a_module_that_dies_with_the_key_made_and_unused_leaves_it_to_the_next_request(
    agent: FaultyAgent, fault: str, expected: str
) -> None:
    agent.module.fail("C_Sign", fault)
    made_before = agent.module.entered("C_GenerateKeyPair")
    try:
        refused = ask(agent, f"refused-{fault}", f"مطب {fault}")
    finally:
        agent.module.heal()
    assert (refused.state, problem(refused), refused.request) == (RequestState.FAILED, expected, UNSET)
    made = ask(agent, f"made-{fault}", f"مطب {fault}")
    assert made.state is RequestState.FINISHED, made.problem
    assert agent.module.entered("C_GenerateKeyPair") == made_before + 1


def test_an_agent_that_is_killed_with_the_key_made_uses_it_for_the_same_request(agent: FaultyAgent) -> None:
    agent.module.fail("C_Sign", "hang")
    made_before = agent.module.entered("C_GenerateKeyPair")
    lost: list[ClientError] = []

    def post() -> None:
        try:
            ask(agent, "killed", "مطب ونک")
        except ClientError as problem:
            lost.append(problem)

    panel = threading.Thread(target=post)
    panel.start()
    deadline = time.monotonic() + 60
    while not agent.module.reached and time.monotonic() < deadline:
        time.sleep(0.005)
    agent.kill()
    panel.join(60)
    assert isinstance(lost[0], AgentNotFound)
    agent.module.heal()
    agent.restart()
    made = ask(agent, "killed", "مطب ونک")
    assert made.state is RequestState.FINISHED, made.problem
    assert agent.module.entered("C_GenerateKeyPair") == made_before + 1
    again = ask(agent, "killed", "مطب ونک")
    assert again.request == made.request
