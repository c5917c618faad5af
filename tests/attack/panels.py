"""Attacks by way of a panel: one that pairs, one that is paired, one from which something was stolen."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from signer.cli.sheet_lines import sheet_lines
from signer.endpoint.encodings import b64u, unb64u
from signer.endpoint.keys import SigningKey
from signer.endpoint.pairing import pairing_code, panel_commitment
from signer.endpoint.replay import WINDOW
from signer.model.sheet import PlainSheet
from signer.verify import Indication, RevocationPolicy, verify
from signer.verify.sign_in import Refusal, SignInRefused, check
from tests import softhsm as hsm
from tests.attack.attack import Attack, Position, attack, refused, request
from tests.attack.victim import SIGN_INS, Victim, json_of
from tests.endpoint.caller import ORIGIN, Caller, Reply, signing_request
from tests.endpoint.test_refusals import BODY, PROOF, Row
from tests.service.doubles import yes

PANEL, LISTENER, PAGE = Position.PANEL, Position.LISTENER, Position.PAGE
SHOWN = ("consents", "endings")


class Pairer:
    """Who pairs step by step, and may leave the path."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.nonce = secrets.token_bytes(32)
        self.offer: dict[str, Any] = {}

    async def start(self, commitment: bytes | None = None) -> Reply:
        chosen = commitment or panel_commitment(self.caller.panel_key.point, self.nonce)
        reply = await self.caller.open_call("POST", "/v1/pairings", {"commitment": b64u(chosen)})
        self.offer = reply.json()
        return reply

    async def reveal(self, point: bytes | None = None) -> Reply:
        value = {"key": b64u(point or self.caller.panel_key.point), "nonce": b64u(self.nonce)}
        return await self.caller.open_call("POST", f"/v1/pairings/{self.offer['id']}", value)

    async def state(self) -> str:
        reply = await self.caller.open_call("GET", f"/v1/pairings/{self.offer['id']}?wait=5")
        return str(reply.json()["state"])


@attack(
    PAGE,
    "pairing by brute force",
    "starts pairings until the digits happen to be right",
    "five in ten minutes, then 429 `too-many-requests` for everybody",
    alone=True,
)
async def brute_force(victim: Victim) -> None:
    for number in range(5):
        pairer = Pairer(victim.page(f"https://try{number}.example"))
        assert (await pairer.start()).status == 202
        refused(await pairer.reveal(SigningKey.generate().point), 403, "pairing-refused")
    stopped = await Pairer(victim.page("https://try6.example")).start()
    assert (stopped.status, stopped.code) == (429, "too-many-requests")
    assert int(stopped.headers["retry-after"]) > 500


@attack(
    PAGE,
    "a race for the doctor's yes",
    "starts a pairing while the panel's is open",
    "409 `pairing-busy`, and the panel's goes on",
    leaves=("pairing_questions",),
    alone=True,
)
async def race(victim: Victim) -> None:
    honest, evil = Pairer(victim.page("https://new.example")), Pairer(victim.page("https://evil.example"))
    assert (await honest.start()).status == 202
    assert (await evil.start()).code == "pairing-busy"
    victim.doctor.pairs = False
    await honest.reveal()
    assert [question.origin for question in victim.doctor.pairings] == ["https://new.example"]
    assert await honest.state() == "refused"


@attack(
    PAGE,
    "another page's pairing",
    "shows its own key under the id of the panel's pairing, and asks how it stands",
    "404 `pairing-unknown` to both",
    alone=True,
)
async def intruder(victim: Victim) -> None:
    honest, evil = Pairer(victim.page("https://new.example")), Pairer(victim.page("https://evil.example"))
    await honest.start()
    evil.offer = honest.offer
    assert (await evil.reveal()).code == "pairing-unknown"
    seen = await evil.caller.open_call("GET", f"/v1/pairings/{honest.offer['id']}")
    assert (seen.status, seen.code) == (404, "pairing-unknown")


