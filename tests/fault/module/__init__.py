"""The faulty PKCS #11 module: how it is built, and what a test tells it and hears of it.

What it can do wrong is written in `faulty.c`, how it may want its PIN in `forms.h`. It is loaded by a worker
alone, never by the tests' process.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.softhsm import SoftHsm

_SOURCE = Path(__file__).parent / "faulty.c"


def build(folder: Path) -> Path:
    """Compile the module into `folder`; its path."""
    built = folder / "faulty.so"
    warnings = ("-Wall", "-Wextra", "-Werror")
    command = ("gcc", "-shared", "-fPIC", "-O1", *warnings, "-o", str(built), str(_SOURCE), "-ldl")
    subprocess.run(command, check=True)
    return built


class FaultyModule:
    """One token as seen through the faulty module, with rules and a log of its own in `folder`."""

    def __init__(self, built: Path, token: SoftHsm, folder: Path) -> None:
        self._rules = folder / "rules"
        self._log = folder / "entered"
        self._typed = folder / "typed"
        self._failing, self._entered_before = "", 0
        self.token = replace(
            token,
            module=built,
            env={
                **token.env,
                "FAULTY_MODULE": str(token.module),
                "FAULTY_RULES": str(self._rules),
                "FAULTY_LOG": str(self._log),
            },
        )

    def want(self, form: str, *, secret: str = "", officer: str = "") -> None:
        """Workers that are started from now on see a token that wants its PIN in this form of `forms.h`."""
        self.token.env.update(
            FAULTY_LOGIN=form,
            FAULTY_SECRET=secret,
            FAULTY_OFFICER=officer,
            FAULTY_TYPED=str(self._typed),
        )

    def type_elsewhere(self, *pins: str) -> None:
        """What a person types at the reader or in the module's window, one each time she is asked."""
        self._typed.write_text("".join(f"{pin}\n" for pin in pins))

    @property
    def left_untyped(self) -> int:
        """How many of those were not asked for."""
        return len(self._typed.read_text().splitlines())

    def fail(self, function: str, fault: str, *, nth: int = 0) -> None:
        """From now on `function` has this fault: at its `nth` call in a worker, or at each (0)."""
        self._failing, self._entered_before = function, self.entered(function)
        written = self._rules.with_suffix(".new")
        written.write_text(f"{function} {nth} {fault}\n")
        written.rename(self._rules)

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._rules.unlink(missing_ok=True)

    @property
    def reached(self) -> bool:
        """Was the function entered since it was told to fail?"""
        return self.entered(self._failing) > self._entered_before

    def entered(self, function: str) -> int:
        """How many calls of `function` the module has seen, in all workers."""
        return sum(name == function for name, _ in self._calls())

    def entered_in_the_last_worker(self, function: str) -> int:
        """How many calls of `function` the worker has seen that was called last."""
        calls = list(self._calls())
        return sum(call == [function, calls[-1][1]] for call in calls)

    def workers(self) -> set[int]:
        """The process ids of all workers that have loaded the module."""
        return {int(pid) for _, pid in self._calls()}

    def _calls(self) -> Iterator[list[str]]:
        if self._log.exists():
            yield from (line.split() for line in self._log.read_text().splitlines())
