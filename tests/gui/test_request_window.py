"""A certificate request in its window, from the fields to a certificate that signs: SoftHSM and OpenSSL."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_csr
from msgspec import Struct
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QRadioButton

from drivers.types import KeySpec
from gui.presenters.request_steps import Stage, Step
from gui.presenters.tokens import present_tokens, present_warnings
from gui.presenters.tongue import Tongue
from gui.requesting import Requesting
from gui.views.main import MainWindow
from gui.views.request_steps import RequestWindow
from signer import x509
from signer.cli.demo import samples
from signer.cli.demo.people import PRACTICES
from signer.model.request import PRESCRIPTION, Document
from signer.service.key_requests import KeyRequest
from signer.service.office import Office, TokensNow
from signer.service.own_signing import OwnSigned
from signer.service.records import Search
from tests import softhsm as hsm
from tests.desktop import scenes
from tests.gui.office import OfficeThread
from tests.gui.theatre import settle
from tests.service.doubles import NOW, yes

PARTICULARS = {
    "given_name": "سارا",
    "surname": "نمونه",
    "national_code": "۰۰۱۲۳۴۵۶۷۹",
    "council_number": "123456",
    "centre": "درمانگاه نمونه",
}
CONFIGURATION = """
[ca]
default_ca = office
[office]
dir = {folder}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
policy = anything
unique_subject = no
[anything]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
title = optional
givenName = optional
surname = optional
serialNumber = optional
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[doctor]
keyUsage = critical, digitalSignature, nonRepudiation
authorityKeyIdentifier = keyid
"""


class IssuingOffice:
    """An authority of OpenSSL alone: it reads the PKCS #10, and certifies what stands in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        (folder / "ca.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", folder / "ca.key")
        self._openssl("req", "-new", *key, "-subj", "/C=IR/CN=Test Office", "-out", folder / "ca.csr")
        self._ca("-selfsign", "-keyfile", folder / "ca.key", "-extensions", "root", "-in", folder / "ca.csr",
                 "-out", folder / "ca.pem", end="20361122000000Z")  # fmt: skip
        self.certificate = folder / "ca.pem"

    @property
    def anchor(self) -> x509.Certificate:
        return x509.read(self._openssl("x509", "-in", self.certificate, "-outform", "DER"))

    def issue(self, request: Path, *, end: str = "20271122000000Z") -> Path:
        issued = request.with_suffix(".pem")
        self._ca("-extensions", "doctor", "-in", request, "-out", issued, end=end)
        return issued

    def as_pkcs7(self, issued: Path) -> Path:
        made = issued.with_suffix(".p7b")
        self._openssl("crl2pkcs7", "-nocrl", "-certfile", issued, "-certfile", self.certificate, "-out", made)
        return made

    def _ca(self, *arguments: object, end: str) -> None:
        when = ("-startdate", "20261101000000Z", "-enddate", end)
        self._openssl(
            "ca", "-batch", "-utf8", "-notext", "-config", self._folder / "ca.cnf", *when, *arguments
        )

    def _openssl(self, *arguments: object) -> bytes:
        made = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)
        assert made.returncode == 0, made.stderr.decode()
        return made.stdout


class SignOne(Struct, frozen=True):
    """Have one document signed by who sits at the window."""

    document: Document

    async def perform(self, office: Office) -> OwnSigned:
        return await office.own_signing.sign(self.document)


