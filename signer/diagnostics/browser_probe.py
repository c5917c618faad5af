"""Looks at the browsers: which are here, what their managed policies say about panels and loopback, and
whether their stores trust the agent's own authority. No browser is started but to say its version.

Linux alone: elsewhere policies are in the registry or in profiles, and are not read yet.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.ground import Ground
from signer.diagnostics.probing import Seen, aside
from signer.model.errors import PairingStoreFailed, TrustStoreFailed, TrustStoreLocked
from signer.platform import nss_worker
from signer.platform.trust_stores import Standing, standing, user_stores

_SECONDS_FOR_VERSION = 4.0
_VERSION = re.compile(r"\b([0-9]{2,4})\.[0-9.]+")


class Browser(Struct, frozen=True, kw_only=True):
    """A browser by its programs' names; `policies` are folders or files of managed policies, below the root.

    `oldest` is the first major version that the SDK is tried with or close to it.
    """

    name: str
    programs: tuple[str, ...]
    policies: tuple[str, ...]
    oldest: int
    firefox: bool = False


BROWSERS = (
    Browser(
        name="chromium",
        programs=("chromium", "chromium-browser"),
        policies=("etc/chromium/policies/managed", "etc/chromium-browser/policies/managed"),
        oldest=109,
    ),
    Browser(
        name="chrome",
        programs=("google-chrome", "google-chrome-stable"),
        policies=("etc/opt/chrome/policies/managed",),
        oldest=109,
    ),
    Browser(
        name="edge",
        programs=("microsoft-edge", "microsoft-edge-stable"),
        policies=("etc/opt/edge/policies/managed",),
        oldest=109,
    ),
    Browser(
        name="firefox",
        programs=("firefox", "firefox-esr"),
        policies=(
            "etc/firefox/policies/policies.json",
            "usr/lib/firefox/distribution/policies.json",
            "usr/lib/firefox-esr/distribution/policies.json",
        ),
        oldest=115,
        firefox=True,
    ),
)

#: Chromium's settings that list pages which may not reach loopback, and those that grant it.
_BLOCKING = ("LoopbackNetworkBlockedForUrls", "LocalNetworkAccessBlockedForUrls")
_GRANTING = ("LoopbackNetworkAllowedForUrls", "LocalNetworkAccessAllowedForUrls")
_URLS, _FILTER = "URLBlocklist", "WebsiteFilter"
#: Every setting that a finding may name.
SETTINGS = frozenset((*_BLOCKING, _URLS, _FILTER))
_NOT_LOOKED = (("looked-at", "no"),)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "*")
_PORTS = {"http": "80", "https": "443"}


async def browsers(ground: Ground) -> Seen:
    """Each browser that is installed, with its version and what its policy does to the paired panels."""
    if not _known_here():
        return Seen(told=_NOT_LOOKED)
    here = [(one, program) for one in BROWSERS if (program := _program(one, ground)) is not None]
    if not here:
        return Seen(findings=(finding("browser-none"),))
    try:
        panels = await aside(lambda: ground.paired(ground.now()))
    except PairingStoreFailed:
        panels = ()
    versions = await asyncio.gather(*(_version(program) for _, program in here))
    findings: list[Finding] = []
    for (browser, _), version in zip(here, versions, strict=True):
        subject = (browser.name,)
        if version is not None and int(version.partition(".")[0]) < browser.oldest:
            findings.append(finding("browser-outdated", subject, browser=browser.name, version=version))
        findings += await aside(lambda browser=browser: _policy(browser, ground.root, panels))  # type: ignore[misc]
    told = tuple((browser.name, version or "?") for (browser, _), version in zip(here, versions, strict=True))
    return Seen(findings=tuple(findings), told=told)


async def stores(ground: Ground) -> Seen:
    """Does each browser's store trust the agent's own authority?"""
    return await aside(lambda: _stores(ground)) if _known_here() else Seen(told=_NOT_LOOKED)


def _known_here() -> bool:
    """Is it known where browsers are on this system?"""
    return sys.platform.startswith("linux")


def _program(browser: Browser, ground: Ground) -> Path | None:
    found = (shutil.which(name, path=ground.path or None) for name in browser.programs)
    return next((Path(one) for one in found if one is not None), None)


async def _version(program: Path) -> str | None:
    """What `--version` says, or None where it says nothing in time."""
    try:
        started = await asyncio.create_subprocess_exec(
            str(program),
            "--version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_SECONDS_FOR_VERSION):
            said, _ = await started.communicate()
    except TimeoutError:
        return None
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    found = _VERSION.search(said.decode("utf-8", "replace"))
    return None if found is None else found[0]


def _policy(browser: Browser, root: Path, panels: tuple[str, ...]) -> tuple[Finding, ...]:
    subject, findings = (browser.name,), list[Finding]()
    settings: dict[str, Any] = {}
    for place in browser.policies:
        path = root / place
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            try:
                read = json.loads(file.read_bytes())
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as problem:
                damaged = finding(
                    "browser-policy-damaged", subject, browser=browser.name, error=type(problem).__name__
                )
                findings.append(damaged)
                continue
            if isinstance(read, dict):
                settings.update(read.get("policies", {}) if browser.firefox else read)
    findings += _firefox(settings, panels) if browser.firefox else _chromium(browser, settings, panels)
    return tuple(findings)


def _chromium(browser: Browser, settings: dict[str, Any], panels: tuple[str, ...]) -> list[Finding]:
    for name in _BLOCKING:
        blocked = [
            panel for panel in panels if any(_covers(rule, panel) for rule in _list(settings.get(name)))
        ]
        if blocked:
            return [_blocks(browser.name, name, blocked[0])]
    urls, allowed = _list(settings.get(_URLS)), _list(settings.get("URLAllowlist"))
    if any(rule.startswith(_LOOPBACK) for rule in urls) and not any(
        rule.startswith(_LOOPBACK[:-1]) for rule in allowed
    ):
        return [_blocks(browser.name, _URLS, None)]
    granted = [rule for name in _GRANTING for rule in _list(settings.get(name))]
    if any(not any(_covers(rule, panel) for rule in granted) for panel in panels):
        return [finding("browser-will-ask", (browser.name,), browser=browser.name)]
    return []


def _firefox(settings: dict[str, Any], panels: tuple[str, ...]) -> list[Finding]:
    filtered = settings.get(_FILTER)
    if isinstance(filtered, dict):
        blocked = [
            rule for rule in _list(filtered.get("Block")) if rule == "<all_urls>" or "127.0.0.1" in rule
        ]
        if blocked and not any("127.0.0.1" in rule for rule in _list(filtered.get("Exceptions"))):
            return [_blocks("firefox", _FILTER, None)]
    return []


def _blocks(browser: str, setting: str, origin: str | None) -> Finding:
    return finding("browser-policy-blocks", (browser,), browser=browser, setting=setting, origin=origin)


def _covers(rule: str, origin: str) -> bool:
    """Chromium's URL patterns, as far as origins need them: `*`, a scheme, `[*.]` before a host."""
    scheme, _, host = rule.rstrip("/").rpartition("://")
    own_scheme, _, own_host = origin.partition("://")
    if rule == "*" or scheme not in {"", "*", own_scheme}:
        return rule == "*"
    host, port = _split(host)
    own_host, own_port = _split(own_host)
    if port not in {"", "*", own_port or _PORTS[own_scheme]}:
        return False
    bare = host.removeprefix("[*.]").removeprefix("*.")
    return own_host == bare or (bare != host and own_host.endswith(f".{bare}"))


def _split(host: str) -> tuple[str, str]:
    """Host and port, the latter empty where none is written; an IPv6 address has colons of its own."""
    found = re.fullmatch(r"(\[[0-9a-f:]+\]|[^:]*)(?::([0-9*]+))?", host)
    return (host, "") if found is None else (found[1], found[2] or "")


def _list(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _stores(ground: Ground) -> Seen:
    authority = ground.authority()
    if authority is None:
        return Seen(findings=(finding("authority-none"),))
    findings: list[Finding] = []
    here = user_stores(ground.home)
    codes = {
        Standing.ABSENT: "authority-missing",
        Standing.UNTRUSTED: "authority-missing",
        Standing.OUTDATED: "authority-outdated",
    }
    for number, store in enumerate(here, 1):
        subject = (store.kind.value, f"store {number}")
        try:
            code = codes.get(standing(store, authority))
        except TrustStoreLocked:
            code = "store-locked"
        except TrustStoreFailed as problem:
            code = "nss-missing" if nss_worker.NO_LIBRARY in problem.detail else "store-unreadable"
        if code is not None:
            findings.append(finding(code, subject, browser=store.kind.value))
    return Seen(findings=tuple(findings), told=(("stores", str(len(here))),))
