"""Sweeps whose jobs or drivers get into trouble: what ended is kept, the rest is done once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from mlops.tracker.started import is_open

TROUBLE = Path(__file__).parents[1] / "tuner" / "trouble_project"
QUIET = ("recipe=trouble", "tracker=offline", "registry=dry_run", "mode.judge=false")


@pytest.fixture(scope="module")
def place(new_place, command_line):
    """A project whose model does what its word says; its folder is shared by the tests."""
    made = new_place()
    shutil.copytree(TROUBLE, made.folder, dirs_exist_ok=True)
    random = np.random.default_rng(0)
    xs = random.normal(size=100)
    noise = random.normal(size=100) / 5
    rows = (f"{x:.6f},{2 * x + z:.6f}\n" for x, z in zip(xs, noise, strict=True))
    (made.folder / "points.csv").write_text("x,y\n" + "".join(rows))
    return made


def records(place):
    """The records that wait, by run key."""
    waiting = [json.loads(path.read_text()) for path in (place.outputs / "spool").glob("*.json")]
    return {each["record"]["key"]: each["record"] for each in waiting}


def log_of(place, job):
    log = place.folder / job["folder"] / "log.txt"
    return log.read_text() if log.exists() else ""


def table(result):
    """The rows without what differs from one command to the next."""
    dropped = ("run", "seconds")
    return [
        {key: value for key, value in row.items() if key not in dropped}
        for row in result.details["rows"]
    ]


def fits(place):
    """The slopes that were fitted since the last look."""
    path = place.folder / "fits.txt"
    found = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return found


@pytest.fixture(scope="module")
def troubled(place):
    """Six jobs, of which one is well."""
    words = "model.word=raise,kill,fine,segfault,exit,quit"
    return place("-m", *QUIET, words, "compute.workers=2")


def test_what_goes_wrong_with_one_job_costs_no_other(troubled):
    outcomes = {row["model.word"]: row["outcome"] for row in troubled.details["rows"]}
    bad = dict.fromkeys(("raise", "kill", "segfault", "exit", "quit"), "failed")
    assert outcomes == {"fine": outcomes["fine"], **bad}
    assert outcomes["fine"] in ("passed", "refused")
    assert (troubled.outcome, troubled.exit_code) == ("failed", 6)
    assert [step.name for step in troubled.steps] == [f"job {n}/6" for n in range(1, 7)]


def test_every_failed_job_is_told_with_the_place_of_its_log(troubled, place):
    for step, job in zip(troubled.steps, troubled.details["jobs"], strict=True):
        if step.status == "failed":
            assert f"{job['folder']}/log.txt" in step.says
            first = ("error[", "Fatal Python error: Segmentation fault")
            assert log_of(place, job).startswith(first)
    says = {step.says.split(":")[0].partition("=")[2]: step.says for step in troubled.steps}
    assert "cannot-learn" in says["raise"]
    assert "SIGKILL" in says["kill"]
    assert "SIGSEGV" in says["segfault"]


def test_every_failed_job_is_recorded_with_its_reason(troubled, place):
    ours = {job["key"] for job in troubled.details["jobs"]}
    found = {
        record["params"]["model.word"]: (record["status"], record["tags"].get("mlops.reason"))
        for record in records(place).values()
        if record["key"] in ours
    }
    assert found["kill"] == found["segfault"] == ("FAILED", "killed")
    assert found["exit"] == ("FAILED", "exited")
    assert found["raise"] == ("FAILED", "cannot-learn")
    logs = [job.get("folder") and log_of(place, job) for job in troubled.details["jobs"]]
    assert found["quit"] == ("FAILED", "own-code-failed"), logs
    assert found["fine"][0] == "FINISHED"


def test_only_what_failed_runs_again(troubled, place):
    fits(place)
    words = "model.word=exit,raise,fine,quit,kill,segfault"  # in whatever order
    again = place("-m", *QUIET, words, "compute.workers=2", "resume=true")
    assert again.folder == troubled.folder
    assert [step.status for step in again.steps] == [
        *("failed", "failed", "reused", "failed", "failed", "failed")
    ]
    assert table(again)[0] == table(troubled)[0]


def test_a_job_that_hangs_is_ended(place):
    words = ("model.word=hang", "job_limit_s=3", "compute.workers=1", "resume=true")
    result = place("-m", *QUIET, *words)
    (problem,) = result.problems
    assert (problem["code"], result.exit_code) == ("job-time-limit", 6)
    child = int((place.folder / "child").read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists() or _is_zombie(child)


def _is_zombie(pid):
    return ") Z" in Path(f"/proc/{pid}/stat").read_text()


def test_the_table_does_not_depend_on_the_number_of_workers(place):
    words = ("model.slope=2.5,1.5,2.0,1.0", "seed=0,1")
    tables = [table(place("-m", *QUIET, *words, f"compute.workers={n}")) for n in (0, 1, 2)]
    assert tables[0] == tables[1] == tables[2]
    assert [row["model.slope"] for row in tables[0]][:2] == ["2.0", "2.0"]
    assert len(tables[0]) == 8


def start(place, command_line, *words):
    return command_line(place.folder).start("-m", *QUIET, "ui=plain", *words)


def ended(place, slopes):
    """How many jobs with these slopes are recorded as finished."""
    return [
        record["key"]
        for record in records(place).values()
        if record["status"] == "FINISHED" and record["params"].get("model.slope") in slopes
    ]


def begun(place):
    """How many jobs of the last sweep have begun."""
    folder = max((place.outputs / "runs").glob("sweep-*"), key=lambda path: path.name)
    return len(list((folder / "jobs").glob("*.json")))


def wait_for_workers(folder):
    """Until no worker works in `folder`: each leads a session of its own."""
    until = time.monotonic() + 60
    while any(works_in(folder, path) for path in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < until
        time.sleep(0.01)


def works_in(folder, process):
    try:
        leads = os.getsid(int(process.name)) == int(process.name)
        return leads and os.readlink(process / "cwd") == str(folder)
    except OSError:  # it has just ended
        return False


def stopped(place, command_line, number, after, *words, slopes):
    """Start a sweep, end it by a signal once so many jobs have finished; its exit code, text."""
    process = start(place, command_line, *words)
    until = time.monotonic() + 120
    while process.poll() is None and not (
        len(ended(place, slopes)) >= after and begun(place) > after + 1
    ):
        assert time.monotonic() < until
        time.sleep(0.005)
    assert process.poll() is None, "".join(process.communicate())
    os.kill(process.pid, number)
    text = "".join(process.communicate(timeout=60))
    return process.returncode, text


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_sweep_is_gone_on_with_and_nothing_is_lost_or_done_twice(
    place, command_line, after
):
    slopes = [f"{after}.{n}5" for n in range(5)]
    words = (f"model.slope={','.join(slopes)}", "model.pause_s=0.3", f"seed={after}")
    code, _ = stopped(
        place, command_line, signal.SIGKILL, after, *words, "compute.workers=2", slopes=slopes
    )
    assert code == -signal.SIGKILL
    wait_for_workers(place.folder)
    before = ended(place, slopes)
    fits(place)
    result = place("-m", *QUIET, *words, "compute.workers=2", "resume=true")
    assert result.exit_code in (0, 3)
    assert result.details["says"] == "5 of 5 jobs finished"
    keys = [job["key"] for job in result.details["jobs"]]
    assert set(before) <= set(keys)
    assert sum(step.status == "reused" for step in result.steps) == len(before)
    assert len(set(fits(place))) == 5 - len(before)
    (parent,) = [each for key, each in records(place).items() if key.startswith(parent_of(result))]
    assert (parent["status"], parent["tags"]["mlops.reason"]) == ("FINISHED", "resumed")
    assert {records(place)[key]["parent_key"] for key in keys} == {parent["key"]}
    fresh = place("-m", *QUIET, *words, "compute.workers=0")
    assert table(fresh) == table(result)


def parent_of(result):
    return Path(result.folder).name.removeprefix("sweep-")


def test_a_stopped_sweep_shows_what_is_there_and_leaves_nothing_running(place, command_line):
    slopes = [f"7.{n}5" for n in range(6)]
    words = (f"model.slope={','.join(slopes)}", "model.pause_s=0.6", "compute.workers=2")
    code, text = stopped(place, command_line, signal.SIGINT, 1, *words, slopes=slopes)
    assert code == 130
    assert "error[interrupted]" in text
    assert "resume=true" in text
    assert "aborted" in text, text
    folder = max((place.outputs / "runs").glob("sweep-*"), key=lambda path: path.name)
    kept = json.loads((folder / "result.json").read_text())
    assert (kept["outcome"], kept["exit_code"]) == ("aborted", 130)
    outcomes = [row["outcome"] for row in kept["details"]["rows"]]
    assert set(outcomes) <= {"passed", "refused", "aborted"}
    assert "aborted" in outcomes
    found = records(place)
    for job, row in zip(kept["details"]["jobs"], kept["details"]["rows"], strict=True):
        assert job["key"] in found
        assert row["run"]
    assert {found[each["key"]]["status"] for each in kept["details"]["jobs"]} <= {
        "FINISHED",
        "KILLED",
    }
    parent = next(each for key, each in found.items() if key.startswith(parent_of_path(folder)))
    assert (parent["status"], parent["tags"]["mlops.reason"]) == ("KILLED", "aborted")
    assert not [each for each in kept["details"]["jobs"] if is_open(place.outputs, each["key"])]
    result = place("-m", *QUIET, *words, "resume=true")
    assert result.details["says"] == "6 of 6 jobs finished"


def parent_of_path(folder):
    return folder.name.removeprefix("sweep-")
