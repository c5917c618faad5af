"""JAdES is read in both serializations; unsigned parts cannot change what was signed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from signer.envelope import jades as maker
from signer.envelope.phases import NOTHING, Evidence
from signer.model.credential import SignatureAlgorithm
from signer.model.request import Level
from signer.verify import jose, jws
from signer.verify.candidate import Unreadable
from signer.verify.jades import read
from signer.verify.report import SubIndication
from tests import pki
from tests.jose import Crafted, a_jades, a_jws, a_stamped_jades, b64u, jades_header, made, x5c
from tests.signatures import ALGORITHMS, CONTENT, MEDIA_TYPE

LEAF = pki.leaf("p256")
TOKEN = b"\x30\x03\x02\x01\x01"
TOKEN_TEXT = "MAMCAQE="


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
@pytest.mark.parametrize("level", [Level.B_B, Level.B_T], ids=lambda level: level.value)
def test_what_mohr_makes_is_read_as_it_was_made(
    kind: str, algorithm: SignatureAlgorithm, attached: bool, level: Level
) -> None:
    evidence = Evidence(timestamp=TOKEN) if level is Level.B_T else NOTHING
    signature = made(maker.prepare, kind, algorithm, attached=attached, level=level, evidence=evidence)
    found = read(signature, CONTENT)
    assert (found.failure, found.findings) == (None, ())
    assert (found.format, found.level, found.attached) == ("jades", level.value, attached)
    assert (found.certificate, found.certificates) == (pki.leaf(kind).der, ())
    assert (found.content, found.media_type, found.claimed_at) == (CONTENT, MEDIA_TYPE, pki.NOW)
    assert [stamp.token for stamp in found.timestamps] == ([TOKEN] if level is Level.B_T else [])


def test_the_timestamps_imprint_has_to_cover_the_value_as_it_is_written() -> None:
    signature = a_stamped_jades()
    (stamp,) = read(signature).timestamps
    assert stamp.stamped == json.loads(signature)["signature"].encode()


def test_the_two_formats_are_told_apart_by_the_time_they_carry() -> None:
    told = [jose.is_jades(one) for one in (a_jws(), a_jades(), a_stamped_jades(), a_jades(attached=False))]
    assert told == [False, True, True, True]
    with pytest.raises(Unreadable):
        jose.is_jades(b"%PDF-1.7")


def test_a_signature_of_the_first_edition_is_read_by_its_sig_t() -> None:
    header = jades_header(iat=None, sigT="2026-11-22T06:45:00Z", crit=["sigT"])
    found = read(Crafted(header).text())
    assert (found.failure, found.claimed_at) == (None, pki.NOW)


@pytest.mark.parametrize("by", ["S256", "sha-256", "http://www.w3.org/2001/04/xmlenc#sha256"])
def test_every_way_in_which_makers_name_the_signers_certificate_is_read(by: str) -> None:
    of_signer = {"digAlg": by, "digVal": b64u(hashlib.sha256(LEAF.der).digest())}
    named = {"x5t": b64u(hashlib.sha1(LEAF.der).digest()), "x5t#o": of_signer, "sigX5ts": [of_signer]}
    found = read(Crafted(jades_header(crit=["x5t#o", "sigX5ts"], **named)).text())
    assert (found.failure, found.findings) == (None, ())


def test_a_general_serialization_is_not_read_with_one_signature_either() -> None:
    with pytest.raises(Unreadable) as refused:
        read(Crafted(jades_header()).general(1))
    assert refused.value.finding.code == "jose-general"


def test_a_detached_signature_needs_its_content_in_both_serializations() -> None:
    for detached in (a_jades(attached=False), a_stamped_jades(attached=False)):
        assert read(detached).failure is SubIndication.SIGNED_DATA_NOT_FOUND
        assert read(detached, CONTENT + b" ").failure is SubIndication.SIG_CRYPTO_FAILURE
        assert read(detached, CONTENT).failure is None


def test_unsigned_parts_that_are_not_understood_are_told() -> None:
    found = read(unsigned({"arcTst": {}}, {"sigTst": {"tstTokens": [{"val": TOKEN_TEXT}]}}))
    assert (found.failure, found.level) == (None, "B-T")
    assert [(f.code, f.detail) for f in found.findings] == [("jades-unsigned-unread", "arcTst")]


def unsigned(*elements: Any) -> bytes:
    """A right signature with these in `etsiU`, in clear."""
    return RIGHT.flattened(header={"etsiU": list(elements)})


def compact(**changes: Any) -> bytes:
    return Crafted(jades_header(**changes)).text()


RIGHT = Crafted(jades_header())
STAMPED = a_stamped_jades().decode()


def digest(value: bytes = bytes(32), by: str = "S256") -> dict[str, str]:
    """A DigAlgVal (TS 119 182-1 §5.1.7)."""
    return {"digAlg": by, "digVal": b64u(value)}


#: What a certificate is named by, beside it, in every way that is read.
OF_SIGNER = digest(hashlib.sha256(LEAF.der).digest())


REFUSED: list[tuple[str, bytes, str]] = [
    ("alg none", compact(alg="none"), "jose-unsigned"),
    ("alg in the unsigned header", RIGHT.flattened(header={"alg": "none"}), "jose-unprotected"),
    ("x5c in the unsigned header", RIGHT.flattened(header={"x5c": []}), "jose-unprotected"),
    ("crit in the unsigned header", RIGHT.flattened(header={"crit": ["etsiU"]}), "jose-unprotected"),
    ("no protected header", RIGHT.flattened(protected=None, header={"alg": "ES256"}), "jose-structure"),
    ("protected header in clear", RIGHT.flattened(protected=jades_header()), "jose-structure"),
    ("payload in clear", RIGHT.flattened(payload={"mohr": 1}), "jose-structure"),
    ("payload that is no base64url", RIGHT.flattened(payload=CONTENT.decode()), "jose-encoding"),
    ("no value", RIGHT.flattened(signature=None), "jose-structure"),
    ("value with padding", RIGHT.flattened(signature=RIGHT.signature + "=="), "jose-encoding"),
    ("a member beside", RIGHT.flattened(content="what a reader may take for signed"), "jose-member-unknown"),
    ("payload twice", STAMPED.replace("{", '{"payload":"AAAA",', 1).encode(), "jose-structure"),
    ("payload twice, escaped", STAMPED.replace("{", '{"p\\u0061yload":"AA",', 1).encode(), "jose-structure"),
    ("signature twice", STAMPED.replace("{", '{"signature":"AAAA",', 1).encode(), "jose-structure"),
    ("octets behind", STAMPED.encode() + b"{}", "jose-structure"),
    ("cut short", STAMPED.encode()[:-1], "jose-structure"),
    ("two signatures", RIGHT.general(2), "several-signers"),
    ("unsigned header a list", RIGHT.flattened(header=[]), "jose-structure"),
    ("crit unknown", compact(crit=["exp"], exp=1), "jose-crit-unknown"),
    ("sigD, critical", compact(crit=["sigD"], sigD={"mId": "x"}), "jose-crit-unknown"),
    ("sigD, not critical", compact(sigD={"pars": ["file:///etc/passwd"]}), "jades-sig-d"),
    ("x5u", compact(x5u="https://keys.example/chain"), "jose-key-elsewhere"),
    ("b64 false", compact(b64=False, crit=["b64"]), "jose-unencoded-payload"),
    ("no time", compact(iat=None), "jose-parameter-absent"),
    ("iat a fraction", compact(iat=1.5), "jose-parameter-malformed"),
    ("iat true", compact(iat=True), "jose-parameter-malformed"),
    ("iat a string", compact(iat="1"), "jose-parameter-malformed"),
    (
        "iat null",
        Crafted(json.dumps({**jades_header(), "iat": None}).encode()).text(),
        "jose-parameter-malformed",
    ),
    ("iat before the epoch", compact(iat=-1), "jose-parameter-malformed"),
    ("iat in the year 10000", compact(iat=253_402_300_800), "jose-parameter-malformed"),
    ("two times", compact(sigT="2026-11-22T06:45:01Z"), "jades-two-times"),
    ("typ of a sign-in", compact(typ="mohr-signin+jws"), "jose-typ"),
    ("typ of the other serialization", Crafted(jades_header(typ="jose")).flattened(), "jose-typ"),
    ("x5c absent, a hash alone", compact(x5c=None), "jose-x5c"),
    ("x5t#S256 of another", compact(**{"x5t#S256": b64u(bytes(32))}), "signing-certificate-differs"),
    ("x5t of another", compact(x5t=b64u(bytes(20))), "signing-certificate-differs"),
    ("x5t#o of another", compact(**{"x5t#o": digest(bytes(48), "S384")}), "signing-certificate-differs"),
    ("sigX5ts of another", compact(sigX5ts=[digest(bytes(32))]), "signing-certificate-differs"),
    (
        "sigX5ts whose second is the signer's",
        compact(sigX5ts=[digest(), OF_SIGNER]),
        "signing-certificate-differs",
    ),
    ("sigX5ts empty", compact(sigX5ts=[]), "jose-parameter-malformed"),
    ("sigX5ts an object", compact(sigX5ts=OF_SIGNER), "jose-parameter-malformed"),
    ("x5t#o a string", compact(**{"x5t#o": "S256"}), "jose-parameter-malformed"),
    ("x5t#o without a value", compact(**{"x5t#o": {"digAlg": "S256"}}), "jose-parameter-malformed"),
    ("x5t#o by SHA-1", compact(**{"x5t#o": digest(bytes(20), "S1")}), "algorithm-unknown"),
    ("etsiU no list", RIGHT.flattened(header={"etsiU": {}}), "jades-etsi-u"),
    ("etsiU of 101", unsigned(*({"arcTst": {}} for _ in range(101))), "jades-etsi-u"),
    ("etsiU with two in one", unsigned({"arcTst": {}, "sigTst": {}}), "jades-etsi-u"),
    ("etsiU that is no JSON", unsigned("AAAA"), "jades-etsi-u"),
    ("etsiU that is no base64url", unsigned("{}"), "jades-etsi-u"),
    ("etsiU not ASCII", unsigned("مهر"), "jades-etsi-u"),
    ("sigTst without tokens", unsigned({"sigTst": {"tstTokens": []}}), "jades-sig-tst"),
    ("sigTst no object", unsigned({"sigTst": []}), "jades-sig-tst"),
    ("sigTst in base64url", unsigned({"sigTst": {"tstTokens": [{"val": "MAMCAQE"}]}}), "jades-sig-tst"),
    ("sigTst with no value", unsigned({"sigTst": {"tstTokens": [{}]}}), "jades-sig-tst"),
    ("sigTst with a token that is none", unsigned({"sigTst": {"tstTokens": [1]}}), "jades-sig-tst"),
]


@pytest.mark.parametrize(("octets", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_two_readers_could_see_differently_is_refused_by_name(octets: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(octets, CONTENT)
    assert refused.value.finding.code == code


#: Right in form, and not what the key signed.
WRONG: list[tuple[str, bytes]] = [
    ("another payload", RIGHT.flattened(payload=b64u(CONTENT + b" "))),
    ("another header", RIGHT.flattened(protected=b64u(json.dumps(jades_header(cty="text/plain")).encode()))),
    ("the certificate of another", compact(x5c=x5c(pki.leaf("other-p256")))),
    ("the key of another", Crafted(jades_header(), key="other-p256").flattened()),
    ("the payload of another under a swapped pair", RIGHT.text(payload=b64u(b"{}"))),
]


@pytest.mark.parametrize("octets", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_value_that_does_not_fit_fails_and_says_so(octets: bytes) -> None:
    assert read(octets).failure is SubIndication.SIG_CRYPTO_FAILURE


def test_one_format_is_not_taken_for_the_other() -> None:
    with pytest.raises(Unreadable):
        jws.read(a_jades())
    with pytest.raises(Unreadable):
        jws.read(a_stamped_jades())
