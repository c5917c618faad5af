"""Each scenario of the simulator reaches a panel as its row says, over the real endpoint and service."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from pathlib import Path

import msgspec
import pytest

from signer.cli.simulate.agent import NAME, AnyPage, SimulatedAgent
from signer.cli.simulate.scenarios import BY_CODE, SCENARIOS, AgentFault, Stage
from signer.client.errors import AgentNotFound, AgentNotTrusted, ProblemAnswered
from signer.client.panel import PanelClient
from signer.endpoint.messages import RequestAnswer
from signer.endpoint.pairing import PairingState
from signer.endpoint.problems import Problem
from signer.model.request import Document, Level
from tests.simulate.place import ORIGIN, QUICK, panel, simulator

#: Scenario, how the request ends, and how each of its two documents does.
ENDS = [
    ("approve", "finished", ["signed", "signed"]),
    ("declined", "declined", ["consent-declined", "consent-declined"]),
    ("slow", "finished", ["signed", "signed"]),
    ("slow-token", "finished", ["signed", "signed"]),
    ("timeout", "failed", ["request-expired", "request-expired"]),
    ("wrong-pin", "finished", ["signed", "signed"]),
    ("locked", "failed", ["pin-locked", "pin-locked"]),
    ("pin-each", "finished", ["signed", "signed"]),
    ("pin-pad", "finished", ["signed", "signed"]),
    ("two-tokens", "finished", ["signed", "signed"]),
    ("token-absent", "failed", ["token-absent", "token-absent"]),
    ("token-removed", "failed", ["token-removed", "consent-declined"]),
    ("token-back", "finished", ["signed", "signed"]),
    ("hung", "failed", ["module-hung", "module-hung"]),
    ("certificate-expired", "failed", ["certificate-unusable", "certificate-unusable"]),
]
DOCUMENTS = [Document(id=name, media_type="text/plain", content=name.encode()) for name in ("a", "b")]


def endings(answer: RequestAnswer) -> list[str]:
    return [
        document.problem.code if isinstance(document.problem, Problem) else document.state.value
        for document in answer.documents
    ]


async def signed(client: PanelClient, key: str | None = None) -> RequestAnswer:
    return await asyncio.to_thread(client.sign, DOCUMENTS, idempotency_key=key, timeout=30)


def test_every_scenario_is_tried_here_or_below() -> None:
    below = {"pairing-refused", "agent-away", "agent-silent", "agent-restarts", "agent-replaced"}
    assert {code for code, _, _ in ENDS} | below == set(BY_CODE)
    assert all(s.sees.fa and s.sees.en and s.must.fa and s.must.en and s.ends for s in SCENARIOS)


async def test_each_scenario_ends_as_it_says_and_again_when_it_is_played_again(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator") as agent:
        client = panel(agent)
        assert await asyncio.to_thread(client.pair, lambda _: None) is PairingState.ACCEPTED
        for code, state, documents in ENDS * 2:
            await agent.play(BY_CODE[code])
            answer = await signed(client)
            assert (code, answer.state.value, endings(answer)) == (code, state, documents)
        client.close()


async def test_a_paired_panel_and_a_stranger_are_told_that_it_is_a_simulator(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "token-absent") as agent:
        client = panel(agent)
        assert not (await asyncio.to_thread(client.detect)).paired
        await asyncio.to_thread(client.pair, lambda _: None)
        found = await asyncio.to_thread(client.detect)
        assert (found.name, found.state) == (NAME, "no-token")
        told = [seen.told for seen in agent.wire.seen if seen.path == "/v1/agent"]
        assert [(one["paired"], one["simulator"]) for one in told] == [(False, True), (True, True)]
        client.close()


async def test_the_doctor_is_asked_which_of_two_tokens_and_the_result_names_what_she_picked(
    tmp_path: Path,
) -> None:
    async with simulator(tmp_path / "simulator", "two-tokens") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        rsa, curve = await asyncio.to_thread(client.credentials)
        assert [token.credentials for token in agent.token.presence.tokens] == [(rsa.id,), (curve.id,)]
        answer = await signed(client)
        signers = {hashlib.sha256(bytes(d.certificate or b"")).hexdigest() for d in answer.documents}
        assert signers == {curve.id}
        happened = [(h.what, h.detail) for h in agent.stage.happened]
        assert ("choice-asked", "2 certificates, 2 tokens") in happened
        client.close()


async def test_a_pin_is_typed_at_the_reader_and_nowhere_else(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "pin-pad") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        assert endings(await signed(client)) == ["signed", "signed"]
        assert [h.what for h in agent.stage.happened].count("pin-asked-at-reader") == 1
        client.close()


async def test_a_refused_pairing_leaves_the_panel_unpaired(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "pairing-refused") as agent:
        client = panel(agent)
        assert await asyncio.to_thread(client.pair, lambda _: None) is PairingState.REFUSED
        client.close()


async def test_an_agent_that_restarts_takes_the_same_request_in_once(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "agent-restarts") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        with pytest.raises(AgentNotFound):
            await signed(client, "rx-1")
        for _ in range(100):
            try:
                answer = await signed(client, "rx-1")
                break
            except AgentNotFound:
                await asyncio.sleep(0.05)
        assert endings(answer) == ["signed", "signed"]
        posts = [seen for seen in agent.wire.seen if seen.posts]
        assert [seen.status for seen in posts] == [0, 200]
        assert [h.what for h in agent.stage.happened].count("consent-asked") == 1
        client.close()


async def test_an_agent_that_is_away_refuses_connections_and_comes_back_at_its_port(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "agent-away") as agent:
        with pytest.raises(OSError):  # which one is the system's to say
            await asyncio.open_connection("127.0.0.1", agent.address.port)
        await agent.play(BY_CODE["approve"])
        client = panel(agent)
        assert not (await asyncio.to_thread(client.detect)).paired
        client.close()


async def test_an_agent_that_is_silent_answers_once_it_is_not(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator", "agent-silent") as agent:
        assert agent.stage.scenario.agent is AgentFault.SILENT
        client = panel(agent)
        asking = asyncio.ensure_future(asyncio.to_thread(client.detect))
        await asyncio.wait({asking}, timeout=0.3)
        assert not asking.done()
        await agent.play(BY_CODE["approve"])
        assert not (await asking).paired
        client.close()


async def test_another_program_at_the_port_has_another_key_and_the_agent_has_its_own_again(
    tmp_path: Path,
) -> None:
    async with simulator(tmp_path / "simulator") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        await agent.play(BY_CODE["agent-replaced"])
        client.close()
        with pytest.raises(AgentNotTrusted):
            await asyncio.to_thread(client.detect)
        await agent.play(BY_CODE["approve"])
        client.close()
        assert (await asyncio.to_thread(client.detect)).paired
        client.close()


async def test_a_pair_of_ports_that_is_taken_is_left_to_who_holds_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        stage = Stage(BY_CODE["approve"], QUICK)
        agent = SimulatedAgent(tmp_path / "simulator", stage, ports=(port, 0))
        address = await agent.start()
        await agent.stop()
    assert address.port != port


async def test_a_level_that_needs_an_authority_is_refused_at_the_post(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        stamped = [Document(id="a", media_type="text/plain", content=b"a", level=Level.B_T)]
        with pytest.raises(ProblemAnswered) as refused:
            await asyncio.to_thread(client.sign, stamped)
        assert refused.value.problem.code == "tsa-unreachable"
        client.close()


async def test_a_pairing_outlives_the_simulator_and_its_certificates_do_too(tmp_path: Path) -> None:
    async with simulator(tmp_path / "simulator") as agent:
        client = panel(agent)
        await asyncio.to_thread(client.pair, lambda _: None)
        first = await asyncio.to_thread(client.credentials)
        client.close()
    async with simulator(tmp_path / "simulator") as agent:
        assert [pairing.origin for pairing in agent.pairings.list(agent.clock.now())] == [ORIGIN]
        again = [credential.id for credential in await agent.token.credentials()]
        assert again == [credential.id for credential in first]


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        ("https://panel.example", True),
        ("http://localhost:5173", True),
        ("http://127.0.0.1:8080", True),
        ("http://panel.example", False),
        ("null", False),
        ("https://Panel.example", False),
    ],
)
def test_any_page_of_this_computer_may_ask_and_of_others_those_over_https(origin: str, let_in: bool) -> None:
    assert AnyPage().admits(origin) is let_in
    assert msgspec.structs.fields(AnyPage) == msgspec.structs.fields(AnyPage.__mro__[1])
