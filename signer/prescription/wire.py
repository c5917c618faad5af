"""What an insurer's wire body claims, in the words of the readable prescription.

Each insurer's module (`tamin`, `salamat`, `free`) turns its body into a `Wire`: claims about the header and
about each line, every one with the judge that may set it against a readable field. Pairing and judging is
`compare`'s work.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from signer.model.ijson import Number, SignedValue, child
from signer.model.sheet import Comparison

Judge = Callable[[str, str], Comparison]


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """One value of the body, `text` None where the body is silent (absent, null or empty).

    The judge takes (readable, wire). What silence of one side means is said by `readable_default` and
    `wire_default`; where there is no default, `wire_silent` and `readable_silent` are the verdict. The wire
    is what takes effect, so by default what it alone says is a difference, and what it leaves unsaid cannot
    be compared. A `readable_silent` of None: the readable part need not repeat it.
    """

    place: Place
    judge: Judge
    text: str | None
    readable_default: str | None = None
    wire_default: str | None = None
    readable_silent: Comparison | None = Comparison.DIFFERS
    wire_silent: Comparison = Comparison.INCOMPARABLE

    @property
    def pointer(self) -> str:
        """Where the value stands."""
        return self.place.pointer


class Wire(Struct, frozen=True, kw_only=True):
    """A body that was recognised. Keys are the field names of `findings.FIELDS`.

    `counts` are the places whose length must be that of `items`: (length, pointer).
    """

    header: dict[str, Claim]
    lines: tuple[dict[str, Claim], ...]
    counts: tuple[tuple[int, str], ...]


class Place(Struct, frozen=True, gc=False):
    """A value in the body and the way to it; steps into what is not there stay silent.

    The way is a parent and a step; its JSON Pointer is only spelled where somebody asks for it.
    """

    value: SignedValue
    step: str | int
    parent: Place | None = None

    def __truediv__(self, name: str) -> Place:
        """The member of that name, null where there is none."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return Place(value, name, self)

    def elements(self) -> list[Place] | None:
        """The elements of an array, or None where it is no array."""
        if not isinstance(self.value, list):
            return None
        return [Place(value, index, self) for index, value in enumerate(self.value)]

    @property
    def pointer(self) -> str:
        """RFC 6901."""
        return child(self.parent.pointer if self.parent is not None else "", str(self.step))

    @property
    def text(self) -> str | None:
        """The scalar as a text; None for null and the empty string; a bracket pair for a container."""
        value = self.value
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return value
        if isinstance(value, Number):
            return value.text
        if isinstance(value, bool):
            return "true" if value else "false"
        return "{…}" if isinstance(value, dict) else "[…]"

    def claim(self, judge: Judge) -> Claim:
        """This value as a claim with the usual verdicts on silence."""
        return Claim(place=self, text=self.text, judge=judge)

    def required(self, judge: Judge) -> Claim:
        """A claim whose silence is a difference too: what was promised would not be done."""
        return Claim(place=self, text=self.text, judge=judge, wire_silent=Comparison.DIFFERS)

    def aside(self, judge: Judge) -> Claim:
        """A claim that the readable part need not repeat."""
        return Claim(place=self, text=self.text, judge=judge, readable_silent=None)
