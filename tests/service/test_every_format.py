"""Every format that a panel may ask for, from the token to the verifier, and again after a restart.

A real token, worker and journal; the doctor is scripted, timestamps and CRLs come from the tests' authority.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.types import KeySpec, Limits
from signer.cli.demo import samples
from signer.cli.demo.authority import PLAIN_DOCTOR
from signer.model.errors import DocumentRefused
from signer.model.request import (
    CONTAINERS,
    JSON,
    PDF,
    PRESCRIPTION,
    TEXT,
    Attachment,
    Document,
    DocumentState,
    Level,
    SignatureFormat,
    VisibleSeal,
)
from signer.service.consent import binding_digest
from signer.service.envelopes import FORMATS, MATRIX, check_supported
from signer.service.evidence import Outside
from signer.service.views import RequestView
from signer.verify import Indication, verify
from signer.x509 import read
from tests import pdfs, pki
from tests import softhsm as hsm
from tests.fault.desk import ORIGIN, Desk
from tests.openssl import verified_content
from tests.service.doubles import StillNet

CONTENTS = {
    JSON: b'{"quantity": 20}',
    TEXT: "آموکسی‌سیلین 500 mg".encode(),
    "application/xml": "<rx><دارو>500 mg</دارو></rx>".encode(),
    "text/xml": b"<rx><item>500 mg</item></rx>",
    PDF: pdfs.plain(),
}
#: Formats that the verifier finds no level of ETSI in.
WITHOUT_LEVELS = {SignatureFormat.CMS}
#: What a level comes out as, where everything outside answers.
REACHED = {Level.B_T_IF_POSSIBLE: "B-T", Level.B_LT_IF_POSSIBLE: "B-LT"}


def cells(prescription: bytes) -> tuple[Document, ...]:
    """A document for each cell of the matrix, attached and detached."""
    contents = CONTENTS | {PRESCRIPTION: prescription}
    wanted = sorted(MATRIX, key=lambda cell: (cell[1].value, cell[2].value, cell[0]))
    return tuple(
        Document(
            id=f"{kind.value} {level.value} {media_type} {'attached' if attached else 'detached'}",
            media_type=media_type,
            content=contents[media_type],
            format=kind,
            level=level,
            attached=attached,
            seal=VisibleSeal() if kind is SignatureFormat.PADES and level is Level.B_B else None,
            attachments=(Attachment(name="نتیجه.txt", media_type=TEXT, content=b"Hb 12"),)
            if kind in CONTAINERS
            else (),
        )
        for media_type, kind, level in wanted
        for attached in sorted(FORMATS[kind].attached)
    )


async def post(desk: Desk, documents: tuple[Document, ...]) -> RequestView:
    view = await desk.service.submit(
        origin=ORIGIN,
        idempotency_key="every format",
        body_hash=b"\1" * 32,
        documents=documents,
        credential=None,
        purpose=None,
    )
    return await desk.service.view(origin=ORIGIN, request_id=view.id, wait=100)


@pytest.mark.parametrize(
    "names",
    [
        ("",),
        (".hidden",),
        ("trailing ",),
        ("../up",),
        ("a/b",),
        ("a\\b",),
        ("c:d",),
        ("a\nb",),
        ("rlo\u202e.txt",),
        ("x" * 129,),
        ("same.txt", "SAME.txt"),
        ("mimetype",),
        ("meta-inf",),
        ("document.txt",),
    ],
    ids=repr,
)
def test_names_that_no_container_holds_are_refused_before_anybody_is_asked(names: tuple[str, ...]) -> None:
    files = tuple(Attachment(name=name, media_type=TEXT, content=b"x") for name in names)
    document = Document(
        id="rx", media_type=TEXT, content=b"x", format=SignatureFormat.ASIC_E, attachments=files
    )
    with pytest.raises(DocumentRefused):
        check_supported(document)


#: A SET OF Attribute, as far as anybody would look.
ATTRIBUTES = bytes.fromhex("3106300406022a03")


@pytest.mark.parametrize(
    ("kind", "media_type", "content"),
    [
        (SignatureFormat.XADES, "application/xml", b"<rx/>"),
        (SignatureFormat.XADES, "text/xml", b"<rx><item/></rx><!-- x -->"),
        (SignatureFormat.XADES, "text/xml", b"<?panel x?><rx>500 mg</rx>"),
        (SignatureFormat.XADES, "text/xml", b"<!DOCTYPE rx><rx>500 mg</rx>"),
        (SignatureFormat.XADES, "text/xml", b'<rx xmlns="relative">500 mg</rx>'),
        (
            SignatureFormat.XADES,
            "text/xml",
            b'<rx><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"></Signature></rx>',
        ),
        (SignatureFormat.JWS, TEXT, b""),
        (SignatureFormat.JADES, TEXT, b""),
        (SignatureFormat.CADES, TEXT, ATTRIBUTES),
        (SignatureFormat.CMS, TEXT, ATTRIBUTES),
    ],
    ids=repr,
)
def test_content_that_a_format_cannot_carry_is_refused_before_anybody_is_asked(
    kind: SignatureFormat, media_type: str, content: bytes
) -> None:
    document = Document(id="rx", media_type=media_type, content=content, format=kind)
    with pytest.raises(DocumentRefused):
        check_supported(document)


FILES = (
    Attachment(name="a.txt", media_type=TEXT, content=b"a"),
    Attachment(name="b.txt", media_type=TEXT, content=b"b"),
)


@pytest.mark.parametrize(
    "changed",
    [
        FILES[:1],
        FILES[::-1],
        (replace(FILES[0], name="c.txt"), FILES[1]),
        (replace(FILES[0], media_type=JSON), FILES[1]),
        (replace(FILES[0], content=b"c"), FILES[1]),
    ],
    ids=["fewer", "order", "name", "type", "content"],
)
def test_a_change_of_any_attachment_asks_again(changed: tuple[Attachment, ...]) -> None:
    document = Document(
        id="rx", media_type=TEXT, content=b"x", format=SignatureFormat.ASIC_E, attachments=FILES
    )
    bound = binding_digest(document, "c", ORIGIN, (), pki.NOW)
    assert binding_digest(replace(document, attachments=changed), "c", ORIGIN, (), pki.NOW) != bound


@pytest.mark.parametrize("spec", [KeySpec.RSA_2048, KeySpec.EC_P256], ids=lambda spec: spec.value)
async def test_every_cell_of_the_matrix_is_signed_verified_and_given_again(
    tmp_path: Path, softhsm: hsm.SoftHsm, spec: KeySpec
) -> None:
    now = datetime.now(UTC)
    await hsm.certify(softhsm, {b"\x01": spec}, PLAIN_DOCTOR, now, pki.authority())
    root = read(pki.authority().certificate)
    around = Outside(net=StillNet(), known=(root,))
    desk = Desk(tmp_path, softhsm, Limits(), outside=around)
    try:
        (credential,) = await desk.service.credentials()
        documents = cells(samples.free(now, credential.holder))
        first = await post(desk, documents)
    finally:
        await desk.close()
    authority = pki.authority().write(tmp_path)
    for document, view in zip(documents, first.documents, strict=True):
        assert (view.state, view.problem) == (DocumentState.SIGNED, None), document.id
        assert view.signature is not None
        assert view.level == REACHED.get(document.level, document.level.value), document.id
        content = None if document.attached else document.content
        report = verify(view.signature, content=content, anchors=(root,), at=datetime.now(UTC))
        assert report.indication is Indication.VALID, (document.id, report.findings)
        level = None if document.format in WITHOUT_LEVELS else view.level
        assert (report.level, report.certificate) == (level, view.certificate), document.id
        if document.format is SignatureFormat.CADES and document.attached:
            (tmp_path / "signature").write_bytes(view.signature)
            assert verified_content(tmp_path / "signature", authority) == document.content
    again = Desk(tmp_path, softhsm, Limits(), outside=around)
    asked: list[bool] = []
    again.on_yes = lambda: asked.append(True)
    try:
        second = await post(again, documents)
    finally:
        await again.close()
    assert asked == []
    assert [(d.signature, d.level, d.certificate) for d in second.documents] == [
        (d.signature, d.level, d.certificate) for d in first.documents
    ]
