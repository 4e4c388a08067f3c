"""Every record becomes exactly one run with all that belongs to it, whoever is killed and when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from mlops.tracker.address import Address
from mlops.tracker.mlflow import Mlflow
from mlops.tracker.spool import Spool
from mlops.tracker.started import bury, is_running, running, started
from mlops.tracker.sync import drain, pending


def python(cli, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `script` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=cli.environment(),
        cwd=cli.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        start_new_session=True,
    )


def test_a_run_is_recorded_whole_and_plain_mlflow_loads_its_model(
    outputs, a_full_record, ledger, cli
):
    tracker = Mlflow()
    tracker.open(outputs)
    record = a_full_record()
    tracker.submit(record)
    delivery = tracker.close(60)
    assert delivery.delivered, delivery.says
    assert (delivery.version, delivery.uri) == ("1", Address.of(outputs).uri)
    ledger().holds_once_and_whole(record.key)
    (run,) = ledger().runs(record.key)
    assert run.info.run_id == delivery.run_id
    assert (run.info.start_time, run.info.end_time) == (record.start_ms, record.end_ms)
    assert pending(outputs) == {}

    loaded = python(cli, LOAD, delivery.uri, "models:/houses/1", f"runs:/{delivery.run_id}/model")
    assert loaded.returncode == 0, loaded.stderr
    answers = [json.loads(line) for line in loaded.stdout.splitlines()]
    assert answers == [[10.0, 20.0], [10.0, 20.0], [["rooms", "river"], [[2.0, "no"]]]] * 2


LOAD = """
import json, sys, mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
rows = pandas.DataFrame({"rooms": [1.0, 2.0], "river": ["no", "yes"]})
for uri in sys.argv[2:]:
    model = mlflow.pyfunc.load_model(uri)
    assert model.metadata.signature.inputs.input_names() == ["rooms", "river"]
    example = model.input_example
    for answer in model.predict(rows), mlflow.sklearn.load_model(uri).predict(rows):
        print(json.dumps([round(float(each), 9) for each in answer]))
    print(json.dumps([list(example), example.values.tolist()]))
"""


def test_a_recorder_killed_at_any_point_leaves_one_whole_run(outputs, a_full_record, ledger, cli):
    """Each process is killed by SIGKILL right after one call to MLflow; the next one goes on."""
    spool = Spool(outputs, Address.of(outputs))
    records = [a_full_record() for _ in KILL_AFTER]
    texts = {name: record.to_json() for name, record in zip(KILL_AFTER, records, strict=True)}
    ended = python(cli, KILLED_ONE_BY_ONE, outputs, json.dumps(texts))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == dict.fromkeys(KILL_AFTER, -signal.SIGKILL)

    drained = drain(outputs)
    assert not drained.says
    for record in records:
        assert spool.outcome(record.key).delivered
        ledger().holds_once_and_whole(record.key)
    assert len(ledger().runs()) == len(records)
    versions = [each.version for run in ledger().runs() for each in ledger().versions(run)]
    assert sorted(map(int, versions)) == list(range(1, len(records) + 1))


KILL_AFTER = (
    *("create_experiment", "create_run", "create_logged_model", "log_batch", "log_inputs"),
    *("log_artifact", "log_model_artifacts", "log_outputs", "finalize_logged_model"),
    *("search_model_versions", "create_model_version", "set_terminated", "write_whole"),
)
KILLED_ONE_BY_ONE = """
import json, os, signal, sys
from pathlib import Path
import mlflow, mlflow.models, mlflow.store.tracking.sqlalchemy_store
from mlflow import MlflowClient
from mlops.core.record import Record
from mlops.tracker import recorder, spool as spool_module
from mlops.tracker.address import Address
from mlops.tracker.spool import Spool

outputs, texts = Path(sys.argv[1]), json.loads(sys.argv[2])

def kill_after(owner, name, key):
    real = getattr(owner, name)
    def fatal(*args, **kwargs):
        result = real(*args, **kwargs)
        if current == [key]:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, fatal)

current, ends = [], {}
for name, text in texts.items():
    record = Record.from_json(text)
    if not os.fork():
        Spool(outputs, Address.of(outputs)).put(record)
        kill_after(spool_module if name == "write_whole" else MlflowClient, name, record.key)
        read = Spool.read
        def note(self, key):
            current[:] = [key]
            return read(self, key)
        Spool.read = note
        sys.stdin = open(os.devnull)
        recorder.main([str(outputs)])
        os._exit(0)
    ends[name] = os.waitstatus_to_exitcode(os.wait()[1])
