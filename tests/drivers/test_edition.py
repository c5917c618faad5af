"""A change of a shipped profile raises the edition: otherwise an older pack would hide it."""

from __future__ import annotations

from drivers import edition
from tests.edition import digest


def test_the_edition_is_that_of_the_profiles_as_they_are() -> None:
    assert digest() == edition.SHA256, "a profile has changed: python -m tests.edition"
    assert edition.EDITION >= 1
