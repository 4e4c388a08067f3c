"""Environment variables by allowed name only, and secrets that are never text."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from mlops.config.environment import guarded
from mlops.core.errors import REFUSED
from mlops.core.secret import Secret

VALUE = "kept-to-myself-5501"
ASKED = [
    "${oc.env:PRIVATE}",
    "${oc.env:PRIVATE,default}",
    "x-${oc.env:PRIVATE}",
    "${oc.decode:${oc.env:PRIVATE}}",
    "${oc.select:seed,${oc.env:PRIVATE}}",
    "${oc.select:nothing,${oc.env:PRIVATE}}",
    "${oc.create:{a: '${oc.env:PRIVATE}'}}",
    "${oc.env:${oc.env:PRIVATE}}",
    "${oc.decode:'${oc.env:PRIVATE}'}",
    "${oc.env:MLFLOW_TRACKING_URI,${oc.env:PRIVATE}}",
    "${secret:PRIVATE}",
    "x-${secret:PRIVATE}",
]


@pytest.fixture(autouse=True)
def private(monkeypatch):
    monkeypatch.setenv("PRIVATE", VALUE)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", ["recipe", "option", "override"])
def test_a_variable_nobody_allowed_is_not_read(project, kind, asked):
    words = {"recipe": ["recipe=sly"], "option": ["model=sly"]}.get(kind, [])
    if kind == "recipe":
        project.write("recipes/sly.yaml", f'# Sly.\nname: "{asked}"\n')
    elif kind == "option":
        target = "_target_: mlops.model.by_task.ByTask"
        project.write("conf/model/sly.yaml", f'# Sly.\n{target}\nalpha: "{asked}"\n')
    else:
        words = [f'name="{asked}"']
    problem = project.problem(*words)
    assert (problem.code, problem.exit_code) == ("environment-name", REFUSED)
    assert problem.found == "PRIVATE"
    assert VALUE not in str(problem)
    place = {"recipe": "recipes/sly.yaml:2", "option": "conf/model/sly.yaml:3"}.get(kind)
    assert problem.where == (place or f'command line, `name="{asked}"`')
    assert "allowed_env" in problem.next_step


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("key", ["sweeper.study_name", "sweeper.storage", "launcher.n_jobs"])
def test_hydra_s_own_parts_read_no_variable_that_nobody_allowed(project, key, asked):
    parts = ("hydra/sweeper=optuna", "hydra/launcher=joblib")
    problem = project.problem(*parts, f'hydra.{key}="{asked}"')
    assert (problem.code, problem.exit_code) == ("environment-name", REFUSED)
    assert problem.where == f'command line, `hydra.{key}="{asked}"`'
    assert VALUE not in str(problem)


def test_a_variable_in_a_key_of_an_own_resolver_is_refused_too(project):
    project.write("recipes/sly.yaml", 'data: {path: "${oc.dict.values:PRIVATE}"}\n')
    assert VALUE not in "".join(map(str, project.problems("recipe=sly")))


def test_an_allowed_variable_is_read(project):
    project.write("mlops.yaml", "allowed_env: [PRIVATE]\n")
    assert project.check("name=${oc.env:PRIVATE}").name == VALUE


def test_an_allowed_variable_that_is_not_set_is_asked_for(project, monkeypatch):
    monkeypatch.delenv("PRIVATE")
    project.write("mlops.yaml", "allowed_env: [PRIVATE]\n")
    problem = project.problem("name=${oc.env:PRIVATE}")
    assert (problem.code, problem.next_step) == ("environment-missing", "export PRIVATE=…")
    assert project.check("name='${oc.env:PRIVATE,other}'").name == "other"


@pytest.mark.parametrize("asked", ["${secret:PRIVATE}", "secret://PRIVATE"])
def test_a_secret_is_a_name_in_the_values_and_an_object_in_the_part(project, asked):
    project.write("mlops.yaml", "allowed_env: [PRIVATE]\n")
    choice = "defaults: [override /data: breast_cancer]"
    project.write("recipes/mine.yaml", f'{choice}\ndata:\n  positive: "{asked}"\n')
    job = project.check("recipe=mine")
    assert job.values["data"]["positive"] == "secret://PRIVATE"
    assert VALUE not in job.text
    held = next(each for each in vars(job.part("data")).values() if isinstance(each, Secret))
    assert VALUE not in f"{held!r} {held}"
    assert held.reveal() == VALUE


@pytest.mark.parametrize("kind", ["recipe", "override"])
def test_a_secret_written_as_its_mark_is_refused_like_the_pointer(project, kind):
    project.write("recipes/sly.yaml", 'data:\n  positive: "secret://PRIVATE"\n')
    words = ["recipe=sly"] if kind == "recipe" else ["data.positive='secret://PRIVATE'"]
    problem = project.problem(*words)
    assert (problem.code, problem.exit_code) == ("environment-name", REFUSED)


def test_a_secret_inside_a_longer_text_is_told(project):
    project.write("mlops.yaml", "allowed_env: [PRIVATE]\n")
    assert project.problem("data.positive='x${secret:PRIVATE}'").code == "secret-in-text"


@pytest.mark.parametrize(
    "words",
    [
        ("data=csv", "data.path=${secret:PRIVATE}", "data.target=x"),
        ("data=csv", "data.path=x.csv", "data.target=x", "data.separator=${secret:PRIVATE}"),
        ("registry=git", "registry.repository=${secret:PRIVATE}"),
    ],
)
def test_a_secret_where_a_text_belongs_is_told(project, words):
    project.write("mlops.yaml", "allowed_env: [PRIVATE]\n")
    assert project.problem(*words).code == "wrong-type"


def test_resolvers_of_the_process_are_neither_used_nor_lost(project):
    OmegaConf.register_new_resolver("theirs", lambda: "theirs", replace=True)
    try:
        assert project.problem("name=${theirs:}").code == "bad-interpolation"
        assert OmegaConf.create({"a": "${theirs:}"}).a == "theirs"
        assert OmegaConf.create({"a": "${oc.env:PRIVATE}"}).a == VALUE
    finally:
        OmegaConf.clear_resolver("theirs")


def test_the_guard_ends_when_its_block_raises(work):
    with pytest.raises(KeyError), guarded(work):
        raise KeyError
    assert OmegaConf.create({"a": "${oc.env:PRIVATE}"}).a == VALUE
    assert not OmegaConf.has_resolver("secret")
