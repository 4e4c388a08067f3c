"""Versions in Git and a remote: whoever pushes first is right, and a remote away costs nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.moves import Moves


@pytest.fixture
def ann(clone):
    return clone("ann")


@pytest.fixture
def bob(clone):
    return clone("bob")


def promote(versions, number, alias="champion", why="better"):
    return Moves(versions, lambda intent: None).promote(
        number, alias, seen=versions.holder(alias), why=why
    )


def away(clone):
    """Let the remote of a clone be somewhere else."""
    clone.git("remote", "set-url", "origin", str(clone.folder.parent / "nowhere.git"))


def back(clone, origin):
    clone.git("remote", "set-url", "origin", str(origin))


def hook(origin, name, text):
    path = origin / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def same_everywhere(*clones):
    """Make sure that all have one whole history, and files and tags that fit; give it."""
    clones[-1].houses()  # pushes what waits
    found = {clone: clone.houses() for clone in clones}
    ledgers = [versions.ledger.verify() for versions in found.values()]
    assert all(ledger == ledgers[0] for ledger in ledgers)
    for clone, versions in found.items():
        known = versions.all()
        assert versions.usable() == known
        assert [version.number for version in known] == list(range(1, len(known) + 1))
        for version in known:
            told = json.loads(clone.git("cat-file", "blob", f"{_tag(version)}:{_about(version)}"))
            assert told["run"] == version.run
        assert clone.git("rev-list", "--merges", "models") == ""
        assert clone.git("rev-parse", "models") == clone.git("rev-parse", "origin/models")
        assert versions.ledger.take_notes() == []
    return ledgers[0]


def _tag(version):
    return f"houses/v{version.number}"


def _about(version):
    return f"models/houses/versions/{version.number}/version.json"


def test_what_one_pushes_another_has(ann, bob, a_run, origin):
    ann.houses().register(a_run())
    promote(ann.houses(), 1, "shadow")
    assert bob.houses().version(1).aliases == ("champion", "shadow")
    bob.houses().register(a_run())
    assert len(same_everywhere(ann, bob)) == 3
    assert ann.git("tag", at=origin).splitlines() == ["houses/v1", "houses/v2"]


def test_a_clone_made_later_has_all_of_it(ann, a_run, clone):
    for _ in range(2):
        ann.houses().register(a_run())
    promote(ann.houses(), 2)
    same_everywhere(ann, clone("carol"))


def test_of_two_who_register_at_once_the_second_gets_the_next_number(ann, bob, a_run):
    ann.houses().register(a_run())
    first, second = ann.houses(), bob.houses()  # both have looked
    assert first.register(a_run()).number == 2
    made = second.register(a_run())  # this push is rejected
    assert (made.number, made.aliases, made.is_new) == (3, ("challenger",), True)
    assert len(same_everywhere(ann, bob)) == 3
    assert bob.subjects()[-1] == "houses: version 3 (challenger)"


def test_of_two_who_begin_a_history_at_once_one_is_first(ann, bob, a_run):
    first, second = ann.houses(), bob.houses()
    assert first.register(a_run()).aliases == ("champion",)
    made = second.register(a_run())
    assert (made.number, made.aliases) == (2, ("challenger",))
    same_everywhere(ann, bob)


def test_the_same_content_registered_at_once_is_one_version(ann, bob, a_run):
    first, second = ann.houses(), bob.houses()
    run = a_run(content="same")
    first.register(run)
    made = second.register(a_run(content="same"))
    assert (made.number, made.run, made.is_new) == (1, run.about["run"], False)
    assert len(same_everywhere(ann, bob)) == 1


def test_of_two_who_promote_at_once_the_second_is_told_who_did(ann, bob, a_run):
    for _ in range(3):
        ann.houses().register(a_run())
    first, second = ann.houses(), bob.houses()
    promote(first, 2, why="recall")
    with pytest.raises(MlopsError, match="alias-moved") as refused:
        promote(second, 3)
    assert refused.value.exit_code == 3
    assert "version 2 since" in refused.value.problems[0].found
    assert "recall" in refused.value.problems[0].found
    assert "came too late: champion, " in same_everywhere(ann, bob)[-1].why
    assert bob.houses().holder("champion").version == 2
    promote(bob.houses(), 3)
    assert same_everywhere(ann, bob)[-1].was == 2


def test_two_names_may_be_moved_at_once(ann, bob, a_run):
    for _ in range(2):
        ann.houses().register(a_run())
    first, second = ann.houses(), bob.houses()
    promote(first, 2)
    promote(second, 2, "shadow")
    assert [each.alias for each in same_everywhere(ann, bob)[2:]] == ["champion", "shadow"]


# Without the remote.


def test_without_the_remote_an_act_stands_here_and_the_next_command_pushes(ann, bob, a_run, origin):
    ann.houses().register(a_run())
    away(ann)
    versions = ann.houses()
    versions.register(a_run())
    (told,) = versions.ledger.take_notes()
    assert told.startswith("not pushed to origin yet")
    assert [len(each.houses().all()) for each in (ann, bob)] == [2, 1]
    back(ann, origin)
    assert len(same_everywhere(ann, bob)) == 2


def test_acts_of_both_sides_come_together_when_the_remote_is_back(ann, bob, a_run, origin):
    ann.houses().register(a_run())
    bob.houses()
    away(bob)
    bob.houses().register(a_run())
    bob.houses().register(a_run())
    promote(bob.houses(), 3)
    promote(bob.houses(), 2, "shadow")
    ann.houses().register(a_run())
    back(bob, origin)
    versions = bob.houses()
    assert sorted(versions.ledger.take_notes()) == [
        "version 2 of houses, not pushed yet, is 3 now",
        "version 3 of houses, not pushed yet, is 4 now",
    ]
    assert (versions.holder("champion").version, versions.holder("shadow").version) == (4, 3)
    with pytest.raises(MlopsError, match="version-renumbered") as refused:
        promote(versions, 2)
    assert refused.value.exit_code == 3
    assert len(same_everywhere(ann, bob)) == 6


def test_a_promotion_that_came_too_late_is_told_by_the_number_its_version_has_now(
    ann, bob, a_run, origin
):
    ann.houses().register(a_run())
    bob.houses()
    away(bob)
    bob.houses().register(a_run())
    promote(bob.houses(), 2)
    ann.houses().register(a_run())
    promote(ann.houses(), 2)
    back(bob, origin)
    (_, undone) = bob.houses().ledger.take_notes()
    assert undone.endswith("houses: promote, champion 1 → 3")
    assert "promote to version 3 came too late" in same_everywhere(ann, bob)[-1].why


def test_a_promotion_that_came_too_late_is_told_and_undone(ann, bob, a_run, origin):
    for _ in range(3):
        ann.houses().register(a_run())
    bob.houses()
    away(bob)
    promote(bob.houses(), 3)
    promote(bob.houses(), 2)
    promote(ann.houses(), 2)
    back(bob, origin)
    who = ann.houses().holder("champion").who
    assert bob.houses().ledger.take_notes() == [
        f"undone, somebody else was faster ({who} gave it to version 2): {act}"
        for act in ("houses: promote, champion 1 → 3", "houses: promote, champion 3 → 2")
    ]
    entries = same_everywhere(ann, bob)
    assert [each.act for each in entries[4:]] == ["undone", "undone"]
    assert "promote to version 3 came too late" in entries[4].why


def test_two_models_acted_on_without_the_remote_both_come_together(ann, bob, a_run, origin):
    ann.houses().register(a_run())
    bob.houses()
    away(bob)
    boats = bob.registry(name="boats")
    boats.versions(bob.outputs, "").register(a_run())
    bob.houses().register(a_run())
    ann.houses().register(a_run())
    back(bob, origin)
    assert bob.houses().version(3).aliases == ("challenger",)
    same_everywhere(ann, bob)
    assert ann.registry(name="boats").versions(ann.outputs, "").usable()
    assert ann.git("tag").splitlines() == ["boats/v1", "houses/v1", "houses/v2", "houses/v3"]


def test_a_remote_that_refuses_is_quoted_and_costs_nothing(ann, a_run, origin):
    hook(origin, "pre-receive", "echo models are frozen >&2; exit 1")
    versions = ann.houses()
    assert versions.register(a_run()).number == 1
    (told,) = versions.ledger.take_notes()
    assert "pre-receive hook declined" in told
    assert "models are frozen" in told
    hook(origin, "pre-receive", "exit 0")
    same_everywhere(ann)


def test_a_remote_that_does_not_answer_is_left_after_a_while(ann, a_run, origin):
    hook(origin, "pre-receive", "exec sleep 600")
    versions = ann.houses(timeout_s=0.5)
    assert versions.register(a_run()).number == 1
    assert "no answer within 0.5 s" in versions.ledger.take_notes()[0]
    hook(origin, "pre-receive", "exit 0")
    same_everywhere(ann)


def test_no_password_is_told(ann, a_run):
    ann.git("remote", "set-url", "origin", "http://ann:hunter2@127.0.0.1:9/x.git")
    versions = ann.houses()
    versions.register(a_run())
    told = " ".join(versions.ledger.take_notes())
    assert "127.0.0.1" in told
    assert "hunter2" not in told


def test_a_branch_deleted_on_the_remote_is_pushed_again(ann, a_run, origin):
    ann.houses().register(a_run())
    ann.git("update-ref", "-d", "refs/heads/models", at=origin)
    same_everywhere(ann)
    assert ann.git("rev-parse", "models", at=origin) == ann.git("rev-parse", "models")


# What others have no business to do.


def test_a_history_changed_on_the_remote_is_refused_and_nothing_follows_it(ann, bob, a_run):
    for _ in range(2):
        ann.houses().register(a_run())
    bob.houses()
    mallory = bob.folder.parent / "mallory"
    bob.git("clone", "--quiet", "--branch", "models", bob.git("remote", "get-url", "origin"),
            str(mallory))  # fmt: skip
    ledger = mallory / "models/houses/ledger.jsonl"
    ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:1]))
    bob.git("commit", "-qam", "tidy", at=mallory)
    bob.git("push", "-q", at=mallory)
    before = bob.git("rev-parse", "models")
    with pytest.raises(MlopsError, match="The history of houses on origin") as refused:
        bob.houses()
    assert refused.value.exit_code == 3
    assert bob.git("rev-parse", "models") == before
    assert len(bob.houses(remote=None).ledger.verify()) == 2


@pytest.fixture
def pushed(ann, bob, a_run):
    """Push a change of files that somebody made by hand to a history that bob knows."""
    for _ in range(2):
        ann.houses().register(a_run())
    bob.houses()

    def push(change):
        hand = bob.folder.parent / "hand"
        source = bob.git("remote", "get-url", "origin")
        bob.git("clone", "--quiet", "--branch", "models", source, str(hand))
        change(hand / "models/houses")
        bob.git("add", "--all", at=hand)
        bob.git("commit", "-qm", "by hand", at=hand)
        bob.git("push", "-q", at=hand)

    return push


def test_a_history_taken_away_on_the_remote_is_refused_and_stays_here(bob, pushed):
    before = bob.git("rev-parse", "models")
    pushed(shutil.rmtree)
    with pytest.raises(MlopsError, match="The history of houses on origin") as refused:
        bob.houses()
    assert refused.value.exit_code == 3
    assert bob.git("rev-parse", "models") == before
    assert len(bob.houses(remote=None).ledger.verify()) == 2


def by_a_later_release(folder):
    (folder / "format.json").write_text('{"number": 9, "release": "9.1.0"}')
    ledger = folder / "ledger.jsonl"
    ledger.write_text(ledger.read_text() + '{"seq": 3, "later": "field"}\n')


def test_a_history_that_a_newer_release_pushed_is_named_so(bob, pushed):
    before = bob.git("rev-parse", "models")
    pushed(by_a_later_release)
    with pytest.raises(MlopsError, match="newer-format") as refused:
        bob.houses()
    (problem,) = refused.value.problems
    assert problem.next_step == "pip install 'mlops>=9.1.0'"
    assert problem.says.startswith("houses has format 9")
    assert bob.git("rev-parse", "models") == before


def test_a_branch_that_a_newer_release_wrote_is_named_so(bob, pushed):
    pushed(by_a_later_release)
    bob.git("fetch", "-q", "origin", "+models:models")  # as `git pull` brings it
    with pytest.raises(MlopsError, match="newer-format"):
        bob.houses(remote=None)


def test_code_that_others_pushed_to_the_current_branch_is_left_to_git_pull(ann, bob, a_run):
    ann.houses(branch=None).register(a_run())
    bob.git("pull", "--quiet")
    (ann.folder / "code.py").write_text("x = 1\n")
    ann.git("add", "code.py")
    ann.git("commit", "-qm", "code")
    ann.git("push", "-q", "origin", "main")
    versions = bob.houses(branch=None)
    (told,) = versions.ledger.take_notes()
    assert "git pull" in told
    assert not (bob.folder / "code.py").exists()
    bob.git("pull", "--quiet")
    versions = bob.houses(branch=None)
    versions.register(a_run())
    assert versions.ledger.take_notes() == []
    assert ann.houses(branch=None).all() == versions.all()
    assert bob.git("status", "--porcelain") == ann.git("status", "--porcelain") == ""


# Real races.


def race(cli, script, *arguments):
    """Start one process for each list of arguments, and let them go at once."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, *each],
            env=cli.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in arguments
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0] * len(started), told
    return [json.loads(out) for out, _ in told]


