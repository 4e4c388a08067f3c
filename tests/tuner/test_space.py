"""Sweep texts become plain dimensions, or errors that say what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlops.core.errors import MlopsError
from mlops.tuner.condition import axes
from mlops.tuner.space import Choice, Interval, Range, dimension


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("choice(1, 2.5, true, 'a b')", Choice("k", (1, 2.5, True, "a b"))),
        ("5,10,null", Choice("k", (5, 10, None))),
        ("choice(1, true, 1)", Choice("k", (1, True))),
        ("choice([1, 'x'], [2])", Choice("k", ([1, "x"], [2]))),
        ("sort(choice(3, 1))", Choice("k", (1, 3))),
        ("range(1, 10, 3)", Range("k", 1, 10, 3)),
        ("tag(log, range(1, 10, 3))", Range("k", 1, 10, 3, log=True)),
        ("interval(0, 1)", Interval("k", 0.0, 1.0)),
        ("tag(log, interval(0.001, 1000))", Interval("k", 0.001, 1000.0, log=True)),
        ("int(interval(2, 9))", Interval("k", 2, 9, integer=True)),
        ("tag(int, log, interval(2, 64))", Interval("k", 2, 64, log=True, integer=True)),
    ],
)
def test_each_form_of_the_syntax_is_read(text: str, expected: object) -> None:
    assert dimension("k", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "choice()",
        "choice(1, null)",
        "choice(",
        "3",
        "[1, 2]",
        "glob(*)",
        "range(10, 1)",
        "range(1, 10, 0)",
        "tag(log, range(0, 5))",
        "interval(5, 1)",
        "interval(1, 1)",
        "interval(0, inf)",
        "tag(log, interval(0, 1))",
        "tag(int, interval(0.5, 4))",
        "tag(slow, interval(0, 1))",
        "shuffle(choice(1, 2))",
        "interval(1, 2),3",
        "",
        [1, 2],
        7,
        None,
    ],
)
def test_what_cannot_be_searched_is_told_in_five_parts(text: object) -> None:
    with pytest.raises(MlopsError) as caught:
        dimension("model.alpha", text)
    (problem,) = caught.value.problems
    assert problem.code == "bad-space"
    assert "model.alpha" in problem.where
    assert problem.found == str(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("tag(lgo, interval(1, 2))", "tag(log, interval(1, 2))"),
        ("tag(itn, log, intervall(1, 2))", "tag(int, log, interval(1, 2))"),
        ("interval(2.5, -1e-1)", "interval(-1e-1, 2.5)"),
        ("tag(log, range(9, 1))", "tag(log, range(1, 9))"),
        ("tag(log, interval(1, -1))", ""),  # turned round it would not do either
        ("shuffle(choice(1, 2))", ""),
    ],
)
def test_what_was_meant_is_offered(text: str, closest: str) -> None:
    with pytest.raises(MlopsError) as caught:
        dimension("model.alpha", text)
    assert caught.value.problems[0].closest == closest


def test_all_bad_entries_are_told_together() -> None:
    with pytest.raises(MlopsError) as caught:
        axes({"a": "range(3, 1)", "b": "choice(1, 2)", "c": "7"})
    assert [problem.where for problem in caught.value.problems] == [
        "tuner.space.a",
        "tuner.space.c",
    ]


def test_an_interval_gives_its_points_with_exact_ends() -> None:
    assert Interval("k", 0.0, 1.0).grid(5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Interval("k", 0.001, 1000.0, log=True).grid(3) == (0.001, 1.0, 1000.0)
    assert Interval("k", 1, 64, log=True, integer=True).grid(4) == (1, 4, 16, 64)
    assert Interval("k", 1, 3, integer=True).grid(9) == (1, 2, 3)


def test_a_range_stops_before_its_stop() -> None:
    assert Range("k", 1, 10, 3).grid(2) == (1, 4, 7)
    assert len(Range("k", 0.0, 0.3, 0.1).grid(2)) == 3
    assert Range("k", 3, 0, -1).grid(2) == (3, 2, 1)


def test_reading_a_space_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from mlops.tuner.grid import Grid\n"
        "Grid(options={}, space={}, points=5, max_candidates=9).check({'a': 'choice(1, 2)'})\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'optuna', 'mlflow'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
