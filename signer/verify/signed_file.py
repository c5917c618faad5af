"""A file that a clinic, or the project, has signed with Ed25519: an envelope after DSSE version 1.

The signature covers the payload's octets and its type, so that a list of updates is never taken for another
kind of file. Whom to believe is one pinned key. What a payload says is its own module's.
"""

from __future__ import annotations

import base64
import hashlib
from binascii import Error as NotBase64

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from signer.model.errors import SignedFileMalformed, SignedFileUntrusted, SigningKeyUnusable
from signer.model.ijson import IJsonInvalid, parse

MAX_OCTETS = 256 * 1024
_MAX_SIGNATURES = 8


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`keyid` says which key it claims to be of; it decides nothing."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """DSSE's JSON form: `payload` and signatures in base64."""

    payload_type: str
    payload: str
    signatures: tuple[Signature, ...]


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw 32 octets, lower-case hex."""
    return hashlib.sha256(_raw(key)).hexdigest()


def public_key(text: str) -> Ed25519PublicKey:
    """The key in PEM (SubjectPublicKeyInfo) or as base64 of its 32 octets. Raises `SigningKeyUnusable`."""
    try:
        if "-----BEGIN" in text:
            loaded = load_pem_public_key(text.encode())
        else:
            loaded = Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, NotBase64, UnsupportedAlgorithm) as fault:
        raise SigningKeyUnusable("no public key") from fault
    if not isinstance(loaded, Ed25519PublicKey):
        raise SigningKeyUnusable("not an Ed25519 key")
    return loaded


def private_key(pem: bytes, password: bytes | None = None) -> Ed25519PrivateKey:
    """A PKCS #8 key in PEM. Raises `SigningKeyUnusable`, also where it wants a password and has none."""
    try:
        loaded = load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise SigningKeyUnusable("no private key, or its password is another") from fault
    if not isinstance(loaded, Ed25519PrivateKey):
        raise SigningKeyUnusable("not an Ed25519 key")
    return loaded


def sign(payload: bytes, payload_type: str, key: Ed25519PrivateKey) -> bytes:
    """The envelope, JSON."""
    signature = Signature(
        keyid=key_id(key.public_key()), sig=_base64(key.sign(_covered(payload, payload_type)))
    )
    envelope = Envelope(payload_type=payload_type, payload=_base64(payload), signatures=(signature,))
    return msgspec.json.format(msgspec.json.encode(envelope), indent=2) + b"\n"


def opened(octets: bytes, payload_type: str, key: Ed25519PublicKey) -> bytes:
    """The payload, signed by this key and no other.

    Raises `SignedFileMalformed`, `SignedFileUntrusted`.
    """
    if len(octets) > MAX_OCTETS:
        raise SignedFileMalformed(f"more than {MAX_OCTETS} octets")
    try:
        parse(octets)
        envelope = msgspec.json.decode(octets, type=Envelope)
        payload = base64.b64decode(envelope.payload, validate=True)
        signatures = [base64.b64decode(one.sig, validate=True) for one in envelope.signatures]
    except (IJsonInvalid, msgspec.MsgspecError, ValueError) as fault:
        raise SignedFileMalformed(f"no envelope: {fault}") from fault
    if envelope.payload_type != payload_type:
        raise SignedFileMalformed("a file of another kind")
    if len(signatures) > _MAX_SIGNATURES:
        raise SignedFileMalformed(f"more than {_MAX_SIGNATURES} signatures")
    if not any(_verifies(key, signature, payload, payload_type) for signature in signatures):
        raise SignedFileUntrusted(f"no signature of the key {key_id(key)[:16]}")
    return payload


def _verifies(key: Ed25519PublicKey, signature: bytes, payload: bytes, payload_type: str) -> bool:
    try:
        key.verify(signature, _covered(payload, payload_type))
    except InvalidSignature:
        return False
    return True


def _covered(payload: bytes, payload_type: str) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
