"""What Prometheus is told: one true sum over all processes of the server.

Each process counts in a plain dict and writes it whole to a file of its own a few times a second;
who is asked for ``/metrics`` adds the files up. A process that takes the place of a dead one reads
what that one has counted, and counts on.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from mlops.serving.distribution import Distribution
from mlops.serving.nouns import Reply
from mlops.serving.refusal import STATUS

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 100_000)
VERSIONS = 8  # told apart; what older ones have counted is added up under OLDER
OLDER = "older"
OF_VERSIONS = {"violations", "unseen", "warnings", "predictions", "predictions_sum"}
VIOLATIONS = {code for code, status in STATUS.items() if status == 422}
Counts = dict[tuple[Any, ...], float]
_DECODE = msgspec.json.Decoder(list[tuple[list[str | int], float]]).decode


class Metrics:
    """The counts of one process.

    Parameters
    ----------
    folder : pathlib.Path
        Of the files of all processes.
    index : int
        Of this process, the same for the one that takes its place.
    """

    def __init__(self, folder: Path, index: int) -> None:
        self.folder, self.file = folder, folder / f"{index}.json"
        self.counts: defaultdict[tuple[Any, ...], float] = defaultdict(int, counted(self.file))
        self.queue = 0
        self._distributions: dict[int, Distribution] = {}  # of versions that may be asked
        told = {key[1] for key in self.counts if key[0] in OF_VERSIONS} - {OLDER}
        self._versions = dict.fromkeys(sorted(told))  # the oldest first
        self._written = 0.0
        self._seen: dict[str, int] = {}

    def knows(self, version: int, distribution: Distribution) -> None:
        """From now on the answers of `version` are counted."""
        self._distributions[version] = distribution
        self._versions.pop(version, None)
        self._versions[version] = None
        left = [each for each in self._versions if each not in self._distributions]
        for each in left[: max(0, len(self._versions) - VERSIONS)]:
            del self._versions[each]
            self._fold(each)

    def forgets(self, version: int) -> None:
        """`version` answers no more; what it did is told apart until there are too many."""
        self._distributions.pop(version, None)

    def _fold(self, version: int) -> None:
        """Add what was counted of `version` to the older ones."""
        of_it = [key for key in self.counts if key[0] in OF_VERSIONS and key[1] == version]
        for key in of_it:
            kept = (key[0], OLDER, *key[2:])
            self.counts[kept] += self.counts.pop(key)

    def seen(self, route: str, reply: Reply, seconds: float, version: int) -> None:
        """Count one request that was answered."""
        counts = self.counts
        counts["requests", route, reply.status] += 1
        counts["seconds", route, bisect_left(SECONDS, seconds)] += 1
        counts["seconds_sum", route] += seconds
        if reply.code:
            counts["errors", reply.code] += 1
            if reply.code in VIOLATIONS:
                counts["violations", version, reply.code] += 1
        elif reply.count:
            self._answered(reply, version)

    def _answered(self, reply: Reply, version: int) -> None:
        counts = self.counts
        counts["rows", bisect_left(ROWS, reply.count)] += 1
        counts["rows_sum",] += reply.count
        if reply.unseen:
            counts["unseen", version] += reply.unseen
        if reply.warnings:
            counts["warnings", version] += len(reply.warnings)
        if distribution := self._distributions.get(version):
            distribution.count(counts, version, reply)

    def count(self, name: str, more: float = 1) -> None:
        """Count something that has no labels, e.g. ``log_dropped``."""
        self.counts[name,] += more

    def keep_up(self, prefix: str, counts: Mapping[str, int]) -> None:
        """Count what somebody else counts, from nought, in this process."""
        for name, value in counts.items():
            self.count(prefix + name, value - self._seen.get(name, 0))
            self._seen[name] = value

    def flush(self) -> None:
        """Write the file whole, if anything has changed."""
        self.counts["queue",] = self.queue
        sign = sum(self.counts.values())
        if sign == self._written:
            return
        temporary = self.file.with_suffix(".tmp")
        with contextlib.suppress(OSError):  # a full disk stops no answer
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.json.encode(list(self.counts.items())))
            os.replace(temporary, self.file)
            self._written = sign

    def everywhere(self) -> Counts:
        """The sum over all processes, this one as it is now."""
        self.flush()
        return added(counted(file) for file in self.folder.glob("*.json"))


def counted(file: Path) -> Counts:
    """What a process has written; nothing where there is no such file."""
    try:
        return {tuple(key): value for key, value in _DECODE(file.read_bytes())}
    except (OSError, msgspec.DecodeError):
        return {}


def added(each: Iterable[Counts]) -> Counts:
    """Sums by key.

    >>> added([{("a",): 1}, {("a",): 2, ("b", 3): 1}])
    {('a',): 3, ('b', 3): 1}
    """
    total: Counts = {}
    for counts in each:
        for key, value in counts.items():
            total[key] = total.get(key, 0) + value
    return total
