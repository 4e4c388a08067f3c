"""What Prometheus is told: one true sum over processes, in few and known labels."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from mlops.serving.distribution import Distribution
from mlops.serving.metrics import OLDER, VERSIONS, Metrics
from mlops.serving.nouns import Answers, Reply, Schema
from tests.serving.http.conftest import until
from tests.serving.http.state import EXAMPLE, State, credit, houses, running


def told(server):
    """Samples by name and labels, these in the order of their names."""
    text = requests.get(server.url + "/metrics").text
    return {
        (sample.name.removeprefix("mlops_serving_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def ask(server, *rows):
    return requests.post(server.url + "/predict", json={"rows": list(rows)})


def test_requests_rows_and_predictions_are_counted(serve):
    server = serve()
    ask(server, EXAMPLE)
    ask(server, EXAMPLE, {**EXAMPLE, "city": "Rome"})
    ask(server, {**EXAMPLE, "rooms": "x"})
    found = told(server)
    assert found["requests_total", "predict", "200"] == 2
    assert found["requests_total", "predict", "422"] == 1
    assert found["errors_total", "value-type"] == 1
    assert found["violations_total", "value-type", "3"] == 1
    assert found["unseen_total", "3"] == 1
    assert found["warnings_total", "3"] == 1
    assert found["batch_rows_sum",] == 3
    assert found["batch_rows_bucket", "1.0"] == 1
    assert found["batch_rows_count",] == 2
    assert found["request_seconds_count", "predict"] == 3
    assert found["prediction_value_bucket", "20.0", "3"] == 1
    assert found["prediction_value_bucket", "+Inf", "3"] == 3
    assert found["version_info", "lowered", "main", "3"] == 1


def test_classes_are_counted_by_their_names(serve):
    server = serve(main=credit())
    ask(server, EXAMPLE, EXAMPLE, {**EXAMPLE, "city": "Zug"})
    found = told(server)
    assert found["predictions_total", "good", "3"] == 2
    assert found["predictions_total", "bad", "3"] == 1


def test_what_the_model_process_answered_is_counted_whole(serve):
    server = serve()
    assert ask(server, *[EXAMPLE] * 3000).status_code == 200
    found = told(server)
    assert server.state.shipped == 1
    assert found["prediction_value_bucket", "+Inf", "3"] == 3000
    assert found["batch_rows_sum",] == 3000


def test_two_workers_are_one_sum_and_a_successor_counts_on(tmp_path):
    with running(State(tmp_path, index=0)) as first, running(State(tmp_path, index=1)) as second:
        ask(first, EXAMPLE)
        ask(second, EXAMPLE)
        ask(second, EXAMPLE)
        path = tmp_path / "metrics" / "1.json"
        until(lambda: path.exists() and '["requests","predict",200],2' in path.read_text())
        assert told(first)["requests_total", "predict", "200"] == 3
    with running(State(tmp_path, index=1)) as successor:
        ask(successor, EXAMPLE)
        assert told(successor)["requests_total", "predict", "200"] == 4
        assert told(successor)["prediction_value_bucket", "+Inf", "3"] == 4


def test_a_file_that_is_torn_counts_nothing(tmp_path):
    (tmp_path / "0.json").write_text('[[["requests"')
    assert Metrics(tmp_path, 0).counts == {}


def test_what_others_count_is_kept_up_with(serve):
    server = serve()
    server.state.shadow_counts.update(compared=5, differed=1)
    until(lambda: told(server).get(("shadow_compared_total",)) == 5)
    server.state.shadow_counts.update(compared=7)
    until(lambda: told(server).get(("shadow_compared_total",)) == 7)


def test_versions_are_told_apart_up_to_a_bound_and_nothing_is_lost(tmp_path):
    metrics = Metrics(tmp_path, 0)
    for version in range(1, 101):
        metrics.knows(version, Distribution(credit(version)))
        for label in ("good", "bad", "good"):
            reply = Reply(200, b"", answers=Answers([label]), count=1)
            metrics.seen("predict", reply, 0.001, version)
        metrics.forgets(version)
    counted = {key: value for key, value in metrics.counts.items() if key[0] == "predictions"}
    assert {key[1] for key in counted} == {OLDER, *range(101 - VERSIONS, 101)}
    assert sum(counted.values()) == 300
    assert counted["predictions", OLDER, "good"] == 2 * (100 - VERSIONS)


def test_what_is_no_version_s_stays_and_what_still_answers_is_told_apart(tmp_path):
    metrics = Metrics(tmp_path, 0)
    reply = Reply(200, b"", answers=Answers(["good"]), count=1)
    for version in range(1, 21):
        metrics.knows(version, Distribution(credit(version)))
        metrics.seen("predict", reply, 0.001, version)
        metrics.seen("predict", reply, 0.001, 1)  # it answers all the time
        if version > 1:
            metrics.forgets(version)
    assert metrics.counts["predictions", 1, "good"] == 21
    assert metrics.counts["rows", 0] == 40
    assert not any(key[0] == "rows" and key[1] == OLDER for key in metrics.counts)


def test_a_successor_goes_on_counting_versions_up_to_a_bound(tmp_path):
    reply = Reply(200, b"", answers=Answers(["good"]), count=1)
    for version in range(1, 21):
        metrics = Metrics(tmp_path, 0)
        metrics.knows(version, Distribution(credit(version)))
        metrics.seen("predict", reply, 0.001, version)
        metrics.flush()
    counted = {key[1]: value for key, value in metrics.counts.items() if key[0] == "predictions"}
    assert counted == {OLDER: 20 - VERSIONS, **dict.fromkeys(range(21 - VERSIONS, 21), 1)}


def test_classes_are_told_apart_up_to_a_bound():
    many = Schema((), "classification", "y", classes=tuple(range(1000)))
    tally = Distribution(replace(credit(), schema=many)).tally(list(range(1000)))
    assert len(tally["counts"]) == 51
    assert tally["counts"]["other"] == 950


def test_the_deciles_of_a_version_are_its_buckets(serve):
    served = replace(houses(), about={"deciles": [10.0, 20.0, 30.0]})
    server = serve(main=served)
    ask(server, EXAMPLE, {**EXAMPLE, "city": "Zug"})
    found = told(server)
    assert found["prediction_value_bucket", "20.0", "3"] == 1
    assert found["prediction_value_sum", "3"] == 116.5 + 16.5
    assert Distribution(served).tally([5.0, 15.0, 99.0, None])["counts"] == {0: 1, 1: 1, 3: 1}


def test_a_histogram_with_buckets_below_nought_is_a_whole_one(serve):
    server = serve(main=replace(houses(), about={"deciles": [-30.0, 0.0, 30.0]}))
    ask(server, EXAMPLE, {**EXAMPLE, "city": "Zug"})
    found = told(server)
    assert found["prediction_value_bucket", "+Inf", "3"] == 2
    assert found["prediction_value_count", "3"] == 2
    assert found["prediction_value_sum", "3"] == 116.5 + 16.5
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = requests.get(server.url + "/metrics", headers=accept).text
    families = {each.name: each for each in openmetrics(text)}  # which refuses a sum there
    samples = families["mlops_serving_prediction_value"].samples
    assert {each.name.rpartition("_")[2] for each in samples} == {"bucket"}


def test_an_address_that_a_caller_makes_up_is_no_label(serve):
    server = serve()
    for path in ("/a", "/b", "/v1/models/houses/versions/77:predict"):
        requests.get(server.url + path)
    labels = {key[1] for key in told(server) if key[0] == "requests_total"}
    assert labels <= {"other", "tf_predict", "metrics"}


def test_openmetrics_is_spoken_to_who_asks_for_it(server):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = requests.get(server.url + "/metrics", headers=accept)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_mend(serve):
    low = replace(houses(4), about={"deciles": [-30.0, 0.0, 30.0]})
    server = serve(main=credit(), canary=low)
    for city in ("Bern", "Rome", 3, None):
        for name in ("a", "a-canary"):
            body = json.dumps({"rows": [{**EXAMPLE, "city": city}]})
            headers = {"X-Request-Id": name, "Content-Type": "application/json"}
            requests.post(server.url + "/predict", data=body, headers=headers)
    text = requests.get(server.url + "/metrics").content
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr.decode()
    assert not checked.stderr
