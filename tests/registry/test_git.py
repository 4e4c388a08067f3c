"""Versions in a Git repository: commits and tags on a branch, and nothing of the user's touched."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.git import Git
from mlops.registry.inspection import inspect_kept
from mlops.registry.moves import Moves


@pytest.fixture
def ann(clone):
    return clone("ann")


def promote(versions, number, alias="champion", why="better"):
    return Moves(versions, lambda intent: None).promote(
        number, alias, seen=versions.holder(alias), why=why
    )


def rollback(versions):
    seen = versions.holder("champion")
    return Moves(versions, lambda intent: None).rollback("champion", seen=seen, why="worse")


def state(clone):
    """What is the user's: where HEAD is, the index, the files, the branches."""
    files = {
        path: path.read_bytes()
        for path in clone.folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(clone.folder).parts
    }
    told = [clone.git("rev-parse", "HEAD"), clone.git("symbolic-ref", "HEAD")]
    return files, told, clone.git("ls-files", "--stage"), clone.git("status", "--porcelain")


def test_a_version_is_a_commit_and_a_tag_with_all_that_belongs_to_it(ann, a_run):
    version = ann.houses().register(a_run())
    assert (version.number, version.aliases) == (1, ("champion",))
    assert ann.subjects() == ["houses: version 1 (champion)"]
    assert ann.git("cat-file", "-t", "houses/v1") == "tag"
    assert ann.git("rev-parse", "houses/v1^0") == ann.git("rev-parse", "models")
    names = ann.git("ls-tree", "-r", "--name-only", "models", "models/houses/").splitlines()
    files = ("model/model.skops", "report.html", "config.yaml", "version.json")
    assert {f"models/houses/versions/1/{name}" for name in files} <= set(names)
    assert f"Run {version.run}." in ann.git("log", "-1", "--format=%b", "models")
    assert json.loads(ann.file("ledger.jsonl"))["run"] == version.run


def test_a_promotion_and_a_rollback_are_new_commits(ann, a_run):
    for _ in range(2):
        ann.houses().register(a_run())
    promote(ann.houses(), 2, why='recall, it\'s "ok"\nat last')
    assert json.loads(ann.file("aliases.json")) == {"champion": 2, "challenger": 2}
    rollback(ann.houses())
    assert json.loads(ann.file("aliases.json")) == {"champion": 1, "challenger": 2}
    assert ann.subjects() == [
        "houses: version 1 (champion)",
        "houses: version 2 (challenger)",
        "houses: promote, champion 1 → 2",
        "houses: rollback, champion 2 → 1",
    ]
    assert 'recall, it\'s "ok"\nat last' in ann.git("log", "-1", "--format=%b", "models~1")


def test_files_staged_changed_or_new_stay_as_they_are(ann, a_run):
    (ann.folder / "code.py").write_text("x = 1\n")
    (ann.folder / "other.py").write_text("y = 1\n")
    ann.git("add", "code.py", "other.py")
    ann.git("commit", "-qm", "mine")
    (ann.folder / "code.py").write_text("x = 2\n")
    ann.git("add", "code.py")
    (ann.folder / "other.py").write_text("y = 2\n")
    (ann.folder / "models").mkdir()
    (ann.folder / "models" / "mine.txt").write_text("mine\n")
    before = state(ann)
    ann.houses().register(a_run())
    promote(ann.houses(), 1, "shadow")
    assert state(ann) == before
    assert "code.py" not in ann.git("ls-tree", "-r", "--name-only", "models")


def test_what_is_alike_is_stored_once(ann, a_run):
    for content in ("a", "b"):
        candidate = a_run(content=content)
        (candidate.folder / "model/model.skops").write_text("the same model")
        ann.houses().register(candidate)
    models = [f"models:models/houses/versions/{n}/model/model.skops" for n in (1, 2)]
    assert len({ann.git("rev-parse", each) for each in models}) == 1


def test_what_a_killed_registration_left_goes_and_what_another_gathers_stays(ann, a_run):
    versions = ann.houses()
    versions.register(a_run())
    left, living = (versions.shelf.folder / f".{pid}.ab.tmp" for pid in (1, 2))
    for folder in (left, living):
        (folder / "model").mkdir(parents=True)
    os.utime(left, (0, 0))
    versions.register(a_run())
    assert (left.exists(), living.exists()) == (False, True)


