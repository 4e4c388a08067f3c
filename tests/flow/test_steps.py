"""A step's result is kept by its content: what did not change is reused, what did says why."""

from __future__ import annotations

import os
import shutil
import threading

import numpy as np
import pandas as pd
import pytest

from mlops.core.store import Store, key_of
from mlops.flow import keys
from mlops.flow.steps import Steps
from mlops.ui.silent import Silent

QUICK = ("mode=smoke", "tracker=offline")
FRONT = ("data", "contract", "splitter", "features")


def steps(result):
    """What became of each step."""
    return {step.name: step.status for step in result.steps}


def says(result, step):
    """What a step said of itself."""
    return next(each.says for each in result.steps if each.name == step)


def values(result):
    """Every metric on the test part."""
    return {metric["name"]: metric["value"] for metric in result.metrics}


@pytest.fixture(scope="module")
def first(new_place):
    """A folder in which one run has ended, and its result; tests copy it."""
    made = new_place()
    return made, made(*QUICK)


@pytest.fixture
def after(first, place):
    """A folder of the test's own, as that run left it."""
    shutil.copytree(first[0].outputs, place.outputs)
    return place


def test_a_second_run_reuses_every_step_before_the_model_and_finds_the_same(first, after):
    again = after(*QUICK)
    assert {
        name: status for name, status in steps(again).items() if name in FRONT
    } == dict.fromkeys(FRONT, "reused")
    assert values(again) == values(first[1])


def test_with_another_model_nothing_is_spent_on_data_contract_cleaning_and_features(after):
    again = after("model=ridge", *QUICK)
    assert [name for name, status in steps(again).items() if status == "reused"] == [*FRONT]
    assert "2 folds' features reused" in says(again, "tuner")


def test_changed_features_say_what_changed(after):
    again = after("features=minmax", *QUICK)
    assert steps(again)["splitter"] == "reused"
    assert steps(again)["features"] == "done"
    assert says(again, "features").endswith(
        "(features.numeric changed StandardScaler → MinMaxScaler)"
    )


@pytest.mark.parametrize(
    ("word", "step", "why"),
    [
        ("cleaner.outliers.factor=3", "features", "cleaner.outliers.factor changed 1.5 → 3"),
        ("cleaner=keep_all", "features", "cleaner changed Standard → KeepAll"),
        ("splitter.test_size=0.3", "splitter", "splitter.test_size changed 0.2 → 0.3"),
        ("seed=1", "splitter", "seed changed 0 → 1"),
        ("contract=trust_all", "contract", "contract changed Inferred → TrustAll"),
        ("contract.margin=1", "contract", "contract.margin changed 0.5 → 1"),
        ("data.sensitive=[age]", "data", "data.sensitive.0 is new"),
    ],
)
def test_a_changed_value_runs_its_step_and_says_why(after, word, step, why):
    again = after(word, *QUICK)
    before = FRONT[: FRONT.index(step)]
    assert [steps(again)[name] for name in before] == ["reused"] * len(before)
    assert steps(again)[step] == "done"
    assert why in says(again, step)


def test_what_is_only_shown_or_recorded_changes_no_step(after):
    again = after("ui=silent", "name=other", *QUICK)
    assert {steps(again)[name] for name in FRONT} == {"reused"}


# Plan.


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("model=ridge",),
        ("features=minmax",),
        ("cleaner=iqr",),
        ("splitter=kfold",),
        ("seed=7",),
        ("contract=trust_all",),
        ("data.sensitive=[rm]",),
        ("data=synthetic", "data.rows=80", "recipe=blank"),
        ("mode=full", "mode.bootstrap=5"),
    ],
)
def test_plan_foretells_what_the_next_run_does(after, words):
    foretold = after("plan", *QUICK, *words).details["rows"]
    done = steps(after(*QUICK, *words))
    plans = {row["step"]: row["plan"] for row in foretold if row["step"] in FRONT}
    assert {name: {"done": "run", "reused": "reuse"}[done[name]] for name in FRONT} == plans


def test_plan_says_why_and_what_would_be_registered_and_writes_nothing(after):
    before = sorted(str(path) for path in after.folder.rglob("*"))
    rows = after("plan", "features=minmax", "mode=full").details["rows"]
    told = {row["step"]: f"{row['plan']}: {row['why']}" for row in rows}
    assert told["data"] == "reuse: nothing changed"
    assert told["splitter"].startswith("run: splitter.folds.n_splits changed 2 → 5")
    assert told["registry"] == "register: boston_housing, if every gate passes"
    assert told["tracker"] == "record: one run in experiment boston_housing, by mlflow"
    smoke = {row["step"]: row["plan"] for row in after("plan", *QUICK).details["rows"]}
    assert smoke["registry"] == "skip"
    assert sorted(str(path) for path in after.folder.rglob("*")) == before


