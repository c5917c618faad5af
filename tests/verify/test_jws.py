"""A JWS of the profile is read as it is; whatever two readers could see differently is refused by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from signer.cli.demo.authority import ODD_DOCTOR
from signer.envelope import jws as maker
from signer.model.credential import SignatureAlgorithm
from signer.verify import Indication, verify
from signer.verify.candidate import Unreadable
from signer.verify.jws import read
from signer.verify.report import Severity, SubIndication
from signer.verify.sentences import sentence
from signer.x509 import read as read_certificate
from tests import pki
from tests.jose import ALG, Crafted, a_jades, a_jws, a_stamped_jades, b64u, jws_header, made, raw, x5c
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE

LEAF = pki.leaf("p256")
ROOT = read_certificate(pki.authority().certificate)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
def test_what_mohr_makes_is_read_as_it_was_made(
    kind: str, algorithm: SignatureAlgorithm, attached: bool
) -> None:
    certificate = pki.leaf(kind, ODD_DOCTOR)
    signature = made(maker.prepare, kind, algorithm, certificate=certificate, attached=attached)
    found = read(signature, CONTENT)
    assert (found.failure, found.findings) == (None, ())
    assert (found.format, found.level, found.attached) == ("jws", "B-B", attached)
    assert (found.certificate, found.certificates) == (certificate.der, ())
    assert (found.content, found.media_type, found.claimed_at) == (CONTENT, MEDIA_TYPE, pki.NOW)
    assert found.digest == f"sha{ALG[algorithm][2:]}"
    assert found.padding == {"RS": "pkcs1", "PS": "pss", "ES": "ecdsa"}[ALG[algorithm][:2]]


def test_an_attached_signature_needs_no_content_and_is_held_against_one_that_is_given() -> None:
    assert read(a_jws()).content == CONTENT
    assert read(a_jws()).failure is None
    other = read(a_jws(), CONTENT + b" ")
    assert other.failure is SubIndication.HASH_FAILURE
    assert [finding.code for finding in other.findings] == ["content-differs"]


def test_a_detached_signature_needs_its_content() -> None:
    detached = a_jws(attached=False)
    absent, other = read(detached), read(detached, CONTENT + b" ")
    assert (absent.failure, absent.content) == (SubIndication.SIGNED_DATA_NOT_FOUND, None)
    assert other.failure is SubIndication.SIG_CRYPTO_FAILURE


def test_the_crafting_itself_changes_nothing() -> None:
    assert read(Crafted(jws_header()).text()).failure is None


def test_a_chain_is_read_in_the_order_of_its_issuing() -> None:
    found = read(Crafted(jws_header(x5c=x5c(LEAF, ROOT))).text())
    assert (found.failure, found.certificates) == (None, (ROOT.der,))


def test_a_signed_parameter_that_means_nothing_here_is_told() -> None:
    found = read(Crafted(jws_header(kid="1", **{"\u202ehidden": 1})).text())
    assert found.failure is None
    assert [(f.code, f.detail) for f in found.findings] == [
        ("jose-parameter-unknown", "kid"),
        ("jose-parameter-unknown", "?"),
    ]


def test_a_media_type_without_its_prefix_means_an_application() -> None:
    assert read(Crafted(jws_header(cty="json")).text()).media_type == "application/json"


def crafted(**changes: Any) -> bytes:
    return Crafted(jws_header(**changes)).text()


RIGHT = Crafted(jws_header())
#: Parsers take the last `alg`, or the first: the classic way to be verified as one thing and read as another.
TWICE = json.dumps(jws_header()).replace('"alg": "ES256"', '"alg": "none", "alg": "ES256"').encode()
#: The same for a parser that compares names before it takes escapes out.
ESCAPED = json.dumps(jws_header()).replace("{", '{"al\\u0067": "none", ', 1).encode()
NESTED = json.dumps(jws_header()).replace("{", '{"x": {"a": 1, "a": 2}, ', 1).encode()
LEAF_URL = x5c(LEAF)[0].translate(str.maketrans("+/", "-_"))
SLACK = chr(ord(RIGHT.signature[-1]) + 1)

#: What is wrong, the file, the code of the finding.
REFUSED: list[tuple[str, bytes, str]] = [
    ("alg none", crafted(alg="none"), "jose-unsigned"),
    ("alg NoNe", crafted(alg="NoNe"), "jose-unsigned"),
    ("alg none and no value", RIGHT.text(protected=b64u(b'{"alg":"none"}'), signature=""), "jose-structure"),
    ("alg absent", crafted(alg=None), "jose-unsigned"),
    ("alg a MAC under the public key", crafted(alg="HS256"), "algorithm-unknown"),
    ("alg unknown", crafted(alg="RS1"), "algorithm-unknown"),
    ("alg a number", crafted(alg=256), "jose-parameter-malformed"),
    ("alg twice, escaped", Crafted(ESCAPED).text(), "jose-header"),
    ("a member twice within a parameter", Crafted(NESTED).text(), "jose-header"),
    ("x5c of the signer twice", crafted(x5c=x5c(LEAF, LEAF)), "jose-x5c-order"),
    ("x5c in base64url", crafted(x5c=[LEAF_URL]), "jose-x5c"),
    ("x5c with a line end", crafted(x5c=[x5c(LEAF)[0][:40] + "\n" + x5c(LEAF)[0][40:]]), "jose-x5c"),
    ("x5c with an octet behind", crafted(x5c=[base64.b64encode(LEAF.der + b"\0").decode()]), "jose-x5c"),
    ("alg an array", crafted(alg=["ES256"]), "jose-parameter-malformed"),
    ("sigT in Persian digits", crafted(sigT="۲۰۲۶-11-22T06:45:00Z"), "jose-parameter-malformed"),
    ("alg twice", Crafted(TWICE).text(), "jose-header"),
    ("crit unknown", crafted(crit=["sigT", "exp"], exp=1), "jose-crit-unknown"),
    ("crit names what is registered", crafted(crit=["alg"]), "jose-crit-unknown"),
    ("crit empty", crafted(crit=[]), "jose-crit-malformed"),
    ("crit a string", crafted(crit="sigT"), "jose-crit-malformed"),
    ("crit names one twice", crafted(crit=["sigT", "sigT"]), "jose-crit-unknown"),
    ("crit names what is absent", crafted(sigT=None), "jose-crit-malformed"),
    ("crit absent", crafted(crit=None), "jose-parameter-absent"),
    ("jku", crafted(jku="https://keys.example/set"), "jose-key-elsewhere"),
    ("x5u", crafted(x5u="https://keys.example/chain"), "jose-key-elsewhere"),
    ("jwk", crafted(jwk={"kty": "EC"}), "jose-key-elsewhere"),
    ("b64 false", crafted(b64=False, crit=["sigT", "b64"]), "jose-unencoded-payload"),
    ("b64 false, not critical", crafted(b64=False), "jose-unencoded-payload"),
    ("b64 true", crafted(b64=True), "jose-unencoded-payload"),
    ("typ of a sign-in", crafted(typ="mohr-signin+jws"), "jose-typ"),
    ("typ of a token", crafted(typ="JWT"), "jose-typ"),
    ("typ absent", crafted(typ=None), "jose-parameter-absent"),
    ("cty absent", crafted(cty=None), "jose-parameter-absent"),
    ("cty a list", crafted(cty=["a/b"]), "jose-parameter-malformed"),
    ("sigT without a zone", crafted(sigT="2026-11-22T06:45:00"), "jose-parameter-malformed"),
    ("sigT of Tehran", crafted(sigT="2026-11-22T10:15:00+03:30"), "jose-parameter-malformed"),
    ("sigT with a fraction", crafted(sigT="2026-11-22T06:45:00.5Z"), "jose-parameter-malformed"),
    ("sigT that does not exist", crafted(sigT="2026-02-30T06:45:00Z"), "jose-parameter-malformed"),
    ("sigT in Persian digits", crafted(sigT="۲۰۲۶-11-22T06:45:00Z"), "jose-parameter-malformed"),
    ("x5c absent", crafted(x5c=None), "jose-x5c"),
    ("x5c empty", crafted(x5c=[]), "jose-x5c"),
    ("x5c a string", crafted(x5c=x5c(LEAF)[0]), "jose-x5c"),
    ("x5c in base64url", crafted(x5c=[b64u(LEAF.der)]), "jose-x5c"),
    ("x5c with a line break", crafted(x5c=[x5c(LEAF)[0] + "\n"]), "jose-x5c"),
    ("x5c that is no certificate", crafted(x5c=["MAA="]), "jose-x5c"),
    ("x5c of eleven", crafted(x5c=x5c(LEAF) + x5c(ROOT) * 10), "jose-x5c"),
    ("x5c in another order", crafted(x5c=x5c(ROOT, LEAF)), "jose-x5c-order"),
    ("x5c with a stranger behind", crafted(x5c=x5c(LEAF, pki.leaf("p384"))), "jose-x5c-order"),
    ("x5t#S256 of another", crafted(**{"x5t#S256": b64u(bytes(32))}), "signing-certificate-differs"),
    ("header an array", Crafted(b"[]").text(), "jose-header"),
    ("header no JSON", Crafted(b"{").text(), "jose-header"),
    ("header not UTF-8", Crafted(b'{"alg":"\xff"}').text(), "jose-header"),
    ("header with a mark", Crafted(b"\xef\xbb\xbf{}").text(), "jose-header"),
    ("header with NaN", Crafted(b'{"alg":NaN}').text(), "jose-header"),
    ("header nested deep", Crafted(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}").text(), "jose-header"),
    ("header beyond the limit", Crafted(b'{"a":"' + b"x" * 300_000 + b'"}').text(), "file-too-large"),
    ("padding", RIGHT.text(protected=RIGHT.protected + "="), "jose-structure"),
    ("base64 in place of base64url", RIGHT.text(payload="+" + RIGHT.payload[1:]), "jose-structure"),
    ("bits after the last octet", RIGHT.text(signature=RIGHT.signature[:-1] + SLACK), "jose-encoding"),
    ("payload of one character", RIGHT.text(payload="A"), "jose-encoding"),
    ("a line break at the end", RIGHT.text() + b"\n", "jose-structure"),
    ("a space inside", RIGHT.text(payload=RIGHT.payload[:4] + " " + RIGHT.payload[4:]), "jose-structure"),
    ("two parts", RIGHT.text().rpartition(b".")[0], "jose-structure"),
    ("five parts, as an encrypted one has", RIGHT.text() + b".AA.AA", "jose-structure"),
    ("nothing", b"", "jose-structure"),
    ("CMS", b"\x30\x80", "jose-structure"),
    ("a PDF", b"%PDF-1.7", "jose-structure"),
    ("flattened JSON", RIGHT.flattened(), "jose-not-compact"),
    ("two signatures", RIGHT.general(2), "several-signers"),
    ("a JAdES in JSON", a_stamped_jades(), "jose-not-compact"),
    ("a compact JAdES", a_jades(), "jose-parameter-absent"),
    ("33 MiB", b"A" * (33 * 1024 * 1024), "file-too-large"),
]


@pytest.mark.parametrize(("octets", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_breaks_the_profile_is_refused_by_name(octets: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(octets, CONTENT)
    assert (refused.value.finding.code, refused.value.finding.severity) == (code, Severity.FAILED)


OTHER_KEY = Crafted(jws_header(), key="other-p256")
DER_VALUE = b64u(pki.sign(pki.key("p256"), SignatureAlgorithm.ECDSA_SHA256, RIGHT.input))

#: What is wrong, the file; every one names a certificate that can be read, and a value that does not fit.
WRONG: list[tuple[str, bytes]] = [
    ("another payload", RIGHT.text(payload=b64u(CONTENT + b" "))),
    ("another header", RIGHT.text(protected=b64u(json.dumps(jws_header(cty="text/plain")).encode()))),
    ("the key of another", OTHER_KEY.text()),
    ("the certificate of another", crafted(x5c=x5c(pki.leaf("other-p256")))),
    ("the algorithm of another curve", crafted(alg="ES384")),
    ("the algorithm of another key", crafted(alg="RS256")),
    ("an RSA certificate under an ECDSA value", crafted(x5c=x5c(pki.leaf("rsa-2048")))),
    ("an ECDSA value in DER", RIGHT.text(signature=DER_VALUE)),
    ("a value of zeros", RIGHT.text(signature=b64u(bytes(64)))),
    ("a value cut short", RIGHT.text(signature=b64u(bytes(63)))),
    ("a value with a leading zero", RIGHT.text(signature=b64u(b"\x00" * 2 + bytes(64)))),
]


@pytest.mark.parametrize("octets", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_value_that_does_not_fit_fails_and_says_so(octets: bytes) -> None:
    found = read(octets)
    assert found.failure is SubIndication.SIG_CRYPTO_FAILURE
    assert "signature-wrong" in [finding.code for finding in found.findings]


def test_an_unencoded_payload_offered_as_detached_does_not_verify() -> None:
    header = json.dumps(jws_header()).encode()
    signed = pki.sign(
        pki.key("p256"), SignatureAlgorithm.ECDSA_SHA256, b64u(header).encode() + b"." + CONTENT
    )
    octets = f"{b64u(header)}..{b64u(raw(signed))}".encode()
    assert read(octets, CONTENT).failure is SubIndication.SIG_CRYPTO_FAILURE


def test_no_reader_follows_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    for name in ("jku", "x5u"):
        with pytest.raises(Unreadable):
            read(crafted(**{name: "https://keys.example/"}))


@pytest.mark.parametrize("make", [a_jws, a_jades, a_stamped_jades])
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
def test_the_verifier_recognises_it_and_calls_it_valid(make: Callable[..., bytes], attached: bool) -> None:
    given = None if attached else CONTENT
    report = verify(make(attached=attached), content=given, anchors=(ROOT,), at=pki.NOW)
    assert report.indication is Indication.VALID, report
    assert (report.format, report.content) == ("jws" if make is a_jws else "jades", CONTENT)


@pytest.mark.parametrize("octets", [a_jws()[:-8] + b"AAAAAAAA", Crafted(jws_header(alg="none")).text()])
def test_the_verifier_says_why_it_is_not(octets: bytes) -> None:
    report = verify(octets, anchors=(ROOT,), at=pki.NOW)
    assert report.indication is Indication.INVALID
    assert all(sentence(finding, "fa") and sentence(finding, "en") for finding in report.findings)


def test_a_sign_in_is_no_signature_on_a_document_to_the_verifier_at_large() -> None:
    report = verify(crafted(typ="mohr-signin+jws"), anchors=(ROOT,), at=pki.NOW)
    assert [finding.code for finding in report.findings] == ["jose-typ"]
