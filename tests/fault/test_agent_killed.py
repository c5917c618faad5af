"""The agent killed at each stage of a request: after a restart it is gone or finished, never half."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import UNSET, Struct

from drivers.types import Limits
from signer.client.errors import ProblemAnswered
from signer.endpoint.messages import RequestAnswer
from signer.journal.store import SqliteJournal
from signer.model.request import Document, DocumentState, RequestState
from tests.drivers.processes import deserted
from tests.fault.agent import FaultyAgent

DOCUMENTS = [Document(id=f"rx-{n}", media_type="text/plain", content=f"text {n}".encode()) for n in range(5)]
_JOURNAL = Path("agent", "data", "journal")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyAgent]:
    """One for all stages; each starts it anew."""
    with FaultyAgent(tmp_path_factory.mktemp("killed"), Limits(login=600, sign=600)) as started:
        yield started


class Moment(Struct, frozen=True):
    """How a request gets to where the agent is killed, when it is there, and what is durable by then."""

    prepare: Callable[[FaultyAgent], object]
    reached: Callable[[FaultyAgent, str], bool]
    durable: dict[str, int]


def _state(agent: FaultyAgent, key: str) -> RequestAnswer:
    return agent.panel.submit(DOCUMENTS, idempotency_key=key)


def _signed(answer: RequestAnswer) -> dict[str, bytes]:
    return {d.id: d.signature for d in answer.documents if d.signature is not UNSET}


def _someone_in_front(agent: FaultyAgent) -> None:
    agent.doctor_reads_on(True)
    agent.panel.submit([Document(id="front", media_type="text/plain", content=b"x")], idempotency_key="front")


def _hang_at_the_third_signature(agent: FaultyAgent) -> None:
    agent.module.fail("C_Sign", "hang", nth=agent.module.entered_in_the_last_worker("C_Sign") + 3)


MOMENTS = {
    "in line": Moment(
        _someone_in_front, lambda agent, key: _state(agent, key).state is RequestState.RECEIVED, {}
    ),
    "consent": Moment(
        lambda agent: agent.doctor_reads_on(True),
        lambda agent, key: _state(agent, key).state is RequestState.CONSENT,
        {},
    ),
    "the token looks at the PIN": Moment(
        lambda agent: agent.module.fail("C_Login", "hang"),
        lambda agent, key: agent.module.reached and _kept(agent, key) == {"intent": 5},
        {"intent": 5},
    ),
    "between two signatures": Moment(
        _hang_at_the_third_signature,
        lambda agent, key: len(_signed(_state(agent, key))) == 2,
        {"intent": 5, "seal": 2},
    ),
    "signed, and not yet told": Moment(
        lambda agent: None,
        lambda agent, key: _kept(agent, key).get("seal") == 5,
        {"intent": 5, "seal": 5},
    ),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_request_is_gone_or_finished(agent: FaultyAgent, name: str) -> None:
    moment, key = MOMENTS[name], name.replace(" ", "-")
    with agent.panel.events() as stream:
        told = iter(stream)
        assert [next(told).event, next(told).event] == ["hello", "tokens"]
        heard = stream.last_id
    before, workers = agent.module.entered("C_Sign"), agent.module.workers()
    moment.prepare(agent)
    posted = agent.panel.submit(DOCUMENTS, idempotency_key=key)
    _until(lambda: moment.reached(agent, key))
    sealed = _sealed(agent, key)
    agent.kill()

    assert _kept(agent, key) == moment.durable
    agent.module.heal()
    agent.doctor_reads_on(False)
    agent.restart()
    assert all(asyncio.run(deserted(worker)) for worker in workers), "a worker does not outlive its agent"
    with pytest.raises(ProblemAnswered) as gone:
        agent.panel.view(posted.id)
    assert gone.value.code == "request-unknown"

    finished = agent.panel.sign(DOCUMENTS, idempotency_key=key, timeout=60)
    assert {d.state for d in finished.documents} == {DocumentState.SIGNED}
    assert {document: _signed(finished)[document] for document in sealed} == sealed
    assert finished.id == posted.id or not moment.durable
    assert _kept(agent, key)["seal"] == 5, "each is sealed once"
    again = agent.panel.sign(DOCUMENTS, idempotency_key=key, timeout=60)
    assert _signed(again) == _signed(finished)
    made = agent.module.entered("C_Sign") - before
    assert made == 5 + (name == "between two signatures"), "what was in hand was begun twice"
    with agent.panel.events(last_id=heard) as stream:
        told = iter(stream)
        assert [next(told).event, next(told).event] == ["hello", "tokens"], "an id of before counts as none"


def test_the_journal_is_whole_after_all_that(agent: FaultyAgent) -> None:
    agent.kill()
    journal = SqliteJournal(agent.folder / _JOURNAL)

    async def check() -> int:
        try:
            return await journal.check()
        finally:
            await journal.close()

    assert asyncio.run(check()) > 0


def _kept(agent: FaultyAgent, key: str) -> dict[str, int]:
    """How many entries of each kind are durable under this key."""
    return dict(_rows(agent, "SELECT kind, count(*) FROM entry WHERE idempotency_key = ? GROUP BY kind", key))


def _sealed(agent: FaultyAgent, key: str) -> dict[str, bytes]:
    """The signatures that the panel could fetch before the agent was killed."""
    rows = _rows(agent, "SELECT document_id, 1 FROM entry WHERE kind = 'seal' AND idempotency_key = ?", key)
    signed = _signed(_state(agent, key)) if rows else {}
    assert set(signed) == {document for document, _ in rows}
    return signed


def _rows(agent: FaultyAgent, query: str, key: str) -> list[tuple[str, int]]:
    file = agent.folder / _JOURNAL / "journal.db"
    database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return database.execute(query, (key,)).fetchall()
    except sqlite3.OperationalError:
        return []  # there is no journal yet
    finally:
        database.close()


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
