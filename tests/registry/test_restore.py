"""What is broken is put back, what is whole is left alone, and no act is taken back by it."""

from __future__ import annotations

import json
import shutil

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.format import StoreFormat
from mlops.registry.inspection import inspect, inspect_backup
from mlops.registry.moves import Moves
from mlops.registry.restore import restore
from mlops.registry.versions import Versions


@pytest.fixture
def backup(three, outputs, a_run):
    """A backup after three versions; a fourth and a promotion came later."""
    backups = Backups(outputs)
    backups.remember(archive := backups.make(backups.new(), [three]))
    three.register(a_run())
    moves = Moves(three, lambda intent: None)
    moves.promote(2, "champion", seen=three.holder("champion"), why="better")
    return archive


def edit(ledger, line, old, new):
    lines = ledger.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(old, new)
    ledger.write_bytes(b"".join(lines))


def acts(versions):
    return [entry.act for entry in versions.ledger.verify()]


def test_what_is_whole_is_left_alone(backup, three, outputs):
    before = {path: path.stat().st_mtime_ns for path in outputs.rglob("*")}
    assert restore(outputs, "houses", backup).put_back == ()
    assert {path: path.stat().st_mtime_ns for path in outputs.rglob("*")} == before


@pytest.mark.parametrize("name", ["model/model.skops", "version.json"])
def test_a_version_is_put_back_and_that_stands_in_the_history(backup, three, outputs, damage, name):
    damage(three, 2, name)
    found = restore(outputs, "houses", backup)
    assert (found.put_back, found.wrong) == (("version 2",), ())
    assert len(three.usable()) == 4
    assert acts(three) == [*["register"] * 4, "promote", "restored"]
    assert three.ledger.entries()[-1].why == f"version 2 from {backup.path.name}"
    assert found.kept in Backups(outputs).all()
    assert inspect(outputs)[0] == "ok"


def test_a_history_that_was_put_back_is_of_a_format_in_which_nothing_has_begun(
    backup, three, outputs
):
    three.ledger.path.unlink()
    restore(outputs, "houses", backup)
    assert StoreFormat.of(three.folder).backup == ""  # else the next upgrade would make none


def test_a_version_that_no_backup_holds_stays_as_it_is(backup, three, outputs, damage):
    damage(three, 4)
    found = restore(outputs, "houses", backup)
    assert (found.put_back, found.kept) == ((), None)
    assert found.wrong == ("houses version 4 (challenger): model/model.skops was changed",)


def test_a_history_that_was_changed_is_put_back_with_all_that_came_after_the_backup(
    backup, three, outputs
):
    whole = three.ledger.path.read_bytes()
    edit(three.ledger.path, 2, b'"version": 2', b'"version": 1')
    found = restore(outputs, "houses", backup)
    assert (found.put_back, found.lost) == (("history",), 0)
    assert three.ledger.path.read_bytes().startswith(whole)
    assert acts(three) == [*["register"] * 4, "promote", "restored"]
    assert three.holder("champion").version == 2


def test_a_line_that_was_taken_out_is_put_back_in_its_place(backup, three, outputs):
    lines = three.ledger.path.read_bytes().splitlines(keepends=True)
    three.ledger.path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert restore(outputs, "houses", backup).lost == 0
    assert three.ledger.path.read_bytes().startswith(b"".join(lines))


def test_what_no_copy_holds_is_lost_and_the_history_says_so(backup, three, outputs):
    edit(three.ledger.path, 4, b'"version": 4', b'"version": 3')
    found = restore(outputs, "houses", backup)
    assert found.lost == 2
    assert acts(three) == [*["register"] * 3, "restored"]
    assert three.ledger.entries()[-1].why.endswith("; 2 acts are lost")
    assert b'"version": 3, "alias": "challenger"' in found.kept.read_bytes()


@pytest.mark.parametrize("name", ["head.json", "format.json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]"])
def test_what_stands_beside_the_history_is_made_anew(backup, three, outputs, name, content):
    (three.folder / name).write_bytes(content)
    assert inspect(outputs)[::2] == ("broken", "mlops restore")
    assert restore(outputs, "houses", backup).lost == 0
    assert (inspect(outputs)[0], len(acts(three))) == ("ok", 6)


