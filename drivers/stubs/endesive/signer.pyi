from typing import Any

def sign(
    datau: bytes,
    key: object,
    cert: bytes,
    othercerts: list[bytes],
    hashalgo: str,
    attrs: bool = ...,
    *,
    hsm: Any = ...,
) -> bytes: ...
