"""The process that opens one NSS database, through NSS itself: reads authorities of ours, takes out, puts in.

One JSON object comes on standard input and one goes out. The database's own list of PKCS#11 modules is not
opened, so no vendor's module is ever loaded here. It imports the standard library alone. Who asks, and what
for, is `nss_database`.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import glob
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from urllib.parse import quote

#: Debian's and Fedora's library by its name, then the one that a Firefox brings along. In this order: what an
#: older NSS writes a newer one reads, and trust that is written by a newer one means nothing to an older.
LIBRARIES = (
    "libnss3.so",
    "/usr/lib/*/libnss3.so",
    "/usr/lib*/firefox*/libnss3.so",
    "/opt/firefox/libnss3.so",
)
#: What went wrong, in the answer's words.
NO_LIBRARY, NOT_OPENED, LOCKED, PASSWORD, REFUSED = (
    "no-library",
    "not-opened",
    "locked",
    "password",
    "refused",
)
#: nss.h: read only; without the list of modules; without looking for the built-in roots.
_READONLY, _NO_MODULES, _NO_ROOTS = 0x1, 0x4, 0x10
#: certdb.h: CERTDB_VALID_CA and CERTDB_TRUSTED_CA, what certutil calls `C`.
_TRUSTED, _VALID = 0x10, 0x08


class _Item(ctypes.Structure):
    _fields_ = [("type", c_uint), ("data", c_void_p), ("length", c_uint)]


class _Signed(ctypes.Structure):
    _fields_ = [("data", _Item), ("algorithm", _Item * 2), ("signature", _Item)]


class _Certificate(ctypes.Structure):
    """The beginning of certt.h's CERTCertificate."""

    _fields_ = [
        ("arena", c_void_p),
        ("subject", c_char_p),
        ("issuer", c_char_p),
        ("signed", _Signed),
        ("der", _Item),
    ]


class _Node(ctypes.Structure):
    """A CERTCertListNode; the list itself begins with the same two links."""


_Node._fields_ = [
    ("next", POINTER(_Node)),
    ("previous", POINTER(_Node)),
    ("certificate", POINTER(_Certificate)),
]


class _Trust(ctypes.Structure):
    _fields_ = [("ssl", c_uint), ("email", c_uint), ("objects", c_uint)]


class Failed(Exception):
    """NSS would not; the arguments are one of the words above and NSS's own name of the error."""


def main() -> None:
    """Answer the one question."""
    question = json.load(sys.stdin)
    # Whatever a library prints must not stand in the answer.
    answer, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)
    try:
        said: object = _serve(question)
    except Failed as problem:
        said = {"failed": problem.args[0], "error": problem.args[1]}
    json.dump(said, answer)
    answer.flush()


def _serve(question: dict[str, object]) -> dict[str, object]:
    """What was kept before, and how many others are there; then take out and put in as asked."""
    nss = _library()
    add = question.get("add")
    writes = bool(add or question.get("remove"))
    flags = _NO_MODULES | _NO_ROOTS | (0 if writes else _READONLY)
    if nss.NSS_Initialize(f"sql:{question['folder']}".encode(), b"", b"", b"secmod.db", flags):
        raise Failed(LOCKED if _locked(f"{question['folder']}/cert9.db") else NOT_OPENED, _error(nss))
    slot = nss.PK11_GetInternalKeySlot()
    if add and nss.PK11_NeedUserInit(slot) and nss.PK11_InitPin(slot, b"", b""):
        raise Failed(REFUSED, _error(nss))
    if add and nss.PK11_NeedLogin(slot) and not nss.PK11_IsLoggedIn(slot, None):
        raise Failed(PASSWORD, "")  # trust is vouched for by the password, which is not ours to ask for
    every = list(_listed(nss, slot))
    ours = [one for one in every if _name(one).startswith(f"CN={question['name']} (")]
    kept = [{"der": _base64(one), "trusted": _trusted(nss, one)} for one in ours]
    for one in ours if writes else ():
        if nss.SEC_DeletePermCertificate(one):
            raise Failed(REFUSED, _error(nss))
    if add:
        assert isinstance(add, dict)
        _add(nss, slot, base64.b64decode(add["der"]), add["nickname"].encode())
    return {"kept": kept, "others": len(every) - len(ours)}


