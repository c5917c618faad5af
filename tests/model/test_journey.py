"""A request's journey: what may happen at which stage, and what may never happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model import journey as j
from signer.model.request import DocumentState, RequestState

DOCUMENTS = ("a", "b", "c")


def travel(*events: j.Event) -> tuple[j.Journey, list[j.Effect]]:
    journey = j.begin(DOCUMENTS)
    effects: list[j.Effect] = []
    for event in events:
        journey, more = j.step(journey, event)
        effects.extend(more)
    return journey, effects


TO_CONSENT = (j.Turn(), j.CredentialsFound(("c1",)))
TO_SIGNING = (*TO_CONSENT, j.ConsentGiven(DOCUMENTS), j.Authorised())


def test_the_plain_way_ends_finished() -> None:
    journey, effects = travel(*TO_SIGNING, j.Sealed(("a", "b")), j.Sealed(("c",)))
    assert j.request_state(journey) is RequestState.FINISHED
    assert effects == [j.Seek(), j.AskConsent("c1"), j.LogIn("c1"), j.Sign(DOCUMENTS), j.Close()]


def test_several_credentials_are_the_doctors_choice() -> None:
    journey, effects = travel(j.Turn(), j.CredentialsFound(("c1", "c2")))
    assert j.request_state(journey) is RequestState.CHOOSING
    assert effects[-1] == j.AskChoice(("c1", "c2"))
    journey, effects = travel(j.Turn(), j.CredentialsFound(("c1", "c2")), j.CredentialPicked("c2"))
    assert effects[-1] == j.AskConsent("c2")


def test_what_is_not_approved_is_declined_and_recorded() -> None:
    journey, effects = travel(*TO_CONSENT, j.ConsentGiven(("b",)))
    assert journey.documents["a"].state is DocumentState.DECLINED
    assert effects[-2:] == [j.Record(("a", "c"), "consent-declined"), j.LogIn("c1")]


def test_a_refused_pin_is_asked_again_and_logs_in_once_for_each_answer() -> None:
    _, effects = travel(
        *TO_CONSENT, j.ConsentGiven(DOCUMENTS), j.AuthorisationRefused("wrong"), j.ConsentGiven(DOCUMENTS)
    )
    assert effects[-3:] == [j.LogIn("c1"), j.AskAgain("wrong"), j.LogIn("c1")]


@pytest.mark.parametrize(
    ("before", "event", "state", "document_state"),
    [
        ((j.Turn(),), j.CredentialsFound(()), RequestState.FAILED, DocumentState.FAILED),
        ((), j.Cancelled(), RequestState.CANCELLED, DocumentState.CANCELLED),
        (TO_CONSENT, j.ConsentRefused(), RequestState.DECLINED, DocumentState.DECLINED),
        (TO_CONSENT, j.Broken("request-expired"), RequestState.FAILED, DocumentState.FAILED),
        (TO_SIGNING, j.Broken("token-removed"), RequestState.FAILED, DocumentState.FAILED),
    ],
)
def test_each_bad_end_records_what_was_open_and_closes(
    before: tuple[j.Event, ...],
    event: j.Event,
    state: RequestState,
    document_state: DocumentState,
) -> None:
    journey, effects = travel(*before, event)
    assert j.request_state(journey) is state
    assert {p.state for p in journey.documents.values()} == {document_state}
    assert isinstance(effects[-2], j.Record)
    assert effects[-2].documents == DOCUMENTS
    assert effects[-1] == j.Close()


def test_cancelling_during_signing_keeps_what_is_sealed() -> None:
    journey, effects = travel(*TO_SIGNING, j.Sealed(("a",)), j.Cancelled())
    assert journey.documents["a"].state is DocumentState.SIGNED
    assert effects[-2:] == [j.Record(("b", "c"), "request-cancelled"), j.Close()]


def test_one_documents_failure_lets_the_others_go_on() -> None:
    journey, _ = travel(*TO_SIGNING, j.DocumentFailed("b", "document-refused"), j.Sealed(("a", "c")))
    assert j.request_state(journey) is RequestState.FINISHED
    assert journey.documents["b"] == j.Progress(DocumentState.FAILED, "document-refused")


AWAY = (j.TokenGone(), j.TokenBack(), j.ConsentGiven(DOCUMENTS))


def _at_the_token() -> tuple[j.Event, ...]:
    return (j.Turn(), j.CredentialsFound(("c",)), j.ConsentGiven(DOCUMENTS))


def test_a_token_that_comes_back_and_is_gone_again_ends_the_request_before_a_fourth_pin() -> None:
    journey, effects = travel(*_at_the_token(), *AWAY * j.FRUITLESS_RETURNS, j.TokenGone())
    assert journey.stage == j.Ended(RequestState.FAILED, "token-removed")
    assert [effect for effect in effects if isinstance(effect, j.AskAgain)] == [
        j.AskAgain("token-back")
    ] * j.FRUITLESS_RETURNS


def test_a_signature_in_between_lets_a_token_be_away_as_often_again() -> None:
    signed = (j.Authorised(), j.Sealed((DOCUMENTS[0],)))
    journey, _ = travel(*_at_the_token(), *AWAY * j.FRUITLESS_RETURNS, *signed, j.TokenGone())
    assert isinstance(journey.stage, j.AwaitingToken)


def test_a_token_that_was_logged_out_is_asked_for_its_pin_and_what_is_signed_stays_so() -> None:
    logged_out = (j.Sealed(("a",)), j.LoggedOut())
    journey, effects = travel(*TO_SIGNING, *logged_out)
    assert isinstance(journey.stage, j.Authorising)
    assert journey.open_documents == ("b", "c")
    assert effects[-1] == j.AskAgain("logged-out")
    journey, effects = travel(*TO_SIGNING, *logged_out, j.ConsentGiven(DOCUMENTS), j.Authorised())
    assert effects[-1] == j.Sign(("b", "c"))


def test_a_token_that_is_logged_out_again_and_again_ends_the_request_before_a_fourth_pin() -> None:
    again = (j.LoggedOut(), j.ConsentGiven(DOCUMENTS), j.Authorised())
    journey, effects = travel(*TO_SIGNING, *again * j.FRUITLESS_RETURNS, j.LoggedOut())
    assert journey.stage == j.Ended(RequestState.FAILED, "not-logged-in")
    assert sum(effect == j.AskAgain("logged-out") for effect in effects) == j.FRUITLESS_RETURNS


def test_an_event_that_cannot_be_is_a_bug() -> None:
    with pytest.raises(j.OutOfStep):
        travel(j.Authorised())


def test_what_is_known_from_before_is_never_done_again() -> None:
    known = {
        "a": j.Progress(DocumentState.SIGNED),
        "b": j.Progress(DocumentState.DECLINED, "consent-declined"),
    }
    journey = j.begin(DOCUMENTS, known)
    assert journey.open_documents == ("c",)
    complete = j.begin(("a", "b"), known)
    assert j.request_state(complete) is RequestState.FINISHED


ids = st.sampled_from(DOCUMENTS)
some_ids = st.lists(ids, unique=True).map(tuple)
events = st.one_of(
    st.just(j.Turn()),
    st.lists(st.sampled_from(("c1", "c2")), unique=True).map(lambda c: j.CredentialsFound(tuple(c))),
    st.just(j.CredentialPicked("c1")),
    some_ids.map(j.ConsentGiven),
    st.just(j.ConsentRefused()),
    st.just(j.AuthorisationRefused("wrong")),
    st.just(j.Authorised()),
    some_ids.map(j.Sealed),
    st.builds(j.DocumentFailed, ids, st.just("document-refused")),
    st.just(j.Cancelled()),
    st.just(j.Broken("token-removed")),
)


@given(st.lists(events, max_size=14))
def test_whatever_happens_nothing_is_signed_without_consent_and_login(happened: list[j.Event]) -> None:
    journey = j.begin(DOCUMENTS)
    consented: set[str] = set()
    logged_in = closes = 0
    for event in happened:
        before = journey
        try:
            journey, effects = j.step(journey, event)
        except j.OutOfStep:
            continue
        if isinstance(before.stage, j.Consenting) and isinstance(event, j.ConsentGiven):
            consented |= set(event.approved)
        logged_in += isinstance(event, j.Authorised) and isinstance(before.stage, j.Authorising)
        for effect in effects:
            closes += isinstance(effect, j.Close)
            if isinstance(effect, j.Sign):
                assert logged_in == 1
                assert set(effect.documents) <= consented
        for document, progress in journey.documents.items():
            if progress.state is DocumentState.SIGNED:
                assert document in consented
                assert before.documents[document].state in {DocumentState.SIGNING, DocumentState.SIGNED}
        if isinstance(journey.stage, j.Ended):
            assert not journey.open_documents
    assert closes == isinstance(journey.stage, j.Ended), "closed exactly once, at the end"
