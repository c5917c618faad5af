"""Where the clinic's policy file stands on Windows: a value below HKEY_LOCAL_MACHINE's Policies names it.

Administrators alone write that key. The file has to lie below a folder of programs, which Windows itself
keeps from everybody else, so that no list of access rights has to be judged here. Reading it is
`policy_file`. The registry is asked on Windows alone, and that has not been run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from signer.model.errors import PolicyInvalid

#: Below HKEY_LOCAL_MACHINE, in the 64-bit view.
POLICY_KEY, POLICY_VALUE = r"SOFTWARE\Policies\Mohr", "PolicyFile"
_WINDOWS_KEY = r"SOFTWARE\Microsoft\Windows\CurrentVersion"
_FOLDERS = ("ProgramFilesDir", "ProgramFilesDir (x86)")


def check_place(named: str, programs: Iterable[str]) -> None:
    """Does it lie below one of the folders of programs? Raises `PolicyInvalid` where it does not."""
    path = PureWindowsPath(named)
    if ".." in path.parts or not any(PureWindowsPath(folder) in path.parents for folder in programs):
        raise PolicyInvalid(f"{named}: not below a folder of programs, where administrators alone write")


if sys.platform == "win32":
    import winreg

    def named_file() -> Path | None:
        """The file that the registry names, None where it names none. Raises `PolicyInvalid`, `OSError`."""
        named = _value(POLICY_KEY, POLICY_VALUE)
        if named is None:
            return None
        programs = [found for name in _FOLDERS if (found := _value(_WINDOWS_KEY, name)) is not None]
        check_place(named, programs)
        # A link inside would lead out again.
        place = Path(named).resolve(strict=True)
        check_place(str(place), [str(Path(folder).resolve(strict=True)) for folder in programs])
        return place

    def _value(key: str, name: str) -> str | None:
        try:
            with winreg.OpenKey(
                winreg.HKEY_LOCAL_MACHINE, key, access=winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            ) as opened:
                value, kind = winreg.QueryValueEx(opened, name)
        except FileNotFoundError:
            return None
        if kind != winreg.REG_SZ:
            raise PolicyInvalid(rf"HKLM\{key}: {name} is no text")
        return str(value)

else:

    def named_file() -> Path | None:
        """There is no registry here."""
        return None
