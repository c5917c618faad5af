"""An XAdES signature (ETSI EN 319 132-1), taken apart: integrity and value checked, trust left to the judge.

Against signature wrapping, what comes out as content is exactly what the data reference covers, and nothing
is looked for anywhere else in the document. The signing certificate is the one that the *signed* properties
name. signxml is not used: it reads certificates more strictly than those of the field are written.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from msgspec import Struct
from msgspec.structs import replace

from signer.verify import c14n
from signer.verify.c14n import Method
from signer.verify.candidate import Candidate, Unreadable
from signer.verify.report import Finding, Severity, SubIndication
from signer.verify.xades_properties import Properties
from signer.verify.xmldsig import DS, Ids, Reference, XmlSignature, base64, broken, covered, find
from signer.x509 import CertificateUnreadable, public_key
from signer.x509 import read as read_certificate
from signer.xml.parser import XmlRefused, parse

_SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
_BASE64 = f"{DS}base64"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"

#: SignatureMethod to digest and padding (RFC 9231 §2.3). HMAC has no member.
_METHODS = {
    f"{DS}rsa-sha1": ("sha1", "pkcs1"),
    f"{_MORE}rsa-sha256": ("sha256", "pkcs1"),
    f"{_MORE}rsa-sha384": ("sha384", "pkcs1"),
    f"{_MORE}rsa-sha512": ("sha512", "pkcs1"),
    f"{_MORE_2007}sha256-rsa-MGF1": ("sha256", "pss"),
    f"{_MORE_2007}sha384-rsa-MGF1": ("sha384", "pss"),
    f"{_MORE_2007}sha512-rsa-MGF1": ("sha512", "pss"),
    f"{_MORE}ecdsa-sha1": ("sha1", "ecdsa"),
    f"{_MORE}ecdsa-sha256": ("sha256", "ecdsa"),
    f"{_MORE}ecdsa-sha384": ("sha384", "ecdsa"),
    f"{_MORE}ecdsa-sha512": ("sha512", "ecdsa"),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  # old signatures are read; whether they count is policy
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_WEAKEST_FIRST = tuple(_HASHES)


#: A name beside the signature: no scheme, no authority, no absolute path, no query, no fragment.
_NAME = re.compile(r"[^:/?#\\][^:?#\\]*")


class Part(Struct, frozen=True, kw_only=True):
    """One thing that the signature covers: its reference, the octets, and what those are said to be.

    `octets` is None where they were not given; `complete` is False where the file holds something beside.
    """

    uri: str | None
    octets: bytes | None
    media_type: str | None
    complete: bool = True


class Opened(Struct, frozen=True, kw_only=True):
    """A signature and all that it covers. `candidate` has no content yet."""

    candidate: Candidate
    parts: tuple[Part, ...]


def read(octets: bytes, content: bytes | None = None) -> Candidate:
    """Take one XAdES file apart; `content` where it is detached, or to be compared with. Raises `Unreadable`.

    A Candidate's content is the octets that were signed; of an enveloped signature the document without it,
    as `content` has it where that is given and canonically the same, else in canonical form.
    """
    opened = open_signature(octets, content)
    if len(opened.parts) != 1:
        raise broken("xades-reference", "to more than one content")
    part = opened.parts[0]
    return replace(
        opened.candidate, content=part.octets, media_type=part.media_type, covers_all=part.complete
    )


def open_signature(octets: bytes, outside: bytes | Mapping[str, bytes] | None = None) -> Opened:
    """A signature with any number of parts. Raises `Unreadable`.

    `outside` is what a reference out of the document stands for: octets, whatever its name, or a mapping of
    names, as a container has them. Octets are also compared with what is attached.
    """
    try:
        tree = parse(octets)
    except XmlRefused as refused:
        raise broken("xades-xml-refused", str(refused)) from None
    ids, signature = Ids(tree), find(tree)
    properties = Properties(signature)
    if signature.method not in _METHODS:
        raise broken("algorithm-unknown", "SignatureMethod")
    digest, scheme = _METHODS[signature.method]
    checks = _Checks()
    data = _data(tree, ids, signature, properties, checks)
    reader = _Parts(tree, ids, signature, properties, outside, checks)
    parts = tuple(reader.part(reference) for reference in data)
    _check_value(signature, properties.certificate, checks)
    return Opened(
        parts=parts,
        candidate=Candidate(
            format="xades",
            level=properties.level(),
            certificate=properties.certificate,
            digest=min((digest, *(r.digest for r in signature.references)), key=_WEAKEST_FIRST.index),
            padding=scheme,
            certificates=properties.other_certificates(),
            crls=properties.values("EncapsulatedCRLValue"),
            ocsps=properties.values("EncapsulatedOCSPValue"),
            timestamps=properties.timestamps(),
            claimed_at=properties.signing_time,
            attached=any(_inside(reference) for reference in data),
            failure=checks.failure,
            findings=tuple(checks.findings),
        ),
    )


class _Checks:
    """What was found, and the first thing that failed."""

    def __init__(self) -> None:
        self.failure: SubIndication | None = None
        self.findings: list[Finding] = []

    def failed(self, failure: SubIndication, code: str, detail: str = "") -> None:
        self.failure = self.failure or failure
        self.findings.append(Finding(code=code, severity=Severity.FAILED, detail=detail))

    def warned(self, code: str, detail: str = "") -> None:
        self.findings.append(Finding(code=code, severity=Severity.WARNING, detail=detail))


def _data(
    tree: etree._ElementTree, ids: Ids, signature: XmlSignature, properties: Properties, checks: _Checks
) -> tuple[Reference, ...]:
    """The references to data: all but the one to the signed properties, which must be there and hold."""
    to_properties = [r for r in signature.references if r.type == _SIGNED_PROPERTIES]
    if len(to_properties) != 1 or not (to_properties[0].uri or "").startswith("#"):
        raise broken("xades-properties", "not exactly one reference to SignedProperties")
    found = covered(tree, ids, signature, to_properties[0])
    if found.element is not properties.signed:
        raise broken("xades-properties", "a reference to something else than SignedProperties")
    if not _digests(to_properties[0], found.octets):
        checks.failed(SubIndication.HASH_FAILURE, "digest-differs", "SignedProperties")
    data = tuple(r for r in signature.references if r.type != _SIGNED_PROPERTIES)
    if not data:
        raise broken("xades-reference", "to no content")
    if any(reference.type == f"{DS}Manifest" for reference in data):
        raise broken("xades-reference", "to a manifest, whose own references nobody checks")
    return data


class _Parts:
    """Makes a part of each data reference, and checks its digest."""

    def __init__(
        self,
        tree: etree._ElementTree,
        ids: Ids,
        signature: XmlSignature,
        properties: Properties,
        outside: bytes | Mapping[str, bytes] | None,
        checks: _Checks,
    ) -> None:
        self._tree, self._ids, self._signature = tree, ids, signature
        self._properties, self._outside, self._checks = properties, outside, checks

    def part(self, reference: Reference) -> Part:
        media_type = self._properties.media_type(reference.id)
        if media_type is None:
            self._checks.warned("xades-media-type-absent")
        if not _inside(reference):
            return Part(uri=reference.uri, octets=self._given(reference), media_type=media_type)
        found = covered(self._tree, self._ids, self._signature, reference)
        if not _digests(reference, found.octets):
            self._checks.failed(SubIndication.HASH_FAILURE, "digest-differs", "Reference")
        octets = found.octets
        if found.element is not None and found.element.tag == f"{{{DS}}}Object":
            octets = _object(found.element, octets, media_type)
        return Part(
            uri=reference.uri,
            octets=self._compared(octets, reference.method or Method()),
            media_type=media_type,
            complete=found.all and self._properties.objects <= {found.element},
        )

    def _given(self, reference: Reference) -> bytes | None:
        """The octets outside that a reference names; nobody looks for them anywhere."""
        name = reference.uri
        if name is not None and not _NAME.fullmatch(name):
            raise broken("xades-reference", "to another place")
        if reference.enveloped or reference.method is not None:
            raise broken("xades-transform", "of octets outside")
        outside = self._outside
        octets = outside.get(unquote(name or "")) if isinstance(outside, Mapping) else outside
        if octets is None:
            self._checks.failed(SubIndication.SIGNED_DATA_NOT_FOUND, "content-missing")
        elif not _digests(reference, octets):
            self._checks.failed(SubIndication.HASH_FAILURE, "digest-differs", "Reference")
        return octets

    def _compared(self, octets: bytes, chosen: Method) -> bytes:
        """The signed octets, or `outside` where the same is written otherwise; a difference is a failure."""
        outside = self._outside
        if not isinstance(outside, bytes) or outside == octets:
            return octets
        try:
            if c14n.document(parse(outside), chosen) == octets:
                return outside
        except XmlRefused:
            pass
        self._checks.failed(SubIndication.HASH_FAILURE, "content-differs")
        return octets


def _object(element: etree._Element, canonical: bytes, media_type: str | None) -> bytes:
    """The content of a ds:Object (XML Signature §4.5): decoded where it says base64, else as digested."""
    if element.get("MimeType", media_type) != media_type:
        raise broken("xades-properties", "MimeType of ds:Object and of DataObjectFormat")
    return base64(element) if element.get("Encoding") == _BASE64 else canonical


def _inside(reference: Reference) -> bool:
    return reference.uri is not None and (not reference.uri or reference.uri.startswith("#"))


def _digests(reference: Reference, octets: bytes) -> bool:
    return hmac.compare_digest(hashlib.new(reference.digest, octets).digest(), reference.value)


def _check_value(signature: XmlSignature, certificate: bytes, checks: _Checks) -> None:
    digest, scheme = _METHODS[signature.method]
    chosen = _HASHES[digest]
    try:
        key = public_key(read_certificate(certificate).spki)
    except CertificateUnreadable:
        finding = Finding(code="certificate-unreadable", severity=Severity.FAILED)
        raise Unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, finding) from None
    if isinstance(key, RSAPublicKey) is (scheme == "ecdsa"):
        checks.failed(SubIndication.SIG_CRYPTO_FAILURE, "algorithms-disagree")
        return
    try:
        if isinstance(key, RSAPublicKey):
            pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
            key.verify(
                signature.value, signature.signed_info, pss if scheme == "pss" else padding.PKCS1v15(), chosen
            )
        else:
            key.verify(_ecdsa(signature.value, key.curve.key_size), signature.signed_info, ec.ECDSA(chosen))
    except (InvalidSignature, ValueError):
        checks.failed(SubIndication.SIG_CRYPTO_FAILURE, "signature-wrong")


def _ecdsa(value: bytes, key_bits: int) -> bytes:
    """r and s one after the other (XML Signature §6.4.3) as DER ECDSA-Sig-Value. Raises ValueError."""
    octets = (key_bits + 7) // 8
    if len(value) != 2 * octets:
        raise ValueError("not r and s")
    return encode_dss_signature(int.from_bytes(value[:octets]), int.from_bytes(value[octets:]))
