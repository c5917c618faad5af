"""What the tests of the check share: a quick tempo, and a browser to which a panel is a public page."""

from __future__ import annotations

from signer.cli.simulate.check.walk import Tempo
from signer.cli.simulate.scenarios import Pace
from tests.browser.https_panel import HOST, Panel

QUICK = Tempo(
    pace=Pace(reading=0.2, long_reading=1.5, slow_signature=0.5, hang=0.5, away=0.5, unanswered=0.7),
    ends=8.0,
    lingers=0.5,
)


def seen_as_public(panel: Panel) -> tuple[str, ...]:
    """Arguments of a Chromium to which the panel is a page from the internet."""
    return (
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
        f"--ip-address-space-overrides=127.0.0.1:{panel.port}=public",
        f"--ignore-certificate-errors-spki-list={panel.spki}",
    )
