"""Where an administrator alone can put a file: by custom, and as the folders of this computer stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from signer.platform.closed_places import closed_by_custom, open_place


@pytest.mark.parametrize(
    ("path", "windows", "closed"),
    [
        ("/usr/lib/libtoken.so", False, True),
        ("/opt/maker/lib/libtoken.so", False, True),
        ("/Library/Frameworks/token.framework/token", False, True),
        ("lib/libtoken.so", False, False),
        ("~/libtoken.so", False, False),
        ("/home/doctor/libtoken.so", False, False),
        ("/Users/doctor/libtoken.dylib", False, False),
        ("/root/libtoken.so", False, False),
        ("/tmp/libtoken.so", False, False),
        ("/var/tmp/libtoken.so", False, False),
        ("/dev/shm/libtoken.so", False, False),
        ("/run/user/1000/libtoken.so", False, False),
        ("/proc/self/cwd/libtoken.so", False, False),
        ("/media/doctor/stick/libtoken.so", False, False),
        ("/usr/lib/../../home/doctor/libtoken.so", False, False),
        ("/homework/libtoken.so", False, True),
        (r"%SystemRoot%\System32\token.dll", True, True),
        (r"%ProgramFiles(x86)%\Maker\token.dll", True, True),
        (r"C:\Program Files\Maker\token.dll", True, True),
        (r"c:\windows\system32\token.dll", True, True),
        (r"C:\Users\doctor\token.dll", True, False),
        (r"C:\ProgramData\token.dll", True, False),
        (r"C:\Maker\token.dll", True, False),
        (r"D:\Program Files\token.dll", True, False),
        (r"\\server\share\token.dll", True, False),
        (r"%SystemRoot%\Temp\token.dll", True, False),
        (r"%SystemRoot%\..\Users\token.dll", True, False),
        (r"%SystemRoot%Evil\token.dll", True, False),
        ("token.dll", True, False),
    ],
)
def test_places_that_are_closed_by_custom(path: str, windows: bool, closed: bool) -> None:
    assert closed_by_custom(path, windows=windows) is closed


def test_a_place_is_open_by_any_folder_above_or_by_what_a_link_leads_to(tmp_path: Path) -> None:
    assert open_place(Path("/usr/lib/libc.so")) is None
    assert open_place(Path("/usr/lib/of-no-maker/lib/absent.so")) is None
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o777)
    assert open_place(everybodys / "below" / "token.so") == everybodys
    link = tmp_path / "link"
    link.symlink_to(everybodys)
    assert open_place(link / "token.so") in {link, everybodys}
    (tmp_path / "file").touch()
    assert open_place(tmp_path / "file" / "token.so") is not None
