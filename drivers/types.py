"""What a module, a token and its objects are, as plain frozen values that the signer may hold.

Only facts as the module told them. Which mechanism makes which signature is `mechanisms`; what a family of
tokens is known for is `catalogue`; nothing here touches a module.
"""

from __future__ import annotations

from enum import Enum, IntFlag

from msgspec import Struct


class Binding(Enum):
    """Which Python binding the worker loads. Never two of them in one process."""

    PYKCS11 = "pykcs11"
    PYTHON_PKCS11 = "python-pkcs11"


class Library(Struct, frozen=True, kw_only=True):
    """C_GetInfo: who made the module. Versions are `major.minor`; texts have lost their padding."""

    manufacturer: str
    description: str
    version: str
    cryptoki: str


class TokenFlags(IntFlag):
    """The CKF_ bits of CK_TOKEN_INFO that somebody acts on (PKCS #11 v2.40 §3.2). Others are kept as bits."""

    WRITE_PROTECTED = 0x00000002
    LOGIN_REQUIRED = 0x00000004
    USER_PIN_INITIALIZED = 0x00000008
    PROTECTED_AUTHENTICATION_PATH = 0x00000100
    TOKEN_INITIALIZED = 0x00000400
    USER_PIN_COUNT_LOW = 0x00010000
    USER_PIN_FINAL_TRY = 0x00020000
    USER_PIN_LOCKED = 0x00040000
    USER_PIN_TO_BE_CHANGED = 0x00080000
    SO_PIN_COUNT_LOW = 0x00100000
    SO_PIN_FINAL_TRY = 0x00200000
    SO_PIN_LOCKED = 0x00400000


class KeySizes(Struct, frozen=True, kw_only=True):
    """CK_MECHANISM_INFO: the sizes of key that a mechanism takes, in whatever unit the module counts."""

    mechanism: int
    least: int
    most: int


class Token(Struct, frozen=True, kw_only=True):
    """One token in a slot. `reader` is the slot's description as the reader's vendor wrote it.

    `flags` are the raw CKF_ bits. `pin_min` and `pin_max` are in octets of UTF-8, both 0 where the binding
    does not tell them (python-pkcs11). `mechanisms` are CKM_ values in ascending order; `key_sizes` are told
    of those that Mohr uses, where the module tells them.
    """

    slot: int
    label: str
    serial: str
    manufacturer: str
    model: str
    reader: str
    flags: int
    pin_min: int
    pin_max: int
    mechanisms: tuple[int, ...]
    key_sizes: tuple[KeySizes, ...] = ()

    @property
    def token_flags(self) -> TokenFlags:
        """`flags`, with names."""
        return TokenFlags(self.flags)


class StoredCertificate(Struct, frozen=True, kw_only=True):
    """A certificate object: CKA_ID, CKA_LABEL and CKA_VALUE (X.509 DER, taken as it is, not parsed)."""

    key_id: bytes
    label: str
    der: bytes


class NewCertificate(Struct, frozen=True, kw_only=True):
    """A certificate to be stored. `subject`, `issuer` and `serial_number` are DER, as PKCS #11 wants them."""

    key_id: bytes
    label: str
    der: bytes
    subject: bytes
    issuer: bytes
    serial_number: bytes


class KeySpec(Enum):
    """The key pairs that can be made on a token."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    EC_P521 = "ec-p521"


class StoredKey(Struct, frozen=True, kw_only=True):
    """A private key object: CKA_ID, CKA_LABEL, and its DER SubjectPublicKeyInfo where that can be read."""

    key_id: bytes
    label: str
    spki: bytes | None


class PinChange(Enum):
    """Who sets a new user PIN: C_SetPIN by who knows the old one, C_InitPIN by the officer, C_SetPIN by PUK.

    BY_PUK is an extension of some modules, to which the PUK is given in the place of the old PIN, without a
    login; to all others it would be a wrong PIN.
    """

    BY_USER = "by-user"
    BY_OFFICER = "by-officer"
    BY_PUK = "by-puk"


class KeyAttributes(Struct, frozen=True, kw_only=True):
    """What a private key says of itself; None where the module does not tell.

    `key_type` is a CKK_ value. `always_authenticate` means that each signature needs a login of its own.
    """

    key_type: int | None
    always_authenticate: bool
    sensitive: bool | None
    extractable: bool | None
    sign: bool | None


class PssParameters(Struct, frozen=True, kw_only=True):
    """CK_RSA_PKCS_PSS_PARAMS: a CKM_ hash, a CKG_ mask function, the salt's length in octets."""

    hash: int
    mgf: int
    salt: int


class Mechanism(Struct, frozen=True, kw_only=True):
    """A CKM_ value with the parameters that it needs."""

    type: int
    pss: PssParameters | None = None


class LoginOutcome(Enum):
    """How C_Login ended well. ALREADY says that the PIN was not looked at: somebody was logged in before."""

    LOGGED_IN = "logged-in"
    ALREADY = "already"


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds that an operation may take, counted from when the worker turns to it."""

    load: float = 30.0
    read: float = 30.0
    login: float = 30.0
    pin_pad: float = 120.0
    sign: float = 60.0
    generate: float = 300.0
    store: float = 60.0
