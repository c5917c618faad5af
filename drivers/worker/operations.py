"""What each request makes the module do: sessions for each slot, and the key handles found in them.

Reading certificates and provisioning use short sessions of their own; signing uses the session that was
logged in. Nothing is tried twice, but for C_SignInit after an operation that the module forgot to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drivers import cryptoki as ck
from drivers import wire
from drivers.bitness import mismatch
from drivers.cryptoki import Cryptoki, Template
from drivers.errors import ModuleNotLoaded, ModuleReturned
from drivers.types import Binding, KeyAttributes, LoginOutcome, NewCertificate, StoredCertificate
from drivers.worker import keys

# After these the session and the keys found in it are those of a card that has gone, or were logged out:
# DEVICE_REMOVED, KEY_HANDLE_INVALID, OBJECT_HANDLE_INVALID, SESSION_CLOSED, SESSION_HANDLE_INVALID,
# TOKEN_NOT_PRESENT, TOKEN_NOT_RECOGNIZED, USER_NOT_LOGGED_IN.
_SESSION_LOST = frozenset({0x032, 0x060, 0x082, 0x0B0, 0x0B3, 0x0E0, 0x0E1, 0x101})


class Refusal(Exception):
    """The module was not asked, for this reason."""

    def __init__(self, reason: wire.Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class _Session:
    """A session that stays open, and the private keys found in it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.logged_in = False
        self.keys: dict[bytes, int] = {}


