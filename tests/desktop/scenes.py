"""Questions to put on the desk: synthetic people, real prescriptions, sheets made by the real reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import structs
from msgspec.structs import replace

from drivers.catalogue import load_catalogue
from gui.presenters.request_steps import RequestSteps
from gui.presenters.tongue import Tongue
from signer.cli.demo import samples
from signer.cli.demo.authority import PLAIN_DOCTOR, DemoAuthority
from signer.diagnostics.check import Checked
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import Finding, finding
from signer.diagnostics.probing import Outcome, Seen
from signer.diagnostics.redaction import Redactor
from signer.diagnostics.report import Report
from signer.diagnostics.report import report as reported
from signer.model.applicant import Applicant, KeyType
from signer.model.credential import (
    Authorisation,
    AuthorisationKind,
    Credential,
    Holder,
    KeyKind,
    PinRole,
    TokenRef,
    TriesLeft,
)
from signer.model.history import Found, FullEntry, Result, Row, Wanted
from signer.model.origin import OWN_ORIGIN
from signer.model.policy import NetSettings, Policy, Tsa
from signer.model.presence import Presence, SeenToken
from signer.model.request import JSON, PDF, PRESCRIPTION, TEXT, Document, SignatureFormat, VisibleSeal
from signer.model.session_signing import Limits, OpenNow, Unoffered
from signer.model.sheet import DocumentSheet
from signer.prescription.reader import read
from signer.service import token_documents
from signer.service.centres import Centres
from signer.service.consent import (
    ChoiceQuestion,
    ConsentQuestion,
    ModuleQuestion,
    PairingQuestion,
    TokenChoiceQuestion,
    TokenQuestion,
)
from signer.service.envelopes import sign_in_document
from signer.service.key_requests import KeyRequest
from signer.service.office import TokensNow, Unblocking
from signer.service.own_requests import Begun, Issued
from signer.service.panels import Panel, PanelsNow
from signer.service.records import Detailed, Opened, Signer
from signer.service.session_signing import HolderChoice, SessionSettings
from signer.service.token_desk import ManagedToken
from signer.service.trusted import Trusted, TrustNow
from signer.verify.anchors import KnownAuthority
from tests.desktop.letter import letter

NOW = datetime(2026, 11, 22, 6, 50, tzinfo=UTC)
ISSUED = datetime(2026, 11, 22, 6, 45, tzinfo=UTC)
ORIGIN = "https://panel.salamat.example"
HOLDER = Holder(
    name="دکتر نمونه", national_codes=("0043210988",), council_numbers=("123456",), centre="مطب ونک"
)
PIN_KNOWN = Authorisation(kind=AuthorisationKind.PIN, tries=TriesLeft.UNKNOWN, pin_min=4, pin_max=8)


def credential(name: str = "a", centre: str | None = "مطب ونک", problem: str | None = None) -> Credential:
    """A credential of the synthetic doctor."""
    return Credential(
        id=name * 64,
        certificate=b"",
        holder=Holder(
            name=HOLDER.name,
            national_codes=HOLDER.national_codes,
            council_numbers=HOLDER.council_numbers,
            centre=centre,
        ),
        issuer="CN=GICA Bronze Sample CA [Sign], O=Sample, C=IR",
        not_before=NOW - timedelta(days=300),
        not_after=NOW + timedelta(days=192 if problem is None else -80),
        key_kind=KeyKind.RSA,
        key_bits=2048,
        token=TokenRef(module="sample", slot=0, serial="2A410009", label="ePass3003", reader="Sample 00"),
        key_id=b"\x01",
        problem=problem,
    )


def prescription(name: str = "rx-1", *, patient: str = "", **change: Any) -> Document:
    """The Salamat sample; `change` overrides top-level members, `patient` the patient's name."""
    tree = json.loads(samples.salamat(ISSUED, HOLDER))
    if patient:
        tree["patient"]["name"] = patient
    tree.update(change)
    return Document(id=name, media_type=PRESCRIPTION, content=json.dumps(tree, ensure_ascii=False).encode())


