"""Cryptoki through PyKCS11's low-level layer: raw CK_RV, OS locking asked for, one C_Sign for a signature.

The high-level layer is left alone: it asks C_Sign twice, and turning its byte list into `bytes` octet by
octet takes a tenth of the time of an RSA signature on a software token. A byte list's memory is copied in
one go instead, through the `void *` that CK_MECHANISM.pParameter takes from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PyKCS11 import LowLevel as P

from drivers import cryptoki as ck
from drivers.bindings.loading import load_library
from drivers.cryptoki import Template, text
from drivers.errors import ModuleNotLoaded, ModuleReturned
from drivers.recording import Heard
from drivers.types import Library, Mechanism, Token

_LOADER_FAILED = -1
_NO_FUNCTION_LIST = -4
_CKF_RW_SESSION = 0x2
_CKF_SERIAL_SESSION = 0x4
_CKU_SO = 0
_CKU_USER = 1
_CKU_CONTEXT_SPECIFIC = 2
# CK_TOKEN_INFO.label, blank-padded.
_LABEL_OCTETS = 32
# Above every RSA signature (4096 bits are 512 octets) and every ECDSA one: C_Sign is asked once.
_SIGNATURE_ROOM = 1024
_FIND_BATCH = 64


class PyKcs11:
    """`drivers.cryptoki.Cryptoki` over PyKCS11."""

    def __init__(self) -> None:
        self._lib: Any = P.CPKCS11Lib()
        self._plain = self._lib
        self._path = ""
        self._window = P.CK_MECHANISM()
        self._sessions: dict[int, P.CK_SESSION_HANDLE] = {}
        self._keys: dict[int, P.CK_OBJECT_HANDLE] = {}
        self._mechanisms: dict[Mechanism, _NativeMechanism] = {}

    def record(self, heard: Heard | None) -> None:
        self._lib = self._plain if heard is None else _Recorded(self._plain, heard)

    def load(self, path: str) -> None:
        load_library(path)
        self._path = path

    def initialize(self) -> None:
        rv = self._lib.Load(self._path)
        if rv == ck.CKR_CANT_LOCK:
            rv = self._load_without_locking(self._path)
        if rv in (_LOADER_FAILED, _NO_FUNCTION_LIST):
            raise ModuleNotLoaded(_loader_sentence(self._path))
        _check(rv, "C_Initialize")

    def library(self) -> Library:
        info = P.CK_INFO()
        _check(self._lib.C_GetInfo(info), "C_GetInfo")
        return Library(
            manufacturer=text(info.GetManufacturerID()),
            description=text(info.GetLibraryDescription()),
            version=_version(info.libraryVersion),
            cryptoki=_version(info.cryptokiVersion),
        )

    def _load_without_locking(self, path: str) -> int:
        # PyKCS11 always asks for OS locking, but takes a module that is initialised already as it is.
        import ctypes

        rv = int(ctypes.CDLL(path).C_Initialize(None))
        return rv or self._lib.Load(path)

    def finalize(self) -> None:
        _check(self._lib.C_Finalize(), "C_Finalize")

    def slots(self) -> list[int]:
        found = P.ckulonglist()
        _check(self._lib.C_GetSlotList(1, found), "C_GetSlotList")
        return list(found)

    def token(self, slot: int) -> Token:
        place = P.CK_SLOT_INFO()
        _check(self._lib.C_GetSlotInfo(slot, place), "C_GetSlotInfo")
        info = self._token_info(slot)
        mechanisms = P.ckulonglist()
        _check(self._lib.C_GetMechanismList(slot, mechanisms), "C_GetMechanismList")
        return Token(
            slot=slot,
            label=text(info.GetLabel()),
            serial=text(info.GetSerialNumber()),
            manufacturer=text(info.GetManufacturerID()),
            model=text(info.GetModel()),
            reader=text(place.GetSlotDescription()),
            flags=info.flags,
            pin_min=info.ulMinPinLen,
            pin_max=info.ulMaxPinLen,
            mechanisms=tuple(sorted(mechanisms)),
        )

    def token_flags(self, slot: int) -> int:
        return self._token_info(slot).flags

    def key_sizes(self, slot: int, mechanism: int) -> tuple[int, int]:
        info = P.CK_MECHANISM_INFO()
        _check(self._lib.C_GetMechanismInfo(slot, mechanism, info), "C_GetMechanismInfo")
        return info.ulMinKeySize, info.ulMaxKeySize

    def _token_info(self, slot: int) -> P.CK_TOKEN_INFO:
        info = P.CK_TOKEN_INFO()
        _check(self._lib.C_GetTokenInfo(slot, info), "C_GetTokenInfo")
        return info

    def open_session(self, slot: int, *, writable: bool) -> int:
        handle = P.CK_SESSION_HANDLE()
        flags = _CKF_SERIAL_SESSION | (_CKF_RW_SESSION if writable else 0)
        _check(self._lib.C_OpenSession(slot, flags, handle), "C_OpenSession")
        number = handle.value()
        self._sessions[number] = handle
        return number

    def close_session(self, session: int) -> None:
        _check(self._lib.C_CloseSession(self._sessions.pop(session)), "C_CloseSession")

    def login(self, session: int, pin: bytes | None, *, so: bool = False) -> None:
        self._login(session, _CKU_SO if so else _CKU_USER, pin)

    def _login(self, session: int, user: int, pin: bytes | None) -> None:
        _check(self._lib.C_Login(self._sessions[session], user, _pin(pin)), "C_Login")

    def logout(self, session: int) -> None:
        _check(self._lib.C_Logout(self._sessions[session]), "C_Logout")

    def find(self, session: int, template: Template) -> list[int]:
        handle = self._sessions[session]
        _check(self._lib.C_FindObjectsInit(handle, self._attributes(template)), "C_FindObjectsInit")
        found: list[int] = []
        try:
            while True:
                batch = P.ckulonglist(_FIND_BATCH)
                _check(self._lib.C_FindObjects(handle, batch), "C_FindObjects")
                if not len(batch):
                    break
                found.extend(batch)
        finally:
            final = self._lib.C_FindObjectsFinal(handle)
        _check(final, "C_FindObjectsFinal")
        return found

    def attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        wanted = P.ckattrlist(1)
        wanted[0].SetType(kind)
        owner, target = self._sessions[session], _object(handle)
        # The first call learns the size and makes room, the second one reads.
        for _ in range(2):
            rv = self._lib.C_GetAttributeValue(owner, target, wanted)
            if rv in (ck.CKR_ATTRIBUTE_TYPE_INVALID, ck.CKR_ATTRIBUTE_SENSITIVE):
                return None
            _check(rv, "C_GetAttributeValue")
        return bytes(wanted[0].GetBin())

    def sign(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        self._sign_init(session, key, mechanism)
        return self._sign(session, data)

    def sign_authenticated(
        self, session: int, key: int, mechanism: Mechanism, data: bytes, pin: bytes | None
    ) -> bytes:
        self._sign_init(session, key, mechanism)
        self._login(session, _CKU_CONTEXT_SPECIFIC, pin)
        return self._sign(session, data)

    def _sign_init(self, session: int, key: int, mechanism: Mechanism) -> None:
        native = self._mechanisms.get(mechanism) or self._native(mechanism)
        rv = self._lib.C_SignInit(self._sessions[session], native.struct, self._key(key))
        _check(rv, "C_SignInit")

    def _sign(self, session: int, data: bytes) -> bytes:
        owner = self._sessions[session]
        message, signature = self._byte_list(data), P.ckbytelist(_SIGNATURE_ROOM)
        rv = self._lib.C_Sign(owner, message, signature)
        if rv == ck.CKR_BUFFER_TOO_SMALL:
            # The operation stays active (PKCS #11 v2.40 §5.2): ask for the size, then again.
            signature = P.ckbytelist(0)
            _check(self._lib.C_Sign(owner, message, signature), "C_Sign")
            rv = self._lib.C_Sign(owner, message, signature)
        _check(rv, "C_Sign")
        return self._octets(signature)

    def generate_key_pair(
        self, session: int, mechanism: int, public: Template, private: Template
    ) -> tuple[int, int]:
        native = _NativeMechanism(Mechanism(type=mechanism))
        public_key, private_key = P.CK_OBJECT_HANDLE(), P.CK_OBJECT_HANDLE()
        rv = self._lib.C_GenerateKeyPair(
            self._sessions[session],
            native.struct,
            self._attributes(public),
            self._attributes(private),
            public_key,
            private_key,
        )
        _check(rv, "C_GenerateKeyPair")
        return public_key.value(), private_key.value()

    def set_pin(self, session: int, old: bytes | None, new: bytes | None) -> None:
        _check(self._lib.C_SetPIN(self._sessions[session], _pin(old), _pin(new)), "C_SetPIN")

    def init_pin(self, session: int, new: bytes | None) -> None:
        _check(self._lib.C_InitPIN(self._sessions[session], _pin(new)), "C_InitPIN")

    def init_token(self, slot: int, so_pin: bytes | None, label: str) -> None:
        padded = label + " " * (_LABEL_OCTETS - len(label.encode()))
        _check(self._lib.C_InitToken(slot, _pin(so_pin), padded), "C_InitToken")

    def create(self, session: int, template: Template) -> int:
        created = P.CK_OBJECT_HANDLE()
        rv = self._lib.C_CreateObject(self._sessions[session], self._attributes(template), created)
        _check(rv, "C_CreateObject")
        return created.value()

    def _octets(self, values: P.ckbytelist) -> bytes:
        size = len(values)
        if not size:
            return b""
        self._window.pParameter = values
        return P.cdata(self._window.pParameter, size)

    def _byte_list(self, octets: bytes) -> P.ckbytelist:
        values = P.ckbytelist(len(octets))
        self._window.pParameter = values
        P.memmove(self._window.pParameter, octets)
        return values

    def _attributes(self, template: Template) -> P.ckattrlist:
        attributes = P.ckattrlist(len(template))
        for index, (kind, value) in enumerate(template):
            attributes[index].SetBin(kind, P.ckbytelist(value))
        return attributes

    def _key(self, handle: int) -> P.CK_OBJECT_HANDLE:
        if handle not in self._keys:
            self._keys[handle] = _object(handle)
        return self._keys[handle]

    def _native(self, mechanism: Mechanism) -> _NativeMechanism:
        native = self._mechanisms[mechanism] = _NativeMechanism(mechanism)
        return native


class _Recorded:
    """The library, with every call told, and of what is passed the sizes of what C_Sign takes and gives."""

    def __init__(self, lib: Any, heard: Heard) -> None:
        self._lib, self._heard = lib, heard

    def __getattr__(self, name: str) -> Callable[..., int]:
        plain = getattr(self._lib, name)
        function = "C_Initialize" if name == "Load" else name

        def call(*arguments: Any) -> int:
            signs = function == "C_Sign"
            self._heard.entered(function, len(arguments[1]) if signs else 0)
            began = time.perf_counter_ns()
            rv = int(plain(*arguments))
            micros = (time.perf_counter_ns() - began) // 1000
            # A loader's failure is a negative number of PyKCS11's own.
            told = rv if rv >= 0 else ck.CKR_GENERAL_ERROR
            self._heard.left(told, micros, len(arguments[2]) if signs and not rv else 0)
            return rv

        return call


class _NativeMechanism:
    """A CK_MECHANISM, and its parameters for as long as it points to them."""

    def __init__(self, mechanism: Mechanism) -> None:
        self.struct = P.CK_MECHANISM()
        self.struct.mechanism = mechanism.type
        if mechanism.pss is not None:
            self._parameters = P.CK_RSA_PKCS_PSS_PARAMS()
            self._parameters.hashAlg = mechanism.pss.hash
            self._parameters.mgf = mechanism.pss.mgf
            self._parameters.sLen = mechanism.pss.salt
            self.struct.pParameter = self._parameters
            self.struct.ulParameterLen = P.CK_RSA_PKCS_PSS_PARAMS_LENGTH


def _pin(octets: bytes | None) -> P.ckbytelist:
    """An empty list is a null pointer to C."""
    return P.ckbytelist(0) if octets is None else P.ckbytelist(octets)


def _object(number: int) -> P.CK_OBJECT_HANDLE:
    handle = P.CK_OBJECT_HANDLE()
    handle.assign(number)
    return handle


def _version(version: P.CK_VERSION) -> str:
    return f"{version.major}.{version.minor}"


def _check(rv: int, function: str) -> None:
    if rv:
        raise ModuleReturned(rv, function)


def _loader_sentence(path: str) -> str:
    # PyKCS11 keeps the loader's message to itself (it goes to stderr), so the loader is asked once more.
    import ctypes

    try:
        ctypes.CDLL(path)
    except OSError as error:
        return str(error)
    return f"{path}: no C_GetFunctionList in it"
