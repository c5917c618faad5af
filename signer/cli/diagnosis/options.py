"""The options of `mohr diagnose`, `mohr status` and `mohr support-code`. Imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_diagnosis(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add them to the commands of `mohr`."""
    diagnose = commands.add_parser(
        "diagnose", help="find out which link from reader to browser is broken, and what to do"
    )
    diagnose.add_argument("--json", action="store_true", help="the report, redacted, on standard output")
    diagnose.add_argument("--html", type=Path, metavar="FILE", help="the report as a page, in both languages")
    diagnose.add_argument(
        "--bundle", type=Path, metavar="FILE", help="save the report for the helpdesk, after it was shown"
    )
    diagnose.add_argument(
        "--sign",
        action="store_true",
        help="ask for the PIN, and sign something without meaning with each key",
    )
    diagnose.add_argument("--module", type=Path, metavar="PATH", help="look at this PKCS#11 module alone")
    diagnose.add_argument("--language", choices=("fa", "en"), default="en", help="of what is printed")
    diagnose.set_defaults(run=_diagnose)
    status = commands.add_parser("status", help="for monitoring: one line, no module loaded")
    status.add_argument("--json", action="store_true", help="the line as one JSON object")
    status.set_defaults(run=_status)
    code = commands.add_parser("support-code", help="for the helpdesk: what a code that was read aloud says")
    code.add_argument("code", nargs="+", help="twelve digits, Persian or Latin")
    code.add_argument("--language", choices=("fa", "en"), default="en")
    code.set_defaults(run=_support_code)


def _diagnose(options: argparse.Namespace) -> int:
    from signer.cli.diagnosis.run import Wanted, diagnose

    return diagnose(
        Wanted(
            as_json=options.json,
            html=options.html,
            bundle=options.bundle,
            sign=options.sign,
            module=options.module,
            language=options.language,
        )
    )


def _status(options: argparse.Namespace) -> int:
    from signer.cli.diagnosis.status import status

    return status(as_json=options.json)


def _support_code(options: argparse.Namespace) -> int:
    from signer.cli.diagnosis.code import support_code

    return support_code(" ".join(options.code), options.language)
