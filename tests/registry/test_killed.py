"""Whoever is killed, and wherever: the store is in order; old or new is served, never neither."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.registry.inspection import inspect
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves
from mlops.registry.versions import Versions

POINTS = 50


@pytest.fixture
def killed(three, a_run, cli, outputs):
    """Register, promote and roll back in a copy of the store, killed after so many steps."""
    candidate = a_run()

    def run(store: Path, steps: int) -> subprocess.CompletedProcess[str]:
        shutil.copytree(outputs / "registry", store / "registry")
        script = [sys.executable, "-c", ACTS, str(store), str(candidate.folder), str(steps)]
        return subprocess.run(
            script, env=cli.environment(), capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_killed_at_fifty_points_it_leaves_a_store_that_is_in_order(killed, work, a_run):
    whole = killed(work / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    assert steps > 10 * POINTS
    seen = set()
    for point in sorted(random.Random(0).sample(range(1, steps), POINTS)):
        store = work / f"killed-{point}"
        assert killed(store, point).returncode == -9
        seen.add(_is_in_order(store, a_run))
    assert len(seen) >= 5  # the points lie in different acts, not all in the first


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


# Every line of the registry's and core's code that is run is a step; at the last one the process
# kills itself, as SIGKILL from elsewhere would at that moment.
ACTS = """
import json, os, signal, sys
from pathlib import Path
from mlops.core.paths import write_whole
from mlops.registry.moves import Moves
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions

store, last, steps = Path(sys.argv[1]), int(sys.argv[3]), 0

def watch(frame, event, argument):
    global steps
    name = frame.f_code.co_filename
    if "/mlops/registry/" not in name and "/mlops/core/" not in name:
        return None
    if event == "line":
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
    return watch

def deploy(intent):
    write_whole(store / "online.json", json.dumps(intent.version))

versions = Versions(store, "houses")
moves = Moves(versions, deploy)
candidate = Candidate.of(Path(sys.argv[2]))
sys.settrace(watch)
number = versions.register(candidate).number
moves.promote(2, "champion", seen=versions.holder("champion"), why="better")
moves.promote(number, "champion", seen=versions.holder("champion"), why="better still")
moves.rollback("champion", seen=versions.holder("champion"), why="worse")
moves.rollback("champion", seen=versions.holder("champion"), why="much worse")
sys.settrace(None)
print(steps)
"""
