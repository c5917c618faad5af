"""Certificate requests in progress, kept in the data folder until their certificate comes or they go.

What is kept is the request that was made and which key it is for; the key itself stays on its token.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from signer.model.applicant import Applicant
from signer.model.errors import RequestUnknown, Unexpected
from signer.platform.private_files import read_private, write_private


class KeyRequest(Struct, frozen=True, kw_only=True):
    """One request. `spki` and `request` (PKCS #10) are DER; `key_id` is the key's CKA_ID; `made_at` is UTC.

    `origin` is the panel's that asked for it, None where the holder did.
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


class KeyRequests:
    """The file of them. Raises `Unexpected` where it cannot be read or written: none is lost silently."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> tuple[KeyRequest, ...]:
        """In the order in which they were made."""
        try:
            octets = read_private(self._file)
            return () if octets is None else msgspec.json.decode(octets, type=tuple[KeyRequest, ...])
        except (OSError, msgspec.MsgspecError) as fault:
            raise Unexpected(f"certificate requests cannot be read: {type(fault).__name__}") from fault

    def find(self, request_id: str) -> KeyRequest:
        """The request with this id. Raises `RequestUnknown`."""
        for request in self.all():
            if request.id == request_id:
                return request
        raise RequestUnknown

    def add(self, request: KeyRequest) -> None:
        """Keep one more; durable on return."""
        self._write((*self.all(), request))

    def forget(self, request_id: str) -> None:
        """Throw one away; its key stays on the token. Raises `RequestUnknown`."""
        self.find(request_id)
        self._write(tuple(request for request in self.all() if request.id != request_id))

    def _write(self, requests: tuple[KeyRequest, ...]) -> None:
        try:
            write_private(self._file, msgspec.json.encode(requests))
        except OSError as fault:
            raise Unexpected(f"certificate requests cannot be written: {type(fault).__name__}") from fault
