"""A finding: a code of the catalogue, what it is about, and the evidence, each piece under a closed name.

There is no field for a name, a national code, a council number, a certificate's subject or a document, so
that none can get into a report. How each fact may leave the computer is `redaction`.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from signer.diagnostics.catalogue import Meaning, meanings


class Fact(Enum):
    """What a piece of evidence may be."""

    ATR = "atr"
    BITS = "bits"
    BROWSER = "browser"
    CERTIFICATE = "certificate"
    CODE = "code"
    COUNT = "count"
    DAY = "day"
    DIFFERS = "differs"
    ERROR = "error"
    FAMILY = "family"
    FILE = "file"
    FREE_MIB = "free-mib"
    FUNCTION = "function"
    HOW = "how"
    LIBRARY = "library"
    MODEL = "model"
    ORIGIN = "origin"
    PORT = "port"
    PROBE = "probe"
    READER = "reader"
    RV = "rv"
    SECONDS = "seconds"
    SEQUENCE = "sequence"
    SERIAL = "serial"
    SETTING = "setting"
    SOURCE = "source"
    VERSION = "version"


#: What a finding is about, from the whole to the part, as in `("softhsm", "token 1", "certificate 2")`. The
#: empty subject is the computer. The parts are made up here, and never come from a token.
Subject = tuple[str, ...]

Evidence = tuple[tuple[Fact, str], ...]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that a probe found. `code` stands in the catalogue."""

    code: str
    subject: Subject = ()
    evidence: Evidence = ()

    @property
    def meaning(self) -> Meaning:
        """Its row in the catalogue."""
        return meanings()[self.code]


def finding(code: str, subject: Subject = (), /, **evidence: object) -> Finding:
    """A finding; evidence by the facts' names in lower case, those that are None left out.

    Raises `KeyError` for a code that the catalogue does not have, or a fact that there is not.
    """
    meanings()[code]
    told = ((Fact[name.upper()], str(value)) for name, value in evidence.items() if value is not None)
    return Finding(code=code, subject=subject, evidence=tuple(told))