@attack(
    PAGE,
    "another key after the commitment",
    "commits to one key and shows another that fits the digits",
    "403 `pairing-refused`, and the doctor is not asked",
    alone=True,
)
async def broken_commitment(victim: Victim) -> None:
    pairer = Pairer(victim.page("https://evil.example"))
    await pairer.start()
    assert (await pairer.reveal(SigningKey.generate().point)).code == "pairing-refused"
    assert await pairer.state() == "refused"


@attack(
    PAGE,
    "a pairing passed on",
    "phishing: shows the doctor's own panel and relays its pairing under another origin",
    "the digits in the page and in the window differ, since the origin is in them",
    leaves=("pairing_questions",),
    alone=True,
)
async def relayed_pairing(victim: Victim) -> None:
    honest = Pairer(victim.page(ORIGIN))
    relay = Pairer(victim.page("https://evil.example"))
    relay.nonce = honest.nonce
    victim.doctor.pairs = False
    point = honest.caller.panel_key.point
    await relay.start(panel_commitment(point, honest.nonce))
    shown = (await relay.reveal(point)).json()
    in_page = pairing_code(ORIGIN, point, unb64u(shown["key"]), honest.nonce, unb64u(shown["nonce"]))
    assert await relay.state() == "refused"
    (question,) = victim.doctor.pairings
    assert question.origin == "https://evil.example"
    assert question.code != in_page


@attack(
    PANEL,
    "a second key while the doctor reads",
    "starts a pairing on top of its open request",
    "409 `pairing-busy`: one question of an origin at a time",
    leaves=SHOWN,
)
async def two_questions(victim: Victim) -> None:
    panel = victim.panel("https://two.example")
    assert (await panel.post()).status == 202
    assert (await Pairer(panel).start()).code == "pairing-busy"


@attack(
    PANEL,
    "a flood of requests",
    "posts thirty requests at once",
    "two are taken in and one is shown; the others get 429 `too-many-pending`",
    leaves=SHOWN,
)
async def flood(victim: Victim) -> None:
    panel, before = victim.panel("https://flood.example"), len(victim.doctor.questions)
    replies = await asyncio.gather(*(panel.post() for _ in range(30)))
    assert sorted(reply.status for reply in replies) == [202] * 2 + [429] * 28
    assert {reply.code for reply in replies if reply.status == 429} == {"too-many-pending"}
    await victim.asked(before + 1)
    await asyncio.sleep(0.1)
    assert len(victim.doctor.questions) == before + 1


@attack(
    PANEL,
    "asking again after a no",
    "posts another request as soon as the doctor has declined one",
    "429 `refused-lately` with `Retry-After`; another panel is not held up",
    leaves=SHOWN,
)
async def nagging(victim: Victim) -> None:
    panel, before = victim.panel("https://nag.example"), len(victim.doctor.questions)
    victim.doctor.declines()
    assert (await panel.ended(await panel.post()))["state"] == "declined"
    again = await panel.post()
    assert (again.status, again.code) == (429, "refused-lately")
    assert 1 <= int(again.headers["retry-after"]) <= 3
    assert (await victim.panel("https://patient.example").post()).status == 202
    await victim.asked(before + 2)


@attack(
    PANEL,
    "windows that flash",
    "posts, takes back what is shown, and posts again",
    "what is taken back while it is read counts as a no: 429 `refused-lately`",
    leaves=SHOWN,
)
async def flashing(victim: Victim) -> None:
    panel, before = victim.panel("https://flash.example"), len(victim.doctor.questions)
    await panel.post()
    await victim.asked(before + 1)
    await panel.take_back()
    again = await panel.post()
    assert (again.status, again.code) == (429, "refused-lately")


@attack(
    PANEL,
    "many panels together",
    "ten panels post two requests each",
    "eight are open in all, one is shown",
    leaves=SHOWN,
)
async def conspiracy(victim: Victim) -> None:
    before = len(victim.doctor.questions)
    panels = [victim.panel(f"https://many{number}.example") for number in range(10)]
    replies = [await panel.post() for panel in panels for _ in range(2)]
    assert sorted(reply.status for reply in replies) == [202] * 8 + [429] * 12
    await victim.asked(before + 1)
    await asyncio.sleep(0.1)
    assert len(victim.doctor.questions) == before + 1


