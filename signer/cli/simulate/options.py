"""The options of `mohr simulate`, and what is called for them. Imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_simulator(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `simulate` to the commands of `mohr`."""
    simulate = commands.add_parser(
        "simulate", help="for panel developers: an agent with a token that is none"
    )
    simulate.add_argument("--fault", metavar="SCENARIO", default="approve", help="what is played at first")
    simulate.add_argument("--port", type=int, default=None, help="instead of the usual three; 0 is any")
    simulate.add_argument("--national-code", help="of the certificates' invented doctor, ten digits")
    simulate.add_argument("--council-number", help="of the same")
    simulate.add_argument("--check", metavar="URL", help="walk a panel through every fault and judge it")
    simulate.add_argument("--only", metavar="STEP", action="append", help="with --check: this step alone")
    simulate.add_argument("--headed", action="store_true", help="with --check: show the browser")
    simulate.add_argument("--by-hand", action="store_true", help="with --check: a person clicks in the panel")
    simulate.add_argument("--browser", metavar="PATH", type=Path, help="with --check: this Chromium")
    simulate.add_argument(
        "--browser-argument", metavar="ARG", action="append", help="with --check: passed on to the browser"
    )
    simulate.add_argument(
        "--language", choices=("fa", "en"), default="en", help="with --check: of the report"
    )
    simulate.set_defaults(run=_simulate)
    asked = simulate.add_subparsers(title="commands at a running one", metavar="set|status|list")
    chosen = asked.add_parser("set", help="have it play another scenario")
    chosen.add_argument("scenario", metavar="SCENARIO")
    chosen.set_defaults(run=_simulate_set)
    status = asked.add_parser("status", help="what it plays, and what has happened")
    status.set_defaults(run=_simulate_set, scenario=None)
    table = asked.add_parser("list", help="the scenarios: what a panel sees, and what it must do")
    table.set_defaults(run=_simulate_list)
    for command in (simulate, chosen, status, table):
        # What stands before the command is not to be overwritten by what does not stand behind it.
        default = None if command is simulate else argparse.SUPPRESS
        command.add_argument("--folder", type=Path, default=default, help="instead of the user's own")
        command.add_argument(
            "--json", action="store_true", default=default or False, help="JSON on standard output"
        )


def _simulate(options: argparse.Namespace) -> int:
    if options.check is not None:
        from signer.cli.simulate.check.run import Asked, check

        return check(
            Asked(
                url=options.check,
                port=options.port,
                only=tuple(options.only or ()),
                headed=options.headed or options.by_hand,
                by_hand=options.by_hand,
                browser=options.browser,
                browser_arguments=tuple(options.browser_argument or ()),
                language=options.language,
                as_json=options.json,
            )
        )
    from signer.cli.simulate.run import run

    return run(
        folder=options.folder,
        fault=options.fault,
        port=options.port,
        national_code=options.national_code,
        council_number=options.council_number,
        as_json=options.json,
    )


def _simulate_set(options: argparse.Namespace) -> int:
    from signer.cli.simulate.run import change

    return change(options.scenario, options.folder, as_json=options.json)


def _simulate_list(options: argparse.Namespace) -> int:
    from signer.cli.simulate.run import listed

    return listed(as_json=options.json)
