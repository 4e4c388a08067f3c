"""Models go to Git LFS where the repository keeps such files there."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from mlops.core.errors import MlopsError

MODEL = "versions/1/model/model.skops"


@pytest.fixture
def ann(clone, monkeypatch):
    """A clone that keeps models in Git LFS; nothing of it comes from the system's settings."""
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    ann = clone("ann")
    (ann.folder / ".gitattributes").write_text("*.skops filter=lfs diff=lfs merge=lfs -text\n")
    return ann


def test_without_git_lfs_it_is_told_before_a_large_file_is_committed(ann, a_run):
    with pytest.raises(MlopsError, match="lfs-missing") as refused:
        ann.registry().check()
    assert refused.value.exit_code == 4
    with pytest.raises(MlopsError, match="lfs-missing"):
        ann.houses().register(a_run())
    assert ann.git("branch", "--list", "models") == ""


@pytest.mark.git_lfs
def test_a_pointer_is_committed_and_others_get_the_model(ann, clone, a_run, origin):
    ann.git("lfs", "install", "--skip-repo")  # into the tester's own settings
    candidate = a_run()
    model = (candidate.folder / "model/model.skops").read_bytes()
    sha256 = hashlib.sha256(model).hexdigest()
    versions = ann.houses()
    versions.register(candidate)
    assert versions.ledger.take_notes() == []
    assert f"oid sha256:{sha256}" in ann.file(MODEL)
    assert "oid" not in ann.file("versions/1/report.html")
    assert [path.name for path in origin.glob("lfs/objects/*/*/*")] == [sha256]
    bob = clone("bob").houses()
    assert bob.usable() == versions.all()
    assert (bob.shelf.place(1) / "model/model.skops").read_bytes() == model


@pytest.mark.git_lfs
def test_a_model_that_cannot_be_had_yet_is_had_later(ann, clone, a_run, origin):
    ann.git("lfs", "install", "--skip-repo")
    ann.houses().register(a_run())
    (origin / "lfs").rename(origin / "elsewhere")
    bob = clone("bob")
    versions = bob.houses()
    assert versions.ledger.take_notes()[0].startswith("the files of version 1 could not be had")
    assert (versions.usable(), len(versions.all())) == ([], 1)
    shutil.rmtree(origin / "lfs")
    (origin / "elsewhere").rename(origin / "lfs")
    assert bob.houses().usable() == ann.houses().all()
