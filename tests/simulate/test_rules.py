"""Where a rule of the check must not speak, and where it must though no panel of the tests shows it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from signer.cli.simulate.check.rules import RULES, judge
from signer.cli.simulate.check.steps import STEP_CODES, STEPS
from signer.cli.simulate.check.visit import Visit
from signer.cli.simulate.wire import REQUESTS, Seen
from tests.docs import DOCS

DOCUMENT = {"id": "rx-1", "media_type": "text/plain", "content": "x", "format": "cades"}


def seen(at: float, method: str, path: str, told: Any = None, *, status: int = 200, **more: Any) -> Seen:
    """One call of a panel that takes a hundredth of a second."""
    place, _, wait = path.partition("?wait=")
    ended = at + 0.01 if status else None
    answer = msgspec.json.encode(told) if told is not None else b""
    query = {"wait": wait} if wait else {}
    return Seen(
        at=at,
        method=method,
        path=place,
        query=query,
        origin="https://panel.example",
        key=more.get("key"),
        body=msgspec.json.encode(more["body"]) if "body" in more else b"",
        status=status,
        answer=answer,
        ended=ended,
    )


def proof(at: float, *, paired: bool = True) -> Seen:
    return seen(at, "GET", "/v1/agent", {"api": 1, "paired": paired})


def post(at: float, told: Any, key: str = "rx-1", *, status: int = 200, **document: Any) -> Seen:
    return seen(at, "POST", REQUESTS, told, status=status, key=key, body={"documents": [DOCUMENT | document]})


def view(at: float, told: Any, wait: int = 25) -> Seen:
    return seen(at, "GET", f"{REQUESTS}/a?wait={wait}", told)


def ended(state: str, document: str) -> dict[str, Any]:
    return {"id": "a", "state": state, "documents": [{"id": "rx-1", "state": document}]}


def codes(code: str, *calls: Seen, **more: Any) -> set[str]:
    (step,) = (step for step in STEPS if step.code == code)
    shown = {"hooked": False} | more
    return {mistake.code for mistake in judge(Visit(step=step, seen=list(calls), **shown))}


OPEN = {"id": "a", "state": "consent", "documents": [{"id": "rx-1", "state": "pending"}]}
SIGNED = ended("finished", "signed")
FAILED = ended("failed", "failed")

#: Step, the panel's calls, and what is said of them.
WALKS: list[tuple[str, str, list[Seen], set[str]]] = [
    ("a good panel", "approve", [proof(1), post(2, OPEN), view(3, SIGNED)], set()),
    ("a document without a proof", "approve", [post(2, SIGNED)], {"document-before-proof"}),
    (
        "a proof to a stranger is none",
        "approve",
        [proof(1, paired=False), post(2, SIGNED)],
        {"document-before-proof"},
    ),
    (
        "one proof does for two documents",
        "approve",
        [proof(1), post(2, SIGNED), post(3, SIGNED, "rx-2", id="rx-2", content="y")],
        set(),
    ),
    (
        "a lost connection wants another proof",
        "agent-restarts",
        [proof(1), post(2, None, status=0), post(3, SIGNED)],
        {"document-before-proof"},
    ),
    (
        "the same key after a lost connection",
        "agent-restarts",
        [proof(1), post(2, None, status=0), proof(3), post(4, SIGNED)],
        set(),
    ),
    (
        "another key after a lost connection",
        "agent-restarts",
        [proof(1), post(2, None, status=0), proof(3), post(4, SIGNED, "rx-2")],
        {"signed-twice"},
    ),
    (
        "another id for the same octets",
        "agent-restarts",
        [proof(1), post(2, None, status=0), proof(3), post(4, SIGNED, "rx-2", id="rx-2")],
        {"signed-twice"},
    ),
    (
        "another key while the doctor reads",
        "slow",
        [proof(1), post(2, OPEN), post(3, SIGNED, "rx-2")],
        {"signed-twice"},
    ),
    (
        "another key for what was signed",
        "approve",
        [proof(1), post(2, SIGNED), post(3, SIGNED, "rx-2")],
        {"signed-twice"},
    ),
    (
        "another key once it is known to have failed, without a click",
        "locked",
        [proof(1), post(2, OPEN), view(3, FAILED), post(4, FAILED, "rx-2")],
        {"tried-again-by-itself"},
    ),
    (
        "another key once its post was refused",
        "approve",
        [proof(1), post(2, {"code": "request-malformed"}, status=400), post(3, SIGNED, "rx-2")],
        {"contract-broken"},
    ),
    (
        "asking again after a no",
        "declined",
        [proof(1), post(2, ended("declined", "declined")), post(3, OPEN, "rx-2")],
        {"asked-after-no"},
    ),
    ("a wait of 25 seconds", "slow", [proof(1), post(2, OPEN), view(3, SIGNED, 25)], set()),
    ("a wait of 26 seconds", "slow", [proof(1), post(2, OPEN), view(3, SIGNED, 26)], {"wait-too-long"}),
    (
        "four looks a second",
        "slow",
        [proof(1), post(2, OPEN), *(view(3 + n / 4, OPEN, 0) for n in range(8)), view(6, SIGNED)],
        set(),
    ),
    (
        "six looks a second",
        "slow",
        [proof(1), post(2, OPEN), *(view(3 + n / 6, OPEN, 0) for n in range(8)), view(6, SIGNED)],
        {"polls-too-fast"},
    ),
    ("a signature nobody fetched", "slow", [proof(1), post(2, OPEN)], {"result-not-fetched"}),
    ("nothing was asked for", "approve", [proof(1)], set()),
    (
        "a national code in the key",
        "approve",
        [proof(1), post(2, SIGNED, "rx-0012345679")],
        {"patient-in-name"},
    ),
    (
        "a national code's digits by chance in a UUID",
        "approve",
        [proof(1), post(2, SIGNED, "rx-3f2b8c1e-0d4a-4c5b-9a7e-a0012345679f")],
        set(),
    ),
    (
        "ten digits that are no national code",
        "approve",
        [proof(1), post(2, SIGNED, "rx-0012345678")],
        set(),
    ),
    (
        "a pairing that nobody clicked for",
        "approve",
        [seen(1, "POST", "/v1/pairings", {"id": "p"}), proof(2), post(3, SIGNED)],
        {"pairing-nagged"},
    ),
    ("an answer that is no JSON object", "approve", [proof(1), post(2, [1]), view(3, SIGNED)], set()),
]


@pytest.mark.parametrize(("step", "calls", "found"), [w[1:] for w in WALKS], ids=[w[0] for w in WALKS])
def test_what_is_said_of_what_a_panel_sent(step: str, calls: list[Seen], found: set[str]) -> None:
    assert codes(step, *calls) == found


#: Step, what the page showed, and what is said of it.
PAGES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("declined", {"ended": "stopped"}, set()),
    ("declined", {"ended": "unsigned"}, {"unsigned-after-no"}),
    ("locked", {"ended": "unsigned"}, set()),
    ("locked", {"ended": "signed"}, {"said-signed"}),
    ("approve", {"ended": "unsigned"}, {"unsigned-too-soon"}),
    ("approve", {"ended": None}, {"end-not-told"}),
    ("approve", {"ended": "stopped"}, {"end-not-told"}),
    ("approve", {"ended": None, "hooked": False}, set()),
    ("agent-away", {"ended": "unsigned", "went_on": 0.4}, set()),
    ("agent-away", {"ended": "stopped", "went_on": 0.4}, set()),
    ("agent-silent", {"ended": "unsigned", "went_on": 4.0}, {"slow-to-go-on"}),
    ("agent-away", {"ended": None}, {"slow-to-go-on"}),
    ("taken-back", {"ended": "stopped"}, set()),
    ("approve", {"ended": "signed", "pin_fields": ["pin"]}, {"pin-in-page"}),
    ("approve", {"ended": "signed", "errors": ["TypeError"]}, {"page-error"}),
]


@pytest.mark.parametrize(("step", "shown", "found"), PAGES)
def test_what_is_said_of_what_its_page_showed(step: str, shown: dict[str, Any], found: set[str]) -> None:
    assert codes(step, **({"hooked": True} | shown)) == found


def test_every_rule_and_step_stands_once_and_each_rule_leads_into_the_docs() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert len(set(STEP_CODES)) == len(STEPS)
    for rule in RULES:
        assert rule.said.fa.endswith(".")
        assert rule.said.en.endswith(".")
        page, _, place = rule.docs.partition("#")
        headings = (DOCS / page).read_text("utf-8").lower().replace(" ", "-").splitlines()
        assert not place or f"#{'#' * 2}-{place}" in headings
