"""Named attacks on CMS: each is told by name, and none is valid for what its victim did not sign."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from signer.cli.demo.authority import AUTHORITY_NAME, ODD_DOCTOR, PLAIN_DOCTOR, Usage
from signer.envelope.algorithms import SUITES
from signer.model.credential import SignatureAlgorithm
from signer.verify import Indication, Report, SubIndication, verify
from signer.verify.der import over
from signer.x509 import Certificate, read
from tests import cms, pki
from tests.openssl import cms_signature
from tests.revocation import CERTIFICATE_VALUES, elements, tlv, with_unsigned
from tests.signatures import CONTENT, signed
from tests.verify.test_cades import (
    SignerWithoutAttributes,
    added,
    crafted,
    other_certificate,
    reference,
    replaced,
    signer_of,
    two_signers,
    with_signer,
    with_signer_info,
    without,
)

ROOT = read(pki.authority().certificate)
LEAF = pki.leaf("p256")
ECDSA = SignatureAlgorithm.ECDSA_SHA256
S = SubIndication
WHOLE = signed()


def judged(signature: bytes, content: bytes | None = None) -> Report:
    return verify(signature, content=content, anchors=(ROOT,), at=pki.NOW)


def by_another_key() -> bytes:
    made = signed()
    signer = signer_of(asn1.decode_der(cms.ContentInfo, made).content)
    to_be_signed = b"\x31" + asn1.encode_der(signer.signed_attrs)[1:]
    value = pki.sign(pki.key("other-p256"), ECDSA, to_be_signed)

    def change(info: cms.SignerInfo) -> None:
        info.signature = value

    return crafted(signed_data=with_signer(change))


def signed_directly(content: bytes) -> SignerWithoutAttributes:
    """A signer without signed attributes, whose value is over the content itself."""
    suite = SUITES[ECDSA]
    return SignerWithoutAttributes(
        version=1,
        sid=signer_of(asn1.decode_der(cms.ContentInfo, WHOLE).content).sid,
        digest_algorithm=cms.raw(suite.digest_algorithm),
        signature_algorithm=cms.raw(suite.signature_algorithm),
        signature=pki.sign(pki.key("p256"), ECDSA, content),
    )


def signed_attributes() -> bytes:
    """Those of the real signature, as they were signed."""
    return (
        b"\x31" + asn1.encode_der(signer_of(asn1.decode_der(cms.ContentInfo, WHOLE).content).signed_attrs)[1:]
    )


def transplanted() -> bytes:
    """The signed attributes of a real signature, put in as content, under that signature's own value."""
    made = signer_of(asn1.decode_der(cms.ContentInfo, WHOLE).content)
    bare = signed_directly(b"")
    bare.signature = made.signature
    kind, explicit = elements(over(with_signer_info(bare)).enter(0x30))
    version, digests, _, *rest = elements(over(explicit).enter(0xA0).enter(0x30))
    content = tlv(0x30, asn1.encode_der(cms.ID_DATA) + tlv(0xA0, asn1.encode_der(signed_attributes())))
    return tlv(0x30, kind + tlv(0xA0, tlv(0x30, b"".join([version, digests, content, *rest]))))


def content_of_attributes() -> bytes:
    """What the maker refuses: content that is itself a SET OF Attribute, signed with attributes."""
    return cms_signature(signed_attributes(), LEAF.der, pki.key("p256"))


def indefinite(signature: bytes) -> bytes:
    """The same with an indefinite length outside (BER)."""
    header = 4
    return signature[:1] + b"\x80" + signature[header:] + b"\x00\x00"


def four_gigabytes(signature: bytes) -> bytes:
    return signature[:1] + b"\x84\xff\xff\xff\xff" + signature[4:]


def with_certificates(*certificates: bytes) -> bytes:
    def change(data: cms.SignedData) -> None:
        data.certificates = asn1.SetOf([cms.raw(one) for one in certificates])

    return crafted(signed_data=change)


def twin() -> bytes:
    """Another certificate of the same authority for the same key and holder."""
    return pki.authority().issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW - pki.A_MONTH)


