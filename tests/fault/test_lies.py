"""Modules that lie, end to end: what the doctor is asked, what the log says; no PIN is sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.types import KeySpec, Limits
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.model.request import DocumentState
from signer.service.consent import Approved, Pin, PinProblem, PinRequest
from tests import softhsm as hsm
from tests.fault.desk import Desk
from tests.fault.module import FaultyModule
from tests.service.doubles import Doctor, yes

#: What profiles of some families say of a wrong PIN.
LYING = {"C_Login": {"0x00000005": "pin-wrong", "0x00000006": "pin-wrong"}}


class Place:
    """A desk at a faulty module of a family that is known to lie, with one key."""

    def __init__(self, folder: Path, module: FaultyModule) -> None:
        self.module = module
        self.doctor = Doctor()
        self.doctor.answers.append(lambda question: yes(question, hsm.PIN))
        profile = replace(hsm.profile(), ckr=LYING)
        self.desk = Desk(folder, module.token, Limits(), profile=profile, consent=self.doctor)

    async def sign(self) -> list[DocumentState]:
        view = await self.desk.end_of(await self.desk.post("rx", 1))
        return [document.state for document in view.documents]

    @property
    def problems(self) -> list[PinProblem]:
        return [request.problem for request in self.doctor.pin_requests]


async def place_with(folder: Path, built: Path, *, each: bool, key: KeySpec = KeySpec.EC_P256) -> Place:
    token = hsm.create(folder / "softhsm")
    keys = {b"\x01": key}
    await hsm.certify(token, keys, PLAIN_DOCTOR, datetime.now(UTC), always_authenticate=each)
    return Place(folder, FaultyModule(built, token, folder))


@pytest.fixture
async def once(tmp_path: Path, built: Path) -> AsyncIterator[Place]:
    place = await place_with(tmp_path, built, each=False)
    yield place
    await place.desk.close()


@pytest.fixture
async def each(tmp_path: Path, built: Path) -> AsyncIterator[Place]:
    place = await place_with(tmp_path, built, each=True)
    yield place
    await place.desk.close()


def again() -> Approved:
    return Approved(answers=(), pin=Pin(hsm.PIN), last_try_accepted=True)


@pytest.mark.parametrize("rv", ["rv 0x05", "rv 0x06"])
async def test_a_wrong_pin_that_is_reported_as_a_failure_is_asked_for_again_where_the_profile_knows(
    once: Place, rv: str
) -> None:
    once.module.fail("C_Login", rv, nth=1)
    once.doctor.pins.append(again())
    assert await once.sign() == [DocumentState.SIGNED]
    assert once.problems == [PinProblem.WRONG]
    assert once.module.entered("C_Login") == 2, "one for each PIN that was typed"


async def test_a_pin_for_one_signature_is_given_once_and_a_lie_about_it_is_seen_through(each: Place) -> None:
    # The first C_Login opens the token; the second one is for the signature.
    each.module.fail("C_Login", "rv 0x05", nth=2)
    each.doctor.pins += [again(), again()]
    assert await each.sign() == [DocumentState.SIGNED]
    assert each.problems == [PinProblem.EACH_SIGNATURE, PinProblem.WRONG]
    assert each.module.entered("C_Login") == 3


async def test_a_locked_pin_between_two_signatures_ends_the_rest(each: Place) -> None:
    each.module.fail("C_Login", "rv 0xa4", nth=2)
    each.doctor.pins += [again(), again()]
    assert await each.sign() == [DocumentState.FAILED]
    assert each.module.entered("C_Login") == 2, "a locked PIN is not tried again"


async def test_a_crash_while_the_pin_for_a_signature_is_looked_at_sends_it_nowhere_else(each: Place) -> None:
    each.module.fail("C_Login", "crash", nth=2)
    requests: list[PinRequest] = each.doctor.pin_requests
    each.doctor.pins += [again(), again()]
    view = await each.desk.end_of(await each.desk.post("rx", 1))
    assert [document.problem.code for document in view.documents if document.problem] == ["module-crashed"]
    assert len(requests) == 1
    assert each.module.entered("C_Login") == 2


async def test_a_module_whose_signature_does_not_verify_is_named_in_the_log(
    once: Place, caplog: pytest.LogCaptureFixture
) -> None:
    once.module.fail("C_Sign", "signature")
    assert await once.sign() == [DocumentState.FAILED]
    (line,) = [r.getMessage() for r in caplog.records if "signature-not-verified" in r.getMessage()]
    assert str(once.module.token.module) in line


@pytest.mark.parametrize("each", [False, True], ids=["once", "each"])
@pytest.mark.parametrize("rv", ["rv 0x54", "rv 0x70", "rv 0x71"])
async def test_a_mechanism_that_is_listed_and_not_there_gives_way_to_the_other(
    tmp_path: Path, built: Path, rv: str, each: bool
) -> None:
    place = await place_with(tmp_path, built, each=each, key=KeySpec.RSA_2048)
    place.doctor.pins.append(again())
    place.module.fail("C_SignInit", rv, nth=1)
    assert await place.sign() == [DocumentState.SIGNED]
    assert place.module.entered("C_SignInit") == 2
    assert place.module.entered("C_Login") == (2 if each else 1), "no PIN for what was refused before it"
    await place.desk.close()


async def test_a_token_that_has_none_of_its_mechanisms_fails_as_it_says(tmp_path: Path, built: Path) -> None:
    place = await place_with(tmp_path, built, each=False, key=KeySpec.RSA_2048)
    place.module.fail("C_SignInit", "rv 0x70")
    assert await place.sign() == [DocumentState.FAILED]
    assert place.module.entered("C_SignInit") == 2, "each way once"
    assert place.module.entered("C_Sign") == 0
    await place.desk.close()
