"""The support code as a QR symbol (ISO/IEC 18004), to be pointed a telephone at: squares, drawn elsewhere.

It says what the twelve digits say, after the name of the program, and leads nowhere: no address, no network.
"""

from __future__ import annotations

#: Light squares around the symbol, which ISO/IEC 18004 wants there.
QUIET = 4


def spoken(code: str) -> str:
    """What the symbol says, in letters that QR's alphanumeric mode has."""
    return f"MOHR {code}"


def squares(code: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of squares from the top, True where dark, with the light border. `code` as the report has it."""
    # Only a page that shows a code needs it.
    import segno

    symbol = segno.make(spoken(code), error="m", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in symbol.matrix_iter(scale=1, border=QUIET))
