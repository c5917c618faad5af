"""PKCS #7 as panels of before know it: CMS SignedData (RFC 5652) with SHA-256 or more, attached or detached.

The signed attributes are content-type, message-digest and signing-time. Neither the certificate nor the media
type is signed, so what a signature says of both is for its receiver to know; CAdES is for everybody else.
"""

from __future__ import annotations

from datetime import datetime

from signer.envelope import cades, cms
from signer.envelope.algorithms import PREFERENCE, SUITES
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported, MechanismUnsupported
from signer.model.request import Level
from signer.x509 import Certificate

attach = cades.attach
strip = cades.strip
check_content = cades.check_content


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
) -> cades.CadesToBeSigned:
    """Begin a signature over `content`, exactly; `attached` puts the content inside it.

    `media_type` has no place in it. `signing_time` is aware and signed to the second. Raises
    `DocumentRefused` for content that parses as SET OF Attribute, `FormatUnsupported` for a level above B-B,
    `MechanismUnsupported` for an algorithm that is not the key's.
    """
    if level is not Level.B_B:
        raise FormatUnsupported(f"legacy CMS has no level {level.value}")
    if algorithm not in PREFERENCE[certificate.key_kind]:
        raise MechanismUnsupported(f"{algorithm.value} with a {certificate.key_kind.value} key")
    cades.check_content(content, media_type, attached=attached)
    attributes = [
        cms.attribute(cms.ID_CONTENT_TYPE, cms.ID_DATA),
        cms.attribute(cms.ID_MESSAGE_DIGEST, cms.tlv(cms.OCTET_STRING, SUITES[algorithm].digest(content))),
        cms.signing_time(signing_time),
    ]
    return cades.CadesToBeSigned(
        to_be_signed=cms.set_of(attributes),
        algorithm=algorithm,
        certificate=certificate,
        content=content if attached else None,
    )
