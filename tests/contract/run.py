"""The contract suite in a pytest of its own, over a module of which it knows what the command line says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent.parent
SIGNS = "test_an_algorithm_that_is_offered_makes_signatures_that_verify"
WRONG_PIN = "test_a_wrong_pin_is_ckr_pin_incorrect_and_the_right_one_still_logs_in"


class Place(Protocol):
    """A folder for the report, and what the module needs in its environment."""

    @property
    def folder(self) -> Path: ...

    @property
    def env(self) -> Mapping[str, str]: ...


class Run:
    """One run of the suite, ended: its exit status, what it printed, and its JUnit report."""

    def __init__(self, token: Place, *arguments: str | Path) -> None:
        junit = token.folder / "junit.xml"
        command = [sys.executable, "-m", "pytest", "tests/contract", "-p", "no:cacheprovider"]
        ended = subprocess.run(
            [*command, f"--junitxml={junit}", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **token.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        self.status, self.output = ended.returncode, ended.stdout
        self.report = junit.read_text() if junit.exists() else ""

    @property
    def passed(self) -> set[str]:
        """The names of the tests of the report, all of which passed."""
        cases = list(ElementTree.fromstring(self.report).iter("testcase"))
        assert all(len(case) == 0 for case in cases)
        return {case.attrib["name"] for case in cases}

    @property
    def left_out(self) -> dict[str, str]:
        """The reason for each check left out; the summary and the report say the same."""
        properties = ElementTree.fromstring(self.report).iter("property")
        lines = [each.attrib["value"] for each in properties if each.attrib["name"] == "left out"]
        assert [line for line in self.output.splitlines() if line.startswith("left out: ")] == [
            f"left out: {line}" for line in lines
        ]
        return dict(line.split(": ", 1) for line in lines)
