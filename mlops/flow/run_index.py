"""What is known of every run at a glance, without opening ten thousand files.

``outputs/runs.jsonl`` holds one line a run, written as runs end. It is a cache of the run folders
and nothing else: a folder that it does not know, or that has changed since, is read; a line of a
folder that is gone is passed over. Lose it, and the next look makes it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from mlops.core import lines
from mlops.core.lines import parsed
from mlops.core.paths import write_whole

FILE = "runs.jsonl"
FOLDER_NAME = re.compile(r"^.+-\d{8}-\d{6}-[0-9a-f]{8}$")
KEY_LENGTH = len("20261122-074617-b769a4d7")
END = 8  # so many last letters of a key are enough to name a run
TRAINING = ("tuner", "model")  # the steps that fit
KILLED, RUNNING, UNREADABLE = "killed", "running", "unreadable"
SLACK = 1000


class RunLine(NamedTuple):  # ten thousand are made in one breath
    """One run in a few words.

    Parameters
    ----------
    key : str
        The run key, which begins with the moment the run began, UTC.
    name : str
        Of the recipe.
    folder : str
        Name of the run folder.
    outcome : str
        As in :class:`mlops.core.record.Result`, or ``running``, ``killed`` (it left no result) or
        ``unreadable``.
    model : str
        The model's option; ``sweep of N`` for the folder of a sweep.
    metric : str
        Name of the primary metric; empty where the run came to no verdict.
    value, low, high : float or None
        Of the primary metric, with its 95 % interval.
    metrics : dict of str to (float or None)
        Every metric, the primary one first.
    falls : tuple of str
        Metrics of which less is better.
    refused : tuple of str
        Gates that refuse.
    seconds : float or None
        From the start to the result.
    training_s : float or None
        Of that, spent on fitting and tuning.
    """

    key: str
    name: str
    folder: str
    outcome: str
    model: str = ""
    metric: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    metrics: Mapping[str, float | None] = MappingProxyType({})
    falls: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    seconds: float | None = None
    training_s: float | None = None

    @property
    def is_sweep(self) -> bool:
        """Whether it is the summary of many runs."""
        return self.model.startswith("sweep of ")

    @property
    def at(self) -> str:
        """When it began: UTC, ISO 8601.

        >>> RunLine(key="20261122-074617-b769a4d7", name="", folder="", outcome="").at
        '2026-11-22T07:46:17Z'
        """
        day, time = self.key[:8], self.key[9:15]
        return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}Z"


class RunIndex:
    """The runs below one outputs folder.

    Parameters
    ----------
    outputs : pathlib.Path
    """

    def __init__(self, outputs: Path) -> None:
        self.folder, self.path = outputs / "runs", outputs / FILE

    def note(self, folder: Path) -> None:
        """Add the line of a run that has just written its result."""
        with suppress(OSError):  # a full disk costs only the speed of the next look
            if (seen := _seen(f"{folder}/result.json")) is not None:
                lines.append(self.path, [self._read(folder.name, seen)])

    def all(self) -> list[RunLine]:
        """Every run, the newest first."""
        known = lines.read(self.path)
        by_folder = {line.get("folder"): line for line in known}
        found, fresh = [], []
        for name in self._folders():
            line, seen = by_folder.get(name), _seen(f"{self.folder}/{name}/result.json")
            if seen is None:
                line = self._without_result(name)
            elif line is None or line.get("seen") != seen:
                line = self._read(name, seen)
                fresh.append(line)
            found.append(line)
        self._mend(found, fresh, len(known))
        return sorted(map(_run_line, found), key=lambda run: (run.key, run.folder), reverse=True)

    def _folders(self) -> Iterator[str]:
        try:
            with os.scandir(self.folder) as entries:
                yield from (each.name for each in entries if FOLDER_NAME.match(each.name))
        except OSError:
            return

    def _read(self, name: str, seen: list[int]) -> lines.Line:
        try:
            result = parsed(Path(self.folder, name, "result.json").read_bytes())
            return {**_line(name, result), "seen": seen}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {"folder": name, "outcome": UNREADABLE, "seen": seen}

    def _without_result(self, name: str) -> lines.Line:
        from mlops.tracker.started import is_running

        outcome = RUNNING if is_running(self.folder / name) else KILLED
        return {"folder": name, "outcome": outcome}

    def _mend(self, found: list[lines.Line], fresh: list[lines.Line], known: int) -> None:
        """Add what was read; write the file anew where most of its lines say nothing any more."""
        with suppress(OSError):
            if known + len(fresh) > 2 * len(found) + SLACK:
                write_whole(self.path, lines.text_of(line for line in found if "seen" in line))
            else:
                lines.append(self.path, fresh)


def _seen(path: str) -> list[int] | None:
    """What changes whenever a file is written anew; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _line(name: str, result: dict[str, Any]) -> lines.Line:
    """What a result says, in a few words; what is empty is left out."""
    details = result["details"]
    metrics = result["metrics"]
    primary = metrics[0] if metrics else {}
    spent = [step["seconds"] for step in result["steps"] if step["name"] in TRAINING]
    jobs = details.get("jobs")
    line = {
        "folder": name,
        "name": result["name"],
        "outcome": result["outcome"],
        "model": details.get("choices", {}).get("model", ""),
        "metric": primary.get("name"),
        **{key: primary.get(key) for key in ("value", "low", "high")},
        "metrics": {each["name"]: each["value"] for each in metrics},
        "falls": [each["name"] for each in metrics if not each["greater_is_better"]],
        "refused": [gate["name"] for gate in result["gates"] if not gate["passed"]],
        "seconds": result["seconds"],
        "training_s": round(sum(spent), 4) if metrics else None,
    }
    if isinstance(jobs, list):
        line["model"] = f"sweep of {len(jobs)}"
    return {key: value for key, value in line.items() if value not in (None, "", [], {})}


def _run_line(line: lines.Line) -> RunLine:
    folder, get = line["folder"], line.get
    return RunLine(
        folder[-KEY_LENGTH:],
        get("name") or folder[: -KEY_LENGTH - 1],
        folder,
        line["outcome"],
        get("model", ""),
        get("metric", ""),
        get("value"),
        get("low"),
        get("high"),
        get("metrics", {}),
        tuple(get("falls", ())),
        tuple(get("refused", ())),
        get("seconds"),
        get("training_s"),
    )