def test_two_processes_that_register_at_once_leave_no_gap(ann, bob, a_run, cli):
    each = [[str(c.folder), *(str(a_run().folder) for _ in range(3))] for c in (ann, bob)]
    numbers = race(cli, REGISTER, *each)
    assert sorted(numbers[0] + numbers[1]) == [1, 2, 3, 4, 5, 6]
    assert len(same_everywhere(ann, bob)) == 6


def test_processes_that_register_in_one_clone_at_once_leave_no_gap(ann, a_run, cli):
    each = [[str(ann.folder), str(a_run().folder)] for _ in range(4)]
    assert sorted(race(cli, REGISTER, *each)) == [[1], [2], [3], [4]]
    assert len(same_everywhere(ann)) == 4


def test_of_two_processes_that_promote_at_once_one_wins(ann, bob, a_run, cli):
    for _ in range(3):
        ann.houses().register(a_run())
    bob.houses()
    told = race(cli, PROMOTE, [str(ann.folder), "2"], [str(bob.folder), "3"])
    assert sorted(code for code, _ in told) == [0, 3]
    won = next(number for code, number in told if code == 0)
    ledger = same_everywhere(ann, bob)
    assert [each.version for each in ledger if each.act == "promote"] == [won]


REGISTER = """
import json, sys
from pathlib import Path
from mlops.registry.git import Git
from mlops.registry.shelf import Candidate

folder, *runs = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
found = [
    Git(repository=folder).versions(Path(folder), "houses").register(Candidate.of(Path(run)))
    for run in runs
]
print(json.dumps([each.number for each in found]))
"""

PROMOTE = """
import json, sys
from pathlib import Path
from mlops.core.errors import MlopsError
from mlops.registry.git import Git
from mlops.registry.moves import Moves

folder, number = sys.argv[1], int(sys.argv[2])
versions = Git(repository=folder).versions(Path(folder), "houses")
seen, code = versions.holder("champion"), 0
print("ready", flush=True)
sys.stdin.readline()
try:
    Moves(versions, lambda intent: None).promote(number, "champion", seen=seen, why="")
except MlopsError as error:
    code = error.exit_code
print(json.dumps([code, number]))
"""
