"""Values: type, range, missing, pointers; one problem a value, placed where it comes from."""

from __future__ import annotations

import pytest

# words, key told, code
WRONG = [
    ("cleaner.outliers.factor=abc", "cleaner.outliers.factor", "wrong-type"),
    ("cleaner.outliers.factor=-1", "cleaner.outliers.factor", "out-of-range"),
    ("cleaner.outliers.action=clp", "cleaner.outliers.action", "out-of-range"),
    ("splitter.test_size=2", "splitter.test_size", "out-of-range"),
    ("splitter.stratify=maybe", "splitter.stratify", "wrong-type"),
    ("splitter.folds=3", "splitter.folds", "no-part"),
    ("splitter.folds=null", "splitter.folds", "no-part"),
    ("model=ridge model.alpha=true", "model.alpha", "out-of-range"),
    ("model=ridge model.alpha=nan", "model.alpha", "out-of-range"),
    ("model=ridge model.alpha=1e400", "model.alpha", "out-of-range"),
    ("model=ridge model.alpha=[1]", "model.alpha", "out-of-range"),
    ("model=ridge model.alpha.x=1", "model.alpha", "out-of-range"),
    ("model=ridge model.regression=3", "model.regression", "no-part"),
    ("model=ridge model.fit_intercept=perhaps", "model.fit_intercept", "wrong-type"),
    ("model=random_forest model.n_estimators=2.5", "model.n_estimators", "wrong-type"),
    ("mode.folds=x", "mode.folds", "out-of-range"),
    ("mode.folds=1", "mode.folds", "out-of-range"),
    ("mode.max_rows=-4", "mode.max_rows", "out-of-range"),
    ("mode.max_rows=2.5", "mode.max_rows", "out-of-range"),
    ("mode.judge=maybe", "mode.judge", "out-of-range"),
    ("seed=-1", "seed", "out-of-range"),
    ("seed=1.5", "seed", "wrong-type"),
    ("seed=null", "seed", "wrong-type"),
    ("seed=", "seed", "wrong-type"),
    ("seed=12345678901234567890", "seed", "out-of-range"),
    ("outputs=null", "outputs", "wrong-type"),
    ("outputs=", "outputs", "wrong-type"),
    ("outputs=3", "outputs", "wrong-type"),
    ("name=[a]", "name", "wrong-type"),
    ("name=2024", "name", "wrong-type"),
    ("name=../x", "", "unsafe-name"),
    ("registry.name=../x", "", "bad-model-name"),
    ("name=a/b", "", "unsafe-name"),
    ("name=.hidden", "", "unsafe-name"),
    ("+model._partial_=true", "model._partial_", "wrong-type"),
    ("+model._partial_=5", "model._partial_", "wrong-type"),
    ("+features.numeric._partial_=true", "features.numeric._partial_", "wrong-type"),
    ("model.regression._partial_=false", "model.regression._partial_", "wrong-type"),
    ("+model._convert_=foo", "model._convert_", "wrong-type"),
    ("+model._recursive_=false", "model._recursive_", "wrong-type"),
    ("+model._args_=a", "model._args_", "wrong-type"),
    ("evaluator.regression.primary=rsme", "evaluator.regression.primary", "out-of-range"),
    ("data.target=mdev", "", "column-unknown"),
    ("data.path=gone.csv", "", "data-not-found"),
    ("evaluator.regression.slices=[foo]", "evaluator.slices", "unknown-column"),
    ("evaluator.regression.slices=[[1]]", "evaluator.slices", "unknown-column"),
    ("data.sensitive=[1]", "", "column-unknown"),
    ("data.sensitive=[[[1]]]", "", "column-unknown"),
    ("evaluator.regression.gates.rsme.min=3", "", "unknown-metric"),
    ("evaluator.regression.gates={rmse: {mx: 3}}", "", "unknown-condition"),
    ("data.task=regression data.positive=1", "", "label-unknown"),
    ("data.task=classification +data.costs.a=-1", "", "cost-out-of-range"),
    ("data.task=classification +data.costs.a=x", "", "cost-out-of-range"),
    ("evaluator=classification", "evaluator=classification", "task-mismatch"),
]


@pytest.mark.parametrize(("words", "key", "code"), WRONG)
def test_a_wrong_value_is_told_once_and_with_the_word_typed(project, words, key, code):
    problem = project.problem(*words.split(" ", 1 if "{" not in words else 0))
    assert problem.code == code
    assert problem.says.startswith(key)
    assert problem.where.startswith("command line, `")
    assert words.split()[-1].split("=")[0].lstrip("+") in problem.where


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("evaluator.regression.primary=xyz", "out-of-range"),
        ("evaluator.regression.slices=5", "wrong-type"),
        ("evaluator.regression.primry=mae", "unknown-key"),
        ("evaluator.regression.resamples=-1", "out-of-range"),
    ],
)
def test_one_wrong_value_of_the_evaluator_hides_no_unknown_metric(project, word, code):
    found = project.problems(word, "evaluator.regression.gates.foo.min=1")
    assert [each.code for each in found] == [code, "unknown-metric"]


