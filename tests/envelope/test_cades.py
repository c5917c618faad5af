"""CAdES B-B: others accept what is made, its structure is known, dangerous content is not signed."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from asn1crypto import cms as other_cms
from cryptography.hazmat import asn1
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, Name
from signer.envelope.cades import attach, parses_as_signed_attributes, prepare
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import CredentialUnusable, DocumentRefused, FormatUnsupported, MechanismUnsupported
from signer.x509 import read
from tests import cms as types
from tests import pki
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE, signed

ECDSA = SignatureAlgorithm.ECDSA_SHA256


def openssl_cms_verify(
    folder: Path, signature: bytes, content: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    (folder / "signature.der").write_bytes(signature)
    given: list[str] = []
    if content is not None:
        (folder / "content").write_bytes(content)
        given = ["-content", str(folder / "content")]
    anchor = pki.authority().write(folder)
    moment = str(int(pki.NOW.timestamp()))
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-purpose", "any", "-attime", moment]
    return subprocess.run(
        [*command, "-inform", "DER", "-in", str(folder / "signature.der"), "-CAfile", str(anchor), *given],
        capture_output=True,
        timeout=30,
    )


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
@pytest.mark.parametrize("subject", [PLAIN_DOCTOR, ODD_DOCTOR], ids=["plain", "odd"])
def test_openssl_accepts_every_algorithm_with_plain_and_odd_certificates(
    tmp_path: Path, kind: str, algorithm: SignatureAlgorithm, attached: bool, subject: Name
) -> None:
    signature = signed(kind, algorithm, certificate=pki.leaf(kind, subject), attached=attached)
    result = openssl_cms_verify(tmp_path, signature, None if attached else CONTENT)
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == CONTENT
    assert b"CAdES Verification successful" in result.stderr


def test_openssl_refuses_a_detached_signature_over_other_content(tmp_path: Path) -> None:
    result = openssl_cms_verify(tmp_path, signed(attached=False), CONTENT + b" ")
    assert result.returncode != 0


def test_another_cms_library_reads_the_same_facts() -> None:
    signer = other_cms.ContentInfo.load(signed(), strict=True)["content"]["signer_infos"][0]
    attributes = {attribute["type"].dotted: attribute["values"][0] for attribute in signer["signed_attrs"]}
    assert attributes["1.2.840.113549.1.9.3"].native == "data"
    assert attributes["1.2.840.113549.1.9.5"].native == pki.NOW
    assert attributes["1.2.840.113549.1.9.16.2.47"].dump().hex().endswith(pki.leaf("p256").id)
    assert attributes["0.4.0.1733.2.1"].dump()[2:].decode() == MEDIA_TYPE
    assert signer["unsigned_attrs"].native is None


#: Depth, and type or value, as `openssl asn1parse` names them; variable values left out.
STRUCTURE = """
0 SEQUENCE
1 OBJECT pkcs7-signedData
1 cont [ 0 ]
2 SEQUENCE
3 INTEGER 01
3 SET
4 SEQUENCE
5 OBJECT sha256
3 SEQUENCE
4 OBJECT pkcs7-data
3 cont [ 0 ]
4 SEQUENCE certificate
3 SET
4 SEQUENCE
5 INTEGER 01
5 SEQUENCE sid
5 SEQUENCE
6 OBJECT sha256
5 cont [ 0 ]
6 SEQUENCE
7 OBJECT contentType
7 SET
8 OBJECT pkcs7-data
6 SEQUENCE
7 OBJECT signingTime
7 SET
8 UTCTIME 261122064500Z
6 SEQUENCE
7 OBJECT messageDigest
7 SET
8 OCTET STRING
6 SEQUENCE
7 OBJECT 0.4.0.1733.2.1
7 SET
8 UTF8STRING application/vnd.mohr.prescription+json
6 SEQUENCE
7 OBJECT id-smime-aa-signingCertificateV2
7 SET
8 SEQUENCE
9 SEQUENCE
10 SEQUENCE
11 OCTET STRING
5 SEQUENCE
6 OBJECT ecdsa-with-SHA256
5 OCTET STRING
""".strip().splitlines()


def test_the_structure_is_the_known_one_field_by_field(tmp_path: Path) -> None:
    assert structure(tmp_path, signed(attached=False)) == STRUCTURE


def structure(folder: Path, signature: bytes) -> list[str]:
    (folder / "signature.der").write_bytes(signature)
    command = ["openssl", "asn1parse", "-inform", "DER", "-in", str(folder / "signature.der")]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    lines: list[str] = []
    inside = ""  # indentation of a part that is compared elsewhere: the certificate and the sid
    for line in listing.splitlines():
        found = re.match(
            r" *\d+:d=(\d+) +hl=\d+ l= *\d+ (?:cons|prim): +([^:]*?) *(?:\[HEX DUMP\])?(?::(.*))?$", line
        )
        assert found, line
        depth, kind, value = found.groups()
        if inside and int(depth) > int(inside):
            continue
        inside = ""
        label = f"{depth} {kind}"
        if label == "4 SEQUENCE" and lines[-1] == "3 cont [ 0 ]":
            label, inside = f"{label} certificate", depth
        elif label == "5 SEQUENCE" and lines[-1] == "5 INTEGER 01":
            label, inside = f"{label} sid", depth
        elif kind in {"OBJECT", "INTEGER", "UTCTIME", "UTF8STRING"}:
            label = f"{label} {value}"
        lines.append(label)
    return lines


@pytest.mark.parametrize(
    "moment", [datetime(2049, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2050, 1, 1, tzinfo=UTC)]
)
def test_signing_times_change_their_type_in_2050_and_stay_to_the_second(moment: datetime) -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    at = moment.astimezone(tehran)
    prepared = prepare(
        content=CONTENT, media_type=MEDIA_TYPE, certificate=pki.leaf("p256"), algorithm=ECDSA, signing_time=at
    )
    digits = moment.strftime("%y%m%d%H%M%SZ" if moment.year < 2050 else "%Y%m%d%H%M%SZ").encode()
    tag = 0x17 if moment.year < 2050 else 0x18
    assert bytes([tag, len(digits)]) + digits in prepared.to_be_signed


@given(content=st.binary(max_size=3000))
def test_one_signature_value_finishes_both_forms_and_attaching_gives_the_other(content: bytes) -> None:
    prepared = prepare(
        content=content,
        media_type=MEDIA_TYPE,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
    )
    value = pki.sign(pki.key("p256"), ECDSA, prepared.to_be_signed)
    attached, detached = prepared.finish(value), replace(prepared, content=None).finish(value)
    assert attach(detached, content) == attached
    assert len(detached) + len(content) < len(attached)


@given(st.binary(max_size=300))
def test_nothing_is_attached_to_bytes_that_are_no_signature(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        attach(junk, b"content")


def begin(**changes: object) -> None:
    arguments: dict[str, object] = {
        "content": CONTENT,
        "media_type": MEDIA_TYPE,
        "certificate": pki.leaf("p256"),
        "algorithm": ECDSA,
        "signing_time": pki.NOW,
    } | changes
    prepare(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "media_type",
    ["", "json", "application/", "/json", "a/b\n", "a/b;\x00", "متن/ساده", "application/json ", "a/b/c"],
)
def test_a_media_type_that_is_none_is_refused(media_type: str) -> None:
    with pytest.raises(FormatUnsupported):
        begin(media_type=media_type)


@pytest.mark.parametrize("media_type", ["text/plain", "text/plain; charset=utf-8", MEDIA_TYPE])
def test_media_types_with_and_without_parameters_are_signed(media_type: str) -> None:
    begin(media_type=media_type)


@pytest.mark.parametrize(
    "algorithm", [a for a in SignatureAlgorithm if a is not ECDSA], ids=lambda algorithm: algorithm.value
)
def test_an_algorithm_that_is_not_the_keys_is_refused(algorithm: SignatureAlgorithm) -> None:
    with pytest.raises(MechanismUnsupported):
        begin(algorithm=algorithm)


def test_a_certificate_that_der_cannot_hold_is_unusable() -> None:
    odd = read(pki.with_a_long_length(pki.leaf("p256").der))
    with pytest.raises(CredentialUnusable):
        begin(certificate=odd)


def test_a_signing_time_without_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        begin(signing_time=pki.NOW.replace(tzinfo=None))


def attributes_of_a_signature() -> bytes:
    return prepare(
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=pki.leaf("p256"),
        algorithm=ECDSA,
        signing_time=pki.NOW,
    ).to_be_signed


@pytest.mark.parametrize(
    "content",
    [
        attributes_of_a_signature(),
        bytes.fromhex("3109 3007 0603 2a0304 3100".replace(" ", "")),
        bytes.fromhex("3180 3007 0603 2a0304 3100 0000".replace(" ", "")),
        bytes.fromhex("318109 3007 0603 2a0304 3100".replace(" ", "")),
        bytes.fromhex("3180 3080 0603 2a0304 3100 0000 0000".replace(" ", "")),
    ],
    ids=["signed attributes", "small", "indefinite length", "long length", "indefinite inside"],
)
def test_content_that_parses_as_signed_attributes_is_not_signed(content: bytes) -> None:
    with pytest.raises(DocumentRefused):
        begin(content=content)


@pytest.mark.parametrize(
    "content",
    [b"", b"1", b"1 tablet a day", b"12 tablets", b"{}", b"\x31\x00", b"\x31\x80" * 3000, b"%PDF-1.7"],
)
def test_content_that_only_begins_like_a_set_is_signed(content: bytes) -> None:
    assert not parses_as_signed_attributes(content)
    begin(content=content)


@given(st.binary(max_size=100))
def test_whether_content_parses_is_answered_for_any_bytes(tail: bytes) -> None:
    assert parses_as_signed_attributes(b"\x31" + tail) in {True, False}


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
@pytest.mark.parametrize("attached", [True, False])
def test_another_encoder_would_have_written_the_same_octets(size: int, attached: bool) -> None:
    draft = prepare(
        content=b"x" * size,
        media_type="text/plain",
        certificate=pki.leaf("rsa-2048"),
        algorithm=SignatureAlgorithm.RSA_PKCS1_SHA256,
        signing_time=pki.NOW,
        attached=attached,
    )
    made = draft.finish(b"v" * 256)
    assert asn1.encode_der(asn1.decode_der(types.ContentInfo, made)) == made
    signer = asn1.decode_der(types.ContentInfo, made).content.signer_infos.as_list()[0]
    assert b"\x31" + asn1.encode_der(signer.signed_attrs)[1:] == draft.to_be_signed
