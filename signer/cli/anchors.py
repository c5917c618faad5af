"""`mohr anchors`: which authorities the verifier trusts on this computer, and who they are.

A certificate is trusted when a person has put it there, and not before. Each is named by its fingerprint
where Mohr knows it, or said to be none that is known.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from signer.cli.drawing import drawn
from signer.model.errors import FileUnusable
from signer.model.text import visible
from signer.platform.folders import user_data
from signer.platform.private_files import private_folder
from signer.service.trusted import put, told
from signer.verify.anchors import Anchors, known, load, load_file
from signer.verify.sentences import Language
from signer.x509 import Certificate, CertificateUnreadable

_UNKNOWN = ("هیچ مرجعی که مُهر بشناسد نیست", "none that Mohr knows")
_KNOWN = ("این گواهی «{name}» است ({role})", "this is {name} ({role})")
_ROLES = {"root": ("ریشه", "root"), "intermediate": ("میانی", "intermediate")}
_ADDED = ("افزوده شد؛ از این پس به آن اعتماد می‌شود", "added; it is trusted from now on")
_REMOVED = ("برداشته شد؛ دیگر به آن اعتماد نمی‌شود", "removed; it is no longer trusted")
_NONE = ("به هیچ مرجعی اعتماد نمی‌شود", "no authority is trusted")
_ABSENT = ("چنین گواهی‌ای در پوشه نیست", "no such certificate is in the folder")
_UNTIL = ("تا", "until")
_FILE = ("گواهی خوانده نشد", "no certificate could be read")


def user_anchors() -> Path:
    """The user's own folder of anchors, made where it is missing. Raises `NotPrivate`, OSError."""
    return private_folder(user_data() / "anchors")


def listed(folder: Path | None, language: Language) -> int:
    """Print every certificate that is trusted: 1 where there is none."""
    which = _which(language)
    anchors = load(folder or user_anchors())
    for path, certificate in anchors.found:
        print("\n".join(_lines(certificate, which)))
        print(f"  {visible(str(path))}")
    for path in anchors.unreadable:
        print(f"{_FILE[which]}: {visible(str(path))}")
    if not anchors.found:
        print(_NONE[which])
    return 0 if anchors.found else 1


def add(file: Path, folder: Path | None, language: Language) -> int:
    """Trust the certificates of a file, and say whose they are: 1 where it has none.

    `folder` is made where it is missing. Raises `FileUnusable` where it takes nothing.
    """
    which = _which(language)
    try:
        certificates = load_file(file)
    except (CertificateUnreadable, OSError) as fault:
        print(f"{_FILE[which]}: {visible(str(file))}: {visible(str(fault))}", file=sys.stderr)
        return 1
    try:
        target = folder or user_anchors()
        target.mkdir(parents=True, exist_ok=True)
        put(target, [told(certificate) for certificate in certificates])
    except OSError as fault:
        raise FileUnusable(f"anchors: {type(fault).__name__}") from fault
    for certificate in certificates:
        print("\n".join(_lines(certificate, which)))
        print(f"  {_ADDED[which]}")
    return 0


def remove(fingerprint: str, folder: Path | None, language: Language) -> int:
    """No longer trust the certificate with this SHA-256, or that begins with it: 1 where none does.

    A file that holds other certificates too is left alone, and 1 says so.
    """
    which = _which(language)
    anchors = load(folder or user_anchors())
    wanted = fingerprint.replace(":", "").lower()
    found = [(path, one) for path, one in anchors.found if len(wanted) >= 8 and one.id.startswith(wanted)]
    if len({one.id for _, one in found}) != 1 or any(_shared(anchors, path) for path, _ in found):
        print(_ABSENT[which])
        return 1
    for path, certificate in found:
        path.unlink()
        print("\n".join(_lines(certificate, which)))
        print(f"  {_REMOVED[which]}")
    return 0


def _shared(anchors: Anchors, path: Path) -> bool:
    return sum(other == path for other, _ in anchors.found) > 1


def _lines(certificate: Certificate, which: int) -> Iterator[str]:
    authority = known(certificate)
    if authority is None:
        yield f"{drawn(certificate.holder.name)}: {_UNKNOWN[which]}"
    else:
        yield _KNOWN[which].format(name=authority.name, role=_ROLES[authority.role][which])
    yield f"  SHA-256 {certificate.id}, {_UNTIL[which]} {certificate.not_after:%Y-%m-%d}"


def _which(language: Language) -> int:
    return 0 if language == "fa" else 1
