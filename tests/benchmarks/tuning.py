"""Searches beside those by hand, in turn, in one run: `python tuning.py [NAME … [KEY=VALUE …]]`.

`speed` (rows, trials, seeds, models), `overhead` (trials) and `memory` (trials). Nothing else
should run meanwhile.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from ratios import MLOPS, emptied, environment, hand, whole  # noqa: E402

SEARCH = ["data=parquet", "data.path=rows.parquet", "data.target=y", "cleaner=keep_all"]
SEARCH += ["features=rich", "registry=dry_run", "tuner=optuna"]
SAME = ["tuner.space.features.degree=null", "tuner.space.features.keep=null"]  # as by hand
MODELS = "ridge,hist_gbm"


def speed(
    scratch: Path, *, rows: int = 20_000, trials: int = 100, seeds: int = 5, models: str = MODELS
) -> list[Any]:
    """Hundred trials behind rich features: plain Optuna and GridSearchCV, each with two jobs.

    The grid's work is the same whatever the seed: it is done once for each model.
    """
    found = []
    for model in models.split(","):
        for seed in range(seeds):
            folder = emptied(scratch / f"{model}{seed}")
            written(folder, rows, seed)
            by_hand = hand("tuned_by_hand.py", str(folder), model, str(trials), str(seed))
            words = [*SAME, f"model={model}", f"seed={seed}", f"tuner.trials={trials}"]
            theirs, best = printed([*by_hand, "optuna"], folder)
            ours = whole([*MLOPS, *SEARCH, *words], folder)
            grid = printed([*by_hand, "grid"], folder)[0] if seed == 0 else math.nan
            mine = newest(folder)["metrics"][0]["cv_mean"]
            row = (model, seed, theirs / ours, grid / ours, ours, theirs, grid, mine / best - 1)
            found.append(row)
            told = "{0:<9} seed {1}  optuna {2:5.2f} ×   {4:6.1f} s / {5:.1f} s   best {7:+.3%}"
            told += "   grid {3:5.2f} × ({6:.1f} s)" if seed == 0 else ""
            print(told.format(*row), flush=True)
        mine = [row for row in found if row[0] == model]
        faster, worse = (statistics.median(r[at] for r in mine) for at in (2, 7))
        than_grid = mine[0][6] / statistics.median(r[4] for r in mine)
        print(f"{model:<9} median  optuna {faster:5.2f} × (limit 1.5)  grid {than_grid:5.2f} × "
              f"(limit 2)   best {worse:+.3%} (limit 0.1%)", flush=True)  # fmt: skip
    return found


def written(folder: Path, count: int, seed: int) -> None:
    """Write rows of thirty columns, and the parts and folds that mlops makes of them."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(count, 20))
    few = random.integers(0, 6, size=(count, 6))
    many = random.integers(0, 200, size=(count, 4))
    effects = random.normal(size=(4, 200))
    y = numbers[:, :6] @ [3, 2, 1, 1, 1, 1] + 2 * numbers[:, 0] * numbers[:, 1]
    y += np.sin(3 * numbers[:, 2]) + 1.5 * (few[:, 0] == 2) - (few[:, 1] > 3)
    y += sum(effects[at][many[:, at]] for at in range(4)) + random.normal(0, 3, count)
    columns = {f"n{at}": numbers[:, at] for at in range(20)}
    columns |= {f"few{at}": [f"f{each}" for each in few[:, at]] for at in range(6)}
    columns |= {f"many{at}": [f"c{each}" for each in many[:, at]] for at in range(4)}
    pd.DataFrame(columns).assign(y=y).to_parquet(folder / "rows.parquet")
    code = (
        "import sys; from pathlib import Path\n"
        "from mlops.config.catalogue import Catalogue\n"
        "from mlops.config.compose import compose\n"
        "from mlops.config.job import Job\n"
        "from mlops.core.store import Store\n"
        "from mlops.flow.prepare import prepare, write_split\n"
        "from mlops.flow.steps import Steps\n"
        "from mlops.ui.silent import Silent\n"
        "job = Job.of(compose(sys.argv[1:], Catalogue(Path.cwd())))\n"
        "split = prepare(job, Steps(Store(job.outputs / 'cache'), job.name, Silent())).split\n"
        "write_split(split, Path.cwd()); Path('rows.npz').rename('folds.npz')\n"
    )
    whole([sys.executable, "-c", code, *SEARCH, f"seed={seed}", "outputs=elsewhere"], folder)


def printed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds from start to exit, and the number on the last line."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(), check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds, float(done.stdout.split()[-1])


