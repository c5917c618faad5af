"""The libraries for PDFs are heavy: they are loaded by the first PDF, never by the agent's start."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pyhanko", "pypdfium2", "uharfbuzz", "fontTools", "lxml")


def test_what_signs_shows_and_reads_pdfs_loads_no_library_before_the_first_one() -> None:
    modules = ("signer.envelope.pades", "signer.verify.pades", "signer.prescription.reader")
    script = f"import {', '.join(modules)}, sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
