"""What a clinic's browsers are told so that they let its panels reach this computer's agent without asking.

Pure: origins in, the documents of each browser out. Loopback alone is granted, to the named origins alone,
and no setting that opens a port or an address to every page is ever written. Putting the documents in their
places is `signer.platform.browser_policy_files`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import Enum

from signer.model.errors import PanelOriginUnfit
from signer.model.origin import OriginInvalid, parse_origin

#: Chromium's and Chrome's from 146 on, Edge's too. It opens loopback and nothing else.
LOOPBACK = "LoopbackNetworkAllowedForUrls"
#: What 139 (Edge: 140) to 145 know. It opens the clinic's network to the page as well, in newer ones too.
OLDER = "LocalNetworkAccessAllowedForUrls"
#: Firefox's. It lets a domain past every local check, on any port: Firefox knows no narrower one.
FIREFOX, DOMAINS = "LocalNetworkAccess", "SkipDomains"
#: A clinic has a handful of panels.
MOST_PANELS = 64
#: The first name of our values in a list of Chromium's in the registry: "1" may be the clinic's own already.
#: Firefox takes a key for a list only where its first value is called "1".
_FIRST = 18717


class PolicyBrowser(Enum):
    """A browser that takes policies."""

    CHROMIUM = "chromium"
    CHROME = "chrome"
    EDGE = "edge"
    FIREFOX = "firefox"


#: Below HKEY_LOCAL_MACHINE.
REGISTRY = {
    PolicyBrowser.CHROMIUM: r"SOFTWARE\Policies\Chromium",
    PolicyBrowser.CHROME: r"SOFTWARE\Policies\Google\Chrome",
    PolicyBrowser.EDGE: r"SOFTWARE\Policies\Microsoft\Edge",
    PolicyBrowser.FIREFOX: rf"SOFTWARE\Policies\Mozilla\Firefox\{FIREFOX}",
}


def fit_panels(texts: Iterable[str]) -> tuple[str, ...]:
    """The origins, each once, in the order given. Raises `PanelOriginUnfit` for the first that is none.

    Fit is what the clinic's policy file takes for a panel: https, from elsewhere, as a browser writes it.
    """
    panels = tuple(dict.fromkeys(texts))
    if not 1 <= len(panels) <= MOST_PANELS:
        raise PanelOriginUnfit(f"{len(panels)} panels, and not 1 to {MOST_PANELS}")
    for text in panels:
        try:
            origin = parse_origin(text)
        except OriginInvalid as problem:
            raise PanelOriginUnfit(f"{text}: {problem}") from problem
        if origin.scheme != "https":
            raise PanelOriginUnfit(f"{text}: not https")
        if origin.loopback:
            raise PanelOriginUnfit(f"{text}: a page of this computer, which no browser keeps from it")
    return panels


def chromium_pattern(panel: str) -> str:
    """The pattern that covers this origin alone: one without a port would cover every port of the host."""
    return panel if parse_origin(panel).port is not None else f"{panel}:443"


def domains(panels: Iterable[str]) -> tuple[str, ...]:
    """The panels' hosts, each once: all that Firefox can be told."""
    return tuple(dict.fromkeys(parse_origin(panel).host for panel in panels))


def settings(browser: PolicyBrowser, panels: tuple[str, ...], *, older: bool) -> dict[str, list[str]]:
    """The lists by their names. `older` adds what Chromium's 139 to 145 need, at its price."""
    if browser is PolicyBrowser.FIREFOX:
        return {DOMAINS: list(domains(panels))}
    patterns = [chromium_pattern(panel) for panel in panels]
    return {LOOPBACK: patterns} | ({OLDER: patterns} if older else {})


def as_json(browser: PolicyBrowser, panels: tuple[str, ...], *, older: bool = False) -> str:
    """A file for `policies/managed`; for Firefox a whole `policies.json`."""
    said: dict[str, object] = dict(settings(browser, panels, older=older))
    return dump({"policies": {FIREFOX: said}} if browser is PolicyBrowser.FIREFOX else said)


def dump(document: dict[str, object]) -> str:
    """JSON as people edit it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_reg(
    browsers: Iterable[PolicyBrowser], panels: tuple[str, ...], *, older: bool = False, remove: bool = False
) -> str:
    """A file for `reg import`, ASCII with CRLF; `remove` takes the same values out again."""
    lines = ["Windows Registry Editor Version 5.00"]
    for browser in browsers:
        for key, values in registry_values(browser, panels, older=older):
            lines += ["", rf"[HKEY_LOCAL_MACHINE\{key}]"]
            lines += [f'"{name}"=' + ("-" if remove else f'"{value}"') for name, value in values]
    return "".join(f"{line}\r\n" for line in lines)


def as_admx(browsers: Iterable[PolicyBrowser], panels: tuple[str, ...], *, older: bool = False) -> str:
    """What a group policy of the vendors' templates (ADMX) puts into the registry: key, name, type, value.

    A group policy writes its list whole, from "1": whoever has one already adds the panels to it.
    """
    lines = []
    for browser in browsers:
        for key, values in registry_values(browser, panels, 1, older=older):
            lines += [f"HKLM\\{key}\t{name}\tREG_SZ\t{value}" for name, value in values]
    return "".join(f"{line}\n" for line in lines)


def registry_values(
    browser: PolicyBrowser, panels: tuple[str, ...], first: int | None = None, *, older: bool = False
) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Each list as its key, below HKEY_LOCAL_MACHINE, and its values by their names.

    Names count from `first`; left out, from where a clinic's own list is not met.
    """
    if first is None:
        first = 1 if browser is PolicyBrowser.FIREFOX else _FIRST
    for name, values in settings(browser, panels, older=older).items():
        yield rf"{REGISTRY[browser]}\{name}", list(enumerate(values, first))
