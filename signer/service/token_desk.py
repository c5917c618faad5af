"""What a holder does to a token beside signing: PINs, initialisation, keys, requests, certificates.

The port for the command line, the window and the endpoint. Each PIN given here is sent once, counted by
`pin_guard` and forgotten, whatever happens. Nothing is deleted but by `initialise`, which deletes everything.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from msgspec import Struct, structs

from drivers import mechanisms
from drivers.catalogue import Unblocking
from drivers.errors import DriverFault, SignatureMalformed
from drivers.types import KeySpec, NewCertificate, PinChange, StoredKey, Token, TokenFlags
from signer import x509
from signer.envelope import algorithms
from signer.model.applicant import Applicant
from signer.model.credential import (
    Authorisation,
    PinRole,
    SignatureAlgorithm,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import (
    CertificateStored,
    CertificateWithoutKey,
    LastTryUnconfirmed,
    OfficerPinLocked,
    OperationUnsupported,
    PinLocked,
    PinWrong,
    SignatureNotVerified,
    TokenAbsent,
    TokenAmbiguous,
)
from signer.service.consent import Pin
from signer.service.key_requests import KeyRequest, KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.ports import Clock
from signer.service.token_signers import TokenModule, authorisation_of, meaning, tries_left


class ManagedToken(Struct, frozen=True, kw_only=True):
    """A token that something may be done to. `user` and `officer` say what each of its PINs wants."""

    ref: TokenRef
    family: str
    initialised: bool
    pin_set: bool
    unblocking: Unblocking
    user: Authorisation
    officer: Authorisation


class Secret(Struct, frozen=True, kw_only=True):
    """A PIN typed for one thing; None where the reader or the module asks for it.

    `last_try_accepted` is the explicit yes that spending the last try needs.
    """

    pin: Pin | None
    last_try_accepted: bool = False


class KeyOnToken(Struct, frozen=True, kw_only=True):
    """A private key, what it is for by its certificate or request, and whether it can be told apart.

    `key_id` is the CKA_ID; `certified` says that a certificate for it is on the token.
    """

    key_id: bytes
    label: str
    spki: bytes | None
    certified: bool


class TokenDesk:
    """One for the agent, or for a command. `turn` is held while a token is worked on: signing waits.

    `changed` is told when what a token holds is no longer what was read of it.
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
    ) -> None:
        self._modules = modules
        self._clock = clock
        self._guard = guard
        self._requests = requests
        self._turn = turn
        self._changed = changed

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
        async with self._logged_in(token, pin) as module:
            found = await module.supervisor.keys(token.ref.slot)
            stored = await module.supervisor.certificates(token.ref.slot)
        certified = {certificate.key_id for certificate in stored}
        return tuple(
            KeyOnToken(key_id=k.key_id, label=k.label, spki=k.spki, certified=k.key_id in certified)
            for k in found
        )

    async def make_key(
        self, token: ManagedToken, pin: Secret, spec: KeySpec, label: str, *, each: bool = False
    ) -> KeyOnToken:
        """Make a key pair that never leaves the token; `each` wants a PIN for each of its signatures."""
        async with self._logged_in(token, pin) as module:
            return await self._make_key(module, token, spec, label, each=each)

    async def request(
        self,
        token: ManagedToken,
        pin: Secret,
        applicant: Applicant,
        spec: KeySpec,
        *,
        origin: str | None = None,
    ) -> KeyRequest:
        """Make a key, and a PKCS #10 request for it that is signed on the token and read again.

        The request is kept until its certificate is stored or it is forgotten. Raises `ApplicantInvalid`
        before anything is sent to the token.
        """
        try:
            applicant.check()
        except BaseException:
            _forget(pin.pin)
            raise
        async with self._logged_in(token, pin) as module:
            key = await self._make_key(module, token, spec, applicant.centre or applicant.name, each=False)
            made = await self._sign_request(module, await self._read(module, token), key, applicant)
        request = KeyRequest(
            id=secrets.token_urlsafe(12),
            applicant=applicant,
            token_serial=token.ref.serial,
            token_label=token.ref.label,
            key_id=key.key_id,
            spki=key.spki or b"",
            request=made,
            made_at=self._clock.now(),
            origin=origin,
        )
        self._requests.add(request)
        return request

    async def store_certificate(
        self, token: ManagedToken, pin: Secret, certificate: bytes
    ) -> x509.Certificate:
        """Write an issued certificate beside its key, found by its public key.

        Raises `x509.CertificateUnreadable`, `CertificateWithoutKey`, `CertificateStored`. The request that it
        answers is forgotten.
        """
        try:
            read = x509.read(certificate)
        except BaseException:
            _forget(pin.pin)
            raise
        async with self._logged_in(token, pin) as module:
            supervisor, slot = module.supervisor, token.ref.slot
            if any(stored.der == read.der for stored in await supervisor.certificates(slot)):
                raise CertificateStored
            key = self._key_of(read, token, await supervisor.keys(slot))
            await supervisor.store_certificate(slot, _new_certificate(read, key))
            if not any(stored.der == read.der for stored in await supervisor.certificates(slot)):
                raise OperationUnsupported("the module took the certificate and does not show it")
        for request in self._requests.all():
            if request.spki == read.spki:
                self._requests.forget(request.id)
        return read

    def requests(self) -> tuple[KeyRequest, ...]:
        """The requests in progress."""
        return self._requests.all()

    def forget_request(self, request_id: str) -> None:
        """Throw a request away; its key stays on the token. Raises `RequestUnknown`."""
        self._requests.forget(request_id)

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
                self._check(ref, secret, wants)
                module = next(m for m in self._modules if m.path == ref.module)
                with meaning(module.profile):
                    await self._read(module, token)
                try:
                    with meaning(module.profile):
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

    @asynccontextmanager
    async def _logged_in(self, token: ManagedToken, pin: Secret) -> AsyncIterator[TokenModule]:
        async with self._trying(token, pin, token.user) as module:
            await module.supervisor.login(token.ref.slot, pin.pin)
            try:
                yield module
            finally:
                with suppress(DriverFault):
                    await module.supervisor.logout(token.ref.slot)

    async def _make_key(
        self, module: TokenModule, token: ManagedToken, spec: KeySpec, label: str, *, each: bool
    ) -> KeyOnToken:
        key_id = secrets.token_bytes(8)
        spki = await module.supervisor.generate_key_pair(
            token.ref.slot, spec, key_id, label, always_authenticate=each
        )
        return KeyOnToken(key_id=key_id, label=label, spki=spki, certified=False)

    async def _sign_request(
        self, module: TokenModule, token: Token, key: KeyOnToken, applicant: Applicant
    ) -> bytes:
        # Takes 40 ms to import, which the start of the agent need not wait for.
        from signer.x509 import request as pkcs10

        public_key = x509.public_key(key.spki or b"")
        kind, bits = x509.describe(public_key)
        usable = mechanisms.usable(token, bits)
        offered = mechanisms.offered(usable, module.profile.sign)
        chosen = algorithms.choose(kind, tuple(SignatureAlgorithm(name) for name in offered))
        plan = mechanisms.plan(chosen.value, usable, module.profile.sign)
        draft = pkcs10.prepare(applicant, key.spki or b"", algorithms.SUITES[chosen].signature_algorithm)
        answer = await module.supervisor.sign(
            token.slot, key.key_id, plan.mechanism, plan.data(draft.to_be_signed)
        )
        try:
            request = draft.finish(plan.signature(answer))
            pkcs10.check(request, key.spki or b"")
        except (SignatureMalformed, pkcs10.RequestBroken) as problem:
            raise SignatureNotVerified(f"{problem}, made by {module.path}") from problem
        return request

    def _key_of(
        self, certificate: x509.Certificate, token: ManagedToken, keys: tuple[StoredKey, ...]
    ) -> bytes:
        """The CKA_ID of the certificate's key. A token that hides public halves is asked by its requests."""
        there = {key.key_id for key in keys}
        found = {key.key_id for key in keys if key.spki == certificate.spki}
        found |= {
            request.key_id
            for request in self._requests.all()
            if (request.spki, request.token_serial) == (certificate.spki, token.ref.serial)
        } & there
        if len(found) != 1:
            raise CertificateWithoutKey(f"{len(found)} keys")
        return found.pop()


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
    )


def _officers_tries(flags: TokenFlags) -> TriesLeft:
    """The officer's flags in the places of the user's, which stand four bits lower (PKCS #11 v2.40 §3.2)."""
    return tries_left(TokenFlags(flags >> 4), trusted=False)


def _new_certificate(certificate: x509.Certificate, key_id: bytes) -> NewCertificate:
    return NewCertificate(
        key_id=key_id,
        label=certificate.holder.centre or certificate.holder.name,
        der=certificate.der,
        subject=certificate.subject_der,
        issuer=certificate.issuer_der,
        serial_number=certificate.serial_der,
    )


def _forget(*pins: Pin | None) -> None:
    for pin in pins:
        if pin is not None:
            pin.forget()
