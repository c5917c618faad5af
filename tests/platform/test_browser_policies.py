"""What browsers are told of a clinic's panels: exact, for the panels alone, and refused for anything else."""

from __future__ import annotations

import configparser
import json

import pytest

from signer.model.errors import PanelOriginUnfit
from signer.platform.browser_policies import (
    MOST_PANELS,
    PolicyBrowser,
    as_admx,
    as_json,
    as_reg,
    domains,
    fit_panels,
)

PANELS = ("https://panel.example", "https://panel.example:8443")
CHROMIUMS = (PolicyBrowser.CHROMIUM, PolicyBrowser.CHROME, PolicyBrowser.EDGE)

UNFIT = [
    ("none at all", [], "0 panels"),
    ("more than a clinic has", [f"https://p{n}.example" for n in range(MOST_PANELS + 1)], "65 panels"),
    ("http", ["http://panel.example"], "not https"),
    ("a wildcard", ["https://*.example"], "scheme://host"),
    ("Chromium's wildcard", ["https://[*.]panel.example"], "scheme://host"),
    ("everything", ["*"], "scheme://host"),
    ("a path", ["https://panel.example/rx"], "scheme://host"),
    ("a slash", ["https://panel.example/"], "scheme://host"),
    ("a bare host", ["panel.example"], "scheme://host"),
    ("a user", ["https://me@panel.example"], "scheme://host"),
    ("capitals", ["https://Panel.example"], "scheme://host"),
    ("a host that is not in punycode", ["https://پنل.example"], "scheme://host"),
    ("the default port spelled out", ["https://panel.example:443"], "port"),
    ("this computer", ["https://localhost:3000"], "this computer"),
    ("this computer by address", ["https://127.0.0.1"], "this computer"),
    ("an extension", ["chrome-extension://abc"], "scheme://host"),
    ("a line break", ["https://panel.example\n"], "scheme://host"),
    ("a quotation mark", ['https://panel.example"'], "scheme://host"),
    ("one bad among good ones", ["https://panel.example", "http://panel.example"], "not https"),
]


@pytest.mark.parametrize(("panels", "why"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT])
def test_what_is_no_panels_origin_is_refused_by_name(panels: list[str], why: str) -> None:
    with pytest.raises(PanelOriginUnfit) as unfit:
        fit_panels(panels)
    assert why in unfit.value.detail


def test_a_panel_named_twice_is_told_once() -> None:
    assert fit_panels([*PANELS, *PANELS]) == PANELS
    assert domains(PANELS) == ("panel.example",)


@pytest.mark.parametrize("browser", CHROMIUMS)
def test_a_chromium_is_told_of_loopback_alone_and_of_the_exact_port(browser: PolicyBrowser) -> None:
    patterns = ["https://panel.example:443", "https://panel.example:8443"]
    assert json.loads(as_json(browser, PANELS)) == {"LoopbackNetworkAllowedForUrls": patterns}
    older = json.loads(as_json(browser, PANELS, older=True))
    assert older == {
        "LoopbackNetworkAllowedForUrls": patterns,
        "LocalNetworkAccessAllowedForUrls": patterns,
    }


def test_firefox_is_told_of_the_domain_and_keeps_its_gate_for_all_others() -> None:
    said = json.loads(as_json(PolicyBrowser.FIREFOX, PANELS))
    assert said == {"policies": {"LocalNetworkAccess": {"SkipDomains": ["panel.example"]}}}


def imported(text: str) -> dict[str, dict[str, str]]:
    """The keys and values of a registry file, as `reg import` reads it."""
    head, _, body = text.partition("\r\n")
    assert head == "Windows Registry Editor Version 5.00"
    assert text.isascii()
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(body)
    return {section: dict(parser[section]) for section in parser.sections()}


def test_the_registry_file_has_names_of_its_own_so_that_the_clinics_values_stay() -> None:
    found = imported(as_reg(tuple(PolicyBrowser), PANELS))
    values = {'"18717"': '"https://panel.example:443"', '"18718"': '"https://panel.example:8443"'}
    root = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies"
    assert found == {
        f"{root}\\Chromium\\LoopbackNetworkAllowedForUrls": values,
        f"{root}\\Google\\Chrome\\LoopbackNetworkAllowedForUrls": values,
        f"{root}\\Microsoft\\Edge\\LoopbackNetworkAllowedForUrls": values,
        f"{root}\\Mozilla\\Firefox\\LocalNetworkAccess\\SkipDomains": {'"1"': '"panel.example"'},
    }


def test_the_registry_file_that_removes_names_the_same_values() -> None:
    put, taken = (imported(as_reg(tuple(PolicyBrowser), PANELS, remove=gone)) for gone in (False, True))
    assert {key: list(values) for key, values in put.items()} == {k: list(v) for k, v in taken.items()}
    assert {value for values in taken.values() for value in values.values()} == {"-"}


def test_a_group_policys_values_stand_one_a_line_from_one() -> None:
    assert as_admx((PolicyBrowser.EDGE,), PANELS).splitlines() == [
        "HKLM\\SOFTWARE\\Policies\\Microsoft\\Edge\\LoopbackNetworkAllowedForUrls"
        f"\t{number}\tREG_SZ\t{pattern}"
        for number, pattern in ((1, "https://panel.example:443"), (2, "https://panel.example:8443"))
    ]