class Operations:
    """One module's operations. `calling` is told each C_ function that a request does not imply."""

    def __init__(self, open_binding: Callable[[Binding], Cryptoki], calling: Callable[[str], None]) -> None:
        self._open_binding = open_binding
        self._calling = calling
        self._module: Cryptoki | None = None
        self._failure: wire.Answer = wire.NotLoaded("nothing was loaded")
        self._sessions: dict[int, _Session] = {}

    def answer(self, request: wire.Request) -> wire.Answer:
        """Do what is asked. A module that could not be loaded gives each request the same answer."""
        try:
            if isinstance(request, wire.Load):
                return self._load(request)
            if self._module is None:
                return self._failure
            return self._ask(self._module, request)
        except ModuleReturned as fault:
            return wire.Returned(fault.rv, fault.function)
        except Refusal as refusal:
            return wire.Refused(refusal.reason)

    def _ask(self, module: Cryptoki, request: wire.Request) -> wire.Answer:
        match request:
            case wire.Sign():
                return self._sign(module, request)
            case wire.ListTokens():
                return self._tokens(module)
            case wire.ReadFlags(slot):
                return wire.Flags(module.token_flags(slot))
            case wire.ListCertificates(slot):
                return self._certificates(module, slot)
            case wire.Login(slot, pin):
                return self._login(module, slot, pin)
            case wire.Logout(slot):
                return self._logout(module, slot)
            case wire.ReadKey(slot, key_id):
                return self._read_key(module, slot, key_id)
            case wire.GenerateKeyPair():
                return self._generate(module, request)
            case wire.StoreCertificate(slot, certificate):
                return self._store(module, slot, certificate)
            case _:
                raise AssertionError(request)

    def _load(self, request: wire.Load) -> wire.Answer:
        module = self._open_binding(request.binding)
        try:
            library = module.initialize(request.path)
        except ModuleNotLoaded as fault:
            why = mismatch(Path(request.path))
            self._failure = wire.NotLoaded(f"{why}: {fault.reason}" if why else fault.reason)
            return self._failure
        except ModuleReturned as fault:
            self._failure = wire.Returned(fault.rv, fault.function)
            return self._failure
        self._module = module
        return wire.Loaded(library)

    def _tokens(self, module: Cryptoki) -> wire.Answer:
        self._calling("C_GetSlotList")
        slots = module.slots()
        self._calling("C_GetTokenInfo")
        tokens = []
        for slot in slots:
            # A token pulled out, or not recognised, between the list and the look is no token now.
            with _tolerating(0x003, 0x032, 0x0E0, 0x0E1):
                tokens.append(module.token(slot))
        return wire.Tokens(tuple(tokens))

    def _certificates(self, module: Cryptoki, slot: int) -> wire.Answer:
        self._calling("C_OpenSession")
        with _short_session(module, slot, writable=False) as session:
            self._calling("C_FindObjects")
            template: Template = ((ck.CKA_CLASS, ck.ulong(ck.CKO_CERTIFICATE)),)
            found = module.find(session, template)
            self._calling("C_GetAttributeValue")
            read = [_certificate(module, session, handle) for handle in found]
        return wire.Certificates(tuple(certificate for certificate in read if certificate is not None))

    def _login(self, module: Cryptoki, slot: int, pin: bytes | None) -> wire.Answer:
        # A session that was logged in may belong to a card that has gone; C_Login gets a fresh one. It is
        # opened before the old one is closed: closing a token's last session logs out.
        self._calling("C_OpenSession")
        session = _Session(module.open_session(slot, writable=False))
        self._drop(module, slot)
        self._calling("C_Login")
        outcome = LoginOutcome.LOGGED_IN
        try:
            module.login(session.handle, pin)
        except ModuleReturned as fault:
            if fault.rv != ck.CKR_USER_ALREADY_LOGGED_IN:
                with suppress(ModuleReturned):
                    module.close_session(session.handle)
                raise
            outcome = LoginOutcome.ALREADY
        session.logged_in = True
        self._sessions[slot] = session
        return wire.LoggedIn(outcome)

    def _logout(self, module: Cryptoki, slot: int) -> wire.Answer:
        session = self._sessions.pop(slot, None)
        if session is None:
            return wire.Done()
        try:
            if session.logged_in:
                self._calling("C_Logout")
                module.logout(session.handle)
        finally:
            with suppress(ModuleReturned):
                module.close_session(session.handle)
        return wire.Done()

    def _sign(self, module: Cryptoki, request: wire.Sign) -> wire.Answer:
        session = self._session(module, request.slot)
        with self._losing(module, request.slot):
            key = session.keys.get(request.key_id)
            if key is None:
                key = self._signing_key(module, session, request.key_id)
                self._calling("C_Sign")
            try:
                value = module.sign(session.handle, key, request.mechanism, request.data)
            except ModuleReturned as fault:
                if fault.rv != ck.CKR_OPERATION_ACTIVE:
                    raise
                # An earlier C_Sign failed and the module kept its operation open: nothing was signed now.
                session = self._renewed(module, request.slot, session)
                key = self._signing_key(module, session, request.key_id)
                value = module.sign(session.handle, key, request.mechanism, request.data)
        return wire.Signature(value)

    def _signing_key(self, module: Cryptoki, session: _Session, key_id: bytes) -> int:
        handle = self._private_key(module, session, key_id)
        if keys.flag(module, session.handle, handle, ck.CKA_ALWAYS_AUTHENTICATE):
            raise Refusal(wire.Reason.CONTEXT_LOGIN_NEEDED)
        session.keys[key_id] = handle
        return handle

    def _private_key(self, module: Cryptoki, session: _Session, key_id: bytes) -> int:
        self._calling("C_FindObjects")
        found = module.find(session.handle, keys.private_key_template(key_id))
        if len(found) > 1:
            raise Refusal(wire.Reason.KEY_AMBIGUOUS)
        if not found:
            known = wire.Reason.NO_SUCH_KEY if session.logged_in else wire.Reason.NOT_LOGGED_IN
            raise Refusal(known)
        return found[0]

    def _read_key(self, module: Cryptoki, slot: int, key_id: bytes) -> wire.Answer:
        session = self._session(module, slot)
        with self._losing(module, slot):
            handle = self._private_key(module, session, key_id)
            self._calling("C_GetAttributeValue")
            kind = module.attribute(session.handle, handle, ck.CKA_KEY_TYPE)
            attributes = KeyAttributes(
                key_type=None if kind is None else ck.from_ulong(kind),
                always_authenticate=bool(
                    keys.flag(module, session.handle, handle, ck.CKA_ALWAYS_AUTHENTICATE)
                ),
                sensitive=keys.flag(module, session.handle, handle, ck.CKA_SENSITIVE),
                extractable=keys.flag(module, session.handle, handle, ck.CKA_EXTRACTABLE),
                sign=keys.flag(module, session.handle, handle, ck.CKA_SIGN),
            )
        return wire.Key(attributes)

    def _generate(self, module: Cryptoki, request: wire.GenerateKeyPair) -> wire.Answer:
        self._calling("C_OpenSession")
        with _short_session(module, request.slot, writable=True) as session:
            self._calling("C_FindObjects")
            if module.find(session, keys.private_key_template(request.key_id)):
                raise Refusal(wire.Reason.KEY_ID_TAKEN)
            self._calling("C_GenerateKeyPair")
            spki = keys.generate(module, session, request.spec, request.key_id, request.label)
        return wire.PublicKey(spki)

    def _store(self, module: Cryptoki, slot: int, certificate: NewCertificate) -> wire.Answer:
        self._calling("C_OpenSession")
        with _short_session(module, slot, writable=True) as session:
            self._calling("C_CreateObject")
            module.create(session, _certificate_template(certificate))
        return wire.Done()

    def _session(self, module: Cryptoki, slot: int) -> _Session:
        session = self._sessions.get(slot)
        if session is None:
            self._calling("C_OpenSession")
            session = self._sessions[slot] = _Session(module.open_session(slot, writable=False))
        return session

    def _renewed(self, module: Cryptoki, slot: int, session: _Session) -> _Session:
        renewed = _Session(module.open_session(slot, writable=False))
        renewed.logged_in = session.logged_in
        self._drop(module, slot)
        self._sessions[slot] = renewed
        return renewed

    def _drop(self, module: Cryptoki, slot: int) -> None:
        session = self._sessions.pop(slot, None)
        if session is not None:
            with suppress(ModuleReturned):
                module.close_session(session.handle)

    @contextmanager
    def _losing(self, module: Cryptoki, slot: int) -> Iterator[None]:
        try:
            yield
        except ModuleReturned as fault:
            if fault.rv in _SESSION_LOST:
                self._drop(module, slot)
            raise

    def close(self) -> None:
        """Log out everywhere and finalise the module, as far as it lets itself be. Says nothing more."""
        self._calling = _silently
        if self._module is None:
            return
        for slot in tuple(self._sessions):
            with suppress(ModuleReturned):
                self._logout(self._module, slot)
        with suppress(ModuleReturned):
            self._module.finalize()


