"""Revocation: fetched from where the certificate says, judged, kept until its time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from signer.cli.demo.authority import DemoAuthority
from signer.model.errors import CredentialRevoked, RevocationUnreachable
from signer.model.policy import NetSettings
from signer.net import crl, ocsp
from signer.net.authorities import Authorities
from signer.net.cache import MAX_FILES, Cache
from signer.net.ocsp import AnswerRefused
from signer.platform.private_files import read_private, write_private
from signer.x509 import Certificate, read
from tests import outside, pki
from tests.outside import A_DAY, OCSP_SIGNING, OcspResponder, Reply, Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as running:
        yield running


def now() -> datetime:
    return datetime.now(UTC)


def asking(folder: Path, *, at: Callable[[], datetime] = now, **settings: Any) -> Authorities:
    return Authorities(
        NetSettings(proxy="none", deadline_seconds=1.0, **settings),
        cache=Cache(folder, read=read_private, write=write_private),
        now=at,
    )


def doctor(**places: Any) -> Certificate:
    return outside.issue("p384", "Doctor", **places)


ROOT = outside.root()


async def test_openssls_ocsp_answer_is_embedded_as_it_came(server: Server, tmp_path: Path) -> None:
    certificate = doctor(ocsp=f"{server.url}/ocsp")
    server.serve("/ocsp", OcspResponder(tmp_path, good=(certificate,)))
    found = await asking(tmp_path).revocation(certificate, (ROOT,))
    assert found.issuer == ROOT.der
    assert found.crls == ()
    assert ocsp.status(found.ocsps[0], certificate, ROOT, now()).revoked is False


async def test_openssls_word_that_it_is_revoked_ends_it(server: Server, tmp_path: Path) -> None:
    certificate = doctor(ocsp=f"{server.url}/ocsp")
    server.serve("/ocsp", OcspResponder(tmp_path, good=(), revoked=(certificate,)))
    with pytest.raises(CredentialRevoked):
        await asking(tmp_path).revocation(certificate, (ROOT,))


async def test_a_crl_is_the_second_choice_and_a_list_that_names_it_ends_it(
    server: Server, tmp_path: Path
) -> None:
    certificate = doctor(ocsp=f"{server.url}/none", crls=f"{server.url}/crl")
    server.serve("/crl", listed := outside.crl(fillers=3))
    found = await asking(tmp_path).revocation(certificate, (ROOT,))
    assert found.crls == (listed,)
    server.serve("/crl", outside.crl(certificate, fillers=3))
    with pytest.raises(CredentialRevoked):
        await asking(tmp_path / "elsewhere").revocation(certificate, (ROOT,))


async def test_policy_names_the_list_of_an_authority_that_names_none(server: Server, tmp_path: Path) -> None:
    url = server.serve("/crl", outside.crl())
    found = await asking(tmp_path, crls=(url,)).revocation(doctor(), (ROOT,))
    assert len(found.crls) == 1


async def test_an_issuer_that_is_not_known_is_fetched_from_where_the_certificate_says(
    server: Server, tmp_path: Path
) -> None:
    certificate = doctor(issuers=server.serve("/ca", ROOT.der), crls=server.serve("/crl", outside.crl()))
    assert (await asking(tmp_path).revocation(certificate, ())).issuer == ROOT.der
    server.serve("/ca", doctor().der)
    with pytest.raises(RevocationUnreachable, match="issuer"):
        await asking(tmp_path / "elsewhere").revocation(certificate, ())


async def test_an_issuer_that_was_replaced_at_its_place_is_fetched_anew(
    server: Server, tmp_path: Path
) -> None:
    certificate = doctor(issuers=server.serve("/ca", ROOT.der), crls=server.serve("/crl", outside.crl()))
    Cache(tmp_path, read=read_private, write=write_private).put(f"{server.url}/ca", b"the one before")
    for _ in range(2):
        assert (await asking(tmp_path).revocation(certificate, ())).issuer == ROOT.der
    assert server.asked["/ca"] == 1


async def test_it_is_fetched_once_and_anew_when_its_time_is_over_after_a_restart_too(
    server: Server, tmp_path: Path
) -> None:
    certificate = doctor(crls=server.serve("/crl", outside.crl(until=now() + A_DAY)))
    for _ in range(2):
        authorities = asking(tmp_path)
        for _ in range(3):
            await authorities.revocation(certificate, (ROOT,))
    assert server.asked == {"/crl": 1}
    kept = next(tmp_path.glob("*.der"))
    assert kept.stat().st_mode & 0o777 == 0o600
    server.serve("/crl", outside.crl(until=now() + 5 * A_DAY))
    await asking(tmp_path, at=lambda: now() + 2 * A_DAY).revocation(certificate, (ROOT,))
    assert server.asked == {"/crl": 2}


async def test_what_was_damaged_on_disk_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    certificate = doctor(crls=server.serve("/crl", outside.crl()))
    await asking(tmp_path).revocation(certificate, (ROOT,))
    next(tmp_path.glob("*.der")).write_bytes(b"damaged")
    await asking(tmp_path).revocation(certificate, (ROOT,))
    assert server.asked == {"/crl": 2}


def _stale() -> bytes:
    return outside.crl(since=now() - 3 * A_DAY, until=now() - A_DAY)


def _of_tomorrow() -> bytes:
    return outside.crl(since=now() + A_DAY, until=now() + 2 * A_DAY)


def _for_authorities_only() -> bytes:
    return outside.crl(extension=_point(only_contains_ca_certs=True))


def _point(**what: bool) -> x509.IssuingDistributionPoint:
    options: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(options | what))


def _others() -> bytes:
    """A list under a name that the authority does not bear."""
    return outside.crl().replace(b"Mohr Demo CA", b"Else Demo CA")


CRL_REFUSALS = [
    ("stale", _stale, "out of its time"),
    ("of tomorrow", _of_tomorrow, "out of its time"),
    ("another key's", lambda: outside.crl(key="other-p256"), "signature"),
    ("delta", lambda: outside.crl(extension=x509.DeltaCRLIndicator(1)), "critical extension"),
    ("for authorities only", _for_authorities_only, "does not cover"),
    ("indirect", lambda: outside.crl(extension=_point(indirect_crl=True)), "does not cover"),
    ("another issuer's", _others, "another issuer"),
    ("garbage", lambda: b"\x30\x03\x02\x01\x00", "not a CRL"),
    ("a web page", lambda: b"<html>", "not a CRL"),
    ("nothing", lambda: b"", "not a CRL"),
]


@pytest.mark.parametrize(
    ("make", "why"), [row[1:] for row in CRL_REFUSALS], ids=[row[0] for row in CRL_REFUSALS]
)
async def test_a_list_that_does_not_hold_is_refused_by_name(
    server: Server, tmp_path: Path, make: Callable[[], bytes], why: str
) -> None:
    certificate = doctor(crls=server.serve("/crl", make()))
    with pytest.raises(RevocationUnreachable, match=why):
        await asking(tmp_path).revocation(certificate, (ROOT,))
    assert list(tmp_path.glob("*.der")) == [], "what does not hold is not kept"


async def test_a_list_for_users_only_covers_a_doctor(server: Server, tmp_path: Path) -> None:
    listed = outside.crl(extension=_point(only_contains_user_certs=True))
    certificate = doctor(crls=server.serve("/crl", listed))
    assert (await asking(tmp_path).revocation(certificate, (ROOT,))).crls == (listed,)


async def test_redirects_are_followed_for_a_list_within_http_alone(server: Server, tmp_path: Path) -> None:
    certificate = doctor(crls=f"{server.url}/old")
    server.serve("/old", lambda body, headers: Reply(status=302, headers=(("Location", "/new"),)))
    server.serve("/new", outside.crl())
    await asking(tmp_path).revocation(certificate, (ROOT,))
    for place, why in ((f"{server.url}/old", "too often"), ("file:///etc/passwd", "neither http nor https")):
        moved = Reply(status=302, headers=(("Location", place),))
        server.serve("/old", moved)
        with pytest.raises(RevocationUnreachable, match=why):
            await asking(tmp_path / why).revocation(certificate, (ROOT,))


async def test_a_certificate_that_names_no_place_says_so(tmp_path: Path) -> None:
    with pytest.raises(RevocationUnreachable, match="names no place"):
        await asking(tmp_path).revocation(doctor(), (ROOT,))


def _answer(
    certificate: Certificate,
    *,
    kind: str = "p256",
    responder: Certificate | None = None,
    since: timedelta = timedelta(),
    until: timedelta | None = A_DAY,
) -> bytes:
    """An OCSP answer by `cryptography`: good, by the issuer unless another responder is named."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp as other

    issuer = x509.load_der_x509_certificate(ROOT.der)
    signer = issuer if responder is None else x509.load_der_x509_certificate(responder.der)
    at = now()
    builder = (
        other.OCSPResponseBuilder()
        .add_response(
            cert=x509.load_der_x509_certificate(certificate.der),
            issuer=issuer,
            algorithm=hashes.SHA1(),
            cert_status=other.OCSPCertStatus.GOOD,
            this_update=at + since,
            next_update=None if until is None else at + until,
            revocation_time=None,
            revocation_reason=None,
        )
        .responder_id(other.OCSPResponderEncoding.HASH, signer)
    )
    if responder is not None:
        builder = builder.certificates([signer])
    return builder.sign(pki.key(kind), hashes.SHA256()).public_bytes(Encoding.DER)


