"""Our canonical XML is libxml2's, octet for octet, where libxml2 can be asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from signer.verify.c14n import EXCLUSIVE, INCLUSIVE_10, INCLUSIVE_11, Method, NotCanonical, document, element
from signer.xml.parser import parse

_NAMES = st.sampled_from(["a", "b", "p:a", "q:b"])
_URIS = st.sampled_from(["urn:1", "urn:2", "http://x/?a=1"])
_TEXTS = st.text(st.sampled_from("a \t\nب&<>\"'é\r"), max_size=6).map(
    lambda text: "".join(
        f"&#{ord(character)};" if character in "&<>\"'\r" else character for character in text
    )
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    name = draw(_NAMES)
    declared = {f"xmlns:{prefix}": draw(_URIS) for prefix in draw(st.sets(st.sampled_from("pqr")))}
    if draw(st.booleans()):
        declared["xmlns"] = draw(st.sampled_from(["", "urn:1", "urn:3"]))
    names = draw(st.sets(st.sampled_from(["z", "c", "xml:lang", "xml:space", "p:d", "q:e"])))
    attributes = {attribute: draw(_TEXTS) for attribute in sorted(names)}
    opened = "".join(f' {key}="{value}"' for key, value in {**attributes, **declared}.items())
    inside = [draw(_TEXTS)]
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        inside += [
            draw(
                elements(depth - 1)
                | st.sampled_from(["<!-- c -->", "<?pi?>", "<?pi d  e?>", "<![CDATA[<&]]>"])
            ),
            draw(_TEXTS),
        ]
    return f"<{name}{opened}>{''.join(inside)}</{name}>"


documents = elements().map(
    lambda body: f'<?a b?><!-- c -->\n<w xmlns:p="urn:p" xmlns:q="urn:q">{body}</w><?z?>'.encode()
)


@settings(max_examples=50, deadline=None)
@given(documents)
def test_a_whole_document_is_canonicalised_as_by_libxml2(octets: bytes) -> None:
    tree = parse(octets)
    for method in (Method(INCLUSIVE_10), Method(INCLUSIVE_11), Method(EXCLUSIVE)):
        expected = etree.tostring(tree, method="c14n", exclusive=method.exclusive, with_comments=False)
        assert document(tree, method) == expected


@settings(max_examples=50, deadline=None)
@given(documents)
def test_any_element_is_canonicalised_exclusively_as_by_libxml2(octets: bytes) -> None:
    for node in parse(octets).getroot().iter("*"):
        expected = etree.tostring(node, method="c14n", exclusive=True, with_comments=False, with_tail=False)
        assert element(node, Method(EXCLUSIVE)) == expected


@settings(max_examples=50, deadline=None)
@given(documents, st.sets(st.sampled_from("pqr")))
def test_prefixes_that_are_named_are_rendered_though_nothing_uses_them(
    octets: bytes, prefixes: set[str]
) -> None:
    tree = parse(octets)
    expected = etree.tostring(
        tree, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=sorted(prefixes)
    )
    assert document(tree, Method(EXCLUSIVE, frozenset(prefixes))) == expected


def test_an_inclusive_subset_takes_namespaces_and_xml_attributes_from_around_it() -> None:
    """The example is C14N 1.1 §3.7's rule: what is in scope at the apex is rendered at the apex."""
    tree = parse(b'<r xmlns="urn:r" xmlns:p="urn:p" xml:lang="fa"><m xml:space="preserve"><a z="1"/></m></r>')
    apex = tree.getroot()[0][0]
    expected = b'<a xmlns="urn:r" xmlns:p="urn:p" z="1" xml:lang="fa" xml:space="preserve"></a>'
    assert element(apex, Method(INCLUSIVE_11)) == expected


def test_a_subset_where_the_two_versions_part_is_not_canonicalised() -> None:
    tree = parse(b'<r xml:base="http://x/"><a/></r>')
    with pytest.raises(NotCanonical):
        element(tree.getroot()[0], Method(INCLUSIVE_11))


def test_what_is_left_out_leaves_the_text_after_it() -> None:
    tree = parse(b"<r>a<s>gone</s>b</r>")
    assert document(tree, Method(INCLUSIVE_11), without=tree.getroot()[0]) == b"<r>ab</r>"
