"""What a fitted pipeline takes: bytes on the disk, and time to answer one row."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlops.core.artefact import packed
from mlops.core.report import Footprint

if TYPE_CHECKING:
    import pandas as pd

WARM_UP, FEWEST, MOST = 3, 5, 50  # answers
LONGEST_S = 2.0


def footprint(pipeline: Any, rows: pd.DataFrame, path: Path | None = None) -> Footprint:
    """Measure `pipeline`: the size of its file, and its latency.

    The latency is the median time of ``predict`` for a frame of one row, through every step of the
    pipeline, in this process, one after the other: after three answers that do not count, up to 50
    that do, each for another of the `rows` as long as there are some. After two seconds five are
    enough. What a server adds (the network, reading the request) is not in it.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    rows : pandas.DataFrame, shape (n_rows, n_columns)
        At least one row as the pipeline takes them.
    path : pathlib.Path or None
        Its file; None packs it in memory, as it would be written.
    """
    size = len(packed(pipeline)) if path is None else path.stat().st_size
    return Footprint(size, latency_s(pipeline, rows))


def latency_s(pipeline: Any, rows: pd.DataFrame, *, most: int = MOST) -> float:
    """Median time of up to `most` answers to one row, see :func:`footprint`."""
    return latencies_s([(pipeline, rows)], most=most)[0]


def latencies_s(asked: list[tuple[Any, pd.DataFrame]], *, most: int = MOST) -> list[float]:
    """The same of several pipelines, asked in turn: a busy moment of the machine hits them all."""
    turns = [
        (each, [rows.iloc[[at]] for at in range(min(len(rows), most))]) for each, rows in asked
    ]
    for pipeline, singles in turns:
        for at in range(WARM_UP):
            pipeline.predict(singles[at % len(singles)])
    took: list[list[float]] = [[] for _ in turns]
    began = perf_counter()
    for at in range(most):
        if at >= FEWEST and perf_counter() - began >= LONGEST_S * len(turns):
            break
        for (pipeline, singles), times in zip(turns, took, strict=True):
            single = singles[at % len(singles)]
            start = perf_counter()
            pipeline.predict(single)
            times.append(perf_counter() - start)
    return [median(times) for times in took]
