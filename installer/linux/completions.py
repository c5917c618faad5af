"""Shell completions out of the argparse tree: by shtab for bash and zsh, by hand for fish, which it lacks."""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import shlex
from collections.abc import Iterator
from pathlib import Path

import shtab

#: Where each shell looks, below /usr/share.
PLACES = {
    "bash": "bash-completion/completions/{program}",
    "zsh": "zsh/vendor-completions/_{program}",
    "fish": "fish/vendor_completions.d/{program}.fish",
}
#: For fish: are the words so far, options aside, exactly this path of commands, or do they begin with it?
_FISH_FUNCTIONS = """\
function __{name}_words
    set -l words (commandline -opc)
    string match --invert -- '-*' $words[2..]
end
function __{name}_at
    set -l words (__{name}_words)
    test "$argv" = "$words"
end
function __{name}_within
    set -l words (__{name}_words)
    set -l many (count $argv)
    test $many -eq 0; or test "$argv" = "$words[1..$many]"
end
"""


def completions(parser: argparse.ArgumentParser) -> dict[str, str]:
    """The text for each shell, by its place below /usr/share."""
    texts = {"fish": _fish(parser)}
    files = copy.deepcopy(parser)
    _mark_files(files)
    for shell in ("bash", "zsh"):
        with contextlib.redirect_stderr(io.StringIO()):
            texts[shell] = shtab.complete(files, shell)
    return {PLACES[shell].format(program=parser.prog): text.rstrip() + "\n" for shell, text in texts.items()}


def commands(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, argparse.ArgumentParser]]:
    """Every command with its words, what its help says, and its parser; the program itself first.

    A second name of a command is none of its own.
    """
    yield path, parser.description or "", parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, below in action.choices.items():
                if name not in told:
                    continue
                first, *rest = commands(below, (*path, name))
                yield first[0], told[name], first[2]
                yield from rest


def _mark_files(parser: argparse.ArgumentParser) -> None:
    for _, _, each in commands(parser):
        for action in each._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab's own mark


def _fish(parser: argparse.ArgumentParser) -> str:
    name = parser.prog.replace("-", "_")
    lines = [_FISH_FUNCTIONS.format(name=name), f"complete -c {parser.prog} -f"]
    for path, told, each in commands(parser):
        if path:
            above = " ".join(path[:-1])
            lines.append(_line(parser.prog, f"__{name}_at {above}".strip(), f"-a {path[-1]}", told))
        within = f"__{name}_within {' '.join(path)}".strip()
        for action in each._actions:
            if not isinstance(action, argparse._SubParsersAction):
                lines.extend(_option(parser.prog, within, action))
    return "\n".join(lines)


def _option(program: str, within: str, action: argparse.Action) -> Iterator[str]:
    words = [f"-l {one[2:]}" if one.startswith("--") else f"-s {one[1:]}" for one in action.option_strings]
    takes = action.nargs != 0
    if action.choices is not None and takes:
        words.append(f"-x -a {shlex.quote(' '.join(map(str, action.choices)))}")
    elif action.type is Path:
        words.append("-r -F" if action.option_strings else "-F")
    elif takes and action.option_strings:
        words.append("-x")
    elif not action.option_strings:
        return
    yield _line(program, within, " ".join(words), action.help or "")


def _line(program: str, condition: str, what: str, told: str) -> str:
    about = f" -d {shlex.quote(' '.join(told.split()))}" if told else ""
    return f"complete -c {program} -n {shlex.quote(condition)} {what}{about}"
