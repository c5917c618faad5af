"""Every way out keeps the same promises: the real one over HTTP, and the tests' stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from signer.model.errors import CredentialRevoked, RevocationUnreachable, TsaUnreachable
from signer.model.policy import NetSettings, Tsa
from signer.net import crl
from signer.net.authorities import Authorities
from signer.net.cache import Cache
from signer.platform.private_files import read_private, write_private
from signer.service.ports import Net
from signer.x509 import Certificate
from signer.x509.extensions import TIME_STAMPING, purposes
from tests import outside, tsa
from tests.outside import Reply, Server
from tests.service.doubles import StillNet

ROOT = outside.root()


class Subject(Protocol):
    """A way out, and the outside behind it."""

    @property
    def net(self) -> Net:
        """The way out."""

    def lose_the_tsa(self) -> None:
        """No authority answers any more."""

    def lose_the_lists(self) -> None:
        """No list is to be had any more."""

    def revoke(self, certificate: Certificate) -> None:
        """The authority says so."""


class StandIn:
    def __init__(self) -> None:
        self.net = StillNet()

    def lose_the_tsa(self) -> None:
        self.net.tsa_down = True

    def lose_the_lists(self) -> None:
        self.net.revocation_down = True

    def revoke(self, certificate: Certificate) -> None:
        self.net.revoked.add(certificate.id)


class OverHttp:
    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        stamp = server.serve("/tsa", tsa.OpensslTsa(folder / "tsa"))
        listed = server.serve("/crl", outside.crl())
        cache = folder / "cache"
        cache.mkdir()
        self.net = Authorities(
            NetSettings(tsa=(Tsa(url=stamp),), crls=(listed,), proxy="none"),
            cache=Cache(cache, read=read_private, write=write_private),
            now=lambda: datetime.now(UTC),
        )

    def lose_the_tsa(self) -> None:
        self._server.serve("/tsa", Reply(status=503))

    def lose_the_lists(self) -> None:
        self._server.serve("/crl", Reply(status=404))

    def revoke(self, certificate: Certificate) -> None:
        self._server.serve("/crl", outside.crl(certificate))


@pytest.fixture(params=["over HTTP", "stand-in"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "stand-in":
        yield StandIn()
        return
    with Server().running() as server:
        yield OverHttp(server, tmp_path)


async def test_a_token_is_over_what_was_given_by_an_authority_for_nothing_else(
    subject: Subject, tmp_path: Path
) -> None:
    assert subject.net.timestamps
    token = await subject.net.timestamp(b"a value")
    tsa.verify_token(tmp_path, token, b"a value")
    found = purposes(subject.net.stampers(token)[0])
    assert found is not None
    assert found.oids == (TIME_STAMPING,)


async def test_many_may_be_asked_for_at_once(subject: Subject, tmp_path: Path) -> None:
    values = [b"value %d" % number for number in range(12)]
    tokens = await asyncio.gather(*map(subject.net.timestamp, values))
    tsa.verify_token(tmp_path, tokens[7], values[7])
    assert len(set(tokens)) == 12


async def test_an_authority_that_is_gone_is_told_by_name(subject: Subject) -> None:
    subject.lose_the_tsa()
    with pytest.raises(TsaUnreachable):
        await subject.net.timestamp(b"a value")


async def test_proof_for_a_certificate_comes_with_its_issuer(subject: Subject) -> None:
    certificate = outside.issue("p384", "Doctor")
    found = await subject.net.revocation(certificate, (ROOT,))
    assert found.issuer == ROOT.der
    assert crl.status(found.crls[0], certificate, ROOT, datetime.now(UTC)).revoked is False


async def test_a_revoked_certificate_is_told_as_such(subject: Subject) -> None:
    certificate = outside.issue("p384", "Doctor")
    subject.revoke(certificate)
    with pytest.raises(CredentialRevoked):
        await subject.net.revocation(certificate, (ROOT,))


async def test_no_list_and_no_issuer_are_both_out_of_reach(subject: Subject) -> None:
    certificate = outside.issue("p384", "Doctor")
    with pytest.raises(RevocationUnreachable):
        await subject.net.revocation(certificate, ())
    subject.lose_the_lists()
    with pytest.raises(RevocationUnreachable):
        await subject.net.revocation(certificate, (ROOT,))
