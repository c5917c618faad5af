"""A doctor and a token for the service's tests. The token's contract suite runs over a real one as well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signer import x509
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Credential,
    SignatureAlgorithm,
    TokenRef,
    TriesLeft,
)
from signer.model.errors import CredentialAbsent, MohrError, NotLoggedIn, PinWrong, SignatureWantsPin
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentAnswer,
    Outcome,
    PairingQuestion,
    Pin,
    PinRequest,
)
from signer.service.credentials import credential_of

NOW = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
PIN = "4711"


class FixedClock:
    """Implements `Clock`; `ahead` moves it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def ahead(self, by: timedelta) -> None:
        self.at += by


class SoftToken:
    """Implements `Signers` with keys in memory: as many credentials as `count`, one PIN for all.

    `before_sign` runs before each signature and may raise or wait; `signed` counts the signatures made.
    """

    def __init__(self, count: int = 1) -> None:
        authority = DemoAuthority(now=NOW)
        self.anchor = authority.certificate
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._credentials: list[Credential] = []
        for index in range(count):
            key = rsa.generate_private_key(65537, 2048)
            spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            certificate = x509.read(authority.issue(spki, PLAIN_DOCTOR, not_before=NOW - timedelta(days=1)))
            self._keys[certificate.id] = key
            place = TokenRef(module="soft", slot=0, serial="1", label="soft", reader="none")
            self._credentials.append(credential_of(certificate, bytes([index]), place, NOW))
        self.tries = TriesLeft.UNKNOWN
        self.each = False
        self.context_logins: list[bytes | None] = []
        self.logins: list[bytes | None] = []
        self.signed = 0
        self.sessions_open = 0
        self.before_sign: Callable[[], None] | None = None
        self.gate: asyncio.Event | None = None

    async def credentials(self) -> tuple[Credential, ...]:
        return tuple(self._credentials)

    async def authorisation(self, credential: Credential) -> Authorisation:
        if credential.id not in self._keys:
            raise CredentialAbsent
        return Authorisation(kind=AuthorisationKind.PIN, tries=self.tries, each=self.each)

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        return (SignatureAlgorithm.RSA_PKCS1_SHA256,)

    async def log_in(self, credential: Credential, pin: Pin | None) -> SoftSession:
        typed = pin.reveal() if pin is not None else None
        self.logins.append(typed)
        if typed != PIN.encode():
            raise PinWrong
        self.sessions_open += 1
        return SoftSession(self, self._keys[credential.id])

    def remove_credentials(self) -> None:
        self._credentials.clear()


class SoftSession:
    """Implements `SigningSession`."""

    def __init__(self, token: SoftToken, key: rsa.RSAPrivateKey) -> None:
        self._token = token
        self._key: rsa.RSAPrivateKey | None = key

    async def sign(self, algorithm: SignatureAlgorithm, message: bytes) -> bytes:
        if self._token.each:
            raise SignatureWantsPin
        return await self._made(message)

    async def sign_with_pin(self, algorithm: SignatureAlgorithm, message: bytes, pin: Pin | None) -> bytes:
        typed = pin.reveal() if pin is not None else None
        self._token.context_logins.append(typed)
        if typed != PIN.encode():
            raise PinWrong
        return await self._made(message)

    async def pin_wanted(self) -> Authorisation:
        return Authorisation(kind=AuthorisationKind.PIN, tries=self._token.tries, each=True)

    async def _made(self, message: bytes) -> bytes:
        if self._key is None:
            raise NotLoggedIn
        await asyncio.sleep(0)
        if self._token.gate is not None:
            await self._token.gate.wait()
        if self._token.before_sign is not None:
            self._token.before_sign()
        self._token.signed += 1
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    async def close(self) -> None:
        if self._key is not None:
            self._key = None
            self._token.sessions_open -= 1


class Doctor:
    """Implements `ConsentSurface`; an answer is a function of the question, so that a test reads as a script.

    `answers` and `pins` are used up in order; without an answer the doctor thinks for ever.
    """

    def __init__(self) -> None:
        self.answers: list[Callable[[ConsentQuestion], Approved | Declined]] = []
        self.pins: list[Approved | None] = []
        self.choice: Callable[[ChoiceQuestion], str | None] = lambda question: question.credentials[0].id
        self.questions: list[ConsentQuestion] = []
        self.choices: list[ChoiceQuestion] = []
        self.pin_requests: list[PinRequest] = []
        self.outcomes: list[Outcome] = []
        self.progress: list[tuple[int, int]] = []
        self.on_pin: Callable[[], Awaitable[object]] | None = None
        self.asked = asyncio.Event()
        self.problem: MohrError | None = None

    async def pair(self, question: PairingQuestion) -> bool:
        return True

    async def choose(self, question: ChoiceQuestion) -> str | None:
        self.choices.append(question)
        return self.choice(question)

    def open(self, question: ConsentQuestion) -> Dialogue:
        if self.problem is not None:
            raise self.problem
        self.questions.append(question)
        self.asked.set()
        return Dialogue(self, question)


class Dialogue:
    """Implements `ConsentDialogue`."""

    def __init__(self, doctor: Doctor, question: ConsentQuestion) -> None:
        self._doctor = doctor
        self._question = question

    async def answer(self) -> Approved | Declined:
        if not self._doctor.answers:
            await asyncio.Event().wait()
        return self._doctor.answers.pop(0)(self._question)

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        self._doctor.pin_requests.append(request)
        if not self._doctor.pins and self._doctor.on_pin is not None:
            await self._doctor.on_pin()
        return self._doctor.pins.pop(0) if self._doctor.pins else None

    def progress(self, done: int, total: int) -> None:
        self._doctor.progress.append((done, total))

    def close(self, outcome: Outcome) -> None:
        self._doctor.outcomes.append(outcome)


def yes(question: ConsentQuestion, pin: str = PIN) -> Approved:
    """Yes to everything that is not refused, each amber finding accepted."""
    return Approved(
        answers=tuple(
            DocumentAnswer(document_id=s.document_id, accepted=tuple(f.code for f in s.needs_yes))
            for s in question.sheets
            if not s.refused
        ),
        pin=Pin(pin),
    )


def again(pin: str = PIN, *, last_try: bool = False) -> Approved:
    """An answer to `ask_pin`."""
    return Approved(answers=(), pin=Pin(pin), last_try_accepted=last_try)
