"""A PIV applet (NIST SP 800-73-4) in Python: keys, certificates, PIN and PUK, as a card keeps them.

It answers command APDUs and knows no reader: `reader` puts it in one. Keys and counters survive a removal, as
on plastic; what was verified does not. Enough of the standard for OpenSC to sign with it, and no more.
"""

from __future__ import annotations

import secrets
from enum import IntEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from signer.cli.demo.authority import PrivateKey
from tests.card.tlv import objects, tlv

AID = bytes.fromhex("A000000308000010000100")
PIN = "739155"
PUK = "60284417"
TRIES = 3
_PIN_REFERENCE = 0x80
_PIN_ROOM = 8
_SHORT = 256


class Instruction(IntEnum):
    """INS of the commands that the card knows."""

    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    RESET_RETRY_COUNTER = 0x2C
    GENERAL_AUTHENTICATE = 0x87
    SELECT = 0xA4
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCB


class Slot(IntEnum):
    """Key references. A key in SIGNATURE wants the PIN anew for each signature."""

    AUTHENTICATION = 0x9A
    SIGNATURE = 0x9C


class Status(IntEnum):
    """Status words (ISO/IEC 7816-4 §5.6)."""

    OK = 0x9000
    TRIES_LEFT = 0x63C0
    WRONG_LENGTH = 0x6700
    SECURITY_NOT_SATISFIED = 0x6982
    BLOCKED = 0x6983
    WRONG_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    REFERENCE_NOT_FOUND = 0x6A88
    UNKNOWN_INSTRUCTION = 0x6D00
    MORE_DATA = 0x6100


_CERTIFICATE_OBJECT = {Slot.AUTHENTICATION: "5fc105", Slot.SIGNATURE: "5fc10a"}
_RSA_ALGORITHM = {2048: 0x07, 3072: 0x05}
_EC_ALGORITHM = {256: 0x11, 384: 0x14}
_EC_HASH = {256: hashes.SHA256(), 384: hashes.SHA384()}


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(hex(status))
        self.status = status


class PivCard:
    """One card. `tries` and `puk_tries` count down to 0, which blocks; `signatures` counts what it made."""

    ATR = bytes.fromhex("3B888001") + b"MOHRTEST"
    ATR += bytes((0x88 ^ 0x80 ^ 0x01 ^ 0x4D ^ 0x4F ^ 0x48 ^ 0x52 ^ 0x54 ^ 0x45 ^ 0x53 ^ 0x54,))

    def __init__(self, pin: str = PIN, puk: str = PUK) -> None:
        self.pin = pin
        self.puk = puk
        self.tries = self.puk_tries = TRIES
        self.signatures = 0
        self.guid = secrets.token_bytes(16)
        self._keys: dict[int, PrivateKey] = {}
        # The card holder's identifier: a FASC-N of a non-federal issuer, the GUID, and until when.
        fascn = bytes.fromhex("d4e739da739ced39ce739d836858210842108421c84210c3eb")
        self._objects = {
            "5fc102": tlv(0x30, fascn) + tlv(0x34, self.guid) + tlv(0x35, b"20401231") + tlv(0x3E) + tlv(0xFE)
        }
        self.reset()

    def put(self, slot: Slot, key: PrivateKey, certificate: bytes) -> None:
        """Personalise a slot: the key, and its certificate, DER."""
        self._keys[slot] = key
        self._objects[_CERTIFICATE_OBJECT[slot]] = tlv(0x70, certificate) + tlv(0x71, b"\x00") + tlv(0xFE)

    def reset(self) -> None:
        """Power on: nothing is selected, nobody is verified."""
        self._selected = self._verified = self._fresh = False
        self._chained = b""
        self._rest = b""

    def transmit(self, apdu: bytes) -> bytes:
        """The response to a command APDU, short or extended; chaining and GET RESPONSE included."""
        if len(apdu) < 4:
            return Status.WRONG_LENGTH.to_bytes(2, "big")
        data, expected = _body(apdu[4:])
        instruction = apdu[1]
        if instruction == Instruction.GET_RESPONSE:
            return self._portion(expected)
        if apdu[0] & 0x10:
            self._chained += data
            return Status.OK.to_bytes(2, "big")
        data, self._chained = self._chained + data, b""
        try:
            self._rest = self._answer(instruction, apdu[2], apdu[3], data)
        except _Refused as refusal:
            self._rest = b""
            return refusal.status.to_bytes(2, "big")
        return self._portion(expected)

    def _portion(self, expected: int) -> bytes:
        portion, self._rest = self._rest[:expected], self._rest[expected:]
        left = len(self._rest)
        status = Status.OK if not left else Status.MORE_DATA + (left if left < _SHORT else 0)
        return portion + int(status).to_bytes(2, "big")

    def _answer(self, instruction: int, p1: int, p2: int, data: bytes) -> bytes:
        if instruction == Instruction.SELECT:
            return self._select(p1, data)
        if not self._selected:
            raise _Refused(Status.UNKNOWN_INSTRUCTION)
        match instruction:
            case Instruction.GET_DATA:
                return self._get_data(data)
            case Instruction.VERIFY:
                return self._verify(p2, data)
            case Instruction.CHANGE_REFERENCE_DATA:
                return self._change(p2, data)
            case Instruction.RESET_RETRY_COUNTER:
                return self._unblock(data)
            case Instruction.GENERAL_AUTHENTICATE:
                return self._authenticate(p1, p2, data)
            case _:
                raise _Refused(Status.UNKNOWN_INSTRUCTION)

    def _select(self, p1: int, name: bytes) -> bytes:
        if p1 != 0x04 or len(name) < 5 or not AID.startswith(name):
            raise _Refused(Status.NOT_FOUND)
        self._selected, self._verified = True, False
        return tlv(0x61, tlv(0x4F, AID[5:]), tlv(0x79, tlv(0x4F, AID[:5])))

    def _get_data(self, data: bytes) -> bytes:
        wanted = objects(data).get(0x5C, b"")
        if wanted == b"\x7e":
            return tlv(0x7E, tlv(0x4F, AID))
        if wanted.hex() not in self._objects:
            raise _Refused(Status.NOT_FOUND)
        return tlv(0x53, self._objects[wanted.hex()])

    def _verify(self, reference: int, data: bytes) -> bytes:
        if reference != _PIN_REFERENCE:
            raise _Refused(Status.REFERENCE_NOT_FOUND)
        if data:
            self._check_pin(data)
        elif not self._verified:
            raise _Refused(Status.TRIES_LEFT + self.tries if self.tries else Status.BLOCKED)
        return b""

    def _check_pin(self, typed: bytes) -> None:
        if not self.tries:
            raise _Refused(Status.BLOCKED)
        if typed != _padded(self.pin):
            self.tries -= 1
            self._verified = self._fresh = False
            raise _Refused(Status.TRIES_LEFT + self.tries if self.tries else Status.BLOCKED)
        self.tries = TRIES
        self._verified = self._fresh = True

    def _change(self, reference: int, data: bytes) -> bytes:
        if reference != _PIN_REFERENCE or len(data) != 2 * _PIN_ROOM:
            raise _Refused(Status.WRONG_DATA)
        self._check_pin(data[:_PIN_ROOM])
        self.pin = _unpadded(data[_PIN_ROOM:])
        return b""

    def _unblock(self, data: bytes) -> bytes:
        if len(data) != 2 * _PIN_ROOM:
            raise _Refused(Status.WRONG_DATA)
        if not self.puk_tries:
            raise _Refused(Status.BLOCKED)
        if data[:_PIN_ROOM] != _padded(self.puk):
            self.puk_tries -= 1
            raise _Refused(Status.TRIES_LEFT + self.puk_tries if self.puk_tries else Status.BLOCKED)
        self.puk_tries = self.tries = TRIES
        self.pin = _unpadded(data[_PIN_ROOM:])
        return b""

    def _authenticate(self, algorithm: int, reference: int, data: bytes) -> bytes:
        key = self._keys.get(reference)
        if key is None:
            raise _Refused(Status.REFERENCE_NOT_FOUND)
        if not (self._fresh if reference == Slot.SIGNATURE else self._verified):
            raise _Refused(Status.SECURITY_NOT_SATISFIED)
        challenge = objects(objects(data).get(0x7C, b"")).get(0x81)
        if challenge is None:
            raise _Refused(Status.WRONG_DATA)
        self._fresh = False
        if isinstance(key, rsa.RSAPrivateKey):
            value = _raw_rsa(key, algorithm, challenge)
        else:
            value = _raw_ecdsa(key, algorithm, challenge)
        self.signatures += 1
        return tlv(0x7C, tlv(0x82, value))


