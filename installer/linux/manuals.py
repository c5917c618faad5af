"""Manual pages out of the argparse tree. What a page says beyond the options stands in `files/*.man`."""

from __future__ import annotations

import argparse
import copy
from datetime import UTC, datetime
from pathlib import Path

from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]

from installer.linux.completions import commands

FILES = Path(__file__).parent / "files"


def manual(parser: argparse.ArgumentParser, version: str, epoch: int) -> str:
    """The page of `parser`'s program, section 1, with the sections that a file of its name adds."""
    parser = copy.deepcopy(parser)
    for _, _, each in commands(parser):
        each.formatter_class = _Formatter
    page = str(
        Manpage(
            parser,
            {
                "project_name": "mohr",
                "version": version,
                "date": datetime.fromtimestamp(epoch, UTC).date().isoformat(),
                "manual_title": "Mohr",
                "description": parser.description,
            },
        )
    )
    head, rest = page.split("\n", 1)
    more = FILES / f"{parser.prog}.man"
    # No word is broken: who looks for an option finds it whole.
    return f"{head}\n.nh\n{rest.rstrip()}\n{more.read_text(encoding='utf-8')}"


class _Formatter(argparse.HelpFormatter):
    """As wide as it needs, whatever the terminal that builds."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=1000)
