"""The part of Cryptoki (PKCS #11 v2.40) that a worker needs, as a protocol that each binding implements.

Handles are CK_SESSION_HANDLE and CK_OBJECT_HANDLE numbers; templates and attribute values are octets as C
lays them out, so that both bindings speak of the same thing. Everything raises `ModuleReturned` with the
module's own CK_RV and the name of the C_ function; `load` and `initialize` may raise `ModuleNotLoaded` too,
and what a binding has no way to call raises `NotInBinding`.
"""

from __future__ import annotations

import struct
from typing import Protocol

from drivers.recording import Heard
from drivers.types import Library, Mechanism, Token

CKR_GENERAL_ERROR = 0x00000005
CKR_CANT_LOCK = 0x0000000A
CKR_ATTRIBUTE_SENSITIVE = 0x00000011
CKR_ATTRIBUTE_TYPE_INVALID = 0x00000012
CKR_OPERATION_ACTIVE = 0x00000090
CKR_SESSION_COUNT = 0x0B1
CKR_PIN_EXPIRED = 0x000000A3
CKR_USER_ALREADY_LOGGED_IN = 0x00000100
CKR_BUFFER_TOO_SMALL = 0x00000150

CKO_CERTIFICATE = 1
CKO_PUBLIC_KEY = 2
CKO_PRIVATE_KEY = 3
CKC_X_509 = 0
CKK_RSA = 0
CKK_EC = 3
CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0000
CKM_EC_KEY_PAIR_GEN = 0x1040
# Those that make or use a key of Mohr's, of which the size matters: `drivers.mechanisms` names them.
SIZED_MECHANISMS = frozenset(
    {CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, 0x0001, 0x000D, *range(0x0040, 0x0046), 0x1041}
    | set(range(0x1044, 0x1047))
)

CKA_CLASS = 0x0000
CKA_TOKEN = 0x0001
CKA_PRIVATE = 0x0002
CKA_LABEL = 0x0003
CKA_VALUE = 0x0011
CKA_CERTIFICATE_TYPE = 0x0080
CKA_ISSUER = 0x0081
CKA_SERIAL_NUMBER = 0x0082
CKA_KEY_TYPE = 0x0100
CKA_SUBJECT = 0x0101
CKA_ID = 0x0102
CKA_SENSITIVE = 0x0103
CKA_SIGN = 0x0108
CKA_VERIFY = 0x010A
CKA_MODULUS = 0x0120
CKA_MODULUS_BITS = 0x0121
CKA_PUBLIC_EXPONENT = 0x0122
CKA_EXTRACTABLE = 0x0162
CKA_EC_PARAMS = 0x0180
CKA_EC_POINT = 0x0181
CKA_ALWAYS_AUTHENTICATE = 0x0202

TRUE = b"\x01"
FALSE = b"\x00"

Template = tuple[tuple[int, bytes], ...]


def ulong(value: int) -> bytes:
    """A CK_ULONG as this platform's C lays it out."""
    return struct.pack("@L", value)


def from_ulong(value: bytes) -> int | None:
    """A CK_ULONG attribute's value, or None where its length is not that of a CK_ULONG."""
    return int(struct.unpack("@L", value)[0]) if len(value) == struct.calcsize("@L") else None


def text(padded: bytes | str) -> str:
    """A blank-padded text of a CK_INFO structure, or a CKA_LABEL, without padding and NULs.

    What is not UTF-8, as some modules write, is read as replacement characters.
    """
    if isinstance(padded, bytes):
        padded = padded.decode("utf-8", "replace")
    return padded.rstrip(" \x00")


class Cryptoki(Protocol):
    """One module, loaded through one binding, used from one thread."""

    def record(self, heard: Heard | None) -> None:
        """Tell `heard` of every call from now on; None: nobody, which is how it begins, and costs nothing."""

    def load(self, path: str) -> None:
        """Load the library into this process. What comes after is about this library."""

    def initialize(self) -> None:
        """C_Initialize, asking for OS locking first where the binding can."""

    def library(self) -> Library:
        """C_GetInfo."""

    def finalize(self) -> None:
        """C_Finalize. The module is not used afterwards."""

    def slots(self) -> list[int]:
        """The slots with a token in them."""

    def token(self, slot: int) -> Token:
        """C_GetSlotInfo, C_GetTokenInfo and C_GetMechanismList, read now."""

    def token_flags(self, slot: int) -> int:
        """The CKF_ bits of C_GetTokenInfo, read now."""

    def key_sizes(self, slot: int, mechanism: int) -> tuple[int, int]:
        """The least and the most of C_GetMechanismInfo, as the module counts them."""

    def open_session(self, slot: int, *, writable: bool) -> int:
        """C_OpenSession."""

    def close_session(self, session: int) -> None:
        """C_CloseSession."""

    def login(self, session: int, pin: bytes | None, *, so: bool = False) -> None:
        """C_Login as CKU_USER or CKU_SO, exactly once; None for a protected authentication path."""

    def logout(self, session: int) -> None:
        """C_Logout."""

    def find(self, session: int, template: Template) -> list[int]:
        """All objects that match; C_FindObjectsFinal is called before this returns."""

    def attribute(self, session: int, handle: int, kind: int) -> bytes | None:
        """One attribute's octets, or None where the object has no such attribute or does not tell it."""

    def sign(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        """C_SignInit and C_Sign; `data` is not empty."""

    def sign_authenticated(
        self, session: int, key: int, mechanism: Mechanism, data: bytes, pin: bytes | None
    ) -> bytes:
        """C_SignInit, C_Login as CKU_CONTEXT_SPECIFIC exactly once, C_Sign. Faults name the last asked."""

    def set_pin(self, session: int, old: bytes | None, new: bytes | None) -> None:
        """C_SetPIN; None for both where the reader asks for them."""

    def init_pin(self, session: int, new: bytes | None) -> None:
        """C_InitPIN, in a session where the officer is logged in."""

    def init_token(self, slot: int, so_pin: bytes | None, label: str) -> None:
        """C_InitToken; the label has at most 32 octets of UTF-8."""

    def generate_key_pair(
        self, session: int, mechanism: int, public: Template, private: Template
    ) -> tuple[int, int]:
        """C_GenerateKeyPair: the public key's handle, then the private key's."""

    def create(self, session: int, template: Template) -> int:
        """C_CreateObject."""
