"""A doctor and a token for the service's tests. The token's contract suite runs over a real one as well."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

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
from signer.model.errors import (
    CredentialAbsent,
    CredentialRevoked,
    MohrError,
    NotLoggedIn,
    PinWrong,
    RevocationUnreachable,
    SignatureWantsPin,
    TokenAbsent,
    TokenRemoved,
    TsaUnreachable,
)
from signer.model.evidence import Revocation
from signer.model.presence import Presence, SeenToken
from signer.model.session_signing import OpenNow
from signer.net import timestamp
from signer.service.consent import (
    Approved,
    ChoiceQuestion,
    ConsentQuestion,
    Declined,
    DocumentAnswer,
    ModuleQuestion,
    Outcome,
    PairingQuestion,
    Pin,
    PinRequest,
    Standing,
    TokenChoiceQuestion,
    TokenQuestion,
)
from signer.service.credentials import credential_of
from signer.x509.extensions import purposes
from tests import outside, tsa

Question = ConsentQuestion | TokenQuestion

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
        self.removed = asyncio.Event()
        self.worker_gone = asyncio.Event()
        self.proved = True
        self.stays = 0
        self.listeners: list[Callable[[Presence], None]] = []

    async def credentials(self) -> tuple[Credential, ...]:
        return tuple(self._credentials)

    async def authorisation(self, credential: Credential) -> Authorisation:
        if credential.id not in self._keys:
            raise CredentialAbsent
        return Authorisation(kind=AuthorisationKind.PIN, tries=self.tries, each=self.each)

    async def algorithms(self, credential: Credential) -> tuple[SignatureAlgorithm, ...]:
        return (SignatureAlgorithm.RSA_PKCS1_SHA256,)

    async def log_in(self, credential: Credential, pin: Pin | None) -> SoftSession:
        if self.removed.is_set():
            raise TokenAbsent
        typed = pin.reveal() if pin is not None else None
        self.logins.append(typed)
        if typed != PIN.encode():
            raise PinWrong
        self.sessions_open += 1
        return SoftSession(self, self._keys[credential.id])

    @property
    def presence(self) -> Presence:
        if self.removed.is_set():
            return Presence(problem=TokenAbsent.code)
        there = tuple(one.id for one in self._credentials)
        seen = SeenToken(label="soft", serial="1", reader="none", family="soft", credentials=there)
        return Presence(tokens=(seen,))

    def on_change(self, tell: Callable[[Presence], None]) -> None:
        self.listeners.append(tell)
        tell(self.presence)

    def attention(self) -> AbstractContextManager[None]:
        return nullcontext()

    def absence(self) -> str:
        return TokenAbsent.code

    def stay(self, token: TokenRef) -> int:
        return self.stays

    async def gone(self, credential: Credential) -> None:
        await self.removed.wait()

    async def returned(self, credential: Credential) -> Credential:
        while self.removed.is_set():
            await asyncio.sleep(0.005)
        return credential

    def remove_credentials(self) -> None:
        self._credentials.clear()

    def key(self, credential: Credential) -> rsa.RSAPrivateKey:
        return self._keys[credential.id]


class SoftSession:
    """Implements `SigningSession`."""

    def __init__(self, token: SoftToken, key: rsa.RSAPrivateKey) -> None:
        self._token = token
        self._key: rsa.RSAPrivateKey | None = key

    @property
    def proved(self) -> bool:
        return self._token.proved and not self._token.each

    def with_key(self, credential: Credential) -> SoftSession:
        return SoftSession(self._token, self._token.key(credential))

    async def lost(self) -> None:
        await self._token.worker_gone.wait()

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
        if self._token.removed.is_set():
            raise TokenRemoved
        self._token.signed += 1
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    async def close(self) -> None:
        if self._key is not None:
            self._key = None
            self._token.sessions_open -= 1


class StillNet:
    """Implements `Net` without a network: tokens by pyHanko, one list of the tests' authority for everybody.

    Its contract suite runs over the real thing too. `gate`, where set, holds every timestamp back.
    """

    def __init__(self) -> None:
        self.timestamps = True
        self.tsa_down = False
        self.revocation_down = False
        self.no_list_of_the_tsa = False
        self.revoked: set[str] = set()
        self.gate: asyncio.Event | None = None
        self.stamped: list[bytes] = []
        self.asked: list[str] = []
        self._answer = tsa.wrong()
        self._crl = outside.crl()

    async def timestamp(self, octets: bytes) -> bytes:
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if self.tsa_down:
            raise TsaUnreachable("down")
        self.stamped.append(octets)
        wanted = timestamp.Wanted(digest=hashlib.sha256(octets).digest(), nonce=secrets.randbits(64))
        return timestamp.token(self._answer(timestamp.request(wanted), {}).body, wanted)

    def stampers(self, token: bytes) -> tuple[x509.Certificate, ...]:
        return timestamp.certificates(token)

    async def revocation(
        self, certificate: x509.Certificate, known: tuple[x509.Certificate, ...]
    ) -> Revocation:
        self.asked.append(certificate.id)
        await asyncio.sleep(0)
        if certificate.id in self.revoked:
            raise CredentialRevoked(certificate.id)
        issuers = x509.issued_by(certificate, known)
        nowhere = self.no_list_of_the_tsa and purposes(certificate) is not None
        if self.revocation_down or nowhere or not issuers:
            raise RevocationUnreachable("down")
        return Revocation(issuer=issuers[0].der, crls=(self._crl,))


class Doctor:
    """Implements `ConsentSurface`; an answer is a function of the question, so that a test reads as a script.

    `answers` and `pins` are used up in order; without an answer the doctor thinks for ever.
    """

    def __init__(self) -> None:
        self.answers: list[Callable[[Any], Approved | Declined]] = []
        self.pins: list[Approved | None] = []
        self.choice: Callable[[ChoiceQuestion], str | None] = lambda question: question.credentials[0].id
        self.questions: list[ConsentQuestion] = []
        self.modules: list[ModuleQuestion] = []
        self.on_module: Callable[[ModuleQuestion], Awaitable[bool]] = self.says_no
        self.choices: list[ChoiceQuestion] = []
        self.token_choice: Callable[[TokenChoiceQuestion], TokenRef | None] = lambda q: q.tokens[0]
        self.token_choices: list[TokenChoiceQuestion] = []
        self.token_questions: list[TokenQuestion] = []
        self.pin_requests: list[PinRequest] = []
        self.tokens_wanted: list[TokenRef] = []
        self.tokens_away: list[TokenRef | None] = []
        self.standings: list[Standing] = []
        self.openings: list[OpenNow | None] = []
        self.reading: asyncio.Event | None = None
        self.gives_up = False
        self.on_pin: Callable[[], Approved | None] | None = None
        self.outcomes: list[Outcome] = []
        self.progress: list[tuple[int, int]] = []
        self.out_of_pins: Callable[[], Awaitable[object]] | None = None
        self.asked = asyncio.Event()
        self.problem: MohrError | None = None

    async def pair(self, question: PairingQuestion) -> bool:
        return True

    async def choose(self, question: ChoiceQuestion) -> str | None:
        self.choices.append(question)
        return self.choice(question)

    async def choose_token(self, question: TokenChoiceQuestion) -> TokenRef | None:
        self.token_choices.append(question)
        return self.token_choice(question)

    def open_token(self, question: TokenQuestion) -> Dialogue:
        if self.problem is not None:
            raise self.problem
        self.token_questions.append(question)
        self.asked.set()
        return Dialogue(self, question)

    async def use_module(self, question: ModuleQuestion) -> bool:
        self.modules.append(question)
        return await self.on_module(question)

    async def says_no(self, question: ModuleQuestion) -> bool:
        return False

    def open(self, question: ConsentQuestion) -> Dialogue:
        if self.problem is not None:
            raise self.problem
        self.questions.append(question)
        self.asked.set()
        return Dialogue(self, question)


class Dialogue:
    """Implements `ConsentDialogue`."""

    def __init__(self, doctor: Doctor, question: Question) -> None:
        self._doctor = doctor
        self._question = question

    async def answer(self) -> Approved | Declined:
        if self._doctor.reading is not None:
            await self._doctor.reading.wait()
        if not self._doctor.answers:
            await asyncio.Event().wait()
        return self._doctor.answers.pop(0)(self._question)

    def token_away(self, token: TokenRef | None) -> None:
        self._doctor.tokens_away.append(token)

    def token_open(self, opened: OpenNow | None) -> None:
        self._doctor.openings.append(opened)

    def standing(self, standing: Standing) -> None:
        self._doctor.standings.append(standing)

    async def want_token(self, token: TokenRef) -> None:
        self._doctor.tokens_wanted.append(token)
        if not self._doctor.gives_up:
            await asyncio.Event().wait()

    async def ask_pin(self, request: PinRequest) -> Approved | None:
        self._doctor.pin_requests.append(request)
        if self._doctor.on_pin is not None:
            return self._doctor.on_pin()
        if not self._doctor.pins and self._doctor.out_of_pins is not None:
            await self._doctor.out_of_pins()
        return self._doctor.pins.pop(0) if self._doctor.pins else None

    def progress(self, done: int, total: int) -> None:
        self._doctor.progress.append((done, total))

    def close(self, outcome: Outcome) -> None:
        self._doctor.outcomes.append(outcome)


def yes(question: Question, pin: str = PIN) -> Approved:
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
