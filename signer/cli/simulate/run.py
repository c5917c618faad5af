"""`mohr simulate`: start the simulator, set what a running one plays, list what there is."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
from pathlib import Path

import msgspec

from signer.cli.simulate.scenarios import BY_CODE, Pace, Scenario, Stage
from signer.cli.simulate.told import FILE, State, Told, rows
from signer.model.errors import AlreadyRunning, MohrError, PortsTaken
from signer.model.text import visible
from signer.platform.folders import user_data
from signer.platform.private_files import private_folder, read_private

BANNER = "SIMULATOR: not Mohr, not valid for prescriptions · شبیه‌ساز؛ برای نسخه معتبر نیست"


def base_folder(folder: Path | None) -> Path:
    """The simulator's own, never the agent's. Raises OSError."""
    return private_folder((folder or user_data() / "simulator").absolute())


def listed(*, as_json: bool) -> int:
    """Print the table."""
    if as_json:
        print(msgspec.json.encode(rows()).decode())
        return 0
    for row in rows():
        print(f"{row.code:20} the panel sees: {row.sees}\n{'':20} and must {row.must}")
    return 0


def change(code: str | None, folder: Path | None, *, as_json: bool) -> int:
    """Have the running simulator play `code`; without one, tell what it plays. 1 where none runs."""
    if code is not None and code not in BY_CODE:
        print(f"mohr simulate: no scenario {visible(code)}. Known: {', '.join(BY_CODE)}", file=sys.stderr)
        return 2
    try:
        octets = read_private(base_folder(folder) / "runtime" / FILE)
        told = msgspec.json.decode(octets, type=Told) if octets is not None else None
        answer = _ask(told, code) if told is not None else None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        answer = None
    if answer is None:
        print("mohr simulate: no simulator is running here. Start one: mohr simulate", file=sys.stderr)
        return 1
    state = msgspec.json.decode(answer, type=State)
    if as_json:
        print(msgspec.json.encode(state).decode())
    else:
        row = BY_CODE[state.scenario]
        print(f"{row.code}: the panel sees {row.sees.en}, and must {row.must.en}")
    return 0


def _ask(told: Told, code: str | None) -> bytes | None:
    connection = http.client.HTTPConnection("127.0.0.1", told.control, timeout=30)
    headers = {"Authorization": f"Bearer {told.secret}"}
    try:
        if code is None:
            connection.request("GET", "/state", headers=headers)
        else:
            body = msgspec.json.encode({"scenario": code})
            connection.request(
                "POST", "/scenario", body=body, headers=headers | {"Content-Type": "application/json"}
            )
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    finally:
        connection.close()


def run(
    *,
    folder: Path | None,
    fault: str,
    port: int | None,
    national_code: str | None,
    council_number: str | None,
    as_json: bool,
) -> int:
    """Serve until interrupted; 1 where it could not start, 2 for an unknown fault."""
    if fault not in BY_CODE:
        print(f"mohr simulate: no scenario {visible(fault)}. Known: {', '.join(BY_CODE)}", file=sys.stderr)
        return 2
    try:
        asyncio.run(
            _serve(
                base_folder(folder), BY_CODE[fault], port, (national_code, council_number), as_json=as_json
            )
        )
    except AlreadyRunning:
        print(
            "mohr simulate: a simulator runs already with this folder; `mohr simulate set` changes what it"
            " plays, and --folder starts another.",
            file=sys.stderr,
        )
        return 1
    except PortsTaken as problem:
        print(f"mohr simulate: {problem.detail}. Name another with --port.", file=sys.stderr)
        return 1
    except MohrError as problem:
        print(f"mohr simulate: {problem.en} {problem.en_remedy} [{problem.code}]", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0  # where a signal cannot be waited for
    except (OSError, ValueError) as problem:
        print(f"mohr simulate: {visible(str(problem))}", file=sys.stderr)
        return 1
    return 0


async def _serve(
    base: Path,
    scenario: Scenario,
    port: int | None,
    codes: tuple[str | None, str | None],
    *,
    as_json: bool,
) -> None:
    from signer.cli.simulate.agent import SimulatedAgent
    from signer.cli.simulate.authority import AUTHORITY_FILE, Doctor
    from signer.cli.simulate.control import Control
    from signer.cli.simulate.token import PIN
    from signer.endpoint.listener import PORTS
    from signer.platform.folders import folders_under

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    if os.name == "posix":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stopping.set)
    plain = Doctor()
    doctor = Doctor(
        national_code=codes[0] or plain.national_code, council_number=codes[1] or plain.council_number
    )
    stage = Stage(scenario, Pace())
    agent = SimulatedAgent(base, stage, doctor=doctor, ports=PORTS if port is None else (port,))
    address = await agent.start()
    control = Control(agent, folders_under(base).runtime)
    try:
        await control.start()
        if as_json:
            told = {
                "simulator": True,
                "url": address.url,
                "port": address.port,
                "page": control.url,
                "scenario": scenario.code,
                "pin": PIN,
                "authority": str(base / "token" / AUTHORITY_FILE),
            }
            print(msgspec.json.encode(told).decode(), flush=True)
        else:
            print(_welcome(address.port, port is None and address.port != PORTS[0], control.url, scenario))
            sys.stdout.flush()
        telling = asyncio.ensure_future(_tell(stage, as_json=as_json))
        await stopping.wait()
        telling.cancel()
    finally:
        await control.stop()
        await agent.stop()


def _welcome(port: int, moved: bool, page: str, scenario: Scenario) -> str:
    held = " (the usual port is taken, perhaps by a real agent)" if moved else ""
    return "\n".join(
        (
            BANNER,
            f"  It answers panels at http://127.0.0.1:{port}{held} and plays {scenario.code!r}.",
            f"  Its page:   {page}",
            "  To change:  mohr simulate set declined      (mohr simulate list: all there is)",
            "  To check:   mohr simulate --check https://your.panel/",
            "  Ctrl-C ends it.",
        )
    )


async def _tell(stage: Stage, *, as_json: bool) -> None:
    """Print what happens, a line each."""
    version = stage.version
    while True:
        await stage.changed(version, 3600)
        new = stage.version - version
        version = stage.version
        for one in stage.happened[-new:] if new else ():
            if as_json:
                print(msgspec.json.encode(one).decode(), flush=True)
            else:
                print(f"  {one.what} {visible(one.detail)}".rstrip(), flush=True)
