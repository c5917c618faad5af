"""`mohr policy browsers`: lets the clinic's panels through without a prompt: printed, written, removed."""

from __future__ import annotations

import sys

from signer.model.errors import MohrError
from signer.model.text import visible
from signer.platform.browser_policies import PolicyBrowser, as_admx, as_json, as_reg, fit_panels
from signer.platform.browser_policy_files import put_in, take_out

EVERY = tuple(PolicyBrowser)


def run(panels: list[str], browsers: list[str], *, form: str, older: bool, write: bool, remove: bool) -> int:
    """0 where it was done; 1 where it was refused, and 2 where the options do not go together."""
    chosen = tuple(map(PolicyBrowser, browsers)) or EVERY
    if write and form != "json":
        print(
            "mohr policy browsers: --write is for Linux; on Windows, import the printed file", file=sys.stderr
        )
        return 2
    try:
        if remove and form == "json":
            changed = take_out(chosen)
            print(
                "\n".join(f"removed from {visible(str(file))}" for file in changed) or "nothing of ours there"
            )
            return 0
        origins = fit_panels(panels)
        if write:
            for file in put_in(chosen, origins, older=older):
                print(f"written to {visible(str(file))}")
        else:
            _print(chosen, origins, form, older=older, remove=remove)
    except MohrError as problem:
        print(f"{problem.en} {problem.en_remedy} {visible(problem.detail)} [{problem.code}]", file=sys.stderr)
        return 1
    return 0


def _print(
    browsers: tuple[PolicyBrowser, ...], panels: tuple[str, ...], form: str, *, older: bool, remove: bool
) -> None:
    if form == "reg":
        sys.stdout.write(as_reg(browsers, panels, older=older, remove=remove))
    elif form == "admx":
        sys.stdout.write(as_admx(browsers, panels, older=older))
    else:
        for browser in browsers:
            # One alone is a file as it is; of several, each is named.
            if len(browsers) > 1:
                print(f"{browser.value}:")
            sys.stdout.write(as_json(browser, panels, older=older))
