"""The certificates that were on this computer's tokens, so that the journal can say whose an entry is.

The journal itself holds no name but a certificate's SHA-256, under which the certificate is a file here.
"""

from __future__ import annotations

import logging
from pathlib import Path

from signer import x509
from signer.model.credential import Credential, Holder
from signer.platform.private_files import read_private, write_private

log = logging.getLogger(__name__)


class SeenCertificates:
    """A folder of `<id>.der`, made 0700 by who gives it. Used from the agent's loop alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, x509.Certificate] | None = None

    def remember(self, credentials: tuple[Credential, ...]) -> None:
        """Keep those that are new. A disk that refuses costs the names in the journal, never the work."""
        known = self._all()
        for credential in credentials:
            if credential.id in known:
                continue
            try:
                known[credential.id] = x509.read(credential.certificate)
                write_private(self._folder / f"{credential.id}.der", credential.certificate)
            except (x509.CertificateUnreadable, OSError) as fault:
                log.warning("a certificate cannot be remembered: %s", type(fault).__name__)

    def find(self, credential_id: str) -> x509.Certificate | None:
        """The certificate with this id, None where it was never here."""
        return self._all().get(credential_id)

    def of_holders(self, holders: tuple[Holder, ...]) -> dict[str, x509.Certificate]:
        """All certificates, old ones too, of the people whom these holders are, by id."""
        people = {person(holder) for holder in holders}
        return {name: one for name, one in self._all().items() if person(one.holder) in people}

    def _all(self) -> dict[str, x509.Certificate]:
        if self._read is None:
            self._read = {}
            for path in sorted(self._folder.glob("*.der")):
                try:
                    certificate = x509.read(read_private(path) or b"")
                except (x509.CertificateUnreadable, OSError) as fault:
                    log.warning("a remembered certificate cannot be read: %s", type(fault).__name__)
                    continue
                # The name of a file is no evidence: an entry is shown under the certificate that it names.
                self._read[certificate.id] = certificate
        return self._read


def person(holder: Holder) -> str:
    """Who it is: the national code where the certificate holds exactly one, else name and council number."""
    if holder.national_code is not None:
        return f"national {holder.national_code}"
    return f"named {holder.name} {' '.join(holder.council_numbers)}"
