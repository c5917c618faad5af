"""The messages between the supervisor and a worker, and how they are framed on a pipe.

A frame is a length (4 octets, big-endian) and that many octets of MessagePack. A worker answers each request
with one answer, in order; before an answer it may send `Calling` to say which C_ function it enters. Nothing
here reads or writes a pipe.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from drivers.errors import FrameMalformed
from drivers.types import (
    Binding,
    KeyAttributes,
    KeySpec,
    Library,
    LoginOutcome,
    Mechanism,
    NewCertificate,
    PinChange,
    StoredCertificate,
    StoredKey,
    Token,
)

MAX_PAYLOAD = 16 * 1024 * 1024
_LENGTH = 4


class Load(Struct, frozen=True, tag=True):
    """Load the module at `path` through `binding`. The first request, and the only one of its kind."""

    path: str
    binding: Binding


class ListTokens(Struct, frozen=True, tag=True):
    """Which tokens are there?"""


class ReadFlags(Struct, frozen=True, tag=True):
    """Read the token's flags from the module now."""

    slot: int


class ListCertificates(Struct, frozen=True, tag=True):
    """Read the X.509 certificates that are visible without a login."""

    slot: int


class Login(Struct, frozen=True, tag=True):
    """Call C_Login once. `pin` is UTF-8, or None where the reader has a PIN pad."""

    slot: int
    pin: bytes | None

    def __repr__(self) -> str:
        return f"Login(slot={self.slot})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("slot", self.slot)]


class Logout(Struct, frozen=True, tag=True):
    """Call C_Logout and close the session."""

    slot: int


class Sign(Struct, frozen=True, tag=True):
    """Sign `data` with the key that has CKA_ID `key_id`."""

    slot: int
    key_id: bytes
    mechanism: Mechanism
    data: bytes

    def __repr__(self) -> str:
        return f"Sign(slot={self.slot}, {len(self.data)} octets)"


class SignAuthenticated(Struct, frozen=True, tag=True):
    """The same with a key that wants a login for each signature, which is C_Login'ed with `pin` once.

    `pin` is UTF-8, or None where the reader has a PIN pad.
    """

    slot: int
    key_id: bytes
    mechanism: Mechanism
    data: bytes
    pin: bytes | None

    def __repr__(self) -> str:
        return f"SignAuthenticated(slot={self.slot}, {len(self.data)} octets)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("slot", self.slot)]


class SetPin(Struct, frozen=True, tag=True):
    """Give the user a new PIN. `secret` is the old PIN, the officer's or the PUK; both are UTF-8.

    None for both where the reader has a PIN pad.
    """

    slot: int
    by: PinChange
    secret: bytes | None
    new: bytes | None

    def __repr__(self) -> str:
        return f"SetPin(slot={self.slot}, {self.by.value})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("slot", self.slot), ("by", self.by)]


class InitToken(Struct, frozen=True, tag=True):
    """Initialise the token: it is empty afterwards. The label has at most 32 octets of UTF-8."""

    slot: int
    so_pin: bytes | None
    label: str

    def __repr__(self) -> str:
        return f"InitToken(slot={self.slot})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("slot", self.slot)]


class ReadKey(Struct, frozen=True, tag=True):
    """Read the attributes of the private key with CKA_ID `key_id`."""

    slot: int
    key_id: bytes


class ListKeys(Struct, frozen=True, tag=True):
    """Read the private keys that are visible at the slot, with their public halves."""

    slot: int


class GenerateKeyPair(Struct, frozen=True, tag=True):
    """Make a key pair on the token, under a CKA_ID that no private key has yet."""

    slot: int
    spec: KeySpec
    key_id: bytes
    label: str
    always_authenticate: bool = False


class StoreCertificate(Struct, frozen=True, tag=True):
    """Write a certificate object."""

    slot: int
    certificate: NewCertificate


Request = (
    Load
    | ListTokens
    | ReadFlags
    | ListCertificates
    | Login
    | Logout
    | Sign
    | SignAuthenticated
    | SetPin
    | InitToken
    | ReadKey
    | ListKeys
    | GenerateKeyPair
    | StoreCertificate
)


