"""The container of ASiC-E (ETSI EN 319 162-1 §A.1): which names its files may have, and how it is packed.

The same files and signature give the same octets. What signs the files is `asic` and `asic_cades`.
"""

from __future__ import annotations

import io
import zipfile

from msgspec import Struct

from signer.envelope.phases import ToBeSigned
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused
from signer.model.request import JSON, PRESCRIPTION, TEXT, XML, Attachment
from signer.model.text import hidden
from signer.x509 import Certificate

MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
MAX_NAME = 128

#: What the document itself is called; no attachment may be called the same.
_NAMES = {PRESCRIPTION: "prescription.json", JSON: "document.json", TEXT: "document.txt", XML: "document.xml"}
_OTHER = "document"

#: MS-DOS time has no zone and begins here; a container's time is the signature's.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


class Unsigned(Struct, frozen=True, kw_only=True):
    """A container that lacks its signature's value: what is signed is what the signature in it covers.

    `files` are octets by name, the document first.
    """

    signature: ToBeSigned
    files: dict[str, bytes]

    @property
    def to_be_signed(self) -> bytes:
        """See `ToBeSigned.to_be_signed`."""
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
        """See `ToBeSigned.stamped`."""
        return self.signature.stamped(signature)


def document_name(media_type: str) -> str:
    """What the document is called in its container."""
    return _NAMES.get(media_type, _OTHER)


def check_content(
    content: bytes, media_type: str, *, attached: bool, attachments: tuple[Attachment, ...] = ()
) -> None:
    """Raise `DocumentRefused` where attachments' names cannot stand in a container beside such a document."""
    names = (document_name(media_type), *(attachment.name for attachment in attachments))
    for place, name in enumerate(names[1:]):
        if not 0 < len(name) <= MAX_NAME or name[0] in ". " or name[-1] in ". " or hidden(name):
            raise DocumentRefused(f"attachments/{place}/name: empty, too long, or with hidden characters")
        if set(name) & set('/\\:*?"<>|') or "\n" in name or "\t" in name:
            raise DocumentRefused(f"attachments/{place}/name: a character that no file may have everywhere")
    if len({name.casefold() for name in (*names, "mimetype", "META-INF")}) != len(names) + 2:
        raise DocumentRefused("attachments: two have the same name, or one that the container needs")


def check_names(names: list[str], attachments: tuple[Attachment, ...]) -> None:
    """Raise ValueError where a signature names other files than a document and these attachments."""
    if names[1:] != [attachment.name for attachment in attachments] or not names:
        raise ValueError("other attachments than the signed ones")


def packed(files: dict[str, bytes], signed_by: dict[str, bytes]) -> bytes:
    """The container of these files, and of what META-INF has to hold, both by name and in their order."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as container:
        # First, stored and without an extra field, so that a reader knows the file by its octets (§A.1).
        for name, content in ({"mimetype": MIME_TYPE} | files | signed_by).items():
            # Stored: how deflate packs depends on a library's version, and the octets must come again.
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.create_system = _UNIX
            container.writestr(entry, content, zipfile.ZIP_STORED)
    return octets.getvalue()


def unpacked(container: bytes, *names: str) -> list[bytes]:
    """These entries of a container of ours. Raises ValueError for what is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(container)) as opened:
            return [opened.read(name) for name in names]
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError):
        raise ValueError("not a container of this module") from None
