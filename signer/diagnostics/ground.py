"""What is looked at: where things are on this computer, given by whoever composes the check.

Nothing of it is made or opened here. What belongs to the endpoint comes as a callable, since this room does
not know the endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from drivers.catalogue import Profile
from drivers.types import Binding
from signer.model.errors import PolicyInvalid
from signer.model.policy import Policy
from signer.platform.folders import Folders
from signer.platform.policy_file import ADMINISTRATOR, PLACE, read_policy
from signer.service.hand_added import Standing
from signer.service.profiles import Standing as ProfileStanding

#: Seconds after which a call of a module hangs: fewer than the agent gives it, since somebody waits.
PATIENCE = 6.5


class Candidate(Struct, frozen=True, kw_only=True):
    """A module to try. `standing` is that of one added by hand, None for a profile's own.

    `named`: somebody asked for this one. `env` is what its worker's environment needs beyond the usual;
    `agreed` is the supervisor's.
    """

    name: str
    path: Path
    profile: Profile
    env: Mapping[str, str] = {}
    standing: Standing | None = None
    agreed: Callable[[], str] | None = None
    named: bool = False

    @property
    def bindings(self) -> tuple[Binding, Binding]:
        """The profile's binding, and the one for a second opinion."""
        first = self.profile.module.binding
        return first, next(other for other in Binding if other is not first)


class Ground(Struct, frozen=True, kw_only=True):
    """This user's computer. `home` is the home folder; `root` stands for `/` where browsers are looked for.

    `ports` are the lower ports of the pairs that the agent tries. `authority` gives the agent's own
    authority, PEM, or None; `paired` the origins of live pairings, and raises `PairingStoreFailed`. `past`
    gives more times that are certainly past, each with its source; `reference_time` asks the policy's
    timestamp authority what time it is, and is None where no policy names one. `damaged_list`: the record of
    added modules cannot be read. `bindings`: this installation can talk to modules at all. `patience`:
    seconds that one call of a module gets. `path` is where programs are looked for, as in PATH.
    `profile_standing` says where the profiles come from.
    """

    folders: Folders
    home: Path
    modules: tuple[Candidate, ...]
    profiles: tuple[Profile, ...]
    ports: tuple[int, ...]
    version: str
    now: Callable[[], datetime]
    authority: Callable[[], bytes | None]
    paired: Callable[[datetime], tuple[str, ...]]
    past: Callable[[], tuple[tuple[str, datetime], ...]] = tuple
    reference_time: Callable[[], Awaitable[datetime | None]] | None = None
    damaged_list: bool = False
    bindings: bool = True
    root: Path = Path("/")
    path: str = ""
    profile_standing: ProfileStanding = ProfileStanding()
    policy_place: Path = PLACE
    policy_owner: int = ADMINISTRATOR
    patience: float = PATIENCE

    def policy(self) -> Policy:
        """The clinic's policy, an empty one where it is absent or invalid."""
        try:
            return read_policy(self.policy_place, owner=self.policy_owner) or Policy()
        except PolicyInvalid:
            return Policy()


def numbered(modules: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Each under a name of its own: the second of one family has a number behind it."""
    seen: dict[str, int] = {}
    named = []
    for module in modules:
        seen[module.name] = seen.get(module.name, 0) + 1
        count = seen[module.name]
        named.append(module if count == 1 else replace(module, name=f"{module.name} {count}"))
    return tuple(named)
