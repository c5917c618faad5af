"""Every leaf of a signed XML document, spelled for a person: texts, attributes, namespaces, comments.

A leaf's pointer is a path of names as the document writes them, `/rx/item[2]/@dose`. Comments and
instructions are leaves too. White space between elements, as between the members of a JSON object, is not.
"""

from __future__ import annotations

from collections import Counter

from lxml import etree

from signer.model.errors import DocumentUnreadable
from signer.model.ijson import MAX_DEPTH, MAX_LEAVES
from signer.model.sheet import Leaf
from signer.model.text import hidden, visible
from signer.prescription.leaves import MAX_POINTER, Hidden, Leaves, spelled
from signer.xml.parser import XmlRefused, parse

_WHITE_SPACE = " \t\r\n"
_XML = "http://www.w3.org/XML/1998/namespace"


def leaves(octets: bytes) -> Leaves:
    """All leaves, in the document's order. Raises `DocumentUnreadable`, also beyond the bounds of JSON."""
    try:
        tree = parse(octets)
    except XmlRefused as refused:
        raise DocumentUnreadable(f"XML: {refused}") from None
    root = tree.getroot()
    found = _Found()
    around: Counter[str] = Counter()
    for node in reversed(list(root.itersiblings(preceding=True))):
        found.beside(node, "", around)
    found.element(root, f"/{_name(root)}", {}, 1)
    for node in root.itersiblings():
        found.beside(node, "", around)
    return Leaves(shown=found.shown, hidden=tuple(found.hidden))


class _Found:
    def __init__(self) -> None:
        self.shown: dict[str, Leaf] = {}
        self.hidden: list[Hidden] = []

    def element(self, node: etree._Element, pointer: str, outer: dict[str | None, str], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise DocumentUnreadable(f"deeper than {MAX_DEPTH} elements")
        scope = node.nsmap
        for prefix, uri in scope.items():
            if outer.get(prefix) != uri:
                self._leaf(f"{pointer}/@xmlns{':' if prefix else ''}{prefix or ''}", uri)
        for clark, value in node.attrib.items():
            self._leaf(f"{pointer}/@{_attribute(str(clark), scope)}", str(value))
        if not len(node):
            self._leaf(pointer, node.text or "")
            return
        places: Counter[str] = Counter()
        several = Counter(_name(child) for child in node if _is_element(child))
        self._text(node.text, pointer, places)
        for child in node:
            if _is_element(child):
                name = _name(child)
                places[name] += 1
                place = f"[{places[name]}]" if several[name] > 1 else ""
                self.element(child, f"{pointer}/{name}{place}", scope, depth + 1)
            else:
                self.beside(child, pointer, places)
            self._text(child.tail, pointer, places)

    def beside(self, node: etree._Element, pointer: str, places: Counter[str]) -> None:
        """A comment or an instruction."""
        name = "comment()"
        if isinstance(node, etree._ProcessingInstruction):
            name = f"processing-instruction({node.target!s})"
        places[name] += 1
        self._leaf(f"{pointer}/{name}[{places[name]}]", node.text or "")

    def _text(self, text: str | None, pointer: str, places: Counter[str]) -> None:
        if text and text.strip(_WHITE_SPACE):
            places["text()"] += 1
            self._leaf(f"{pointer}/text()[{places['text()']}]", text)

    def _leaf(self, pointer: str, text: str) -> None:
        if len(self.shown) >= MAX_LEAVES:
            raise DocumentUnreadable(f"more than {MAX_LEAVES} leaves")
        seen_as = visible(pointer)
        if len(seen_as) > MAX_POINTER:
            raise DocumentUnreadable(f"{seen_as[:40]}… is longer than {MAX_POINTER} characters")
        if characters := hidden(pointer) + hidden(text):
            self.hidden.append(Hidden(pointer=seen_as, characters=tuple(dict.fromkeys(characters))))
        self.shown[pointer] = Leaf(pointer=seen_as, text=spelled(text))


def _is_element(node: etree._Element) -> bool:
    return not isinstance(node, etree._Comment | etree._ProcessingInstruction)


def _name(node: etree._Element) -> str:
    local = node.tag.rpartition("}")[2]
    return f"{node.prefix}:{local}" if node.prefix else local


def _attribute(clark: str, scope: dict[str | None, str]) -> str:
    uri, _, local = clark.rpartition("}")
    if not uri:
        return local
    prefixes = [prefix for prefix, bound in scope.items() if prefix and bound == uri[1:]]
    return f"{'xml' if uri[1:] == _XML else prefixes[0]}:{local}"