def three_items(name: str = "rx-1") -> Document:
    """The Tamin sample with a third drug, items and wire alike."""
    tree = json.loads(samples.tamin(ISSUED, HOLDER))
    tree["items"].insert(
        1,
        {
            "name": "استامینوفن 500 mg قرص",
            "code": "0000000103",
            "quantity": 20,
            "amount": "حداکثر 4 عدد در روز",
            "instruction": "در صورت نیاز",
            "repeat": 0,
        },
    )
    tree["wire"]["noteDetailEprscs"].insert(
        1,
        {
            "srvId": {"srvType": {"srvType": "01"}, "srvCode": "0000000103"},
            "srvQty": 20,
            "timesAday": {"drugAmntId": 4},
            "drugInstruction": {"drugInstId": 171},
            "dose": "",
            "repeat": "",
            "dateDo": "",
        },
    )
    return Document(id=name, media_type=PRESCRIPTION, content=json.dumps(tree, ensure_ascii=False).encode())


def differing(name: str = "rx-1") -> Document:
    """One quantity in the items, ten times that in the insurer's body."""
    tree = json.loads(three_items().content)
    tree["wire"]["noteDetailEprscs"][1]["srvQty"] = 200
    return Document(id=name, media_type=PRESCRIPTION, content=json.dumps(tree, ensure_ascii=False).encode())


def late(name: str = "rx-1") -> Document:
    """Issued yesterday."""
    content = samples.tamin(ISSUED - timedelta(days=1), HOLDER)
    return Document(id=name, media_type=PRESCRIPTION, content=content)


def long(name: str = "rx-1", items: int = 60) -> Document:
    """More items than fit on any screen."""
    tree = json.loads(samples.free(ISSUED, HOLDER))
    medicines = tree["wire"]["Composition"]["MedicationPrescriptions"]
    item, order = tree["items"][0], medicines["Orders"][0]
    tree["items"], medicines["Orders"] = [], []
    for n in range(1, items + 1):
        called = f"SAMPLE DRUG {n} 5 mg TABLET ORAL"
        tree["items"].append({**item, "name": called})
        medicines["Orders"].append({**order, "ProductCode": {**order["ProductCode"], "Value": called}})
    return Document(id=name, media_type=PRESCRIPTION, content=json.dumps(tree, ensure_ascii=False).encode())


def plain_json(name: str = "doc-1") -> Document:
    """Some JSON that is no prescription."""
    tree = {
        "form": "استعلاجی",
        "patient": {"name": "بیمار نمونه یک", "code": "0012345679"},
        "days": 3,
        "reason": "سرماخوردگی؛ استراحت نسبی تا 3 روز با 500 mg استامینوفن",
        "from": "2026-11-22",
        "copies": [1, 2],
        "employer": None,
        "final": True,
        "": "",
    }
    return Document(id=name, media_type=JSON, content=json.dumps(tree, ensure_ascii=False).encode())


def plain_text(name: str = "doc-1", lines: int = 4) -> Document:
    """Some lines of text."""
    body = "\n".join(f"سطر {n}: نتیجهٔ Hb A1c برابر 6.5 % است." for n in range(1, lines + 1))
    return Document(id=name, media_type=TEXT, content=body.encode())


def pdf(name: str = "doc-1", content: bytes | None = None, seal: VisibleSeal | None = None) -> Document:
    """A referral letter of two pages in Persian, or another PDF."""
    return Document(
        id=name,
        media_type=PDF,
        content=letter() if content is None else content,
        format=SignatureFormat.PADES,
        seal=seal,
    )


def sign_in(origin: str = ORIGIN) -> Document:
    """What the agent itself makes of a page's wish that the doctor signs in."""
    return sign_in_document(origin, "c2lnbi1pbi1ub25jZS1vZi10aGUtcGFuZWwtc2VydmVyLTAx")


def consent(*documents: Document, authorisation: Authorisation = PIN_KNOWN) -> ConsentQuestion:
    """One question about these documents, the sheets drawn from their bytes."""
    chosen = credential()
    return ConsentQuestion(
        request_id="r-1",
        origin=ORIGIN,
        paired_since=datetime(2026, 10, 4, 8, 0, tzinfo=UTC),
        sheets=tuple(read(document, chosen.holder, NOW) for document in documents),
        documents=documents,
        credential=chosen,
        authorisation=authorisation,
        signing_time=NOW,
        centre=chosen.holder.centre,
    )


