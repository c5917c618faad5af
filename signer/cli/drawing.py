"""Text that others wrote, as a terminal may show it. Knows no terminal, so that a pipe is drawn to alike."""

from __future__ import annotations

import unicodedata

from signer.model.text import isolate, isolate_latin, visible

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def drawn(text: str) -> str:
    """The text as a terminal may show it: controls spelled `<U+001B>`, Latin runs isolated inside Persian.

    Persian text is an isolate of its own (UAX #9 §2.4), so that it cannot reorder what stands around it.
    """
    shown = visible(text)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in shown):
        return isolate(isolate_latin(shown))
    return shown
