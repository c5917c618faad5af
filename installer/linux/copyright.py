"""The Debian package's copyright file (DEP-5): whose each part is. The texts stand in notices.gz."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution

from installer.notices import licence_of

_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mohr
Comment:
 Mohr's own code is under the Apache License 2.0. This package contains PyKCS11, which is under the GNU
 General Public License, version 2 or later, so the package as a whole is distributed under the terms of the
 GNU General Public License, version 3. Qt and PySide6 are shared libraries under the GNU Lesser General
 Public License, version 3: they lie in usr/lib/mohr/_internal/PySide6 and may be replaced by others of the
 same interface. All licence texts stand in /usr/share/doc/mohr/notices.gz, the bill of materials in
 sbom.cdx.json beside it.

Files: *
Copyright: 2026 The Mohr authors
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

"""
_BUNDLED = """\
Files: {name}
Copyright: see notices.gz
License: {licence}
 {name} {version}, as bundled; the text is in /usr/share/doc/mohr/notices.gz.
"""


def copyright_file(distributions: Iterable[Distribution]) -> str:
    """The file, with a paragraph for each bundled distribution."""
    parts = [
        _BUNDLED.format(name=one.name, version=one.version, licence=licence_of(one).replace("\n", " "))
        for one in distributions
        if one.name != "mohr"
    ]
    return _HEAD + "\n".join(parts)
