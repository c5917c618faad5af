"""The SDK at a real agent with a SoftHSM token: a key is made, certified by openssl, kept, and signs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.client.test_certificates_on_a_token import Authority, agent_at
from tests.panel.test_sdk import HERE, NODE, ROOT
from tests.softhsm import SoftHsm


async def test_the_sdk_has_a_key_made_and_hands_in_its_certificate(softhsm: SoftHsm, tmp_path: Path) -> None:
    authority = await asyncio.to_thread(Authority, tmp_path / "ca")
    async with agent_at(softhsm, tmp_path / "agent") as (agent, doctor, url):
        panel = await asyncio.create_subprocess_exec(
            *(str(NODE), str(HERE / "certificates.mjs"), str(urlsplit(url).port)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert panel.stdin is not None

        async def heard() -> dict[str, Any]:
            assert panel.stdout is not None
            said: dict[str, Any] = json.loads(await asyncio.wait_for(panel.stdout.readline(), 60))
            return said

        try:
            asked = await heard()
            first = asked["first"]
            assert (first["made"], first["state"], asked["states"][-1]) == (True, "finished", "finished")
            assert asked["again"] == first
            request = base64.b64decode(first["request"])
            assert "PEM" not in first["pem"]
            assert first["pem"].startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
            assert await asyncio.to_thread(authority.subject, request)
            issued = await asyncio.to_thread(authority.issue, request)
            panel.stdin.write(json.dumps(ssl.DER_cert_to_PEM_cert(issued)).encode() + b"\n")
            await panel.stdin.drain()
            told = await heard()
        finally:
            panel.stdin.close()
            if panel.returncode is None:
                panel.terminate()
            await panel.wait()
        assert told["kept"]["credential"] == hashlib.sha256(issued).hexdigest()
        assert (told["signed"], base64.b64decode(told["certificate"])) == (True, issued)
        assert [question.makes_key for question in doctor.token_questions] == [True, False]
        assert agent.desk.requests() == ()
