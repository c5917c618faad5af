"""What every format asks of a request before it builds anything: a media type, and an algorithm of the key.

What a content must not be is the format's own matter.
"""

from __future__ import annotations

import re
from functools import lru_cache

from signer.envelope.algorithms import PREFERENCE
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import FormatUnsupported, MechanismUnsupported
from signer.x509 import Certificate

#: type "/" subtype, and parameters in printable ASCII (RFC 2045 §5.1).
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?: ?; ?[\x20-\x7e]+)?", re.ASCII)


def check(media_type: str, certificate: Certificate, algorithm: SignatureAlgorithm) -> None:
    """Raise `FormatUnsupported` for a media type that is none, `MechanismUnsupported` for another key's."""
    if algorithm not in PREFERENCE[certificate.key_kind]:
        raise MechanismUnsupported(f"{algorithm.value} with a {certificate.key_kind.value} key")
    if not _is_media_type(media_type):
        raise FormatUnsupported("media type is not of the form type/subtype")


@lru_cache(maxsize=64)
def _is_media_type(text: str) -> bool:
    return _MEDIA_TYPE.fullmatch(text) is not None