def test_two_models_share_a_branch(ann, a_run):
    ann.houses().register(a_run())
    boats = ann.registry(name="boats").versions(ann.outputs, "")
    boats.register(a_run())
    assert ann.houses().ledger.others() == boats.ledger.others() == ["boats", "houses"]
    assert ann.git("tag").splitlines() == ["boats/v1", "houses/v1"]
    assert inspect_kept(*ann.registry().kept(ann.outputs))[:2] == (
        "ok",
        f"2 models, 2 versions, all whole, on the branch models of {ann.folder}",
    )


def test_nothing_depends_on_settings_that_change_files(ann, clone, a_run, work):
    (work / "ignored").write_text("*.html\n*.jsonl\n")
    (work / "attributes").write_text("* text eol=crlf\n")
    for setting in ("excludesFile=ignored", "attributesFile=attributes", "autocrlf=true"):
        key, _, value = setting.partition("=")
        value = str(work / value) if key.endswith("File") else value
        ann.git("config", "--global", f"core.{key}", value)
    candidate = a_run()
    (candidate.folder / "report.html").write_bytes(b"one\r\ntwo\n")
    ann.houses().register(candidate)
    assert clone("bob").houses().usable()


def test_who_has_no_name_in_git_commits_as_the_login_name(ann, a_run, work):
    (work / "gitconfig").write_text("[user]\nuseConfigOnly = true\n")
    version = ann.houses().register(a_run())
    assert ann.git("log", "-1", "--format=%an", "models") == version.who


