"""`mohr diagnose --sign`: asks for a PIN at the terminal, and has the token sign something without meaning.

The PIN goes the way of every PIN: counted by the guard, sent once, and never twice without a yes of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from drivers.supervisor import Supervisor
from signer.cli.assembly import SystemClock
from signer.cli.token import Visit
from signer.cli.tty import NoAnswer, Tty
from signer.diagnostics.check import Checked, with_trials
from signer.diagnostics.ground import Ground
from signer.model.errors import MohrError
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.self_test import Trial
from signer.service.token_desk import Secret, TokenDesk
from signer.service.token_signers import TokenModule


async def signed(tty: Tty, ground: Ground, checked: Checked) -> Checked:
    """The check, and what came of signing with each key of the only token.

    Where it did not come to that, the check as it was, after a sentence on the terminal.
    """
    async with AsyncExitStack() as stack:
        modules = []
        for one in ground.modules:
            binding, limits = one.profile.module.binding, one.profile.limits
            supervisor = Supervisor(one.path, binding=binding, limits=limits, env=one.env, agreed=one.agreed)
            stack.push_async_callback(supervisor.close)
            modules.append(TokenModule(path=str(one.path), profile=one.profile, supervisor=supervisor))
        desk = TokenDesk(
            tuple(modules),
            clock=SystemClock(),
            guard=PinGuard(ground.folders.data / "wrong-pins.json"),
            requests=KeyRequests(ground.folders.data / "certificate-requests.json"),
            turn=asyncio.Lock(),
        )
        visit = Visit(desk, tty, None)
        tried: tuple[Trial, ...] = ()
        try:
            token = await visit.token()

            async def do(secret: Secret) -> None:
                nonlocal tried
                async with desk.open(token, secret) as opened:
                    tried = await opened.try_keys()

            await visit.trying("PIN", token.user, do)
        except NoAnswer:
            tty.say("Nothing was signed.")
            return checked
        except MohrError as problem:
            tty.say(f"{problem.en} {problem.en_remedy} [{problem.code}]")
            return checked
        name = next(one.name for one in ground.modules if str(one.path) == token.ref.module)
        return with_trials(checked, ground, name, tried)
