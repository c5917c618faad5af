"""What the clinic allows, as plain values. Reading a policy file is not done here."""

from __future__ import annotations

from msgspec import Struct

from signer.model.origin import OriginInvalid, parse_origin


class Policy(Struct, frozen=True, kw_only=True):
    """Who may ask for signatures. The defaults are those of a computer without a policy.

    `origins` pins the panels, in the browser's spelling; None is any https origin that the doctor pairs.
    `loopback_origins` are pages served by this computer that may call, http ones too: none unless named.
    `pairing` False closes pairing; what is paired stays. `sign_in_with_non_repudiation` lets a certificate
    whose key usage is nonRepudiation alone sign in.
    """

    origins: tuple[str, ...] | None = None
    loopback_origins: tuple[str, ...] = ()
    pairing: bool = True
    sign_in_with_non_repudiation: bool = False

    def admits(self, origin: str) -> bool:
        """May a page of `origin`, the Origin header as received, speak to the agent at all?"""
        try:
            parsed = parse_origin(origin)
        except OriginInvalid:
            return False
        if parsed.loopback:
            return origin in self.loopback_origins
        return parsed.scheme == "https" and (self.origins is None or origin in self.origins)
