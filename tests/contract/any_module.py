"""`pytest tests/contract --module …`: the Cryptoki contract suite over a module it has never seen.

A pytest plugin: it reads the options, surveys the token once, leaves out what the token has no part for, and
says at the end what was left out and why. A PIN or a name never gets into what it prints.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.mechanisms import Hashing
from drivers.pin import Pin
from drivers.types import Binding
from tests.contract.subject import Asked, Need, Subject, Unusable, survey

SUBJECT = pytest.StashKey[Subject]()
REPORT = pytest.StashKey[tuple[tuple[str, str], ...]]()
SUITE = Path(__file__).with_name("test_cryptoki.py")


def add_options(parser: pytest.Parser) -> None:
    """The options of a run over a stranger's module."""
    group = parser.getgroup("any module", "the Cryptoki contract suite over a module it has never seen")
    group.addoption("--module", type=Path, metavar="PATH", help="the PKCS#11 library; without it, SoftHSM")
    group.addoption("--token-label", metavar="LABEL", help="the token to run over, by its label")
    group.addoption("--pin-file", type=Path, metavar="FILE", help="a file whose first line is the user PIN")
    group.addoption(
        "--pin", type=Pin, metavar="PIN", help="the user PIN of a throwaway token: others see a command line"
    )
    group.addoption(
        "--binding", type=Binding, metavar="BINDING", help="pykcs11 or python-pkcs11 alone; otherwise both"
    )
    group.addoption("--may-write", action="store_true", help="make key pairs and certificates, which stay")
    group.addoption("--may-spend-a-try", action="store_true", help="give a wrong PIN, once for each binding")


def configure(config: pytest.Config) -> None:
    """Declare the suite's marker, and take the run over where a module is named."""
    config.addinivalue_line(
        "markers", "needs(*needs): what a check needs of the token, as contract.subject.Need"
    )
    asked = _asked(config)
    if asked is not None:
        config.pluginmanager.register(AnyModule(config, asked))


def _asked(config: pytest.Config) -> Asked | None:
    module, label, pin = (config.getoption(name) for name in ("module", "token_label", "pin"))
    pin_file, binding = config.getoption("pin_file"), config.getoption("binding")
    may = {name: config.getoption(name) for name in ("may_write", "may_spend_a_try")}
    if module is None:
        if any((label, pin, pin_file, binding, *may.values())):
            raise pytest.UsageError("--module says which module the other options are about")
        return None
    if not label:
        raise pytest.UsageError("--module needs --token-label")
    if pin and pin_file:
        raise pytest.UsageError("--pin and --pin-file: one of them")
    if pin_file:
        pin = _read_pin(pin_file)
    if any(may.values()) and pin is None:
        raise pytest.UsageError("--may-write and --may-spend-a-try need a PIN")
    bindings = (binding,) if binding else tuple(Binding)
    return Asked(module=module, label=label, pin=pin, bindings=bindings, **may)


def _read_pin(file: Path) -> Pin:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise pytest.UsageError(f"--pin-file cannot be read: {type(fault).__name__}") from None
    if not lines or not lines[0]:
        raise pytest.UsageError("the first line of --pin-file is empty")
    return Pin(lines[0])


class AnyModule:
    """One run over one stranger's token."""

    def __init__(self, config: pytest.Config, asked: Asked) -> None:
        self._config = config
        self._asked = asked
        self._refused: list[tuple[str, str]] = []

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Collect the suite alone: no other test is about the module."""
        return True if collection_path.suffix == ".py" and collection_path != SUITE else None

    def pytest_sessionstart(self) -> None:
        """Survey the token before anything else is done to it."""
        try:
            self._config.stash[SUBJECT] = asyncio.run(survey(self._asked))
        except Unusable as reason:
            raise pytest.UsageError(f"{self._asked.module}: {reason}") from None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the checks that the token has no part for."""
        reasons = [why_left_out(item, config.stash[SUBJECT]) for item in items]
        left_out = [(item, why) for item, why in zip(items, reasons, strict=True) if why is not None]
        config.stash[REPORT] = report(config.stash[SUBJECT], {check(item): why for item, why in left_out})
        items[:] = [item for item, why in zip(items, reasons, strict=True) if why is None]
        config.hook.pytest_deselected(items=[item for item, _ in left_out])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what the module refused, for the summary."""
        if report.skipped and isinstance(report.longrepr, tuple):
            name = report.nodeid.rpartition("::")[2]
            self._refused.append((name, report.longrepr[2].removeprefix("Skipped: ")))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say over what the suite ran and what was left out."""
        lines = self._config.stash.get(REPORT, ())
        if lines:
            terminalreporter.section("the Cryptoki contract over one module")
        for name, line in lines:
            terminalreporter.write_line(f"{name}: {line}")
        for name, why in self._refused:
            terminalreporter.write_line(f"refused: {name}: {why}")


def report(subject: Subject, left_out: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What the suite ran over and what it left out, a named line each; no label, serial or PIN."""
    asked, library, token = subject.asked, subject.library, subject.token
    return (
        ("module", f"{asked.module}, {library.manufacturer} {library.version}"),
        ("token", f"{token.manufacturer} {token.model}"),
        ("bindings", ", ".join(binding.value for binding in asked.bindings)),
        ("mechanisms", " ".join(f"0x{value:X}" for value in token.mechanisms)),
        ("keys", f"{sum(not key.made for key in subject.keys)} found, {len(subject.made)} made"),
        *(("note", note) for note in subject.notes),
        *(("left out", f"{name}: {why}") for name, why in left_out.items()),
    )


def check(item: pytest.Item) -> str:
    """The check's name, the same through either binding."""
    assert isinstance(item, pytest.Function)
    way = [value for value in _parameters(item).values() if not isinstance(value, Binding)]
    told = [value.value if isinstance(value, Hashing) else str(value) for value in way]
    return f"{item.originalname}[{'-'.join(told)}]" if told else item.originalname


def why_left_out(item: pytest.Item, subject: Subject) -> str | None:
    """The first reason against running this check over the token, or None."""
    needs: list[Need] = [need for marker in item.iter_markers("needs") for need in marker.args]
    for need in needs:
        if (why := subject.lacks(need)) is not None:
            return why
    assert isinstance(item, pytest.Function)
    match _parameters(item):
        case {"algorithm": str(algorithm), "hashing": Hashing() as hashing}:
            return subject.cannot_sign(algorithm, hashing)
        case _:
            return None


def _parameters(item: pytest.Function) -> dict[str, object]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}
