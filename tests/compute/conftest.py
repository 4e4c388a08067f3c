"""The engines, each started once as a cluster that is there for whoever has its address."""

from __future__ import annotations

import getpass
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

ENGINES = [
    "joblib",
    pytest.param("dask", marks=pytest.mark.dask),
    pytest.param("ray", marks=pytest.mark.ray),
    pytest.param("slurm", marks=pytest.mark.slurm),
]
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Daemon(subprocess.Popen):
    """A process that writes what it says into a file."""

    said = Path()


def until(is_so: Callable[[], Any], *processes: Daemon) -> None:
    """Wait for something to become true while all of `processes` live."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it never came"
        ended = [each for each in processes if each.poll() is not None]
        assert not ended, Path(ended[0].said).read_text()[-2000:]
        time.sleep(0.05)


@contextmanager
def daemon(*command: str, log: Path, **environment: str) -> Iterator[Daemon]:
    """A process that is ended, with all that it has started, at the end of the block."""
    with log.open("wb") as said:
        process = Daemon(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    process.said = log
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Callable[[str], Path]]:
    """Folders whose paths are short enough for sockets in them."""
    with ExitStack() as ending:

        def make(name: str) -> Path:
            made = tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True)
            return Path(ending.enter_context(made))

        yield make


# Engines end with the module that asked for them: idle ones take half a core.


@pytest.fixture(scope="module")
def dask_folder(short_folder) -> Path:
    return short_folder("dask")


@pytest.fixture(scope="module")
def dask_address(dask_folder) -> Iterator[str]:
    """A scheduler with two worker processes."""
    folder = dask_folder
    place, address = folder / "scheduler.json", f"tcp://127.0.0.1:{free_port()}"
    ours = ("--host", "127.0.0.1", "--no-dashboard")
    scheduler = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-show", *ours)
    worker = (sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard")
    sizes = ("--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder))
    port = ("--port", address.rpartition(":")[2], "--scheduler-file", str(place))
    with ExitStack() as ending:
        first = ending.enter_context(daemon(*scheduler, *port, log=folder / "scheduler.log"))
        until(place.exists, first)
        ending.enter_context(daemon(*worker, *sizes, log=folder / "worker.log"))
        yield address


@pytest.fixture(scope="module")
def ray_folder(short_folder) -> Path:
    return short_folder("ray")


@pytest.fixture(scope="session")
def ray_token(short_folder) -> Iterator[None]:
    """What whoever asks Ray has to show; a process reads it once."""
    token = short_folder("token") / "token"
    token.write_text(os.urandom(24).hex())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # Ray's word for: loopback only
        yield


@pytest.fixture(scope="module")
def ray_address(ray_folder, ray_token) -> Iterator[str]:
    """An instance with two cores."""
    folder, port = ray_folder, free_port()
    command = (str(Path(sys.executable).with_name("ray")), "start", "--head", "--block")
    sizes = ("--num-cpus=2", "--include-dashboard=false", "--object-store-memory=80000000")
    place = (f"--port={port}", f"--temp-dir={folder}", "--disable-usage-stats")
    with ExitStack() as ending:
        head = ending.enter_context(daemon(*command, *sizes, *place, log=folder / "head.log"))
        until(lambda: "Ray runtime started" in (folder / "head.log").read_text(), head)
        yield f"127.0.0.1:{port}"


SLURM = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/node.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=1
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=here Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def slurm_folder(short_folder) -> Iterator[Path]:
    """One node with two cores, and its controller; ``SLURM_CONF`` says where."""
    folder, host = short_folder("slurm"), socket.gethostname().split(".")[0]
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(mode=0o755)
    key, conf = folder / "munge" / "key", folder / "slurm.conf"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    ports = {"controller": free_port(), "node": free_port()}
    conf.write_text(SLURM.format(folder=folder, host=host, user=getpass.getuser(), **ports))
    munge = [f"--{name}-file={folder}/munge/{name}" for name in ("key", "pid", "log", "seed")]
    socket_file = f"--socket={folder}/munge/socket"
    with ExitStack() as ending:
        patch = ending.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SLURM_CONF", str(conf))

        def start(name: str, *command: str) -> Daemon:
            return ending.enter_context(daemon(*command, log=folder / f"{name}.log"))

        munged = start("munge", "munged", "--foreground", "--force", socket_file, *munge)
        until((folder / "munge" / "socket").exists, munged)
        controller = start("controller", "slurmctld", "-D", "-f", str(conf))
        node = start("node", "slurmd", "-D", "-f", str(conf), "-N", host)
        ask = ("sinfo", "--noheader", "--format=%T")
        until(lambda: b"idle" in subprocess.run(ask, capture_output=True).stdout, controller, node)
        yield folder


@pytest.fixture(scope="module")
def own_keys_of(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    """The keys of two workers on this machine, of an engine that ends with its driver if it can."""

    def tell(name: str) -> dict[str, Any]:
        if name == "slurm":
            request.getfixturevalue("slurm_folder")
        return {"workers": 2}

    return tell


@pytest.fixture(scope="module")
def keys_of(request: pytest.FixtureRequest, own_keys_of) -> Callable[[str], dict[str, Any]]:
    """The same of an engine that is there."""

    def tell(name: str) -> dict[str, Any]:
        there = name in ("dask", "ray")
        more = {"address": request.getfixturevalue(f"{name}_address")} if there else {}
        return {**own_keys_of(name), **more}

    return tell


@pytest.fixture(scope="module")
def part_of(keys_of) -> Callable[..., Any]:
    """The part for an engine that is there."""

    def make(name: str, **keys: Any) -> Any:
        module = importlib.import_module(f"mlops.compute.{name}")
        return getattr(module, name.title())(**{**keys_of(name), **keys})

    return make


@pytest.fixture(scope="module")
def folder_of(request: pytest.FixtureRequest, short_folder) -> Callable[[str], Path]:
    """Where an engine that is there writes what it has to write."""

    def tell(name: str) -> Path:
        if name == "joblib":
            return short_folder("joblib")
        return request.getfixturevalue("slurm_folder" if name == "slurm" else f"{name}_folder")

    return tell


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `engine` runs once on each, unless it says which."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "engine" in metafunc.fixturenames and "engine" not in [mark.args[0] for mark in marks]:
        metafunc.parametrize("engine", ENGINES, scope="module")
