"""What signing something without meaning on a token has shown. Pure; the signing itself is the service's."""

from __future__ import annotations

from signer.diagnostics.finding import Finding, Subject, finding
from signer.model.errors import SignatureNotVerified, SignatureWantsPin
from signer.service.self_test import Trial


def judge_trials(tried: tuple[Trial, ...], subject: Subject) -> tuple[Finding, ...]:
    """A finding for each key that fails, once for each reason; one for all where every key signs."""
    found: list[Finding] = []
    numbers = {key_id: number for number, key_id in enumerate(dict.fromkeys(one.key_id for one in tried), 1)}
    good = {one.key_id for one in tried} - {one.key_id for one in tried if one.problem is not None}
    for trial in tried:
        # A key that fails beside one that signs is a part; one that fails alone is the whole.
        about = (*subject, f"key {numbers[trial.key_id]}") if good else subject
        if trial.problem == SignatureNotVerified.code:
            found.append(finding("signature-wrong", about))
        elif trial.problem not in {None, SignatureWantsPin.code}:
            found.append(finding("signature-refused", about, code=trial.problem))
    made = sum(trial.problem is None for trial in tried)
    if made and not found:
        found.append(finding("signature-made", subject, count=made))
    return tuple(dict.fromkeys(found))