def _silently(_: str) -> None:
    """Nobody may be listening any more."""


@contextmanager
def _short_session(module: Cryptoki, slot: int, *, writable: bool) -> Iterator[int]:
    session = module.open_session(slot, writable=writable)
    try:
        yield session
    finally:
        with suppress(ModuleReturned):
            module.close_session(session)


@contextmanager
def _tolerating(*values: int) -> Iterator[None]:
    try:
        yield
    except ModuleReturned as fault:
        if fault.rv not in values:
            raise


def _certificate(module: Cryptoki, session: int, handle: int) -> StoredCertificate | None:
    kind = module.attribute(session, handle, ck.CKA_CERTIFICATE_TYPE)
    if kind is not None and ck.from_ulong(kind) != ck.CKC_X_509:
        return None
    value = module.attribute(session, handle, ck.CKA_VALUE)
    if not value:
        return None
    return StoredCertificate(
        key_id=module.attribute(session, handle, ck.CKA_ID) or b"",
        label=ck.text(module.attribute(session, handle, ck.CKA_LABEL) or b""),
        der=value,
    )


def _certificate_template(certificate: NewCertificate) -> Template:
    return (
        (ck.CKA_CLASS, ck.ulong(ck.CKO_CERTIFICATE)),
        (ck.CKA_CERTIFICATE_TYPE, ck.ulong(ck.CKC_X_509)),
        (ck.CKA_TOKEN, ck.TRUE),
        (ck.CKA_PRIVATE, ck.FALSE),
        (ck.CKA_LABEL, certificate.label.encode()),
        (ck.CKA_ID, certificate.key_id),
        (ck.CKA_SUBJECT, certificate.subject),
        (ck.CKA_ISSUER, certificate.issuer),
        (ck.CKA_SERIAL_NUMBER, certificate.serial_number),
        (ck.CKA_VALUE, certificate.der),
    )
