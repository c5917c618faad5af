"""What the commands of signed files share: whose key counts, reading up to a cap, and signing."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signer.model.errors import FileUnusable, SignedFileUntrusted, SigningKeyUnusable
from signer.verify import signed_file

_MAX_KEY = 16 * 1024


def pinned_or_given(pinned: str | None, file: Path | None) -> Ed25519PublicKey:
    """The policy's key; one from a file only where the policy pins none, or pins the same.

    Raises `SigningKeyUnusable`, `SignedFileUntrusted`, `FileUnusable`.
    """
    of_policy = None if pinned is None else signed_file.public_key(pinned)
    if file is None:
        if of_policy is None:
            raise SigningKeyUnusable("neither the policy nor --key names one")
        return of_policy
    given = signed_file.public_key(octets_of(file, _MAX_KEY).decode("utf-8", "replace"))
    if of_policy is not None and signed_file.key_id(given) != signed_file.key_id(of_policy):
        raise SignedFileUntrusted("the clinic's policy pins another key")
    return given


def signed_to(payload: bytes, payload_type: str, serial: int, *, key_file: Path, out: Path | None) -> int:
    """Sign the payload, asking for the key's password where it has one; to `out` or standard output."""
    pem = octets_of(key_file, _MAX_KEY)
    password = getpass.getpass("Password of the key: ").encode() if b"ENCRYPTED" in pem else None
    key = signed_file.private_key(pem, password)
    written(signed_file.sign(payload, payload_type, key), out)
    print(f"serial {serial}, key {signed_file.key_id(key.public_key())}", file=sys.stderr)
    return 0


def written(octets: bytes, out: Path | None) -> None:
    """To a file, or standard output. Raises `FileUnusable`."""
    if out is None:
        sys.stdout.write(octets.decode())
        return
    try:
        out.write_bytes(octets)
    except OSError as fault:
        raise FileUnusable(f"{out.name}: {type(fault).__name__}") from fault


def octets_of(file: Path, most: int = signed_file.MAX_OCTETS) -> bytes:
    """At most one octet more than is taken, so that whoever reads it refuses it. Raises `FileUnusable`."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as fault:
        raise FileUnusable(f"{file.name}: {type(fault).__name__}") from fault
