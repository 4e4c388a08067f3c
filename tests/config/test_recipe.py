"""Recipes: complete choices, whose values belong to the options that they chose."""

from __future__ import annotations

import pytest

from mlops.config.catalogue import catalogue
from mlops.config.unused import unused
from mlops.core.errors import ENVIRONMENT, MlopsError

CHOSEN = """# Ridge with values of its own.
defaults:
  - override /model: ridge
  - override /cleaner: iqr
model:
  alpha: 7.5
  folds: 4
cleaner:
  factor: 9
"""


@pytest.fixture
def mine(project):
    project.write("recipes/mine.yaml", CHOSEN)
    return project


def test_every_recipe_composes_with_every_model(project):
    house = catalogue()
    for recipe in [each for each in house.options("recipe") if each != "blank"]:
        for model in house.options("model"):
            job = project.check(f"recipe={recipe}", f"model={model}")
            assert (job.choices["recipe"], job.choices["model"]) == (recipe, model)


def test_every_tuner_can_search_every_model_as_it_is(project):
    house = catalogue()
    for tuner in house.options("tuner"):
        for model in house.options("model"):
            job = project.check(f"model={model}", f"tuner={tuner}")
            assert (job.choices["model"], job.choices["tuner"]) == (model, tuner)


def test_every_option_of_every_room_composes_alone(project):
    house = catalogue()
    needed = {
        "csv": ["data.path=own.csv", "data.target=y"],
        "parquet": ["data.path=own.parquet", "data.target=y"],
    }
    project.write("own.csv", "x,y\n1,2\n3,4\n")
    for room in [each for each in house.groups if each != "flow"]:
        for name in house.options(room):
            if name in ("parquet", "snapshot", "git"):  # their own tests bring what these read
                continue
            words = [f"{room}={name}", *(needed.get(name, []) if room == "data" else [])]
            if (room, name) == ("evaluator", "classification"):
                words.append("data=breast_cancer")
            try:
                assert project.check(*words).choices[room] == name
            except MlopsError as error:  # composed, and asked for what this machine has not
                assert (room, error.exit_code) == ("compute", ENVIRONMENT)


@pytest.mark.parametrize("entry", ["model: ridge", "/model: ridge", "override /model@x: ridge"])
def test_a_choice_written_in_hydra_s_own_way_is_shown_the_way_of_recipes(project, entry):
    project.write("recipes/bare.yaml", f"defaults:\n  - {entry}\n")
    problem = project.problem("recipe=bare")
    assert (problem.code, problem.closest) == ("unknown-section", "override /model")


def test_the_values_of_a_recipe_are_those_of_its_options(mine):
    values = mine.check("recipe=mine").values
    assert (values["model"]["alpha"], values["model"]["folds"]) == (7.5, 4)
    assert values["cleaner"]["factor"] == 9


def test_another_option_starts_from_its_own_defaults(mine):
    plain = mine.check("recipe=blank", "model=sgd").values["model"]
    job = mine.check("recipe=mine", "model=sgd")
    assert job.values["model"] == plain
    assert job.values["cleaner"]["factor"] == 9


def test_the_same_option_named_again_keeps_the_recipe_s_values(mine):
    assert mine.check("recipe=mine", "model=ridge").values["model"]["alpha"] == 7.5


@pytest.mark.parametrize("order", [1, -1])
def test_a_typed_value_wins_over_the_recipe_s(mine, order):
    words = ["recipe=mine", "model.alpha=5"][::order]
    assert mine.check(*words).values["model"]["alpha"] == 5


def test_the_last_of_two_words_wins(mine):
    job = mine.check("recipe=credit_scoring", "recipe=mine", "model.alpha=5", "model.alpha=6")
    assert (job.choices["recipe"], job.values["model"]["alpha"]) == ("mine", 6)


def test_a_recipe_without_a_choice_gives_its_values_to_the_default_option(project):
    project.write("recipes/half.yaml", "model:\n  folds: 9\n")
    assert project.check("recipe=half").values["model"]["folds"] == 9
    assert project.check("recipe=half", "model=ridge").values["model"]["folds"] == 5


def test_other_data_alone_starts_from_the_blank_recipe(project):
    assert project.check("data=german_credit").choices["recipe"] == "blank"
    assert (
        project.check("data=boston_housing", "recipe=boston_housing").choices["recipe"] != "blank"
    )


def test_the_project_s_recipe_lies_over_the_packaged_one(project):
    project.write("recipes/boston_housing.yaml", "# Mine.\nseed: 41\n")
    assert project.check().seed == 41


def test_values_that_are_left_out_are_named(mine):
    job = mine.check("recipe=mine", "model=sgd")
    (said,) = unused(job.composed)
    assert said.startswith(
        "recipes/mine.yaml:5: the values of `model` belong to ridge and are left"
    )
    assert said.endswith("model=sgd")
    assert unused(mine.check("recipe=mine").composed) == ()


def test_folders_and_files_that_nothing_reads_are_named(project):
    project.write("conf/modle/own.yaml", "")
    project.write("conf/model/own.yml", "")
    project.write("recipes/own.yml", "")
    said = unused(project.check().composed)
    assert (
        said[0] == "conf/modle: no room has that name, nothing reads it; did you mean conf/model?"
    )
    assert [each.partition(":")[0] for each in said[1:]] == [
        "conf/model/own.yml",
        "recipes/own.yml",
    ]


def test_what_is_wrong_with_a_recipe_hides_nothing_else(project):
    text = """\
# Bad in five ways.
defaults:
  - override /model: ridge
  - override /features: nope
hydra: {run: {dir: elsewhere}}
ridge: {alpha: 2}
model: {alpha: -1, aplha: 3}
evaluator: {regression: {gates: {r3: {min: 1}}}}
"""
    project.write("recipes/bad.yaml", text)
    assert [each.code for each in project.problems("recipe=bad")] == [
        "unknown-option",
        "recipe-reaches-outside",
        "unknown-section",
        "unknown-key",
        "out-of-range",
        "unknown-metric",
    ]
