"""Other makers of CMS on the same token, for the table side by side: endesive, and OpenSSL with its engine.

pyHanko is in `pyhanko`. OpenSSL is measured as it is used, a process for each signature.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import quote

from endesive import signer

from tests import outside, softhsm
from tests.bench.place import RSA, Place
from tests.bench.token import RawKey


class EndesiveSigner:
    """endesive's signer with the raw session behind it, as its `hsm`."""

    def __init__(self, key: RawKey) -> None:
        self._key = key

    def certificate(self) -> tuple[None, bytes]:
        """What endesive asks of an `hsm`: a key's name, of which there is none, and the certificate, DER."""
        return None, self._key.certificate.der

    def sign(self, key: object, data: bytes, digest_name: str) -> bytes:
        """Sign on the token."""
        return self._key.sign(data)

    def cms(self, content: bytes) -> bytes:
        """One detached CMS signature, DER: it makes no other."""
        return signer.sign(content, None, b"", [], "sha256", attrs=True, hsm=self)


class OpensslSigner:
    """`openssl cms -sign` with the PKCS#11 engine."""

    def __init__(self, place: Place, key: RawKey, folder: Path, content: bytes) -> None:
        pin = folder / "pin"
        pin.touch(mode=0o600)
        pin.write_text(softhsm.PIN)
        certificate = outside.write_pem(folder / "signer.pem", key.certificate.der)
        (folder / "content").write_bytes(content)
        key_uri = f"pkcs11:token={quote(softhsm.LABEL)};id=%{RSA.hex()};type=private?pin-source=file:{pin}"
        self._env = {**os.environ, **place.env, "PKCS11_MODULE_PATH": str(place.module)}
        self._command = (
            *("openssl", "cms", "-sign", "-engine", "pkcs11", "-keyform", "engine", "-inkey", key_uri),
            *("-signer", certificate, "-binary", "-nodetach", "-md", "sha256", "-outform", "DER"),
            *("-in", folder / "content"),
        )

    def cms(self) -> bytes:
        """One attached CMS signature, DER."""
        return subprocess.run(self._command, env=self._env, check=True, capture_output=True).stdout
