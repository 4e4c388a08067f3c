"""Whoever is killed, and wherever: the store is in order; old or new is served, never neither."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.inspection import inspect, inspect_backup
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves
from mlops.registry.restore import restore
from mlops.registry.versions import Versions

POINTS = {"register": 15, "promote": 20, "rollback": 15}
FEW = 12
OLD = Path(__file__).with_name("format_1")
KILLED_AT = Path(__file__).with_name("killed_at.py").read_text()


@pytest.fixture
def killed(cli):
    """Go on with a store in a process of its own, killed after so many steps; 0 for not at all."""

    def run(acts: str, store: Path, steps: int, *more: str) -> subprocess.CompletedProcess[str]:
        script = [sys.executable, "-c", KILLED_AT + WATCHED + acts, str(store), str(steps), *more]
        return subprocess.run(
            script, env=cli.environment(), capture_output=True, text=True, check=False, timeout=60
        )

    return run


def steps_of(ran):
    """How many steps were taken at the end of each act."""
    assert ran.returncode == 0, ran.stderr
    return {name: int(steps) for name, steps in map(str.split, ran.stdout.splitlines())}


def some(count, first, last):
    return sorted(random.Random(first).sample(range(first + 1, last), count))


def test_killed_at_fifty_points_it_leaves_a_store_that_is_in_order(
    killed, three, a_run, outputs, work, cli
):
    candidate = a_run()

    def go(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        shutil.copytree(outputs / "registry", store / "registry")
        return killed(ACTS, store, steps, str(candidate.folder))

    ends = {"start": 0, **steps_of(go(work / "whole", 0))}
    acts = {act: (ends[before], ends[act]) for before, act in pairwise(ends)}
    points = [point for act, count in POINTS.items() for point in some(count, *acts[act])]
    assert len(points) == 50
    seen = set()
    for number, point in enumerate(points):
        store = work / f"killed-{point}"
        assert go(store, point).returncode == -9
        if number % 16 == 0:  # what doctor asks is asked of every store, doctor itself of some
            told = cli("doctor", f"outputs={store.name}", "tracker=offline", "ui=json").json
            row = next(row for row in told["details"]["rows"] if row["check"] == "versions")
            assert row["state"] in ("ok", "look"), row
        seen.add(_is_in_order(store, a_run))
    assert len(seen) >= 5


def test_killed_while_the_first_version_goes_online_it_is_there_and_online_or_never_was(
    killed, a_run, work
):
    candidate = a_run()

    def go(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        store.mkdir()
        return killed(FIRST, store, steps, str(candidate.folder))

    last = steps_of(go(work / "whole", 0))["register"]
    found = set()
    for point in some(FEW, 0, last):
        store = work / f"killed-{point}"
        assert go(store, point).returncode == -9
        versions = Versions(store, "houses")
        acts = Moves(versions, lambda intent, store=store: _deploy(store, intent.version))
        found.add((_begun(versions), len(versions.all())))
        acts.settle()
        assert [each.aliases for each in versions.all()] in ([], [("champion",)])
        acts.register(a_run())
        assert (versions.holder("champion").version, _online(store)) == (1, 1)
        assert (store / "online.json").exists()
        assert inspect(store)[0] == "ok"
    assert {(True, 0), (True, 1)} <= found


def test_killed_while_it_is_upgraded_a_store_is_old_or_new_and_the_next_command_ends_it(
    killed, work
):
    def go(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        shutil.copytree(OLD, store / "registry")
        (store / "registry/houses/head.json").unlink()
        return killed(UPGRADE, store, steps)

    last = steps_of(go(work / "whole", 0))["upgrade"]
    history = (OLD / "houses/ledger.jsonl").read_bytes()
    for point in some(FEW, 0, last):
        store = work / f"killed-{point}"
        assert go(store, point).returncode == -9
        assert inspect(store)[0] in ("ok", "look")
        versions = Versions(store, "houses")
        assert len(versions.usable()) == 3
        assert versions.ledger.path.read_bytes() == history
        assert (versions.folder / "head.json").exists()
        assert inspect(store)[0] == "ok"
        kept = [Archive(path) for path in Backups(store).all()]
        assert kept
        assert not any("registry/houses/head.json" in each.files for each in kept)


def test_killed_while_it_is_backed_up_a_store_has_whole_backups_only(killed, three, outputs, work):
    def go(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        shutil.copytree(outputs / "registry", store / "registry")
        return killed(BACK_UP, store, steps)

    last = steps_of(go(work / "whole", 0))["backup"]
    for point in some(FEW, 0, last):
        store = work / f"killed-{point}"
        assert go(store, point).returncode == -9
        for path in Backups(store).all():
            assert len(Archive(path).files) == 15
        assert inspect(store)[0] == "ok"
        assert inspect_backup(store)[0] in ("ok", "look")


def test_killed_while_it_is_restored_the_next_restoration_ends_it(killed, three, outputs, work):
    def go(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        shutil.copytree(outputs / "registry", store / "registry")
        return killed(RESTORE, store, steps)

    ends = steps_of(go(work / "whole", 0))
    for point in some(FEW, ends["damage"], ends["restore"]):
        store = work / f"killed-{point}"
        assert go(store, point).returncode == -9
        restore(store, "houses", Archive(store / "kept.tar"))
        assert inspect(store)[0] == "ok"
        versions = Versions(store, "houses")
        assert len(versions.usable()) == 3
        assert [entry.act for entry in versions.ledger.verify()][:4] == ["register"] * 3 + [
            "promote"
        ]


def _is_in_order(store: Path, a_run) -> tuple[int, int, bool]:
    """Check one store as the next command finds it, and go on with it; return what was found."""
    versions = Versions(store, "houses")
    assert inspect(store)[0] in ("ok", "look")
    found = (len(versions.all()), versions.holder("champion").version, _begun(versions))
    online = _online(store)
    assert online in (1, 2, 4)  # one of those that were ever champion

    Moves(versions, lambda intent: _deploy(store, intent.version)).settle()
    assert not _begun(versions)
    assert _online(store) == versions.holder("champion").version
    assert versions.register(a_run()).number == found[0] + 1
    assert versions.ledger.torn() == 0
    assert inspect(store)[0] == "ok"
    assert len(versions.usable()) == found[0] + 1
    return found


def _begun(versions: Versions) -> bool:
    return Intent.read(versions.folder) is not None


def _deploy(store: Path, number: int) -> None:
    (store / "online.json").write_text(json.dumps(number))


def _online(store: Path) -> int:
    path = store / "online.json"
    return json.loads(path.read_text()) if path.exists() else 1


WATCHED = """
import json, sys
from pathlib import Path
from mlops.core.paths import write_whole
from mlops.registry.archive import Archive
from mlops.registry.backups import Backups
from mlops.registry.moves import Moves
from mlops.registry.restore import restore
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions
import mlops.registry.upgrade

