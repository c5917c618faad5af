"""From octets to a tree without a DTD, an entity, a network or a surprise (XML 1.0, Namespaces in XML 1.0).

What a document may not be is decided here, before and after the parser runs; what its elements mean is not.
Nothing is dropped on the way: comments, processing instructions and white space are all in the tree.
"""

from __future__ import annotations

import re

from lxml import etree

#: Bounds on what one document may make us build, far above what a prescription with attachments needs.
MAX_OCTETS = 32 * 1024 * 1024
MAX_TAGS = 60_000
MAX_ATTRIBUTES = 100_000
MAX_NAMESPACES = 500
#: Of one element; canonicalising sorts them one by one.
MAX_ATTRIBUTES_HERE = 500
#: Declarations times tags: what is in scope is worked out at each element.
MAX_SCOPES = 1_500_000

#: What may stand before a DOCTYPE: a byte order mark, the declaration, white space, comments, instructions.
_DOCTYPE = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s+|<!--.*?-->|<\?.*?\?>)*+<!", re.DOTALL)
_ENCODINGS = frozenset({"UTF-8", "US-ASCII", "ASCII"})


class XmlRefused(ValueError):
    """This is no document that is read here. The message says why, and holds no word of the document."""


def parse(octets: bytes) -> etree._ElementTree:
    """The document, in UTF-8. Raises `XmlRefused`, and touches nothing but these octets."""
    _bounded(octets)
    # A DOCTYPE is refused before the parser can meet an entity in it.
    if _DOCTYPE.match(octets):
        raise XmlRefused("a document type declaration")
    try:
        root = etree.fromstring(octets, _parser())
    except etree.XMLSyntaxError as fault:
        raise XmlRefused(f"not well-formed at line {fault.lineno}, column {fault.offset}") from None
    except (ValueError, LookupError):
        raise XmlRefused("not well-formed") from None
    tree = root.getroottree()
    about = tree.docinfo
    if about.internalDTD is not None:
        raise XmlRefused("a document type declaration")
    if about.xml_version != "1.0":
        raise XmlRefused("not XML 1.0")
    if tree.xpath(f"boolean(//*[count(@*) > {MAX_ATTRIBUTES_HERE}])"):
        raise XmlRefused(f"an element with more than {MAX_ATTRIBUTES_HERE} attributes")
    if (about.encoding or "UTF-8").upper() not in _ENCODINGS:
        raise XmlRefused("not in UTF-8")
    return tree


def _bounded(octets: bytes) -> None:
    if len(octets) > MAX_OCTETS:
        raise XmlRefused(f"more than {MAX_OCTETS} octets")
    tags = octets.count(b"<")
    if tags > MAX_TAGS:
        raise XmlRefused(f"more than {MAX_TAGS} tags")
    if octets.count(b"=") > MAX_ATTRIBUTES:
        raise XmlRefused(f"more than {MAX_ATTRIBUTES} attributes")
    declared = octets.count(b"xmlns")
    if declared > MAX_NAMESPACES or tags * declared > MAX_SCOPES:
        raise XmlRefused("too many namespace declarations")


def _parser() -> etree.XMLParser:
    """Made anew each time: a parser is no thing to share between threads."""
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_blank_text=False,
        remove_comments=False,
        remove_pis=False,
        collect_ids=False,
    )
