"""A clinic's manifest of updates: signed by the pinned key, current, and none that goes back."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from signer.model.errors import (
    MohrError,
    PackageNotListed,
    SignedFileExpired,
    SignedFileMalformed,
    SignedFileOlder,
    SignedFileUntrusted,
    SigningKeyUnusable,
)
from signer.verify import signed_file
from signer.verify.dated import Seen, judge
from signer.verify.update_manifest import PAYLOAD_TYPE, Manifest, listed, ordered, read

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def package(version: str = "0.2.0", sha256: str = "ab" * 32, **changes: object) -> dict[str, object]:
    """A row of the manifest."""
    return {
        "version": version,
        "system": "Debian 12",
        "file": "mohr.deb",
        "where": "https://clinic.example/mohr.deb",
        "sha256": sha256,
        "size": 3,
    } | changes


def written(**changes: object) -> dict[str, Any]:
    """A manifest that is right, but for the changes."""
    return {
        "mohr_updates": 1,
        "serial": 7,
        "issued": (NOW - timedelta(days=1)).isoformat(),
        "expires": (NOW + timedelta(days=30)).isoformat(),
        "packages": [package("0.1.0", "cd" * 32), package()],
    } | changes


def payload(**changes: object) -> bytes:
    return json.dumps(written(**changes)).encode()


def signed(**changes: object) -> bytes:
    return signed_file.sign(payload(**changes), PAYLOAD_TYPE, KEY)


def accepted(octets: bytes, seen: Seen | None = None) -> tuple[Manifest, Seen]:
    inside = signed_file.opened(octets, PAYLOAD_TYPE, KEY.public_key())
    manifest = read(inside)
    return manifest, judge(manifest, "aa" * 32, NOW, seen)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The envelope after somebody has been at it."""
    envelope = json.loads(signed())
    change(envelope)
    return json.dumps(envelope).encode()


def test_a_manifest_tells_the_newest_and_is_remembered() -> None:
    manifest, seen = accepted(signed())
    assert (manifest.newest, seen) == ("0.2.0", Seen(7, "aa" * 32))
    assert accepted(signed(), seen)[1] == seen
    assert accepted(signed(serial=8), seen)[1].serial == 8


def test_any_signature_of_the_pinned_key_is_enough() -> None:
    of_another = json.loads(signed_file.sign(payload(), PAYLOAD_TYPE, OTHER))["signatures"]
    accepted(changed(lambda e: e["signatures"].extend(of_another)))
    accepted(changed(lambda e: e.update(signatures=[*of_another, *e["signatures"]])))


def _elsewhere(envelope: dict[str, Any]) -> None:
    envelope["payload"] = base64.b64encode(payload(serial=8)).decode()


