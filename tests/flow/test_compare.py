"""`mlops compare`: what sets two models apart, whatever they are called and whatever is missing."""

from __future__ import annotations

import html
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.ui.screen import end_lines

QUICK = ("tracker=offline", "mode.folds=2", "mode.bootstrap=0", "splitter.folds.n_splits=2")
LOOSE = ("evaluator.regression.beat_baseline=false",)
HARSH = "evaluator.regression.gates.r2.min=0.9999"
OWNERS = ("Zaphod", "Trillian", "Arthur")
SECRET_BASE = 770_000  # the salaries are sensitive numbers


def houses(path, rows=160, *, seed=0, shift=0.0, other=False):
    """A small data set with a sensitive text and a sensitive number; `other` has other columns."""
    draw = np.random.default_rng(seed)
    zone, rooms = draw.integers(1, 4, rows), draw.normal(5, 1, rows)
    owner, area = draw.integers(0, 3, rows), draw.normal(100, 20, rows) + shift
    frame = pd.DataFrame(
        {
            "rooms": rooms.round(3),
            "area": area.round(2),
            "zone": zone,
            "owner": [OWNERS[each] for each in owner],
            "salary": SECRET_BASE + draw.integers(0, 999, rows) + (1000 if other else 0),
            "price": (10 * rooms + area / 5 + 3 * zone + draw.normal(0, 2, rows)).round(3),
        }
    )
    if other:
        frame["zone"] = frame["zone"].map({1: "north", 2: "south", 3: "west"})
        frame["garden"] = draw.normal(0, 1, rows).round(3)
        frame = frame.drop(columns="rooms")
    frame.to_csv(path, index=False)


def own(path, *words):
    """The words of a run on a file of one's own, which becomes no version."""
    return (
        *("recipe=blank", "name=houses", "data=csv", f"data.path={path}", "data.target=price"),
        *("data.sensitive=[owner,salary]", "registry=dry_run", *QUICK, *LOOSE, *words),
    )


@pytest.fixture(scope="module")
def shop(new_place):
    """Two versions of one data set, and one of another with other columns."""
    place = new_place()
    houses(place.folder / "a.csv")
    houses(place.folder / "b.csv", 140, seed=1, shift=40, other=True)
    return place


@pytest.fixture(scope="module", autouse=True)
def three(shop):
    """Versions 1 to 3: two models of one data set, and one of the other."""
    words = (("a.csv", "model=linear"), ("a.csv", "model=dummy"), ("b.csv", "model=linear"))
    return [shop(*own(*each), "registry=mlflow") for each in words]


def page(place, result):
    return (place.folder / result.details["page"]).read_text()


def everything(place, result):
    """All that a comparison wrote or would print."""
    lines = end_lines(result, 80)
    printed = "\n".join("".join(text for text, _ in line) for line in lines)
    return result.to_json() + page(place, result) + printed


@pytest.fixture(scope="module")
def plain(shop):
    return shop("compare", "name=houses", "a=champion", "b=2")


def test_champion_and_challenger_are_judged_on_the_rows_neither_saw(three, plain):
    answers = plain.details["answers"]
    assert answers["same_rows"]
    assert answers["rows"] == 32
    first = answers["metrics"][0]
    recorded = [run.metrics[0]["value"] for run in three[:2]]
    assert [first["a"], first["b"]] == pytest.approx(recorded)
    assert first["low"] < first["change"] < first["high"]
    assert plain.exit_code == 0


def test_the_verdict_is_a_sentence(plain):
    says = plain.details["says"]
    assert says.startswith("version 1 (champion) is better: rmse +")
    assert says.endswith("on 32 rows neither trained on")


def test_only_what_differs_is_told_and_choices_first(plain):
    rows = plain.details["config"]
    assert rows[0] == {"key": "model", "a": "linear", "b": "dummy"}
    assert all(row["a"] != row["b"] for row in rows)
    assert not [row for row in rows if row["key"].startswith(("ui", "flow", "tracker", "data"))]
    assert plain.details["data"]["same"]


