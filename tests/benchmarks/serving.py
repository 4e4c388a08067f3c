"""Times our server beside `mlflow models serve` and an empty handler: `python serving.py [NAME …]`.

Each server has one worker on the first core; the callers are one process on the other. Slices of
some seconds alternate, and what is printed is the median of the ratios of neighbours. Names:
linear, boosted, forest, start; `SECONDS=1 ROUNDS=1 python serving.py linear` proves that it runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECONDS, ROUNDS = float(os.environ.get("SECONDS", "4")), int(os.environ.get("ROUNDS", "5"))
CLIENTS = (1, 16, 64)
MODELS = {"linear": ("linear", 40), "boosted": ("hist_gbm", 10), "forest": ("random_forest", 5)}
READY_S = 300


def rows(count: int) -> Iterator[str]:
    """A table of six numbers and two columns of words."""
    chance = random.Random(0)
    yield "a,b,c,d,e,f,city,kind,price\n"
    for _ in range(count):
        numbers = [chance.gauss(0, 1) for _ in range(6)]
        city, kind = chance.choice(["Bern", "Biel", "Zug"]), chance.choice(["flat", "house"])
        price = sum(numbers) + 3 * (city == "Zug") + 2 * (kind == "house") + chance.gauss(0, 0.1)
        yield ",".join([*(f"{each:.4f}" for each in numbers), city, kind, f"{price:.4f}"]) + "\n"


def trained(folder: Path, model: str) -> Path:
    """A folder with one version of a model, and the same model as MLflow keeps it."""
    folder.mkdir()
    (folder / "homes.csv").write_text("".join(rows(2000)))
    words = ["data=csv", "data.path=homes.csv", "data.target=price", f"model={model}", "name=homes"]
    quick = ["mode.folds=2", "mode.bootstrap=0", "tracker=offline"]
    done = [sys.executable, "-m", "mlops", *words, *quick]
    subprocess.run(done, cwd=folder, check=True, capture_output=True)
    subprocess.run([sys.executable, __file__, "keep", str(folder)], check=True)
    return folder


def keep(folder: Path) -> None:
    """Put the first version's pipeline where `mlflow models serve` finds it."""
    import mlflow

    from mlops.registry.opened import opened
    from mlops.registry.versions import Versions

    versions = Versions(folder / "outputs", "homes")
    pipeline = opened(versions.shelf.place(1), versions.shelf.manifest(1))
    mlflow.sklearn.save_model(pipeline, folder / "mlflow", serialization_format="cloudpickle")


def port() -> int:
    """A free one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(core: int) -> dict[str, Any]:
    """For a process on the first or the last core."""
    cores = sorted(os.sched_getaffinity(0))
    return {"preexec_fn": lambda: os.sched_setaffinity(0, {cores[core]})}


@contextlib.contextmanager
def running(command: list[str], folder: Path, url: str) -> Iterator[str]:
    """A server that answers there; gives how long that took with its address."""
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        command, cwd=folder, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **pinned(0),
    )  # fmt: skip
    try:
        answering(server, url)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        server.wait(60)


def answering(server: subprocess.Popen[bytes], url: str) -> None:
    """Return when there is an answer."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        if server.poll() is not None:
            raise SystemExit(f"{server.args} ended")
        time.sleep(0.005)
    raise SystemExit(f"{url} does not answer")


def ours(folder: Path, at: int) -> list[str]:
    """The command of our server."""
    words = [f"port={at}", "name=homes", "serving.grpc_port=null", "serving.workers=1"]
    return [sys.executable, "-m", "mlops", "serve", *words]


def theirs(folder: Path, at: int) -> list[str]:
    """The command of MLflow's."""
    where = ["-m", str(folder / "mlflow"), "--port", str(at), "--env-manager", "local"]
    return [sys.executable, "-m", "mlflow", "models", "serve", *where, "--workers", "1"]


def measured(url: str, body: Path, clients: int, seconds: float = SECONDS) -> dict[str, Any]:
    """What the callers found."""
    script = str(HERE / "scripts" / "closed_loop.py")
    asked = [sys.executable, script, url, str(body), str(clients), str(seconds)]
    told = subprocess.run(asked, check=True, capture_output=True, text=True, **pinned(-1))
    found: dict[str, Any] = json.loads(told.stdout)
    if set(found["statuses"]) != {"200"} or found["errors"]:
        raise SystemExit(f"{url}: {found}")
    return found


