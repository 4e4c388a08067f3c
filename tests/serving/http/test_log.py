"""The request log and the labels: parquet for the monitor, by a real log process."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import compress, crc32

import pandas as pd
import pytest
import requests

from mlops.serving import request_log
from mlops.serving.feedback import labels
from mlops.serving.labels import LabelStore, read
from mlops.serving.log_process import LogProcess
from mlops.serving.metrics import Metrics
from mlops.serving.nouns import Answers, Reply, Stamp
from mlops.serving.parts import FULL_ROWS, MOST_OPEN, Parts
from mlops.serving.refusal import Refusal
from mlops.serving.settings import Settings
from mlops.serving.traffic import WHOLE
from tests.serving.http.conftest import log_writer, until
from tests.serving.http.state import EXAMPLE, State, credit, houses, running


def ask(server, *rows, name="order-1"):
    headers = {"X-Request-Id": name}
    return requests.post(server.url + "/predict", json={"rows": list(rows)}, headers=headers)


def tell(server, *labels):
    body = {
        "labels": [dict(zip(("request_id", "row", "label"), each, strict=True)) for each in labels]
    }
    return requests.post(server.url + "/feedback", json=body)


def logged(folder):
    """All that is in the log."""
    frames = [pd.read_parquet(path) for path in sorted((folder / "requests").glob("*.parquet"))]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The server works in its own folder, as it does behind the supervisor."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_answered_requests_come_to_parquet_without_what_is_sensitive(here, serve, log_process):
    server = serve()
    ask(server, EXAMPLE, {**EXAMPLE, "age": None, "city": "Zug"})
    ask(server, {**EXAMPLE, "rooms": "x"}, name="refused")
    until(lambda: list(log_process.glob("requests/*.parquet")))
    found = logged(log_process)
    assert found["request_id"].tolist() == ["order-1", "order-1"]
    assert found["row"].tolist() == [0, 1]
    assert found["prediction"].tolist() == [116.5, 4.5]
    assert found["input.city"].tolist() == ["Bern", "Zug"]
    assert found["input.age"].isna().tolist() == [False, True]
    assert found[["version", "role", "route"]].drop_duplicates().values.tolist() == [
        [3, "main", "predict"]
    ]
    assert not [name for name in found if "owner" in name]
    assert (datetime.now(UTC) - found["at"].iloc[0]) < timedelta(minutes=5)
    assert (found["seconds"] > 0).all()


def test_probabilities_are_logged_by_class(here, serve, log_process):
    ask(serve(main=credit()), EXAMPLE)
    until(lambda: list(log_process.glob("requests/*.parquet")))
    found = logged(log_process)
    assert found["prediction"].tolist() == ["good"]
    assert found[["probability.bad", "probability.good"]].values.tolist() == [[0.25, 0.75]]


def test_what_is_gathered_is_written_when_the_process_is_told_to_end(here):
    from mlops.core.serving import Spec

    spec = Spec(model="houses", ledger="", outputs=str(here / "outputs"), project="")
    (here / "spec.json").write_text(spec.to_json())
    with running(State(here)) as server, log_writer(here) as process:
        ask(server, EXAMPLE)
        until(lambda: server.app.metrics.counts.get(("log_sent",)))
        tell(server, ("order-1", 0, 1.0))  # behind the batch on the same wire: it has arrived
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert logged(spec.folder / "log")["request_id"].tolist() == ["order-1"]


def test_without_a_log_process_answers_go_on_and_drops_are_counted(here, serve):
    server = serve()
    assert ask(server, EXAMPLE).status_code == 200
    until(lambda: server.app.metrics.counts.get(("log_dropped",)) == 1)
    answer = tell(server, ("order-1", 0, 1.0))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_a_log_process_that_died_is_found_again(here, serve):
    from mlops.core.serving import Spec

    spec = Spec(model="houses", ledger="", outputs=str(here / "outputs"), project="")
    (here / "spec.json").write_text(spec.to_json())
    server = serve()
    with log_writer(here) as process:
        assert tell(server, ("a", 0, 1.0)).status_code == 200
        process.kill()
        process.wait()
        (here / "log.sock").unlink()
    assert tell(server, ("b", 0, 1.0)).status_code == 503
    with log_writer(here):
        assert until(lambda: tell(server, ("c", 0, 1.0)).status_code == 200)
    assert [each[0] for each in read(spec.folder / "log" / "labels.sqlite")] == ["a", "c"]


def test_only_a_share_is_kept_and_the_same_ids_each_time(tmp_path):
    kept = []
    for _ in range(2):
        metrics = Metrics(tmp_path, 0)
        log = request_log.RequestLog(tmp_path, Settings(log_share=0.25), metrics)
        for number in range(1000):
            log.append("predict", houses(), Stamp(f"order-{number}"), ANSWERED, 0.001)
        kept.append([entry[2] for entry in log.entries])
    assert kept[0] == kept[1]
    assert 180 < len(kept[0]) < 320


def test_what_is_kept_is_another_share_than_what_a_canary_answers(tmp_path):
    log = request_log.RequestLog(tmp_path, Settings(log_share=0.1), Metrics(tmp_path, 0))
    for number in range(10_000):
        log.append("predict", houses(), Stamp(f"order-{number}"), ANSWERED, 0.001)
    canary = [entry for entry in log.entries if crc32(entry[2].encode()) < 0.1 * WHOLE]
    assert 0.05 < len(canary) / len(log.entries) < 0.2


def test_nothing_is_kept_where_nothing_is_wanted(tmp_path):
    log = request_log.RequestLog(tmp_path, Settings(log_share=0.0), Metrics(tmp_path, 0))
    log.append("predict", houses(), Stamp("order-1"), ANSWERED, 0.001)
    assert not log.entries


def test_what_waits_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST", 10)
    metrics = Metrics(tmp_path, 0)
    log = request_log.RequestLog(tmp_path, Settings(), metrics)
    for number in range(15):
        log.append("predict", houses(), Stamp(str(number)), ANSWERED, 0.001)
    assert (len(log.entries), metrics.counts["log_dropped",]) == (10, 5)


def _answered():
    row = tuple(EXAMPLE.values())
    return Reply(200, b"", rows=[row], answers=Answers([1.0]), count=1)


ANSWERED = _answered()


def entries(rows, name="order", version=3):
    """A batch as a worker sends it."""
    asked = [
        (version, 0.0, f"{name}-{at}", "main", "predict", 0.001, *_said(at)) for at in range(rows)
    ]
    return request_log.batch(houses(version), asked)


def _said(at):
    return [(float(at), None, "Bern", None, "secret")], Answers([float(at)])


def test_a_part_that_is_full_is_left_alone_and_another_begins(tmp_path):
    parts = Parts(tmp_path, log_mb=100)
    parts.add(entries(FULL_ROWS))
    parts.add(entries(5))
    parts.write()
    sizes = sorted(len(pd.read_parquet(path)) for path in tmp_path.glob("*.parquet"))
    assert sizes == [5, FULL_ROWS]
    parts.add(entries(5, "more"))
    parts.write()
    sizes = sorted(len(pd.read_parquet(path)) for path in tmp_path.glob("*.parquet"))
    assert sizes == [10, FULL_ROWS]
    assert not list(tmp_path.glob(".*"))


def test_versions_have_parts_of_their_own(tmp_path):
    parts = Parts(tmp_path, log_mb=100)
    parts.add(entries(2, version=3))
    parts.add(entries(3, version=4))
    parts.write()
    counted = {pd.read_parquet(path)["version"].unique()[0] for path in tmp_path.glob("*.parquet")}
    assert counted == {3, 4}


def test_parts_of_versions_that_are_gone_are_closed(tmp_path):
    parts = Parts(tmp_path, log_mb=100)
    for version in range(1, 21):
        parts.add(entries(2, version=1))  # it is asked all the time
        parts.add(entries(2, version=version))
    parts.write()
    assert len(parts._open) <= MOST_OPEN
    frames = [pd.read_parquet(path) for path in tmp_path.glob("*.parquet")]
    assert len(frames) == 20
    counted = pd.concat(frames)["version"].value_counts()
    assert counted.to_dict() == {1: 42, **dict.fromkeys(range(2, 21), 2)}


def test_the_log_is_bounded_and_the_oldest_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("mlops.serving.parts.FULL_ROWS", 1000)
    parts = Parts(tmp_path, log_mb=0.05)
    for number in range(12):
        parts.add(entries(1000, f"batch-{number}"))
        parts.write()
    found = sorted(tmp_path.glob("*.parquet"))
    assert 0 < sum(path.stat().st_size for path in found) <= 0.05 * 2**20
    assert pd.read_parquet(found[-1])["request_id"].iloc[0] == "batch-11-0"


def test_labels_are_kept_replaced_and_known_again(here, serve, log_process):
    server = serve()
    ask(server, EXAMPLE, EXAMPLE)
    told = tell(server, ("order-1", 0, 21.5), ("order-1", 1, 22.0)).json()
    assert told == {"kept": 2, "same": 0, "replaced": 0, "unknown": []}
    told = tell(server, ("order-1", 0, 21.5), ("order-1", 1, 99.0), ("nobody", 0, 1.0)).json()
    assert told == {"kept": 1, "same": 1, "replaced": 1, "unknown": [2]}
    kept = [each[:3] for each in read(log_process / "labels.sqlite")]
    assert kept == [("order-1", 0, 21.5), ("order-1", 1, 99.0), ("nobody", 0, 1.0)]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", compress)])
def test_labels_may_come_packed(here, serve, log_process, encoding, pack):
    server = serve(settings=Settings(max_bytes=1000))
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    body = json.dumps({"labels": [{"request_id": "order-1", "label": 21.5}]}).encode()
    answer = requests.post(server.url + "/feedback", pack(body), headers=headers)
    assert (answer.status_code, answer.json()["kept"]) == (200, 1)
    large = requests.post(server.url + "/feedback", pack(body + b" " * 1000), headers=headers)
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too-large")


def test_a_row_that_the_request_did_not_have_is_told_to_be_unknown(here, serve, log_process):
    server = serve()
    ask(server, EXAMPLE, EXAMPLE)
    told = tell(server, ("order-1", 1, 1.0), ("order-1", 7, 1.0)).json()
    assert told == {"kept": 2, "same": 0, "replaced": 0, "unknown": [1]}


def test_an_id_is_known_from_the_files_too(tmp_path):
    parts = Parts(tmp_path, log_mb=100)
    parts.add(entries(FULL_ROWS))
    parts.write()
    known = Parts(tmp_path, log_mb=100)
    known.add(entries(1, "fresh"))
    told = [("order-7", 0), ("nobody", 0), ("fresh-0", 0), ("order-7", 1), ("fresh-0", 1)]
    assert known.unknown(told) == [1, 3, 4]


def test_nobody_is_told_unknown_before_the_files_have_been_looked_through(tmp_path, monkeypatch):
    parts = Parts(tmp_path, log_mb=100)
    for name in ("a", "b", "c"):
        parts.add(entries(2, name))
        parts.write()
        parts._open.clear()
    fresh = Parts(tmp_path, log_mb=100)
    monkeypatch.setattr("mlops.serving.parts.LOOK_S", -1.0)
    assert fresh.unknown([("nobody", 0)]) == []
    monkeypatch.setattr("mlops.serving.parts.LOOK_S", 60.0)
    assert fresh.unknown([("nobody", 0), ("a-1", 0)]) == [0]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({}, 422, "labels"),
        ({"labels": []}, 422, "labels"),
        ({"labels": [{"request_id": "a"}]}, 422, "labels[0].label"),
        ({"labels": [{"request_id": "a", "label": None}]}, 422, "labels[0].label"),
        ({"labels": [{"request_id": "a", "label": [1]}]}, 422, "labels[0].label"),
        ({"labels": [{"request_id": "", "label": 1}]}, 422, "labels[0].request_id"),
        ({"labels": [{"request_id": "a", "label": 1, "row": -1}]}, 422, "labels[0].row"),
        ({"labels": [{"request_id": "a", "label": 1, "row": 0.5}]}, 422, "labels[0].row"),
        ({"labels": [{"request_id": "<b>", "label": 1}]}, 422, "labels[0].request_id"),
        ({"labels": [{"request_id": "a", "label": "1"}]}, 422, "labels[0].label"),
        ({"labels": [{"request_id": "a", "label": True}]}, 422, "labels[0].label"),
        ({"labels": [{"request_id": "a", "label": 10**400}]}, 422, "labels[0].label"),
    ],
)
def test_labels_that_are_none_are_refused(server, body, status, path):
    answer = requests.post(server.url + "/feedback", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["path"] == path


def test_a_label_that_is_no_class_is_refused_with_the_nearest_and_nothing_is_kept(
    here, serve, log_process
):
    server = serve(main=credit())
    ask(server, EXAMPLE, EXAMPLE)
    assert tell(server, ("order-1", 0, "good")).json()["kept"] == 1
    answer = tell(server, ("order-1", 1, "bad"), ("order-1", 0, "goood"), ("order-1", 1, 1.0))
    assert answer.status_code == 422
    told = [
        (each["path"], each["code"], each["accepted"], each["closest"])
        for each in answer.json()["error"]["problems"]
    ]
    assert told == [
        ("labels[1].label", "value-unseen", "one of bad, good", "good"),
        ("labels[2].label", "value-unseen", "one of bad, good", ""),
    ]
    assert "goood" not in answer.text
    kept = [each[:3] for each in read(log_process / "labels.sqlite")]
    assert kept == [("order-1", 0, "good")]


@pytest.mark.parametrize(
    ("classes", "label", "kept"),
    [((0, 1), 1.0, 1), ((0, 1), True, None), ((0, 1), "1", None), ((False, True), True, True)],
)
def test_a_label_is_kept_as_the_class_that_it_means(classes, label, kept):
    schema = replace(credit().schema, classes=classes)
    body = json.dumps({"labels": [{"request_id": "a", "label": label}]}).encode()
    if kept is None:
        with pytest.raises(Refusal) as refused:
            labels(body, Settings(), [schema])
        assert refused.value.wrong[0].closest in ("1", "")
    else:
        (found,) = labels(body, Settings(), [schema])
        assert (found[2], type(found[2])) == (kept, type(kept))


def test_a_label_may_be_a_class_of_any_version_that_serves():
    other = replace(credit().schema, classes=("bad", "fair", "good"))
    body = b'{"labels": [{"request_id": "a", "label": "fair"}]}'
    assert labels(body, Settings(), [credit().schema, other]) == [("a", 0, "fair")]


def test_a_full_disk_is_told_as_it_is_once_and_its_end(tmp_path, caplog):
    process = LogProcess(tmp_path, log_mb=1)
    base = process.labels._base
    message = {"number": 1, "labels": [["order-1", 0, "x" * 500_000]]}
    base.execute("PRAGMA max_page_count = 8")
    for _ in range(3):
        assert process._labels(message)["problem"] == "OperationalError"
    base.execute("PRAGMA max_page_count = 100000")
    for _ in range(2):
        assert "problem" not in process._labels(message)
    assert [each.getMessage() for each in caplog.records] == [
        "feedback cannot be written: database or disk is full",
        "feedback can be written again",
    ]
    process.labels.close()


def test_a_line_of_the_log_has_its_time():
    script = "from mlops.serving import faults; faults.begin(); faults.Trouble('it').now(OSError())"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z mlops\.serving: it cannot", ran.stderr)


def test_the_store_of_labels_is_bounded(tmp_path):
    store = LabelStore(tmp_path / "labels.sqlite", most=10)
    for number in range(25):
        store.keep([(f"order-{number}", 0, True)])
    store.close()
    kept = [each[0] for each in read(tmp_path / "labels.sqlite")]
    assert kept == [f"order-{number}" for number in range(15, 25)]


def test_labels_survive_the_process(tmp_path):
    store = LabelStore(tmp_path / "labels.sqlite")
    store.keep([("order-1", 0, "good")])  # no close: as if killed now
    again = LabelStore(tmp_path / "labels.sqlite")
    assert again.keep([("order-1", 0, "good")])["same"] == 1


def test_a_sensitive_column_is_left_out_before_anything_is_sent():
    from dataclasses import replace as changed

    batch = entries(1)
    assert "secret" not in str(batch)
    assert ["owner" in str(each) for each in batch["inputs"]] == [False] * 4
    served = houses()
    plain = changed(served.schema.inputs[-1], sensitive=False)
    inputs = (*served.schema.inputs[:-1], plain)
    open_ = replace(served, schema=replace(served.schema, inputs=inputs))
    asked = [(3, 0.0, "a", "main", "predict", 0.001, *_said(0))]
    assert "secret" in str(request_log.batch(open_, asked))
