"""The agent that is attacked: the whole of it, on a SoftHSM token, with a doctor who does as a row says.

What it has done is read from outside: its journal's file, its pairings' file, what the doctor was asked.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from drivers.types import KeySpec
from signer import x509
from signer.cli.assembly import Agent, SystemClock
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.loadable import ModuleChoice
from signer.endpoint.agent_key import load_agent_key
from signer.endpoint.listener import EndpointAddress
from signer.endpoint.pairings import Pairings
from signer.model.policy import Policy
from signer.platform.folders import Folders, folders_under
from signer.service.consent import Approved, ConsentQuestion, Declined, PairingQuestion
from tests import softhsm as hsm
from tests.endpoint.caller import ORIGIN, Caller, Reply, signing_request
from tests.endpoint.ways import Way
from tests.service.doubles import Doctor, yes

POST = "/v1/signing-requests"
SIGN_INS = "/v1/sign-ins"
#: Seconds that anything may take, on a machine that is busy with other things.
PATIENCE = 30.0


class WatchedDoctor(Doctor):
    """Pairs where told to, and remembers what for; thinks for ever about a consent that no row answers."""

    def __init__(self) -> None:
        super().__init__()
        self.pairings: list[PairingQuestion] = []
        self.pairs = True

    async def pair(self, question: PairingQuestion) -> bool:
        self.pairings.append(question)
        return self.pairs

    def says_yes(self) -> None:
        """To the next question, with the token's PIN."""
        self.answers.append(lambda question: yes(question, hsm.PIN))

    def declines(self) -> None:
        """To the next question."""
        self.answers.append(lambda question: Declined())

    def says(self, answer: Callable[[ConsentQuestion], Approved | Declined]) -> None:
        """That to the next question."""
        self.answers.append(answer)


class Traces(Struct, frozen=True):
    """What the agent has done, counted: journal entries by kind, questions to the doctor, pairings kept."""

    intents: int
    signatures: int
    endings: int
    consents: int
    pairing_questions: int
    pairings: tuple[tuple[str, bytes], ...]


class Panel(Caller):
    """A paired panel. What it has posted is taken back when the row is over."""

    def __init__(self, victim: Victim, origin: str) -> None:
        super().__init__(victim.address, SystemClock(), victim.agent_key, origin)
        self.posted: list[str] = []

    async def post(self, body: bytes | None = None, *, key: str = "", path: str = POST) -> Reply:
        """An honest post under a key of its own."""
        body = signing_request() if body is None else body
        reply = await self.call("POST", path, body, idempotency_key=key or secrets.token_urlsafe(8))
        if "location" in reply.headers:
            self.posted.append(reply.headers["location"])
        return reply

    async def ended(self, posted: Reply) -> dict[str, Any]:
        """What was posted, once it has ended."""
        target = f"{posted.headers['location']}?wait=25"
        found: dict[str, Any] = (await self.call("GET", target)).json()
        assert found["state"] in {"finished", "declined", "failed", "cancelled"}, found["state"]
        return found

    async def take_back(self) -> None:
        """Cancel what is still open."""
        while self.posted:
            await self.call("DELETE", self.posted.pop())


class Victim:
    """The agent, its doctor, and the panels that the rows play."""

    def __init__(self, agent: Agent, doctor: WatchedDoctor, folders: Folders, anchor: bytes) -> None:
        self.agent = agent
        self.doctor = doctor
        self.folders = folders
        self.anchor = x509.read(anchor) if anchor else None
        self.address = EndpointAddress(0, False)
        self._pairings = Pairings.open(folders.data)
        self._panels: dict[str, Panel] = {}

    async def start(self) -> None:
        """Start it; the honest panel is paired."""
        self.address = await self.agent.start()
        self.agent_key = load_agent_key(self.folders.data)
        self.panel()

    @property
    def authority(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.address.port}"

    def panel(self, origin: str = ORIGIN) -> Panel:
        """The paired panel of that origin, paired now if it was not."""
        if origin not in self._panels:
            self._panels[origin] = panel = Panel(self, origin)
            self._pairings.accept(origin, panel.panel_key.point, datetime.now(UTC))
        return self._panels[origin]

    def revoke(self, panel: Panel) -> None:
        """As the doctor does with `mohr pairings --revoke`."""
        self._pairings.revoke(panel.origin)

    def page(self, origin: str) -> Caller:
        """A page of an origin that is not paired, with a key of its own all the same."""
        return Caller(self.address, SystemClock(), self.agent_key, origin)

    def way(self, caller: Caller, name: str) -> Way:
        """One of the ways in, for that caller."""
        authority = (self.folders.data / "tls" / "authority.pem").read_bytes()
        return Way(caller, name, authority_pem=authority, origin=caller.origin)

    def traces(self) -> Traces:
        """What it has done so far, apart from the pairings that rows brought with them."""
        kinds = _journal(self.folders.data / "journal" / "journal.db")
        keys = {panel.panel_key.point for panel in self._panels.values()}
        kept = Pairings.open(self.folders.data).list(datetime.now(UTC))
        return Traces(
            intents=kinds.get("intent", 0),
            signatures=kinds.get("seal", 0),
            endings=kinds.get("end", 0),
            consents=len(self.doctor.questions),
            pairing_questions=len(self.doctor.pairings),
            pairings=tuple((pairing.origin, pairing.point) for pairing in kept if pairing.point not in keys),
        )

    async def answers(self) -> bool:
        """Does it still serve the honest panel, and sign what it says?"""
        panel, target = self.panel(), "/v1/credentials"
        proof = panel.signature("GET", target)
        reply = await panel.send("GET", target, panel.head() + list(proof.items()))
        return reply.status == 200 and panel.trusts(reply, proof["Signature"])

    async def settle(self) -> None:
        """Take back what rows have left open, and let the doctor forget the script."""
        self.doctor.answers.clear()
        self.doctor.reading = None
        self.doctor.pairs = True
        for panel in self._panels.values():
            await panel.take_back()

    async def asked(self, count: int) -> None:
        """Wait until the doctor has been asked for consent so many times in all."""
        async with asyncio.timeout(PATIENCE):
            while len(self.doctor.questions) < count:
                await asyncio.sleep(0.01)


def _journal(file: Path) -> dict[str, int]:
    if not file.exists():
        return {}
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT kind, count(*) FROM entry GROUP BY kind").fetchall()
        return {str(kind): int(count) for kind, count in rows}
    finally:
        db.close()


async def certified_token(folder: Path) -> tuple[hsm.SoftHsm, bytes]:
    """A token with a doctor's RSA certificate, and the authority's, DER."""
    token = hsm.create(folder)
    return token, await hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC))


@asynccontextmanager
async def victim(
    folder: Path, token: tuple[hsm.SoftHsm, bytes] | None = None, ports: tuple[int, ...] = (0,)
) -> AsyncIterator[Victim]:
    """A running agent with its things in `folder`, on that token or on none."""
    doctor, folders = WatchedDoctor(), folders_under(folder)
    modules = (ModuleChoice(path=token[0].module, profile=hsm.profile(), env=token[0].env),) if token else ()
    agent = Agent(consent=doctor, modules=modules, folders=folders, policy=Policy(), ports=ports)
    made = Victim(agent, doctor, folders, token[1] if token else b"")
    await made.start()
    try:
        yield made
    finally:
        await agent.stop()


def json_of(value: object) -> bytes:
    """JSON, as a panel writes it."""
    return msgspec.json.encode(value)
