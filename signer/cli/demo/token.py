"""The demo token: a SoftHSM token in a folder of its own, with keys made on it and certificates stored.

The user's SoftHSM configuration is never read or changed: the module gets a configuration file of the
demo's through its worker's environment. The PIN is printed on the demo's screen; it guards nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import KeySpec, NewCertificate
from signer import x509
from signer.cli.demo.authority import FILE_NAME, LIFETIME, DemoAuthority
from signer.cli.demo.people import PRACTICES

LABEL = "Mohr demo"
PIN = "2468"
_SO_PIN = "87654321"
_LAYOUT = 2
_RENEW_BEFORE = timedelta(days=30)


class DemoCannotRun(Exception):
    """Something the demo needs is not there; the message says what to do."""


class DemoToken(Struct, frozen=True, kw_only=True):
    """Where the token is and how its module is told of it. `anchors` is the demo CA, PEM."""

    module: Path
    env: dict[str, str]
    anchors: Path


class _Made(Struct, frozen=True, kw_only=True):
    """What `made.json` says: the layout's version and when the certificates end."""

    layout: int
    until: datetime


async def demo_token(folder: Path, module: Path) -> DemoToken:
    """The token in `folder`, made anew when it is not there, is of another layout or ends soon.

    Takes two seconds the first time, nothing afterwards. Raises `DemoCannotRun`.
    """
    token = DemoToken(
        module=module,
        env={"SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        anchors=folder / FILE_NAME,
    )
    if not _is_usable(folder):
        await asyncio.to_thread(_initialise, folder, token)
        await _furnish(folder, token)
    return token


def _is_usable(folder: Path) -> bool:
    try:
        made = msgspec.json.decode((folder / "made.json").read_bytes(), type=_Made)
    except (OSError, msgspec.MsgspecError):
        return False
    return made.layout == _LAYOUT and made.until - datetime.now(UTC) > _RENEW_BEFORE


def _initialise(folder: Path, token: DemoToken) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tokens").mkdir(parents=True, mode=0o700)
    Path(token.env["SOFTHSM2_CONF"]).write_text(
        f"directories.tokendir = {folder / 'tokens'}\n"
        "objectstore.backend = file\n"
        "log.level = ERROR\n"
        "slots.removable = false\n"
    )
    tool = shutil.which("softhsm2-util")
    if tool is None:
        raise DemoCannotRun("softhsm2-util is missing: apt-get install softhsm2")
    command = [tool, "--init-token", "--free", "--label", LABEL, "--so-pin", _SO_PIN, "--pin", PIN]
    done = subprocess.run(  # noqa: S603  # the tool just found, with the demo's own constants
        command, env={**os.environ, **token.env}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DemoCannotRun(f"softhsm2-util could not make the token: {done.stderr.strip()}")


async def _furnish(folder: Path, token: DemoToken) -> None:
    """Make a key for each practice on the token and store the certificate that the demo CA gives it."""
    now = datetime.now(UTC)
    authority = DemoAuthority(now=now)
    async with Supervisor(token.module, env=token.env) as supervisor:
        slot = next(t.slot for t in await supervisor.tokens() if t.label == LABEL)
        await supervisor.login(slot, Pin(PIN))
        for number, practice in enumerate(PRACTICES, 1):
            key_id = bytes([number])
            spki = await supervisor.generate_key_pair(slot, KeySpec.RSA_2048, key_id, practice.centre)
            certificate = x509.read(authority.issue(spki, practice.subject, not_before=now))
            await supervisor.store_certificate(
                slot,
                NewCertificate(
                    key_id=key_id,
                    label=practice.centre,
                    der=certificate.der,
                    subject=certificate.subject_der,
                    issuer=certificate.issuer_der,
                    serial_number=certificate.serial_der,
                ),
            )
    authority.write(folder)
    made = _Made(layout=_LAYOUT, until=now + LIFETIME)
    (folder / "made.json").write_bytes(msgspec.json.encode(made))
