"""What the Cryptoki contract suite runs over: one token of one module, found out before the first check.

The same survey looks at the throwaway SoftHSM token that the suite makes and at a stranger's token. It
writes nothing and tries no PIN unless it was told that it may.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from drivers import cryptoki as ck
from drivers import mechanisms
from drivers.errors import DriverFault, KeyAmbiguous, ModuleReturned, NoSuchKey, NoSuchMechanism
from drivers.mechanisms import Hashing, SigningPlan, SignPreferences
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import (
    Binding,
    KeySpec,
    Library,
    LoginOutcome,
    StoredCertificate,
    StoredKey,
    Token,
    TokenFlags,
)
from signer import x509
from signer.envelope.algorithms import PREFERENCE
from signer.model.credential import KeyKind, SignatureAlgorithm

WAYS = tuple((algorithm.value, hashing) for algorithm in SignatureAlgorithm for hashing in Hashing)

_GENERATION = {
    KeySpec.EC_P256: ck.CKM_EC_KEY_PAIR_GEN,
    KeySpec.EC_P384: ck.CKM_EC_KEY_PAIR_GEN,
    KeySpec.EC_P521: ck.CKM_EC_KEY_PAIR_GEN,
    KeySpec.RSA_2048: ck.CKM_RSA_PKCS_KEY_PAIR_GEN,
}
_KINDS = {
    KeySpec.EC_P256: KeyKind.EC_P256,
    KeySpec.EC_P384: KeyKind.EC_P384,
    KeySpec.EC_P521: KeyKind.EC_P521,
    KeySpec.RSA_2048: KeyKind.RSA,
}
_CKM = {value: name for name, value in vars(mechanisms).items() if name.startswith("CKM_")}


class Unusable(Exception):
    """The suite cannot be run over this token; the text says why and names nobody."""


class Need(Enum):
    """What a check needs beyond a token that shows itself."""

    OWN_TOKEN = "own-token"
    BOTH_BINDINGS = "both-bindings"
    LOGIN = "login"
    KEY = "key"
    RSA_KEY = "rsa-key"
    WRITE = "write"
    WRONG_PIN = "wrong-pin"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which token, and what may be done to it. `own`: the suite made it and knows what must be there."""

    module: Path
    label: str
    pin: Pin | None
    bindings: tuple[Binding, ...] = tuple(Binding)
    may_write: bool = False
    may_spend_a_try: bool = False
    own: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    def supervisor(self, binding: Binding) -> Supervisor:
        """A supervisor of a worker that sees the token; the caller closes it."""
        return Supervisor(self.module, binding=binding, env=self.env)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A private key that the checks may sign with, and its SubjectPublicKeyInfo, DER."""

    id: bytes
    kind: KeyKind
    spki: bytes
    made: bool


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The token as surveyed. `notes` are sentences on what was there and could not be used."""

    asked: Asked
    library: Library
    token: Token
    keys: tuple[Key, ...]
    made: tuple[KeySpec, ...]
    notes: tuple[str, ...]

    async def slot(self, supervisor: Supervisor) -> int:
        """The token's slot, which another worker may number anew."""
        return (await find(supervisor, self.asked.label)).slot

    async def login(self, supervisor: Supervisor, slot: int) -> LoginOutcome:
        """Log in once. A stranger's token that refuses its PIN ends the run: the next check would spend
        the next try.
        """
        try:
            return await supervisor.login(slot, self.asked.pin)
        except ModuleReturned as fault:
            if self.asked.own:
                raise
            pytest.exit(f"{fault} for the PIN that was right before: the run ends here", returncode=1)

    def wrong_pin(self) -> Pin:
        """The PIN with another last character: of a length and kind that the token takes."""
        assert self.asked.pin is not None
        right = self.asked.pin.reveal().decode()
        return Pin(right[:-1] + ("1" if right[-1] == "0" else "0"))

    def plan(self, algorithm: str, *hashing: Hashing) -> SigningPlan:
        """How the token makes the signature, hashed in one of these ways. Raises `NoSuchMechanism`."""
        preferences = SignPreferences(hashing=hashing or tuple(Hashing))
        return mechanisms.plan(algorithm, self.token.mechanisms, preferences)

    def signing(self) -> tuple[Key, SigningPlan]:
        """A key with a way to sign, of a curve where there is one: those are fast."""
        return self._signing()[0]

    def keys_for(self, algorithm: str) -> tuple[Key, ...]:
        """The keys that Mohr would sign with by this algorithm."""
        return tuple(key for key in self.keys if SignatureAlgorithm(algorithm) in PREFERENCE[key.kind])

    def lacks(self, need: Need) -> str | None:
        """Why a check with this need is left out, or None where nothing is in its way."""
        asked = self.asked
        match need:
            case Need.OWN_TOKEN if not asked.own:
                return "it is about the token that the suite makes for itself"
            case Need.BOTH_BINDINGS if len(asked.bindings) < len(Binding):
                return "it compares both bindings, and --binding names one"
            case Need.LOGIN if asked.pin is None:
                return "it needs a login, and no PIN was given"
            case Need.KEY if not self._signing():
                return "no private key that the module's mechanisms can sign with was found or made"
            case Need.RSA_KEY if self.cannot_sign("rsa-pkcs1-sha256", *Hashing) is not None:
                return "no RSA key that the module's mechanisms can sign with was found or made"
            case Need.WRITE if not asked.may_write:
                return "it writes to the token, and --may-write was not given"
            case Need.WRITE if not self.made:
                return "no key pair could be made on the token"
            case Need.WRONG_PIN if not asked.may_spend_a_try:
                return "it gives a wrong PIN, and --may-spend-a-try was not given"
            case Need.WRONG_PIN if TokenFlags.USER_PIN_COUNT_LOW in self.token.token_flags:
                return "it gives a wrong PIN, and the token says that one was given to it before"
            case _:
                return None

    def cannot_sign(self, algorithm: str, *hashing: Hashing) -> str | None:
        """Why this way of signing is left out, or None where there are a mechanism and a key for it."""
        try:
            self.plan(algorithm, *hashing)
        except NoSuchMechanism:
            wanted = mechanisms.plan(algorithm, _CKM, SignPreferences(hashing=hashing))
            return f"no {_CKM[wanted.mechanism.type]} in the module's list"
        return None if self.keys_for(algorithm) else "no key for it was found or made"

    def _signing(self) -> list[tuple[Key, SigningPlan]]:
        offered = mechanisms.offered(self.token.mechanisms, SignPreferences())
        return [
            (key, self.plan(algorithm.value))
            for key in sorted(self.keys, key=lambda key: key.kind is KeyKind.RSA)
            for algorithm in PREFERENCE[key.kind]
            if algorithm.value in offered
        ]