FAR = (NOW + timedelta(days=399)).isoformat()
REFUSED: list[tuple[str, bytes, type[MohrError], str]] = [
    ("nothing", b"", SignedFileMalformed, "envelope"),
    ("a page of a portal", b"<html>", SignedFileMalformed, "envelope"),
    ("a bare manifest", payload(), SignedFileMalformed, "envelope"),
    ("too long", b" " * (signed_file.MAX_OCTETS + 1), SignedFileMalformed, "octets"),
    ("a member twice", signed().replace(b'"payload"', b'"payload": "", "payload"'), SignedFileMalformed, ""),
    ("a member that is unknown", changed(lambda e: e.update(more=1)), SignedFileMalformed, "more"),
    ("no base64", changed(lambda e: e.update(payload="!")), SignedFileMalformed, "envelope"),
    (
        "signatures without end",
        changed(lambda e: e.update(signatures=e["signatures"] * 9)),
        SignedFileMalformed,
        "signatures",
    ),
    (
        "a file of another kind under the same key",
        signed_file.sign(payload(), "application/vnd.mohr.profiles+json", KEY),
        SignedFileMalformed,
        "another kind",
    ),
    (
        "another kind passed off as this one",
        signed_file.sign(payload(), "application/vnd.mohr.profiles+json", KEY).replace(
            b"vnd.mohr.profiles", b"vnd.mohr.updates"
        ),
        SignedFileUntrusted,
        "",
    ),
    ("another key", signed_file.sign(payload(), PAYLOAD_TYPE, OTHER), SignedFileUntrusted, "key"),
    ("no signature", changed(lambda e: e.update(signatures=[])), SignedFileUntrusted, "key"),
    ("another payload under a signature", changed(_elsewhere), SignedFileUntrusted, "key"),
    (
        "another's signature under our key's name",
        changed(lambda e: e["signatures"][0].update(sig=base64.b64encode(b"0" * 64).decode())),
        SignedFileUntrusted,
        "key",
    ),
    ("a short signature", changed(lambda e: e["signatures"][0].update(sig="AA==")), SignedFileUntrusted, ""),
    ("a version of the format to come", signed(mohr_updates=2), SignedFileMalformed, "mohr_updates"),
    ("a serial of nothing", signed(serial=0), SignedFileMalformed, "serial"),
    ("a time without a zone", signed(issued="2026-11-26T12:00:00"), SignedFileMalformed, "issued"),
    ("no package", signed(packages=[]), SignedFileMalformed, "packages"),
    ("too many", signed(packages=[package(sha256=f"{n:064x}") for n in range(65)]), SignedFileMalformed, ""),
    ("a package twice", signed(packages=[package(), package("0.3.0")]), SignedFileMalformed, "twice"),
    ("a version of words", signed(packages=[package("latest")]), SignedFileMalformed, "version"),
    ("a SHA-1", signed(packages=[package(sha256="ab" * 20)]), SignedFileMalformed, "sha256"),
    ("a size of nothing", signed(packages=[package(size=0)]), SignedFileMalformed, "size"),
    ("one that ends before it begins", signed(expires="2026-11-01T00:00:00Z"), SignedFileMalformed, "400"),
    ("one that never ends", signed(expires="2030-01-01T00:00:00Z"), SignedFileMalformed, "400"),
    (
        "one that has ended",
        signed(issued="2026-10-01T00:00:00Z", expires=NOW.isoformat()),
        SignedFileExpired,
        "ended",
    ),
    (
        "one from the future",
        signed(issued=(NOW + timedelta(days=2)).isoformat(), expires=FAR),
        SignedFileExpired,
        "to come",
    ),
    ("one older than was seen", signed(serial=6), SignedFileOlder, "7 was seen"),
    ("two of one serial", signed(packages=[package("0.9.0")]), SignedFileOlder, "other words"),
]


@pytest.mark.parametrize(
    ("octets", "condition", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_refused_is_refused_by_its_name(octets: bytes, condition: type[MohrError], why: str) -> None:
    with pytest.raises(MohrError) as refused:
        accepted(octets, Seen(7, "bb" * 32))
    assert (type(refused.value), why in refused.value.detail) == (condition, True)


def test_a_package_is_known_by_hash_and_size() -> None:
    manifest, _ = accepted(signed())
    assert listed(manifest, "ab" * 32, 3).version == "0.2.0"
    for sha256, size in (("ab" * 32, 4), ("ee" * 32, 3)):
        with pytest.raises(PackageNotListed):
            listed(manifest, sha256, size)


def test_versions_are_compared_as_numbers() -> None:
    assert ordered("0.10.0") > ordered("0.9.9") > ordered("0.9")
    assert ordered("1.0") == ordered("1.0.0.0")
    for text in ("1", "1.0.0.0.0", "01.0", "1.0-rc1", "1.x", "", "1.0\n", "۱.۰"):
        with pytest.raises(ValueError, match="version"):
            ordered(text)


def pem(key: object, password: bytes | None = None) -> bytes:
    cipher = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, cipher)  # type: ignore[attr-defined, no-any-return]


def test_keys_come_as_pem_or_as_octets_and_of_one_kind() -> None:
    raw = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    spki = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert signed_file.key_id(signed_file.public_key(raw)) == signed_file.key_id(signed_file.public_key(spki))
    rsa = generate_private_key(65537, 2048)
    rsa_spki = rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in ("", "AAAA", "-----BEGIN PUBLIC KEY-----", rsa_spki, pem(KEY).decode(), "ک"):
        with pytest.raises(SigningKeyUnusable):
            signed_file.public_key(text)
    assert signed_file.private_key(pem(KEY, b"word"), b"word").public_key() == KEY.public_key()
    for octets, password in ((pem(KEY, b"word"), None), (pem(KEY, b"word"), b"other"), (pem(rsa), None)):
        with pytest.raises(SigningKeyUnusable):
            signed_file.private_key(octets, password)


def test_openssl_agrees_on_what_is_signed(tmp_path: Path) -> None:
    envelope = json.loads(signed())
    body = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    (tmp_path / "covered").write_bytes(b" ".join((b"DSSEv1 %d" % len(kind), kind, b"%d" % len(body), body)))
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    (tmp_path / "key").write_bytes(
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "covered"]
    done = subprocess.run([*command, "-sigfile", "sig"], cwd=tmp_path, capture_output=True, text=True)
    assert "Verified Successfully" in done.stdout
