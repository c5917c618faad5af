"""What the docs for panel developers say, held against the SDK: the page of codes is written from it, and the
facts of the quick start that can drift are compared with it.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import msgspec
import playwright

ROOT = Path(__file__).parent.parent
QUICK_START = ROOT / "docs" / "panel-quick-start.md"
MIGRATION = ROOT / "docs" / "migration-from-dastine.md"
_PANEL = ROOT / "signer" / "panel"
#: The Node that Playwright brings.
_NODE = Path(playwright.__file__).parent / "driver" / "node"

_ASK = """
const words = await import('./signer/panel/words.js');
const move = await import('./signer/panel/dastine-words.js');
const { RETRIABLE } = await import('./signer/panel/errors.js');
const { dastine } = await import('./signer/panel/dastine.js');
const { Mohr } = await import('./signer/panel/mohr.js');
const chrome = 'Chrome/156 Safari/537';
const agents = { Chrome: chrome, Edge: `${chrome} Edg/156`, Firefox: 'Firefox/153', Safari: 'Safari/605' };
const said = (code, language) => {
  const plain = words.explain(code, language, 'none');
  const there = Object.entries(agents).map(([name, agent]) => [name, words.explain(code, language, agent)]);
  return { ...plain, browsers: Object.fromEntries(there.map(([name, { remedy }]) => [name, remedy])) };
};
const never = () => new Promise(() => {});
const named = Object.keys(dastine({ mohr: { detect: never } })).filter((name) => /^[A-Z]/.test(name));
process.stdout.write(JSON.stringify({
  codes: words.CODES.map((code) => {
    return { code, retriable: RETRIABLE.has(code), fa: said(code, 'fa'), en: said(code, 'en') };
  }),
  moves: move.CODES.map((code) => {
    return { code, fa: move.explainMove(code, 'fa'), en: move.explainMove(code, 'en') };
  }),
  named, calls: Object.getOwnPropertyNames(Mohr.prototype),
}), () => process.exit(0));
"""


class Said(msgspec.Struct, frozen=True):
    """A title and a remedy, and the whole remedy in each browser."""

    title: str
    remedy: str
    browsers: dict[str, str] = {}


class Code(msgspec.Struct, frozen=True):
    """One code of the page's own, in both languages."""

    code: str
    fa: Said
    en: Said
    retriable: bool = False


class Sdk(msgspec.Struct, frozen=True):
    """What the SDK says of itself: its codes, the adapter's refusals and names, and the calls of `Mohr`."""

    codes: tuple[Code, ...]
    moves: tuple[Code, ...]
    named: tuple[str, ...]
    calls: tuple[str, ...]


def sdk() -> Sdk:
    """Ask it, in Node."""
    done = subprocess.run(
        [_NODE, "--input-type=module", "-e", _ASK], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    return msgspec.json.decode(done.stdout, type=Sdk)


def codes_page() -> str:
    """The page's own codes as Markdown, from `words.js` and `dastine-words.js`."""
    known = sdk()
    lines = [
        "# The panel's codes",
        "",
        "Generated from `signer/panel/words.js` and `dastine-words.js` by `python -m tests.docs --write`.",
        "These are what a page finds out by itself: states of `detect()`, codes of a `MohrError`. What the",
        "agent says has its codes in [the error catalogue](errors.md), and its words in its answer.",
        "*Retriable*: the same call may succeed without being changed.",
        "",
    ]
    for one in known.codes:
        lines += [f"## {one.code}", "", *(["*Retriable.*", ""] if one.retriable else [])]
        for language in (one.en, one.fa):
            lines.append(f"- {language.title} {language.remedy}")
            extra = [remedy.removeprefix(language.remedy).strip() for remedy in language.browsers.values()]
            lines += [f"    - {words}" for words in extra if words]
        lines.append("")
    lines += [
        "## What the adapter for Dastine's calls refuses",
        "",
        "| code | English | فارسی |",
        "|---|---|---|",
    ]
    for one in known.moves:
        lines.append(f"| `{one.code}` | {_whole(one.en)} | {_whole(one.fa)} |")
    return "\n".join([*lines, ""])


def _whole(said: Said) -> str:
    return f"{said.title} {said.remedy}"


def problems() -> list[str]:
    """What the quick start and the migration guide say that is not so."""
    known, text = sdk(), QUICK_START.read_text("utf-8")
    source = (_PANEL / "mohr.js").read_text("utf-8")
    found = []
    ports = [int(port) for port in re.findall(r"\d+", re.findall(r"const PORTS = \[(.*?)\]", source)[0])]
    policy = next(line for line in text.splitlines() if line.startswith("connect-src"))
    wanted = {f"{scheme}://127.0.0.1:{port}" for port in ports for scheme in ("http", "ws")}
    wanted |= {f"wss://127.0.0.1:{port + 1}" for port in ports}
    if set(re.findall(r"\w+://127\.0\.0\.1:\d+", policy)) != wanted:
        found.append("the quick start's connect-src is not what the SDK calls")
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        json.loads(block)
    called = re.findall(r"mohr\.(\w+)\(", text)
    found += [f"mohr.{call} is not there" for call in called if call not in known.calls]
    table = text.partition("## What detect says")[2].partition("## Headers")[0]
    found += [f"the quick start does not tell of {state}" for state in _states() if f"`{state}`" not in table]
    moved = MIGRATION.read_text("utf-8")
    found += [f"the migration guide does not name {name}" for name in known.named if not _told(name, moved)]
    return found


def _states() -> list[str]:
    """What `detect` may find, from the types of `find.js`."""
    source = (_PANEL / "find.js").read_text("utf-8")
    unions = re.findall(r"@typedef \{(.*)\} (?:Silence|AgentState)", source)
    return sorted(state for union in unions for state in re.findall(r"'([a-z-]+)'", union))


def _told(name: str, text: str) -> bool:
    """By its name, or by the beginning of it before an ellipsis."""
    beginnings = re.findall(r"(\w+)…", text)
    return f"`{name}" in text or any(name.startswith(beginning) for beginning in beginnings)
