"""Somebody at a terminal, for the commands that ask there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import User, make_user
from tests.cli.theatre import Terminal


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A user with a token and nothing else."""
    return make_user(tmp_path)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Her terminal window."""
    opened = Terminal()
    yield opened
    opened.close()
