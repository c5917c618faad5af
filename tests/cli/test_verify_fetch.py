"""`mohr verify --fetch`: the network is touched when asked, for trusted signers, once until an update."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signer.cli.fetching import Fetching
from signer.cli.main import main
from signer.envelope.cades import prepare
from signer.model.credential import SignatureAlgorithm
from signer.model.policy import NetSettings
from signer.verify import RevocationData
from signer.x509 import Certificate
from tests import outside, pki
from tests.outside import OcspResponder, Server

RSA = SignatureAlgorithm.RSA_PKCS1_SHA256


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as running:
        yield running


Verify = Callable[..., tuple[int, set[str]]]


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """The exit code and the findings' codes of `mohr verify` on a signature of this certificate."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "anchors").mkdir()
    (tmp_path / "anchors" / "root.crt").write_bytes(pki.authority().certificate)

    def run(certificate: Certificate, *arguments: str) -> tuple[int, set[str]]:
        file = tmp_path / "signature.p7m"
        file.write_bytes(signature(certificate))
        capsys.readouterr()
        code = main(["verify", str(file), "--json", "--anchors", str(tmp_path / "anchors"), *arguments])
        row: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, {finding["code"] for finding in row["findings"]}

    return run


def signature(certificate: Certificate) -> bytes:
    draft = prepare(
        content=b"x",
        media_type="text/plain",
        certificate=certificate,
        algorithm=RSA,
        signing_time=datetime.now(UTC),
    )
    return draft.finish(pki.sign(pki.key("rsa-2048"), RSA, draft.to_be_signed))


def doctor(**places: str) -> Certificate:
    return outside.issue("rsa-2048", "Doctor", **places)  # type: ignore[arg-type]


def test_nobody_is_asked_unless_it_is_asked_for_and_then_once_until_the_next_update(
    tmp_path: Path, server: Server, verify: Verify
) -> None:
    certificate = doctor(ocsp=f"{server.url}/ocsp")
    server.serve("/ocsp", OcspResponder(tmp_path, good=(certificate,)))
    code, codes = verify(certificate, "--revocation", "require")
    assert (code, server.asked) == (3, {})
    assert "revocation-unknown" in codes
    for _ in range(2):
        code, codes = verify(certificate, "--revocation", "require", "--fetch")
        assert (code, server.asked) == (0, {"/ocsp": 1})
        assert "certificate-not-revoked" in codes


def test_a_list_is_fetched_too_and_anew_when_its_time_is_over(server: Server, verify: Verify) -> None:
    certificate = doctor(crls=f"{server.url}/crl")
    soon = datetime.now(UTC) + timedelta(seconds=4)
    server.serve("/crl", outside.crl(until=soon))
    assert verify(certificate, "--revocation", "require", "--fetch")[0] == 0
    while datetime.now(UTC) <= soon + timedelta(seconds=1):
        time.sleep(0.1)
    server.serve("/crl", outside.crl())
    assert verify(certificate, "--revocation", "require", "--fetch")[0] == 0
    assert server.asked == {"/crl": 2}


def test_an_authoritys_word_that_it_is_revoked_reaches_the_verdict(
    tmp_path: Path, server: Server, verify: Verify
) -> None:
    certificate = doctor(ocsp=f"{server.url}/ocsp")
    server.serve("/ocsp", OcspResponder(tmp_path, good=(), revoked=(certificate,)))
    for _ in range(2):
        code, codes = verify(certificate, "--fetch")
        assert (code, "certificate-revoked" in codes) == (1, True)
    assert server.asked == {"/ocsp": 1}


@pytest.mark.parametrize(("policy", "code"), [("require", 3), ("prefer", 0)])
def test_an_authority_that_does_not_answer_leaves_it_to_the_policy(
    server: Server, verify: Verify, policy: str, code: int
) -> None:
    told, codes = verify(doctor(crls=f"{server.url}/none"), "--fetch", "--revocation", policy)
    assert (told, "revocation-unknown" in codes) == (code, True)
    assert server.asked == {"/none": 1}


def test_what_the_policy_skips_is_not_fetched(tmp_path: Path, server: Server, verify: Verify) -> None:
    certificate = doctor(crls=f"{server.url}/crl")
    assert verify(certificate, "--revocation", "skip")[0] == 0
    file = str(tmp_path / "signature.p7m")
    assert main(["verify", file, "--revocation", "skip", "--fetch"]) == 2
    assert server.asked == {}


def test_no_address_is_called_that_no_trusted_authority_wrote(
    tmp_path: Path, server: Server, verify: Verify
) -> None:
    certificate = doctor(ocsp=f"{server.url}/ocsp", crls=f"{server.url}/crl", issuers=f"{server.url}/ca")
    (tmp_path / "anchors" / "root.crt").unlink()
    code, codes = verify(certificate, "--fetch", "--revocation", "require")
    assert (code, server.asked) == (3, {})
    assert "chain-missing" in codes


def test_a_source_works_in_another_process_and_asks_once_about_a_certificate(
    tmp_path: Path, server: Server
) -> None:
    certificate = doctor(crls=f"{server.url}/crl")
    server.serve("/crl", listed := outside.crl())
    source = Fetching(NetSettings(proxy="none"), tmp_path / "kept")
    copy: Fetching = pickle.loads(pickle.dumps(source))
    for _ in range(2):
        assert copy(certificate, outside.root(), pki.NOW) == RevocationData(crls=(listed,))
    assert server.asked == {"/crl": 1}
    copy.close()
