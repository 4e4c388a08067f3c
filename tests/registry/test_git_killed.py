"""Whoever is killed, and wherever: the branch is in order, and the next command ends the act."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.registry.inspection import inspect_kept
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves

POINTS = 20
KILLED_AT = Path(__file__).with_name("killed_at.py").read_text()


@pytest.fixture
def act(clone, a_run, cli, work, origin):
    """Register, promote and roll back in a copy of Ann's clone, killed after so many steps.

    Her first push is rejected: Bob's version is pushed between her look and her act.
    """
    ann, bob = clone("ann"), clone("bob")
    for _ in range(2):
        ann.houses().register(a_run())
    bob.houses()
    bob.houses(remote=None).register(a_run())
    for each in (ann, bob):
        each.git("remote", "set-url", "origin", "../origin.git")
    candidate = str(a_run().folder)

    def killed(name: str, steps: int) -> tuple[subprocess.CompletedProcess[str], type]:
        world = work / name
        for folder in (origin, ann.folder, bob.folder):
            shutil.copytree(folder, world / folder.name, symlinks=True)
        ran = subprocess.run(
            [sys.executable, "-c", KILLED_AT + ACTS, str(world), candidate, str(steps)],
            env=cli.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return ran, type(ann)(world / "ann", world)

    return killed


def test_killed_at_twenty_points_it_leaves_a_branch_that_is_in_order(act, a_run):
    whole, _ = act("whole", 0)
    assert whole.returncode == 0, whole.stderr
    seen = set()
    for point in points(*map(int, whole.stdout.split())):
        ran, clone = act(f"killed-{point}", point)
        assert ran.returncode == -9, ran.stderr
        seen.add(_goes_on(clone, a_run))
        shutil.rmtree(clone.outputs)
    _, holders, begun = map(set, zip(*seen, strict=True))
    assert (holders, begun) == ({1, 4}, {True, False})  # before, within and after an act


def points(*ends: int) -> list[int]:
    """As many steps in each act, at random; what takes longest is not all that is tried."""
    draw, each = random.Random(0), -(-POINTS // len(ends))
    acts = [range(begin + 1, end) for begin, end in itertools.pairwise((0, *ends))]
    return [point for act in acts for point in sorted(draw.sample(act, each))]


def _goes_on(clone, a_run) -> tuple[int, int, bool]:
    """Look at what was left as the next command does, and go on with it."""
    assert inspect_kept(*clone.registry().kept(clone.outputs))[0] in ("ok", "look")
    versions = clone.houses()
    assert versions.ledger.take_notes() in ([], ["version 3 of houses, not pushed yet, is 4 now"])
    found = (len(versions.all()), versions.holder("champion").version)
    begun = Intent.read(versions.folder) is not None
    Moves(versions, lambda intent: None).settle()
    assert Intent.read(versions.folder) is None
    assert versions.holder("champion").version in (1, 2, 4)
    count = len(versions.all())
    assert versions.register(a_run()).number == count + 1
    assert versions.usable() == versions.all()
    assert versions.ledger.take_notes() == []
    assert clone.tags() == [f"houses/v{number}" for number in range(1, count + 2)]
    assert clone.git("tag", at=clone.outputs / "origin.git").splitlines() == clone.tags()
    assert clone.git("rev-parse", "models") == clone.git("rev-parse", "origin/models")
    clone.git("fsck", "--strict", "--no-dangling")
    leftovers = [each.name for each in (clone.folder / ".git/mlops/models").glob(".*")]
    assert leftovers == [".lock"]
    return (*found, begun)


ACTS = """
import subprocess, sys
from pathlib import Path
from mlops.registry.git import Git
from mlops.registry.moves import Moves
from mlops.registry.shelf import Candidate

world, last = Path(sys.argv[1]), int(sys.argv[3])

versions = Git(repository=str(world / "ann")).versions(world, "houses")
moves = Moves(versions, lambda intent: None)
push = ["git", "-C", str(world / "bob"), "push", "-q", "--tags", "origin", "models"]
subprocess.run(push, check=True)
sys.settrace(watch)
number = versions.register(Candidate.of(Path(sys.argv[2]))).number
ends = [steps]
moves.promote(number, "champion", seen=versions.holder("champion"), why="better")
ends.append(steps)
moves.rollback("champion", seen=versions.holder("champion"), why="worse")
ends.append(steps)
sys.settrace(None)
assert number == 4
print(*ends)
"""
