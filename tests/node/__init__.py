"""Asks npm's `jose` about signatures; `installer/bootstrap dev` brings it, as `package-lock.json` pins it."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signer.x509 import Certificate, public_key
from tests.panel.test_sdk import NODE

HERE = Path(__file__).parent


def case(
    signature: bytes,
    certificate: Certificate,
    alg: str,
    *,
    crit: tuple[str, ...] = (),
    content: bytes | None = None,
) -> dict[str, Any]:
    """One question to `verify`; `content` where the signature is detached."""
    pem = public_key(certificate.spki).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    asked = {"jws": signature.decode("ascii"), "spki": pem.decode("ascii"), "alg": alg, "crit": crit}
    if content is not None:
        asked["payload"] = base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
    return asked


def verify(folder: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The library's answers, in order; each has `payload` and `header`, or `error`."""
    assert (HERE / "node_modules" / "jose").is_dir(), "run: installer/bootstrap dev"
    question = folder / "cases.json"
    question.write_text(json.dumps(cases))
    command = [str(NODE), str(HERE / "verify.mjs"), str(question)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