def test_a_command_inside_a_hook_finds_the_repository_that_was_named(ann, a_run, work, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(work / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(work / "index"))
    assert ann.houses(remote=None).register(a_run()).number == 1
    assert not (work / "index").exists()


def test_no_remote_is_no_matter(ann, a_run, origin):
    ann.houses(remote=None).register(a_run())
    ann.git("remote", "remove", "origin")
    assert promote(ann.houses(), 1, "shadow").version == 1
    assert ann.houses().ledger.take_notes() == []
    assert ann.git("branch", "--format=%(refname:short)", at=origin) == "main"


def test_files_that_were_lost_or_damaged_come_back_from_the_branch(ann, a_run, damage):
    versions = ann.houses()
    versions.register(a_run())
    damage(versions, 1, "version.json")
    assert ann.houses().usable()
    versions.ledger.path.write_bytes(b"{}\n" + versions.ledger.path.read_bytes())
    versions = ann.houses()
    assert "was damaged" in versions.ledger.take_notes()[0]
    shutil.rmtree(ann.folder / ".git/mlops")
    assert len(ann.houses().usable()) == len(ann.houses().ledger.verify()) == 1


def test_a_damaged_model_is_refused_and_the_champion_stays(ann, a_run, damage):
    for _ in range(2):
        ann.houses().register(a_run())
    damage(ann.houses(), 2)
    with pytest.raises(MlopsError, match="version-not-whole") as refused:
        promote(ann.houses(), 2)
    assert refused.value.exit_code == 3
    assert "takes it from the branch models" in refused.value.problems[0].next_step
    assert ann.houses().holder("champion").version == 1
    finding = inspect_kept(*ann.registry().kept(ann.outputs))
    assert "model.skops was changed" in finding[1]
    assert finding[2].startswith(f"rm -r '{ann.folder}/.git/mlops/models/models/houses/versions/2'")
    shutil.rmtree(ann.houses().shelf.place(2))
    assert promote(ann.houses(), 2).version == 2


def change_ledger(clone, change):
    """Commit another ledger to the branch, as somebody with an editor would."""
    lines = clone.git("cat-file", "blob", "models:models/houses/ledger.jsonl") + "\n"
    tree = clone.folder.parent / "tampered"
    clone.git("worktree", "add", "--quiet", str(tree), "models")
    (tree / "models/houses/ledger.jsonl").write_text(change(lines))
    clone.git("commit", "-qam", "nothing to see", at=tree)
    clone.git("worktree", "remove", str(tree))


def forged(lines):
    """The same ledger with another reason, every hash as it should be."""
    from dataclasses import replace

    from mlops.registry import chain

    entries, last, text = [], chain.first("houses"), ""
    for line in lines.encode().splitlines():
        entry = replace(chain.entry_of(line), who="mallory", previous=last)
        entries.append(chain.sealed(entry))
        last, text = entries[-1].hash, text + chain.line_of(entries[-1]).decode()
    return text


@pytest.mark.parametrize("change", [forged, lambda lines: lines.replace("champion", "shadow")])
def test_a_history_changed_on_the_branch_is_found(ann, a_run, change):
    for _ in range(2):
        ann.houses(remote=None).register(a_run())
    change_ledger(ann, change)
    with pytest.raises(MlopsError, match="ledger-broken") as refused:
        ann.houses(remote=None)
    assert refused.value.exit_code == 3
    ann.git("branch", "--force", "models", "models~1")  # what the error says
    assert len(ann.houses(remote=None).ledger.verify()) == 2


def test_lines_taken_off_the_end_of_the_branch_come_back(ann, a_run):
    for _ in range(2):
        ann.houses(remote=None).register(a_run())
    ann.git("branch", "--force", "models", "models~1")
    assert len(ann.houses(remote=None).ledger.verify()) == 2
    assert len(ann.file("ledger.jsonl").splitlines()) == 2


@pytest.mark.parametrize("kind", ["--bare", "--object-format=sha256"])
def test_any_repository_will_do(ann, a_run, work, kind):
    ann.git("init", "--quiet", kind, str(work / "other"))
    registry = Git(repository=str(work / "other"))
    registry.check()
    versions = registry.versions(ann.outputs, "houses")
    for _ in range(2):
        versions.register(a_run())
    assert (
        versions.usable()
        == Git(repository=str(work / "other")).versions(ann.outputs, "houses").all()
    )
    assert len(ann.git("tag", at=work / "other").splitlines()) == 2


# Where it can be kept, and how it is told that it cannot.


def test_the_current_branch_is_taken_where_none_is_named(ann, a_run):
    (ann.folder / "code.py").write_text("x = 1\n")
    ann.git("add", "code.py")
    (ann.folder / "notes.txt").write_text("mine\n")
    ann.houses(branch=None).register(a_run())
    promote(ann.houses(branch=None), 1, "shadow")
    assert ann.subjects("main")[1:] == [
        "houses: version 1 (champion)",
        "houses: promote, shadow - → 1",
    ]
    assert ann.git("status", "--porcelain").splitlines() == ["A  code.py", "?? notes.txt"]
    assert (ann.folder / "models/houses/versions/1/report.html").is_file()


def test_a_work_tree_that_has_the_branch_follows_but_for_what_was_changed_there(ann, a_run):
    ann.houses().register(a_run())
    ann.git("switch", "--quiet", "models")
    ledger = ann.folder / "models/houses/ledger.jsonl"
    ann.houses().register(a_run())
    assert len(ledger.read_text().splitlines()) == 2
    ledger.write_text("mine\n")
    versions = ann.houses()
    versions.register(a_run())
    assert ledger.read_text() == "mine\n"
    assert "does not follow" in versions.ledger.take_notes()[0]
    assert len(ann.houses().ledger.verify()) == 3


REFUSED = {
    "no-repository": {"repository": "nowhere"},
    "no-remote": {"remote": "orign"},
    "bad-branch": {"branch": "-x"},
    "bad-folder": {"folder": "../x"},
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_work_is_told_before_the_run(ann, code):
    keys = {"repository": str(ann.folder), **REFUSED[code]}
    with pytest.raises(MlopsError, match=code) as refused:
        Git(**keys).check()
    (problem,) = refused.value.problems
    assert (problem.exit_code, problem.next_step != "") == (2, True)
    assert problem.closest == ("origin" if code == "no-remote" else "")


def test_a_folder_outside_any_repository_is_told(work, origin):
    with pytest.raises(MlopsError, match="no-repository") as refused:
        Git(repository=str(work)).check()
    assert "git init" in refused.value.problems[0].next_step


def test_a_branch_that_another_one_is_in_the_way_of_is_told(ann):
    ann.git("branch", "models/old")
    with pytest.raises(MlopsError, match="models/old is in its way"):
        ann.registry().check()
    ann.git("branch", "--move", "models/old", "models")
    with pytest.raises(MlopsError, match="models is in its way"):
        ann.registry(branch="models/new").check()
    ann.registry().check()


def test_a_work_tree_on_no_branch_is_told(ann):
    ann.git("switch", "--quiet", "--detach")
    with pytest.raises(MlopsError, match="no-branch"):
        ann.registry(branch=None).check()
    ann.registry().check()


@pytest.mark.parametrize("name", ["a..b", "a.lock", "a.", "../x", "-x"])
def test_a_name_that_no_tag_can_have_is_refused(ann, name):
    with pytest.raises(MlopsError, match="bad-model-name"):
        ann.registry(name=name).registers("houses", report_passed=False)


def test_without_git_it_is_told_what_is_missing(ann, monkeypatch):
    monkeypatch.setenv("PATH", str(ann.folder))
    with pytest.raises(MlopsError, match="git-missing") as refused:
        ann.registry().check()
    assert refused.value.exit_code == 4
