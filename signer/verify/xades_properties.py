"""What the qualifying properties of an XAdES signature say (ETSI EN 319 132-1 §5), signed and unsigned.

Only read here: that the signed ones are covered by the signature is for `xades` to check.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from lxml import etree

from signer.verify import c14n
from signer.verify.c14n import Method, NotCanonical
from signer.verify.candidate import SignatureTimestamp, Unreadable
from signer.verify.report import Finding, Severity, SubIndication
from signer.verify.xmldsig import DIGESTS, DS, XmlSignature, algorithm, base64, broken, children, method, text

_XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
#: The digest alone binds in both; V1 (EN 319 132-1 annex D) is what older signatures have.
_SIGNING_CERTIFICATES = ("SigningCertificateV2", "SigningCertificate")


class Properties:
    """The only QualifyingProperties of a signature. Raises `Unreadable` where a rule of §5 is broken."""

    def __init__(self, signature: XmlSignature) -> None:
        self._signature = signature
        qualifying = [
            child
            for found in signature.objects
            for child in found.iterchildren(f"{_XADES}QualifyingProperties")
        ]
        if len(qualifying) != 1:
            raise broken("xades-properties", "not exactly one QualifyingProperties")
        if str(qualifying[0].get("Target", "")) != f"#{signature.element.get('Id', '')}":
            raise broken("xades-properties", "Target")
        holder = qualifying[0].getparent()
        if holder is None or len(list(children(holder))) != 1:
            raise broken("xades-properties", "something beside QualifyingProperties")
        #: The ds:Objects that hold something else than the properties.
        self.objects = frozenset(signature.objects) - {holder}
        parts = list(children(qualifying[0]))
        tags = [str(part.tag).removeprefix(_XADES) for part in parts]
        if tags not in (["SignedProperties"], ["SignedProperties", "UnsignedProperties"]):
            raise broken("xades-properties", "QualifyingProperties")
        self.signed = parts[0]
        self._unsigned = parts[1:]
        by_tag: dict[str, etree._Element] = {}
        for group in children(self.signed):
            for member in children(group):
                tag = str(member.tag).removeprefix(_XADES)
                if tag != "DataObjectFormat" and by_tag.setdefault(tag, member) is not member:
                    raise broken("xades-properties", "one stands twice")
        self._signed = by_tag
        self.certificate = self._certificate()
        self.signing_time = self._signing_time()

    def media_type(self, reference_id: str | None) -> str | None:
        """What DataObjectFormat says of a reference, or None where none speaks of it (§5.2.4)."""
        found = [
            member
            for member in self.signed.iter(f"{_XADES}DataObjectFormat")
            if reference_id is not None and member.get("ObjectReference") == f"#{reference_id}"
        ]
        types = [text(child) for member in found for child in member.iterchildren(f"{_XADES}MimeType")]
        if len(found) > 1 or len(types) > 1:
            raise broken("xades-properties", "DataObjectFormat")
        return types[0] if types else None

    def other_certificates(self) -> tuple[bytes, ...]:
        """All certificates inside but the signing one."""
        inside = (*self._signature.certificates, *self.values("EncapsulatedX509Certificate"))
        return tuple(dict.fromkeys(der for der in inside if der != self.certificate))

    def values(self, name: str) -> tuple[bytes, ...]:
        """Every unsigned value in base64 of this name: certificates, CRLs, OCSP responses (§5.4)."""
        return tuple(base64(found) for part in self._unsigned for found in part.iter(f"{_XADES}{name}"))

    def timestamps(self) -> tuple[SignatureTimestamp, ...]:
        """The signature timestamps, each with the SignatureValue in the form that it covers (§5.3)."""
        return tuple(
            SignatureTimestamp(token=base64(token), stamped=self._stamped(stamp))
            for part in self._unsigned
            for stamp in part.iter(f"{_XADES}SignatureTimeStamp")
            for token in stamp.iterchildren(f"{_XADES}EncapsulatedTimeStamp")
        )

    def level(self) -> str:
        """The baseline level that the unsigned properties claim (§6.3)."""
        if not self.timestamps():
            return "B-B"
        long_term = self.values("EncapsulatedCRLValue") or self.values("EncapsulatedOCSPValue")
        return "B-LT" if long_term else "B-T"

    def _stamped(self, stamp: etree._Element) -> bytes:
        chosen = [method(child) for child in stamp.iterchildren(f"{{{DS}}}CanonicalizationMethod")]
        try:
            return c14n.element(self._signature.value_element, chosen[0] if chosen else Method())
        except NotCanonical as refused:
            raise broken("xades-transform", str(refused)) from None

    def _certificate(self) -> bytes:
        """The certificate in KeyInfo that the signed properties name by its digest (§5.2.2)."""
        references = [self._signed[name] for name in _SIGNING_CERTIFICATES if name in self._signed]
        if len(references) != 1:
            raise broken("xades-properties", "SigningCertificate")
        first = next(children(references[0]), None)
        digest = next(children(first), None) if first is not None else None
        parts = list(children(digest)) if digest is not None else []
        if [part.tag for part in parts] != [f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]:
            raise broken("xades-properties", "CertDigest")
        name = DIGESTS.get(algorithm(parts[0]))
        if name is None:
            raise broken("algorithm-unknown", "CertDigest")
        expected = base64(parts[1])
        for der in self._signature.certificates:
            if hashlib.new(name, der).digest() == expected:
                return der
        finding = Finding(code="signing-certificate-differs", severity=Severity.FAILED, detail="KeyInfo")
        raise Unreadable(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, finding)

    def _signing_time(self) -> datetime | None:
        """§5.2.1; None where it is absent, or a time without a zone, which is no moment."""
        claimed = self._signed.get("SigningTime")
        if claimed is None:
            return None
        try:
            moment = datetime.fromisoformat(text(claimed).strip())
            return moment.astimezone(UTC) if moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            raise broken("xades-properties", "SigningTime") from None