def _raw_rsa(key: rsa.RSAPrivateKey, algorithm: int, padded: bytes) -> bytes:
    size = key.key_size // 8
    if _RSA_ALGORITHM.get(key.key_size) != algorithm or len(padded) != size:
        raise _Refused(Status.WRONG_DATA)
    numbers = key.private_numbers()
    message = int.from_bytes(padded, "big")
    # By the two primes (RFC 8017 §5.1.2): four times as fast as the plain power.
    first, second = pow(message, numbers.dmp1, numbers.p), pow(message, numbers.dmq1, numbers.q)
    value = second + numbers.q * (numbers.iqmp * (first - second) % numbers.p)
    return value.to_bytes(size, "big")


def _raw_ecdsa(key: ec.EllipticCurvePrivateKey, algorithm: int, digest: bytes) -> bytes:
    size = key.key_size // 8
    if _EC_ALGORITHM.get(key.key_size) != algorithm or len(digest) > size:
        raise _Refused(Status.WRONG_DATA)
    prehashed = utils.Prehashed(_EC_HASH[key.key_size])
    return key.sign(digest.rjust(size, b"\x00"), ec.ECDSA(prehashed))


def _body(octets: bytes) -> tuple[bytes, int]:
    """Data and the length expected, in the four cases of ISO/IEC 7816-4 §5.1, short and extended."""
    if not octets:
        return b"", _SHORT
    if len(octets) == 1:
        return b"", octets[0] or _SHORT
    if octets[0] or len(octets) == 2:
        size, at, width = octets[0], 1, 1
    elif len(octets) == 3:
        return b"", int.from_bytes(octets[1:], "big") or 0x10000
    else:
        size, at, width = int.from_bytes(octets[1:3], "big"), 3, 2
    data, rest = octets[at : at + size], octets[at + size :]
    return data, (int.from_bytes(rest, "big") or 1 << (8 * width)) if rest else _SHORT


def _padded(pin: str) -> bytes:
    return pin.encode().ljust(_PIN_ROOM, b"\xff")


def _unpadded(octets: bytes) -> str:
    return octets.rstrip(b"\xff").decode()
