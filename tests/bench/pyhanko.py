"""pyHanko's general CMS signer on the same PKCS#11 session: the yardstick for what an envelope may cost."""

from __future__ import annotations

import asyncio

from asn1crypto import x509 as asn1_x509
from pyhanko.sign.signers import Signer

from tests.bench.token import RawKey


class SessionSigner(Signer):
    """pyHanko's signer with the raw session behind it."""

    def __init__(self, key: RawKey) -> None:
        self._key = key
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(key.certificate.der),
            embed_roots=False,
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign on the token; a dry run only wants the length."""
        return bytes(256) if dry_run else self._key.sign(data)


def sign_with_pyhanko(signer: SessionSigner, content: bytes) -> bytes:
    """One attached CMS signature, DER."""
    made = asyncio.run(signer.async_sign_general_data(content, digest_algorithm="sha256", detached=False))
    return bytes(made.dump())
