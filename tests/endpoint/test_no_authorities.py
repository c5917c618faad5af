"""The agent's start reads no authority, and leaves the environment as it was."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from signer.endpoint.no_authorities import no_authorities


def test_the_servers_import_reads_no_authority() -> None:
    script = (
        "from signer.endpoint.no_authorities import no_authorities\n"
        "with no_authorities():\n"
        "    from signer.endpoint import server\n"
        "from aiohttp import connector\n"
        "contexts = connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED\n"
        "print([len(context.get_ca_certs()) for context in contexts])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[0, 0]"


def test_the_environment_is_as_before_even_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/its/own")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with pytest.raises(ImportError), no_authorities():
        raise ImportError
    assert (os.environ["SSL_CERT_FILE"], os.environ.get("SSL_CERT_DIR")) == ("/its/own", None)
