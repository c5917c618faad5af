"""Named attacks on a XAdES signature: what is done to which form, and the finding that must name it.

Those that leave a valid signature over less than the file holds are in `test_xades` itself.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

from tests import pki
from tests.xmldsig import JSON_CONTENT, XML_CONTENT

Change = Callable[[bytes], bytes]


def swap(old: str, new: str, *, count: int = 1) -> Change:
    def change(octets: bytes) -> bytes:
        assert old.encode() in octets, old
        return octets.replace(old.encode(), new.encode(), count)

    return change


def rewrite(pattern: str, new: str) -> Change:
    def change(octets: bytes) -> bytes:
        changed, count = re.subn(pattern.encode(), new.encode(), octets, count=1, flags=re.DOTALL)
        assert count == 1, pattern
        return changed

    return change


def signature_of(octets: bytes) -> bytes:
    found = re.search(rb"<ds:Signature .*</ds:Signature>", octets, re.DOTALL)
    assert found is not None
    return found[0]


def document_of(octets: bytes) -> bytes:
    return octets.replace(signature_of(octets), b"")[38:].strip()


def evil_twin(octets: bytes) -> bytes:
    """The signature moved under another document, which it does not cover."""
    return b'<rx xmlns="urn:rx"><item q="200">opium</item>' + signature_of(octets) + b"</rx>"


def wrapped_in_an_object(octets: bytes) -> bytes:
    """The signed document inside a ds:Object of its own signature, an evil one around it."""
    carried = b"<ds:Object>" + document_of(octets) + b"</ds:Object></ds:Signature>"
    return evil_twin(octets.replace(b"</ds:Signature>", carried))


def wrapped_in_a_root(octets: bytes) -> bytes:
    """The signed document whole, inside an evil one."""
    return b"<evil><item>opium</item>" + octets.split(b"?>", 1)[1].strip() + b"</evil>"


def signature_outside(octets: bytes) -> bytes:
    """The signature beside the document that it was in."""
    return b"<evil>" + document_of(octets) + signature_of(octets) + b"</evil>"


def object_moved_out(octets: bytes) -> bytes:
    """The signed ds:Object elsewhere in the document, another content where it was."""
    found = re.search(rb'<ds:Object xmlns:ds="[^"]*" Encoding.*?</ds:Object>', octets)
    assert found is not None
    evil = found[0].replace(b"-object", b"-evil").replace(b64encode(JSON_CONTENT), b64encode(b"{}"))
    return b"<evil>" + found[0] + octets.replace(found[0], evil) + b"</evil>"


def object_beside(octets: bytes) -> bytes:
    """A second ds:Object beside the signed one."""
    return octets.replace(b"</ds:KeyInfo>", b"</ds:KeyInfo><ds:Object>e30=</ds:Object>")


def two_objects_of_one_id(octets: bytes) -> bytes:
    found = re.search(rb'<ds:Object xmlns:ds="[^"]*" Encoding.*?</ds:Object>', octets)
    assert found is not None
    evil = found[0].replace(b64encode(JSON_CONTENT), b64encode(b"{}"))
    return octets.replace(found[0], evil + found[0])


def id_in_another_spelling(octets: bytes) -> bytes:
    found = re.search(rb'Id="(mohr-\w+-object)"', octets)
    assert found is not None
    return b'<evil ID="' + found[1] + b'">' + octets + b"</evil>"


def properties_twice(octets: bytes) -> bytes:
    """Other SignedProperties in front of the signed ones, under another Id."""
    found = re.search(rb"<ds:Object><xades:Qual.*</ds:Object>", octets)
    assert found is not None
    evil = found[0].replace(b"-signed-properties", b"-others").replace(b"2026", b"2027")
    return octets.replace(found[0], evil + found[0])


def properties_swapped(octets: bytes) -> bytes:
    """The signed properties moved out of sight, others where they are looked for."""
    found = re.search(rb"<ds:Object><xades:Qual.*</ds:Object>", octets)
    assert found is not None
    hidden = re.search(rb"<xades:SignedProperties.*</xades:SignedProperties>", found[0])
    assert hidden is not None
    evil = found[0].replace(b"-signed-properties", b"-others").replace(b"2026", b"2027")
    return octets.replace(found[0], evil + b"<ds:Object>" + hidden[0] + b"</ds:Object>")


def other_certificate(octets: bytes) -> bytes:
    der = pki.leaf("p256").der
    return octets.replace(b64encode(der), b64encode(pki.leaf("other-p256").der))


def two_certificates(octets: bytes) -> bytes:
    mark = b"<ds:X509Data>"
    extra = mark + b"<ds:X509Certificate>" + b64encode(pki.leaf("other-p256").der) + b"</ds:X509Certificate>"
    return octets.replace(mark, extra)


def signature_inside(octets: bytes) -> bytes:
    """The whole signature again, under other Ids, in an unsigned ds:Object of its own."""
    carried = b"<ds:Object>" + signature_of(octets).replace(b"mohr-", b"mohr2-") + b"</ds:Object>"
    return octets.replace(b"</ds:Signature>", carried + b"</ds:Signature>")


def two_signatures(octets: bytes) -> bytes:
    return b"<both>" + octets + octets.replace(b"mohr-", b"mohr2-") + b"</both>"


NAMESPACES = "".join(f'<b xmlns:n{n}="u{n}">' for n in range(3000)) + "</b>" * 3000
STYLE = '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl" type="text/xsl"?>'
ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
REFERENCE = r'<ds:Reference Id="[^"]*" URI="">'
TRANSFORM = '<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11">'
XPATH = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    "<ds:XPath>not(ancestor-or-self::item)</ds:XPath></ds:Transform>"
)
CUT_HMAC = 'hmac-sha256"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>'
INCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'
ITSELF = ('(<ds:Signature [^>]*Id="([^"]*)">.*?)URI=""', '\\1URI="#\\2"')
ENVELOPED = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature">'


def doctype(rest: str) -> Change:
    return swap("?>\n", f"?><!DOCTYPE rx {rest}>\n")


def reference(attribute: str) -> Change:
    return rewrite(REFERENCE, f"<ds:Reference {attribute}>")


XSLT = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>'
)

#: Name of the attack, the form that it is made from, what is done, the finding that names it.
ATTACKS: list[tuple[str, str, Change, str]] = [
    ("document changed", "enveloped", swap("<item ", "<item d='1' "), "digest-differs"),
    ("text moved", "enveloped", swap("500 mg", "5000 mg"), "digest-differs"),
    ("prefix bound anew", "enveloped", swap("2001/XMLSchema-instance", "1999/XMLSchema"), "digest-differs"),
    ("instruction changed", "enveloped", swap("layout wide", "layout none"), "digest-differs"),
    ("instruction before the root", "enveloped", swap("?>\n", "?><?evil x?>\n"), "digest-differs"),
    ("evil twin", "enveloped", evil_twin, "digest-differs"),
    ("wrapped in an object", "enveloped", wrapped_in_an_object, "digest-differs"),
    ("wrapped in a root", "enveloped", wrapped_in_a_root, "digest-differs"),
    ("signature outside", "enveloped", signature_outside, "digest-differs"),
    ("two objects of one Id", "enveloping", two_objects_of_one_id, "xades-id-twice"),
    ("Id in another spelling", "enveloping", id_in_another_spelling, "xades-id-twice"),
    ("properties twice", "enveloping", properties_twice, "xades-properties"),
    ("properties swapped", "enveloping", properties_swapped, "xades-properties"),
    (
        "properties twice in one place",
        "enveloping",
        rewrite("(<xades:SignedProperties.*?</xades:SignedProperties>)", r"\1\1"),
        "xades-id-twice",
    ),
    ("a signature inside the signature", "enveloping", signature_inside, "several-signers"),
    ("comment in the value", "enveloping", swap('-value">', '-value"><!-- -->'), "xades-structure"),
    (
        "another canonicalisation",
        "enveloping",
        swap("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315"),
        "signature-wrong",
    ),
    ("another encoding told", "enveloped", swap("UTF-8", "ISO-8859-1"), "xades-xml-refused"),
    ("UTF-7 told", "enveloped", swap("UTF-8", "UTF-7"), "xades-xml-refused"),
    ("XML 1.1", "enveloped", swap('version="1.0"', 'version="1.1"'), "xades-xml-refused"),
    ("an Id for a stranger", "enveloped", swap("<empty/>", '<empty xml:id="x"/>'), "digest-differs"),
    ("a style sheet", "enveloped", swap("?>\n", f"?>{STYLE}\n"), "digest-differs"),
    ("text behind the signature", "enveloped", swap("</ds:Signature>", "</ds:Signature>x"), "digest-differs"),
    ("too many tags", "enveloped", swap("<empty/>", "<a/>" * 70_000), "xades-xml-refused"),
    ("too many namespaces", "enveloped", swap("<empty/>", NAMESPACES), "xades-xml-refused"),
    ("properties changed", "enveloping", swap("2026-11-22", "2027-11-22"), "digest-differs"),
    (
        "media type changed",
        "enveloping",
        swap("MimeType>application/json", "MimeType>a/b"),
        "xades-properties",
    ),
    ("media type changed twice", "enveloping", swap("application/json", "a/b", count=9), "digest-differs"),
    (
        "properties not referenced",
        "enveloping",
        swap("01903#SignedProperties", "01903#Other"),
        "xades-properties",
    ),
    (
        "properties of another signature",
        "enveloping",
        swap('Target="#mohr', 'Target="#other'),
        "xades-properties",
    ),
    ("other certificate", "enveloping", other_certificate, "signing-certificate-differs"),
    ("no certificate", "enveloping", rewrite("<ds:X509Cert.*?te>.*?te>", ""), "signing-certificate-differs"),
    (
        "key by a retrieval method",
        "enveloping",
        swap("<ds:X509Data>", '<ds:RetrievalMethod URI="http://127.0.0.1:9/key"/><ds:X509Data>'),
        "xades-key-elsewhere",
    ),
    (
        "key by a reference of the second edition",
        "enveloping",
        swap(
            "<ds:X509Data>",
            '<d:KeyInfoReference xmlns:d="http://www.w3.org/2009/xmldsig11#" URI="#other"/><ds:X509Data>',
        ),
        "xades-key-elsewhere",
    ),
    ("two signatures", "enveloping", two_signatures, "several-signers"),
    ("no signature", "enveloped", lambda octets: XML_CONTENT, "no-signer"),
    ("value of another signature", "enveloping", rewrite('-value">....', '-value">AAAA'), "signature-wrong"),
    ("value cut short", "enveloping", rewrite('-value">....', '-value">'), "signature-wrong"),
    (
        "external entity",
        "enveloped",
        doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]'),
        "xades-xml-refused",
    ),
    ("external subset", "enveloped", doctype('SYSTEM "http://127.0.0.1:9/rx.dtd"'), "xades-xml-refused"),
    (
        "parameter entity",
        "enveloped",
        doctype('[<!ENTITY % x SYSTEM "http://127.0.0.1:9/">%x;]'),
        "xades-xml-refused",
    ),
    ("billion laughs", "enveloped", doctype(f'[<!ENTITY e0 "ha">{ENTITIES}]'), "xades-xml-refused"),
    ("entity not declared", "enveloped", swap("<empty/>", "&e9;"), "xades-xml-refused"),
    ("include", "enveloped", swap("<empty/>", INCLUDE), "digest-differs"),
    ("remote reference", "enveloped", reference('URI="http://127.0.0.1:9/rx"'), "xades-reference"),
    ("file reference", "enveloped", reference('URI="file:///etc/passwd"'), "xades-reference"),
    ("reference to a host", "enveloped", reference('URI="//127.0.0.1:9/rx"'), "xades-reference"),
    ("absolute path", "detached", swap('URI="content"', 'URI="/etc/passwd"'), "xades-reference"),
    ("XPointer", "enveloped", reference('URI="#xpointer(/)"'), "xades-reference"),
    ("reference to nothing", "enveloping", swap('-object" MimeType', '-gone" MimeType'), "xades-reference"),
    ("reference to itself", "enveloped", rewrite(*ITSELF), "xades-transform"),
    ("XPath", "enveloped", swap(TRANSFORM, XPATH + TRANSFORM), "xades-transform"),
    ("XSLT", "enveloped", swap(TRANSFORM, XSLT + TRANSFORM), "xades-transform"),
    (
        "base64 transform",
        "enveloping",
        rewrite('[^"]*"></ds:Transform>', 'http://www.w3.org/2000/09/xmldsig#base64"></ds:Transform>'),
        "xades-transform",
    ),
    ("comments canonicalised", "enveloped", swap("xml-c14n11", "xml-c14n11#WithComments"), "xades-transform"),
    ("enveloped-signature twice", "enveloped", swap(TRANSFORM, ENVELOPED), "xades-transform"),
    ("enveloped-signature left out", "enveloped", swap(f"{ENVELOPED}</ds:Transform>", ""), "xades-transform"),
    (
        "HMAC",
        "enveloping",
        rewrite("xmldsig-more#ecdsa-sha256", "xmldsig-more#hmac-sha256"),
        "algorithm-unknown",
    ),
    (
        "HMAC cut to nothing",
        "enveloping",
        rewrite('ecdsa-sha256"></ds:SignatureMethod>', CUT_HMAC),
        "xades-structure",
    ),
    (
        "RSA method, EC key",
        "enveloping",
        swap("more#ecdsa-sha256", "more#rsa-sha256"),
        "algorithms-disagree",
    ),
    (
        "other digest under the value",
        "enveloping",
        swap("more#ecdsa-sha256", "more#ecdsa-sha384"),
        "signature-wrong",
    ),
    ("MD5", "enveloping", swap("2001/04/xmlenc#sha256", "2001/04/xmldsig-more#md5"), "algorithm-unknown"),
    ("manifest", "enveloping", swap("xmldsig#Object", "xmldsig#Manifest"), "xades-reference"),
    (
        "nothing but properties",
        "enveloping",
        rewrite("<ds:Reference Id=.*?</ds:Reference>", ""),
        "xades-reference",
    ),
    ("no references", "enveloping", rewrite("<ds:Reference.*</ds:Reference>", ""), "xades-reference"),
    (
        "unsigned signature parts",
        "enveloping",
        swap("<ds:KeyInfo>", "<ds:Extra></ds:Extra><ds:KeyInfo>"),
        "xades-structure",
    ),
    (
        "comment in a digest",
        "enveloping",
        swap("<ds:DigestValue>", "<ds:DigestValue><!-- x -->"),
        "xades-structure",
    ),
    ("text in SignedInfo", "enveloping", swap("</ds:SignedInfo>", "x</ds:SignedInfo>"), "xades-structure"),
    ("not base64", "enveloping", swap('-value">', '-value">*'), "xades-structure"),
]
