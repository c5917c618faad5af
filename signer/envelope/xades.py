"""XAdES B-B and B-T (ETSI EN 319 132-1 §6.3): enveloped, enveloping and detached, in phases that are types.

An XML document that is to be signed attached is enveloped: the signature is spliced in before the root's end
tag and every other octet stays. Any other attached content stands, in base64, in a ds:Object. Each part that
is digested or signed here is written in its canonical form to begin with, so nothing but an enveloped
document is ever canonicalised. Nothing is verified here (`signer.verify.xades`).
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from msgspec import Struct
from msgspec.structs import replace

from signer.envelope.algorithms import SUITES
from signer.envelope.checks import check
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import KeyKind, SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported
from signer.model.request import XML_TYPES, Level
from signer.x509 import Certificate

_DS = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
_OBJECT = f"{_DS}Object"
_BASE64 = f"{_DS}base64"
_ENVELOPED = f"{_DS}enveloped-signature"
#: What the signature itself holds is canonicalised exclusively: the same wherever its host is put.
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
#: An enveloped document as a whole: C14N 1.1 covers every namespace declaration, also those that only the
#: content of an attribute uses (xsi:type), which exclusive canonicalisation leaves unsigned.
_INCLUSIVE = "http://www.w3.org/2006/12/xml-c14n11"

_SIGNATURE_METHODS = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    SignatureAlgorithm.RSA_PKCS1_SHA384: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    SignatureAlgorithm.RSA_PKCS1_SHA512: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    SignatureAlgorithm.RSA_PSS_SHA256: "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    SignatureAlgorithm.RSA_PSS_SHA384: "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
    SignatureAlgorithm.RSA_PSS_SHA512: "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    SignatureAlgorithm.ECDSA_SHA256: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    SignatureAlgorithm.ECDSA_SHA384: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    SignatureAlgorithm.ECDSA_SHA512: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
}
DIGEST_METHODS = {
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
#: Octets of r and of s (XML Signature 1.1 §6.4.3).
_COORDINATES = {KeyKind.EC_P256: 32, KeyKind.EC_P384: 48, KeyKind.EC_P521: 66}

_LEVELS = frozenset({Level.B_B, Level.B_T, Level.B_T_IF_POSSIBLE})

#: What a detached signature calls its content; whoever verifies it names the octets.
DETACHED_NAME = "content"

_SIGNATURE = f'<ds:Signature xmlns:ds="{_DS}" Id="mohr-'.encode()
_FIRST_URI = re.compile(rb'<ds:Reference Id="[^"]*"(?: Type="[^"]*")? URI="([^"]*)">')
_OPENED_OBJECT = re.compile(rb'<ds:Object [^<>]* Id="mohr-[^<>]*>')
#: libxml2 leaves an ampersand in a namespace name as it is, where C14N §2.3 writes `&amp;`.
_ODD_NAMESPACE = re.compile(rb"xmlns[^=<>]{0,300}=\s*(?:\"[^\"<]*&|'[^'<]*&)")
_END_TAG = re.compile(rb"</[^<>]+>")
_WHITE_SPACE = b" \t\r\n"


class SignedPart(Struct, frozen=True, kw_only=True):
    """One ds:Reference to data: where it is, what is digested there, and what the octets are said to be.

    `uri` is a relative name, "" for the document around the signature, or "#" and an Id; `digested` is the
    octets after `transforms` (URIs of XML Signature §6.6).
    """

    uri: str
    digested: bytes
    media_type: str
    transforms: tuple[str, ...] = ()
    type: str | None = None
    encoding: str | None = None


class XadesToBeSigned(Struct, frozen=True, kw_only=True):
    """A signature that lacks its value. `to_be_signed` is ds:SignedInfo in its canonical form.

    `around` is what stands in the file before and after ds:Signature.
    """

    to_be_signed: bytes
    algorithm: SignatureAlgorithm
    certificate: Certificate
    id: str
    signed_properties: bytes
    objects: bytes = b""
    around: tuple[bytes, bytes] = (b"", b"")

    def stamped(self, signature: bytes) -> bytes:
        """ds:SignatureValue in its canonical form (EN 319 132-1 §5.3), for this value as a token gives it."""
        value = b64encode(self._value(signature)).decode()
        return (
            f'<ds:SignatureValue xmlns:ds="{_DS}" Id="{self.id}-value">{value}</ds:SignatureValue>'.encode()
        )

    def finish(self, signature: bytes, evidence: Evidence = NOTHING) -> bytes:
        """The file, around a signature value (ECDSA: DER ECDSA-Sig-Value)."""
        certificate = b64encode(self.certificate.der)
        before, after = self.around
        return b"".join(
            (
                before,
                f'<ds:Signature xmlns:ds="{_DS}" Id="{self.id}">'.encode(),
                self.to_be_signed,
                self.stamped(signature),
                b"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                certificate,
                b"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                self.objects,
                f'<ds:Object><xades:QualifyingProperties xmlns:xades="{_XADES}"'.encode(),
                f' Target="#{self.id}">'.encode(),
                self.signed_properties,
                _unsigned_properties(evidence),
                b"</xades:QualifyingProperties></ds:Object></ds:Signature>",
                after,
            )
        )

    def _value(self, signature: bytes) -> bytes:
        octets = _COORDINATES.get(self.certificate.key_kind)
        if octets is None:
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(octets) + s.to_bytes(octets)


def prepare(
    *,
    content: bytes,
    media_type: str,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    attached: bool = True,
    level: Level = Level.B_B,
) -> XadesToBeSigned:
    """Begin a signature over `content`: enveloped where it is XML, else enveloping; or detached.

    `signing_time` is aware and signed to the second. Raises `FormatUnsupported` for a level or a media type
    that is none, `MechanismUnsupported` for an algorithm that is not the key's, and `DocumentRefused` for XML
    that cannot carry its signature: not well-formed, signed already, with comments (which a reference to the
    whole document leaves out) or instructions around its root, or with a root that has no end tag.
    """
    if level not in _LEVELS:
        raise FormatUnsupported(f"xades {level.value}")
    check(media_type, certificate, algorithm)
    identifier = _identifier(content, signing_time)
    around, objects = (b"", b""), b""
    if not attached:
        part = SignedPart(uri=DETACHED_NAME, digested=content, media_type=media_type)
    elif media_type in XML_TYPES:
        canonical = _canonical(content)
        around = _around(content)
        part = SignedPart(
            uri="",
            digested=canonical,
            media_type=media_type,
            transforms=(_ENVELOPED, _INCLUSIVE),
        )
    else:
        objects = _object(f"{identifier}-object", media_type, content)
        part = SignedPart(
            uri=f"#{identifier}-object",
            digested=objects,
            media_type=media_type,
            transforms=(_EXCLUSIVE,),
            type=_OBJECT,
            encoding=_BASE64,
        )
    draft = sign_parts(
        (part,),
        certificate=certificate,
        algorithm=algorithm,
        signing_time=signing_time,
        identifier=identifier,
    )
    return replace(draft, objects=objects, around=around)


def check_content(content: bytes, media_type: str, *, attached: bool) -> None:
    """Raise `DocumentRefused` for XML that cannot carry its signature, where it is to be enveloped."""
    if attached and media_type in XML_TYPES:
        _canonical(content)
        _around(content)


def sign_parts(
    parts: tuple[SignedPart, ...],
    *,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signing_time: datetime,
    identifier: str,
) -> XadesToBeSigned:
    """Begin a signature over several parts at once; `identifier` is an NCName that nothing around it uses."""
    digest_name = SUITES[algorithm].digest_name
    properties = _signed_properties(parts, certificate, digest_name, signing_time, identifier)
    references = [
        _reference(part, digest_name, f"{identifier}-reference-{place}") for place, part in enumerate(parts)
    ]
    references.append(
        _reference(
            SignedPart(
                uri=f"#{identifier}-signed-properties",
                digested=properties,
                media_type="",
                transforms=(_EXCLUSIVE,),
                type=_SIGNED_PROPERTIES,
            ),
            digest_name,
        )
    )
    signed_info = (
        f'<ds:SignedInfo xmlns:ds="{_DS}">'
        f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{_SIGNATURE_METHODS[algorithm]}"></ds:SignatureMethod>'
        f"{''.join(references)}</ds:SignedInfo>"
    )
    return XadesToBeSigned(
        to_be_signed=signed_info.encode(),
        algorithm=algorithm,
        certificate=certificate,
        id=identifier,
        signed_properties=properties,
    )


def strip(signed: bytes, content: bytes) -> bytes:
    """What the journal keeps of a file that `finish` made over `content`: the signature, never the content.

    Raises ValueError where the file is none of this module over this content.
    """
    other = ValueError("not a signature of this module over this content")
    if not signed.startswith(_SIGNATURE):
        before, after = _split(content)
        kept = signed[len(before) : len(signed) - len(after)]
    elif opened := _OPENED_OBJECT.search(signed):
        at, held = opened.end(), b64encode(content)
        if not signed.startswith(held + b"</ds:Object>", at):
            raise other
        kept = signed[:at] + signed[at + len(held) :]
    else:
        kept = signed
    if attach(kept, content) != signed:
        raise other
    return kept


def attach(kept: bytes, content: bytes) -> bytes:
    """The file again, byte for byte, from what `strip` kept and the content.

    That the content is the signed one is not checked here. Raises ValueError for bytes that are no signature
    of this module, or a content that cannot be where it says.
    """
    uri = _FIRST_URI.search(kept)
    if uri is None or not kept.startswith(_SIGNATURE):
        raise ValueError("not a signature of this module")
    if not uri[1]:
        before, after = _split(content)
        return before + kept + after
    opened = _OPENED_OBJECT.search(kept)
    if opened is None:
        return kept
    return kept[: opened.end()] + b64encode(content) + kept[opened.end() :]


def _identifier(content: bytes, signing_time: datetime) -> str:
    """An Id that its own content cannot hold."""
    return f"mohr-{hashlib.sha256(signing_time.isoformat().encode() + content).hexdigest()[:32]}"


def _around(content: bytes) -> tuple[bytes, bytes]:
    try:
        return _split(content)
    except ValueError as reason:
        raise DocumentRefused(str(reason)) from None


def _split(content: bytes) -> tuple[bytes, bytes]:
    """A well-formed document that ends with its root, before and from the root's end tag on."""
    at = content.rfind(b"</")
    if at < 0 or not _END_TAG.fullmatch(content[at:].rstrip(_WHITE_SPACE)):
        raise ValueError("XML whose root has no end tag as its last markup")
    return content[:at], content[at:]


