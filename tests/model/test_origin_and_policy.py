"""Origins are taken in the browser's spelling alone, and policy names those on this computer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signer.model.origin import Origin, OriginInvalid, parse_origin
from signer.model.policy import Policy

GOOD = [
    ("https://panel.example", Origin("https", "panel.example", None)),
    ("https://panel.example:8443", Origin("https", "panel.example", 8443)),
    ("https://panel.example:80", Origin("https", "panel.example", 80)),
    ("http://localhost:3000", Origin("http", "localhost", 3000)),
    ("https://xn--mgbb7ah.example", Origin("https", "xn--mgbb7ah.example", None)),
    ("https://192.0.2.1", Origin("https", "192.0.2.1", None)),
    ("https://[2001:db8::1]:444", Origin("https", "[2001:db8::1]", 444)),
]
BAD = [
    "",
    "null",
    "https://",
    "https:panel.example",
    "HTTPS://panel.example",
    "https://PANEL.example",
    "https://panel.example/",
    "https://panel.example:443",
    "http://panel.example:80",
    "https://panel.example:0",
    "https://panel.example:65536",
    "https://panel.example:08443",
    "https://panel.example:",
    "https://user@panel.example",
    "https://panel.example.",
    "https://.example",
    "https://-panel.example",
    "https://panel..example",
    "https://panel.example\n",
    " https://panel.example",
    "https://پنل.example",
    "https://1.2.3",
    "https://01.2.3.4",
    "https://panel.1",
    "https://[::1",
    "https://[0:0::1]",
    "https://[::ffff:7f00:1]",
    "https://[fe80::1%25eth0]",
    "ftp://panel.example",
    "file://",
    "moz-extension://0a0b",
    "https://*.example",
    "https://" + "a" * 64 + ".example",
    "https://" + "a." * 200 + "example",
]


@pytest.mark.parametrize(("text", "origin"), GOOD, ids=[text for text, _ in GOOD])
def test_an_origin_as_a_browser_writes_it_is_read(text: str, origin: Origin) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize("text", BAD)
def test_any_other_spelling_is_refused_and_not_repaired(text: str) -> None:
    with pytest.raises(OriginInvalid):
        parse_origin(text)
    assert not Policy(loopback_origins=(text,)).admits(text)


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z0-9.:\[\]-]{1,40}", fullmatch=True))
def test_no_text_makes_the_parser_raise_anything_but_its_own_error(text: str) -> None:
    try:
        origin = parse_origin(text)
    except OriginInvalid:
        return
    spelled = f"{origin.scheme}://{origin.host}" + (f":{origin.port}" if origin.port else "")
    assert spelled == text


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:3000",
        "https://localhost",
        "https://panel.localhost",
        "http://127.0.0.1:3000",
        "https://127.8.8.8",
        "http://[::1]:3000",
    ],
)
def test_pages_of_this_computer_may_call_only_where_policy_names_them(text: str) -> None:
    assert not Policy().admits(text)
    assert not Policy(origins=(text,)).admits(text)
    assert Policy(loopback_origins=(text,)).admits(text)
    assert not Policy(loopback_origins=(text + "1",)).admits(text)


def test_pinned_panels_shut_all_others_out_but_not_the_named_pages_of_this_computer() -> None:
    policy = Policy(origins=("https://a.example",), loopback_origins=("http://127.0.0.1:1",))
    assert policy.admits("https://a.example")
    assert policy.admits("http://127.0.0.1:1")
    assert not policy.admits("https://b.example")
