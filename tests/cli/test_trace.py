"""`mohr trace`: what it tells of the running agent and of one command, and that no mark comes out of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signer.cli.demo import people, samples
from signer.cli.demo.token import PIN
from signer.cli.trace import words
from signer.cli.trace.agent_side import Recorder
from signer.cli.trace.channel import Busy, Channel, NoAgent, recorded
from signer.cli.trace.page import page
from signer.cli.trace.run import lines
from signer.cli.trace.told import Told, decoded, shares
from signer.endpoint.routes import ROUTES, template
from signer.model.request import PRESCRIPTION, Document, RequestState
from signer.service.tracing import KEPT, Lane, Recording, Span, Step, Trace
from tests.cli.place import ORIGIN, User, make_user
from tests.cli.theatre import Terminal

PATIENCE = 60


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    return make_user(tmp_path_factory.mktemp("user"))


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def _answer(terminal: Terminal, prompt: str, typed: str) -> None:
    terminal.read_until(prompt)
    terminal.type(typed + "\n")


def _of(told: Told, lane: Lane) -> list[Span]:
    return [span for span in told.spans if span.lane is lane]


def test_a_signature_of_the_running_agent_is_told_lane_by_lane_and_no_mark_with_it(
    user: User, terminal: Terminal, tmp_path: Path
) -> None:
    agent = user.open_window(terminal)
    as_json, as_html = tmp_path / "trace.json", tmp_path / "trace.html"
    try:
        panel = user.panel()
        with ThreadPoolExecutor(1) as panels:
            pairing = panels.submit(panel.pair, lambda _: None)
            terminal.read_until("The page must show the same digits:")
            _answer(terminal, "Are they the same? Type yes or no: ", "yes")
            pairing.result(PATIENCE)
            files = ("--json", str(as_json), "--html", str(as_html))
            tracing = subprocess.Popen(
                [sys.executable, "-m", "signer.cli.main", "trace", "--seconds", "600", *files],
                env=user.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert tracing.stderr is not None
            assert "Recording" in tracing.stderr.readline()
            _until_recording(user)
            content = samples.salamat(datetime.now(UTC), people.prescriber(None))
            document = Document(id="rx-zebedee", media_type=PRESCRIPTION, content=content)
            signing = panels.submit(panel.sign, (document,))
            terminal.read_until("Which certificate?")
            _answer(terminal, "Number, or nothing to decline: ", "1")
            _answer(terminal, "Sign this document? Type yes or no: ", "yes")
            _answer(terminal, "(nothing to decline): ", PIN)
            while not signing.done():
                terminal.look()
            assert signing.result(PATIENCE).state is RequestState.FINISHED
            panel.close()
            tracing.send_signal(signal.SIGINT)
            printed, complained = tracing.communicate(timeout=PATIENCE)
        assert tracing.returncode == 0, complained
    finally:
        agent.kill()
        agent.wait()
    told = decoded(as_json.read_bytes())
    assert {"C_Login", "C_SignInit", "C_Sign"} <= {span.name for span in _of(told, Lane.MODULE)}
    assert {Step.CONSENT.value} <= {span.name for span in _of(told, Lane.PERSON)}
    assert {"build", "verify", "journal"} <= {span.name for span in _of(told, Lane.SEALING)}
    calls = {span.name: span.code for span in _of(told, Lane.ENDPOINT)}
    assert calls["POST /v1/signing-requests"] == "200"
    (share,) = shares(told)
    assert sum(micros for _, micros in share.lanes) == share.micros
    whole = "\n".join((as_json.read_text(), as_html.read_text(), printed))
    marks = [ORIGIN, "panel.example", document.id, *_values(json.loads(content)), str(user.home)]
    assert [mark for mark in marks if mark in whole] == []
    # Among so many microseconds four digits may stand by chance: the PIN is looked for in what is no number.
    assert not any(PIN in text for text in _texts(json.loads(as_json.read_bytes())))
    assert "the doctor" in printed
    log = (user.data / "logs" / "mohr.log").read_text()
    assert "listening on port" in log
    assert [mark for mark in (PIN, *marks) if mark in log] == []


def _until_recording(user: User) -> None:
    """A second recording is refused once the first is going on."""
    while "Another recording" not in user.mohr("trace", "--seconds", "0").stderr:
        pass


def _values(prescription: object) -> list[str]:
    """Every text of a prescription that is long enough to be one."""
    return [text for text in _texts(prescription) if len(text) > 5]


def _texts(part: object) -> list[str]:
    """Every text of what was read from JSON, without the names of members."""
    if isinstance(part, dict):
        return [found for value in part.values() for found in _texts(value)]
    if isinstance(part, list):
        return [found for value in part for found in _texts(value)]
    return [part] if isinstance(part, str) else []


def test_without_an_agent_it_says_so_in_both_languages(tmp_path: Path) -> None:
    user = make_user(tmp_path)
    assert "No agent of yours is running" in user.mohr("trace", "--seconds", "1").stderr
    ended = user.mohr("trace", "--seconds", "1", "--language", "fa")
    assert ended.returncode == 1 and "مُهر روی این رایانه کار نمی‌کند" in ended.stderr


def test_one_command_is_recorded_instead_with_its_own_status(user: User, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    ended = user.mohr("trace", "--json", str(file), "--", "token", "info", "--json")
    assert ended.returncode == user.mohr("token", "info", "--json").returncode
    assert json.loads(ended.stdout)
    names = [span.name for span in decoded(file.read_bytes()).spans]
    assert {"dlopen", "C_Initialize", "C_GetTokenInfo"} <= set(names)


class _Stage:
    def __init__(self, tmp_path: Path) -> None:
        self.trace = Trace()
        self.file = tmp_path / "trace.json"
        self.channel = Channel(self.file, Recorder(self.trace, lambda: (), "1").record)


async def _recording(stage: _Stage) -> None:
    async with asyncio.timeout(PATIENCE):
        while stage.trace.recording is None:
            await asyncio.sleep(0.01)


async def test_who_does_not_know_the_secret_hears_nothing_and_starts_nothing(tmp_path: Path) -> None:
    stage = _Stage(tmp_path)
    await stage.channel.start()
    port = json.loads(stage.file.read_bytes())["port"]
    secret = json.loads(stage.file.read_bytes())["secret"]
    assert stage.file.stat().st_mode & 0o077 == 0
    said = (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b" 5\n",
        b"\n",
        f"{secret[:-1]} 5\n".encode(),
        f"{secret}\n".encode(),
        f"{secret} five\n".encode(),
        b"x" * 4096,
    )
    for octets in said:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(octets)
        writer.write_eof()
        with contextlib.suppress(ConnectionResetError):  # cut off with octets unread
            assert await reader.read() == b"", octets
        writer.close()
        assert stage.trace.recording is None
    await stage.channel.close()
    assert not stage.file.exists()


async def test_one_records_at_a_time_and_may_end_sooner(tmp_path: Path) -> None:
    stage = _Stage(tmp_path)
    await stage.channel.start()
    enough = asyncio.Event()
    first = asyncio.ensure_future(recorded(stage.file, 500, enough))
    await _recording(stage)
    with pytest.raises(Busy):
        await recorded(stage.file, 1, asyncio.Event())
    with stage.trace.span(Lane.SEALING, Step.JOURNAL, "a"):
        pass
    enough.set()
    assert [span.name for span in decoded(await first).spans] == ["journal"]
    assert stage.trace.recording is None
    await stage.channel.close()
    with pytest.raises(NoAgent):
        await recorded(stage.file, 1, asyncio.Event())


def test_without_a_recording_nothing_is_made() -> None:
    trace = Trace()
    assert trace.span(Lane.SEALING, Step.JOURNAL) is trace.span(Lane.PERSON, Step.CONSENT)
    assert trace.call("GET /v1/agent") is None


def test_the_ring_is_bounded_and_says_what_it_dropped() -> None:
    recording = Recording()
    for _ in range(KEPT + 5):
        recording.begin(Lane.SEALING, Step.BUILD.value)
    assert (len(recording.spans), recording.dropped) == (KEPT, 5)


def test_a_call_that_never_returned_comes_first_and_is_marked_on_the_page() -> None:
    now = iter(range(0, 10**12, 1_000_000))
    recording = Recording(lambda: next(now))
    module = recording.module()
    module.entered(7, "C_Login", 0)
    module.left(7, 0, 900, 0)
    module.entered(7, "C_Sign", 32)
    module.ended(7, "SIGSEGV")
    one = Told(version="1", micros=recording.now(), dropped=0, spans=recording.spans)
    assert "C_Sign  never returned: SIGSEGV" in next(iter(lines(one, 1)))
    drawn = page(one)
    assert "never returned: SIGSEGV" in drawn and "هرگز برنگشت: SIGSEGV" in drawn
    assert re.findall(r"<(?:script|link|img|iframe)|https?:|url\(", drawn) == []


def test_a_requests_time_goes_to_who_had_it() -> None:
    def span(lane: Lane, began: int, micros: int, request: int | None = 1) -> Span:
        return Span(lane=lane, name="build", began=began, micros=micros, request=request)

    spans = (
        span(Lane.PERSON, 0, 1000),
        span(Lane.MODULE, 500, 100, None),
        span(Lane.CARD, 1000, 1000),
        span(Lane.MODULE, 1100, 600, None),
        span(Lane.SEALING, 1600, 200),
        span(Lane.OUTSIDE, 2500, 500),
    )
    (share,) = shares(Told(version="1", micros=5000, dropped=0, spans=spans))
    assert dict(share.lanes) == {
        Lane.PERSON: 1000,
        Lane.MODULE: 600,
        Lane.SEALING: 100,
        Lane.CARD: 300,
        Lane.OUTSIDE: 500,
        None: 500,
    }


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/v1/signing-requests/rx-zebedee", "GET /v1/signing-requests/{id}"),
        ("GET", "/zebedee", "GET (unknown)"),
        ("ZEBEDEE", "/v1/agent", "OTHER /v1/agent"),
        ("GET", "/v1/signing-requests/a/zebedee", "GET (unknown)"),
        ("GET", "", "GET (unknown)"),
    ],
)
def test_a_call_is_named_as_the_contract_names_it(method: str, path: str, said: str) -> None:
    assert template(method, path) == said
    assert "zebedee" not in " ".join(route.path for route in ROUTES)


def test_every_step_and_lane_has_words() -> None:
    assert set(words.STEPS) == {step.value for step in Step}
    assert set(words.LANES) == set(Lane)