print(json.dumps(ends))
"""


def test_trials_that_are_recorded_together_are_there_once_wherever_it_is_killed(
    outputs, a_record, ledger, cli
):
    """Each process is killed after so many of the calls of one kind; the next one goes on."""
    spool = Spool(outputs, Address.of(outputs))
    trials = [a_record(key=f"search-{n}", parent_key="search") for n in range(30)]
    for trial in trials:
        spool.put(trial)
    ended = python(cli, KILLED_TOGETHER, outputs, json.dumps(KILL_AFTER_SO_MANY))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [-signal.SIGKILL] * len(KILL_AFTER_SO_MANY)

    wrong = a_record(key="search-wrong", parent_key="search", status="NONSENSE")
    more = [a_record(key=f"search-{n}", parent_key="search") for n in (30, 31)]
    for each in (more[0], wrong, more[1], a_record(key="search")):
        spool.put(each)
    drained = drain(outputs)
    assert set(drained.waiting) | set(drained.refused) == {wrong.key}
    (parent,) = ledger().runs("search")
    for trial in (*trials, *more):
        (run,) = ledger().runs(trial.key)
        assert run.info.status == "FINISHED"
        assert run.data.params == trial.params
        assert run.data.metrics == {"rmse": 1.5, "loss": 2.0}
        assert run.data.tags["recipe"] == "houses"
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        history = ledger().client.get_metric_history(run.info.run_id, "loss")
        assert sorted((each.step, each.value) for each in history) == [(0, 3.0), (1, 2.0)]


KILL_AFTER_SO_MANY = (("create_run", 3), ("log_batch", 9), ("write_whole", 1), ("write_whole", 4))
KILLED_TOGETHER = """
import json, os, signal, sys
from pathlib import Path
import mlflow, mlflow.store.tracking.sqlalchemy_store
from mlflow import MlflowClient
from mlops.tracker import recorder, spool as spool_module

def kill_after(name, count):
    owner = spool_module if name == "write_whole" else MlflowClient
    real, seen = getattr(owner, name), []
    def fatal(*args, **kwargs):
        result = real(*args, **kwargs)
        seen.append(name)
        if len(seen) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, fatal)

