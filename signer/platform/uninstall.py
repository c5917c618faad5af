"""Takes out of one user's account, and out of the computer, everything that Mohr has put there.

The program itself is the package's. The journal stays unless it is asked away: it is the doctor's record of
what was signed. Each thing is taken out by itself, so that one that refuses keeps no other; and again is as
good as once. For another user the caller becomes that user first: nothing here follows a link that a user
has made to somewhere else.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

from signer.model.errors import AlreadyRunning, FileUnusable, MohrError
from signer.platform import autostart, browser_policy_files, trust_stores
from signer.platform import only_one as only_one_file
from signer.platform.browser_policies import PolicyBrowser
from signer.platform.only_one import only_one
from signer.platform.private_files import write_private
from signer.platform.trust_stores import user_stores

JOURNAL = "journal"
#: Where desktops note who answers `mohr:`, below the folders of configuration and of data.
_HANDLERS = ("mimeapps.list", "applications/mimeapps.list", "applications/mimeinfo.cache")
_SCHEME = re.compile(r"\s*x-scheme-handler/mohr\s*=")


class Account(Struct, frozen=True):
    """One user's folders: home, configuration, all programs' data, Mohr's own, and its runtime files."""

    home: Path
    config: Path
    share: Path
    data: Path
    runtime: Path


class Outcome(Enum):
    """What became of a thing, or in a rehearsal would."""

    REMOVED = "removed"
    KEPT = "kept"
    LEFT = "left"


class Step(Struct, frozen=True):
    """`what` is a kind of thing, `place` where it is. One that is LEFT has the reason."""

    outcome: Outcome
    what: str
    place: str
    reason: MohrError | None = None


class _Thing(Struct, frozen=True):
    """`there` looks, `remove` does it; both raise `MohrError` or OSError."""

    what: str
    place: Path
    there: Callable[[], bool]
    remove: Callable[[], object]


def from_account(account: Account, *, purge: bool, rehearse: bool) -> Iterator[Step]:
    """Everything of one user's. While an agent of this user runs, nothing but that is told.

    `purge` takes the journal too; `rehearse` changes nothing, and tells what would be.
    """
    try:
        if account.data.is_dir() and not rehearse:
            with only_one(account.data):
                pass
    except (AlreadyRunning, OSError) as problem:
        refused = problem if isinstance(problem, MohrError) else FileUnusable(type(problem).__name__)
        yield Step(Outcome.LEFT, "everything", str(account.data), refused)
        return
    try:
        yield from _each([_store(one) for one in user_stores(account.home)], rehearse=rehearse)
    except OSError as fault:  # a folder of this user's that this user cannot look into
        yield Step(Outcome.LEFT, "trust", str(account.home), FileUnusable(type(fault).__name__))
    yield from _each(_things(account), rehearse=rehearse)
    yield from _data(account, purge=purge, rehearse=rehearse)


def from_computer(
    *, rehearse: bool, root: Path = Path("/"), system: trust_stores.TrustStore | None = None
) -> Iterator[Step]:
    """What is every user's: the browsers' policies and the system's store. Takes root."""
    store = system or trust_stores.system_store()
    things = [
        _Thing(
            "browser policies",
            root / "etc",
            lambda: bool(browser_policy_files.standing(root)),
            lambda: browser_policy_files.take_out(PolicyBrowser, root=root),
        ),
        _store(store),
    ]
    yield from _each(things, rehearse=rehearse)


def _each(things: list[_Thing], *, rehearse: bool) -> Iterator[Step]:
    for thing in things:
        try:
            if not thing.there():
                continue
            if not rehearse:
                thing.remove()
        except MohrError as problem:
            yield Step(Outcome.LEFT, thing.what, str(thing.place), problem)
        except OSError as fault:
            yield Step(Outcome.LEFT, thing.what, str(thing.place), FileUnusable(type(fault).__name__))
        else:
            yield Step(Outcome.REMOVED, thing.what, str(thing.place))


def _things(account: Account) -> list[_Thing]:
    things = [_file("autostart", account.config / "autostart" / autostart.FILE)]
    # Where the configuration cannot be looked at, the entry above tells it.
    with contextlib.suppress(OSError):
        units = sorted((account.config / "systemd" / "user").glob("**/mohr*.service"))
        things += [_file("autostart", unit) for unit in units]
    things.append(_file("mohr: handler", account.share / "applications" / "mohr.desktop"))
    for folder in (account.config, account.share):
        things += [_handler(folder / name) for name in _HANDLERS]
    if account.runtime != account.data / "runtime":
        things.append(_folder("runtime files", account.runtime))
    return things


def _store(store: trust_stores.TrustStore) -> _Thing:
    return _Thing(
        "trust",
        store.folder,
        lambda: trust_stores.holds(store),
        lambda: trust_stores.leave(store),
    )


def _file(what: str, path: Path) -> _Thing:
    return _Thing(what, path, lambda: path.is_symlink() or path.is_file(), path.unlink)


def _folder(what: str, path: Path) -> _Thing:
    """A folder that is a link is left, with what it leads to: `rmtree` refuses it."""
    return _Thing(what, path, lambda: path.is_symlink() or path.is_dir(), lambda: shutil.rmtree(path))


def _handler(path: Path) -> _Thing:
    def lines() -> tuple[list[str], list[str]]:
        written = path.read_text("utf-8", errors="surrogateescape").splitlines(keepends=True)
        return written, [line for line in written if not _SCHEME.match(line)]

    def there() -> bool:
        if not path.is_file():
            return False
        written, others = lines()
        return written != others

    def remove() -> None:
        mode = path.stat().st_mode & 0o777
        write_private(path, "".join(lines()[1]).encode("utf-8", errors="surrogateescape"))
        path.chmod(mode)

    return _Thing("mohr: handler", path, there, remove)


def _data(account: Account, *, purge: bool, rehearse: bool) -> Iterator[Step]:
    """Pairing keys, certificates, preferences: all of the data folder but the journal."""
    data = account.data
    if data.is_symlink() or not data.is_dir():
        if data.is_symlink():
            yield Step(Outcome.LEFT, "data", str(data), FileUnusable("the folder is a link"))
        return
    things = [
        _folder(path.name, path) if path.is_dir() and not path.is_symlink() else _file(path.name, path)
        for path in sorted(data.iterdir())
        if path.name != only_one_file.FILE and (purge or path.name != JOURNAL)
    ]
    yield from _each(things, rehearse=rehearse)
    if not rehearse:
        # Looking whether an agent runs has made it anew; nobody is to be told of that.
        (data / only_one_file.FILE).unlink(missing_ok=True)
    journal = data / JOURNAL
    if not purge and journal.is_dir():
        yield Step(Outcome.KEPT, "the journal of what was signed", str(journal))
    elif not rehearse:
        try:
            data.rmdir()
        except OSError as fault:
            yield Step(Outcome.LEFT, "data", str(data), FileUnusable(type(fault).__name__))
            return
        yield Step(Outcome.REMOVED, "data", str(data))
    else:
        yield Step(Outcome.REMOVED, "data", str(data))


def account_of(home: Path, uid: int) -> Account:
    """The usual folders below somebody's home."""
    share = home / ".local" / "share"
    runtime = Path(f"/run/user/{uid}/mohr")
    return Account(
        home,
        home / ".config",
        share,
        share / "mohr",
        runtime if runtime.parent.is_dir() else share / "mohr" / "runtime",
    )


def own_account(data: Path, runtime: Path) -> Account:
    """The caller's own, where the session says that they are."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    share = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return Account(home, config, share, data, runtime)
