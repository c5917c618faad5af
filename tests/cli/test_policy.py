"""The agent is put together by the clinic's policy, and by none where that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from signer.cli import assembly, clinic
from signer.cli.demo.doctor import ScriptedDoctor
from signer.model.errors import PolicyInvalid
from signer.model.policy import Policy
from signer.platform.folders import folders_under
from tests import outside, pki


def agent(folder: Path) -> assembly.Agent:
    return assembly.Agent(
        consent=ScriptedDoctor("0000"), modules=(), folders=folders_under(folder), ports=(0,)
    )


async def test_a_wrong_policy_lets_nobody_new_in_and_the_agent_still_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong() -> Policy:
        raise PolicyInvalid("/etc/mohr/policy.toml: orgins")

    monkeypatch.setattr(clinic, "read_policy", wrong)
    assert clinic.clinic_policy()[0] == Policy(pairing=False)
    running = agent(tmp_path)
    await running.start()
    await running.stop()
    assert "policy-invalid: /etc/mohr/policy.toml: orgins" in caplog.text


def test_no_policy_file_is_the_default_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "read_policy", lambda: None)
    assert clinic.clinic_policy() == (Policy(), None)


def test_authorities_are_read_in_der_and_in_pem_and_others_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.der").write_bytes(outside.root().der)
    outside.write_pem(tmp_path / "b.pem", pki.authority().certificate)
    (tmp_path / "c.crt").write_text("not a certificate")
    assert clinic.clinics_authorities(str(tmp_path)) == (outside.root(),)
    assert "c.crt" in caplog.text
    assert clinic.clinics_authorities(None) == ()
    assert clinic.clinics_authorities(str(tmp_path / "absent")) == ()
    assert "cannot be read" in caplog.text
