"""Words of the command line: each mistake is told with the word typed and the way out."""

from __future__ import annotations

import pytest

from mlops.core.errors import REFUSED, USER

HUGE = "x" * 100_000

# word typed, code, closest, a part of the next step
MISTYPED = [
    ("modle=ridge", "unknown-key", "model", "write model=ridge"),
    ("module=ridge", "unknown-key", "mode", ""),
    ("Model=ridge", "unknown-key", "model", "write model=ridge"),
    ("model=rigde", "unknown-option", "ridge", "write model=ridge"),
    ("model=Ridge", "unknown-option", "ridge", "write model=ridge"),
    ("model=linear.yaml", "unknown-option", "linear", "write model=linear"),
    ("recipe=credit_scorin", "unknown-option", "credit_scoring", "recipe=credit_scoring"),
    ("recipe=nope", "unknown-option", "", "recipe=OPTION"),
    ("model=ridge model.aplha=1", "unknown-key", "alpha", "write model.alpha=1"),
    ("model=ridge +model.aplha=1", "unknown-key", "alpha", "write model.alpha=1"),
    ("model=ridge ++model.aplha=1", "unknown-key", "alpha", "write model.alpha=1"),
    ("model=linear model.alpha=1", "unknown-key", "", "leave out model.alpha=1"),
    ("cleaner.outliers.facto=3", "unknown-key", "factor", "write cleaner.outliers.factor=3"),
    ("cleaner.outlier.factor=3", "unknown-key", "outliers", "write cleaner.outliers.factor=3"),
    (
        "evaluator.primary=mae",
        "unknown-key",
        "regression.primary",
        "write evaluator.regression.primary=mae or evaluator.classification.primary=mae",
    ),
    ("mode.flods=3", "unknown-key", "folds", "write mode.folds=3"),
    ("sede=3", "unknown-key", "seed", "write seed=3"),
    ("defaults=[]", "unknown-key", "", "leave out"),
    ("+defaults=[a]", "unknown-key", "", "leave out"),
]


@pytest.mark.parametrize(("words", "code", "near", "step"), MISTYPED)
def test_a_misspelt_word_is_told_with_the_nearest(project, words, code, near, step):
    typed = words.split()[-1]
    problem = project.problem(*words.split())
    assert (problem.code, problem.closest, problem.exit_code) == (code, near, USER)
    assert problem.where == f"command line, `{typed}`"
    assert step in problem.next_step


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["model.aplha=1", "+model.aplha=2"], ["write model.alpha=1", "write model.alpha=2"]),
        (["model.a.b=1", "model.a.c=2"], ["leave out model.a.b=1", "leave out model.a.c=2"]),
        (["sede=1", "sede=1"], ["write seed=1"]),
    ],
)
def test_each_word_that_sets_a_key_that_is_none_is_told(project, words, steps):
    found = project.problems("model=ridge", *words)
    typed = list(dict.fromkeys(words))
    assert [each.where for each in found] == [f"command line, `{each}`" for each in typed]
    assert [each.next_step for each in found] == steps


@pytest.mark.parametrize("value", ["[a]", "null", "3", "", "true", "{}", "'a b'"])
def test_a_room_takes_the_name_of_an_option_and_nothing_else(project, value):
    problem = project.problem(f"model={value}")
    assert problem.code == "unknown-option"
    assert "ridge" in problem.accepted
    assert problem.where == f"command line, `model={value}`"


def test_values_given_for_a_whole_room_are_told_how_to_be_written(project):
    problem = project.problem("model={alpha: 3, folds: 2}")
    assert problem.next_step == "write model.alpha=3 model.folds=2"


@pytest.mark.parametrize(
    "name", ["../model/ridge", "../../etc/x", "/linear", "linear/", ".", "..", "a/b", ".hidden"]
)
@pytest.mark.parametrize("room", ["model", "recipe"])
def test_an_option_is_a_name_and_never_a_path(project, room, name):
    project.write("x.yaml", "defaults: []")
    assert project.problem(f"{room}={name}").code == "unknown-option"


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("~model", "write model=linear"),
        ("~model=linear", "write model=linear"),
        ("~cleaner", "write cleaner=keep_all"),
        ("~recipe", "write recipe=boston_housing"),
        ("~mode", "write mode=full"),
        ("~flow", "write flow=run"),
    ],
)
def test_a_room_cannot_be_taken_out(project, word, step):
    problem = project.problem(word)
    assert (problem.code, problem.next_step) == ("room-deleted", step)


@pytest.mark.parametrize("word", ["~seed", "~name", "~outputs"])
def test_a_key_beside_the_rooms_cannot_be_taken_out(project, word):
    assert project.problem(word).code == "key-needed"


