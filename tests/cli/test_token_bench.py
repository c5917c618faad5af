"""`mohr token bench` and `compare`, over the demo's token: figures for each key, and limits that hold."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from drivers.pin import Pin
from drivers.types import KeySpec
from signer.cli.demo.token import PIN
from signer.cli.token_speed import FORMAT, Bench, bench_file, compare, compared
from signer.model.errors import SignatureWantsPin, TokenRemoved
from signer.service.token_bench import Limits, Measured, measure, summed
from signer.service.token_signers import TokenModule
from tests import softhsm as hsm
from tests.cli.place import User
from tests.cli.test_token import run
from tests.cli.theatre import Terminal


def test_each_key_is_measured_after_one_pin_and_the_file_names_no_token(
    user: User, terminal: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "bench.json"
    assert run(user, terminal, ("bench", "--count", "3", "--out", str(out)), ("PIN (", PIN)) == 0
    told = msgspec.json.decode(out.read_bytes(), type=Bench)
    assert told.format == FORMAT and told.family == "softhsm"
    assert {row.algorithm for row in told.rows} >= {"rsa-pkcs1-sha256", "rsa-pss-sha512"}
    assert {row.count for row in told.rows} == {3}
    assert {row.key for row in told.rows} == {str(n + 1) for n in range(len({r.key for r in told.rows}))}
    assert "serial" in terminal.text and PIN not in terminal.text
    assert run(user, terminal, ("bench", "--count", "1", "--language", "fa"), ("رمز توکن (", "")) == 1
    assert "کاری انجام نشد" in terminal.text and "شمارهٔ سریال" in terminal.text
    assert user.mohr("token", "compare", str(out), str(out)).stdout.count("1.00") >= len(
        {(row.kind, row.algorithm) for row in told.rows}
    )


async def _measured(
    token: hsm.SoftHsm, limits: Limits, *, yes: bool
) -> tuple[tuple[Measured, ...], list[str]]:
    asked: list[str] = []

    async def ask(key: str) -> bool:
        asked.append(key)
        return yes

    async with token.supervisor() as supervisor:
        slot = await hsm.only_slot(supervisor)
        there = next(one for one in await supervisor.tokens() if one.slot == slot)
        await supervisor.login(slot, Pin(hsm.PIN))
        module = TokenModule(path=str(token.module), profile=hsm.profile(), supervisor=supervisor)
        return await measure(module, there, Pin(hsm.PIN), limits, ask), asked


def test_a_key_that_wants_its_pin_each_time_is_asked_about_first(softhsm: hsm.SoftHsm) -> None:
    asyncio.run(hsm.make_keys(softhsm, {b"\x01": KeySpec.RSA_2048}, always_authenticate=True))
    rows, asked = asyncio.run(_measured(softhsm, Limits(count=2), yes=False))
    assert asked == ["01"]
    assert [(row.count, row.problem) for row in rows] == [(0, SignatureWantsPin.code)]
    rows, asked = asyncio.run(_measured(softhsm, Limits(count=2), yes=True))
    assert asked == ["01"]
    assert {(row.count, row.problem) for row in rows} == {(2, None)}


def test_no_time_is_one_signature(softhsm: hsm.SoftHsm) -> None:
    asyncio.run(hsm.make_keys(softhsm, {b"\x01": KeySpec.EC_P256}))
    rows, asked = asyncio.run(_measured(softhsm, Limits(count=1000, seconds=0), yes=True))
    assert asked == []
    assert {row.count for row in rows} == {1}


def test_percentiles_are_times_that_were_measured() -> None:
    row = summed("01", "rsa 2048", "rsa-pkcs1-sha256", [float(n) for n in range(100, 0, -1)])
    assert (row.p50, row.p95, row.count) == (50.0, 95.0, 100)
    assert summed("01", "rsa 2048", "x", [4.0]).p95 == 4.0


def test_two_files_stand_side_by_side_with_what_one_lacks(tmp_path: Path) -> None:
    def row(algorithm: str, p50: float | None, problem: str | None = None) -> Measured:
        return Measured(
            key="aa", kind="rsa 2048", algorithm=algorithm, count=1, per_second=1.0, p50=p50, problem=problem
        )

    one = Bench(format=FORMAT, family="softhsm", rows=(row("x", 2.0), row("x", 9.0), row("y", 1.0)))
    other = Bench(format=FORMAT, family="opensc", rows=(row("x", 8.0), row("z", None, "token-removed")))
    lines = list(compared(one, other, "en"))
    assert "4.00" in lines[2]
    assert lines[3].split()[-1] == "-" and "token-removed" in lines[4]
    persian = list(compared(one, other, "fa"))
    assert persian[2] == lines[2]
    assert TokenRemoved.fa in persian[4] and "token-removed" not in persian[4]
    (tmp_path / "a").write_bytes(bench_file("softhsm", one.rows))
    assert b'"aa"' not in (tmp_path / "a").read_bytes()
    (tmp_path / "b").write_text("no")
    assert compare(tmp_path / "a", tmp_path / "b", "en") == 1
