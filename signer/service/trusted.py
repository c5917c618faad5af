"""Whom the user trusts: authorities by their certificates, and the one that stamps the time.

The clinic's policy goes before the user's choice, and is told here and never changed. Nothing is trusted that
was not looked at first: `look` says whose certificates a file holds, `trust` takes those and reads no file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from signer.model.errors import AddressInvalid, CertificateFileUnusable, FileUnusable
from signer.model.policy import NetSettings, Tsa
from signer.platform.private_files import private_folder, read_private, write_private
from signer.verify.anchors import KnownAuthority, known, load, load_file
from signer.x509 import Certificate, CertificateUnreadable

log = logging.getLogger(__name__)

#: Its name in the data folder.
STAMPER_FILE = "timestamps.json"
#: Characters of an address; none that is used is longer.
LONGEST_ADDRESS = 500


class Trusted(Struct, frozen=True, kw_only=True):
    """One authority. `id` is the lower-case hex SHA-256 of its certificate, `der` the certificate.

    `until` is aware, UTC. `name` is its own, `known` the authority that Mohr knows by this fingerprint: a
    name, never a reason to trust.
    """

    id: str
    der: bytes
    name: str
    until: datetime
    known: KnownAuthority | None


class TrustNow(Struct, frozen=True, kw_only=True):
    """Whom the user trusts and whom the clinic does. `unreadable` names files that hold no certificate.

    `stamper` is the user's timestamp authority, None where none was named; where the clinic names some, those
    are `clinic_stampers` and they alone are asked.
    """

    users: tuple[Trusted, ...] = ()
    clinics: tuple[Trusted, ...] = ()
    unreadable: tuple[str, ...] = ()
    stamper: str | None = None
    clinic_stampers: tuple[str, ...] = ()


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    stamper: str


class KeptTrust:
    """The user's folder of anchors and the file with the timestamp authority. Used from the agent's loop."""

    def __init__(
        self,
        folder: Path,
        file: Path,
        *,
        net: NetSettings,
        clinics: tuple[Certificate, ...],
        stamp_with: Callable[[tuple[Tsa, ...]], None],
    ) -> None:
        """`stamp_with` is told the authorities to ask, now and whenever the user names another one."""
        self._folder, self._file = folder, file
        self._net, self._clinics, self._stamp_with = net, clinics, stamp_with
        self._tell(stamper_in(file))

    def now(self) -> TrustNow:
        """As it is now. Raises `FileUnusable` where the folder of anchors cannot be read."""
        try:
            anchors = load(private_folder(self._folder))
        except OSError as fault:
            raise FileUnusable(f"anchors: {type(fault).__name__}") from fault
        return TrustNow(
            users=_told(anchors.certificates),
            clinics=_told(self._clinics),
            unreadable=tuple(path.name for path in anchors.unreadable),
            stamper=stamper_in(self._file),
            clinic_stampers=tuple(tsa.url for tsa in self._net.tsa),
        )

    def look(self, file: Path) -> tuple[Trusted, ...]:
        """Whose certificates a file holds. Raises `CertificateFileUnusable`, `FileUnusable`."""
        try:
            return _told(load_file(file))
        except CertificateUnreadable as fault:
            raise CertificateFileUnusable(str(fault)) from fault
        except OSError as fault:
            raise FileUnusable(type(fault).__name__) from fault

    def trust(self, authorities: Iterable[Trusted]) -> None:
        """Trust these from now on. Raises `FileUnusable`."""
        try:
            put(private_folder(self._folder), authorities)
        except OSError as fault:
            raise FileUnusable(f"anchors: {type(fault).__name__}") from fault

    def distrust(self, certificate_id: str) -> None:
        """No longer trust this certificate; the others of its file stay. Raises `FileUnusable`."""
        try:
            take_away(self._folder, certificate_id)
        except OSError as fault:
            raise FileUnusable(f"anchors: {type(fault).__name__}") from fault

    def set_stamper(self, address: str) -> None:
        """Have the time stamped there; an empty address ends that.

        Raises `AddressInvalid` and keeps what was, and `FileUnusable`.
        """
        url = _address(address)
        try:
            if url is None:
                self._file.unlink(missing_ok=True)
            else:
                write_private(self._file, msgspec.json.encode(_Kept(url)))
        except OSError as fault:
            raise FileUnusable(f"timestamps: {type(fault).__name__}") from fault
        self._tell(url)

    def _tell(self, url: str | None) -> None:
        self._stamp_with(stampers(self._net, url))


def stampers(net: NetSettings, users: str | None) -> tuple[Tsa, ...]:
    """Who is asked for timestamps: the clinic's authorities where it names some, else the user's."""
    return net.tsa or (() if users is None else (Tsa(url=users),))


def stamper_in(file: Path) -> str | None:
    """The address that the user has named. A file that cannot be read names none, and is logged."""
    try:
        octets = read_private(file)
        return None if octets is None else _address(msgspec.json.decode(octets, type=_Kept).stamper)
    except (OSError, msgspec.MsgspecError, AddressInvalid) as fault:
        log.warning("the timestamp authority cannot be read: %s", type(fault).__name__)
        return None


def put(folder: Path, authorities: Iterable[Trusted]) -> None:
    """A file for each, named by its fingerprint. Raises OSError."""
    for authority in authorities:
        write_private(folder / f"{authority.id}.der", authority.der)


def take_away(folder: Path, certificate_id: str) -> None:
    """Take one certificate out of the folder; what shares its file gets one of its own. Raises OSError."""
    found = load(folder).found
    for path in {path for path, certificate in found if certificate.id == certificate_id}:
        put(
            folder,
            _told(one for place, one in found if place == path and one.id != certificate_id),
        )
        path.unlink()


def told(certificate: Certificate) -> Trusted:
    """What a person reads of it."""
    return Trusted(
        id=certificate.id,
        der=certificate.der,
        name=certificate.holder.name,
        until=certificate.not_after,
        known=known(certificate),
    )


def _told(certificates: Iterable[Certificate]) -> tuple[Trusted, ...]:
    """Each once."""
    return tuple(told(one) for one in dict.fromkeys(certificates))


def _address(text: str) -> str | None:
    """The URL that was typed, None for an empty one. Raises `AddressInvalid`."""
    url = text.strip()
    if not url:
        return None
    if len(url) > LONGEST_ADDRESS or not url.isascii() or any(c.isspace() for c in url):
        raise AddressInvalid("too long, or characters that no URL has")
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError as fault:
        raise AddressInvalid(type(fault).__name__) from fault
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_one:
        raise AddressInvalid("not an http or https URL")
    if parts.username is not None or parts.fragment:
        raise AddressInvalid("a user, a password or a fragment in it")
    return url