DOCTOR = doctor()


def _namesake() -> Certificate:
    """Another authority under the authority's name."""
    return read(DemoAuthority(now=now(), key=pki.key("other-p256")).certificate)


def _delegate(**options: Any) -> Certificate:
    return outside.issue("rsa-2048", "Responder", **options)


OCSP_ROWS: list[tuple[str, Callable[[], bytes], str | None]] = [
    ("by the issuer", lambda: _answer(DOCTOR), None),
    ("no next update, fresh", lambda: _answer(DOCTOR, until=None), None),
    ("no next update, old", lambda: _answer(DOCTOR, since=-A_DAY, until=None), "out of its time"),
    ("stale", lambda: _answer(DOCTOR, since=-2 * A_DAY, until=-A_DAY), "out of its time"),
    ("of tomorrow", lambda: _answer(DOCTOR, since=A_DAY, until=2 * A_DAY), "out of its time"),
    ("another's certificate", lambda: _answer(doctor()), "another certificate"),
    ("another key's", lambda: _answer(DOCTOR, kind="other-p256", responder=_namesake()), "signature"),
    (
        "by a delegate",
        lambda: _answer(DOCTOR, kind="rsa-2048", responder=_delegate(purposes=(OCSP_SIGNING,))),
        None,
    ),
    (
        "by one who is no delegate",
        lambda: _answer(DOCTOR, kind="rsa-2048", responder=_delegate()),
        "signature",
    ),
    (
        "by a delegate whose time is over",
        lambda: _answer(
            DOCTOR,
            kind="rsa-2048",
            responder=_delegate(purposes=(OCSP_SIGNING,), since=now() - 9 * A_DAY, until=now() - A_DAY),
        ),
        "signature",
    ),
    ("try later", lambda: bytes.fromhex("30030a0103"), "status 03"),
    ("garbage", lambda: b"\x30\x00", "not an OCSP response"),
]


