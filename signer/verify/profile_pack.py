"""What a profile pack says: a serial, its days, and profiles as texts, each as in `drivers/profiles`.

Pure. The envelope is `signed_file`'s, serial and days are `dated`'s. Whether the profiles load, and what they
may name, is `signer.service.profiles`'.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from signer.verify import dated

PAYLOAD_TYPE = "application/vnd.mohr.profiles+json"
MAX_PROFILES = 256

Family = Annotated[str, Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Text = Annotated[str, Meta(max_length=32 * 1024)]


class Pack(dated.Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`serial` is the pack's version. `profiles` are TOML by family; one at least."""

    mohr_profiles: Annotated[int, Meta(ge=1, le=1)]
    profiles: Annotated[dict[Family, Text], Meta(min_length=1, max_length=MAX_PROFILES)]


def read(payload: bytes) -> Pack:
    """What a payload says, whoever signed it, and whenever. Raises `SignedFileMalformed`."""
    return dated.read(payload, Pack, "profile pack")