OPENED = OpenNow(holder=HOLDER.name, token="Sample token", left=12, until=NOW + timedelta(minutes=11))
_CHOICE = HolderChoice(name=HOLDER.name, credential_id="a" * 64, limits=Limits())
SESSION_ON = SessionSettings(unoffered=None, most=Limits(250, 24 * 60), holders=(_CHOICE,))
SESSION_OFF = SessionSettings(
    unoffered=None, most=Limits(40, 30), holders=(structs.replace(_CHOICE, limits=None),)
)
SESSION_FORBIDDEN = SessionSettings(unoffered=Unoffered.FORBIDDEN, most=None, holders=(_CHOICE,))
SESSION_UNSEEN = SessionSettings(unoffered=Unoffered.UNSEEN, most=Limits(250, 24 * 60), holders=(_CHOICE,))


def opened(question: ConsentQuestion) -> ConsentQuestion:
    """The same question while the token stands open."""
    left = max(OPENED.left, len(question.sheets))
    return structs.replace(question, opened=structs.replace(OPENED, left=left))


def trial(text: str) -> ConsentQuestion:
    """A test document, which Mohr itself asks about."""
    asked = consent(Document(id="test", media_type=TEXT, content=text.encode()))
    return structs.replace(asked, origin=OWN_ORIGIN, paired_since=None)


def certificate_request(
    *earlier: KeyRequest, authorisation: Authorisation = PIN_KNOWN, name: str = "سارا"
) -> TokenQuestion:
    """A panel wants a key made and a request for it; `earlier` ones are in progress for the same doctor."""
    applicant = structs.replace(APPLICANT, given_name=name)
    document = token_documents.request_document(applicant, KeyType.RSA_2048)
    place = credential().token
    sheet = token_documents.request_sheet(document, place, origin=ORIGIN, alike=earlier, holders=())
    return _of_token(document, sheet, authorisation)


def certificate() -> TokenQuestion:
    """A panel brings the certificate, of an authority that this computer does not trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = DemoAuthority(now=NOW).issue(spki, PLAIN_DOCTOR, not_before=NOW)
    document = token_documents.certificate_document(der, ())
    place = credential().token
    sheet = token_documents.certificate_sheet(
        document, place, origin=ORIGIN, request=None, trusted=False, now=NOW
    )
    return _of_token(document, sheet, PIN_KNOWN)


def earlier_request(*, finished: bool) -> KeyRequest:
    """The same request, made or left unfinished two days ago."""
    return KeyRequest(
        id="c-1",
        applicant=APPLICANT,
        token_serial=credential().token.serial,
        token_label=credential().token.label,
        key_id=b"\x01",
        spki=b"",
        request=b"made" if finished else b"",
        made_at=NOW - timedelta(days=2),
        key_type=KeyType.RSA_2048.value,
    )


def _of_token(document: Document, sheet: DocumentSheet, authorisation: Authorisation) -> TokenQuestion:
    return TokenQuestion(
        request_id="r-1",
        origin=ORIGIN,
        paired_since=datetime(2026, 10, 4, 8, 0, tzinfo=UTC),
        sheets=(sheet,),
        documents=(document,),
        token=credential().token,
        authorisation=authorisation,
        asked_at=NOW,
    )


def many(count: int = 40) -> ConsentQuestion:
    """A morning's work: most of it clean, one that differs, some of yesterday."""
    names = ("یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده")
    documents = []
    for n in range(count):
        name = f"rx-{n + 1}"
        if n % 10 == 2:
            documents.append(differing(name))
        elif n % 10 == 6:
            documents.append(late(name))
        else:
            documents.append(prescription(name, patient=f"بیمار نمونه {names[n % 10]}"))
    return consent(*documents)


APPLICANT = Applicant(
    given_name="سارا",
    surname="نمونه",
    national_code="0012345679",
    council_number="123456",
    centre="مطب ونک",
    province="تهران",
)
TOKEN_CHOICE = TokenChoiceQuestion(
    origin=ORIGIN,
    tokens=(
        credential().token,
        structs.replace(credential().token, serial="2A410010", slot=1, reader="Sample 01"),
    ),
)

AWAY = TokenRef(module="sample", slot=1, serial="7731", label="مطب کوچک", reader="Sample 01")


