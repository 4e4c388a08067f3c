"""Every sampler searches a real job; what it found is in the study, and can be gone on with."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter

import pytest

from mlops.core.errors import MlopsError

HERE = "compute.workers=0"


@pytest.mark.parametrize(
    "option", ["optuna", "optuna_gp", "cmaes", "nsga2", "random", "hyperband", "halving"]
)
def test_every_sampler_comes_near_the_slope(place, option):
    words = [f"tuner={option}", "tuner.trials=16", HERE]
    words += ["tuner.pick=first"] if option == "nsga2" else []
    result = place(*words)
    assert result.details["best"]["model.slope"] == pytest.approx(2.0, abs=0.5)
    assert len(place.table()) == 16


def test_the_study_opens_with_optuna_alone_and_names_what_it_is_about(place):
    place("tuner=optuna", "tuner.trials=4", HERE)
    study = place.study()
    assert study.best_value < 1
    assert study.study_name == "trouble"
    assert study.user_attrs["mlops"]["space"] == {"model.slope": "interval(0.1, 4.0)"}
    assert len(study.best_trial.user_attrs["result"]["scores"]) == 5


def test_fold_by_fold_pruning_spares_folds(place):
    place("tuner=halving", "tuner.trials=20", HERE)
    states = Counter(each[2] for each in place.table())
    assert states["PRUNED"] > 3
    records = [
        json.loads(path.read_text()) for path in place.folder.glob("outputs/spool/**/*.json")
    ]
    told = [
        each["record"]
        for each in records
        if "mlops.trial" in each.get("record", {}).get("tags", {})
    ]
    assert Counter(each["status"] for each in told)["KILLED"] == states["PRUNED"]
    assert {each["tags"]["mlops.reason"] for each in told} <= {
        "",
        *(f"pruned after fold {fold} of 5" for fold in range(1, 5)),
    }
    assert len(place.fits()) < 20 * 5


@pytest.mark.parametrize(("option", "crews"), [("optuna", (1, 2, 4)), ("hyperband", (1, 3))])
def test_the_same_seed_gives_the_same_trials_however_many_work(place, option, crews):
    words = [f"tuner={option}", "tuner.trials=14", "tuner.deterministic=true"]
    tables = []
    for workers in crews:
        place(*words, f"compute.workers={workers}")
        tables.append(place.table())
    assert all(table == tables[0] for table in tables)
    assert len(tables[0]) == 14
    place(*words, HERE, "seed=1")
    assert place.table() != tables[0]


def test_a_study_goes_on_to_the_total_and_repeats_nothing(place):
    place("tuner=optuna", "tuner.trials=5", HERE)
    first, fits = place.table(), len(place.fits())
    result = place("tuner=optuna", "tuner.trials=9", "tuner.resume=true", HERE)
    table = place.table()
    assert table[:5] == first
    assert len(table) == 9
    assert result.details["trials"] == 9
    assert len(place.fits()) - fits <= 4 * 5 + 1
    assert len(list(place.journal().parent.glob("*.journal"))) == 1


def test_one_metric_that_does_not_rank_the_models_decides_alone(place):
    near = "tuner.space.model.slope=interval(1.9, 2.1)"
    result = place("tuner=random", "tuner.trials=30", "tuner.metrics=[mae]", near, HERE)
    assert result.details["best"] == place.study().best_trial.params
    [said] = [step.says for step in result.steps if step.name == "tuner"]
    assert "best mae" in said


def test_several_metrics_have_a_front_and_one_is_picked(place):
    result = place("tuner=nsga2", "tuner.metrics=[rmse, mae]", "tuner.trials=12", HERE)
    least = min(each[3][0] for each in place.table())
    chosen = [each[3][0] for each in place.table() if each[1] == result.details["best"]]
    assert chosen[0] <= 1.01 * least
    best = {each.number for each in place.study().best_trials}
    front = result.details["front"]
    assert {row["trial"] for row in front} == best
    assert [row["cv_rmse"] for row in front if row["pick"]] == chosen[:1]
    assert "Pareto front</h2>" in (place.folder / result.folder / "report.html").read_text()


def test_a_space_can_have_conditions(place):
    place(
        "tuner=random",
        "tuner.trials=10",
        "tuner.space.model.word=choice(fine, gap)",
        "tuner.space.model.slope=interval(1, 3) if word == fine",
        HERE,
    )
    for _, params, state, _ in place.table():
        assert ("model.slope" in params) == (params["model.word"] == "fine")
        assert (state == "FAIL") == (params["model.word"] == "gap")


def test_each_of_several_models_goes_on_with_its_own_study(place):
    for model in ("trouble", "ridge"):
        place(f"model={model}", "tuner=random", "tuner.trials=2", HERE)
    for model in ("trouble", "ridge", "sgd"):
        place(f"model={model}", "tuner=random", "tuner.trials=3", "tuner.resume=true", HERE)
    paths = place.folder.glob("outputs/studies/*/*.journal")
    found = [(*each.best_params, len(each.trials)) for each in map(place.study, paths)]
    assert {name.split(".")[-1] for name, *_, count in found} >= {"slope", "alpha"}
    assert [row[-1] for row in found] == [3, 3, 3]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["tuner.space.model.slope=interval(0.1, 3)"], "study-space-differs", "interval(0.1, 4.0)"),
        (["model.pause_s=0.001"], "study-about-differs", "model.pause_s"),
        (["tuner.metrics=[mae]"], "study-metrics-differs", "mae"),
    ],
)
def test_a_study_about_something_else_is_not_gone_on_with(place, words, code, says):
    place("tuner=optuna", "tuner.trials=2", HERE)
    with pytest.raises(MlopsError) as told:
        place("tuner=optuna", "tuner.trials=3", "tuner.resume=true", HERE, *words)
    assert told.value.problems[0].code == code
    assert says in str(told.value)


def test_a_named_study_is_not_begun_twice(place):
    words = ["tuner=optuna", "tuner.trials=2", "tuner.study=mine", HERE]
    place(*words)
    with pytest.raises(MlopsError) as told:
        place(*words)
    assert told.value.problems[0].code == "study-exists"
    place(*words, "tuner.resume=true", "tuner.trials=3")
    assert len(place.table()) == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["tuner.space.model.slope=interval(4, 1)"], "bad-space"),
        (["tuner.space.model.slope='tag(log, interval(0, 1))'"], "bad-space"),
        (["tuner.space.model.slopes=choice(1, 2)"], "unknown-space-key"),
        (["tuner.space.cleaner.numeric=choice(mean, median)"], "unknown-space-key"),
        (["tuner.space.model.slope=interval(1, 2) if words == fine"], "unknown-condition-key"),
        (["tuner.space.model.slope=null"], "empty-space"),
        (["tuner.metrics=[rmsee]"], "unknown-metric"),
        (["tuner.metrics=[rmse minimize, rmse maximize]"], "two-directions"),
        (["tuner.metrics=[rmse, rmse]"], "repeated-metric"),
        (["tuner.metrics=[primary, rmse minimize, primary]"], "repeated-metric"),
        (["tuner.storage='postgresql://ann:s3cret-w0rd@127.0.0.1:1/x'"], "storage-unreachable"),
        (["tuner.storage=somewhere"], "bad-storage"),
        (["tuner.study=../outside"], "unsafe-name"),
        (["tuner=cmaes", "tuner.metrics=[rmse, mae]"], "several-metrics"),
        (["tuner.sampler._target_=optuna.pruners.MedianPruner"], "wrong-kind"),
        (["tuner.pruner._target_=optuna.samplers.TPESampler"], "wrong-kind"),
        (["tuner.deterministic=true", "tuner.metrics=[primary, seconds]"], "deterministic-seconds"),
        (["tuner.deterministic=true", "tuner.storage='sqlite:///x.db'"], "deterministic-alone"),
    ],
)
def test_what_cannot_be_searched_is_told_before_anything_runs(place, words, code):
    with pytest.raises(MlopsError) as told:
        place(*(() if words[0].startswith("tuner=") else ("tuner=optuna",)), *words)
    assert code in [each.code for each in told.value.problems]
    assert "s3cret-w0rd" not in str(told.value)
    assert not (place.folder / "outputs" / "studies").exists()


def test_a_database_of_another_release_is_told(place):
    words = ["tuner=random", "tuner.trials=2", "tuner.storage='sqlite:///studies.db'", HERE]
    place(*words)
    with sqlite3.connect(place.folder / "studies.db") as database:
        database.execute("update alembic_version set version_num = 'v99.0.0.a'")
    with pytest.raises(MlopsError) as told:
        place(*words)
    assert told.value.problems[0].code == "storage-version"


def test_a_database_that_somebody_holds_is_told(place):
    holder = sqlite3.connect(place.folder / "studies.db", isolation_level=None)
    holder.execute("create table theirs (x)")
    holder.execute("begin exclusive")
    try:
        with pytest.raises(MlopsError) as told:
            place("tuner=random", "tuner.trials=2", "tuner.storage='sqlite:///studies.db'", HERE)
    finally:
        holder.close()
    assert told.value.problems[0].code == "storage-locked"


@pytest.mark.parametrize("content", ["what is this\n", '{"op_code": 99, "worker_id": "x"}\n'])
def test_a_file_that_is_no_study_is_told(place, content):
    folder = place.folder / "outputs" / "studies" / "trouble"
    folder.mkdir(parents=True)
    (folder / "mine.journal").write_text(content)
    with pytest.raises(MlopsError) as told:
        place("tuner=random", "tuner.trials=2", "tuner.study=mine", "tuner.resume=true", HERE)
    assert told.value.problems[0].code == "study-unreadable"


def test_a_line_that_was_being_written_is_cut_off(place):
    words = ["tuner=random", "tuner.study=mine", HERE]
    place(*words, "tuner.trials=2")
    with place.journal().open("a") as file:
        file.write('{"op_code": 5, "trial')
    place(*words, "tuner.trials=3", "tuner.resume=true")
    assert len(place.table()) == 3
