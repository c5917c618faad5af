"""Asks one module what it shows without a PIN, through one binding, in a worker of its own that ends with it.

Raw answers and raw faults: what they mean is `token_judgement` and `module_probe`. Deadlines are shorter than
the agent's own, since somebody waits on the phone.
"""

from __future__ import annotations

import asyncio

from msgspec import Struct

from drivers import errors as faults
from drivers.supervisor import Supervisor
from drivers.types import Binding, Library, Limits, StoredCertificate, StoredKey, Token, TokenFlags
from signer.diagnostics.ground import Candidate


class SurveyedToken(Struct, frozen=True, kw_only=True):
    """A token and what is visible on it; `fault` is what broke its reading off."""

    token: Token
    certificates: tuple[StoredCertificate, ...] = ()
    public_keys: tuple[StoredKey, ...] = ()
    fault: Exception | None = None


class Survey(Struct, frozen=True, kw_only=True):
    """What a module showed, as far as it came. `fault` is what ended it: a `DriverFault` or an `OSError`."""

    library: Library | None = None
    tokens: tuple[SurveyedToken, ...] = ()
    fault: Exception | None = None


async def survey(module: Candidate, binding: Binding, patience: float, seconds: float) -> Survey:
    """Load, C_GetInfo, slots, tokens, certificates, public keys. Never raises for what a module does.

    One call gets `patience`, all of them together `seconds`.
    """
    limits = Limits(load=patience, read=patience)
    supervisor = Supervisor(module.path, binding=binding, limits=limits, env=module.env, agreed=module.agreed)
    library = None
    try:
        async with asyncio.timeout(seconds):
            library = await supervisor.library()
            tokens = [await _token(supervisor, token) for token in await supervisor.tokens()]
    except TimeoutError:
        return Survey(library=library, fault=faults.WorkerHung("several calls", seconds))
    except (faults.DriverFault, OSError) as fault:
        return Survey(library=library, fault=fault)
    finally:
        # Polite first: a module that hangs as it is finalised does not hold up the verdict.
        ending = asyncio.ensure_future(supervisor.close())
        await asyncio.wait({ending}, timeout=0.5)
        if not ending.done():
            ending.cancel()
            await asyncio.wait({ending})
    lost = next((t.fault for t in tokens if isinstance(t.fault, faults.WorkerDied | faults.WorkerHung)), None)
    return Survey(library=library, tokens=tuple(tokens), fault=lost)


async def _token(supervisor: Supervisor, token: Token) -> SurveyedToken:
    if TokenFlags.TOKEN_INITIALIZED not in token.token_flags:
        return SurveyedToken(token=token)
    try:
        certificates = await supervisor.certificates(token.slot)
        keys = await supervisor.public_keys(token.slot)
    except faults.DriverFault as fault:
        return SurveyedToken(token=token, fault=fault)
    return SurveyedToken(token=token, certificates=certificates, public_keys=keys)


def differences(one: Survey, other: Survey) -> tuple[str, ...]:
    """In what two surveys of one module differ: `slots`, `tokens`, `certificates`, `keys`, or nothing."""
    first, second = ({seen.token.slot: seen for seen in survey.tokens} for survey in (one, other))
    if first.keys() != second.keys():
        return ("slots",)
    pairs = [(first[slot], second[slot]) for slot in sorted(first)]
    found = {
        "tokens": any(_names(a.token) != _names(b.token) for a, b in pairs),
        "certificates": any(_contents(a.certificates) != _contents(b.certificates) for a, b in pairs),
        "keys": any(_publics(a.public_keys) != _publics(b.public_keys) for a, b in pairs),
    }
    return tuple(name for name, differs in found.items() if differs)


def _names(token: Token) -> tuple[object, ...]:
    return token.label, token.serial, token.manufacturer, token.model, token.flags, token.mechanisms


def _contents(certificates: tuple[StoredCertificate, ...]) -> list[tuple[bytes, bytes]]:
    return sorted((one.key_id, one.der) for one in certificates)


def _publics(keys: tuple[StoredKey, ...]) -> list[tuple[bytes, bytes]]:
    return sorted((one.key_id, one.spki or b"") for one in keys)
