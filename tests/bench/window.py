"""What a doctor waits for, measured from outside: `python -m tests.bench.window [--rounds N] [--folder DIR]`.

From the page's POST until Mohr's window stands painted, and from Enter until the signature is in the page;
beside them what the token alone needs to log in and sign. Medians are printed, never judged. A screen
reader's bus is on, as these helpers read the windows through it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.async_api import Page, expect

from drivers.mechanisms import CKM_SHA256_RSA_PKCS
from drivers.pin import Pin
from drivers.supervisor import Supervisor
from drivers.types import Mechanism
from signer.cli.demo.people import PRACTICES
from signer.cli.demo.run import prepare
from signer.cli.demo.token import LABEL, PIN, DemoToken
from tests.browser.https_panel import browse, serve
from tests.desktop import doctor as desk
from tests.desktop.display import Display

#: Milliseconds of an unchanging screen after which a window counts as painted.
STILL = 150
_FIRST_KEY = bytes([1])

# A panel beside the demo's own, of the same origin and so of the same pairing: it names the certificate, and
# notes when it posts and when it has the verified answer, in milliseconds of the common clock.
ASK = """async ([port, centre, content]) => {
    const [{ Mohr }, { direct }] = await Promise.all([import('/mohr.js'), import('/ways.js')]);
    const now = () => performance.timeOrigin + performance.now();
    const fetched = (url, init) => {
        if (init.method === 'POST') window.posted = now();
        return fetch(url, init);
    };
    const mohr = new Mohr({ ports: [port], way: direct('http', { fetch: fetched }) });
    const { id } = (await mohr.credentials()).find((one) => one.centre === centre);
    const media_type = 'application/vnd.mohr.prescription+json';
    const documents = [{ id: crypto.randomUUID(), media_type, content }];
    window.posted = undefined;
    window.answered = mohr.sign(documents, { credential: id, onState: () => {} })
        .then(({ signed }) => [signed, now()]);
}"""
DRAFT = """async () => {
    const { PATIENTS, LINES, prescription } = await import('/demo/prescription.js');
    const prescriber = { name: 'دکتر نمونه', council_number: '123456' };
    const draft = { insurer: 'tamin', patient: PATIENTS.tamin, prescriber, lines: LINES, notes: '' };
    return JSON.stringify(prescription({ ...draft, at: Date.now() }));
}"""


class Painting(threading.Thread):
    """Watches the screen from its making: when it first changed and when it last did, by the common clock."""

    def __init__(self, display: Display) -> None:
        super().__init__(daemon=True)
        self._display = display
        self._seen = display.pixels()
        self.began = self.ended = 0.0
        self.start()

    def run(self) -> None:
        """Until the screen has changed and is still."""
        while not self.ended or now() - self.ended < STILL:
            pixels = self._display.pixels()
            if pixels != self._seen:
                self._seen, self.ended = pixels, now()
                self.began = self.began or self.ended
            time.sleep(0.001)


def now() -> float:
    """Milliseconds since the epoch, as the page counts them."""
    return time.time() * 1000


async def measure(base: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every round, by what was measured."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="mohr-") as scratch, desk.screen() as screen:
        folder = Path(scratch)
        with desk.agent(screen, base, folder), serve(folder) as panel:
            port = await desk.port(folder)
            doctor = desk.Doctor(screen)
            async with browse(panel, allowed=True) as context:
                page = await context.new_page()
                await page.goto(f"{panel.origin}/demo/?agent={port}")
                await page.get_by_test_id("connect").click()
                await doctor.accept_pairing()
                await expect(page.get_by_test_id("status")).to_have_attribute("data-state", "ready")
                for _ in range(rounds):
                    for name, lasted in (await _signature(page, port, doctor)).items():
                        found.setdefault(name, []).append(lasted)
    token, _ = await prepare(base)
    found["token: login, sign"] = await _token_alone(token, rounds)
    return found


async def _signature(page: Page, port: int, doctor: desk.Doctor) -> dict[str, float]:
    content = await page.evaluate(DRAFT)
    painting = Painting(doctor.display)
    await page.evaluate(ASK, [port, PRACTICES[0].centre, content])
    await asyncio.to_thread(painting.join)
    posted = await page.evaluate("window.posted")
    await doctor.type_pin(PIN)
    entered = now()
    await doctor.display.press("Return")
    pressed = now()
    signed, answered = await page.evaluate("window.answered")
    assert signed
    await doctor.signed()
    return {
        "POST to first paint": painting.began - posted,
        "POST to last paint": painting.ended - posted,
        "Enter to signature": answered - entered,
        "(xdotool's own time)": pressed - entered,
    }


async def _token_alone(token: DemoToken, rounds: int) -> list[float]:
    lasted = []
    async with Supervisor(token.module, env=token.env) as supervisor:
        slot = next(one.slot for one in await supervisor.tokens() if one.label == LABEL)
        for _ in range(rounds):
            begun = now()
            await supervisor.login(slot, Pin(PIN))
            await supervisor.sign(slot, _FIRST_KEY, Mechanism(type=CKM_SHA256_RSA_PKCS), b"to be signed")
            lasted.append(now() - begun)
            await supervisor.logout(slot)
    return lasted


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, default=Path(".mohr/bench/window"))
    options = parser.parse_args()
    for name, lasted in asyncio.run(measure(options.folder.absolute(), options.rounds)).items():
        middle, worst = statistics.median(lasted), max(lasted)
        print(f"{name:24}{middle:9.1f} ms median {worst:9.1f} ms worst of {len(lasted)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
