"""One token and one build of the faulty module for all cells of the table."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.types import KeySpec
from signer.cli.demo.authority import PLAIN_DOCTOR
from tests import softhsm as hsm
from tests.fault import module


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    """A token with an RSA key and its certificate."""
    token = hsm.create(tmp_path_factory.mktemp("fault-table") / "softhsm")
    asyncio.run(hsm.certify(token, {b"\x01": KeySpec.RSA_2048}, PLAIN_DOCTOR, datetime.now(UTC)))
    return token


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The faulty module."""
    return module.build(tmp_path_factory.mktemp("faulty"))
