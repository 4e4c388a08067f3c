"""Trust: what a stranger's recipe, option or override may not do, and never gets to begin."""

from __future__ import annotations

import sys

import pytest

from mlops.config import trust
from mlops.config.build import build
from mlops.config.catalogue import catalogue
from mlops.core.errors import REFUSED, MlopsError

DANGEROUS = [
    "os.system",
    "joblib.load",
    "pandas.read_pickle",
    "builtins.open",
    "builtins.eval",
    "logging.os.system",
    "sklearn.os.system",
    "sklearn.datasets.clear_data_home",
    "sklearn.datasets.fetch_openml",
    "sklearn.datasets._base.Path.write_text",
    "sklearn.linear_model._base.Ridge",
    "hydra.utils.get_method",
    "hydra.utils.instantiate",
    "pathlib.Path.write_text",
    "mlops.core.paths.write_whole",
    "mlops.cli.main",
    "sentinel.Sentinel",
]
CANCER = "defaults: [override /data: breast_cancer]\n"  # its target has classes
SENTINEL = "open('imported', 'w').close()\nclass Sentinel:\n    pass\n"
PLACES = {
    "the part itself": "{{_target_: {0}}}",
    "a part within": "{{regression: {{_target_: {0}, filename: x}}}}",
    "a partial": "{{regression: {{_target_: {0}, _partial_: true}}}}",
    "a positional": "{{_args_: [{{_target_: {0}}}]}}",
    "a positional of a part within": "{{regression: {{_args_: [{{_target_: {0}}}]}}}}",
    "a list": "{{alpha: [1, {{_target_: {0}}}]}}",
    "a key nobody knows": "{{nobody: {{deep: {{_target_: {0}}}}}}}",
    "a pointer": "{{alpha: '${{oc.create:{{_target_: {0}}}}}'}}",
    "a decoded text": "{{alpha: \"${{oc.decode:'{{_target_: {0}}}'}}\"}}",
    "a factory": "{{alpha: {{'()': {0}}}}}",
}
# The grammar of the command line has no such words.
FILES_ONLY = ("a pointer", "a decoded text", "a factory")
EVERYWHERE = [
    (kind, place)
    for kind in ("recipe", "option", "override")
    for place in PLACES
    if kind != "override" or place not in FILES_ONLY
]


@pytest.fixture
def sentinel(project):
    """A module that tells that it was imported; nobody has allowed it."""
    project.write("sentinel.py", SENTINEL)
    yield project
    assert not (project.folder / "imported").exists()
    assert "sentinel" not in sys.modules


@pytest.mark.parametrize("room", ["data", "contract", "features", "model", "tuner", "ui"])
def test_only_what_a_shipped_option_names_is_made(sentinel, room):
    for target in DANGEROUS:
        problem = sentinel.problem(f"{room}._target_={target}")
        assert (problem.code, problem.exit_code) == ("target-refused", REFUSED)
        assert problem.found == target


@pytest.mark.parametrize(("kind", "place"), EVERYWHERE)
def test_a_target_counts_wherever_it_stands(sentinel, kind, place):
    body = PLACES[place].format("sentinel.Sentinel")
    words = {"recipe": ["recipe=bad"], "option": ["model=bad"], "override": []}[kind]
    if kind == "recipe":
        sentinel.write("recipes/bad.yaml", f"defaults: [override /model: ridge]\nmodel: {body}\n")
    elif kind == "option":
        head = "" if place == "the part itself" else "_target_: mlops.model.by_task.ByTask, "
        sentinel.write("conf/model/bad.yaml", "{" + head + body[1:] + "\n")
    else:
        inner = body[1:-1]
        key, _, value = inner.partition(": ")
        words = ["model=ridge", f"+model.{key}={value}"]
    with pytest.raises(MlopsError) as caught:
        sentinel.check(*words)
    assert caught.value.exit_code == REFUSED
    refused = [each for each in caught.value.problems if each.exit_code == REFUSED]
    assert any("sentinel.Sentinel" in each.found for each in refused)
    assert all(":" in each.where or "command line" in each.where for each in refused)


def test_what_may_be_made_is_what_the_shipped_options_name(project):
    house = catalogue()
    for room in house.groups:
        options = [house.option(room, name).document.data for name in house.options(room)]
        named = {target for each in options for _, target in trust.targets(each, room)}
        assert trust.shipped(house, room) == named


def test_what_one_room_may_make_another_may_not(project):
    problem = project.problem("data._target_=mlops.model.by_task.ByTask")
    assert (problem.code, problem.exit_code) == ("target-refused", REFUSED)


@pytest.mark.parametrize(
    "word",
    ["seed._target_=os.system", "+name._target_=os.system", "+stray={_target_: os.system}",
     "mode.folds={_target_: os.system}", "+stray.deep=[{_target_: os.system}]"],
)  # fmt: skip
def test_beside_the_rooms_nothing_is_made_at_all(project, word):
    assert any(each.code == "target-refused" for each in project.problems(word))


@pytest.mark.parametrize(
    "target", ["[a]", "null", "3", "''", "{a: b}", "${seed}", "${data._target_}"]
)
def test_a_target_that_is_no_name_is_refused(project, target):
    assert project.problem(f"model.regression._target_={target}").exit_code == REFUSED


def test_an_option_of_the_user_s_is_not_trusted_because_it_lies_there(project):
    project.write("conf/model/svm.yaml", "# Not shipped.\n_target_: sklearn.svm.SVC\n")
    problem = project.problem("model=svm")
    assert (problem.code, problem.where) == ("target-refused", "conf/model/svm.yaml:2")


