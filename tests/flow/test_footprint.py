"""What a pipeline takes is measured as it will be served: its file, and one row at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops.core import artefact
from mlops.flow import footprint as measured
from mlops.flow.footprint import footprint


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return pd.DataFrame(random.normal(size=(20, 3)), columns=list("abc"))


@pytest.fixture
def pipeline(rows):
    return make_pipeline(StandardScaler(), LinearRegression()).fit(rows, rows["a"])


class Watched(LinearRegression):
    """Remembers how many rows it was asked for, each time."""

    def predict(self, X):
        self.asked = [*getattr(self, "asked", []), len(X)]
        return super().predict(X)


def test_the_size_is_that_of_the_file_or_of_the_file_to_be(pipeline, rows, tmp_path):
    artefact.save(pipeline, tmp_path / "model.skops")
    size = (tmp_path / "model.skops").stat().st_size
    assert footprint(pipeline, rows, tmp_path / "model.skops").size_bytes == size
    to_be, latency_s = footprint(pipeline, rows)
    assert to_be == pytest.approx(size, rel=0.02)  # it holds addresses, of more or less digits
    assert latency_s > 0


def test_one_row_is_asked_for_at_a_time_and_the_first_answers_do_not_count(rows):
    model = Watched().fit(rows, rows["a"])
    measured.latency_s(model, rows)
    assert model.asked == [1] * (measured.WARM_UP + measured.MOST)


def test_a_slow_model_is_asked_less(rows, monkeypatch):
    monkeypatch.setattr(measured, "LONGEST_S", 0.0)
    model = Watched().fit(rows, rows["a"])
    measured.latency_s(model, rows.head(1))
    assert model.asked == [1] * (measured.WARM_UP + measured.FEWEST)


def test_two_are_asked_in_turn_so_that_a_busy_machine_is_as_busy_for_both(rows):
    asked = []

    class Noted(LinearRegression):
        def predict(self, X):
            asked.append(id(self))
            return super().predict(X)

    one, other = (Noted().fit(rows, rows["a"]) for _ in range(2))
    assert len(measured.latencies_s([(one, rows), (other, rows)], most=5)) == 2
    counted = asked[2 * measured.WARM_UP :]
    assert counted == [id(one), id(other)] * 5
