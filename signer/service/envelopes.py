"""Which envelope a document asked for, and the check that every signature passes before it leaves.

The one place where the use cases name an envelope format; how one is built is `signer.envelope`, how it is
checked is `signer.verify`.
"""

from __future__ import annotations

from datetime import datetime

from signer.envelope import algorithms, cades, sign_in
from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import JSON, PRESCRIPTION, SIGN_IN, TEXT, Document, Level, SignatureFormat
from signer.verify import sign_in as sign_in_check
from signer.verify.cades import verify_release
from signer.verify.jose import take_apart
from signer.verify.jose_value import certificates
from signer.verify.structure import parse
from signer.x509 import Certificate

#: Media type × (format, level): what can be shown to a person and signed.
MATRIX = frozenset(
    (media_type, SignatureFormat.CADES, Level.B_B) for media_type in (PRESCRIPTION, JSON, TEXT)
)


def check_supported(document: Document) -> None:
    """Raise `FormatUnsupported` where the matrix has no such cell."""
    if (document.media_type, document.format, document.level) not in MATRIX:
        raise FormatUnsupported(f"{document.format.value} {document.level.value}")


def prepare(
    document: Document, certificate: Certificate, algorithm: SignatureAlgorithm, signing_time: datetime
) -> cades.CadesToBeSigned | sign_in.SignInToBeSigned:
    """The bytes for the token. Raises `DocumentRefused`, `FormatUnsupported`."""
    if document.format is SignatureFormat.SIGN_IN:
        return sign_in.prepare(
            content=document.content,
            certificate=certificate,
            algorithm=algorithm,
            signing_time=signing_time,
        )
    return cades.prepare(
        content=document.content,
        media_type=document.media_type,
        certificate=certificate,
        algorithm=algorithm,
        signing_time=signing_time,
        attached=document.attached,
    )


def check_release(
    signature: bytes,
    document: Document,
    agreed: cades.CadesToBeSigned | sign_in.SignInToBeSigned,
    at: datetime,
) -> None:
    """Read the finished signature again and hold it against what was agreed to.

    `at` is the agreed signing time. Raises `SignatureNotVerified`.
    """
    if document.format is SignatureFormat.SIGN_IN:
        sign_in_check.verify_release(
            signature,
            content=document.content,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=at,
        )
        return
    verify_release(
        signature,
        content=document.content,
        media_type=document.media_type,
        certificate=agreed.certificate,
        algorithm=agreed.algorithm,
        signing_time=at,
        attached=document.attached,
    )


def attach(signature: bytes, document: Document) -> bytes:
    """What the panel gets, from what the journal kept and the document that was posted again."""
    return cades.attach(signature, document.content) if document.attached else signature


def sign_in_document(origin: str, nonce: str) -> Document:
    """The one document of a sign-in: worded here, from the origin that the browser vouched for.

    It keeps nothing that a second post could not bring again, so all of it may stand in the journal.
    """
    return Document(
        id="sign-in",
        media_type=SIGN_IN,
        content=sign_in.claims(origin, nonce),
        format=SignatureFormat.SIGN_IN,
        attached=False,
    )


def signer_certificate(signature: bytes, document: Document) -> bytes:
    """The certificate, DER, that one of our own signatures carries."""
    if document.format is SignatureFormat.SIGN_IN:
        return certificates(take_apart(signature).header)[0].der
    return parse(signature).certificate


def choose(kind: KeyKind, offered: tuple[SignatureAlgorithm, ...]) -> SignatureAlgorithm:
    """The algorithm for this key among what its token makes. Raises `MechanismUnsupported`."""
    return algorithms.choose(kind, offered)
