"""Pairing over the wire: both sides show the same digits, and everything else ends in no pairing."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signer.endpoint.cautions import cautions_of
from signer.endpoint.encodings import b64u, unb64u
from signer.endpoint.keys import SigningKey, verifies
from signer.endpoint.pairing import agent_commitment, challenge_message, pairing_code, panel_commitment
from signer.endpoint.pairings import Pairings
from signer.model.errors import ConsentSurfaceMissing
from signer.model.lookalike import CautionKind
from signer.model.origin import OWN_ORIGIN
from signer.model.policy import Policy
from signer.service.consent import PairingQuestion
from tests.endpoint.world import ORIGIN, OTHER_ORIGIN, Reply, SetClock, World, signing_request


class Panel:
    """A panel that pairs step by step, so that a test can leave the path."""

    def __init__(self, world: World, origin: str = ORIGIN) -> None:
        self.world = world
        self.origin = origin
        self.key = SigningKey.generate()
        self.nonce = secrets.token_bytes(32)
        self.offer: dict[str, Any] = {}

    async def start(self) -> Reply:
        commitment = b64u(panel_commitment(self.key.point, self.nonce))
        reply = await self._call("POST", "/v1/pairings", {"commitment": commitment})
        self.offer = reply.json()
        return reply

    async def reveal(self, key: SigningKey | None = None) -> Reply:
        point = (key or self.key).point
        value = {"key": b64u(point), "nonce": b64u(self.nonce)}
        return await self._call("POST", f"/v1/pairings/{self.offer['id']}", value)

    async def follow(self, wait: int = 0) -> Reply:
        return await self._call("GET", f"/v1/pairings/{self.offer['id']}?wait={wait}")

    async def ended(self) -> str:
        return str((await self.follow(wait=5)).json()["state"])

    def code(self, revealed: dict[str, Any]) -> str:
        agent = unb64u(revealed["key"]), unb64u(revealed["nonce"])
        assert b64u(agent_commitment(*agent)) == self.offer["commitment"]
        return pairing_code(self.origin, self.key.point, agent[0], self.nonce, agent[1])

    async def _call(self, method: str, target: str, value: Any = None) -> Reply:
        return await self.world.open_call(method, target, value, self.origin)


async def test_page_and_window_show_the_same_digits_and_a_yes_pairs(world: World) -> None:
    panel = Panel(world)
    started = await panel.start()
    assert (started.status, set(panel.offer)) == (202, {"id", "commitment", "expires_at"})
    assert panel.offer["expires_at"] == "2026-11-22T08:32:00Z"
    assert world.doctor.questions == []
    revealed = await panel.reveal()
    assert (revealed.status, revealed.json()["state"]) == (200, "waiting")
    assert await panel.ended() == "accepted"
    assert world.doctor.questions == [
        PairingQuestion(
            origin=ORIGIN,
            code=panel.code(revealed.json()),
            expires_at=world.clock.now() + timedelta(minutes=2),
        )
    ]
    world.panel_key = panel.key
    assert (await world.call("GET", "/v1/credentials")).status == 200


async def test_a_paired_panel_is_shown_that_the_agent_holds_the_key_it_pinned(paired: World) -> None:
    challenge = secrets.token_bytes(32)
    reply = await paired.open_call("GET", f"/v1/agent?challenge={b64u(challenge)}")
    told = reply.json()
    message = challenge_message(ORIGIN, paired.authority, challenge)
    assert verifies(paired.agent_key.point, message, unb64u(told.pop("proof")))
    assert told == {
        "api": 1,
        "paired": True,
        "challenge": b64u(challenge),
        "name": "Mohr",
        "version": "1.2.3",
        "state": "ready",
        "keyid": paired.agent_key.keyid,
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_a_proof_holds_for_the_address_that_was_asked_and_for_no_other(
    paired: World, host: str
) -> None:
    challenge = secrets.token_bytes(32)
    own, names = paired.address.port, ("127.0.0.1", "[::1]", "localhost")
    asked = f"{host}:{own}"
    target = f"/v1/agent?challenge={b64u(challenge)}"
    reply = await paired.send("GET", target, paired.head(Host=asked))
    proof = unb64u(reply.json()["proof"])
    believed = [
        authority
        for authority in (f"{name}:{port}" for name in names for port in (own, own ^ 1))
        if verifies(paired.agent_key.point, challenge_message(ORIGIN, authority, challenge), proof)
    ]
    assert believed == [asked]


async def test_a_stranger_learns_that_it_is_not_paired_and_no_more(paired: World) -> None:
    reply = await paired.open_call("GET", "/v1/agent?challenge=" + "A" * 22, origin=OTHER_ORIGIN)
    assert reply.json() == {"api": 1, "paired": False, "challenge": "A" * 22}


async def test_a_no_leaves_nothing_behind(world: World) -> None:
    world.doctor.answer = world.doctor.no
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    assert await panel.ended() == "refused"
    assert world.pairings.list(world.clock.now()) == ()


async def test_a_key_that_was_not_committed_to_ends_the_pairing_unasked(world: World) -> None:
    panel = Panel(world)
    await panel.start()
    assert (await panel.reveal(SigningKey.generate())).code == "pairing-refused"
    assert (await panel.reveal()).code == "pairing-unknown"
    assert await panel.ended() == "refused"
    assert world.doctor.questions == []


async def test_a_reveal_is_taken_once_and_the_pairing_goes_on(world: World) -> None:
    world.doctor.answer = world.doctor.silence
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    assert (await panel.reveal()).code == "pairing-refused"
    assert (await panel.follow()).json()["state"] == "waiting"


async def test_another_origin_sees_nothing_of_a_pairing(world: World) -> None:
    panel, other = Panel(world), Panel(world, OTHER_ORIGIN)
    await panel.start()
    other.offer = panel.offer
    assert (await other.follow()).code == "pairing-unknown"
    assert (await other.reveal()).code == "pairing-unknown"


async def test_a_second_origin_must_wait_until_the_first_is_done(world: World) -> None:
    world.doctor.answer = world.doctor.silence
    panel, other = Panel(world), Panel(world, OTHER_ORIGIN)
    await panel.start()
    assert (await other.start()).code == "pairing-busy"
    await panel.reveal()
    assert (await other.start()).code == "pairing-busy"
    world.clock.pass_(minutes=2)
    assert (await other.start()).status == 202


async def test_a_page_that_was_reloaded_starts_again_and_the_old_question_is_withdrawn(world: World) -> None:
    world.doctor.answer = world.doctor.silence
    before, after = Panel(world), Panel(world)
    await before.start()
    await before.reveal()
    await asyncio.sleep(0)
    assert (await after.start()).status == 202
    assert (await before.follow()).json()["state"] == "expired"
    assert world.doctor.withdrawn == 1


async def test_five_pairings_without_a_yes_close_pairing_for_ten_minutes(world: World) -> None:
    world.doctor.answer = world.doctor.no
    for _ in range(5):
        panel = Panel(world)
        assert (await panel.start()).status == 202
        await panel.reveal()
        assert await panel.ended() == "refused"
        world.clock.pass_(seconds=30)
    closed = await Panel(world, OTHER_ORIGIN).start()
    assert (closed.status, closed.code, closed.headers["retry-after"]) == (429, "too-many-requests", "450")
    world.clock.pass_(seconds=450)
    assert (await Panel(world, OTHER_ORIGIN).start()).status == 202


async def test_an_origin_that_the_doctor_refused_waits_and_others_do_not(world: World) -> None:
    world.doctor.answer = world.doctor.no
    refused = Panel(world)
    await refused.start()
    await refused.reveal()
    assert await refused.ended() == "refused"
    told = await Panel(world).start()
    assert (told.status, told.code, told.headers["retry-after"]) == (429, "too-many-requests", "3")
    assert (await Panel(world, OTHER_ORIGIN).start()).status == 202


async def test_the_doctor_has_one_question_of_an_origin_at_a_time(paired: World) -> None:
    paired.doctor.answer = paired.doctor.silence
    request = await paired.call("POST", "/v1/signing-requests", signing_request(), idempotency_key="k")
    again = Panel(paired)
    assert (await again.start()).code == "pairing-busy"
    await paired.call("DELETE", request.headers["location"])
    assert (await again.start()).status == 202
    request = await paired.call("POST", "/v1/signing-requests", signing_request(), idempotency_key="m")
    assert (await again.reveal()).code == "pairing-busy"
    await paired.call("DELETE", request.headers["location"])
    await again.reveal()
    for path, body in (
        ("/v1/signing-requests", signing_request()),
        ("/v1/sign-ins", b'{"nonce":"%s"}' % (b"A" * 43)),
    ):
        posted = await paired.call("POST", path, body, idempotency_key="l")
        assert (posted.status, posted.code) == (429, "too-many-pending")
    assert len(paired.use_cases.submitted) == 2


async def test_pairings_that_end_in_a_yes_are_not_counted(world: World) -> None:
    for _ in range(7):
        panel = Panel(world)
        await panel.start()
        await panel.reveal()
        assert await panel.ended() == "accepted"


async def test_a_yes_after_two_minutes_is_none(world: World) -> None:
    answered = asyncio.Event()

    async def late(question: PairingQuestion) -> bool:
        await answered.wait()
        return True

    world.doctor.answer = late
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    await asyncio.sleep(0)
    world.clock.pass_(minutes=2)
    answered.set()
    assert await panel.ended() == "expired"
    assert world.pairings.list(world.clock.now()) == ()


async def test_what_nobody_revealed_expires_and_is_forgotten_two_minutes_later(world: World) -> None:
    panel = Panel(world)
    await panel.start()
    assert (await panel.follow()).json()["state"] == "waiting"
    world.clock.pass_(minutes=2)
    assert (await panel.follow()).json()["state"] == "expired"
    world.clock.pass_(minutes=2)
    assert (await panel.follow()).code == "pairing-unknown"


async def test_expiry_withdraws_the_question(world: World) -> None:
    world.doctor.answer = world.doctor.silence
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    await asyncio.sleep(0)
    world.clock.pass_(minutes=2)
    assert await panel.ended() == "expired"
    await asyncio.sleep(0)
    assert world.doctor.withdrawn == 1


async def test_a_panel_hears_that_there_is_nobody_to_ask(world: World) -> None:
    async def nobody(question: PairingQuestion) -> bool:
        raise ConsentSurfaceMissing("no window")

    world.doctor.answer = nobody
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    assert (await panel.follow(wait=5)).code == "consent-surface-missing"


async def test_a_window_that_breaks_ends_the_pairing_with_an_incident(world: World) -> None:
    async def breaks(question: PairingQuestion) -> bool:
        raise RuntimeError("the window broke")

    world.doctor.answer = breaks
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    assert (await panel.follow(wait=5)).code == "unexpected"
    assert world.pairings.list(world.clock.now()) == ()


async def test_a_store_that_cannot_be_written_pairs_nobody(world: World) -> None:
    world.pairings._path = world.folder / "missing" / "pairings.json"
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    assert (await panel.follow(wait=5)).code == "pairing-store-failed"
    assert (await world.open_call("GET", "/v1/agent?challenge=" + "A" * 22)).json()["paired"] is False


async def test_pairing_again_replaces_the_key_once_the_doctor_has_accepted(paired: World) -> None:
    answered = asyncio.Event()

    async def slow(question: PairingQuestion) -> bool:
        return await answered.wait()

    paired.doctor.answer = slow
    panel = Panel(paired)
    await panel.start()
    await panel.reveal()
    assert (await paired.call("GET", "/v1/credentials")).status == 200
    answered.set()
    assert await panel.ended() == "accepted"
    assert (await paired.call("GET", "/v1/credentials")).code == "signature-invalid"
    paired.panel_key = panel.key
    assert (await paired.call("GET", "/v1/credentials")).status == 200


async def test_policy_closes_pairing_and_leaves_what_is_paired(tmp_path: Path) -> None:
    world = await World.start(tmp_path, Policy(pairing=False))
    world.pair()
    try:
        assert (await Panel(world, OTHER_ORIGIN).start()).code == "pairing-refused"
        assert (await world.call("GET", "/v1/credentials")).status == 200
    finally:
        await world.stop()


async def test_a_program_in_between_that_replaces_keys_makes_the_digits_differ(world: World) -> None:
    """It can answer the page with a key of its own only under a commitment made before it saw the page's."""
    world.doctor.answer = world.doctor.silence
    page, between = Panel(world), Panel(world)
    await between.start()
    own = SigningKey.generate(), secrets.token_bytes(32)
    page.offer = {"commitment": b64u(agent_commitment(own[0].point, own[1]))}
    await between.reveal()
    await asyncio.sleep(0)
    on_the_page = page.code({"key": b64u(own[0].point), "nonce": b64u(own[1])})
    assert world.doctor.questions[0].code != on_the_page


