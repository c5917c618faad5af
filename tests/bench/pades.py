"""What a signed PDF costs: our PAdES of two pages, pyHanko's own, and the memory that ten megabytes take."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from signer.envelope import pades
from signer.model.request import VisibleSeal
from signer.verify.pades import verify_release
from tests import pdfs
from tests.bench.pyhanko import SessionSigner
from tests.bench.token import RawKey
from tests.bench.worker import ALGORITHM

_CONTENT = pdfs.plain()

#: Signs a PDF of ten million octets with a key in memory, and prints the peak of resident memory in MiB.
_LARGE = """
import re
from pathlib import Path
from signer.envelope import pades
from signer.model.credential import SignatureAlgorithm
from tests import pdfs, pki
algorithm = SignatureAlgorithm.RSA_PKCS1_SHA256
draft = pades.prepare(
    content=pdfs.padded(10_000_000),
    certificate=pki.leaf("rsa-2048"),
    algorithm=algorithm,
    signing_time=pki.NOW,
)
draft.finish(pki.sign(pki.key("rsa-2048"), algorithm, draft.to_be_signed))
# Not getrusage, whose peak is inherited from whoever started this process.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def turns(key: RawKey, yardstick: SessionSigner) -> tuple[tuple[str, int, Callable[[], object]], ...]:
    """Name, times and work of each, as `tests.bench` measures them."""
    return (
        ("pades_bb", 10, lambda: _sign(key, None)),
        ("pades_bb_verified", 5, lambda: _verified(key)),
        ("pades_bb_seal", 2, lambda: _sign(key, VisibleSeal())),
        ("pyhanko_pades", 5, lambda: _pyhanko(yardstick)),
    )


def peak_of_large() -> float:
    """MiB of resident memory at its highest while a 10 MB PDF is signed in a process of its own."""
    told = subprocess.run([sys.executable, "-c", _LARGE], capture_output=True, text=True, check=True)
    return float(told.stdout)


def _sign(key: RawKey, seal: VisibleSeal | None, at: datetime | None = None) -> bytes:
    draft = pades.prepare(
        content=_CONTENT,
        certificate=key.certificate,
        algorithm=ALGORITHM,
        signing_time=at or datetime.now(UTC),
        seal=seal,
    )
    return draft.finish(key.sign_planned(draft.to_be_signed))


def _verified(key: RawKey) -> None:
    at = datetime.now(UTC)
    verify_release(
        _sign(key, None, at),
        content=_CONTENT,
        certificate=key.certificate,
        algorithm=ALGORITHM,
        signing_time=at,
    )


def _pyhanko(signer: SessionSigner) -> None:
    metadata = PdfSignatureMetadata(field_name="Signature", subfilter=SigSeedSubFilter.PADES)
    PdfSigner(metadata, signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(_CONTENT)))