class Applying:
    """A doctor at the window, with an office behind it."""

    def __init__(self, folder: Path, token: hsm.SoftHsm) -> None:
        self.folder, self.token = folder, token
        self._begin()

    def _begin(self) -> None:
        self.office = OfficeThread(self.folder, self.token)
        self.main = MainWindow(self.office.line)
        self.forgotten: list[TokensNow] = []
        self.requesting = Requesting(
            self.main, self.office.line, Tongue("en"), self._read, self.forgotten.append
        )
        self.requesting.tokens_are(self.office.tokens())

    def _read(self) -> None:
        """As the shell does."""
        from gui.bridge.requests import ReadTokens

        self.office.line.ask(ReadTokens(), self.requesting.tokens_are, pytest.fail)

    def end(self) -> None:
        if self.requesting.window is not None:
            self.requesting.window.close()
        self.main.deleteLater()
        self.office.end()

    def restart(self) -> None:
        """The agent ends and starts again."""
        self.end()
        self._begin()

    @property
    def window(self) -> RequestWindow:
        assert self.requesting.window is not None
        return self.requesting.window

    def start(self, credential_id: str | None = None) -> None:
        before = self.requesting.window
        self.requesting.start(self.office.managed().ref.serial, credential_id)
        self.office.until(lambda: self.requesting.window not in {None, before})

    def said(self) -> str:
        settle()
        return "\n".join(part.text() for part in self.window.findChildren(QLabel) if part.isVisible())

    def until_said(self, words: str) -> None:
        self.office.until(lambda: words in self.said())

    def fill(self, **changed: str) -> None:
        for part, text in (PARTICULARS | changed).items():
            field = self.window.findChild(QLineEdit, f"field-{part}")
            assert isinstance(field, QLineEdit)
            field.setText(text)  # QTest types ASCII alone

    def press(self, name: str) -> None:
        part = next(one for one in self.window.findChildren(QPushButton, name) if one.isVisible())
        assert part.isEnabled()
        part.click()
        settle()

    def give_pin(self, pin: str = hsm.PIN) -> None:
        self.office.until(lambda: not self.window.pin.field.isHidden())
        QTest.keyClicks(self.window.pin.field, pin)
        self.office.until(self.window.pin.sign.isEnabled)
        QTest.mouseClick(self.window.pin.sign, Qt.MouseButton.LeftButton)
        assert self.window.pin.field.text() == ""

    def to_the_key(self, **changed: str) -> None:
        self.start()
        self.fill(**changed)
        self.press("step-on")
        assert self.window.steps.step is Step.KEY

    def make(self, **changed: str) -> Path:
        """A request made with a P-256 key and saved."""
        self.to_the_key(**changed)
        kind = self.window.findChild(QRadioButton, "key-ec-p256")
        assert isinstance(kind, QRadioButton)
        kind.click()
        self.give_pin()
        return self.save()

    def save(self) -> Path:
        self.office.until(lambda: self.window.steps.step is Step.SEND)
        request = self.window.steps.request
        assert request is not None
        path = self.folder / f"{request.id}.csr"
        self.window.saved.emit(path)
        self.until_said("was saved to")
        return path

    def bring(self, path: Path) -> None:
        """Drop the file on the window."""
        if self.window.steps.step is Step.SEND:
            self.press("step-on")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        none = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        self.window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, *none))
        self.office.until(lambda: self.window.steps.stage is Stage.ASKING)

    def accept_all(self) -> int:
        """Say each yes of its own; how many there were."""
        number = 0
        while True:
            tick = self.window.findChild(QCheckBox, f"accept-{number}")
            if not isinstance(tick, QCheckBox):
                return number
            tick.click()
            settle()
            number += 1

    def keep(self) -> None:
        self.give_pin()
        self.office.until(lambda: self.window.steps.stage is Stage.DONE)

    def sign(self, document: Document) -> OwnSigned:
        signed: list[OwnSigned] = []
        self.office.doctor.answers.append(lambda question: yes(question, hsm.PIN))
        self.office.line.ask(SignOne(document), signed.append, pytest.fail)
        self.office.until(lambda: bool(signed))
        return signed[0]

    def in_progress(self) -> tuple[KeyRequest, ...]:
        return self.office.tokens().requests


@pytest.fixture
def applying(tmp_path: Path, softhsm: hsm.SoftHsm) -> Iterator[Applying]:
    made = Applying(tmp_path, softhsm)
    yield made
    made.end()


@pytest.fixture
def authority(tmp_path: Path, applying: Applying) -> IssuingOffice:
    made = IssuingOffice(tmp_path / "office")
    applying.office.anchors = (made.anchor,)
    return made


