"""A lowered program is plain data: small to send, light to load, the same to the last bit."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor

from mlops.cleaner.keep_all import KeepAll
from mlops.contract.columns import Columns
from mlops.features.by_kind import ByKind
from mlops.serving.lowered.constant import Constant
from mlops.serving.lowered.front import Front, Number
from mlops.serving.nouns import Input, Schema
from mlops.serving.parity import difference
from mlops.serving.probes import MIXES, probes

ANSWERS_ALONE = """
import pickle, sys
program, row = pickle.loads(sys.stdin.buffer.read())
heavy = {"sklearn", "pandas", "scipy", "skops", "mlflow", "numpy"} & sys.modules.keys()
print(sorted(heavy), program([row]).values[0])
"""


def steps():
    return [("columns", Columns()), ("cleaner", KeepAll()), ("features", ByKind(missing="keep"))]


@pytest.mark.parametrize(("model", "heavy"), [("linear", []), ("random_forest", ["numpy"])])
def test_it_answers_where_nothing_heavy_is_imported(fitted, cli, model, heavy):
    each = fitted("standard", "standard", model, "two classes")
    sent = pickle.dumps((each.program, each.row()))
    ran = subprocess.run(
        [sys.executable, "-c", ANSWERS_ALONE], input=sent, capture_output=True, check=True,
        env=cli.environment(),
    )  # fmt: skip
    assert ran.stdout.decode().split("\n")[0] == f"{heavy} {each.program([each.row()]).values[0]}"


@pytest.mark.parametrize(
    "model",
    [
        HistGradientBoostingRegressor(max_iter=60, random_state=0),
        HistGradientBoostingRegressor(loss="poisson", max_iter=20, random_state=0),
        RandomForestRegressor(n_estimators=60, random_state=0),
        RandomForestRegressor(n_estimators=3, max_depth=1, random_state=0),
        ExtraTreesRegressor(n_estimators=20, random_state=0),
        DecisionTreeRegressor(random_state=0),
        HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=100, random_state=0),
    ],
    ids=repr,
)
def test_trees_answer_the_same_to_the_last_bit(fitted_behind, model):
    each = fitted_behind(steps(), "regression", model)
    rows = [row for row in each.probes if not any(_is_huge(value) for value in row)]
    said = each.program(rows).values
    assert said == each.scikit_learn(rows).values
    assert said == [each.program([row]).values[0] for row in rows]


def _is_huge(value):
    return isinstance(value, float) and abs(value) > 1e37


def test_a_gap_goes_the_way_that_each_tree_learned(fitted_behind):
    model = RandomForestClassifier(n_estimators=20, random_state=0)
    each = fitted_behind(steps(), "three classes", model)
    rows = [each.row(age=None), each.row(age=None, area=None, rooms=None), each.row(rooms=None)]
    assert each.program(rows).probabilities == each.scikit_learn(rows).probabilities


def test_a_text_is_read_as_the_pipeline_reads_it(fitted):
    each = fitted("keep_all", "standard", "linear", "regression")
    for spelled in (" north", "north ", "North", "", "  ", None, "nowhere"):
        rows = [each.row(district=spelled)]
        assert each.program(rows).values == pytest.approx(each.scikit_learn(rows).values)
    assert each.program([each.row(district=" north")]) == each.program([each.row(district="north")])
    assert each.program([each.row(garden="true")]) == each.program([each.row(garden="True")])
    assert each.program([each.row(zip="8000.0")]) == each.program([each.row(zip="8000")])


def test_a_program_that_answers_otherwise_is_found_out(fitted):
    each = fitted("standard", "standard", "linear", "regression")
    other = fitted("standard", "standard", "ridge", "regression")
    assert "rows are answered otherwise" in difference(
        other.program, each.scikit_learn, each.probes
    )
    gaps = fitted("keep_all", "standard", "random_forest", "regression")
    taken = difference(each.program, gaps.scikit_learn, [gaps.row(area=1e300)])
    assert taken == "rows are answered that the pipeline refuses"
    left = difference(gaps.program, each.scikit_learn, [gaps.row(area=1e300)])
    assert left == "1 rows are refused that the pipeline answers"


def test_probes_ask_for_what_could_go_wrong(fitted):
    each = fitted("standard", "standard", "hist_gbm", "regression")
    rows = np.array(each.probes, dtype=object)
    named = {one.name: rows[:, at].tolist() for at, one in enumerate(each.schema.inputs)}
    assert all(None in column for column in named.values())
    assert {"harbour", "north", "river", "hill"} < set(named["district"])
    areas = [area for area in named["area"] if area is not None]
    assert max(areas) > 1e200
    assert len(set(areas)) > 30
    assert each.probes == each.probes


def test_wide_data_are_probed_with_fewer_values_of_each_column():
    inputs = tuple(Input(f"x{at}", "number") for at in range(1000))
    front = Front(tuple(Number(at) for at in range(1000)), (), True, 1000)
    rows = probes(Schema(inputs, "regression", "y"), front, Constant(), [(0.5,) * 1000])
    assert len(rows) == 1 + 1000 * 4 + MIXES
    assert sum(row.count(None) == 1 for row in rows[:4001]) == 1000
