"""A token that stays open after one PIN, through a worker and a module: used, closed for real, and lost.

The module is SoftHSM's behind the one that fails on cue, whose log says what was called.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.errors import NotLoggedIn
from drivers.types import Binding, KeySpec, Limits, Mechanism
from signer.cli.assembly import Agent, SystemClock
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.cli.demo.doctor import ScriptedDoctor
from signer.cli.loadable import ModuleChoice
from signer.model.errors import PinWrong
from signer.model.policy import Policy
from signer.model.request import Document, DocumentState
from signer.model.session_signing import Ended
from signer.model.session_signing import Limits as Allowed
from signer.platform.folders import folders_under
from signer.platform.screen_lock import SAVERS
from signer.service.consent import Approved, ConsentQuestion, Pin, PinProblem
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.ports import ScreenWatch
from signer.service.token_desk import Secret, TokenDesk
from signer.service.token_signers import TokenModule
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.fault.desk import Desk
from tests.fault.module import FaultyModule
from tests.platform.test_screen_lock import GNOME, Desktop
from tests.service.doubles import Doctor, again, yes
from tests.service.test_session_signing import Screen

BOTH = pytest.mark.parametrize("binding", list(Binding))
USER_NOT_LOGGED_IN = 0x101
KEY = b"\x01"


class Place:
    """A doctor who keeps the token open for twenty signatures, and says yes to everything."""

    def __init__(self, folder: Path, module: FaultyModule, binding: Binding) -> None:
        self.folder, self.module = folder, module
        self.doctor = Doctor()
        self.screen = Screen()
        limits = Limits(sign=2.0)
        self.desk = Desk(
            folder, module.token, limits, consent=self.doctor, binding=binding, screen=self.screen
        )
        self._keys = 0

    async def chooses(self, allowed: Allowed | None = Allowed()) -> None:  # noqa: B008  # frozen
        present = await self.desk.watch.credentials()
        self.desk.sessions.choose(present[0].id, allowed, present)

    async def sign(self, count: int = 1, *, pin: str | None = None) -> RequestView:
        """One request, with this PIN or, where the token is open, without one."""
        self.doctor.answers.append(
            lambda question: replace(yes(question), pin=None if pin is None else Pin(pin))
        )
        self._keys += 1
        view = await self.desk.end_of(await self.desk.post(f"rx {self._keys}", count))
        await self.desk.put_away(view)
        return view

    @property
    def is_open(self) -> bool:
        return self.desk.sessions.open_now is not None

    def entered(self, *functions: str) -> tuple[int, ...]:
        return tuple(self.module.entered(function) for function in functions)

    @property
    def problems(self) -> list[PinProblem]:
        return [request.problem for request in self.doctor.pin_requests]


Open = Callable[..., Place]


@pytest.fixture(scope="module")
def once_token(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    """A key that the token's login opens."""
    return asyncio.run(_certified(tmp_path_factory.mktemp("once"), each=False))


