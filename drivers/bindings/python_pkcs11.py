"""Cryptoki through python-pkcs11, the second opinion: an independent reading of the same module.

It calls C_Initialize with NULL, does not tell PIN lengths, and names an error by a class; the CK_RV is found
again here. A refused PIN leaks the session that it was tried in, and the C_ function named in a fault is
the one that the operation is about. It has no C_InitToken, and a PIN pad only for C_Login as user or officer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pkcs11
from pkcs11 import exceptions
from pkcs11.attributes import AttributeMapper
from pkcs11.constants import DEFAULT, Attribute, MechanismFlag, TokenFlag
from pkcs11.mechanisms import KeyType
from pkcs11.mechanisms import Mechanism as NativeMechanism
from pkcs11.types import PROTECTED_AUTH

from drivers import cryptoki as ck
from drivers.bindings.loading import load_library
from drivers.cryptoki import Template, text
from drivers.errors import ModuleNotLoaded, ModuleReturned, NotInBinding
from drivers.recording import Heard
from drivers.types import Library, Mechanism, Token

_RV: dict[type[exceptions.PKCS11Error], int] = {
    exceptions.HostMemory: 0x002,
    exceptions.SlotIDInvalid: 0x003,
    exceptions.GeneralError: 0x005,
    exceptions.FunctionFailed: 0x006,
    exceptions.ArgumentsBad: 0x007,
    exceptions.NoEvent: 0x008,
    exceptions.AttributeReadOnly: 0x010,
    exceptions.AttributeSensitive: 0x011,
    exceptions.AttributeTypeInvalid: 0x012,
    exceptions.AttributeValueInvalid: 0x013,
    exceptions.DataInvalid: 0x020,
    exceptions.DataLenRange: 0x021,
    exceptions.DeviceError: 0x030,
    exceptions.DeviceMemory: 0x031,
    exceptions.DeviceRemoved: 0x032,
    exceptions.FunctionCancelled: 0x050,
    exceptions.FunctionNotSupported: 0x054,
    exceptions.KeyHandleInvalid: 0x060,
    exceptions.KeySizeRange: 0x062,
    exceptions.KeyTypeInconsistent: 0x063,
    exceptions.MechanismInvalid: 0x070,
    exceptions.MechanismParamInvalid: 0x071,
    exceptions.ObjectHandleInvalid: 0x082,
    exceptions.OperationActive: 0x090,
    exceptions.OperationNotInitialized: 0x091,
    exceptions.PinIncorrect: 0x0A0,
    exceptions.PinInvalid: 0x0A1,
    exceptions.PinLenRange: 0x0A2,
    exceptions.PinExpired: 0x0A3,
    exceptions.PinLocked: 0x0A4,
    exceptions.SessionClosed: 0x0B0,
    exceptions.SessionCount: 0x0B1,
    exceptions.SessionHandleInvalid: 0x0B3,
    exceptions.SessionReadOnly: 0x0B5,
    exceptions.SessionExists: 0x0B6,
    exceptions.SessionReadOnlyExists: 0x0B7,
    exceptions.SessionReadWriteSOExists: 0x0B8,
    exceptions.TemplateIncomplete: 0x0D0,
    exceptions.TemplateInconsistent: 0x0D1,
    exceptions.TokenNotPresent: 0x0E0,
    exceptions.TokenNotRecognised: 0x0E1,
    exceptions.TokenWriteProtected: 0x0E2,
    exceptions.UserAlreadyLoggedIn: 0x100,
    exceptions.UserNotLoggedIn: 0x101,
    exceptions.UserPinNotInitialized: 0x102,
    exceptions.AnotherUserAlreadyLoggedIn: 0x104,
    exceptions.UserTooManyTypes: 0x105,
    exceptions.DomainParamsInvalid: 0x130,
    exceptions.FunctionRejected: 0x200,
}
# What only the login between C_SignInit and C_Sign can have returned: PIN_INCORRECT to PIN_LOCKED.
_OF_A_PIN = frozenset(range(0x0A0, 0x0A5))
_KEY_TYPES = {ck.CKM_RSA_PKCS_KEY_PAIR_GEN: KeyType.RSA, ck.CKM_EC_KEY_PAIR_GEN: KeyType.EC}


class _Octets(AttributeMapper):
    """Attributes as octets, both ways; the two that the binding needs to read keep their meaning."""

    _MEANT = frozenset({Attribute.CLASS, Attribute.KEY_TYPE, Attribute.SIGN, Attribute.VERIFY})

    def pack_attribute(self, key: Attribute, value: Any) -> bytes:
        return value if isinstance(value, bytes) else super().pack_attribute(key, value)

    def unpack_attributes(self, key: Attribute, value: bytes) -> Any:
        return super().unpack_attributes(key, value) if key in self._MEANT else value


class PythonPkcs11:
    """`drivers.cryptoki.Cryptoki` over python-pkcs11."""

    def __init__(self) -> None:
        self._lib: Any = None
        self._path = ""
        self._sessions: dict[int, Any] = {}
        self._logins: dict[int, Any] = {}
        self._objects: dict[int, Any] = {}

    def record(self, heard: Heard | None) -> None:
        _recording.heard = heard

    def load(self, path: str) -> None:
        load_library(path)
        self._path = path

    def initialize(self) -> None:
        with _returning("C_Initialize"):
            try:
                self._lib = pkcs11.lib(self._path)
            except exceptions.PKCS11Error as error:
                if "exception while loading" in str(error):
                    raise ModuleNotLoaded(str(error)) from None
                raise

    def library(self) -> Library:
        return Library(
            manufacturer=text(self._lib.manufacturer_id),
            description=text(self._lib.library_description),
            version=_version(self._lib.library_version),
            cryptoki=_version(self._lib.cryptoki_version),
        )

    def finalize(self) -> None:
        with _returning("C_Finalize"):
            self._lib.finalize()

    def slots(self) -> list[int]:
        with _returning("C_GetSlotList"):
            return [slot.slot_id for slot in self._lib.get_slots(token_present=True)]

    def token(self, slot: int) -> Token:
        place = self._slot(slot)
        with _returning("C_GetTokenInfo"):
            token = place.get_token()
        with _returning("C_GetMechanismList"):
            mechanisms = place.get_mechanisms()
        return Token(
            slot=slot,
            label=text(token.label),
            serial=text(token.serial),
            manufacturer=text(token.manufacturer_id),
            model=text(token.model),
            reader=text(place.slot_description),
            flags=int(token.flags),
            pin_min=0,
            pin_max=0,
            mechanisms=tuple(sorted(int(m) for m in mechanisms if _is_there(place, m))),
        )

    def token_flags(self, slot: int) -> int:
        with _returning("C_GetTokenInfo"):
            return int(self._slot(slot).get_token().flags)

    def key_sizes(self, slot: int, mechanism: int) -> tuple[int, int]:
        with _returning("C_GetMechanismInfo"):
            info = self._slot(slot).get_mechanism_info(NativeMechanism(mechanism))
        return int(info.min_key_length), int(info.max_key_length)

    def open_session(self, slot: int, *, writable: bool) -> int:
        place = self._slot(slot)
        with _returning("C_OpenSession"):
            session = place.get_token().open(rw=writable, attribute_mapper=_Octets())
        self._sessions[session.handle] = session
        return int(session.handle)

    def close_session(self, session: int) -> None:
        with _returning("C_CloseSession"):
            self._sessions.pop(session).close()

    def login(self, session: int, pin: bytes | None, *, so: bool = False) -> None:
        # The binding logs in only while it opens a session, and logs out when that one is closed: it is kept
        # beside the others, for whom the login counts as well.
        token = self._sessions[session].token
        if pin is None and TokenFlag.PROTECTED_AUTHENTICATION_PATH not in token.flags:
            raise NotInBinding
        with _returning("C_Login"):
            typed = PROTECTED_AUTH if pin is None else pin.decode()
            # An officer logs in to a session that may write, or not at all.
            login = token.open(rw=True, so_pin=typed) if so else token.open(user_pin=typed)
        self._logins[token.slot.slot_id] = login

    def logout(self, session: int) -> None:
        login = self._logins.pop(self._sessions[session].token.slot.slot_id, None)
        if login is not None:
            with _returning("C_Logout"):
                login.close()

    def find(self, session: int, template: Template) -> list[int]:
        with _returning("C_FindObjects"):
            found = list(self._sessions[session].get_objects(_attributes(template)))
        return [self._remember(thing) for thing in found]

    def attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        with _returning("C_GetAttributeValue"):
            try:
                value = self._objects[handle][Attribute(kind)]
            except (exceptions.AttributeTypeInvalid, exceptions.AttributeSensitive):
                return None
        return value if isinstance(value, bytes) else _Octets().pack_attribute(Attribute(kind), value)

    def sign(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        pss = mechanism.pss
        parameters = None if pss is None else (pss.hash, pss.mgf, pss.salt)
        with _returning("C_Sign"):
            signature = self._objects[key].sign(
                data, mechanism=NativeMechanism(mechanism.type), mechanism_param=parameters
            )
        return bytes(signature)

    def sign_authenticated(
        self, session: int, key: int, mechanism: Mechanism, data: bytes, pin: bytes | None
    ) -> bytes:
        if pin is None:
            raise NotInBinding
        pss = mechanism.pss
        try:
            with _returning("C_Sign"):
                signature = self._objects[key].sign(
                    data,
                    mechanism=NativeMechanism(mechanism.type),
                    mechanism_param=None if pss is None else (pss.hash, pss.mgf, pss.salt),
                    pin=pin.decode(),
                )
        except ModuleReturned as fault:
            raise ModuleReturned(fault.rv, "C_Login" if fault.rv in _OF_A_PIN else "C_Sign") from None
        return bytes(signature)

    def set_pin(self, session: int, old: bytes | None, new: bytes | None) -> None:
        if old is None or new is None:
            raise NotInBinding
        with _returning("C_SetPIN"):
            self._sessions[session].set_pin(old.decode(), new.decode())

    def init_pin(self, session: int, new: bytes | None) -> None:
        if new is None:
            raise NotInBinding
        with _returning("C_InitPIN"):
            self._sessions[session].init_pin(new.decode())

    def init_token(self, slot: int, so_pin: bytes | None, label: str) -> None:
        raise NotInBinding

    def generate_key_pair(
        self, session: int, mechanism: int, public: Template, private: Template
    ) -> tuple[int, int]:
        wanted = dict(public)
        bits = ck.from_ulong(wanted[ck.CKA_MODULUS_BITS]) if ck.CKA_MODULUS_BITS in wanted else None
        with _returning("C_GenerateKeyPair"):
            pair = self._sessions[session].generate_keypair(
                _KEY_TYPES[mechanism],
                bits,
                store=True,
                capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
                public_template=_nothing_of(_ADDED_TO_PUBLIC) | _attributes(public),
                private_template=_nothing_of(_ADDED_TO_PRIVATE) | _attributes(private),
            )
        return self._remember(pair[0]), self._remember(pair[1])

    def create(self, session: int, template: Template) -> int:
        with _returning("C_CreateObject"):
            return self._remember(self._sessions[session].create_object(_attributes(template)))

    def _slot(self, slot: int) -> Any:
        with _returning("C_GetSlotList"):
            for place in self._lib.get_slots():
                if place.slot_id == slot:
                    return place
        raise ModuleReturned(0x003, "C_GetTokenInfo")

    def _remember(self, thing: Any) -> int:
        self._objects[thing.handle] = thing
        return int(thing.handle)


def _is_there(place: Any, mechanism: int) -> bool:
    """Is it really in the slot's list?

    python-pkcs11 takes the length of the list from its first C_GetMechanismList: where the second one gives
    fewer, as p11-kit's client does, what it reads behind them is whatever stood in memory.
    """
    try:
        place.get_mechanism_info(mechanism)
    except exceptions.MechanismInvalid:
        return False
    except exceptions.PKCS11Error:
        return True
    return True


#: What python-pkcs11 writes into every key template, false where it was not asked for. A module may
#: refuse what it does not know, and tpm2-pkcs11 does, with CKR_GENERAL_ERROR.
_ADDED_TO_PUBLIC = (Attribute.ENCRYPT, Attribute.WRAP)
_ADDED_TO_PRIVATE = (Attribute.DECRYPT, Attribute.UNWRAP, Attribute.DERIVE)


def _nothing_of(attributes: tuple[Attribute, ...]) -> dict[Attribute, object]:
    return dict.fromkeys(attributes, DEFAULT)


def _attributes(template: Template) -> dict[Attribute, object]:
    return {Attribute(kind): value for kind, value in template}


def _version(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


class _Recording:
    """Who is told of the calls of this process's one module; named as faults are, by what they are about."""

    heard: Heard | None = None


_recording = _Recording()


@contextmanager
def _returning(function: str) -> Iterator[None]:
    heard = _recording.heard
    if heard is not None:
        heard.entered(function, 0)
    began, rv = time.perf_counter_ns(), ck.CKR_GENERAL_ERROR
    try:
        yield
        rv = 0
    except exceptions.PKCS11Error as error:
        rv = _rv(error)
        raise ModuleReturned(rv, function) from None
    finally:
        if heard is not None:
            heard.left(rv, (time.perf_counter_ns() - began) // 1000, 0)


def _rv(error: exceptions.PKCS11Error) -> int:
    """The CK_RV that the binding turned into a class, or left as text where it knows no class for it."""
    known = _RV.get(type(error))
    if known is not None:
        return known
    number = re.search(r"0x([0-9a-fA-F]+)", str(error))
    return int(number[1], 16) if number else 0x005
