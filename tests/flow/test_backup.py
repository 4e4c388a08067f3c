"""`mlops backup` keeps versions and histories; `mlops restore` puts back what is broken."""

from __future__ import annotations

import os
import shutil
import tarfile

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.format import StoreFormat
from mlops.registry.versions import Versions

QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")


@pytest.fixture(scope="module")
def made(new_place):
    """A folder with one version of a model."""
    place = new_place()
    place("model=ridge", *QUICK)
    return place


@pytest.fixture
def shop(made, tmp_path):
    """A copy of it, without any backup."""
    shutil.copytree(made.folder, tmp_path / "shop")
    return type(made)(tmp_path / "shop")


@pytest.fixture
def versions(shop):
    return Versions(shop.outputs, "boston_housing")


def checks(place):
    rows = place("doctor", "tracker=offline").details["rows"]
    return {row["check"]: (row["state"], row["found"], row["repair"]) for row in rows}


def shorten(versions, number=1):
    path = versions.shelf.place(number) / "model/model.skops"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1])


def test_doctor_asks_for_a_first_backup_and_is_content_with_it(shop):
    assert checks(shop)["backup"] == ("look", "no backup of 1 model", "mlops backup")
    told = shop("backup").details
    assert told["rows"] == [{"model": "boston_housing", "acts": 1, "versions": 1}]
    assert told["says"].startswith("outputs/backups/2")
    assert told["says"].endswith(" MB, read again and whole")
    state, found, _ = checks(shop)["backup"]
    assert (state, found.split(", ", 1)[1]) == (
        *("ok", "less than a day old, whole, nothing happened since"),
    )


def test_what_doctor_says_to_type_mends_what_it_found(shop, versions):
    shop("backup")
    shorten(versions)
    state, found, repair = checks(shop)["versions"]
    assert (state, repair) == ("broken", "mlops restore")
    assert found == "boston_housing version 1 (champion): model/model.skops was changed"
    told = shop(*repair.split()[1:]).details
    assert told["rows"] == [{"model": "boston_housing", "put back": "version 1"}]
    assert told["says"] == "1 model whole"
    assert "before-restore" in told["lines"][0]
    assert checks(shop)["versions"][0] == "ok"
    assert shop("history", "verify=true").details["rows"][-1]["act"] == "restored"
    assert shop("restore").details["says"] == "1 model whole, nothing was to be put back"


def test_a_backup_may_lie_elsewhere_and_doctor_looks_there(shop, versions, tmp_path):
    (tmp_path / "disk").mkdir()
    path = shop("backup", f"to={tmp_path}/disk").details["path"]
    assert os.path.dirname(path) == f"{tmp_path}/disk"
    assert checks(shop)["backup"][0] == "ok"
    shop("backup", f"to={tmp_path}/my backup, no 1.tar")
    with pytest.raises(MlopsError, match="backup-exists") as refused:
        shop("backup", f"to={tmp_path}/my backup, no 1.tar")
    assert refused.value.exit_code == 2
    shutil.rmtree(versions.folder)
    shop("restore", f"path={tmp_path}/my backup, no 1.tar")
    assert not versions.wrong(versions.version(1))


def test_a_damaged_version_is_kept_as_it_is_and_told(shop, versions):
    shop("backup")
    shorten(versions)
    lines = shop("backup").details["lines"]
    assert lines[0].startswith("damaged, and kept as it is: boston_housing version 1 (champion)")
    assert shop("restore").details["rows"][0]["put back"] == "version 1"


def test_what_no_backup_holds_whole_stays_broken_and_that_is_told(shop, versions):
    shorten(versions)
    shop("backup")
    result = shop("restore")
    assert (result.outcome, result.exit_code) == ("failed", 3)
    assert result.details["says"] == "not all could be put back"
    assert result.details["lines"][0].startswith("still broken: boston_housing version 1")


def test_only_the_newest_backups_stay(shop, versions):
    for number in range(3):
        versions.ledger.append(act="external", why=str(number))
        shop("backup", "keep=2")
    assert len(list((shop.outputs / "backups").glob("*.tar"))) == 2


def test_what_was_never_kept_cannot_be_put_back(place, shop):
    assert place("backup").details["says"] == "there is no version to keep yet"
    for words, code in (
        (("restore",), "no-backup"),
        (("restore", "path=nowhere.tar"), "no-backup"),
        (("restore", "name=flats"), "no-backup"),
    ):
        with pytest.raises(MlopsError, match=code) as refused:
            shop(*words)
        assert refused.value.exit_code == 2


def test_an_archive_that_climbs_is_refused_and_nothing_is_written(shop, tmp_path):
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../../canary"))
    before = sorted(shop.folder.rglob("*"))
    with pytest.raises(MlopsError, match="backup-refused") as refused:
        shop("restore", f"path={tmp_path}/bad.tar")
    assert refused.value.exit_code == 3
    assert sorted(shop.folder.rglob("*")) == before


def test_a_store_of_a_newer_release_is_refused_by_every_command(shop, versions):
    shop("backup")
    StoreFormat(number=9, release="4.2").write(versions.folder)
    before = (versions.folder / "ledger.jsonl").read_bytes()
    verbs = (["history"], ["promote", "version=1"], ["rollback"], ["backup"], ["restore"])
    for words in (*verbs, ["model=linear", *QUICK]):
        with pytest.raises(MlopsError, match="newer-format") as refused:
            shop(*words)
        assert refused.value.exit_code == 3
        assert "mlops 4.2" in refused.value.problems[0].found
    assert (versions.folder / "ledger.jsonl").read_bytes() == before
    assert checks(shop)["versions"][::2] == ("broken", "pip install 'mlops>=4.2'")


def test_a_store_of_an_older_release_is_upgraded_by_the_next_command(shop, versions):
    (versions.folder / "format.json").unlink()
    state, found, repair = checks(shop)["versions"]
    assert (state, repair) == ("look", "mlops history name=boston_housing")
    assert "an older release wrote it" in found
    shop(*repair.split()[1:])
    assert StoreFormat.of(versions.folder).number == 2
    assert [each.stem[20:] for each in (shop.outputs / "backups").glob("*.tar")] == [
        "boston_housing-format-1"
    ]


def test_backup_and_restore_import_nothing_heavy(shop, versions, command_line):
    shop("backup")
    shorten(versions)
    assert command_line(shop.folder).heavy(["restore"], ["backup"]) == []
