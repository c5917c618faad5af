"""What the endpoint costs beyond the service call, and a batch over each way in.

The overhead is measured in one process, with a use case that only remembers: from the first octet of a
request on a connection that is kept alive to the last octet of its answer, less the time within the use case.
The panel's own signing and verifying is not in it, the agent's is.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from signer.endpoint.encodings import b64
from signer.model.request import PRESCRIPTION
from tests.bench.panel import BenchPanel
from tests.bench.tabs import WAYS, Tab, paired_site
from tests.endpoint.world import ORIGIN, World, read_reply

_REQUESTS = 300


def measure_overhead() -> dict[str, dict[str, float]]:
    """Milliseconds, median, of a signing request of one prescription posted over http and over ws."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_overhead(Path(folder)))


async def _overhead(folder: Path) -> dict[str, dict[str, float]]:
    world = await World.start(folder)
    world.pair()
    within: list[float] = []
    world.use_cases.submit = _timed(world.use_cases.submit, within)  # type: ignore[method-assign]
    body = request_body([BenchPanel.document(0).content])
    try:
        return {
            "endpoint_overhead_http": _less(await _over_http(world, body), within),
            "endpoint_overhead_ws": _less(await _over_ws(world, body), within),
        }
    finally:
        await world.stop()


def request_body(contents: list[bytes], credential: str | None = None) -> bytes:
    """A signing request over these prescriptions, as a panel posts it."""
    documents = [
        {"id": f"rx-{number}", "media_type": PRESCRIPTION, "content_base64": b64(content), "format": "cades"}
        for number, content in enumerate(contents)
    ]
    named = {} if credential is None else {"credential": credential}
    return msgspec.json.encode({"documents": documents, **named})


def _timed(work: Callable[..., Any], within: list[float]) -> Callable[..., Any]:
    async def timed(**arguments: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await work(**arguments)
        finally:
            within.append(time.perf_counter() - begun)

    return timed


def _less(lasted: list[float], within: list[float]) -> dict[str, float]:
    """Leaves `within` empty for the next."""
    each = [(whole - inside) * 1000 for whole, inside in zip(lasted, within, strict=True)]
    within.clear()
    each.sort()
    return {"ms": statistics.median(each), "ms p99": each[int(len(each) * 0.99)]}


async def _over_http(world: World, body: bytes) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.address.port)
    lasted = []
    for number in range(_REQUESTS):
        headers = [*world.head(), ("Content-Type", "application/json"), ("Idempotency-Key", f"h-{number}")]
        target = "/v1/signing-requests?wait=0"
        headers += world.signature("POST", target, body, idempotency_key=f"h-{number}").items()
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        octets = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", "")).encode() + body
        begun = time.perf_counter()
        writer.write(octets)
        reply = await read_reply(reader)
        lasted.append(time.perf_counter() - begun)
        assert reply.status == 202, reply.body
    writer.close()
    return lasted


async def _over_ws(world: World, body: bytes) -> list[float]:
    lasted = []
    url = f"http://{world.authority}/v1/socket"
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(url, headers={"Origin": ORIGIN}, max_msg_size=0) as socket,
    ):
        for number in range(_REQUESTS):
            target, key = "/v1/signing-requests?wait=0", f"w-{number}"
            headers = world.signature("POST", target, body, idempotency_key=key)
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
            lower = {name.lower(): value for name, value in headers.items()}
            line = {"id": number, "method": "POST", "target": target, "headers": lower}
            octets = msgspec.json.encode(line) + b"\n" + body
            begun = time.perf_counter()
            await socket.send_bytes(octets)
            frame = await socket.receive_bytes()
            lasted.append(time.perf_counter() - begun)
            assert msgspec.json.decode(frame.partition(b"\n")[0])["status"] == 202
    return lasted


class WaysPanel:
    """A panel that has the same batch signed over each way in. Blocking, as the others are."""

    def __init__(self, panel: BenchPanel, data: Path, count: int, credential: str) -> None:
        self._site = paired_site("https://ways.example", panel.port, data)
        self._body = request_body([panel.document(n).content for n in range(count)], credential)
        self._runner = asyncio.Runner()
        self._tabs: dict[str, Tab] = {}

    def sign(self, way: str) -> None:
        """Post, wait, fetch; every document must come back signed."""
        self._runner.run(self._tabs[way].sign(self._body))

    def __enter__(self) -> Self:
        for way in WAYS:
            self._tabs[way] = self._runner.run(self._open(way))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tab in self._tabs.values():
            self._runner.run(tab.__aexit__(None, None, None))
        self._runner.close()

    async def _open(self, way: str) -> Tab:
        return await Tab(self._site, way).__aenter__()
