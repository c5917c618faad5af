"""The doctor's side, as the doctor's own user: a screen, a panel that asks, and hands that answer.

`python -m tests.smoke.practice FOLDER FILE` tells on its first line what a program needs to be seen here.
Then a line comes in, the name of one of its acts, and one goes out, JSON, until the input ends. It starts
nothing of Mohr and reads nothing of it but the file with its port.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
import time
import traceback
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from gui import translations as t
from signer.cli.demo import people, samples
from signer.cli.demo.token import PIN
from signer.client.keys import FileKeys
from signer.client.panel import PanelClient
from signer.endpoint.messages import CredentialAnswer
from signer.model.errors import DataNewer
from signer.model.request import JSON, PDF, PRESCRIPTION, TEXT, XML, Document, SignatureFormat
from tests import pdfs
from tests.desktop.accessible import until
from tests.desktop.doctor import Doctor, Screen, screen

ORIGIN = "https://panel.example"
#: Seconds that an agent may take to answer, on a machine that is busy with other things.
PATIENCE = 60.0
#: Seconds that one act may take, with all its documents.
LONGEST = 240.0
#: A document for each format that a prescription is not signed in here.
_OTHERS = (
    (TEXT, "آموکسی‌سیلین 500 mg".encode(), SignatureFormat.CMS),
    (JSON, b'{"quantity": 20}', SignatureFormat.JWS),
    (JSON, b'{"quantity": 21}', SignatureFormat.JADES),
    (XML, b"<rx><item>500 mg</item></rx>", SignatureFormat.XADES),
    (TEXT, b"Hb 12", SignatureFormat.ASIC_E),
    (PDF, pdfs.plain(pages=1), SignatureFormat.PADES),
)


class Practice:
    """One doctor, one panel, one screen."""

    def __init__(self, shown: Screen, folder: Path, endpoint: Path) -> None:
        self._shown = shown
        self._doctor = Doctor(shown)
        self._folder = folder
        self._endpoint = endpoint

    async def pair(self) -> dict[str, object]:
        """Pair the panel: the digits in its page and in the window are the same."""
        panel = self._panel()
        codes: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(code: str) -> None:
            loop.call_soon_threadsafe(codes.put_nowait, code)

        pairing = asyncio.create_task(asyncio.to_thread(panel.pair, tell))
        code = await codes.get()
        shown = await self._doctor.pairing_digits()
        await self._doctor.accept_pairing()
        state = await pairing
        panel.close()
        return {"state": state.value, "same": shown == "".join(filter(str.isdigit, code))}

    async def sign(self) -> dict[str, object]:
        """Have one prescription signed; the file with its signature, and that with its octets."""
        centre = (await self._credential()).centre or None
        content = samples.tamin(datetime.now(ZoneInfo("Asia/Tehran")), people.prescriber(centre))
        return await self._signed(PRESCRIPTION, content, SignatureFormat.CADES)

    async def formats(self) -> dict[str, object]:
        """Have a document signed in each of the other formats; their files by the formats' names."""
        return {
            kind.value: await self._signed(media_type, content, kind) for media_type, content, kind in _OTHERS
        }

    async def _signed(self, media_type: str, content: bytes, kind: SignatureFormat) -> dict[str, object]:
        panel = self._panel()
        credential = await self._credential()
        document = Document(
            id=f"rx-{time.monotonic_ns()}", media_type=media_type, content=content, format=kind
        )
        asked = asyncio.create_task(asyncio.to_thread(panel.sign, [document], credential=credential.id))
        title = t.TITLE_ONE if media_type == PRESCRIPTION else t.TITLE_ONE_PLAIN
        doctor = Doctor(self._shown, title)
        if media_type != PRESCRIPTION:
            await doctor.accept_warnings()  # it is none of Mohr's prescriptions
        await doctor.sign(PIN)
        answer = (await asked).documents[0]
        await doctor.signed()
        panel.close()
        assert isinstance(answer.signature, bytes), answer
        signature, signed = self._folder / f"{document.id}.signature", self._folder / f"{document.id}.content"
        signature.write_bytes(answer.signature)
        signed.write_bytes(document.content)
        return {"signature": str(signature), "content": str(signed)}

    async def _credential(self) -> CredentialAnswer:
        panel = self._panel()
        found = (await asyncio.to_thread(panel.credentials))[0]
        panel.close()
        return found

    async def warm(self) -> dict[str, object]:
        """Wait for the endpoint and the window; when the first answer came, on the clock of all processes."""
        answered = await asyncio.to_thread(_first_answer, self._endpoint)
        await self._shown.reader.window(t.APP.fa)
        return {"answered": answered}

    async def refused(self) -> dict[str, object]:
        """Wait for the window of an agent that may not touch the data here, and says so."""
        window = await self._shown.reader.window(t.APP.fa)

        def told() -> bool | None:
            return any(DataNewer.fa in one.name for one in window.everything()) or None

        return {"told": await until(told)}

    def _panel(self) -> PanelClient:
        port = _port(self._endpoint)
        return PanelClient(f"http://127.0.0.1:{port}", ORIGIN, FileKeys(self._folder / "panel.json"))


def _port(endpoint: Path) -> int:
    return int(msgspec.json.decode(endpoint.read_bytes())["port"])


def _first_answer(endpoint: Path) -> float:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", _port(endpoint), timeout=PATIENCE)
            connection.request("GET", "/openapi.json")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return time.monotonic()
        except (OSError, msgspec.MsgspecError, http.client.HTTPException):
            time.sleep(0.01)
    raise TimeoutError("no agent answered")


async def main(folder: Path, endpoint: Path) -> None:
    """Answer line by line."""
    with screen() as shown:
        practice = Practice(shown, folder, endpoint)
        acts = {
            "pair": practice.pair,
            "sign": practice.sign,
            "formats": practice.formats,
            "warm": practice.warm,
            "refused": practice.refused,
        }
        _say(shown.env)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            try:
                async with asyncio.timeout(LONGEST):
                    _say(await acts[line]())
            except Exception:  # noqa: BLE001 - whatever it was, the act failed and the smoke must hear of it
                traceback.print_exc()
                shown.display.picture().save(str(folder / f"{line}.png"))
                # Not through the loop's end, which waits for a thread that waits for the agent's answer; and
                # with the screen, which holds the output open.
                os.killpg(0, signal.SIGKILL)


def _say(what: object) -> None:
    print(msgspec.json.encode(what).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
