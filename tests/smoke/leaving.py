"""What goes when the package goes, for each user of the computer, and what stays and is told."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.smoke.desk import PATIENCE
from tests.smoke.installed import DATA, STORE, TOKEN, UNSEEN, Installed, seen, until
from tests.smoke.root import DOCTOR, NURSE, Entry, Root, differences

_BOTH = (DOCTOR, NURSE)
_AUTOSTART = ".config/autostart/mohr.desktop"
#: What other programs leave: users' font caches, the card service's folder, the notes of other packages, and
#: the store that the nurse's browser had.
_OTHERS = (
    *(f"{person.home[1:]}/.cache/fontconfig" for person in _BOTH),
    *(f"{NURSE.home[1:]}/{STORE}/{name}" for name in ("cert9.db", "key4.db")),
    f"{DOCTOR.runtime[1:]}/systemd",  # systemd-analyze makes it, to look at the unit
    *("run/pcscd", "run/runit", "var/lib/ucf/hashfile", "var/lib/sgml-base/supercatalog.old"),
)
#: What browsers keep for themselves, where they were started.
_OF_BROWSERS = tuple(
    f"{DOCTOR.home[1:]}/{place}"
    for place in (".mozilla", ".cache", ".config/chromium", ".config/mozilla", ".pki", "Downloads")
)
#: Folders that every desktop makes for its users and that are empty again.
_PLACES = {
    f"{person.home[1:]}/{name}"
    for person in _BOTH
    for name in (".cache", ".config", ".config/autostart", ".local", ".local/share")
}


def other_authority(root: Root) -> None:
    """Give the nurse's browser an authority that is not ours."""
    store = f"{NURSE.home}/{STORE}"
    root.run_as(NURSE, "mkdir", "-p", store)
    root.run_as(NURSE, "certutil", "-N", "--empty-password", "-d", f"sql:{store}")
    with tempfile.NamedTemporaryFile(suffix=".pem") as certificate:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                *("-nodes", "-subj", "/CN=Clinic CA", "-keyout", "/dev/null", "-out", certificate.name),
            ],
            check=True,
            capture_output=True,
        )
        Path(certificate.name).chmod(0o644)
        added = ("-n", "Clinic CA", "-t", "C,,", "-i", certificate.name)
        root.run_as(NURSE, "certutil", "-A", *added, "-d", f"sql:{store}")


def removed(mohr: Installed, *, browsers: bool) -> None:
    """Removed under two users' agents: neither program nor trust is left; the journals are, and are told.

    A store that Chromium has opened is Chromium's from then on, and stays without the authority.
    """
    root = mohr.root
    for person in _BOTH:
        root.run_as(person, "mkdir", "-p", f"{person.home}/{Path(_AUTOSTART).parent}")
        root.run_as(person, "cp", "/usr/share/applications/mohr.desktop", f"{person.home}/{_AUTOSTART}")
    with contextlib.ExitStack() as undo:
        agents = [undo.enter_context(mohr.agent(UNSEEN, person=person)) for person in _BOTH]
        until(lambda: all("Mohr on this computer only" in mohr.authorities(person) for person in _BOTH))
        told = root.apt("remove", "mohr")
        for agent in agents:
            assert agent.wait(PATIENCE) == 0, "an agent did not end for the removal"
    entries = root.entries()
    left = [path for path in entries if "mohr" in path and not path.startswith(("home/", "run/"))]
    assert left == [], left
    for person in _BOTH:
        assert f"{person.home[1:]}/{_AUTOSTART}" not in entries
        kept = {path for path in entries if path.startswith(f"{person.home[1:]}/{DATA}/")}
        assert kept, "the journal went with the program"
        assert all(path.startswith(f"{person.home[1:]}/{DATA}/journal") for path in kept), kept
        assert f"{person.home}/{DATA}/journal" in told, told
    assert "apt purge mohr" in told, told
    if browsers:
        assert "Mohr" not in mohr.authorities(DOCTOR)
    else:
        assert f"{DOCTOR.home[1:]}/{STORE}" not in entries
    assert "Mohr" not in mohr.authorities(NURSE)
    assert "Clinic CA" in mohr.authorities(NURSE)
    seen("removed: no program, no trust, no autostart of two users; both journals kept, and told")


def purged(root: Root, before: dict[str, Entry], *, browsers: bool) -> int:
    """How many paths are not what they were, all journals deleted."""
    root.apt("purge", "--autoremove", "mohr")
    shutil.rmtree(root.inside(TOKEN))  # the test's own
    left = differences(before, root.entries())
    others = _OTHERS + (_OF_BROWSERS if browsers else ())
    strange = [line for line in left if not line[2:].startswith(others) and line[2:] not in _PLACES]
    for line in strange:
        print(f"      {line}")
    seen(f"purged: {len(left)} paths differ, all but {len(strange)} are of others")
    return len(strange)
