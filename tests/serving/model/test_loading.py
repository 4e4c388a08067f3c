"""A version is loaded, proven by its golden rows, and lowered where that is exact."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.registry.opened import GOLDEN_ROWS
from mlops.registry.versions import Versions
from mlops.serving.loading import FEW, load, program, vectorised
from mlops.serving.schema import rows_of


@pytest.fixture(scope="module")
def loaded(versions):
    return {number: load(versions, number) for number in (1, 2, 3)}


def golden(versions, number, inputs):
    folder = versions.shelf.place(number)
    expected = json.loads((folder / "golden" / "expected.json").read_bytes())
    return rows_of(pd.read_parquet(folder / GOLDEN_ROWS), inputs), expected["values"]


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_known_is_lowered_and_answers_the_golden_rows(versions, loaded, number):
    served, _ = loaded[number]
    assert (served.model, served.version, served.path) == ("people", number, "lowered")
    assert "rows as scikit-learn does" in served.why
    rows, expected = golden(versions, number, served.schema.inputs)
    assert served.program(rows).values == pytest.approx(expected, rel=1e-9)


def test_what_is_not_known_is_left_to_scikit_learn(versions, loaded):
    served, pipeline = loaded[3]
    assert (served.program, served.path) == (None, "sklearn")
    assert served.why.startswith("KNeighborsRegressor is not known; ")
    rows, expected = golden(versions, 3, served.schema.inputs)
    assert vectorised(pipeline, served.schema)(rows).values == pytest.approx(expected, rel=1e-9)


def test_a_model_process_answers_few_rows_as_workers_do(versions, loaded):
    served, pipeline = loaded[1]
    rows, expected = golden(versions, 1, served.schema.inputs)
    counts = []

    def lowered(rows):
        counts.append(len(rows))
        return served.program(rows)

    answers = program(pipeline, replace(served, program=lowered))
    assert answers(rows[:1] * FEW).values == pytest.approx(expected[:1] * FEW, rel=1e-9)
    assert counts == [FEW]
    many = answers(rows[:1] * (FEW + 1)).values
    assert many == pytest.approx(expected[:1] * (FEW + 1), rel=1e-9)
    assert counts == [FEW]  # those were scikit-learn's
    served, pipeline = loaded[3]
    rows, expected = golden(versions, 3, served.schema.inputs)
    assert program(pipeline, served)(rows[:1]).values == pytest.approx(expected[:1], rel=1e-9)


def test_it_says_where_it_comes_from_and_how_good_it_is(loaded):
    served, _ = loaded[1]
    assert served.about["primary"] in served.about["metrics"]
    assert served.about["data_fingerprint"]
    assert len(served.about["deciles"]) == 11
    assert "Frei" not in json.dumps(served.about)


def test_it_can_be_sent_to_another_process(loaded):
    served, _ = loaded[2]
    again = pickle.loads(pickle.dumps(served))
    row = tuple(served.schema.example[0].values())
    assert again.schema == served.schema
    assert again.program([row]) == served.program([row])


@pytest.fixture
def copied(versions, tmp_path):
    """The same versions elsewhere, to be damaged."""
    shutil.copytree(versions.folder, tmp_path / "registry" / "people")
    return Versions(tmp_path, "people")


def test_a_version_that_is_not_there_is_told(copied):
    with pytest.raises(MlopsError) as refused:
        load(copied, 9)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", ["model/model.skops", "golden/expected.json", "version.json"])
def test_a_version_with_a_changed_file_is_refused(copied, name):
    path = copied.shelf.place(1) / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(MlopsError, match="cannot be used") as refused:
        load(copied, 1)
    assert refused.value.exit_code == 3


def test_a_model_that_answers_its_golden_rows_otherwise_is_refused(versions, tmp_path):
    from mlops.registry.opened import opened

    folder = tmp_path / "version"
    shutil.copytree(versions.shelf.place(1), folder)
    file = folder / "golden" / "expected.json"
    answers = json.loads(file.read_bytes())
    answers["values"][0] += 1e-3
    file.write_text(json.dumps(answers))
    about = versions.shelf.manifest(1)
    about["files"] = {}
    assert opened(folder, about) is not None  # nobody asks where no library changed
    with pytest.raises(MlopsError, match="answers otherwise") as refused:
        opened(folder, about, is_proven=True)
    assert "use another version" in refused.value.problems[0].next_step
