"""A module added by hand whose file is another one: asked about once, and not loaded until a yes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.errors import ModuleChanged
from drivers.supervisor import Supervisor
from drivers.types import Binding
from signer.model.errors import ConsentSurfaceMissing
from signer.service.consent import ModuleQuestion
from signer.service.hand_added import AddedModule, ChangedModules, HandAdded, measured
from tests.service.doubles import Doctor
from tests.softhsm import SoftHsm, module_path


class Place:
    """One module that was agreed to, the record of it, and a doctor who is asked."""

    def __init__(self, folder: Path) -> None:
        self.file = Path(shutil.copy(module_path(), folder / "vendor.so"))
        self.record = HandAdded(folder / "added.json")
        self.agreed = measured(self.file)
        self.record.agree(self.agreed)
        self.doctor = Doctor()
        self.asking = ChangedModules(self.record, self.doctor)

    def change(self) -> AddedModule:
        with self.file.open("ab") as file:
            file.write(b"\0")
        return measured(self.file)

    def supervisor(self, softhsm: SoftHsm, binding: Binding, changed: Callable[[], None]) -> Supervisor:
        return Supervisor(
            self.file,
            binding=binding,
            env=softhsm.env,
            agreed=lambda: self.record.agreed(self.file),
            changed=changed,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def yes(question: ModuleQuestion) -> bool:
    return True


async def nobody(question: ModuleQuestion) -> bool:
    raise ConsentSurfaceMissing


async def test_a_module_that_is_as_it_was_is_not_asked_about(place: Place) -> None:
    assert not await place.asking.ask()
    assert place.doctor.modules == []


async def test_a_changed_module_is_asked_about_with_both_hashes_and_agreed_to_by_a_yes(place: Place) -> None:
    found = place.change()
    place.file.parent.chmod(0o777)
    place.doctor.on_module = yes
    assert await place.asking.ask()
    (question,) = place.doctor.modules
    assert (question.path, question.agreed, question.found) == (
        str(place.file.resolve()),
        place.agreed.sha256,
        found.sha256,
    )
    assert str(place.file.parent) in question.open_to_others
    assert place.record.all() == (found,)
    assert not await place.asking.ask()
    assert len(place.doctor.modules) == 1, "one change is one question"


async def test_a_no_is_about_the_file_that_was_shown_and_is_not_asked_for_again(place: Place) -> None:
    place.change()
    assert not await place.asking.ask()
    assert not await place.asking.ask()
    assert len(place.doctor.modules) == 1
    assert place.record.all() == (place.agreed,)
    place.change()
    await place.asking.ask()
    assert len(place.doctor.modules) == 2, "another file is another question"


async def test_where_nobody_can_be_asked_it_is_left_out_and_asked_about_later(place: Place) -> None:
    place.change()
    place.doctor.on_module = nobody
    with pytest.raises(ConsentSurfaceMissing):
        await place.asking.ask()
    assert place.record.all() == (place.agreed,)
    place.doctor.on_module = yes
    assert await place.asking.ask()


async def test_a_yes_is_about_the_file_that_was_shown_and_a_later_one_is_asked_about_anew(
    place: Place,
) -> None:
    shown = place.change()
    later: list[AddedModule] = []

    async def yes_too_late(question: ModuleQuestion) -> bool:
        if later:
            return False
        later.append(place.change())
        return True

    place.doctor.on_module = yes_too_late
    await place.asking.ask()
    assert [question.found for question in place.doctor.modules] == [shown.sha256, later[0].sha256]
    assert place.record.all() == (shown,), "what was turned down is not agreed to"


async def test_a_module_that_is_gone_or_that_a_profile_names_is_not_asked_about(place: Place) -> None:
    place.change()
    known = ChangedModules(place.record, place.doctor, known=[str(place.file.resolve())])
    await known.ask()
    place.file.unlink()
    await place.asking.ask()
    assert place.doctor.modules == []


def test_nothing_is_agreed_to_where_the_record_is_damaged_or_the_module_forgotten(place: Place) -> None:
    assert place.record.agreed(place.file) == place.agreed.sha256
    place.record.forget(place.file)
    assert place.record.agreed(place.file) == ""
    place.record.file.write_text("not a list")
    assert place.record.agreed(place.file) == ""


@pytest.mark.parametrize("binding", Binding, ids=lambda binding: binding.value)
async def test_no_new_worker_loads_a_file_that_was_exchanged_before_somebody_agrees_to_it(
    place: Place, softhsm: SoftHsm, binding: Binding
) -> None:
    told: list[str] = []
    async with place.supervisor(softhsm, binding, lambda: told.append("changed")) as supervisor:
        assert await supervisor.tokens()
        found = place.change()
        assert await supervisor.tokens(), "the worker that has the agreed file goes on"
        await supervisor.end_worker()
        for _ in range(2):
            with pytest.raises(ModuleChanged):
                await supervisor.tokens()
        assert told == ["changed"] * 2
        place.record.agree(found)
        assert await supervisor.tokens()
        await supervisor.end_worker()
        place.file.unlink()
        with pytest.raises(ModuleChanged):
            await supervisor.tokens()
