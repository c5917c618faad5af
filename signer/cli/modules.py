"""`mohr modules`: PKCS#11 modules that no profile knows, added by path after a warning, listed, forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path

from signer.cli.terminal import MODULE_WARNING
from signer.cli.tty import NoAnswer, Tty
from signer.cli.typed_pin import typed_word
from signer.model.text import visible
from signer.platform.folders import user_data
from signer.service.hand_added import (
    AddedModule,
    HandAdded,
    Standing,
    measured,
    standing,
    writable_by_others,
)

_STANDING = {
    Standing.AGREED: "as agreed to",
    Standing.CHANGED: "CHANGED since: not loaded before you agree to it, when an agent asks or here",
    Standing.ABSENT: "not there",
}
_WARNING = (
    *MODULE_WARNING,
    "Add only what came from your token's maker or from the office that issued the token.",
)


def kept() -> HandAdded:
    """The modules that this user has added."""
    return HandAdded(user_data() / "added-modules.json")


def add(path: Path) -> int:
    """Warn, show the file's SHA-256, and remember it once a person at a terminal says yes. 1 where not."""
    tty = Tty(0, 1)
    try:
        module, modules = measured(path), kept()
        if not tty.attended:
            print("mohr modules: it needs a terminal on standard input and output, for your yes")
            return 1
        asyncio.run(_agree(tty, module, modules))
    except NoAnswer:
        tty.say("Nothing was added.")
        return 1
    except (OSError, ValueError) as problem:
        print(f"mohr modules: {visible(str(problem))}")
        return 1
    tty.say("Added. An agent that runs loads it when it is started next.")
    return 0


def listed() -> int:
    """Each added module and how its file stands. 1 where one is not as agreed to. Raises `MohrError`."""
    modules = kept().all()
    for module in modules:
        print(f"{visible(module.path)}\n  sha256 {module.sha256}  {_STANDING[standing(module)]}")
    return int(any(standing(module) is not Standing.AGREED for module in modules))


def forget(path: Path) -> int:
    """Load it no more. 1 where it was not added. Raises `MohrError`."""
    known = kept().forget(path)
    print(f"{visible(str(path))} is forgotten" if known else f"{visible(str(path))} was not added")
    return int(not known)


async def _agree(tty: Tty, module: AddedModule, modules: HandAdded) -> None:
    before = next((one for one in modules.all() if one.path == module.path), None)
    for line in _WARNING:
        tty.say(line)
    tty.say("module  ", module.path)
    tty.say("sha256  ", module.sha256)
    if before is not None and before.sha256 != module.sha256:
        tty.say("agreed  ", before.sha256)
        tty.say("The file has CHANGED since you agreed to it: an update of its maker's, or an attack.")
    for place in writable_by_others(Path(module.path)):
        tty.say("WARNING: other users of this computer can write to ", str(place))
    if await typed_word(tty, "Load this module from now on?", "yes", "no") != "yes":
        raise NoAnswer
    modules.agree(module)