def test_one_wrong_value_of_the_tuner_hides_no_unknown_key_of_its_space(project):
    found = project.problems("tuner=grid", "tuner.points=1", "+tuner.space.model.foo=choice(1)")
    assert {each.code for each in found} == {"out-of-range", "unknown-space-key"}


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("evaluator.regression.primary=rsme", "rmse"),
        ("cleaner.outliers.action=clp", "clip"),
        ("data.target=mdev", "medv"),
        ("evaluator.regression.gates.rsme.min=3", "rmse"),
        ("evaluator.regression.gates={rmse: {mx: 3}}", "max"),
        ("evaluator.regression.slices=[chsa]", "chas"),
    ],
)
def test_the_nearest_accepted_word_is_named(project, word, near):
    assert project.problem(word).closest == near


def test_the_next_step_of_a_wrong_word_can_be_typed(project):
    problem = project.problem("evaluator.regression.primary=rsme")
    assert problem.next_step == "write evaluator.regression.primary=rmse"
    assert project.check(problem.next_step.removeprefix("write ")).values
    problem = project.problem("name=2024")
    assert project.check(problem.next_step.removeprefix("write ").strip("'")).name == "2024"


def test_the_name_of_a_file_of_any_script_is_made_safe(project):
    words = ("data=csv", "data.target=y")
    project.write("données.csv", "x,y\n1,2\n")
    assert project.check(*words, "data.path=données.csv").name == "donn_es"
    project.write("数据.csv", "x,y\n1,2\n")
    assert project.check(*words, "data.path=数据.csv").name == "model"


def test_a_required_value_is_asked_for_with_its_line(project):
    found = project.problems("data=csv")
    assert [each.code for each in found] == ["missing-value"] * 2
    steps = [each.next_step for each in found]
    assert steps == ["write data.path=VALUE", "write data.target=VALUE"]
    assert all("data/csv.yaml:" in each.where for each in found)


def test_a_range_is_told_with_the_line_of_the_recipe_that_breaks_it(project):
    project.write("recipes/mine.yaml", "# Mine.\nmodel:\n  folds: 2\n  threshold: 7\n")
    problem = project.problem("recipe=mine")
    assert (problem.code, problem.where) == ("out-of-range", "recipes/mine.yaml:4")


def test_a_key_of_an_inner_option_is_told_with_the_inner_option_s_line(project):
    project.write("conf/mode/odd.yaml", "# Odd.\nname: odd\nmax_rows: 9\nfolds: 2\njudge: true\n")
    found = project.problems("mode=odd")
    assert {each.code for each in found} == {"bad-interpolation"}
    assert any("evaluator/" in each.where and not each.where.endswith(":1") for each in found)


@pytest.mark.parametrize(
    ("word", "says", "near"),
    [
        ("model.folds=${nothing}", "points at nothing", ""),
        ("model.folds=${mode.flods}", "points at nothing", "mode.folds"),
        ("model.folds=${model.folds}", "points back at itself", ""),
        ("seed=${seed}", "points back at itself", ""),
        ("model.folds=${model}", "points back at itself", ""),
        ("name=${oc.evn:HOME}", "points at nothing", "oc.env"),
        ("name=${now:%Y}", "points at nothing", ""),
        ("name=${hydra:runtime.cwd}", "points at nothing", ""),
        ("name=${python_version:}", "points at nothing", ""),
        ("name=${oc.deprecated:seed}", "points at nothing", ""),
        ("name=${..seed}", "points at nothing", "seed"),
        ("name=${oc.env:}", "points at nothing", ""),
    ],
)
def test_a_pointer_that_leads_nowhere_is_told(project, word, says, near):
    problem = project.problem(word)
    assert problem.code == "bad-interpolation"
    assert says in problem.says
    assert problem.closest == near
    assert problem.where == f"command line, `{word}`"


def test_a_longer_cycle_is_found(project):
    found = project.problems(
        "splitter.test_size=${model.folds}", "model.folds=${splitter.test_size}"
    )
    assert all("back at itself" in each.says for each in found)


def test_what_points_at_a_wrong_value_is_not_told_again(project):
    assert project.problem("mode.folds=x").where == "command line, `mode.folds=x`"


BOMBS = {
    "joined texts": "data:\n  roles:\n    a0: xxxxxxxx\n"
    + "".join(
        f'    a{i}: "${{data.roles.a{i - 1}}}${{data.roles.a{i - 1}}}"\n' for i in range(1, 40)
    ),
    "branches": "data:\n  roles:\n    a0: x\n"
    + "".join(
        f'    a{i}: {{l: "${{data.roles.a{i - 1}}}", r: "${{data.roles.a{i - 1}}}"}}\n'
        for i in range(1, 30)
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_pointers_that_grow_beyond_measure_are_stopped(project, kind):
    project.write("recipes/bomb.yaml", BOMBS[kind])
    problem = project.problem("recipe=bomb")
    assert problem.code == "bad-interpolation"
    assert problem.where.startswith("recipes/bomb.yaml:")
