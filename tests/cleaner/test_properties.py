"""Whatever the values: one row in, one row out, and the input is left as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.base import clone

from mlops.core.artefact import load, save
from mlops.core.errors import MlopsError
from mlops.core.paths import packaged

OPTIONS = sorted(path.stem for path in (packaged("conf") / "cleaner").glob("*.yaml"))
ROW = some.tuples(
    some.none() | some.floats(width=32),
    some.none() | some.sampled_from(["red", "blue", "1", ""]),
    some.none() | some.booleans(),
    some.none() | some.datetimes(),
)
ROWS = some.lists(ROW, min_size=1, max_size=12)


def build(option: str):
    node = yaml.safe_load((packaged("conf") / "cleaner" / f"{option}.yaml").read_text())
    keys = {key: value for key, value in node.items() if key not in ("_ranges_", "_space_")}
    return instantiate(keys, _convert_="all")


def frame_of(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["number", "word", "flag", "when"])


@pytest.mark.parametrize("option", OPTIONS)
@settings(max_examples=15)
@given(seen=ROWS, unseen=ROWS)
def test_one_row_in_is_one_row_out(option, seen, unseen):
    step, X, new = build(option), frame_of(seen), frame_of(unseen)
    y = pd.Series(np.arange(len(X)))
    before = X.copy(deep=True), new.copy(deep=True)
    try:
        kept, answers = step.fit_resample(X, y)
    except MlopsError as error:
        assert error.problems[0].code == "every-row-dropped"
        return
    assert len(kept) == len(answers) == len(X) - step.rows_dropped_
    cleaned = step.transform(new)
    assert len(cleaned) == len(new)
    assert list(cleaned) == list(step.get_feature_names_out())
    one_by_one = pd.concat([step.transform(new.iloc[[row]]) for row in range(len(new))])
    if option != "keep_all":  # it hands on whatever type the rows happen to have
        pd.testing.assert_frame_equal(one_by_one, cleaned)
    pd.testing.assert_frame_equal(X, before[0])
    pd.testing.assert_frame_equal(new, before[1])


@pytest.mark.parametrize("option", OPTIONS)
def test_a_fitted_cleaner_survives_save_and_load(tmp_path, option):
    frame = frame_of([(1.0, "a", True, None), (9.0, "b", False, None), (np.nan, None, None, None)])
    step = clone(build(option))
    step.fit_resample(frame, pd.Series([1, 2, 3]))
    save(step, tmp_path / "cleaner.skops")
    again = load(tmp_path / "cleaner.skops")
    pd.testing.assert_frame_equal(again.transform(frame), step.transform(frame))
    assert again.touched_ == step.touched_