@pytest.mark.parametrize(("make", "why"), [row[1:] for row in OCSP_ROWS], ids=[row[0] for row in OCSP_ROWS])
def test_an_ocsp_answer_holds_or_is_refused_by_name(make: Callable[[], bytes], why: str | None) -> None:
    if why is None:
        assert ocsp.status(make(), DOCTOR, ROOT, now()).revoked is False
        return
    with pytest.raises(AnswerRefused, match=why):
        ocsp.status(make(), DOCTOR, ROOT, now())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_by_both_and_never_crash(junk: bytes) -> None:
    for judge in (ocsp.status, crl.status):
        with pytest.raises(AnswerRefused):
            judge(junk, DOCTOR, ROOT, now())


def test_the_cache_is_bounded_and_the_newest_stay(tmp_path: Path) -> None:
    cache = Cache(tmp_path, read=read_private, write=write_private)
    for number in range(MAX_FILES + 5):
        cache.put(str(number), b"x")
    assert len(list(tmp_path.iterdir())) == MAX_FILES
    assert cache.get(str(MAX_FILES + 4)) == b"x"
    assert cache.get("0") is None


def test_a_cache_without_its_folder_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "absent", read=read_private, write=write_private)
    cache.put("a", b"x")
    assert cache.get("a") is None