def _canonical(content: bytes) -> bytes:
    """The document as its reference covers it: C14N 1.1 of all of it, without comments."""
    from lxml import etree

    from signer.xml.parser import XmlRefused, parse

    try:
        tree = parse(content)
        if _ODD_NAMESPACE.search(content):
            raise DocumentRefused("XML with a namespace name that is written with a reference")
        root = tree.getroot()
        if next(root.iter(f"{{{_DS}}}Signature"), None) is not None:
            raise DocumentRefused("XML that is signed already")
        if tree.xpath("//comment()"):
            raise DocumentRefused("XML with comments, which an enveloped signature does not cover")
        if tree.xpath("/processing-instruction()"):
            raise DocumentRefused("XML with instructions around its root, which not all verifiers cover")
        # For a whole document C14N 1.0, which is what lxml calls "c14n", and 1.1 give the same octets.
        return etree.tostring(tree, method="c14n", exclusive=False, with_comments=False)
    except XmlRefused as refused:
        raise DocumentRefused(f"XML with {refused}") from None
    except etree.C14NError:
        raise DocumentRefused("XML with a namespace name that is no absolute URI") from None


def _object(identifier: str, media_type: str, content: bytes) -> bytes:
    attributes = f'Encoding="{_BASE64}" Id="{identifier}" MimeType="{_attribute(media_type)}"'
    return f'<ds:Object xmlns:ds="{_DS}" {attributes}>'.encode() + b64encode(content) + b"</ds:Object>"