async def find(supervisor: Supervisor, label: str) -> Token:
    """The one token with this label. Raises `Unusable`, which does not say what others are called."""
    tokens = await supervisor.tokens()
    named = [token for token in tokens if token.label == label]
    if len(named) == 1:
        return named[0]
    if not tokens:
        raise Unusable("no such token: the module shows no token at all")
    if not named:
        raise Unusable(f"no such token: none of the {len(tokens)} that the module shows has this label")
    raise Unusable(f"{len(named)} tokens have this label: leave one connected")


async def survey(asked: Asked) -> Subject:
    """Look at the token, log in once where there is a PIN, find the keys, make some where that is allowed.

    Raises `Unusable`.
    """
    try:
        async with asked.supervisor(asked.bindings[0]) as supervisor:
            return await _survey(asked, supervisor)
    except DriverFault as fault:
        raise Unusable(str(fault)) from fault


async def _survey(asked: Asked, supervisor: Supervisor) -> Subject:
    library = await supervisor.library()
    token = await find(supervisor, asked.label)
    keys: list[Key] = []
    made: list[KeySpec] = []
    notes: list[str] = []
    if asked.pin is not None:
        if token.token_flags & (TokenFlags.USER_PIN_FINAL_TRY | TokenFlags.USER_PIN_LOCKED):
            raise Unusable(
                "the token says that its PIN is locked or has one try left: no PIN was given to it"
            )
        try:
            await supervisor.login(token.slot, asked.pin)
        except ModuleReturned as fault:
            raise Unusable(f"the PIN was refused, and not given again: {fault}") from fault
        # A count of tries that was low is made good by a login.
        token = await find(supervisor, asked.label)
        keys, notes = await _found(supervisor, token.slot)
        if asked.may_write:
            more, made, refused = await _made(supervisor, token)
            keys, notes = keys + more, notes + refused
    return Subject(
        asked=asked, library=library, token=token, keys=tuple(keys), made=tuple(made), notes=tuple(notes)
    )


async def _found(supervisor: Supervisor, slot: int) -> tuple[list[Key], list[str]]:
    keys: dict[bytes, Key] = {}
    notes = []
    for number, certificate in enumerate(await supervisor.certificates(slot), start=1):
        try:
            keys[certificate.key_id] = await _key_of(supervisor, slot, certificate)
        except (NoSuchKey, KeyAmbiguous, x509.CertificateUnreadable, _NotForSigning) as reason:
            notes.append(f"the key of certificate {number} is not used: {reason}")
    seen = {certificate.key_id for certificate in await supervisor.certificates(slot)}
    for number, stored in enumerate(await supervisor.keys(slot), start=1):
        if stored.key_id in seen:
            continue
        try:
            keys[stored.key_id] = await _key_alone(supervisor, slot, stored)
        except (NoSuchKey, KeyAmbiguous, x509.KeyUnsupported, _NotForSigning) as reason:
            notes.append(f"key {number}, which has no certificate, is not used: {reason}")
    return list(keys.values()), notes


class _NotForSigning(Exception):
    """What the key says of itself speaks against signing with it here."""


async def _key_of(supervisor: Supervisor, slot: int, stored: StoredCertificate) -> Key:
    certificate = x509.read(stored.der)
    await _may_sign(supervisor, slot, stored.key_id)
    return Key(id=stored.key_id, kind=certificate.key_kind, spki=certificate.spki, made=False)


async def _key_alone(supervisor: Supervisor, slot: int, stored: StoredKey) -> Key:
    if stored.spki is None:
        raise _NotForSigning("its public half cannot be read")
    kind, _ = x509.describe(x509.public_key(stored.spki))
    await _may_sign(supervisor, slot, stored.key_id)
    return Key(id=stored.key_id, kind=kind, spki=stored.spki, made=False)


async def _may_sign(supervisor: Supervisor, slot: int, key_id: bytes) -> None:
    attributes = await supervisor.key_attributes(slot, key_id)
    if attributes.always_authenticate:
        raise _NotForSigning("it wants a login for each signature")
    if attributes.sign is False:
        raise _NotForSigning("CKA_SIGN is false")


async def _made(supervisor: Supervisor, token: Token) -> tuple[list[Key], list[KeySpec], list[str]]:
    keys, specs, notes = [], [], []
    for spec, mechanism in _GENERATION.items():
        if mechanism not in token.mechanisms:
            continue
        key_id = secrets.token_bytes(8)
        try:
            spki = await supervisor.generate_key_pair(token.slot, spec, key_id, "contract suite")
        except ModuleReturned as fault:
            notes.append(f"no {spec.value} key pair was made: {fault}")
            continue
        keys.append(Key(id=key_id, kind=_KINDS[spec], spki=spki, made=True))
        specs.append(spec)
    return keys, specs, notes
