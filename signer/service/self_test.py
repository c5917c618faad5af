"""Signs random octets with each key of an open token, in each way of the key's kind, and verifies.

Nothing that is signed here means anything: 32 octets from the system's generator, hashed by the algorithm. A
key that wants its PIN for each signature is not tried, since one PIN was typed for one thing.
"""

from __future__ import annotations

import secrets

from msgspec import Struct

from drivers import mechanisms
from drivers.types import StoredKey, Token
from signer import x509
from signer.envelope.algorithms import PREFERENCE, SUITES
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import (
    MechanismUnsupported,
    MohrError,
    OperationUnsupported,
    SignatureNotVerified,
    SignatureWantsPin,
)
from signer.service.token_signers import TokenModule, meaning
from signer.verify.algorithms import made_by, signature

_OCTETS = 32


class Trial(Struct, frozen=True, kw_only=True):
    """One key and one algorithm (None: it did not come to any). `problem` is the stable code of why there is
    no signature that verifies, None where there is one.
    """

    key_id: bytes
    label: str
    algorithm: SignatureAlgorithm | None
    problem: str | None


async def trials(module: TokenModule, token: Token) -> tuple[Trial, ...]:
    """Try every key. The token is logged in, and stays so. Raises only where the keys cannot be listed."""
    with meaning(module.profile):
        keys = await module.supervisor.keys(token.slot)
        stored = await module.supervisor.certificates(token.slot)
    certified = {one.key_id: one.der for one in stored}
    tried: list[Trial] = []
    for key in keys:
        tried += await _key(module, token, key, certified.get(key.key_id))
    return tuple(tried)


async def _key(module: TokenModule, token: Token, key: StoredKey, der: bytes | None) -> list[Trial]:
    def told(problem: str | None, algorithm: SignatureAlgorithm | None = None) -> Trial:
        return Trial(key_id=key.key_id, label=key.label, algorithm=algorithm, problem=problem)

    try:
        # A certificate's key is what a signature is verified by, whatever else the token says.
        spki = x509.read(der).spki if der is not None else key.spki
        kind, bits = x509.describe(x509.public_key(spki or b""))
    except x509.CertificateUnreadable:
        return [told(OperationUnsupported.code)]
    usable = mechanisms.usable(token, bits)
    offered = mechanisms.offered(usable, module.profile.sign)
    wanted = [algorithm for algorithm in PREFERENCE[kind] if algorithm.value in offered]
    if not wanted:
        return [told(MechanismUnsupported.code)]
    found = []
    for algorithm in wanted:
        plan = mechanisms.plan(algorithm.value, usable, module.profile.sign)
        try:
            problem = await _sign(module, token, key.key_id, plan, spki or b"", algorithm)
        except MohrError as caught:
            problem = caught.code
        found.append(told(problem, algorithm))
        if problem == SignatureWantsPin.code:
            break
    return found


async def _sign(
    module: TokenModule,
    token: Token,
    key_id: bytes,
    plan: mechanisms.SigningPlan,
    spki: bytes,
    algorithm: SignatureAlgorithm,
) -> str | None:
    message = secrets.token_bytes(_OCTETS)
    with meaning(module.profile):
        answer = await module.supervisor.sign(token.slot, key_id, plan.mechanism, plan.data(message))
        value = plan.signature(answer)
    meant = signature(SUITES[algorithm].signature_algorithm)
    return None if made_by(spki, meant, value, message) else SignatureNotVerified.code
