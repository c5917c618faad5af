"""Timestamps over HTTP: the honest authority's token passes, and everything else is refused by name."""

from __future__ import annotations

import asyncio
import base64
import secrets
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.errors import TsaUnreachable
from signer.model.policy import NetSettings, Tsa
from signer.net import timestamp
from signer.net.authorities import AT_ONCE, Authorities
from signer.net.cache import Cache
from signer.net.timestamp import TimestampRefused, Wanted
from signer.platform.private_files import read_private, write_private
from tests import outside, tsa
from tests.outside import OCSP_SIGNING, TIME_STAMPING, Reply, Server
from tests.service.doubles import FixedClock

STAMPED = b"a signature value"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as running:
        yield running


def asking(folder: Path, *asked: str | Tsa, **settings: Any) -> Authorities:
    tsas = tuple(one if isinstance(one, Tsa) else Tsa(url=one) for one in asked)
    return Authorities(
        NetSettings(**{"tsa": tsas, "proxy": "none", **settings}),
        cache=Cache(folder, read=read_private, write=write_private),
        now=FixedClock().now,
    )


@pytest.mark.parametrize("reference", ["sha1", "sha256", "sha384"])
async def test_openssls_token_passes_and_openssl_takes_it_for_its_own(
    server: Server, tmp_path: Path, reference: str
) -> None:
    url = server.serve("/tsa", tsa.OpensslTsa(tmp_path / "tsa", reference=reference))
    token = await asking(tmp_path, url).timestamp(STAMPED)
    tsa.verify_token(tmp_path, token, STAMPED)
    inside = timestamp.certificates(token)
    assert inside[0].subject == "CN=Mohr test TSA"
    assert outside.root() in inside
    assert abs(datetime.now(UTC) - timestamp.moment(token)) < timedelta(minutes=1)


def _other_imprint(request: Any) -> None:
    request["message_imprint"]["hashed_message"] = secrets.token_bytes(32)


def _other_nonce(request: Any) -> None:
    request["nonce"] = request["nonce"].native + 1


def _no_nonce(request: Any) -> None:
    request["nonce"] = None


def _huge(body: bytes, headers: dict[str, str]) -> Reply:
    return Reply(body=bytes(timestamp.MAX_OCTETS + 1))


def _slow(body: bytes, headers: dict[str, str]) -> Reply:
    return Reply(body=bytes(100), pause=0.2)


def _flipped(body: bytes, headers: dict[str, str]) -> Reply:
    answer = bytearray(tsa.wrong()(body, headers).body)
    answer[-1] ^= 1  # the last octet of the signature value
    return Reply(body=bytes(answer))


def _no_eku() -> outside.Handler:
    return tsa.wrong(tsa.of_another_kind())


REFUSALS = [
    ("imprint", lambda: tsa.wrong(change=_other_imprint), "imprint"),
    ("nonce", lambda: tsa.wrong(change=_other_nonce), "nonce"),
    ("no nonce", lambda: tsa.wrong(change=_no_nonce), "nonce"),
    ("expired certificate", lambda: tsa.wrong(tsa.expired()), "out of its time"),
    ("no extended key usage", _no_eku, "not for timestamps"),
    (
        "usage not critical",
        lambda: tsa.wrong(tsa.of_another_kind(purposes=(TIME_STAMPING,), critical=False)),
        "not for timestamps",
    ),
    (
        "other usages too",
        lambda: tsa.wrong(tsa.of_another_kind(purposes=(TIME_STAMPING, OCSP_SIGNING))),
        "not for timestamps",
    ),
    ("signed by another key", lambda: tsa.wrong(key="other-rsa-2048"), "signature"),
    ("signature flipped", lambda: _flipped, "signature"),
    ("slow", lambda: _slow, "too slow"),
    ("huge", lambda: _huge, "over 131072 octets"),
    ("HTTP 500", lambda: lambda body, headers: Reply(status=500), "HTTP 500"),
    (
        "redirect",
        lambda: lambda body, headers: Reply(status=307, headers=(("Location", "/tsa"),)),
        "redirected",
    ),
    ("garbage", lambda: lambda body, headers: Reply(body=b"<html>"), "not a timestamp response"),
    ("nothing", lambda: lambda body, headers: Reply(), "not a timestamp response"),
    (
        "rejected",
        lambda: lambda body, headers: Reply(body=bytes.fromhex("30053003020102")),
        "status 2",
    ),
    (
        "granted without a token",
        lambda: lambda body, headers: Reply(body=bytes.fromhex("30053003020100")),
        "no token",
    ),
]


