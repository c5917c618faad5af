"""ASiC-E with XAdES, B-B (ETSI EN 319 162-1 §4.4): a prescription and its attachments in one container.

One signature covers every file by name, media type and digest. The container's octets follow from the files
and the signature alone, so the journal keeps only the signature. How its XML is written is `xades`.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from html import unescape
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from signer.envelope import asic_container
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.envelope.xades import SignedPart, sign_parts
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported
from signer.model.request import Attachment, Level
from signer.x509 import Certificate

_MANIFEST = "META-INF/manifest.xml"
_SIGNATURES = "META-INF/signatures.xml"
#: EN 319 162-1 §4.4.3.2: the root around the signatures of a container.
_OPEN = b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#">'
_CLOSE = b"</asic:XAdESSignatures>"
_MANIFEST_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"

_REFERENCE = re.compile(r'<ds:Reference Id="[^"]*" URI="([^"]*)">')
_MEDIA_TYPE = re.compile(r"<xades:MimeType>([^<]*)</xades:MimeType>")

check_content = asic_container.check_content


class AsicToBeSigned(asic_container.Unsigned, frozen=True, kw_only=True):
    """One whose signature is XAdES over all files."""

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The container."""
        return _container(_OPEN + self.signature.finish(signature, evidence) + _CLOSE, self.files)


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
) -> AsicToBeSigned:
    """Begin a container of `content` and its attachments, exactly; `signing_time` is aware.

    Raises `FormatUnsupported` for a level but B-B, a container without its content, and a media type that is
    none; `DocumentRefused` for attachments whose names cannot stand in a container;
    `MechanismUnsupported` for an algorithm that is not the key's.
    """
    if level is not Level.B_B or not attached:
        raise FormatUnsupported(f"asic-e {level.value}{'' if attached else ' detached'}")
    check(media_type, certificate, algorithm)
    name = asic_container.document_name(media_type)
    check_content(content, media_type, attached=attached, attachments=attachments)
    parts = [SignedPart(uri=name, digested=content, media_type=media_type)]
    for attachment in attachments:
        check(attachment.media_type, certificate, algorithm)
        parts.append(
            SignedPart(
                uri=quote(attachment.name, safe=""),
                digested=attachment.content,
                media_type=attachment.media_type,
            )
        )
    signature = sign_parts(
        tuple(parts),
        certificate=certificate,
        algorithm=algorithm,
        signing_time=signing_time,
        identifier=f"mohr-{hashlib.sha256(content + signing_time.isoformat().encode()).hexdigest()[:32]}",
    )
    return AsicToBeSigned(signature=signature, files={unquote(part.uri): part.digested for part in parts})


def strip(signed: bytes, content: bytes, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """What the journal keeps of a container that `finish` made: META-INF/signatures.xml.

    Raises ValueError where the container is none of this module over these files.
    """
    (kept,) = asic_container.unpacked(signed, _SIGNATURES)
    if attach(kept, content, attachments) != signed:
        raise ValueError("not a container of this module over these files")
    return kept


def attach(kept: bytes, content: bytes, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """The container again, byte for byte, from what `strip` kept and the files.

    That the files are the signed ones is not checked here. Raises ValueError for bytes that are no signature
    of this module, and for attachments of other names than the signed ones.
    """
    if not kept.startswith(_OPEN):
        raise ValueError("not the signature of a container of this module")
    names = [unquote(uri) for uri in _REFERENCE.findall(kept.decode())]
    asic_container.check_names(names, attachments)
    contents = (content, *(attachment.content for attachment in attachments))
    return _container(kept, dict(zip(names, contents, strict=True)))


def _container(signatures: bytes, files: dict[str, bytes]) -> bytes:
    media_types = [unescape(found) for found in _MEDIA_TYPE.findall(signatures.decode())]
    manifest = _manifest(dict(zip(files, media_types, strict=True)))
    return asic_container.packed(files, {_MANIFEST: manifest, _SIGNATURES: signatures})


def _manifest(media_types: dict[str, str]) -> bytes:
    """OpenDocument 1.2 part 3 §3, which readers of ASiC-E with XAdES expect; it is not signed."""
    entries = [("/", asic_container.MIME_TYPE.decode()), *media_types.items()]
    lines = "".join(
        f"<manifest:file-entry manifest:full-path={quoteattr(name)} manifest:media-type={quoteattr(kind)}/>"
        for name, kind in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<manifest:manifest xmlns:manifest="{_MANIFEST_NAMESPACE}" manifest:version="1.2">'
        f"{lines}</manifest:manifest>"
    ).encode()
