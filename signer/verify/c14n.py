"""Canonical XML without comments: 1.0, 1.1 and exclusive (W3C REC-xml-c14n, -c14n11, -exc-c14n), in Python.

What a reference covers is worked out here and nowhere else in the verifier, on other code than libxml2's,
which the maker uses. The input is a tree without a DTD (`signer.xml.parser`).
"""

from __future__ import annotations

import re
from typing import cast

from lxml import etree
from msgspec import Struct

INCLUSIVE_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

_XML = "http://www.w3.org/XML/1998/namespace"
#: Attributes that the apex of an inclusive subset takes over from what is around it, and that are enough of
#: those; a subset under xml:base or xml:id, where 1.0 and 1.1 part, is not canonicalised.
_INHERITED = (f"{{{_XML}}}lang", f"{{{_XML}}}space")

_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
_IN_TEXT, _IN_ATTRIBUTE = re.compile("[&<>\r]"), re.compile('[&<"\t\n\r]')

_ATTRIBUTE_NAME = etree.XPath("name(@*[local-name() = $local and namespace-uri() = $uri])")

Namespaces = dict[str, str]


class NotCanonical(ValueError):
    """A subset that is not canonicalised here."""


class Method(Struct, frozen=True):
    """One canonicalisation: its URI, and the prefixes ("" the default) that an exclusive one also renders."""

    uri: str = INCLUSIVE_10
    prefixes: frozenset[str] = frozenset()

    @property
    def exclusive(self) -> bool:
        """Is only what is visibly used rendered of the namespaces?"""
        return self.uri == EXCLUSIVE


def document(tree: etree._ElementTree, method: Method, without: etree._Element | None = None) -> bytes:
    """The whole document, instructions around the root included; `without` and all in it are left out."""
    root = tree.getroot()
    before = [
        _instruction(node) + "\n" for node in root.itersiblings(preceding=True) if _is_instruction(node)
    ]
    after = ["\n" + _instruction(node) for node in root.itersiblings() if _is_instruction(node)]
    writer = _Writer(method, without)
    writer.element(root, {}, {})
    return "".join((*reversed(before), *writer.out, *after)).encode()


def element(apex: etree._Element, method: Method, without: etree._Element | None = None) -> bytes:
    """One element and all in it. Raises `NotCanonical` for an inclusive subset under xml:base or xml:id."""
    inherited: dict[str, str] = {}
    if not method.exclusive:
        for ancestor in apex.iterancestors():
            for name, value in _attributes(ancestor):
                if name in _INHERITED:
                    inherited.setdefault(name, value)
                elif name.startswith(f"{{{_XML}}}"):
                    raise NotCanonical("an element under xml:base or xml:id")
    writer = _Writer(method, without)
    writer.element(apex, {}, inherited)
    return "".join(writer.out).encode()


class _Writer:
    """Appends the canonical form to `out`; `rendered` is what the output has in scope at its parent."""

    def __init__(self, method: Method, without: etree._Element | None) -> None:
        self.out: list[str] = []
        self._method = method
        self._without = without

    def element(self, node: etree._Element, rendered: Namespaces, inherited: dict[str, str]) -> None:
        scope = {prefix or "": uri for prefix, uri in node.nsmap.items()}
        attributes = {**inherited, **dict(_attributes(node))}
        named = sorted(
            (_key(name), _attribute_name(node, name, scope), value) for name, value in attributes.items()
        )
        name = f"{node.prefix}:{_local(node)}" if node.prefix else _local(node)
        if self._method.exclusive:
            used = {node.prefix or ""} | {full.partition(":")[0] for _, full, _ in named if ":" in full}
            wanted = {prefix: scope.get(prefix, "") for prefix in used - {"xml"}}
            wanted |= {prefix: scope[prefix] for prefix in self._method.prefixes & scope.keys()}
        else:
            wanted = {"": ""} | scope
        new = {prefix: uri for prefix, uri in wanted.items() if rendered.get(prefix, "") != uri}
        out = self.out
        out.append(f"<{name}")
        for prefix in sorted(new):
            out.append(f' xmlns{":" if prefix else ""}{prefix}="{_quoted(new[prefix])}"')
        for _, full, value in named:
            out.append(f' {full}="{_quoted(value)}"')
        out.append(">")
        if node.text:
            out.append(_text(node.text))
        below = {**rendered, **new} if new else rendered
        for child in node:
            if child is not self._without:
                if _is_instruction(child):
                    out.append(_instruction(child))
                elif isinstance(child.tag, str):
                    self.element(child, below, {})
            if child.tail:
                out.append(_text(child.tail))
        out.append(f"</{name}>")


def _attributes(node: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in node.attrib.items()]


def _local(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2]


def _key(clark: str) -> tuple[str, str]:
    """Attributes are in the order of namespace name, then local name; those in none come first."""
    uri, _, local = clark.rpartition("}")
    return uri[1:], local


def _attribute_name(node: etree._Element, clark: str, scope: Namespaces) -> str:
    uri, local = _key(clark)
    if not uri:
        return local
    if uri == _XML:
        return f"xml:{local}"
    prefixes = [prefix for prefix, bound in scope.items() if bound == uri and prefix]
    if len(prefixes) == 1:
        return f"{prefixes[0]}:{local}"
    return str(_ATTRIBUTE_NAME(node, local=local, uri=uri))


def _is_instruction(node: etree._Element) -> bool:
    return isinstance(node, etree._ProcessingInstruction)


def _instruction(node: etree._Element) -> str:
    instruction = cast(etree._ProcessingInstruction, node)
    target, data = str(instruction.target), (instruction.text or "").replace("\r", "&#xD;")
    return f"<?{target}{' ' if data else ''}{data}?>"


def _text(text: str) -> str:
    return _IN_TEXT.sub(lambda match: _TEXT[match[0]], text)


def _quoted(value: str) -> str:
    return _IN_ATTRIBUTE.sub(lambda match: _ATTRIBUTE[match[0]], value)
