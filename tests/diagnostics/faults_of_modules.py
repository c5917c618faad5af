"""Faults of a vendor's module: its file, its loading, and what it does when it is called."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from signer.cli.diagnosis.place import added_modules
from signer.diagnostics.ground import Candidate, Ground
from signer.service.hand_added import AddedModule, HandAdded, measured, profile_of, standing
from tests.diagnostics.computer import Computer
from tests.diagnostics.row import Table, as_nobody
from tests.fault.module import FaultyModule
from tests.softhsm import module_path

TABLE = Table()
_MODULE = ("module softhsm",)
_SOURCES = {
    "needs_another": "extern int of_another(void); int C_GetFunctionList(void) { return of_another(); }",
    "another": "int of_another(void) { return 7; }",
    "no_module": "int CPAcquireContext(void) { return 0; }",
    "lacks_a_symbol": "extern int nobody_has_this; int C_GetFunctionList(void) { return nobody_has_this; }",
}


def _at(computer: Computer, path: Path) -> Ground:
    """The computer with its module at another file."""
    return computer.ground(modules=(replace(computer.candidate(computer.token), path=path),))


def _library(folder: Path, name: str, *more: str) -> Path:
    source, built = folder / f"{name}.c", folder / f"lib{name}.so"
    source.write_text(_SOURCES[name])
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", built, source, *more], check=True)
    return built


@TABLE.row("a file that is no library", "module-not-a-library", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "module.so").write_text("This page could not be found.")
    yield _at(computer, folder / "module.so")


@TABLE.row("a file that was cut short", "module-not-a-library", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "module.so").write_bytes(module_path().read_bytes()[:5000])
    yield _at(computer, folder / "module.so")


@TABLE.row("an empty file", "module-not-a-library", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "module.so").touch()
    yield _at(computer, folder / "module.so")


@TABLE.row("a module of 32 bits", "module-wrong-bits", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    octets = bytearray(module_path().read_bytes())
    octets[4] = 1  # EI_CLASS: ELFCLASS32
    (folder / "module.so").write_bytes(octets)
    yield _at(computer, folder / "module.so")


@TABLE.row("a module without a library that it needs", "module-dependency-missing", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    needed = _library(folder, "another")
    built = _library(folder, "needs_another", f"-L{folder}", "-lanother")
    needed.unlink()
    yield _at(computer, built)


@TABLE.row("the maker's CSP in the place of the module", "module-not-pkcs11", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield _at(computer, _library(folder, "no_module"))


@TABLE.row("a module that lacks a symbol", "module-cannot-load", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    yield _at(computer, _library(folder, "lacks_a_symbol"))


@TABLE.row("a module for a newer system", "module-dependency-missing", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    versions = folder / "versions"
    for version in ("NEWER_9.9", "OLDER_1.0"):
        versions.write_text(f"{version} {{ global: of_another; }};")
        _library(folder, "another", f"-Wl,--version-script={versions}")
        if version == "NEWER_9.9":
            user = _library(folder, "needs_another", f"-L{folder}", "-lanother", f"-Wl,-rpath,{folder}")
    yield _at(computer, user)


def _added(computer: Computer, folder: Path, module: AddedModule) -> Ground:
    HandAdded(folder / "added-modules.json").agree(module)
    (kept,) = HandAdded(folder / "added-modules.json").all()
    added = Candidate(
        name="hand-added", path=Path(kept.path), profile=profile_of(kept), standing=standing(kept)
    )
    return computer.ground(modules=(replace(added, env=computer.token.env),))


@TABLE.row("an added module that was exchanged", "module-changed")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    added = Path(shutil.copy(module_path(), folder / "added.so"))
    agreed = measured(added)
    added.write_bytes(added.read_bytes() + b"\0")
    yield _added(computer, folder, agreed)


@TABLE.row("an added module whose file is gone", "module-absent")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    added = Path(shutil.copy(module_path(), folder / "added.so"))
    agreed = measured(added)
    added.unlink()
    yield _added(computer, folder, agreed)


@TABLE.row("a module that this user may not read", "module-unreadable", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        module = Path(shutil.copy(module_path(), Path(name) / "module.so"))
        module.chmod(0)
        with as_nobody():
            yield _at(computer, module)


@TABLE.row("a module file that everybody can exchange", "module-open-to-others", *_MODULE)
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    module = Path(shutil.copy(module_path(), folder / "module.so"))
    module.chmod(0o777)
    yield _at(computer, module)


def _misbehaves(name: str, first: str, function: str, fault: str) -> None:
    @TABLE.row(name, first, *_MODULE)
    @contextmanager
    def breaking(computer: Computer, folder: Path) -> Iterator[Ground]:
        faulty = FaultyModule(computer.faulty, computer.token, folder)
        faulty.fail(function, fault)
        yield computer.ground(faulty.token, patience=2.0)


_misbehaves("a module that crashes as it is loaded", "module-crashed", "load", "crash")
_misbehaves("a module that crashes in C_Initialize", "module-crashed", "C_Initialize", "crash")
_misbehaves("a module that crashes as it looks at the token", "module-crashed", "C_GetTokenInfo", "crash")
_misbehaves("a module that crashes over the certificates", "module-crashed", "C_FindObjects", "crash")
_misbehaves("a module that ends the process", "module-crashed", "C_GetSlotList", "exit 3")
_misbehaves("a module that hangs as it is loaded", "module-hung", "load", "hang")
_misbehaves("a module that loops in C_GetSlotList", "module-hung", "C_GetSlotList", "hang")
_misbehaves("a module that cannot initialise itself", "module-failed", "C_Initialize", "rv 0x5")
_misbehaves("a module that lost its device", "module-failed", "C_GetSlotList", "rv 0x30")
_misbehaves("a token that lets nobody open a session", "token-failed", "C_OpenSession", "rv 0x30")
_misbehaves("a token whose objects cannot be found", "token-failed", "C_FindObjectsInit", "rv 0x6")
_misbehaves("a module that gives absurd numbers of slots", "module-crashed", "C_GetSlotList", "lengths")


@TABLE.row("a record of added modules that is damaged", "modules-list-damaged", "system")
@contextmanager
def _(computer: Computer, folder: Path) -> Iterator[Ground]:
    (folder / "added-modules.json").write_text("[{")
    _, damaged = added_modules(folder / "added-modules.json")
    yield computer.ground(damaged_list=damaged)
