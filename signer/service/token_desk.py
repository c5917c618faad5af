"""What a holder does to a token beside signing: PINs, initialisation, keys, requests, certificates.

The port for the command line, the window and the endpoint. Each PIN given here is sent once, counted by
`pin_guard` and forgotten, whatever happens. Nothing is deleted but by `initialise`, which deletes everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress

from msgspec import Struct, structs

from drivers import mechanisms
from drivers.catalogue import Unblocking
from drivers.errors import DriverFault
from drivers.types import KeySpec, PinChange, Token, TokenFlags
from signer import x509
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import (
    Authorisation,
    PinRole,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import (
    LastTryUnconfirmed,
    OfficerPinLocked,
    OperationUnsupported,
    PinLocked,
    PinWrong,
    TokenAbsent,
    TokenAmbiguous,
)
from signer.service.consent import Pin
from signer.service.key_requests import KeyRequest, KeyRequests
from signer.service.open_token import KeyOnToken, OpenToken
from signer.service.pin_guard import PinGuard
from signer.service.ports import Clock, TokenPlace
from signer.service.token_bench import AskEach, Limits, Measured, measure
from signer.service.token_signers import TokenModule, authorisation_of, meaning, tries_left


class ManagedToken(Struct, frozen=True, kw_only=True):
    """A token that something may be done to. `user` and `officer` say what each of its PINs wants.

    `keys` are those that a request can have made on it, as far as its module tells.
    """

    ref: TokenRef
    family: str
    initialised: bool
    pin_set: bool
    unblocking: Unblocking
    user: Authorisation
    officer: Authorisation
    keys: tuple[KeyType, ...] = ()

    @property
    def can_request(self) -> bool:
        """Can a key be made on it, and a request for its certificate?"""
        return self.initialised and self.pin_set and bool(self.keys)


class Secret(Struct, frozen=True, kw_only=True):
    """A PIN typed for one thing; None where the reader or the module asks for it.

    `last_try_accepted` is the explicit yes that spending the last try needs.
    """

    pin: Pin | None
    last_try_accepted: bool = False


class TokenDesk:
    """One for the agent, or for a command. `turn` is held while a token is worked on: signing waits.

    `changed` is told when what a token holds is no longer what was read of it. `close_open` logs out what
    stands open: a token that is logged in would not look at the PIN that is given here. With a `place` a
    token that is pulled out at work is told as such, whatever its module says of it.
    """

    def __init__(
        self,
        modules: tuple[TokenModule, ...],
        *,
        clock: Clock,
        guard: PinGuard,
        requests: KeyRequests,
        turn: asyncio.Lock,
        changed: Callable[[], None] = lambda: None,
        close_open: Callable[[], Awaitable[None]] | None = None,
        place: Callable[[TokenRef], TokenPlace] | None = None,
    ) -> None:
        self._modules = modules
        self._clock = clock
        self._guard = guard
        self._requests = requests
        self._turn = turn
        self._changed = changed
        self._close_open = close_open
        self._place = place

    async def tokens(self) -> tuple[ManagedToken, ...]:
        """Every token in a slot, blank ones too, read now. A module that fails shows none."""
        return tuple([_managed(module, token) for module, token in await self._look()])

    async def only_token(self, serial: str | None = None) -> ManagedToken:
        """The token with this serial number, or the only one. Raises `TokenAbsent`, `TokenAmbiguous`.

        Blank tokens count only where they are named.
        """
        tokens = await self.tokens()
        meant = [t for t in tokens if (t.ref.serial == serial if serial is not None else t.initialised)]
        if not meant:
            raise TokenAbsent
        if len(meant) > 1:
            raise TokenAmbiguous(f"{len(meant)} tokens")
        return meant[0]

    async def find(self, ref: TokenRef) -> ManagedToken | None:
        """The token with this serial number as it is now, in whatever slot, through the same module first."""
        there = [token for token in await self.tokens() if token.ref.serial == ref.serial]
        return next((t for t in there if t.ref.module == ref.module), there[0] if there else None)

    async def change_pin(self, token: ManagedToken, old: Secret, new: Pin | None) -> None:
        """Who knows the PIN gives it a new value."""
        await self._set_pin(token, PinChange.BY_USER, old, new, token.user)

    async def unblock(self, token: ManagedToken, secret: Secret, new: Pin | None) -> None:
        """The officer's PIN, or the PUK where the family has one, gives the user a new PIN.

        Where no user PIN was ever set this initialises it. Raises `OperationUnsupported`.
        """
        if token.unblocking is Unblocking.NONE:
            _forget(secret.pin, new)
            raise OperationUnsupported("the family's profile says so")
        by = PinChange.BY_PUK if token.unblocking is Unblocking.PUK else PinChange.BY_OFFICER
        await self._set_pin(token, by, secret, new, token.officer)

    async def initialise(self, token: ManagedToken, so_pin: Secret, label: str) -> None:
        """Empty the token and name it. Keys, certificates and the user PIN are gone for good.

        The label has at most 32 octets of UTF-8 (`ValueError`); it cannot be changed in any other way.
        """
        async with self._trying(token, so_pin, token.officer) as module:
            await module.supervisor.init_token(token.ref.slot, so_pin.pin, label)

    async def keys(self, token: ManagedToken, pin: Secret) -> tuple[KeyOnToken, ...]:
        """The private keys on the token."""
        async with self.open(token, pin) as opened:
            return await opened.keys()

    async def make_key(
        self, token: ManagedToken, pin: Secret, spec: KeySpec, label: str, *, each: bool = False
    ) -> KeyOnToken:
        """Make a key pair that never leaves the token; `each` wants a PIN for each of its signatures."""
        async with self.open(token, pin) as opened:
            return await opened.make_key(spec, label, each=each)

    async def request(
        self,
        token: ManagedToken,
        pin: Secret,
        applicant: Applicant,
        spec: KeySpec,
    ) -> KeyRequest:
        """Make a key and a request for it: see `OpenToken.request`. Raises `ApplicantInvalid` before anything
        is sent to the token.
        """
        try:
            applicant.check()
        except BaseException:
            _forget(pin.pin)
            raise
        async with self.open(token, pin) as opened:
            return await opened.request(applicant, spec)

    async def store_certificate(
        self, token: ManagedToken, pin: Secret, certificate: bytes
    ) -> x509.Certificate:
        """Write an issued certificate beside its key, found by its public key: see `OpenToken.store`.

        Raises `x509.CertificateUnreadable` too.
        """
        try:
            read = x509.read(certificate)
        except BaseException:
            _forget(pin.pin)
            raise
        async with self.open(token, pin) as opened:
            await opened.store(read)
        return read

    def requests(self) -> tuple[KeyRequest, ...]:
        """The requests in progress."""
        return self._requests.all()

    def forget_request(self, request_id: str) -> None:
        """Throw a request away; its key stays on the token. Raises `RequestUnknown`."""
        self._requests.forget(request_id)

    @asynccontextmanager
    async def open(self, token: ManagedToken, pin: Secret) -> AsyncIterator[OpenToken]:
        """The token logged in, and logged out at the end. The PIN is sent once and forgotten at once.

        Raises `PinWrong` and the other PIN conditions before anything is done.
        """
        async with self._trying(token, pin, token.user) as module:
            await module.supervisor.login(token.ref.slot, pin.pin)
            _forget(pin.pin)
            try:
                yield OpenToken(module, token.ref, self._requests, self._clock, self._changed)
            finally:
                with suppress(DriverFault):
                    await module.supervisor.logout(token.ref.slot)

    async def bench(
        self, token: ManagedToken, pin: Secret, limits: Limits, ask: AskEach
    ) -> tuple[Measured, ...]:
        """How fast the token signs: see `token_bench`. The PIN is sent once, and for each signature of a key
        that wants it so and for which `ask` said yes; it is forgotten at the end.
        """
        async with self._trying(token, pin, token.user) as module:
            await module.supervisor.login(token.ref.slot, pin.pin)
            try:
                return await measure(module, await self._read(module, token), pin.pin, limits, ask)
            finally:
                with suppress(DriverFault):
                    await module.supervisor.logout(token.ref.slot)

    # Inside.

    async def _look(self) -> list[tuple[TokenModule, Token]]:
        found = []
        for module in self._modules:
            try:
                tokens = await module.supervisor.tokens()
            except (DriverFault, OSError):
                continue
            found += [(module, token) for token in tokens]
        return found

    async def _read(self, module: TokenModule, token: ManagedToken) -> Token:
        for there in await module.supervisor.tokens():
            if (there.slot, there.serial) == (token.ref.slot, token.ref.serial):
                return there
        raise TokenAbsent

    async def _set_pin(
        self,
        token: ManagedToken,
        by: PinChange,
        secret: Secret,
        new: Pin | None,
        wants: Authorisation,
    ) -> None:
        try:
            async with self._trying(token, secret, wants) as module:
                await module.supervisor.set_pin(token.ref.slot, by, secret.pin, new)
            if by is not PinChange.BY_USER:
                self._guard.right(token.ref)
        finally:
            _forget(new)

    @asynccontextmanager
    async def _trying(
        self, token: ManagedToken, secret: Secret, wants: Authorisation
    ) -> AsyncIterator[TokenModule]:
        """Around the one thing that a PIN is given for: guarded before, counted after, forgotten at last."""
        ref, role = token.ref, wants.role
        try:
            async with self._turn:
                if self._close_open is not None:
                    await self._close_open()
                self._check(ref, secret, wants)
                module = next(m for m in self._modules if m.path == ref.module)
                try:
                    async with self._working(ref):
                        with meaning(module.profile):
                            await self._read(module, token)
                            yield module
                except PinWrong:
                    self._guard.wrong(ref, self._clock.now(), role)
                    raise
                except PinLocked:
                    if role is PinRole.OFFICER:
                        raise OfficerPinLocked from None
                    raise
                self._guard.right(ref, role)
        finally:
            _forget(secret.pin)
            self._changed()

    def _working(self, ref: TokenRef) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._place is None else self._place(ref).working()

    def _check(self, ref: TokenRef, secret: Secret, wants: Authorisation) -> None:
        now = self._clock.now()
        self._guard.check(ref, now, wants.role)
        try:
            guarded = self._guard.needs_explicit_yes(ref, wants, now)
        except PinLocked:
            if wants.role is PinRole.OFFICER:
                raise OfficerPinLocked from None
            raise
        if guarded and not secret.last_try_accepted:
            raise LastTryUnconfirmed


def _managed(module: TokenModule, token: Token) -> ManagedToken:
    flags, profile = token.token_flags, module.profile
    user = authorisation_of(token, profile)
    return ManagedToken(
        ref=TokenRef(
            module=module.path, slot=token.slot, serial=token.serial, label=token.label, reader=token.reader
        ),
        family=profile.family,
        initialised=TokenFlags.TOKEN_INITIALIZED in flags,
        pin_set=TokenFlags.USER_PIN_INITIALIZED in flags,
        unblocking=profile.login.unblock,
        user=user,
        officer=structs.replace(user, role=PinRole.OFFICER, tries=_officers_tries(flags)),
        keys=tuple(kind for kind in KeyType if KeySpec(kind.value) in mechanisms.makes(token)),
    )


def _officers_tries(flags: TokenFlags) -> TriesLeft:
    """The officer's flags in the places of the user's, which stand four bits lower (PKCS #11 v2.40 §3.2)."""
    return tries_left(TokenFlags(flags >> 4), trusted=False)


def _forget(*pins: Pin | None) -> None:
    for pin in pins:
        if pin is not None:
            pin.forget()
