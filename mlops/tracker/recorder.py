"""The recorder: a process of its own that empties the spool into MLflow.

It is started at once, so that importing MLflow overlaps with the run's work, and lives until its
parent closes its standard input (or dies) and nothing is left to do. It keeps no state of its
own: it may be killed at any point, and the next one goes on where it was.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlops.core.errors import MlopsError
from mlops.core.record import Record
from mlops.tracker.address import Address
from mlops.tracker.limits import chunks
from mlops.tracker.log import write_to
from mlops.tracker.spool import Spool, now_ms
from mlops.tracker.started import bury, running

if TYPE_CHECKING:
    from mlops.tracker.desk import Desk

_IDLE_S = 0.1
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_TRIES = 2
_TOGETHER = 25
_GATHER_S = 0.3  # after trials, before the next: those that end meanwhile are delivered together
# The client's own patience, short; a value that the user has set wins. No retries: a request that
# is sent again could create a second run, while we look for the first one before we try again.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


class Recorder:
    """Delivers what waits, for as long as somebody may bring more.

    Parameters
    ----------
    spool : Spool
    adopt : bool
        Deliver also what was meant for another server.
    """

    def __init__(self, spool: Spool, *, adopt: bool = False) -> None:
        self.spool = spool
        self.adopt = adopt
        self.parent_gone = threading.Event()
        self.nudged = threading.Event()
        self._desk: Desk | None = None
        self._tries: Counter[str] = Counter()
        self._troubled: dict[str, str] = {}
        self._pause_s = _FIRST_PAUSE_S
        self._began_ms, self._rest_s = 0, 0.0
        self._has_looked = False

    def listen(self, parent: IO[bytes]) -> None:
        """Read nudges from `parent` until it hangs up."""
        while os.read(parent.fileno(), 64):
            self.nudged.set()
        self.parent_gone.set()
        self.nudged.set()

    def serve(self) -> None:
        """Deliver until nobody is left to deliver for."""
        while True:
            is_last = self.parent_gone.is_set()  # asked before the round: it sees all there is
            left = self.round()
            if is_last and not running(self.spool.outputs) and (not left or self._desk is None):
                return
            self.nudged.wait(self._pause(left))
            self.parent_gone.wait(self._rest_s)
            self.nudged.clear()

    def round(self) -> list[str]:
        """Deliver what waits; return the keys that are worth another try."""
        self._began_ms, self._rest_s = now_ms(), 0.0
        bury(self.spool)
        keys = self._due()
        if self._desk is not None or self._open():
            self._look()
            for some in chunks(keys, _TOGETHER):
                self._deliver_all(some)
        return self._due()

    def _deliver_all(self, keys: list[str]) -> None:
        left = keys[self._deliver_together(keys) :]
        for key in left:
            if self._desk is not None:
                self._deliver(key, self._desk)

    def _deliver_together(self, keys: list[str]) -> int:
        """Deliver those at the front that are slight, all at once; return how many that were."""
        began, desk = time.monotonic(), self._desk
        if desk is None:
            return 0
        records: list[Record] = []
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # told further down
            for record in map(self.spool.read, keys):
                if not (isinstance(record, Record) and desk.takes_together(record)):
                    break
                records.append(record)
        if not records:
            return 0
        self._rest_s = _GATHER_S
        try:
            runs = desk.deliver_together(records)
        except Exception:  # one of them: which, is told when each goes by itself
            traceback.print_exc()
            return 0
        for record, run_id in zip(records, runs, strict=True):
            self._delivered(record.key, run_id)
        print(f"{len(records)} runs at once in {time.monotonic() - began:.2f} s")  # noqa: T201
        return len(records)

    def _delivered(self, key: str, run_id: str, version: str = "", remark: str = "") -> None:
        self.spool.delivered(key, run_id=run_id, version=version, remark=remark)
        if self._troubled.pop(key, None):
            self._say()

    def _look(self) -> None:
        """Find out, once, whether somebody moved an alias since the last recorder was here."""
        if self._desk is None or self._has_looked:
            return
        self._has_looked = True
        try:
            self._desk.look()
        except Exception:  # nothing of ours is lost by it; the next recorder looks again
            traceback.print_exc()

    def _due(self) -> list[str]:
        return [key for key in self.spool.waiting(adopt=self.adopt) if self._tries[key] < _TRIES]

    def _pause(self, left: list[str]) -> float:
        if self._desk is not None:
            self._pause_s = _FIRST_PAUSE_S
            return _FIRST_PAUSE_S if left else _IDLE_S
        self._pause_s = min(self._pause_s * 1.5, _LONGEST_PAUSE_S)
        return self._pause_s

    def _open(self) -> bool:
        address = self.spool.address
        assert address is not None
        reason = address.unreachable()
        try:
            if not reason:
                self._desk = _seated(self.spool)
        except MlopsError as error:
            problem = error.problems[0]
            self._away(f"{problem.says[:-1]} ({problem.where}): {problem.next_step}")
            return False
        except Exception as error:
            traceback.print_exc()
            reason = _in_short(error)
        if reason:
            what = "database" if address.database else "server"
            self._away(
                f"tracking {what} {address.shown} is away ({reason}): "
                "the record waits in outputs/spool; `mlops sync` delivers it"
            )
            return False
        self._say()
        return True

    def _away(self, says: str) -> None:
        self._desk = None
        self._say(says)

    def _say(self, away: str = "") -> None:
        address = self.spool.address
        assert address is not None
        troubled = {key: address.scrubbed(text) for key, text in self._troubled.items()}
        self.spool.say(away=address.scrubbed(away), troubled=troubled, at_ms=self._began_ms)

    def _deliver(self, key: str, desk: Desk) -> None:
        began = time.monotonic()
        try:
            record = self.spool.read(key)
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError) as error:
            self.spool.refused(key, f"the file holds no record: {_in_short(error)}")
            return
        try:
            run_id, version, remark = desk.deliver(record)
        except Exception as error:
            self._failed(key, desk, error)
            return
        self._delivered(key, run_id, version, remark)
        print(f"{key}: run {run_id} in {time.monotonic() - began:.2f} s")  # noqa: T201

    def _failed(self, key: str, desk: Desk, error: Exception) -> None:
        """A server that answers has something against this record; else it is away."""
        traceback.print_exc()
        reason = _in_short(error)
        if desk.answers() and desk.is_final(error):
            self.spool.refused(key, desk.address.scrubbed(reason))
            return
        if not self._open():  # anew, because what it had looked up may be out of date
            return
        self._tries[key] += 1
        if self._tries[key] == _TRIES:
            self._troubled[key] = (
                f"the record could not be delivered ({reason}): "
                "it waits in outputs/spool; `mlops sync` tries again"
            )
            self._say()


def _seated(spool: Spool) -> Desk:
    gc.disable()  # a sixth of the time that importing MLflow takes goes to looking for garbage
    try:
        from mlops.tracker.desk import Desk

        return Desk(spool)
    finally:
        gc.freeze()
        gc.enable()


def _in_short(error: BaseException) -> str:
    """What an error says, in half a line.

    >>> _in_short(OSError("HTTPConnectionPool(...): Read timed out. (read timeout=15)"))
    'no answer in time'
    >>> _in_short(ValueError("unsupported URI 'x'. Supported are: ..."))
    "ValueError: unsupported URI 'x'"
    """
    text = " ".join(str(error).split())
    if re.search(r"timed out|timeout", text, re.IGNORECASE):
        return "no answer in time"
    return f"{type(error).__name__}: {text.split('. ')[0]}"[:200]


def main(arguments: list[str]) -> int:
    """Serve the outputs folder named first; ``--adopt`` may follow. The address: MLFLOW_..._URI."""
    from filelock import Timeout

    outputs = Path(arguments[0])
    address = Address.of(outputs)
    spool = Spool(outputs, address)
    lock = spool.lock
    try:
        # A moment's patience, because those who look whether it is held hold it for an instant.
        lock.acquire(timeout=0.3, poll_interval=0.02)
    except Timeout:
        return 0
    with lock:
        _prepare(spool, address)
        recorder = Recorder(spool, adopt="--adopt" in arguments)
        threading.Thread(target=recorder.listen, args=(sys.stdin.buffer,), daemon=True).start()
        recorder.serve()
        sys.stderr.flush()
    return 0


def _prepare(spool: Spool, address: Address) -> None:
    spool.say()
    write_to(spool.beside("log"), address)
    os.environ.update({name: os.environ.get(name, value) for name, value in _PATIENCE.items()})
    os.environ.update(_QUIET)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # all is on disk; taking MLflow's modules apart would only cost time
