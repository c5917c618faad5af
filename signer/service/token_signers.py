"""Credentials on tokens: the `Signers` port over the supervised PKCS#11 modules.

Gives raw faults their meaning and reads certificates; which mechanism a token needs is decided by
`drivers.mechanisms`, and whether a PIN may be tried by `pin_guard`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, structs

from drivers import errors as faults
from drivers import mechanisms
from drivers.catalogue import LoginForm, PinFlags, Profile
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import LoginOutcome, StoredCertificate, Token, TokenFlags
from signer import x509
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Credential,
    PinRole,
    SignatureAlgorithm,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import (
    CredentialAbsent,
    CredentialUnusable,
    MechanismUnsupported,
    ModuleCannotLoad,
    ModuleChanged,
    ModuleCrashed,
    ModuleFailed,
    ModuleHung,
    MohrError,
    NotLoggedIn,
    OperationUnsupported,
    SignatureWantsPin,
    TokenAbsent,
    TokenRemoved,
    from_ck_rv,
)
from signer.service.credentials import credential_of
from signer.service.ports import Clock
from signer.service.sightings import Sighting

log = logging.getLogger(__name__)

#: What C_SignInit answers where a mechanism is listed and not there (PKCS #11 v2.40 §5.1).
_NOT_THIS_WAY = frozenset({0x54, 0x70, 0x71})  # FUNCTION_NOT_SUPPORTED, MECHANISM_INVALID, …_PARAM_INVALID

#: Seconds for which a token that is still in its slot is not read again: reading a card takes a second.
CERTIFICATES_FRESH_FOR = 30.0

#: Seconds for which what stood in the slots stands there still: nobody swaps a token faster.
LOOK_FRESH_FOR = 0.5


class TokenModule(Struct, frozen=True, kw_only=True):
    """One module that is present on this computer: its worker's supervisor and its family's profile."""

    path: str
    profile: Profile
    supervisor: Supervisor


class _Found(Struct, frozen=True, kw_only=True):
    """Where a credential was last seen."""

    module: TokenModule
    token: Token


class TokenSigners:
    """Implements `Signers`. One for the agent; its modules' supervisors are closed by who made them."""

    def __init__(self, modules: tuple[TokenModule, ...], clock: Clock) -> None:
        self._modules = modules
        self._clock = clock
        self._found: dict[str, _Found] = {}
        self._ever: set[str] = set()
        self._changes = 0
        self._sightings: tuple[Sighting, ...] = ()
        self._looks: dict[str, tuple[float, tuple[Token, ...]]] = {}
        self._asking_each: set[str] = set()
        self._read: dict[tuple[str, int, str, str], tuple[float, tuple[StoredCertificate, ...]]] = {}

    async def credentials(self) -> tuple[Credential, ...]:
        """See `Signers.credentials`. Raises the first module's condition only where no module answered."""
        found: dict[str, Credential] = {}
        places: dict[str, _Found] = {}
        problems: list[MohrError] = []
        sightings: list[Sighting] = []
        for answer in await asyncio.gather(*map(self._of, self._modules)):
            if isinstance(answer, MohrError):
                problems.append(answer)
                continue
            for place, credentials in answer:
                sightings.append(_sighting(place, credentials))
                for credential in credentials:
                    found.setdefault(credential.id, credential)
                    places.setdefault(credential.id, place)
        self._found = places
        self._ever |= places.keys()
        self._sightings = tuple(sightings)
        if not found and len(problems) == len(self._modules) > 0:
            raise problems[0]
        return tuple(found.values())

    async def _of(self, module: TokenModule) -> list[tuple[_Found, list[Credential]]] | MohrError:
        """What one module shows, asked beside the others; its condition where it cannot tell."""
        shown: list[tuple[_Found, list[Credential]]] = []
        try:
            with meaning(module.profile):
                for token in await self._look(module):
                    # A blank token stands in its slot too; it holds nothing that could be read.
                    if TokenFlags.TOKEN_INITIALIZED in token.token_flags:
                        place = _Found(module=module, token=token)
                        shown.append((place, await self._on(module, token)))
        except MohrError as problem:
            log.warning("%s: %s %s", module.profile.family, problem.code, problem.detail)
            return problem
        return shown

    def read_anew(self) -> None:
        """A token was changed: what was read of it is forgotten."""
        self.look_anew()
        self._read.clear()

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """The tokens that the last look found, once for each module that shows them, in their order."""
        return self._sightings

    def look_anew(self) -> None:
        """Something came or went: what stood in the slots is not to be believed any more."""
        self._changes += 1
        self._looks.clear()

    async def authorisation(self, credential: Credential) -> Authorisation:
        """See `Signers.authorisation`."""
        found, token = await self._in_its_slot(credential)
        login = found.module.profile.login
        told = credential.key_id.hex() in login.always_authenticate
        return structs.replace(
            authorisation_of(token, found.module.profile), each=told or credential.id in self._asking_each
        )

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        """See `Signers.algorithms`."""
        found = self._where(credential)
        there = mechanisms.usable(found.token, credential.key_bits)
        names = mechanisms.offered(there, found.module.profile.sign)
        return tuple(SignatureAlgorithm(name) for name in names)

    async def log_in(self, credential: Credential, pin: Pin | None) -> TokenSession:
        """See `Signers.log_in`. The PIN is never sent to another token that has come into the slot."""
        found, token = await self._in_its_slot(credential)
        # A login changes what the flags say of the tries left: whoever asks next looks anew.
        self._looks.pop(found.module.path, None)
        with meaning(found.module.profile):
            outcome = await found.module.supervisor.login(token.slot, pin)
        if outcome is LoginOutcome.ALREADY:
            log.warning("%s: the token was already logged in", found.module.profile.family)
        return TokenSession(
            found.module, token, credential, self._asking_each, looked=outcome is LoginOutcome.LOGGED_IN
        )

    async def abandon(self, path: str) -> None:
        """End the worker of this module; what it has in hand is lost, and the next call gets a new one."""
        for module in self._modules:
            if module.path == path:
                await module.supervisor.end_worker()

    async def abandon_stuck(self, seconds: float) -> bool:
        """End the workers that have had one call in hand for so long; was there any?"""
        stuck = [module for module in self._modules if module.supervisor.busy_for >= seconds]
        for module in stuck:
            log.warning("%s: a card has gone, and the module hangs", module.profile.family)
            await module.supervisor.end_worker()
        return bool(stuck)

    async def _look(self, module: TokenModule) -> tuple[Token, ...]:
        """The tokens in this module's slots now."""
        now = asyncio.get_running_loop().time()
        looked_at, tokens = self._looks.get(module.path, (-LOOK_FRESH_FOR, ()))
        # An empty look is not kept: it costs little, and a token may be there the next moment.
        if not tokens or now - looked_at >= LOOK_FRESH_FOR:
            changes = self._changes
            tokens = await module.supervisor.tokens()
            # A look that something came into the middle of is not kept either.
            if changes == self._changes:
                self._looks[module.path] = (now, tokens)
        return tokens

    async def _in_its_slot(self, credential: Credential) -> tuple[_Found, Token]:
        """Where the credential is. Raises `TokenAbsent` where another token, or none, is there now."""
        found, wanted = self._where(credential), credential.token
        with meaning(found.module.profile):
            there = await self._look(found.module)
        for token in there:
            if (token.slot, token.serial, token.label) == (wanted.slot, wanted.serial, wanted.label):
                return found, token
        raise TokenAbsent

    async def _on(self, module: TokenModule, token: Token) -> list[Credential]:
        now = self._clock.now()
        place = (module.path, token.slot, token.serial, token.label)
        tick = asyncio.get_running_loop().time()
        read_at, stored = self._read.get(place, (-CERTIFICATES_FRESH_FOR, ()))
        if tick - read_at >= CERTIFICATES_FRESH_FOR:
            changes = self._changes
            stored = await module.supervisor.certificates(token.slot)
            # What was read while something was written is not kept.
            if changes == self._changes:
                self._read[place] = (tick, stored)
        ref = TokenRef(
            module=module.path, slot=token.slot, serial=token.serial, label=token.label, reader=token.reader
        )
        credentials = []
        for one in stored:
            try:
                certificate = x509.read(one.der)
            except x509.CertificateUnreadable as fault:
                log.warning("%s: a certificate is unreadable: %s", module.profile.family, fault)
                continue
            if not _is_authority(certificate):
                credentials.append(credential_of(certificate, one.key_id, ref, now))
        return credentials

    def _where(self, credential: Credential) -> _Found:
        try:
            return self._found[credential.id]
        except KeyError:
            # One that was there before went with its token.
            raise (TokenAbsent if credential.id in self._ever else CredentialAbsent) from None


