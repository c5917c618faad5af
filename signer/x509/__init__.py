"""Reading certificates as they are, and telling which issued which.

Certificates of the field break rules that strict libraries enforce (a bracket in a PrintableString is
enough), so structure is read with asn1crypto's tag parser, names are compared by their DER bytes, and
`cryptography` sees the public key alone. Nothing here issues, stores or fetches a certificate, and
revocation is not looked at.
"""

from signer.x509.certificate import (
    BasicConstraints,
    Certificate,
    CertificateUnreadable,
    KeyUnsupported,
    KeyUsage,
    describe,
    public_key,
    read,
)
from signer.x509.chain import issued_by, path, paths
from signer.x509.signed import signed_by
from signer.x509.simulator import SIMULATOR, simulated
from signer.x509.usability import Unusable, unusable, why_unusable

__all__ = [
    "SIMULATOR",
    "BasicConstraints",
    "Certificate",
    "CertificateUnreadable",
    "KeyUnsupported",
    "KeyUsage",
    "Unusable",
    "describe",
    "issued_by",
    "path",
    "paths",
    "public_key",
    "read",
    "signed_by",
    "simulated",
    "unusable",
    "why_unusable",
]