class Calling(Struct, frozen=True, tag=True):
    """Not an answer: the worker is about to enter this C_ function."""

    function: str


class Loaded(Struct, frozen=True, tag=True):
    library: Library


class Tokens(Struct, frozen=True, tag=True):
    tokens: tuple[Token, ...]


class Flags(Struct, frozen=True, tag=True):
    flags: int


class Certificates(Struct, frozen=True, tag=True):
    certificates: tuple[StoredCertificate, ...]


class LoggedIn(Struct, frozen=True, tag=True):
    outcome: LoginOutcome


class Signature(Struct, frozen=True, tag=True):
    value: bytes


class Key(Struct, frozen=True, tag=True):
    attributes: KeyAttributes


class Keys(Struct, frozen=True, tag=True):
    keys: tuple[StoredKey, ...]


class PublicKey(Struct, frozen=True, tag=True):
    """DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)."""

    spki: bytes


class Done(Struct, frozen=True, tag=True):
    """Logged out, stored, set or initialised."""


class Returned(Struct, frozen=True, tag=True):
    """The module answered with a CK_RV other than CKR_OK."""

    rv: int
    function: str


class NotLoaded(Struct, frozen=True, tag=True):
    """The module could not be loaded; `reason` is the loader's sentence."""

    reason: str


class Reason(Enum):
    """Why the worker did not ask the module."""

    NO_SUCH_KEY = "no-such-key"
    KEY_AMBIGUOUS = "key-ambiguous"
    KEY_ID_TAKEN = "key-id-taken"
    NOT_LOGGED_IN = "not-logged-in"
    CONTEXT_LOGIN_NEEDED = "context-login-needed"
    NOT_IN_BINDING = "not-in-binding"


class Refused(Struct, frozen=True, tag=True):
    reason: Reason


Answer = (
    Loaded
    | Tokens
    | Flags
    | Certificates
    | LoggedIn
    | Signature
    | Key
    | Keys
    | PublicKey
    | Done
    | Returned
    | NotLoaded
    | Refused
)

_encode_payload = msgspec.msgpack.Encoder().encode
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_messages: msgspec.msgpack.Decoder[Answer | Calling] = msgspec.msgpack.Decoder(Answer | Calling)


def frame(message: Request | Answer | Calling) -> bytes:
    """The message as one frame. Raises `FrameMalformed` where it is larger than `MAX_PAYLOAD` octets."""
    payload = _encode_payload(message)
    if len(payload) > MAX_PAYLOAD:
        raise FrameMalformed(f"a message of {len(payload)} octets is over the cap")
    return len(payload).to_bytes(_LENGTH, "big") + payload


def read_request(payload: bytes) -> Request:
    """A frame's payload as a request. Raises `FrameMalformed`, which never quotes the payload."""
    try:
        return _requests.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise FrameMalformed("the payload is not a request") from None


def read_message(payload: bytes) -> Answer | Calling:
    """A frame's payload as what a worker says. Raises `FrameMalformed`."""
    try:
        return _messages.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise FrameMalformed("the payload is not an answer") from None


class Deframer:
    """Cuts a stream of octets into payloads, however the pipe has cut it."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> list[bytes]:
        """The payloads completed by `octets`. Raises `FrameMalformed` on a length over the cap."""
        buffer = self._buffer
        buffer += octets
        payloads: list[bytes] = []
        start = 0
        while len(buffer) - start >= _LENGTH:
            end = start + _LENGTH + int.from_bytes(buffer[start : start + _LENGTH], "big")
            if end - start - _LENGTH > MAX_PAYLOAD:
                raise FrameMalformed("the length is over the cap")
            if len(buffer) < end:
                break
            payloads.append(bytes(buffer[start + _LENGTH : end]))
            start = end
        if start:
            del buffer[:start]
        return payloads

    @property
    def empty(self) -> bool:
        """True where no frame is half received."""
        return not self._buffer
