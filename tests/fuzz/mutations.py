"""What is nearly right: a text or octets with a few small changes, which finds more than noise does."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T", str, bytes)


@st.composite
def nearly(draw: st.DrawFn, honest: st.SearchStrategy[T], pieces: st.SearchStrategy[T]) -> T:
    """`honest` with up to four cuts, each filled with one of `pieces`, a part of itself, or nothing."""
    made = draw(honest)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(made)))
        end = draw(st.integers(start, min(len(made), start + 12)))
        if draw(st.booleans()):
            filling = draw(pieces)
        else:
            begin = draw(st.integers(0, len(made)))
            filling = made[begin : begin + draw(st.integers(0, 20))]
        made = made[:start] + filling + made[end:]
    return made