def test_an_act_that_cannot_be_read_is_undone(backup, three, outputs):
    (three.folder / "intent.json").write_text('{"act": "promote"')
    assert inspect(outputs)[::2] == ("broken", "mlops restore")
    restore(outputs, "houses", backup)
    assert (inspect(outputs)[0], three.holder("champion").version) == ("ok", 2)


def test_a_model_that_is_gone_is_put_back_whole(backup, three, outputs):
    shutil.rmtree(three.folder)
    state, says, repair = inspect_backup(outputs)
    assert (state, says) == ("look", "houses is in the last backup, and not here")
    assert repair == "mlops restore"
    found = restore(outputs, "houses", backup)
    assert found.put_back == ("history", "version 1", "version 2", "version 3")
    assert inspect(outputs)[0] == "ok"


def test_what_an_older_release_kept_is_upgraded_on_its_way(three, outputs):
    (three.folder / "format.json").unlink()
    backups = Backups(outputs)
    with three.ledger.locked():
        archive = backups.write(backups.new(), {"houses": three.folder})
    shutil.rmtree(three.folder)
    restore(outputs, "houses", archive)
    assert (StoreFormat.of(three.folder).number, len(three.usable())) == (2, 3)


def test_the_backup_of_another_store_is_refused(three, outputs, a_run, work, damage):
    other = Versions(work / "other", "houses")
    other.register(a_run())
    archive = Backups(work / "other").make(work / "other.tar", [other])
    edit(three.ledger.path, 2, b'"version": 2', b'"version": 1')
    before = three.ledger.path.read_bytes()
    with pytest.raises(MlopsError, match="another-history") as refused:
        restore(outputs, "houses", archive)
    assert refused.value.exit_code == 3
    assert three.ledger.path.read_bytes() == before


def test_a_made_up_version_is_not_put_back(backup, three, outputs, damage, work):
    """Whole in itself, but not what the history says."""
    damage(three, 2)
    path = three.shelf.place(2) / "model/model.skops"
    about = three.shelf.manifest(2)
    about["files"]["model/model.skops"] = "0" * 64
    path.with_name("x").write_text("")
    (three.shelf.place(2) / "version.json").unlink()
    (three.shelf.place(2) / "version.json").write_text(json.dumps(about))
    made_up = Backups(outputs).make(work / "made_up.tar", [three])
    assert restore(outputs, "houses", made_up).put_back == ()
    assert restore(outputs, "houses", Archive(backup.path)).put_back == ("version 2",)
    assert not path.with_name("x").exists()


def test_doctor_knows_a_backup_that_is_changed_missing_or_old(backup, outputs, monkeypatch):
    assert inspect_backup(outputs)[0] == "ok"
    assert "2 acts since" in inspect_backup(outputs)[1]
    last = outputs / "backups" / "last.json"
    note = json.loads(last.read_text())
    last.write_text(json.dumps({**note, "at": "2020-01-01T00:00:00Z"}))
    assert inspect_backup(outputs)[::2] == ("look", "mlops backup")
    data = bytearray(backup.path.read_bytes())
    data[-1] ^= 1
    backup.path.write_bytes(data)
    assert inspect_backup(outputs)[::2] == ("broken", "mlops backup")
    backup.path.unlink()
    assert inspect_backup(outputs)[::2] == ("look", "mlops backup")


def test_doctor_lets_a_damaged_version_go_only_where_it_has_neither_name_nor_copy(
    three, outputs, damage
):
    backups = Backups(outputs)
    archive = backups.make(backups.new(), [three])
    damage(three, 2)
    assert inspect(outputs)[::2] == ("broken", "mlops restore")
    archive.path.unlink()
    assert inspect(outputs)[::2] == ("look", "no backup has it: do without it")
    damage(three, 3)
    assert inspect(outputs)[0] == "broken"


def test_old_backups_go_but_never_the_last_in_which_all_was_whole(three, outputs, damage, a_run):
    backups = Backups(outputs)
    sound = backups.make(backups.new(), [three]).path
    damage(three, 2)
    made = []
    for _ in range(3):
        three.register(a_run())
        made.append(backups.make(backups.new(), [three]).path)
    assert backups.prune(2) == [made[0]]
    assert backups.all() == [made[2], made[1], sound]


def test_a_backup_of_the_same_takes_the_place_of_the_one_before(three, outputs):
    backups = Backups(outputs)
    first, second = (backups.make(backups.new(), [three]).path for _ in range(2))
    assert backups.prune(5) == [first]
    assert backups.all() == [second]