def newest(folder: Path) -> Any:
    """The result of the last run in `folder`."""
    runs = (folder / "outputs" / "runs").iterdir()
    return json.loads(
        (max(runs, key=lambda each: each.stat().st_mtime) / "result.json").read_text()
    )


def overhead(scratch: Path, *, trials: int = 200) -> float:
    """What one more trial costs beyond its fits, with two workers; what starting them costs."""
    folder = emptied(scratch / "overhead")
    written(folder, 400, 0)
    words = [*SEARCH, "features=passthrough", "model=ridge", "tuner.pruner=null", "ui=silent"]
    whole([*MLOPS, *words, "tuner.trials=4"], folder)
    took, beyond = {}, {}
    for count in (trials // 2, trials):
        whole([*MLOPS, *words, f"tuner.trials={count}"], folder)
        steps = newest(folder)["steps"]
        [took[count]] = [step["seconds"] for step in steps if step["name"] == "tuner"]
        run = max((folder / "outputs" / "runs").iterdir(), key=lambda each: each.stat().st_mtime)
        fitted = sum(each["seconds"] for each in json.loads((run / "trials.json").read_text()))
        beyond[count] = took[count] - fitted / 2
    each = (beyond[trials] - beyond[trials // 2]) / (trials - trials // 2) * 1000
    start = beyond[trials] - trials * each / 1000
    print(
        f"overhead of a trial {each:.1f} ms (limit 30), of the search {start:.1f} s; "
        f"{trials} trials took {took[trials]:.1f} s",
        flush=True,
    )
    return each


def memory(scratch: Path, *, trials: int = 1000) -> tuple[float, ...]:
    """Resident memory along a search of trials that take no time: our driver, and plain Optuna.

    Plain Optuna keeps such a study in a file too, and nothing of the folds. Gives the megabytes
    early and late, and the kilobytes that a trial adds, ours and theirs.
    """
    folder = emptied(scratch / "memory")
    written(folder, 400, 0)
    words = ["features=passthrough", "model=ridge", "tuner=random", f"tuner.trials={trials}"]
    command = [*MLOPS, *SEARCH, *words, "tracker=offline", "ui=silent", "tuner.study=one"]
    process = subprocess.Popen(command, cwd=folder, env=environment())
    journal, seen = folder / "outputs" / "studies" / "rows" / "one.journal", []
    while process.poll() is None:
        time.sleep(0.05)
        done = journal.read_text().count('"state":1,') if journal.exists() else 0
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        if 0 < done < trials:
            seen.append((done, pages * 4096 / 1e6))
    if process.returncode:
        raise SystemExit(f"exit {process.returncode}")
    marks = [trials // 5, trials * 2 // 5, trials * 3 // 5, trials * 4 // 5, trials - 1]
    sizes = [min(seen, key=lambda each, mark=mark: abs(each[0] - mark))[1] for mark in marks]
    told = ", ".join(f"{m}: {s:.1f}" for m, s in zip(marks, sizes, strict=True))
    print(f"resident memory, MB, after so many trials: {told}", flush=True)
    code = (
        "import sys, optuna; from optuna.storages import journal, JournalStorage\n"
        "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
        "kept = JournalStorage(journal.JournalFileBackend('plain.journal'))\n"
        "study = optuna.create_study(storage=kept, sampler=optuna.samplers.RandomSampler(0))\n"
        "score = lambda trial: trial.suggest_float('model.alpha', 1e-4, 1e4, log=True)\n"
        "for count in map(int, sys.argv[1:]):\n"
        "    study.optimize(score, count)\n"
        "    print(int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6)\n"
    )
    by_hand = [sys.executable, "-c", code, str(marks[0]), str(marks[-1] - marks[0])]
    done = subprocess.run(by_hand, cwd=folder, capture_output=True, text=True, check=True)
    plain = [float(each) for each in done.stdout.split()]
    ours, theirs = ((e[-1] - e[0]) * 1000 / (marks[-1] - marks[0]) for e in (sizes, plain))
    print(f"each trial adds {ours:.1f} kB, with plain Optuna {theirs:.1f} kB", flush=True)
    return sizes[0], sizes[-1], ours, theirs


BENCHMARKS = {each.__name__: each for each in (speed, overhead, memory)}

if __name__ == "__main__":
    names = [each for each in sys.argv[1:] if "=" not in each] or [*BENCHMARKS]
    given = [each.partition("=") for each in sys.argv[1:] if "=" in each]
    keys: dict[str, Any] = {key: int(v) if v.isdigit() else v for key, _, v in given}
    with tempfile.TemporaryDirectory() as place:
        for each in names:
            BENCHMARKS[each](Path(place), **keys)
