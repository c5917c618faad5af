"""`mohr verify`: is this signature valid, and if not, why not? Files, or whole directories at once.

Needs the plain package alone: no window, no token, no server. What is judged, and how, is `signer.verify`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from signer.cli.report_lines import report_json, report_lines
from signer.model.text import visible
from signer.verify import Finding, Indication, Report, RevocationData, RevocationPolicy, Severity, Trust
from signer.verify.anchors import load
from signer.verify.judge import Verifier
from signer.verify.recognise import MAX_OCTETS
from signer.verify.sentences import Language

if TYPE_CHECKING:
    from signer.cli.fetching import Fetching

_EXIT = {Indication.VALID: 0, Indication.INVALID: 1, Indication.INDETERMINATE: 3}
_USAGE = 2
#: Fewer files than this are done before processes for them have started.
_WORTH_PROCESSES = 64
_CHUNK = 32
#: `a.json.p7s` is a signature over `a.json`, where that stands beside it.
_DETACHED = frozenset({".p7s", ".p7m", ".p7b", ".sig", ".jws", ".xml"})
_BAR = 30


class Options(Struct, frozen=True, kw_only=True):
    """The command line, read. `anchors` None is the user's own folder; `fetch` allows the network."""

    files: tuple[Path, ...]
    content: Path | None
    anchors: Path | None
    at: str | None
    revocation: RevocationPolicy
    fetch: bool
    as_json: bool
    language: Language


class Job(Struct, frozen=True, kw_only=True):
    """One file to verify, and the document beside it where it has one."""

    file: Path
    content: Path | None


class _Usage(Exception):
    """What is wrong with the command line."""


def run(options: Options) -> int:
    """Print a report for each file: 0 where all are valid, 1 where one is invalid, 3 where one is open."""
    try:
        jobs = list(_jobs(options))
        at = _time(options.at)
        source = _source(options)
        trust = _trust(options, source)
    except _Usage as wrong:
        print(f"mohr verify: {wrong}", file=sys.stderr)
        return _USAGE
    try:
        return _worst(jobs, trust, at, options)
    finally:
        if source is not None:
            source.close()


def _worst(jobs: Sequence[Job], trust: Trust, at: datetime | None, options: Options) -> int:
    """Print each report, and say what the gravest comes to."""
    worst = 0
    for job, report in _progress(_reports(jobs, trust, at), len(jobs), sys.stderr):
        if options.as_json:
            print(report_json(job.file, report, options.language))
        else:
            print("\n".join(report_lines(job.file, report, options.language)))
        worst = 1 if 1 in {worst, _EXIT[report.indication]} else max(worst, _EXIT[report.indication])
    return worst


def _jobs(options: Options) -> Iterator[Job]:
    if options.content is not None and (len(options.files) != 1 or options.files[0].is_dir()):
        raise _Usage("--content goes with exactly one file")
    if options.content is not None and not options.content.is_file():
        raise _Usage(f"{visible(str(options.content))} is no file")
    for path in options.files:
        if path.is_dir():
            yield from _within(path)
        elif path.is_file():
            yield Job(file=path, content=options.content)
        else:
            raise _Usage(f"{visible(str(path))} is neither a file nor a directory")


def _within(folder: Path) -> Iterator[Job]:
    """Every file below, but for hidden ones and the documents that stand beside their signatures."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    documents = {path: path.with_suffix("") for path in files if path.suffix.lower() in _DETACHED}
    beside = {path: document for path, document in documents.items() if document in set(files)}
    contents = set(beside.values())
    for path in files:
        if path not in contents:
            yield Job(file=path, content=beside.get(path))


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _Usage("--at wants a time such as 2026-11-22T10:15:00+03:30") from None
    if at.tzinfo is None:
        raise _Usage("--at wants a time zone, such as +03:30 or Z")
    return at


def _source(options: Options) -> Fetching | None:
    """Where revocation data may be fetched from, by the clinic's policy; None where nobody asked for it."""
    if not options.fetch:
        return None
    if options.revocation is RevocationPolicy.SKIP:
        raise _Usage("--fetch does not go with --revocation skip")
    from signer.cli.fetching import Fetching
    from signer.model.errors import PolicyInvalid
    from signer.model.policy import NetSettings
    from signer.platform.folders import user_data
    from signer.platform.policy_file import read_policy

    try:
        policy = read_policy()
    except PolicyInvalid as problem:
        raise _Usage(f"{problem.code}: {problem.detail}") from None
    return Fetching(NetSettings() if policy is None else policy.net, user_data() / "revocation")