@pytest.mark.parametrize(
    ("word", "code", "near"),
    [
        ("~model.nothing", "unknown-key", ""),
        ("~model.flods", "unknown-key", "folds"),
        ("~nothing", "unknown-key", ""),
        ("~model.folds=3", "not-applied", ""),
        ("~data.target", "missing-value", ""),
        ("~model._target_", "no-part", ""),
        ("~mode.folds", "bad-interpolation", "model.folds"),
    ],
)
def test_what_is_taken_out_must_be_there_and_not_be_needed(project, word, code, near):
    problem = project.problem(word)
    assert (problem.code, problem.closest) == (code, near)
    assert word in problem.where


def test_what_is_taken_out_beside_a_launcher_is_told_the_same(project):
    problem = project.problem("hydra/launcher=basic", "~model.flods")
    assert (problem.code, problem.closest) == ("unknown-key", "folds")
    job = project.check("hydra/launcher=basic", "model=ridge", "~model.alpha")
    assert "alpha" not in job.values["model"]


def test_a_key_with_a_default_of_its_own_may_be_taken_out(project):
    assert "alpha" not in project.check("model=ridge", "~model.alpha").values["model"]


@pytest.mark.parametrize(
    "word", ["model@foo=ridge", "model@foo.bar=ridge", "+model@foo=ridge", "of/model@model=ridge"]
)
def test_an_option_stands_in_the_room_of_its_name(project, word):
    problem = project.problem(word)
    assert (problem.code, problem.next_step) == ("package-refused", "write model=ridge")


def test_a_plus_before_a_choice_is_no_mistake(project):
    assert project.check("+model=ridge").choices["model"] == "ridge"


@pytest.mark.parametrize(
    "word", ["model=ridge,linear", "seed=1,2", "seed=range(3)", "model=glob(*)"]
)
def test_several_values_need_m(project, word):
    problem = project.problem(word)
    assert problem.code == "sweep-without-m"
    assert f"mlops -m {word}" in problem.next_step


@pytest.mark.parametrize(
    "word",
    ["=3", "+=3", "seed=a=b", "seed=[", "seed={", 'seed="3', "seed='3", "modèle=ridge",
     "name=größe", "name=🙂", "name=${", '"model=ridge"', "seed=a#b", "a b=3", "na\x00me=3",
     "seed=" + "9" * 10_000, "seed=" + "[" * 5_000, "seed=" + "(" * 5_000, "seed=" + "{a:" * 5_000,
     f"{HUGE}=1", f"seed={HUGE}", f"+{HUGE}"],
    ids=lambda word: word[:12].encode("unicode_escape").decode(),
)  # fmt: skip
def test_a_word_that_cannot_be_read_is_told_and_never_takes_long(project, word):
    with_equals = word if "=" in word else f"{word}=1"
    problem = project.problem(with_equals)
    assert problem.code == "unreadable-override"
    assert len(problem.where) < 200


def test_the_next_step_of_an_unreadable_word_can_be_typed(project):
    problem = project.problem("data.target=größe")
    assert problem.next_step == "write 'data.target=\"größe\"'"
    codes = {each.code for each in project.problems('data.target="größe"')}
    assert "unreadable-override" not in codes


def test_a_very_long_key_is_told_shortly(project):
    assert len(str(project.problem("x" * 15_000 + "=1"))) < 2_000


def test_every_wrong_word_is_told_at_once(project):
    found = project.problems("modle=x", "model=rigde", "seed=a=b", "splitter.test_size=7", "~name")
    assert {each.code for each in found} == {
        "unknown-key", "unknown-option", "unreadable-override", "out-of-range", "key-needed",
    }  # fmt: skip


@pytest.mark.parametrize(
    "word",
    ["hydra.run.dir=elsewhere", "hydra.sweep.dir=x", "hydra.searchpath=[pkg://os]",
     "hydra.searchpath=[file://elsewhere]", "hydra.job.env_set.PATH=x", "hydra.job.chdir=true",
     "hydra.verbose=true", "hydra.foo=3", "hydra=null", "~hydra", "+hydra.env=3", "hydra.mode=RUN",
     "+hydra.callbacks.x._target_=os.system", "hydra/job_logging=default", "hydra/output=x",
     "+hydra.job_logging.handlers.f.class=logging.FileHandler",
     "+hydra.job_logging.filters.f={class: joblib.load}", "hydra/launcher=../x",
     "hydra.hydra_logging.root.level=DEBUG", "~hydra.launcher"],
)  # fmt: skip
def test_hydra_itself_is_not_configured(project, word):
    problem = project.problem(word)
    assert (problem.code, problem.exit_code) == ("hydra-refused", REFUSED)


@pytest.mark.parametrize("word", ["hydra.launcher", "hydra.sweeper"])
def test_the_target_of_a_launcher_or_sweeper_is_refused(project, word):
    problem = project.problem(f"{word}._target_=os.system")
    assert (problem.code, problem.found, problem.exit_code) == ("target-refused", "os.system", 3)


def test_a_launcher_that_is_not_installed_is_told_with_its_package(project):
    problem = project.problem("hydra/launcher=slurmy")
    assert problem.code == "unknown-option"
    assert "pip install hydra-slurmy-launcher" in problem.next_step