def _sighting(place: _Found, credentials: list[Credential]) -> Sighting:
    return Sighting(
        module=place.module.path,
        family=place.module.profile.name,
        token=place.token,
        credentials=tuple(credential.id for credential in credentials),
    )


class TokenSession:
    """Implements `SigningSession` for one key of one logged-in token."""

    def __init__(
        self,
        module: TokenModule,
        token: Token,
        credential: Credential,
        asking_each: set[str],
        *,
        looked: bool = False,
    ) -> None:
        """`asking_each` gets the credential's id where its key turns out to want a PIN each time.

        `looked`: C_Login looked at the PIN.
        """
        self._module = module
        self._token = token
        self._credential = credential
        self._asking_each = asking_each
        self._looked = looked
        self._mechanisms = mechanisms.usable(token, credential.key_bits)
        self._worker = module.supervisor.pid
        self._closed = False
        self._plans: dict[SignatureAlgorithm, mechanisms.SigningPlan] = {}

    @property
    def proved(self) -> bool:
        """See `SigningSession.proved`. A family with a second PIN for signatures never has it."""
        second = self._module.profile.login.signature_pin.context
        return self._looked and not second and self._credential.id not in self._asking_each

    def with_key(self, credential: Credential) -> TokenSession:
        """See `SigningSession.with_key`."""
        same = (credential.token.module, credential.token.slot, credential.token.serial)
        if same != (self._module.path, self._token.slot, self._token.serial):
            raise CredentialAbsent("not on the token that is logged in")
        other = TokenSession(self._module, self._token, credential, self._asking_each, looked=self._looked)
        other._worker = self._worker
        return other

    async def lost(self) -> None:
        """See `SigningSession.lost`."""
        await self._module.supervisor.worker_ended(self._worker)

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        """See `SigningSession.sign`. A login that is gone is told as what took it: a crash, or the card."""

        def once(plan: mechanisms.SigningPlan) -> Awaitable[bytes]:
            return self._module.supervisor.sign(
                self._token.slot, self._credential.key_id, plan.mechanism, plan.data(message)
            )

        with self._login_lost():
            try:
                return await self._by_a_way_it_has(algorithm, once)
            except faults.ContextLoginNeeded:
                self._asking_each.add(self._credential.id)
                raise

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        """See `SigningSession.sign_with_pin`."""

        def once(plan: mechanisms.SigningPlan) -> Awaitable[bytes]:
            return self._module.supervisor.sign_authenticated(
                self._token.slot, self._credential.key_id, plan.mechanism, plan.data(message), pin
            )

        with self._login_lost():
            return await self._by_a_way_it_has(algorithm, once)

    async def pin_wanted(self) -> Authorisation:
        """See `SigningSession.pin_wanted`. A signature PIN has tries of its own, of which no flag tells."""
        profile = self._module.profile
        with meaning(profile):
            flags = await self._module.supervisor.token_flags(self._token.slot)
        wanted = authorisation_of(structs.replace(self._token, flags=int(flags)), profile)
        if profile.login.signature_pin.context:
            return structs.replace(wanted, role=PinRole.SIGNATURE, tries=TriesLeft.UNKNOWN, each=True)
        return structs.replace(wanted, each=True)

    async def _by_a_way_it_has(
        self, algorithm: SignatureAlgorithm, once: Callable[[mechanisms.SigningPlan], Awaitable[bytes]]
    ) -> bytes:
        """Some modules list mechanisms that they have not: the next way is taken, for all that follows.

        Only what C_SignInit refused is tried again: nothing was signed, and no PIN was looked at.
        """
        plan = self._plan(algorithm)
        while True:
            try:
                return plan.signature(await once(plan))
            except faults.ModuleReturned as refusal:
                if refusal.function != "C_SignInit" or refusal.rv not in _NOT_THIS_WAY:
                    raise
                self._mechanisms -= {plan.mechanism.type}
                self._plans.clear()
                try:
                    plan = self._plan(algorithm)
                except MechanismUnsupported:
                    raise refusal from None

    def _plan(self, algorithm: SignatureAlgorithm) -> mechanisms.SigningPlan:
        if self._closed:
            raise NotLoggedIn
        plan = self._plans.get(algorithm)
        if plan is None:
            with meaning(self._module.profile):
                plan = mechanisms.plan(algorithm.value, self._mechanisms, self._module.profile.sign)
            self._plans[algorithm] = plan
        return plan

    @contextmanager
    def _login_lost(self) -> Iterator[None]:
        """`meaning`, and a login that is gone as what took it."""
        with meaning(self._module.profile):
            try:
                yield
            except faults.NotLoggedIn as fault:
                if self._module.supervisor.pid != self._worker:
                    raise ModuleCrashed("the worker that was logged in has ended") from fault
                raise TokenRemoved("the login is gone") from fault

    async def close(self) -> None:
        """C_Logout: some cards that are logged in serve any program of this user."""
        self._closed = True
        try:
            await self._module.supervisor.logout(self._token.slot)
        except faults.DriverFault as fault:
            log.info("%s: no logout: %s", self._module.profile.family, fault)


