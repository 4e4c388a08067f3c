"""Data of the user's own, named on the command line and nowhere else."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from mlops.core.errors import MlopsError

QUICK = ("recipe=blank", "mode=smoke", "tracker=offline")


def houses(count: int = 160) -> pd.DataFrame:
    """Numbers, words, a date, a key, gaps; a price, whether it is high, and one of three sizes."""
    random = np.random.default_rng(11)
    area = random.gamma(9, 11, count).round(1)
    rooms = random.integers(1, 8, count)
    price = (50 + 2 * area + 20 * rooms + random.normal(0, 9, count)).round(2)
    frame = pd.DataFrame(
        {
            "id": [f"H{number:05d}" for number in range(count)],
            "area": area,
            "rooms": rooms,
            "district": random.choice(["harbour", "north", "river"], count),
            "sold": pd.date_range("2024-01-01", periods=count).strftime("%Y-%m-%d"),
            "price": price,
            "is_dear": np.where(price > np.median(price), "yes", "no"),
            "size": pd.qcut(area, 3, labels=["small", "middle", "large"]).astype(str),
        }
    )
    frame.loc[[3, 33], "area"] = np.nan
    frame.loc[[5], "district"] = None
    return frame


@pytest.fixture(scope="module")
def place(new_place):
    made = new_place()
    frame = houses()
    targets = ["price", "is_dear", "size"]
    for target in targets:
        others = [name for name in targets if name != target]
        frame.drop(columns=others).to_csv(made.folder / f"{target}.csv", index=False)
        frame.drop(columns=others).to_parquet(made.folder / f"{target}.parquet")
    return made


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("target", "task", "metric"),
    [
        ("price", "regression", "r2"),
        ("is_dear", "classification", "accuracy"),
        ("size", "classification", "accuracy"),
    ],
)
def test_a_table_of_one_s_own_becomes_a_model(place, kind, target, task, metric):
    words = (f"data={kind}", f"data.path={target}.{kind}", f"data.target={target}")
    result = place(*words, *QUICK)
    found = {each["name"]: each["value"] for each in result.metrics}
    assert (result.outcome, result.name) == ("passed", target)
    assert task in next(step.says for step in result.steps if step.name == "data")
    assert found[metric] > 0.6


def test_with_the_default_recipe_it_needs_no_yaml_and_has_a_name_of_its_own(place):
    words = ("data=csv", "data.path=price.csv", "data.target=price")
    result = place(*words, "recipe=blank", "mode.bootstrap=20", "tracker=offline")
    assert result.outcome == "passed"
    assert result.name == "price"
    assert list((place.outputs / "contracts").glob("csv-*.yaml"))


@pytest.mark.parametrize(
    "words",
    [
        ("data.task=regression",),
        ("data.task=classification",),
        ("data.task=classification", "data.classes=4"),
        ("data.missing_share=0.1", "data.categories=0"),
    ],
)
def test_made_up_rows_serve_every_task(place, words):
    result = place("data=synthetic", "data.rows=400", *words, *QUICK)
    assert result.outcome == "passed"
    assert "400 rows" in next(step.says for step in result.steps if step.name == "data")


def test_more_made_up_rows_are_read_than_a_quick_run_uses(place):
    result = place("data=synthetic", "data.rows=20000", *QUICK)
    told = {step.name: step.says for step in result.steps}
    assert "20,000 rows" in told["data"]
    assert "240 train + 60 test rows" in told["splitter"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("data=german_credit",), "german_credit"),
        (("data=breast_cancer",), "breast_cancer"),
        (("data=synthetic",), "synthetic"),
        (("data=csv", "data.path=is_dear.csv", "data.target=is_dear"), "is_dear"),
        (("data=german_credit", "name=mine"), "mine"),
    ],
)
def test_a_run_without_a_recipe_is_named_after_its_data(place, words, name):
    assert place("check", "recipe=blank", *words).name == name


def test_a_recipe_gives_its_name_whatever_the_data(place):
    words = ("data=csv", "data.path=price.csv", "data.target=price")
    assert place("check", "recipe=boston_housing", *words).name == "boston_housing"


def test_two_tables_have_two_contracts_and_share_nothing(place):
    for target in ("price", "is_dear"):
        place("data=csv", f"data.path={target}.csv", f"data.target={target}", *QUICK)
    learned = sorted((place.outputs / "contracts").glob("csv-*.yaml"))
    assert len(learned) >= 2
    assert len({path.read_text() for path in learned}) == len(learned)


def test_roles_can_be_stated(place):
    words = ("data=csv", "data.path=price.csv", "data.target=price")
    result = place(*words, "data.roles={rooms: categorical, district: id}", *QUICK)
    fitted = next(step.says for step in result.steps if step.name == "features")
    plain = place(*words, *QUICK)
    assert fitted != next(step.says for step in plain.steps if step.name == "features")


def test_a_wrong_target_is_named_with_the_closest_column_before_anything_is_read(place):
    with pytest.raises(MlopsError) as caught:
        place("data=csv", "data.path=price.csv", "data.target=prise", *QUICK)
    assert caught.value.problems[0].closest == "price"


# The contract of one's own data.

OWN = ("data=csv", "data.path=kept.csv", "data.target=price", *QUICK)


@pytest.fixture
def kept(place):
    """A table with a learned contract, in a file that a test may change."""
    frame = houses().drop(columns=["is_dear", "size"])
    path = place.folder / "kept.csv"
    frame.to_csv(path, index=False)
    place(*OWN)
    yield frame, path
    for accepted in (place.folder / "contracts").glob("*"):
        accepted.unlink()


def test_accepting_writes_the_learned_contract_for_git_and_that_copy_wins(place, kept):
    told = place("contract", "accept", *OWN)
    (accepted,) = (place.folder / "contracts").glob("*.yaml")
    assert f"contracts/{accepted.name}" in told.details["says"]
    assert accepted.read_text() == (place.outputs / "contracts" / accepted.name).read_text()
    before = place(*OWN)
    assert f"contracts/{accepted.name}" in _contract(before)
    accepted.write_text(accepted.read_text().replace("  rooms:", "  chambers:"))
    with pytest.raises(MlopsError) as caught:
        place(*OWN)
    assert caught.value.exit_code == 3
    assert "chambers" in str(caught.value)


def _contract(result):
    return next(step.says for step in result.steps if step.name == "contract")


def test_a_contract_is_shown_before_it_is_accepted(place, kept):
    frame, _ = kept
    shown = place("contract", *OWN).details
    assert shown["file"].startswith("outputs/contracts/")
    assert [row["column"] for row in shown["rows"]] == list(frame.columns)
    accepted = {row["column"]: row["accepted"] for row in shown["rows"]}
    assert accepted["district"] == ", ".join(sorted(frame["district"].dropna().unique()))
    assert re.fullmatch(r"[\d.]+ to [\d.]+", accepted["area"])
    place("contract", "accept", *OWN)
    again = place("contract", *OWN).details
    assert again["file"].startswith("contracts/")
    assert (shown["accepted"], again["accepted"]) == (False, True)
    assert again["rows"] == shown["rows"]


def test_a_contract_shows_no_value_of_a_sensitive_column(place):
    words = ("recipe=credit_scoring", *QUICK[1:])
    assert place("contract", *words).details["rows"] == []
    place(*words)
    rows = {row["column"]: row for row in place("contract", *words).details["rows"]}
    assert rows["age_in_years"]["accepted"] == "hidden"
    assert rows["personal_status_and_sex"]["accepted"] == "hidden"
    assert rows["credit_amount"]["accepted"] != "hidden"


def test_nothing_learned_yet_is_nothing_to_accept(place):
    words = ("data=csv", "data.path=size.csv", "data.target=size", "data.missing=[never]")
    with pytest.raises(MlopsError):
        place("contract", "accept", *words, *QUICK)


def test_a_broken_contract_stops_the_run_and_names_every_column_at_once(place, kept):
    frame, path = kept
    broken = frame.drop(columns="area").rename(columns={"district": "borough"})
    broken["rooms"] = "many"
    broken["colour"] = "red"
    broken.to_csv(path, index=False)
    with pytest.raises(MlopsError) as caught:
        place(*OWN)
    told = "\n".join(map(str, caught.value.problems))
    assert caught.value.exit_code == 3
    for name in ("area", "borough", "rooms", "colour"):
        assert name in told


def test_rows_that_break_it_are_put_aside_with_the_reason_and_counted(place, kept):
    frame, path = kept
    frame.loc[7, "area"] = 1e9
    frame.to_csv(path, index=False)
    result = place(*OWN)
    aside = pd.read_parquet(place.run_folder(result) / "quarantine.parquet")
    assert len(aside) == 1
    assert "area" in aside["reason"].iloc[0]
    assert "1 of 160 rows put aside (area: above" in _contract(result)
    page = (place.run_folder(result) / "report.html").read_text()
    assert "area" in page
    assert json.loads((place.run_folder(result) / "result.json").read_text())["steps"]