def _add(nss: ctypes.CDLL, slot: int, der: bytes, nickname: bytes) -> None:
    octets = ctypes.create_string_buffer(der, len(der))
    item = _Item(0, ctypes.addressof(octets), len(der))
    certificate = nss.CERT_NewTempCertificate(nss.CERT_GetDefaultCertDB(), byref(item), None, 0, 1)
    trust = _Trust(_TRUSTED | _VALID, 0, 0)
    if not certificate or nss.PK11_ImportCert(slot, certificate, 0, nickname, 0):
        raise Failed(REFUSED, _error(nss))
    if nss.CERT_ChangeCertTrust(nss.CERT_GetDefaultCertDB(), certificate, byref(trust)):
        raise Failed(REFUSED, _error(nss))


def _listed(nss: ctypes.CDLL, slot: int) -> Iterator[ctypes._Pointer[_Certificate]]:
    head = nss.PK11_ListCertsInSlot(slot)
    if not head:
        return
    first = ctypes.addressof(head.contents)
    node = head.contents.next
    while ctypes.addressof(node.contents) != first:
        following = node.contents.next
        yield node.contents.certificate
        node = following


def _locked(file: str) -> bool:
    """Does another program hold the database for itself at this moment?"""
    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, timeout=0)
        ) as opened:
            opened.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as problem:
        return problem.sqlite_errorname == "SQLITE_BUSY"
    return False


def _name(certificate: ctypes._Pointer[_Certificate]) -> str:
    return bytes(certificate.contents.subject or b"").decode("utf-8", "replace")


def _base64(certificate: ctypes._Pointer[_Certificate]) -> str:
    item = certificate.contents.der
    return base64.b64encode(ctypes.string_at(item.data, item.length)).decode()


def _trusted(nss: ctypes.CDLL, certificate: ctypes._Pointer[_Certificate]) -> bool:
    trust = _Trust()
    return nss.CERT_GetCertTrust(certificate, byref(trust)) == 0 and bool(trust.ssl & _TRUSTED)


def _library() -> ctypes.CDLL:
    for pattern in LIBRARIES:
        for name in glob.glob(pattern) if pattern.startswith("/") else (pattern,):  # noqa: PTH207 - no folder
            try:
                _load_siblings(os.path.dirname(name))  # noqa: PTH120 - no more than the start of names
                return _declared(ctypes.CDLL(name))
            except (OSError, AttributeError):
                continue
    raise Failed(NO_LIBRARY, "")


def _load_siblings(folder: str) -> None:
    """What a Firefox's library needs of its own, which its linker would look for among the system's."""
    for sibling in ("libnspr4.so", "libplc4.so", "libplds4.so", "libmozsqlite3.so", "libnssutil3.so"):
        if os.path.exists(f"{folder}/{sibling}"):  # noqa: PTH110
            ctypes.CDLL(f"{folder}/{sibling}")


def _declared(nss: ctypes.CDLL) -> ctypes.CDLL:
    certificate = POINTER(_Certificate)
    for name, result, arguments in (
        ("NSS_Initialize", c_int, (c_char_p, c_char_p, c_char_p, c_char_p, c_uint)),
        ("PK11_GetInternalKeySlot", c_void_p, ()),
        ("PK11_NeedUserInit", c_int, (c_void_p,)),
        ("PK11_NeedLogin", c_int, (c_void_p,)),
        ("PK11_IsLoggedIn", c_int, (c_void_p, c_void_p)),
        ("PK11_InitPin", c_int, (c_void_p, c_char_p, c_char_p)),
        ("PK11_ListCertsInSlot", POINTER(_Node), (c_void_p,)),
        ("PK11_ImportCert", c_int, (c_void_p, certificate, c_ulong, c_char_p, c_int)),
        ("SEC_DeletePermCertificate", c_int, (certificate,)),
        ("CERT_NewTempCertificate", certificate, (c_void_p, c_void_p, c_char_p, c_int, c_int)),
        ("CERT_GetDefaultCertDB", c_void_p, ()),
        ("CERT_GetCertTrust", c_int, (certificate, c_void_p)),
        ("CERT_ChangeCertTrust", c_int, (c_void_p, certificate, c_void_p)),
        ("PR_GetError", c_int, ()),
        ("PR_ErrorToName", c_char_p, (c_long,)),
    ):
        function = getattr(nss, name)
        function.restype, function.argtypes = result, arguments
    return nss


def _error(nss: ctypes.CDLL) -> str:
    number = nss.PR_GetError()
    return bytes(nss.PR_ErrorToName(number) or b"").decode("ascii", "replace") or str(number)


if __name__ == "__main__":
    main()
