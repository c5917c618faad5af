"""ASiC-E containers for tests, made as the service makes them."""

from __future__ import annotations

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
