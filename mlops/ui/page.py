"""The report page: one HTML file that needs nothing else, in light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from mlops.core.report import Metric, Plot, Report
from mlops.ui.frame import MOST_ROWS, template
from mlops.ui.plot import figure
from mlops.ui.text import clean


def render(report: Report, *, title: str, facts: dict[str, Any] | None = None) -> str:
    """Make the page.

    Parameters
    ----------
    report : Report
    title : str
    facts : dict or None
        What else is known; a section without its key is left out. Rows are dicts of plain values.

        ``summary``: dict of label to text, under the title. ``profile``: rows, one a column.
        ``quarantine``: dict with ``rows`` (put aside), ``checked`` and ``reasons`` (reason to
        count). ``cleaning``: dict with ``touched`` (sentence to count) and ``rows_dropped``.
        ``hidden``: sliced columns whose groups do not tell their values.
        ``notes``: sentences about contract and split. ``steps``: of
        :class:`~mlops.core.record.Step`. ``trials``: of :class:`~mlops.core.tuning.Trial`.
        ``leaderboard``: rows, one a set of options, the best first. ``front``: rows, one a trial
        that none beats in all metrics.
        ``loss_curve``: numbers, one an epoch. ``plots``: further plots. ``config``: YAML text.
        ``environment``: lines. ``delivery``: a sentence.

    Returns
    -------
    str
        An HTML document without scripts, that loads nothing.
    """
    facts = facts or {}
    plots = [*report.plots, *_curves(report, facts), *facts.get("plots", ())]
    return template("page").render(
        report=report,
        title=clean(title),
        facts=facts,
        figures=[figure(plot) for plot in plots],
        refused=[gate for gate in report.gates if not gate.passed],
        waived=[gate for gate in report.gates if gate.waived],
        strips={metric.name: _strip(metric) for metric in report.metrics},
        slices=_slice_rows(report),
        trials=_trial_rows(report, facts.get("trials", ())),
        steps=[asdict(step) for step in facts.get("steps", ())],
    )


def _strip(metric: Metric) -> dict[str, float] | None:
    """Places, in percent, of the value, its interval and the baseline on one scale."""
    known = {
        name: value
        for name in ("low", "high", "value", "baseline")
        if (value := getattr(metric, name)) is not None and abs(value) < float("inf")
    }
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    if "value" not in known or not high > low:
        return None
    return {name: round(3 + 94 * (value - low) / (high - low), 1) for name, value in known.items()}


def _slice_rows(report: Report) -> list[dict[str, Any]]:
    """The slices with the primary metric first; a small group is marked."""
    order = ["column", "value", "rows", *(metric.name for metric in report.metrics)]
    rows = []
    for found in report.slices[:MOST_ROWS]:
        row = {key: found.get(key) for key in order}
        row["value"] = f"{found['value']} (few rows)" if found.get("small") else found["value"]
        rows.append(row)
    return rows


def _trial_rows(report: Report, trials: Sequence[Any]) -> list[dict[str, Any]]:
    """The trials worth a row: more than one, the best first."""
    if len(trials) < 2:
        return []
    sign = -1 if report.metric(report.primary).greater_is_better else 1

    def rank(trial: Any) -> tuple[bool, bool, float]:
        mean = trial.mean(report.primary)
        return (trial.state != "complete", mean != mean, sign * mean if mean == mean else 0.0)

    return [
        {
            "trial": str(trial.number),
            **{str(key): value for key, value in trial.params.items()},
            f"mean {report.primary}": trial.mean(report.primary),
            "seconds": trial.seconds,
            "state": trial.says
            if trial.state == "pruned"
            else f"failed: {trial.says}"
            if trial.state == "failed"
            else trial.state,
        }
        for trial in sorted(trials, key=rank)[:MOST_ROWS]
    ]


def _curves(report: Report, facts: dict[str, Any]) -> Iterable[Plot]:
    """The loss while fitting."""
    losses = [float(loss) for loss in facts.get("loss_curve", ())]
    if len(losses) > 1:
        step = -(-len(losses) // 500)
        points = [(at + 1, losses[at]) for at in range(0, len(losses), step)]
        yield Plot("line", "Loss while fitting", "epoch", "loss", {"loss": points})
