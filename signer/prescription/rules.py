"""The rules of what may be signed: holder, time, hidden characters, wire body. Facts in, findings out.

The weights stand in `signer.model.findings`; nothing here reads a clock or a certificate.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from signer.model import findings
from signer.model.credential import Holder
from signer.model.ijson import CONTAINERS, SignedValue, child
from signer.model.sheet import Finding
from signer.model.text import visible
from signer.prescription.compare import Outcome
from signer.prescription.dates import parse_date, parse_instant, short_instant, tehran_date
from signer.prescription.document import Prescriber, Prescription
from signer.prescription.judges import bare_code, bare_council_number
from signer.prescription.leaves import Hidden

Severe = frozenset[str]

AHEAD = timedelta(minutes=5)
SILENT = timedelta(minutes=30)
LATEST = timedelta(hours=72)

_SILENCE = "—"
# Ends of member names, without underscores and in lower case.
_CREDENTIALS = ("sessionid", "token", "password", "authorization", "clientsecret", "otp")


def holder_findings(prescriber: Prescriber, holder: Holder, severe: Severe) -> list[Finding]:
    """Is the certificate's holder the prescriber?

    A code is known where the document says it and the certificate has candidates for it: none of them equal
    is red, one among several amber. Where neither code is known on both sides, nothing ties the two together.
    """
    found: list[Finding] = []
    compared = False
    pairs = (
        ("national_code", prescriber.national_code, holder.national_codes, bare_code),
        ("council_number", prescriber.council_number, holder.council_numbers, bare_council_number),
    )
    for field, stated, candidates, plain in pairs:
        listed = ", ".join(candidates)
        if stated is not None and candidates:
            compared = True
            if plain(stated) not in {plain(candidate) for candidate in candidates}:
                found.append(
                    findings.make(
                        "holder-is-not-prescriber",
                        f"/prescriber/{field}",
                        field=field,
                        certificate=listed,
                        document=stated,
                    )
                )
                continue
        if len(candidates) > 1:
            found.append(
                findings.make(
                    "holder-code-ambiguous",
                    f"/prescriber/{field}",
                    severe=severe,
                    field=field,
                    candidates=listed,
                )
            )
    if not compared:
        found.append(findings.make("holder-code-unknown", "/prescriber", severe=severe))
    return found


def time_findings(prescription: Prescription, now: datetime, severe: Severe) -> list[Finding]:
    """Was it issued at a time at which it may be signed now (aware)? And can its dates be understood?"""
    found = [
        findings.make("unreadable-date", pointer, severe=severe, field=field, text=text)
        for field, pointer, text in _days(prescription)
        if text is not None and parse_date(text) is None
    ]
    issued = parse_instant(prescription.issued)
    if issued is None:
        unreadable = findings.make(
            "unreadable-date", "/issued", severe=severe, field="issued", text=prescription.issued
        )
        return [unreadable, *found]
    code = _timing(issued, now)
    if code is not None:
        found.insert(
            0,
            findings.make(
                code,
                "/issued",
                severe=severe,
                issued_fa=short_instant(issued, "fa"),
                issued_en=short_instant(issued, "en"),
            ),
        )
    return found


def _timing(issued: datetime, now: datetime) -> str | None:
    age = now - issued
    if age < -AHEAD:
        return "issued-in-future"
    if age > LATEST:
        return "signed-too-late"
    if age <= SILENT or tehran_date(issued) == tehran_date(now):
        return None
    return "signed-late"


def _days(prescription: Prescription) -> list[tuple[str, str, str | None]]:
    """The other fields that say when something may be done: name, pointer, text."""
    return [
        ("valid_until", "/valid_until", prescription.valid_until),
        *(
            ("not_before", f"/items/{index}/not_before", item.not_before)
            for index, item in enumerate(prescription.items)
        ),
    ]


def hidden_findings(hidden: tuple[Hidden, ...], severe: Severe) -> list[Finding]:
    """One finding for all hidden characters of the document, at the first place."""
    if not hidden:
        return []
    characters = dict.fromkeys(character for place in hidden for character in place.characters)
    return [
        findings.make(
            "hidden-characters",
            hidden[0].pointer,
            severe=severe,
            count=str(len(hidden)),
            characters=", ".join(characters),
        )
    ]


def wire_findings(outcome: Outcome, insurer: str, severe: Severe) -> list[Finding]:
    """What the comparison with the wire body means."""
    found = [
        findings.make(
            "items-differ-from-wire",
            difference.pointer,
            field=difference.field,
            here=difference.readable or _SILENCE,
            there=difference.written or _SILENCE,
            wire=difference.wire,
        )
        for difference in outcome.differences
    ]
    if not outcome.recognised:
        found.append(findings.make("wire-unrecognised", "/wire", severe=severe, insurer=insurer))
    fields = [field for field in outcome.incomparable if field != "name"]
    if outcome.recognised and fields:
        found.append(findings.make("wire-not-comparable", "/wire", fields=",".join(fields)))
    return found


def credential_findings(wire: SignedValue, names: frozenset[str]) -> list[Finding]:
    """Members of the body whose values would let somebody in. The values themselves are not told.

    `names` are all member names in it, and may be more.
    """
    suspects = _credentials_among(names)
    return _credentials_in(wire, "/wire", suspects) if suspects else []


@lru_cache(maxsize=64)  # the documents of a panel have the same few names over and over
def _credentials_among(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.replace("_", "").lower().endswith(_CREDENTIALS))


def _credentials_in(value: SignedValue, pointer: str, suspects: frozenset[str]) -> list[Finding]:
    found: list[Finding] = []
    if isinstance(value, list):
        for index, element in enumerate(value):
            if isinstance(element, CONTAINERS):
                found += _credentials_in(element, f"{pointer}/{index}", suspects)
    elif isinstance(value, dict):
        for name, member in value.items():
            below = child(pointer, visible(name))
            if member and name in suspects:
                found.append(findings.make("credential-in-wire", below, name=name))
            elif isinstance(member, CONTAINERS):
                found += _credentials_in(member, below, suspects)
    return found


def names_finding(prescription: Prescription) -> list[Finding]:
    """Whose words the names are, where there are names."""
    return [findings.make("names-are-the-panels-words", "/items")] if prescription.items else []
