"""One module's worker process, as seen from the agent: spawned, asked, timed, replaced, ended.

A vendor's crash, hang or noise ends here as a typed fault. Nothing is sent twice: what was in hand when a
worker died is reported, and the next call gets a new worker, in which nobody is logged in. Meaning of a
CK_RV, retries and PIN rules are the signer's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from msgspec.structs import replace

from drivers import wire
from drivers.errors import (
    ContextLoginNeeded,
    DriverFault,
    FrameMalformed,
    KeyAmbiguous,
    KeyIdTaken,
    ModuleChanged,
    ModuleNotLoaded,
    ModuleReturned,
    NoSuchKey,
    NotInBinding,
    NotLoggedIn,
)
from drivers.pin import Pin
from drivers.recording import OBSERVED, Observer
from drivers.spawning import scrubbed_environment, worker_command
from drivers.types import (
    Binding,
    KeyAttributes,
    KeySpec,
    Library,
    Limits,
    LoginOutcome,
    Mechanism,
    NewCertificate,
    PinChange,
    StoredCertificate,
    StoredKey,
    Token,
    TokenFlags,
)
from drivers.worker_link import WorkerLink

_REFUSALS: dict[wire.Reason, type[DriverFault]] = {
    wire.Reason.NO_SUCH_KEY: NoSuchKey,
    wire.Reason.KEY_AMBIGUOUS: KeyAmbiguous,
    wire.Reason.KEY_ID_TAKEN: KeyIdTaken,
    wire.Reason.NOT_LOGGED_IN: NotLoggedIn,
    wire.Reason.CONTEXT_LOGIN_NEEDED: ContextLoginNeeded,
    wire.Reason.NOT_IN_BINDING: NotInBinding,
    wire.Reason.FILE_CHANGED: ModuleChanged,
}

_FILE_CHANGED = wire.Refused(wire.Reason.FILE_CHANGED)

A = TypeVar("A", bound=wire.Answer)

#: Octets of UTF-8 in a token's label (CK_TOKEN_INFO).
MAX_LABEL = 32


class Supervisor:
    """The one way to a module. All methods are called on one event loop; many calls may be in flight.

    Calls are answered in the order in which they were made. Each may raise `ModuleReturned`,
    `ModuleNotLoaded`, `ModuleChanged`, `WorkerDied`, `WorkerHung`, `FrameMalformed` or
    `WorkerOfAnotherVersion`, and `OSError` where no process can be started. A caller that is cancelled takes
    nothing back: what was sent is done.
    """

    def __init__(
        self,
        module: str | Path,
        *,
        binding: Binding = Binding.PYKCS11,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        agreed: Callable[[], str] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """`env` is added to the scrubbed environment; `command` starts a worker where a packaged agent
        has no interpreter to start. `agreed` is asked, in a thread, for the SHA-256 that the module's file
        must have (lower-case hexadecimal) whenever a worker is started: one that finds another file loads
        nothing, and `changed` is told.
        """
        self._load = wire.Load(str(module), binding)
        self._limits = limits or Limits()
        self._env = scrubbed_environment(env or {})
        self._command = tuple(command) if command is not None else worker_command(library=Path(module))
        self._agreed = agreed
        self._changed = changed
        given = OBSERVED.get()
        self._observer: Observer | None = None if given is None else given()
        self._link: WorkerLink | None = None
        self._loading: asyncio.Future[wire.Answer] | None = None
        self._spawning = asyncio.Lock()
        self._last_words = ""
        self._closed = False

    async def start(self) -> None:
        """Spawn the worker and tell it to load the module; return without waiting for that."""
        await self._worker()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the worker, politely and then by force; no process is left, even if this is cancelled.

        Calls in flight end in `WorkerDied`. Closing twice is fine; no call may follow.
        """
        self._closed = True
        await self.end_worker()

    async def end_worker(self) -> None:
        """End the worker as `close` does; the next call gets a new one, with the module loaded afresh.

        For an idle worker that held a PIN, and for a module that needs to start again after a card was
        pulled out.
        """
        if self._link is not None:
            await self._link.close()

    def record(self, observer: Observer | None) -> None:
        """Tell `observer` of every call of the module from now on, in later workers too; None: nobody.

        The worker begins when it has done what it was asked before. Without an observer it says nothing.
        """
        self._observer = observer
        link = self._link
        if link is not None and link.alive:
            asked = link.ask(wire.Record(observer is not None), "its recording", self._limits.read)
            asked.add_done_callback(_unheard)
            link.observer = observer

    @property
    def pid(self) -> int | None:
        """The worker's process id, or None while there is no worker."""
        return self._link.pid if self._link is not None and self._link.alive else None

    async def worker_ended(self, pid: int | None) -> None:
        """Return when the worker with this process id has ended, at once where it is not there."""
        link = self._link
        if link is not None and link.pid == pid:
            await link.ended()

    @property
    def busy_for(self) -> float:
        """Seconds since the worker turned to what it has in hand; 0 where it has nothing."""
        return self._link.busy_for if self._link is not None and self._link.alive else 0.0

    @property
    def stderr(self) -> str:
        """The last 16 KiB that the worker, or the last one that there was, wrote to stderr or stdout."""
        return self._link.stderr if self._link is not None else self._last_words

    async def library(self) -> Library:
        """What the module says of itself, once it is loaded."""
        link = await self._worker()
        assert self._loading is not None
        return _expect(wire.Loaded, await asyncio.shield(self._loading), link).library

    async def tokens(self) -> tuple[Token, ...]:
        """The tokens that are in their slots now."""
        request = wire.ListTokens()
        return (await self._ask(wire.Tokens, request, "C_GetSlotList", self._limits.read)).tokens

    async def token_flags(self, slot: int) -> TokenFlags:
        """The token's flags, read now."""
        request = wire.ReadFlags(slot)
        answer = await self._ask(wire.Flags, request, "C_GetTokenInfo", self._limits.read)
        return TokenFlags(answer.flags)

    async def certificates(self, slot: int) -> tuple[StoredCertificate, ...]:
        """The X.509 certificates on the token, without a login."""
        request = wire.ListCertificates(slot)
        answer = await self._ask(wire.Certificates, request, "C_FindObjects", self._limits.read)
        return answer.certificates

    async def login(self, slot: int, pin: Pin | None) -> LoginOutcome:
        """Call C_Login once, as CKU_USER; `pin` is None where the reader has a PIN pad.

        ALREADY means that the token did not look at the PIN. A cancelled call may still log in: log out
        after it.
        """
        limit = self._limits.pin_pad if pin is None else self._limits.login
        request = wire.Login(slot, _octets(pin))
        return (await self._ask(wire.LoggedIn, request, "C_Login", limit)).outcome

    async def logout(self, slot: int) -> None:
        """Call C_Logout and close the session. Where nobody is logged in nothing happens."""
        await self._ask(wire.Done, wire.Logout(slot), "C_Logout", self._limits.read)

    async def sign(self, slot: int, key_id: bytes, mechanism: Mechanism, data: bytes) -> bytes:
        """C_SignInit and C_Sign over `data`, which is not empty; the module's octets as they are.

        `drivers.mechanisms.plan` says what to pass and what to make of the answer. Raises `NoSuchKey`,
        `KeyAmbiguous`, `NotLoggedIn`, `ContextLoginNeeded`.
        """
        if not data:
            raise ValueError("there is nothing to sign")
        request = wire.Sign(slot, key_id, mechanism, data)
        return (await self._ask(wire.Signature, request, "C_Sign", self._limits.sign)).value

    async def sign_authenticated(
        self, slot: int, key_id: bytes, mechanism: Mechanism, data: bytes, pin: Pin | None
    ) -> bytes:
        """As `sign`, with a key that wants a login for each signature; `pin` is given to C_Login once.

        After a failure the next call finds a fresh session with the same user logged in. Raises `NoSuchKey`,
        `KeyAmbiguous`, `NotLoggedIn`, and `NotInBinding` where the binding has no PIN pad here.
        """
        if not data:
            raise ValueError("there is nothing to sign")
        limit = self._limits.pin_pad if pin is None else max(self._limits.sign, self._limits.login)
        request = wire.SignAuthenticated(slot, key_id, mechanism, data, _octets(pin))
        return (await self._ask(wire.Signature, request, "C_Login", limit)).value

    async def set_pin(self, slot: int, by: PinChange, secret: Pin | None, new: Pin | None) -> None:
        """Give the user a new PIN, and log out. Both PINs are None where the reader has a PIN pad.

        The fault's function says whose try was spent: C_Login is about the secret, and so is C_SetPIN by
        PUK. Raises `NotInBinding`.
        """
        limit = self._limits.pin_pad if secret is None else self._limits.store
        request = wire.SetPin(slot, by, _octets(secret), _octets(new))
        await self._ask(wire.Done, request, "C_Login", limit)

    async def init_token(self, slot: int, so_pin: Pin | None, label: str) -> None:
        """C_InitToken: every object on the token is gone afterwards, and the user PIN too.

        Raises `ValueError` for a label of more than 32 octets of UTF-8, `NotInBinding`.
        """
        if len(label.encode()) > MAX_LABEL:
            raise ValueError("a token's label has at most 32 octets")
        request = wire.InitToken(slot, _octets(so_pin), label)
        await self._ask(wire.Done, request, "C_InitToken", self._limits.generate)

    async def keys(self, slot: int) -> tuple[StoredKey, ...]:
        """The private keys at the slot with their public halves; most tokens want a login before."""
        request = wire.ListKeys(slot)
        return (await self._ask(wire.Keys, request, "C_FindObjects", self._limits.read)).keys

    async def public_keys(self, slot: int) -> tuple[StoredKey, ...]:
        """The public keys at the slot that are visible without a login; many tokens show none."""
        request = wire.ListPublicKeys(slot)
        return (await self._ask(wire.Keys, request, "C_FindObjects", self._limits.read)).keys

    async def key_attributes(self, slot: int, key_id: bytes) -> KeyAttributes:
        """What the private key with this CKA_ID says of itself; most tokens want a login before.

        Raises `NoSuchKey`, `KeyAmbiguous`, `NotLoggedIn`.
        """
        request = wire.ReadKey(slot, key_id)
        return (await self._ask(wire.Key, request, "C_GetAttributeValue", self._limits.read)).attributes

    async def generate_key_pair(
        self, slot: int, spec: KeySpec, key_id: bytes, label: str, *, always_authenticate: bool = False
    ) -> bytes:
        """Make a key pair that stays on the token; its DER SubjectPublicKeyInfo. Needs a login before.

        Raises `KeyIdTaken` where a private key with that CKA_ID is there already.
        """
        request = wire.GenerateKeyPair(slot, spec, key_id, label, always_authenticate)
        answer = await self._ask(wire.PublicKey, request, "C_GenerateKeyPair", self._limits.generate)
        return answer.spki

    async def store_certificate(self, slot: int, certificate: NewCertificate) -> None:
        """Write a certificate object beside its key. Needs a login before."""
        request = wire.StoreCertificate(slot, certificate)
        await self._ask(wire.Done, request, "C_CreateObject", self._limits.store)

    async def _ask(self, kind: type[A], request: wire.Request, function: str, limit: float) -> A:
        link = self._link
        if link is None or not link.alive:
            link = await self._worker()
        return _expect(kind, await link.ask(request, function, limit), link)

    async def _worker(self) -> WorkerLink:
        async with self._spawning:
            self._refuse_when_closed()
            if self._link is None or not self._link.alive:
                if self._link is not None:
                    await self._link.close()
                    self._last_words = self._link.stderr
                agreed = None if self._agreed is None else await asyncio.to_thread(self._agreed)
                link = await WorkerLink.spawn(self._command, self._env)
                try:
                    self._refuse_when_closed()
                except RuntimeError:
                    await link.close()
                    raise
                self._link = link
                link.observer = self._observer
                load = replace(self._load, sha256=agreed, record=self._observer is not None)
                self._loading = self._link.ask(load, "its start", self._limits.load)
                self._loading.add_done_callback(self._loaded)
            return self._link

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise RuntimeError("the supervisor is closed")

    def _loaded(self, loading: asyncio.Future[wire.Answer]) -> None:
        failed = loading.cancelled() or loading.exception() is not None
        if (failed or not isinstance(loading.result(), wire.Loaded)) and loading is self._loading:
            # A module that did not load now may load later, in a new process: this one answers what
            # stands in its queue and is not asked again.
            link = self._link
            if link is not None:
                link.retire()
            if self._changed is not None and not failed and loading.result() == _FILE_CHANGED:
                self._changed()


def _unheard(asked: asyncio.Future[wire.Answer]) -> None:
    """A worker that is gone records nothing, and whoever asked it for something else is told of that."""
    if not asked.cancelled():
        asked.exception()


def _octets(pin: Pin | None) -> bytes | None:
    """For the worker's pipe; the PIN's owner forgets it."""
    return None if pin is None else pin.reveal()


def _expect(kind: type[A], answer: object, link: WorkerLink) -> A:
    if isinstance(answer, kind):
        return answer
    match answer:
        case wire.Returned(rv, function):
            raise ModuleReturned(rv, function)
        case wire.NotLoaded(reason):
            raise ModuleNotLoaded(reason)
        case wire.Refused(reason):
            raise _REFUSALS[reason](reason.value)
        case _:
            link.kill()
            raise FrameMalformed(f"{type(answer).__name__} is no answer to what was asked")