ends = []
for name, count in json.loads(sys.argv[2]):
    if not os.fork():
        kill_after(name, count)
        sys.stdin = open(os.devnull)
        recorder.main([sys.argv[1]])
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.wait()[1]))
print(json.dumps(ends))
"""


def test_a_recorder_killed_under_a_waiting_run_is_replaced(outputs, a_record, ledger):
    tracker = Mlflow()
    tracker.open(outputs)
    tracker._courier._process.kill()
    record = a_record()
    tracker.submit(record)
    delivery = tracker.close(60)
    assert delivery.delivered, delivery.says
    assert len(ledger().runs(record.key)) == 1


def test_a_run_killed_after_its_record_was_written_has_lost_nothing(
    outputs, a_full_record, ledger, cli
):
    record = a_full_record()
    ended = python(cli, KILLED_CLIENT, outputs, record.to_json())
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    drain(outputs)
    assert pending(outputs) == {}
    ledger().holds_once_and_whole(record.key)


KILLED_CLIENT = """
import os, signal, sys
from pathlib import Path
from mlops.core.record import Record
from mlops.tracker.mlflow import Mlflow
tracker = Mlflow()
tracker.open(Path(sys.argv[1]))
tracker.submit(Record.from_json(sys.argv[2]))
os.killpg(0, signal.SIGKILL)  # its whole process group, as a closed terminal does
"""


def test_sixteen_processes_that_start_in_an_empty_folder_all_succeed(
    outputs, a_record, ledger, cli
):
    records = [a_record() for _ in range(16)]
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(outputs), record.to_json()],
            env=cli.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for record in records
    ]
    said = [client.communicate(timeout=120)[0] for client in clients]
    assert [client.returncode for client in clients] == [0] * 16, said
    assert sorted(run.data.tags["mlops.run_key"] for run in ledger().runs()) == sorted(
        record.key for record in records
    )


CLIENT = """
import sys
from pathlib import Path
from mlops.core.record import Record
from mlops.tracker.mlflow import Mlflow
tracker = Mlflow(wait_s=100)
tracker.open(Path(sys.argv[1]))
tracker.submit(Record.from_json(sys.argv[2]))
delivery = tracker.close()
print(delivery)
heavy = {"mlflow", "numpy", "pandas", "sklearn", "sqlalchemy"} & sys.modules.keys()
sys.exit(0 if delivery.delivered and not heavy else 1)
"""


def test_a_killed_run_is_recorded_as_failed_and_a_living_one_is_left_alone(
    outputs, a_record, ledger, cli
):
    submitted = a_record()
    killed = python(cli, KILLED_RUN, outputs, submitted.to_json())
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with started(outputs, outputs / "runs/alive", a_record(key="alive")):
        assert is_running(outputs / "runs/alive")
        assert [note["key"] for note in running(outputs)] == ["alive"]
        drained = drain(outputs)
        assert set(drained.delivered) == {"killed", submitted.key}
        Spool(outputs).put(a_record(key="alive"))
    assert not is_running(outputs / "runs/alive")
    assert bury(Spool(outputs)) == []

    (run,) = ledger().runs("killed")
    assert run.info.status == "FAILED"
    assert run.data.tags["mlops.reason"] == "killed"
    assert run.data.tags["recipe"] == "houses"
    assert run.data.params == submitted.params
    assert run.data.metrics == {"rmse": 1.5, "loss": 2.0}
    assert not ledger().versions(run)
    (run,) = ledger().runs(submitted.key)
    assert run.info.status == "FINISHED"


KILLED_RUN = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from mlops.core.record import Record
from mlops.tracker.spool import Spool
from mlops.tracker.started import started
outputs, record = Path(sys.argv[1]), Record.from_json(sys.argv[2])
begun = replace(record, key="killed", status="RUNNING", metrics=())
with started(outputs, outputs / "runs/a", begun) as know:
    with started(outputs, outputs / "runs/b", record):
        know(replace(begun, metrics=record.metrics, register="houses"))
        Spool(outputs).put(record)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_drain_delivers_the_odd_and_is_blocked_by_none_of_them(
    outputs, a_record, a_full_record, ledger
):
    """Children before their parent, texts beyond all limits, missing files, a torn entry."""
    spool = Spool(outputs, Address.of(outputs))
    long = a_record(
        params={"x" * 300: "y" * 9000, "a[0]": "1", **{f"p{n}": "v" for n in range(230)}},
        tags={"diff": "é" * 20_000},
        metrics=(("a/../b", float("nan"), 0), ("top", float("inf"), 0), ("f1 (macro)", 0.5, 0)),
        experiment="strange/name: 100% #1",
        run_name="z" * 400,
    )
    gone = a_full_record(artifacts=("report.html", "nowhere.png", "../../../secret.txt"))
    Path(gone.folder, "model.skops").unlink()
    child, parent = a_record(parent_key="parent"), a_record(key="parent", run_name="all of it")
    spool.folder.mkdir(parents=True, exist_ok=True)
    (spool.folder / "torn.json").write_text('{"target": "loc')
    for record in (a_record(params={"p": "1"}, status="NONSENSE"), long, gone, child, parent):
        spool.put(record)

    drained = drain(outputs)
    assert set(drained.delivered) == {long.key, gone.key, child.key, parent.key}
    assert drained.delivered[gone.key].version == ""
    assert "holds no record" in drained.refused["torn"].says
    assert len(drained.refused) + len(drained.waiting) == 2

    (run,) = ledger().runs(long.key, long.experiment)
    assert len(run.data.params) == 232
    assert len(run.data.tags["diff"]) == 8000
    (run,) = ledger().runs(gone.key)
    assert run.data.tags["mlops.missing"] == "../../../secret.txt, model.skops, nowhere.png"
    assert ledger().files(run.info.run_id) == {"report.html"}
    (above,), (below,) = ledger().runs("parent"), ledger().runs(child.key)
    assert below.data.tags["mlflow.parentRunId"] == above.info.run_id
    assert (above.info.run_name, above.info.status) == ("all of it", "FINISHED")


def test_a_damaged_database_costs_the_run_nothing_and_says_what_to_do(outputs, a_record, ledger):
    outputs.mkdir()
    database = outputs / "mlflow.db"
    database.write_bytes(b"this is no database" * 100)
    tracker = Mlflow()
    tracker.open(outputs)
    record = a_record()
    tracker.submit(record)
    delivery = tracker.close(60)
    assert not delivery.delivered
    assert "cannot be read" in delivery.says
    assert "mlops sync" in delivery.says
    assert list(pending(outputs)) == [record.key]

    os.replace(database, outputs / "mlflow.db.damaged")
    assert set(drain(outputs).delivered) <= {record.key}  # or the first recorder was quicker
    assert not pending(outputs)
    assert len(ledger().runs(record.key)) == 1


def test_closing_without_a_record_waits_for_nothing(outputs):
    tracker = Mlflow(wait_s=600)
    tracker.open(outputs)
    assert tracker.close().says == "there was nothing to record"


def test_the_outputs_folder_may_be_called_anything(work, a_full_record, ledger):
    outputs = work / "ünï 100%20#x?"
    spool = Spool(outputs, Address.of(outputs))
    record = a_full_record()
    spool.put(record)
    drained = drain(outputs)
    assert not drained.says
    ledger(Address.of(outputs).uri).holds_once_and_whole(record.key)
