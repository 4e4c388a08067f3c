"""Times mlops beside what people write by hand, in turn, in one run: `python ratios.py [NAME …]`.

Each row is the median of the ratios of pairs that ran one after the other, so that a machine
whose speed drifts changes both sides. Nothing else should run meanwhile.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "mlops" / "data" / "files" / "boston_housing.csv"
MLOPS = [sys.executable, "-m", "mlops"]
SWEEP = "1,2,3,4,5,6,7,8,9,10"


def hand(script: str, *words: str) -> list[str]:
    """The command of a hand-written script."""
    return [sys.executable, str(HERE / "scripts" / script), *words]


def whole(command: list[str], folder: Path) -> float:
    """Seconds from start to exit."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(), check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds


def verdict(command: list[str], folder: Path) -> float:
    """Seconds until the gates are on the screen, the result on the disk; then run to the end."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    seconds = 0.0
    for line in process.stdout:
        if "no leak" in line:
            seconds = time.perf_counter() - began
            newest = max((folder / "outputs" / "runs").iterdir(), key=os.path.getmtime)
            json.loads((newest / "result.json").read_text())
    if process.wait() or not seconds:
        raise SystemExit(f"{command}: no verdict")
    return seconds


def environment() -> dict[str, str]:
    """Ours, without anything that points to another tracking store."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}


def emptied(folder: Path) -> Path:
    """`folder`, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def compare(name: str, limit: str, pairs: int, ours: Callable, theirs: Callable) -> None:
    """Print one row: the median ratio, its range, the medians of both sides."""
    left, right = [], []
    for _ in range(pairs):
        right.append(theirs())
        left.append(ours())
    ratios = sorted(a / b for a, b in zip(left, right, strict=True))
    print(
        f"{name:<34} {statistics.median(ratios):6.2f} × ({ratios[0]:.2f} … {ratios[-1]:.2f})"
        f"   limit {limit:<8} {statistics.median(left):7.2f} s / {statistics.median(right):.2f} s",
        flush=True,
    )


def run(scratch: Path) -> None:
    """A run of the default recipe, its database ready."""
    ours, tracked = emptied(scratch / "ours"), emptied(scratch / "tracked")
    command = [*MLOPS, "recipe=boston_housing"]
    plain, logged = hand("plain.py", str(DATA)), hand("tracked.py", str(DATA))
    whole(command, ours)
    whole(logged, tracked)
    compare("verdict / plain", "1.5", 7, lambda: verdict(command, ours), lambda: whole(plain, ours))
    compare("run / plain", "2.5", 7, lambda: whole(command, ours), lambda: whole(plain, ours))
    compare("run / tracked", "0.6", 3, lambda: whole(command, ours), lambda: whole(logged, tracked))


def cold(scratch: Path) -> None:
    """The same with an emptied cache: nothing is reused but the database."""
    ours = emptied(scratch / "cold")
    command, plain = [*MLOPS, "recipe=boston_housing"], hand("plain.py", str(DATA))
    whole(command, ours)

    def uncached(measure: Callable) -> float:
        shutil.rmtree(ours / "outputs" / "cache")
        return measure(command, ours)

    compare(
        "verdict / plain, empty cache",
        "1.5",
        7,
        lambda: uncached(verdict),
        lambda: whole(plain, ours),
    )
    compare(
        "run / plain, empty cache", "2.5", 7, lambda: uncached(whole), lambda: whole(plain, ours)
    )


def first(scratch: Path) -> None:
    """The first run in an empty folder."""
    folder, plain = scratch / "first", hand("plain.py", str(DATA))
    compare(
        "first run / plain",
        "3",
        5,
        lambda: whole([*MLOPS, "recipe=boston_housing"], emptied(folder)),
        lambda: whole(plain, emptied(folder)),
    )


def start(scratch: Path) -> None:
    """--help and check."""
    folder, app = emptied(scratch / "start"), hand("empty_app.py")
    for word in ("--help", "check"):
        compare(
            f"{word} / empty Hydra application",
            "1.3",
            15,
            lambda word=word: whole([*MLOPS, word], folder),
            lambda: whole(app, folder),
        )


def sweep(scratch: Path) -> None:
    """Twenty jobs in an empty folder, models logged."""
    words = ["-m", "model=ridge", f"model.alpha={SWEEP}", "seed=0,1"]
    by_hand = hand("sweep_app.py", "-m", f"data={DATA}", f"alpha={SWEEP}", "seed=0,1")
    compare(
        "20 jobs by hand / mlops -m",
        ">= 8",
        1,
        lambda: whole(by_hand, emptied(scratch / "by_hand")),
        lambda: whole([*MLOPS, *words], emptied(scratch / "swept")),
    )
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{scratch / 'swept' / 'outputs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("boston_housing")
    models = client.search_logged_models([experiment.experiment_id], max_results=50)
    print(f"{'models of mlops -m in MLflow':<34} {len(models)} of 20")


def versions(scratch: Path) -> None:
    """What is answered by the ledger: history, promote and rollback, with two versions."""
    folder, app = emptied(scratch / "versions"), hand("empty_app.py")
    for model in ("linear", "ridge"):
        whole([*MLOPS, f"model={model}", "mode.folds=2", "mode.bootstrap=0"], folder)
    compare(
        "history / empty Hydra application",
        "1.5",
        11,
        lambda: whole([*MLOPS, "history"], folder),
        lambda: whole(app, folder),
    )
    acts = itertools.cycle([["promote", "version=2"], ["rollback"]])
    compare(
        "promote, rollback / empty Hydra app",
        "1.5",
        12,
        lambda: whole([*MLOPS, *next(acts)], folder),
        lambda: whole(app, folder),
    )


def runs(scratch: Path) -> None:
    """Ten thousand runs, listed: the newest, and all; and once more without the index."""
    folder, count = emptied(scratch / "runs"), 10_000
    whole([*MLOPS, "mode.folds=2", "mode.bootstrap=0"], folder)
    [real] = (folder / "outputs" / "runs").iterdir()
    result = (real / "result.json").read_bytes()
    for number in range(count - 1):
        copy = real.with_name(f"{real.name[:-8]}{number:08x}")
        copy.mkdir()
        (copy / "result.json").write_bytes(result)
    first = whole([*MLOPS, "runs"], folder)
    for what, words in (("the newest 20", ()), ("all", ("last=0",))):
        took = [whole([*MLOPS, "runs", *words], folder) for _ in range(7)]
        middle, least, most = statistics.median(took), min(took), max(took)
        print(f"{f'runs, {what} of {count:,}':<34} {middle:6.2f} s ({least:.2f} … {most:.2f})"
              "   limit 1 s", flush=True)  # fmt: skip
    print(f"{'runs, no index yet':<34} {first:6.2f} s")
    app = hand("empty_app.py")
    compare(
        f"runs of {count:,} / empty Hydra app",
        "1 s",
        7,
        lambda: whole([*MLOPS, "runs"], folder),
        lambda: whole(app, folder),
    )


BENCHMARKS = {each.__name__: each for each in (run, cold, first, start, sweep, versions, runs)}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for name in sys.argv[1:] or BENCHMARKS:
            BENCHMARKS[name](Path(scratch))
