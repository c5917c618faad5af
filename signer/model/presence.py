"""Which tokens are there now, as far as everybody may know: the window, the panels, the helpdesk.

Plain values. Who finds out is `signer.service.token_watch`.
"""

from __future__ import annotations

from msgspec import Struct


class SeenToken(Struct, frozen=True, kw_only=True):
    """One token, however many modules show it. `credentials` are the ids of the certificates on it.

    `family` is the name of the profile whose module is asked first. Two tokens of one kind are told apart by
    `serial` and `reader`.
    """

    label: str
    serial: str
    reader: str
    family: str
    credentials: tuple[str, ...]


class Presence(Struct, frozen=True, kw_only=True):
    """The tokens now. `reading` while something in a reader is being read.

    `problem` is the stable code of why there is none, None where there is one or where it is not yet known.
    """

    tokens: tuple[SeenToken, ...] = ()
    reading: bool = False
    problem: str | None = None

    @property
    def usable(self) -> bool:
        """Is there a token with a certificate on it?"""
        return any(token.credentials for token in self.tokens)
