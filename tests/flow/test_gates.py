"""Gates of a run: against the champion on rows that neither has seen, and on what a file takes."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops.core.errors import MlopsError
from mlops.core.record import Result
from mlops.flow.snapshot import read_rows, read_snapshot
from mlops.registry.versions import Versions

QUICK = ("tracker=offline", "mode.folds=2", "mode.bootstrap=0")
MARGIN = "evaluator.regression.gates.rmse.not_worse_than_champion_by=1"
NAME = "rmse not worse than champion by 1"


def houses(rows: int, *, seed: int) -> pd.DataFrame:
    """Price follows size in a curve, so that a tree does better than a line."""
    random = np.random.default_rng(seed)
    size = random.integers(40, 200, rows)
    wood = random.choice(["oak", "fir"], rows)
    price = 0.02 * size**2 + 40 * (wood == "oak") + random.normal(0, 20, rows)
    return pd.DataFrame({"size": size, "wood": wood, "price": price.round(3)})


@dataclass(frozen=True)
class Shop:
    """A folder with the data of houses, and a champion for them where one was trained."""

    place: Any
    folder: Path

    @classmethod
    def at(cls, place: Any) -> Shop:
        houses(600, seed=0).to_csv(place.folder / "houses.csv", index=False)
        return cls(place, place.folder)

    def __call__(self, *words: str, data: str = "houses.csv", gate: str = MARGIN) -> Result:
        source = ("data=csv", f"data.path={data}", "data.target=price", "name=houses")
        loose = ("evaluator.regression.beat_baseline=false",)
        return self.place(*source, "model=linear", *loose, gate, *QUICK, *words)

    def write(self, frame: pd.DataFrame, name: str) -> str:
        frame.to_csv(self.folder / name, index=False)
        return name

    @property
    def versions(self) -> Versions:
        return Versions(self.place.outputs, "houses")


@pytest.fixture(scope="module")
def trained(new_place):
    """The champion: a line through all but the test part of 600 houses."""
    shop = Shop.at(new_place())
    return shop, shop()


@pytest.fixture
def shop(trained):
    return trained[0]


def of(result: Result, name: str = NAME) -> dict[str, Any]:
    return next(gate for gate in result.gates if gate["name"] == name)


def test_where_there_is_no_champion_the_gate_passes_and_says_so(trained):
    shop, first = trained
    gate = of(first)
    assert (gate["passed"], gate["says"]) == (True, "there is no champion yet")
    assert [each.aliases for each in shop.versions.all()][:1] == [("champion",)]


def test_a_better_model_passes_with_the_numbers_of_both(shop):
    result = shop("model=random_forest")
    assert (result.outcome, of(result)["passed"]) == ("passed", True)
    says = of(result)["says"]
    assert says.startswith(f"rmse is {result.metrics[0]['value']:.4g}, version 1 (champion) has ")
    assert " on all 120 test rows, new to both; better by " in says
    assert says.endswith(" with 95 % certainty")


@pytest.mark.parametrize("words", [("model=dummy",), ("model=ridge", "model.alpha=1e6")])
def test_a_worse_model_is_refused_with_the_numbers_of_both(shop, words):
    count = len(shop.versions.all())
    result = shop(*words)
    assert (result.outcome, result.exit_code) == ("refused", 3)
    assert "; worse by " in of(result)["says"]
    assert len(shop.versions.all()) == count


def test_the_same_model_again_is_the_same_in_each_metric_and_the_other_gates_hold(shop):
    gates = (
        "{rmse: {not_worse_than_champion_by: 0, worst_slice_max: 999},"
        " r2: {not_worse_than_champion_by: 0, min: 0.5}}"
    )
    slices = "evaluator.regression.slices=[wood]"
    result = shop(slices, gate=f"evaluator.regression.gates={gates}")
    says = {gate["name"]: gate["says"] for gate in result.gates}
    assert list(says) == [
        "rmse not worse than champion by 0",
        "rmse ≤ 999 in every slice",
        "r2 not worse than champion by 0",
        "r2 ≥ 0.5",
        "no leak",
    ]
    assert says["rmse not worse than champion by 0"].endswith("; the same")
    assert says["r2 not worse than champion by 0"].endswith("; the same")
    assert result.outcome == "passed"


def counted(result: Result) -> int:
    """How many rows of the test part were new to both."""
    return int(re.findall(r"(\d+) of [\d,]+ test rows, new to both", of(result)["says"])[0])


def really_new(shop: Shop, result: Result) -> int:
    """The same, counted by comparing values."""
    train, test = set(), []
    for folder in (shop.versions.shelf.place(1), shop.place.run_folder(result)):
        name = "version.json" if (folder / "version.json").exists() else "candidate.json"
        about = json.loads((folder / name).read_text())
        data = [tuple(row) for row in read_snapshot(about, shop.place.outputs).frame.to_numpy()]
        rows = read_rows(folder)
        train |= {data[at] for at in rows["train"]}
        test = [data[at] for at in rows["test"]]
    return sum(row not in train for row in test)


def test_rows_that_the_champion_was_trained_on_are_left_out(shop):
    result = shop("model=random_forest", "seed=7")
    says = of(result)["says"]
    assert says.startswith("not comparable with version 1 (champion): only ")
    assert says.endswith("; keep splitter and seed, or bring rows that neither has seen")
    result = shop("model=random_forest", "seed=7", "splitter.test_size=0.5")
    assert counted(result) == really_new(shop, result)
    assert 30 <= counted(result) <= 100  # about a half of the 120 that judged the champion


def test_rows_that_neither_has_seen_may_come_from_other_data(shop):
    other = shop.write(houses(400, seed=1), "others.csv")
    result = shop("model=random_forest", data=other)
    assert " on all 80 test rows, new to both; better by " in of(result)["says"]
    grown = pd.concat([houses(600, seed=0), houses(400, seed=1)])
    result = shop("model=random_forest", "seed=3", data=shop.write(grown, "grown.csv"))
    assert counted(result) == really_new(shop, result)
    assert 60 <= counted(result) <= 150  # about 80 of the new houses, 24 of the old test part


def test_rows_are_known_again_with_a_new_column_and_another_type(shop):
    frame = houses(600, seed=0)
    frame["size"] = frame["size"].astype(float)
    frame.loc[599, "size"] = np.nan  # the whole column is read as another type
    frame["age"] = np.arange(600) % 90
    result = shop("seed=7", data=shop.write(frame, "more.csv"))
    says = of(result)["says"]
    assert "only " in says
    assert "(known again by size, wood, price)" in says
    wide = shop("seed=7", "splitter.test_size=0.5", data="more.csv")
    assert " of 300 test rows, new to both (known again by size, wood, price); " in of(wide)["says"]


def test_without_the_data_it_was_trained_on_other_columns_are_not_comparable(shop):
    kept, away = shop.place.outputs / "snapshots", shop.folder / "away"
    kept.rename(away)
    try:
        result = shop(data=shop.write(houses(600, seed=0).assign(age=1), "aged.csv"))
    finally:
        shutil.rmtree(kept, ignore_errors=True)
        away.rename(kept)
    assert result.outcome == "refused"
    assert "the data it was trained on is not kept; bring data of the" in of(result)["says"]


def test_a_champion_that_asks_for_columns_that_are_gone_is_not_comparable(shop):
    poorer = shop.write(houses(600, seed=0).drop(columns="wood"), "poorer.csv")
    result = shop(data=poorer)
    assert (result.outcome, result.exit_code) == ("refused", 3)
    assert "this data lacks columns that it asks for (wood); bring" in of(result)["says"]


def test_a_champion_that_predicts_something_else_is_not_comparable(shop):
    result = shop("data.target=size", "evaluator.regression.leak_above=null")
    assert "it predicts price (regression), and the new model size" in of(result)["says"]
    gate = MARGIN.replace("regression.gates.rmse", "classification.gates.f1")
    loose = "evaluator.classification.beat_baseline=false"
    result = shop("data.target=wood", loose, gate=gate)
    says = of(result, NAME.replace("rmse", "f1"))["says"]
    assert "the new model wood (classification)" in says


def test_a_damaged_champion_refuses_and_does_not_end_the_run(shop):
    model = shop.versions.shelf.place(1) / "model" / "model.skops"
    whole = model.read_bytes()
    model.unlink()  # it shares its bytes with the run's own file
    model.write_bytes(whole[:-1])
    try:
        result = shop("model=random_forest")
    finally:
        model.write_bytes(whole)
    assert (result.outcome, result.exit_code) == ("refused", 3)
    assert "version 1 of houses cannot be used: model/model.skops was changed" in of(result)["says"]


def test_a_registry_that_keeps_nothing_has_no_champion_to_compare_with(shop):
    says = of(shop("registry=dry_run"))
    assert not says["passed"]
    assert says["says"].startswith("not comparable with the champion: this registry takes no")


def test_in_smoke_mode_it_is_shown_and_refuses_nothing(shop):
    result = shop("model=dummy", "mode=smoke", "mode.max_rows=600")
    assert result.outcome == "passed"
    says = of(result)["says"]
    assert says.startswith("not met: rmse is ")
    assert says.endswith("(not judged in smoke mode)")


def test_each_job_of_a_sweep_is_judged_so(shop):
    result = shop("-m", "model=dummy,random_forest")
    judged = {
        row["model"]: json.loads((shop.folder / job["folder"] / "result.json").read_text())
        for job in result.details["jobs"]
        for row in result.details["rows"]
        if job["key"].endswith(row["run"])
    }
    passed = {model: document["outcome"] for model, document in judged.items()}
    assert passed == {"dummy": "refused", "random_forest": "passed"}


def test_it_is_overridden_with_a_reason_that_stays_in_the_history_with_the_numbers(new_place):
    shop = Shop.at(new_place())
    shop()
    ran = shop("model=dummy")
    key = ran.key
    with pytest.raises(MlopsError, match="gates-refuse") as refused:
        shop.place("promote", f"run={ran.folder}", "name=houses")
    assert refused.value.exit_code == 3
    assert "worse by " in refused.value.problems[0].found
    override = ("promote", f"run={key}", "name=houses", "override=true", "tracker=offline")
    why = "reason=the line is broken, we need anything"
    for wrong in ("Champion", "a b"):  # told before a version is made, which would stay
        with pytest.raises(MlopsError, match="bad-alias-name"):
            shop.place(*override, why, f"alias={wrong}")
    assert len(shop.versions.all()) == 1
    shop.place(*override, why)
    (made,) = [each for each in shop.versions.all() if each.run == key]
    assert made.aliases == ("champion",)
    assert made.gates[0].startswith(f"{NAME}: rmse is ")
    rows = shop.place("history", "name=houses").details["rows"]
    assert f"[overridden: {NAME}: rmse is " in rows[-2]["why"]
    assert of(shop())["says"].endswith(" with 95 % certainty")  # against the new champion


def test_size_and_latency_are_judged_and_told(shop):
    gates = "evaluator.regression.gates={size_mb: {max: 5}, latency_ms: {max: 60000}}"
    result = shop(gate=gates)
    assert result.outcome == "passed"
    size = (shop.place.run_folder(result) / "model" / "model.skops").stat().st_size
    says = of(result, "size_mb ≤ 5")["says"]
    told = int(says.removeprefix("the model's file has ").removesuffix(" bytes").replace(",", ""))
    assert told == pytest.approx(size, rel=0.1)  # it holds addresses, of more or less digits
    says = of(result, "latency_ms ≤ 60000")["says"]
    assert says.startswith("one row takes ")
    tight = shop(gate="evaluator.regression.gates={size_mb: {max: 0.001}, latency_ms: {max: 1e-6}}")
    assert (tight.outcome, tight.exit_code) == ("refused", 3)
    refused = [gate["name"] for gate in tight.gates if not gate["passed"]]
    assert refused == ["size_mb ≤ 0.001", "latency_ms ≤ 1e-06"]


@pytest.mark.parametrize(
    ("gate", "code", "nearest"),
    [
        ("rmse.not_worse_than_champion=1", "unknown-condition", "not_worse_than_champion_by"),
        ("rmse.not_worse_than_champion_by=-1", "bad-gate", "-"),
        ("rmse.not_worse_than_champion_by=much", "bad-gate", "-"),
        ("latency.max=5", "unknown-metric", "latency_ms"),
        ("size_mb.min=5", "unknown-condition", "-"),
        ("size_mb.max=0", "bad-gate", "-"),
        ("latency_ms=5", "bad-gate", "-"),
    ],
)
def test_the_check_tells_a_gate_that_cannot_be_judged(cli, gate, code, nearest):
    ran = cli("check", f"evaluator.regression.gates.{gate}", "ui=plain")
    assert ran.exit_code == 2
    assert f"error[{code}]" in ran.text
    assert f"where     command line, `evaluator.regression.gates.{gate}`" in ran.text
    assert f"closest   {nearest}" in ran.text
    assert "next      correct evaluator.gates, e.g. gates: {" in ran.text
