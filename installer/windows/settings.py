"""What an administrator may decide at the installation: public properties, and what each writes.

    msiexec /i mohr.msi /qn LANGUAGE=en AUTOSTART=1 POLICYFILE=D:\\policy.toml PANEL1=panel.example

Data alone: `source` makes the package's tables of it. No program runs at an installation. Each property is
kept in the registry beside what it wrote, so that an update that is not told it again keeps it. What cannot
be written by joining texts is asked for in parts: a panel by host and port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signer.platform.browser_policies import PolicyBrowser, registry_values
from signer.platform.policy_windows import POLICY_KEY, POLICY_VALUE

#: Below HKEY_LOCAL_MACHINE: what was decided, and that Firefox's list is ours.
SETUP = r"SOFTWARE\Mohr\Setup"
FIREFOX_OURS = "FirefoxPanels"
RUN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
SCHEME = r"SOFTWARE\Classes\mohr"
#: How many panels: as many as there are single digits. More are imported with `mohr policy browsers`.
PANELS = 9
#: Directories of the tables.
HOME, ANCHORS = "INSTALLFOLDER", "ANCHORSFOLDER"
POLICY_NAME, ANCHORS_NAME = "policy.toml", "anchors.pem"
#: The key of the window's program in the tables.
PROGRAM = "MohrDesktop"
START = f'"[#{PROGRAM}]" --language [LANGUAGE]'


@dataclass(frozen=True)
class Property:
    """One public property. `refused` says, in the installer's own terms, what it may not be, and why."""

    name: str
    default: str = ""
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Value:
    """A text in the registry below HKEY_LOCAL_MACHINE; `name` "" is the key's own."""

    key: str
    name: str
    value: str


@dataclass(frozen=True)
class Copy:
    """One file that is copied from where a property says, into the folder `target`, under `name`."""

    source: str
    target: str
    name: str


@dataclass(frozen=True)
class Part:
    """What is installed where `condition` holds ("" is always); its first value tells that it is there."""

    name: str
    condition: str
    values: tuple[Value, ...]
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True)
class Search:
    """What is looked up before anything is decided: `property` gets that value, or stays empty."""

    property: str
    key: str
    name: str


def properties() -> tuple[Property, ...]:
    """All of them, in the order of the documentation."""
    return (
        Property(
            "LANGUAGE",
            "fa",
            ((_unless("LANGUAGE", 'LANGUAGE="fa" OR LANGUAGE="en"'), "LANGUAGE is fa or en."),),
        ),
        Property("AUTOSTART", "", ((_unless("AUTOSTART", 'AUTOSTART="1"'), "AUTOSTART is 1, or not told."),)),
        Property("POLICYFILE", "", (_absolute("POLICYFILE"),)),
        Property("ANCHORS", "", (_absolute("ANCHORS"),)),
        *(one for number in range(1, PANELS + 1) for one in _panel(number)),
    )


def parts() -> tuple[Part, ...]:
    """What each decision installs."""
    return (
        Part("Language", "", (_kept("LANGUAGE"),)),
        Part("Autostart", "AUTOSTART", (_kept("AUTOSTART"), Value(RUN, "Mohr", f"{START} --hidden"))),
        Part(
            "Policy",
            "POLICYFILE",
            (_kept("POLICYFILE"), Value(POLICY_KEY, POLICY_VALUE, f"[{HOME}]{POLICY_NAME}")),
            (Copy("POLICYFILE", HOME, POLICY_NAME),),
        ),
        Part("Anchors", "ANCHORS", (_kept("ANCHORS"),), (Copy("ANCHORS", ANCHORS, ANCHORS_NAME),)),
        *(one for number in range(1, PANELS + 1) for one in _panel_parts(number)),
    )


def searches() -> tuple[Search, ...]:
    """What an earlier version was told, and whose Firefox's list is."""
    firefox = next(key for key, _ in registry_values(PolicyBrowser.FIREFOX, _placeholders()))
    return (
        *(Search(before(one.name), SETUP, one.name) for one in properties()),
        Search("FIREFOXLIST", firefox, "1"),
        Search("FIREFOXOURS", SETUP, FIREFOX_OURS),
    )


def before(name: str) -> str:
    """The property that holds what an earlier version was told."""
    return f"{name}_BEFORE"


def _panel(number: int) -> Iterator[Property]:
    host, port = f"PANEL{number}", f"PANEL{number}PORT"
    whole = " OR ".join(f'{host} >< "{sign}"' for sign in "/\\*:?#@[% ")
    unfit = f"{host} is a host like panel.example, without https:// and port."
    refused = [
        (_unless(host, f"NOT ({whole})"), unfit),
        (_unless(host, f'NOT ({host} ~= "localhost" OR {host} << "127.")'), f"{unfit} Not this computer."),
    ]
    if number > 1:
        last = f"PANEL{number - 1}"
        refused.append((_unless(host, last), f"{host} without {last}: browsers count panels from 1."))
    yield Property(host, "", tuple(refused))
    fits = f"({port} >= 1 AND {port} <= 65535)"
    yield Property(port, "443", ((_unless(port, fits), f"{port} is a number from 1 to 65535."),))


def _panel_parts(number: int) -> Iterator[Part]:
    """What `mohr policy browsers` says for this panel, with the property in the place of its host and port.

    Firefox takes a list only from 1, so where the clinic has one of its own, Firefox is left alone.
    """
    host, port = f"PANEL{number}", f"PANEL{number}PORT"
    values = {
        browser: tuple(
            Value(key, str(rows[number - 1][0]), _filled(rows[number - 1][1], number))
            for key, rows in registry_values(browser, _placeholders())
        )
        for browser in PolicyBrowser
    }
    firefox = values.pop(PolicyBrowser.FIREFOX)
    chromiums = tuple(value for ours in values.values() for value in ours)
    yield Part(f"Panel{number}", host, (_kept(host), _kept(port), *chromiums))
    ours = (Value(SETUP, FIREFOX_OURS, "1"),) if number == 1 else ()
    yield Part(f"Firefox{number}", f"{host} AND (NOT FIREFOXLIST OR FIREFOXOURS)", (*firefox, *ours))


def _placeholders() -> tuple[str, ...]:
    return tuple(f"https://{_host(number)}:{_port(number)}" for number in range(1, PANELS + 1))


def _host(number: int) -> str:
    return f"panel{number}.mohr.invalid"


def _port(number: int) -> int:
    return 40000 + number


def _filled(text: str, number: int) -> str:
    return text.replace(_host(number), f"[PANEL{number}]").replace(
        f":{_port(number)}", f":[PANEL{number}PORT]"
    )


def _kept(name: str) -> Value:
    return Value(SETUP, name, f"[{name}]")


def _unless(name: str, fits: str) -> str:
    """Where nothing is decided there is nothing to refuse; nor at a removal."""
    return f"Installed OR NOT {name} OR {fits}"


def _absolute(name: str) -> tuple[str, str]:
    return _unless(name, rf'{name} >< ":\" OR {name} << "\\"'), f"{name} is a file, with its whole path."
