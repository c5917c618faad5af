"""Words for what the journal and a policy hold as codes: formats of signatures, and findings."""

from __future__ import annotations

from gui.presenters.tongue import Tongue, left_to_right
from signer.model.finding_names import name_of
from signer.model.request import SignatureFormat

_FORMATS = {
    SignatureFormat.CADES: "CAdES",
    SignatureFormat.CMS: "CMS (PKCS #7)",
    SignatureFormat.JWS: "JWS",
    SignatureFormat.JADES: "JAdES",
    SignatureFormat.XADES: "XAdES",
    SignatureFormat.PADES: "PAdES",
    SignatureFormat.ASIC_E: "ASiC-E (XAdES)",
    SignatureFormat.ASIC_E_CADES: "ASiC-E (CAdES)",
    SignatureFormat.SIGN_IN: "JWS",
    SignatureFormat.PKCS10: "PKCS #10",
    SignatureFormat.CERTIFICATE: "X.509",
}


def format_name(code: str) -> str:
    """As its standard writes it; one of another version by its code."""
    try:
        return _FORMATS[SignatureFormat(code)]
    except ValueError:
        return code


def finding_name(code: str, tongue: Tongue) -> str:
    """What was found, and the code that a helpdesk looks for; one of another version by its code alone."""
    name = name_of(code, tongue.lang)
    return left_to_right(code) if name is None else f"{name} {left_to_right(f'({code})')}"
