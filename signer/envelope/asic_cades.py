"""ASiC-E with CAdES, B-B (ETSI EN 319 162-1 §4.4.4): a prescription and its attachments in one container.

A manifest has the name, media type and digest of every file, and a detached CAdES signs the manifest. The
journal keeps these two alone. How the CMS is written is `cades`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from signer.envelope import asic_container, cades
from signer.envelope.algorithms import SUITES
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.envelope.xades import DIGEST_METHODS
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import Attachment, Level
from signer.x509 import Certificate

_MANIFEST, _SIGNATURE = "META-INF/ASiCManifest.xml", "META-INF/signature.p7s"
_MANIFEST_TYPE = "text/xml"

#: §A.4: the root, and the signature that the manifest belongs to.
_OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    f'<asic:SigReference URI="{_SIGNATURE}" MimeType="application/pkcs7-signature"/>'
)
_CLOSE = "</asic:ASiCManifest>"
_REFERENCE = re.compile(r'<asic:DataObjectReference URI="([^"]*)"')

check_content = asic_container.check_content


class AsicCadesToBeSigned(asic_container.Unsigned, frozen=True, kw_only=True):
    """One whose signature is CAdES over the manifest."""

    manifest: bytes

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The container."""
        signed = {_MANIFEST: self.manifest, _SIGNATURE: self.signature.finish(signature, evidence)}
        return asic_container.packed(self.files, signed)


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
    attachments: tuple[Attachment, ...] = (),
) -> AsicCadesToBeSigned:
    """Begin a container of `content` and its attachments, exactly; `signing_time` is aware.

    Raises `FormatUnsupported` for a level but B-B, a container without its content, and a media type that is
    none; `DocumentRefused` for attachments whose names cannot stand in a container;
    `MechanismUnsupported` for an algorithm that is not the key's.
    """
    if level is not Level.B_B or not attached:
        raise FormatUnsupported(f"asic-e-cades {level.value}{'' if attached else ' detached'}")
    check_content(content, media_type, attached=attached, attachments=attachments)
    document = Attachment(
        name=asic_container.document_name(media_type), media_type=media_type, content=content
    )
    files = (document, *attachments)
    for file in files:
        check(file.media_type, certificate, algorithm)
    manifest = f"{_OPEN}{''.join(_named(file, algorithm) for file in files)}{_CLOSE}".encode()
    signature = cades.prepare(
        content=manifest,
        media_type=_MANIFEST_TYPE,
        certificate=certificate,
        algorithm=algorithm,
        signing_time=signing_time,
        attached=False,
    )
    return AsicCadesToBeSigned(
        signature=signature, manifest=manifest, files={file.name: file.content for file in files}
    )


def strip(signed: bytes, content: bytes, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """What the journal keeps of a container that `finish` made: one of its manifest and signature alone.

    Raises ValueError where the container is none of this module over these files.
    """
    manifest, signature = asic_container.unpacked(signed, _MANIFEST, _SIGNATURE)
    kept = asic_container.packed({}, {_MANIFEST: manifest, _SIGNATURE: signature})
    if attach(kept, content, attachments) != signed:
        raise ValueError("not a container of this module over these files")
    return kept


def attach(kept: bytes, content: bytes, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """The container again, byte for byte, from what `strip` kept and the files.

    That the files are the signed ones is not checked here. Raises ValueError for bytes that `strip` did not
    give, and for attachments of other names than the signed ones.
    """
    manifest, signature = asic_container.unpacked(kept, _MANIFEST, _SIGNATURE)
    names = [unquote(uri) for uri in _REFERENCE.findall(manifest.decode())]
    asic_container.check_names(names, attachments)
    contents = (content, *(attachment.content for attachment in attachments))
    signed = {_MANIFEST: manifest, _SIGNATURE: signature}
    return asic_container.packed(dict(zip(names, contents, strict=True)), signed)


def _named(file: Attachment, algorithm: SignatureAlgorithm) -> str:
    """A DataObjectReference (§A.4)."""
    suite = SUITES[algorithm]
    return (
        f'<asic:DataObjectReference URI="{quote(file.name, safe="")}" MimeType={quoteattr(file.media_type)}>'
        f'<ds:DigestMethod Algorithm="{DIGEST_METHODS[suite.digest_name]}"/>'
        f"<ds:DigestValue>{b64encode(suite.digest(file.content)).decode()}</ds:DigestValue>"
        "</asic:DataObjectReference>"
    )