@contextmanager
def meaning(profile: Profile) -> Iterator[None]:
    """Raise a driver's fault as the condition it is, the profile's `[ckr]` table first."""
    try:
        yield
    except faults.DriverFault as fault:
        raise _condition(fault, profile) from fault
    except OSError as fault:
        raise ModuleCannotLoad(f"no worker: {type(fault).__name__}") from fault


def _condition(fault: faults.DriverFault, profile: Profile) -> MohrError:
    match fault:
        case faults.ModuleReturned(rv=rv, function=function):
            return from_ck_rv(rv, function, profile.meanings(function))
        case faults.ModuleNotLoaded() | faults.WorkerOfAnotherVersion():
            return ModuleCannotLoad(str(fault))
        case faults.ModuleChanged():
            return ModuleChanged()
        case faults.WorkerHung() | faults.WorkerKilled():
            return ModuleHung(str(fault))
        case faults.WorkerDied() | faults.FrameMalformed():
            return ModuleCrashed(str(fault))
        case faults.NoSuchKey() | faults.KeyAmbiguous():
            return CredentialUnusable(type(fault).__name__)
        case faults.NotLoggedIn():
            return NotLoggedIn()
        case faults.ContextLoginNeeded():
            return SignatureWantsPin()
        case faults.NotInBinding():
            return OperationUnsupported("the profile's binding has no way to call it")
        case faults.NoSuchMechanism():
            return MechanismUnsupported(str(fault))
        case _:
            return ModuleFailed(str(fault))


