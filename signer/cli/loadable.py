"""Which PKCS#11 modules an agent or a command loads: of known families, and those that the user has added.

How one is asked is `drivers.supervisor`; how a module is added and agreed to is `signer.service.hand_added`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.catalogue import Profile
from drivers.installed import installed_modules
from drivers.supervisor import Supervisor
from signer.platform.folders import user_data, user_places
from signer.platform.policy_file import read_policy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from signer.service.hand_added import AddedModule, HandAdded
    from signer.service.profiles import ProfileSet

log = logging.getLogger(__name__)


class ModuleChoice(Struct, frozen=True, kw_only=True):
    """A module to load, its family's profile, and what its worker's environment needs beyond the usual.

    `agreed` is the supervisor's.
    """

    path: Path
    profile: Profile
    env: Mapping[str, str] = {}
    agreed: Callable[[], str] | None = None

    def supervisor(self, *, changed: Callable[[], None] | None = None) -> Supervisor:
        """One for this module, as its profile says; whoever asks closes it. `changed` is the supervisor's."""
        profile = self.profile
        return Supervisor(
            self.path,
            binding=profile.module.binding,
            limits=profile.limits,
            env=self.env,
            agreed=self.agreed,
            changed=changed,
        )


def profile_set() -> ProfileSet:
    """The profiles in use: the shipped ones, and the pack in the user's folder, which is not made for it."""
    from signer.service.profiles import in_use

    return in_use(user_places().data, pinned_key)


def pinned_key() -> Ed25519PublicKey:
    """Whose packs the clinic's policy takes. Raises `SigningKeyUnusable`, `PolicyInvalid`."""
    from signer.cli.signed_files import pinned_or_given

    policy = read_policy()
    return pinned_or_given(None if policy is None else policy.profiles.key, None)


def known_modules() -> tuple[ModuleChoice, ...]:
    """The modules of known families that are on this computer. A pack that cannot be used is logged."""
    profiles = profile_set()
    if (problem := profiles.standing.problem) is not None:
        log.warning("the profile pack is not used: %s", problem.code)
    return tuple(
        ModuleChoice(path=found.path, profile=found.profile) for found in installed_modules(profiles.texts)
    )


def present_modules() -> tuple[ModuleChoice, ...]:
    """The modules of known families that are on this computer, then those that its user has added."""
    known = known_modules()
    return (*known, *_added_modules({choice.path for choice in known}))


def _added_modules(known: Collection[Path]) -> tuple[ModuleChoice, ...]:
    """Those whose files are there; a record that cannot be read adds none, and is logged."""
    modules = hand_added()
    if modules is None:
        return ()
    from signer.model.errors import MohrError
    from signer.service.hand_added import Standing, standing

    try:
        there = [one for one in modules.all() if standing(one) is not Standing.ABSENT]
    except MohrError as problem:
        log.warning("%s: %s", problem.code, problem.detail)
        return ()
    return tuple(_added_choice(module, modules) for module in there if Path(module.path) not in known)


def hand_added() -> HandAdded | None:
    """This user's record of added modules, or None where there is none: most have no use for the import."""
    file = user_data() / "added-modules.json"
    if not file.exists():
        return None
    from signer.service.hand_added import HandAdded

    return HandAdded(file)


def _added_choice(module: AddedModule, modules: HandAdded) -> ModuleChoice:
    """Loaded only while its file is the one that the record says was agreed to: each worker looks."""
    from signer.service.hand_added import profile_of

    path = Path(module.path)
    return ModuleChoice(path=path, profile=profile_of(module), agreed=lambda: modules.agreed(path))
