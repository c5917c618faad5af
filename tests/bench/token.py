"""A logged-in PyKCS11 session in this process: what *raw* is measured on.

The product never loads a binding in-process; this is the yardstick, not the product.
"""

from __future__ import annotations

import os

import PyKCS11

from signer import x509
from tests import softhsm
from tests.bench.place import Place


class RawToken:
    """One session, and one of its keys for each `key_id`."""

    def __init__(self, place: Place) -> None:
        os.environ.update(place.env)
        library = PyKCS11.PyKCS11Lib()
        library.load(str(place.module))
        slot = next(
            s
            for s in library.getSlotList(tokenPresent=True)
            if library.getTokenInfo(s).label.strip() == softhsm.LABEL
        )
        self._session = library.openSession(slot)
        self._session.login(softhsm.PIN)

    def key(self, key_id: bytes) -> RawKey:
        """The key and certificate with this CKA_ID. RSA PKCS#1 v1.5 with SHA-256."""
        certificate = self._find(PyKCS11.CKO_CERTIFICATE, key_id)
        der = bytes(self._session.getAttributeValue(certificate, [PyKCS11.CKA_VALUE])[0])
        return RawKey(self._session, self._find(PyKCS11.CKO_PRIVATE_KEY, key_id), x509.read(der))

    def _find(self, kind: int, key_id: bytes) -> int:
        return self._session.findObjects([(PyKCS11.CKA_CLASS, kind), (PyKCS11.CKA_ID, key_id)])[0]


class RawKey:
    """A key that signs as directly as the binding can."""

    def __init__(self, session: PyKCS11.Session, key: int, certificate: x509.Certificate) -> None:
        self._session = session
        self._key = key
        self._mechanism = PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS, None)
        self.certificate = certificate

    def sign(self, message: bytes) -> bytes:
        """`bytes(session.sign(…))`: what everything is compared with."""
        return bytes(self._session.sign(self._key, message, self._mechanism))
