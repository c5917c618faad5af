"""Signing in: a question of its own, made for the browser's origin, and never by way of a document."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from signer import x509
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority, Usage
from signer.envelope import jades, jws
from signer.model.errors import CredentialNotForSignIn, FormatUnsupported, IdempotencyConflict
from signer.model.request import SIGN_IN, Document, DocumentState, Level, RequestState, SignatureFormat
from signer.model.sheet import PlainSheet
from signer.service import envelopes
from signer.service.consent import Declined
from signer.service.credentials import credential_of
from signer.service.views import RequestView
from signer.verify import sign_in
from signer.x509 import read
from tests.jose import header_of, made
from tests.service.doubles import NOW, SoftToken
from tests.service.test_signing import ORIGIN, OTHER, Clinic

NONCE = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[Clinic]:
    made_here = Clinic(tmp_path / "journal")
    yield made_here
    await made_here.close()


async def ask(clinic: Clinic, *, key: str = "s1", body: bytes = b"s" * 32) -> RequestView:
    return await clinic.service.sign_in(
        origin=ORIGIN, idempotency_key=key, body_hash=body, nonce=NONCE, credential=None
    )


def token_of(view: RequestView) -> str:
    signature = view.documents[0].signature
    assert signature is not None, view
    return signature.decode("ascii")


async def test_a_yes_and_a_pin_give_a_token_for_this_origin_and_this_nonce(clinic: Clinic) -> None:
    clinic.yes()
    view = await clinic.finished(await ask(clinic))
    assert view.state is RequestState.FINISHED
    anchor = read(clinic.token.anchor)
    found = sign_in.check(token_of(view), origin=ORIGIN, nonce=NONCE, anchors=(anchor,), now=NOW)
    assert found.holder.council_numbers == ("123456",)
    assert found.expires_at - found.issued_at == timedelta(seconds=300)
    assert view.documents[0].certificate == found.certificate.der


async def test_the_doctor_is_asked_to_sign_in_and_sees_all_that_the_page_gave(clinic: Clinic) -> None:
    clinic.yes()
    await clinic.finished(await ask(clinic))
    (question,) = clinic.doctor.questions
    (sheet,) = question.sheets
    assert question.signs_in
    assert [finding.code for finding in sheet.findings] == ["signs-in"]
    assert isinstance(sheet.body, PlainSheet)
    assert {leaf.pointer: leaf.text for leaf in sheet.body.leaves} == {"/aud": ORIGIN, "/nonce": NONCE}


async def test_a_no_is_a_no(clinic: Clinic) -> None:
    clinic.doctor.answers.append(lambda question: Declined())
    view = await clinic.finished(await ask(clinic))
    assert (view.state, view.documents[0].signature) == (RequestState.DECLINED, None)
    assert clinic.token.signed == 0


async def test_the_same_key_gives_the_same_token_after_a_restart_and_another_body_a_conflict(
    clinic: Clinic,
) -> None:
    clinic.yes()
    first = token_of(await clinic.finished(await ask(clinic)))
    await clinic.restart()
    again = await clinic.finished(await ask(clinic))
    assert (token_of(again), clinic.token.signed) == (first, 1)
    assert again.documents[0].certificate is not None
    with pytest.raises(IdempotencyConflict):
        await ask(clinic, body=b"t" * 32)


async def test_another_origin_sees_nothing_of_it(clinic: Clinic) -> None:
    clinic.yes()
    view = await clinic.finished(await ask(clinic))
    with pytest.raises(Exception, match="request-unknown"):
        await clinic.finished(view, OTHER)


def only(token: SoftToken, usage: frozenset[Usage] | None) -> None:
    """The token's one certificate, issued anew with this key usage."""
    (credential,) = token._credentials
    old = read(credential.certificate)
    authority = DemoAuthority(now=NOW)
    der = authority.issue(old.spki, PLAIN_DOCTOR, not_before=NOW - timedelta(days=1), usage=usage)
    token.anchor = authority.certificate
    token._keys = {x509.read(der).id: token._keys[old.id]}
    token._credentials = [credential_of(x509.read(der), credential.key_id, credential.token, NOW)]


async def test_a_certificate_for_documents_alone_signs_documents_and_does_not_sign_in(clinic: Clinic) -> None:
    only(clinic.token, frozenset({Usage.NON_REPUDIATION}))
    view = await clinic.finished(await ask(clinic))
    assert view.state is RequestState.FAILED
    assert isinstance(view.documents[0].problem, CredentialNotForSignIn)
    assert clinic.doctor.questions == []
    clinic.yes()
    assert (await clinic.finished(await clinic.post())).state is RequestState.FINISHED


async def test_policy_may_let_it_sign_in(clinic: Clinic) -> None:
    only(clinic.token, frozenset({Usage.NON_REPUDIATION}))
    clinic.service._around = replace(clinic.service._around, sign_in_with_non_repudiation=True)
    clinic.yes()
    view = await clinic.finished(await ask(clinic))
    anchor = read(clinic.token.anchor)
    asked = {"origin": ORIGIN, "nonce": NONCE, "anchors": (anchor,), "now": NOW}
    with pytest.raises(sign_in.SignInRefused) as refused:
        sign_in.check(token_of(view), **asked)  # type: ignore[arg-type]
    assert refused.value.refusal is sign_in.Refusal.CERTIFICATE_USAGE
    sign_in.check(token_of(view), non_repudiation_too=True, **asked)  # type: ignore[arg-type]


async def test_a_certificate_that_says_nothing_of_its_usage_signs_in(clinic: Clinic) -> None:
    only(clinic.token, None)
    clinic.yes()
    assert (await clinic.finished(await ask(clinic))).state is RequestState.FINISHED


CLAIMS = envelopes.sign_in_document(ORIGIN, NONCE).content
FORMATS = list(itertools.product((SIGN_IN, "application/json", "text/plain"), SignatureFormat, Level))


@pytest.mark.parametrize(
    ("media_type", "signature_format", "level"),
    [cell for cell in FORMATS if SIGN_IN in cell or SignatureFormat.SIGN_IN in cell],
    ids=lambda value: getattr(value, "value", value),
)
async def test_no_document_is_taken_in_as_a_sign_in(
    clinic: Clinic, media_type: str, signature_format: SignatureFormat, level: Level
) -> None:
    posing = Document(
        id="x", media_type=media_type, content=CLAIMS, format=signature_format, level=level, attached=False
    )
    with pytest.raises(FormatUnsupported):
        await clinic.post(posing)
    assert clinic.doctor.questions == []


@pytest.mark.parametrize("media_type", ["mohr-signin+jws", "application/mohr-signin+jws", SIGN_IN])
def test_no_document_signature_has_the_typ_of_a_sign_in_whatever_is_asked_for(media_type: str) -> None:
    try:
        headers = [
            header_of(made(jws.prepare, content=CLAIMS, media_type=media_type)),
            header_of(made(jades.prepare, content=CLAIMS, media_type=media_type)),
            header_of(made(jades.prepare, content=CLAIMS, media_type=media_type, level=Level.B_T)),
        ]
    except FormatUnsupported:
        return
    assert {header["typ"] for header in headers} == {"jose", "jose+json"}


async def test_a_text_that_imitates_a_sign_in_is_asked_about_as_the_document_that_it_is(
    clinic: Clinic,
) -> None:
    clinic.yes()
    posing = Document(id="x", media_type="application/json", content=CLAIMS)
    view = await clinic.finished(await clinic.post(posing))
    assert view.documents[0].state is DocumentState.SIGNED
    (question,) = clinic.doctor.questions
    assert not question.signs_in
