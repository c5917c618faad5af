"""`mohr simulate` as a developer types it: with nothing installed but the package, in her own session."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from signer.cli.main import main
from signer.cli.simulate.run import BANNER
from signer.cli.simulate.scenarios import SCENARIOS
from signer.client.keys import MemoryKeys
from signer.client.panel import PanelClient
from signer.model.request import Document
from tests.simulate.place import ORIGIN

#: A Python in which neither Qt nor a PKCS#11 binding can be imported, and `mohr` in it.
_BARE = (
    "import sys; sys.modules.update({n: None for n in ('PySide6', 'PyKCS11', 'pkcs11', 'pypdfium2')});"
    "from signer.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


class Session:
    """Somebody's home, and `mohr` in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        places = {"HOME": "", "XDG_DATA_HOME": "share", "XDG_RUNTIME_DIR": "run"}
        for place in places.values():
            (home / place).mkdir(mode=0o700, exist_ok=True)
        self.env = {
            **{name: value for name, value in os.environ.items() if name != "SOFTHSM2_CONF"},
            **{name: str(home / place) for name, place in places.items()},
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }

    def mohr(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _BARE, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @contextmanager
    def simulate(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-c", _BARE, "simulate", "--port", "0", *arguments]
        process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == 0


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


def told(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_it_signs_with_no_token_no_module_and_no_window_and_is_changed_while_it_runs(
    session: Session,
) -> None:
    with session.simulate("--json", "--fault", "declined") as process:
        first = told(process)
        assert (first["simulator"], first["scenario"]) == (True, "declined")
        assert Path(first["authority"]).is_file()
        client = PanelClient(first["url"], ORIGIN, MemoryKeys())
        client.pair(lambda _: None)
        document = Document(id="rx-1", media_type="text/plain", content=b"x")
        assert client.sign([document]).state.value == "declined"

        changed = session.mohr("simulate", "set", "approve", "--json")
        assert json.loads(changed.stdout)["scenario"] == "approve"
        assert client.sign([document]).state.value == "finished"
        client.close()
        happened = [told(process)["what"] for _ in range(5)]
        assert happened == [
            "pairing-asked",
            "pairing-accepted",
            "choice-asked",
            "consent-asked",
            "declined",
        ]

        assert session.mohr("simulate", "status").stdout.startswith("approve: ")
        second = session.mohr("simulate", "--port", "0")
        assert second.returncode == 1
        assert "runs already" in second.stderr
    assert session.mohr("simulate", "status").returncode == 1
    kept = {path.name for path in (session.home / "share" / "mohr").iterdir()}
    assert kept == {"simulator"}, "nothing of it stands among the agent's own things"


def test_it_says_first_what_it_is(session: Session) -> None:
    with session.simulate() as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == BANNER


def test_a_port_that_another_program_holds_is_left_to_it(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        done = session.mohr("simulate", "--port", str(port))
    assert done.returncode == 1
    assert f"no free pair among {port}" in done.stderr


@pytest.mark.parametrize("arguments", [("--fault", "none"), ("set", "none")])
def test_an_unknown_scenario_is_named_and_so_are_the_known_ones(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *arguments]) == 2
    said = capsys.readouterr().err
    assert "no scenario none" in said
    assert all(scenario.code in said for scenario in SCENARIOS)


def test_the_list_has_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "list"]) == 0
    said = capsys.readouterr().out
    assert all(f"{scenario.code} " in said and scenario.must.en in said for scenario in SCENARIOS)
    assert main(["simulate", "list", "--json"]) == 0
    assert [row["code"] for row in json.loads(capsys.readouterr().out)] == [s.code for s in SCENARIOS]
