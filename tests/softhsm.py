"""A throwaway SoftHSM token, for every room's tests.

The token lives in its own folder with its own configuration, which only a worker's environment names: the
test process itself never loads a module. Keys are made by the code under test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from drivers.catalogue import Profile, load_catalogue
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Binding, KeySpec, Limits, NewCertificate
from signer import x509
from signer.cli.demo.authority import DemoAuthority, Name

MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
PIN = "73915502"
SO_PIN = "60284417"
LABEL = "مطب آزمایشی"


@dataclass(frozen=True)
class SoftHsm:
    """One initialised token. `env` is what a worker needs to see it; PIN is `pin`."""

    folder: Path
    module: Path
    env: dict[str, str]
    label: str = LABEL
    pin: str = PIN

    def supervisor(self, *, binding: Binding = Binding.PYKCS11, limits: Limits | None = None) -> Supervisor:
        """A supervisor of a worker that sees this token; the caller closes it."""
        return Supervisor(self.module, binding=binding, limits=limits, env=self.env)


def module_path() -> Path:
    """Where SoftHSM's module is installed."""
    return next(path for path in MODULES if path.exists())


def create(folder: Path, label: str = LABEL) -> SoftHsm:
    """Initialise one token in `folder`."""
    (folder / "tokens").mkdir(parents=True)
    env = _configure(folder)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN],
        env={**os.environ, **env},
        check=True,
        capture_output=True,
    )
    return SoftHsm(folder=folder, module=module_path(), env=env, label=label)


def copy(token: SoftHsm, folder: Path) -> SoftHsm:
    """The same token once more, in `folder`, which is not there yet.

    For whoever runs beside others: SoftHSM rewrites a token's file at each login, and who reads it meanwhile
    sees no token.
    """
    shutil.copytree(token.folder / "tokens", folder / "tokens")
    return replace(token, folder=folder, env=_configure(folder))


def _configure(folder: Path) -> dict[str, str]:
    """Write the configuration; the environment that names it."""
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    return {"SOFTHSM2_CONF": str(configuration)}


async def only_slot(supervisor: Supervisor) -> int:
    """The slot of the one initialised token (SoftHSM always shows an empty one too)."""
    slots = [token.slot for token in await supervisor.tokens() if token.label]
    assert len(slots) == 1
    return slots[0]


async def make_keys(
    token: SoftHsm, keys: dict[bytes, KeySpec], *, always_authenticate: bool = False
) -> dict[bytes, bytes]:
    """Make a key pair for each CKA_ID; the SubjectPublicKeyInfo of each, DER."""
    async with token.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        return {
            key_id: await supervisor.generate_key_pair(
                slot, spec, key_id, f"key {spec.value}", always_authenticate=always_authenticate
            )
            for key_id, spec in keys.items()
        }


async def certify(
    token: SoftHsm,
    keys: dict[bytes, KeySpec],
    subject: Name,
    now: datetime,
    authority: DemoAuthority | None = None,
    *,
    always_authenticate: bool = False,
) -> bytes:
    """Make a key pair for each CKA_ID and store a certificate for it; the authority's own, DER."""
    authority = authority or DemoAuthority(now=now)
    spkis = await make_keys(token, keys, always_authenticate=always_authenticate)
    async with token.supervisor() as supervisor:
        slot = await only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        for key_id, spki in spkis.items():
            made = x509.read(authority.issue(spki, subject, not_before=now))
            await supervisor.store_certificate(
                slot,
                NewCertificate(
                    key_id=key_id,
                    label=keys[key_id].value,
                    der=made.der,
                    subject=made.subject_der,
                    issuer=made.issuer_der,
                    serial_number=made.serial_der,
                ),
            )
    return authority.certificate


def profile() -> Profile:
    """SoftHSM's own profile."""
    return next(p for p in load_catalogue() if p.family == "softhsm")


@pytest.fixture
def softhsm(tmp_path: Path) -> SoftHsm:
    """An empty token."""
    return create(tmp_path / "softhsm")


@pytest.fixture
async def supervisor(softhsm: SoftHsm) -> AsyncIterator[Supervisor]:
    """A supervisor of a worker that sees the empty token."""
    async with softhsm.supervisor() as running:
        yield running
