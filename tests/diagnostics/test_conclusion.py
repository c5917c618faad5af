"""The verdict: which finding is the first broken link, and what only follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.diagnostics.catalogue import Severity, meanings
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import Finding, Subject, finding

MAKERS, OPENSC = ("feitian-epass3003",), ("opensc",)
TOKEN = (*MAKERS, "token 1")
FIRST, SECOND = (*TOKEN, "certificate 1"), (*TOKEN, "certificate 2")

#: Codes, each about something, and the first broken link with how many consequences.
ROWS: tuple[tuple[str, tuple[tuple[str, Subject], ...], str | None, int], ...] = (
    ("nothing is wrong", (), None, 0),
    ("notes alone are no broken link", (("anchors-none", ()), ("key-not-checked", FIRST)), None, 0),
    (
        "nine findings of a stopped service are one cause with eight consequences",
        (
            ("token-absent", ()),
            ("module-failed", MAKERS),
            ("module-failed", OPENSC),
            ("module-failed", ("safenet-etoken",)),
            ("second-binding-failed", OPENSC),
            ("bindings-differ", MAKERS),
            ("token-blank", ("softhsm",)),
            ("reader-absent", ()),
            ("reader-service-stopped", ()),
        ),
        "reader-service-stopped",
        8,
    ),
    (
        "a card that only an unusable pack may know of is the pack's fault, and stops signing",
        (("card-unknown", ("reader 1",)), ("module-none", ()), ("profile-pack-unusable", ())),
        "profile-pack-unusable",
        2,
    ),
    (
        "an unusable pack is not why a known family's module is missing",
        (("module-missing", ("reader 1",)), ("module-none", ()), ("profile-pack-unusable", ())),
        "module-missing",
        1,
    ),
    (
        "an unusable pack is not why a PIN is locked",
        (("pin-locked", TOKEN), ("profile-pack-unusable", ())),
        "pin-locked",
        0,
    ),
    (
        "a module that crashes is why there is no token",
        (("token-absent", ()), ("module-crashed", MAKERS)),
        "module-crashed",
        1,
    ),
    (
        "a module's crash does not explain another module",
        (("bindings-differ", OPENSC), ("module-crashed", MAKERS)),
        "module-crashed",
        0,
    ),
    (
        "a clock that is behind makes certificates not yet valid",
        (("certificate-not-yet-valid", FIRST), ("chain-not-valid-now", FIRST), ("clock-behind", ())),
        "clock-behind",
        2,
    ),
    (
        "with the clock right it is the certificate",
        (("certificate-not-yet-valid", FIRST),),
        "certificate-not-yet-valid",
        0,
    ),
    (
        "of two broken links the earlier one in the chain comes first",
        (("agent-not-running", ()), ("certificate-expired", FIRST), ("pin-locked", TOKEN)),
        "pin-locked",
        0,
    ),
    (
        "what stops comes before what hinders, wherever it stands",
        (("disk-low", ()), ("agent-not-running", ())),
        "agent-not-running",
        0,
    ),
    (
        "a journal that cannot be opened on a full disk is the disk's fault, and a stopped agent too",
        (("journal-unreadable", ()), ("disk-full", ()), ("agent-not-running", ())),
        "disk-full",
        2,
    ),
    (
        "a card that is held explains what its module says",
        (("card-held", ("reader 1",)), ("token-failed", TOKEN), ("certificate-absent", TOKEN)),
        "card-held",
        2,
    ),
    (
        "an old certificate beside a good one does not stop, and what stops elsewhere is first",
        (
            ("certificate-expired", SECOND),
            ("credential-ready", FIRST),
            ("browser-policy-blocks", ("chrome",)),
        ),
        "browser-policy-blocks",
        0,
    ),
    (
        "another user's agent explains the port that it holds",
        (("port-taken", ("port 18719",)), ("other-users-agent", ("port 18717",)), ("pairing-none", ())),
        "pairing-none",
        1,
    ),
    (
        "a policy that closes pairing is why no panel is paired",
        (("pairing-none", ()), ("pairing-closed", ())),
        "pairing-closed",
        1,
    ),
)


@pytest.mark.parametrize(("said", "found", "first", "consequences"), ROWS, ids=[row[0] for row in ROWS])
def test_the_first_broken_link(
    said: str, found: tuple[tuple[str, Subject], ...], first: str | None, consequences: int
) -> None:
    conclusion = conclude(finding(code, subject) for code, subject in found)
    assert (conclusion.first and conclusion.first.finding.code) == first, said
    assert len(conclusion.consequences) == consequences


def test_what_is_broken_beside_a_ready_certificate_hinders_and_does_not_stop() -> None:
    conclusion = conclude([finding("module-crashed", OPENSC), finding("credential-ready", FIRST)])
    assert conclusion.first is not None
    assert conclusion.first.severity is Severity.HINDERS
    assert conclusion.severity is Severity.HINDERS
    assert conclusion.ready


def test_a_hindrance_that_alone_explains_what_stops_signing_stops_it() -> None:
    pack = finding("profile-pack-unusable")
    for others, severity in (
        ([finding("card-unknown", ("reader 1",))], Severity.STOPS),
        ([finding("module-missing", ("reader 1",)), finding("module-none")], Severity.HINDERS),
        ([], Severity.HINDERS),
    ):
        judged = {one.finding: one.severity for one in conclude([pack, *others]).causes}
        assert judged[pack] is severity, others


def test_an_old_certificate_beside_the_new_one_is_only_worth_knowing() -> None:
    conclusion = conclude([finding("certificate-expired", SECOND), finding("credential-ready", FIRST)])
    assert conclusion.first is None
    assert conclusion.severity is Severity.NOTE
    assert conclusion.ready


FINDINGS = st.builds(
    lambda code, subject: Finding(code=code, subject=subject),
    st.sampled_from(sorted(meanings())),
    st.sampled_from([(), MAKERS, OPENSC, TOKEN, FIRST, SECOND, ("reader 1",)]),
)


@given(st.lists(FINDINGS, max_size=12), st.randoms(use_true_random=False))
def test_every_finding_is_told_once_whatever_the_order_and_something_causes_it(
    found: list[Finding], shuffle: st.DataObject
) -> None:
    conclusion = conclude(found)
    told = [one.finding for one in (*conclusion.causes, *conclusion.consequences)]
    assert sorted(told, key=repr) == sorted(set(found), key=repr)
    assert bool(conclusion.causes) is bool(found)
    mixed = list(found)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # random.Random
    assert conclude(mixed) == conclusion
