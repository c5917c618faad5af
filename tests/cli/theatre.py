"""The terminal on stage: a person who reads a pty's other end and types, and an agent's loop in a thread.

The person knows only what stands on the screen.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import termios
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from signer.cli.terminal import TerminalConsent
from tests.contract.surfaces import (
    Approve,
    CountingStage,
    GiveUp,
    Leave,
    Move,
    Pick,
    PickToken,
    SayNo,
    SayYes,
    Scenario,
    TypePin,
)

T = TypeVar("T")

_ISOLATES = re.compile("[\u2066-\u2069]")
_BEGINNING = re.compile(
    r"(?P<asked>Pairing asked for by|Which certificate\?|asks for \d+ signature\(s\)|asks you to sign in\."
    r"|Which token\?|asks for a certificate request|brings a certificate|is another file now)"
    r"|The token is back|The PIN was wrong"
    r"|does not take a PIN like|session ended|your own yes to it was missing"
)
_PROMPT = re.compile(
    r"(Are they the same|Use the changed|Number, or nothing|Sign in spite|Sign in to|Sign this|Try all|PIN of"
    r"|Plug it in|Make this|Keep this|Make it|Keep it)"
    r"[^\r\n]*: $"
)
_DOCUMENT = re.compile(r"--- document \d+ of \d+: (\S+)")


class Terminal:
    """A pty: `device` is the agent's side, and this object the person at the keyboard and the screen."""

    def __init__(self) -> None:
        self._keyboard, self.device = os.openpty()
        self.screen = ""
        self._undecoded = b""
        self._read_to = 0

    @property
    def text(self) -> str:
        """What stands on the screen, without the marks of direction."""
        return _ISOLATES.sub("", self.screen)

    @property
    def echoes(self) -> bool:
        """Is what is typed shown?"""
        return bool(termios.tcgetattr(self.device)[3] & termios.ECHO)

    def look(self, patience: float = 0.01) -> bool:
        """Take in what was written, waiting up to `patience` seconds for it; False where nothing was."""
        if not select.select([self._keyboard], [], [], patience)[0]:
            return False
        self._undecoded += os.read(self._keyboard, 65536)
        try:
            self.screen += self._undecoded.decode()
        except UnicodeDecodeError:
            return True  # a character is still on its way
        self._undecoded = b""
        return True

    def read_until(self, words: str, patience: float = 20.0) -> None:
        """Read on until `words` stand behind what was read before."""
        end = time.monotonic() + patience
        while (at := self.text.find(words, self._read_to)) < 0:
            assert time.monotonic() < end, f"no «{words}» in {self.text[self._read_to :]}"
            self.look()
        self._read_to = at + len(words)

    async def until(self, words: str) -> None:
        """The same beside a running loop, which may write more than a pty holds."""
        await asyncio.to_thread(self.read_until, words)

    async def answer(self, prompt: str, typed: str) -> None:
        """Wait for the prompt, then type a line."""
        await self.until(prompt)
        self.type(typed + "\n")

    def type(self, text: str) -> None:
        """Type, and nothing more: the end of a line is `text`'s own."""
        self.press(text.encode())

    def press(self, octets: bytes) -> None:
        """What a keyboard sends that is no text."""
        os.write(self._keyboard, octets)

    def hang_up(self) -> None:
        """Close the window."""
        if self._keyboard >= 0:
            os.close(self._keyboard)
            self._keyboard = -1

    def close(self) -> None:
        """Take both ends away."""
        self.hang_up()
        os.close(self.device)


class TerminalTheatre:
    """Plays a scenario in a thread while this one reads and types. The pty lives as long as a performance."""

    def __init__(self) -> None:
        self._asking = 0

    def perform(self, scenario: Scenario[T], *moves: Move) -> T:
        """Run to the scenario's end; then nothing may read on, and what is typed must be seen again."""
        terminal = Terminal()
        script = deque(moves)

        async def play() -> T:
            stage = CountingStage(TerminalConsent(terminal.device, terminal.device))
            person.stage = (asyncio.get_running_loop(), stage)
            try:
                return await asyncio.wait_for(scenario(stage), 30)
            finally:
                assert not asyncio.get_running_loop().remove_reader(terminal.device), "somebody reads on"

        person = _Person(terminal, script)
        try:
            with ThreadPoolExecutor(1) as agent:
                played = agent.submit(lambda: asyncio.run(play()))
                while not played.done():
                    terminal.look()
                    person.act()
            while terminal.look(0):
                pass
            result = played.result()
            assert not script, f"the person was never asked for {list(script)}"
            assert terminal.echoes
            self._asking = person.open_prompts()
            return result
        finally:
            terminal.close()

    def still_asking(self) -> int:
        """1 where the last thing on the screen is a prompt that nobody answered."""
        return self._asking


class _Person:
    """Reads what is new on the screen, and answers the prompt it ends with by the move in hand."""

    def __init__(self, terminal: Terminal, script: deque[Move]) -> None:
        self.stage: tuple[asyncio.AbstractEventLoop, CountingStage] | None = None
        self._terminal = terminal
        self._script = script
        self._move: Move = Leave()
        self._read_to = 0
        self._answered_to = 0

    def act(self) -> None:
        text = self._terminal.text
        for beginning in _BEGINNING.finditer(text, self._read_to):
            self._read_to = beginning.end()
            self._move = self._script.popleft()
            if beginning["asked"] is not None and self.stage is not None:
                loop, stage = self.stage
                asyncio.run_coroutine_threadsafe(stage.one_more(), loop)
        prompt = _PROMPT.search(text, self._answered_to)
        if prompt is not None and prompt[1] == "Plug it in":
            if not self._script or not isinstance(self._script[0], GiveUp):
                return
            self._move = self._script.popleft()
        if prompt is not None and not isinstance(self._move, Leave):
            self._answered_to = len(text)
            self._terminal.type(self._answer(prompt[1], text) + "\n")

    def open_prompts(self) -> int:
        return 1 if _PROMPT.search(self._terminal.text, self._answered_to) else 0

    def _answer(self, prompt: str, text: str) -> str:
        match self._move, prompt:
            case (SayYes(), "Are they the same" | "Use the changed"):
                return "yes"
            case (GiveUp(), "Plug it in") | (SayNo(), "PIN of" | "Number, or nothing"):
                return ""
            case (SayNo(), _):
                return "no"
            case (Pick(credential_id), "Number, or nothing"):
                offered = re.findall(r"^  (\d+)\. .*certificate (\w+)", text, re.MULTILINE)
                numbers = [str(number) for number, mark in offered if credential_id.startswith(mark)]
                return numbers[-1]
            case (Approve(_, refusing), "Sign in spite" | "Sign this"):
                return "no" if _DOCUMENT.findall(text)[-1] in refusing else "yes"
            case (PickToken(token), "Number, or nothing"):
                offered = re.findall(r"^  (\d+)\. .*, serial (\w+)", text, re.MULTILINE)
                numbers = [str(number) for number, serial in offered if serial == token.serial]
                return numbers[-1]
            case (Approve(), "Make this" | "Keep this" | "Make it" | "Keep it"):
                return "yes"
            case (Approve(), "Sign in to") | (Approve() | TypePin(), "Try all"):
                return "yes"
            case (Approve(str(pin)), "PIN of"):
                return pin
            case (TypePin(pin), "PIN of"):
                return pin
            case _:
                raise AssertionError(f"{self._move} is no answer to «{prompt}»")
