"""A backup is one whole file, the same for the same store; what is not one is not unpacked."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.restore import restore


@pytest.fixture
def backup(three, outputs):
    """A backup of a model with three versions."""
    backups = Backups(outputs)
    archive = backups.make(backups.new(), [three])
    backups.remember(archive)
    return archive


def members_of(path):
    with tarfile.open(path) as tar:
        return [(each, (tar.extractfile(each) or io.BytesIO()).read()) for each in tar]


def written(path, members):
    """An archive of these members."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return path


def member(name, data=b"", **more):
    found = tarfile.TarInfo(name)
    found.size = len(data)
    for key, value in more.items():
        setattr(found, key, value)
    return found, data


def refused(path, found=""):
    with pytest.raises(MlopsError) as error:
        Archive(path)
    (problem,) = error.value.problems
    assert (problem.code, problem.exit_code) == ("backup-refused", 3)
    assert found in problem.found
    return problem.found


def test_the_same_store_makes_the_same_file(backup, three, outputs):
    again = Backups(outputs).make(outputs / "again.tar", [three])
    assert again.path.read_bytes() == backup.path.read_bytes()
    assert (again.sha256, again.models["houses"]["versions"]) == (backup.sha256, 3)


def test_it_is_a_plain_tar_that_anybody_can_unpack(backup, three):
    found = {each.name: data for each, data in members_of(backup.path)}
    path = three.shelf.place(2) / "report.html"
    assert found["registry/houses/versions/2/report.html"] == path.read_bytes()
    assert all(each.isreg() and each.mtime == 0 for each, _ in members_of(backup.path))


def test_no_link_is_followed_and_none_is_kept(three, outputs, work):
    (work / "secret").write_text("mine")
    (three.folder / "link").symlink_to(work / "secret")
    (three.shelf.place(1) / "folder").symlink_to(work)
    archive = Backups(outputs).make(outputs / "b.tar", [three])
    assert archive.models["houses"]["left_out"] == ["link", "versions/1/folder"]
    assert b"mine" not in archive.path.read_bytes()


@pytest.mark.parametrize("number", [0, 5, -1])
def test_a_bit_that_flips_is_found(backup, number):
    with tarfile.open(backup.path) as tar:
        start = tar.getmembers()[number].offset_data
    data = bytearray(backup.path.read_bytes())
    data[start] ^= 1
    backup.path.write_bytes(data)
    refused(backup.path)


@pytest.mark.parametrize("left", [0, 100, 600, 5000, -1, -2000])
def test_a_file_that_was_cut_off_is_refused(backup, left):
    data = backup.path.read_bytes()
    end = left if left >= 0 else data.index(b'"files"') + left
    backup.path.write_bytes(data[:end])
    refused(backup.path)


HOSTILE = {
    "a name that climbs": member("registry/houses/../../../canary", b"here"),
    "a name from the root": member("/tmp/canary", b"here"),
    "a name beside": member("elsewhere/houses/canary", b"here"),
    "a hidden model": member("registry/.houses/canary", b"here"),
    "a backslash": member("registry/houses/..\\canary", b"here"),
    "a line feed": member("registry/houses/a\nb", b"here"),
    "a link": member("registry/houses/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": member("registry/houses/link", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "a device": member("registry/houses/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a pipe": member("registry/houses/pipe", type=tarfile.FIFOTYPE),
    "a folder": member("registry/houses/folder", type=tarfile.DIRTYPE),
    "the same name twice": member("registry/houses/ledger.jsonl", b"here"),
    "a file that is not listed": member("registry/houses/canary", b"here"),
    "another model": member("registry/flats/canary", b"here"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_backup_holds_is_refused_before_anything_is_written(backup, name, three, outputs):
    written(backup.path, [HOSTILE[name], *members_of(backup.path)])
    (three.shelf.place(2) / "report.html").unlink()
    before = sorted(outputs.rglob("*"))
    refused(backup.path)
    assert sorted(outputs.rglob("*")) == before
    assert not list(outputs.parent.rglob("*canary*"))


def test_a_list_that_agrees_makes_no_strange_name_better(backup):
    data = b"here"
    *members, (_, text) = members_of(backup.path)
    about = json.loads(text)
    about["files"]["registry/houses/../canary"] = "f" * 64
    members = [*members, member("registry/houses/../canary", data)]
    written(backup.path, [*members, member("backup.json", json.dumps(about).encode())])
    assert "is no name below registry" in refused(backup.path)


@pytest.mark.parametrize("size", [2**20, 2**40, 2**70])
def test_a_file_that_says_it_is_larger_than_the_archive_is_refused(backup, size):
    large, _ = member("registry/houses/large")
    large.size = size
    head = large.tobuf(tarfile.GNU_FORMAT)
    backup.path.write_bytes(head + backup.path.read_bytes())
    refused(backup.path)


def test_a_compressed_archive_is_none_of_ours(backup, outputs):
    path = outputs / "small.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("registry/houses/x"))
    refused(path)


def test_an_archive_of_a_newer_release_is_refused_by_name(backup):
    *members, (_, text) = members_of(backup.path)
    about = {**json.loads(text), "format": 7, "release": "9.0"}
    written(backup.path, [*members, member("backup.json", json.dumps(about).encode())])
    with pytest.raises(MlopsError, match="newer-format") as error:
        Archive(backup.path)
    assert error.value.problems[0].found == "format 7, written by mlops 9.0"


def test_an_archive_that_is_changed_after_it_was_read_is_not_unpacked(backup, three):
    (three.shelf.place(2) / "report.html").unlink()
    data = backup.path.read_bytes()
    backup.path.write_bytes(data.replace(b"model/model.skops of", b"model/model.skops OF"))
    with pytest.raises(MlopsError, match="backup-refused"):
        restore(three.folder.parents[1], "houses", backup)
    assert not list(three.folder.rglob("*.tmp"))
