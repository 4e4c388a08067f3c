"""What cannot work is told in five parts, before the first task."""

from __future__ import annotations

import json
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import wait

import pytest

from mlops.compute.dask import Dask
from mlops.compute.joblib import Joblib
from mlops.compute.line import Line
from mlops.compute.outpost import Order, Packed, called
from mlops.compute.slurm import Slurm
from mlops.core.crew import events
from mlops.core.errors import MlopsError
from tests.compute.words import broken, ready


def refused(part, setup=ready):
    """The problem that a crew ends with."""
    with pytest.raises(MlopsError) as told:
        _all_of(part.crew(setup))
    (problem,) = told.value.problems
    assert problem.exit_code == 4
    assert all((problem.where, problem.found, problem.accepted, problem.next_step))
    return problem


def _all_of(crew):
    with crew:
        crew.start("a", "pid")
        return list(events(crew))


@pytest.fixture
def silent():
    """An address where somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("option", "address"),
    [
        pytest.param("dask", "tcp://127.0.0.1:1", marks=pytest.mark.dask),
        pytest.param("dask", "tcp://nowhere", marks=pytest.mark.dask),
        pytest.param("ray", "127.0.0.1:1", marks=pytest.mark.ray),
        pytest.param("ray", "127.0.0.1:port", marks=pytest.mark.ray),
    ],
)
def test_an_address_where_nobody_answers_is_found_by_the_check(option, address, cli):
    ran = cli("check", f"compute={option}", f"compute.address='{address}'")
    assert ran.exit_code == 4
    assert f"error[engine-away] {option} does not answer at {address}." in ran.stderr
    assert "compute.address=" in ran.stderr
    assert not list(cli.folder.iterdir())


@pytest.mark.dask
def test_somebody_else_listens_at_the_address(silent):
    problem = refused(Dask(address=silent))
    assert (problem.code, problem.where) == ("engine-away", "compute.address")


@pytest.mark.dask
def test_a_scheduler_without_workers_is_told():
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as cluster:
        problem = refused(Dask(address=cluster.scheduler_address, wait_s=0.5))
    assert problem.code == "no-worker-came"
    assert "dask worker tcp://" in problem.next_step


@pytest.mark.ray
def test_more_cores_than_there_are_come_never(part_of):
    problem = refused(part_of("ray", workers=1, threads=64, wait_s=1))
    assert problem.code == "no-worker-came"
    assert "compute.wait_s" in problem.next_step


@pytest.mark.slurm
def test_a_partition_that_does_not_exist_is_told_with_the_nearest(slurm_folder):
    problem = refused(Slurm(partition="hare"))
    assert problem.code == "unknown-partition"
    assert (problem.where, problem.accepted, problem.closest) == (
        "compute.partition",
        "here",
        "here",
    )


@pytest.mark.slurm
def test_what_sbatch_says_when_it_refuses_is_told(slurm_folder):
    problem = refused(Slurm(options={"gres": "gpu:1"}))
    assert problem.code == "slurm-refuses"
    assert "Invalid generic resource (gres) specification" in problem.found


@pytest.mark.slurm
def test_a_job_that_slurm_takes_and_never_runs_is_told(slurm_folder):
    problem = refused(Slurm(threads=64))
    assert problem.code == "slurm-refuses"
    assert "PENDING (PartitionConfig)" in problem.found
    assert not subprocess.run(["squeue", "--noheader"], capture_output=True, check=True).stdout


@pytest.mark.slurm
def test_a_controller_that_does_not_answer_is_told(slurm_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "nowhere.conf"))
    problem = refused(Slurm())
    assert problem.code == "engine-away"
    assert problem.found.startswith("sinfo: ")


def test_slurm_s_programs_are_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = refused(Slurm())
    assert problem.code == "program-missing"
    assert "sbatch" in problem.found


@pytest.mark.slurm
@pytest.mark.parametrize("key", ["export", "open_mode", "output"])
def test_an_option_that_would_hand_slurm_what_is_secret_is_refused(key, slurm_folder):
    with pytest.raises(MlopsError) as told:
        Slurm(options={key: "ALL"}).check()
    assert told.value.problems[0].found == key


def test_workers_that_cannot_be_made_ready_are_told(engine, part_of):
    problem = refused(part_of(engine), broken)
    assert (problem.code, problem.where) == ("workers-not-ready", f"compute={engine}")
    assert "no such data" in problem.found


def test_workers_of_another_release_are_told(monkeypatch):
    monkeypatch.setattr("mlops.compute.outposts.release", lambda: "mlops 99, Python 3.99")
    problem = refused(Joblib(workers=1))
    assert problem.code == "workers-differ"
    assert problem.accepted == "mlops 99, Python 3.99"


def test_a_host_that_does_not_see_the_folder_is_told(monkeypatch, tmp_path):
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    with Joblib(workers=1).crew(ready) as crew:
        monkeypatch.chdir(tmp_path)
        place.rmdir()
        crew.start("a", "pid")
        with pytest.raises(MlopsError) as told:
            crew.next()
    (problem,) = told.value.problems
    assert str(place) in problem.found
    assert "file system that all hosts share" in problem.found


def test_who_does_not_know_the_secret_is_not_answered(tmp_path):
    line = Line("127.0.0.1", tmp_path, Order(Packed(b""), 1, None, ()))
    assert line.call.stat().st_mode & 0o077 == 0
    told = json.loads(line.call.read_text())
    line.call.write_text(json.dumps({**told, "key": "00" * 32}))
    with ThreadPoolExecutor(1) as other_host:
        caller = other_host.submit(called, line.call)
        known = line.callers(wait([line.bells[0]]))
        assert isinstance(caller.exception(20), (AuthenticationError, EOFError, OSError))
    assert known + line.callers([]) == []
    line.close()
