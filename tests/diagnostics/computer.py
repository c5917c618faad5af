"""A healthy computer: a certified token, a running agent with a paired panel, browsers that trust it.

Each fault of the table breaks one thing of it, or of a copy. The agent runs in this process, on a loop of its
own, with ports of its own; the token is SoftHSM's, the stores are NSS databases that certutil made.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.catalogue import load_catalogue
from drivers.pin import Pin
from drivers.types import KeySpec, NewCertificate
from signer import x509
from signer.cli.assembly import Agent, version
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, to_pem
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.diagnosis import place
from signer.diagnostics.ground import Candidate, Ground
from signer.endpoint.keys import SigningKey
from signer.endpoint.local_ca import kept_authority
from signer.endpoint.pairings import Pairings
from signer.journal.store import SqliteJournal
from signer.model.policy import Policy
from signer.model.record import Intent
from signer.platform.folders import Folders, folders_under
from signer.platform.trust_stores import trust, user_stores
from tests import pki, revocation
from tests import softhsm as hsm
from tests.fault.module import build

PANEL = "https://panel.example"
KEY, OTHER_KEY = b"\x01", b"\x02"
A_DAY = timedelta(days=1)


class Computer:
    """The healthy one. `keyed` is its token with two keys and no certificate, `token` the same with one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.now = datetime.now(UTC)
        self.authority = DemoAuthority(now=self.now - 30 * A_DAY, key=pki.key("p256"))
        self.keyed = hsm.create(folder / "keyed")
        self.spkis = asyncio.run(hsm.make_keys(self.keyed, dict.fromkeys((KEY, OTHER_KEY), KeySpec.RSA_2048)))
        self.token = self.certified(folder / "token", (KEY, self.issue()))
        self.faulty = build(folder)
        self.folders = folders_under(folder)
        self.home = folder / "home"
        self.programs = _programs(folder / "bin")
        self.port = 0
        (self.folders.data / "anchors").mkdir()
        self.authority.write(self.folders.data / "anchors")
        pair(self.folders.data, self.now)
        asyncio.run(_journalled(self.folders.data / "journal", self.now))

    def issue(self, spki: bytes | None = None, **what: object) -> bytes:
        """A certificate of its authority's for the token's first key, or for another one, DER."""
        what.setdefault("not_before", self.now - A_DAY)
        return self.authority.issue(spki or self.spkis[KEY], PLAIN_DOCTOR, **what)  # type: ignore[arg-type]

    def certified(self, folder: Path, *certificates: tuple[bytes, bytes]) -> hsm.SoftHsm:
        """A copy of the token with these certificates, DER, each under a CKA_ID."""
        token = hsm.copy(self.keyed, folder)
        asyncio.run(_store(token, certificates))
        return token

    def candidate(self, token: hsm.SoftHsm) -> Candidate:
        """The module that shows a token."""
        return Candidate(name="softhsm", path=token.module, profile=hsm.profile(), env=token.env)

    def ground(self, token: hsm.SoftHsm | None = None, **changes: object) -> Ground:
        """It, as the check is told of it; with another token, or other changes."""
        standing: dict[str, object] = {
            "folders": self.folders,
            "home": self.home,
            "modules": (self.candidate(token or self.token),),
            "profiles": load_catalogue(),
            "ports": (self.port,),
            "version": version(),
            "now": lambda: datetime.now(UTC),
            "authority": lambda: kept_authority(self.folders.data / "tls"),
            "paired": paired_in(self.folders),
            "root": self.folder / "root",
            "path": str(self.programs),
            "policy_place": self.folder / "etc" / "policy.toml",
            "policy_owner": os.getuid(),
        }
        return Ground(**(standing | changes))  # type: ignore[arg-type]


@contextmanager
def healthy(folder: Path) -> Iterator[Computer]:
    """The computer with its agent running and its browsers' stores filled."""
    computer = Computer(folder)
    with agent(computer.folders) as port:
        computer.port = port
        make_stores(computer.home, kept_authority(computer.folders.data / "tls") or b"")
        yield computer


@contextmanager
def agent(folders: Folders) -> Iterator[int]:
    """An agent without modules over these folders, in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()

    async def begin() -> tuple[Agent, int]:
        made = Agent(consent=ScriptedDoctor("0000"), modules=(), folders=folders, policy=Policy(), ports=(0,))
        return made, (await made.start()).port

    try:
        made, port = asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
        try:
            yield port
        finally:
            asyncio.run_coroutine_threadsafe(made.stop(), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        running.join()
        loop.close()


def paired_in(folders: Folders) -> Callable[[datetime], tuple[str, ...]]:
    """The origins of the pairings that are kept there."""
    return lambda now: place.paired_in(folders.data, now)


def pair(data: Path, now: datetime, *origins: str) -> None:
    """Keep a pairing for each origin, as if the doctor had said yes."""
    kept = Pairings.open(data)
    for origin in origins or (PANEL,):
        kept.accept(origin, SigningKey.generate().point, now)


def make_stores(home: Path, authority: bytes) -> None:
    """A store of Chromium's and one of a Firefox profile, both trusting the authority."""
    profile = home / ".mozilla" / "firefox" / "abc.default"
    profile.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{profile}"], check=True)
    for store in user_stores(home):
        trust(store, authority)


def current_crl(
    now: datetime, *revoked: tuple[x509.Certificate, datetime], age: timedelta = A_DAY / 2
) -> bytes:
    """Its authority's list, made `age` ago and current for a day."""
    return revocation.crl(*revoked, at=now - age, until=now - age + A_DAY)


def anchors(folder: Path, computer: Computer, *crls: bytes) -> Folders:
    """Folders of their own with the authority among the anchors, and these lists beside it."""
    made = folders_under(folder)
    place = made.data / "anchors"
    place.mkdir()
    (place / "authority.pem").write_text(to_pem(computer.authority.certificate))
    for number, crl in enumerate(crls):
        (place / f"{number}.crl").write_bytes(crl)
    return made


def _programs(folder: Path) -> Path:
    """A browser that says its version: starting real ones for each row would take minutes."""
    folder.mkdir()
    firefox = folder / "firefox"
    firefox.write_text("#!/bin/sh\necho Mozilla Firefox 153.0\n")
    firefox.chmod(0o755)
    return folder


async def _store(token: hsm.SoftHsm, certificates: tuple[tuple[bytes, bytes], ...]) -> None:
    async with token.supervisor() as supervisor:
        slot = await hsm.only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        for key_id, der in certificates:
            await supervisor.store_certificate(
                slot,
                NewCertificate(
                    key_id=key_id, label="", der=der, subject=b"0\0", issuer=b"0\0", serial_number=b"\2\1\1"
                ),
            )


async def _journalled(folder: Path, now: datetime) -> None:
    journal = SqliteJournal(folder)
    await journal.intend(
        (
            Intent(
                request_id="r1",
                origin=PANEL,
                idempotency_key="k1",
                body_hash=b"b" * 32,
                document_id="rx-1",
                content_hash=b"c" * 32,
                media_type="text/plain",
                format="cades",
                level="B-B",
                attached=True,
                credential_id="aa" * 32,
                signing_time=now,
                binding=b"d" * 32,
            ),
        )
    )
    await journal.close()