@pytest.mark.parametrize(("handler", "why"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
async def test_an_answer_that_does_not_hold_is_refused_by_name(
    server: Server, tmp_path: Path, handler: Any, why: str
) -> None:
    url = server.serve("/tsa", handler())
    with pytest.raises(TsaUnreachable) as refused:
        await asking(tmp_path, url, deadline_seconds=1.0).timestamp(STAMPED)
    assert f"{url}: " in refused.value.detail
    assert why in refused.value.detail


async def test_a_policy_that_was_not_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    def other_policy(request: Any) -> None:
        request["req_policy"] = "1.2.3"

    account = Tsa(url=server.serve("/tsa", tsa.wrong(change=other_policy)), policy="1.2.3.4.5.6")
    with pytest.raises(TsaUnreachable, match="policy"):
        await asking(tmp_path, account).timestamp(STAMPED)


async def test_the_next_authority_is_asked_and_the_failed_one_rests(server: Server, tmp_path: Path) -> None:
    down = server.serve("/down", lambda body, headers: Reply(status=503))
    up = server.serve("/up", tsa.OpensslTsa(tmp_path / "tsa"))
    authorities = asking(tmp_path, down, up)
    for _ in range(3):
        await authorities.timestamp(STAMPED)
    assert server.asked == {"/down": 1, "/up": 3}


async def test_nobody_listening_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TsaUnreachable, match="ConnectionError"):
        await asking(tmp_path, f"http://127.0.0.1:{port}/").timestamp(STAMPED)


async def test_headers_that_trickle_are_cut_off_at_the_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        authorities = asking(tmp_path, url, deadline_seconds=1.0)
        begun = time.monotonic()
        with pytest.raises(TsaUnreachable, match="too slow"):
            await authorities.timestamp(STAMPED)  # the kernel accepts, and nobody ever answers
        assert time.monotonic() - begun >= 1.0
        authorities.close()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://tsa.example/", "//tsa.example", "no url"])
async def test_nothing_but_http_is_spoken(tmp_path: Path, url: str) -> None:
    with pytest.raises(TsaUnreachable, match="neither http nor https"):
        await asking(tmp_path, url).timestamp(STAMPED)


async def test_user_and_password_go_to_the_authority_and_into_no_message(
    server: Server, tmp_path: Path
) -> None:
    seen: list[str] = []

    def guarded(body: bytes, headers: dict[str, str]) -> Reply:
        seen.append(headers.get("Authorization", ""))
        return Reply(status=401)

    account = Tsa(url=server.serve("/tsa", guarded), user="clinic", password="geheim")
    with pytest.raises(TsaUnreachable) as refused:
        await asking(tmp_path, account).timestamp(STAMPED)
    assert base64.b64decode(seen[0].removeprefix("Basic ")) == b"clinic:geheim"
    assert "geheim" not in refused.value.detail + repr(account) + repr(NetSettings(tsa=(account,)))


async def test_the_sessions_proxy_is_used_unless_policy_says_otherwise(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    far = "http://tsa.invalid/stamp"
    server.serve(far, tsa.OpensslTsa(tmp_path / "tsa"))  # a proxy is sent the whole URL
    for proxy in ("system", server.url):
        await asking(tmp_path, far, proxy=proxy).timestamp(STAMPED)
    assert server.asked == {far: 2}
    with pytest.raises(TsaUnreachable, match="ConnectionError"):
        await asking(tmp_path, far).timestamp(STAMPED)


async def test_a_batch_asks_a_few_at_a_time(server: Server, tmp_path: Path) -> None:
    honest = tsa.OpensslTsa(tmp_path / "tsa")

    def unhurried(body: bytes, headers: dict[str, str]) -> Reply:
        time.sleep(0.02)
        return honest(body, headers)

    authorities = asking(tmp_path, server.serve("/tsa", unhurried))
    tokens = await asyncio.gather(*(authorities.timestamp(b"%d" % n) for n in range(24)))
    assert len(set(tokens)) == 24
    assert 1 < server.most_at_once <= AT_ONCE


def _answered() -> tuple[bytes, Wanted]:
    wanted = Wanted(digest=bytes(32), nonce=7)
    return tsa.wrong()(timestamp.request(wanted), {}).body, wanted


ANSWER, WANTED = _answered()


def test_the_untouched_answer_passes() -> None:
    assert timestamp.token(ANSWER, WANTED) in ANSWER


@given(place=st.integers(0, len(ANSWER) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_nothing_that_was_signed(place: int, bit: int) -> None:
    flipped = bytearray(ANSWER)
    flipped[place] ^= 1 << bit
    try:
        token = timestamp.token(bytes(flipped), WANTED)
    except TimestampRefused:
        return
    assert _info(token) == _info(timestamp.token(ANSWER, WANTED))


def _info(token: bytes) -> bytes:
    from asn1crypto import cms

    return bytes(cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed.dump())


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_crash(answer: bytes) -> None:
    with pytest.raises(TimestampRefused):
        timestamp.token(answer, WANTED)
