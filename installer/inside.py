"""What bundled distributions carry within their own libraries, with the versions as they say them themselves.

No metadata has these: who looks for a weakness in one of them finds it here. Their texts are in the notices
of what they came in. Asked is what is installed where the package is built, which is what is frozen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

#: A library's name, its version or None where it does not say it, and its licence.
Part = tuple[str, str | None, str]


def inside(names: Iterable[str]) -> dict[str, tuple[Part, ...]]:
    """The parts of each of these distributions, by their names as an index writes them."""
    return {name: _PARTS[name]() for name in names if name in _PARTS}


def _in_qt() -> tuple[Part, ...]:
    import PySide6
    from PySide6.QtCore import qVersion

    folder = Path(PySide6.__path__[0]) / "Qt" / "lib"
    # On Linux alone; elsewhere Qt takes the system's.
    icu = [("ICU", file.name.rpartition(".")[2], "Unicode-3.0") for file in folder.glob("libicudata.so.*")]
    return (("Qt", qVersion(), "LGPL-3.0-only"), *icu)


def _in_cryptography() -> tuple[Part, ...]:
    from cryptography.hazmat.backends.openssl import backend

    told = re.match(r"OpenSSL (\S+)", backend.openssl_version_text())
    return (("OpenSSL", told and told[1], "Apache-2.0"),)


def _in_lxml() -> tuple[Part, ...]:
    from lxml import etree

    return (
        ("libxml2", _dotted(etree.LIBXML_COMPILED_VERSION), "MIT"),
        ("libxslt", _dotted(etree.LIBXSLT_COMPILED_VERSION), "MIT"),
        ("zlib", None, "Zlib"),
    )


def _in_pdfium() -> tuple[Part, ...]:
    from pypdfium2_raw.version import PDFIUM_INFO  # type: ignore[import-untyped]

    return (
        ("PDFium", str(PDFIUM_INFO).partition("@")[0], "BSD-3-Clause"),
        ("FreeType", None, "FTL"),
        ("Little CMS", None, "MIT"),
        ("OpenJPEG", None, "BSD-2-Clause"),
        ("libjpeg-turbo", None, "IJG AND BSD-3-Clause"),
        ("libpng", None, "libpng-2.0"),
        ("zlib", None, "Zlib"),
    )


def _in_harfbuzz() -> tuple[Part, ...]:
    import uharfbuzz  # type: ignore[import-untyped]

    return (("HarfBuzz", uharfbuzz.version_string(), "MIT-Modern-Variant"),)


def _in_aiohttp() -> tuple[Part, ...]:
    return (("llhttp", None, "MIT"),)


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


_PARTS: dict[str, Callable[[], tuple[Part, ...]]] = {
    "aiohttp": _in_aiohttp,
    "cryptography": _in_cryptography,
    "lxml": _in_lxml,
    "pypdfium2": _in_pdfium,
    "pyside6-essentials": _in_qt,
    "uharfbuzz": _in_harfbuzz,
}
