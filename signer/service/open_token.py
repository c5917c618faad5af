"""What is done on a token once its PIN was right: keys, certificate requests, certificates.

`token_desk` opens a token and closes it again; nothing here knows of PINs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from msgspec import Struct, structs

from drivers import mechanisms
from drivers.errors import SignatureMalformed
from drivers.types import KeySpec, NewCertificate, StoredKey, Token
from signer import x509
from signer.envelope import algorithms
from signer.model.applicant import Applicant
from signer.model.credential import SignatureAlgorithm, TokenRef
from signer.model.errors import (
    CertificateStored,
    CertificateWithoutKey,
    MechanismUnsupported,
    OperationUnsupported,
    SignatureNotVerified,
    TokenAbsent,
    TokenFull,
)
from signer.service.key_requests import Asker, KeyRequest, KeyRequests
from signer.service.ports import Clock
from signer.service.self_test import Trial, trials
from signer.service.token_signers import TokenModule, meaning


class KeyOnToken(Struct, frozen=True, kw_only=True):
    """A private key, what it is for by its certificate or request, and whether it can be told apart.

    `key_id` is the CKA_ID; `certified` says that a certificate for it is on the token.
    """

    key_id: bytes
    label: str
    spki: bytes | None
    certified: bool


class OpenToken:
    """A token that is logged in, for as long as who opened it keeps it open.

    `changed` is told as soon as a certificate is on the token: who hears of it may ask for it at once.
    """

    def __init__(
        self,
        module: TokenModule,
        ref: TokenRef,
        requests: KeyRequests,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._module = module
        self._ref = ref
        self._requests = requests
        self._clock = clock
        self._changed = changed

    async def keys(self) -> tuple[KeyOnToken, ...]:
        """The private keys on the token."""
        with meaning(self._module.profile):
            found = await self._module.supervisor.keys(self._ref.slot)
            stored = await self._module.supervisor.certificates(self._ref.slot)
        certified = {certificate.key_id for certificate in stored}
        return tuple(
            KeyOnToken(key_id=k.key_id, label=k.label, spki=k.spki, certified=k.key_id in certified)
            for k in found
        )

    async def make_key(
        self, spec: KeySpec, label: str, *, each: bool = False, key_id: bytes | None = None
    ) -> KeyOnToken:
        """Make a key pair that never leaves the token; `each` wants a PIN for each of its signatures."""
        key_id = key_id or secrets.token_bytes(8)
        with meaning(self._module.profile):
            spki = await self._module.supervisor.generate_key_pair(
                self._ref.slot, spec, key_id, label, always_authenticate=each
            )
        return KeyOnToken(key_id=key_id, label=label, spki=spki, certified=False)

    async def request(self, applicant: Applicant, spec: KeySpec, asker: Asker | None = None) -> KeyRequest:
        """Make a key, and a PKCS #10 request for it that is signed on the token and read again.

        It is kept before the key is made and until its certificate is stored or it is forgotten. Where one
        like it was begun on this token and not finished, the key that it left is used, if there is one.
        """
        left = self._left(applicant, spec)
        begun = self._begin(applicant, spec, left, asker)
        self._requests.put(begun, instead_of=left.id if left else None)
        try:
            spki = await self._key(begun, spec, may_be_there=left is not None)
        except (MechanismUnsupported, TokenFull, OperationUnsupported):
            if left is None:
                self._requests.forget(begun.id)  # the token has said that it made none
            raise
        begun = structs.replace(begun, spki=spki)
        self._requests.put(begun)
        with meaning(self._module.profile):
            made = await self._sign(await self._read(), begun)
        finished = structs.replace(begun, request=made, made_at=self._clock.now())
        self._requests.put(finished)
        return finished

    async def store(self, certificate: x509.Certificate) -> None:
        """Write an issued certificate beside its key, found by its public key.

        Raises `CertificateWithoutKey`, `CertificateStored`. The request that it answers is done.
        """
        supervisor, slot = self._module.supervisor, self._ref.slot
        with meaning(self._module.profile):
            if any(stored.der == certificate.der for stored in await supervisor.certificates(slot)):
                self._requests.certified(certificate.spki, self._clock.now())
                raise CertificateStored
            key = self._key_of(certificate, await supervisor.keys(slot))
            await supervisor.store_certificate(slot, _new_certificate(certificate, key))
            self._changed()
            if not any(stored.der == certificate.der for stored in await supervisor.certificates(slot)):
                raise OperationUnsupported("the module took the certificate and does not show it")
        self._requests.certified(certificate.spki, self._clock.now())

    async def try_keys(self) -> tuple[Trial, ...]:
        """Sign something without meaning with each key, in each way, and verify: see `self_test`."""
        return await trials(self._module, await self._read())

    # Inside.

    def _left(self, applicant: Applicant, spec: KeySpec) -> KeyRequest | None:
        """One like it that was begun and not finished: its key may be on the token."""
        alike = self._requests.alike(applicant, self._ref.serial)
        return next((one for one in alike if not one.finished and one.key_type == spec.value), None)

    def _begin(
        self, applicant: Applicant, spec: KeySpec, left: KeyRequest | None, asker: Asker | None
    ) -> KeyRequest:
        return KeyRequest(
            id=asker.id if asker else secrets.token_urlsafe(12),
            applicant=applicant,
            token_serial=self._ref.serial,
            token_label=self._ref.label,
            key_id=left.key_id if left else secrets.token_bytes(8),
            spki=left.spki if left else b"",
            request=b"",
            made_at=self._clock.now(),
            origin=asker.origin if asker else None,
            key_type=spec.value,
            idempotency_key=asker.idempotency_key if asker else None,
            body_hash=asker.body_hash if asker else b"",
        )

    async def _key(self, begun: KeyRequest, spec: KeySpec, *, may_be_there: bool) -> bytes:
        """The public half, DER, of the key that was left, or of one that is made now."""
        if may_be_there:
            for key in await self.keys():
                if key.key_id == begun.key_id:
                    spki = key.spki or begun.spki
                    if not spki:
                        raise OperationUnsupported("the public half of the key that was left is hidden")
                    return spki
        label = begun.applicant.centre or begun.applicant.name
        return (await self.make_key(spec, label, key_id=begun.key_id)).spki or b""

    async def _read(self) -> Token:
        for there in await self._module.supervisor.tokens():
            if (there.slot, there.serial) == (self._ref.slot, self._ref.serial):
                return there
        raise TokenAbsent

    async def _sign(self, token: Token, begun: KeyRequest) -> bytes:
        # Takes 40 ms to import, which the start of the agent need not wait for.
        from signer.x509 import request as pkcs10

        module, spki = self._module, begun.spki
        kind, bits = x509.describe(x509.public_key(spki))
        usable = mechanisms.usable(token, bits)
        offered = mechanisms.offered(usable, module.profile.sign)
        chosen = algorithms.choose(kind, tuple(SignatureAlgorithm(name) for name in offered))
        plan = mechanisms.plan(chosen.value, usable, module.profile.sign)
        draft = pkcs10.prepare(begun.applicant, spki, algorithms.SUITES[chosen].signature_algorithm)
        answer = await module.supervisor.sign(
            token.slot, begun.key_id, plan.mechanism, plan.data(draft.to_be_signed)
        )
        try:
            request = draft.finish(plan.signature(answer))
            pkcs10.check(request, spki)
        except (SignatureMalformed, pkcs10.RequestBroken) as problem:
            raise SignatureNotVerified(f"{problem}, made by {module.path}") from problem
        return request

    def _key_of(self, certificate: x509.Certificate, keys: tuple[StoredKey, ...]) -> bytes:
        """The CKA_ID of the certificate's key. A token that hides public halves is asked by its requests."""
        there = {key.key_id for key in keys}
        found = {key.key_id for key in keys if key.spki == certificate.spki}
        found |= {
            request.key_id
            for request in self._requests.all()
            if (request.spki, request.token_serial) == (certificate.spki, self._ref.serial)
        } & there
        if len(found) != 1:
            raise CertificateWithoutKey(f"{len(found)} keys")
        return found.pop()


def _new_certificate(certificate: x509.Certificate, key_id: bytes) -> NewCertificate:
    return NewCertificate(
        key_id=key_id,
        label=certificate.holder.centre or certificate.holder.name,
        der=certificate.der,
        subject=certificate.subject_der,
        issuer=certificate.issuer_der,
        serial_number=certificate.serial_der,
    )
