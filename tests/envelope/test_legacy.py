"""Legacy CMS: OpenSSL and GnuPG accept it, and it has the signed attributes that keep it where it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms as other_cms

from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, Name
from signer.envelope import legacy
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import DocumentRefused, FormatUnsupported, MechanismUnsupported
from signer.model.request import Level
from tests import pki
from tests.signatures import ALGORITHMS, CONTENT

A = SignatureAlgorithm


def begin(kind: str = "rsa-2048", algorithm: A = A.RSA_PKCS1_SHA256, **changes: object) -> object:
    arguments: dict[str, object] = {
        "content": CONTENT,
        "media_type": "text/plain",
        "certificate": pki.leaf(kind),
        "algorithm": algorithm,
        "signing_time": pki.NOW,
    } | changes
    return legacy.prepare(**arguments)  # type: ignore[arg-type]


def signed(kind: str, algorithm: A, *, attached: bool = True, subject: Name = PLAIN_DOCTOR) -> bytes:
    prepared = legacy.prepare(
        content=CONTENT,
        media_type="text/plain",
        certificate=pki.leaf(kind, subject),
        algorithm=algorithm,
        signing_time=pki.NOW,
        attached=attached,
    )
    return prepared.finish(pki.sign(pki.key(kind), algorithm, prepared.to_be_signed))


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS, ids=lambda value: getattr(value, "value", value))
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
@pytest.mark.parametrize("subject", [PLAIN_DOCTOR, ODD_DOCTOR], ids=["plain", "odd"])
def test_openssl_smime_accepts_it(
    tmp_path: Path, kind: str, algorithm: A, attached: bool, subject: Name
) -> None:
    (tmp_path / "signature").write_bytes(signed(kind, algorithm, attached=attached, subject=subject))
    (tmp_path / "content").write_bytes(CONTENT)
    anchor = pki.authority().write(tmp_path)
    tool = "cms" if "pss" in algorithm.value else "smime"  # PKCS #7 has no PSS
    result = subprocess.run(
        [
            *("openssl", tool, "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "signature"),
            *("-purpose", "any", "-CAfile", anchor, "-attime", str(int(pki.NOW.timestamp()))),
            *(() if attached else ("-content", tmp_path / "content")),
        ],
        capture_output=True,
        timeout=30,
    )
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout == CONTENT


@pytest.mark.parametrize(("kind", "algorithm"), [("rsa-2048", A.RSA_PKCS1_SHA256), ("p256", A.ECDSA_SHA256)])
@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
def test_gpgsm_accepts_it(tmp_path: Path, kind: str, algorithm: A, attached: bool) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    anchor = pki.authority().write(tmp_path)
    (home / "gpgsm.conf").write_text("disable-crl-checks\ndisable-policy-checks\n")
    fingerprint = subprocess.run(
        ["openssl", "x509", "-in", anchor, "-noout", "-fingerprint", "-sha1"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (home / "trustlist.txt").write_text(fingerprint.partition("=")[2] + " S relax\n")
    (tmp_path / "signature").write_bytes(signed(kind, algorithm, attached=attached))
    (tmp_path / "content").write_bytes(CONTENT)
    gpgsm = ("gpgsm", "--homedir", str(home), "--batch", "--status-fd", "1")
    files = (tmp_path / "signature", *(() if attached else (tmp_path / "content",)))
    try:
        subprocess.run([*gpgsm, "--import", str(anchor)], check=True, capture_output=True, timeout=30)
        result = subprocess.run(
            [*gpgsm, "--verify", *map(str, files)],
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, timeout=30)
    assert "GOODSIG" in result.stdout, result.stdout + result.stderr
    assert "TRUST_FULLY" in result.stdout


def test_it_has_three_signed_attributes_and_no_signing_certificate() -> None:
    signer = other_cms.ContentInfo.load(signed("p256", A.ECDSA_SHA256), strict=True)["content"][
        "signer_infos"
    ][0]
    kinds = [attribute["type"].native for attribute in signer["signed_attrs"]]
    assert sorted(kinds) == ["content_type", "message_digest", "signing_time"]
    assert signer["unsigned_attrs"].native is None


def test_what_is_kept_of_it_gives_the_same_file_again() -> None:
    signature = signed("p256", A.ECDSA_SHA256)
    kept = legacy.strip(signature, CONTENT)
    assert CONTENT not in kept
    assert legacy.attach(kept, CONTENT) == signature


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"level": Level.B_T}, FormatUnsupported),
        ({"level": Level.B_T_IF_POSSIBLE}, FormatUnsupported),
        ({"algorithm": A.ECDSA_SHA256}, MechanismUnsupported),
        ({"content": bytes.fromhex("31093007060 32a03043100".replace(" ", ""))}, DocumentRefused),
    ],
    ids=["level", "level if possible", "algorithm", "content that is signed attributes"],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        begin(**changes)  # type: ignore[arg-type]