def with_reference(issuer: bytes, serial: bytes) -> bytes:
    """The right hash of the signer's certificate, signed beside the issuer and serial number of any."""
    named = tlv(0x30, tlv(0x30, tlv(0xA4, issuer)) + serial)
    essential = tlv(0x30, asn1.encode_der(bytes.fromhex(LEAF.id)) + named)
    return crafted(replaced(cms.ID_SIGNING_CERTIFICATE_V2, cms.raw(tlv(0x30, tlv(0x30, essential)))))


def with_older_reference(certificate: bytes) -> bytes:
    """The signer's certificate in version 2 of the attribute, this one in version 1."""
    first = tlv(0x30, asn1.encode_der(hashlib.sha1(certificate).digest()))
    value = cms.raw(tlv(0x30, tlv(0x30, first)))
    return crafted(added(cms.attribute(ObjectIdentifier("1.2.840.113549.1.9.16.2.12"), value)))


def under_key_id(certificate: Certificate) -> bytes:
    """The signer named by the key's identifier, and this certificate of it put beside the signature."""
    made = signer_of(asn1.decode_der(cms.ContentInfo, WHOLE).content)
    version, _, *rest = elements(over(asn1.encode_der(made)).enter(0x30))
    assert LEAF.subject_key_id is not None
    signer = tlv(0x30, b"\x02\x01\x03" + tlv(0x80, LEAF.subject_key_id) + b"".join(rest))
    assert version == b"\x02\x01\x01"
    kind, explicit = elements(over(WHOLE).enter(0x30))
    fields = elements(over(explicit).enter(0xA0).enter(0x30))
    fields[3:] = [tlv(0xA0, certificate.der), tlv(0x31, signer)]
    return tlv(0x30, kind + tlv(0xA0, tlv(0x30, b"".join(fields))))


def each_attribute() -> list[bytes]:
    return elements(over(signed_attributes()).enter(0x31))


def written_anew(*attributes: bytes) -> bytes:
    """The right signature, its signed attributes written so by whoever holds no key."""
    made = signer_of(asn1.decode_der(cms.ContentInfo, WHOLE).content)
    made.signed_attrs = cms.raw(tlv(0xA0, b"".join(attributes)))
    return with_signer_info(made)


def content_in_pieces() -> bytes:
    """The content in two pieces, which BER allows."""
    pieces = tlv(0x24, asn1.encode_der(CONTENT[:9]) + asn1.encode_der(CONTENT[9:]))
    return changed_content(pieces)


def changed_content(*octet_strings: bytes) -> bytes:
    kind, explicit = elements(over(WHOLE).enter(0x30))
    fields = elements(over(explicit).enter(0xA0).enter(0x30))
    fields[2] = tlv(0x30, asn1.encode_der(cms.ID_DATA) + tlv(0xA0, b"".join(octet_strings)))
    return tlv(0x30, kind + tlv(0xA0, tlv(0x30, b"".join(fields))))


def crowd() -> list[bytes]:
    """More authorities of one name and key, each certifying the others, than a chain could ever need."""
    return [
        pki.authority().issue(
            pki.spki(pki.key("p256")),
            AUTHORITY_NAME,
            not_before=pki.NOW - timedelta(days=day),
            usage=frozenset({Usage.KEY_CERT_SIGN}),
            ca=True,
        )
        for day in range(2, 30)
    ]


