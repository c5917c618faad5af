"""An ASiC-E container with XAdES (ETSI EN 319 162-1 §4.4), taken apart: its rules, and its one signature.

What is signed is what the signature's references name; a file that none of them names never comes out as
content, and is what `covers_all` tells of. Containers with CAdES and ASiC-S are recognised and not read.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

from msgspec.structs import replace

from signer.model.request import PRESCRIPTION
from signer.verify.candidate import Candidate
from signer.verify.report import Finding, Severity, SubIndication
from signer.verify.xades import Opened, Part, open_signature
from signer.verify.xmldsig import broken
from signer.verify.zip_file import ZipRefused, entries

_MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
_XADES = re.compile(r"META-INF/[^/]*signatures[^/]*\.xml", re.IGNORECASE)
_CADES = re.compile(r"META-INF/[^/]*signature[^/]*\.p7s", re.IGNORECASE)


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take a container apart; `content` is compared with the signed document. Raises `Unreadable`.

    The document is the file that is said to be a prescription, else the first that the signature names; the
    others are attachments, each told by a finding with its SHA-256.
    """
    opened, files = _open(octets)
    document = next((part for part in opened.parts if part.media_type == PRESCRIPTION), opened.parts[0])
    candidate = opened.candidate
    findings, failure = list(candidate.findings), candidate.failure
    for part in opened.parts:
        if part is not document and part.octets is not None:
            digest = hashlib.sha256(part.octets).hexdigest()
            findings.append(
                Finding(code="asic-attachment", severity=Severity.INFO, detail=f"SHA-256 {digest}")
            )
    if content is not None and content != document.octets:
        failure = failure or SubIndication.HASH_FAILURE
        findings.append(Finding(code="content-differs", severity=Severity.FAILED))
    return replace(
        candidate,
        format="asic-e",
        content=document.octets,
        media_type=document.media_type,
        attached=True,
        covers_all=files.keys() == _named(opened).keys(),
        failure=failure,
        findings=tuple(findings),
    )


def signed_files(octets: bytes) -> dict[str, bytes]:
    """The files that the signature names, by name, in its order. Raises `Unreadable`."""
    opened, _ = _open(octets)
    return {name: part.octets for name, part in _named(opened).items() if part.octets is not None}


def _open(octets: bytes) -> tuple[Opened, dict[str, bytes]]:
    """The signature with its files resolved, and every file that is not the container's own."""
    try:
        found = entries(octets)
    except ZipRefused as refused:
        raise broken("asic-zip-refused", str(refused)) from None
    first = found[0]
    if first.name != "mimetype" or not first.bare:
        raise broken("asic-mimetype", "not the first entry, stored and without an extra field")
    if first.octets != _MIME_TYPE:
        raise broken("asic-mimetype", "not that of ASiC-E")
    signatures = [entry for entry in found if _XADES.fullmatch(entry.name)]
    if any(_CADES.fullmatch(entry.name) for entry in found):
        raise broken("asic-cades")
    if len(signatures) != 1:
        raise broken("several-signers" if signatures else "no-signer")
    files = {
        entry.name: entry.octets for entry in found[1:] if not entry.name.upper().startswith("META-INF/")
    }
    opened = open_signature(signatures[0].octets, files)
    if opened.candidate.attached or len(_named(opened)) != len(opened.parts):
        raise broken("xades-reference", "not to files of the container, each once")
    return opened, files


def _named(opened: Opened) -> dict[str, Part]:
    """The parts by the names of their files."""
    return {unquote(part.uri): part for part in opened.parts if part.uri}
