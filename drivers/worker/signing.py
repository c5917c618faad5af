"""Signing with a key that a slot's session shows: under the session's login, or with a login of its own.

Nothing is tried twice, but for C_SignInit after an operation that the module forgot to end.
"""

from __future__ import annotations

from contextlib import suppress

from drivers import cryptoki as ck
from drivers import wire
from drivers.errors import ModuleReturned
from drivers.types import KeyAttributes
from drivers.worker import keys
from drivers.worker.refusal import Refusal
from drivers.worker.sessions import Session, Sessions


def sign(sessions: Sessions, request: wire.Sign) -> wire.Answer:
    """C_SignInit and C_Sign."""
    session, module = sessions.of(request.slot), sessions.module
    with sessions.losing(request.slot):
        key = session.keys.get(request.key_id)
        if key is None:
            key = _signing_key(sessions, session, request.key_id)
            sessions.calling("C_Sign")
        try:
            value = module.sign(session.handle, key, request.mechanism, request.data)
        except ModuleReturned as fault:
            if fault.rv != ck.CKR_OPERATION_ACTIVE:
                raise
            # An earlier C_Sign failed and the module kept its operation open: nothing was signed now.
            session = sessions.renewed(request.slot)
            key = _signing_key(sessions, session, request.key_id)
            value = module.sign(session.handle, key, request.mechanism, request.data)
    return wire.Signature(value)


def sign_authenticated(sessions: Sessions, request: wire.SignAuthenticated) -> wire.Answer:
    """C_SignInit, C_Login as CKU_CONTEXT_SPECIFIC, C_Sign: for a key with CKA_ALWAYS_AUTHENTICATE."""
    session, module = sessions.of(request.slot), sessions.module
    with sessions.losing(request.slot):
        key = _private_key(sessions, session, request.key_id)
        sessions.calling("C_Login")
        try:
            value = module.sign_authenticated(
                session.handle, key, request.mechanism, request.data, request.pin
            )
        except ModuleReturned:
            # The operation that C_SignInit began still waits for its login, and some modules never take
            # one again in this session.
            with suppress(ModuleReturned):
                sessions.renewed(request.slot)
            raise
    return wire.Signature(value)


def read_key(sessions: Sessions, slot: int, key_id: bytes) -> wire.Answer:
    """What the private key says of itself."""
    session, module = sessions.of(slot), sessions.module
    with sessions.losing(slot):
        handle = _private_key(sessions, session, key_id)
        sessions.calling("C_GetAttributeValue")
        kind = module.attribute(session.handle, handle, ck.CKA_KEY_TYPE)
        attributes = KeyAttributes(
            key_type=None if kind is None else ck.from_ulong(kind),
            always_authenticate=bool(keys.flag(module, session.handle, handle, ck.CKA_ALWAYS_AUTHENTICATE)),
            sensitive=keys.flag(module, session.handle, handle, ck.CKA_SENSITIVE),
            extractable=keys.flag(module, session.handle, handle, ck.CKA_EXTRACTABLE),
            sign=keys.flag(module, session.handle, handle, ck.CKA_SIGN),
        )
    return wire.Key(attributes)


def _signing_key(sessions: Sessions, session: Session, key_id: bytes) -> int:
    handle = _private_key(sessions, session, key_id)
    if keys.flag(sessions.module, session.handle, handle, ck.CKA_ALWAYS_AUTHENTICATE):
        raise Refusal(wire.Reason.CONTEXT_LOGIN_NEEDED)
    session.keys[key_id] = handle
    return handle


def _private_key(sessions: Sessions, session: Session, key_id: bytes) -> int:
    sessions.calling("C_FindObjects")
    found = sessions.module.find(session.handle, keys.private_key_template(key_id))
    if len(found) > 1:
        raise Refusal(wire.Reason.KEY_AMBIGUOUS)
    if not found:
        known = wire.Reason.NO_SUCH_KEY if session.logged_in else wire.Reason.NOT_LOGGED_IN
        raise Refusal(known)
    return found[0]
