"""Checks the docs: generated pages are what the code says, every link leads somewhere, the site builds.

`python -m tests.docs` checks; `python -m tests.docs --write` writes the generated pages anew.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from drivers.catalogue import PATH_KEYS, Fact, Profile, load_catalogue
from signer.cli.simulate.check.rules import RULES
from signer.cli.simulate.check.steps import STEP_CODES
from signer.cli.simulate.scenarios import BY_CODE, SCENARIOS
from signer.diagnostics.catalogue import Meaning, Part, meanings
from signer.model.errors import MohrError, catalogue
from signer.verify.anchors import known_authorities
from signer.verify.sentences import CHAPTERS
from tests import panel_docs
from tests.attack.attack import Position
from tests.attack.table import TABLE
from tests.desktop import pictures

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
_SYSTEMS = {
    "linux64": "Linux",
    "linux32": "Linux, 32-bit",
    "windows": "Windows",
    "windows64": "Windows, 64-bit",
    "windows32": "Windows, 32-bit",
    "macos": "macOS",
}


def error_page() -> str:
    """The error catalogue as Markdown, from `signer/model/errors.py`."""
    lines = [
        "# The error catalogue",
        "",
        "Generated from `signer/model/errors.py` by `python -m tests.docs --write`. `code` is stable and",
        "part of the contract. A condition without a status stays inside Mohr. *Retriable*: the same call",
        "may succeed without being changed.",
        "",
    ]
    family = ""
    for condition in catalogue():
        if (parent := condition.__mro__[1]).__name__ != family:
            family = parent.__name__
            lines += [f"## {(parent.__doc__ or family).strip()}", ""]
        lines += _entry(condition)
    return "\n".join(lines)


def _entry(condition: type[MohrError]) -> list[str]:
    status = condition.status or "stays in Mohr"
    return [
        f"### {condition.code}",
        "",
        f"*{condition.__name__}* · HTTP {status}{' · retriable' if condition.retriable else ''}",
        "",
        f"- {condition.en} {condition.en_remedy}",
        f"- {condition.fa} {condition.fa_remedy}",
        f"- Helpdesk: {condition.helpdesk}",
        "",
    ]


def token_page() -> str:
    """The token families as Markdown, from `drivers/profiles`."""
    profiles = load_catalogue()
    lines = [
        "# Token families",
        "",
        "Generated from `drivers/profiles` by `python -m tests.docs --write`. `mohr tokens known` prints the",
        "same for one computer, and `mohr tokens here` what is plugged into it.",
        "",
        "**No vendor's token has been plugged in by this project.** What is *seen* was seen with SoftHSM, or",
        "with OpenSC and a PIV card made of software; *published* is what others wrote down; a *guess* is",
        "inferred or from memory.",
        "",
        "| family | recognised by | modules for | facts: seen, published, guessed |",
        "|---|---|---|---|",
        *(_row(profile) for profile in profiles),
        "",
    ]
    for profile in profiles:
        lines += _family(profile)
    return "\n".join(lines)


_SURENESS = ("seen", "published", "guess")


def _sureness(fact: Fact) -> str:
    return "seen" if fact.seen else "guess" if fact.guess else "published"


def _row(profile: Profile) -> str:
    kinds = [_sureness(fact) for fact in profile.evidence]
    sure = ", ".join(str(kinds.count(kind)) for kind in _SURENESS)
    link = f"[{profile.name}](#{profile.family})"
    return f"| {link} | {_recognised_by(profile)} | {_served_on(profile)} | {sure} |"


def _recognised_by(profile: Profile) -> str:
    by = profile.match
    ways = [("ATR", by.atrs), ("manufacturer", by.manufacturers), ("model", by.models)]
    return ", ".join(way for way, texts in ways if texts) or "–"


def _served_on(profile: Profile) -> str:
    systems = dict.fromkeys(_SYSTEMS[key].partition(",")[0] for key, _ in profile.module.paths())
    return ", ".join((*systems, *(f"by {family}" for family in profile.module.served_by))) or "–"


def _family(profile: Profile) -> list[str]:
    lines = [f"## {profile.family}", "", f"*{profile.name}*", "", profile.help.en, "", profile.help.fa, ""]
    lines += [f"<{profile.help.page}>", ""] if profile.help.page is not None else []
    by = profile.match
    for way, texts in (("ATR", by.atrs), ("Manufacturer", by.manufacturers), ("Model", by.models)):
        lines += [f"- {way}: `{text}`" for text in texts]
    for key in PATH_KEYS:
        lines += [f"- {_SYSTEMS[key]}: `{path}`" for path in getattr(profile.module, key)]
    lines += [f"- Served by [{family}](#{family}) too" for family in profile.module.served_by]
    lines += [f"- *{_sureness(fact)}*: {fact.fact} ({fact.source})" for fact in profile.evidence]
    return [*lines, ""]


_FINDINGS = "<!-- findings: written by `python -m tests.docs --write` -->"


def verification_page() -> str:
    """The page on the verifier: its own words, then the authorities and findings that the code knows."""
    written = (DOCS / "verification.md").read_text("utf-8").partition(_FINDINGS)[0]
    lines = [
        _FINDINGS,
        "",
        "## The authorities whose fingerprints are known",
        "",
        "From `signer/verify/known_authorities.toml`: names for a person to compare, never trust by itself.",
        "",
        "| name | role | until | SHA-256 |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.role} | {one.until} | `{one.sha256}` |" for one in known_authorities()),
        "",
        "## The findings",
        "",
        "From `signer/verify/sentences.toml`. `code` is stable; *…* stands for what the file says.",
        "",
    ]
    for chapter in CHAPTERS:
        lines += [f"### {chapter.title}", "", "| code | English | فارسی |", "|---|---|---|"]
        for row in chapter.row:
            filled = (text.format_map({"detail": "*…*", "place": "*…*"}) for text in (row.en, row.fa))
            lines.append(f"| `{row.code}` | {' | '.join(filled)} |")
        lines.append("")
    return written + "\n".join(lines)


_TABLES = "<!-- tables: written by `python -m tests.docs --write` -->"


def simulator_page() -> str:
    """The page on the simulator: its own words, then its scenarios and the rules of the check."""
    written = (DOCS / "simulator.md").read_text("utf-8").partition(_TABLES)[0]
    lines = [
        _TABLES,
        "",
        "## The scenarios",
        "",
        "From `signer/cli/simulate/scenarios.py`. The check plays each of them, and four steps more: "
        + ", ".join(f"`{code}`" for code in STEP_CODES if code not in BY_CODE)
        + " and a refused pairing.",
        "",
        "| scenario | the panel sees | it must |",
        "|---|---|---|",
        *(f"| `{s.code}` | {s.sees.en} | {s.must.en} |" for s in SCENARIOS),
        "",
        "## The mistakes",
        "",
        "From `signer/cli/simulate/check/rules.py`. `code` is stable.",
        "",
        "| code | English | فارسی | see |",
        "|---|---|---|---|",
        *(f"| `{r.code}` | {r.said.en} | {r.said.fa} | [{_named(r.docs)}]({r.docs}) |" for r in RULES),
        "",
    ]
    return written + "\n".join(lines)


def _named(place: str) -> str:
    return place.partition("#")[2].replace("-", " ") or place.partition(".")[0]


_ATTACKS = "<!-- attacks: written by `python -m tests.docs --write` -->"


def threats_page() -> str:
    """The page on threats: its own words, then every attack that the tests try."""
    written = (DOCS / "threats.md").read_text("utf-8").partition(_ATTACKS)[0]
    lines = [
        _ATTACKS,
        "",
        f"## The {len(TABLE)} attacks that are tried",
        "",
        "From `tests/attack`: each row is tried on a whole agent, over its sockets, and afterwards the agent",
        "must answer, have signed nothing, asked the doctor nothing and kept no pairing that the row does",
        "not speak of. `make attack-table` prints the rows, with `ARGS=--run` also how each of them ended.",
        "",
    ]
    for position in Position:
        rows = [row for row in TABLE if row.position is position]
        lines += [f"### {position.value[0].upper()}{position.value[1:]}", ""]
        lines += ["| attack | what is tried | what comes of it |", "|---|---|---|"]
        lines += [f"| {row.name} | {row.tried} | {row.outcome} |" for row in rows]
        lines.append("")
    return written + "\n".join(lines)


_TREE = "<!-- tree: written by `python -m tests.docs --write` -->"

#: The parts of the chain as the tree asks about them, in English and in Persian.
_PARTS = {
    Part.COMPUTER: ("The computer", "رایانه"),
    Part.READER: ("The reader and the card", "کارت‌خوان و کارت"),
    Part.MODULE: ("The token's software", "نرم‌افزار توکن"),
    Part.TOKEN: ("The token and its PIN", "توکن و رمز آن"),
    Part.CERTIFICATE: ("The certificate", "گواهی"),
    Part.CLINIC: ("The clinic, its panels and the journal", "درمانگاه، پنل‌ها و دفتر امضا"),
    Part.AGENT: ("Mohr itself", "خود مُهر"),
    Part.BROWSER: ("The browser", "مرورگر"),
    Part.CHECK: ("The check itself", "خود بررسی"),
}


def helpdesk_page() -> str:
    """The page for the phone: its own words, then the tree of findings in the order of the chain."""
    written = (DOCS / "helpdesk.md").read_text("utf-8").partition(_TREE)[0]
    lines = [_TREE, ""]
    parts = list(Part)
    for number, part in enumerate(parts):
        here = [meaning for meaning in meanings().values() if meaning.part is part]
        english, persian = _PARTS[part]
        lines += [f"## {number + 1}. {english}", "", f"**{persian}**", ""]
        if number + 1 < len(parts):
            title = f"{number + 2}. {_PARTS[parts[number + 1]][0]}"
            onwards = f"[{number + 2}](#{_anchor(title)})"
            lines += [f"Nothing of it fits? Go on to {onwards}. هیچ‌کدام نیست؟ به {onwards} بروید.", ""]
        for meaning in here:
            lines += _branch(meaning)
    return written + "\n".join(lines)


def _anchor(title: str) -> str:
    """What the site makes of a heading."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower())


