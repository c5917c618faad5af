"""What a XAdES signature covers is told exactly; whatever could be taken for more is refused by name."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope.phases import Evidence
from signer.model.credential import SignatureAlgorithm
from signer.verify.candidate import Candidate, Unreadable
from signer.verify.report import SubIndication
from signer.verify.xades import read
from tests import pki
from tests.signatures import ALGORITHMS
from tests.verify.xades_attacks import (
    ATTACKS,
    Change,
    doctype,
    object_beside,
    object_moved_out,
    reference,
    swap,
    two_certificates,
)
from tests.xmldsig import FORMS, JSON_CONTENT, signed

_HASHES_AND_PADDINGS = {"rsa-pss-sha256": "pss", "ecdsa-sha256": "ecdsa", "ecdsa-sha384": "ecdsa"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_what_mohr_makes_is_read_and_says_what_was_signed(
    form: str, kind: str, algorithm: SignatureAlgorithm
) -> None:
    content, media_type, attached = FORMS[form]
    certificate = pki.leaf(kind, ODD_DOCTOR)
    found = read(signed(form, kind, algorithm, certificate=certificate), content)
    assert (found.failure, found.findings) == (None, ())
    assert (found.content, found.media_type, found.attached) == (content, media_type, attached)
    assert (found.format, found.level, found.covers_all) == ("xades", "B-B", True)
    assert (found.certificate, found.certificates) == (certificate.der, ())
    assert found.claimed_at == pki.NOW
    assert f"sha{algorithm.value[-3:]}" == found.digest
    assert found.padding == _HASHES_AND_PADDINGS.get(algorithm.value, "pkcs1")


def test_an_enveloped_content_that_is_not_given_comes_in_its_canonical_form() -> None:
    found = read(signed("enveloped"))
    assert found.failure is None
    assert (
        found.content
        == (
            '<rx xmlns="urn:rx" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:lang="fa">\n'
            ' <?layout wide?><item q="20" xsi:type="drug">استامینوفن &amp; &lt;500 mg&gt;</item>'
            "<empty></empty>\n</rx>"
        ).encode()
    )


def test_a_detached_signature_without_its_content_says_so() -> None:
    found = read(signed("detached"))
    assert (found.failure, found.content) == (SubIndication.SIGNED_DATA_NOT_FOUND, None)


@pytest.mark.parametrize("form", FORMS)
def test_other_content_than_the_signed_one_is_a_hash_failure(form: str) -> None:
    content, _, _ = FORMS[form]
    other = content.replace(b"drug", b"food").replace("سلام".encode(), b"salam")
    assert read(signed(form), other).failure is SubIndication.HASH_FAILURE


@pytest.mark.parametrize("form", FORMS)
def test_timestamps_come_with_what_they_cover(form: str) -> None:
    found = read(signed(form, evidence=Evidence(timestamp=b"\x30\x00")), FORMS[form][0])
    assert (found.failure, found.level) == (None, "B-T")
    (stamp,) = found.timestamps
    assert stamp.token == b"\x30\x00"
    assert re.fullmatch(
        rb'<ds:SignatureValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="mohr-\w+-value">[\w+/=]+'
        rb"</ds:SignatureValue>",
        stamp.stamped,
    )


def test_a_signature_by_another_key_with_the_right_certificate_is_wrong() -> None:
    found = read(signed("enveloping", "other-p256", certificate=pki.leaf("p256")))
    assert found.failure is SubIndication.SIG_CRYPTO_FAILURE


def test_white_space_and_another_prefix_are_read_as_the_same() -> None:
    """Only what is not signed may be written otherwise."""
    written = signed("enveloping")
    spaced = written.replace(b"<ds:KeyInfo><ds:X509Data>", b"<ds:KeyInfo>\n <ds:X509Data>")
    assert read(spaced).failure is None


def told(octets: bytes) -> tuple[Candidate | None, set[str]]:
    """The candidate, or None where nothing can be read, and the codes found."""
    try:
        found = read(octets, JSON_CONTENT if b'URI="content"' in octets else None)
    except Unreadable as refused:
        return None, {refused.finding.code}
    return found, {finding.code for finding in found.findings}


@pytest.mark.parametrize(("name", "form", "change", "code"), ATTACKS, ids=[row[0] for row in ATTACKS])
def test_an_attack_is_refused_by_its_name(name: str, form: str, change: Change, code: str) -> None:
    found, codes = told(change(signed(form)))
    assert code in codes
    assert found is None or found.failure is not None


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ("enveloping", object_moved_out),
        ("enveloping", object_beside),
        ("enveloped", swap("<empty/>", "<!-- unsigned --><empty/>")),
        ("enveloping", lambda octets: b"<evil>opium" + octets + b"</evil>"),
    ],
    ids=["object moved out", "object beside", "comment", "around"],
)
def test_what_is_not_covered_never_comes_out_as_content_and_is_told(form: str, change: Change) -> None:
    found = read(change(signed(form)))
    assert found.failure is None
    assert not found.covers_all
    assert found.content == read(signed(form)).content


def test_a_certificate_more_does_not_change_who_signed() -> None:
    found = read(two_certificates(signed("enveloping")))
    assert found.failure is None
    assert found.certificate == pki.leaf("p256").der
    assert found.certificates == (pki.leaf("other-p256").der,)


@pytest.mark.parametrize(
    "change",
    [
        lambda url: doctype(f'SYSTEM "{url}"'),
        lambda url: doctype(f'[<!ENTITY % x SYSTEM "{url}"> %x;]'),
        lambda url: doctype(f'[<!ENTITY x SYSTEM "{url}">]'),
        lambda url: reference(f'URI="{url}"'),
        lambda url: swap("<empty/>", f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{url}"/>'),
        lambda url: swap("<empty/>", f'<empty xsi:schemaLocation="urn:rx {url}"/>'),
    ],
    ids=["subset", "parameter entity", "entity", "reference", "include", "schema"],
)
def test_no_connection_is_made_whatever_a_document_asks_for(change: Callable[[str], Change]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/rx"
        found, codes = told(change(url)(signed("enveloped")))
        assert codes
        assert found is None or found.failure is not None
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_mutation_is_accepted_with_another_content(form: str, data: st.DataObject) -> None:
    whole = signed(form)
    at = data.draw(st.integers(0, len(whole) - 1))
    gone = data.draw(st.integers(0, 20))
    mutated = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + gone :]
    found, codes = told(mutated)
    if found is None or found.failure is not None:
        assert codes
    else:
        assert found.content == read(whole, JSON_CONTENT if form == "detached" else None).content


@given(st.binary(max_size=400) | st.binary(max_size=100).map(lambda tail: signed("enveloping")[:600] + tail))
def test_any_octets_are_answered(octets: bytes) -> None:
    found, codes = told(octets)
    assert found is None
    assert codes
