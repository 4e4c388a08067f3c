"""The process that writes: answered requests as parquet, labels into a small database.

``python -m mlops.serving.log_process DESCRIPTOR SPEC.json``, in the server's private folder;
the descriptor is a wire to the supervisor, on which nothing comes but its end. What has been
gathered is written every few seconds, and when the process is told to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import msgspec

from mlops.core.serving import Spec
from mlops.serving import faults
from mlops.serving.giving_way import NICE
from mlops.serving.labels import LabelStore
from mlops.serving.parts import Parts
from mlops.serving.request_log import SOCKET
from mlops.serving.settings import Settings
from mlops.serving.wire import frame, framed

EVERY_S = 5.0
_DECODE = msgspec.msgpack.Decoder().decode
_ENCODE = msgspec.msgpack.Encoder().encode


class LogProcess:
    """Takes what workers send, one task for each of them.

    Parameters
    ----------
    folder : pathlib.Path
        Below it lie the parts and the labels.
    log_mb : float
        At most so much of parts is kept.
    """

    def __init__(self, folder: Path, log_mb: float) -> None:
        self.parts = Parts(folder / "requests", log_mb)
        self.labels = LabelStore(folder / "labels.sqlite")
        self._log, self._feedback = faults.Trouble("the request log"), faults.Trouble("feedback")
        self._workers: set[asyncio.Task[None]] = set()

    async def run(self, socket: Path, ended: asyncio.Event) -> None:
        """Serve `socket` until `ended`, then write the rest."""
        socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._worker, socket)
        try:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), EVERY_S)
                self._write()
        finally:
            server.close()
            for task in self._workers:
                task.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            self._write()
            self.labels.close()

    def _write(self) -> None:
        try:
            self.parts.write()
        except OSError as error:  # a full disk: the rows stay, up to a bound, until there is room
            self._log.now(error)
        else:
            self._log.now(None)

    async def _worker(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._workers.add(task)
        try:
            while True:
                message = _DECODE(await frame(reader))
                if "labels" in message:
                    writer.write(framed(_ENCODE(self._labels(message))))
                else:
                    self.parts.add(message)
        except (EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._workers.discard(task)
            writer.close()

    def _labels(self, message: dict[str, Any]) -> dict[str, Any]:
        labels = [tuple(label) for label in message["labels"]]
        try:
            told = self.labels.keep(labels)
        except sqlite3.Error as error:
            self._feedback.now(error)
            return {"number": message["number"], "problem": type(error).__name__}
        self._feedback.now(None)
        unknown = self.parts.unknown([(request_id, row) for request_id, row, _ in labels])
        return {"number": message["number"], **told, "unknown": unknown}


async def main(descriptor: int, spec: Spec) -> None:
    """Run until SIGTERM, SIGINT, or the end of the wire to the supervisor."""
    os.nice(NICE)  # who answers goes first: the log has time until the next write
    gc.set_threshold(50_000, 20, 100)  # what gathers is no garbage
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_reader(descriptor, ended.set)
    log_mb = spec.settings.get("log_mb", Settings.log_mb)
    await LogProcess(spec.folder / "log", log_mb).run(Path(SOCKET), ended)


if __name__ == "__main__":
    faults.begin()
    asyncio.run(main(int(sys.argv[1]), Spec.from_json(Path(sys.argv[2]).read_bytes())))
