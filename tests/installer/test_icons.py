"""The seal as an icon for Windows, read by Pillow, which had no part in making it."""

from __future__ import annotations

import io

import pytest
from PIL import IcoImagePlugin, Image
from PySide6.QtGui import QImage

from gui.views.marks import seal_picture
from installer.icons import WINDOWS_SIZES, windows_icon
from tests.gui.theatre import application


@pytest.fixture(scope="module")
def icon() -> IcoImagePlugin.IcoFile:
    application()  # the run's own, which outlives this
    return IcoImagePlugin.IcoFile(io.BytesIO(windows_icon()))


def test_the_icon_has_every_size_that_windows_asks_for(icon: IcoImagePlugin.IcoFile) -> None:
    assert icon.sizes() == {(size, size) for size in WINDOWS_SIZES}
    assert {16, 32, 48, 256} <= set(WINDOWS_SIZES)


@pytest.mark.parametrize("size", WINDOWS_SIZES)
def test_each_is_the_seal_that_the_window_paints(icon: IcoImagePlugin.IcoFile, size: int) -> None:
    read = icon.getimage((size, size)).convert("RGBA")
    painted = seal_picture(size).toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    seal = Image.frombytes("RGBA", (size, size), bytes(painted.constBits()))
    assert read.tobytes() == seal.tobytes()
    assert len(read.getcolors(maxcolors=size * size) or ()) > 3  # a ring and letters, not one colour
    assert read.getpixel((0, 0)) == (0, 0, 0, 0)
