"""Counts in the words of Prometheus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from mlops.serving.distribution import Distribution
from mlops.serving.metrics import ROWS, SECONDS, Counts
from mlops.serving.nouns import Served

PREFIX = "mlops_serving_"
OPEN_METRICS = "application/openmetrics-text"
# What is counted: its name here, what it is, its labels.
COUNTERS = {
    "requests": ("Requests answered, with whatever status.", ("route", "status")),
    "errors": ("Requests that got no prediction, by the reason they were told.", ("code",)),
    "violations": (
        "Requests refused for what they hold, by what was wrong first.",
        ("version", "code"),
    ),
    "unseen": ("Values that the model had not seen while learning.", ("version",)),
    "warnings": ("Warnings that answers carried.", ("version",)),
    "disconnected": ("Callers that left before they had sent all.", ()),
    "log_sent": ("Requests given to the request log.", ()),
    "log_dropped": ("Requests that the request log had no room for.", ()),
    "feedback": ("Labels that were written.", ()),
}
SHADOW = "Requests that the shadow got a copy of: {what}."


class Exposed:
    """A collector of counts.

    Parameters
    ----------
    counts : dict
        Of :meth:`mlops.serving.metrics.Metrics.everywhere`.
    serving : list of tuple of Served and str
        Versions that answer, and their roles.
    is_open_metrics : bool
        Whether it is told in the words of OpenMetrics.
    """

    def __init__(
        self,
        counts: Counts,
        serving: list[tuple[Served, str]],
        *,
        is_open_metrics: bool = False,
    ) -> None:
        self.serving, self.is_open_metrics = serving, is_open_metrics
        self.by_name: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
        for (name, *labels), value in counts.items():
            self.by_name[str(name)][tuple(map(str, labels))] = value

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        for name, (says, labels) in COUNTERS.items():
            yield self._counter(name, says, labels)
        for name in sorted(name for name in self.by_name if name.startswith("shadow_")):
            yield self._counter(name, SHADOW.format(what=name.removeprefix("shadow_")), ())
        queue = GaugeMetricFamily(PREFIX + "queue", "Requests under way.", labels=())
        queue.add_metric((), self.by_name["queue"].get((), 0))
        yield queue
        yield self._histogram("request_seconds", "Time to answer.", ("route",), "seconds", SECONDS)
        yield self._histogram("batch_rows", "Rows of a request.", (), "rows", ROWS)
        yield from self._answers()
        yield self._versions()

    def _counter(self, name: str, says: str, labels: tuple[str, ...]) -> Metric:
        family = CounterMetricFamily(PREFIX + name, says, labels=labels)
        found = self.by_name.get(name, {})
        for values, value in sorted(found.items()) or ([((), 0)] if not labels else []):
            family.add_metric(values, value)
        return family

    def _histogram(
        self,
        name: str,
        says: str,
        labels: tuple[str, ...],
        counted: str,
        bounds: Iterable[float],
    ) -> Metric:
        family = HistogramMetricFamily(PREFIX + name, says, labels=labels)
        for values, buckets in self._grouped(counted).items():
            total = self.by_name[f"{counted}_sum"].get(values, 0.0)
            family.add_metric(values, _cumulated(buckets, tuple(bounds)), total)
        return family

    def _grouped(self, counted: str) -> dict[tuple[str, ...], dict[str, float]]:
        """Counts by all labels but the last, which is the bucket."""
        found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
        for values, value in self.by_name.get(counted, {}).items():
            found[values[:-1]][values[-1]] = value
        return found

    def _answers(self) -> Iterator[Metric]:
        """How predictions are distributed: a counter by class, or a histogram of the number."""
        classes = CounterMetricFamily(
            PREFIX + "predictions", "Predictions of each class.", labels=("version", "class")
        )
        values = HistogramMetricFamily(
            PREFIX + "prediction_value", "Predicted numbers.", labels=("version",)
        )
        known = {str(served.version): Distribution(served) for served, _ in self.serving}
        for version, counted in sorted(self._grouped("predictions").items()):
            distribution = known.get(version[0])
            if version in self.by_name["predictions_sum"]:
                if distribution is not None:
                    total = self.by_name["predictions_sum"][version]
                    buckets = _cumulated(counted, distribution.bounds)
                    values.add_metric(version, buckets, total)
                    self._completed(values, version[0], buckets, total)
                continue
            for name, count in sorted(counted.items()):
                classes.add_metric((*version, name), count)
        yield classes
        yield values

    def _completed(
        self,
        family: HistogramMetricFamily,
        version: str,
        buckets: list[tuple[str, float]],
        total: float,
    ) -> None:
        """Add the count and the sum that the family leaves out where a bucket is below nought.

        OpenMetrics forbids them there, since such a sum may go down; in Prometheus' own text every
        histogram has them.
        """
        if float(buckets[0][0]) < 0 and not self.is_open_metrics:
            family.add_sample(f"{family.name}_count", {"version": version}, buckets[-1][1])
            family.add_sample(f"{family.name}_sum", {"version": version}, total)

    def _versions(self) -> Metric:
        family = GaugeMetricFamily(
            PREFIX + "version_info",
            "Versions that answer now, and how.",
            labels=("version", "role", "path"),
        )
        for served, role in self.serving:
            family.add_metric((str(served.version), role, served.path), 1)
        return family


def _cumulated(buckets: dict[str, float], bounds: tuple[float, ...]) -> list[tuple[str, float]]:
    """Buckets as Prometheus has them: each holds those below, too.

    >>> _cumulated({"0": 2, "2": 1}, (1.0, 5.0))
    [('1.0', 2), ('5.0', 2), ('+Inf', 3)]
    """
    total: float = 0
    found = []
    for at, bound in enumerate([*map(str, map(float, bounds)), "+Inf"]):
        total += buckets.get(str(at), 0)
        found.append((bound, total))
    return found


def exposition(counts: Counts, serving: list[Any], accept: str) -> tuple[bytes, str]:
    """The text for whoever accepts `accept`, and its content type."""
    encoder, content_type = choose_encoder(accept)
    is_open_metrics = content_type.startswith(OPEN_METRICS)
    registry = CollectorRegistry()
    registry.register(Exposed(counts, serving, is_open_metrics=is_open_metrics))
    text: bytes = encoder(registry)
    return text, content_type
