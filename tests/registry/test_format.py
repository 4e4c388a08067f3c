"""What an older release wrote is upgraded after a backup; what a newer one wrote is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from mlops.core.errors import MlopsError
from mlops.core.version import LedgerEntry
from mlops.registry import chain
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.format import FORMAT, StoreFormat, release
from mlops.registry.inspection import inspect
from mlops.registry.upgrade import STEPS, upgrade
from mlops.registry.versions import Versions

OLD = Path(__file__).with_name("format_1")


@pytest.fixture
def old(outputs):
    """The versions of a model whose folder was written before formats had numbers."""
    shutil.copytree(OLD, outputs / "registry")
    return Versions(outputs, "houses")


def test_a_new_store_says_its_format_and_who_wrote_it(three):
    found = json.loads((three.folder / "format.json").read_text())
    assert found == {"number": FORMAT, "release": release(), "backup": ""}


def test_reading_an_old_store_upgrades_it_and_keeps_what_it_was(old, outputs):
    before = {path.relative_to(OLD): path.read_bytes() for path in OLD.rglob("*") if path.is_file()}
    assert [version.aliases for version in old.all()] == [(), ("challenger", "champion"), ()]
    assert StoreFormat.of(old.folder) == StoreFormat(release=release())
    assert all((outputs / "registry" / name).read_bytes() == before[name] for name in before)
    (kept,) = map(Archive, Backups(outputs).all())
    assert {Path(name).relative_to("registry") for name in kept.files} == before.keys()
    assert "houses-format-1" in kept.path.name


def test_an_upgraded_store_is_upgraded_once(old, outputs):
    old.all()
    old.ledger.verify()
    assert len(Backups(outputs).all()) == 1


def test_an_upgraded_store_goes_on(old, a_run):
    assert old.register(a_run()).number == 4
    assert len(old.ledger.verify()) == 8
    assert len(old.usable()) == 4


def test_doctor_tells_of_an_old_store_and_changes_nothing(old, outputs):
    before = sorted(outputs.rglob("*"))
    state, says, repair = inspect(outputs)
    assert (state, repair) == ("look", "mlops history name=houses")
    assert says.endswith("an older release wrote it; the next command upgrades it, after a backup")
    assert sorted(outputs.rglob("*")) == before


def test_steps_are_taken_in_order_and_the_one_that_was_cut_off_again(old, outputs):
    taken = []

    def third(folder):
        taken.append(3)
        if len(taken) == 1:
            raise KeyboardInterrupt

    steps = (*STEPS, third, lambda folder: taken.append(4))
    with old.ledger.locked():
        with pytest.raises(KeyboardInterrupt):
            upgrade(old.folder, steps=steps)
        found = StoreFormat.of(old.folder)
        assert (found.number, len(Backups(outputs).all())) == (2, 1)
        assert Path(found.backup) in Backups(outputs).all()
        upgrade(old.folder, steps=steps)
    assert taken == [3, 3, 4]
    assert StoreFormat.of(old.folder) == StoreFormat(number=4, release=release())
    assert len(Backups(outputs).all()) == 1


def test_there_is_a_step_to_each_format_but_the_first():
    assert len(STEPS) == FORMAT - 1


def test_what_a_newer_release_wrote_is_refused_by_name_and_not_touched(three, a_run, outputs):
    StoreFormat(number=FORMAT + 5, release="9.1.0").write(three.folder)
    before = {path: path.stat().st_mtime_ns for path in three.folder.rglob("*")}
    for act in (three.all, three.ledger.verify, lambda: three.register(a_run())):
        with pytest.raises(MlopsError, match="newer-format") as refused:
            act()
        (problem,) = refused.value.problems
        assert problem.exit_code == 3
        assert problem.found == f"format {FORMAT + 5}, written by mlops 9.1.0"
        assert problem.next_step == "pip install 'mlops>=9.1.0'"
    after = {path: path.stat().st_mtime_ns for path in three.folder.rglob("*")}
    after[three.shelf.folder] = before[three.shelf.folder]  # where a run's files were gathered
    assert after == before
    assert inspect(outputs)[::2] == ("broken", "pip install 'mlops>=9.1.0'")


NO_FORMATS = [
    *("", "2", "[]", "{}x", '{"number": "2"}', '{"number": 0}', '{"number": true}', '{"nr": 2}'),
    '{"number": 9, "release": "1; rm -rf ~"}',
]


@pytest.mark.parametrize("text", NO_FORMATS)
def test_a_format_that_cannot_be_understood_is_refused(three, text):
    (three.folder / "format.json").write_text(text)
    with pytest.raises(MlopsError, match="format-unreadable") as refused:
        three.all()
    assert refused.value.exit_code == 3


def test_a_field_more_on_a_line_is_another_format():
    """Whoever adds one raises the number, so that older releases refuse by name."""
    names = {field.name for field in fields(LedgerEntry)}
    assert (FORMAT, names) == (2, chain.ALWAYS | {"hash"})


@dataclass(frozen=True, kw_only=True)
class Later(LedgerEntry):
    place: str = ""


def test_what_later_releases_add_changes_no_hash_of_before():
    told = {"seq": 1, "at": "", "who": "ann", "act": "register"}
    assert chain.hashed(Later(**told)) == chain.hashed(LedgerEntry(**told))
    assert chain.hashed(Later(**told, place="here")) != chain.hashed(LedgerEntry(**told))
