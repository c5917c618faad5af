"""What Mohr makes is accepted; anything else is refused for the reason that is true, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms as other_cms
from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, DemoAuthority, Name
from signer.envelope.algorithms import SUITES
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.verify.cades import verify, verify_release
from signer.verify.verdict import Reason
from signer.x509 import Certificate, read
from tests import cms, pki
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE, signed

ECDSA = SignatureAlgorithm.ECDSA_SHA256
LEAF = pki.leaf("p256")
ROOT = read(pki.authority().certificate)
WHOLE = signed()


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
@pytest.mark.parametrize("subject", [PLAIN_DOCTOR, ODD_DOCTOR], ids=["plain", "odd"])
def test_what_mohr_makes_is_accepted_and_says_what_was_signed(
    kind: str, algorithm: SignatureAlgorithm, attached: bool, subject: Name
) -> None:
    certificate = pki.leaf(kind, subject)
    signature = signed(kind, algorithm, certificate=certificate, attached=attached)
    verdict = verify(
        signature, content=CONTENT, certificate=certificate.der, media_type=MEDIA_TYPE, anchors=(ROOT,)
    )
    assert verdict.valid, verdict
    assert verdict.signed is not None
    assert verdict.signed.content == CONTENT
    assert verdict.signed.media_type == MEDIA_TYPE
    assert verdict.signed.certificate == certificate
    assert verdict.signed.signing_time == pki.NOW
    assert verdict.signed.algorithm is algorithm
    assert verdict.signed.attached is attached
    release(signature, algorithm=algorithm, certificate=certificate, attached=attached)


def test_another_library_that_encodes_a_signature_anew_gives_the_same_octets() -> None:
    assert other_cms.ContentInfo.load(WHOLE, strict=True).dump(force=True) == WHOLE


def release(signature: bytes, **changes: object) -> None:
    agreed: dict[str, object] = {
        "content": CONTENT,
        "media_type": MEDIA_TYPE,
        "certificate": LEAF,
        "algorithm": ECDSA,
        "signing_time": pki.NOW,
        "attached": True,
    } | changes
    verify_release(signature, **agreed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": CONTENT + b" "}, Reason.CONTENT_DIFFERS),
        ({"media_type": "text/plain"}, Reason.MEDIA_TYPE_DIFFERS),
        ({"certificate": pki.leaf("p384")}, Reason.CERTIFICATE_DIFFERS),
        ({"algorithm": SignatureAlgorithm.ECDSA_SHA384}, Reason.ALGORITHM),
        ({"signing_time": pki.NOW + timedelta(seconds=1)}, Reason.SIGNING_TIME_DIFFERS),
        ({"attached": False}, Reason.ATTACHMENT_DIFFERS),
    ],
)
def test_only_the_signature_that_was_agreed_to_is_released(
    changes: dict[str, object], reason: Reason
) -> None:
    with pytest.raises(SignatureNotVerified) as refused:
        release(signed(), **changes)
    assert refused.value.detail.startswith(reason.name)


def test_parts_of_a_second_do_not_keep_a_signature_back() -> None:
    release(signed(), signing_time=pki.NOW + timedelta(microseconds=999_999))


Attributes = list[cms.Attribute]


@asn1.sequence
class Members:
    members: asn1.SetOf[cms.Attribute]


def tlv(tag: int, contents: bytes) -> bytes:
    return bytes([tag]) + asn1.encode_der(contents)[1:]


def crafted(
    attributes: Callable[[Attributes], Attributes] = lambda made: made,
    signed_data: Callable[[cms.SignedData], None] = lambda made: None,
    *,
    content: bytes | None = CONTENT,
) -> bytes:
    """A signature that is right but for the change: attributes change before signing, the rest after it."""
    info = asn1.decode_der(cms.ContentInfo, signed())
    signer = info.content.signer_infos.as_list()[0]
    made = asn1.decode_der(Members, tlv(0x30, b"\x31" + asn1.encode_der(signer.signed_attrs)[1:]))
    to_be_signed = tlv(0x31, b"".join(sorted(map(asn1.encode_der, attributes(made.members.as_list())))))
    signer.signed_attrs = cms.raw(b"\xa0" + to_be_signed[1:])
    signer.signature = pki.sign(pki.key("p256"), ECDSA, to_be_signed)
    info.content.encap_content_info.e_content = content
    info.content.signer_infos = asn1.SetOf([signer])
    signed_data(info.content)
    return asn1.encode_der(info)


def without(kind: ObjectIdentifier) -> Callable[[Attributes], Attributes]:
    return lambda made: [attribute for attribute in made if attribute.type != kind]


def replaced(kind: ObjectIdentifier, *values: object) -> Callable[[Attributes], Attributes]:
    value = asn1.SetOf([cms.raw(asn1.encode_der(value)) for value in values])
    return lambda made: [*without(kind)(made), cms.Attribute(type=kind, values=value)]


def added(attribute: cms.Attribute) -> Callable[[Attributes], Attributes]:
    return lambda made: [*made, attribute]


def signer_of(data: cms.SignedData) -> cms.SignerInfo:
    return data.signer_infos.as_list()[0]


def with_signer(change: Callable[[cms.SignerInfo], None]) -> Callable[[cms.SignedData], None]:
    def edit(data: cms.SignedData) -> None:
        signer = signer_of(data)
        change(signer)
        data.signer_infos = asn1.SetOf([signer])

    return edit


def two_signers(data: cms.SignedData) -> None:
    other = asn1.decode_der(cms.ContentInfo, signed()).content
    data.signer_infos = asn1.SetOf([signer_of(data), signer_of(other)])


def no_signer(data: cms.SignedData) -> None:
    data.signer_infos = asn1.SetOf([])


def two_certificates(data: cms.SignedData) -> None:
    data.certificates = asn1.SetOf([cms.raw(LEAF.der), cms.raw(ROOT.der)])


def other_certificate(data: cms.SignedData) -> None:
    data.certificates = asn1.SetOf([cms.raw(pki.leaf("p384").der)])


def other_serial(signer: cms.SignerInfo) -> None:
    signer.sid = cms.IssuerAndSerialNumber(
        issuer=cms.raw(LEAF.issuer_der), serial_number=cms.raw(pki.leaf("p384").serial_der)
    )


def other_content_type(data: cms.SignedData) -> None:
    data.encap_content_info.e_content_type = cms.ID_SIGNED_DATA


def version_three(data: cms.SignedData) -> None:
    data.version = 3


def signer_version_three(signer: cms.SignerInfo) -> None:
    signer.version = 3


def sha384_suite(signer: cms.SignerInfo) -> None:
    suite = SUITES[SignatureAlgorithm.ECDSA_SHA384]
    signer.digest_algorithm = cms.raw(suite.digest_algorithm)
    signer.signature_algorithm = cms.raw(suite.signature_algorithm)


def sha384_digest(signer: cms.SignerInfo) -> None:
    signer.digest_algorithm = cms.raw(SUITES[SignatureAlgorithm.ECDSA_SHA384].digest_algorithm)


def sha1_signature(signer: cms.SignerInfo) -> None:
    signer.signature_algorithm = cms.raw(bytes.fromhex("300906072a8648ce3d0401"))


def empty_signature(signer: cms.SignerInfo) -> None:
    signer.signature = b""


def reference(certificate: Certificate) -> cms.SigningCertificateV2:
    return cms.SigningCertificateV2(certs=[cms.EssCertIdV2(cert_hash=bytes.fromhex(certificate.id))])


REFUSALS: list[tuple[str, bytes, Reason]] = [
    ("no content-type", crafted(without(cms.ID_CONTENT_TYPE)), Reason.ATTRIBUTE_ABSENT),
    ("no message-digest", crafted(without(cms.ID_MESSAGE_DIGEST)), Reason.ATTRIBUTE_ABSENT),
    ("no signing-time", crafted(without(cms.ID_SIGNING_TIME)), Reason.ATTRIBUTE_ABSENT),
    ("no signing-certificate", crafted(without(cms.ID_SIGNING_CERTIFICATE_V2)), Reason.ATTRIBUTE_ABSENT),
    ("no mime-type", crafted(without(cms.ID_MIME_TYPE)), Reason.ATTRIBUTE_ABSENT),
    ("no attribute at all", crafted(lambda made: []), Reason.ATTRIBUTE_ABSENT),
    (
        "unknown attribute",
        crafted(added(cms.attribute(ObjectIdentifier("1.2.3.4"), 1))),
        Reason.ATTRIBUTE_UNEXPECTED,
    ),
    (
        "attribute twice",
        crafted(added(cms.attribute(cms.ID_MIME_TYPE, "text/plain"))),
        Reason.ATTRIBUTE_UNEXPECTED,
    ),
    (
        "attribute of two values",
        crafted(replaced(cms.ID_MIME_TYPE, MEDIA_TYPE, "text/plain")),
        Reason.STRUCTURE,
    ),
    ("attribute of no value", crafted(replaced(cms.ID_MIME_TYPE)), Reason.STRUCTURE),
    ("other media type", crafted(replaced(cms.ID_MIME_TYPE, "text/plain")), Reason.MEDIA_TYPE_DIFFERS),
    ("media type of octets", crafted(replaced(cms.ID_MIME_TYPE, b"text/plain")), Reason.STRUCTURE),
    ("other content-type", crafted(replaced(cms.ID_CONTENT_TYPE, cms.ID_SIGNED_DATA)), Reason.STRUCTURE),
    ("other digest", crafted(replaced(cms.ID_MESSAGE_DIGEST, bytes(32))), Reason.CONTENT_DIFFERS),
    (
        "reference to another certificate",
        crafted(replaced(cms.ID_SIGNING_CERTIFICATE_V2, reference(pki.leaf("p384")))),
        Reason.CERTIFICATE_DIFFERS,
    ),
    (
        "time before the certificate's",
        crafted(replaced(cms.ID_SIGNING_TIME, asn1.UTCTime(datetime(2020, 1, 1, tzinfo=UTC)))),
        Reason.CERTIFICATE_UNUSABLE,
    ),
    (
        "time of the wrong type",
        crafted(replaced(cms.ID_SIGNING_TIME, asn1.GeneralizedTime(pki.NOW))),
        Reason.STRUCTURE,
    ),
    ("other content", crafted(content=CONTENT[:-1] + b"]"), Reason.CONTENT_DIFFERS),
    ("no content", crafted(content=None), Reason.CONTENT_ABSENT),
    ("two signers", crafted(signed_data=two_signers), Reason.SIGNER_COUNT),
    ("no signer", crafted(signed_data=no_signer), Reason.SIGNER_COUNT),
    ("two certificates", crafted(signed_data=two_certificates), Reason.UNSIGNED_DIFFERS),
    ("another certificate inside", crafted(signed_data=other_certificate), Reason.CERTIFICATE_DIFFERS),
    ("another serial in sid", crafted(signed_data=with_signer(other_serial)), Reason.CERTIFICATE_DIFFERS),
    ("other eContentType", crafted(signed_data=other_content_type), Reason.STRUCTURE),
    ("SignedData version 3", crafted(signed_data=version_three), Reason.STRUCTURE),
    ("SignerInfo version 3", crafted(signed_data=with_signer(signer_version_three)), Reason.STRUCTURE),
    ("algorithms of another key", crafted(signed_data=with_signer(sha384_suite)), Reason.ALGORITHM),
    ("digests that disagree", crafted(signed_data=with_signer(sha384_digest)), Reason.ALGORITHM),
    ("SHA-1", crafted(signed_data=with_signer(sha1_signature)), Reason.ALGORITHM),
    ("empty signature", crafted(signed_data=with_signer(empty_signature)), Reason.SIGNATURE_WRONG),
    ("trailing octet", signed() + b"\x00", Reason.STRUCTURE),
    ("cut short", signed()[:-1], Reason.STRUCTURE),
    ("nothing", b"", Reason.STRUCTURE),
]


def test_the_crafting_itself_changes_nothing() -> None:
    assert verify(crafted(), certificate=LEAF.der, media_type=MEDIA_TYPE).valid


@pytest.mark.parametrize(
    ("signature", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_is_wrong_is_refused_for_its_reason(signature: bytes, reason: Reason) -> None:
    verdict = verify(signature, certificate=LEAF.der, media_type=MEDIA_TYPE)
    assert verdict.reason is reason, verdict
    assert not verdict.valid


@asn1.sequence
class SignerWithoutAttributes:
    version: int
    sid: cms.IssuerAndSerialNumber
    digest_algorithm: asn1.TLV
    signature_algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class SignerWithUnsigned:
    version: int
    sid: cms.IssuerAndSerialNumber
    digest_algorithm: asn1.TLV
    signed_attrs: asn1.TLV
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attrs: asn1.TLV


def with_signer_info(signer: object) -> bytes:
    """The signature of `crafted`, with this SignerInfo put in place of its last field."""
    data = asn1.decode_der(cms.ContentInfo, signed()).content
    ours = tlv(0x31, asn1.encode_der(signer_of(data)))
    theirs = tlv(0x31, asn1.encode_der(signer))
    inner = asn1.encode_der(data).removesuffix(ours)
    header = 4  # every SignedData here is longer than 255 octets
    body = tlv(0x30, inner[header:] + theirs)
    return tlv(0x30, asn1.encode_der(cms.ID_SIGNED_DATA) + tlv(0xA0, body))


def test_content_signed_directly_without_attributes_is_refused() -> None:
    suite = SUITES[ECDSA]
    made = signer_of(asn1.decode_der(cms.ContentInfo, signed()).content)
    bare = SignerWithoutAttributes(
        version=1,
        sid=made.sid,
        digest_algorithm=cms.raw(suite.digest_algorithm),
        signature_algorithm=cms.raw(suite.signature_algorithm),
        signature=pki.sign(pki.key("p256"), ECDSA, CONTENT),
    )
    verdict = verify(with_signer_info(bare), certificate=LEAF.der)
    assert verdict.reason is Reason.SIGNED_ATTRIBUTES_ABSENT, verdict


def test_an_unsigned_attribute_is_refused() -> None:
    made = signer_of(asn1.decode_der(cms.ContentInfo, signed()).content)
    more = SignerWithUnsigned(
        version=made.version,
        sid=made.sid,
        digest_algorithm=made.digest_algorithm,
        signed_attrs=made.signed_attrs,
        signature_algorithm=made.signature_algorithm,
        signature=made.signature,
        unsigned_attrs=cms.raw(bytes.fromhex("a109 3007 0603 2a0304 3100".replace(" ", ""))),
    )
    verdict = verify(with_signer_info(more), certificate=LEAF.der)
    assert verdict.reason is Reason.STRUCTURE, verdict


def test_signed_attributes_out_of_der_order_are_refused() -> None:
    info = asn1.decode_der(cms.ContentInfo, signed())
    signer = signer_of(info.content)
    made = asn1.decode_der(Members, tlv(0x30, b"\x31" + asn1.encode_der(signer.signed_attrs)[1:]))
    backwards = tlv(0x31, b"".join(map(asn1.encode_der, made.members.as_list()[::-1])))
    signer.signed_attrs = cms.raw(b"\xa0" + backwards[1:])
    signer.signature = pki.sign(pki.key("p256"), ECDSA, backwards)
    info.content.signer_infos = asn1.SetOf([signer])
    assert verify(asn1.encode_der(info), certificate=LEAF.der).reason is Reason.STRUCTURE


def test_a_certificate_of_an_unknown_authority_is_not_trusted() -> None:
    stranger = DemoAuthority(now=pki.NOW)
    certificate = read(
        stranger.issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=pki.NOW - pki.A_MONTH)
    )
    signature = signed(certificate=certificate)
    assert verify(signature, anchors=(ROOT,)).reason is Reason.CHAIN_UNTRUSTED
    assert verify(signature, anchors=(read(stranger.certificate),)).valid


def test_a_certificate_inside_that_is_none_is_told_apart() -> None:
    def no_certificate(data: cms.SignedData) -> None:
        data.certificates = asn1.SetOf([cms.raw(b"\x30\x00")])

    verdict = verify(crafted(signed_data=no_certificate), anchors=(ROOT,))
    assert verdict.reason is Reason.CERTIFICATE_UNREADABLE


def test_a_verdict_is_not_given_where_anybody_would_be_trusted() -> None:
    with pytest.raises(ValueError, match="anchor"):
        verify(signed())


def test_a_detached_signature_needs_its_content() -> None:
    detached = signed(attached=False)
    assert verify(detached, certificate=LEAF.der).reason is Reason.CONTENT_ABSENT
    assert verify(detached, content=b"{}", certificate=LEAF.der).reason is Reason.CONTENT_DIFFERS
    assert verify(detached, content=CONTENT, certificate=LEAF.der).valid


def flips(octets: bytes) -> list[bytes]:
    number = int.from_bytes(octets)
    return [(number ^ 1 << bit).to_bytes(len(octets)) for bit in range(8 * len(octets))]


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("p256", SignatureAlgorithm.ECDSA_SHA256),
        ("rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA256),
        ("rsa-2048", SignatureAlgorithm.RSA_PSS_SHA256),
    ],
)
def test_no_single_bit_of_a_signature_can_change_unnoticed(kind: str, algorithm: SignatureAlgorithm) -> None:
    certificate = pki.leaf(kind)
    signature = signed(kind, algorithm)
    unnoticed = [
        bit
        for bit, flipped in enumerate(flips(signature))
        if verify(flipped, certificate=certificate.der, media_type=MEDIA_TYPE).valid
    ]
    assert unnoticed == []


def test_no_single_bit_can_change_where_only_an_anchor_is_trusted() -> None:
    assert not any(verify(flipped, anchors=(ROOT,)).valid for flipped in flips(WHOLE))


@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(junk: bytes) -> None:
    assert not verify(junk, certificate=LEAF.der).valid


@given(st.data())
@settings(max_examples=300)
def test_any_damage_gets_a_verdict(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE)))
    cut = data.draw(st.integers(0, 8))
    damaged = WHOLE[:at] + data.draw(st.binary(max_size=8)) + WHOLE[at + cut :]
    verdict = verify(damaged, anchors=(ROOT,), content=CONTENT)
    assert verdict.valid == (damaged == WHOLE)
