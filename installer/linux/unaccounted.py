"""Is there a library in what was frozen that no distribution brought, so that nobody's licence is told?"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, packages_distributions
from pathlib import Path

from installer.linux.libraries import elf_files
from installer.notices import normal

#: What Qt's folder may hold: its own libraries, and ICU, whose text stands among PDFium's.
_QT = re.compile(r"lib(Qt6|icu)|libpyside6|libshiboken6")


def unaccounted(tree: Path, distributions: list[Distribution]) -> list[str]:
    """Libraries in one frozen tree that belong to none of these, nor to CPython: nobody's licence is told."""
    owners = packages_distributions()
    ours = {normal(one.name) for one in distributions}
    strange = []
    for file in elf_files(tree):
        parts = file.relative_to(tree).parts
        if parts[0].startswith(("python3", "libpython")):
            continue
        names = {normal(name) for name in owners.get(parts[0].split(".")[0], ())}
        in_qt = parts[:3] == ("PySide6", "Qt", "lib")
        if not names & ours or (in_qt and not _QT.match(file.name)):
            strange.append(str(Path(*parts)))
    return strange
