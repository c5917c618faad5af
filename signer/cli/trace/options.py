"""The options of `mohr trace`. Imports nothing that takes time."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path


def add_trace(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], mohr: Callable[[Sequence[str]], int]
) -> None:
    """Add it to the commands of `mohr`, which runs the one that is recorded."""
    trace = commands.add_parser(
        "trace",
        help="where did the time go: record the running agent, or one command",
        description="Records calls of the token's module and of panels: names, codes, times, sizes.",
    )
    trace.add_argument(
        "--seconds", type=float, default=60.0, help="of the running agent, 600 at most; Ctrl-C ends it sooner"
    )
    trace.add_argument("--json", type=Path, metavar="FILE", help="the recording; - is standard output")
    trace.add_argument("--html", type=Path, metavar="FILE", help="a page with a timeline, in both languages")
    trace.add_argument("--language", choices=("fa", "en"), default="en", help="of what is printed")
    trace.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="record this command of mohr instead, such as: -- token info",
    )
    trace.set_defaults(run=partial(_trace, mohr))


def _trace(mohr: Callable[[Sequence[str]], int], options: argparse.Namespace) -> int:
    from signer.cli.trace.run import Wanted, trace

    command = tuple(options.command[1:] if options.command[:1] == ["--"] else options.command)
    return trace(
        Wanted(
            seconds=options.seconds,
            json=options.json,
            html=options.html,
            language=options.language,
            command=command,
        ),
        mohr,
    )
