"""Ctrl-C and SIGTERM, wherever a run is: told, recorded, nothing half-written, nobody left."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

import pytest

from mlops.core.record import Record
from mlops.core.version import STANDING
from mlops.tracker.address import Address
from mlops.tracker.spool import Spool
from mlops.tracker.sync import drain, pending

BEFORE = ["start", "data", "contract", "learning", "splitter", "tuner", "fit", "features", "model"]
JUDGED = ["evaluator", "verdict", "saving", "deployer"]
SUBMITTED = ["submitted", "caching", "shown"]
ENDS_S = 180  # on a machine that has other things to do
STOPS = [(stage, signal.SIGINT) for stage in (*BEFORE, *JUDGED, *SUBMITTED)]
STOPS += [(stage, signal.SIGTERM) for stage in ("fit", "saving", "submitted")]


def is_run(key):
    """Whether a key of the spool is a run's, and not of how a model's versions stand."""
    return not key.startswith(STANDING)


@dataclass(frozen=True)
class Stopped:
    exit_code: int
    text: str
    record: Record
    leftovers: list[str]


@pytest.fixture(scope="module")
def stopped(slow_project):
    """What became of one run for each stage and signal, and of the spool after it."""
    ends = {}
    spool = Spool(slow_project.outputs)
    for stage, number in STOPS:
        before = set(pending(slow_project.outputs))
        process = slow_project.held(f"{stage} 1")
        process.send_signal(number)
        text = "".join(process.communicate(timeout=ENDS_S))
        (key,) = filter(is_run, set(pending(slow_project.outputs)) - before)
        left = [path.name for path in slow_project.leftovers()]
        ends[stage, number] = Stopped(process.returncode, text, spool.read(key), left)
        slow_project.nothing_is_half_written()
    return ends


@pytest.fixture(scope="module")
def recorded(stopped, slow_project):
    """The runs in MLflow after a sync, by run key."""
    from mlflow import MlflowClient

    assert len(drain(slow_project.outputs, wait_s=ENDS_S).delivered) == len(STOPS)
    client = MlflowClient(Address.of(slow_project.outputs).uri)
    experiment = client.get_experiment_by_name("slow").experiment_id
    return {run.data.tags["mlops.run_key"]: run for run in client.search_runs([experiment])}


@pytest.mark.parametrize(("stage", "number"), STOPS)
def test_it_says_that_it_was_stopped_and_leaves_nothing(stopped, stage, number):
    ended = stopped[stage, number]
    assert ended.exit_code == 130, ended.text
    assert "error[interrupted] Stopped before the end" in ended.text
    assert "Traceback" not in ended.text
    assert ended.leftovers == []


@pytest.mark.parametrize(("stage", "number"), STOPS)
def test_it_is_recorded_as_what_it_was(stopped, recorded, stage, number):
    record = stopped[stage, number].record
    run = recorded[record.key]
    assert run.data.params["model"] == "slow"
    if stage in SUBMITTED:
        assert run.info.status == "FINISHED"
        assert "mlops.reason" not in run.data.tags
    else:
        assert (run.info.status, run.data.tags["mlops.reason"]) == ("KILLED", "aborted")
    knows = stage in SUBMITTED or stage in ("saving", "deployer")
    assert ("rmse" in run.data.metrics) == knows


def test_the_next_run_goes_through(stopped, slow_project):
    again = slow_project("tracker=offline")
    assert again.exit_code == 0, again.text


@pytest.mark.parametrize("stage", ["data 1", "verdict 1"])
def test_with_a_recorder_it_is_in_mlflow_at_once_and_the_recorder_ends(slow_project, stage):
    from mlflow import MlflowClient

    client = MlflowClient(Address.of(slow_project.outputs).uri)
    before = _aborted(client)
    process = slow_project.held(stage, "tracker=mlflow")
    process.send_signal(signal.SIGINT)
    text = "".join(process.communicate(timeout=ENDS_S))
    assert process.returncode == 130, text
    end = time.monotonic() + ENDS_S
    while slow_project.processes() and time.monotonic() < end:
        time.sleep(0.05)
    assert slow_project.processes() == []
    drain(slow_project.outputs, wait_s=ENDS_S)  # what the recorder had no time for
    assert _aborted(client) == before + 1


DEAF = """
import os
import signal

from sklearn.linear_model import LinearRegression


class Deaf(LinearRegression):
    def fit(self, X, y):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except BaseException:
            pass
        return super().fit(X, y)
"""


def test_a_part_that_swallows_it_delays_the_end_and_no_more(work, cli):
    for name, text in {
        "mlops.yaml": "allowed_targets: [deaf.Deaf]\n",
        "deaf.py": DEAF,
        "conf/model/deaf.yaml": "# Hears nothing.\n_target_: deaf.Deaf\n",
    }.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    ended = cli("model=deaf", "mode=smoke", "tracker=offline")
    assert ended.exit_code == 130, ended.text
    (key,) = pending(work / "outputs")
    assert Spool(work / "outputs").read(key).status == "KILLED"


def _aborted(client):
    """How many runs of the project stand in MLflow as stopped by somebody."""
    experiment = client.get_experiment_by_name("slow")
    if experiment is None:
        return 0
    found = client.search_runs([experiment.experiment_id], "tags.`mlops.reason` = 'aborted'")
    assert {run.info.status for run in found} <= {"KILLED"}
    return len(found)


def test_who_reads_no_further_stops_the_run_and_is_told_nothing(cli, work):
    process = cli.start("mode=smoke", "tracker=offline", "ui=plain")
    process.stdout.close()
    assert (process.wait(ENDS_S), process.stderr.read()) == (0, "")
    (key,) = pending(work / "outputs")
    record = Spool(work / "outputs").read(key)
    assert (record.status, record.tags["mlops.reason"]) == ("KILLED", "aborted")