def authorisation_of(token: Token, profile: Profile) -> Authorisation:
    """What this token wants before it opens, as its flags and its family's profile tell."""
    login, flags = profile.login, token.token_flags
    kind = AuthorisationKind.PIN
    if login.form is LoginForm.MODULE_DIALOG:
        kind = AuthorisationKind.MODULE_DIALOG
    elif TokenFlags.PROTECTED_AUTHENTICATION_PATH in flags:
        kind = AuthorisationKind.PIN_PAD
    for_signature = any(text in token.label for text in login.signature_pin.slots)
    return Authorisation(
        kind=kind,
        tries=tries_left(flags, trusted=login.pin_flags is PinFlags.TRUSTED),
        pin_min=token.pin_min,
        pin_max=token.pin_max,
        role=PinRole.SIGNATURE if for_signature else PinRole.USER,
    )


def tries_left(flags: TokenFlags, *, trusted: bool) -> TriesLeft:
    """What the flags tell (PKCS #11 v2.40 §3.2): a flag that is set is believed.

    That no flag is set means something only for a family that was seen to set them (`trusted`).
    """
    if TokenFlags.USER_PIN_LOCKED in flags:
        return TriesLeft.LOCKED
    if TokenFlags.USER_PIN_FINAL_TRY in flags:
        return TriesLeft.LAST
    if TokenFlags.USER_PIN_COUNT_LOW in flags:
        return TriesLeft.LOW
    return TriesLeft.OK if trusted else TriesLeft.UNKNOWN


def _is_authority(certificate: x509.Certificate) -> bool:
    """A token may carry its issuers' certificates beside the holder's."""
    return certificate.basic_constraints is not None and certificate.basic_constraints.ca
