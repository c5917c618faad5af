"""The few pictures that the docs show: `python -m tests.desktop.pictures` draws them into `docs/pictures`.

Each is a screen of the gallery, in 64 colours, so that all of them together stay small. Which they are stands
here alone; `tests.docs` holds the folder and the pages to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
#: What all of them may take together.
MAX_OCTETS = 1_500_000
COLOURS = 64

_IN_BOTH = (
    "check-locked",
    "consent",
    "consent-red",
    "first-token",
    "home-open",
    "journal-entry",
    "pairing",
    "request-who",
    "tokens",
)
#: A file's name is the screen's, the language and the look.
NAMES: tuple[str, ...] = (
    *(f"{screen}-{language}-light" for screen in _IN_BOTH for language in ("fa", "en")),
    "consent-en-dark",
    "many-en-light",
    "many-fa-dark",
)


def screens() -> tuple[str, ...]:
    """The names that the gallery knows them by."""
    return tuple(dict.fromkeys(name.rsplit("-", 2)[0] for name in NAMES))


def main() -> int:
    """Draw them in a process of its own, and keep those that are shown."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.desktop.gallery", folder, *screens()]
        subprocess.run(command, check=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        for name in NAMES:
            with Image.open(Path(folder, f"{name}.png")) as drawn:
                few = drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(FOLDER / f"{name}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
