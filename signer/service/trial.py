"""A whole signature before any panel asks for one: of a test text, shown, agreed to, verified and recorded.

It goes the way of every request; who asks is the agent itself. What the text says is the window's to choose.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from msgspec import Struct

from signer import x509
from signer.model.credential import Holder
from signer.model.origin import OWN_ORIGIN
from signer.model.request import Document
from signer.service.usecases import UseCases

_DOCUMENT = "test"
#: Seconds between two looks at how it stands; each ends sooner where it is answered.
_LOOK = 25.0


class Tried(Struct, frozen=True, kw_only=True):
    """How it ended. `code` is the stable code of why nothing was signed, None where it was.

    `holder` is whose certificate signed, and `at` the signing time, aware; None where nothing was signed.
    """

    code: str | None = None
    holder: Holder | None = None
    at: datetime | None = None


class Trial:
    """The use case of a first signature."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    async def sign(self, text: str) -> Tried:
        """Ask for a signature of `text`, and wait until it is answered; each call asks anew.

        Raises what `UseCases.submit` raises, `RefusedLately` where the last one was declined just now.
        """
        content = text.encode()
        document = Document(id=_DOCUMENT, media_type="text/plain", content=content)
        with self._use_cases.present(OWN_ORIGIN):
            view = await self._use_cases.submit(
                origin=OWN_ORIGIN,
                idempotency_key=secrets.token_urlsafe(16),
                body_hash=hashlib.sha256(content).digest(),
                documents=(document,),
                credential=None,
                purpose=None,
            )
            while not view.final:
                view = await self._use_cases.view(origin=OWN_ORIGIN, request_id=view.id, wait=_LOOK)
        (answered,) = view.documents
        if answered.problem is not None:
            return Tried(code=answered.problem.code)
        assert answered.certificate is not None
        return Tried(holder=x509.read(answered.certificate).holder, at=answered.signed_at)