def _trust(options: Options, source: Fetching | None) -> Trust:
    """The folder's certificates and revocation data. A user's own folder may not be there yet: none then."""
    folder = options.anchors
    if folder is None:
        from signer.cli.anchors import user_anchors

        folder = user_anchors()
    elif not folder.is_dir():
        raise _Usage(f"{visible(str(folder))} is no directory")
    try:
        anchors = load(folder)
    except OSError as fault:
        raise _Usage(f"{visible(str(folder))}: {fault.strerror}") from None
    for path in anchors.unreadable:
        print(f"mohr verify: not read: {visible(str(path))}", file=sys.stderr)
    return Trust(
        anchors=anchors.certificates,
        data=RevocationData(crls=anchors.crls, ocsps=anchors.ocsps),
        revocation=options.revocation,
        source=source,
    )


def _reports(jobs: Sequence[Job], trust: Trust, at: datetime | None) -> Iterator[tuple[Job, Report]]:
    """In the order of the jobs; many of them in as many processes as there are processors."""
    if len(jobs) < _WORTH_PROCESSES:
        verifier = Verifier(trust)
        for job in jobs:
            yield job, verify_job(verifier, job, at)
        return
    with ProcessPoolExecutor(
        os.cpu_count(), get_context("spawn"), initializer=_begin, initargs=(trust, at)
    ) as pool:
        yield from zip(jobs, pool.map(_in_process, jobs, chunksize=_CHUNK), strict=True)


_process: tuple[Verifier, datetime | None]


def _begin(trust: Trust, at: datetime | None) -> None:
    global _process
    _process = Verifier(trust), at


def _in_process(job: Job) -> Report:
    verifier, at = _process
    return verify_job(verifier, job, at)


def verify_job(verifier: Verifier, job: Job, at: datetime | None) -> Report:
    """The report on one file, whatever it holds. A fault of ours is a finding, and stops no other file."""
    try:
        octets = _octets(job.file)
        content = None if job.content is None else _octets(job.content)
    except OSError as fault:
        return _open("file-unreadable", type(fault).__name__)
    try:
        return verifier.verify(octets, content=content, at=at)
    except Exception as fault:  # noqa: BLE001  # one file of ten thousand must not end the others
        return _open("verifier-failed", type(fault).__name__)


def _octets(path: Path) -> bytes:
    """One octet more than is read of any file, so that a larger one is told by the verifier."""
    with path.open("rb") as file:
        return file.read(MAX_OCTETS + 1)


def _open(code: str, detail: str) -> Report:
    finding = Finding(code=code, severity=Severity.FAILED, detail=detail)
    return Report(indication=Indication.INDETERMINATE, findings=(finding,))


def _progress(
    reports: Iterable[tuple[Job, Report]], total: int, screen: TextIO
) -> Iterator[tuple[Job, Report]]:
    """The same, with a bar on a terminal that is not also being written to."""
    shown = total >= _WORTH_PROCESSES and screen.isatty() and not sys.stdout.isatty()
    for done, pair in enumerate(reports, 1):
        if shown and (done == total or done % _CHUNK == 0):
            filled = _BAR * done // total
            end = "\n" if done == total else ""
            print(
                f"\r[{'#' * filled}{' ' * (_BAR - filled)}] {done}/{total}", end=end, file=screen, flush=True
            )
        yield pair
