"""Certificate requests in progress, kept in the data folder until their certificate comes or they go.

What is kept is the request that was made and which key it is for; the key itself stays on its token. One is
here before its key is made, so that a key that a crash left behind is found again and no second one is made.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from signer.model.applicant import Applicant
from signer.model.errors import RequestUnknown, Unexpected
from signer.platform.private_files import read_private, write_private

#: For so long one whose certificate has come still answers who posts it again.
ANSWERS_FOR = timedelta(hours=24)


class Asker(Struct, frozen=True, kw_only=True):
    """The request that asked: its id, and by what a second post of it is known.

    `origin` is the panel's, None where the holder asks in the window.
    """

    id: str
    origin: str | None
    idempotency_key: str
    body_hash: bytes


class KeyRequest(Struct, frozen=True, kw_only=True):
    """One request. `spki` and `request` (PKCS #10) are DER; `key_id` is the key's CKA_ID; `made_at` is UTC.

    `request` is empty where it was begun and not finished: its key may be on the token, or not. `origin` is
    the panel's that asked for it, None where the holder did; `key_type` a `KeySpec`'s value.
    """

    id: str
    applicant: Applicant
    token_serial: str
    token_label: str
    key_id: bytes
    spki: bytes
    request: bytes
    made_at: datetime
    origin: str | None = None
    key_type: str = ""
    idempotency_key: str | None = None
    body_hash: bytes = b""
    certified_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Is there a request to send to an authority?"""
        return bool(self.request)


class KeyRequests:
    """The file of them. Raises `Unexpected` where it cannot be read or written: none is lost silently."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> tuple[KeyRequest, ...]:
        """Those in progress, in the order in which they were begun."""
        return tuple(request for request in self._kept() if request.certified_at is None)

    def find(self, request_id: str) -> KeyRequest:
        """The request in progress with this id. Raises `RequestUnknown`."""
        for request in self.all():
            if request.id == request_id:
                return request
        raise RequestUnknown

    def asked(self, origin: str, idempotency_key: str) -> KeyRequest | None:
        """What this origin asked for under this key, also where its certificate came within a day."""
        for request in self._kept():
            if (request.origin, request.idempotency_key) == (origin, idempotency_key):
                return request
        return None

    def alike(self, applicant: Applicant, token_serial: str) -> tuple[KeyRequest, ...]:
        """Those in progress for the same particulars on the same token."""
        return tuple(
            request
            for request in self.all()
            if (request.applicant, request.token_serial) == (applicant, token_serial)
        )

    def put(self, request: KeyRequest, *, instead_of: str | None = None) -> None:
        """Keep one, in the place of the one with its id or that of `instead_of`; durable on return."""
        kept, replaced = list(self._kept()), {request.id, instead_of}
        at = next((n for n, other in enumerate(kept) if other.id in replaced), len(kept))
        kept[at : at + 1] = [request]
        self._write(tuple(kept))

    def certified(self, spki: bytes, now: datetime) -> None:
        """The certificate for this key was stored: its request is no longer in progress."""
        self._write(
            tuple(
                structs.replace(kept, certified_at=now)
                if kept.spki == spki and kept.certified_at is None
                else kept
                for kept in self._kept()
                if kept.certified_at is None or now - kept.certified_at < ANSWERS_FOR
            )
        )

    def forget(self, request_id: str) -> None:
        """Throw one away; its key stays on the token. Raises `RequestUnknown`."""
        self.find(request_id)
        self._write(tuple(request for request in self._kept() if request.id != request_id))

    def _kept(self) -> tuple[KeyRequest, ...]:
        try:
            octets = read_private(self._file)
            return () if octets is None else msgspec.json.decode(octets, type=tuple[KeyRequest, ...])
        except (OSError, msgspec.MsgspecError) as fault:
            raise Unexpected(f"certificate requests cannot be read: {type(fault).__name__}") from fault

    def _write(self, requests: tuple[KeyRequest, ...]) -> None:
        try:
            write_private(self._file, msgspec.json.encode(requests))
        except OSError as fault:
            raise Unexpected(f"certificate requests cannot be written: {type(fault).__name__}") from fault
