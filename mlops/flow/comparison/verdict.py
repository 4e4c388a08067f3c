"""Which of two models is better: in a sentence, and as a table of the metrics."""

from __future__ import annotations

from typing import Any

from mlops.flow.comparison.sides import Side


def verdict(a: Side, b: Side, answers: dict[str, Any]) -> str:
    """Which of the two is better, in plain words."""
    first = answers["metrics"][0] if answers["metrics"] else None
    if first is None:
        return f"not compared on the same rows: {answers['why_not']}; no metric is recorded of both"
    if not answers["same_rows"]:
        return (
            f"not on the same rows: {first['name']} {short(first['a'])} and "
            f"{short(first['b'])}, each on its own test part; {answers['why_not']}"
        )
    where = f"on {answers['rows']:,} rows neither trained on"
    change = f"{first['name']} {changed(first)}"
    if not first["better"]:
        return f"no difference beyond chance: {change} {where}"
    better = {"a": a, "b": b}[first["better"]]
    return f"{better.label} is better: {change} {where}"


def changed(metric: dict[str, Any]) -> str:
    """The change of one metric from a to b with its interval.

    >>> changed({"a": 5.0, "b": 4.2, "change": -0.8, "low": -1.21, "high": -0.4})
    '−0.800 (−1.210 … −0.400)'
    """
    from mlops.ui.text import like

    scale = max(abs(metric["a"]), abs(metric["b"])) or 1.0

    def signed(value: float) -> str:
        text = like(abs(value), scale)
        return f"{'−' if value < 0 else '+'}{text}" if float(text.replace(",", "")) else text

    if metric["low"] is None:
        return f"{signed(metric['change'])} (no interval)"
    return f"{signed(metric['change'])} ({signed(metric['low'])} … {signed(metric['high'])})"


def table(a: Side, b: Side, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics, a row each; each model's own recorded ones where no rows are shared."""
    if not answers["same_rows"]:
        return [
            {"own test part": each["name"], a.short: each["a"], b.short: each["b"]}
            for each in answers["metrics"]
        ]
    return [
        {
            "metric": each["name"],
            a.short: each["a"],
            b.short: each["b"],
            "change (95 %)": changed(each),
            "better": {"a": a.short, "b": b.short, "": "–"}[each["better"]],
        }
        for each in answers["metrics"]
    ]


def short(value: Any) -> str:
    """A number to four digits."""
    from mlops.ui.text import number

    return number(value)
