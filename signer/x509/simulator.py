"""The mark of certificates that a simulator made: a critical extension that nobody is to understand.

Whoever keeps to RFC 5280 §4.2 refuses such a certificate, whatever it trusts. Mohr knows the mark only to say
why, and makes such certificates in `signer.cli.simulate` alone.
"""

from __future__ import annotations

from signer.x509.certificate import Certificate

#: An arc under a UUID (X.667), so that nobody else uses it.
SIMULATOR = "2.25.187095583338607393988960605805887259954"


def simulated(certificate: Certificate) -> bool:
    """Was it made by a simulator, an authority's or a doctor's?"""
    return certificate.extension(SIMULATOR) is not None
