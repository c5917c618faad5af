"""A credential: a private key's reference and its certificate, and who holds it.

Read-only facts. Finding them on a token is `signer.service.token_signers`; reading a certificate's bytes
is `signer.x509`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class KeyKind(Enum):
    """What the key is, as far as choosing an algorithm needs it."""

    RSA = "rsa"
    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    EC_P521 = "ec-p521"


class SignatureAlgorithm(Enum):
    """A signature over a message, hash included. ECDSA values are DER ECDSA-Sig-Value (RFC 3279 §2.2.3)."""

    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"


class Holder(Struct, frozen=True, kw_only=True):
    """The person a certificate names. Codes are ASCII digits; None where none was found.

    `national_codes` and `council_numbers` hold every candidate found in any subject attribute: two
    candidates are a finding, never a choice made for the doctor.
    """

    name: str
    national_codes: tuple[str, ...] = ()
    council_numbers: tuple[str, ...] = ()
    centre: str | None = None

    @property
    def national_code(self) -> str | None:
        """The only candidate, or None where there is none or more than one."""
        return self.national_codes[0] if len(self.national_codes) == 1 else None

    @property
    def council_number(self) -> str | None:
        """The only candidate, or None where there is none or more than one."""
        return self.council_numbers[0] if len(self.council_numbers) == 1 else None


class TokenRef(Struct, frozen=True, kw_only=True):
    """Which token, told apart by serial *and* reader: two identical tokens may be plugged in."""

    module: str
    slot: int
    serial: str
    label: str
    reader: str


class Credential(Struct, frozen=True, kw_only=True):
    """One way to sign. `id` is the lower-case hex SHA-256 of the certificate's DER.

    `problem` is the stable error code that says why it cannot sign now, or None. Times are aware, UTC.
    """

    id: str
    certificate: bytes
    holder: Holder
    issuer: str
    not_before: datetime
    not_after: datetime
    key_kind: KeyKind
    key_bits: int
    token: TokenRef
    key_id: bytes
    problem: str | None = None


class TriesLeft(Enum):
    """What is known of the PIN tries left. Never guessed: no flag is UNKNOWN."""

    OK = "ok"
    LOW = "low"
    LAST = "last"
    LOCKED = "locked"
    UNKNOWN = "unknown"


class AuthorisationKind(Enum):
    """How the token wants to be told that the holder agrees."""

    PIN = "pin"
    PIN_PAD = "pin-pad"
    MODULE_DIALOG = "module-dialog"
    ELSEWHERE = "elsewhere"


class PinRole(Enum):
    """Which secret of a token is meant: each has tries, and a name for its holder, of its own."""

    USER = "user"
    SIGNATURE = "signature"
    OFFICER = "officer"


class Authorisation(Struct, frozen=True, kw_only=True):
    """What stands between a consent and C_Sign. PIN lengths are in characters, 0 where not told.

    `each` is True where the key is known to want the holder's word again before each signature, after the
    one that opens the token.
    """

    kind: AuthorisationKind
    tries: TriesLeft
    pin_min: int = 0
    pin_max: int = 0
    role: PinRole = PinRole.USER
    each: bool = False
