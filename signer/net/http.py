"""One bounded HTTP exchange: octets out, octets in, within a deadline for the whole of it and a cap on size.

Blocking, for a thread. http and https only; cookies, .netrc and the environment's certificate bundles play no
part, and a proxy only as the clinic's policy says. What the octets mean is for others.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from signer.model.policy import NO_PROXY, SYSTEM_PROXY

#: Redirections of a GET that are followed.
HOPS = 3
_CHUNK = 64 * 1024


class ExchangeFailed(Exception):
    """Nothing usable came back; the text says why and names neither user nor password."""


def exchange(
    url: str,
    *,
    cap: int,
    seconds: float,
    body: bytes | None = None,
    content_type: str = "",
    user: tuple[str, str] | None = None,
    proxy: str = SYSTEM_PROXY,
) -> bytes:
    """GET, or POST where there is a `body`; the answer's octets, at most `cap`, within `seconds` in all.

    `user` is name and password for basic authentication (RFC 7617). A POST is never redirected, a GET at most
    three times and never from https to http. Raises `ExchangeFailed`.
    """
    until = time.monotonic() + seconds
    for _ in range(HOPS + 1):
        scheme = urlsplit(url).scheme
        if scheme not in {"http", "https"}:
            raise ExchangeFailed("neither http nor https")
        with _Deadline(until) as deadline:
            answer = _once(deadline, url, cap, body, content_type, user, proxy)
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer.location)
        if body is not None or user is not None:
            raise ExchangeFailed("redirected")
        if scheme == "https" and urlsplit(url).scheme != "https":
            raise ExchangeFailed("redirected away from https")
    raise ExchangeFailed("redirected too often")


class _Redirected:
    def __init__(self, location: str) -> None:
        self.location = location


def _once(
    deadline: _Deadline,
    url: str,
    cap: int,
    body: bytes | None,
    content_type: str,
    user: tuple[str, str] | None,
    proxy: str,
) -> bytes | _Redirected:
    headers = {"Accept-Encoding": "identity", "User-Agent": "mohr"}
    if content_type:
        headers["Content-Type"] = content_type
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", _Adapter())
            session.mount("https://", _Adapter())
            with session.request(
                "GET" if body is None else "POST",
                url,
                data=body,
                headers=headers,
                auth=user,
                proxies=_proxies(url, proxy),
                timeout=deadline.left(),
                stream=True,
                allow_redirects=False,
            ) as response:
                if response.is_redirect:
                    return _Redirected(response.headers["Location"])
                if response.status_code != 200:
                    raise ExchangeFailed(f"HTTP {response.status_code}")
                return _body(response, cap, deadline)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
        raise ExchangeFailed("too slow" if deadline.over() else type(problem).__name__) from problem


def _body(response: requests.Response, cap: int, deadline: _Deadline) -> bytes:
    octets = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=False):
        octets += chunk
        if len(octets) > cap:
            raise ExchangeFailed(f"over {cap} octets")
    if deadline.over():
        raise ExchangeFailed("too slow")
    return bytes(octets)


def _proxies(url: str, proxy: str) -> dict[str, str]:
    if proxy == NO_PROXY:
        return {}
    if proxy == SYSTEM_PROXY:
        return dict(get_environ_proxies(url))
    return {"http": proxy, "https": proxy}


class _Deadline:
    """Cuts the connection when the time is over.

    A socket's own timeout starts anew with every octet that trickles in, so that it bounds nothing.
    """

    current = threading.local()

    def __init__(self, until: float) -> None:
        self._until = until
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(self.left(), self._cut)
        self._timer.daemon = True

    def left(self) -> float:
        """Seconds, never quite none."""
        return max(self._until - time.monotonic(), 0.001)

    def over(self) -> bool:
        """Is the time over?"""
        return time.monotonic() >= self._until

    def watch(self, connected: socket.socket) -> None:
        """Keep hold of a connection: a duplicate, since TLS takes the socket itself over."""
        self._sockets.append(connected.dup())

    def _cut(self) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _Deadline.current.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for one in self._sockets:
            one.close()


def _watched(connected: socket.socket) -> socket.socket:
    deadline: _Deadline = _Deadline.current.deadline
    deadline.watch(connected)
    return connected


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    """Connections of ours, to the server and to a proxy alike."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        _use_ours(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **options)
        _use_ours(manager)
        return manager


def _use_ours(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
