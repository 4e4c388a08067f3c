"""Whole options are searched: each is checked as if it had been chosen, and has its own space."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from mlops.config.catalogue import Catalogue, forget
from mlops.config.compose import compose
from mlops.config.job import Job
from mlops.core.errors import MlopsError
from mlops.tuner.condition import axes

HERE = "compute.workers=0"
TWO = "tuner.options.model=choice(trouble, ridge)"


def codes(told) -> list[str]:
    return [each.code for each in told.value.problems]


def newest(place):
    return max(place.folder.glob("outputs/runs/*"), key=lambda path: path.stat().st_mtime)


def test_each_option_is_searched_with_its_own_keys(place):
    place(
        "tuner=random",
        "tuner.trials=12",
        TWO,
        "tuner.options.features=glob([p*, std*, standard])",
        "tuner.space.model.ridge.alpha=choice(1, 10, 100) if fit_intercept == true",
        HERE,
    )
    seen = set()
    for _, params, state, _ in place.table():
        assert state == "COMPLETE"
        assert params["features"] in ("passthrough", "standard")
        assert ("model.trouble.slope" in params) == (params["model"] == "trouble")
        is_searched = params["model"] == "ridge" and params["model.ridge.fit_intercept"]
        assert ("model.ridge.alpha" in params) == is_searched
        seen.add(params["model"])
    assert seen == {"trouble", "ridge"}


def test_a_grid_goes_through_options_without_multiplying_their_keys(place):
    result = place(
        "tuner=grid",
        TWO,
        "tuner.space.model.trouble.slope=choice(1, 2, 3)",
        "tuner.space.model.ridge.alpha=choice(1, 100)",
        "tuner.space.model.ridge.fit_intercept=null",
        HERE,
    )
    assert result.details["trials"] == 3 + 2


def test_what_was_found_is_what_is_recorded(place):
    result = place("tuner=random", "tuner.trials=8", "tuner.options.model=choice(ridge)", HERE)
    best = result.details["best"]
    assert best["model"] == "ridge"
    assert result.details["choices"]["model"] == "ridge"
    config = yaml.safe_load((newest(place) / "config.yaml").read_text())
    assert config["model"]["alpha"] == best["model.alpha"]
    records = [
        json.loads(path.read_text()) for path in place.folder.glob("outputs/spool/**/*.json")
    ]
    [record] = [each["record"] for each in records if each["record"]["key"] == result.key]
    assert record["params"]["model"] == "ridge"
    assert record["params"]["model.alpha"] == str(best["model.alpha"])
    assert record["run_name"].startswith("ridge ")


def test_an_option_that_is_not_for_this_task_is_left_out_by_itself(place):
    option = "_target_: trouble.line.Line\n_tasks_: [classification]\n_space_: {slope: '1,2'}\n"
    (place.folder / "conf/model/words.yaml").write_text("# A line for words.\n" + option)
    place("tuner=random", "tuner.trials=6", "tuner.options.model=choice(words, trouble)", HERE)
    assert {each[1]["model"] for each in place.table()} == {"trouble"}
    with pytest.raises(MlopsError) as told:
        place("tuner=random", "tuner.options.model=choice(words)", "data.task=regression")
    assert "task-mismatch" in codes(told)


def test_an_option_whose_package_is_absent_is_left_out_of_a_pattern_only(place):
    option = "_target_: trouble.line.Line\n_extra_: no_such_package\n"
    (place.folder / "conf/model/trouble_too.yaml").write_text("# Needs a package.\n" + option)
    place("tuner=random", "tuner.trials=3", "tuner.options.model=glob(trouble*)", HERE)
    assert {each[1]["model"] for each in place.table()} == {"trouble"}
    with pytest.raises(MlopsError) as told:
        place("tuner=random", "tuner.options.model=choice(trouble, trouble_too)")
    assert codes(told) == ["extra-missing"]


@pytest.mark.parametrize(
    ("option", "code", "exit_code"),
    [
        ("_target_: shutil.rmtree\npath: outputs\n", "target-refused", 3),
        ("_target_: trouble.line.Line\nslop: 1.0\n", "unknown-key", 2),
        (
            "_target_: trouble.line.Line\nslope: 9.0\n_ranges_: {slope: '[0, 5]'}\n",
            "out-of-range",
            2,
        ),
        ("_target_: trouble.line.Line\nslope: ???\n", "missing-value", 2),
    ],
)
def test_what_may_be_drawn_is_checked_like_what_is_chosen(place, option, code, exit_code):
    (place.folder / "conf/model/other.yaml").write_text("# Another one.\n" + option)
    with pytest.raises(MlopsError) as told:
        place("tuner=random", "tuner.options.model=choice(trouble, other)")
    assert codes(told) == [code]
    assert told.value.problems[0].where == "conf/model/other.yaml:2" or exit_code == 2
    assert told.value.exit_code == exit_code
    assert not (place.folder / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "code", "closest"),
    [
        (["tuner.options.model=choice(trouble, rigde)"], "unknown-option", "ridge"),
        (["+tuner.options.modle=glob(*)"], "unknown-space-key", "model"),
        (["tuner.options.model=choice("], "bad-space", ""),
        (["tuner.options.model=glob(q*)"], "bad-space", ""),
        (["tuner.options.model=choice(1, 2)"], "bad-space", ""),
        ([TWO, "tuner.space.model.slope=interval(1, 2)"], "unknown-space-key", ""),
        ([TWO, "tuner.space.model.ridge.alpah=interval(1, 2)"], "unknown-space-key", ""),
        ([TWO, "tuner.space.model.linear.alpha=interval(1, 2)"], "unknown-space-key", ""),
    ],
)
def test_what_cannot_be_searched_is_told_before_anything_runs(place, words, code, closest):
    with pytest.raises(MlopsError) as told:
        place("tuner=optuna", *words)
    assert codes(told) == [code]
    assert told.value.problems[0].closest == closest or not closest
    assert not (place.folder / "outputs").exists()


def test_a_candidate_has_its_own_values_and_the_recipes_own_those_of_the_recipe(place):
    recipe = place.folder / "recipes/trouble.yaml"
    recipe.write_text(recipe.read_text() + "model: {word: gap}\n")
    place("model=ridge", "model.alpha=7", "tuner=random", "tuner.trials=8", TWO, HERE,
          "tuner.space.model.ridge.alpha=null")  # fmt: skip
    for _, params, state, _ in place.table():
        assert state == ("FAIL" if params["model"] == "trouble" else "COMPLETE")
    config = yaml.safe_load((newest(place) / "config.yaml").read_text())
    assert config["model"]["alpha"] == 7


def test_a_study_is_not_gone_on_with_when_what_may_be_drawn_has_changed(place):
    words = ["model=ridge", "tuner=random", TWO, HERE]
    place(*words, "tuner.trials=2")
    option = place.folder / "conf/model/trouble.yaml"
    option.write_text(option.read_text().replace("pause_s: 0.0", "pause_s: 0.001"))
    forget()
    with pytest.raises(MlopsError) as told:
        place(*words, "tuner.trials=3", "tuner.resume=true")
    assert codes(told) == ["study-about-differs"]
    assert "model.trouble.pause_s" in str(told.value)


def test_a_plan_does_not_name_what_a_search_will_choose(place):
    rows = {row["step"]: row for row in place("plan", "tuner=optuna", TWO).details["rows"]}
    assert rows["model"]["why"] == "one of 2 options, every time"


def test_the_space_that_the_readme_shows_is_one(place, root):
    text = (root / "README.md").read_text()
    [block] = re.findall(r"^```yaml\n(tuner:\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    choices = "".join(
        f"  - override /{room}: {option}\n"
        for room, option in {"data": "boston_housing", "tuner": "optuna"}.items()
    )
    (place.folder / "recipes/shown.yaml").write_text(f"defaults:\n{choices}{block}")
    job = Job.of(compose(["recipe=shown"], Catalogue(place.folder)))
    space = job.sketch("tuner").merged(job.space_for("regression"))
    found = {axis.name: axis for axis in axes(space)}
    assert found["model.hist_gbm.max_depth"].dimension.values == (3, 6, None)
    assert found["model.hist_gbm.n_iter_no_change"].conditions == (
        ("model", ("hist_gbm",)),
        ("model.hist_gbm.early_stopping", (True,)),
    )
    assert "minmax" not in found["features"].dimension.values
    assert found["model.ridge.alpha"].dimension.high == 100.0
