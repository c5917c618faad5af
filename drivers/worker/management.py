"""What changes a token: PINs, keys, certificates, and the initialisation that takes everything away.

Each change is made in a short session of its own. Nothing is deleted but by C_InitToken, which deletes all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from drivers import cryptoki as ck
from drivers import wire
from drivers.cryptoki import Cryptoki, Template
from drivers.errors import ModuleReturned
from drivers.types import NewCertificate, PinChange, StoredCertificate, StoredKey
from drivers.worker import keys
from drivers.worker.refusal import Refusal
from drivers.worker.sessions import Sessions


def certificates(sessions: Sessions, slot: int) -> wire.Answer:
    """The X.509 certificates that are visible without a login."""
    module = sessions.module
    with sessions.short(slot, writable=False) as session:
        sessions.calling("C_FindObjects")
        found = module.find(session, ((ck.CKA_CLASS, ck.ulong(ck.CKO_CERTIFICATE)),))
        sessions.calling("C_GetAttributeValue")
        read = [_certificate(module, session, handle) for handle in found]
    return wire.Certificates(tuple(certificate for certificate in read if certificate is not None))


def list_keys(sessions: Sessions, slot: int) -> wire.Answer:
    """The private keys that the slot's session shows, each with its public half where that can be read."""
    session, module = sessions.of(slot), sessions.module
    with sessions.losing(slot):
        sessions.calling("C_FindObjects")
        found = module.find(session.handle, keys.PRIVATE_KEYS)
        sessions.calling("C_GetAttributeValue")
        listed = [_key(module, session.handle, handle) for handle in found]
    return wire.Keys(tuple(listed))


def list_public_keys(sessions: Sessions, slot: int) -> wire.Answer:
    """The public keys that are visible without a login."""
    module = sessions.module
    with sessions.short(slot, writable=False) as session:
        sessions.calling("C_FindObjects")
        found = module.find(session, keys.PUBLIC_KEYS)
        sessions.calling("C_GetAttributeValue")
        listed = [_public_key(module, session, handle) for handle in found]
    return wire.Keys(tuple(listed))


def generate(sessions: Sessions, request: wire.GenerateKeyPair) -> wire.Answer:
    """C_GenerateKeyPair, under a CKA_ID that no private key has yet."""
    module = sessions.module
    with sessions.short(request.slot, writable=True) as session:
        sessions.calling("C_FindObjects")
        if module.find(session, keys.private_key_template(request.key_id)):
            raise Refusal(wire.Reason.KEY_ID_TAKEN)
        sessions.calling("C_GenerateKeyPair")
        spki = keys.generate(module, session, request)
    return wire.PublicKey(spki)


def store(sessions: Sessions, slot: int, certificate: NewCertificate) -> wire.Answer:
    """C_CreateObject."""
    with sessions.short(slot, writable=True) as session:
        sessions.calling("C_CreateObject")
        sessions.module.create(session, _certificate_template(certificate))
    return wire.Done()


def set_pin(sessions: Sessions, request: wire.SetPin) -> wire.Answer:
    """A new user PIN, by whoever may set it. Ends the slot's session and login first.

    An officer cannot log in beside a user's session (PKCS #11 v2.40 §5.6, CKR_SESSION_READ_ONLY_EXISTS).
    """
    module, new = sessions.module, request.new
    _leave(sessions, request.slot)
    with sessions.short(request.slot, writable=True) as session:
        match request.by:
            case PinChange.BY_USER:
                # A login first, so that C_SetPIN, whose count of tries differs by module, is only ever
                # given an old PIN that is right. A PIN that has expired may be changed all the same.
                with _login(sessions, session, request.secret, ck.CKR_PIN_EXPIRED):
                    sessions.calling("C_SetPIN")
                    module.set_pin(session, request.secret, new)
            case PinChange.BY_OFFICER:
                with _login(sessions, session, request.secret, so=True):
                    sessions.calling("C_InitPIN")
                    module.init_pin(session, new)
            case PinChange.BY_PUK:
                sessions.calling("C_SetPIN")
                module.set_pin(session, request.secret, new)
    return wire.Done()


def init_token(sessions: Sessions, request: wire.InitToken) -> wire.Answer:
    """C_InitToken: every object on the token is gone afterwards, and so is the user PIN."""
    _leave(sessions, request.slot)
    sessions.calling("C_InitToken")
    sessions.module.init_token(request.slot, request.so_pin, request.label)
    return wire.Done()


def _leave(sessions: Sessions, slot: int) -> None:
    with suppress(ModuleReturned):
        sessions.log_out(slot)


@contextmanager
def _login(
    sessions: Sessions, session: int, pin: bytes | None, *borne: int, so: bool = False
) -> Iterator[None]:
    module = sessions.module
    sessions.calling("C_Login")
    try:
        module.login(session, pin, so=so)
    except ModuleReturned as fault:
        if fault.rv not in borne:
            raise
    try:
        yield
    finally:
        with suppress(ModuleReturned):
            module.logout(session)


def _key(module: Cryptoki, session: int, handle: int) -> StoredKey:
    key_id = module.attribute(session, handle, ck.CKA_ID) or b""
    public = module.find(session, keys.public_key_template(key_id)) if key_id else []
    known = (keys.public_key_info(module, session, place) for place in (*public, handle))
    return StoredKey(
        key_id=key_id,
        label=ck.text(module.attribute(session, handle, ck.CKA_LABEL) or b""),
        spki=next((spki for spki in known if spki is not None), None),
    )


def _public_key(module: Cryptoki, session: int, handle: int) -> StoredKey:
    return StoredKey(
        key_id=module.attribute(session, handle, ck.CKA_ID) or b"",
        label=ck.text(module.attribute(session, handle, ck.CKA_LABEL) or b""),
        spki=keys.public_key_info(module, session, handle),
    )


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
