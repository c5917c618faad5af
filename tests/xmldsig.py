"""XAdES signatures for tests, made as the service makes them, and two judges that nobody here wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cryptography import x509
from signxml.algorithms import SignatureMethod
from signxml.verifier import SignatureConfiguration
from signxml.xades.xades import XAdESVerifier

from signer.envelope.phases import NOTHING, Evidence
from signer.envelope.xades import DETACHED_NAME, prepare
from signer.model.credential import SignatureAlgorithm
from signer.x509 import Certificate
from tests import pki

ECDSA = SignatureAlgorithm.ECDSA_SHA256
JSON = "application/json"
XML = "application/xml"

JSON_CONTENT = b'{"mohr":1,"kind":"drug"}'
XML_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<rx xmlns="urn:rx" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:lang="fa">
 <?layout wide?><item  q='20'
   xsi:type="drug">استامینوفن &amp; <![CDATA[<500 mg>]]></item><empty/>
</rx >
""".encode()

#: Name of the form, content, media type, attached.
FORMS = {
    "enveloped": (XML_CONTENT, XML, True),
    "enveloping": (JSON_CONTENT, JSON, True),
    "enveloping text": ("سلام\r\n".encode(), "text/plain", True),
    "detached": (JSON_CONTENT, JSON, False),
    "detached XML": (XML_CONTENT, XML, False),
}


def signed(
    form: str = "enveloped",
    kind: str = "p256",
    algorithm: SignatureAlgorithm = ECDSA,
    *,
    content: bytes | None = None,
    certificate: Certificate | None = None,
    evidence: Evidence = NOTHING,
) -> bytes:
    """A signature file of this form, under the key of this kind."""
    usual, media_type, attached = FORMS[form]
    draft = prepare(
        content=usual if content is None else content,
        media_type=media_type,
        certificate=certificate or pki.leaf(kind),
        algorithm=algorithm,
        signing_time=pki.NOW,
        attached=attached,
    )
    return draft.finish(pki.sign(pki.key(kind), algorithm, draft.to_be_signed), evidence)


def xmlsec1(folder: Path, signature: bytes, content: bytes = b"") -> subprocess.CompletedProcess[str]:
    """What xmlsec1 says of a signature whose detached content lies beside it."""
    (folder / "signature.xml").write_bytes(signature)
    (folder / DETACHED_NAME).write_bytes(content)
    anchor = pki.authority().write(folder)
    ids = [
        argument
        for element in (
            "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
            "http://www.w3.org/2000/09/xmldsig#:Object",
        )
        for argument in ("--id-attr:Id", element)
    ]
    moment = pki.NOW.strftime("%Y-%m-%d %H:%M:%S")
    return subprocess.run(
        [
            "xmlsec1",
            "--verify",
            "--trusted-pem",
            str(anchor),
            "--verification-time",
            moment,
            *ids,
            "signature.xml",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=folder,
    )


def signxml_verifies(signature: bytes, form: str, certificate: Certificate) -> int:
    """How many references hold for signxml, its XAdES rules included. Raises where one does not."""
    content, _, _ = FORMS[form]
    found = XAdESVerifier().verify(
        signature,
        x509_cert=x509.load_der_x509_certificate(certificate.der),
        expect_references=2,
        uri_resolver=lambda uri: {DETACHED_NAME: content}[uri],
        expect_config=SignatureConfiguration(
            location="./" if form == "enveloped" else ".//",
            signature_methods=frozenset(SignatureMethod),
        ),
    )
    return len(found)
