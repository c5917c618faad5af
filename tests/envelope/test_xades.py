"""XAdES: others accept what is made, the host document stays as it was, what cannot be signed is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope.phases import Evidence
from signer.envelope.xades import attach, prepare, strip
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported, MechanismUnsupported
from signer.model.request import Level
from tests import pki
from tests.signatures import ALGORITHMS
from tests.xmldsig import ECDSA, FORMS, JSON_CONTENT, XML, XML_CONTENT, signed, signxml_verifies, xmlsec1

#: xmlsec1 learned RSASSA-PSS in 1.3; signxml judges that one below.
_WITHOUT_PSS = [pair for pair in ALGORITHMS if pair[1] is not SignatureAlgorithm.RSA_PSS_SHA256]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "algorithm"), _WITHOUT_PSS, ids=lambda value: getattr(value, "value", value)
)
def test_xmlsec1_accepts_every_form_and_algorithm(
    tmp_path: Path, form: str, kind: str, algorithm: SignatureAlgorithm
) -> None:
    result = xmlsec1(tmp_path, signed(form, kind, algorithm), FORMS[form][0])
    assert result.returncode == 0, result.stderr
    assert "SignedInfo References (ok/all): 2/2" in result.stderr


@pytest.mark.parametrize("form", FORMS)
def test_xmlsec1_accepts_a_certificate_with_characters_that_are_illegal_in_it(
    tmp_path: Path, form: str
) -> None:
    odd = pki.leaf("rsa-2048", ODD_DOCTOR)
    signature = signed(form, "rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA256, certificate=odd)
    assert xmlsec1(tmp_path, signature, FORMS[form][0]).returncode == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_signxml_accepts_every_form_and_algorithm(
    form: str, kind: str, algorithm: SignatureAlgorithm
) -> None:
    assert signxml_verifies(signed(form, kind, algorithm), form, pki.leaf(kind)) == 2


@pytest.mark.parametrize("form", FORMS)
def test_xmlsec1_refuses_each_form_over_other_content(tmp_path: Path, form: str) -> None:
    content, _, _ = FORMS[form]
    other = content.replace(b"drug", b"food").replace("سلام".encode(), b"salam")
    assert other != content
    swapped = attach(strip(signed(form), content), other)
    assert xmlsec1(tmp_path, swapped, other).returncode != 0


@pytest.mark.parametrize("form", FORMS)
def test_the_journal_keeps_no_content_and_the_file_comes_again_byte_for_byte(form: str) -> None:
    content, _, _ = FORMS[form]
    whole = signed(form)
    kept = strip(whole, content)
    assert attach(kept, content) == whole
    assert b"<item" not in kept
    assert b"eyJtb2hy" not in kept
    assert len(kept) <= len(signed("detached")) + 500


def test_an_enveloped_document_stays_as_it_was_but_for_the_signature_before_its_end_tag() -> None:
    whole = signed("enveloped")
    before, end = XML_CONTENT.split(b"</rx >")
    assert whole.startswith(before + b"<ds:Signature ")
    assert whole.endswith(b"</ds:Signature></rx >" + end)


@given(st.binary(max_size=500))
def test_any_octets_are_enveloped_and_come_again(content: bytes) -> None:
    draft = prepare(
        content=content,
        media_type="application/octet-stream",
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
    )
    whole = draft.finish(pki.sign(pki.key("p256"), ECDSA, draft.to_be_signed))
    assert attach(strip(whole, content), content) == whole


@given(st.binary(max_size=300))
def test_nothing_is_attached_to_bytes_that_are_no_signature(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        attach(junk, JSON_CONTENT)


def swapped(octets: bytes) -> bytes:
    """The same length, the last letter another."""
    return octets[:-8] + b"x" + octets[-7:]


@pytest.mark.parametrize("form", ["enveloped", "enveloping", "enveloping text"])
@pytest.mark.parametrize("change", [lambda octets: octets + b"   ", lambda octets: octets[:-1], swapped])
def test_a_signature_over_one_content_is_not_stripped_as_one_over_another(
    form: str, change: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        strip(signed(form), change(FORMS[form][0]))


def test_of_a_detached_signature_the_journal_keeps_all() -> None:
    whole = signed("detached")
    assert strip(whole, JSON_CONTENT) == whole


def begin(**changes: object) -> None:
    arguments: dict[str, object] = {
        "content": XML_CONTENT,
        "media_type": XML,
        "certificate": pki.leaf("p256"),
        "algorithm": ECDSA,
        "signing_time": pki.NOW,
    } | changes
    prepare(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "well-formed"),
        (b"<a>", "well-formed"),
        (b"<a></a><b></b>", "well-formed"),
        (b"<p:a></p:a>", "well-formed"),
        (b"<a>&nbsp;</a>", "well-formed"),
        (b"<!DOCTYPE a><a></a>", "type declaration"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "type declaration"),
        (b"<!-- c --><?p?><!DOCTYPE a><a></a>", "type declaration"),
        (b"<a><!-- unsigned --></a>", "comments"),
        (b"<a></a><!-- after -->", "comments"),
        (b"<?xml-stylesheet href='x'?><a></a>", "around its root"),
        (b"<a></a><?after </b>?>", "around its root"),
        (b"<a/>", "end tag"),
        (b"<a b='&lt;/c>'/>", "end tag"),
        (b"<?xml version='1.1'?><a></a>", "XML 1.0"),
        ("<?xml version='1.0' encoding='UTF-16'?><a></a>".encode("utf-16"), "UTF-8"),
        (b"<?xml version='1.0' encoding='windows-1256'?><a>\xc7</a>", "UTF-8"),
        (b'<a xmlns="relative"></a>', "absolute"),
        (b'<a xmlns="urn:a&amp;b"></a>', "reference"),
        (b'<a><s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/></a>', "already"),
        (b"<a>" * 300 + b"</a>" * 300, "well-formed"),
        (b"<a " + b"".join(b"b%d='' " % n for n in range(501)) + b"></a>", "attributes"),
        (b"<a " + b"".join(b"xmlns:b%d='urn:b' " % n for n in range(501)) + b"></a>", "namespace"),
        (b"<a>" + b"<b/>" * 60_000 + b"</a>", "tags"),
    ],
)
def test_xml_that_cannot_carry_its_signature_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(DocumentRefused, match=reason):
        begin(content=content)


@pytest.mark.parametrize("form", FORMS)
def test_a_signature_is_not_signed_again(form: str) -> None:
    with pytest.raises(DocumentRefused, match="already"):
        begin(content=signed(form))


def test_a_level_that_is_not_made_is_refused() -> None:
    with pytest.raises(FormatUnsupported):
        begin(level=Level.B_LT)


@pytest.mark.parametrize("media_type", ["", "xml", "a/b\n", "متن/ساده"])
def test_a_media_type_that_is_none_is_refused(media_type: str) -> None:
    with pytest.raises(FormatUnsupported):
        begin(media_type=media_type)


@pytest.mark.parametrize(
    "algorithm", [a for a in SignatureAlgorithm if a is not ECDSA], ids=lambda algorithm: algorithm.value
)
def test_an_algorithm_that_is_not_the_keys_is_refused(algorithm: SignatureAlgorithm) -> None:
    with pytest.raises(MechanismUnsupported):
        begin(algorithm=algorithm)


def test_a_signing_time_without_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        begin(signing_time=pki.NOW.replace(tzinfo=None))


@pytest.mark.parametrize("media_type", ["text/plain", 'text/plain; note="<&>"'])
def test_a_media_type_with_markup_in_its_parameters_is_signed(tmp_path: Path, media_type: str) -> None:
    draft = prepare(
        content=b"x",
        media_type=media_type,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW + timedelta(microseconds=5),
    )
    whole = draft.finish(pki.sign(pki.key("p256"), ECDSA, draft.to_be_signed))
    assert xmlsec1(tmp_path, whole).returncode == 0
    assert etree.fromstring(whole).findtext(".//{*}MimeType") == media_type


@pytest.mark.parametrize("form", FORMS)
def test_what_a_timestamp_covers_is_the_canonical_value_and_its_token_is_placed(
    tmp_path: Path, form: str
) -> None:
    content, media_type, attached = FORMS[form]
    draft = prepare(
        content=content,
        media_type=media_type,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
        attached=attached,
        level=Level.B_T,
    )
    value = pki.sign(pki.key("p256"), ECDSA, draft.to_be_signed)
    whole = draft.finish(value, Evidence(timestamp=b"\x30\x00token"))
    (element,) = etree.fromstring(whole).iter("{http://www.w3.org/2000/09/xmldsig#}SignatureValue")
    assert draft.stamped(value) == etree.tostring(element, method="c14n", exclusive=True, with_tail=False)
    assert b">MAB0b2tlbg==</xades:EncapsulatedTimeStamp>" in whole
    assert xmlsec1(tmp_path, whole, content).returncode == 0
    assert attach(strip(whole, content), content) == whole
