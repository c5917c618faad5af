"""What a use case tells the endpoint: frozen answers, ready to be written as JSON."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from signer.model.errors import MohrError
from signer.model.request import DocumentState, RequestState


class DocumentView(Struct, frozen=True, kw_only=True):
    """One document of a request; `problem` where it failed.

    `signature` is the finished file, `level` the one it reached, `certificate` DER.
    """

    id: str
    state: DocumentState
    format: str
    level: str | None = None
    signature: bytes | None = None
    certificate: bytes | None = None
    signed_at: datetime | None = None
    problem: MohrError | None = None


class RequestView(Struct, frozen=True, kw_only=True):
    """A request now. `position` counts the requests before it in the doctor's queue, 0 when at the front."""

    id: str
    state: RequestState
    position: int
    documents: tuple[DocumentView, ...]

    @property
    def final(self) -> bool:
        """True when nothing more will happen to it."""
        return self.state in {
            RequestState.FINISHED,
            RequestState.DECLINED,
            RequestState.CANCELLED,
            RequestState.FAILED,
        }
