"""For how many bits a module was built, and what is said where they are not ours."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from drivers.bitness import bits_of, mismatch
from drivers.errors import ModuleNotLoaded
from drivers.supervisor import Supervisor
from signer.model.errors import ModuleCannotLoad
from signer.service.token_signers import meaning
from tests import softhsm as hsm


def elf(kind: int) -> bytes:
    return b"\x7fELF" + bytes((kind, 1, 1)) + bytes(57)


def pe(machine: int, at: int = 0x80) -> bytes:
    return (
        b"MZ".ljust(0x3C, b"\0")
        + struct.pack("<I", at)
        + bytes(at - 0x40)
        + b"PE\0\0"
        + struct.pack("<H", machine)
    )


@pytest.mark.parametrize(
    ("head", "bits"),
    [
        (elf(1), 32),
        (elf(2), 64),
        (elf(9), None),
        (pe(0x014C), 32),
        (pe(0x8664), 64),
        (pe(0xAA64), 64),
        (pe(0x1234), None),
        (pe(0x8664)[:0x82], None),
        (b"MZ", None),
        (b"\xcf\xfa\xed\xfe" + bytes(20), 64),
        (b"\xce\xfa\xed\xfe" + bytes(20), 32),
        (b"", None),
        (b"\x7fELF", None),
        (b"#!/bin/sh", None),
    ],
)
def test_bits_are_read_from_the_head_of_the_file(tmp_path: Path, head: bytes, bits: int | None) -> None:
    module = tmp_path / "module"
    module.write_bytes(head)
    assert bits_of(module) == bits


def test_a_real_module_has_the_bits_of_this_computer() -> None:
    assert bits_of(hsm.module_path()) == (64 if sys.maxsize > 2**32 else 32)
    assert mismatch(hsm.module_path()) is None


def test_a_file_that_is_not_there_is_of_no_bitness(tmp_path: Path) -> None:
    assert bits_of(tmp_path / "none") is None
    assert mismatch(tmp_path / "none") is None


async def test_a_module_for_other_bits_is_told_so_when_it_cannot_be_loaded(tmp_path: Path) -> None:
    module = tmp_path / "module.so"
    module.write_bytes(elf(1))
    async with Supervisor(module) as supervisor:
        with pytest.raises(ModuleCannotLoad) as told, meaning(hsm.profile()):
            await supervisor.tokens()
    assert told.value.detail.startswith("a 32-bit module in a 64-bit agent: ")


async def test_a_module_that_is_broken_otherwise_keeps_the_loaders_sentence(tmp_path: Path) -> None:
    module = tmp_path / "module.so"
    module.write_bytes(b"no library")
    async with Supervisor(module) as supervisor:
        with pytest.raises(ModuleNotLoaded) as told:
            await supervisor.tokens()
    assert "bit module" not in str(told.value)