def _branch(meaning: Meaning) -> list[str]:
    causes = sorted((meanings()[code] for code in meaning.follows), key=lambda cause: cause.place)
    first = ", ".join(f"[{cause.code}](#{cause.code})" for cause in causes)
    return [
        f"### {meaning.code}",
        "",
        f"*{meaning.severity.value}* · {meaning.number:03}",
        "",
        f"- **{meaning.en}** {meaning.en_remedy}",
        f"- **{meaning.fa}** {meaning.fa_remedy}",
        f"- Look at: {meaning.look}",
        *((f"- Rule out first: {first}",) if first else ()),
        "",
    ]


PAGES = {
    DOCS / "helpdesk.md": helpdesk_page,
    DOCS / "errors.md": error_page,
    DOCS / "tokens.md": token_page,
    DOCS / "threats.md": threats_page,
    DOCS / "verification.md": verification_page,
    DOCS / "panel-codes.md": panel_docs.codes_page,
    DOCS / "simulator.md": simulator_page,
}


def broken_links(page: Path) -> list[str]:
    """Relative links of a Markdown file outside the site that lead nowhere, or to no heading there."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        place, _, anchor = link.partition("#")
        target = page.parent / place if place else page
        if "://" in link or (target.exists() and (not anchor or anchor in _anchors(target))):
            continue
        broken.append(link)
    return broken


def _anchors(page: Path) -> set[str]:
    return {_anchor(title) for title in re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)}


_ATTACKER = re.compile(r"^\| \*\*(.+?)\*\*", re.MULTILINE)
_DEFENCE = re.compile(r"^\| ([^|*`]+?) \| [^|]+ \| `tests/", re.MULTILINE)


def missing_tests() -> list[str]:
    """Tests that a page names and that are not there, and attackers against whom no test is named."""
    problems = []
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md")):
        for named in re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", page.read_text("utf-8")):
            file, _, function = named.partition("::")
            there = (ROOT / file).is_file()
            if there and function:
                there = f"\ndef {function}(" in (text := (ROOT / file).read_text("utf-8")) or (
                    f"\nasync def {function}(" in text
                )
            if not there:
                problems.append(f"{page}: {named} is not there")
    threats = (DOCS / "threats.md").read_text("utf-8")
    stopped = set(_DEFENCE.findall(threats))
    problems += [
        f"docs/threats.md: no test against {attacker}"
        for attacker in _ATTACKER.findall(threats)
        if attacker not in stopped
    ]
    return problems


def unexplained() -> list[str]:
    """Direct dependencies that the page does not name, and rooms that the architecture does not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    for file in (ROOT / "requirements").glob("*.in"):
        declared += [line for line in file.read_text("utf-8").splitlines() if line and line[0] not in "#-"]
    names = {re.split(r"[^\w.-]", requirement)[0] for requirement in declared} - {project["name"]}
    page = (DOCS / "dependencies.md").read_text("utf-8").lower()
    problems = [
        f"docs/dependencies.md: no word of {name}"
        for name in sorted(names)
        if not re.search(rf"(?<![\w-]){re.escape(name.lower())}(?![\w-])", page)
    ]
    architecture = (DOCS / "architecture.md").read_text("utf-8")
    rooms = [
        file.parent.relative_to(ROOT)
        for part in ("signer", "gui")
        for file in (ROOT / part).glob("*/__init__.py")
    ]
    return problems + [
        f"docs/architecture.md: no row for {room}/" for room in rooms if f"| `{room}/` |" not in architecture
    ]


