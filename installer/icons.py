"""The seal as pictures: painted by what paints it in the window, without a screen."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
#: What Windows takes from an icon between 100 % and 200 %, and for the largest view of a folder.
WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
#: From here on a picture is a PNG in the icon, and a bitmap below: older readers know small PNGs not.
_PNG_FROM = 256


def paint(folder: Path) -> None:
    """Write `hicolor/NxN/apps/mohr.png` below `folder` for each size."""
    for size, picture in _pictures(SIZES):
        file = folder / "hicolor" / f"{size}x{size}" / "apps" / "mohr.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not picture.save(str(file), "PNG"):
            raise OSError(f"{file} could not be written")


def windows_icon() -> bytes:
    """An icon for Windows (ICO), all sizes in one file."""
    pictures = [(size, _entry(size, picture)) for size, picture in _pictures(WINDOWS_SIZES)]
    at = 6 + 16 * len(pictures)
    directory, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    for size, octets in pictures:
        side = size % 256  # 256 is written as 0
        directory += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(octets), at + len(body))
        body += octets
    return directory + body


def _pictures(sizes: Iterable[int]) -> Iterator[tuple[int, QPixmap]]:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from gui import theme
    from gui.views.marks import seal_picture

    app = QApplication.instance() or QApplication(["mohr"])
    theme.load_fonts()
    for size in sizes:
        yield size, seal_picture(size)
    del app


def _entry(size: int, picture: QPixmap) -> bytes:
    return _png(picture) if size >= _PNG_FROM else _bitmap(size, picture)


def _png(picture: QPixmap) -> bytes:
    from PySide6.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(buffer, "PNG"):
        raise OSError("the icon could not be written")
    return bytes(buffer.data().data())


def _bitmap(size: int, picture: QPixmap) -> bytes:
    """A BITMAPINFOHEADER of twice the height, the rows from below as BGRA, and a mask that hides nothing."""
    from PySide6.QtGui import QImage

    plain = picture.toImage().convertToFormat(QImage.Format.Format_ARGB32)
    header = struct.pack("<IiiHHIIiiII", 40, size, 2 * size, 1, 32, 0, 0, 0, 0, 0, 0)
    octets, row = bytes(plain.constBits()), 4 * size
    rows = [octets[row * y : row * (y + 1)] for y in reversed(range(size))]
    mask = bytes(size * (-(-size // 32) * 4))
    return header + b"".join(rows) + mask
