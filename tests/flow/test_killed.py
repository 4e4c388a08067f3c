"""SIGKILL, wherever a run is: whoever comes next records it, and goes through."""

from __future__ import annotations

import os
import signal

import pytest

from mlops.tracker.address import Address
from mlops.tracker.spool import Spool

EARLY, JUDGED, SUBMITTED = ["data", "learning", "fit"], ["saving", "deployer"], ["caching"]
STAGES = [*EARLY, *JUDGED, *SUBMITTED]
# In one process, where the fifth fit is the first one of the second job.
SWEEP = ("-m", "model.fit_intercept=true,false", "compute.workers=0")


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def killed(slow_project):
    """The run keys of one run killed at each stage, and of a sweep killed in its second job."""
    keys = {}
    begun = Spool(slow_project.outputs).folder / "started"
    for stage in STAGES:
        before = set(begun.glob("[!.]*.json"))
        kill(slow_project.held(f"{stage} 1"))
        (note,) = set(begun.glob("[!.]*.json")) - before
        keys[stage] = note.stem
        slow_project.nothing_is_half_written()
    kill(slow_project.held("fit 5", *SWEEP))
    return keys


@pytest.fixture(scope="module")
def next_run(killed, slow_project):
    """The next command, which has a recorder."""
    return slow_project("mode=smoke", "ui=json").ok()


@pytest.fixture(scope="module")
def recorded(next_run, slow_project):
    """The runs in MLflow, the newest first."""
    from mlflow import MlflowClient

    client = MlflowClient(Address.of(slow_project.outputs).uri)
    experiment = client.get_experiment_by_name("slow").experiment_id
    return client.search_runs([experiment], order_by=["start_time DESC"])


@pytest.mark.parametrize("stage", STAGES)
def test_the_next_command_records_it_with_what_it_knew(killed, recorded, stage):
    (run,) = [each for each in recorded if each.data.tags["mlops.run_key"] == killed[stage]]
    if stage in SUBMITTED:
        assert run.info.status == "FINISHED"
    else:
        assert (run.info.status, run.data.tags["mlops.reason"]) == ("FAILED", "killed")
    assert run.data.params["model"] == "slow"
    assert run.info.end_time > run.info.start_time
    assert ("rmse" in run.data.metrics) == (stage not in EARLY)


def test_a_killed_sweep_is_a_failed_parent_with_its_jobs(recorded):
    (parent,) = [run for run in recorded if "mlops.sweep" in run.data.tags]
    assert (parent.info.status, parent.data.tags["mlops.reason"]) == ("FAILED", "killed")
    of = "mlflow.parentRunId"
    jobs = [run for run in recorded if run.data.tags.get(of) == parent.info.run_id]
    assert sorted(run.info.status for run in jobs) == ["FAILED", "FINISHED"]


def test_the_next_command_goes_through_and_nothing_is_open(recorded, next_run, slow_project):
    assert next_run.json["delivery"]["delivered"]
    assert len(recorded) == len(STAGES) + 3 + 1
    assert {run.info.status for run in recorded} == {"FAILED", "FINISHED"}
    slow_project.nothing_is_half_written()


def test_what_was_left_lying_is_freed_by_clean(next_run, slow_project):
    left = slow_project.leftovers()
    assert left
    for path in left:
        os.utime(path, (0, 0))  # so long ago that nobody is writing it any more
    slow_project.commands("clean", "apply=true").ok()
    assert slow_project.leftovers() == []


def test_a_stopped_sweep_is_told_and_registers_nothing(slow_project, next_run):
    process = slow_project.held("fit 5", "tracker=offline", *SWEEP)
    process.send_signal(signal.SIGINT)
    said = "".join(process.communicate(timeout=60))
    assert process.returncode == 130, said
    assert "Traceback" not in said
    spool = Spool(slow_project.outputs)
    records = [spool.read(key) for key in spool.all_keys()]
    assert sorted(record.status for record in records) == ["FINISHED", "KILLED", "KILLED"]
    assert not [record for record in records if record.register]