def compare(name: str, scratch: Path) -> None:
    """Answers a second of one kind of model at each number of callers."""
    model, limit = MODELS[name]
    folder = trained(scratch / name, model)
    row = dict(zip("abcdef", [0.5] * 6, strict=True)) | {"city": "Bern", "kind": "flat"}
    bodies = {"ours": folder / "ours.json", "mlflow": folder / "mlflow.json"}
    bodies["ours"].write_text(json.dumps({"rows": [row]}))
    bodies["mlflow"].write_text(json.dumps({"dataframe_records": [row]}))
    at, theirs_at, empty_at = port(), port(), port()
    urls = {
        key: f"http://127.0.0.1:{value}" for key, value in (("ours", at), ("mlflow", theirs_at))
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(ours(folder, at), folder, f"{urls['ours']}/ready"))
        stack.enter_context(running(theirs(folder, theirs_at), folder, f"{urls['mlflow']}/ping"))
        asked = urllib.request.Request(
            f"{urls['ours']}/predict", bodies["ours"].read_bytes(),
            {"content-type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(asked) as answer:
            (folder / "answer.json").write_bytes(answer.read())
        script = [str(HERE / "scripts" / "empty_handler.py"), str(empty_at)]
        empty = [sys.executable, *script, str(folder / "answer.json")]
        urls["empty"] = f"http://127.0.0.1:{empty_at}"
        stack.enter_context(running(empty, folder, urls["empty"]))
        for clients in CLIENTS:
            show(name, clients, limit, alternate(urls, bodies, clients))
    shutil.rmtree(folder)


def alternate(
    urls: dict[str, str], bodies: dict[str, Path], clients: int
) -> dict[str, list[dict[str, Any]]]:
    """Slices of each server, in turn."""
    found: dict[str, list[dict[str, Any]]] = {"ours": [], "mlflow": [], "empty": []}
    for _ in range(ROUNDS):
        found["mlflow"].append(measured(f"{urls['mlflow']}/invocations", bodies["mlflow"], clients))
        # It goes on with what its callers no longer wait for, on the core that the next one needs.
        time.sleep(2 * clients / found["mlflow"][-1]["per_s"])
        found["ours"].append(measured(f"{urls['ours']}/predict", bodies["ours"], clients))
        found["empty"].append(measured(f"{urls['empty']}/predict", bodies["ours"], clients))
    return found


def show(name: str, clients: int, limit: int, found: dict[str, list[dict[str, Any]]]) -> None:
    """One row: both ratios, and the times."""
    per_s = {key: [each["per_s"] for each in slices] for key, slices in found.items()}
    ratios = {
        key: statistics.median(a / b for a, b in zip(per_s["ours"], per_s[key], strict=True))
        for key in ("mlflow", "empty")
    }
    p99 = statistics.median(each["p99_ms"] for each in found["ours"])
    print(
        f"{name:<8} {clients:>3} clients  {ratios['mlflow']:7.1f} × mlflow (limit {limit})"
        f"  {ratios['empty']:5.2f} × empty (limit 0.8)  p99 {p99:6.2f} ms"
        f"   {statistics.median(per_s['ours']):8.0f} / {statistics.median(per_s['mlflow']):.0f} / "
        f"{statistics.median(per_s['empty']):.0f} answers a second",
        flush=True,
    )


def start(scratch: Path) -> None:
    """From the command to the first ready: both cores, an idle machine."""
    folder, took = trained(scratch / "start", "linear"), []
    for _ in range(ROUNDS):
        at, began = port(), time.perf_counter()
        server = subprocess.Popen(
            ours(folder, at)[:-1], cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL
        )
        try:
            answering(server, f"http://127.0.0.1:{at}/ready")
            took.append(time.perf_counter() - began)
        finally:
            server.terminate()
            server.wait(60)
    middle, least, most = statistics.median(took), min(took), max(took)
    print(f"ready after {middle:.2f} s ({least:.2f} … {most:.2f}), limit 3 s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["keep"]:
        keep(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            for each in sys.argv[1:] or [*MODELS, "start"]:
                start(Path(scratch)) if each == "start" else compare(each, Path(scratch))
