"""The holder's own certificate requests, end to end on SoftHSM: made, recorded, certified, able to sign."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_csr, load_pem_x509_csr
from msgspec.structs import replace

from drivers.pin import Pin
from signer import x509
from signer.cli.demo.authority import ODD_DOCTOR, PLAIN_DOCTOR, DemoAuthority, to_pem
from signer.journal.reading import JournalReader
from signer.journal.store import SqliteJournal
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import SignatureAlgorithm
from signer.model.errors import (
    ApplicantInvalid,
    CertificateFileUnusable,
    CertificateNotRequested,
    CertificateStored,
    CertificateWithoutKey,
    CredentialAbsent,
    DocumentRefused,
    FileUnusable,
    JournalUnwritable,
    LastTryUnconfirmed,
    MohrError,
    PinWrong,
    PolicyInvalid,
    RequestUnknown,
    TokenAbsent,
)
from signer.model.history import Result, Wanted
from signer.model.origin import OWN_ORIGIN
from signer.model.record import Seal
from signer.service.key_requests import KeyRequest, KeyRequests
from signer.service.own_requests import OwnRequests
from signer.service.pin_guard import PinGuard
from signer.service.questions import ConsentBreach
from signer.service.records import Records, Search
from signer.service.seen_certificates import SeenCertificates
from signer.service.token_desk import ManagedToken, Secret, TokenDesk
from signer.service.token_signers import TokenModule, TokenSigners
from signer.service.token_watch import TokenWatch
from tests import softhsm as hsm
from tests.service.doubles import FixedClock

DOCTOR = Applicant(
    given_name="سارا",
    surname="نمونه",
    national_code="0012345679",
    council_number="123456",
    centre="درمانگاه نمونه",
)
KEY = KeyType.EC_P256


class Window:
    """What stands behind the window: a token, a journal, and an authority of the field."""

    def __init__(self, folder: Path, token: hsm.SoftHsm) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.clock.at = datetime.now(UTC)
        self.authority = DemoAuthority(now=self.clock.at)
        self.anchors: tuple[x509.Certificate, ...] = (x509.read(self.authority.certificate),)
        self.severe: frozenset[str] = frozenset()
        self.problem: MohrError | None = None
        self.supervisor = token.supervisor()
        self.module = TokenModule(path=str(token.module), profile=hsm.profile(), supervisor=self.supervisor)
        self.requests = KeyRequests(folder / "requests.json")
        self.signers = TokenSigners((self.module,), self.clock)
        self.watch = TokenWatch(self.signers, (self.module,))
        self.guard = PinGuard()
        self.desk = TokenDesk(
            (self.module,),
            clock=self.clock,
            guard=self.guard,
            requests=self.requests,
            turn=asyncio.Lock(),
            changed=self.signers.read_anew,
        )
        self.journal = SqliteJournal(folder / "journal")
        self.open()

    def open(self) -> None:
        self.own = OwnRequests(
            self.desk,
            self.requests,
            self.journal,
            self.watch,
            self.watch,
            self.clock,
            anchors=lambda: self.anchors,
            severe=self.severe,
            problem=self.problem,
        )

    async def token(self) -> ManagedToken:
        return await self.desk.only_token()

    async def make(
        self, key: KeyType = KEY, *, accepted: tuple[str, ...] = (), pin: str = hsm.PIN
    ) -> KeyRequest:
        return await self.own.make(await self.token(), Secret(pin=Pin(pin)), DOCTOR, key, accepted=accepted)

    def issue(self, made: KeyRequest) -> bytes:
        assert load_der_x509_csr(made.request).is_signature_valid
        before = self.clock.at - timedelta(minutes=1)
        return self.authority.issue(made.spki, PLAIN_DOCTOR, not_before=before)

    def file(self, octets: bytes | str, name: str = "issued.cer") -> Path:
        path = self.folder / name
        path.write_bytes(octets.encode() if isinstance(octets, str) else octets)
        return path

    async def keep(self, made: KeyRequest, octets: bytes, *accepted: str) -> None:
        issued = await self.own.look(made.id, self.file(octets))
        await self.own.keep(await self.token(), Secret(pin=Pin(hsm.PIN)), issued, accepted=accepted)


@pytest.fixture
async def window(tmp_path: Path, softhsm: hsm.SoftHsm) -> AsyncIterator[Window]:
    made = Window(tmp_path, softhsm)
    yield made
    await made.journal.close()
    await made.supervisor.close()


async def test_the_token_says_which_keys_it_makes(window: Window) -> None:
    token = await window.token()
    assert token.keys == tuple(KeyType)
    assert token.can_request
    blank = next(one for one in await window.desk.tokens() if not one.initialised)
    assert not blank.can_request


@pytest.mark.parametrize("key", [KeyType.RSA_2048, KeyType.EC_P256], ids=lambda key: key.value)
async def test_from_a_request_to_a_certificate_that_signs(window: Window, key: KeyType) -> None:
    made = await window.make(key)
    pem = window.folder / "request.csr"
    await window.own.write(made.id, pem)
    written = load_pem_x509_csr(pem.read_bytes())
    assert written.is_signature_valid
    assert [one.id for one in await window.own.in_progress()] == [made.id]
    issued = await window.own.look(made.id, window.file(window.issue(made)))
    assert (issued.trusted, issued.sheet.findings) == (True, ())
    await window.own.keep(await window.token(), Secret(pin=Pin(hsm.PIN)), issued)
    assert await window.own.in_progress() == ()
    (credential,) = await window.signers.credentials()
    assert (credential.certificate, credential.problem) == (issued.certificate, None)
    session = await window.signers.log_in(credential, Pin(hsm.PIN))
    rsa = key is KeyType.RSA_2048
    algorithm = SignatureAlgorithm.RSA_PKCS1_SHA256 if rsa else SignatureAlgorithm.ECDSA_SHA256
    signature = await session.sign(algorithm, b"a prescription")
    await session.close()
    assert verifies(credential.certificate, signature, b"a prescription")


def verifies(certificate: bytes, signature: bytes, message: bytes) -> bool:
    """By the certificate's own key, with a library that the token does not use."""
    key = x509.public_key(x509.read(certificate).spki)
    if isinstance(key, RSAPublicKey):
        key.verify(signature, message, PKCS1v15(), SHA256())
    else:
        key.verify(signature, message, ECDSA(SHA256()))
    return True


