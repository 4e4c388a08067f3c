"""What becomes of each kind of column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from hydra.utils import instantiate
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from mlops.core.artefact import load, save
from mlops.core.errors import MlopsError
from mlops.core.paths import packaged
from mlops.features.by_kind import ByKind

OPTIONS = sorted(path.stem for path in (packaged("conf") / "features").glob("*.yaml"))
FRAME = pd.DataFrame(
    {
        "size": [0.0, 2.0, 4.0, np.nan],
        "colour": ["red", "blue", "red", None],
        "flag": [True, False, True, True],
        "when": pd.to_datetime(["2020-01-01"] * 4),
    }
)


def test_numbers_are_scaled_and_categories_become_columns():
    features = ByKind(numeric=StandardScaler()).fit_transform(FRAME)
    assert list(features) == ["size", "flag", "colour_blue", "colour_missing", "colour_red"]
    spread = np.std([0, 2, 4, 2])
    assert np.allclose(features["size"], np.array([-2, 0, 2, 0]) / spread)
    assert features["colour_red"].tolist() == [1, 0, 1, 0]
    assert set(features.dtypes.astype(str)) == {"float64"}


def test_minmax_goes_from_zero_to_one():
    features = ByKind(numeric=MinMaxScaler()).fit_transform(FRAME)
    assert features["size"].tolist() == [0, 0.5, 1, 0.5]


def test_an_unseen_category_is_no_error():
    step = ByKind().fit(FRAME[:3])
    new = step.transform(FRAME[3:].assign(colour="green"))
    assert new.filter(like="colour").to_numpy().tolist() == [[0, 0]]
    codes = ByKind(encoding="ordinal").fit(FRAME[:3])
    assert codes.transform(FRAME[3:].assign(colour="green"))["colour"].tolist() == [-1]


def test_passthrough_keeps_numbers_and_gaps_and_one_column_for_each():
    features = ByKind(missing="keep", encoding="ordinal").fit_transform(FRAME)
    assert list(features) == ["size", "flag", "colour"]
    assert np.array_equal(features["size"], FRAME["size"], equal_nan=True)
    assert features["colour"].tolist() == [2, 0, 2, 1]


def test_dates_and_text_are_left_out_with_a_sentence():
    words = FRAME.assign(note=[f"word number {row}" for row in range(4)])
    step = ByKind(max_categories=3).fit(words)
    assert [sentence.split(":")[0] for sentence in step.unused_] == ["when", "note"]
    assert step.unused_[0].startswith("when: a date column, not used")


def test_many_categories_are_bounded():
    frame = pd.DataFrame({"town": [f"town {row % 50}" for row in range(200)]})
    assert ByKind(max_categories=10).fit_transform(frame).shape == (200, 10)


def test_a_whole_number_as_a_category_is_one_category_in_any_dress():
    frame = pd.DataFrame({"code": pd.Categorical([1, 2, 1])})
    step = ByKind().fit(frame)
    for same in ([1, 2, 1], [1.0, 2.0, 1.0], ["1", "2", "1"]):
        assert step.transform(pd.DataFrame({"code": same})).equals(step.transform(frame))


def test_infinite_and_all_missing_columns_become_numbers():
    frame = pd.DataFrame({"a": [1.0, np.inf, 3.0], "b": [None, None, None]})
    assert ByKind(numeric=StandardScaler()).fit_transform(frame).notna().all(axis=None)


def test_nothing_to_use_is_refused():
    with pytest.raises(MlopsError, match="no-features"):
        ByKind().fit(FRAME[["when"]])


@pytest.mark.parametrize("keys", [{"missing": "drop"}, {"encoding": "onehot"}])
def test_an_unknown_word_is_refused(keys):
    with pytest.raises(MlopsError, match="not-accepted"):
        ByKind(**keys).fit(FRAME)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_survives_save_and_load(tmp_path, option):
    node = yaml.safe_load((packaged("conf") / "features" / f"{option}.yaml").read_text())
    keys = {key: value for key, value in node.items() if key not in ("_ranges_", "_space_")}
    keys |= {"random_state": 0} if "random_state" in keys else {}
    step = instantiate(keys, _convert_="all").fit(FRAME, ["a", "b", "a", "b"])
    save(step, tmp_path / "features.skops")
    again = load(tmp_path / "features.skops")
    pd.testing.assert_frame_equal(again.transform(FRAME), step.transform(FRAME))
    assert list(step.get_feature_names_out()) == list(step.transform(FRAME))


def test_rows_alone_give_what_they_give_together():
    step = ByKind(numeric=StandardScaler()).fit(FRAME)
    alone = pd.concat([step.transform(FRAME.iloc[[row]]) for row in range(4)])
    pd.testing.assert_frame_equal(alone, step.transform(FRAME))
