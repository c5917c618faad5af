"""The clinic that hosts packages: a key of its own, a signed manifest, and a policy that pins both."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.smoke.root import Root

_POLICY = '[updates]\nmanifest = "/etc/mohr/updates.json"\nkey = """\n{key}"""\n'


@contextmanager
def hosting(root: Root, scratch: Path, package: Path, version: str) -> Iterator[None]:
    """Have the root's `mohr update` find this package as the clinic's newest; gone again afterwards.

    `scratch` is the same folder inside.
    """
    key = scratch / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout"], capture_output=True, text=True, check=True
    )
    now = datetime.now(UTC).replace(microsecond=0)
    manifest = {
        "mohr_updates": 1,
        "serial": 1,
        "issued": (now - timedelta(days=1)).isoformat(),
        "expires": (now + timedelta(days=30)).isoformat(),
        "packages": [
            {
                "version": version,
                "system": root.suite,
                "file": package.name,
                "where": f"https://clinic.example/{package.name}",
                "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
                "size": package.stat().st_size,
            }
        ],
    }
    (scratch / "manifest.json").write_text(json.dumps(manifest))
    etc = root.folder / "etc" / "mohr"
    etc.mkdir()
    try:
        root.run("mohr", "update", "sign", key, scratch / "manifest.json", "--out", "/etc/mohr/updates.json")
        (etc / "policy.toml").write_text(_POLICY.format(key=public.stdout))
        for file in etc.iterdir():
            file.chmod(0o644)
        yield
    finally:
        shutil.rmtree(etc)