async def test_the_journal_has_both_and_shows_them_to_the_holder(window: Window) -> None:
    made = await window.make()
    await window.keep(made, window.issue(made))
    past = await window.journal.past(OWN_ORIGIN, made.id, window.clock.now())
    assert past is not None
    (intent,), (seal,) = past.intents, past.seals
    assert (intent.format, intent.origin, seal.signature) == ("pkcs10", OWN_ORIGIN, made.request)
    assert await window.journal.check() == 4
    seen = window.folder / "certificates"
    seen.mkdir()
    records = Records(JournalReader(window.journal), window.watch, SeenCertificates(seen))
    opened = await records.open(Search())
    told = [(row.document_id, row.result) for row in opened.found.rows]
    assert told == [("certificate", Result.SIGNED), ("certificate-request", Result.SIGNED)]
    entry = await records.entry(opened.found.rows[1].sequence)
    assert entry is not None
    assert (entry.signer, entry.entry.format) == (None, "pkcs10")
    traced = await records.trace(window.file(made.request, "request.der"))
    assert [row.document_id for row in traced.rows] == ["certificate-request"]


async def test_what_was_made_and_could_not_be_recorded_is_recorded_when_it_is_seen_again(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(seals: tuple[Seal, ...]) -> None:
        raise JournalUnwritable("no space")

    with monkeypatch.context() as patched:
        patched.setattr(window.journal, "seal", full)
        with pytest.raises(JournalUnwritable):
            await window.make()
    window.open()
    (kept,) = await window.own.in_progress()
    await window.own.in_progress()
    past = await window.journal.past(OWN_ORIGIN, kept.id, window.clock.now())
    assert past is not None
    assert [seal.signature for seal in past.seals] == [kept.request]


async def test_a_request_begins_with_what_the_certificate_before_it_says(window: Window) -> None:
    made = await window.make(KeyType.RSA_2048)
    await window.keep(made, window.issue(made))
    (credential,) = await window.signers.credentials()
    begun = await window.own.begin(credential.id)
    assert (begun.applicant, begun.key) == (DOCTOR, KeyType.RSA_2048)
    blank = await window.own.begin(None)
    assert blank.applicant.broken() == ("given_name", "surname", "national_code")
    with pytest.raises(CredentialAbsent):
        await window.own.begin("0" * 64)


async def test_a_second_key_for_the_same_particulars_needs_a_yes_of_its_own(window: Window) -> None:
    await window.make()
    sheet = await window.own.draft(await window.token(), DOCTOR, KEY)
    assert [finding.code for finding in sheet.needs_yes] == ["request-in-progress"]
    with pytest.raises(ConsentBreach):
        await window.make()
    await window.make(accepted=("request-in-progress",))
    assert len(await window.own.in_progress()) == 2


async def test_what_the_clinic_takes_for_severe_is_refused(window: Window) -> None:
    await window.make()
    window.severe = frozenset({"request-in-progress"})
    window.open()
    with pytest.raises(DocumentRefused):
        await window.make(accepted=("request-in-progress",))


async def test_one_that_was_thrown_away_is_gone_and_its_key_stays(window: Window) -> None:
    made = await window.make()
    window.own.forget(made.id)
    assert await window.own.in_progress() == ()
    assert len(await window.desk.keys(await window.token(), Secret(pin=Pin(hsm.PIN)))) == 1


async def test_a_failure_at_the_token_is_recorded(window: Window) -> None:
    made = await window.make()
    issued = await window.own.look(made.id, window.file(window.issue(made)))
    token = await window.token()
    await window.desk.initialise(token, Secret(pin=Pin(hsm.SO_PIN)), "emptied")
    emptied = await window.token()
    await window.desk.unblock(emptied, Secret(pin=Pin(hsm.SO_PIN)), Pin(hsm.PIN))
    again = replace(await window.token(), ref=replace(emptied.ref, serial=made.token_serial))
    with pytest.raises((CertificateWithoutKey, TokenAbsent)):
        await window.own.keep(again, Secret(pin=Pin(hsm.PIN)), issued)


async def test_a_file_may_be_der_pem_or_pkcs_7_and_hold_the_chain(window: Window) -> None:
    made = await window.make()
    leaf, root = window.issue(made), window.authority.certificate
    pem = to_pem(root) + "some text between\n" + to_pem(leaf)
    chain = window.file(pem, "chain.pem")
    for name, form in (("chain.p7b", "DER"), ("chain.p7c", "PEM")):
        subprocess.run(
            [
                *("openssl", "crl2pkcs7", "-nocrl", "-certfile", chain),
                *("-outform", form, "-out", window.folder / name),
            ],
            check=True,
        )
    for file in (chain, window.folder / "chain.p7b", window.folder / "chain.p7c"):
        issued = await window.own.look(made.id, file)
        assert (issued.certificate, issued.chain) == (leaf, (root,)), file
    window.anchors = ()
    (finding,) = (await window.own.look(made.id, chain)).sheet.needs_yes
    assert finding.code == "issuer-not-trusted"


async def test_what_the_authority_wrote_otherwise_is_told(window: Window) -> None:
    made = await window.make()
    other = window.authority.issue(made.spki, ODD_DOCTOR, not_before=window.clock.at - timedelta(days=1))
    issued = await window.own.look(made.id, window.file(other))
    assert {finding.code for finding in issued.sheet.needs_yes} == {"certificate-for-another"}
    with pytest.raises(ConsentBreach):
        await window.keep(made, other)


# --- refusals: each a condition of its own


async def _national_code(window: Window) -> None:
    wrong = replace(DOCTOR, national_code="0012345678")
    await window.own.make(await window.token(), Secret(pin=Pin(hsm.PIN)), wrong, KEY)


async def _wrong_pin(window: Window) -> None:
    await window.make(pin="00000000")


async def _last_try(window: Window) -> None:
    window.guard.wrong((await window.token()).ref, window.clock.now())
    await window.make()


async def _bad_policy(window: Window) -> None:
    window.problem = PolicyInvalid("syntax")
    window.open()
    await window.make()


async def _unknown(window: Window) -> None:
    await window.own.look("nobody", window.file(b""))


async def _unfinished(window: Window) -> None:
    begun = replace(await window.make(), request=b"")
    window.requests.put(begun)
    await window.own.write(begun.id, window.folder / "request.csr")


async def _no_place(window: Window) -> None:
    await window.own.write((await window.make()).id, window.folder / "nowhere" / "request.csr")


async def _no_file(window: Window) -> None:
    await window.own.look((await window.make()).id, window.folder / "nowhere.cer")


async def _not_a_certificate(window: Window) -> None:
    await window.own.look((await window.make()).id, window.file(b"0\x03\x02\x01\x00"))


async def _two_for_one_key(window: Window) -> None:
    made = await window.make()
    await window.own.look(made.id, window.file(to_pem(window.issue(made)) + to_pem(window.issue(made))))


async def _for_another_key(window: Window) -> None:
    made = await window.make()
    other = await window.make(KeyType.RSA_2048, accepted=("request-in-progress",))
    await window.own.look(made.id, window.file(window.issue(other)))


async def _another_token(window: Window) -> None:
    made = await window.make()
    issued = await window.own.look(made.id, window.file(window.issue(made)))
    token = await window.token()
    elsewhere = replace(token, ref=replace(token.ref, serial="another"))
    await window.own.keep(elsewhere, Secret(pin=Pin(hsm.PIN)), issued)


async def _stored_already(window: Window) -> None:
    made = await window.make()
    await window.keep(made, certificate := window.issue(made))
    window.requests.put(made)
    await window.keep(made, certificate)


REFUSALS = {
    ApplicantInvalid: _national_code,
    PinWrong: _wrong_pin,
    LastTryUnconfirmed: _last_try,
    PolicyInvalid: _bad_policy,
    RequestUnknown: _unknown,
    CertificateNotRequested: _for_another_key,
    TokenAbsent: _another_token,
    CertificateStored: _stored_already,
}


@pytest.mark.parametrize(
    ("refusal", "attempt"),
    [
        *REFUSALS.items(),
        (RequestUnknown, _unfinished),
        (FileUnusable, _no_place),
        (FileUnusable, _no_file),
        (CertificateFileUnusable, _not_a_certificate),
        (CertificateFileUnusable, _two_for_one_key),
    ],
    ids=lambda value: getattr(value, "__name__", "").lstrip("_"),
)
async def test_each_refusal_is_a_condition_of_its_own(
    window: Window, refusal: type[MohrError], attempt: object
) -> None:
    assert callable(attempt)
    with pytest.raises(refusal):
        await attempt(window)


async def test_every_way_out_wipes_the_pin(window: Window) -> None:
    pins = [Pin(hsm.PIN), Pin(hsm.PIN), Pin("00000000")]
    token = await window.token()
    await window.own.make(token, Secret(pin=pins[0]), DOCTOR, KEY)
    with pytest.raises(ConsentBreach):
        await window.own.make(token, Secret(pin=pins[1]), DOCTOR, KEY)
    with pytest.raises(PinWrong):
        await window.own.make(token, Secret(pin=pins[2]), DOCTOR, KEY, accepted=("request-in-progress",))
    assert [pin.reveal() for pin in pins] == [b"", b"", b""]


async def test_the_journal_tells_the_failure_of_an_import(window: Window) -> None:
    made = await window.make()
    await window.keep(made, certificate := window.issue(made))
    window.requests.put(made)
    with pytest.raises(CertificateStored):
        await window.keep(made, certificate)
    found = await JournalReader(window.journal).find(Wanted(credentials=()), 10)
    assert [row.code for row in found.rows] == ["certificate-stored", None]