def test_what_changed_is_told_and_for_whom(plain):
    answers = plain.details["answers"]
    assert answers["changes"]["nearer"] + answers["changes"]["farther"] == 32
    groups = {(row["column"], row["value"]) for row in answers["slices"]}
    assert {("zone", "1.0"), ("zone", "2.0"), ("zone", "3.0")} <= groups
    assert {row["column"] for row in answers["slices"]} == {"zone", "price"}
    assert answers["moved"][0]["moved"] == pytest.approx(answers["changes"]["largest_move"])


def test_size_speed_and_environment_are_told(plain):
    found = plain.details["footprint"]
    assert all(found["size_bytes"][side] > 1000 for side in "ab")
    assert all(0 < found["latency_s"][side] < 10 for side in "ab")
    assert plain.details["surroundings"] == []


def test_a_run_that_gates_refuse_is_compared_too_and_its_other_packages_are_told(shop):
    refused = shop(*own("a.csv", "model=ridge", HARSH))
    assert refused.outcome == "refused"
    file = shop.run_folder(refused) / "requirements.txt"
    file.write_text(file.read_text().replace("numpy==", "numpy==9."))
    result = shop("compare", "name=houses", "a=1", f"b={refused.key}")
    assert [row["what"] for row in result.details["surroundings"]] == ["numpy"]
    assert result.details["b"]["label"] == f"run {refused.key}"
    assert "numpy" in result.details["facts"]["environment"][0]


def test_other_data_is_compared_column_by_column(shop):
    result = shop("compare", "name=houses", "a=1", "b=3")
    data = result.details["data"]
    assert data["rows"] == {"a": 160, "b": 140}
    changes = {row["column"]: row["change"] for row in data["schema"]}
    assert changes == {"rooms": "removed", "zone": "retyped", "garden": "added"}
    drift = {row["column"]: row for row in data["drift"]}
    assert data["drift"][0]["column"] == "salary"
    assert drift["salary"]["distance"] == 1.0
    assert drift["salary"]["a"] == "hidden"
    assert drift["area"]["distance"] > 0.4 > drift["area"]["by_chance"]
    assert drift["owner"]["distance"] < drift["owner"]["by_chance"]


def test_where_neither_can_predict_the_rows_of_the_other_it_is_said(shop, three):
    result = shop("compare", "name=houses", "a=1", "b=3")
    answers = result.details["answers"]
    assert not answers["same_rows"]
    assert result.details["says"].startswith("not on the same rows: rmse ")
    assert "lack columns that one of the models takes" in result.details["says"]
    own_values = [run.metrics[0]["value"] for run in (three[0], three[2])]
    assert [answers["metrics"][0][side] for side in "ab"] == pytest.approx(own_values)
    assert "Not on the same rows" in page(shop, result)


def test_a_row_that_either_was_trained_on_judges_nobody(shop, three):
    other = shop(*own("a.csv", "model=linear", "seed=5"))
    result = shop("compare", "name=houses", "a=1", f"b={other.key}")
    both = [_tested(shop, run) for run in (three[0], other)]
    assert 0 < result.details["answers"]["rows"] == len(both[0] & both[1]) < 32


def _tested(place, result):
    with np.load(place.run_folder(result) / "rows.npz") as rows:
        return set(rows["test_hashes"].tolist())


def test_rows_of_a_data_set_with_one_more_column_are_known_again(shop, three):
    frame = pd.read_csv(shop.folder / "a.csv")
    frame.assign(garden=np.arange(len(frame)) % 7).to_csv(shop.folder / "c.csv", index=False)
    more = shop(*own("c.csv", "model=linear"))
    answers = shop("compare", "name=houses", "a=1", f"b={more.key}").details["answers"]
    a, b = (_positions(shop, run) for run in (three[0], more))
    assert answers["same_rows"]
    assert answers["rows"] == len(a & b)  # by position: the rows are the same and in one order


def _positions(place, result):
    with np.load(place.run_folder(result) / "rows.npz") as rows:
        return set(rows["test"].tolist())


