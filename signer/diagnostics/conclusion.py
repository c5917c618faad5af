"""From findings to a verdict: the first broken link, what follows from it, and what else there is. Pure.

A finding *follows* where another one is there that the catalogue says explains it, and that is about the
same thing, or about what holds it. A hindrance stops signing where it alone explains something that does.
Of those that follow from nothing, the gravest comes first, and of two equally grave ones that which stands
earlier in the chain. What is broken beside a token that is ready to sign does not stop signing, and is told
as a hindrance; another certificate beside it as a note.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from signer.diagnostics.catalogue import REPLACEABLE, Part, Severity, meanings
from signer.diagnostics.finding import Finding, Subject

READY = "credential-ready"
#: Parts whose subjects begin with a module.
_BY_MODULE = frozenset({Part.MODULE, Part.TOKEN, Part.CERTIFICATE})
_GRAVITY = {severity: place for place, severity in enumerate(Severity)}


class Judged(Struct, frozen=True, kw_only=True):
    """A finding, as grave as it is here. `follows` are the codes of the causes that it follows from."""

    finding: Finding
    severity: Severity
    follows: tuple[str, ...] = ()


class Conclusion(Struct, frozen=True, kw_only=True):
    """`causes` follow from nothing, the first broken link first; `consequences` go when their causes do.

    `severity` is that of the gravest cause; None where nothing was found.
    """

    causes: tuple[Judged, ...]
    consequences: tuple[Judged, ...]
    severity: Severity | None

    @property
    def first(self) -> Judged | None:
        """The first broken link; None where nothing but notes was found."""
        return next((one for one in self.causes if one.severity is not Severity.NOTE), None)

    @property
    def ready(self) -> bool:
        """Is there a certificate that can sign now, and nothing that stops it?"""
        return self.severity is not Severity.STOPS and any(one.finding.code == READY for one in self.causes)


def conclude(findings: Iterable[Finding]) -> Conclusion:
    """The verdict over what all probes found. The order of `findings` does not matter."""
    found = tuple(dict.fromkeys(findings))
    ready = tuple(one.subject for one in found if one.code == READY)
    judged = sorted(_weighed([_judged(one, found, ready) for one in found]), key=_place)
    causes = tuple(one for one in judged if not one.follows)
    return Conclusion(
        causes=causes,
        consequences=tuple(one for one in judged if one.follows),
        severity=causes[0].severity if causes else None,
    )


def _judged(one: Finding, found: tuple[Finding, ...], ready: tuple[Subject, ...]) -> Judged:
    explained = _explaining(one.code)
    causes = {other.code for other in found if other.code in explained and _about_one(other, one)}
    severity = one.meaning.severity
    if severity is Severity.STOPS and ready and _beside(one, ready):
        # An old certificate beside the new one is what a token looks like after a renewal.
        severity = Severity.NOTE if one.meaning.part is Part.CERTIFICATE else Severity.HINDERS
    return Judged(finding=one, severity=severity, follows=tuple(sorted(causes)))


def _weighed(judged: list[Judged]) -> list[Judged]:
    """With each hindrance raised, from which alone something follows that stops signing."""
    raised: set[Finding] = set()
    for effect in judged:
        causes = [
            one
            for one in judged
            if not one.follows
            and one.finding.code in effect.follows
            and _about_one(one.finding, effect.finding)
        ]
        if effect.severity is Severity.STOPS and all(one.severity is Severity.HINDERS for one in causes):
            raised.update(one.finding for one in causes)
    return [replace(one, severity=Severity.STOPS) if one.finding in raised else one for one in judged]


def _explaining(code: str) -> frozenset[str]:
    """Every code that explains this one, through whatever stands between."""
    known: set[str] = set()
    wanted = list(meanings()[code].follows)
    while wanted:
        cause = wanted.pop()
        if cause not in known and cause != code:
            known.add(cause)
            wanted += meanings()[cause].follows
    return frozenset(known)


def _about_one(cause: Finding, effect: Finding) -> bool:
    """May one follow from the other? A module, token or certificate breaks only what is its own."""
    parts = {cause.meaning.part, effect.meaning.part}
    if not parts <= _BY_MODULE:
        return True
    return _within(cause.subject, effect.subject) or _within(effect.subject, cause.subject)


def _within(whole: Subject, part: Subject) -> bool:
    return part[: len(whole)] == whole


def _beside(one: Finding, ready: tuple[Subject, ...]) -> bool:
    """Does it lie beside every way to a certificate that can sign?"""
    return one.meaning.part in REPLACEABLE and not any(
        one.subject and _within(one.subject, way) for way in ready
    )


def _place(judged: Judged) -> tuple[int, int, Subject]:
    return _GRAVITY[judged.severity], judged.finding.meaning.place, judged.finding.subject
