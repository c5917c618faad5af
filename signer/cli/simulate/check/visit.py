"""How each mistake of a panel is seen: in what it sent during one step, and in what its page showed.

Each function takes a visit and gives a detail for each time the mistake was made. Those on the wire hold for
any panel; those on the page are silent where it has no hooks. What is said of them is `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from signer.cli.simulate.check.steps import Act, Step
from signer.cli.simulate.scenarios import SIGNED, AgentFault
from signer.cli.simulate.wire import Seen
from signer.model.text import is_national_code

#: The contract's longest wait, in seconds.
LONGEST_WAIT = 25
#: Looks at one request within a second that are too many.
LOOKS_A_SECOND = 5
#: Seconds after the click within which a panel has to have gone on; an agent is known not to answer at 0.3.
GO_ON_WITHIN = 1.5
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_FINAL = {"finished", "declined", "cancelled", "failed"}
#: What is refused only of a panel that does not keep to the contract.
_BREACHES = frozenset(
    {
        "request-malformed",
        "request-too-large",
        "request-replayed",
        "too-many-requests",
        "too-many-pending",
        "idempotency-key-missing",
        "route-unknown",
        "method-not-allowed",
        "media-type-not-accepted",
        "fetch-mode-refused",
        "signature-missing",
        "signature-invalid",
        "format-unsupported",
        "document-unreadable",
        "document-refused",
    }
)


class Visit(Struct, kw_only=True):
    """One step as it was walked. Times are of the event loop, in seconds, None where it did not happen.

    `hooked` says whether the page has the hooks. `ended` is its last word of `data-mohr-state`, `went_on`
    how long after the click that came, as the page's own clock has it. `pin_fields` are inputs that ask for
    a PIN, by their names; `errors` exceptions that nobody caught.
    """

    step: Step
    seen: list[Seen] = field(default_factory=list)
    hooked: bool = True
    ended: str | None = None
    went_on: float | None = None
    reloaded_at: float | None = None
    pin_fields: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def posts(self) -> list[Seen]:
        """What was posted to be signed, refused posts too."""
        return [seen for seen in self.seen if seen.posts]

    @property
    def keys(self) -> list[str]:
        """The names under which something was posted, each once, in order."""
        return list(dict.fromkeys(str(post.key) for post in self.posts))

    @property
    def agent(self) -> AgentFault:
        """What is wrong with the agent in this step."""
        return self.step.scenario.agent


# --- on the wire


def document_before_proof(visit: Visit) -> Iterator[str]:
    """Since the page was loaded, or since the connection was lost, has the agent shown that it is the one?"""
    proven, last = False, 0.0
    for seen in visit.seen:
        if visit.reloaded_at is not None and last < visit.reloaded_at <= seen.at:
            proven = False
        last = seen.at
        if seen.path == "/v1/agent" and seen.status == 200:
            proven = bool(seen.told.get("paired"))
        elif seen.posts:
            if not proven:
                yield str(seen.key)
            if seen.status == 0:
                proven = False


def sent_to_another(visit: Visit) -> Iterator[str]:
    if visit.agent is AgentFault.REPLACED:
        yield from (f"{s.method} {s.path}" for s in visit.seen if s.path != "/v1/agent")


def sent_before_paired(visit: Visit) -> Iterator[str]:
    return (f"{s.method} {s.path}" for s in visit.posts if _code(s) in {"not-paired", "signature-missing"})


def patient_in_name(visit: Visit) -> Iterator[str]:
    for seen in visit.seen:
        names = [seen.key or "", seen.path.rpartition("/")[2], *seen.query.values()]
        names += [str(document.get("id", "")) for document in _documents(seen)]
        for name in names:
            if any(is_national_code(part) for part in _runs_of_digits(name)):
                yield f"{seen.method} {seen.path.partition('/v1/')[2].partition('/')[0]}"


def key_reused(visit: Visit) -> Iterator[str]:
    return (str(seen.key) for seen in visit.posts if _code(seen) == "idempotency-conflict")


def signed_twice(visit: Visit) -> Iterator[str]:
    """The same document under another name, while nobody has told the panel that the first is over."""
    for number, post in enumerate(visit.posts):
        for earlier in visit.posts[:number]:
            if earlier.key != post.key and _same(earlier, post) and not _over(visit, earlier, post.at):
                yield f"{earlier.key}, {post.key}"


def posted_twice(visit: Visit) -> Iterator[str]:
    if visit.step.act is Act.SIGN_TWICE and len(visit.keys) > 1:
        yield ", ".join(visit.keys)


def asked_after_no(visit: Visit) -> Iterator[str]:
    told = _told_at(visit, "declined")
    return (str(post.key) for post in visit.posts if told is not None and post.at > told)


def tried_again(visit: Visit) -> Iterator[str]:
    told = _told_at(visit, "failed")
    return (str(post.key) for post in visit.posts if told is not None and post.at > told)


def polls_too_fast(visit: Visit) -> Iterator[str]:
    looks: dict[str, list[float]] = {}
    for seen in visit.seen:
        if seen.method == "GET" and "-requests/" in seen.path and seen.told.get("state") not in _FINAL:
            looks.setdefault(seen.path, []).append(seen.at)
    for times in looks.values():
        for first, last in zip(times, times[LOOKS_A_SECOND - 1 :], strict=False):
            if last - first < 1:
                yield f"{LOOKS_A_SECOND} in {last - first:.1f} s"


def wait_too_long(visit: Visit) -> Iterator[str]:
    for seen in visit.seen:
        wait = seen.query.get("wait", "0")
        if not wait.isdecimal() or int(wait) > LONGEST_WAIT:
            yield f"wait={wait[:20]}"


def contract_broken(visit: Visit) -> Iterator[str]:
    return (f"{_code(s)}: {s.method} {s.path}" for s in visit.seen if _code(s) in _BREACHES)


def result_not_fetched(visit: Visit) -> Iterator[str]:
    """What was signed must have been told to the panel, or it has a signature that it does not know."""
    if visit.step.ends != SIGNED or not visit.posts:
        return
    if not any(seen.told.get("state") == "finished" for seen in visit.seen if seen.status == 200):
        yield visit.keys[0]


def cancel_not_told(visit: Visit) -> Iterator[str]:
    if visit.step.act is Act.CANCEL and visit.posts and not any(s.method == "DELETE" for s in visit.seen):
        yield visit.keys[0]


def lost_on_reload(visit: Visit) -> Iterator[str]:
    if visit.step.act is not Act.RELOAD or visit.reloaded_at is None or not visit.posts:
        return
    first = visit.posts[0]
    place = f"{first.path}/{first.told.get('id', '')}"
    after = [seen for seen in visit.seen if seen.at > visit.reloaded_at]
    if not any(seen.path == place or (seen.posts and seen.key == first.key) for seen in after):
        yield str(first.key)


def pairing_nagged(visit: Visit) -> Iterator[str]:
    asked = [seen for seen in visit.seen if seen.method == "POST" and seen.path == "/v1/pairings"]
    if len(asked) > (1 if visit.step.act is Act.PAIR else 0):
        yield str(len(asked))


# --- in the page


def unsigned_after_no(visit: Visit) -> Iterator[str]:
    if visit.step.scenario.code == "declined" and visit.ended in {"unsigned", "signed"}:
        yield visit.ended


def said_signed(visit: Visit) -> Iterator[str]:
    if visit.ended == "signed" and "signed" not in visit.step.ends and not _told_signed(visit):
        yield visit.step.code


def unsigned_too_soon(visit: Visit) -> Iterator[str]:
    if visit.ended == "unsigned" and visit.step.ends == SIGNED:
        yield visit.step.code


def slow_to_go_on(visit: Visit) -> Iterator[str]:
    if visit.agent not in {AgentFault.AWAY, AgentFault.SILENT} or not visit.hooked:
        return
    if visit.went_on is None or visit.went_on > GO_ON_WITHIN:
        yield "never" if visit.went_on is None else f"{visit.went_on:.1f} s"


def end_not_told(visit: Visit) -> Iterator[str]:
    """The page shows no end, or another one than the request had, and no rule above says it better."""
    if not visit.hooked or visit.agent in {AgentFault.AWAY, AgentFault.SILENT} or visit.step.act is Act.PAIR:
        return
    if visit.ended is None:
        yield "none"
    elif visit.ended not in visit.step.ends and visit.ended == "stopped":
        yield visit.ended


def pin_in_page(visit: Visit) -> Iterator[str]:
    return iter(visit.pin_fields)


def page_error(visit: Visit) -> Iterator[str]:
    return iter(visit.errors)


# --- what they share


def _code(seen: Seen) -> str:
    return str(seen.told.get("code", "")) if seen.status >= 400 else ""


def _documents(seen: Seen) -> list[dict[str, Any]]:
    documents = seen.asked.get("documents") if seen.posts else None
    return [one for one in documents if isinstance(one, dict)] if isinstance(documents, list) else []


def _runs_of_digits(name: str) -> list[str]:
    """Those of UUIDs left out, in which ten digits may stand by chance."""
    return "".join(c if c.isascii() and c.isdigit() else " " for c in _UUID.sub(" ", name)).split()


def _same(one: Seen, other: Seen) -> bool:
    """Do the two hold one document: the same octets, or the same id?"""

    def marks(seen: Seen) -> set[tuple[str, str]]:
        parts = ("id", "content", "content_base64")
        return {(part, str(one[part])) for one in _documents(seen) for part in parts if part in one}

    return not marks(one).isdisjoint(marks(other))


def _over(visit: Visit, post: Seen, at: float) -> bool:
    """Was the panel told before `at` that nothing of this post was signed, and nothing will be?"""
    for seen in visit.seen:
        told = seen.told
        if seen.ended is None or seen.ended > at:
            continue
        if seen is post and seen.status >= 400:
            return True
        if told.get("id") is not None and told.get("id") == _id(visit, post) and told.get("state") in _FINAL:
            return all(one.get("state") != "signed" for one in told.get("documents", []))
    return False


def _id(visit: Visit, post: Seen) -> object:
    """The request's id, as this post or a repeated one was told it."""
    for seen in visit.posts:
        if seen.key == post.key and "id" in seen.told:
            return seen.told["id"]
    return None


def _told_at(visit: Visit, state: str) -> float | None:
    ends = [s.ended for s in visit.seen if s.ended is not None and s.told.get("state") == state]
    return min(ends, default=None)


def _told_signed(visit: Visit) -> bool:
    return any(seen.told.get("state") == "finished" for seen in visit.seen)
