"""One healthy computer, and what a check of it gives, for all rows of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from signer.diagnostics.check import Checked, check
from tests.diagnostics.computer import Computer, healthy


@pytest.fixture(scope="package")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computer]:
    """The computer, with its agent."""
    with healthy(tmp_path_factory.mktemp("computer")) as made:
        yield made


@pytest.fixture(scope="package")
def health(computer: Computer) -> Checked:
    """The check of the healthy computer."""
    return asyncio.run(check(computer.ground()))
