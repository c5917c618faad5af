"""How many CAdES-B-B signatures a second are verified: Mohr, pyHanko and OpenSSL, over the same files.

All strict and with a warm cache; Mohr and pyHanko in two processes, OpenSSL as one process a file, two at a
time, which is how a server would call it. The files differ in content and time.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from signer.cli.demo.authority import NamePart, to_pem
from signer.envelope.cades import prepare
from signer.model.credential import SignatureAlgorithm
from signer.verify import Indication, verify
from signer.x509 import Certificate, read
from tests import pki

PROCESSES = 2
ALGORITHM = SignatureAlgorithm.RSA_PKCS1_SHA256
_MEDIA_TYPE = "application/vnd.mohr.prescription+json"
_DOCUMENT = (
    '{"mohr":1,"kind":"drug","insurer":"free","issued":"2026-11-22T10:15:00+03:30",'
    '"patient":{"name":"مریم نمونه","national_code":"0499370899"},"prescriber":{"name":"سارا نمونه",'
    '"national_code":"0012345679","council_number":"123456"},"items":[{"name":"Amoxicillin","quantity":%d}],'
    '"wire":{}}'
)
#: In Latin letters: the name preparation of pyHanko's parser refuses Persian names beside numbers.
_DOCTOR = (NamePart("2.5.4.5", "0012345679"), NamePart("2.5.4.3", "Sara Nemuneh"))


def signatures(count: int) -> list[bytes]:
    """That many CAdES-B-B (RSA-2048) prescriptions of one doctor."""
    key, certificate, made = pki.key("rsa-2048"), pki.leaf("rsa-2048", _DOCTOR), []
    for number in range(count):
        draft = prepare(
            content=(_DOCUMENT % number).encode(),
            media_type=_MEDIA_TYPE,
            certificate=certificate,
            algorithm=ALGORITHM,
            signing_time=pki.NOW + timedelta(seconds=number),
        )
        made.append(draft.finish(pki.sign(key, ALGORITHM, draft.to_be_signed)))
    return made


def measure(base: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Signatures a second, the median of the rounds, all three in turns."""
    root = read(pki.authority().certificate)
    made = signatures(4000)
    base.mkdir(parents=True, exist_ok=True)
    anchors = base / "verification-anchor.pem"
    anchors.write_text(to_pem(root.der))
    files = []
    for number, octets in enumerate(made[:40]):
        files.append(base / f"verification-{number}.p7m")
        files[-1].write_bytes(octets)
    rates: dict[str, list[float]] = {}
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        turns: tuple[tuple[str, int, Callable[[], object]], ...] = (
            ("verify_mohr", len(made), lambda: _spread(pool, _mohr, made, root)),
            ("verify_pyhanko", 200, lambda: _spread(pool, _pyhanko, made[:200], root)),
            ("verify_openssl", len(files), lambda: _openssl(files, anchors)),
        )
        for _, _, warm in turns:
            warm()
        for _ in range(rounds):
            for name, count, work in turns:
                begun = time.perf_counter()
                work()
                rates.setdefault(name, []).append(count / (time.perf_counter() - begun))
    return {name: {"/s": sorted(each)[len(each) // 2], "max/s": max(each)} for name, each in rates.items()}


Verify = Callable[[Sequence[bytes], Certificate], int]


def _spread(pool: ProcessPoolExecutor, work: Verify, made: Sequence[bytes], root: Certificate) -> None:
    """Half of the signatures to each process; all must be valid."""
    half = len(made) // PROCESSES
    halves = [made[at : at + half] for at in range(0, len(made), half)]
    valid = sum(pool.map(work, halves, [root] * len(halves)))
    if valid != len(made):
        raise RuntimeError(f"{len(made) - valid} signatures were not accepted")


def _mohr(made: Sequence[bytes], root: Certificate) -> int:
    at = pki.NOW + timedelta(days=1)
    return sum(verify(one, anchors=(root,), at=at).indication is Indication.VALID for one in made)


def _pyhanko(made: Sequence[bytes], root: Certificate) -> int:
    """One context for the batch, so that pyHanko's own caches are warm as well."""
    from asn1crypto import cms, x509
    from pyhanko.sign.validation import async_validate_cms_signature
    from pyhanko_certvalidator import ValidationContext

    async def validate() -> int:
        context = ValidationContext(
            trust_roots=[x509.Certificate.load(root.der)],
            allow_fetching=False,
            moment=pki.NOW + timedelta(days=1),
        )
        valid = 0
        for one in made:
            signed_data = cms.ContentInfo.load(one)["content"]
            status = await async_validate_cms_signature(signed_data, validation_context=context)
            valid += status.intact and status.valid and status.trusted
        return valid

    return asyncio.run(validate())


def _openssl(files: Sequence[Path], anchors: Path) -> None:
    def one(file: Path) -> None:
        subprocess.run(
            [
                *("openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"),
                *(
                    "-attime",
                    str(int(pki.NOW.timestamp())),
                    "-in",
                    file,
                    "-CAfile",
                    anchors,
                    "-out",
                    "/dev/null",
                ),
            ],
            check=True,
            capture_output=True,
        )

    with ThreadPoolExecutor(PROCESSES) as threads:
        list(threads.map(one, files))
