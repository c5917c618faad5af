"""What may be pressed when, and what is said, from the first sight of a consent to its ending."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gui.presenters.consent import ConsentPresenter
from gui.presenters.consent_views import Decision, Phase
from gui.presenters.pin import Tone
from gui.presenters.tongue import Tongue
from gui.translations import Lang
from signer.model.credential import Authorisation, AuthorisationKind, TriesLeft
from signer.model.errors import ConsentDeclined, MohrError, catalogue
from signer.model.lookalike import Caution, CautionKind
from signer.service.consent import (
    ConsentQuestion,
    DocumentOutcome,
    Outcome,
    PinProblem,
    PinRequest,
    Standing,
    TokenQuestion,
)
from tests.desktop import scenes

ONE = scenes.consent(scenes.three_items())


def _presenter(question: ConsentQuestion | TokenQuestion = ONE, lang: Lang = "en") -> ConsentPresenter:
    return ConsentPresenter(question, Tongue(lang))


def _ready(question: ConsentQuestion | TokenQuestion = ONE, lang: Lang = "en") -> ConsentPresenter:
    presenter = _presenter(question, lang)
    presenter.saw_end(0)
    presenter.typed("1234")
    return presenter


def test_signing_waits_until_the_sheet_was_seen_and_a_pin_typed() -> None:
    presenter = _presenter()
    presenter.typed("1234")
    assert presenter.footer().why_not == "Read the sheet to its end."
    presenter.saw_end(0)
    presenter.typed("")
    assert presenter.footer().why_not == "Type the token PIN."
    presenter.typed("1234")
    assert presenter.footer().why_not is None


def test_a_red_finding_forbids_signing_whatever_else_is_done() -> None:
    presenter = _ready(scenes.consent(scenes.differing()))
    assert presenter.footer().why_not == "A finding forbids signing this."


def test_an_amber_finding_needs_its_own_yes_and_can_lose_it() -> None:
    presenter = _ready(scenes.consent(scenes.late()))
    assert presenter.footer().why_not == "The warnings need your own yes."
    presenter.accept(0, 0, True)
    assert presenter.footer().why_not is None
    presenter.accept(0, 0, False)
    assert presenter.footer().why_not is not None


def test_only_the_approved_of_many_are_answered_and_the_rest_is_said_to_be_left_out() -> None:
    question = scenes.consent(scenes.three_items("a"), scenes.prescription("b"), scenes.prescription("c"))
    presenter = _ready(question)
    assert presenter.footer().why_not == "No document is approved yet."
    assert presenter.approve(0)
    assert not presenter.approve(1), "its sheet was never seen"
    presenter.refuse(2)
    footer = presenter.footer()
    assert footer.sign == "Sign 1 of 3"
    assert footer.hint == "Documents not yet decided are not signed: 1."
    assert [a.document_id for a in presenter.approval("1234").answers] == ["a"]


def test_a_document_that_may_not_be_signed_cannot_be_approved() -> None:
    presenter = _ready(scenes.consent(scenes.differing("a"), scenes.three_items("b")))
    assert not presenter.approve(0)
    assert presenter.decision(0) is Decision.OPEN


def test_taking_back_a_yes_takes_back_the_approval() -> None:
    presenter = _ready(scenes.consent(scenes.late("a"), scenes.three_items("b")))
    presenter.accept(0, 0, True)
    assert presenter.approve(0)
    presenter.accept(0, 0, False)
    assert presenter.decision(0) is Decision.OPEN


def test_after_the_yes_no_decision_can_be_changed() -> None:
    presenter = _ready(scenes.consent(scenes.three_items("a"), scenes.three_items("b")))
    presenter.saw_end(1)
    presenter.approve(0)
    presenter.approval("1234")
    presenter.ask_pin(PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN))
    assert not presenter.approve(1)
    presenter.refuse(0)
    assert presenter.decision(0) is Decision.APPROVED


def test_after_a_wrong_pin_unknown_tries_are_guarded_like_the_last() -> None:
    presenter = _ready()
    presenter.approval("1111")
    presenter.ask_pin(PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN))
    presenter.typed("2222")
    footer = presenter.footer()
    assert footer.banner is not None
    assert footer.banner.tone is Tone.BAD
    assert footer.why_not == "The last try needs your own yes."
    presenter.accept_last_try(True)
    assert presenter.footer().why_not is None
    assert presenter.approval("2222").last_try_accepted


def test_a_yes_to_the_last_try_is_good_for_one_try() -> None:
    presenter = _ready()
    presenter.approval("1111")
    again = PinRequest(problem=PinProblem.WRONG, authorisation=scenes.PIN_KNOWN)
    presenter.ask_pin(again)
    presenter.accept_last_try(True)
    presenter.approval("2222")
    presenter.ask_pin(again)
    presenter.typed("3333")
    assert presenter.footer().why_not == "The last try needs your own yes."


def test_a_locked_pin_takes_no_typing_and_says_how_it_is_unlocked() -> None:
    locked = scenes.Tried(TriesLeft.LOCKED).authorisation()
    footer = _presenter(scenes.consent(scenes.three_items(), authorisation=locked)).footer()
    assert not footer.takes_pin
    assert footer.why_not == "The token's PIN is locked."
    assert footer.banner is not None
    assert "PUK" in footer.banner.text


def test_a_reader_with_keys_of_its_own_needs_no_typed_pin() -> None:
    pad = Authorisation(kind=AuthorisationKind.PIN_PAD, tries=TriesLeft.OK)
    presenter = _presenter(scenes.consent(scenes.three_items(), authorisation=pad))
    presenter.saw_end(0)
    footer = presenter.footer()
    assert not footer.takes_pin
    assert footer.pin_pad is not None
    assert footer.why_not is None
    assert presenter.approval(None).pin is None


def test_while_the_token_works_nothing_can_be_pressed() -> None:
    presenter = _ready()
    presenter.approval("1234")
    assert presenter.phase is Phase.OPENING
    presenter.progressed(3, 10)
    footer = presenter.footer()
    assert footer.busy == "3 of 10 signed"
    assert footer.progress == (3, 10)
    assert not footer.can_decline
    assert footer.why_not is not None


EACH = replace(scenes.PIN_KNOWN, each=True)


def each(number: int, problem: PinProblem = PinProblem.EACH_SIGNATURE) -> PinRequest:
    return PinRequest(problem=problem, authorisation=EACH, number=number, total=2)


def test_a_key_that_wants_a_pin_for_each_signature_says_so_before_the_first() -> None:
    question = replace(scenes.consent(scenes.three_items(), scenes.differing()), authorisation=EACH)
    presenter = _ready(question)
    banner = presenter.footer().banner
    assert banner is not None
    assert "once to open the token, then 2 times" in banner.text
    presenter.approve(0)
    assert presenter.footer().pin_caption == "Token PIN", "not: one PIN for all"


def test_the_pin_for_the_next_signature_is_asked_for_by_its_number_and_stays_on_screen() -> None:
    presenter = _ready()
    presenter.approval("1234")
    presenter.ask_pin(each(2))
    presenter.progressed(1, 2)
    footer = presenter.footer()
    assert presenter.phase is Phase.ASKING, "what became durable meanwhile takes no field away"
    assert footer.takes_pin
    assert footer.banner is not None
    assert "2" in footer.banner.text


def test_a_wrong_pin_guards_its_own_signature_and_not_the_next() -> None:
    presenter = _ready()
    presenter.approval("1234")
    presenter.ask_pin(each(1, PinProblem.WRONG))
    assert presenter.footer().last_try is not None
    presenter.ask_pin(each(2))
    assert presenter.footer().last_try is None


def test_the_presenter_keeps_no_pin() -> None:
    presenter = _ready()
    presenter.typed("48151623")
    assert "48151623" not in repr(vars(presenter))


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("condition", catalogue(), ids=lambda c: c.code)
def test_every_condition_ends_in_its_own_words(lang: Lang, condition: type[MohrError]) -> None:
    presenter = _ready(lang=lang)
    by_doctor = condition is ConsentDeclined
    state = DocumentOutcome.DECLINED if by_doctor else DocumentOutcome.FAILED
    presenter.ended(Outcome(documents=(("rx-1", state),), problem=condition.code))
    ending = presenter.ending()
    if by_doctor:
        assert ending.silent
        return
    assert ending.sentence.text == (condition.fa if lang == "fa" else condition.en)
    assert ending.remedy == (condition.fa_remedy if lang == "fa" else condition.en_remedy)
    assert not ending.silent


@pytest.mark.parametrize(
    ("states", "fa", "en", "silent"),
    [
        ("s", "امضا شد.", "Signed.", True),
        ("d", "چیزی امضا نشد.", "Nothing was signed.", True),
        ("f", "۰ از ۱ سند امضا شد؛ ۰ رد و ۱ ناموفق.", "0 of 1 signed; 0 declined, 1 failed.", False),
    ],
)
def test_a_single_document_ends_in_one_sentence(states: str, fa: str, en: str, silent: bool) -> None:
    kinds = {"s": DocumentOutcome.SIGNED, "d": DocumentOutcome.DECLINED, "f": DocumentOutcome.FAILED}
    outcome = Outcome(documents=tuple((f"rx-{i}", kinds[s]) for i, s in enumerate(states, 1)))
    for lang, words in (("fa", fa), ("en", en)):
        presenter = _ready(lang=lang)  # type: ignore[arg-type]
        presenter.ended(outcome)
        assert presenter.ending().sentence.text == words
        assert presenter.ending().silent is silent


def test_many_documents_show_a_result_each() -> None:
    question = scenes.consent(scenes.three_items("a"), scenes.three_items("b"), scenes.three_items("c"))
    presenter = _ready(question)
    presenter.ended(
        Outcome(
            documents=(
                ("a", DocumentOutcome.SIGNED),
                ("b", DocumentOutcome.DECLINED),
                ("c", DocumentOutcome.FAILED),
            )
        )
    )
    assert [presenter.row(i).outcome for i in range(3)] == [
        DocumentOutcome.SIGNED,
        DocumentOutcome.DECLINED,
        DocumentOutcome.FAILED,
    ]
    assert presenter.row(2).accessible.endswith("failed")
    assert presenter.ending().sentence.text == "1 of 3 signed; 1 declined, 1 failed."
    assert not presenter.ending().silent


@pytest.mark.parametrize(
    ("lang", "title", "lead"),
    [("fa", "درخواست امضای نسخه", "از پنل"), ("en", "Request to sign a prescription", "From the panel")],
)
def test_the_header_shows_the_origin_as_the_browser_gave_it(lang: Lang, title: str, lead: str) -> None:
    header = _presenter(lang=lang).header()
    assert (header.title, header.lead) == (title, lead)
    assert header.origin == f"\u2066{scenes.ORIGIN}\u2069"


def test_the_next_open_document_is_looked_for_all_round() -> None:
    presenter = _ready(scenes.consent(*(scenes.three_items(n) for n in "abc")))
    presenter.refuse(1)
    assert presenter.next_open(1) == 2
    presenter.refuse(2)
    assert presenter.next_open(2) == 0
    presenter.refuse(0)
    assert presenter.next_open(0) is None


@pytest.mark.parametrize(
    ("lang", "title", "button", "end"),
    [
        ("en", "Sign in to https://panel.salamat.example", "Sign in", "Signed in."),
        ("fa", "ورود به https://panel.salamat.example", "ورود", "وارد شدید."),
    ],
)
def test_a_sign_in_is_asked_for_as_one_and_names_the_page(
    lang: Lang, title: str, button: str, end: str
) -> None:
    presenter = _ready(scenes.consent(scenes.sign_in()), lang)
    bare = "".join(c for c in presenter.header().title if c not in "\u2066\u2068\u2069\u200b")
    assert (bare, presenter.footer().sign, presenter.footer().why_not) == (title, button, None)
    (finding,) = presenter.sheet(0).findings
    assert "https://panel.salamat.example" in finding.text.replace("\u200b", "")
    assert [leaf.pointer for leaf in presenter.sheet(0).leaves] == ["/aud", "/nonce"]
    presenter.ended(Outcome(documents=(("sign-in", DocumentOutcome.SIGNED),)))
    assert presenter.ending().sentence.text == end


@pytest.mark.parametrize(
    ("lang", "title", "button", "busy", "end", "nothing"),
    [
        (
            *("en", "Certificate request with a new key", "Make the key"),
            "The token makes the key; this may take a minute.",
            *("The key is made, and the panel has the request.", "Nothing was done."),
        ),
        (
            *("fa", "درخواست گواهی با کلید تازه", "ساختن کلید"),
            "توکن کلید می‌سازد؛ این شاید یک دقیقه بکشد.",
            *("کلید ساخته شد و درخواست گواهی به پنل رسید.", "کاری انجام نشد."),
        ),
    ],
)
def test_a_new_key_is_asked_for_as_one_and_waits_for_the_sheet_and_the_tokens_pin(
    lang: Lang, title: str, button: str, busy: str, end: str, nothing: str
) -> None:
    question = scenes.certificate_request()
    presenter = _presenter(question, lang)
    presenter.typed("1234")
    assert presenter.footer().why_not is not None
    presenter.saw_end(0)
    header, footer = presenter.header(), presenter.footer()
    assert (header.title, footer.sign, footer.why_not) == (title, button, None)
    assert question.token.label in header.certificate
    assert question.token.label in footer.holder
    answer = presenter.approval("1234")
    assert [about.document_id for about in answer.answers] == ["certificate-request"]
    presenter.progressed(0, 1)
    assert (presenter.footer().busy, presenter.footer().progress) == (busy, None)
    presenter.ended(Outcome(documents=(("certificate-request", DocumentOutcome.SIGNED),)))
    assert presenter.ending().sentence.text == end
    declined = ((("certificate-request"), DocumentOutcome.DECLINED),)
    presenter.ended(Outcome(documents=declined, problem="consent-declined"))
    assert presenter.ending().sentence.text == nothing


def test_a_certificate_of_an_unknown_issuer_is_kept_only_after_a_yes_of_its_own() -> None:
    presenter = _ready(scenes.certificate())
    assert presenter.footer().why_not == "The warnings need your own yes."
    presenter.accept(0, 0, True)
    assert (presenter.footer().sign, presenter.footer().why_not) == ("Keep on the token", None)
    assert presenter.approval("1234").answers[0].accepted == ("issuer-not-trusted",)


def test_a_request_that_waits_already_needs_a_yes_to_another_key_and_one_left_unfinished_does_not() -> None:
    waiting = scenes.certificate_request(scenes.earlier_request(finished=True))
    assert [finding.code for finding in waiting.sheets[0].needs_yes] == ["request-in-progress"]
    left = scenes.certificate_request(
        scenes.earlier_request(finished=True), scenes.earlier_request(finished=False)
    )
    assert [finding.code for finding in left.sheets[0].findings] == ["makes-key", "key-left-unfinished"]


def test_a_closed_panel_is_said_while_it_is_asked_and_what_was_signed_for_it_stays_to_be_read() -> None:
    presenter = _ready()
    presenter.stand(Standing(panel_away=True))
    assert presenter.notices() == (
        "The page of this panel is closed. What you sign is kept for its return, for 24 hours.",
    )
    presenter.ended(Outcome(documents=(("rx-1", DocumentOutcome.SIGNED),)))
    assert presenter.notices() == ()
    ending = presenter.ending()
    assert not ending.silent
    assert ending.remedy is not None
    assert "is kept for its return" in ending.remedy


def test_of_a_closed_panel_nothing_is_kept_where_nothing_was_signed() -> None:
    presenter = _ready()
    presenter.stand(Standing(panel_away=True))
    presenter.ended(Outcome(documents=(("rx-1", DocumentOutcome.DECLINED),), problem=ConsentDeclined.code))
    assert presenter.ending().silent
    assert presenter.ending().remedy is None


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "2 more waiting, from \u2066https://other.example\u2069"),
        ("fa", "۲ درخواست دیگر در انتظار است، از \u2066https://other.example\u2069"),
    ],
)
def test_who_waits_behind_is_counted_and_named_once_by_origin(lang: Lang, words: str) -> None:
    presenter = _presenter(lang=lang)
    presenter.stand(Standing(waiting=("https://other.example",) * 2))
    assert presenter.notices() == (words,)


def test_an_odd_origin_is_flagged_beside_it() -> None:
    question = replace(ONE, cautions=(Caution(CautionKind.RESEMBLES, "https://panel.example"),))
    (line,) = _presenter(question).notices()
    assert "looks like" in line
    assert "https://panel.example" in line


def test_the_header_says_for_which_centre_the_certificate_is_and_else_whose() -> None:
    named = _presenter(replace(ONE, centre="شیفت شب")).header().certificate
    assert named.startswith("with the certificate for \u2068شیفت شب\u2069 · ")
    assert _presenter(replace(ONE, centre=None)).header().certificate.startswith("\u2068دکتر نمونه\u2069 · ")