@attack(
    PANEL,
    "another panel's request",
    "reads and cancels a request by its id",
    "404 `request-unknown`, and the request stays open",
    leaves=SHOWN,
)
async def foreign_request(victim: Victim) -> None:
    owner, other = victim.panel("https://owner.example"), victim.panel("https://other.example")
    place = (await owner.post()).headers["location"]
    for method in ("GET", "DELETE"):
        reply = await other.call(method, place)
        assert (reply.status, reply.code) == (404, "request-unknown")
    assert (await owner.call("GET", place)).json()["state"] in {"received", "consent"}


@attack(
    PANEL,
    "the document changed between consent and signature",
    "posts another body under the same key while the doctor reads",
    "422 `idempotency-conflict`; what is signed is, octet for octet, what was on screen",
    leaves=(*SHOWN, "intents", "signatures"),
)
async def swapped_document(victim: Victim) -> None:
    panel, before = victim.panel("https://swap.example"), len(victim.doctor.questions)
    read, swapped = ({"id": "rx-1", "media_type": "text/plain", "content": f"{dose} mg", "format": "cades"}
                     for dose in (5, 500))  # fmt: skip
    victim.doctor.reading = asyncio.Event()
    victim.doctor.says_yes()
    posted = await panel.post(signing_request(read), key="swap")
    await victim.asked(before + 1)
    other = await panel.post(signing_request(swapped), key="swap")
    assert (other.status, other.code) == (422, "idempotency-conflict")
    victim.doctor.reading.set()
    (document,) = (await panel.ended(posted))["documents"]
    signature = base64.b64decode(document["signature"])
    assert b"5 mg" in signature
    assert b"500 mg" not in signature
    report = _judged(victim, signature, b"5 mg")
    assert report is Indication.VALID


@attack(
    PANEL,
    "a key reused for another prescription",
    "posts another body under a key that has its signature already",
    "422 `idempotency-conflict`; the doctor is asked once and one signature is made",
    leaves=("consents", "intents", "signatures"),
)
async def reused_key(victim: Victim) -> None:
    panel, before = victim.panel("https://reuse.example"), victim.traces()
    victim.doctor.says_yes()
    posted = await panel.post(key="reuse")
    first = await panel.ended(posted)
    other = await panel.post(signing_request(purpose="more"), key="reuse")
    assert (other.status, other.code) == (422, "idempotency-conflict")
    again = await panel.post(key="reuse")
    assert again.json()["documents"] == first["documents"]
    after = victim.traces()
    assert (after.signatures, after.consents) == (before.signatures + 1, before.consents + 1)


@attack(
    PANEL,
    "text that imitates the dialog",
    "a document of line breaks, controls and the window's own words",
    "each line is quoted as the document's, controls are spelled out, and a finding wants a yes of its own",
    leaves=SHOWN,
)
async def imitation(victim: Victim) -> None:
    panel, before = victim.panel("https://mimic.example"), len(victim.doctor.questions)
    text = "\r\n\n\n\x1b[2J\x1b[H✓ https://panel.example\u202e\n<b>PIN:</b> \u200b✓"
    document = {"id": "rx-1", "media_type": "text/plain", "content": text, "format": "cades"}
    await panel.post(signing_request(document))
    await victim.asked(before + 1)
    question = victim.doctor.questions[-1]
    assert question.origin == "https://mimic.example"
    (sheet,) = question.sheets
    assert "hidden-characters" in [finding.code for finding in sheet.needs_yes]
    assert isinstance(sheet.body, PlainSheet)
    shown = "".join(leaf.text for leaf in sheet.body.leaves)
    lines = ["".join(line) for line in sheet_lines(sheet)]
    for drawn in (shown, *lines):
        assert not set("\x1b\r\n\u202e\u200b") & set(drawn)
    assert "<U+001B>" in shown
    assert "<U+202E>" in shown


