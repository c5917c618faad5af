"""Timestamp authorities for tests: an honest one by `openssl ts`, and others that are wrong on purpose."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from signer.x509 import Certificate, read
from tests import outside, pki
from tests.outside import A_DAY, TIME_STAMPING, Reply

KIND = "rsa-2048"
POLICY = "1.2.3.4.1"

_CONFIGURATION = f"""
[tsa]
dir = {{folder}}
serial = $dir/serial
crypto_device = builtin
signer_digest = sha256
default_policy = {POLICY}
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = {{reference}}
"""


def certificate() -> Certificate:
    """An authority's certificate as RFC 3161 §2.3 wants it."""
    return outside.issue(KIND, "Mohr test TSA", purposes=(TIME_STAMPING,))


class OpensslTsa:
    """`openssl ts -reply` behind a URL. `reference` sha1 makes the older signing-certificate attribute."""

    def __init__(self, folder: Path, own: Certificate | None = None, *, reference: str = "sha256") -> None:
        self.certificate = own or certificate()
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(exist_ok=True)
        outside.write_pem(folder / "tsa.pem", self.certificate.der)
        outside.write_pem(folder / "chain.pem", pki.authority().certificate)
        outside.write_key(folder / "tsa.key", KIND)
        (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder, reference=reference))
        (folder / "serial").write_text("01\n")

    def __call__(self, body: bytes, headers: dict[str, str]) -> Reply:
        """Answer one TimeStampReq."""
        with self._lock:  # the serial number's file knows no other lock
            return Reply(body=self.answer(body))

    def answer(self, query: bytes) -> bytes:
        """The TimeStampResp, DER."""
        folder = self._folder
        (folder / "query.tsq").write_bytes(query)
        subprocess.run(
            [
                *("openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-section", "tsa"),
                *("-queryfile", folder / "query.tsq", "-signer", folder / "tsa.pem"),
                *("-inkey", folder / "tsa.key", "-chain", folder / "chain.pem", "-out", folder / "reply.tsr"),
            ],
            check=True,
            capture_output=True,
            timeout=30,
        )
        return (folder / "reply.tsr").read_bytes()


def verify_token(folder: Path, token: bytes, stamped: bytes) -> None:
    """`openssl ts -verify`. Raises `subprocess.CalledProcessError`."""
    (folder / "token.der").write_bytes(token)
    (folder / "stamped").write_bytes(stamped)
    anchor = outside.write_pem(folder / "tsa-anchor.pem", pki.authority().certificate)
    subprocess.run(
        [
            *(
                "openssl",
                "ts",
                "-verify",
                "-data",
                folder / "stamped",
                "-token_in",
                "-in",
                folder / "token.der",
            ),
            *("-CAfile", anchor),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )


def wrong(
    own: Certificate | None = None,
    *,
    at: datetime | None = None,
    key: str = KIND,
    change: Callable[[object], None] | None = None,
) -> outside.Handler:
    """An authority by pyHanko that stamps what it should not: `change` alters the request it believes."""
    from asn1crypto import keys, tsp, x509  # type: ignore[attr-defined]
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    pkcs8 = pki.key(key).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        tsa_cert=x509.Certificate.load((own or certificate()).der),
        tsa_key=keys.PrivateKeyInfo.load(pkcs8),
        certs_to_embed=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        fixed_dt=at,
    )

    def answer(body: bytes, headers: dict[str, str]) -> Reply:
        request = tsp.TimeStampReq.load(body)
        if change is not None:
            change(request)
        return Reply(body=stamper.request_tsa_response(request).dump())

    return answer


def expired() -> Certificate:
    """An authority's certificate that ended yesterday."""
    now = datetime.now(UTC)
    return outside.issue(
        KIND, "Mohr test TSA", purposes=(TIME_STAMPING,), since=now - 30 * A_DAY, until=now - A_DAY
    )


def of_another_kind(**options: object) -> Certificate:
    """A certificate that may not stamp; options as `outside.issue` has them."""
    return outside.issue(KIND, "Mohr test TSA", **options)  # type: ignore[arg-type]


def anchor() -> Certificate:
    """Who certified them."""
    return read(pki.authority().certificate)
