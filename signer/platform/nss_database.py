"""Our authorities in one NSS database, the kind of store that Chromium and Firefox keep on Linux.

NSS is asked in a process of its own, started for one question (`nss_worker`): an old library, a damaged
database or a vendor's module in its list cannot reach the agent. Mozilla's `certutil` is not needed. What is
put in which store, and when, is `trust_stores`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from signer.model.errors import MohrError, TrustStoreFailed, TrustStoreLocked, TrustStoreWantsPassword
from signer.platform import nss_worker

#: For one question; the end of the agent may have to wait for it.
_SECONDS = 15.0
_BOOT = (
    "import runpy, sys\n"
    "if sys.argv[1] not in sys.path: sys.path.insert(0, sys.argv[1])\n"
    "runpy.run_module('signer.platform.nss_worker', run_name='__main__')"
)
_CONDITIONS: dict[str, type[MohrError]] = {
    nss_worker.LOCKED: TrustStoreLocked,
    nss_worker.PASSWORD: TrustStoreWantsPassword,
}


class Kept(Struct, frozen=True):
    """An authority of ours in a database, DER; `trusted` for servers, or only lying there."""

    der: bytes
    trusted: bool


def command() -> tuple[str, ...]:
    """This interpreter, isolated: no current directory, no PYTHON* variable, no user site.

    A packaged agent has no interpreter to start: the program lies beside it, isolated from the outset.
    """
    if getattr(sys, "frozen", False):
        return (str(Path(sys.executable).with_name("mohr-nss").with_suffix(Path(sys.executable).suffix)),)
    return (sys.executable, "-I", "-c", _BOOT, str(Path(__file__).resolve().parents[2]))


def kept(folder: Path, name: str) -> tuple[Kept, ...]:
    """Those whose common name begins with `name`; nothing is written.

    Raises `TrustStoreFailed`, `TrustStoreLocked`.
    """
    return _ask(folder, {"name": name})[0]


def others(folder: Path, name: str) -> int:
    """How many certificates of others' are in it. Raises as `kept`."""
    return _ask(folder, {"name": name})[1]


def put_in(folder: Path, name: str, der: bytes, nickname: str) -> None:
    """Trust this authority for servers, and take earlier ones of ours out; the database is made if missing.

    Raises `TrustStoreFailed`, `TrustStoreLocked`, `TrustStoreWantsPassword`; no folder is left then that was
    made for nothing.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _ask(folder, {"name": name, "add": {"der": base64.b64encode(der).decode(), "nickname": nickname}})
    except MohrError:
        with suppress(OSError):
            for place in made:
                place.rmdir()
        raise


def take_out(folder: Path, name: str) -> bool:
    """Take ours out; False where there was none. Raises as `kept`."""
    return bool(_ask(folder, {"name": name, "remove": True})[0])


def _ask(folder: Path, question: dict[str, object]) -> tuple[tuple[Kept, ...], int]:
    try:
        done = subprocess.run(  # noqa: S603 - the command is our own
            command(),
            input=json.dumps({"folder": str(folder), **question}).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={"HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise TrustStoreFailed(f"NSS: {type(fault).__name__}") from fault
    try:
        answer = json.loads(done.stdout)
    except ValueError as fault:
        raise TrustStoreFailed(f"NSS: the process ended with {done.returncode}") from fault
    if "failed" in answer:
        condition = _CONDITIONS.get(answer["failed"], TrustStoreFailed)
        raise condition(f"NSS: {answer['failed']} {answer['error']}".rstrip())
    kept_there = (Kept(base64.b64decode(one["der"]), one["trusted"]) for one in answer["kept"])
    return tuple(kept_there), answer["others"]
