"""OpenSSL as the judge of a signature, since it shares no line with the code that made it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signer.cli.demo.authority import PrivateKey, to_pem


def verified_content(signature: Path, anchors: Path, detached: Path | None = None) -> bytes:
    """What a DER file is over, verified as CAdES up to the PEM certificates in `anchors`.

    `detached` is the file with its content, where that is not inside.

    Raises `subprocess.CalledProcessError`.
    """
    return subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"),
            *("-in", signature, "-CAfile", anchors),
            *(() if detached is None else ("-content", detached)),
        ],
        check=True,
        capture_output=True,
    ).stdout


def cms_signature(
    content: bytes,
    certificate: bytes,
    key: PrivateKey,
    *,
    digest: str = "sha256",
    options: tuple[str, ...] = (),
) -> bytes:
    """An attached CMS signature, DER, by OpenSSL, over `content` as it is. Raises `CalledProcessError`."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "content").write_bytes(content)
        (place / "certificate").write_text(to_pem(certificate))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (place / "key").write_bytes(pem)
        return subprocess.run(
            [
                *("openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-md", digest),
                *("-in", place / "content", "-signer", place / "certificate", "-inkey", place / "key"),
                *options,
            ],
            check=True,
            capture_output=True,
        ).stdout
