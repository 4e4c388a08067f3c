"""One row through a lowered program beside scikit-learn: `python lowered.py [MODEL …]`.

Trains each model on the credits, loads it as the server does, and times both in turn in one
process. The ratio is the median of the ratios of pairs that ran one after the other.
"""

from __future__ import annotations

import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mlops.registry.versions import Versions
from mlops.serving.loading import load, vectorised

MODELS = ("linear", "sgd", "hist_gbm", "random_forest")
WORDS = ("recipe=credit_scoring", "evaluator.classification.gates={}", "tracker=offline")
PAIRS, MANY = 15, 100


def main() -> None:
    """Print the table."""
    print("model          path      one row us  100 rows us  scikit-learn us  times faster")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, model in enumerate(sys.argv[1:] or MODELS, start=1):
            words = [*WORDS, f"model={model}", "ui=silent"]
            subprocess.run([sys.executable, "-m", "mlops", *words], cwd=folder, check=True)
            print(f"{model:<14}", one(folder, number), flush=True)


def one(folder: Path, number: int) -> str:
    """One row of the table."""
    served, pipeline = load(Versions(folder / "outputs", "credit_scoring"), number)
    if served.program is None:
        return f"{served.path}: {served.why}"
    program = pickle.loads(pickle.dumps(served)).program
    slow = vectorised(pipeline, served.schema)
    row = tuple(served.schema.example[0].values())
    fast_s, slow_s = [], []
    for _ in range(PAIRS):
        fast_s.append(seconds(lambda: program([row]), 200))
        slow_s.append(seconds(lambda: slow([row]), 3))
    many_s = [seconds(lambda: program([row] * MANY), 3) for _ in range(PAIRS)]
    ratio = statistics.median(b / a for a, b in zip(fast_s, slow_s, strict=True))
    medians = [statistics.median(each) * 1e6 for each in (fast_s, many_s, slow_s)]
    return (
        f"{served.path:<8} {medians[0]:11.1f} {medians[1]:12.0f} {medians[2]:16.0f} {ratio:13.0f}"
    )


def seconds(call: Callable[[], object], times: int) -> float:
    """Seconds a call, the mean of several."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main()
