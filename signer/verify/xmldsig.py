"""The one ds:Signature of a document, taken apart (XML Signature 1.1), and its references resolved.

The ways in which a signature says that it covers something are few here, and closed: the document around it,
an element by a unique Id, or octets that the caller names. No transform but the enveloped signature and
canonicalisation, no other document, no key but a certificate's. What the properties say is for `xades`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from signer.verify import c14n
from signer.verify.c14n import Method, NotCanonical
from signer.verify.candidate import Unreadable
from signer.verify.report import Finding, Severity, SubIndication

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = f"{DS}enveloped-signature"
_EXCLUSIVE_PREFIXES = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_CANONICALISATIONS = frozenset({c14n.INCLUSIVE_10, c14n.INCLUSIVE_11, c14n.EXCLUSIVE})

DIGESTS = {
    f"{DS}sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}

#: More references than a container of ours has files, and few enough to digest each.
MAX_REFERENCES = 100
_WHITE_SPACE = " \t\r\n"
#: §4.5.3, §4.5.10.
_KEY_ELSEWHERE = (f"{{{DS}}}RetrievalMethod", "{http://www.w3.org/2009/xmldsig11#}KeyInfoReference")


class Reference(Struct, frozen=True, kw_only=True):
    """One ds:Reference (§4.4.3). `uri` is None where it has none; `digest` is what `hashlib` calls it."""

    id: str | None
    type: str | None
    uri: str | None
    enveloped: bool
    method: Method | None
    digest: str
    value: bytes


class XmlSignature(Struct, frozen=True, kw_only=True):
    """One ds:Signature (§4.1). `method` is the URI of its SignatureMethod; `signed_info` is canonical."""

    element: etree._Element
    signed_info: bytes
    method: str
    references: tuple[Reference, ...]
    value: bytes
    value_element: etree._Element
    certificates: tuple[bytes, ...]
    objects: tuple[etree._Element, ...]


class Covered(Struct, frozen=True, kw_only=True):
    """What a reference covers: exactly these octets are digested. `element` is None for the whole document.

    `all` is False where the document holds something outside the signature that is not covered.
    """

    octets: bytes
    element: etree._Element | None = None
    all: bool = True


def broken(code: str, detail: str = "") -> Unreadable:
    """A rule of the format that does not hold: reading ends."""
    finding = Finding(code=code, severity=Severity.FAILED, detail=detail)
    return Unreadable(SubIndication.FORMAT_FAILURE, finding)


def find(tree: etree._ElementTree) -> XmlSignature:
    """The only signature of a document. Raises `Unreadable` where there is none, two, or another shape."""
    found = list(tree.getroot().iter(f"{{{DS}}}Signature"))
    if len(found) != 1:
        raise broken("several-signers" if found else "no-signer")
    return _signature(found[0])


class Ids:
    """Every element of a document that has an Id, by it. Raises `Unreadable` where one stands twice."""

    def __init__(self, tree: etree._ElementTree) -> None:
        self._elements: dict[str, etree._Element] = {}
        for element in tree.getroot().iter("*"):
            for name, value in element.attrib.items():
                if str(name).rpartition("}")[2].lower() != "id":
                    continue
                if self._elements.setdefault(str(value), element) is not element:
                    raise broken("xades-id-twice")

    def __getitem__(self, uri: str) -> etree._Element:
        """The element that `#id` names (§4.4.3.3; no XPointer). Raises `Unreadable` where none does."""
        element = self._elements.get(uri[1:])
        if element is None:
            raise broken("xades-reference", "to an element that is not there")
        return element


def covered(tree: etree._ElementTree, ids: Ids, signature: XmlSignature, reference: Reference) -> Covered:
    """What a reference within the document covers. Raises `Unreadable`; never looks outside the document."""
    whole = reference.uri == ""
    element = tree.getroot() if whole else ids[reference.uri or ""]
    around = element is tree.getroot() and element is not signature.element
    if whole and not around:
        raise broken("xades-reference", "a signature of itself")
    if around is not reference.enveloped:
        raise broken("xades-transform", "enveloped-signature where it does not belong, or not where it does")
    if not around and _encloses(element, signature.element):
        raise broken("xades-reference", "to a part around the signature that is not the document")
    without = signature.element if around else None
    chosen = reference.method or Method()
    try:
        octets = c14n.document(tree, chosen, without) if whole else c14n.element(element, chosen, without)
    except NotCanonical as refused:
        raise broken("xades-transform", str(refused)) from None
    return Covered(
        octets=octets,
        element=None if around else element,
        all=_nothing_else(tree, signature.element, element, whole=whole),
    )


def _nothing_else(
    tree: etree._ElementTree, signature: etree._Element, element: etree._Element, *, whole: bool
) -> bool:
    """Is nothing in the document but the signature and what canonicalises to the covered octets?"""
    root = tree.getroot()
    if root is signature:
        return element.getparent() is signature and not tree.xpath("/comment() | /processing-instruction()")
    if element is not root or tree.xpath("boolean(//comment())"):
        return False
    return whole or not tree.xpath("/processing-instruction()")


def _encloses(element: etree._Element, inner: etree._Element) -> bool:
    return any(ancestor is element for ancestor in inner.iterancestors()) or element is inner


def children(parent: etree._Element) -> Iterator[etree._Element]:
    """The elements in an element that has no other content. Raises `Unreadable` where it has."""
    for text in (parent.text, *(child.tail for child in parent)):
        if text and text.strip(_WHITE_SPACE):
            raise broken("xades-structure", "text between elements")
    for child in parent:
        if not isinstance(child.tag, str):
            raise broken("xades-structure", "a comment or an instruction")
        yield child


def text(element: etree._Element) -> str:
    """The text of an element that has nothing else. Raises `Unreadable` where it has."""
    if len(element):
        raise broken("xades-structure", "elements in a text")
    return element.text or ""


def base64(element: etree._Element) -> bytes:
    """xsd:base64Binary, with or without white space. Raises `Unreadable`."""
    written = text(element).translate(dict.fromkeys(map(ord, _WHITE_SPACE)))
    try:
        return b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise broken("xades-structure", "not base64") from None


def algorithm(element: etree._Element) -> str:
    """The Algorithm of an element (§4.4.1 to §4.4.3)."""
    return str(element.get("Algorithm", ""))


def method(element: etree._Element) -> Method:
    """A canonicalisation without comments. Raises `Unreadable` for any other transform."""
    uri = algorithm(element)
    if uri not in _CANONICALISATIONS:
        raise broken("xades-transform", "none that is allowed")
    prefixes: frozenset[str] = frozenset()
    for parameter in children(element):
        if uri != c14n.EXCLUSIVE or parameter.tag != _EXCLUSIVE_PREFIXES:
            raise broken("xades-transform", "a parameter of a canonicalisation")
        listed = str(parameter.get("PrefixList", "")).split()
        prefixes = frozenset("" if prefix == "#default" else prefix for prefix in listed)
    return Method(uri, prefixes)


def _certificates(key_info: etree._Element) -> tuple[bytes, ...]:
    """Those that stand in it (§4.5.4). A way elsewhere, by which another verifier may go, is refused."""
    for tag in _KEY_ELSEWHERE:
        if next(key_info.iter(tag), None) is not None:
            raise broken("xades-key-elsewhere", tag.rpartition("}")[2])
    return tuple(base64(found) for found in key_info.iter(f"{{{DS}}}X509Certificate"))


def _signature(element: etree._Element) -> XmlSignature:
    parts = list(children(element))
    tags = [str(part.tag).removeprefix(f"{{{DS}}}") for part in parts]
    if tags[:3] != ["SignedInfo", "SignatureValue", "KeyInfo"] or set(tags[3:]) - {"Object"}:
        raise broken("xades-structure", "ds:Signature")
    signed_info, value, key_info, *objects = parts
    canonicalisation, signature_method, *references = _expected(
        signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference"
    )
    if not 0 < len(references) <= MAX_REFERENCES:
        raise broken("xades-reference", "none, or too many")
    if len(signature_method):
        raise broken("xades-structure", "a parameter of the signature method")
    try:
        canonical = c14n.element(signed_info, method(canonicalisation))
    except NotCanonical as refused:
        raise broken("xades-transform", str(refused)) from None
    return XmlSignature(
        element=element,
        signed_info=canonical,
        method=algorithm(signature_method),
        references=tuple(_reference(reference) for reference in references),
        value=base64(value),
        value_element=value,
        certificates=_certificates(key_info),
        objects=tuple(objects),
    )


def _expected(parent: etree._Element, *names: str) -> list[etree._Element]:
    """The children, named in this order; the last name may stand any number of times."""
    found = list(children(parent))
    wanted = [*names[:-1], *[names[-1]] * (len(found) - len(names) + 1)]
    if [child.tag for child in found] != [f"{{{DS}}}{name}" for name in wanted]:
        raise broken("xades-structure", f"ds:{str(parent.tag).rpartition('}')[2]}")
    return found


def _reference(element: etree._Element) -> Reference:
    parts = list(children(element))
    transforms: list[etree._Element] = []
    if parts and parts[0].tag == f"{{{DS}}}Transforms":
        transforms = _expected(parts.pop(0), "Transform")
    if [part.tag for part in parts] != [f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]:
        raise broken("xades-structure", "ds:Reference")
    enveloped = bool(transforms) and algorithm(transforms[0]) == ENVELOPED
    if enveloped and len(transforms.pop(0)):
        raise broken("xades-transform", "a parameter of enveloped-signature")
    if len(transforms) > 1:
        raise broken("xades-transform", "more than one canonicalisation")
    digest = DIGESTS.get(algorithm(parts[0]))
    if digest is None:
        raise broken("algorithm-unknown", "DigestMethod")
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return Reference(
        id=attributes.get("Id"),
        type=attributes.get("Type"),
        uri=attributes.get("URI"),
        enveloped=enveloped,
        method=method(transforms[0]) if transforms else None,
        digest=digest,
        value=base64(parts[1]),
    )
