"""Writes `protocol.json`, the vectors that every implementation of `docs/protocol.md` is held against.

Run `python -m tests.endpoint.vectors.make`. Keys, nonces and times are fixed and signatures are
deterministic (RFC 6979), so that the file changes only when the protocol does. The keys are published here
and belong to nobody.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signer.endpoint import message_signatures as ms
from signer.endpoint import pairing
from signer.endpoint.encodings import b64, b64u
from signer.endpoint.keys import SigningKey

HERE = Path(__file__).parent
PANEL_SCALAR = int.from_bytes(bytes(range(1, 33)), "big")
AGENT_SCALAR = int.from_bytes(bytes(range(33, 65)), "big")
OTHER_SCALAR = int.from_bytes(bytes(range(65, 97)), "big")
ORIGINS = ("https://panel.example", "https://xn--mgbb7ah.example:8443", "http://127.0.0.1:8000")
CREATED = 1_795_000_000
AUTHORITY = "127.0.0.1:18717"


class FixedKey(SigningKey):
    """A key of the vectors: made from a scalar, signs deterministically."""

    def __init__(self, scalar: int) -> None:
        self._fixed = ec.derive_private_key(scalar, ec.SECP256R1())
        self._scalar = scalar
        super().__init__(self._fixed)

    def sign(self, message: bytes) -> bytes:
        der = self._fixed.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def document(self) -> dict[str, Any]:
        x, y = self.point[1:33], self.point[33:]
        jwk = {"kty": "EC", "crv": "P-256", "x": b64u(x), "y": b64u(y)}
        return {
            "point": b64u(self.point),
            "keyid": self.keyid,
            "public_jwk": jwk,
            "private_jwk": {**jwk, "d": b64u(self._scalar.to_bytes(32, "big"))},
        }


PANEL, AGENT, OTHER = FixedKey(PANEL_SCALAR), FixedKey(AGENT_SCALAR), FixedKey(OTHER_SCALAR)
PANEL_NONCE = bytes(range(100, 132))
AGENT_NONCE = bytes(range(140, 172))


def pairings() -> list[dict[str, Any]]:
    """The six digits for some origins, and for a program in between that shows the agent another key."""
    rows = []
    for origin in ORIGINS:
        for name, panel, agent in (("honest", PANEL, AGENT), ("key replaced on the way", OTHER, AGENT)):
            rows.append(
                {
                    "name": name,
                    "origin": origin,
                    "panel_point": b64u(panel.point),
                    "panel_nonce": b64u(PANEL_NONCE),
                    "panel_commitment": b64u(pairing.panel_commitment(panel.point, PANEL_NONCE)),
                    "agent_point": b64u(agent.point),
                    "agent_nonce": b64u(AGENT_NONCE),
                    "agent_commitment": b64u(pairing.agent_commitment(agent.point, AGENT_NONCE)),
                    "code": pairing.pairing_code(origin, panel.point, agent.point, PANEL_NONCE, AGENT_NONCE),
                }
            )
    return rows


def challenges() -> list[dict[str, Any]]:
    """Proofs over a challenge, right and wrong."""
    challenge = bytes(range(200, 232))
    here, on_ipv6 = (ORIGINS[0], AUTHORITY), (ORIGINS[1], "[::1]:18719")
    return [
        {
            "name": name,
            "origin": origin,
            "authority": authority,
            "challenge": b64u(challenge),
            "message": b64u(pairing.challenge_message(origin, authority, challenge)),
            "agent_point": b64u(AGENT.point),
            "proof": b64u(key.sign(pairing.challenge_message(*proven, challenge))),
            "verifies": verifies,
        }
        for name, (origin, authority), proven, key, verifies in (
            ("the pinned agent", here, here, AGENT, True),
            ("the pinned agent on IPv6", on_ipv6, on_ipv6, AGENT, True),
            ("another program on the port", here, here, OTHER, False),
            ("a proof given to another origin", here, (ORIGINS[1], AUTHORITY), AGENT, False),
            ("a proof relayed from another port", here, (ORIGINS[0], "127.0.0.1:18719"), AGENT, False),
            ("a proof of another host name", here, (ORIGINS[0], "localhost:18717"), AGENT, False),
        )
    ]


def requests() -> list[dict[str, Any]]:
    """Requests as a panel signs them: the base, character for character, and the headers."""
    rows: list[dict[str, Any]] = []
    body = b'{"documents":[{"id":"rx-1","media_type":"text/plain","content":"x","format":"cades"}]}'
    for name, target, octets, key in (
        ("GET without query", ms.Target("GET", AUTHORITY, "/v1/credentials"), b"", None),
        ("GET with query", ms.Target("GET", AUTHORITY, "/v1/signing-requests/abc", "wait=25"), b"", None),
        (
            "POST with idempotency key",
            ms.Target("POST", "[::1]:18719", "/v1/signing-requests", "wait=5"),
            body,
            "visit-1404-09-01",
        ),
        ("DELETE", ms.Target("DELETE", AUTHORITY, "/v1/signing-requests/abc"), b"", None),
    ):
        nonce = bytes([len(rows)] * 16)
        headers = ms.sign_request(PANEL, target, octets, key, CREATED, nonce)
        parameters = ms.RequestParameters(CREATED, b64u(nonce), PANEL.keyid)
        rows.append(
            {
                "name": name,
                "method": target.method,
                "authority": target.authority,
                "path": target.path,
                "query": target.query,
                "body": octets.decode(),
                "idempotency_key": key,
                "created": CREATED,
                "nonce": b64u(nonce),
                "keyid": PANEL.keyid,
                "signature_base": ms.request_base(
                    target, headers["Content-Digest"], key, parameters
                ).decode(),
                "headers": headers,
            }
        )
    return rows


def answers() -> list[dict[str, Any]]:
    """Answers to the first request, and what must be dropped."""
    request_signature = ms.read_signature(requests()[0]["headers"]["Signature"])
    other_signature = ms.read_signature(requests()[1]["headers"]["Signature"])
    body, problem = '{"credentials":[]}', '{"type":"about:blank","title":"x","status":422}'
    json_type, problem_type = "application/json", "application/problem+json"

    def row(name: str, verifies: bool, **changes: Any) -> dict[str, Any]:
        key = changes.pop("key", AGENT)
        said = {"status": 200, "content_type": json_type, "body": body} | changes.pop("signed", {})
        headers = ms.sign_answer(
            key,
            said["status"],
            said["content_type"],
            said["body"].encode(),
            changes.pop("for_request", request_signature),
            CREATED + 1,
        )
        base = ms.answer_base(
            said["status"],
            said["content_type"],
            headers["Content-Digest"],
            request_signature,
            ms.AnswerParameters(CREATED + 1, key.keyid),
        )
        headers |= changes.pop("headers", {})
        for absent in changes.pop("without", ()):
            del headers[absent]
        return {
            "name": name,
            "request_signature": b64(request_signature),
            "agent_point": b64u(AGENT.point),
            "agent_keyid": AGENT.keyid,
            **said,
            **changes,
            "signature_base": base.decode(),
            "headers": headers,
            "verifies": verifies,
        }

    refusal = {"status": 422, "content_type": problem_type, "body": problem}
    return [
        row("an answer", True),
        row("a problem", True, signed=refusal),
        row("the answer to another request", False, for_request=other_signature),
        row("another body", False, body='{"credentials":[1]}'),
        row("another status", False, status=201),
        row("another content type", False, content_type=problem_type),
        row("another agent's key", False, key=OTHER),
        row("no signature", False, without=("Signature", "Signature-Input")),
        row(
            "the digest of another body",
            False,
            body=problem,
            headers={"Content-Digest": ms.content_digest(problem.encode())},
        ),
        row(
            "another tag",
            False,
            headers={
                "Signature-Input": "mohr="
                + ms._answer_params(ms.AnswerParameters(CREATED + 1, AGENT.keyid)).replace(
                    "mohr-agent", "mohr-panel"
                )
            },
        ),
    ]


def vectors() -> dict[str, Any]:
    """The whole file as one document."""
    return {
        "about": "Vectors for docs/protocol.md. b64u is base64url without padding; bodies are UTF-8 text.",
        "keys": {"panel": PANEL.document(), "agent": AGENT.document(), "other": OTHER.document()},
        "pairings": pairings(),
        "challenges": challenges(),
        "requests": requests(),
        "answers": answers(),
    }


def text() -> str:
    """The file as it is kept."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (HERE / "protocol.json").write_text(text(), encoding="utf-8")
