"""The contract suite over a module it has never seen: what it runs, what it leaves out, what it never prints.

The stranger is SoftHSM again, as it is or behind p11-kit's server, in a pytest of its own that knows of it
what the command line says.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.pin import Pin
from drivers.types import Binding, KeySpec
from signer.cli.demo.authority import PLAIN_DOCTOR
from tests import softhsm as hsm
from tests.contract.run import SIGNS, WRONG_PIN, Run
from tests.contract.subject import Asked, survey
from tests.fault.module import FaultyModule, build

#: Not SoftHSM but a library of its own: it counts slots anew, and shortens the list of mechanisms.
P11_KIT = next(Path("/usr/lib").glob("*/pkcs11/p11-kit-client.so"))
OLD_STYLE = "slots.mechanisms = CKM_RSA_PKCS,CKM_RSA_PKCS_KEY_PAIR_GEN\n"


def add_pin_file(token: hsm.SoftHsm, pin: str = hsm.PIN) -> Path:
    file = token.folder / "pin"
    file.write_text(f"{pin}\n")
    return file


def signing(binding: Binding, *ways: str) -> set[str]:
    return {f"{SIGNS}[{binding.value}-{way}]" for way in ways}


def test_an_old_module_with_raw_rsa_alone_passes_and_the_rest_is_named(softhsm: hsm.SoftHsm) -> None:
    with Path(softhsm.env["SOFTHSM2_CONF"]).open("a") as configuration:
        configuration.write(OLD_STYLE)
    pin = add_pin_file(softhsm)
    run = Run(
        softhsm, "--module", softhsm.module, "--token-label", softhsm.label, "--pin-file", pin, "--may-write"
    )
    assert run.status == 0, run.output
    assert "mechanisms: 0x0 0x1\nkeys: 0 found, 1 made" in run.output
    raw = ("rsa-pkcs1-sha256-host", "rsa-pkcs1-sha384-host", "rsa-pkcs1-sha512-host")
    assert {name for name in run.passed if name.startswith(SIGNS)} == {
        name for binding in Binding for name in signing(binding, *raw)
    }
    assert {name: why for name, why in run.left_out.items() if name.startswith(SIGNS)} == {
        f"{SIGNS}[{way}]": f"no {mechanism} in the module's list"
        for way, mechanism in {
            "rsa-pkcs1-sha256-module": "CKM_SHA256_RSA_PKCS",
            "rsa-pkcs1-sha384-module": "CKM_SHA384_RSA_PKCS",
            "rsa-pkcs1-sha512-module": "CKM_SHA512_RSA_PKCS",
            "rsa-pss-sha256-module": "CKM_SHA256_RSA_PKCS_PSS",
            "rsa-pss-sha256-host": "CKM_RSA_PKCS_PSS",
            "rsa-pss-sha384-module": "CKM_SHA384_RSA_PKCS_PSS",
            "rsa-pss-sha384-host": "CKM_RSA_PKCS_PSS",
            "rsa-pss-sha512-module": "CKM_SHA512_RSA_PKCS_PSS",
            "rsa-pss-sha512-host": "CKM_RSA_PKCS_PSS",
            "ecdsa-sha256-module": "CKM_ECDSA_SHA256",
            "ecdsa-sha256-host": "CKM_ECDSA",
            "ecdsa-sha384-module": "CKM_ECDSA_SHA384",
            "ecdsa-sha384-host": "CKM_ECDSA",
            "ecdsa-sha512-module": "CKM_ECDSA_SHA512",
            "ecdsa-sha512-host": "CKM_ECDSA",
        }.items()
    }
    assert run.left_out[WRONG_PIN] == "it gives a wrong PIN, and --may-spend-a-try was not given"
    for secret in (hsm.PIN, softhsm.label):
        assert secret not in run.output + run.report


def test_keys_found_on_the_token_are_used_and_nothing_is_written(softhsm: hsm.SoftHsm) -> None:
    asyncio.run(hsm.certify(softhsm, {b"\x07": KeySpec.EC_P256}, PLAIN_DOCTOR, datetime.now(UTC)))
    tokens = softhsm.folder / "tokens"
    before = sorted(tokens.rglob("*.object"))
    run = Run(
        softhsm,
        *("--module", softhsm.module, "--token-label", softhsm.label),
        *("--pin", softhsm.pin, "--binding", "python-pkcs11"),
    )
    assert run.status == 0, run.output
    assert "keys: 1 found, 0 made" in run.output
    assert {name for name in run.passed if name.startswith(SIGNS)} == signing(
        Binding.PYTHON_PKCS11, "ecdsa-sha256-host"
    )
    assert not [name for name in run.passed if "[pykcs11" in name]
    assert run.left_out["test_both_bindings_see_the_same_tokens"].endswith("--binding names one")
    assert sorted(tokens.rglob("*.object")) == before
    assert hsm.PIN not in run.output + run.report


def test_with_every_permission_only_what_the_module_lacks_is_left_out(softhsm: hsm.SoftHsm) -> None:
    pin = add_pin_file(softhsm)
    run = Run(
        softhsm,
        *("--module", softhsm.module, "--token-label", softhsm.label, "--pin-file", pin),
        *("--may-write", "--may-spend-a-try"),
    )
    assert run.status == 0, run.output
    assert {f"{WRONG_PIN}[{binding.value}]" for binding in Binding} <= run.passed
    own = "it is about the token that the suite makes for itself"
    assert run.left_out == {
        "test_the_length_of_a_pin_is_told_where_the_binding_tells_it": own,
        "test_a_key_that_wants_a_login_for_each_signature_takes_one_pin_for_one_signature": own,
        "test_a_wrong_pin_shows_in_the_flags_until_the_next_login": own,
        f"{SIGNS}[ecdsa-sha256-module]": "no CKM_ECDSA_SHA256 in the module's list",
        f"{SIGNS}[ecdsa-sha384-module]": "no CKM_ECDSA_SHA384 in the module's list",
        f"{SIGNS}[ecdsa-sha512-module]": "no CKM_ECDSA_SHA512 in the module's list",
    }


def test_without_a_pin_nobody_logs_in(softhsm: hsm.SoftHsm) -> None:
    run = Run(softhsm, "--module", softhsm.module, "--token-label", softhsm.label)
    assert run.status == 0, run.output
    assert run.left_out["test_pipelined_signatures_all_verify"] == "it needs a login, and no PIN was given"
    assert "test_both_bindings_see_the_same_tokens" in run.passed


MODULE = ("--module", "{module}")
TOKEN = (*MODULE, "--token-label", "{label}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (*MODULE, "--token-label", "another"),
            "no such token: none of the 2 that the module shows has this",
        ),
        (
            (*TOKEN, "--pin-file", "{wrong}"),
            "the PIN was refused, and not given again: C_Login returned 0x000000A0",
        ),
        (("--module", "{wrong}", "--token-label", "{label}"), "file too short"),
        (MODULE, "--module needs --token-label"),
        (("--token-label", "{label}"), "--module says which module the other options are about"),
        (("--may-write",), "--module says which module the other options are about"),
        ((*TOKEN, "--pin", "{pin}", "--pin-file", "{wrong}"), "--pin and --pin-file: one of them"),
        ((*TOKEN, "--pin-file", "{folder}"), "--pin-file cannot be read: IsADirectoryError"),
        ((*TOKEN, "--pin-file", "/dev/null"), "the first line of --pin-file is empty"),
        ((*TOKEN, "--may-write"), "--may-write and --may-spend-a-try need a PIN"),
    ],
)
def test_a_run_that_cannot_be_is_ended_by_a_sentence(
    softhsm: hsm.SoftHsm, arguments: tuple[str, ...], sentence: str
) -> None:
    wrong = add_pin_file(softhsm, "48151623")
    known = {
        "module": softhsm.module,
        "label": softhsm.label,
        "pin": softhsm.pin,
        "wrong": wrong,
        "folder": softhsm.folder,
    }
    run = Run(softhsm, *(argument.format(**known) for argument in arguments), "--showlocals", "--tb=long")
    assert run.status == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in run.output.splitlines() if line.startswith("ERROR: ")]
    assert sentence in line
    assert "Traceback" not in run.output
    assert not [secret for secret in (softhsm.pin, "48151623") if secret in run.output]


def test_a_module_that_passes_every_call_on_to_a_server_passes(softhsm: hsm.SoftHsm) -> None:
    socket = softhsm.folder / "socket"
    serving = subprocess.Popen(
        ["p11-kit", "server", "-f", "--provider", str(softhsm.module), "-n", str(socket), "pkcs11:"],
        env={**os.environ, **softhsm.env},
        stdout=subprocess.DEVNULL,
    )
    softhsm.env["P11_KIT_SERVER_ADDRESS"] = f"unix:path={socket}"
    try:
        token = ("--token-label", softhsm.label, "--pin-file", add_pin_file(softhsm))
        run = Run(softhsm, "--module", P11_KIT, *token, "--may-write", "--may-spend-a-try")
    finally:
        serving.terminate()
        serving.wait()
    assert run.status == 0, run.output
    assert "keys: 0 found, 4 made" in run.output
    ways = ("rsa-pkcs1-sha256-module", "rsa-pss-sha256-host", "ecdsa-sha256-host")
    assert run.passed > {name for binding in Binding for name in signing(binding, *ways)}


def test_a_token_with_one_session_and_a_key_without_a_certificate_passes(
    softhsm: hsm.SoftHsm, tmp_path: Path
) -> None:
    asyncio.run(make_key(softhsm, KeySpec.RSA_2048))
    module = FaultyModule(build(tmp_path), softhsm, tmp_path)
    module.want("single")
    # The second binding opens a session of its own for a login.
    token = ("--token-label", softhsm.label, "--pin", softhsm.pin, "--binding", "pykcs11")
    run = Run(module.token, "--module", module.token.module, *token)
    assert run.status == 0, run.output
    assert "keys: 1 found, 0 made" in run.output
    ways = ("rsa-pkcs1-sha256-module", "rsa-pkcs1-sha512-host", "rsa-pss-sha256-module")
    assert run.passed > signing(Binding.PYKCS11, *ways)


def test_a_mechanism_that_is_listed_and_refused_is_told_and_is_no_signature(
    softhsm: hsm.SoftHsm, tmp_path: Path
) -> None:
    asyncio.run(make_key(softhsm, KeySpec.RSA_2048))
    module = FaultyModule(build(tmp_path), softhsm, tmp_path)
    module.fail("C_SignInit", "rv 0x70", nth=1)
    token = ("--token-label", softhsm.label, "--pin", softhsm.pin, "--binding", "pykcs11")
    only = ("-k", f"{SIGNS} and pkcs1-sha256")
    run = Run(module.token, "--module", module.token.module, *token, *only)
    assert run.status == 0, run.output
    refusal = "the module lists the mechanism and refuses it: C_SignInit returned 0x00000070"
    assert f"refused: {SIGNS}[pykcs11-rsa-pkcs1-sha256-module]: {refusal}" in run.output


async def make_key(token: hsm.SoftHsm, spec: KeySpec) -> None:
    """A key that no certificate is for."""
    async with token.supervisor() as supervisor:
        slot = await hsm.only_slot(supervisor)
        await supervisor.login(slot, Pin(token.pin))
        await supervisor.generate_key_pair(slot, spec, b"\x05", "alone")


async def test_a_pin_refused_in_the_middle_of_a_run_ends_it_before_the_next_try(softhsm: hsm.SoftHsm) -> None:
    asked = Asked(module=softhsm.module, label=softhsm.label, pin=Pin(softhsm.pin), env=softhsm.env)
    surveyed = await survey(asked)
    changed = replace(surveyed, asked=replace(asked, pin=Pin("48151623")))
    async with softhsm.supervisor() as supervisor:
        slot = await changed.slot(supervisor)
        with pytest.raises(pytest.exit.Exception, match="the run ends here"):
            await changed.login(supervisor, slot)