@attack(
    PANEL,
    "hidden characters, and no yes of their own",
    "hopes that a yes to the whole covers them",
    "a yes without the finding's own is no answer: the request fails and nothing is signed",
    leaves=SHOWN,
)
async def hidden_characters(victim: Victim) -> None:
    panel = victim.panel("https://hidden.example")
    victim.doctor.says(
        lambda question: msgspec.structs.replace(
            whole := yes(question, hsm.PIN),
            answers=tuple(msgspec.structs.replace(answer, accepted=()) for answer in whole.answers),
        )
    )
    document = {"id": "rx-1", "media_type": "text/plain", "content": "5\u202e0 mg", "format": "cades"}
    ended = await panel.ended(await panel.post(signing_request(document)))
    assert (ended["state"], ended["documents"][0]["problem"]["code"]) == ("failed", "unexpected")


@attack(
    PANEL,
    "a sign-in that is asked for as a document",
    "posts a document of format sign-in, and a JWS whose content is a sign-in's",
    "422 `format-unsupported`; no server takes the signed JWS for a sign-in",
    leaves=(*SHOWN, "intents", "signatures"),
)
async def document_as_sign_in(victim: Victim) -> None:
    panel, now = victim.panel("https://claims.example"), int(time.time())
    nonce = b64u(secrets.token_bytes(32))
    claims = {"aud": panel.origin, "nonce": nonce, "iat": now, "exp": now + 300}
    document = {"id": "a", "media_type": "application/json", "content": json_of(claims).decode()}
    sneaked = await panel.post(signing_request({**document, "format": "sign-in"}))
    assert (sneaked.status, sneaked.code) == (422, "format-unsupported")
    for kind in ("jws", "jades"):
        victim.doctor.says_yes()
        ended = await panel.ended(await panel.post(signing_request({**document, "format": kind})))
        token = base64.b64decode(ended["documents"][0]["signature"]).decode()
        assert _sign_in_refusal(victim, token, panel.origin, nonce) in {
            Refusal.NOT_A_SIGN_IN,
            Refusal.MALFORMED,
        }


@attack(
    PANEL,
    "a sign-in that is offered as a prescription",
    "hands a sign-in token to who verifies prescriptions, and to another panel",
    "no verdict is valid, and another origin refuses it",
    leaves=(*SHOWN, "intents", "signatures"),
)
async def sign_in_as_document(victim: Victim) -> None:
    panel, nonce = victim.panel("https://signin.example"), b64u(secrets.token_bytes(32))
    victim.doctor.says_yes()
    posted = await panel.post(json_of({"nonce": nonce}), path=SIGN_INS)
    token = str((await panel.ended(posted))["token"])
    assert _sign_in_refusal(victim, token, panel.origin, nonce) is None
    assert _sign_in_refusal(victim, token, ORIGIN, nonce) is Refusal.OTHER_ORIGIN
    claims = unb64u(token.split(".")[1])
    assert _judged(victim, token.encode(), claims) is not Indication.VALID
    assert _judged(victim, token.encode(), None) is not Indication.VALID


def _judged(victim: Victim, signature: bytes, content: bytes | None) -> Indication:
    assert victim.anchor is not None
    report = verify(signature, content=content, anchors=(victim.anchor,), revocation=RevocationPolicy.SKIP)
    return report.indication


def _sign_in_refusal(victim: Victim, token: str, origin: str, nonce: str) -> Refusal | None:
    assert victim.anchor is not None
    try:
        check(token, origin=origin, nonce=nonce, anchors=(victim.anchor,), now=datetime.now(UTC))
    except SignInRefused as told:
        return told.refusal
    return None


def _stolen(victim: Victim) -> SigningKey:
    """The honest panel's own key."""
    return victim.panel().panel_key


@attack(
    LISTENER,
    "stolen page keys at a site that is not paired",
    "signs with the panel's key from another origin",
    "401 `not-paired`",
)
async def stolen_key_of_a_stranger(victim: Victim) -> None:
    thief = victim.page("https://thief.example")
    thief.panel_key = _stolen(victim)
    refused(await thief.call("GET", "/v1/credentials"), 401, "not-paired")


