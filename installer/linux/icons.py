"""The seal as pictures: painted by what paints it in the window, without a screen."""

from __future__ import annotations

import os
from pathlib import Path

SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def paint(folder: Path) -> None:
    """Write `hicolor/NxN/apps/mohr.png` below `folder` for each size."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from gui import theme
    from gui.views.marks import seal_picture

    app = QApplication.instance() or QApplication(["mohr"])
    theme.load_fonts()
    for size in SIZES:
        file = folder / "hicolor" / f"{size}x{size}" / "apps" / "mohr.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not seal_picture(size).save(str(file), "PNG"):
            raise OSError(f"{file} could not be written")
    del app
