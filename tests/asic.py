"""ASiC-E containers for tests: with XAdES as the service makes them, with CAdES put together by hand."""

from __future__ import annotations

import hashlib
import io
import zipfile
from base64 import b64encode
from types import ModuleType
from urllib.parse import quote

from signer.envelope import cades
from signer.envelope.asic import prepare
from signer.model.request import PRESCRIPTION, Attachment
from tests import pki
from tests.xmldsig import ECDSA, JSON_CONTENT

ATTACHMENTS = (
    Attachment(name="آزمایش خون.txt", media_type="text/plain", content="قند ۹۵".encode()),
    Attachment(name="scan & 1.pdf", media_type="application/pdf", content=b"%PDF-1.7\n"),
)


def container(attachments: tuple[Attachment, ...] = ATTACHMENTS) -> bytes:
    """A prescription with these attachments, signed."""
    draft = prepare(
        content=JSON_CONTENT,
        media_type=PRESCRIPTION,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attachments=attachments,
    )
    return draft.finish(pki.sign(pki.key("p256"), ECDSA, draft.to_be_signed))


MANIFEST, SIGNATURE = "META-INF/ASiCManifest.xml", "META-INF/signature.p7s"
ROOT = (
    '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
)
SHA256, SHA1 = "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"
FILES = {"prescription.json": (PRESCRIPTION, JSON_CONTENT), "خون.txt": ("text/plain", "قند ۹۵".encode())}


def named(name: str, media_type: str, content: bytes, *, method: str = SHA256, inside: str = "") -> str:
    """A DataObjectReference (EN 319 162-1 §A.4), with `inside` behind its digest."""
    digest = hashlib.new("sha1" if method == SHA1 else "sha256", content).digest()
    return (
        f'<asic:DataObjectReference URI="{quote(name)}" MimeType="{media_type}">'
        f'<ds:DigestMethod Algorithm="{method}"/>'
        f"<ds:DigestValue>{b64encode(digest).decode()}</ds:DigestValue>{inside}</asic:DataObjectReference>"
    )


def manifest(*references: str, signature: str = SIGNATURE) -> bytes:
    """An ASiCManifest of these references; of all the files where there are none."""
    references = references or tuple(named(name, *file) for name, file in FILES.items())
    sig_reference = f'<asic:SigReference URI="{signature}" MimeType="application/pkcs7-signature"/>'
    return f"{ROOT}{sig_reference}{''.join(references)}</asic:ASiCManifest>".encode()


def over(octets: bytes, *, attached: bool = False, maker: ModuleType = cades) -> bytes:
    """A CMS signature over a manifest."""
    draft = maker.prepare(
        content=octets,
        media_type="text/xml",
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attached=attached,
    )
    finished: bytes = draft.finish(pki.sign(pki.key("p256"), ECDSA, draft.to_be_signed))
    return finished


def cades_container(written: bytes | None = None, **changed: bytes | None) -> bytes:
    """A container with a CAdES over its manifest; `written` is another manifest, signed instead.

    `changed` are entries by name: other octets than the honest ones, or None for an entry that is left out.
    """
    written = manifest() if written is None else written
    entries: dict[str, bytes | None] = {
        "mimetype": b"application/vnd.etsi.asic-e+zip",
        **{name: content for name, (_, content) in FILES.items()},
        MANIFEST: written,
        SIGNATURE: over(written),
    }
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as made:
        for name, content in (entries | changed).items():
            if content is not None:
                made.writestr(zipfile.ZipInfo(name), content)
    return octets.getvalue()
