"""The page that a person sees who opens the agent's address: static, without script, framed by nobody."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from signer.endpoint.encodings import b64

HTML = files("signer.endpoint").joinpath("page.html").read_bytes()

_STYLE = HTML.partition(b"<style>")[2].partition(b"</style>")[0]
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64(hashlib.sha256(_STYLE).digest())}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
