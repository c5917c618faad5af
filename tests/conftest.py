"""Fixtures that every room's tests may ask for; Hypothesis judges behaviour, not the speed of the machine."""

from __future__ import annotations

from hypothesis import settings

from tests.softhsm import softhsm, supervisor

__all__ = ["softhsm", "supervisor"]

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
