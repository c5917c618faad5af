"""`mohr`: reads the command line and hands over. Each command imports what it needs, so each is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has had enough. What Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mohr", description="Signs electronic prescriptions with PKCS#11 tokens."
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.set_defaults(run=_version_or_help(parser))
    commands = parser.add_subparsers(title="commands", metavar="")

    agent = commands.add_parser("agent", help="serve panels, asking for consent in this terminal")
    agent.set_defaults(run=_agent)

    demo = commands.add_parser("demo", help="sign invented prescriptions with a demo token")
    demo.add_argument("--auto", action="store_true", help="no window, no person: a scripted doctor approves")
    demo.add_argument("--json", action="store_true", help="with --auto: one JSON object on standard output")
    demo.add_argument("--folder", type=Path, default=None, help="where token and signatures are kept")
    demo.set_defaults(run=_demo)

    pairings = commands.add_parser("pairings", help="list the panels that may ask, or take one's right away")
    pairings.add_argument("--revoke", metavar="ORIGIN", help="the panel's origin, as listed")
    pairings.set_defaults(run=_pairings)

    ca = commands.add_parser("ca", help="the agent's own authority for https on this computer")
    asked = ca.add_subparsers(title="commands", metavar="status|trust|distrust|export", required=True)
    for name, text in (
        ("status", "which browsers' stores trust it"),
        ("trust", "put it into this user's browsers' stores"),
        ("distrust", "take every authority of Mohr's out of them"),
        ("export", "print it, PEM, for a store that is not reached from here"),
    ):
        command = asked.add_parser(name, help=text)
        command.set_defaults(run=_ca, what=name)
        if name != "export":
            command.add_argument("--system", action="store_true", help="the system's store, as root")

    journal = commands.add_parser("journal", help="check the journal's chain")
    journal.set_defaults(run=_journal)

    tokens = commands.add_parser("tokens", help="which token families are known, and which tokens are here")
    asked = tokens.add_subparsers(title="commands", metavar="known|here", required=True)
    known = asked.add_parser("known", help="the families that Mohr knows, and whether their modules are here")
    known.add_argument("--atr", metavar="HEX", help="only the family that has this answer to reset")
    known.add_argument(
        "--language", choices=("fa", "en"), default="en", help="of the sentence for the doctor"
    )
    here = asked.add_parser("here", help="ask every module that is here for its tokens, each in a worker")
    for command, run in ((known, _tokens_known), (here, _tokens_here)):
        command.add_argument("--json", action="store_true", help="one JSON array on standard output")
        command.set_defaults(run=run)
    return parser


def _version_or_help(parser: argparse.ArgumentParser) -> object:
    def run(options: argparse.Namespace) -> int:
        if not options.version:
            parser.print_help()
            return 2
        from signer.cli.assembly import version

        print(version())
        return 0

    return run


def _agent(_: argparse.Namespace) -> int:
    from signer.cli.agent import run

    return run()


def _demo(options: argparse.Namespace) -> int:
    from signer.cli.demo.run import run

    return run(folder=options.folder, auto=options.auto, as_json=options.json)


def _pairings(options: argparse.Namespace) -> int:
    from signer.cli.records import pairings

    return pairings(options.revoke)


def _ca(options: argparse.Namespace) -> int:
    from signer.cli import authority

    if options.what == "export":
        return authority.export()
    run = {"status": authority.status, "trust": authority.trust, "distrust": authority.distrust}
    return run[options.what](system=options.system)


def _journal(_: argparse.Namespace) -> int:
    from signer.cli.records import journal

    return journal()


def _tokens_known(options: argparse.Namespace) -> int:
    from signer.cli.tokens import known

    return known(atr=options.atr, language=options.language, as_json=options.json)


def _tokens_here(options: argparse.Namespace) -> int:
    from signer.cli.tokens import here

    return here(as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
