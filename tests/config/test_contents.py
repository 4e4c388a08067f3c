"""A project's own table of contents lies over the packaged one, and holds choices only."""

from __future__ import annotations

import pytest

from mlops.core.errors import REFUSED


def test_a_project_chooses_its_own_defaults(project):
    project.write("conf/config.yaml", "defaults:\n  - cleaner: keep_all\nseed: 7\nrate: 0.5\n")
    job = project.check()
    assert (job.choices["cleaner"], job.seed) == ("keep_all", 7)
    assert job.choices["features"] == "standard"
    assert project.check("cleaner=iqr", "seed=8").seed == 8
    assert project.check("data.target=medv", "splitter.test_size=${rate}").values


def test_a_recipe_wins_over_the_project_s_defaults(project):
    project.write("conf/config.yaml", "defaults:\n  - model: sgd\n")
    assert project.check().choices["model"] == "linear"
    assert project.check("recipe=blank").choices["model"] == "sgd"


def test_the_values_of_a_recipe_still_belong_to_its_options(project):
    project.write("conf/config.yaml", "defaults: [_self_, recipe: mine]\n")
    recipe = "defaults: [override /model: ridge]\nmodel: {alpha: 7, folds: 3}\n"
    project.write("recipes/mine.yaml", recipe)
    assert project.check().values["model"]["alpha"] == 7
    assert project.check("model=linear").values["model"]["folds"] == 5


def test_an_empty_one_changes_nothing(project):
    project.write("conf/config.yaml", "")
    assert project.check().choices["recipe"] == "boston_housing"


@pytest.mark.parametrize(
    ("text", "code", "line", "near"),
    [
        ("defaults: abc\n", "unknown-room", 1, ""),
        ("defaults:\n  - modle: x\n", "unknown-room", 2, "model"),
        ("defaults:\n  - model\n", "unknown-option", 2, ""),
        ("defaults:\n  - model: lniear\n", "unknown-option", 2, "linear"),
        ("defaults:\n  - model: [linear]\n", "unknown-option", 2, "linear"),
        ("defaults:\n  - model: null\n", "unknown-option", 2, ""),
        ("defaults:\n  - model: ../x\n", "unknown-option", 2, ""),
        ("defaults:\n  - {}\n", "unknown-room", 2, ""),
        ("defaults:\n  - 3\n", "unknown-room", 2, ""),
        ("defaults:\n  - model@foo: linear\n", "unknown-room", 2, "model"),
        ("seed: x\n", "wrong-type", 1, ""),
        ("model:\n  alpha: 1\n", "room-values", 1, ""),
        ("- a\n", "bad-yaml", 1, ""),
    ],
)
def test_what_is_no_choice_is_told_with_its_line(project, text, code, line, near):
    project.write("conf/config.yaml", text)
    problem = project.problem()
    assert (problem.code, problem.closest) == (code, near)
    assert problem.where == f"conf/config.yaml:{line}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hydra: {searchpath: [pkg://os]}\n", 1),
        ("seed: 1\nhydra: {job_logging: {filters: {f: {(): joblib.load}}}}\n", 2),
        ("defaults:\n  - override hydra/job_logging: colorlog\n", 2),
        ("defaults:\n  - hydra/launcher: joblib\n", 2),
    ],
)
def test_hydra_is_not_set_up_by_it(project, text, line):
    project.write("conf/config.yaml", text)
    problem = project.problem()
    assert (problem.code, problem.exit_code) == ("hydra-refused", REFUSED)
    assert problem.where == f"conf/config.yaml:{line}"


def test_nothing_is_made_from_its_own_keys(project):
    project.write("conf/config.yaml", "extra: {_target_: os.system}\n")
    problem = project.problem()
    assert (problem.code, problem.where) == ("target-refused", "conf/config.yaml:1")
