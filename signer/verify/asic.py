"""An ASiC-E container (ETSI EN 319 162-1 §4.4), taken apart: its rules, and its one signature.

With XAdES, what is signed is what the signature's references name; with CAdES, what the manifest names under
it. A file that none of them names never comes out as content, and is what `covers_all` tells of. ASiC-S,
evidence records and archive manifests are recognised and not read.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from signer.model.request import PRESCRIPTION
from signer.verify import algorithms, asic_manifest, cms
from signer.verify.candidate import Candidate
from signer.verify.report import Finding, Severity, SubIndication
from signer.verify.xades import open_signature
from signer.verify.xmldsig import broken
from signer.verify.zip_file import Entry, ZipRefused, entries

_MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
_XADES = re.compile(r"META-INF/[^/]*signatures[^/]*\.xml", re.IGNORECASE)
_CADES = re.compile(r"META-INF/[^/]*signature[^/]*\.p7s", re.IGNORECASE)
_MANIFEST = re.compile(r"META-INF/[^/]*ASiCManifest[^/]*\.xml", re.IGNORECASE)
#: What a container has for its archives: manifests of other kinds, timestamps and evidence records.
_ARCHIVED = re.compile(
    r"META-INF/(?:[^/]*ASiC(?:Archive|EvidenceRecord)Manifest[^/]*\.xml|[^/]*\.(?:tst|ers))", re.IGNORECASE
)
#: What a container says of itself (§4.4.3.1, §4.4.4.1). Whatever else is there has to be signed.
_OWN = re.compile(
    rf"META-INF/(?:manifest|container|metadata)\.xml|{_XADES.pattern}|{_CADES.pattern}|{_MANIFEST.pattern}",
    re.IGNORECASE,
)
_WEAKEST_FIRST = ("sha1", "sha224", "sha256", "sha384", "sha512")


class _File(Struct, frozen=True, kw_only=True):
    """A file that the signature names. `octets` is None where the container has none of this name."""

    name: str
    octets: bytes | None
    media_type: str | None
    root: bool = False


class _Opened(Struct, frozen=True, kw_only=True):
    """The signature, the files that it names, in its order, and the names of all that the container has."""

    candidate: Candidate
    signed: tuple[_File, ...]
    names: frozenset[str]


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take a container apart; `content` is compared with the signed document. Raises `Unreadable`.

    The document is the file that is said to be a prescription, else the root file, else the first that the
    signature names; the others are attachments, each told by a finding with its SHA-256.
    """
    opened = _open(octets)
    document = _document(opened.signed)
    candidate = opened.candidate
    findings, failure = list(candidate.findings), candidate.failure
    for file in opened.signed:
        if file is not document and file.octets is not None:
            digest = hashlib.sha256(file.octets).hexdigest()
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
        covers_all=opened.names == {file.name for file in opened.signed},
        failure=failure,
        findings=tuple(findings),
    )


def _document(files: tuple[_File, ...]) -> _File:
    prescription = next((file for file in files if file.media_type == PRESCRIPTION), None)
    return prescription or next((file for file in files if file.root), files[0])


def signed_files(octets: bytes) -> dict[str, bytes]:
    """The files that the signature names, by name, in its order. Raises `Unreadable`."""
    return {file.name: file.octets for file in _open(octets).signed if file.octets is not None}


def _open(octets: bytes) -> _Opened:
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
    files = {entry.name: entry.octets for entry in found[1:] if not _OWN.fullmatch(entry.name)}
    xades = [entry for entry in found if _XADES.fullmatch(entry.name)]
    cades = [entry for entry in found if _CADES.fullmatch(entry.name)]
    if len(xades) + len(cades) != 1:
        raise broken("several-signers" if xades or cades else "no-signer")
    if xades:
        return _open_xades(xades[0], files)
    if any(_ARCHIVED.fullmatch(entry.name) for entry in found):
        raise broken("asic-manifest", "archives, which are not read")
    return _open_cades(cades[0], [entry for entry in found if _MANIFEST.fullmatch(entry.name)], files)


def _open_xades(signature: Entry, files: dict[str, bytes]) -> _Opened:
    opened = open_signature(signature.octets, files)
    signed = tuple(
        _File(name=unquote(part.uri), octets=part.octets, media_type=part.media_type)
        for part in opened.parts
        if part.uri
    )
    if opened.candidate.attached or len({file.name for file in signed}) != len(opened.parts):
        raise broken("xades-reference", "not to files of the container, each once")
    return _Opened(candidate=opened.candidate, signed=signed, names=frozenset(files))


def _open_cades(signature: Entry, manifests: list[Entry], files: dict[str, bytes]) -> _Opened:
    """§4.4.4: a CAdES over the manifest, which has the digest of each file."""
    if len(manifests) != 1:
        raise broken("asic-manifest", "two" if manifests else "none")
    manifest = asic_manifest.read(manifests[0].octets)
    if manifest.signature != signature.name:
        raise broken("asic-manifest", "the manifest of another signature")
    candidate = cms.read(signature.octets, manifests[0].octets)
    if candidate.attached or candidate.format != "cades":
        raise broken("asic-manifest", "its signature is no detached CAdES")
    findings, failure = list(candidate.findings), candidate.failure
    for named in manifest.files:
        octets = files.get(named.name)
        if octets is None:
            failure = failure or SubIndication.SIGNED_DATA_NOT_FOUND
            findings.append(Finding(code="content-missing", severity=Severity.FAILED))
        elif algorithms.hashed(named.digest, octets) != named.value:
            failure = failure or SubIndication.HASH_FAILURE
            findings.append(Finding(code="digest-differs", severity=Severity.FAILED))
    digests = (candidate.digest, *(named.digest for named in manifest.files))
    return _Opened(
        candidate=replace(
            candidate,
            digest=min(digests, key=_WEAKEST_FIRST.index),
            failure=failure,
            findings=tuple(findings),
            changed=None,
        ),
        signed=tuple(
            _File(
                name=named.name,
                octets=files.get(named.name),
                media_type=named.media_type,
                root=named.root,
            )
            for named in manifest.files
        ),
        names=frozenset(files),
    )
