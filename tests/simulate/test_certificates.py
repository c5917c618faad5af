"""A simulator's certificates say what they are, and no verifier takes what they sign, whatever it trusts."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from signer import x509
from signer.cli.simulate.authority import AUTHORITY_FILE, NOT_VALID, Doctor, Held, identity
from signer.envelope import cades, sign_in
from signer.model.credential import SignatureAlgorithm
from signer.verify import Indication, verify
from signer.verify.anchors import load_file
from signer.verify.cades import verify as verify_cades
from signer.verify.sign_in import Refusal, SignInRefused, check
from signer.verify.verdict import Reason

NOW = datetime.now(UTC).replace(microsecond=0)


def made_by(held: Held, octets: bytes) -> tuple[SignatureAlgorithm, bytes]:
    if isinstance(held.key, rsa.RSAPrivateKey):
        value = held.key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
        return SignatureAlgorithm.RSA_PKCS1_SHA256, value
    return SignatureAlgorithm.ECDSA_SHA256, held.key.sign(octets, ec.ECDSA(hashes.SHA256()))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Held, ...]]:
    folder = tmp_path_factory.mktemp("simulator") / "token"
    return folder / AUTHORITY_FILE, identity(folder, Doctor(), NOW)


def signature(one: Held, *, attached: bool = True) -> bytes:
    prepared = cades.prepare(
        content=b"a prescription",
        media_type="text/plain",
        certificate=x509.read(one.certificate),
        algorithm=made_by(one, b"")[0],
        signing_time=NOW,
        attached=attached,
    )
    return prepared.finish(made_by(one, prepared.to_be_signed)[1])


def test_names_say_simulator_and_each_carries_the_critical_mark(held: tuple[Path, tuple[Held, ...]]) -> None:
    (root,) = load_file(held[0])
    assert NOT_VALID in root.subject
    for one in held[1]:
        certificate = x509.read(one.certificate)
        assert NOT_VALID in certificate.subject
        assert "شبیه‌ساز" in certificate.holder.name
        assert certificate.critical_unknown == (x509.SIMULATOR,)
        assert x509.simulated(certificate)
        assert (certificate.not_after < NOW) is one.expired
    assert root.critical_unknown == (x509.SIMULATOR,)


def test_the_verifier_names_it_and_never_says_valid_though_its_authority_is_an_anchor(
    held: tuple[Path, tuple[Held, ...]],
) -> None:
    anchors = load_file(held[0])
    for one in held[1]:
        for trusted in (anchors, (x509.read(one.certificate),), ()):
            report = verify(signature(one), anchors=trusted, at=NOW)
            assert report.indication is not Indication.VALID
            assert report.findings[0].code == "simulator-certificate"
            assert report.content == b"a prescription", "its integrity is told all the same"
        verdict = verify_cades(signature(one), content=b"a prescription", anchors=anchors)
        assert verdict.reason in {Reason.CHAIN_UNTRUSTED, Reason.CERTIFICATE_UNUSABLE}


def test_openssl_does_not_take_it_either(held: tuple[Path, tuple[Held, ...]], tmp_path: Path) -> None:
    file = tmp_path / "signature.p7m"
    file.write_bytes(signature(held[1][0]))
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", str(file), "-purpose", "any"]
    told = subprocess.run([*command, "-CAfile", str(held[0])], capture_output=True, text=True)
    assert told.returncode != 0
    assert "unhandled critical extension" in told.stderr
    ignoring = [*command, "-CAfile", str(held[0]), "-ignore_critical"]
    assert subprocess.run(ignoring, capture_output=True).stdout == b"a prescription"


def test_nobody_signs_in_with_it(held: tuple[Path, tuple[Held, ...]]) -> None:
    origin, nonce = "https://panel.example", "A" * 43
    one = held[1][0]
    prepared = sign_in.prepare(
        content=sign_in.claims(origin, nonce),
        certificate=x509.read(one.certificate),
        algorithm=SignatureAlgorithm.RSA_PKCS1_SHA256,
        signing_time=NOW,
    )
    token = prepared.finish(made_by(one, prepared.to_be_signed)[1]).decode()
    with pytest.raises(SignInRefused) as refused:
        check(token, origin=origin, nonce=nonce, anchors=load_file(held[0]), now=NOW)
    assert refused.value.refusal is Refusal.SIMULATED


def test_they_are_kept_for_one_doctor_and_made_anew_for_another_or_when_they_end(tmp_path: Path) -> None:
    first = identity(tmp_path / "token", Doctor(), NOW)
    assert [one.certificate for one in identity(tmp_path / "token", Doctor(), NOW)] == [
        one.certificate for one in first
    ]
    other = identity(tmp_path / "token", Doctor(council_number="654321"), NOW)
    assert x509.read(other[0].certificate).holder.council_number == "654321"
    later = identity(tmp_path / "token", Doctor(council_number="654321"), NOW + timedelta(days=340))
    assert later[0].certificate != other[0].certificate
    assert (tmp_path / "token" / "token.json").stat().st_mode & 0o777 == 0o600