def test_no_sensitive_value_is_shown_anywhere(shop, plain):
    with_slices = shop(
        *own("b.csv", "model=dummy", "evaluator.regression.slices=[owner,salary]", "seed=3")
    )
    results = [
        plain,
        shop("compare", "name=houses", "a=1", "b=3"),
        shop("compare", "name=houses", f"a={with_slices.key}", "b=3"),
    ]
    columns = {row["column"] for row in results[-1].details["answers"]["slices"]}
    assert columns == {"owner", "salary"}
    for result in results:
        told = everything(shop, result)
        assert not [owner for owner in OWNERS if owner in told]
        assert not re.findall(r"\b77[01],?[0-9]{3}\b", told)  # what a salary looks like


def test_the_winner_of_a_sweep_is_a_model_too(shop):
    sweep = shop("-m", *own("a.csv", "model=dummy,ridge", "features=minmax"))
    result = shop("compare", "name=houses", "a=1", f"b={sweep.folder[-24:]}")
    assert {"key": "features", "a": "standard", "b": "minmax"} in result.details["config"]
    assert result.details["answers"]["same_rows"]


def test_the_same_model_twice_is_refused_kindly(shop):
    with pytest.raises(MlopsError, match="same-model") as refused:
        shop("compare", "name=houses", "a=champion", "b=1")
    assert refused.value.exit_code == 2
    assert "both are version 1 (champion)" in str(refused.value)


def test_models_of_other_targets_are_refused(shop):
    other = shop(*own("a.csv", "model=linear", "data.target=rooms"))
    with pytest.raises(MlopsError, match="not-comparable") as refused:
        shop("compare", "name=houses", "a=1", f"b={other.key}")
    assert refused.value.exit_code == 2
    assert "predicts rooms" in refused.value.problems[0].found


def test_nobody_of_that_name_is_told_with_those_there_are(shop):
    with pytest.raises(MlopsError, match="no-such-model") as refused:
        shop("compare", "name=houses", "b=chalenger")
    assert refused.value.problems[0].closest == "challenger"


def test_without_its_data_a_model_is_compared_by_what_was_recorded(shop):
    away = shop.folder / "away"
    shutil.move(shop.outputs / "snapshots", away)
    try:
        result = shop("compare", "name=houses", "a=1", "b=2")
    finally:
        shutil.rmtree(shop.outputs / "snapshots", ignore_errors=True)
        shutil.move(away, shop.outputs / "snapshots")
    assert [note for note in result.warnings if "The data of this run is not kept" in note]
    assert not result.details["answers"]["same_rows"]
    assert result.details["data"] is None
    assert result.details["config"][0]["key"] == "model"
    assert "not compared" in everything(shop, result)


def test_without_intervals_nobody_is_better(shop):
    result = shop("compare", "name=houses", "a=1", "b=2", "resamples=0")
    assert result.details["says"].startswith("no difference beyond chance")
    assert result.details["answers"]["metrics"][0]["low"] is None


def test_the_page_needs_nothing_else_and_says_the_verdict(shop):
    result = shop("compare", "name=houses", "a=1", "b=2")
    text = html.unescape(page(shop, result))
    assert result.details["says"].lower() in text.lower()
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.rstrip().endswith("</html>")


def test_labels_that_flip_are_counted_and_named(new_place):
    place = new_place()
    words = ("data=breast_cancer", "recipe=blank", *QUICK)
    for model in ("linear", "dummy"):
        place(*words, f"model={model}", "evaluator.classification.beat_baseline=false")
    result = place("compare", "name=breast_cancer")
    answers = result.details["answers"]
    changes = answers["changes"]
    assert sum(flip["rows"] for flip in changes["flips"]) == changes["labels_changed"] > 0
    assert changes["became_wrong"] > changes["became_right"]
    assert answers["metrics"][0]["better"] == "a"
    assert "became right" in page(place, result)


def test_json_tells_everything(shop, cli):
    command = type(cli)(shop.folder)
    told = command("compare", "name=houses", "ui=json").ok().json
    assert told["outcome"] == "done"
    wanted = {"a", "b", "config", "data", "answers", "footprint", "surroundings", "page", "says"}
    assert wanted <= told["details"].keys()
    assert [told["details"][side]["version"] for side in "ab"] == [1, 3]  # champion, challenger
    json.dumps(told, allow_nan=False)