def test_plan_counts_what_can_be_kept_and_tells_what_runs_every_time(after):
    planned = after("plan", *QUICK).details
    assert planned["says"] == "4 of 4 reusable steps would be reused; nothing was run"
    told = {row["step"]: f"{row['plan']}: {row['why']}" for row in planned["rows"]}
    assert told["tuner"] == "run: fixed, every time; the features of 2 folds are kept"
    assert told["deployer"] == "skip: mode=smoke registers nothing"
    assert list(told)[3:5] == ["tuner", "features"]  # as a run goes through them
    assert "unless" not in told["features"]
    searched = after("plan", "tuner=grid", *QUICK).details["rows"]
    assert searched[4]["why"] == "nothing changed, unless tuner=grid finds better values"


def test_plan_tells_a_damaged_result_and_leaves_it(after):
    (entry,) = (after.outputs / "cache" / "splitter").glob("*/rows.npz")
    entry.write_bytes(b"")
    row = after("plan", *QUICK).details["rows"][2]
    assert (row["plan"], row["why"]) == ("run", "its kept result is damaged")
    assert entry.exists()


def test_plan_in_an_empty_folder_runs_everything_and_leaves_it_empty(place):
    rows = place("plan").details["rows"]
    assert {row["step"]: row["plan"] for row in rows if row["step"] in FRONT} == dict.fromkeys(
        FRONT, "run"
    )
    assert rows[0]["why"] == "never run before"
    assert list(place.folder.iterdir()) == []


# Content: of files, of code, of packages.


@pytest.fixture
def table(place):
    """A CSV file of the user's own."""
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).round(4)
    frame["y"] = (x @ [1, 2, 3] + random.normal(size=120)).round(4)
    frame.to_csv(place.folder / "my.csv", index=False)
    return frame


OWN = ("data=csv", "data.path=my.csv", "data.target=y", "recipe=blank", *QUICK)


def test_a_changed_file_is_read_anew(place, table):
    place(*OWN)
    table.assign(a=table["a"] + 0.001).to_csv(place.folder / "my.csv", index=False)
    again = place(*OWN)
    assert steps(again)["data"] == "done"
    assert "content changed" in says(again, "data")
    assert {steps(again)[name] for name in FRONT} == {"done"}


def test_the_same_content_written_again_is_not(place, table):
    place(*OWN)
    table.to_csv(place.folder / "my.csv", index=False)
    assert steps(place(*OWN))["data"] == "reused"


CLASS = '''
from sklearn.base import BaseEstimator, TransformerMixin


class Doubled(TransformerMixin, BaseEstimator):
    """Numbers times a number."""

    def __init__(self, *, times: float = 2.0) -> None:
        self.times = times

    def fit(self, X, y=None):
        self.feature_names_in_ = X.columns.to_numpy()
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X * self.times

    def get_feature_names_out(self, names=None):
        return self.feature_names_in_
'''


def test_changed_code_of_a_class_of_the_project_s_own_is_run_anew(cli, work, root):
    source, beside = work / "mine" / "parts" / "doubled.py", work / "mine" / "more.py"
    source.parent.mkdir(parents=True)
    for folder in (source.parent, source.parent.parent):
        (folder / "__init__.py").write_text("")
    beside.write_text("MORE = 0\n")
    source.write_text("from mine.more import MORE\n" + CLASS)
    (work / "conf" / "features").mkdir(parents=True)
    (work / "conf" / "features" / "doubled.yaml").write_text(
        "# Numbers times a number.\n_target_: mine.parts.doubled.Doubled\ntimes: 2.0\n"
    )
    (work / "mlops.yaml").write_text("allowed_targets: [mine.*]\n")
    words = ("features=doubled", "ui=json", *QUICK)

    def front():
        found = cli(*words).ok().json["steps"]
        return {each["name"]: (each["status"], each["says"]) for each in found}

    assert front()["features"][0] == "done"
    beside.write_text("MORE = 1\n")
    assert "Doubled's code changed" in front()["features"][1]
    source.write_text(source.read_text().replace("X * self.times", "X * self.times + MORE"))
    status, why = front()["features"]
    assert status == "done"
    assert "Doubled's code changed" in why


def test_the_version_of_a_package_is_part_of_the_key(first, monkeypatch):
    from mlops.config.catalogue import catalogue
    from mlops.config.compose import compose
    from mlops.config.job import Job

    monkeypatch.chdir(first[0].folder)
    job = Job.of(compose([*QUICK], catalogue()))
    parts = keys.depends_on(job, "features")
    assert parts["source of sklearn.preprocessing.StandardScaler"] == keys._version("sklearn")
    ours = parts["source of mlops.features.by_kind.ByKind"]
    assert len(ours.split()[-1]) == 12