async def test_stopping_the_agent_withdraws_the_question(tmp_path: Path) -> None:
    world = await World.start(tmp_path)
    world.doctor.answer = world.doctor.silence
    panel = Panel(world)
    await panel.start()
    await panel.reveal()
    await asyncio.sleep(0)
    await world.stop()
    await asyncio.sleep(0)
    assert world.doctor.withdrawn == 1


@pytest.mark.parametrize("origin", [ORIGIN, OTHER_ORIGIN])
async def test_an_id_is_not_to_be_guessed(world: World, origin: str) -> None:
    panel = Panel(world, origin)
    await panel.start()
    assert len(unb64u(panel.offer["id"])) == 16


async def test_a_panel_that_looks_like_a_paired_one_is_flagged_when_it_pairs(paired: World) -> None:
    panel = Panel(paired, "https://pane1.example")
    await panel.start()
    await panel.reveal()
    await panel.ended()
    assert [one.kind for one in paired.doctor.questions[0].cautions] == [CautionKind.RESEMBLES]


async def test_what_the_clinic_pinned_is_not_flagged_and_what_looks_like_it_is(tmp_path: Path) -> None:
    at_noon, pinned, later = SetClock().now(), "https://panel.example", "https://pane1.example"
    pairings = Pairings.open(tmp_path)
    pairings.accept(later, SigningKey.generate().point, at_noon)
    policy = Policy(origins=(pinned,))
    assert cautions_of(pinned, pairings, policy, at_noon) == ()
    assert cautions_of(OWN_ORIGIN, pairings, policy, at_noon) == (), "the agent itself is none to be wary of"
    assert [one.fact for one in cautions_of(later, pairings, policy, at_noon)] == [pinned]


async def test_of_two_paired_panels_alike_the_later_one_is_flagged_alone(tmp_path: Path) -> None:
    clock, earlier, later = SetClock(), "https://panel.example", "https://pane1.example"
    pairings = Pairings.open(tmp_path)
    pairings.accept(earlier, SigningKey.generate().point, clock.now())
    clock.pass_(days=1)
    pairings.accept(later, SigningKey.generate().point, clock.now())
    assert cautions_of(earlier, pairings, Policy(), clock.now()) == ()
    assert [one.fact for one in cautions_of(later, pairings, Policy(), clock.now())] == [earlier]
    clock.pass_(days=91)
    assert cautions_of(later, pairings, Policy(), clock.now()) == (), "nobody is paired any more"
