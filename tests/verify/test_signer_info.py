"""What was remembered of one SignerInfo never changes how another is read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from signer.envelope import cades, legacy
from signer.model.credential import SignatureAlgorithm
from signer.model.request import TEXT
from signer.verify import algorithms, cms, signer_info
from signer.verify.candidate import Unreadable
from signer.verify.der import NotDer
from tests import pki

ALGORITHM = SignatureAlgorithm.RSA_PKCS1_SHA256


def made(content: bytes, seconds: int = 0, kind: str = "rsa-2048") -> bytes:
    """The SignerInfo of a signature over this content."""
    draft = cades.prepare(
        content=content,
        media_type=TEXT,
        certificate=pki.leaf(kind),
        algorithm=ALGORITHM,
        signing_time=pki.NOW + timedelta(seconds=seconds),
    )
    return cms._take_apart(draft.finish(pki.sign(pki.key(kind), ALGORITHM, draft.to_be_signed))).signer


def outcome(octets: bytes) -> object:
    """What reading them ends in."""
    try:
        return signer_info.read(octets)
    except (NotDer, Unreadable, algorithms.Unknown) as refused:
        return type(refused), str(refused)


def forget() -> None:
    signer_info._places.clear()
    signer_info._builds.clear()


def test_the_second_of_one_person_is_read_from_memory_as_it_would_be_without() -> None:
    forget()
    first, second = made(b"one"), made(b"two", 1)
    signer_info.read(first)
    assert len(signer_info._builds) == 1
    remembered = signer_info.read(second)
    assert len(signer_info._builds) == 1
    forget()
    assert remembered == signer_info.read(second)
    assert remembered.message_digest == algorithms.hashed("sha256", b"two")
    assert remembered.signing_time == pki.NOW + timedelta(seconds=1)


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_no_changed_octet_is_read_otherwise_than_without_memory(mask: int) -> None:
    octets = made(b"one")
    for place in range(len(octets)):
        changed = octets[:place] + bytes([octets[place] ^ mask]) + octets[place + 1 :]
        forget()
        expected = outcome(changed)
        signer_info.read(octets)
        assert outcome(changed) == expected, place


def test_people_and_profiles_are_told_apart() -> None:
    forget()
    kinds = [made(b"x"), made(b"x", kind="other-rsa-2048")]
    draft = legacy.prepare(
        content=b"x",
        media_type=TEXT,
        certificate=pki.leaf(),
        algorithm=ALGORITHM,
        signing_time=pki.NOW,
    )
    value = pki.sign(pki.key("rsa-2048"), ALGORITHM, draft.to_be_signed)
    kinds.append(cms._take_apart(draft.finish(value)).signer)
    for _ in range(2):
        for octets in kinds:
            assert signer_info.read(octets) == signer_info._take_apart(octets)
    assert len(signer_info._builds) == len(kinds)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setattr(signer_info, "_MEMORY", 1)
    for octets in (made(b"x"), made(b"x", kind="other-rsa-2048")):
        signer_info.read(octets)
    assert len(signer_info._builds) == 1