# The store.


def test_an_entry_that_was_damaged_is_made_anew(first, after):
    for frame in (after.outputs / "cache" / "data").rglob("frame.parquet"):
        frame.write_bytes(frame.read_bytes()[:-20])
    again = after(*QUICK)
    assert steps(again)["data"] == "done"
    assert steps(again)["splitter"] == "reused"
    assert values(again) == values(first[1])


def test_an_entry_that_was_replaced_by_another_is_made_anew(first, after):
    (entry,) = (after.outputs / "cache" / "features").iterdir()
    (entry / "steps.skops").write_bytes(b"PK\x03\x04 something else")
    again = after(*QUICK)
    assert steps(again)["features"] == "done"
    assert values(again) == values(first[1])


def test_fitted_steps_are_kept_without_pickle(first):
    kept = {path.suffix for path in (first[0].outputs / "cache").rglob("*") if path.is_file()}
    assert kept == {".parquet", ".json", ".npz", ".skops"}


def test_the_store_stays_within_its_bound_and_keeps_what_was_used_last(tmp_path):
    store = Store(tmp_path, most_bytes=2500)
    for number in range(3):
        with store.put("step", key_of(number)) as folder:
            (folder / "data").write_bytes(bytes(1000))
    ages = {key_of(0): 300, key_of(1): 200, key_of(2): 100}
    for key, age in ages.items():
        _make_older(tmp_path / "step" / key, age)
    assert store.get("step", key_of(0)) is not None  # used again: the youngest now
    assert store.trim() > 1000
    left = {entry.name for _, _, entry in store.entries()}
    assert left == {key_of(0), key_of(2)}


def test_many_steps_one_after_the_other_keep_the_store_within_its_bound(tmp_path):
    store = Store(tmp_path, most_bytes=5000)
    steps = Steps(store, "many", Silent())
    for number in range(30):
        steps.kept(
            "step",
            lambda number=number: {"number": number},
            make=lambda: bytes(1000),
            load=lambda folder: (folder / "data").read_bytes(),
            save=lambda content, folder: (folder / "data").write_bytes(content),
            says=lambda content: "",
        )
        steps.keep()
        steps.forget()
    assert 1000 < sum(size for _, size, _ in store.entries()) <= 5000


def _make_older(entry, seconds):
    stat = entry.stat()
    os.utime(entry, (stat.st_atime - seconds, stat.st_mtime - seconds))


def test_an_entry_appears_whole_or_not_at_all(tmp_path):
    store = Store(tmp_path)

    def stopped():
        with store.put("step", "key") as folder:
            (folder / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    assert store.get("step", "key") is None
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


class Overtaken(Store):
    """A store in which another process puts an entry while one looks for it."""

    def is_whole(self, kind, key):
        found = super().is_whole(kind, key)
        with Store(self.folder).put(kind, key) as folder:
            (folder / "data").write_text("theirs")
        return found


def test_what_another_put_while_one_looked_for_it_stays(tmp_path):
    assert Overtaken(tmp_path).get("step", "key") is None
    entry = Store(tmp_path).get("step", "key")
    assert entry is not None
    assert (entry / "data").read_text() == "theirs"


def test_several_may_write_the_same_entry_at_once(tmp_path):
    store = Store(tmp_path)
    gate = threading.Barrier(8)

    def write():
        gate.wait()
        with store.put("step", "key") as folder:
            (folder / "data").write_text("the same")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entry = store.get("step", "key")
    assert entry is not None
    assert (entry / "data").read_text() == "the same"
    assert len(store.entries()) == 1


def test_a_cache_that_cannot_be_written_costs_a_warning_and_not_the_run(tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be")
    kept = Steps(Store(tmp_path / "cache"), "name", Silent())
    made, _ = kept.kept(
        "data",
        lambda: {"a": 1},
        make=lambda: 42,
        load=lambda _: 0,
        save=lambda *_: None,
        says=str,
    )
    assert made == 42
    (warning,) = kept.save()
    assert "could not be written" in warning


# Seeds.


def test_a_seed_finds_the_same_in_another_process_on_more_threads(new_place, command_line):
    words = ("model=random_forest", "model.n_estimators=10", *QUICK)
    here = values(new_place()(*words))
    other = command_line(new_place().folder)("ui=json", "model.n_jobs=4", *words).ok().json
    found = {metric["name"]: metric["value"] for metric in other["metrics"]}
    assert found == pytest.approx(here, rel=1e-12)  # threads add up their trees in any order
    assert values(new_place()(*words, "seed=1")) != here
