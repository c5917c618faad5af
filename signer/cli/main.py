"""`mohr`: reads the command line and hands over. Each command imports what it needs, so each is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from signer.cli.diagnosis.options import add_diagnosis
from signer.cli.drawing import drawn
from signer.cli.language import problem_line
from signer.cli.rollout_options import add_rollout
from signer.cli.simulate.options import add_simulator
from signer.cli.trace.options import add_trace
from signer.model.errors import MohrError

#: The particulars of `signer.model.applicant.Applicant`, and which of them a request cannot do without.
APPLICANT = {
    "given-name": True,
    "surname": True,
    "national-code": True,
    "council-number": False,
    "centre": False,
    "province": False,
    "city": False,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    options = command_line().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has had enough. What Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MohrError as problem:
        # Those that a command does not tell in its own way: newer data, above all, which stops any of them.
        print(f"mohr: {drawn(problem_line(problem, getattr(options, 'language', 'en')))}", file=sys.stderr)
        return 1
    return status


def command_line() -> argparse.ArgumentParser:
    """All commands and options. Manual page and completions are made from it."""
    parser = argparse.ArgumentParser(
        prog="mohr", description="Signs electronic prescriptions with PKCS#11 tokens."
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parser.set_defaults(run=_version_or_help(parser))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    agent = commands.add_parser("agent", help="serve panels, asking for consent in this terminal")
    agent.set_defaults(run=_agent)

    demo = commands.add_parser("demo", help="sign invented prescriptions with a demo token")
    demo.add_argument("--auto", action="store_true", help="no window, no person: a scripted doctor approves")
    demo.add_argument("--json", action="store_true", help="with --auto: one JSON object on standard output")
    demo.add_argument(
        "--https", action="store_true", help="the panel as a page of the internet, in a Chromium of its own"
    )
    demo.add_argument("--folder", type=Path, default=None, help="where token and signatures are kept")
    demo.set_defaults(run=_demo)

    add_diagnosis(commands)
    add_trace(commands, main)
    add_simulator(commands)
    pairings = commands.add_parser("pairings", help="list the panels that may ask, or take one's right away")
    pairings.add_argument("--revoke", metavar="ORIGIN", help="the panel's origin, as listed")
    pairings.set_defaults(run=_pairings)

    ca = commands.add_parser(
        "ca", aliases=["authority"], help="the agent's own authority for https on this computer"
    )
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
    modules = commands.add_parser("modules", help="PKCS#11 modules that no profile knows, added by path")
    asked = modules.add_subparsers(title="commands", metavar="add|list|forget", required=True)
    for name, told in (("add", "load a module from now on, after a warning"), ("forget", "load it no more")):
        one = asked.add_parser(name, help=told)
        one.add_argument("path", type=Path)
        one.set_defaults(run=_modules_add if name == "add" else _modules_forget)
    asked.add_parser("list", help="those that were added").set_defaults(run=_modules_list)
    policy = commands.add_parser("policy", help="the clinic's policy file")
    asked = policy.add_subparsers(title="commands", metavar="check|browsers", required=True)
    checked = asked.add_parser("check", help="would the agent take this file, and what would it allow")
    checked.add_argument("file", type=Path, metavar="FILE")
    checked.set_defaults(run=_policy_check)
    add_rollout(commands, asked)
    _add_token(commands)
    _add_verifier(commands)
    return parser


def _add_verifier(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verify = commands.add_parser("verify", help="is a signature valid, and if not, why not")
    verify.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="signatures, or directories of them"
    )
    verify.add_argument("--content", type=Path, metavar="FILE", help="the document, where it is detached")
    verify.add_argument("--at", metavar="TIME", help="judge for this time, RFC 3339, instead of now")
    verify.add_argument(
        "--revocation",
        choices=("require", "prefer", "skip"),
        default="prefer",
        help="no verdict without revocation data, a warning, or not looked at",
    )
    verify.add_argument(
        "--fetch", action="store_true", help="ask authorities for revocation data; otherwise no network"
    )
    verify.add_argument("--json", action="store_true", help="one JSON object a file, each on a line")
    verify.set_defaults(run=_verify)

    anchors = commands.add_parser("anchors", help="which authorities the verifier trusts, and who they are")
    asked = anchors.add_subparsers(title="commands", metavar="list|add|remove", required=True)
    listed = asked.add_parser("list", help="every authority that is trusted")
    listed.set_defaults(run=_anchors_list)
    add = asked.add_parser("add", help="trust the certificates of a file")
    add.add_argument("file", type=Path, metavar="FILE")
    add.set_defaults(run=_anchors_add)
    remove = asked.add_parser("remove", help="trust a certificate no longer")
    remove.add_argument("fingerprint", metavar="SHA256", help="as listed, or the first eight digits and more")
    remove.set_defaults(run=_anchors_remove)
    for command in (verify, listed, add, remove):
        command.add_argument("--anchors", type=Path, metavar="DIR", help="instead of the user's own folder")
        command.add_argument("--language", choices=("fa", "en"), default="en")


def _add_token(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands at one token. No option takes a PIN: it is typed at the terminal."""
    token = commands.add_parser("token", help="change or unblock a PIN, make keys and certificate requests")
    asked = token.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, told: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = asked.add_parser(name, help=told)
        added.add_argument("--serial", help="the token's serial number, where several are connected")
        added.set_defaults(run=run)
        return added

    def kind(added: argparse.ArgumentParser) -> None:
        kinds = ("rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384", "ec-p521")
        added.add_argument(
            "--kind", choices=kinds, default="rsa-2048", help="of the key; rsa-2048 by default"
        )

    command("change-pin", "give the PIN a new value", _token_change_pin)
    command("unblock", "set a new PIN with the SO-PIN or the PUK", _token_unblock)
    command("init-pin", "set the first PIN with the SO-PIN", _token_unblock)
    init = command("init", "empty the token and name it: everything on it is gone", _token_init)
    init.add_argument("--label", required=True, help="the name, at most 32 octets of UTF-8")
    for name, told in (
        ("info", "who made it, and its flags, without a PIN"),
        ("objects", "its certificates and public keys, as far as they show without a PIN"),
        ("mechanisms", "what it can compute, with the sizes of key"),
    ):
        facts = command(name, told, _token_facts)
        facts.add_argument("--json", action="store_true", help="one JSON array on standard output")
        facts.set_defaults(what=name)
    command("keys", "list the private keys", _token_keys)
    command("selftest", "sign something without meaning with each key, and verify", _token_self_test)
    bench = command(
        "bench", "how fast it signs with each key, in each way; the PIN is typed once", _token_bench
    )
    bench.add_argument("--seconds", type=float, default=5.0, help="for one key in one way, 60 at most")
    bench.add_argument("--count", type=int, default=50, help="signatures of one key in one way, 1000 at most")
    bench.add_argument("--out", type=Path, metavar="FILE", help="the figures as JSON, for `compare`")
    compare = asked.add_parser(
        "compare", help="two files of `bench` side by side: two tokens, or two modules"
    )
    compare.add_argument("first", type=Path, metavar="A")
    compare.add_argument("second", type=Path, metavar="B")
    compare.set_defaults(run=_token_compare)
    for spoken in (bench, compare):
        spoken.add_argument("--language", choices=("fa", "en"), default="en")
    new_key = command("new-key", "make a key pair that never leaves the token", _token_new_key)
    new_key.add_argument("--label", required=True)
    new_key.add_argument("--pin-each", action="store_true", help="the key wants its PIN for each signature")
    kind(new_key)
    request = command("request", "make a key and a certificate request (PKCS #10) for it", _token_request)
    for part, needed in APPLICANT.items():
        request.add_argument(f"--{part}", required=needed)
    request.add_argument("--out", type=Path, required=True, help="a file that is not there yet; PEM")
    kind(request)
    requests = command("requests", "list the certificate requests in progress", _token_requests)
    requests.add_argument("--forget", metavar="ID", help="throw one away; its key stays on the token")
    imported = command("import", "store an issued certificate beside its key", _token_import)
    imported.add_argument("file", type=Path, help="PEM or DER")


