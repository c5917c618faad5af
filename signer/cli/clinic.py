"""What the clinic and the user have decided before an agent starts: the policy, and whom they trust.

Reading a policy is `signer.platform.policy_file`; what it means is `signer.model.policy`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from signer.model.errors import PolicyInvalid
from signer.model.policy import Policy
from signer.platform.policy_file import read_policy

if TYPE_CHECKING:
    from signer.x509 import Certificate

log = logging.getLogger(__name__)


def clinic_policy() -> tuple[Policy, PolicyInvalid | None]:
    """The policy, or one that lets nobody new in and the reason why nothing is signed."""
    try:
        return read_policy() or Policy(), None
    except PolicyInvalid as problem:
        log.error("%s: %s", problem.code, problem.detail)  # noqa: TRY400  # the detail says it all
        return Policy(pairing=False), problem


def clinics_authorities(folder: str | None) -> tuple[Certificate, ...]:
    """The certificates in the clinic's folder of anchors; files that hold none are logged."""
    from signer.verify.anchors import load

    if folder is None:
        return ()
    try:
        anchors = load(Path(folder))
    except OSError as problem:
        log.warning("the policy's anchors cannot be read: %s", problem)
        return ()
    for path in anchors.unreadable:
        log.warning("%s in the anchors folder holds no certificate that can be read", path.name)
    return anchors.certificates


def users_authorities(folder: Path) -> tuple[Certificate, ...]:
    """Those that the user trusts (`mohr anchors`), read now."""
    from signer.verify.anchors import load

    try:
        return load(folder).certificates if folder.is_dir() else ()
    except OSError as problem:
        log.warning("the anchors cannot be read: %s", type(problem).__name__)
        return ()
