"""Sides of the wanted size and the same mixture, that share no row, no twin and no group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlops.core.dataset import Column, Dataset, Task
from mlops.core.errors import MlopsError
from mlops.splitter.assign import deal
from mlops.splitter.holdout import Holdout
from mlops.splitter.kfold import Kfold


def people(rows: int = 500, *, classes: tuple[int, ...] = (), **more: object) -> Dataset:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=rows), "id": np.arange(rows).astype(str)})
    shares = np.array([0.7, 0.2, 0.1])[: len(classes)]
    y = random.choice(classes, rows, p=shares / shares.sum()) if classes else frame["x"] * 2
    frame = frame.assign(**more, y=y)
    roles = {"x": "numeric", "id": "id", "y": "target", "house": "group", "clinic": "group"}
    columns = tuple(Column(name, roles[name]) for name in frame)
    task = Task("classification", "y", classes) if classes else Task("regression", "y")
    return Dataset(frame, columns, task, "print", "here")


def holdout(**keys: object) -> Holdout:
    return Holdout(**{"folds": Kfold(n_splits=4), **keys})


def everywhere(split):
    """Every cut of `split`: both sides as positions in the data."""
    yield split.train, split.test
    for fit, held_out in split.folds:
        yield split.train[fit], split.train[held_out]


@pytest.mark.parametrize("splitter", [holdout(), Kfold()], ids=["holdout", "kfold"])
def test_every_row_stands_on_one_side_of_every_cut(splitter):
    split = splitter.split(people(), seed=0)
    for one, other in everywhere(split):
        assert not set(one) & set(other)
    assert set(split.train) | set(split.test) == set(range(500))
    held_out = np.concatenate([held for _, held in split.folds])
    assert sorted(held_out) == list(range(len(split.train)))


@pytest.mark.parametrize("test_size", [0.1, 0.2, 0.5])
def test_the_test_part_has_the_wanted_size(test_size):
    split = holdout(test_size=test_size).split(people(), seed=0)
    assert len(split.test) == test_size * 500
    assert split.notes == ()


def test_classes_stand_in_the_same_proportions_on_all_sides():
    dataset = people(classes=(0, 1, 2))
    whole = dataset.y.value_counts(normalize=True)
    for one, other in everywhere(holdout().split(dataset, seed=0)):
        for side in (one, other):
            share = dataset.y.iloc[side].value_counts(normalize=True)
            assert (share - whole).abs().max() < 0.03


def test_without_stratifying_chance_decides():
    dataset = people(classes=(0, 1))
    sizes = {
        int(dataset.y.iloc[holdout(stratify=False).split(dataset, seed=seed).test].sum())
        for seed in range(5)
    }
    assert len(sizes) > 1


def test_a_seed_decides_and_nothing_else():
    one, same, other = (holdout().split(people(), seed=seed).test for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()


def test_equal_rows_never_stand_on_both_sides_and_their_share_is_told():
    dataset = people(400)
    frame = pd.concat([dataset.frame] + [dataset.frame.head(50)] * 2, ignore_index=True)
    frame["id"] = np.arange(500).astype(str)  # equal but for the identifier
    dataset = replace(dataset, frame=frame)
    split = holdout().split(dataset, seed=0)
    for one, other in everywhere(split):
        assert not set(frame["x"].iloc[one]) & set(frame["x"].iloc[other])
    assert split.notes == ("30.0% of the rows (150) equal another; they stay on one side",)
    apart = holdout(group_duplicates=False).split(dataset, seed=0)
    assert set(frame["x"].iloc[apart.train]) & set(frame["x"].iloc[apart.test])


def test_equal_features_with_another_target_are_no_equal_rows():
    dataset = people(100)
    frame = dataset.frame.assign(x=1.0, y=np.arange(100.0))
    assert holdout().split(replace(dataset, frame=frame), seed=0).notes == ()


@pytest.mark.parametrize(
    "sizes", [[5] * 100, [200] + [3] * 100, [100] * 5], ids=["5", "200", "100"]
)
def test_a_group_stands_on_one_side(sizes):
    house = np.repeat(np.arange(len(sizes)), sizes).astype(str)
    dataset = people(len(house), classes=(0, 1), house=house)
    split = holdout(folds=Kfold(n_splits=3)).split(dataset, seed=0)
    for one, other in everywhere(split):
        assert not set(house[one]) & set(house[other])
    assert f"rows of one house stay on one side ({len(sizes)} of them)" in split.notes


def test_groups_that_share_a_row_are_one():
    house = np.repeat(np.arange(100), 5)
    clinic = np.minimum((np.arange(500) + 2) // 10, 49)
    dataset = people(500, house=house.astype(str), clinic=clinic.astype(str))
    with pytest.raises(MlopsError, match="too-few-rows"):
        holdout().split(dataset, seed=0)  # a chain joins all rows
    dataset = people(500, house=house.astype(str), clinic=(house // 5).astype(str))
    split = holdout().split(dataset, seed=0)
    for one, other in everywhere(split):
        assert not set(house[one] // 5) & set(house[other] // 5)


def test_rows_without_a_group_are_alone():
    dataset = people(500, house=pd.array([None] * 500, dtype="str"))
    assert len(holdout().split(dataset, seed=0).test) == 100


def test_large_sets_that_bend_the_sizes_are_told():
    house = np.repeat([0, 1], [350, 150]).astype(str)
    split = holdout(folds=Kfold(n_splits=2), test_size=0.1)
    with pytest.raises(MlopsError, match="too-few-rows"):
        split.split(people(500, house=house), seed=0)  # one group is left for two folds
    house = np.repeat([0, 1, 2], [200, 150, 150]).astype(str)
    notes = split.split(people(500, house=house), seed=0).notes
    assert any("of the rows are in the test part, not 10%" in note for note in notes)


def test_a_rare_class_stands_on_both_sides():
    dataset = people(200, classes=(0, 1))
    y = np.zeros(200, dtype=int)
    y[[3, 150]] = 1
    dataset = replace(dataset, frame=dataset.frame.assign(y=y))
    split = holdout().split(dataset, seed=0)
    assert dataset.y.iloc[split.train].sum() == dataset.y.iloc[split.test].sum() == 1


def test_a_class_of_one_row_is_refused_unless_chance_may_decide():
    dataset = people(200, classes=(0, 1))
    dataset = replace(dataset, frame=dataset.frame.assign(y=[1] + [0] * 199))
    with pytest.raises(MlopsError) as caught:
        holdout().split(dataset, seed=0)
    problem = caught.value.problems[0]
    assert problem.code == "too-few-rows"
    assert "1 has 1" in problem.found
    assert len(holdout(stratify=False).split(dataset, seed=0).test) == 40


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_too_few_rows_are_refused(rows):
    with pytest.raises(MlopsError, match="too-few-rows"):
        holdout().split(people(rows), seed=0)


def test_without_shuffling_folds_are_stretches():
    (_, first), *_ = Kfold(n_splits=5, shuffle=False).folds(np.arange(50), None, seed=0)
    assert first.tolist() == list(range(10))


def test_folds_are_of_equal_size_whatever_the_classes():
    strata = np.random.default_rng(0).integers(0, 3, 1000)
    parts = deal(np.arange(1000), strata, np.full(5, 0.2), seed=0)
    assert np.ptp(np.bincount(parts)) <= 3
