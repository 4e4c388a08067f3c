"""How the answers of one version are counted: by class, or by buckets of a number."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Any

from mlops.serving.nouns import Reply, Served

CLASSES = 50  # told apart; the others are one
OTHER = "other"
# Where nothing is known of a version's answers: 1, 2 and 5 of each power of ten.
DECADES = tuple(
    sorted(
        sign * step * 10.0**power
        for power in range(-3, 7)
        for step in (1, 2, 5)
        for sign in (-1, 1)
    )
)


class Distribution:
    """What is counted of a version's answers.

    Parameters
    ----------
    served : Served
        ``about["deciles"]``, where it is there, are the upper bounds of the buckets.
    """

    def __init__(self, served: Served) -> None:
        self.classes = {each: str(each) for each in served.schema.classes[:CLASSES]}
        self.is_of_classes = bool(served.schema.classes)
        bounds = sorted({float(each) for each in served.about.get("deciles", ())})
        self.bounds = tuple(bounds) or DECADES

    def count(self, counts: Any, version: int, reply: Reply) -> None:
        """Add the answers of `reply` to `counts`."""
        if reply.tally is None and reply.answers is not None and reply.count == 1:
            self._one(counts, version, reply.answers.values[0])
            return
        tally = reply.tally or self.tally(reply.answers.values if reply.answers else [])
        for label, more in tally["counts"].items():
            counts["predictions", version, label] += more
        if not self.is_of_classes:
            counts["predictions_sum", version] += tally["sum"]

    def _one(self, counts: Any, version: int, value: Any) -> None:
        if self.is_of_classes:
            counts["predictions", version, self.classes.get(value, OTHER)] += 1
        elif value is not None and abs(value) < float("inf"):
            counts["predictions", version, bisect_left(self.bounds, value)] += 1
            counts["predictions_sum", version] += value

    def tally(self, values: list[Any]) -> dict[str, Any]:
        """The counts of many answers, as a reply carries them between processes.

        Examples
        --------
        >>> from mlops.serving.nouns import Schema
        >>> yes_or_no = Schema((), "classification", "y", classes=("no", "yes"))
        >>> distribution = Distribution(Served("m", 1, "", yes_or_no, None, "sklearn"))
        >>> distribution.tally(["yes", "yes", "no"])
        {'counts': {'yes': 2, 'no': 1}, 'sum': 0.0}
        """
        if self.is_of_classes:
            found = Counter(self.classes.get(value, OTHER) for value in values)
            return {"counts": dict(found), "sum": 0.0}
        finite = [each for each in values if each is not None and abs(each) < float("inf")]
        buckets = Counter(bisect_left(self.bounds, each) for each in finite)
        return {"counts": dict(buckets), "sum": float(sum(finite))}
