"""Fixtures that every room's tests may ask for; Hypothesis judges behaviour, not the speed of the machine."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import settings

from tests.card.fixtures import card, contacts, readers_service
from tests.card.reader import isolate
from tests.contract import any_module
from tests.softhsm import softhsm, supervisor

__all__ = ["card", "contacts", "readers_service", "softhsm", "supervisor"]

# Extends the names of cms, which are fixed when the first of them is looked up.
importlib.import_module("asn1crypto.tsp")

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a run over a module that is not ours."""
    any_module.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Let such a run look after itself; keep every other away from the readers of this computer."""
    any_module.configure(config)
    if config.getoption("module") is None:
        isolate()
