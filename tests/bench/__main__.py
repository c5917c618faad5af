"""`make bench`: what a signature costs, as a ratio to a raw C_Sign of the same run.

`--json` ends with one JSON object on the last line; `--rounds N` (15) sets how often everything is measured,
in turns, so that a noisy machine is noisy for all. Medians are printed, never judged.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from signer.envelope import cades, jades, jws, legacy, xades
from signer.model.credential import KeyKind
from signer.platform.folders import folders_under
from signer.service.tracing import Recording
from tests.bench import pades, process, verification
from tests.bench.endpoint import WaysPanel, measure_overhead
from tests.bench.faults import measure_faults
from tests.bench.others import EndesiveSigner, OpensslSigner
from tests.bench.panel import BenchPanel
from tests.bench.place import RSA, make_place
from tests.bench.pyhanko import SessionSigner, sign_with_pyhanko
from tests.bench.stalls import measure_stalls
from tests.bench.tabs import WAYS
from tests.bench.token import OwnBinding, RawKey, RawToken
from tests.bench.worker import ALGORITHM, MEDIA_TYPE, WorkerSigner

EACH = 20
BATCH = 250
FORMATS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("cades_bb", cades.prepare),
    ("legacy_cms", legacy.prepare),
    ("jws", jws.prepare),
    ("jades_bb", jades.prepare),
    ("xades_bb", xades.prepare),
)
CONTENT = b'{"quantity": 20, "name": "' + b"x" * 970 + b'"}'


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds to watch the idle agent for")
    parser.add_argument("--folder", type=Path, default=Path(".mohr/bench"))
    options = parser.parse_args()
    base = options.folder.absolute()
    figures = (
        measure(base, options.rounds)
        | measure_overhead()
        | verification.measure(base, options.rounds)
        | measure_process(base, options.idle)
        | measure_faults(base)
        | measure_stalls()
    )
    for name, row in figures.items():
        print(f"{name:26}" + "".join(f"{value:12.3f} {unit}" for unit, value in row.items()))
    if options.json:
        print(json.dumps(figures))
    return 0


def measure(base: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Medians over the rounds: `ms` of one operation, `ratio` to the raw C_Sign just before and after it.

    A batch's ratio is to 250 raw signatures; `…_own` signs through the worker's binding, and so does its raw.
    """
    place = make_place(base)
    key = RawToken(place).key(RSA)
    own = OwnBinding(place, key.certificate)
    worker, pyhanko = WorkerSigner(place, key.certificate), SessionSigner(key)
    recorded = WorkerSigner(place, key.certificate, recording=Recording())
    endesive, openssl = EndesiveSigner(key), OpensslSigner(place, key, base, CONTENT)
    raw: list[float] = []
    found: dict[str, list[tuple[float, float]]] = {}
    try:
        data = folders_under(base / "agent").data
        with (
            BenchPanel(base) as panel,
            BenchPanel(base, opened=True) as open_panel,
            WaysPanel(panel, data, BATCH, panel.credential(KeyKind.RSA)) as ways,
        ):
            turns: tuple[tuple[str, int, Callable[[], object]], ...] = (
                *((name, EACH, partial(_made, prepare, key)) for name, prepare in FORMATS),
                ("own_binding", EACH, lambda: own.sign(CONTENT)),
                ("worker_boundary", EACH, lambda: worker.boundary(CONTENT)),
                ("worker_question", EACH, worker.question),
                ("worker_recorded", EACH, lambda: recorded.boundary(CONTENT)),
                ("worker_cades_verified", EACH, lambda: worker.sign(CONTENT)),
                ("pyhanko_cms", 5, lambda: sign_with_pyhanko(pyhanko, CONTENT)),
                ("endesive_cms", 5, lambda: endesive.cms(CONTENT)),
                ("openssl_engine_cms", 2, openssl.cms),
                *pades.turns(key, pyhanko),
                ("endpoint_single", 5, lambda: panel.sign(1)),
                ("endpoint_single_open", 5, lambda: open_panel.sign(1)),
                ("endpoint_batch_250", 1, lambda: panel.sign(BATCH)),
                ("endpoint_batch_250_p256", 1, lambda: panel.sign(BATCH, KeyKind.EC_P256)),
                *((f"endpoint_batch_250_{way}", 1, partial(ways.sign, way)) for way in WAYS),
            )
            own_turns = tuple(
                (f"{name}_own", EACH, partial(_made, prepare, own)) for name, prepare in FORMATS
            )
            for _ in range(rounds):
                raw += _round(key, turns, found)
                _round(own, own_turns, found)
    finally:
        worker.close()
        recorded.close()
    figures = {"raw_c_sign": {"ms": statistics.median(raw)}}
    for name, pairs in found.items():
        each = BATCH if "batch" in name else 1
        figures[name] = {
            "ms": statistics.median(lasted for lasted, _ in pairs),
            "ratio": statistics.median(lasted / (each * beside) for lasted, beside in pairs),
        }
    return figures | {"pades_10_mb_peak": {"MB": pades.peak_of_large()}}


def _round(
    key: RawKey | OwnBinding,
    turns: Iterable[tuple[str, int, Callable[[], object]]],
    found: dict[str, list[tuple[float, float]]],
) -> list[float]:
    """Each turn once, what it lasts and the mean of the raw signatures around it; gives the latter."""
    raw = [_lasts(lambda: key.sign(CONTENT), EACH)]
    for name, times, work in turns:
        lasted = _lasts(work, times)
        raw.append(_lasts(lambda: key.sign(CONTENT), EACH))
        found.setdefault(name, []).append((lasted, (raw[-2] + raw[-1]) / 2))
    return raw


def measure_process(base: Path, idle: float) -> dict[str, dict[str, float]]:
    """Starts (median of five, after one that warms the disk's cache), then one idle agent with its window."""
    env = make_place(base).env
    figures: dict[str, dict[str, float]] = {}
    for name, module in (("start_headless", process.HEADLESS), ("start_window", process.WINDOW)):
        lasted = []
        for _ in range(6):
            with process.running(module, env) as (_, seconds):
                lasted.append(seconds * 1000)
        figures[name] = {"ms": statistics.median(lasted[1:])}
    with process.running(process.WINDOW, env) as (pid, _):
        time.sleep(3)  # the window opens and the first look at the tokens ends
        before = process.cpu_seconds(pid)
        time.sleep(idle)
        figures["idle_cpu"] = {"ms": (process.cpu_seconds(pid) - before) * 1000}
        figures["idle_pss"] = {"MB": process.pss_mb(pid)}
    return figures


def _made(prepare: Callable[..., Any], key: RawKey | OwnBinding) -> bytes:
    draft = prepare(
        content=CONTENT,
        media_type=MEDIA_TYPE,
        certificate=key.certificate,
        algorithm=ALGORITHM,
        signing_time=datetime.now(UTC),
    )
    finished: bytes = draft.finish(key.sign_planned(draft.to_be_signed))
    return finished


def _lasts(work: Callable[[], object], times: int) -> float:
    """Milliseconds for one."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) * 1000 / times


if __name__ == "__main__":
    sys.exit(main())
