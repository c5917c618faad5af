"""A sign-in is accepted for one origin, one nonce and five minutes; everything else is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, Usage
from signer.envelope import sign_in as maker
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import SignatureNotVerified
from signer.verify import jades, jws
from signer.verify.candidate import Unreadable
from signer.verify.sign_in import Refusal, SignInRefused, check, verify_release
from signer.x509 import read
from tests import pki
from tests.jose import ALG, Crafted, a_jades, a_jws, a_stamped_jades, b64u, header_of, jws_header, x5c
from tests.signatures import ALGORITHMS

ORIGIN = "https://panel.example"
NONCE = b64u(bytes(range(32)))
NOW = pki.NOW
ROOT = read(pki.authority().certificate)
LEAF = pki.leaf("p256")
ISSUED = int(NOW.timestamp())


def token(kind: str = "p256", algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_SHA256) -> str:
    prepared = maker.prepare(
        content=maker.claims(ORIGIN, NONCE),
        certificate=pki.leaf(kind),
        algorithm=algorithm,
        signing_time=NOW,
    )
    return prepared.finish(pki.sign(pki.key(kind), algorithm, prepared.to_be_signed)).decode()


def checked(presented: str, **changes: Any) -> None:
    asked: dict[str, Any] = {"origin": ORIGIN, "nonce": NONCE, "anchors": (ROOT,), "now": NOW} | changes
    check(presented, **asked)


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
def test_what_mohr_makes_is_accepted_and_says_who_it_is(kind: str, algorithm: SignatureAlgorithm) -> None:
    made = token(kind, algorithm)
    found = check(made, origin=ORIGIN, nonce=NONCE, anchors=(ROOT,), now=NOW)
    assert found.certificate == pki.leaf(kind)
    assert found.holder.national_code == "0012345679"
    assert (found.issued_at, found.expires_at) == (NOW, NOW + timedelta(seconds=300))
    assert header_of(made.encode()) == header(alg=ALG[algorithm], x5c=x5c(pki.leaf(kind)))


def header(**changes: Any) -> dict[str, Any]:
    right = {"alg": "ES256", "typ": "mohr-signin+jws", "x5c": x5c(LEAF)} | changes
    return {name: value for name, value in right.items() if value is not None}


def claims(**changes: Any) -> bytes:
    right = {"aud": ORIGIN, "nonce": NONCE, "iat": ISSUED, "exp": ISSUED + 300} | changes
    return json.dumps({name: value for name, value in right.items() if value is not None}).encode()


def crafted(*, key: str = "p256", payload: bytes | None = None, **changes: Any) -> str:
    octets = claims(**changes) if payload is None else payload
    return Crafted(header(), octets, key=key).text().decode()


def headed(**changes: Any) -> str:
    return Crafted(header(**changes), claims()).text().decode()


def with_certificate(**how: Any) -> str:
    """A token under a certificate of the same authority, issued otherwise."""
    der = pki.authority().issue(pki.spki(pki.key("p256")), PLAIN_DOCTOR, **how)
    return headed(x5c=x5c(read(der)))


def a_stranger() -> str:
    der = DemoAuthority(now=NOW).issue(
        pki.spki(pki.key("p256")), PLAIN_DOCTOR, not_before=NOW - timedelta(days=1)
    )
    return headed(x5c=x5c(read(der)))


YESTERDAY = NOW - timedelta(days=1)
GOOD = Crafted(header(), claims())
TWICE = claims().replace(b'"aud"', b'"aud": "https://evil.example", "aud"')

#: What is wrong, the token, what the server asks with, why it is refused.
REFUSED: list[tuple[str, str, dict[str, Any], Refusal]] = [
    ("another origin", crafted(), {"origin": "https://other.example"}, Refusal.OTHER_ORIGIN),
    ("a port more", crafted(), {"origin": ORIGIN + ":8443"}, Refusal.OTHER_ORIGIN),
    ("made for a look-alike", crafted(aud="https://pane1.example"), {}, Refusal.OTHER_ORIGIN),
    ("another nonce", crafted(), {"nonce": b64u(bytes(32))}, Refusal.OTHER_NONCE),
    ("a short nonce at the server", crafted(nonce="AAAA"), {"nonce": "AAAA"}, Refusal.SHORT_NONCE),
    ("a nonce of 31 octets", crafted(), {"nonce": b64u(bytes(31))}, Refusal.SHORT_NONCE),
    ("a nonce that is no base64url", crafted(), {"nonce": "*" * 43}, Refusal.SHORT_NONCE),
    ("expired to the second", crafted(), {"now": NOW + timedelta(seconds=300)}, Refusal.EXPIRED),
    ("issued in the future", crafted(), {"now": NOW - timedelta(seconds=61)}, Refusal.NOT_YET),
    ("good for an hour", crafted(exp=ISSUED + 3600), {}, Refusal.MALFORMED),
    ("good for no time", crafted(exp=ISSUED), {}, Refusal.MALFORMED),
    ("exp absent", crafted(exp=None), {}, Refusal.MALFORMED),
    ("iat a string", crafted(iat=str(ISSUED)), {}, Refusal.MALFORMED),
    ("aud a list", crafted(aud=[ORIGIN]), {}, Refusal.MALFORMED),
    ("aud twice", crafted(payload=TWICE), {}, Refusal.MALFORMED),
    ("a claim more", crafted(sub="admin"), {}, Refusal.MALFORMED),
    ("claims that are no JSON", crafted(payload=b"{"), {}, Refusal.MALFORMED),
    ("no payload", GOOD.text(payload="").decode(), {}, Refusal.MALFORMED),
    ("typ of a document", headed(typ="jose"), {}, Refusal.NOT_A_SIGN_IN),
    ("typ in capitals", headed(typ="MOHR-SIGNIN+JWS"), {}, Refusal.NOT_A_SIGN_IN),
    ("typ absent", headed(typ=None), {}, Refusal.NOT_A_SIGN_IN),
    ("typ of a token", headed(typ="JWT"), {}, Refusal.NOT_A_SIGN_IN),
    ("a signed prescription", a_jws().decode(), {}, Refusal.NOT_A_SIGN_IN),
    ("a signed prescription, JAdES", a_jades().decode(), {}, Refusal.NOT_A_SIGN_IN),
    ("a stamped prescription", a_stamped_jades().decode(), {}, Refusal.NOT_A_SIGN_IN),
    (
        "claims signed as a document",
        Crafted(jws_header(), claims()).text().decode(),
        {},
        Refusal.NOT_A_SIGN_IN,
    ),
    ("alg none", headed(alg="none"), {}, Refusal.MALFORMED),
    ("a MAC", headed(alg="HS256"), {}, Refusal.MALFORMED),
    ("a parameter more", headed(kid="1"), {}, Refusal.MALFORMED),
    ("crit", headed(crit=["exp"]), {}, Refusal.MALFORMED),
    ("jku", headed(jku="https://keys.example/"), {}, Refusal.MALFORMED),
    ("flattened", GOOD.flattened().decode(), {}, Refusal.MALFORMED),
    ("empty", "", {}, Refusal.MALFORMED),
    ("not ASCII", "مهر", {}, Refusal.MALFORMED),
    ("another key", crafted(key="other-p256"), {}, Refusal.SIGNATURE_WRONG),
    (
        "claims changed afterwards",
        GOOD.text(payload=b64u(claims(aud="https://evil.example"))).decode(),
        {"origin": "https://evil.example"},
        Refusal.SIGNATURE_WRONG,
    ),
    (
        "the certificate had ended",
        with_certificate(not_before=YESTERDAY, not_after=NOW - timedelta(hours=1)),
        {},
        Refusal.CERTIFICATE_UNUSABLE,
    ),
    (
        "a certificate for documents alone",
        with_certificate(not_before=YESTERDAY, usage=frozenset({Usage.NON_REPUDIATION})),
        {},
        Refusal.CERTIFICATE_USAGE,
    ),
    ("an authority that nobody trusts", a_stranger(), {}, Refusal.UNTRUSTED),
    ("no anchor at all", crafted(), {"anchors": ()}, Refusal.UNTRUSTED),
]


@pytest.mark.parametrize(
    ("presented", "changes", "refusal"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_wrong_is_refused_for_its_reason(
    presented: str, changes: dict[str, Any], refusal: Refusal
) -> None:
    with pytest.raises(SignInRefused) as refused:
        checked(presented, **changes)
    assert refused.value.refusal is refusal, refused.value


def test_the_crafting_itself_changes_nothing_and_a_minute_of_skew_is_borne() -> None:
    checked(crafted())
    checked(crafted(), now=NOW - timedelta(seconds=60))
    checked(crafted(), now=NOW + timedelta(seconds=299))


@pytest.mark.parametrize("presented", [token(), crafted()])
def test_a_sign_in_is_no_signature_on_a_document(presented: str) -> None:
    for read_document in (jws.read, jades.read):
        with pytest.raises(Unreadable):
            read_document(presented.encode())


def test_a_token_leaves_only_as_it_was_agreed_to() -> None:
    agreed: dict[str, Any] = {
        "content": maker.claims(ORIGIN, NONCE),
        "certificate": LEAF,
        "algorithm": SignatureAlgorithm.ECDSA_SHA256,
        "signing_time": NOW,
    }
    verify_release(token().encode(), **agreed)
    for name, other in (
        ("content", maker.claims("https://other.example", NONCE)),
        ("certificate", pki.leaf("p384")),
        ("algorithm", SignatureAlgorithm.RSA_PKCS1_SHA256),
        ("signing_time", NOW + timedelta(seconds=1)),
    ):
        with pytest.raises(SignatureNotVerified):
            verify_release(token().encode(), **(agreed | {name: other}))
    with pytest.raises(SignatureNotVerified, match="NOT_A_SIGN_IN"):
        verify_release(a_jws(), **agreed)


def test_no_single_bit_can_change_unnoticed() -> None:
    good = token().encode()
    number = int.from_bytes(good)
    accepted = []
    for bit in range(8 * len(good)):
        flipped = (number ^ 1 << bit).to_bytes(len(good))
        try:
            checked(flipped.decode("latin-1"))
            accepted.append(bit)
        except SignInRefused:
            continue
    assert accepted == []


EXAMPLE = (
    (Path(__file__).parents[2] / "docs" / "sign-in.md").read_text().split("```python\n")[1].split("```")[0]
)


def test_the_docs_example_of_a_server_lets_in_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "anchors").mkdir()
    authority = DemoAuthority(now=datetime.now(UTC))
    (tmp_path / "anchors" / "root.cer").write_bytes(authority.certificate)
    monkeypatch.chdir(tmp_path)
    server: dict[str, Any] = {}
    exec(compile(EXAMPLE, "docs/sign-in.md", "exec"), server)
    key = pki.key("p256")
    doctor = read(
        authority.issue(pki.spki(key), PLAIN_DOCTOR, not_before=datetime.now(UTC) - timedelta(days=1))
    )

    def presented(nonce: str, origin: str = ORIGIN) -> str:
        algorithm = SignatureAlgorithm.ECDSA_SHA256
        prepared = maker.prepare(
            content=maker.claims(origin, nonce),
            certificate=doctor,
            algorithm=algorithm,
            signing_time=datetime.now(UTC),
        )
        return prepared.finish(pki.sign(key, algorithm, prepared.to_be_signed)).decode()

    good = presented(server["offer"]("a session"))
    assert server["sign_in"]("another session", good) is None
    assert server["sign_in"]("a session", good) == "123456"
    assert server["sign_in"]("a session", good) is None, "a nonce is used once"
    assert server["sign_in"]("a session", presented(server["offer"]("b"))) is None
    other = presented(server["offer"]("a session"), "https://evil.example")
    assert server["sign_in"]("a session", other) is None
    assert "another page" in capsys.readouterr().out
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 30
