"""OpenSSL as the judge of a signature, since it shares no line with the code that made it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def verified_content(signature: Path, anchors: Path) -> bytes:
    """What a DER file holds, verified as CAdES up to the PEM certificates in `anchors`.

    Raises `subprocess.CalledProcessError`.
    """
    return subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"),
            *("-in", signature, "-CAfile", anchors),
        ],
        check=True,
        capture_output=True,
    ).stdout