def tokens(tries: TriesLeft = TriesLeft.UNKNOWN) -> TokensNow:
    """Two tokens: a doctor's three certificates, one of them ending and one over; and one with none."""
    wants = Authorisation(kind=AuthorisationKind.PIN, tries=tries, pin_min=4, pin_max=8)
    officer = replace(wants, role=PinRole.OFFICER, tries=TriesLeft.UNKNOWN)
    first = credential("a")
    soon = replace(credential("b", "بیمارستان نمونه"), not_after=NOW + timedelta(days=23))
    over = credential("c", "درمانگاه مهر", problem="certificate-unusable")
    bare = SeenToken(label=AWAY.label, serial=AWAY.serial, reader=AWAY.reader, family="bare", credentials=())

    def managed(ref: TokenRef, family: str, unblocking: Unblocking) -> ManagedToken:
        return ManagedToken(
            ref=ref,
            family=family,
            initialised=True,
            pin_set=True,
            unblocking=unblocking,
            user=wants,
            officer=officer,
            keys=(KeyType.RSA_2048, KeyType.RSA_3072, KeyType.EC_P256),
        )

    return TokensNow(
        at=NOW,
        presence=Presence(tokens=(*PRESENCE.tokens, bare)),
        managed=(managed(first.token, "feitian", Unblocking.PUK), managed(AWAY, "bare", Unblocking.NONE)),
        credentials=(first, soon, over),
        centres=CENTRES,
    )


def in_progress() -> TokensNow:
    """The same tokens with requests: one waits, a panel's is unfinished, the token of one is out."""
    waits = earlier_request(finished=True)
    left = structs.replace(earlier_request(finished=False), id="c-2", origin=ORIGIN)
    out = structs.replace(waits, id="c-3", token_serial="5500", token_label="مطب دوم")
    return replace(tokens(), requests=(waits, left, out))


def steps(tongue: Tongue, *, renews: bool = True) -> RequestSteps:
    """A certificate request at its first step."""
    made = RequestSteps(tongue, tokens(TriesLeft.OK), credential().token.serial)
    made.begin(Begun(applicant=APPLICANT, key=KeyType.RSA_2048), renews=renews)
    return made


def draft(*earlier: KeyRequest) -> DocumentSheet:
    """What is to be known before the key is made."""
    document = token_documents.request_document(APPLICANT, KeyType.RSA_2048)
    return token_documents.request_sheet(document, credential().token, origin=None, alike=earlier, holders=())


def issued(*, trusted: bool, request: KeyRequest | None = None) -> Issued:
    """A certificate that came back, for the doctor who asked."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = DemoAuthority(now=NOW).issue(spki, PLAIN_DOCTOR, not_before=NOW)
    asked = request or earlier_request(finished=True)
    sheet = token_documents.certificate_sheet(
        token_documents.certificate_document(der, ()),
        credential().token,
        origin=None,
        request=asked,
        trusted=trusted,
        now=NOW,
    )
    return Issued(request=asked, certificate=der, chain=(), trusted=trusted, sheet=sheet)


ROWS = tuple(
    Row(
        sequence=2 * (240 - n),
        at=NOW - timedelta(minutes=23 * n),
        origin=ORIGIN if n % 3 else "https://ep.tamin.example",
        document_id=f"rx-{4100 - n}",
        result=(Result.SIGNED, Result.SIGNED, Result.FAILED, Result.SIGNED, Result.DECLINED)[n % 5],
        code=(None, None, "token-removed", None, "consent-declined")[n % 5],
        credential_id=("a" * 64, "b" * 64, "a" * 64, "a" * 64, None)[n % 5],
    )
    for n in range(120)
)


def journal(rows: tuple[Row, ...] = ROWS, holders: tuple[str, ...] = (HOLDER.name,)) -> Opened:
    """A doctor's journal with entries of two centres and two panels."""
    return Opened(
        holders=holders,
        wanted=Wanted(credentials=("a" * 64, "b" * 64)),
        found=Found(count=len(rows), top=480, rows=rows),
        origins=("https://ep.tamin.example", ORIGIN) if holders else (),
        centres={"a" * 64: "مطب ونک", "b" * 64: "بیمارستان نمونه"} if holders else {},
    )


def entry(row: Row) -> Detailed:
    """One of its entries in full."""
    signed = row.result is Result.SIGNED
    signer = Signer(
        holder=credential().holder,
        issuer=credential().issuer,
        not_before=credential().not_before,
        not_after=credential().not_after,
    )
    return Detailed(
        entry=FullEntry(
            row=row,
            content_hash=bytes(range(32)),
            signature_hash=bytes(range(32, 64)) if signed else None,
            media_type=PRESCRIPTION,
            format="cades",
            level="B-T",
            accepted=("signed-late",) if signed else (),
        ),
        signer=signer,
    )