store, last = Path(sys.argv[1]), int(sys.argv[2])

def deploy(intent):
    write_whole(store / "online.json", json.dumps(intent.version))

versions = Versions(store, "houses")
moves, backups = Moves(versions, deploy), Backups(store)
sys.settrace(watch)
"""

ACTS = """
number = versions.register(Candidate.of(Path(sys.argv[3]))).number
print("register", steps)
moves.promote(2, "champion", seen=versions.holder("champion"), why="better")
moves.promote(number, "champion", seen=versions.holder("champion"), why="better still")
print("promote", steps)
moves.rollback("champion", seen=versions.holder("champion"), why="worse")
moves.rollback("champion", seen=versions.holder("champion"), why="much worse")
print("rollback", steps)
"""

FIRST = """
moves.register(Candidate.of(Path(sys.argv[3])))
print("register", steps)
"""

UPGRADE = """
versions.all()
print("upgrade", steps)
"""

BACK_UP = """
for _ in range(2):
    backups.remember(backups.make(backups.new(), [versions]))
    backups.prune(1)
print("backup", steps)
"""

RESTORE = """
backups.make(store / "kept.tar", [versions])
moves.promote(2, "champion", seen=versions.holder("champion"), why="better")
history = versions.ledger.path
history.write_bytes(history.read_bytes().replace(b'"version": 3', b'"version": 1'))
(versions.folder / "versions/2/model/model.skops").unlink()
print("damage", steps)
restore(store, "houses", Archive(store / "kept.tar"))
print("restore", steps)
"""
