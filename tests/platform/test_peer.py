"""Whose is the other end of a connection? Asked of the kernel about real sockets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from signer.platform import peer
from signer.platform.peer import PeerOwner, holder_of, owner_in_proc, peer_owner

PAIRS = [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("127.0.0.1", "::ffff:127.0.0.1")]


@pytest.fixture(params=PAIRS, ids=["IPv4", "IPv6", "IPv4 from a dual-stack socket"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's socket and the server's, connected over loopback."""
    listening_on, connecting_to = request.param
    with ExitStack() as stack:
        family = socket.AF_INET6 if ":" in listening_on else socket.AF_INET
        server = stack.enter_context(socket.create_server((listening_on, 0), family=family))
        client_family = socket.AF_INET6 if ":" in connecting_to else socket.AF_INET
        client = stack.enter_context(socket.socket(client_family))
        client.connect((connecting_to, server.getsockname()[1]))
        accepted, _ = server.accept()
        stack.enter_context(accepted)
        yield client, accepted


def test_a_socket_of_ours_is_ours_and_of_another_user_is_not(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    _, accepted = ends
    there, here = accepted.getpeername(), accepted.getsockname()
    assert peer_owner(there, here) is PeerOwner.SAME
    assert peer_owner(there, here, uid=os.getuid() + 1) is PeerOwner.OTHER


def test_the_proc_tables_say_the_same_where_netlink_is_forbidden(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError("netlink is forbidden")

    monkeypatch.setattr(peer, "_ask_netlink", forbidden)
    _, accepted = ends
    there, here = accepted.getpeername(), accepted.getsockname()
    assert owner_in_proc(there, here) == os.getuid()
    assert peer_owner(there, here) is PeerOwner.SAME
    assert peer_owner(there, here, uid=os.getuid() + 1) is PeerOwner.OTHER


def test_a_socket_that_nobody_holds_any_more_is_nobodys(ends: tuple[socket.socket, socket.socket]) -> None:
    client, accepted = ends
    there, here = accepted.getpeername(), accepted.getsockname()
    client.close()
    accepted.close()
    assert peer_owner(there, here) is PeerOwner.UNKNOWN
    assert peer_owner(there, here, uid=0) is PeerOwner.UNKNOWN


def test_a_port_that_nobody_uses_is_nobodys() -> None:
    assert peer_owner(("127.0.0.1", 1), ("127.0.0.1", 2)) is PeerOwner.UNKNOWN


def test_without_netlink_and_proc_it_cannot_be_told(tmp_path: Path) -> None:
    assert owner_in_proc(("127.0.0.1", 1), ("127.0.0.1", 2), root=tmp_path) is None


def test_on_a_platform_that_cannot_tell_the_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    assert peer_owner(("127.0.0.1", 1), ("127.0.0.1", 2)) is PeerOwner.UNKNOWN


@pytest.mark.parametrize("place", ["127.0.0.1", "::1"])
def test_who_listens_is_told_by_the_port(place: str) -> None:
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    with socket.create_server((place, 0), family=family) as server:
        port = server.getsockname()[1]
        assert holder_of(port) is PeerOwner.SAME
        assert holder_of(port, uid=os.getuid() + 1) is PeerOwner.OTHER
        with socket.socket(family) as client:
            client.connect((place, port))
            assert holder_of(client.getsockname()[1]) is PeerOwner.UNKNOWN, "who calls does not listen"
    assert holder_of(port) is PeerOwner.UNKNOWN


def test_where_it_cannot_be_told_who_listens_nobody_is_accused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert holder_of(1, root=tmp_path) is PeerOwner.UNKNOWN
    monkeypatch.setattr("sys.platform", "darwin")
    assert holder_of(1) is PeerOwner.UNKNOWN