PANELS = PanelsNow(
    panels=(
        Panel(
            origin="https://ep.tamin.example",
            paired_at=NOW - timedelta(days=49),
            last_used=NOW - timedelta(days=11),
            signed=312,
            admitted=False,
        ),
        Panel(origin=ORIGIN, paired_at=NOW - timedelta(days=120), last_used=NOW, signed=4087, admitted=True),
    ),
    policy=Policy(
        origins=(ORIGIN, "https://clinic.example"),
        formats=frozenset({SignatureFormat.CADES, SignatureFormat.PADES}),
        net=NetSettings(tsa=(Tsa(url="https://tsa.example/stamp", user="clinic", password="never shown"),)),
    ),
    problem=None,
)
_ROOT = Trusted(
    id="5b4c" + "e19d07a2" * 7 + "66aa",
    der=b"",
    name="Islamic Republic of Iran Root CA-G3",
    until=NOW + timedelta(days=4100),
    known=KnownAuthority(
        sha256="5b4c" + "e19d07a2" * 7 + "66aa",
        name="Islamic Republic of Iran Root CA-G3",
        role="root",
        until=(NOW + timedelta(days=4100)).date(),
    ),
)
TRUST = TrustNow(
    users=(
        _ROOT,
        structs.replace(
            _ROOT, id="c07f" + "128be5d4" * 7 + "90d1", name="مرجع آزمایشی درمانگاه نمونه", known=None
        ),
    ),
    clinics=(structs.replace(_ROOT, id="77ab" + "30c4f9e6" * 7 + "1f1f"),),
    stamper="https://tsa.example/stamp",
)
PRESENCE = Presence(
    tokens=(
        SeenToken(
            label="ePass3003",
            serial="2A410009",
            reader="Sample 00",
            family="feitian",
            credentials=("a" * 64, "b" * 64, "c" * 64),
        ),
    )
)
PAIRING = PairingQuestion(origin=ORIGIN, code="417290", expires_at=NOW + timedelta(minutes=3))
#: What the doctor calls one of the certificates, and the one that is this computer's.
CENTRES = Centres(names={"b" * 64: "شیفت شب"}, here=("a" * 64,))
CHOICE = ChoiceQuestion(
    origin=ORIGIN,
    credentials=(
        credential("a"),
        credential("b", "بیمارستان نمونه"),
        credential("c", None, problem="certificate-unusable"),
    ),
    centres=CENTRES,
)

MODULE = ModuleQuestion(
    path="/home/sara/token/libvendor.so",
    agreed=sha256(b"the module as it was").hexdigest(),
    found=sha256(b"the module as it is").hexdigest(),
    open_to_others=("/home/sara/token",),
)


@dataclass(frozen=True)
class Tried:
    """An authorisation with its tries, for tables."""

    tries: TriesLeft
    kind: AuthorisationKind = AuthorisationKind.PIN

    def authorisation(self) -> Authorisation:
        """As the token reports it."""
        return Authorisation(kind=self.kind, tries=self.tries, pin_min=4, pin_max=8)


def report(*findings: Finding) -> Report:
    """A check that found this, on a computer with two browsers."""
    told = {
        "readers": (("readers", "1"), ("cards", "1")),
        "browsers": (("chromium", "156.0.8078.108"), ("firefox", "153.7.0")),
    }
    names = ("system", "clock", "disk", "readers", "module epass3003", "panels", "agent", "browsers")
    outcomes = (Outcome(probe=name, seconds=0.2, seen=Seen(told=told.get(name, ()))) for name in names)
    checked = Checked(at=NOW, version="0.1.0", outcomes=tuple(outcomes), conclusion=conclude(findings))
    return reported(checked, Redactor(load_catalogue()))


def locked() -> Report:
    """The PIN is locked, and the key cannot be looked at."""
    where = ("epass3003", "token 1")
    return report(finding("pin-locked", where), finding("key-not-checked", (*where, "certificate 1")))


def missing() -> Report:
    """The card's kind is known, and its module is not installed."""
    known = finding("module-missing", ("reader 1",), family="rutoken-ecp")
    return report(known, finding("module-none"), finding("token-absent"))


def stopped() -> Report:
    """No card service and no agent, each with what follows from it."""
    codes = ("reader-service-stopped", "agent-not-running", "token-absent", "pairing-none", "authority-none")
    return report(*map(finding, codes))
