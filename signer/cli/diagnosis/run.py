"""`mohr diagnose`: runs the check, says how far it is, prints the verdict, and writes what was asked for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from signer.cli.diagnosis import words
from signer.cli.diagnosis.lines import probe_line, report_lines
from signer.cli.diagnosis.page import page
from signer.cli.diagnosis.place import this_computer
from signer.cli.language import Language, first_of
from signer.diagnostics.catalogue import Severity
from signer.diagnostics.check import Checked, check
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Outcome
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report, report
from signer.model.text import visible

#: What the process ends with; 2 is a command line that cannot be read, as everywhere.
STATUS = {Severity.STOPS.value: 3, Severity.HINDERS.value: 1}


class Wanted(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    as_json: bool = False
    html: Path | None = None
    bundle: Path | None = None
    sign: bool = False
    module: Path | None = None
    language: Language = "en"


def diagnose(wanted: Wanted) -> int:
    """0 where nothing is wrong, 1 where something hinders, 3 where something stops signing.

    4 where a file that was asked for could not be written, or was not wanted after all.
    """
    ground = this_computer(wanted.module)
    redactor = Redactor(ground.profiles)
    checked = asyncio.run(_checked(ground, redactor, progress=sys.stderr if wanted.as_json else sys.stdout))
    if wanted.sign:
        checked = _signed(checked, ground, beside_json=wanted.as_json)
    made = report(checked, redactor)
    if wanted.as_json:
        sys.stdout.write(made.text())
    else:
        print()
        for line in report_lines(made, wanted.language):
            print(line)
    status = STATUS.get(made.verdict, 0)
    if wanted.html is not None and not _written(wanted.html, page(made)):
        status = 4
    if wanted.bundle is not None and not _bundled(made, wanted.bundle, wanted.language):
        status = 4
    return status


def _signed(checked: Checked, ground: Ground, *, beside_json: bool) -> Checked:
    """Ask and sign, on standard error where standard output is the report's."""
    from signer.cli.diagnosis.signing import signed
    from signer.cli.tty import Tty

    tty = Tty(0, 2 if beside_json else 1)
    if not tty.attended:
        print("mohr diagnose: --sign needs a terminal, for the PIN", file=sys.stderr)
        return checked
    return asyncio.run(signed(tty, ground, checked))


async def _checked(ground: Ground, redactor: Redactor, *, progress: TextIO) -> Checked:
    def ended(outcome: Outcome) -> None:
        print(probe_line(outcome, redactor), file=progress, flush=True)

    return await check(ground, ended)


def _written(file: Path, text: str) -> bool:
    try:
        file.write_text(text, "utf-8")
    except OSError as problem:
        print(f"mohr diagnose: {visible(str(problem))}", file=sys.stderr)
        return False
    return True


def _bundled(made: Report, file: Path, language: Language) -> bool:
    """Show every octet, then save those, once a person says yes. Without a terminal nothing is saved."""
    from signer.cli.tty import NoAnswer, Tty
    from signer.cli.typed_pin import typed_word

    tty = Tty(0, 1)
    if not tty.attended:
        print(
            "mohr diagnose: --bundle needs a terminal, for your yes; --json prints the same", file=sys.stderr
        )
        return False
    print(made.text())
    print(first_of(words.PRIVATE, language))
    try:
        answer = asyncio.run(typed_word(tty, first_of(words.SAVE, language), "yes", "no", language))
    except NoAnswer:
        answer = "no"
    if answer != "yes":
        print(first_of(words.NOT_SAVED, language))
        return False
    return _written(file, made.text())
