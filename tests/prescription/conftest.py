"""Hypothesis judges behaviour here, not the speed of the machine that it runs on."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