def test_a_settings_line_trusts_one_name_and_no_other(project):
    project.write("mlops.yaml", "allowed_targets: [sklearn.svm.SVC]\n")
    project.write("conf/model/svm.yaml", "# Now allowed.\n_target_: sklearn.svm.SVC\nC: 2.0\n")
    assert project.check("model=svm").choices["model"] == "svm"
    assert project.problem("model._target_=sklearn.svm.SVR").exit_code == REFUSED


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: x\nhydra: {run: {dir: elsewhere}}\n", 2),
        ("hydra: {searchpath: [pkg://os]}\n", 1),
        ("hydra/launcher: joblib\n", 1),
        ("defaults: [override hydra/job_logging: x]\n", 1),
        ("defaults:\n  - override /hydra/launcher: joblib\n", 2),
        ("defaults:\n  - /hydra/callbacks: x\n", 2),
        ("defaults:\n  - hydra/callbacks@_global_: x\n", 2),
        ("# @package hydra.run\n", 1),
        ("# Words.\n# @package tracker\n", 2),
        ("# Words.\n\n#   @package   flow\n", 3),
        ("name: x\ntracker: {uri: http://elsewhere}\n", 2),
        ("defaults: [override /tracker: offline]\n", 1),
        ("defaults: [override /tracker@model: offline]\n", 1),
        ("outputs: elsewhere\n", 1),
        ("flow: {apply: true}\n", 1),
        ("defaults: [override /flow: clean]\n", 1),
        ("ui: {width: 60}\n", 1),
        ("recipe: other\n", 1),
        ("of: {model: x}\n", 1),
        ("model:\n  defaults: [/flow/clean@_global_.flow]\n", 2),
        ("model:\n  alpha: 1\n  defaults: [/tracker/offline@_global_.tracker, _self_]\n", 3),
        ("cleaner: {defaults: abc}\n", 1),
        ("registry:\n  name: x\n  repository: /elsewhere\n", 3),
        ("registry: {remote: https://elsewhere}\n", 1),
        ("registry: {branch: main}\n", 1),
        ("registry: {folder: elsewhere}\n", 1),
    ],
)
def test_a_recipe_does_not_reach_outside_the_road(project, text, line):
    project.write("recipes/bad.yaml", text)
    problem = project.problem("recipe=bad")
    assert (problem.code, problem.exit_code) == ("recipe-reaches-outside", REFUSED)
    assert problem.where == f"recipes/bad.yaml:{line}"


@pytest.mark.parametrize(
    "entry",
    ["/hydra/job_logging: default", "override /tracker: offline", "ridge@_global_", "/data/csv@x",
     "../tracker/offline@x", "ridge@hydra.run", "ridge@a.b", "3", "optional ridge: x", "[ridge]"],
)  # fmt: skip
def test_an_option_is_made_of_options_of_its_own_room(project, entry):
    project.write(
        "conf/model/bad.yaml", f"defaults:\n  - {entry}\n_target_: mlops.model.by_task.ByTask\n"
    )
    problem = project.problem("model=bad")
    assert (problem.code, problem.exit_code) == ("option-reaches-outside", REFUSED)
    assert problem.where == "conf/model/bad.yaml:2"


def test_the_package_line_of_an_option_is_a_comment(project):
    project.write(
        "conf/model/sly.yaml",
        "# @package hydra.run\n_target_: mlops.model.by_task.ByTask\ndir: elsewhere\n",
    )
    values = project.check("model=sly").values
    assert values["model"]["dir"] == "elsewhere"
    assert "hydra" not in values


def test_a_launcher_of_the_project_s_own_is_refused_where_it_stands(sentinel):
    sentinel.write("conf/hydra/launcher/mine.yaml", "_target_: sentinel.Sentinel\n")
    problem = sentinel.problem("hydra/launcher=mine")
    assert (problem.code, problem.exit_code) == ("target-refused", REFUSED)
    assert problem.where == "conf/hydra/launcher/mine.yaml:1"


def test_both_a_mistake_and_a_refusal_is_a_refusal(project):
    with pytest.raises(MlopsError) as caught:
        project.check("modle=x", "model._target_=os.system")
    assert caught.value.exit_code == REFUSED


def test_text_that_becomes_a_pointer_is_text_when_the_part_is_made(project):
    """An escaped ``${…}`` is plain text once resolved, and stays it."""
    nasty = "${oc.create:{_target_: builtins.open, file: made, mode: w}}"
    project.write("recipes/sly.yaml", f"{CANCER}data: {{positive: '\\{nasty}'}}\n")
    job = project.check("recipe=sly")
    assert job.values["data"]["positive"] == nasty
    assert nasty in str(vars(job.part("data")))
    assert not (project.folder / "made").exists()


def test_building_looks_at_every_name_again(sentinel):
    node = {
        "_target_": "mlops.model.by_task.ByTask",
        "regression": {"_target_": "sentinel.Sentinel"},
    }
    with pytest.raises(MlopsError) as caught:
        build("model", node, catalogue())
    assert caught.value.exit_code == REFUSED


def test_a_function_cannot_be_a_part(project):
    with pytest.raises(MlopsError) as caught:
        build("model", {"_target_": "mlops.model.l2_logistic.l2_logistic"}, catalogue())
    assert caught.value.problems[0].code == "wrong-kind"
