"""XML and attachments on the sheet: every text, attribute and declaration, or the document is not signed."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from signer.model.errors import DocumentUnreadable
from signer.model.request import JSON, TEXT, XML, Attachment
from signer.model.sheet import DocumentSheet, PlainSheet, PrescriptionSheet, Weight
from signer.prescription.reader import read
from tests.prescription.forms import HOLDER, NOW, as_document, found, sample

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- before --><?layout wide?>
<rx xmlns="urn:rx" xmlns:x="urn:x" xml:lang="fa">
  <item dose="5 mg" x:code="">استامینوفن</item>
  <item dose="&quot;6&quot;"><![CDATA[<b>]]></item>
  <note>one <b>two</b> three<!-- inside --></note>
  <empty/><blank> </blank>
</rx><?after?>
""".encode()


def sheet_of(
    content: bytes, media_type: str = XML, attachments: tuple[Attachment, ...] = ()
) -> DocumentSheet:
    return read(replace(as_document(content, media_type), attachments=attachments), HOLDER, NOW)


def shown(sheet: DocumentSheet) -> dict[str, str]:
    assert isinstance(sheet.body, PlainSheet)
    return {leaf.pointer: leaf.text for leaf in sheet.body.leaves}


@pytest.mark.parametrize("media_type", [XML, "text/xml"])
def test_every_text_attribute_declaration_comment_and_instruction_is_shown(media_type: str) -> None:
    assert shown(sheet_of(DOCUMENT, media_type)) == {
        "/comment()[1]": " before ",
        "/processing-instruction(layout)[1]": "wide",
        "/rx/@xmlns": "urn:rx",
        "/rx/@xmlns:x": "urn:x",
        "/rx/@xml:lang": "fa",
        "/rx/item[1]/@dose": "5 mg",
        "/rx/item[1]/@x:code": '""',
        "/rx/item[1]": "استامینوفن",
        "/rx/item[2]/@dose": '""6""',
        "/rx/item[2]": "<b>",
        "/rx/note/text()[1]": "one ",
        "/rx/note/b": "two",
        "/rx/note/text()[2]": " three",
        "/rx/note/comment()[1]": " inside ",
        "/rx/empty": '""',
        "/rx/blank": " ",
        "/processing-instruction(after)[1]": '""',
    }


def test_xml_is_no_prescription_and_says_so() -> None:
    (finding,) = sheet_of(DOCUMENT).findings
    assert (finding.code, finding.weight) == ("document-not-a-prescription", Weight.AMBER)


def test_hidden_characters_are_spelled_and_found_in_texts_and_attributes() -> None:
    sheet = sheet_of("<a b='x\u200fy'>1&#x202e;2</a>".encode())
    assert shown(sheet) == {"/a/@b": "x<U+200F>y", "/a": "1<U+202E>2"}
    (finding,) = found(sheet, "hidden-characters")
    assert dict(finding.facts)["count"] == "2"


names = st.text("abcd", min_size=1, max_size=3)
words = st.text(st.sampled_from("xyz ۵&<\n'"), max_size=5).filter(lambda text: text.strip())


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    element = etree.Element(draw(names))
    for name, value in draw(st.dictionaries(names, words, max_size=2)).items():
        element.set(name, value)
    element.text = draw(words)
    for child in draw(st.lists(elements(depth - 1), max_size=3)) if depth else []:
        child.tail = draw(words)
        element.append(child)
    return element


@given(elements())
def test_no_text_and_no_attribute_is_left_out(root: etree._Element) -> None:
    values = [str(value) for element in root.iter() for value in element.attrib.values()]
    signed = [*(str(text) for text in root.itertext()), *values]
    drawn = shown(sheet_of(etree.tostring(root, encoding="utf-8")))
    assert sorted(drawn.values()) == sorted(text.replace("\n", "↵") for text in signed)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "well-formed"),
        (b"<a>", "well-formed"),
        (b"<!DOCTYPE a><a/>", "type declaration"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "type declaration"),
        (b"<a>&x;</a>", "well-formed"),
        (b"<a>" * 33 + b"</a>" * 33, "deeper than 32"),
        (b"<a>" + b"<b/>" * 20_001 + b"</a>", "more than 20000 leaves"),
        (b"<" + b"n" * 1025 + b"/>", "longer than 1024"),
        ("<a>نسخه</a>".encode("utf-16"), "UTF-8"),
    ],
)
def test_xml_that_cannot_be_shown_in_full_is_not_read(content: bytes, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        sheet_of(content)


ATTACHMENTS = (
    Attachment(name="blood.txt", media_type=TEXT, content="قند\n95".encode()),
    Attachment(name="order.json", media_type=JSON, content=b'{"a":{"b":1}}'),
    Attachment(name="note.xml", media_type=XML, content=b"<n t='1'>x</n>"),
    Attachment(name="scan.png", media_type="image/png", content=b"\x89PNG"),
)


def described(attachment: Attachment) -> str:
    digest = hashlib.sha256(attachment.content).hexdigest()
    size = len(attachment.content)
    return f"{attachment.name} · {attachment.media_type} · {size} octets · SHA-256 {digest}"


def test_attachments_are_shown_by_name_size_and_hash_and_in_full_where_they_can_be_read() -> None:
    document = replace(as_document(sample("tamin")), attachments=ATTACHMENTS)
    body = read(document, HOLDER, NOW).body
    assert isinstance(body, PrescriptionSheet)
    attached = {leaf.pointer: leaf.text for leaf in body.details if leaf.pointer.startswith("attachment/")}
    assert attached == {
        "attachment/1": described(ATTACHMENTS[0]),
        "attachment/1/line/1": "قند",
        "attachment/1/line/2": "95",
        "attachment/2": described(ATTACHMENTS[1]),
        "attachment/2/a/b": "1",
        "attachment/3": described(ATTACHMENTS[2]),
        "attachment/3/n/@t": "1",
        "attachment/3/n": "x",
        "attachment/4": described(ATTACHMENTS[3]),
    }


def test_an_attachment_that_cannot_be_shown_needs_a_yes_of_its_own() -> None:
    sheet = sheet_of(b"text", TEXT, ATTACHMENTS)
    (finding,) = found(sheet, "attachment-not-shown")
    assert (finding.pointer, finding.weight) == ("attachment/4", Weight.AMBER)
    assert dict(finding.facts) == {"attachment": "scan.png"}
    assert list(shown(sheet))[:2] == ["line/1", "attachment/1"]


def test_hidden_characters_of_an_attachment_are_found_in_its_name_and_inside() -> None:
    odd = Attachment(name="a\u202eb", media_type=TEXT, content="x\u200f".encode())
    sheet = sheet_of(b"text", TEXT, (odd,))
    (finding,) = found(sheet, "hidden-characters")
    assert dict(finding.facts)["count"] == "2"
    assert shown(sheet)["attachment/1"].startswith("a<U+202E>b · ")


@pytest.mark.parametrize(
    ("media_type", "content"), [(TEXT, b"\xff"), (JSON, b'{"a":1,"a":2}'), (XML, b"<!DOCTYPE a><a/>")]
)
def test_an_attachment_that_is_not_what_it_says_is_not_signed(media_type: str, content: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        sheet_of(b"text", TEXT, (Attachment(name="a", media_type=media_type, content=content),))