def picture_problems() -> list[str]:
    """The folder holds the pictures that are drawn, each is shown somewhere, and all of them are small."""
    there = {file.stem: file.stat().st_size for file in pictures.FOLDER.glob("*")}
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "README.md", *DOCS.glob("*.md")))
    shown = set(re.findall(r"pictures/([\w-]+)\.png", pages))
    problems = [
        f"docs/pictures: {name} is not drawn by tests.desktop.pictures"
        for name in there.keys() - {*pictures.NAMES}
    ]
    problems += [f"docs/pictures: {name} is missing" for name in {*pictures.NAMES, *shown} - there.keys()]
    problems += [f"docs/pictures: {name} is shown nowhere" for name in there.keys() - shown]
    if sum(there.values()) > pictures.MAX_OCTETS:
        problems.append(f"docs/pictures: more than {pictures.MAX_OCTETS} octets")
    return sorted(problems)


def main(arguments: list[str]) -> int:
    """0 when everything holds."""
    if "--write" in arguments:
        for page, written in PAGES.items():
            page.write_text(written(), "utf-8")
    pages = (*ROOT.glob("*.md"), ROOT / "signer" / "panel" / "README.md")
    problems = [f"{page}: {link}" for page in pages for link in broken_links(page)]
    problems += panel_docs.problems()
    problems += picture_problems()
    problems += missing_tests()
    problems += unexplained()
    for page, written in PAGES.items():
        if page.read_text("utf-8") != written():
            problems.append(f"docs/{page.name} is not what the code says: python -m tests.docs --write")
    logging.basicConfig(level=logging.WARNING, format="docs: %(message)s")
    with tempfile.TemporaryDirectory() as site:
        try:
            build(load_config(str(ROOT / "mkdocs.yml"), site_dir=site))
        except Abort:
            problems.append("the site does not build")
    for problem in problems:
        print(f"docs: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
