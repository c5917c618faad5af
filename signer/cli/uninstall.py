"""`mohr uninstall`: out of this user's account, or as root out of everybody's and out of the computer.

The package's own files are the package's: it runs this before it goes.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from signer.cli.language import Language, problem_line
from signer.model.errors import AdministratorNeeded
from signer.model.text import visible
from signer.platform.browser_policy_files import standing
from signer.platform.folders import user_places
from signer.platform.uninstall import (
    Account,
    Outcome,
    Step,
    account_of,
    from_account,
    from_computer,
    own_account,
)

#: What was done, and what would be in a rehearsal.
_WORDS = {
    "en": {Outcome.REMOVED: "removed", Outcome.KEPT: "kept", Outcome.LEFT: "LEFT"},
    "fa": {Outcome.REMOVED: "برداشته شد", Outcome.KEPT: "نگه داشته شد", Outcome.LEFT: "برداشته نشد"},
}
_REHEARSED = {
    "en": {Outcome.REMOVED: "would be removed", Outcome.KEPT: "would be kept", Outcome.LEFT: "would be LEFT"},
    "fa": {
        Outcome.REMOVED: "برداشته می‌شود",
        Outcome.KEPT: "نگه داشته می‌شود",
        Outcome.LEFT: "برداشته نمی‌شود",
    },
}
#: Kinds of things; what stands in none is a file by its name.
_KINDS = {
    "trust": "اعتماد به گواهی مُهر",
    "autostart": "شروع همراه سیستم",
    "mohr: handler": "باز کردن پیوندهای mohr:",
    "runtime files": "فایل‌های هنگام اجرا",
    "browser policies": "سیاست‌های مرورگر",
    "data": "پوشهٔ داده",
    "everything": "همه‌چیز",
    "the journal of what was signed": "دفتر امضا",
}
_NOTHING = {"en": "nothing of Mohr's is here", "fa": "چیزی از مُهر اینجا نیست"}
_PURGE = {
    "en": "--purge removes the journal too",
    "fa": "با ‎--purge‎ دفتر امضا هم برداشته می‌شود",
}
_POLICIES = {
    "en": "browsers' policies of this computer stay: as root, with --all-users, they go too",
    "fa": "سیاست‌های مرورگر این رایانه مانده است: با sudo و ‎--all-users‎ برداشته می‌شود",
}


def run(*, all_users: bool, purge: bool, rehearse: bool, language: Language) -> int:
    """0 where nothing of ours is left but a journal, 1 where something is, with why."""
    root = os.name == "posix" and os.getuid() == 0
    if all_users and not root:
        print(f"{AdministratorNeeded.en} {AdministratorNeeded.en_remedy} [{AdministratorNeeded.code}]")
        return 1
    places = user_places()
    mine = own_account(places.data, places.runtime)
    steps = list(from_account(mine, purge=purge, rehearse=rehearse))
    if not all_users and not steps:
        print(_NOTHING[language])
    left = _tell(steps, rehearse, language)
    if all_users:
        for home, uid, gid in _everybody(mine.home):
            left |= _as(home, uid, gid, purge=purge, rehearse=rehearse, language=language)
        left |= _tell(from_computer(rehearse=rehearse), rehearse, language)
    elif standing():
        print(_POLICIES[language])
    return left


def _tell(steps: Iterable[Step], rehearse: bool, language: Language) -> int:
    left, kept = 0, False
    for step in steps:
        kept = kept or step.outcome is Outcome.KEPT
        word = (_REHEARSED if rehearse else _WORDS)[language][step.outcome]
        what = _KINDS.get(step.what, step.what) if language == "fa" else step.what
        print(f"{word}: {visible(what)} ({visible(step.place)})")
        if (problem := step.reason) is not None:
            left = 1
            print(f"  {problem_line(problem, language)}")
    if kept:
        print(_PURGE[language])
    return left


def _everybody(but: Path) -> Iterator[tuple[Path, int, int]]:
    """Home, user and group of each user who may have used Mohr."""
    import pwd

    seen = {but}
    for entry in pwd.getpwall():
        home = Path(entry.pw_dir)
        if home in seen or home == Path("/") or entry.pw_uid == 0 or not home.is_dir():
            continue
        # Whoever does not own his home is no person who sits here.
        with suppress(OSError):
            if home.stat().st_uid == entry.pw_uid:
                seen.add(home)
                yield home, entry.pw_uid, entry.pw_gid


def _as(home: Path, uid: int, gid: int, *, purge: bool, rehearse: bool, language: Language) -> int:
    """The same as that user, in a process that can never be root again: the folders are that user's."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) and 1
    status = 1
    try:
        os.setgroups([gid])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        os.environ["HOME"] = str(home)
        os.chdir("/")
        account: Account = account_of(home, uid)
        if _anything(account):
            print(f"{visible(str(home))}:")
            status = _tell(from_account(account, purge=purge, rehearse=rehearse), rehearse, language)
        else:
            status = 0
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - whatever it was, the child ends here
        traceback.print_exc()
    finally:
        os._exit(status)


def _anything(account: Account) -> bool:
    """So that a user who never saw Mohr is not told of."""
    return any(True for _ in from_account(account, purge=True, rehearse=True))
