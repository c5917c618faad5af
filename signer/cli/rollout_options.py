"""The options of what a clinic's administrator does. Imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_rollout(commands: Commands, policy: Commands) -> None:
    """Add the commands to the parser's, and those about policies to `mohr policy`."""
    _add_browsers(policy)
    _add_update(commands)
    _add_profiles(commands)
    uninstall = commands.add_parser(
        "uninstall", help="take out everything that Mohr has put on this computer"
    )
    uninstall.add_argument("--all-users", action="store_true", help="of every user, as root")
    uninstall.add_argument("--purge", action="store_true", help="the journal of what was signed too")
    uninstall.add_argument("--dry-run", action="store_true", help="change nothing, and tell what would be")
    uninstall.add_argument("--language", choices=("fa", "en"), default="en")
    uninstall.set_defaults(run=_uninstall)


def _add_update(commands: Commands) -> None:
    update = commands.add_parser(
        "update", help="what the clinic's signed manifest says of newer packages; installs nothing"
    )
    asked = update.add_subparsers(title="commands", metavar="check|verify|sign", required=True)
    check = asked.add_parser("check", help="which version is installed, and which is the newest")
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    check.set_defaults(run=_update_check)
    verify = asked.add_parser("verify", help="is a downloaded package one that the manifest lists")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.set_defaults(run=_update_verify)
    for command in (check, verify):
        command.add_argument("--manifest", metavar="URL|FILE", help="instead of the policy's")
        command.add_argument(
            "--key", type=Path, metavar="FILE", help="the public key, where the policy pins none"
        )
    sign = asked.add_parser("sign", help="for who hosts the manifest: sign it")
    sign.add_argument("key", type=Path, metavar="KEY", help="an Ed25519 private key, PEM")
    sign.add_argument("manifest", type=Path, metavar="MANIFEST", help="JSON; see docs/rollout.md")
    sign.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
    sign.set_defaults(run=_update_sign)
    for command in (check, verify, sign):
        command.add_argument("--language", choices=("fa", "en"), default="en")


def _add_profiles(commands: Commands) -> None:
    profiles = commands.add_parser(
        "profiles", help="what is known of token families, and a signed pack of more"
    )
    asked = profiles.add_subparsers(
        title="commands", metavar="list|show|update|verify|pack|sign", required=True
    )
    listed = asked.add_parser("list", help="every family, and where its profile comes from")
    listed.add_argument("--json", action="store_true", help="one JSON object on standard output")
    listed.set_defaults(run=_profiles_list)
    show = asked.add_parser("show", help="one family's profile, as it is used")
    show.add_argument("family", metavar="FAMILY")
    show.set_defaults(run=_profiles_show)
    update = asked.add_parser(
        "update", help="use a pack's profiles from now on, where the policy's key signed it"
    )
    update.add_argument("file", type=Path, metavar="FILE")
    update.set_defaults(run=_profiles_update)
    verify = asked.add_parser("verify", help="would `update` take this pack; changes nothing")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--key", type=Path, metavar="FILE", help="the public key, where the policy pins none")
    verify.set_defaults(run=_profiles_verify)
    pack = asked.add_parser("pack", help="for who signs packs: make one of a folder's profiles, unsigned")
    pack.add_argument("folder", type=Path, metavar="FOLDER", help="profiles, one `FAMILY.toml` each")
    pack.add_argument("--serial", type=int, required=True, help="the pack's version, above every one before")
    pack.add_argument("--days", type=int, default=365, help="in which it may be installed; 400 at most")
    pack.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
    pack.set_defaults(run=_profiles_pack)
    sign = asked.add_parser("sign", help="for who signs packs: sign what `pack` has made")
    sign.add_argument("key", type=Path, metavar="KEY", help="an Ed25519 private key, PEM")
    sign.add_argument("pack", type=Path, metavar="PACK")
    sign.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
    sign.set_defaults(run=_profiles_sign)
    for command in (listed, show, update, verify, pack, sign):
        command.add_argument("--language", choices=("fa", "en"), default="en")


def _profiles_list(options: argparse.Namespace) -> int:
    from signer.cli.profiles import listed

    return listed(options.language, as_json=options.json)


def _profiles_show(options: argparse.Namespace) -> int:
    from signer.cli.profiles import show

    return show(options.family, options.language)


def _profiles_update(options: argparse.Namespace) -> int:
    from signer.cli.profiles import update

    return update(options.file, options.language)


def _profiles_verify(options: argparse.Namespace) -> int:
    from signer.cli.profiles import verify

    return verify(options.file, options.key, options.language)


def _profiles_pack(options: argparse.Namespace) -> int:
    from signer.cli.profiles import pack

    return pack(options.folder, options.serial, options.days, options.out)


def _profiles_sign(options: argparse.Namespace) -> int:
    from signer.cli.profiles import sign

    return sign(options.key, options.pack, options.out)


def _update_check(options: argparse.Namespace) -> int:
    from signer.cli.update import check

    return check(options.manifest, options.key, options.language, as_json=options.json)


def _update_verify(options: argparse.Namespace) -> int:
    from signer.cli.update import verify

    return verify(options.file, options.manifest, options.key, options.language)


def _update_sign(options: argparse.Namespace) -> int:
    from signer.cli.update import sign

    return sign(options.key, options.manifest, options.out)


def _add_browsers(policy: Commands) -> None:
    browsers = policy.add_parser(
        "browsers", help="the browsers' policies that let the panels through without a prompt"
    )
    browsers.add_argument(
        "--panel",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="https://…; as often as there are panels",
    )
    browsers.add_argument(
        "--browser",
        action="append",
        default=[],
        choices=("chromium", "chrome", "edge", "firefox"),
        help="all four by default",
    )
    browsers.add_argument(
        "--format",
        choices=("json", "reg", "admx"),
        default="json",
        help="Linux's files, a file for reg import, or the values of a group policy",
    )
    browsers.add_argument(
        "--older-browsers",
        action="store_true",
        help="for Chromium 139 to 145 too; it opens the clinic's network to the panels",
    )
    doing = browsers.add_mutually_exclusive_group()
    doing.add_argument(
        "--write", action="store_true", help="put it in its places, as root, instead of printing"
    )
    doing.add_argument("--remove", action="store_true", help="take out what --write has put there")
    browsers.set_defaults(run=_browsers)


def _browsers(options: argparse.Namespace) -> int:
    from signer.cli.browser_policy import run

    return run(
        options.panel,
        options.browser,
        form=options.format,
        older=options.older_browsers,
        write=options.write,
        remove=options.remove,
    )


def _uninstall(options: argparse.Namespace) -> int:
    from signer.cli.uninstall import run

    return run(
        all_users=options.all_users,
        purge=options.purge,
        rehearse=options.dry_run,
        language=options.language,
    )
