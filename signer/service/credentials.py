"""A certificate on a token, as a credential. Finding it is `token_signers`, reading it `signer.x509`."""

from __future__ import annotations

from datetime import datetime

from signer import x509
from signer.model.credential import Credential, TokenRef


def credential_of(certificate: x509.Certificate, key_id: bytes, token: TokenRef, now: datetime) -> Credential:
    """The credential of the key `key_id` (CKA_ID) on `token`; unusable ones say why. `now` is aware."""
    return Credential(
        id=certificate.id,
        certificate=certificate.der,
        holder=certificate.holder,
        issuer=certificate.issuer,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        key_kind=certificate.key_kind,
        key_bits=certificate.key_bits,
        token=token,
        key_id=key_id,
        problem=x509.why_unusable(certificate, now),
    )
