"""Private keys on a token: the templates that find and make them, and the public half as DER.

A key is made to stay: on the token, sensitive, not extractable, for signing.
"""

from __future__ import annotations

from drivers import cryptoki as ck
from drivers import der
from drivers.cryptoki import Cryptoki, Template
from drivers.types import KeySpec

_RSA_BITS = {KeySpec.RSA_2048: 2048, KeySpec.RSA_3072: 3072, KeySpec.RSA_4096: 4096}
# Named curve (RFC 5480 §2.1.1.1) and the octets of an uncompressed point (SEC 1 §2.3.3).
_CURVES = {KeySpec.EC_P256: ("1.2.840.10045.3.1.7", 65), KeySpec.EC_P384: ("1.3.132.0.34", 97)}
_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_F4 = b"\x01\x00\x01"


def private_key_template(key_id: bytes) -> Template:
    """Finds the private keys with this CKA_ID."""
    return ((ck.CKA_CLASS, ck.ulong(ck.CKO_PRIVATE_KEY)), (ck.CKA_ID, key_id))


def flag(module: Cryptoki, session: int, handle: int, kind: int) -> bool | None:
    """A CK_BBOOL attribute, or None where the module does not tell it."""
    value = module.attribute(session, handle, kind)
    return None if not value else value != ck.FALSE


def generate(module: Cryptoki, session: int, spec: KeySpec, key_id: bytes, label: str) -> bytes:
    """Make the pair and give its DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)."""
    names: Template = ((ck.CKA_TOKEN, ck.TRUE), (ck.CKA_ID, key_id), (ck.CKA_LABEL, label.encode()))
    private: Template = (
        *names,
        (ck.CKA_CLASS, ck.ulong(ck.CKO_PRIVATE_KEY)),
        (ck.CKA_PRIVATE, ck.TRUE),
        (ck.CKA_SENSITIVE, ck.TRUE),
        (ck.CKA_EXTRACTABLE, ck.FALSE),
        (ck.CKA_SIGN, ck.TRUE),
    )
    public: Template = (
        *names,
        (ck.CKA_CLASS, ck.ulong(ck.CKO_PUBLIC_KEY)),
        (ck.CKA_VERIFY, ck.TRUE),
        *_parameters(spec),
    )
    mechanism = ck.CKM_RSA_PKCS_KEY_PAIR_GEN if spec in _RSA_BITS else ck.CKM_EC_KEY_PAIR_GEN
    public_key, _ = module.generate_key_pair(session, mechanism, public, private)
    return _spki(module, session, public_key, spec)


def _parameters(spec: KeySpec) -> Template:
    if spec in _CURVES:
        return ((ck.CKA_EC_PARAMS, der.oid(_CURVES[spec][0])),)
    return ((ck.CKA_MODULUS_BITS, ck.ulong(_RSA_BITS[spec])), (ck.CKA_PUBLIC_EXPONENT, _F4))


def _spki(module: Cryptoki, session: int, public_key: int, spec: KeySpec) -> bytes:
    def number(kind: int) -> bytes:
        return der.integer(int.from_bytes(module.attribute(session, public_key, kind) or b"", "big"))

    if spec in _RSA_BITS:
        # RFC 3279 §2.3.1
        algorithm = der.sequence(der.oid(_RSA_ENCRYPTION), der.NULL)
        return der.sequence(
            algorithm,
            der.bit_string(der.sequence(number(ck.CKA_MODULUS), number(ck.CKA_PUBLIC_EXPONENT))),
        )
    curve, size = _CURVES[spec]
    point = module.attribute(session, public_key, ck.CKA_EC_POINT) or b""
    # CKA_EC_POINT is a DER OCTET STRING around the point; some modules give the bare point.
    if len(point) > size:
        point = point[-size:]
    # RFC 5480 §2.1.1
    return der.sequence(der.sequence(der.oid(_EC_PUBLIC_KEY), der.oid(curve)), der.bit_string(point))