def _modules_add(options: argparse.Namespace) -> int:
    from signer.cli.modules import add

    return add(options.path)


def _modules_forget(options: argparse.Namespace) -> int:
    from signer.cli.modules import forget

    return forget(options.path)


def _modules_list(_: argparse.Namespace) -> int:
    from signer.cli.modules import listed

    return listed()


def _token_change_pin(options: argparse.Namespace) -> int:
    from signer.cli.token import change_pin

    return change_pin(options.serial)


def _token_unblock(options: argparse.Namespace) -> int:
    from signer.cli.token import unblock

    return unblock(options.serial)


def _token_init(options: argparse.Namespace) -> int:
    from signer.cli.token import initialise

    return initialise(options.serial, options.label)


def _token_keys(options: argparse.Namespace) -> int:
    from signer.cli.token import keys

    return keys(options.serial)


def _token_facts(options: argparse.Namespace) -> int:
    from signer.cli import token_facts

    what = {"info": token_facts.info, "objects": token_facts.objects, "mechanisms": token_facts.mechanisms}
    return what[options.what](options.serial, as_json=options.json)


def _token_self_test(options: argparse.Namespace) -> int:
    from signer.cli.token import self_test

    return self_test(options.serial)


def _token_bench(options: argparse.Namespace) -> int:
    from signer.cli.token import bench
    from signer.service.token_bench import MOST_COUNT, MOST_SECONDS, Limits

    count, seconds = min(max(options.count, 1), MOST_COUNT), min(max(options.seconds, 0.0), MOST_SECONDS)
    return bench(options.serial, Limits(count=count, seconds=seconds), options.out, options.language)


