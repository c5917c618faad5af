"""Checks the docs: the error catalogue is the code's, every link leads somewhere, the site builds.

`python -m tests.docs` checks; `python -m tests.docs --write` writes the generated pages anew.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from signer.model.errors import MohrError, catalogue

ROOT = Path(__file__).parent.parent
ERRORS = ROOT / "docs" / "errors.md"


def error_page() -> str:
    """The error catalogue as Markdown, from `signer/model/errors.py`."""
    lines = [
        "# The error catalogue",
        "",
        "Generated from `signer/model/errors.py` by `python -m tests.docs --write`. `code` is stable and",
        "part of the contract. A condition without a status stays inside Mohr. *Retriable*: the same call",
        "may succeed without being changed.",
        "",
    ]
    family = ""
    for condition in catalogue():
        if (parent := condition.__mro__[1]).__name__ != family:
            family = parent.__name__
            lines += [f"## {(parent.__doc__ or family).strip()}", ""]
        lines += _entry(condition)
    return "\n".join(lines)


def _entry(condition: type[MohrError]) -> list[str]:
    status = condition.status or "stays in Mohr"
    return [
        f"### {condition.code}",
        "",
        f"*{condition.__name__}* · HTTP {status}{' · retriable' if condition.retriable else ''}",
        "",
        f"- {condition.en} {condition.en_remedy}",
        f"- {condition.fa} {condition.fa_remedy}",
        f"- Helpdesk: {condition.helpdesk}",
        "",
    ]


def broken_links(page: Path) -> list[str]:
    """Relative links of a Markdown file outside the site that lead nowhere."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    return [link for link in links if "://" not in link and not (page.parent / link).exists()]


def main(arguments: list[str]) -> int:
    """0 when everything holds."""
    if "--write" in arguments:
        ERRORS.write_text(error_page())
    pages = (*ROOT.glob("*.md"), ROOT / "signer" / "panel" / "README.md")
    problems = [f"{page}: {link}" for page in pages for link in broken_links(page)]
    if ERRORS.read_text() != error_page():
        problems.append("docs/errors.md is not what the code says: python -m tests.docs --write")
    logging.basicConfig(level=logging.WARNING, format="docs: %(message)s")
    with tempfile.TemporaryDirectory() as site:
        try:
            build(load_config(str(ROOT / "mkdocs.yml"), site_dir=site))
        except Abort:
            problems.append("the site does not build")
    for problem in problems:
        print(f"docs: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
