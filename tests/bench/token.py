"""A logged-in PyKCS11 session in this process: what *raw* is measured on.

The product never loads a binding in-process; this is the yardstick, not the product.
"""

from __future__ import annotations

import os

import PyKCS11

from drivers import mechanisms
from drivers.bindings.pykcs11 import PyKcs11
from drivers.types import Mechanism
from drivers.worker import keys
from signer import x509
from signer.model.credential import SignatureAlgorithm
from tests import softhsm
from tests.bench.place import RSA, Place


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


#: How Mohr has SoftHSM's RSA keys sign: the DigestInfo is made here.
PLAN = mechanisms.plan(
    SignatureAlgorithm.RSA_PKCS1_SHA256.value,
    (mechanisms.CKM_RSA_PKCS, mechanisms.CKM_SHA256_RSA_PKCS),
    mechanisms.SignPreferences(),
)


class RawKey:
    """A key that signs as directly as the binding can."""

    def __init__(self, session: PyKCS11.Session, key: int, certificate: x509.Certificate) -> None:
        self._session = session
        self._key = key
        self._mechanism = PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS, None)
        self._planned = PyKCS11.Mechanism(PLAN.mechanism.type, None)
        self.certificate = certificate

    def sign(self, message: bytes) -> bytes:
        """`bytes(session.sign(…))`: what everything is compared with."""
        return bytes(self._session.sign(self._key, message, self._mechanism))

    def sign_planned(self, message: bytes) -> bytes:
        """The same signature by the mechanism that Mohr takes, and as slowly."""
        return bytes(self._session.sign(self._key, PLAN.data(message), self._planned))


class OwnBinding:
    """The worker's binding in this process: what the worker's boundary is the price of leaving.

    Cheaper than *raw*, which makes a list of Python's integers of each octet: some 15 µs for each kB signed.
    """

    def __init__(self, place: Place, certificate: x509.Certificate) -> None:
        self.certificate = certificate
        os.environ.update(place.env)
        self._module = PyKcs11()
        self._module.load(str(place.module))
        # The raw session of this process has initialised the module, taken as it is here, and has logged in.
        self._module.initialize()
        slot = next(s for s in self._module.slots() if self._module.token(s).label == softhsm.LABEL)
        self._session = self._module.open_session(slot, writable=False)
        (self._key,) = self._module.find(self._session, keys.private_key_template(RSA))

    def sign(self, message: bytes) -> bytes:
        """RSA PKCS#1 v1.5 with SHA-256, hashed by the module."""
        mechanism = Mechanism(type=PyKCS11.CKM_SHA256_RSA_PKCS)
        return self._module.sign(self._session, self._key, mechanism, message)

    def sign_planned(self, message: bytes) -> bytes:
        """The same signature by the mechanism that Mohr takes."""
        return self._module.sign(self._session, self._key, PLAN.mechanism, PLAN.data(message))
