"""What the simulator tells of itself as JSON: to its page, to `mohr simulate set`, in its private file."""

from __future__ import annotations

from msgspec import Struct

from signer.cli.simulate.scenarios import SCENARIOS, Happening

#: The private file's name in the runtime folder.
FILE = "simulator.json"


class Told(Struct, frozen=True, kw_only=True):
    """The private file: where to ask, and with which secret. `port` is the agent's."""

    port: int
    control: int
    secret: str
    pid: int


class Row(Struct, frozen=True, kw_only=True):
    """A scenario."""

    code: str
    sees: str
    must: str
    sees_fa: str
    must_fa: str


class State(Struct, frozen=True, kw_only=True):
    """What is played now, and what has happened. `version` grows with every change."""

    simulator: bool
    version: int
    port: int
    scenario: str
    happened: list[Happening]
    scenarios: list[Row]


def rows() -> list[Row]:
    """The table, as the page and `mohr simulate list` show it."""
    return [
        Row(code=s.code, sees=s.sees.en, must=s.must.en, sees_fa=s.sees.fa, must_fa=s.must.fa)
        for s in SCENARIOS
    ]
