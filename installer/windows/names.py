"""What Windows Installer knows the product and its parts by: GUIDs that are the same in every build.

A component's GUID comes from the place where it installs, so that two versions share the components of the
files that both have, and an update keeps what stays.
"""

from __future__ import annotations

import hashlib
import uuid

#: Never to be changed: all versions know each other by it.
UPGRADE_CODE = "{6D6F6872-5EA1-5A3C-9B1E-18717D0C7042}"
_NAMESPACE = uuid.UUID("6d6f6872-6d73-5169-8a40-187170c10b1c")
MANUFACTURER = "The Mohr project"


def product_code(version: str) -> str:
    """One for each version: the same version twice is the same product."""
    return guid(f"product {version}")


def guid(name: str) -> str:
    """In braces and capitals, as the installer's tables have it (RFC 9562 §5.5, version 5)."""
    return f"{{{uuid.uuid5(_NAMESPACE, name)}}}".upper()


def identifier(kind: str, name: str) -> str:
    """A key for a row: a letter, digits, and at most 72 of them."""
    return f"{kind}_{hashlib.sha256(name.encode()).hexdigest()[:32]}"
