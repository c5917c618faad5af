"""Findings that no probe can draw alone: readers against modules, and modules against one another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drivers.catalogue import EventSource, Profile, known_by_atr
from drivers.readers import same_reader
from drivers.types import TokenFlags
from signer.diagnostics.catalogue import Part
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Candidate
from signer.diagnostics.probing import InReader
from signer.diagnostics.survey import Survey

#: What ails a module whatever the readers do.
_NOT_EVEN_LOADED = frozenset(
    {
        "module-absent",
        "module-changed",
        "module-unreadable",
        "module-wrong-bits",
        "module-not-a-library",
        "module-dependency-missing",
        "module-not-pkcs11",
        "module-not-permitted",
        "module-cannot-load",
        "module-crashed",
        "module-hung",
    }
)


def across(
    modules: tuple[Candidate, ...],
    surveys: Mapping[str, Survey],
    readers: tuple[InReader, ...] | None,
    profiles: tuple[Profile, ...],
    *,
    bindings: bool = True,
) -> tuple[Finding, ...]:
    """What the readers (None: not known) and each module's survey, by its name, say together."""
    found = [] if bindings else [finding("bindings-missing")]
    found += list(_cards(modules, surveys, readers or (), profiles))
    if not modules:
        found.append(finding("module-none"))
    # Of a module whose probe did not end nobody knows what it would have shown.
    if len(surveys) == len(modules) and not any(_initialised(survey) for survey in surveys.values()):
        found.append(finding("token-absent"))
    found += _duplicates(surveys)
    return tuple(found)


def beside_the_point(
    modules: tuple[Candidate, ...], surveys: Mapping[str, Survey], found: tuple[Finding, ...]
) -> frozenset[Finding]:
    """Findings that explain nothing here: about the readers as a whole, where no token waits for a reader.

    So where a module shows a token all the same, and where every module is of a family whose tokens stand in
    no reader, or was named or added by hand and does not even load.
    """
    seen = any(_initialised(survey) for survey in surveys.values())
    if not seen and not (modules and all(_without_reader(one, found) for one in modules)):
        return frozenset()
    return frozenset(one for one in found if _idle(one, seen=seen))


def _idle(one: Finding, *, seen: bool) -> bool:
    """A blank token beside one that is used is a module's empty slot: SoftHSM always shows one."""
    about_readers = one.meaning.part is Part.READER and not one.subject
    return about_readers or (seen and one.code == "token-blank")


def _without_reader(module: Candidate, found: tuple[Finding, ...]) -> bool:
    if module.profile.events.source is EventSource.SLOT_LIST:
        return True
    codes = {one.code for one in found if one.subject[:1] == (module.name,)}
    asked_for = module.named or module.standing is not None
    return asked_for and not codes.isdisjoint(_NOT_EVEN_LOADED)


def _cards(
    modules: tuple[Candidate, ...],
    surveys: Mapping[str, Survey],
    readers: tuple[InReader, ...],
    profiles: tuple[Profile, ...],
) -> Iterator[Finding]:
    """A card that no module shows: of an unknown kind, of one without its module, or not recognised by it."""
    for number, reader in enumerate(readers, 1):
        if not reader.atr or _shown(reader, surveys):
            continue
        subject, atr = (f"reader {number}",), reader.atr.hex().upper()
        profile = known_by_atr(profiles, reader.atr)
        if profile is None:
            yield finding("card-unknown", subject, atr=atr, reader=reader.name)
            continue
        serving = {profile.family, *profile.module.served_by}
        asked = [one for one in modules if one.profile.family in serving]
        if not asked:
            yield finding("module-missing", subject, family=profile.family, atr=atr)
        elif all(_answered(surveys.get(one.name)) for one in asked):
            yield finding("token-not-recognised", (), family=profile.family, atr=atr)


def _shown(reader: InReader, surveys: Mapping[str, Survey]) -> bool:
    """Blank ones count: a token that is shown was recognised."""
    return any(
        same_reader(seen.token.reader, reader.name) for survey in surveys.values() for seen in survey.tokens
    )


def _answered(survey: Survey | None) -> bool:
    """One that failed says so itself."""
    return survey is not None and survey.library is not None and survey.fault is None


def _initialised(survey: Survey) -> bool:
    return any(TokenFlags.TOKEN_INITIALIZED in seen.token.token_flags for seen in survey.tokens)


def _duplicates(surveys: Mapping[str, Survey]) -> Iterator[Finding]:
    by_certificate: dict[bytes, set[str]] = {}
    for name, survey in surveys.items():
        for seen in survey.tokens:
            for one in seen.certificates:
                by_certificate.setdefault(one.der, set()).add(name)
    for names in sorted({tuple(sorted(names)) for names in by_certificate.values() if len(names) > 1}):
        yield finding("module-duplicate", (names[0],), count=len(names))
