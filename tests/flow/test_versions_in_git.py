"""The same commands with versions in Git: run, history, promote, rollback, doctor, clean."""

from __future__ import annotations

import json
import subprocess

import pytest

from mlops.core.errors import MlopsError

QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")


class Shop:
    """A folder in a clone of a bare repository, with its own commands."""

    def __init__(self, place):
        self.place, self.folder = place, place.folder
        self.origin = place.folder.with_name(f"{place.folder.name}.git")
        self.git("init", "--quiet", "--bare", str(self.origin))
        self.git("init", "--quiet")
        self.git("remote", "add", "origin", str(self.origin))

    def __call__(self, *words):
        return self.place(*words, "registry=git", "tracker=offline")

    def git(self, *words):
        asked = ["git", "-C", str(self.folder), *words]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def shop(new_place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        yield Shop(new_place())


@pytest.fixture(scope="module")
def told(shop):
    """A version, another one, and the first one's content again."""
    return [shop(f"model={model}", *QUICK) for model in ("linear", "ridge", "linear")]


def test_an_accepted_run_is_committed_and_pushed_and_registers_once(shop, told):
    said = [result.details["version"]["says"] for result in told]
    assert said == [
        "version 1 (champion)",
        "version 2 (challenger)",
        "already version 1 (champion)",
    ]
    assert shop.git("log", "--format=%s", "models").splitlines() == [
        "boston_housing: version 2 (challenger)",
        "boston_housing: version 1 (champion)",
    ]
    assert shop.git("ls-remote", str(shop.origin), "refs/heads/models").split()[0] == shop.git(
        "rev-parse", "models"
    )
    assert not list(shop.place.outputs.glob("registry/*/ledger.jsonl"))


def test_mlflow_is_told_of_the_runs_and_of_no_version(shop, told):
    records = [
        json.loads(path.read_text()) for path in (shop.place.outputs / "spool").glob("*.json")
    ]
    assert len(records) == 3
    assert {each["record"]["register"] for each in records} == {""}


def test_history_promote_and_rollback_do_what_they_always_do(shop, told):
    result = shop("promote", "version=challenger", 'reason=better, it\'s "ok" # a=b')
    assert (result.details["version"], result.details["was"]) == (2, 1)
    assert shop("rollback").details["version"] == 1
    result = shop("history", "verify=true")
    assert [row["act"] for row in result.details["rows"]] == [
        *("register", "register", "promote", "rollback")
    ]
    assert result.details["rows"][2]["why"] == 'better, it\'s "ok" # a=b'
    assert result.details["lines"] == ["verified: 4 lines unchanged; 2 versions whole"]
    with pytest.raises(MlopsError, match="no-version"):
        shop("promote", "version=9")


def test_a_model_without_versions_is_told_with_those_that_have_some(shop, told):
    with pytest.raises(MlopsError, match="no-versions") as refused:
        shop("history", "name=boston_houses")
    assert refused.value.problems[0].closest == "boston_housing"


def test_who_leaves_out_the_registry_is_told_where_the_versions_are(shop, told):
    linked = shop.folder.with_name(f"{shop.folder.name}-linked")
    shop.git("worktree", "add", "--quiet", "--detach", str(linked), "models")
    try:
        for place in (shop.place, type(shop.place)(linked)):
            with pytest.raises(MlopsError, match="no-versions") as refused:
                place("history", "recipe=boston_housing")
            assert "registry=git" in refused.value.problems[0].next_step
    finally:
        shop.git("worktree", "remove", "--force", str(linked))


def test_doctor_says_where_the_versions_are(shop, told):
    row = next(row for row in shop("doctor").details["rows"] if row["check"] == "versions")
    assert row["state"] == "ok"
    assert row["found"].startswith("1 model, 2 versions, all whole, on the branch models of ")


def test_no_backup_is_made_of_what_a_clone_is_a_copy_of(shop, told):
    for verb in ("backup", "restore"):
        with pytest.raises(MlopsError, match="kept-elsewhere") as refused:
            shop(verb)
        assert refused.value.exit_code == 2
        assert "git clone" in refused.value.problems[0].next_step
    assert not (shop.place.outputs / "backups").exists()
    rows = {row["check"]: row for row in shop("doctor").details["rows"]}
    assert rows["backup"]["found"] == "none; every act is kept in Git"


def test_lineage_knows_every_model_that_is_kept_there(shop, told):
    path = "models/boston_housing/versions/1/version.json"
    about = json.loads(shop.git("cat-file", "blob", f"models:{path}"))
    result = shop("lineage", f"fingerprint={about['data_fingerprint']}", "name=flats")
    assert "boston_housing version 1" in result.details["says"]


def test_clean_touches_no_version(shop, told):
    shop("clean", "apply=true", "keep_runs=0")
    assert shop("history", "verify=true").outcome == "done"


def test_a_remote_that_is_away_is_one_line(shop, told):
    shop.git("remote", "set-url", "origin", str(shop.origin) + ".away")
    try:
        (line,) = shop("promote", "version=2", "alias=shadow").details["lines"]
        assert line.startswith("not pushed to origin yet (fatal:")
        (line,) = shop("history").details["lines"]
        assert line.startswith("not pushed to origin yet")
    finally:
        shop.git("remote", "set-url", "origin", str(shop.origin))
    assert shop("history").details["lines"] == []
    shop.git("remote", "set-url", "origin", str(shop.origin) + ".away")
    (line,) = shop("history").details["lines"]
    shop.git("remote", "set-url", "origin", str(shop.origin))
    assert line.startswith("what others did may be missing: origin does not answer (fatal:")
    assert shop.git("rev-parse", "models") == shop.git("rev-parse", "origin/models")


def test_without_a_repository_it_is_told_before_the_run(new_place):
    place = new_place()
    with pytest.raises(MlopsError, match="no-repository"):
        place("registry=git", *QUICK)
    assert list(place.folder.iterdir()) == []


def test_the_verbs_import_nothing_heavy(shop, told, command_line):
    git = ["registry=git", "tracker=offline", "ui=plain"]
    history, promote = ["history", "verify=true"], ["promote", "version=1", "alias=shadow"]
    assert command_line(shop.folder).heavy([*history, *git], [*promote, *git]) == []
