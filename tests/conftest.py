"""Fixtures that every room's tests may ask for."""

from __future__ import annotations

from tests.softhsm import softhsm, supervisor

__all__ = ["softhsm", "supervisor"]
