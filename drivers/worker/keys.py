"""Keys on a token: the templates that find and make them, and the public half as DER.

A key is made to stay: on the token, sensitive, not extractable, for signing.
"""

from __future__ import annotations

from drivers import cryptoki as ck
from drivers import der, wire
from drivers.cryptoki import Cryptoki, Template
from drivers.types import KeySpec

_RSA_BITS = {KeySpec.RSA_2048: 2048, KeySpec.RSA_3072: 3072, KeySpec.RSA_4096: 4096}
# Named curve (RFC 5480 §2.1.1.1) and the octets of an uncompressed point (SEC 1 §2.3.3).
_CURVES = {
    KeySpec.EC_P256: ("1.2.840.10045.3.1.7", 65),
    KeySpec.EC_P384: ("1.3.132.0.34", 97),
    KeySpec.EC_P521: ("1.3.132.0.35", 133),
}
_POINT_SIZES = {der.oid(curve): size for curve, size in _CURVES.values()}
_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_F4 = b"\x01\x00\x01"

PRIVATE_KEYS: Template = ((ck.CKA_CLASS, ck.ulong(ck.CKO_PRIVATE_KEY)),)
PUBLIC_KEYS: Template = ((ck.CKA_CLASS, ck.ulong(ck.CKO_PUBLIC_KEY)),)


def private_key_template(key_id: bytes) -> Template:
    """Finds the private keys with this CKA_ID."""
    return (*PRIVATE_KEYS, (ck.CKA_ID, key_id))


def public_key_template(key_id: bytes) -> Template:
    """Finds the public keys with this CKA_ID."""
    return (*PUBLIC_KEYS, (ck.CKA_ID, key_id))


def flag(module: Cryptoki, session: int, handle: int, kind: int) -> bool | None:
    """A CK_BBOOL attribute, or None where the module does not tell it."""
    value = module.attribute(session, handle, kind)
    return None if not value else value != ck.FALSE


def generate(module: Cryptoki, session: int, wanted: wire.GenerateKeyPair) -> bytes:
    """Make the pair and give its DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7)."""
    spec = wanted.spec
    names: Template = (
        (ck.CKA_TOKEN, ck.TRUE),
        (ck.CKA_ID, wanted.key_id),
        (ck.CKA_LABEL, wanted.label.encode()),
    )
    private: Template = (
        *names,
        (ck.CKA_CLASS, ck.ulong(ck.CKO_PRIVATE_KEY)),
        (ck.CKA_PRIVATE, ck.TRUE),
        (ck.CKA_SENSITIVE, ck.TRUE),
        (ck.CKA_EXTRACTABLE, ck.FALSE),
        (ck.CKA_SIGN, ck.TRUE),
    )
    if wanted.always_authenticate:
        private = (*private, (ck.CKA_ALWAYS_AUTHENTICATE, ck.TRUE))
    public: Template = (
        *names,
        (ck.CKA_CLASS, ck.ulong(ck.CKO_PUBLIC_KEY)),
        (ck.CKA_VERIFY, ck.TRUE),
        *_parameters(spec),
    )
    mechanism = ck.CKM_RSA_PKCS_KEY_PAIR_GEN if spec in _RSA_BITS else ck.CKM_EC_KEY_PAIR_GEN
    public_key, _ = module.generate_key_pair(session, mechanism, public, private)
    if spec in _RSA_BITS:
        return _rsa_info(module, session, public_key) or b""
    return _ec_info(module, session, public_key, der.oid(_CURVES[spec][0])) or b""


def public_key_info(module: Cryptoki, session: int, handle: int) -> bytes | None:
    """The DER SubjectPublicKeyInfo that a key object's attributes tell, None where they do not.

    A private RSA key tells its public half too; a private key of a curve does not.
    """
    kind = ck.from_ulong(module.attribute(session, handle, ck.CKA_KEY_TYPE) or b"")
    if kind == ck.CKK_RSA:
        return _rsa_info(module, session, handle)
    if kind == ck.CKK_EC:
        return _ec_info(module, session, handle, module.attribute(session, handle, ck.CKA_EC_PARAMS) or b"")
    return None


def _parameters(spec: KeySpec) -> Template:
    if spec in _CURVES:
        return ((ck.CKA_EC_PARAMS, der.oid(_CURVES[spec][0])),)
    return ((ck.CKA_MODULUS_BITS, ck.ulong(_RSA_BITS[spec])), (ck.CKA_PUBLIC_EXPONENT, _F4))


def _rsa_info(module: Cryptoki, session: int, handle: int) -> bytes | None:
    """RFC 3279 §2.3.1."""
    modulus = module.attribute(session, handle, ck.CKA_MODULUS)
    exponent = module.attribute(session, handle, ck.CKA_PUBLIC_EXPONENT)
    if not modulus or not exponent:
        return None
    numbers = (der.integer(int.from_bytes(octets, "big")) for octets in (modulus, exponent))
    return der.sequence(
        der.sequence(der.oid(_RSA_ENCRYPTION), der.NULL), der.bit_string(der.sequence(*numbers))
    )


def _ec_info(module: Cryptoki, session: int, handle: int, curve: bytes) -> bytes | None:
    """RFC 5480 §2.1.1. `curve` is the named curve's OBJECT IDENTIFIER, DER."""
    point, size = module.attribute(session, handle, ck.CKA_EC_POINT), _POINT_SIZES.get(curve)
    if not point or size is None:
        return None
    # CKA_EC_POINT is a DER OCTET STRING around the point; some modules give the bare point.
    return der.sequence(der.sequence(der.oid(_EC_PUBLIC_KEY), curve), der.bit_string(point[-size:]))
