"""The virtual token: the `Signers` port over keys in memory, with the faults of a scenario.

It knows one PIN, which is printed on the simulator's screen. No PKCS#11 module, reader or worker stands
behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from msgspec import structs

from drivers.pin import Pin
from signer import x509
from signer.cli.simulate.authority import Held, Key
from signer.cli.simulate.scenarios import Stage, TokenFault
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Credential,
    KeyKind,
    SignatureAlgorithm,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import (
    CredentialAbsent,
    ModuleHung,
    NotLoggedIn,
    PinLocked,
    PinWrong,
    SignatureWantsPin,
    TokenAbsent,
    TokenRemoved,
)
from signer.model.presence import Presence, SeenToken
from signer.service.credentials import credential_of
from signer.service.ports import Clock

PIN = "1234"
LABEL = "Mohr simulator"
_PLACES = tuple(
    TokenRef(
        module="simulator", slot=slot, serial=f"SIMULATOR-{slot + 1}", label=LABEL, reader=f"simulator {slot}"
    )
    for slot in range(2)
)


class VirtualToken:
    """Implements `Signers`. `here` is whether it is plugged in; what goes wrong stands on the stage."""

    def __init__(self, held: tuple[Held, ...], stage: Stage, clock: Clock) -> None:
        self._stage = stage
        self._held: list[tuple[Credential, Key, bool]] = []
        for index, one in enumerate(held):
            certificate = x509.read(one.certificate)
            credential = credential_of(certificate, bytes([index + 1]), _PLACES[0], clock.now())
            self._held.append((credential, one.key, one.expired))
        self._listeners: list[Callable[[Presence], None]] = []
        self._here = asyncio.Event()
        self._gone = asyncio.Event()
        self._stays = 0
        self._returning: asyncio.TimerHandle | None = None
        self._was_away = False
        self._put(here=True)

    @property
    def here(self) -> bool:
        """Is it plugged in?"""
        return self._here.is_set()

    @property
    def fault(self) -> TokenFault:
        """What is wrong with it now."""
        return self._stage.scenario.token

    def new_scenario(self) -> None:
        """Plug it in or pull it out, as the scenario begins."""
        self._put(here=self.fault is not TokenFault.ABSENT)

    def pull(self, *, back_after: float) -> None:
        """Pull it out, and put it back after so many seconds, or with the next scenario."""
        self._stage.tell("token-pulled-out")
        self._put(here=False)
        self._returning = asyncio.get_running_loop().call_later(back_after, self._come_back)

    def close(self) -> None:
        """Put nothing back any more."""
        if self._returning is not None:
            self._returning.cancel()

    def _come_back(self) -> None:
        self._stage.tell("token-back")
        self._put(here=True)

    def _put(self, *, here: bool) -> None:
        self.close()
        self._returning = None
        self._stays += here and not self._here.is_set()
        for event, state in ((self._here, here), (self._gone, not here)):
            if state:
                event.set()
            else:
                event.clear()
        for tell in self._listeners:
            tell(self.presence)

    def _shown(self) -> list[tuple[Credential, Key, bool]]:
        return [one for one in self._held if one[2] is (self.fault is TokenFault.EXPIRED)]

    def _on_their_tokens(self) -> tuple[Credential, ...]:
        """What is shown; where there is a second token, the certificates of a curve are on that one."""
        second = self.fault is TokenFault.SECOND
        return tuple(
            structs.replace(one, token=_PLACES[second and one.key_kind is not KeyKind.RSA])
            for one, _, _ in self._shown()
        )

    async def credentials(self) -> tuple[Credential, ...]:
        """See `Signers.credentials`."""
        return self._on_their_tokens() if self.here else ()

    async def authorisation(self, credential: Credential) -> Authorisation:
        """See `Signers.authorisation`."""
        self._key(credential)
        if not self.here:
            raise TokenAbsent
        return self.wanted()

    def wanted(self) -> Authorisation:
        """A PIN, where it is typed, and what its flags would say of the tries left."""
        kind = AuthorisationKind.PIN_PAD if self.fault is TokenFault.PIN_PAD else AuthorisationKind.PIN
        tries = TriesLeft.LOCKED if self.fault is TokenFault.LOCKED else TriesLeft.UNKNOWN
        each = self.fault is TokenFault.PIN_EACH
        return Authorisation(kind=kind, tries=tries, pin_min=4, pin_max=8, each=each)

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        """See `Signers.algorithms`."""
        self._key(credential)
        if credential.key_kind is KeyKind.RSA:
            return (SignatureAlgorithm.RSA_PKCS1_SHA256,)
        return (SignatureAlgorithm.ECDSA_SHA256,)

    async def log_in(self, credential: Credential, pin: Pin | None) -> VirtualSession:
        """See `Signers.log_in`."""
        key = self._key(credential)
        if not self.here:
            raise TokenAbsent
        if self.fault is TokenFault.AWAY and not self._was_away:
            self._was_away = True
            self.pull(back_after=self._stage.pace.away)
            raise TokenRemoved
        if self.fault is TokenFault.PIN_PAD:
            self._stage.tell("pin-asked-at-reader")
            await asyncio.sleep(self._stage.pace.reading)
        else:
            self.check(pin)
        self._was_away = False
        return VirtualSession(self, self._stage, key)

    def check(self, pin: Pin | None) -> None:
        """Raise `PinWrong` or `PinLocked` where this PIN does not open it."""
        if self.fault is TokenFault.LOCKED:
            raise PinLocked
        if pin is None or pin.reveal() != PIN.encode():
            self._stage.tell("pin-wrong")
            raise PinWrong

    @property
    def presence(self) -> Presence:
        """See `Signers.presence`."""
        if not self.here:
            return Presence(problem=TokenAbsent.code)
        shown = self._on_their_tokens()
        tokens = tuple(
            SeenToken(
                label=LABEL,
                serial=place.serial,
                reader=place.reader,
                family="Mohr simulator",
                credentials=tuple(one.id for one in shown if one.token == place),
            )
            for place in _PLACES
        )
        return Presence(tokens=tuple(token for token in tokens if token.credentials))

    def on_change(self, tell: Callable[[Presence], None]) -> None:
        """See `Signers.on_change`."""
        self._listeners.append(tell)
        tell(self.presence)

    def attention(self) -> AbstractContextManager[None]:
        """See `Signers.attention`: it tells of itself."""
        return nullcontext()

    def absence(self) -> str:
        """See `Signers.absence`."""
        return TokenAbsent.code

    def stay(self, token: TokenRef) -> int:
        """See `Signers.stay`."""
        return self._stays

    async def gone(self, credential: Credential) -> None:
        """See `Signers.gone`."""
        await self._gone.wait()

    async def returned(self, credential: Credential) -> Credential:
        """See `Signers.returned`."""
        await self._here.wait()
        return credential

    def _key(self, credential: Credential) -> Key:
        for known, key, _ in self._held:
            if known.id == credential.id:
                return key
        raise CredentialAbsent


class VirtualSession:
    """Implements `SigningSession`."""

    def __init__(self, token: VirtualToken, stage: Stage, key: Key) -> None:
        self._token = token
        self._stage = stage
        self._key: Key | None = key

    @property
    def proved(self) -> bool:
        """See `SigningSession.proved`: the simulator keeps nothing open."""
        return False

    def with_key(self, credential: Credential) -> VirtualSession:
        """See `SigningSession.with_key`."""
        return self

    async def lost(self) -> None:
        """See `SigningSession.lost`: it has no worker that could go."""
        await asyncio.Event().wait()

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`."""
        if self._key is None:
            raise NotLoggedIn
        if self._token.fault is TokenFault.PIN_EACH:
            raise SignatureWantsPin
        return await self._made(message)

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        """See `SigningSession.sign_with_pin`."""
        if self._key is None:
            raise NotLoggedIn
        self._token.check(pin)
        return await self._made(message)

    async def pin_wanted(self) -> Authorisation:
        """See `SigningSession.pin_wanted`."""
        return self._token.wanted()

    async def close(self) -> None:
        """See `SigningSession.close`."""
        self._key = None

    async def _made(self, message: bytes) -> bytes:
        pace = self._stage.pace
        if self._token.fault is TokenFault.HUNG:
            await asyncio.sleep(pace.hang)
            raise ModuleHung("the simulator's token hangs")
        if self._token.fault is TokenFault.REMOVED and self._token.here:
            self._token.pull(back_after=3 * pace.away)
        await asyncio.sleep(pace.slow_signature if self._token.fault is TokenFault.SLOW else 0)
        if not self._token.here:
            raise TokenRemoved
        if self._key is None:
            raise NotLoggedIn
        return _signed(self._key, message)


def _signed(key: Key, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))
