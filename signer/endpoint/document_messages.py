"""What panels post to be signed: documents, what goes with them, and how much of it there may be.

What is answered is `messages`; whether a format can carry a document is the service's to say.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from signer.endpoint.messages import ShortText, decoded, parsed, present, typed
from signer.model.errors import FormatUnsupported, RequestMalformed, RequestTooLarge
from signer.model.request import (
    AGENTS_OWN,
    CONTAINERS,
    MAX_DOCUMENTS,
    PDF,
    Attachment,
    Corner,
    Document,
    Level,
    SignatureFormat,
    VisibleSeal,
)

MAX_DOCUMENT = 1024 * 1024
MAX_PDF = 10 * 1024 * 1024
MAX_ATTACHMENTS = 16
#: All of one document's together.
MAX_ATTACHED = 10 * 1024 * 1024

MediaType = Annotated[str, Meta(max_length=127, pattern=r"^[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}$")]


class SealBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a PDF shows the doctor's seal: a page counted from 1 (absent: the last), a corner, and why."""

    page: Annotated[int, Meta(ge=1, le=300)] | UnsetType = UNSET
    corner: Corner = Corner.BOTTOM_LEFT
    reason: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET


class AttachmentBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file signed together with a document, in a container alone. `content_base64` as a document's."""

    name: ShortText
    media_type: MediaType
    content_base64: str


class DocumentBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document as posted: exactly one of `content` and `content_base64` (RFC 4648 §4, padded)."""

    id: ShortText
    media_type: MediaType
    format: Annotated[str, Meta(max_length=32)]
    content: str | UnsetType = UNSET
    content_base64: str | UnsetType = UNSET
    level: Annotated[str, Meta(max_length=32)] = Level.B_B.value
    attached: bool = True
    seal: SealBody | UnsetType = UNSET
    attachments: Annotated[list[AttachmentBody], Meta(max_length=MAX_ATTACHMENTS)] = []


class SigningRequestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /v1/signing-requests."""

    documents: Annotated[list[DocumentBody], Meta(min_length=1, max_length=MAX_DOCUMENTS)]
    credential: ShortText | UnsetType = UNSET
    purpose: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


def read_signing_request(octets: bytes) -> SigningRequestBody:
    """The body. Raises `RequestMalformed` with the place, `RequestTooLarge` for 251 documents."""
    value = parsed(octets)
    documents = value.get("documents") if isinstance(value, dict) else None
    if isinstance(documents, list) and len(documents) > MAX_DOCUMENTS:
        raise RequestTooLarge(f"more than {MAX_DOCUMENTS} documents")
    return typed(value, SigningRequestBody)


def documents_of(body: SigningRequestBody) -> tuple[Document, ...]:
    """The documents to sign. Raises `RequestMalformed`, `RequestTooLarge`, `FormatUnsupported`."""
    documents = tuple(_document(place, posted) for place, posted in enumerate(body.documents))
    if len({document.id for document in documents}) != len(documents):
        raise RequestMalformed("/documents: two have the same id")
    return documents


def seal_body(seal: VisibleSeal | None) -> SealBody | UnsetType:
    """A seal as a panel posts it."""
    if seal is None:
        return UNSET
    page = UNSET if seal.page is None else seal.page
    return SealBody(page=page, corner=seal.corner, reason=present(seal.reason))


def _document(place: int, posted: DocumentBody) -> Document:
    pointer = f"/documents/{place}"
    try:
        signature_format, level = SignatureFormat(posted.format), Level(posted.level)
    except ValueError:
        raise FormatUnsupported(f"{pointer}: no such format or level") from None
    if signature_format in AGENTS_OWN:
        raise FormatUnsupported(f"{pointer}: {signature_format.value} is worded by the agent alone")
    content = _content(pointer, posted)
    limit = MAX_PDF if posted.media_type == PDF else MAX_DOCUMENT
    if len(content) > limit:
        raise RequestTooLarge(f"{pointer}: over {limit} octets")
    if posted.seal is not UNSET and signature_format is not SignatureFormat.PADES:
        raise FormatUnsupported(f"{pointer}/seal: only a PAdES signature shows a seal")
    if posted.attachments and signature_format not in CONTAINERS:
        raise FormatUnsupported(f"{pointer}/attachments: {signature_format.value} has no place for them")
    return Document(
        id=posted.id,
        media_type=posted.media_type,
        content=content,
        format=signature_format,
        level=level,
        attached=posted.attached,
        attachments=_attachments(f"{pointer}/attachments", posted.attachments),
        seal=_seal(posted.seal),
    )


def _seal(posted: SealBody | UnsetType) -> VisibleSeal | None:
    if isinstance(posted, UnsetType):
        return None
    return VisibleSeal(
        page=None if isinstance(posted.page, UnsetType) else posted.page,
        corner=posted.corner,
        reason=None if isinstance(posted.reason, UnsetType) else posted.reason,
    )


def _attachments(pointer: str, posted: list[AttachmentBody]) -> tuple[Attachment, ...]:
    attachments = tuple(
        Attachment(
            name=file.name,
            media_type=file.media_type,
            content=decoded(f"{pointer}/{place}/content_base64", file.content_base64),
        )
        for place, file in enumerate(posted)
    )
    if sum(len(attachment.content) for attachment in attachments) > MAX_ATTACHED:
        raise RequestTooLarge(f"{pointer}: over {MAX_ATTACHED} octets together")
    return attachments


def _content(pointer: str, posted: DocumentBody) -> bytes:
    text, encoded = posted.content, posted.content_base64
    if isinstance(text, str) and encoded is UNSET:
        return text.encode()
    if isinstance(encoded, str) and text is UNSET:
        return decoded(f"{pointer}/content_base64", encoded)
    raise RequestMalformed(f"{pointer}: exactly one of content and content_base64")
