"""What a holder sees of the journal, and whether a file was signed here: real journal, real signatures."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from signer.cli.demo.authority import ODD_DOCTOR
from signer.cli.demo.people import PRACTICES
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.credential import Credential, TokenRef
from signer.model.errors import FileUnusable, ModuleCrashed
from signer.model.history import Result
from signer.service.credentials import credential_of
from signer.service.records import Records, Search
from signer.service.seen_certificates import SeenCertificates
from signer.verify import Indication
from signer.x509 import Certificate
from signer.x509 import read as read_certificate
from tests import pki, signatures
from tests.journal.test_store import NOW, ORIGIN, ending, seal
from tests.service.doubles import SoftToken

PLACE = TokenRef(module="soft", slot=0, serial="1", label="soft", reader="none")


def credential(certificate: Certificate) -> Credential:
    return credential_of(certificate, b"\x01", PLACE, NOW)


class Shelf(SoftToken):
    """A token whose certificates can be changed."""

    def hold(self, *certificates: Certificate) -> None:
        self._credentials[:] = [credential(one) for one in certificates]


class Desk:
    """A journal, a token, and the records of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = SqliteJournal(folder / "journal")
        self.token = Shelf(0)
        (folder / "certificates").mkdir()
        self.records = self.again()

    def again(self) -> Records:
        """As after a restart."""
        anchor = read_certificate(pki.authority().certificate)
        seen = SeenCertificates(self.folder / "certificates")
        return Records(JournalReader(self.journal), self.token, seen, lambda: (anchor,))

    async def sealed(
        self, name: str, by: Certificate, content: bytes, signature: bytes, *, without_pin: bool = False
    ) -> None:
        await self.journal.seal(
            (
                replace(
                    seal(name),
                    credential_id=by.id,
                    content_hash=hashlib.sha256(content).digest(),
                    signature=signature,
                    signature_hash=hashlib.sha256(signature).digest(),
                    without_pin=without_pin,
                ),
            )
        )

    async def names(self, search: Search | None = None) -> list[str]:
        opened = await self.records.open(search or Search())
        return [row.document_id for row in opened.found.rows]

    def file(self, name: str, octets: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(octets)
        return path


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.journal.close()


OFFICE, CLINIC = (pki.leaf("p256", practice.subject) for practice in PRACTICES[:2])
COLLEAGUE = pki.leaf("p256", ODD_DOCTOR)
SIGNED = signatures.signed(certificate=OFFICE)


async def test_each_holder_sees_their_own_and_nobody_anothers(desk: Desk) -> None:
    await desk.sealed("mine", OFFICE, b"a", b"1")
    await desk.sealed("theirs", COLLEAGUE, b"b", b"2")
    desk.token.hold(COLLEAGUE)
    assert await desk.names() == ["theirs"]
    desk.token.hold(OFFICE)
    assert await desk.names() == ["mine"]
    desk.token.hold()
    assert (await desk.records.open(Search())).holders == ()
    assert await desk.names() == []


async def test_a_holders_older_certificates_are_theirs_too_after_a_restart(desk: Desk) -> None:
    await desk.sealed("old", OFFICE, b"a", b"1")
    desk.token.hold(OFFICE)
    await desk.names()
    desk.token.hold(CLINIC, OFFICE)
    assert (await desk.records.open(Search())).holders == (CLINIC.holder.name,), "one person, two spellings"
    desk.token.hold(CLINIC)
    desk.records = desk.again()
    assert await desk.names() == ["old"]
    opened = await desk.records.open(Search(centre="مطب ونک"))
    assert opened.found.count == 1
    assert set(opened.centres) == {OFFICE.id, CLINIC.id}


async def test_what_ended_before_a_certificate_was_chosen_is_told_to_who_is_there(desk: Desk) -> None:
    await desk.journal.end((ending("nobodys"),))
    await desk.journal.end((replace(ending("theirs"), credential_id=COLLEAGUE.id),))
    desk.token.hold(OFFICE)
    assert await desk.names() == ["nobodys"]
    assert await desk.names(Search(result=Result.DECLINED)) == ["nobodys"]


async def test_an_entry_of_another_holder_is_not_opened(desk: Desk) -> None:
    await desk.sealed("theirs", COLLEAGUE, b"a", b"1")
    desk.token.hold(OFFICE)
    assert await desk.records.entry(1) is None
    desk.token.hold(COLLEAGUE)
    detailed = await desk.records.entry(1)
    assert detailed is not None
    assert detailed.signer is not None
    assert detailed.signer.holder == COLLEAGUE.holder
    desk.token.hold()
    assert await desk.records.entry(1) is None


async def test_a_module_that_fails_opens_nobodys_journal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.sealed("mine", OFFICE, b"a", b"1")
    desk.token.hold(OFFICE)
    assert await desk.names() == ["mine"]

    async def crash() -> tuple[Credential, ...]:
        raise ModuleCrashed

    monkeypatch.setattr(desk.token, "credentials", crash)
    assert await desk.names() == []


async def test_a_document_and_its_signature_are_both_known_again_and_judged(desk: Desk) -> None:
    await desk.sealed("rx", OFFICE, signatures.CONTENT, SIGNED)
    desk.token.hold(OFFICE)
    for path in (desk.file("rx.json", signatures.CONTENT), desk.file("rx.p7m", SIGNED)):
        traced = await desk.records.trace(path)
        assert [row.document_id for row in traced.rows] == ["rx"]
        assert traced.report is not None
        assert traced.report.certificate == OFFICE.der
        assert traced.report.indication is not Indication.INVALID
        assert traced.report.content is None, "no document is brought over to the window"
    assert traced.name == "rx.p7m"


async def test_a_damaged_signature_is_not_known_and_is_judged_bad(desk: Desk) -> None:
    await desk.sealed("rx", OFFICE, signatures.CONTENT, SIGNED)
    desk.token.hold(OFFICE)
    damaged = SIGNED[:-1] + bytes([SIGNED[-1] ^ 1])
    traced = await desk.records.trace(desk.file("rx.p7m", damaged))
    assert traced.report is not None
    assert traced.report.indication is Indication.INVALID
    assert traced.rows == ()


async def test_a_file_that_was_not_signed_here_and_one_of_anothers_are_not_known(desk: Desk) -> None:
    await desk.sealed("theirs", COLLEAGUE, b"theirs", b"1")
    desk.token.hold(OFFICE)
    for content in (b"anything", b"theirs", b"%PDF-1.7 no signature in it", b"\x30\x03abc"):
        traced = await desk.records.trace(desk.file("file", content))
        assert (traced.rows, traced.report) == ((), None)


async def test_a_file_that_cannot_be_read_or_written_is_a_typed_refusal(desk: Desk) -> None:
    desk.token.hold(OFFICE)
    with pytest.raises(FileUnusable):
        await desk.records.trace(desk.folder / "absent")
    with pytest.raises(FileUnusable):
        await desk.records.trace(desk.folder)
    opened = await desk.records.open(Search())
    with pytest.raises(FileUnusable):
        await desk.records.export(opened.wanted, opened.found.top, desk.folder / "no" / "such.csv")


async def test_the_export_tells_for_which_signatures_a_pin_was_typed(desk: Desk) -> None:
    await desk.sealed("typed", OFFICE, b"a", b"1")
    await desk.sealed("open", OFFICE, b"b", b"2", without_pin=True)
    await desk.journal.end((replace(ending("unsigned"), credential_id=OFFICE.id),))
    desk.token.hold(OFFICE)
    opened = await desk.records.open(Search())
    path = desk.folder / "out.csv"
    await desk.records.export(opened.wanted, opened.found.top, path)
    rows = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert {row["document"]: row["pin"] for row in rows} == {"typed": "typed", "open": "open", "unsigned": ""}


async def test_what_is_exported_is_what_was_found_and_no_formula(desk: Desk) -> None:
    await desk.sealed("=HYPERLINK(1)", OFFICE, b"a", b"1")
    await desk.journal.end((replace(ending("rx-9"), credential_id=OFFICE.id, at=NOW + timedelta(hours=1)),))
    await desk.sealed("theirs", COLLEAGUE, b"b", b"2")
    desk.token.hold(OFFICE)
    opened = await desk.records.open(Search())
    path = desk.folder / "out.csv"
    assert await desk.records.export(opened.wanted, opened.found.top, path) == 2
    octets = path.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(octets.decode("utf-8-sig").splitlines()))
    assert [(row["document"], row["result"], row["code"]) for row in rows] == [
        ("rx-9", "declined", "consent-declined"),
        ("'=HYPERLINK(1)", "signed", ""),
    ]
    assert {(row["origin"], row["centre"], row["certificate"]) for row in rows} == {
        (ORIGIN, "مطب ونک", OFFICE.id)
    }
