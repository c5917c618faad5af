"""The outside of an agent, for tests: a small HTTP server, and what authorities certify, revoke and stamp.

Certificates, CRLs and OCSP answers are made by `cryptography` and OpenSSL, which share no code with what
reads them.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from signer.x509 import Certificate, read
from tests import pki

A_DAY = timedelta(days=1)
_SIGNING = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
OCSP_SIGNING = ExtendedKeyUsageOID.OCSP_SIGNING


class Reply(Struct, frozen=True, kw_only=True):
    """What a server answers; `pause` is in seconds before each octet of the body."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    pause: float = 0.0


Handler = Callable[[bytes, dict[str, str]], Reply]


class Server:
    """Handlers by path, on a free port of 127.0.0.1. `asked` counts the requests by path."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.asked: dict[str, int] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self, path: str, handler: Handler | Reply | bytes) -> str:
        """Answer at `path`, always the same or by a function of body and headers; the URL."""
        reply = Reply(body=handler) if isinstance(handler, bytes) else handler
        self.handlers[path] = (lambda body, headers: reply) if isinstance(reply, Reply) else reply
        return self.url + path

    def _reply(self, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        with self._lock:
            self.asked[path] = self.asked.get(path, 0) + 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return self.handlers[path](body, headers) if path in self.handlers else Reply(status=404)
        finally:
            with self._lock:
                self._at_once -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handling(BaseHTTPRequestHandler):
            timeout: ClassVar[float] = 10.0

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                reply = server._reply(self.path, self.rfile.read(length), dict(self.headers))
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                try:
                    self._write(reply)
                except OSError:
                    self.close_connection = True  # the client had enough

            do_POST = do_GET  # noqa: N815  # the base class names it

            def _write(self, reply: Reply) -> None:
                if not reply.pause:
                    self.wfile.write(reply.body)
                    return
                for octet in reply.body:
                    time.sleep(reply.pause)
                    self.wfile.write(bytes([octet]))
                    self.wfile.flush()

            def log_message(self, *arguments: object) -> None:
                pass

        return Handling

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            thread.join()
            self._http.server_close()


def root() -> Certificate:
    """The tests' authority, as `pki` has it."""
    return read(pki.authority().certificate)


def _root() -> x509.Certificate:
    return x509.load_der_x509_certificate(pki.authority().certificate)


def _root_key() -> ec.EllipticCurvePrivateKey:
    key = pki.key("p256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def issue(
    kind: str,
    name: str,
    *,
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    critical: bool = True,
    ocsp: str | None = None,
    crls: str | None = None,
    issuers: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Certificate:
    """A leaf under the tests' authority for the key of this kind; URLs go where RFC 5280 has them."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(_root().subject)
        .public_key(pki.key(kind).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since or now - A_DAY)
        .not_valid_after(until or now + 30 * A_DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNING, critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    access = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in (
            (AuthorityInformationAccessOID.OCSP, ocsp),
            (AuthorityInformationAccessOID.CA_ISSUERS, issuers),
        )
        if url is not None
    ]
    if access:
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    if crls is not None:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crls)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    return read(builder.sign(_root_key(), hashes.SHA256()).public_bytes(Encoding.DER))


def crl(
    *revoked: Certificate,
    since: datetime | None = None,
    until: datetime | None = None,
    key: str = "p256",
    extension: x509.ExtensionType | None = None,
    fillers: int = 0,
) -> bytes:
    """The authority's list, DER; signed by another key where `key` says so. `extension` is critical."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_root().subject)
        .last_update(since or now - A_DAY)
        .next_update(until or now + A_DAY)
    )
    serials = [*(range(1, fillers + 1)), *(one.serial for one in revoked)]
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - A_DAY).build()
        builder = builder.add_revoked_certificate(entry)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    signer = pki.key(key)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def write_pem(path: Path, der: bytes) -> Path:
    """A certificate in PEM, for OpenSSL."""
    path.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    return path


def write_key(path: Path, kind: str) -> Path:
    """A private key in PEM, for OpenSSL. Keys of tests open nothing."""
    key = pki.key(kind)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


class OcspResponder:
    """`openssl ocsp`, over a database that lists what was issued and what was revoked."""

    def __init__(
        self, folder: Path, *, good: tuple[Certificate, ...], revoked: tuple[Certificate, ...] = ()
    ) -> None:
        self._folder = folder
        write_pem(folder / "ca.pem", pki.authority().certificate)
        write_key(folder / "ca.key", "p256")
        lines = [self._line("V", one, "") for one in good]
        lines += [self._line("R", one, "260101000000Z") for one in revoked]
        (folder / "index.txt").write_text("".join(lines))

    @staticmethod
    def _line(state: str, certificate: Certificate, revoked: str) -> str:
        until = certificate.not_after.strftime("%y%m%d%H%M%SZ")
        serial = f"{certificate.serial:X}"
        return f"{state}\t{until}\t{revoked}\t{serial.zfill(len(serial) + len(serial) % 2)}\tunknown\t/CN=x\n"

    def __call__(self, body: bytes, headers: dict[str, str]) -> Reply:
        """Answer one OCSPRequest."""
        folder = self._folder
        (folder / "request.der").write_bytes(body)
        subprocess.run(
            [
                *("openssl", "ocsp", "-index", folder / "index.txt", "-CA", folder / "ca.pem"),
                *("-rsigner", folder / "ca.pem", "-rkey", folder / "ca.key", "-ndays", "1"),
                *("-reqin", folder / "request.der", "-respout", folder / "response.der"),
            ],
            check=True,
            capture_output=True,
            timeout=30,
        )
        return Reply(body=(folder / "response.der").read_bytes())