@pytest.fixture(scope="module")
def each_token(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    """A key that wants a login for each signature."""
    return asyncio.run(_certified(tmp_path_factory.mktemp("each"), each=True))


async def _certified(folder: Path, *, each: bool) -> hsm.SoftHsm:
    token = hsm.create(folder / "softhsm")
    keys = {KEY: KeySpec.EC_P256}
    await hsm.certify(token, keys, PLAIN_DOCTOR, datetime.now(UTC), always_authenticate=each)
    return token


@pytest.fixture
async def opened(tmp_path: Path, built: Path) -> AsyncIterator[Open]:
    """Opens places, and closes them."""
    async with AsyncExitStack() as closing:

        def make(
            token: hsm.SoftHsm, *, binding: Binding = Binding.PYKCS11, form: str = "plain", secret: str = ""
        ) -> Place:
            module = FaultyModule(built, hsm.copy(token, tmp_path / "softhsm"), tmp_path)
            module.want(form, secret=secret, officer=hsm.SO_PIN)
            module.type_elsewhere()
            place = Place(tmp_path, module, binding)
            closing.push_async_callback(place.desk.close)
            return place

        yield make


@BOTH
async def test_one_login_signs_for_several_requests_and_the_end_logs_out_in_the_worker(
    opened: Open, once_token: hsm.SoftHsm, binding: Binding
) -> None:
    place = opened(once_token, binding=binding)
    await place.chooses()
    assert signed(await place.sign(2, pin=hsm.PIN))
    assert signed(await place.sign())
    assert signed(await place.sign(3))
    assert place.entered("C_Login", "C_Logout") == (1, 0)
    closed_before = place.module.entered("C_CloseSession")
    await place.desk.sessions.close(Ended.BY_PERSON)
    assert place.entered("C_Login", "C_Logout") == (1, 1)
    assert place.module.entered("C_CloseSession") > closed_before
    with pytest.raises(NotLoggedIn):
        await place.desk.supervisor.sign(*await _anything(place))


async def _anything(place: Place) -> tuple[int, bytes, Mechanism, bytes]:
    token = next(one for one in await place.desk.supervisor.tokens() if one.label == hsm.LABEL)
    return token.slot, KEY, Mechanism(type=0x1041), bytes(32)  # CKM_ECDSA


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_worker_that_dies_while_nobody_signs_closes_it_and_the_pin_is_asked(
    opened: Open, once_token: hsm.SoftHsm, number: signal.Signals
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    assert place.is_open
    assert place.desk.supervisor.pid is not None
    os.kill(place.desk.supervisor.pid, number)
    await _until(lambda: not place.is_open)
    assert signed(await place.sign(pin=hsm.PIN))
    assert place.doctor.questions[-1].opened is None
    assert place.module.entered("C_Login") == 2


@pytest.mark.parametrize(("fault", "code"), [("crash", "module-crashed"), ("hang", "module-hung")])
async def test_a_module_that_fails_in_a_signature_closes_it_and_the_pin_is_asked(
    opened: Open, once_token: hsm.SoftHsm, fault: str, code: str
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.module.fail("C_Sign", fault)
    failed = await place.sign()
    assert [d.problem.code for d in failed.documents if d.problem] == [code]
    assert not place.is_open
    place.module.heal()
    assert signed(await place.sign(pin=hsm.PIN))
    assert place.doctor.questions[-1].opened is None


async def test_a_token_that_another_program_has_logged_out_asks_for_the_pin_and_goes_on(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.module.fail("C_SignInit", f"rv {USER_NOT_LOGGED_IN}")

    def types_again() -> Approved:
        place.module.heal()
        return again(hsm.PIN)

    place.doctor.on_pin = types_again
    assert signed(await place.sign(3))
    assert place.problems == [PinProblem.LOGGED_OUT]
    assert place.module.entered("C_Login") == 2
    assert await place.desk.journal.check() == 2 * 4, "an intent and a seal for each, none twice"


async def test_a_token_that_is_logged_out_again_and_again_is_not_asked_for_ever(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.module.fail("C_SignInit", f"rv {USER_NOT_LOGGED_IN}")
    place.doctor.on_pin = lambda: again(hsm.PIN)
    failed = await place.sign()
    assert [d.state for d in failed.documents] == [DocumentState.FAILED]
    assert len(place.problems) <= 3


async def test_a_pin_is_changed_only_by_who_knows_it_though_the_token_was_open(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    counter = _counter(place)
    with pytest.raises(PinWrong):
        await counter.change_pin(await counter.only_token(), Secret(pin=Pin("11112222")), Pin("19283746"))
    assert not place.is_open
    await place.sign(pin=hsm.PIN)
    right = Secret(pin=Pin(hsm.PIN), last_try_accepted=True)
    await counter.change_pin(await counter.only_token(), right, Pin("19283746"))
    assert not place.is_open
    assert signed(await place.sign(pin="19283746"))


def _counter(place: Place) -> TokenDesk:
    path = str(place.module.token.module)
    module = TokenModule(path=path, profile=hsm.profile(), supervisor=place.desk.supervisor)
    return TokenDesk(
        (module,),
        clock=SystemClock(),
        guard=PinGuard(),
        requests=KeyRequests(place.folder / "requests.json"),
        turn=asyncio.Lock(),
        close_open=lambda: place.desk.sessions.close(Ended.OTHER_LOGIN),
    )


@BOTH
async def test_a_wrong_pin_is_told_though_the_token_was_open(
    opened: Open, once_token: hsm.SoftHsm, binding: Binding
) -> None:
    place = opened(once_token, binding=binding)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.doctor.pins = [None]
    await place.sign(pin="11112222")
    assert place.problems == [PinProblem.WRONG]
    assert not place.is_open


@BOTH
async def test_a_key_that_wants_a_pin_for_each_signature_is_logged_out_after_its_request(
    opened: Open, each_token: hsm.SoftHsm, binding: Binding
) -> None:
    place = opened(each_token, binding=binding)
    await place.chooses()
    place.doctor.on_pin = lambda: again(hsm.PIN)
    assert signed(await place.sign(2, pin=hsm.PIN))
    assert not place.is_open
    assert signed(await place.sign(pin=hsm.PIN))
    assert place.doctor.questions[-1].stays is None, "it is known by now"


async def test_a_module_that_was_logged_in_and_looked_at_no_pin_keeps_nothing_open(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token, form="signed-in", secret=hsm.PIN)
    await place.chooses()
    assert signed(await place.sign(pin="11112222"))
    assert not place.is_open


async def test_a_pin_typed_on_the_reader_opens_it_for_the_requests_that_follow(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token, form="pad")
    await place.chooses()
    place.module.type_elsewhere(hsm.PIN)
    assert signed(await place.sign())
    assert signed(await place.sign())
    assert place.doctor.questions[-1].opened is not None
    assert place.module.entered("C_Login") == 1


async def test_a_module_that_refuses_to_log_out_has_its_session_closed(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.module.fail("C_Logout", "rv 5")
    before = place.module.entered("C_CloseSession")
    await place.desk.sessions.close(Ended.BY_PERSON)
    assert place.module.entered("C_CloseSession") > before
    place.module.heal()
    with pytest.raises(NotLoggedIn):
        await place.desk.supervisor.sign(*await _anything(place))


async def test_a_lock_of_the_screen_logs_out_in_the_worker(opened: Open, once_token: hsm.SoftHsm) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    place.screen.ends(Ended.LOCKED)
    await _until(lambda: place.module.entered("C_Logout") == 1)


async def test_an_agent_that_ends_logs_out(opened: Open, once_token: hsm.SoftHsm) -> None:
    place = opened(once_token)
    await place.chooses()
    await place.sign(pin=hsm.PIN)
    await place.desk.close()
    assert place.module.entered("C_Logout") == 1


def whole_agent(
    built: Path, token: hsm.SoftHsm, folder: Path, asked: list[ConsentQuestion], screen: ScreenWatch
) -> tuple[Agent, FaultyModule]:
    """An agent with its endpoint, at a clinic that allows three signatures for one PIN."""
    module = FaultyModule(built, hsm.copy(token, folder / "softhsm"), folder)
    agent = Agent(
        consent=ScriptedDoctor(hsm.PIN, asked.append),
        modules=(ModuleChoice(path=built, profile=hsm.profile(), env=module.token.env),),
        folders=folders_under(folder / "agent"),
        policy=Policy(session_signing_signatures=3),
        ports=(0,),
        screen=screen,
    )
    return agent, module


async def sign_text(agent: Agent, text: str) -> bool:
    document = Document(id="t", media_type="text/plain", content=text.encode())
    return (await agent.office.own_signing.sign(document)).code is None


async def test_a_whole_agent_tells_its_window_and_logs_out_at_its_button_and_at_its_end(
    once_token: hsm.SoftHsm, built: Path, tmp_path: Path
) -> None:
    asked: list[ConsentQuestion] = []
    agent, module = whole_agent(built, once_token, tmp_path, asked, Screen())
    await agent.start()
    told: list[int | None] = []
    try:
        agent.on_session(lambda opened: told.append(None if opened is None else opened.left))
        now = await agent.office.tokens()
        assert now.session is not None
        assert now.session.most == Allowed(3, 24 * 60)
        (holder,) = now.session.holders
        assert holder.limits is None
        now = await agent.office.choose_session(holder.credential_id, Allowed())
        assert now.session is not None
        assert now.session.holders[0].limits == Allowed()
        assert [await sign_text(agent, text) for text in ("one", "two", "three", "four")] == [True] * 4
        assert [question.opened is None for question in asked] == [True, False, False, True]
        assert asked[0].stays == Allowed(3, 15), "as the clinic allows"
        assert module.entered("C_Login") == 2
        await _until(lambda: told[-1] == 2)
        await agent.office.close_token()
        assert (module.entered("C_Logout"), told[-1]) == (2, None)
        assert await sign_text(agent, "five")
        await _until(lambda: told[-1] == 2)
    finally:
        await agent.stop()
    assert module.entered("C_Logout") == 3


async def test_a_screen_saver_that_comes_up_on_the_users_bus_has_the_worker_log_out(
    once_token: hsm.SoftHsm, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = Desktop(tmp_path, monkeypatch)
    await desktop.logind()
    saver = await desktop.saver()
    agent, module = whole_agent(built, once_token, tmp_path, [], desktop.screen)
    await agent.start()
    try:
        await desktop.until(lambda: desktop.screen.sees)
        present = await agent.office.signers.credentials()
        await agent.office.choose_session(present[0].id, Allowed())
        assert await sign_text(agent, "one")
        assert await sign_text(agent, "two")
        assert (module.entered("C_Login"), module.entered("C_Logout")) == (1, 0)
        await saver.tell(SAVERS[GNOME], GNOME, "ActiveChanged", "b", True)
        await _until(lambda: module.entered("C_Logout") == 1)
        assert await sign_text(agent, "three"), "with a PIN, which opens nothing behind a lock"
        await _until(lambda: module.entered("C_Logout") == 2)
        assert module.entered("C_Login") == 2
    finally:
        await agent.stop()
        await desktop.close()


def signed(view: RequestView) -> bool:
    return all(document.state is DocumentState.SIGNED for document in view.documents)


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():
            await asyncio.sleep(0.01)
