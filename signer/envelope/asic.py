"""ASiC-E with XAdES, B-B (ETSI EN 319 162-1 §4.4): a prescription and its attachments in one container.

One signature covers every file by name, media type and digest. The container's octets follow from the files
and the signature alone, so the journal keeps only the signature. How its XML is written is `xades`.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from datetime import datetime
from html import unescape
from urllib.parse import quote, unquote
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.envelope.xades import SignedPart, XadesToBeSigned, sign_parts
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported
from signer.model.request import JSON, PRESCRIPTION, TEXT, XML, Attachment, Level
from signer.model.text import hidden
from signer.x509 import Certificate

MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
MAX_NAME = 128

_MANIFEST = "META-INF/manifest.xml"
_SIGNATURES = "META-INF/signatures.xml"
#: What the document itself is called; no attachment may be called the same.
_NAMES = {PRESCRIPTION: "prescription.json", JSON: "document.json", TEXT: "document.txt", XML: "document.xml"}
_OTHER = "document"

#: EN 319 162-1 §4.4.3.2: the root around the signatures of a container.
_OPEN = b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#">'
_CLOSE = b"</asic:XAdESSignatures>"
_MANIFEST_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"

_REFERENCE = re.compile(r'<ds:Reference Id="[^"]*" URI="([^"]*)">')
_MEDIA_TYPE = re.compile(r"<xades:MimeType>([^<]*)</xades:MimeType>")
#: MS-DOS time has no zone and begins here; a container's time is the signature's.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


class AsicToBeSigned(Struct, frozen=True, kw_only=True):
    """A container that lacks its signature's value. `files` are octets by name, the document first."""

    signature: XadesToBeSigned
    files: dict[str, bytes]

    @property
    def to_be_signed(self) -> bytes:
        """ds:SignedInfo in its canonical form."""
        return self.signature.to_be_signed

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """With which algorithm."""
        return self.signature.algorithm

    @property
    def certificate(self) -> Certificate:
        """Under which certificate."""
        return self.signature.certificate

    def stamped(self, signature: bytes) -> bytes:
        """See `XadesToBeSigned.stamped`."""
        return self.signature.stamped(signature)

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
    name = _NAMES.get(media_type, _OTHER)
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
    try:
        with zipfile.ZipFile(io.BytesIO(signed)) as container:
            kept = container.read(_SIGNATURES)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError):
        raise ValueError("not a container of this module") from None
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
    if names[1:] != [attachment.name for attachment in attachments] or not names:
        raise ValueError("other attachments than the signed ones")
    contents = (content, *(attachment.content for attachment in attachments))
    return _container(kept, dict(zip(names, contents, strict=True)))


def check_content(
    content: bytes, media_type: str, *, attached: bool, attachments: tuple[Attachment, ...] = ()
) -> None:
    """Raise `DocumentRefused` where attachments' names cannot stand in a container beside such a document."""
    _check_names((_NAMES.get(media_type, _OTHER), *(attachment.name for attachment in attachments)))


def _check_names(names: tuple[str, ...]) -> None:
    for place, name in enumerate(names[1:]):
        if not 0 < len(name) <= MAX_NAME or name[0] in ". " or name[-1] in ". " or hidden(name):
            raise DocumentRefused(f"attachments/{place}/name: empty, too long, or with hidden characters")
        if set(name) & set('/\\:*?"<>|') or "\n" in name or "\t" in name:
            raise DocumentRefused(f"attachments/{place}/name: a character that no file may have everywhere")
    if len({name.casefold() for name in (*names, "mimetype", "META-INF")}) != len(names) + 2:
        raise DocumentRefused("attachments: two have the same name, or one that the container needs")


def _container(signatures: bytes, files: dict[str, bytes]) -> bytes:
    media_types = [unescape(found) for found in _MEDIA_TYPE.findall(signatures.decode())]
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as container:
        # First, stored and without an extra field, so that a reader knows the file by its octets (§A.1).
        _add(container, "mimetype", MIME_TYPE)
        for name, content in files.items():
            _add(container, name, content)
        _add(container, _MANIFEST, _manifest(dict(zip(files, media_types, strict=True))))
        _add(container, _SIGNATURES, signatures)
    return octets.getvalue()


def _add(container: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Stored: how deflate packs depends on a library's version, and the octets must come again."""
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.create_system = _UNIX
    container.writestr(entry, content, zipfile.ZIP_STORED)


def _manifest(media_types: dict[str, str]) -> bytes:
    """OpenDocument 1.2 part 3 §3, which readers of ASiC-E with XAdES expect; it is not signed."""
    entries = [("/", MIME_TYPE.decode()), *media_types.items()]
    lines = "".join(
        f"<manifest:file-entry manifest:full-path={quoteattr(name)} manifest:media-type={quoteattr(kind)}/>"
        for name, kind in entries
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<manifest:manifest xmlns:manifest="{_MANIFEST_NAMESPACE}" manifest:version="1.2">'
        f"{lines}</manifest:manifest>"
    ).encode()
