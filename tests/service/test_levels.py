"""Levels above B-B on their way through the agent: what is reached is told, what fails is never released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from asn1crypto import cms as other_cms

from signer.model.errors import FormatUnsupported, PolicyInvalid, RevocationUnreachable, TsaUnreachable
from signer.model.policy import Policy, RevocationMode
from signer.model.request import Document, DocumentState, Level, RequestState, SignatureFormat
from signer.service.views import RequestView
from tests.service.test_signing import ORIGIN, Clinic, codes, eventually, states


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made = Clinic(tmp_path / "journal")
    yield made
    await made.close()


def at(level: Level, document_id: str = "rx-1", *, attached: bool = True) -> Document:
    return Document(
        id=document_id,
        media_type="text/plain",
        content=f"نسخهٔ {document_id}".encode(),
        level=level,
        attached=attached,
    )


def levels(view: RequestView) -> list[str | None]:
    return [d.level for d in view.documents]


def inside(view: RequestView, place: int = 0) -> tuple[bool, int, int]:
    """Has it a timestamp, and how many certificates and pieces of revocation data, says another library."""
    data = other_cms.ContentInfo.load(view.documents[place].signature or b"", strict=True)["content"]
    unsigned = data["signer_infos"][0]["unsigned_attrs"].native
    return bool(unsigned), len(data["certificates"]), len(data["crls"].native or ())


@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
@pytest.mark.parametrize(
    ("level", "told", "found"),
    [
        (Level.B_B, "B-B", (False, 1, 0)),
        (Level.B_T, "B-T", (True, 1, 0)),
        (Level.B_T_IF_POSSIBLE, "B-T", (True, 1, 0)),
        (Level.B_LT, "B-LT", (True, 4, 1)),
        (Level.B_LT_IF_POSSIBLE, "B-LT", (True, 4, 1)),
    ],
)
async def test_each_level_comes_out_as_asked_and_the_same_again_after_a_restart(
    clinic: Clinic, level: Level, told: str, found: tuple[bool, int, int], attached: bool
) -> None:
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(level, attached=attached)))
    assert codes(view) == [None]
    assert levels(view) == [told]
    assert inside(view) == found
    await clinic.restart()
    assert (await clinic.post(at(level, attached=attached))).documents == view.documents
    assert clinic.token.signed == 1


@pytest.mark.parametrize(
    ("level", "down", "told", "code"),
    [
        (Level.B_T, "tsa", None, "tsa-unreachable"),
        (Level.B_T_IF_POSSIBLE, "tsa", "B-B", None),
        (Level.B_LT, "tsa", None, "tsa-unreachable"),
        (Level.B_LT_IF_POSSIBLE, "tsa", "B-B", None),
        (Level.B_LT, "lists", None, "revocation-unreachable"),
        (Level.B_LT_IF_POSSIBLE, "lists", "B-T", None),
        (Level.B_T, "lists", "B-T", None),
        (Level.B_B, "tsa", "B-B", None),
    ],
)
async def test_what_is_out_of_reach_fails_by_name_or_comes_out_lower_and_says_so(
    clinic: Clinic, level: Level, down: str, told: str | None, code: str | None
) -> None:
    clinic.net.tsa_down, clinic.net.revocation_down = down == "tsa", down == "lists"
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(level)))
    assert levels(view) == [told]
    assert codes(view) == [code]
    assert (view.documents[0].signature is None) == (code is not None)


async def test_a_failed_timestamp_fails_its_document_alone_and_is_in_the_journal(clinic: Clinic) -> None:
    clinic.net.tsa_down = True
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(Level.B_T, "a"), at(Level.B_B, "b")))
    assert states(view) == [DocumentState.FAILED, DocumentState.SIGNED]
    assert view.state is RequestState.FINISHED
    await eventually(lambda: len(clinic.doctor.outcomes) == 1)
    past = await clinic.journal.past(ORIGIN, "k1", clinic.clock.now())
    assert past is not None
    assert [(i.document_id, i.level) for i in past.intents] == [("a", "B-T"), ("b", "B-B")]
    assert [(e.document_id, e.code) for e in past.endings] == [("a", "tsa-unreachable")]
    assert [(s.document_id, s.level) for s in past.seals] == [("b", "B-B")]


async def test_the_same_key_tells_the_failure_again_and_a_new_one_asks_and_signs_anew(clinic: Clinic) -> None:
    clinic.net.tsa_down = True
    clinic.yes()
    await clinic.finished(await clinic.post(at(Level.B_T)))
    await eventually(lambda: len(clinic.doctor.outcomes) == 1)
    clinic.net.tsa_down = False
    await clinic.restart()
    assert codes(await clinic.post(at(Level.B_T))) == ["tsa-unreachable"]
    assert len(clinic.doctor.questions) == 1
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(Level.B_T), key="k2"))
    assert levels(view) == ["B-T"]
    assert len(clinic.doctor.questions) == 2


async def test_chains_are_proven_once_for_a_whole_batch(clinic: Clinic) -> None:
    clinic.yes()
    view = await clinic.finished(await clinic.post(*(at(Level.B_LT, f"rx-{n}") for n in range(8))))
    assert levels(view) == ["B-LT"] * 8
    assert len(clinic.net.stamped) == 8
    assert len(clinic.net.asked) == 2, "the signer's certificate and the timestamp authority's"


async def test_the_token_is_logged_out_before_the_last_timestamp_comes(clinic: Clinic) -> None:
    clinic.net.gate = asyncio.Event()
    clinic.yes()
    posted = await clinic.post(*(at(Level.B_T, f"rx-{n}") for n in range(3)))
    await eventually(lambda: clinic.token.signed == 3 and clinic.token.sessions_open == 0)
    assert (await clinic.service.view(origin=ORIGIN, request_id=posted.id)).state is RequestState.SIGNING
    clinic.net.gate.set()
    assert levels(await clinic.finished(posted)) == ["B-T"] * 3


async def test_what_the_token_signed_is_sealed_though_the_panel_cancels_meanwhile(clinic: Clinic) -> None:
    clinic.net.gate = asyncio.Event()
    clinic.yes()
    posted = await clinic.post(at(Level.B_T))
    await eventually(lambda: clinic.token.signed == 1)
    cancelling = asyncio.ensure_future(clinic.service.cancel(origin=ORIGIN, request_id=posted.id))
    await asyncio.sleep(0.01)
    clinic.net.gate.set()
    assert states(await cancelling) == [DocumentState.SIGNED]


async def test_an_agent_that_is_closed_waits_for_no_timestamp_and_asks_anew_after_its_restart(
    clinic: Clinic,
) -> None:
    clinic.net.gate = asyncio.Event()
    clinic.yes()
    await clinic.post(at(Level.B_T))
    await eventually(lambda: clinic.token.signed == 1)
    await asyncio.wait_for(clinic.restart(), 5)
    clinic.net.gate.set()
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(Level.B_T)))
    assert levels(view) == ["B-T"]
    assert len(clinic.doctor.questions) == 2


async def test_a_revoked_signer_gets_no_b_lt_and_is_told_why(clinic: Clinic) -> None:
    clinic.net.revoked.add((await clinic.token.credentials())[0].id)
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(Level.B_LT_IF_POSSIBLE)))
    assert codes(view) == ["certificate-revoked"]


@pytest.mark.parametrize(
    ("mode", "level", "told"),
    [
        (RevocationMode.PREFER, Level.B_LT, "B-LT"),
        (RevocationMode.SKIP, Level.B_LT_IF_POSSIBLE, "B-T"),
        (RevocationMode.SKIP, Level.B_T, "B-T"),
    ],
)
async def test_policy_says_how_much_evidence_is_needed(
    clinic: Clinic, mode: RevocationMode, level: Level, told: str
) -> None:
    clinic.revocation = mode
    clinic.net.no_list_of_the_tsa = True
    await clinic.restart()
    clinic.yes()
    assert levels(await clinic.finished(await clinic.post(at(level)))) == [told]
    assert not (mode is RevocationMode.SKIP and clinic.net.asked)


async def test_evidence_that_is_required_is_required_of_the_timestamp_authority_too(clinic: Clinic) -> None:
    clinic.net.no_list_of_the_tsa = True
    clinic.yes()
    view = await clinic.finished(await clinic.post(at(Level.B_LT)))
    assert codes(view) == ["revocation-unreachable"]


async def test_a_level_that_cannot_be_is_refused_before_the_doctor_is_asked(clinic: Clinic) -> None:
    clinic.net.timestamps = False
    for level in (Level.B_T, Level.B_LT):
        with pytest.raises(TsaUnreachable):
            await clinic.post(at(level))
    clinic.net.timestamps = True
    clinic.revocation = RevocationMode.SKIP
    await clinic.restart()
    with pytest.raises(RevocationUnreachable):
        await clinic.post(at(Level.B_LT))
    assert clinic.doctor.questions == []


@pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
async def test_legacy_cms_is_signed_and_found_again(clinic: Clinic, attached: bool) -> None:
    document = Document(
        id="old", media_type="text/plain", content=b"x", format=SignatureFormat.CMS, attached=attached
    )
    clinic.yes()
    view = await clinic.finished(await clinic.post(document))
    assert levels(view) == ["B-B"]
    await clinic.restart()
    assert (await clinic.post(document)).documents == view.documents


async def test_with_a_policy_that_cannot_be_read_nothing_is_signed(clinic: Clinic) -> None:
    clinic.policy_problem = PolicyInvalid("/etc/mohr/policy.toml: can be written by others")
    await clinic.restart()
    with pytest.raises(PolicyInvalid, match="written by others"):
        await clinic.post(at(Level.B_B))
    assert clinic.doctor.questions == []


async def test_policy_may_leave_formats_out_and_make_a_finding_red(clinic: Clinic) -> None:
    clinic.policy = Policy(
        formats=frozenset({SignatureFormat.CADES}), red_findings=frozenset({"hidden-characters"})
    )
    await clinic.restart()
    with pytest.raises(FormatUnsupported, match="policy"):
        await clinic.post(Document(id="x", media_type="text/plain", content=b"x", format=SignatureFormat.CMS))
    await clinic.post(Document(id="x", media_type="text/plain", content="5\u200b mg".encode()))
    await eventually(lambda: len(clinic.doctor.questions) == 1)
    assert clinic.doctor.questions[0].sheets[0].refused


UNSUPPORTED = [
    (SignatureFormat.CMS, Level.B_T, "text/plain"),
    (SignatureFormat.JWS, Level.B_T, "text/plain"),
    (SignatureFormat.JADES, Level.B_LT, "text/plain"),
    (SignatureFormat.XADES, Level.B_LT, "application/xml"),
    (SignatureFormat.ASIC_E, Level.B_T, "text/plain"),
    (SignatureFormat.ASIC_E_CADES, Level.B_T, "text/plain"),
    (SignatureFormat.PADES, Level.B_B, "text/plain"),
    (SignatureFormat.JWS, Level.B_B, "application/pdf"),
    (SignatureFormat.ASIC_E, Level.B_B, "application/pdf"),
    (SignatureFormat.SIGN_IN, Level.B_B, "text/plain"),
    (SignatureFormat.CADES, Level.B_B, "image/png"),
]


@pytest.mark.parametrize(("kind", "level", "media_type"), UNSUPPORTED)
async def test_what_does_not_go_together_is_refused_at_the_door(
    clinic: Clinic, kind: SignatureFormat, level: Level, media_type: str
) -> None:
    with pytest.raises(FormatUnsupported):
        await clinic.post(Document(id="x", media_type=media_type, content=b"x", format=kind, level=level))


async def test_more_timestamps_than_one_commit_holds_lose_and_double_nothing(clinic: Clinic) -> None:
    clinic.yes()
    posted = await clinic.post(*(at(Level.B_T, f"rx-{n}") for n in range(30)))
    view = await clinic.service.view(origin=ORIGIN, request_id=posted.id, wait=60)
    assert set(levels(view)) == {"B-T"}
    assert clinic.token.signed == 30
    assert await clinic.journal.check() == 60
