"""What must not disturb a server, under load: `python serving_trouble.py [NAME …]`.

Names: swaps, killed, overload, slow, hostile. `SECONDS=2 TIMES=3 python serving_trouble.py` proves
that it runs. One row each: what was asked, what came of it, the limit; the exit code is 1 if a
limit was missed that does not depend on the machine's speed.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
SECONDS, TIMES = float(os.environ.get("SECONDS", "60")), int(os.environ.get("TIMES", "100"))
SCRIPT = str(Path(__file__).with_name("scripts") / "closed_loop.py")
MODELS = ("linear", "ridge", "hist_gbm")
HEAD = (
    "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    "content-length: {}\r\n{}\r\n"
)


def trained(folder: Path) -> Path:
    """Outputs with three versions of one model."""
    for model in MODELS:
        words = [f"model={model}", "mode.folds=2", "mode.bootstrap=0", "tracker=offline"]
        command = [sys.executable, "-m", "mlops", *words]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "outputs"


class Load:
    """Callers in a process of their own; what they found is told at the end."""

    def __init__(self, server: Any, clients: int, seconds: float) -> None:
        body = server.outputs / "body.json"
        body.write_text(json.dumps({"rows": [server.example()]}))
        command = [sys.executable, SCRIPT, f"{server.url}/predict", str(body), str(clients)]
        self.process = subprocess.Popen([*command, str(seconds)], stdout=subprocess.PIPE, text=True)

    def ended(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.process.communicate()[0])
        return found


def loaded(server: Any, clients: int, seconds: float) -> dict[str, Any]:
    """What callers find in some seconds without any trouble."""
    return Load(server, clients, seconds).ended()


def megabytes(server: Any) -> float:
    """Memory of all processes of a server, when those that are to end have ended."""
    from tests.serving.process.server import until

    until(lambda: len(server.children("mlops.serving.model_process")) == 1, "one model process")
    pids = [server.process.pid, *server.children()]
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def tell(what: str, came: str, limit: str, is_kept: bool = True) -> bool:
    """Print one row."""
    print(f"{what:<30} {came}   limit {limit}{'' if is_kept else '   MISSED'}", flush=True)
    return is_kept


def swaps(server: Any) -> bool:
    """Versions that change under constant load."""
    for number in (2, 1):  # what the first swaps, and the first log, take is taken once
        server.promote(number)
        server.serves(number)
    load = Load(server, 4, 36000)  # the same connections, with the same workers, all the time
    time.sleep(8)
    before = megabytes(server)
    load.process.send_signal(signal.SIGUSR1)
    began = time.monotonic()
    for number in range(TIMES):
        wanted = 2 if number % 2 == 0 else 1
        server.promote(wanted)
        while server.status.main != wanted:
            time.sleep(0.25)  # to look all the time would be a load of its own
    each = (time.monotonic() - began) / TIMES
    after = megabytes(server)
    load.process.send_signal(signal.SIGINT)
    found = load.ended()
    statuses, versions = found["statuses"], found["versions"]
    is_kept = set(statuses) == {"200"} and not found["errors"] and set(versions) <= {"1", "2"}
    quiet, busy = found["before_p99_ms"], found["p99_ms"]
    came = f"{statuses}, {found['errors']} errors, {each:.1f} s a swap, "
    came += f"p99 {quiet:.2f} → {busy:.2f} ms, {busy / quiet:.2f} ×"
    kept = tell(f"{TIMES} swaps under load", came, "200 only, no error; p99 2 ×", is_kept)
    grown = after - before
    return tell("memory after them", f"{before:.0f} → {after:.0f} MB", "flat", grown < 40) and kept


def killed(server: Any) -> bool:
    """A worker that is killed, until another one is ready."""
    from tests.serving.process.server import until

    took = []
    for _ in range(max(1, TIMES // 10)):
        old = set(server.children("mlops.serving.worker"))
        began = time.monotonic()
        os.kill(min(old), 9)
        until(lambda old=old: set(server.children("mlops.serving.worker")) - old, "another worker")
        until(lambda: server.log.count("is replaced"), "told")
        for _ in range(8):  # some of these connections are the new one's
            assert server.client()("/predict", {"rows": [server.example()]}).status == 200
        took.append(time.monotonic() - began)
    return tell("kill -9 of a worker", f"answers again after {max(took):.2f} s", "2 s")


def overload(server: Any) -> bool:
    """Ten times as many callers as may be under way."""
    quiet = loaded(server, 16, 3)
    found = loaded(server, 10 * int(server.spec.settings["queue"]), SECONDS)
    began = time.monotonic()
    while loaded(server, 16, 0.5)["p99_ms"] > 2 * quiet["p99_ms"] and time.monotonic() < began + 60:
        continue
    statuses = found["statuses"]
    is_kept = set(statuses) <= {"200", "429"} and not found["errors"]
    came = (
        f"{statuses}, {found['errors']} errors; normal again after {time.monotonic() - began:.1f} s"
    )
    return tell(f"overload for {SECONDS:.0f} s", came, "200 and 429 only; 5 s", is_kept)


def slow(server: Any) -> bool:
    """Five hundred callers that send a byte now and then."""
    quiet = loaded(server, 16, 3)
    place = server.url.removeprefix("http://").split(":")
    callers = [socket.create_connection((place[0], int(place[1]))) for _ in range(500)]
    for number, each in enumerate(callers):
        each.sendall(HEAD.format(1000, "").encode()[: None if number % 2 else 30])
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(1.0):
            for each in callers:
                try:
                    each.sendall(b" ")
                except OSError:
                    continue

    thread = threading.Thread(target=drip)
    thread.start()
    found = loaded(server, 16, min(SECONDS, 20))
    is_over.set()
    thread.join()
    for each in callers:
        each.close()
    is_kept = set(found["statuses"]) == {"200"} and not found["errors"]
    rate, p99 = found["per_s"] / quiet["per_s"], found["p99_ms"] / quiet["p99_ms"]
    came = f"{found['statuses']}, {rate:.2f} × as many answers a second, p99 {p99:.2f} ×"
    return tell("500 slow callers", came, "no effect on others", is_kept)


def bodies() -> dict[str, tuple[int, str, bytes]]:
    """Name to announced length, further headers, and what is sent at first."""
    deep = b"[" * 100_000 + b"]" * 100_000
    keys = b"{" + b",".join(b'"k%d":1' % each for each in range(1_000_000)) + b"}"
    bomb = gzip.compress(bytes(2**30), 9)
    digits = b'{"rows":[{"crim":' + b"9" * 10_000_000 + b"}]}"
    fitting = b'{"rows":[{"crim":' + b"9" * 8_000_000 + b"}]}"
    return {
        "JSON 100,000 deep": (len(deep), "", deep),
        "a body of 1 GB": (2**30, "", b" " * 2**16),
        "a gzip bomb of 1 GB": (len(bomb), "content-encoding: gzip\r\n", bomb),
        "a million keys": (len(keys), "", keys),
        "a number of 10,000,000 digits": (len(digits), "", digits),
        "a number of 8,000,000 digits": (len(fitting), "", fitting),
    }


def hostile(server: Any) -> bool:
    """Bodies that are meant to hurt: how long until the refusal, and what memory they leave."""
    kept, before = True, megabytes(server)
    place = server.url.removeprefix("http://").split(":")
    for name, (length, more, body) in bodies().items():
        with socket.create_connection((place[0], int(place[1])), timeout=60) as caller:
            threading.Thread(target=_sent, args=(caller, HEAD.format(length, more), body)).start()
            began = time.perf_counter()
            status = caller.recv(4096)[9:12].decode()
            took = 1e3 * (time.perf_counter() - began)
        good = server.client()("/predict", {"rows": [server.example()]}).status
        is_kept = status[:1] == "4" and good == 200
        kept &= tell(name, f"{status} after {took:.0f} ms, then {good}", "4xx, 100 ms", is_kept)
    after = megabytes(server)
    return (
        tell(
            "memory after them", f"{before:.0f} → {after:.0f} MB", "unchanged", after - before < 60
        )
        and kept
    )


def _sent(caller: socket.socket, head: str, body: bytes) -> None:
    try:
        caller.sendall(head.encode() + body)
    except OSError:  # refused before it was sent
        return


TROUBLES: dict[str, Callable[[Any], bool]] = {
    each.__name__: each for each in (swaps, killed, overload, slow, hostile)
}


def main() -> int:
    """Each on a server of its own."""
    from tests.serving.process.server import serving

    kept = Counter[bool]()
    with tempfile.TemporaryDirectory() as scratch:
        outputs = trained(Path(scratch))
        for name in sys.argv[1:] or TROUBLES:
            with serving(outputs, settings={"queue": 128}, has_session=False) as server:
                kept[TROUBLES[name](server)] += 1
            (outputs / "server.txt").unlink()
    return int(kept[False] > 0)


if __name__ == "__main__":
    sys.exit(main())
