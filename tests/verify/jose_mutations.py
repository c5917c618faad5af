"""JWS and JAdES headers damaged under their encoding, where damage of a file's text seldom gets.

`python -m tests.verify.jose_mutations --count N --seed N`. The value is left as it was, or made anew by the
same key, as a hostile signer would. No reader may answer with anything but a `Candidate` or `Unreadable`, and
none that it finds right may say anything but what was signed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter

from msgspec import Struct

from signer.verify import jades, jws
from signer.verify.candidate import Candidate, ReadSignature, Unreadable
from tests.jose import Crafted, a_jades, a_jws, a_stamped_jades, b64u, jades_header, jws_header, unb64u
from tests.signatures import CONTENT

#: Pieces that a parser may trip over, put in anywhere.
_PIECES = (
    b".",
    b"..",
    b"=",
    b'"',
    b"{",
    b"}",
    b"[" * 40,
    b",",
    b"null",
    b"\\u0000",
    b"\x00",
    b"\xff",
    b"1e999",
    b'"crit":["x"],',
    b'"alg":"none",',
    b'"b64":false,',
    b'"payload":"",',
)


class Seed(Struct, frozen=True):
    """A right file, the content to read it with, and its reader."""

    name: str
    octets: bytes
    content: bytes | None
    read: ReadSignature


SEEDS = (
    Seed("jws", a_jws(), None, jws.read),
    Seed("jws detached", a_jws(attached=False), CONTENT, jws.read),
    Seed("jades compact", a_jades(), None, jades.read),
    Seed("jades flattened", a_stamped_jades(), None, jades.read),
    Seed("jades flattened, detached", a_stamped_jades(attached=False), CONTENT, jades.read),
)


def damage(octets: bytes, chance: random.Random) -> bytes:
    """The octets after one to three small changes."""
    for _ in range(chance.randint(1, 3)):
        at, until = sorted(chance.choices(range(len(octets) + 1), k=2))
        span = octets[at : min(until, at + 40)]
        behind = octets[at + len(span) :]
        match chance.randrange(6):
            case 0:  # one bit
                at = min(at, max(len(octets) - 1, 0))
                flipped = bytes(octet ^ 1 << chance.randrange(8) for octet in octets[at : at + 1])
                octets = octets[:at] + flipped + octets[at + 1 :]
            case 1:
                octets = octets[:at] + behind
            case 2:
                octets = octets[:at] + span + span + behind
            case 3:
                octets = octets[:at] + chance.choice(_PIECES) + octets[at:]
            case 4:
                octets = octets[:at] + span[::-1] + behind
            case _:
                octets = octets[:at] if chance.random() < 0.2 else octets[:at] + bytes(len(span)) + behind
    return octets


def damage_header(octets: bytes, chance: random.Random) -> bytes:
    """The file with its protected header damaged under the encoding."""
    text = octets.decode()
    protected = max(text.replace('"', ".").split("."), key=lambda part: part.startswith("eyJhbGci"))
    return text.replace(protected, b64u(damage(unb64u(protected), chance))).encode()


def resigned(seed: Seed, chance: random.Random) -> bytes:
    """A file whose damaged header the key signed."""
    header = jws_header() if seed.read is jws.read else jades_header()
    crafted = Crafted(damage(json.dumps(header).encode(), chance))
    return crafted.text() if seed.read is jws.read or chance.random() < 0.5 else crafted.flattened()


def facts(found: Candidate) -> tuple[object, ...]:
    """What a right signature says."""
    return found.certificate, found.content, found.media_type, found.claimed_at, found.attached, found.padding


def run(count: int, number: int = 1) -> Counter[str]:
    """So many mutations, in turns over the seeds; how they ended. AssertionError for a wrong answer."""
    chance, ends = random.Random(number), Counter[str]()
    right = {seed.name: facts(seed.read(seed.octets, seed.content)) for seed in SEEDS}
    for turn in range(count):
        seed = SEEDS[turn % len(SEEDS)]
        anew = turn // len(SEEDS) % 2 == 1
        octets = resigned(seed, chance) if anew else damage_header(seed.octets, chance)
        try:
            found = seed.read(octets, seed.content)
        except Unreadable as refused:
            ends[refused.finding.code] += 1
            continue
        ends["right" if found.failure is None else found.failure.value] += 1
        if found.failure is None and not anew:
            assert facts(found) == right[seed.name], (seed.name, octets)
    return ends


def main() -> int:
    """Run, and say how the mutations ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.verify.jose_mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.perf_counter()
    for end, times in run(options.count, options.seed).most_common():
        print(f"{times:8} {end}")
    print(f"{options.count} mutations in {time.perf_counter() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