def test_from_the_fields_to_a_certificate_that_signs_a_prescription(
    applying: Applying, authority: IssuingOffice
) -> None:
    path = applying.make()
    request = load_pem_x509_csr(path.read_bytes())
    assert request.is_signature_valid
    assert "0012345679" in request.subject.rfc4514_string(), "digits are sent in ASCII"
    assert [one.origin for one in applying.in_progress()] == [None]
    applying.bring(authority.as_pkcs7(authority.issue(path)))
    assert "an authority that is trusted" in applying.said()
    applying.keep()
    assert "You can sign with it" in applying.said()
    assert applying.in_progress() == ()
    applying.office.until(lambda: bool(applying.office.tokens().credentials))
    (mine,) = applying.office.tokens().credentials
    prescription = samples.tamin(scenes.ISSUED, mine.holder)
    signed = applying.sign(Document(id="rx-1", media_type=PRESCRIPTION, content=prescription))
    assert signed.code is None
    assert signed.holder is not None
    assert signed.holder.national_codes == ("0012345679",)


def test_a_renewal_begins_with_the_old_particulars_and_leaves_the_old_certificate(
    tmp_path: Path, softhsm: hsm.SoftHsm
) -> None:
    asyncio.run(hsm.certify(softhsm, {b"\x01": KeySpec.EC_P256}, PRACTICES[0].subject, NOW))
    doctor = Applying(tmp_path, softhsm)
    authority = IssuingOffice(tmp_path / "office")
    doctor.office.anchors = (authority.anchor,)
    doctor.office.until(lambda: bool(doctor.office.tokens().credentials))
    (old,) = doctor.office.tokens().credentials
    doctor.start(old.id)
    assert "Taken from your present certificate" in doctor.said()
    assert doctor.window.steps.texts["national_code"] == old.holder.national_code
    doctor.press("step-on")
    doctor.give_pin()
    doctor.bring(authority.issue(doctor.save()))
    doctor.keep()
    doctor.office.until(lambda: len(doctor.office.tokens().credentials) == 2)
    assert old.id in {one.id for one in doctor.office.tokens().credentials}
    doctor.end()


def test_a_request_survives_the_agent_and_goes_on_at_its_step(
    applying: Applying, authority: IssuingOffice
) -> None:
    issued = authority.issue(applying.make())
    applying.restart()
    applying.office.anchors = (authority.anchor,)
    (waiting,) = applying.in_progress()
    applying.requesting.go_on(waiting)
    assert "SHA-256 of the request" in applying.said()
    applying.bring(issued)
    applying.keep()
    assert applying.in_progress() == ()


def test_what_is_wrong_with_a_field_is_said_beside_it_and_nothing_is_sent(applying: Applying) -> None:
    applying.start()
    applying.fill(surname=" ", national_code="0012345678", council_number="12a")
    applying.press("step-on")
    assert applying.window.steps.step is Step.WHO
    for words in ("Write this", "a digit is wrong", "digits alone"):
        assert words in applying.said()
    field = applying.window.findChild(QLineEdit, "field-surname")
    assert isinstance(field, QLineEdit)
    assert field.accessibleDescription() == "Write this."


def test_a_wrong_pin_is_told_and_the_next_one_goes_on(applying: Applying) -> None:
    applying.to_the_key()
    applying.give_pin("9999")
    applying.until_said("PIN")
    applying.office.until(lambda: applying.window.steps.stage is Stage.ASKING)
    assert applying.window.steps.step is Step.KEY
    assert applying.in_progress() == ()
    applying.give_pin()
    applying.office.until(lambda: applying.window.steps.step is Step.SEND)


def test_a_certificate_of_another_request_is_said_to_be_and_taken_there(
    applying: Applying, authority: IssuingOffice
) -> None:
    first = authority.issue(applying.make(centre="درمانگاه یک"))
    applying.make(centre="درمانگاه دو")
    applying.bring(first)
    assert "for another request of yours" in applying.said()
    assert "درمانگاه یک" in applying.said()
    assert not applying.window.pin.isVisible(), "it is not kept for this one"
    applying.press("step-deed")
    applying.keep()
    assert [one.applicant.centre for one in applying.in_progress()] == ["درمانگاه دو"]


def test_a_certificate_for_nobody_and_a_file_without_one_are_told(
    applying: Applying, authority: IssuingOffice, tmp_path: Path
) -> None:
    applying.make()
    applying.bring(authority.certificate)
    assert "is for this request's key" in applying.said()
    text = tmp_path / "letter.txt"
    text.write_text("no certificate")
    applying.bring(text)
    assert "holds no certificate" in applying.said()
    assert not applying.window.pin.isVisible()


