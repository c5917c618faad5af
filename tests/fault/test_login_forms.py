"""Each form of a login, from the doctor's yes through a worker and a module to a signature that verifies.

The module is SoftHSM's behind the faulty one, which presents the form. In each, C_Login is called once for
each PIN that somebody typed, wherever that was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.catalogue import Login, LoginForm, Profile, SignaturePin, Unblocking
from drivers.types import Binding, KeySpec, Limits
from signer.cli.assembly import SystemClock
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.model.credential import Authorisation, AuthorisationKind, PinRole
from signer.model.errors import OperationUnsupported, PinCancelled, PinWrong
from signer.model.request import DocumentState
from signer.service.consent import Approved, ConsentQuestion, Pin, PinProblem
from signer.service.key_requests import KeyRequests
from signer.service.pin_guard import PinGuard
from signer.service.token_desk import Secret, TokenDesk
from signer.service.token_signers import TokenModule
from signer.service.views import RequestView
from tests import softhsm as hsm
from tests.fault.desk import Desk
from tests.fault.module import FaultyModule
from tests.service.doubles import Doctor, again, yes

WRONG, OTHER, NEW = "11112222", "84627193", "19283746"
DIALOG = Login(form=LoginForm.MODULE_DIALOG)
SECOND = Login(signature_pin=SignaturePin(context=True))
#: What the profiles of some families say of a wrong PIN.
LYING = {"C_Login": {"0x00000005": "pin-wrong"}}
BOTH = pytest.mark.parametrize("binding", list(Binding))


class Place:
    """A doctor at a token that wants its PIN in a form of its own."""

    def __init__(self, folder: Path, module: FaultyModule, profile: Profile, binding: Binding) -> None:
        self.folder, self.module, self.profile = folder, module, profile
        self.doctor = Doctor()
        self.desk = Desk(
            folder, module.token, Limits(), profile=profile, consent=self.doctor, binding=binding
        )

    async def sign(self, count: int = 1, *, pin: str | None = None) -> RequestView:
        """A yes to each of them, with this PIN, or none where it is typed elsewhere."""
        self.doctor.answers.append(lambda question: replace(yes(question), pin=_pin(pin)))
        view = await self.desk.end_of(await self.desk.post(f"rx {self.module.entered('C_Login')}", count))
        await self.desk.put_away(view)
        return view

    @property
    def question(self) -> ConsentQuestion:
        return self.doctor.questions[-1]

    @property
    def problems(self) -> list[PinProblem]:
        return [request.problem for request in self.doctor.pin_requests]

    @property
    def logins(self) -> int:
        return self.module.entered("C_Login")

    def counter(self) -> TokenDesk:
        """Where the same token's PINs are changed."""
        path = str(self.module.token.module)
        module = TokenModule(path=path, profile=self.profile, supervisor=self.desk.supervisor)
        return TokenDesk(
            (module,),
            clock=SystemClock(),
            guard=PinGuard(),
            requests=KeyRequests(self.folder / "requests.json"),
            turn=asyncio.Lock(),
        )


Open = Callable[..., Place]


