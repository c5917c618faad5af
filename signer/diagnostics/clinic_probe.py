"""Looks at the clinic's policy and profiles, which panels are paired, the authorities, and the journal."""

from __future__ import annotations

from pathlib import Path

from signer.diagnostics.certificate_judgement import Known
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Seen, aside
from signer.journal.store import ChainBroken
from signer.journal.walking import walk_file
from signer.model.errors import JournalUnwritable, PairingStoreFailed, PolicyInvalid
from signer.platform.policy_file import read_policy
from signer.verify.anchors import Anchors, load
from signer.verify.trust import RevocationData


async def policy(ground: Ground) -> Seen:
    """Is the policy valid, and does it let the paired panels in?"""
    try:
        read = read_policy(ground.policy_place, owner=ground.policy_owner)
    except PolicyInvalid:
        # Its detail quotes the file, which may name anybody.
        return Seen(findings=(finding("policy-invalid"),), told=(("policy", "invalid"),))
    if read is None:
        return Seen(told=(("policy", "none"),))
    findings: list[Finding] = [] if read.pairing else [finding("pairing-closed")]
    try:
        shut_out = [origin for origin in ground.paired(ground.now()) if not read.admits(origin)]
    except PairingStoreFailed:
        shut_out = []
    findings += [
        finding("policy-blocks-panel", (f"panel {number}",), origin=origin)
        for number, origin in enumerate(shut_out, 1)
    ]
    return Seen(findings=tuple(findings), told=(("policy", "valid"),))


async def profiles(ground: Ground) -> Seen:
    """Where the token profiles come from, and can a pack that is there be used?"""
    standing = ground.profile_standing
    told = [("version", str(standing.version)), ("source", standing.source.value)]
    if standing.key_id is not None:
        told.append(("key", standing.key_id[:16]))
    problem = standing.problem
    return Seen(
        findings=() if problem is None else (finding("profile-pack-unusable", (), code=problem.code),),
        told=tuple(told),
    )


async def pairings(ground: Ground) -> Seen:
    """Is any panel paired, and can the list be read?"""
    try:
        paired = await aside(lambda: ground.paired(ground.now()))
    except PairingStoreFailed:
        return Seen(findings=(finding("pairing-store-failed"),))
    return Seen(findings=() if paired else (finding("pairing-none"),), told=(("panels", str(len(paired))),))


async def journal(ground: Ground) -> Seen:
    """Does each entry follow from the one before? Takes as long as the journal is long."""
    try:
        walked = await aside(lambda: walk_file(ground.folders.data / "journal"))
    except ChainBroken as broken:
        return Seen(findings=(finding("journal-broken", (), sequence=broken.sequence),))
    except JournalUnwritable as problem:
        return Seen(findings=(finding("journal-unreadable", (), error=problem.detail),))
    return Seen(told=(("entries", "0" if walked is None else str(walked.entries)),))


async def authorities(ground: Ground) -> Seen:
    """Are there anchors, and can each be read?"""
    folders = _folders(ground)
    unreadable, count = 0, 0
    for folder, wanted in folders:
        loaded = await aside(lambda folder=folder: _load(folder))  # type: ignore[misc]
        if loaded is None:
            unreadable += wanted or folder.exists()
        else:
            unreadable += len(loaded.unreadable)
            count += len(loaded.certificates)
    findings = [finding("anchors-unreadable", (), count=unreadable)] if unreadable else []
    if not count and not unreadable:
        findings.append(finding("anchors-none"))
    return Seen(findings=tuple(findings), told=(("authorities", str(count)),))


def known(ground: Ground) -> Known:
    """The anchors of the policy and of the user, and all revocation data at hand. Never raises."""
    loaded = [one for folder, _ in _folders(ground) if (one := _load(folder)) is not None]
    kept = _kept(ground.folders.data / "revocation")
    return Known(
        anchors=tuple(dict.fromkeys(certificate for one in loaded for certificate in one.certificates)),
        # What a kept file holds is found out by reading it as either.
        data=RevocationData(
            crls=(*(crl for one in loaded for crl in one.crls), *kept),
            ocsps=(*(ocsp for one in loaded for ocsp in one.ocsps), *kept),
        ),
    )


def _folders(ground: Ground) -> tuple[tuple[Path, bool], ...]:
    """Where anchors lie, and whether somebody said that the folder is there."""
    named = ground.policy().anchors
    user = (ground.folders.data / "anchors", False)
    return (user,) if named is None else ((Path(named), True), user)


def _load(folder: Path) -> Anchors | None:
    try:
        return load(folder)
    except OSError:
        return None


def _kept(folder: Path) -> tuple[bytes, ...]:
    try:
        return tuple(file.read_bytes() for file in sorted(folder.glob("*.der")))
    except OSError:
        return ()
