"""Where the benchmark happens: a SoftHSM token with an RSA-2048 and a P-256 key, each with a certificate.

Made once under a folder and used again, so that a second run starts at once.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from drivers.catalogue import find_modules, load_catalogue
from drivers.pin import Pin
from drivers.types import KeySpec, NewCertificate
from signer import x509
from signer.cli.assembly import ModuleChoice
from signer.cli.demo.authority import DemoAuthority
from signer.cli.demo.people import PRACTICES
from tests import softhsm

RSA, EC = b"\x01", b"\x02"
_LIFETIME = timedelta(days=300)


class Place(Struct, frozen=True, kw_only=True):
    """The token, and the module that a worker or this process loads for it."""

    module: Path
    env: dict[str, str]

    def choice(self) -> ModuleChoice:
        """As the agent's composition takes it."""
        family = next(m for m in find_modules(load_catalogue()) if m.profile.family == "softhsm")
        return ModuleChoice(path=self.module, profile=family.profile, env=self.env)


def make_place(base: Path) -> Place:
    """The place under `base`, made anew when it is not there or its certificates end soon."""
    folder, mark = base / "token", base / "made"
    if not mark.exists() or datetime.now(UTC).timestamp() - mark.stat().st_mtime > _LIFETIME.total_seconds():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        asyncio.run(_furnish(softhsm.create(folder)))
        mark.touch()
    return Place(module=softhsm.module_path(), env={"SOFTHSM2_CONF": str(folder / "softhsm2.conf")})


async def _furnish(token: softhsm.SoftHsm) -> None:
    now = datetime.now(UTC)
    authority = DemoAuthority(now=now)
    async with token.supervisor() as supervisor:
        slot = await softhsm.only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        for key_id, spec in ((RSA, KeySpec.RSA_2048), (EC, KeySpec.EC_P256)):
            spki = await supervisor.generate_key_pair(slot, spec, key_id, spec.value)
            made = x509.read(authority.issue(spki, PRACTICES[0].subject, not_before=now))
            await supervisor.store_certificate(
                slot,
                NewCertificate(
                    key_id=key_id,
                    label=spec.value,
                    der=made.der,
                    subject=made.subject_der,
                    issuer=made.issuer_der,
                    serial_number=made.serial_der,
                ),
            )
