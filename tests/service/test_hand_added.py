"""A module added by hand whose file is another one: asked about once, and left out until a yes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drivers.errors import ModuleNotLoaded
from drivers.supervisor import Supervisor
from signer.model.errors import ConsentSurfaceMissing
from signer.service.consent import ModuleQuestion
from signer.service.hand_added import AddedModule, HandAdded, Standing, ask_about_changed, measured, standing
from tests.service.doubles import Doctor
from tests.softhsm import SoftHsm, module_path


class Place:
    """One module that was agreed to, the record of it, and what was taken up."""

    def __init__(self, folder: Path) -> None:
        self.file = Path(shutil.copy(module_path(), folder / "vendor.so"))
        self.record = HandAdded(folder / "added.json")
        self.agreed = measured(self.file)
        self.record.agree(self.agreed)
        self.doctor = Doctor()
        self.used: list[AddedModule] = []

    def change(self) -> AddedModule:
        with self.file.open("ab") as file:
            file.write(b"\0")
        return measured(self.file)

    async def ask(self, *known: str) -> None:
        await ask_about_changed(self.record, self.doctor, self._use, known=known)

    async def _use(self, module: AddedModule) -> None:
        assert standing(module) is Standing.AGREED
        self.used.append(module)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def yes(question: ModuleQuestion) -> bool:
    return True


async def nobody(question: ModuleQuestion) -> bool:
    raise ConsentSurfaceMissing


async def test_a_module_that_is_as_it_was_is_not_asked_about(place: Place) -> None:
    await place.ask()
    assert place.doctor.modules == []
    assert place.used == []


async def test_a_changed_module_is_asked_about_with_both_hashes_and_used_after_a_yes(place: Place) -> None:
    found = place.change()
    place.file.parent.chmod(0o777)
    place.doctor.on_module = yes
    await place.ask()
    (question,) = place.doctor.modules
    assert (question.path, question.agreed, question.found) == (
        str(place.file.resolve()),
        place.agreed.sha256,
        found.sha256,
    )
    assert str(place.file.parent) in question.open_to_others
    assert place.used == [found]
    assert place.record.loadable() == (found,)
    await place.ask()
    assert len(place.doctor.modules) == 1, "one change is one question"


async def test_a_no_leaves_it_out_and_remembers_what_was_agreed_to(place: Place) -> None:
    place.change()
    await place.ask()
    assert len(place.doctor.modules) == 1
    assert place.used == []
    assert place.record.all() == (place.agreed,)


async def test_where_nobody_can_be_asked_it_is_left_out(place: Place) -> None:
    place.change()
    place.doctor.on_module = nobody
    await place.ask()
    assert place.used == []
    assert place.record.all() == (place.agreed,)


async def test_a_yes_is_about_the_file_that_was_shown_and_about_no_later_one(place: Place) -> None:
    place.change()

    async def yes_too_late(question: ModuleQuestion) -> bool:
        place.change()
        return True

    place.doctor.on_module = yes_too_late
    await place.ask()
    assert place.used == []
    assert place.record.all() == (place.agreed,)


async def test_a_module_that_is_gone_or_that_a_profile_names_is_not_asked_about(place: Place) -> None:
    place.change()
    await place.ask(str(place.file.resolve()))
    place.file.unlink()
    await place.ask()
    assert place.doctor.modules == []


async def test_no_new_worker_loads_a_file_that_was_exchanged_while_the_agent_runs(
    place: Place, softhsm: SoftHsm
) -> None:
    agreed = place.agreed
    async with Supervisor(
        place.file, env=softhsm.env, vouched=lambda: standing(agreed) is Standing.AGREED
    ) as supervisor:
        assert await supervisor.tokens()
        place.change()
        assert await supervisor.tokens(), "the worker that has the agreed file goes on"
        await supervisor.end_worker()
        with pytest.raises(ModuleNotLoaded, match="agreed"):
            await supervisor.tokens()
        assert supervisor.pid is None