ATTACKS: list[tuple[str, bytes, bytes | None, SubIndication, str]] = [
    ("nothing", b"", None, S.FORMAT_FAILURE, "format-unknown"),
    ("text", b"a prescription", None, S.FORMAT_FAILURE, "format-unknown"),
    ("a certificate", LEAF.der, None, S.FORMAT_FAILURE, "not-der"),
    ("truncated", WHOLE[:-1], None, S.FORMAT_FAILURE, "not-der"),
    ("trailing octet", WHOLE + b"\x00", None, S.FORMAT_FAILURE, "not-der"),
    ("bit-flipped content", WHOLE.replace(CONTENT, CONTENT[:-1] + b"|"), None, S.HASH_FAILURE,
     "digest-differs"),
    ("another key, the right certificate", by_another_key(), None, S.SIG_CRYPTO_FAILURE, "signature-wrong"),
    ("another certificate", crafted(signed_data=other_certificate), None, S.NO_SIGNING_CERTIFICATE_FOUND,
     "signing-certificate-missing"),
    ("a swapped signing-certificate", crafted(replaced(
        cms.ID_SIGNING_CERTIFICATE_V2, reference(pki.leaf("p384")))), None, S.NO_SIGNING_CERTIFICATE_FOUND,
     "signing-certificate-differs"),
    ("a twin certificate for the key", with_certificates(twin()), None, S.NO_SIGNING_CERTIFICATE_FOUND,
     "signing-certificate-missing"),
    ("the right hash beside another serial number", with_reference(LEAF.issuer_der,
     pki.leaf("p384").serial_der), None, S.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs"),
    ("the right hash beside another issuer", with_reference(LEAF.subject_der, LEAF.serial_der), None,
     S.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs"),
    ("two versions of the attribute that name two certificates", with_older_reference(
        pki.leaf("p384").der), None, S.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs"),
    ("the same key under another subject", under_key_id(pki.leaf("p256", ODD_DOCTOR)), None,
     S.NO_SIGNING_CERTIFICATE_FOUND, "signing-certificate-differs"),
    ("two signed times", crafted(added(cms.signing_time(pki.NOW - timedelta(days=400)))), None,
     S.FORMAT_FAILURE, "attribute-twice"),
    ("a signed time of two values", crafted(replaced(cms.ID_SIGNING_TIME, asn1.UTCTime(pki.NOW),
     asn1.UTCTime(pki.NOW - timedelta(days=400)))), None, S.FORMAT_FAILURE, "not-der"),
    ("two message digests", crafted(added(cms.attribute(cms.ID_MESSAGE_DIGEST, bytes(32)))), None,
     S.FORMAT_FAILURE, "attribute-twice"),
    ("signed attributes in another order", written_anew(*each_attribute()[::-1]), None, S.FORMAT_FAILURE,
     "not-der"),
    ("signed attributes in BER", written_anew(*(one[:1] + b"\x81" + one[1:] for one in each_attribute())),
     None, S.FORMAT_FAILURE, "not-der"),
    ("content in pieces", content_in_pieces(), None, S.FORMAT_FAILURE, "not-der"),
    ("two contents", changed_content(asn1.encode_der(CONTENT), asn1.encode_der(b"{}")), None,
     S.FORMAT_FAILURE, "not-der"),
    ("two signers", crafted(signed_data=two_signers), None, S.SIG_CONSTRAINTS_FAILURE, "several-signers"),
    ("no signer", crafted(signed_data=lambda data: setattr(data, "signer_infos", asn1.SetOf([]))), None,
     S.FORMAT_FAILURE, "no-signer"),
    ("no message-digest", crafted(without(cms.ID_MESSAGE_DIGEST)), None, S.FORMAT_FAILURE,
     "attribute-missing"),
    ("no content-type", crafted(without(cms.ID_CONTENT_TYPE)), None, S.FORMAT_FAILURE, "attribute-missing"),
    ("an attribute altered after signing", WHOLE.replace(
        b"\x04\x00\x8d\x45\x02\x01", b"\x04\x00\x8d\x45\x02\x02"), None, S.SIG_CRYPTO_FAILURE,
     "signature-wrong"),
    ("no signed attributes", with_signer_info(signed_directly(CONTENT)), None, S.FORMAT_FAILURE,
     "no-signed-attributes"),
    ("a transplanted signature", transplanted(), None, S.FORMAT_FAILURE, "no-signed-attributes"),
    ("content that is attributes", content_of_attributes(), None, S.SIG_CONSTRAINTS_FAILURE,
     "content-is-attributes"),
    ("content swapped in a detached pair", signed(attached=False), CONTENT + b" ", S.HASH_FAILURE,
     "digest-differs"),
    ("content missing", signed(attached=False), None, S.SIGNED_DATA_NOT_FOUND, "content-missing"),
    ("another document beside it", WHOLE, CONTENT + b" ", S.HASH_FAILURE, "content-differs"),
    ("indefinite length", indefinite(WHOLE), None, S.FORMAT_FAILURE, "not-der"),
    ("4 GB length", four_gigabytes(WHOLE), None, S.FORMAT_FAILURE, "not-der"),
    ("4 GB length, whole", b"\x30\x84\xff\xff\xff\xff", None, S.FORMAT_FAILURE, "not-der"),
    ("white space for PEM", b"-----BEGIN CMS-----" + b" " * 2_000_000 + b"!", None, S.FORMAT_FAILURE,
     "format-unknown"),
    ("line ends for base64", b"M" + b"\n" * 2_000_000 + b"!", None, S.FORMAT_FAILURE, "format-unknown"),
    ("dots", b"." * 2_000_000, None, S.FORMAT_FAILURE, "format-unknown"),
    ("deep nesting", b"\x30\x80" * 100_000, None, S.FORMAT_FAILURE, "not-der"),
    ("a hundred certificates", with_certificates(*(pki.authority().issue(
        pki.spki(pki.key("p384")), PLAIN_DOCTOR, not_before=pki.NOW) for _ in range(100))), None,
     S.FORMAT_FAILURE, "too-many-certificates"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("signature", "content", "expected", "code"),
    [row[1:] for row in ATTACKS],
    ids=[row[0] for row in ATTACKS],
)
def test_an_attack_is_told_by_name(
    signature: bytes, content: bytes | None, expected: SubIndication, code: str
) -> None:
    report = judged(signature, content)
    assert report.sub_indication is expected, report.findings
    assert code in {finding.code for finding in report.findings}
    assert report.content is None or expected is S.SIG_CONSTRAINTS_FAILURE


def test_what_is_attacked_is_valid_by_itself() -> None:
    assert judged(WHOLE).indication is Indication.VALID
    assert judged(crafted()).indication is Indication.VALID
    assert judged(signed(attached=False), CONTENT).indication is Indication.VALID


def test_a_reference_with_its_issuer_and_serial_number_is_accepted_as_one_without() -> None:
    for right in (with_reference(LEAF.issuer_der, LEAF.serial_der), with_older_reference(LEAF.der)):
        assert judged(right).indication is Indication.VALID
    assert judged(under_key_id(LEAF)).certificate == LEAF.der


def test_two_certificates_for_one_key_are_told_apart_by_the_signed_reference() -> None:
    for certificates in ((LEAF.der, twin()), (twin(), LEAF.der)):
        report = judged(with_certificates(*certificates))
        assert report.indication is Indication.VALID, report.findings
        assert report.certificate == LEAF.der


def test_certificates_beside_the_signature_help_to_find_the_way_and_are_not_trusted() -> None:
    beside = tlv(0x30, ROOT.der)
    assert verify(
        with_unsigned(WHOLE, CERTIFICATE_VALUES, beside), anchors=(), at=pki.NOW
    ).sub_indication is (S.NO_CERTIFICATE_CHAIN_FOUND)


def test_a_crowd_of_authorities_that_certify_one_another_costs_little() -> None:
    """Without a bound on the ways that are tried this would not end."""
    report = verify(with_certificates(LEAF.der, *crowd()), anchors=(pki.leaf("p384"),), at=pki.NOW)
    assert report.sub_indication is S.NO_CERTIFICATE_CHAIN_FOUND


@pytest.mark.parametrize("wrapped", ["PEM", "base64"])
def test_pem_and_base64_are_taken_off(wrapped: str) -> None:
    text = base64.encodebytes(WHOLE)
    if wrapped == "PEM":
        text = b"-----BEGIN CMS-----\n" + text + b"-----END CMS-----\n"
    assert judged(text).indication is Indication.VALID


def test_openssl_makes_what_is_accepted_with_a_signed_certificate_and_without() -> None:
    for options, format_ in (((), "cms"), (("-cades",), "cades")):
        report = judged(cms_signature(CONTENT, LEAF.der, pki.key("p256"), options=options))
        assert (report.indication, report.format) == (Indication.VALID, format_), report.findings


def test_the_element_helper_of_these_tests_takes_a_signature_apart_without_loss() -> None:
    assert b"".join(elements(over(WHOLE))) == WHOLE
