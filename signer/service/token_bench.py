"""How fast an open token signs: signatures a second and the time of one, for each key in each way.

What is signed means nothing, as in `self_test`. A key that wants its PIN for each signature is measured only
where somebody says yes to that, with the PIN that was typed; its first failure ends the whole, so that no
second try of a wrong PIN is spent.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from drivers import mechanisms
from drivers.pin import Pin
from drivers.types import StoredKey, Token
from signer import x509
from signer.envelope.algorithms import PREFERENCE
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import MechanismUnsupported, MohrError, OperationUnsupported, SignatureWantsPin
from signer.service.token_signers import TokenModule, meaning

#: What one key in one way may take at most, whatever is asked for.
MOST_COUNT = 1000
MOST_SECONDS = 60.0
_OCTETS = 200


class Limits(Struct, frozen=True):
    """What one key in one way may take, whichever is reached first."""

    count: int = 50
    seconds: float = 5.0


class Measured(Struct, frozen=True, kw_only=True):
    """One key in one way (None: none was found). Times in milliseconds; `problem` is a stable code."""

    key: str
    kind: str
    algorithm: str | None
    count: int = 0
    per_second: float | None = None
    p50: float | None = None
    p95: float | None = None
    problem: str | None = None


#: Asked before a key is used that wants its PIN each time, with its CKA_ID in hexadecimal.
AskEach = Callable[[str], Awaitable[bool]]


async def measure(
    module: TokenModule, token: Token, pin: Pin | None, limits: Limits, ask: AskEach
) -> tuple[Measured, ...]:
    """Every key of a token that is logged in. Raises where the keys cannot be listed."""
    with meaning(module.profile):
        keys = await module.supervisor.keys(token.slot)
        stored = await module.supervisor.certificates(token.slot)
    certified = {one.key_id: one.der for one in stored}
    found: list[Measured] = []
    for key in keys:
        found += await _key(_Run(module, token, pin, limits), key, certified.get(key.key_id), ask)
    return tuple(found)


class _Run(Struct, frozen=True):
    module: TokenModule
    token: Token
    pin: Pin | None
    limits: Limits


async def _key(run: _Run, key: StoredKey, der: bytes | None, ask: AskEach) -> list[Measured]:
    name = key.key_id.hex()
    try:
        spki = x509.read(der).spki if der is not None else key.spki
        kind, bits = x509.describe(x509.public_key(spki or b""))
    except x509.CertificateUnreadable:
        return [Measured(key=name, kind="", algorithm=None, problem=OperationUnsupported.code)]
    told = f"{kind.value} {bits}"
    usable = mechanisms.usable(run.token, bits)
    offered = mechanisms.offered(usable, run.module.profile.sign)
    wanted = [algorithm for algorithm in PREFERENCE[kind] if algorithm.value in offered]
    if not wanted:
        return [Measured(key=name, kind=told, algorithm=None, problem=MechanismUnsupported.code)]
    with meaning(run.module.profile):
        each = (await run.module.supervisor.key_attributes(run.token.slot, key.key_id)).always_authenticate
    if each and not await ask(name):
        return [Measured(key=name, kind=told, algorithm=None, problem=SignatureWantsPin.code)]
    return [await _way(run, key.key_id, told, algorithm, usable, each=each) for algorithm in wanted]


async def _way(
    run: _Run,
    key_id: bytes,
    kind: str,
    algorithm: SignatureAlgorithm,
    usable: frozenset[int],
    *,
    each: bool,
) -> Measured:
    plan = mechanisms.plan(algorithm.value, usable, run.module.profile.sign)
    supervisor, slot = run.module.supervisor, run.token.slot
    name, took = key_id.hex(), list[float]()
    # At a PIN pad a person types it each time.
    count = 1 if each and run.pin is None else run.limits.count
    ends = asyncio.get_running_loop().time() + run.limits.seconds
    try:
        while len(took) < count and (not took or asyncio.get_running_loop().time() < ends):
            data = plan.data(secrets.token_bytes(_OCTETS))
            began = time.perf_counter()
            with meaning(run.module.profile):
                if each:
                    await supervisor.sign_authenticated(slot, key_id, plan.mechanism, data, run.pin)
                else:
                    await supervisor.sign(slot, key_id, plan.mechanism, data)
            took.append((time.perf_counter() - began) * 1000)
    except MohrError as problem:
        if each:
            raise
        return Measured(key=name, kind=kind, algorithm=algorithm.value, count=len(took), problem=problem.code)
    return summed(name, kind, algorithm.value, took)


def summed(key: str, kind: str, algorithm: str, took: list[float]) -> Measured:
    """Milliseconds of each signature, of which there is one at least, as a row."""
    ranked = sorted(took)
    return Measured(
        key=key,
        kind=kind,
        algorithm=algorithm,
        count=len(took),
        per_second=round(1000 * len(took) / max(sum(took), 1e-6), 1),
        p50=round(_at(ranked, 0.50), 2),
        p95=round(_at(ranked, 0.95), 2),
    )


def _at(ranked: list[float], part: float) -> float:
    """The nearest rank: a time that was measured, and not one between two."""
    return ranked[math.ceil(part * len(ranked)) - 1]
