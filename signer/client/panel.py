"""The panel itself: `docs/protocol.md` from the panel's side, one blocking call after another.

    panel = PanelClient("http://127.0.0.1:18717", "https://panel.example", FileKeys(path))
    if not panel.detect().paired:
        panel.pair(lambda code: print("Is this the number in Mohr's window?", code))
    answer = panel.sign([Document(id="rx-1", media_type="text/plain", content=b"...")])

It is not for several threads at once: give each its own.
"""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import asdict

from signer.client.errors import AgentNotFound, AgentNotTrusted, ClientError, NotPairedYet, ProblemAnswered
from signer.client.events import EventStream
from signer.client.keys import KeyStore, PinnedPairing
from signer.endpoint import document_messages, messages
from signer.endpoint import message_signatures as ms
from signer.endpoint.certificate_messages import (
    CertificateAnswer,
    CertificateBody,
    CertificateRequestAnswer,
    CertificateRequestBody,
    SubjectBody,
)
from signer.endpoint.encodings import b64, b64u, unb64u
from signer.endpoint.keys import SigningKey, keyid, verifies
from signer.endpoint.pairing import (
    NONCE_OCTETS,
    PairingState,
    agent_commitment,
    challenge_message,
    pairing_code,
    panel_commitment,
)
from signer.endpoint.problems import MEDIA_TYPE, Problem
from signer.model.applicant import Applicant, KeyType
from signer.model.request import Document, RequestState

LONGEST_WAIT = 25
_FINAL = {RequestState.FINISHED, RequestState.DECLINED, RequestState.CANCELLED, RequestState.FAILED}

T = TypeVar("T")
F = TypeVar("F", messages.SignInAnswer, CertificateRequestAnswer, CertificateAnswer)


class Detection(Struct, frozen=True, kw_only=True):
    """Who answered. The rest is known of an agent that is paired with this origin and has proved itself."""

    paired: bool
    name: str = ""
    version: str = ""
    state: str = ""


