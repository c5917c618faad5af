"""Which part of the worker answers which request, and the module's own life from load to finalisation.

What a request makes the module do is `signing` and `management`; the sessions that they use are `sessions`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from drivers import cryptoki as ck
from drivers import wire
from drivers.bitness import mismatch
from drivers.cryptoki import Cryptoki
from drivers.errors import ModuleNotLoaded, ModuleReturned, NotInBinding
from drivers.recording import Heard
from drivers.types import Binding, KeySizes, Token
from drivers.worker import management, signing
from drivers.worker.refusal import Refusal
from drivers.worker.sessions import Sessions

__all__ = ["Operations"]


class Operations:
    """One module's operations. `calling` is told each C_ function that a request does not imply.

    `heard` is told every call while a recording is asked for.
    """

    def __init__(
        self,
        open_binding: Callable[[Binding], Cryptoki],
        calling: Callable[[str], None],
        heard: Heard,
    ) -> None:
        self._open_binding = open_binding
        self._calling = calling
        self._heard = heard
        self._sessions: Sessions | None = None
        self._failure: wire.Answer = wire.NotLoaded("nothing was loaded")

    def answer(self, request: wire.Request) -> wire.Answer:
        """Do what is asked. A module that could not be loaded gives each request the same answer."""
        try:
            if isinstance(request, wire.Load):
                return self._load(request)
            if isinstance(request, wire.Record):
                if self._sessions is not None:
                    self._sessions.module.record(self._heard if request.on else None)
                return wire.Done()
            if self._sessions is None:
                return self._failure
            return _ask(self._sessions, request)
        except ModuleReturned as fault:
            return wire.Returned(fault.rv, fault.function)
        except NotInBinding:
            return wire.Refused(wire.Reason.NOT_IN_BINDING)
        except Refusal as refusal:
            return wire.Refused(refusal.reason)

    def _load(self, request: wire.Load) -> wire.Answer:
        module = self._open_binding(request.binding)
        if request.sha256 is not None and _sha256(Path(request.path)) != request.sha256:
            self._failure = wire.Refused(wire.Reason.FILE_CHANGED)
            return self._failure
        try:
            self._calling("dlopen")
            with self._recorded_load(request):
                module.load(request.path)
            module.record(self._heard if request.record else None)
            self._calling("C_Initialize")
            module.initialize()
            self._calling("C_GetInfo")
            library = module.library()
        except ModuleNotLoaded as fault:
            why = mismatch(Path(request.path))
            self._failure = wire.NotLoaded(f"{why}: {fault.reason}" if why else fault.reason)
            return self._failure
        except ModuleReturned as fault:
            self._failure = wire.Returned(fault.rv, fault.function)
            return self._failure
        self._sessions = Sessions(module, self._calling)
        return wire.Loaded(library)

    @contextmanager
    def _recorded_load(self, request: wire.Load) -> Iterator[None]:
        if not request.record:
            yield
            return
        self._heard.entered("dlopen", 0)
        began, rv = time.perf_counter_ns(), ck.CKR_GENERAL_ERROR
        try:
            yield
            rv = 0
        finally:
            self._heard.left(rv, (time.perf_counter_ns() - began) // 1000, 0)

    def close(self) -> None:
        """Log out everywhere and finalise the module, as far as it lets itself be. Says nothing more."""
        if self._sessions is None:
            return
        self._sessions.calling = _silently
        self._sessions.module.record(None)
        self._sessions.log_out_everywhere()
        with suppress(ModuleReturned):
            self._sessions.module.finalize()


def _sha256(file: Path) -> str:
    """Lower-case hexadecimal; of a file that cannot be read, none."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def _ask(sessions: Sessions, request: wire.Request) -> wire.Answer:
    match request:
        case wire.Sign():
            return signing.sign(sessions, request)
        case wire.SignAuthenticated():
            return signing.sign_authenticated(sessions, request)
        case wire.ListTokens():
            return _tokens(sessions)
        case wire.ReadFlags(slot):
            return wire.Flags(sessions.module.token_flags(slot))
        case wire.ListCertificates(slot):
            return management.certificates(sessions, slot)
        case wire.Login(slot, pin):
            return wire.LoggedIn(sessions.log_in(slot, pin))
        case wire.Logout(slot):
            sessions.log_out(slot)
            return wire.Done()
        case wire.ReadKey(slot, key_id):
            return signing.read_key(sessions, slot, key_id)
        case wire.ListKeys(slot):
            return management.list_keys(sessions, slot)
        case wire.ListPublicKeys(slot):
            return management.list_public_keys(sessions, slot)
        case wire.GenerateKeyPair():
            return management.generate(sessions, request)
        case wire.StoreCertificate(slot, certificate):
            return management.store(sessions, slot, certificate)
        case wire.SetPin():
            return management.set_pin(sessions, request)
        case wire.InitToken():
            return management.init_token(sessions, request)
        case _:
            raise AssertionError(request)


def _tokens(sessions: Sessions) -> wire.Answer:
    module = sessions.module
    sessions.calling("C_GetSlotList")
    slots = module.slots()
    sessions.calling("C_GetTokenInfo")
    tokens = []
    for slot in slots:
        # A token pulled out, or not recognised, between the list and the look is no token now.
        with _tolerating(0x003, 0x032, 0x0E0, 0x0E1):
            tokens.append(_with_sizes(module, module.token(slot)))
    return wire.Tokens(tuple(tokens))


def _with_sizes(module: Cryptoki, token: Token) -> Token:
    """The token with the key sizes of the mechanisms that Mohr uses; one that is not told is left out."""
    told = []
    for mechanism in ck.SIZED_MECHANISMS.intersection(token.mechanisms):
        with suppress(ModuleReturned):
            least, most = module.key_sizes(token.slot, mechanism)
            told.append(KeySizes(mechanism=mechanism, least=least, most=most))
    return replace(token, key_sizes=tuple(sorted(told, key=lambda sizes: sizes.mechanism)))


def _silently(_: str) -> None:
    """Nobody may be listening any more."""


@contextmanager
def _tolerating(*values: int) -> Iterator[None]:
    try:
        yield
    except ModuleReturned as fault:
        if fault.rv not in values:
            raise
