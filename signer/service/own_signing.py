"""What the agent's own window has signed: a test text at the first start, the journal as a PDF.

It goes the way of every request, shown, agreed to, verified and recorded; who asks is the agent itself.
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

#: Seconds between two looks at how it stands; each ends sooner where it is answered.
_LOOK = 25.0


class OwnSigned(Struct, frozen=True, kw_only=True):
    """How it ended. `code` is the stable code of why nothing was signed, None where it was.

    `holder` is whose certificate signed, `at` the signing time, aware, and `signature` the finished file; all
    are None where nothing was signed.
    """

    code: str | None = None
    holder: Holder | None = None
    at: datetime | None = None
    signature: bytes | None = None


class OwnSigning:
    """The use case of a signature that the person at this window wishes for."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    async def sign(self, document: Document) -> OwnSigned:
        """Ask for a signature, and wait until it is answered; each call asks anew.

        Raises what `UseCases.submit` raises.
        """
        with self._use_cases.present(OWN_ORIGIN):
            view = await self._use_cases.submit(
                origin=OWN_ORIGIN,
                idempotency_key=secrets.token_urlsafe(16),
                body_hash=hashlib.sha256(document.content).digest(),
                documents=(document,),
                credential=None,
                purpose=None,
            )
            while not view.final:
                view = await self._use_cases.view(origin=OWN_ORIGIN, request_id=view.id, wait=_LOOK)
        (answered,) = view.documents
        if answered.problem is not None:
            return OwnSigned(code=answered.problem.code)
        assert answered.certificate is not None
        return OwnSigned(
            holder=x509.read(answered.certificate).holder,
            at=answered.signed_at,
            signature=answered.signature,
        )
