"""How each format's finished signature is read again before it leaves, and whose certificate is in it.

One `Checker` for each way of looking; what they look with is `signer.verify`, on code that did not make the
signature. Which format takes which is `envelopes`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from msgspec import Struct

from signer.model.errors import SignatureNotVerified
from signer.verify import cades as cades_check
from signer.verify.candidate import ReadSignature
from signer.verify.release import Agreed, check
from signer.verify.structure import NOTHING_UNSIGNED, Profile, Unsigned, parse


class Checker(Protocol):
    """How a finished signature is read again."""

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """Raise `SignatureNotVerified` for any other signature than the one agreed to."""

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """The signer's certificate, DER, of one of our own signatures; `content` where it is detached."""


class StrictCms(Struct, frozen=True):
    """Implements `Checker` for the profiles of CMS that are compared octet by octet."""

    profile: Profile

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        unsigned = NOTHING_UNSIGNED
        if agreed.timestamp is not None or agreed.certificates or agreed.crls or agreed.ocsps:
            unsigned = Unsigned(
                timestamp=agreed.timestamp,
                certificates=frozenset(agreed.certificates) - {agreed.certificate.der},
                crls=frozenset(agreed.crls),
                ocsps=frozenset(agreed.ocsps),
            )
        cades_check.verify_release(
            signature,
            content=agreed.content,
            media_type=agreed.media_type,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=agreed.signing_time,
            attached=agreed.attached,
            profile=self.profile,
            unsigned=unsigned,
        )

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        return parse(signature, self.profile).certificate


class ByReading(Struct, frozen=True):
    """Implements `Checker` by the format's general reader in `signer.verify`, as `release.check` has it.

    `harmless` are codes of findings that a content may bring along.
    """

    module: str
    harmless: frozenset[str] = frozenset()

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        check(self._read, signature, agreed, harmless=self.harmless)

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        return self._read(signature, content).certificate

    @property
    def _read(self) -> ReadSignature:
        read: ReadSignature = import_module(f"signer.verify.{self.module}").read
        return read


class Container(Struct, frozen=True):
    """Implements `Checker` for ASiC-E: the document by its reader, and every file that stands beside it."""

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        from signer.verify.asic import read, signed_files

        check(read, signature, agreed, harmless=frozenset({"asic-attachment"}))
        files = list(signed_files(signature).items())
        # The document's own name is the maker's; the others are the panel's, in its order.
        if [octets for _, octets in files] != [agreed.content, *(octets for _, octets in agreed.attachments)]:
            raise SignatureNotVerified("differs: files")
        if [name for name, _ in files[1:]] != [name for name, _ in agreed.attachments]:
            raise SignatureNotVerified("differs: names of files")

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        from signer.verify.asic import read

        return read(signature, content).certificate


class StrictPdf(Struct, frozen=True):
    """Implements `Checker` for a PDF, whose content is one revision of the file."""

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        from signer.verify.pades import verify_release

        verify_release(
            signature,
            content=agreed.content,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=agreed.signing_time,
            timestamp=agreed.timestamp,
            certificates=agreed.certificates,
            crls=agreed.crls,
            ocsps=agreed.ocsps,
        )

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        from signer.verify.pades import read

        return read(signature, content).certificate


class SignedIn(Struct, frozen=True):
    """Implements `Checker` for a sign-in, whose content is its claims."""

    def release(self, signature: bytes, agreed: Agreed) -> None:
        """See `Checker`."""
        from signer.verify.sign_in import verify_release

        verify_release(
            signature,
            content=agreed.content,
            certificate=agreed.certificate,
            algorithm=agreed.algorithm,
            signing_time=agreed.signing_time,
        )

    def certificate(self, signature: bytes, content: bytes | None) -> bytes:
        """See `Checker`."""
        from signer.verify.jose import take_apart
        from signer.verify.jose_value import certificates

        return certificates(take_apart(signature).header)[0].der
