"""Fuzzers: whatever octets come in, a value or a typed refusal comes out, and a value keeps what it promises.

A fuzzer is a function that takes a number of examples and raises where a promise is broken. To add one, write
`fuzz(examples)` in a module of its own here, with a Hypothesis property inside, and name it below: then
`make fuzz` runs it long (`ARGS="--examples N NAME..."`), and the tests run it short. Those of signature files
stand in `tests.verify`, with short runs of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.fuzz import admission, atr, ijson, profiles, wire
from tests.verify import jose_mutations, mutations

FUZZERS: dict[str, Callable[[int], None]] = {
    "wire": wire.fuzz,
    "profiles": profiles.fuzz,
    "atr": atr.fuzz,
    "ijson": ijson.fuzz,
    "admission": admission.fuzz,
}

SIGNATURE_FUZZERS: dict[str, Callable[[int], None]] = {
    "jose-headers": jose_mutations.fuzz,
    **{name: partial(mutations.fuzz, name) for name in mutations.SUBJECTS},
}
