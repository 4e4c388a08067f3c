"""The spool: what has to be delivered, what was, and what the server would not take.

A waiting record is ``outputs/spool/KEY.json``. Delivered, it becomes ``delivered/KEY.json`` with
MLflow's run id; refused for good, ``refused/KEY.json`` with the reason. Every file appears whole,
and the new one is there before the old one goes, so that a kill at any point loses nothing.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops.core.errors import BUG, fail
from mlops.core.lines import parsed
from mlops.core.paths import SAFE_NAME, write_whole
from mlops.core.record import Delivery, Record
from mlops.core.version import Standing
from mlops.tracker.office import Office

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from mlops.tracker.address import Address

ANYWHERE = ""


class Spool(Office):
    """The records of one outputs folder, seen by one who delivers to `address`.

    Parameters
    ----------
    outputs : pathlib.Path
    address : Address or None
        None for one who only writes.
    """

    def __init__(self, outputs: Path, address: Address | None = None) -> None:
        self.outputs = outputs.resolve()
        super().__init__(self.outputs / "spool", address)
        self._targets: dict[str, str] = {}
        self._read: dict[str, tuple[int, str]] = {}  # which file was read, and its status

    # What waits.

    def put(self, record: Record | Standing, target: str | None = None) -> None:
        """Make `record` durable; `target` is where it is to go, by default our own address.

        A run has one record: the first. What comes later, e.g. from a run that was stopped while
        it submitted, changes nothing, unless it says that it replaces the one before.

        The last standing of each model is kept beside it, to be compared with what MLflow says.

        Raises
        ------
        OSError
            The folder cannot be written; nothing is left behind.
        """
        if not SAFE_NAME.match(record.key):
            raise fail(
                "bad-run-key",
                "A run key is no safe file name.",
                where="Record.key",
                found=repr(record.key)[:80],
                accepted=SAFE_NAME.pattern,
                next_step="report this: run keys are made by mlops itself",
                exit_code=BUG,
            )
        own = self.address.target if self.address else ANYWHERE
        kind = "standing" if isinstance(record, Standing) else "record"
        entry = {"target": own if target is None else target, kind: asdict(record)}
        with self._alone:
            if isinstance(record, Standing):
                # Told again, it is delivered again: MLflow may have been changed since.
                self._delivered(record.key).unlink(missing_ok=True)
                last = self.last_told(record.model)
                if last is None or last.age <= record.age:
                    write_whole(self._last(record.model), json.dumps(entry, indent=1))
            if isinstance(record, Record) and record.replaces:
                self._delivered(record.key).unlink(missing_ok=True)
            elif self.knows(record.key):
                return
            write_whole(self._waiting(record.key), json.dumps(entry, indent=1))

    def waiting(self, *, adopt: bool = False) -> list[str]:
        """Keys that wait for this address, oldest first.

        Parameters
        ----------
        adopt : bool
            Also those that were meant for another server.
        """
        own = {ANYWHERE, self.address.target if self.address else ANYWHERE}
        return [key for key in self.all_keys() if adopt or self.target(key) in own]

    def all_keys(self) -> list[str]:
        """Every key that waits, oldest first."""
        found = []
        for path in self.folder.glob("[!.]*.json"):
            with contextlib.suppress(OSError):  # delivered since it was listed
                found.append((path.stat().st_mtime_ns, path.stem))
        return [key for _, key in sorted(found)]

    def target(self, key: str) -> str:
        """Where a waiting record is to go; an entry never changes, so it is read once."""
        if key not in self._targets:
            try:
                self._targets[key] = str(_read(self._waiting(key))["target"])
            except (OSError, ValueError, TypeError, KeyError):
                return ANYWHERE  # whoever delivers it will see that it is broken
        return self._targets[key]

    def read(self, key: str) -> Record | Standing:
        """A waiting record.

        Raises
        ------
        ValueError, TypeError, KeyError
            The file holds no record.
        """
        file = self._waiting(key).stat().st_ino
        entry = _read(self._waiting(key))
        if "standing" in entry:
            return Standing.from_json(json.dumps(entry["standing"]))
        record = Record.from_json(json.dumps(entry["record"]))
        self._read[key] = file, record.status
        return record

    def standings(self) -> list[Standing]:
        """The last standing of every model that belongs to this address."""
        own, found = {ANYWHERE, self.address.target if self.address else ANYWHERE}, []
        for path in sorted((self.folder / "standings").glob("[!.]*.json")):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                entry = _read(path)
                if entry["target"] in own:
                    found.append(Standing.from_json(json.dumps(entry["standing"])))
        return found

    def last_told(self, model: str) -> Standing | None:
        """The last standing of `model`; None if there is none."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return Standing.from_json(json.dumps(_read(self._last(model))["standing"]))
        return None

    def models_told(self) -> list[str]:
        """Models of which a standing is known, whatever server it is for."""
        return sorted(path.stem for path in (self.folder / "standings").glob("[!.]*.json"))

    def start_ms(self, key: str) -> int:
        """When the run of `key` began, if it waits or goes on; else 0."""
        for path in (self.folder / "started" / f"{key}.json", self._waiting(key)):
            with contextlib.suppress(OSError, ValueError, KeyError):
                return int(_read(path)["record"]["start_ms"])
        return 0

    # What became of it.

    def delivered(self, key: str, *, run_id: str, version: str, remark: str = "") -> None:
        """Note that `key` is in MLflow; `remark` says what is not."""
        file, status = self._read.pop(key, (0, ""))
        shown = self.address.shown if self.address else ""
        found = {"run_id": run_id, "version": version, "remark": remark, "uri": shown}
        note = {"key": key, **found, "status": status, "at_ms": now_ms()}
        with self._alone:
            if file and _number(self._waiting(key)) not in (0, file):
                return  # replaced meanwhile: the new record is yet to be delivered
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                entry = _read(self._waiting(key))
                note |= {"entry": entry} if entry["record"]["model"] else {}  # for another database
            write_whole(self._delivered(key), json.dumps(note, indent=1))
            self._waiting(key).unlink(missing_ok=True)

    def again(self, key: str) -> bool:
        """Let a run with a model that was delivered wait once more; whether there is one."""
        with contextlib.suppress(OSError, ValueError, KeyError), self._alone:
            entry = _read(self._delivered(key))["entry"]
            write_whole(self._waiting(key), json.dumps(entry, indent=1))
            self._delivered(key).unlink(missing_ok=True)
            return True
        return False

    def refused(self, key: str, reason: str) -> None:
        """Put `key` aside, so that it blocks no other."""
        text = self._waiting(key).read_text(encoding="utf-8", errors="replace")
        note = {"key": key, "reason": reason, "entry": text, "at_ms": now_ms()}
        write_whole(self.folder / "refused" / f"{key}.json", json.dumps(note, indent=1))
        self._waiting(key).unlink(missing_ok=True)

    def outcome(self, key: str) -> Delivery | None:
        """What became of `key`; None while it waits."""
        with contextlib.suppress(OSError, ValueError):
            note = _read(self._delivered(key))
            if self._waiting(key).exists() and not self._was_left(key):
                return None
            says = f"recorded as {note['run_id']} at {note['uri']}"
            says += f"; {note['remark']}" if note.get("remark") else ""
            kept = {name: note[name] for name in ("run_id", "version", "uri")}
            return Delivery(delivered=True, says=says, **kept)
        with contextlib.suppress(OSError, ValueError):
            note = _read(self.folder / "refused" / f"{key}.json")
            says = f"the tracking server refused the record, it lies in {self.folder}/refused: "
            return Delivery(delivered=False, says=says + note["reason"])
        return None

    def _was_left(self, key: str) -> bool:
        """Remove what waits, if a kill left it behind its note; False if it is to be delivered."""
        with self._alone:
            if not self._delivered(key).exists():  # replaced meanwhile
                return False
            self._waiting(key).unlink(missing_ok=True)
            return True

    def remark(self, key: str) -> str:
        """What was left out when `key` was delivered; empty if nothing was."""
        with contextlib.suppress(OSError, ValueError):
            return str(_read(self._delivered(key)).get("remark", ""))
        return ""

    def knows(self, key: str) -> bool:
        """Whether a record of this run exists, waiting or done."""
        return self._waiting(key).exists() or self.outcome(key) is not None

    def status(self, key: str) -> str:
        """Status of the record of this run, wherever it is; empty if none is known."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return str(_read(self._waiting(key))["record"]["status"])
        with contextlib.suppress(OSError, ValueError):
            return str(_read(self._delivered(key)).get("status", ""))
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = _read(self.folder / "refused" / f"{key}.json")
            return str(parsed(note["entry"])["record"]["status"])
        return ""

    def _last(self, model: str) -> Path:
        return self.folder / "standings" / f"{model}.json"

    def _waiting(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _delivered(self, key: str) -> Path:
        return self.folder / "delivered" / f"{key}.json"

    @property
    def _alone(self) -> BaseFileLock:
        """Held by whoever moves a record from one state to another; may stand in another block."""
        from filelock import FileLock

        return FileLock(self.folder / ".lock", is_singleton=True)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def _number(path: Path) -> int:
    """What tells a file from another that has taken its name; 0 where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _read(path: Path) -> dict[str, Any]:
    return parsed(path.read_text(encoding="utf-8"))
