"""Kills searches at random points and goes on with them: `python killed.py [SEEDS [TRIALS]]`.

One row a seed: how often its driver was killed, and whether a trial was lost, done twice or left
running. The exit code is 1 if one was.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests" / "tuner" / "trouble_project"
WORDS = [
    *("recipe=trouble", "tracker=offline", "registry=dry_run", "mode.bootstrap=0", "ui=silent"),
    *("mode.judge=false", "tuner=optuna", "tuner.pruner=null", "model.pause_s=0.02"),
    *("tuner.study=one", "tuner.resume=true"),
]


def main() -> int:
    """Print the table."""
    seeds, trials = (int(each) for each in (sys.argv[1:] + ["50", "20"][len(sys.argv) - 1 :])[:2])
    print("seed  killed  trials  lost  twice  running")
    bad = 0
    for seed in range(seeds):
        row = one(seed, trials)
        bad += any(row[2:])
        print(
            f"{seed:>4}  {row[0]:>6}  {row[1]:>6}  {row[2]:>4}  {row[3]:>5}  {row[4]:>7}",
            flush=True,
        )
    print(f"{bad} of {seeds} searches lost something or did it twice")
    return int(bad > 0)


def one(seed: int, trials: int) -> tuple[int, int, int, int, int]:
    """Killed how often; trials at the end; lost, done twice, left running."""
    chance, times = random.Random(seed), 0
    ended: dict[int, tuple[str, int]] = {}  # a trial that has ended: its slope, and its fits then
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
        xs = [chance.gauss(0, 1) for _ in range(60)]
        lines = (f"{x:.5f},{2 * x + chance.gauss(0, 0.2):.5f}\n" for x in xs)
        (folder / "points.csv").write_text("x,y\n" + "".join(lines))
        while searched(folder, trials, None if times > 9 else chance) != 0:
            times += 1
            fits = fitted(folder)
            for each in study(folder):
                if each.state.is_finished() and each.number not in ended:
                    slope = repr(each.params["model.slope"])
                    ended[each.number] = slope, fits[slope]
        last = study(folder)
        fits = fitted(folder)
    lost = trials - len(last)
    lost += sum(ended[n][0] != repr(last[n].params["model.slope"]) for n in ended)
    twice = sum(fits[slope] > before + 1 for slope, before in ended.values())  # the winner's own
    running = sum(not each.state.is_finished() for each in last)
    return times, len(last), lost, twice, running


def searched(folder: Path, trials: int, chance: random.Random | None) -> int:
    """Start the search, and kill it somewhere if there is a `chance`; its exit code."""
    command = [sys.executable, "-m", "mlops", *WORDS, f"tuner.trials={trials}"]
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if chance is None:
        return process.wait()
    end = time.monotonic() + chance.uniform(2, 12)
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    return process.wait()


def fitted(folder: Path) -> Counter[str]:
    """How often each slope was fitted."""
    path = folder / "fits.txt"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def study(folder: Path) -> list[Any]:
    """The trials as Optuna itself reads them."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = folder / "outputs" / "studies" / "trouble" / "one.journal"
    if not path.exists():
        return []
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = optuna.load_study(
        study_name="trouble", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    return found.get_trials()


if __name__ == "__main__":
    sys.exit(main())
