"""A start that does not read the system's authorities.

aiohttp comes with a client, which at its import reads every authority that the system trusts, twice: a fifth
of the agent's start. The agent serves with aiohttp and asks nobody through it (`signer.net` uses requests).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Where OpenSSL looks (SSL_CTX_set_default_verify_paths(3)).
_PLACES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@contextmanager
def no_authorities() -> Iterator[None]:
    """Whatever is imported within finds no authority, and so would trust nobody."""
    before = {name: os.environ.get(name) for name in _PLACES}
    os.environ.update(dict.fromkeys(_PLACES, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