def _reference(part: SignedPart, digest_name: str, identifier: str = "") -> str:
    attributes = "".join(
        f' {name}="{_attribute(value)}"'
        for name, value in (("Id", identifier or None), ("Type", part.type), ("URI", part.uri))
        if value is not None
    )
    transforms = "".join(f'<ds:Transform Algorithm="{uri}"></ds:Transform>' for uri in part.transforms)
    return (
        f"<ds:Reference{attributes}>"
        f"{f'<ds:Transforms>{transforms}</ds:Transforms>' if transforms else ''}"
        f'<ds:DigestMethod Algorithm="{DIGEST_METHODS[digest_name]}"></ds:DigestMethod>'
        f"<ds:DigestValue>{_digest(digest_name, part.digested)}</ds:DigestValue></ds:Reference>"
    )


def _signed_properties(
    parts: tuple[SignedPart, ...],
    certificate: Certificate,
    digest_name: str,
    signing_time: datetime,
    identifier: str,
) -> bytes:
    """EN 319 132-1 §5.2, in canonical form: `ds` is declared anew on each element that uses it."""
    formats = "".join(
        f'<xades:DataObjectFormat ObjectReference="#{identifier}-reference-{place}">'
        f"<xades:MimeType>{escape(part.media_type)}</xades:MimeType>"
        f"{f'<xades:Encoding>{part.encoding}</xades:Encoding>' if part.encoding else ''}"
        "</xades:DataObjectFormat>"
        for place, part in enumerate(parts)
    )
    return (
        f'<xades:SignedProperties xmlns:xades="{_XADES}" Id="{identifier}-signed-properties">'
        f"<xades:SignedSignatureProperties><xades:SigningTime>{_time(signing_time)}</xades:SigningTime>"
        "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod xmlns:ds="{_DS}" Algorithm="{DIGEST_METHODS[digest_name]}"></ds:DigestMethod>'
        f'<ds:DigestValue xmlns:ds="{_DS}">{_digest(digest_name, certificate.der)}</ds:DigestValue>'
        "</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        f"<xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties>"
        "</xades:SignedProperties>"
    ).encode()


def _unsigned_properties(evidence: Evidence) -> bytes:
    """EN 319 132-1 §5.3: the signature timestamp, or nothing."""
    if evidence.timestamp is None:
        return b""
    return (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
        f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"></ds:CanonicalizationMethod>'
        f"<xades:EncapsulatedTimeStamp>{b64encode(evidence.timestamp).decode()}</xades:EncapsulatedTimeStamp>"
        "</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    ).encode()


def _digest(name: str, octets: bytes) -> str:
    return b64encode(hashlib.new(name, octets).digest()).decode()


def _attribute(text: str) -> str:
    """An attribute's value in canonical form (C14N §2.3); none here holds a control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _time(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a signing time is aware")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
