"""The messages between the supervisor and a worker, and how they are framed on a pipe.

A worker greets first, in octets that no version of the protocol changes. Then come frames: the payload's
length and the number of the request that it belongs to (4 octets each, big-endian), and a payload of
MessagePack. A worker answers each request with one answer, in order and under the request's number; before an
answer it may send `Calling` to say which C_ function it enters and, while it records, `Entered` and `Left`
for each one. Nothing here reads or writes a pipe.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

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

#: The version of everything below. An agent that was updated may find a worker of the day before.
PROTOCOL = 4
#: A document of 10 MiB in Base64, which a JWS signs, and the rest of the message.
MAX_REQUEST = 16 * 1024 * 1024
#: A token full of certificates is some hundred KiB.
MAX_ANSWER = 1024 * 1024
#: How often a worker may say `Calling` for one request: a few times for each object of a full token.
MAX_CALLINGS = 4096
#: How many recorded calls one request may make: some for each attribute of each object of a full token.
MAX_RECORDED = 100_000
_MAGIC = b"mohr"
_GREETING = struct.Struct(">4sII")
GREETING_OCTETS = _GREETING.size
_HEADER = struct.Struct(">II")
_FunctionName = Annotated[str, Meta(max_length=64)]


class Greeting(Struct, frozen=True):
    """Who speaks: the version of the protocol and the process id."""

    protocol: int
    pid: int


class Load(Struct, frozen=True, tag=True):
    """Load the module at `path` through `binding`. The first request, and the only one of its kind.

    Where `sha256` (lower-case hexadecimal) is given, a file with another one is not loaded.
    """

    path: str
    binding: Binding
    sha256: str | None = None
    record: bool = False


class Record(Struct, frozen=True, tag=True):
    """From now on say `Entered` and `Left` for every call of the module, or no more."""

    on: bool


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


class ListPublicKeys(Struct, frozen=True, tag=True):
    """Read the public keys that are visible without a login."""

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
    | Record
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
    | ListPublicKeys
    | GenerateKeyPair
    | StoreCertificate
)


class Calling(Struct, frozen=True, tag=True):
    """Not an answer: the worker is about to enter this C_ function."""

    function: _FunctionName


class Entered(Struct, frozen=True, tag=True):
    """Recorded: this C_ function is being called now, with so many octets to work on (0: not told)."""

    function: _FunctionName
    octets: int


class Left(Struct, frozen=True, tag=True):
    """Recorded: what was entered last has returned, with a CK_RV, after so many microseconds."""

    rv: int
    micros: int
    octets: int


Remark = Calling | Entered | Left


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
    value: Annotated[bytes, Meta(max_length=64 * 1024)]


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
    function: _FunctionName


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
    FILE_CHANGED = "file-changed"


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
_messages: msgspec.msgpack.Decoder[Answer | Remark] = msgspec.msgpack.Decoder(Answer | Remark)


def greeting(pid: int) -> bytes:
    """The first octets of a worker."""
    return _GREETING.pack(_MAGIC, PROTOCOL, pid)


def read_greeting(octets: bytes) -> Greeting:
    """`GREETING_OCTETS` octets as a greeting, of whatever version. Raises `FrameMalformed`."""
    magic, protocol, pid = _GREETING.unpack(octets)
    if magic != _MAGIC:
        raise FrameMalformed("what speaks is no worker")
    return Greeting(protocol, pid)


def request_frame(number: int, request: Request) -> bytes:
    """The request as one frame. Raises `FrameMalformed` where it is larger than `MAX_REQUEST` octets."""
    return _frame(number, request, MAX_REQUEST)


def message_frame(number: int, message: Answer | Remark) -> bytes:
    """What a worker says as one frame. Raises `FrameMalformed` where it is over `MAX_ANSWER` octets."""
    return _frame(number, message, MAX_ANSWER)


def _frame(number: int, message: Request | Answer | Remark, cap: int) -> bytes:
    payload = _encode_payload(message)
    if len(payload) > cap:
        raise FrameMalformed(f"a message of {len(payload)} octets is over the cap")
    return _HEADER.pack(len(payload), number) + payload


def read_request(payload: bytes) -> Request:
    """A frame's payload as a request. Raises `FrameMalformed`, which never quotes the payload."""
    try:
        return _requests.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise FrameMalformed("the payload is not a request") from None


def read_message(payload: bytes) -> Answer | Remark:
    """A frame's payload as what a worker says. Raises `FrameMalformed`."""
    try:
        return _messages.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise FrameMalformed("the payload is not an answer") from None


class Deframer:
    """Cuts a stream of octets into frames, however the pipe has cut it. `cap` is in octets of payload."""

    __slots__ = ("_buffer", "_cap")

    def __init__(self, cap: int) -> None:
        self._buffer = bytearray()
        self._cap = cap

    def feed(self, octets: bytes) -> Iterator[tuple[int, bytes]]:
        """Number and payload of each frame that `octets` complete, one after another.

        Raises `FrameMalformed` at a length over the cap, when the frames before it were given.
        """
        buffer = self._buffer
        buffer += octets
        start = 0
        try:
            while len(buffer) - start >= _HEADER.size:
                length, number = _HEADER.unpack_from(buffer, start)
                if length > self._cap:
                    raise FrameMalformed("the length is over the cap")
                begin = start + _HEADER.size
                if len(buffer) < begin + length:
                    break
                start = begin + length
                yield number, bytes(buffer[begin:start])
        finally:
            del buffer[:start]

    @property
    def empty(self) -> bool:
        """True where no frame is half received."""
        return not self._buffer