@pytest.fixture(scope="module")
def once_token(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    """A key that the token's login opens."""
    return asyncio.run(certified(tmp_path_factory.mktemp("once"), hsm.LABEL, each=False))


@pytest.fixture(scope="module")
def each_token(tmp_path_factory: pytest.TempPathFactory) -> hsm.SoftHsm:
    """A key that wants a login for each signature."""
    return asyncio.run(certified(tmp_path_factory.mktemp("each"), hsm.LABEL, each=True))


@pytest.fixture
async def opened(tmp_path: Path, built: Path) -> AsyncIterator[Open]:
    """Opens places, and closes them."""
    async with AsyncExitStack() as closing:

        def make(
            token: hsm.SoftHsm,
            form: str,
            *,
            login: Login | None = None,
            profile: Profile | None = None,
            binding: Binding = Binding.PYKCS11,
            secret: str = "",
        ) -> Place:
            own = hsm.copy(token, tmp_path / "softhsm")
            module = FaultyModule(built, own, tmp_path)
            module.want(form, secret=secret, officer=hsm.SO_PIN)
            module.type_elsewhere()
            family = profile or hsm.profile()
            if login is not None:
                family = replace(family, login=login)
            place = Place(tmp_path, module, family, binding)
            closing.push_async_callback(place.desk.close)
            return place

        yield make


async def certified(folder: Path, label: str, *, each: bool) -> hsm.SoftHsm:
    """A token with one key and its certificate."""
    token = hsm.create(folder / "softhsm", label)
    keys = {b"\x01": KeySpec.EC_P256}
    await hsm.certify(token, keys, PLAIN_DOCTOR, datetime.now(UTC), always_authenticate=each)
    return token


def _pin(pin: str | None) -> Pin | None:
    return None if pin is None else Pin(pin)


def elsewhere() -> Approved:
    """Once more, and the PIN where it is asked for."""
    return Approved(answers=(), pin=None, last_try_accepted=True)


def _of_form(module: FaultyModule, form: str) -> hsm.SoftHsm:
    module.want(form)
    return module.token


def states(view: RequestView) -> list[DocumentState]:
    return [document.state for document in view.documents]


def codes(view: RequestView) -> list[str | None]:
    return [d.problem.code if d.problem else None for d in view.documents]


def kinds(authorisations: list[Authorisation]) -> set[AuthorisationKind]:
    return {one.kind for one in authorisations}


# Elsewhere: on the reader's keys, or in the module's own window.

ELSEWHERE = pytest.mark.parametrize(
    ("form", "login", "kind"),
    [("pad", None, AuthorisationKind.PIN_PAD), ("dialog", DIALOG, AuthorisationKind.MODULE_DIALOG)],
)


@ELSEWHERE
async def test_a_pin_typed_elsewhere_opens_the_token_for_the_whole_batch(
    opened: Open, once_token: hsm.SoftHsm, form: str, login: Login | None, kind: AuthorisationKind
) -> None:
    place = opened(once_token, form, login=login)
    place.module.type_elsewhere(hsm.PIN)
    assert states(await place.sign(3)) == [DocumentState.SIGNED] * 3
    assert place.question.authorisation.kind is kind
    assert place.doctor.pin_requests == []
    assert (place.logins, place.module.left_untyped) == (1, 0)


async def test_the_second_binding_opens_by_a_pin_pad_and_says_that_it_cannot_by_a_modules_window(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token, "pad", binding=Binding.PYTHON_PKCS11)
    place.module.type_elsewhere(hsm.PIN)
    assert states(await place.sign(2)) == [DocumentState.SIGNED] * 2
    assert place.logins == 1
    await place.desk.close()
    flagless = Desk(
        place.folder / "other",
        _of_form(place.module, "dialog"),
        Limits(),
        profile=replace(hsm.profile(), login=DIALOG),
        consent=place.doctor,
        binding=Binding.PYTHON_PKCS11,
    )
    try:
        place.doctor.answers.append(lambda question: replace(yes(question), pin=None))
        view = await flagless.end_of(await flagless.post("dialog", 1))
        assert codes(view) == [OperationUnsupported.code]
        assert place.logins == 1, "nothing was sent"
    finally:
        await flagless.close()


@ELSEWHERE
async def test_a_wrong_pin_typed_elsewhere_is_asked_for_again_there(
    opened: Open, once_token: hsm.SoftHsm, form: str, login: Login | None, kind: AuthorisationKind
) -> None:
    place = opened(once_token, form, login=login)
    place.module.type_elsewhere(WRONG, hsm.PIN)
    place.doctor.pins.append(elsewhere())
    assert states(await place.sign()) == [DocumentState.SIGNED]
    assert place.problems == [PinProblem.WRONG]
    assert kinds([request.authorisation for request in place.doctor.pin_requests]) == {kind}
    assert (place.logins, place.module.left_untyped) == (2, 0)


@ELSEWHERE
async def test_who_gives_up_elsewhere_has_declined_and_is_not_asked_again(
    opened: Open, once_token: hsm.SoftHsm, form: str, login: Login | None, kind: AuthorisationKind
) -> None:
    place = opened(once_token, form, login=login)
    assert codes(await place.sign(2)) == [PinCancelled.code] * 2
    assert place.question.authorisation.kind is kind
    assert place.logins == 1


async def test_a_reader_with_keys_is_asked_once_to_open_and_once_for_each_signature(
    opened: Open, each_token: hsm.SoftHsm
) -> None:
    place = opened(each_token, "pad")
    place.module.type_elsewhere(hsm.PIN, hsm.PIN, WRONG, hsm.PIN)
    place.doctor.on_pin = elsewhere
    assert states(await place.sign(2)) == [DocumentState.SIGNED] * 2
    assert place.problems == [PinProblem.EACH_SIGNATURE, PinProblem.EACH_SIGNATURE, PinProblem.WRONG]
    assert kinds([r.authorisation for r in place.doctor.pin_requests]) == {AuthorisationKind.PIN_PAD}
    assert (place.logins, place.module.left_untyped) == (4, 0)


async def test_the_reader_asks_for_the_old_pin_and_the_new_one_and_the_new_one_signs(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place, nothing = opened(once_token, "pad"), Secret(pin=None)
    counter = place.counter()
    # The old PIN opens the token, and C_SetPIN asks for both: what is typed at the reader is the reader's.
    place.module.type_elsewhere(hsm.PIN, hsm.PIN, NEW, NEW)
    await counter.change_pin(await counter.only_token(), nothing, None)
    assert place.logins == 1
    assert states(await place.sign()) == [DocumentState.SIGNED]
    assert (place.logins, place.module.left_untyped) == (2, 0)


async def test_the_officer_unblocks_at_the_reader(opened: Open, once_token: hsm.SoftHsm) -> None:
    place = opened(once_token, "pad")
    counter = place.counter()
    place.module.type_elsewhere(hsm.SO_PIN, NEW, NEW)
    await counter.unblock(await counter.only_token(), Secret(pin=None), None)
    assert states(await place.sign()) == [DocumentState.SIGNED]
    assert (place.logins, place.module.left_untyped) == (2, 0)


# A second PIN, for the signature key.


@BOTH
async def test_a_signature_pin_of_its_own_is_asked_for_at_each_signature_and_counted_apart(
    opened: Open, each_token: hsm.SoftHsm, binding: Binding
) -> None:
    place = opened(each_token, "second", login=SECOND, secret=OTHER, binding=binding)
    place.doctor.pins += [again(OTHER), again(hsm.PIN), again(OTHER, last_try=True)]
    assert states(await place.sign(2, pin=hsm.PIN)) == [DocumentState.SIGNED] * 2
    assert place.problems == [PinProblem.EACH_SIGNATURE, PinProblem.EACH_SIGNATURE, PinProblem.WRONG]
    assert place.question.authorisation.role is PinRole.USER
    assert {r.authorisation.role for r in place.doctor.pin_requests} == {PinRole.SIGNATURE}
    assert place.logins == 4


async def test_a_signature_pin_with_a_slot_of_its_own_is_named_as_such_and_opens_it(
    opened: Open, tmp_path: Path
) -> None:
    token = await certified(tmp_path / "card", "card (User PIN (sig))", each=False)
    login = Login(signature_pin=SignaturePin(slots=("(User PIN (sig))",)))
    place = opened(token, "plain", login=login)
    assert states(await place.sign(2, pin=hsm.PIN)) == [DocumentState.SIGNED] * 2
    assert place.question.authorisation.role is PinRole.SIGNATURE
    assert place.logins == 1


# Modules with ways of their own.


@BOTH
async def test_a_module_that_has_logged_in_already_signs_and_has_looked_at_no_pin(
    opened: Open, once_token: hsm.SoftHsm, binding: Binding, caplog: pytest.LogCaptureFixture
) -> None:
    place = opened(once_token, "signed-in", secret=hsm.PIN, binding=binding)
    assert states(await place.sign(2, pin=WRONG)) == [DocumentState.SIGNED] * 2
    assert place.doctor.pin_requests == []
    assert place.logins == 1
    assert "already logged in" in caplog.text
    assert WRONG not in caplog.text


@BOTH
async def test_a_wrong_pin_told_as_a_failure_is_asked_for_again_where_the_profile_knows(
    opened: Open, once_token: hsm.SoftHsm, binding: Binding
) -> None:
    place = opened(once_token, "mute", profile=replace(hsm.profile(), ckr=LYING), binding=binding)
    place.doctor.pins.append(again(hsm.PIN, last_try=True))
    assert states(await place.sign(pin=WRONG)) == [DocumentState.SIGNED]
    assert place.problems == [PinProblem.WRONG]
    assert place.logins == 2


async def test_a_wrong_pin_told_as_a_failure_is_one_where_no_profile_knows_and_is_not_sent_again(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token, "mute")
    assert codes(await place.sign(2, pin=WRONG)) == ["module-failed"] * 2
    assert place.problems == []
    assert place.logins == 1
    assert states(await place.sign(pin=hsm.PIN)) == [DocumentState.SIGNED]
    assert place.logins == 2


async def test_a_puk_gives_a_new_pin_without_a_login_and_the_new_pin_signs(
    opened: Open, once_token: hsm.SoftHsm
) -> None:
    place = opened(once_token, "puk", login=Login(unblock=Unblocking.PUK), secret=OTHER)
    counter = place.counter()
    with pytest.raises(PinWrong):
        await counter.unblock(await counter.only_token(), Secret(pin=Pin(WRONG)), Pin(NEW))
    puk = Secret(pin=Pin(OTHER), last_try_accepted=True)
    await counter.unblock(await counter.only_token(), puk, Pin(NEW))
    assert (place.logins, place.module.entered("C_SetPIN")) == (0, 2)
    place.doctor.pins.append(again(NEW, last_try=True))
    assert states(await place.sign(pin=hsm.PIN)) == [DocumentState.SIGNED]
    assert place.problems == [PinProblem.WRONG], "the old PIN is no more"
    assert place.logins == 2
