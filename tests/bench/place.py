"""Where the benchmark happens: a SoftHSM token with an RSA-2048 and a P-256 key, each with a certificate.

Made once under a folder and used again, so that a second run starts at once.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from drivers.catalogue import load_catalogue
from drivers.types import KeySpec
from signer.cli.demo.people import PRACTICES
from signer.cli.loadable import ModuleChoice
from tests import softhsm
from tests.card.fixtures import MODULE

RSA, EC = b"\x01", b"\x02"
_LIFETIME = timedelta(days=300)


class Place(Struct, frozen=True, kw_only=True):
    """The token, and the module that a worker or this process loads for it."""

    module: Path
    env: dict[str, str]

    def choice(self) -> ModuleChoice:
        """As the agent's composition takes it."""
        return ModuleChoice(path=self.module, profile=softhsm.profile(), env=self.env)


def opensc() -> ModuleChoice:
    """OpenSC, as the agent's composition takes it."""
    return ModuleChoice(path=MODULE, profile=next(p for p in load_catalogue() if p.family == "opensc"))


def make_place(base: Path) -> Place:
    """The place under `base`, made anew when it is not there or its certificates end soon."""
    folder, mark = base / "token", base / "made"
    if not mark.exists() or datetime.now(UTC).timestamp() - mark.stat().st_mtime > _LIFETIME.total_seconds():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(parents=True)
        keys = {RSA: KeySpec.RSA_2048, EC: KeySpec.EC_P256}
        token = softhsm.create(folder)
        asyncio.run(softhsm.certify(token, keys, PRACTICES[0].subject, datetime.now(UTC)))
        mark.touch()
    return Place(module=softhsm.module_path(), env={"SOFTHSM2_CONF": str(folder / "softhsm2.conf")})