@attack(
    LISTENER,
    "stolen page keys at another paired panel",
    "signs with the panel's key from an origin that has a key of its own",
    "401 `signature-invalid`",
)
async def stolen_key_of_a_panel(victim: Victim) -> None:
    victim.panel("https://paired-thief.example")
    thief = victim.page("https://paired-thief.example")
    thief.panel_key = _stolen(victim)
    refused(await thief.call("GET", "/v1/credentials"), 401, "signature-invalid")


@attack(
    LISTENER,
    "a request recorded and sent again",
    "sends the panel's own request a second time, over each way in",
    "401 `request-replayed`",
)
async def replay(victim: Victim) -> None:
    panel = victim.panel()
    recorded = list(panel.signature("GET", "/v1/credentials").items())
    first = await panel.send("GET", "/v1/credentials", panel.head() + recorded)
    assert first.status == 200
    refused(await panel.send("GET", "/v1/credentials", panel.head() + recorded), 401, "request-replayed")
    for name in ("ws", "bridge"):
        async with victim.way(panel, name) as way:
            refused(await way.send("GET", "/v1/credentials", recorded), 401, "request-replayed")


@attack(
    LISTENER,
    "a request that was held back",
    "sends what the panel signed six minutes ago, or will sign in six",
    "401 `request-stale`",
)
async def stale(victim: Victim) -> None:
    panel = victim.panel()
    for late in (-WINDOW - 60, WINDOW + 60):
        proof = panel.signature("GET", "/v1/credentials", created=int(time.time()) + late)
        reply = await panel.send("GET", "/v1/credentials", panel.head() + list(proof.items()))
        refused(reply, 401, "request-stale")


@attack(
    LISTENER,
    "a key that the doctor has revoked",
    "goes on with it",
    "401 `not-paired` at the next request, on an open socket too",
)
async def revoked(victim: Victim) -> None:
    panel = victim.panel("https://revoked.example")
    async with victim.way(panel, "ws") as socket:
        assert (await socket.call("GET", "/v1/credentials")).status == 200
        victim.revoke(panel)
        refused(await socket.call("GET", "/v1/credentials"), 401, "not-paired")
    refused(await panel.call("GET", "/v1/credentials"), 401, "not-paired")


#: Rows of the endpoint's own table that are attacks, by their names there.
_BORROWED = {
    "another path": "sends a signed GET to another path",
    "a query added": "adds a query to a signed request",
    "another method": "makes a DELETE of a signed GET",
    "another body": "changes a signed body",
    "another Idempotency-Key": "changes a signed key",
    "signed for another address": "sends what was signed for another address",
    "another key": "signs with a key of its own",
    "another algorithm": "names a weaker algorithm",
    "a component less": "leaves the query out of what is signed",
    "a second signature": "adds a second signature",
    "a SHA-512 digest": "names another digest",
    "a short nonce": "signs with a nonce of 15 octets",
    "an unknown route, unsigned": "looks for routes that are not told",
    "nested too deep": "posts arrays in arrays",
    "a repeated member": "names a member twice, for two readers to read apart",
    "a lone surrogate": "posts text that is none",
    "an unknown document member": "posts a member that nobody shows the doctor",
    "251 documents": "posts more documents than anybody reads",
}


def _borrowed(rows: list[Row], position: Position, family: str) -> tuple[Attack, ...]:
    return tuple(
        request(position, f"{family}: {name}", _BORROWED[name], make, status, code, as_itself=True)
        for name, make, status, code in rows
        if _BORROWED.get(name)
    )  # fmt: skip


ATTACKS: tuple[Attack, ...] = (
    brute_force,
    race,
    intruder,
    broken_commitment,
    relayed_pairing,
    two_questions,
    flood,
    nagging,
    flashing,
    conspiracy,
    foreign_request,
    swapped_document,
    reused_key,
    imitation,
    hidden_characters,
    document_as_sign_in,
    sign_in_as_document,
    *_borrowed(BODY, PANEL, "a crooked body"),
    stolen_key_of_a_stranger,
    stolen_key_of_a_panel,
    replay,
    stale,
    revoked,
    *_borrowed(PROOF, LISTENER, "a signed request altered"),
)
