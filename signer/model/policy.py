"""What the clinic allows, as plain values. Reading a policy file is not done here."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct

from signer.model.origin import OriginInvalid, parse_origin
from signer.model.request import SignatureFormat


class Tsa(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One timestamp authority (RFC 3161). `policy` is the OID to ask for; None takes the authority's own.

    `user` and `password` are for HTTP's basic authentication; an account to be charged, not a secret.
    """

    url: str
    user: str | None = None
    password: str | None = None
    policy: str | None = None

    def __repr__(self) -> str:
        return f"Tsa(url={self.url!r})"


class RevocationMode(Enum):
    """What level B-LT needs: evidence for both chains, for the signer at least, or none is ever fetched."""

    REQUIRE = "require"
    PREFER = "prefer"
    SKIP = "skip"


#: Minutes and signatures for which no clinic may let a token stay logged in.
LONGEST_SESSION = 24 * 60
MOST_SIGNATURES = 250

#: Taken from the desktop session, as other programs of the user do.
SYSTEM_PROXY = "system"
#: Straight to the server, whatever the session says.
NO_PROXY = "none"


class NetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the agent may ask outside. The defaults ask for no timestamp.

    `tsa` is tried in order. `crls` and `ocsp` are URLs for certificates that name none themselves. `proxy` is
    `system`, `none` or a URL. `deadline_seconds` is for one whole exchange.
    """

    tsa: tuple[Tsa, ...] = ()
    revocation: RevocationMode = RevocationMode.REQUIRE
    crls: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    proxy: str = SYSTEM_PROXY
    deadline_seconds: Annotated[float, Meta(ge=1, le=60)] = 10.0


class UpdateSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the clinic's manifest of updates is, a URL or a path, and the Ed25519 key that must sign it.

    `key` is PEM or base64 of the 32 octets.
    """

    manifest: str | None = None
    key: str | None = None


class ProfileSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Ed25519 key that must sign packs of token profiles, as in `UpdateSettings`; None takes no pack."""

    key: str | None = None


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may ask for signatures, and for which. The defaults are those of a computer without a policy.

    `origins` pins the panels, in the browser's spelling; None is any https origin that the doctor pairs.
    `loopback_origins` are pages served by this computer that may call, http ones too: none unless named.
    `pairing` False closes pairing; what is paired stays. `formats` are those that may be asked for, None all.
    `red_findings` are codes of amber findings that nobody may say yes to. `anchors` is a folder with the
    certificates of authorities. `net` says whom the agent may ask outside. `updates` is for `mohr update`,
    `profiles` for `mohr profiles`.
    `sign_in_with_non_repudiation`
    lets a certificate whose key usage is nonRepudiation alone sign in. `session_signing_minutes` and
    `session_signing_signatures` are how long and for how many a token may stay logged in, for one request
    after another, at most; 0 of either forbids it.
    """

    origins: tuple[str, ...] | None = None
    loopback_origins: tuple[str, ...] = ()
    pairing: bool = True
    sign_in_with_non_repudiation: bool = False
    session_signing_minutes: Annotated[int, Meta(ge=0, le=LONGEST_SESSION)] = LONGEST_SESSION
    session_signing_signatures: Annotated[int, Meta(ge=0, le=MOST_SIGNATURES)] = MOST_SIGNATURES
    formats: frozenset[SignatureFormat] | None = None
    red_findings: frozenset[str] = frozenset()
    anchors: str | None = None
    net: NetSettings = NetSettings()
    updates: UpdateSettings = UpdateSettings()
    profiles: ProfileSettings = ProfileSettings()

    def admits(self, origin: str) -> bool:
        """May a page of `origin`, the Origin header as received, speak to the agent at all?"""
        try:
            parsed = parse_origin(origin)
        except OriginInvalid:
            return False
        if parsed.loopback:
            return origin in self.loopback_origins
        return parsed.scheme == "https" and (self.origins is None or origin in self.origins)
