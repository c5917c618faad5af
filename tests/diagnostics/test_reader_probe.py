"""What PC/SC answers where nothing of it can be set up here: a user who may not ask it, and no library."""

from __future__ import annotations

import pytest

from drivers import winscard as sc
from signer.diagnostics import reader_probe


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (sc.SCARD_W_SECURITY_VIOLATION, "reader-access-denied"),
        (0x8010001D, "reader-service-stopped"),
        (0, "pcsc-missing"),
    ],
)
async def test_each_refusal_of_the_service_is_told_apart(code: int, told: str) -> None:
    def refuses() -> sc.Context:
        raise sc.ServiceFault(code)

    seen = await reader_probe.look((), refuses)
    assert [one.code for one in seen.findings] == [told]
    assert seen.readers is None