class _Answer(Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes


class PanelClient:
    """One panel's origin at one agent.

    `base_url` is the agent's address, as `http://127.0.0.1:18717`; `origin` is what a browser would send;
    `keys` holds the pairing. Every method raises `AgentNotFound`, `AgentNotTrusted` and `ProblemAnswered`.
    """

    def __init__(self, base_url: str, origin: str, keys: KeyStore, *, language: str = "en") -> None:
        self._authority = urlsplit(base_url).netloc
        self._origin = origin
        self._keys = keys
        self._language = language
        self._connection: http.client.HTTPConnection | None = None
        self._proven = False

    def detect(self) -> Detection:
        """Is the agent there, and is it the one that this origin is paired with?

        Raises `AgentNotTrusted` where a pairing is kept here and the proof is not by its agent, or was given
        at another address than ours: then it was relayed.
        """
        self._proven = False
        challenge = secrets.token_bytes(32)
        answer = self._send("GET", f"/v1/agent?challenge={b64u(challenge)}")
        pairing = self._keys.load()
        said = _decoded(answer, messages.AgentAnswer)
        if said.api != 1:
            raise AgentNotFound("what answers speaks another version")
        if pairing is None or not said.paired:
            return Detection(paired=False)
        told = _decoded(answer, messages.PairedAgentAnswer)
        message = challenge_message(self._origin, self._authority, challenge)
        if not verifies(pairing.agent_point, message, _unb64u(told.proof)):
            raise AgentNotTrusted("the pinned key has not proved that its agent is at this address")
        self._proven = self._connection is not None
        return Detection(paired=True, name=told.name, version=told.version, state=told.state)

    def pair(self, on_code: Callable[[str], None]) -> PairingState:
        """Pair with the agent. `on_code` gets the six digits to show; ends with the doctor's answer.

        Only where that is `ACCEPTED` are the keys kept.
        """
        key, nonce = SigningKey.generate(), secrets.token_bytes(NONCE_OCTETS)
        start = messages.PairingStart(commitment=b64u(panel_commitment(key.point, nonce)))
        offer = _decoded(self._post("/v1/pairings", start), messages.PairingStarted)
        path = f"/v1/pairings/{offer.id}"
        reveal = messages.PairingReveal(key=b64u(key.point), nonce=b64u(nonce))
        shown = _decoded(self._post(path, reveal), messages.PairingRevealed)
        agent_point, agent_nonce = _unb64u(shown.key), _unb64u(shown.nonce)
        if agent_commitment(agent_point, agent_nonce) != _unb64u(offer.commitment):
            raise AgentNotTrusted("the agent's commitment does not open to its key")
        on_code(pairing_code(self._origin, key.point, agent_point, nonce, agent_nonce))
        state = PairingState.WAITING
        while state is PairingState.WAITING:
            answer = self._send("GET", f"{path}?wait={LONGEST_WAIT}")
            state = _decoded(answer, messages.PairingAnswer).state
        if state is PairingState.ACCEPTED:
            self._keys.save(PinnedPairing(key_pem=key.to_pem(), agent_point=agent_point))
            self._proven = False
        return state

    def credentials(self) -> list[messages.CredentialAnswer]:
        """The certificates on the connected tokens, also those that cannot sign."""
        answer = self._signed("GET", "/v1/credentials")
        return _decoded(answer, messages.CredentialsAnswer).credentials

    def sign(
        self,
        documents: Sequence[Document],
        *,
        idempotency_key: str | None = None,
        credential: str | None = None,
        purpose: str | None = None,
        timeout: float = 600.0,
    ) -> messages.RequestAnswer:
        """Ask for signatures and wait up to `timeout` seconds for the end; then the request as it stands.

        The same documents under the same key give the same signatures again for 24 hours: after any error,
        call it again.
        """
        until = time.monotonic() + timeout
        request = self.submit(
            documents,
            idempotency_key=idempotency_key or secrets.token_urlsafe(16),
            credential=credential,
            purpose=purpose,
            wait=min(LONGEST_WAIT, int(timeout)),
        )
        while request.state not in _FINAL and time.monotonic() < until:
            left = max(0, min(LONGEST_WAIT, int(until - time.monotonic()) + 1))
            request = self.view(request.id, wait=left)
        return request

    def submit(
        self,
        documents: Sequence[Document],
        *,
        idempotency_key: str,
        credential: str | None = None,
        purpose: str | None = None,
        wait: int = 0,
    ) -> messages.RequestAnswer:
        """Post a signing request; `wait` is in seconds, 0 to 25."""
        body = document_messages.SigningRequestBody(
            documents=[_posted(document) for document in documents],
            credential=credential if credential is not None else UNSET,
            purpose=purpose if purpose is not None else UNSET,
        )
        path = f"/v1/signing-requests?wait={wait}"
        answer = self._signed("POST", path, msgspec.json.encode(body), idempotency_key)
        return _decoded(answer, messages.RequestAnswer)

    def sign_in(
        self, nonce: str, *, credential: str | None = None, timeout: float = 600.0
    ) -> messages.SignInAnswer:
        """Ask for a sign-in token over a nonce of the server's; wait up to `timeout` seconds for it."""
        body = messages.SignInBody(nonce=nonce, credential=credential if credential is not None else UNSET)
        return self._followed("/v1/sign-ins", body, messages.SignInAnswer, None, timeout)

    def request_certificate(
        self,
        applicant: Applicant,
        key: KeyType = KeyType.RSA_2048,
        *,
        idempotency_key: str | None = None,
        timeout: float = 600.0,
    ) -> CertificateRequestAnswer:
        """Have a key made on the doctor's token and a PKCS #10 for it; wait up to `timeout` seconds.

        The same particulars under the same key give the same one again.
        """
        parts = {name: text for name, text in asdict(applicant).items() if text is not None}
        body = CertificateRequestBody(subject=SubjectBody(**parts), key=key)
        path = "/v1/certificate-requests"
        return self._followed(path, body, CertificateRequestAnswer, idempotency_key, timeout)

    def store_certificate(
        self,
        certificate: bytes,
        chain: Sequence[bytes] = (),
        *,
        idempotency_key: str | None = None,
        timeout: float = 600.0,
    ) -> CertificateAnswer:
        """Have an issued certificate, DER, kept on the token beside its key; `chain` stands above it."""
        body = CertificateBody(certificate=b64(certificate), chain=[b64(one) for one in chain])
        return self._followed("/v1/certificates", body, CertificateAnswer, idempotency_key, timeout)

    def view(self, request_id: str, *, wait: int = 0) -> messages.RequestAnswer:
        """A signing request now, or when it is finished within `wait` seconds."""
        answer = self._signed("GET", f"/v1/signing-requests/{request_id}?wait={wait}")
        return _decoded(answer, messages.RequestAnswer)

    def cancel(self, request_id: str) -> messages.RequestAnswer:
        """Cancel what is not yet signed."""
        answer = self._signed("DELETE", f"/v1/signing-requests/{request_id}")
        return _decoded(answer, messages.RequestAnswer)

    def events(self, *, last_id: str | None = None) -> EventStream:
        """Follow tokens and this origin's requests; `last_id` goes on after the last event that was read."""
        pairing = self._keys.load()
        if pairing is None:
            raise NotPairedYet("pair with the agent first")
        return EventStream(self._authority, self._origin, pairing, last_id=last_id)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._proven = None, False

    def _followed(
        self, path: str, body: Struct, kind: type[F], idempotency_key: str | None, timeout: float
    ) -> F:
        """Post, and wait for the end, up to `timeout` seconds; then how it stands."""
        until = time.monotonic() + timeout
        octets, key = msgspec.json.encode(body), idempotency_key or secrets.token_urlsafe(16)
        found = _decoded(self._signed("POST", f"{path}?wait=0", octets, key), kind)
        while found.state not in _FINAL and time.monotonic() < until:
            left = max(0, min(LONGEST_WAIT, int(until - time.monotonic()) + 1))
            found = _decoded(self._signed("GET", f"{path}/{found.id}?wait={left}"), kind)
        return found

    def _post(self, path: str, body: Struct) -> _Answer:
        return self._send("POST", path, msgspec.json.encode(body))

    def _signed(
        self, method: str, path: str, body: bytes = b"", idempotency_key: str | None = None
    ) -> _Answer:
        pairing = self._keys.load()
        if pairing is None:
            raise NotPairedYet("pair with the agent first")
        # Only over the very connection that was proven: whoever answers the next one may be another program.
        if not self._proven and not self.detect().paired:
            raise NotPairedYet("the agent does not know this origin")
        key = pairing.key()
        place, _, query = path.partition("?")
        target = ms.Target(method, self._authority, place, query)
        created, nonce = int(time.time()), secrets.token_bytes(ms.NONCE_OCTETS)
        headers = ms.sign_request(key, target, body, idempotency_key, created, nonce)
        request_signature = ms.read_signature(headers["Signature"])
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        answer = self._exchange(method, path, body, headers)
        signed = ms.answer_verifies(
            pairing.agent_point,
            keyid(pairing.agent_point),
            answer.status,
            answer.headers.get("content-type", ""),
            answer.body,
            request_signature,
            answer.headers,
        )
        if answer.status >= 400:
            raise _problem(answer, signed=signed)
        if not signed:
            raise AgentNotTrusted("the answer is not signed by the agent that was pinned")
        return answer

    def _send(self, method: str, path: str, body: bytes = b"") -> _Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._authority, timeout=LONGEST_WAIT + 15)
        answer = self._exchange(method, path, body, {})
        if answer.status >= 400:
            raise _problem(answer, signed=False)
        return answer

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> _Answer:
        said = {"Origin": self._origin, "Accept-Language": self._language, **headers}
        if method == "POST":
            said["Content-Type"] = "application/json"
        try:
            if self._connection is None:
                raise http.client.NotConnected
            self._connection.request(method, path, body or None, said)
            response = self._connection.getresponse()
            octets = response.read()
            if response.will_close:
                self.close()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise AgentNotFound(f"no agent answers at {self._authority}") from problem
        found = {name.lower(): value for name, value in response.getheaders()}
        return _Answer(response.status, found, octets)


def _posted(document: Document) -> document_messages.DocumentBody:
    return document_messages.DocumentBody(
        id=document.id,
        media_type=document.media_type,
        format=document.format.value,
        content_base64=b64(document.content),
        level=document.level.value,
        attached=document.attached,
        seal=document_messages.seal_body(document.seal),
        attachments=[
            document_messages.AttachmentBody(
                name=file.name, media_type=file.media_type, content_base64=b64(file.content)
            )
            for file in document.attachments
        ],
    )


def _problem(answer: _Answer, *, signed: bool) -> ClientError:
    if answer.headers.get("content-type") != MEDIA_TYPE:
        return AgentNotFound("what answers is no agent")
    return ProblemAnswered(_decoded(answer, Problem), signed=signed)


def _decoded(answer: _Answer, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError as problem:
        raise AgentNotFound("what answers is no agent") from problem


def _unb64u(text: str) -> bytes:
    try:
        return unb64u(text)
    except ValueError as problem:
        raise AgentNotFound("what answers is no agent") from problem
