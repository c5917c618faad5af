"""Which certificate a request for a centre gets: the rule as a table, the file, and a whole request."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from signer.model.credential import Credential, Holder
from signer.model.errors import CredentialAbsent, Unexpected
from signer.model.request import PRESCRIPTION, Document, RequestState
from signer.service.centres import (
    LONGEST_NAME,
    Centres,
    KeptCentres,
    among,
    here_of,
    named,
    not_here,
    put_here,
)
from tests.desktop.scenes import credential
from tests.service.doubles import NOW
from tests.service.test_signing import Clinic

A = credential("a", "درمانگاه مهر")
B = credential("b", "بیمارستان نمونه")
C = credential("c", None)
OTHER = replace(credential("d", "کلینیک شرق"), holder=Holder(name="کاوه", national_codes=("1111111111",)))
OWN = Centres(names={C.id: "مطب من"})
HERE_B = Centres(here=(B.id,))


@pytest.mark.parametrize(
    ("candidates", "wanted", "centres", "kept"),
    [
        ((A, B, C), (), Centres(), (A, B, C)),
        ((A, B, C), (), HERE_B, (B,)),
        ((A, B, C), ("درمانگاه مهر",), HERE_B, (A,)),
        ((A, B, C), ("درمانگاه  مهر ",), Centres(), (A,)),
        ((A, B, C), ("بيمارستان نمونه",), Centres(), (B,)),
        ((A, B, C), ("مطب من",), OWN, (C,)),
        ((A, B, C), ("درمانگاه مهر",), Centres(names={A.id: "مطب من"}), (A,)),
        ((A, B, C), ("درمانگاه مهر",), Centres(names={C.id: "درمانگاه مهر"}, here=(C.id,)), (C, A)),
        ((A, B, C), ("جایی که نیست",), HERE_B, (B, A, C)),
        ((A, B, C), ("درمانگاه مهر", "بیمارستان نمونه"), HERE_B, (B, A, C)),
        ((A, B, C), ("   ",), HERE_B, (B,)),
        ((A, B, OTHER), (), HERE_B, (B, OTHER)),
        ((A, B, OTHER), (), Centres(here=(B.id, OTHER.id)), (B, OTHER)),
        ((A, C), (), HERE_B, (A, C)),
    ],
    ids=[
        "nothing is chosen beforehand",
        "this computer's",
        "the named centre goes before this computer's",
        "spaces are no difference",
        "an Arabic yeh is a Persian one",
        "the doctor's own name",
        "the certificate's name holds beside the doctor's own",
        "two of one name, this computer's first",
        "a centre that no certificate has",
        "documents for two centres",
        "a blank name is none",
        "another holder has chosen nothing",
        "each holder has one",
        "this computer's is not there",
    ],
)
def test_a_request_gets_the_certificates_of_its_centre(
    candidates: tuple[Credential, ...],
    wanted: tuple[str, ...],
    centres: Centres,
    kept: tuple[Credential, ...],
) -> None:
    assert [one.id[:1] for one in among(candidates, wanted, centres)] == [one.id[:1] for one in kept]


def test_a_holder_has_one_certificate_for_this_computer_and_leaves_the_others_theirs() -> None:
    present = (A, B, OTHER)
    centres = put_here(put_here(put_here(Centres(), A, present), OTHER, present), B, present)
    assert here_of(centres, present) == {B.id, OTHER.id}
    # One that was chosen while the other's token was away: the last word counts.
    assert here_of(put_here(Centres(here=(A.id,)), B, (B,)), (A, B)) == {B.id}
    assert here_of(not_here(centres, B.id), present) == {OTHER.id}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" مطب \n شرق ", "مطب شرق"),
        ("می‌شود", "می‌شود"),
        ("مطب\u202eشرق", "مطبشرق"),
        ("x" * 500, "x" * LONGEST_NAME),
        ("  ", None),
        ("\u200b", None),
    ],
)
def test_a_name_is_one_line_without_anything_hidden(typed: str, kept: str | None) -> None:
    assert named(Centres(names={A.id: "old"}), A.id, typed).names.get(A.id) == kept


def test_names_and_choices_are_kept_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "centres.json"
    kept = KeptCentres(file)
    kept.name(C.id, "مطب من")
    kept.set_here(B.id, True, (A, B, C))
    assert KeptCentres(file).read() == Centres(names={C.id: "مطب من"}, here=(B.id,))
    assert file.stat().st_mode & 0o777 == 0o600
    assert B.holder.national_codes[0] not in file.read_text(), "the file says of nobody who it is"
    kept.set_here(B.id, False, (A, B, C))
    kept.name(C.id, "")
    assert KeptCentres(file).read() == Centres()


def test_a_certificate_that_is_not_there_is_not_chosen_and_a_refused_write_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialAbsent):
        KeptCentres(tmp_path / "centres.json").set_here(C.id, True, (A, B))
    with pytest.raises(Unexpected):
        KeptCentres(tmp_path / "nowhere" / "centres.json").name(C.id, "مطب")


def test_a_damaged_file_leaves_the_choice_to_the_doctor(tmp_path: Path) -> None:
    file = tmp_path / "centres.json"
    file.write_bytes(b"{")
    file.chmod(0o600)
    assert KeptCentres(file).read() == Centres()


def prescription(document_id: str, centre: str | None) -> Document:
    body = {
        "mohr": 1,
        "kind": "visit",
        "insurer": "free",
        "issued": (NOW - timedelta(minutes=1)).isoformat(),
        "patient": {"name": "نمونه"},
        "prescriber": {"name": "سارا نمونه", **({"centre": centre} if centre else {})},
        "items": [{"name": "ویزیت"}],
        "wire": {},
    }
    return Document(id=document_id, media_type=PRESCRIPTION, content=json.dumps(body).encode())


async def test_a_whole_request_is_signed_with_the_certificate_of_its_centre(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, credentials=3)
    first, second, third = await clinic.token.credentials()
    clinic.centres.name(second.id, "مطب شرق")
    clinic.centres.set_here(third.id, True, (first, second, third))

    async def signed_with(key: str, *documents: Document, credential: str | None = None) -> bytes | None:
        clinic.yes()
        view = await clinic.finished(await clinic.post(*documents, key=key, credential=credential))
        assert view.state is RequestState.FINISHED
        return view.documents[0].certificate

    assert await signed_with("k1", prescription("rx-1", "مطب شرق")) == second.certificate
    assert clinic.doctor.questions[-1].centre == "مطب شرق"
    assert await signed_with("k2", prescription("rx-2", None)) == third.certificate
    named = prescription("rx-3", "مطب شرق")
    assert await signed_with("k3", named, credential=first.id) == first.certificate
    assert clinic.doctor.choices == [], "nothing was left to choose"
    await signed_with("k4", prescription("rx-4", "جای دیگر"))
    assert clinic.doctor.choices[0].credentials[0].id == third.id, "this computer's stands first"
    await clinic.close()