def test_a_certificate_that_has_ended_or_that_nobody_vouches_for_wants_its_own_yes(
    applying: Applying, authority: IssuingOffice
) -> None:
    applying.office.anchors = ()
    issued = authority.issue(applying.make(), end="20261115000000Z")
    applying.bring(issued)
    assert "No way was found" in applying.said()
    QTest.keyClicks(applying.window.pin.field, hsm.PIN)
    assert not applying.window.pin.sign.isEnabled()
    assert applying.accept_all() == 2
    assert applying.window.pin.sign.isEnabled()
    QTest.mouseClick(applying.window.pin.sign, Qt.MouseButton.LeftButton)
    applying.office.until(lambda: applying.window.steps.stage is Stage.DONE)
    assert "cannot sign" in applying.said()
    assert "You can sign" not in applying.said()


def test_without_its_token_a_request_says_which_one_and_goes_on_when_it_is_back(applying: Applying) -> None:
    applying.make()
    (waiting,) = applying.in_progress()
    now = applying.office.tokens()
    gone = TokensNow(at=now.at, presence=now.presence, managed=(), credentials=(), requests=now.requests)
    (row,) = present_tokens(gone, Tongue("en")).requests
    assert row.away is not None
    assert waiting.token_serial in row.away
    applying.to_the_key(centre="درمانگاه دیگر")
    applying.requesting.tokens_are(gone)
    assert waiting.token_serial in applying.said()
    assert not applying.window.pin.field.isEnabled()
    applying.requesting.tokens_are(now)
    applying.give_pin()
    applying.office.until(lambda: applying.window.steps.step is Step.SEND)


def test_one_that_is_thrown_away_is_gone(applying: Applying) -> None:
    applying.make()
    (waiting,) = applying.in_progress()
    applying.requesting.forget(waiting.id)
    applying.office.until(lambda: bool(applying.forgotten))
    assert applying.forgotten[0].requests == ()


def test_enter_presses_nothing_and_escape_closes_with_an_empty_pin(applying: Applying) -> None:
    applying.start()
    applying.fill()
    for name in ("field-city", "step-on"):
        part = applying.window.findChild(QLineEdit if name.startswith("field") else QPushButton, name)
        assert part is not None
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Return)
    assert applying.window.steps.step is Step.WHO
    applying.press("step-on")
    assert not applying.window.pin.field.hasFocus(), "the PIN is not typed into by accident"
    field = applying.window.pin.field
    QTest.keyClicks(field, "12")
    QTest.keyClick(applying.window, Qt.Key.Key_Escape)
    assert field.text() == ""


def test_the_journal_tells_of_the_key_and_of_the_certificate(
    applying: Applying, authority: IssuingOffice
) -> None:
    from gui.bridge.requests import OpenJournal
    from gui.presenters.journal import present_row
    from signer.service.records import Opened

    applying.bring(authority.issue(applying.make()))
    applying.keep()
    applying.office.until(lambda: bool(applying.office.tokens().credentials))
    opened: list[Opened] = []
    applying.office.line.ask(OpenJournal(Search()), opened.append, pytest.fail)
    applying.office.until(lambda: bool(opened))
    cells = [present_row(row, {}, Tongue("en")).cells for row in opened[0].found.rows]
    assert [(who, result) for _, who, _, _, result in cells] == [
        ("Mohr itself", "Certificate imported"),
        ("Mohr itself", "Key made"),
    ]


def test_a_certificate_that_ends_is_renewed_from_the_first_page_and_from_the_tokens() -> None:
    now = scenes.tokens()
    warned = {one.credential_id: one.renew for one in present_warnings(now, Tongue("en"))}
    rows = {
        row.credential_id: row.renew
        for card in present_tokens(now, Tongue("en")).cards
        for row in card.certificates
    }
    first, soon, over = (one.id for one in now.credentials)
    serial = now.managed[0].ref.serial
    assert warned == {soon: serial, over: serial}
    assert rows == {first: None, soon: serial, over: serial}