def _token_compare(options: argparse.Namespace) -> int:
    from signer.cli.token_speed import compare

    return compare(options.first, options.second, options.language)


def _token_new_key(options: argparse.Namespace) -> int:
    from signer.cli.token import new_key

    return new_key(options.serial, options.kind, options.label, each=options.pin_each)


def _token_request(options: argparse.Namespace) -> int:
    from signer.cli.token import request
    from signer.model.applicant import Applicant

    parts = {part.replace("-", "_"): getattr(options, part.replace("-", "_")) for part in APPLICANT}
    return request(options.serial, Applicant(**parts), options.kind, options.out)


def _token_requests(options: argparse.Namespace) -> int:
    from signer.cli.token import requests

    return requests(options.forget)


def _token_import(options: argparse.Namespace) -> int:
    from signer.cli.token import import_certificate

    return import_certificate(options.serial, options.file)


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

    return run(folder=options.folder, auto=options.auto, as_json=options.json, https=options.https)


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


def _policy_check(options: argparse.Namespace) -> int:
    from signer.cli.policy import check

    return check(options.file)


def _verify(options: argparse.Namespace) -> int:
    from signer.cli.verify import Options, run
    from signer.verify import RevocationPolicy

    return run(
        Options(
            files=tuple(options.files),
            content=options.content,
            anchors=options.anchors,
            at=options.at,
            revocation=RevocationPolicy(options.revocation),
            fetch=options.fetch,
            as_json=options.json,
            language=options.language,
        )
    )


def _anchors_list(options: argparse.Namespace) -> int:
    from signer.cli.anchors import listed

    return listed(options.anchors, options.language)


def _anchors_add(options: argparse.Namespace) -> int:
    from signer.cli.anchors import add

    return add(options.file, options.anchors, options.language)


def _anchors_remove(options: argparse.Namespace) -> int:
    from signer.cli.anchors import remove

    return remove(options.fingerprint, options.anchors, options.language)


if __name__ == "__main__":
    sys.exit(main())
