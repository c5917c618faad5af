"""How an error that nobody foresaw is written to the log: where it happened, and none of the values.

Which number it gets and what a caller is told is the caller's matter (`signer.endpoint.problems`).
"""

from __future__ import annotations

import traceback


def without_values(error: BaseException) -> str:
    """Type and frames of an error and of what led to it, five at most. A message may quote a document."""
    parts: list[str] = []
    link: BaseException | None = error
    while link is not None and len(parts) < 5:
        kind = type(link)
        frames = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"{kind.__module__}.{kind.__qualname__}\n{frames}")
        link = link.__cause__ or link.__context__
    return "caused by ".join(parts)
