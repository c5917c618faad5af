"""Marked secrets are put wherever a report could take something from, and none is in anything that leaves.

The marks stand in certificates, labels, folders, profiles, policies, readers, modules, the journal and what a
module prints; the artefacts are the report, which is the bundle too, the page, the terminal's lines, the log.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from drivers.catalogue import load_catalogue
from drivers.types import Token
from signer.cli.demo.authority import NamePart, StringKind
from signer.cli.diagnosis.lines import report_lines
from signer.cli.diagnosis.page import page
from signer.cli.language import Language
from signer.diagnostics.check import check
from signer.diagnostics.conclusion import conclude
from signer.diagnostics.finding import Fact, Finding
from signer.diagnostics.ground import Candidate
from signer.diagnostics.probing import InReader
from signer.diagnostics.redaction import WITHHELD, Redactor
from signer.diagnostics.report import report
from signer.model.text import persian_digits
from signer.platform.folders import folders_under
from signer.service.hand_added import AddedModule, profile_of
from tests import softhsm as hsm
from tests.diagnostics.computer import A_DAY, KEY, Computer, pair
from tests.fault.module import FaultyModule

NAME, PRACTICE, CODE, COUNCIL = "Zebedee Quillfeather", "Quillfeather clinic", "0084575948", "918273"
SECRETS = ("Zebedee", "Quillfeather", CODE, COUNCIL, persian_digits(CODE), "s3kr3t", "rx-secret", hsm.PIN)
_CN, _SERIAL, _ORGANIZATION, _TITLE = "2.5.4.3", "2.5.4.5", "2.5.4.10", "2.5.4.12"
SUBJECT = (
    NamePart(_ORGANIZATION, PRACTICE),
    NamePart(_SERIAL, CODE, StringKind.PRINTABLE),
    NamePart(_TITLE, f"council {COUNCIL}"),
    NamePart(_CN, NAME),
)


def _leaks(text: str) -> list[str]:
    """The marks in a text, in whatever spelling it has them: escapes are read."""
    spelled = text + text.encode("ascii", "ignore").decode("unicode_escape", "ignore")
    return [secret for secret in SECRETS if secret.casefold() in spelled.casefold()]


def test_no_mark_is_in_anything_that_leaves_the_computer(
    computer: Computer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    marked = tmp_path / "home of Quillfeather s3kr3t"
    marked.mkdir()
    expired = computer.authority.issue(
        computer.spkis[KEY], SUBJECT, not_before=computer.now - 9 * A_DAY, not_after=computer.now - A_DAY
    )
    token = computer.certified(marked / "token", (KEY, expired))
    faulty = FaultyModule(computer.faulty, token, marked)
    faulty.fail("C_GetTokenInfo", "banner")
    module = Path(shutil.copy(faulty.token.module, marked / "Zebedee.so"))
    broken = marked / "broken-s3kr3t.so"
    broken.write_text(NAME)
    added = profile_of(AddedModule(path=str(broken), sha256=""))
    folders = folders_under(marked)
    pair(folders.data, computer.now, "https://panel.example")
    (folders.data / "journal").mkdir()
    (folders.data / "journal" / "journal.db").write_text(f"{NAME} rx-secret")
    (folders.data / "anchors").mkdir()
    (folders.data / "anchors" / f"{NAME}.pem").write_text(CODE)
    policy = marked / "etc" / "policy.toml"
    policy.parent.mkdir(mode=0o755)
    policy.write_text(f'"{NAME}" = "{CODE}"\n')
    profile = marked / ".mozilla" / "firefox" / "Quillfeather.default"
    profile.mkdir(parents=True)
    (profile / "cert9.db").write_text(NAME)
    managed = marked / "root" / "etc" / "firefox" / "policies"
    managed.mkdir(parents=True)
    (managed / "policies.json").write_text(f'{{"{NAME}": ')
    ground = computer.ground(
        folders=folders,
        home=marked,
        root=marked / "root",
        policy_place=policy,
        modules=(
            replace(computer.candidate(faulty.token), path=module),
            Candidate(name="hand-added", path=broken, profile=added),
        ),
    )
    checked = asyncio.run(check(ground))
    told = report(checked, Redactor(ground.profiles))
    codes = {one.code for one in (*told.causes, *told.consequences)}
    assert {
        "certificate-expired",
        "policy-invalid",
        "journal-unreadable",
        "anchors-unreadable",
        "store-unreadable",
        "browser-policy-damaged",
        "module-not-a-library",
    } <= codes
    languages: tuple[Language, ...] = ("fa", "en")
    for language in languages:
        assert _leaks("\n".join(report_lines(told, language))) == []
    assert _leaks(told.text()) == []
    assert _leaks(page(told)) == []
    assert _leaks(caplog.text) == []
    assert token.folder.name in str(token.folder) and str(tmp_path) not in told.text()
    assert json.loads(told.text())["format"] == "mohr-diagnosis/1"


def test_a_fact_in_another_form_than_its_own_is_withheld() -> None:
    """Whatever a probe, a module or a driver may put into a fact, marks do not come out of it."""
    redactor = Redactor(load_catalogue())
    for fact in Fact:
        for secret in (
            *SECRETS[:-1],
            NAME,
            f"/home/{NAME}/x.so",
            f"https://panel.example/{CODE}",
            "0x1\n" + NAME,
        ):
            if secret == COUNCIL or secret in {CODE, hsm.PIN}:
                continue  # a number is a number: no fact holds one that was read from a certificate
            (told,) = redactor.evidence(((fact, secret),)).values()
            assert _leaks(told) == [], (fact, told)


def test_serial_numbers_leave_as_hashes_that_two_reports_do_not_share() -> None:
    evidence = ((Fact.SERIAL, "4F2A"),)
    one, other = (Redactor(load_catalogue()).evidence(evidence)["serial"] for _ in range(2))
    assert "4F2A" not in one and one != other
    redactor = Redactor(load_catalogue())
    assert redactor.evidence(evidence) == redactor.evidence(evidence)


def test_of_a_readers_name_the_words_that_are_known_leave() -> None:
    redactor = Redactor(load_catalogue())
    name = f"Feitian ePass3003 ({CODE}) of {NAME} 00 00"
    assert redactor.evidence(((Fact.READER, name),)) == {"reader": "Feitian ePass3003"}
    assert redactor.evidence(((Fact.READER, "کارت‌خوان مطب"),)) == {"reader": WITHHELD}


def test_a_subject_that_no_probe_makes_up_is_withheld() -> None:
    redactor = Redactor(load_catalogue())
    assert redactor.subject(Finding(code="pin-locked", subject=(NAME, "token 1"))) == f"{WITHHELD} / token 1"


def test_the_types_of_the_report_have_no_room_for_a_label_or_a_holder() -> None:
    assert {"label", "holder", "name", "subject", "path"}.isdisjoint(fact.value for fact in Fact)
    assert "label" in Token.__struct_fields__ and "name" in InReader.__struct_fields__
    assert conclude(()).causes == ()
