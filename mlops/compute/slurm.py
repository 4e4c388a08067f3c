"""Work in jobs of Slurm, handed in through submitit."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from mlops.compute.elsewhere import Elsewhere
from mlops.compute.engine import LOOPBACK, Engine
from mlops.compute.outpost import keep
from mlops.core.errors import ENVIRONMENT, MlopsError, closest, fail, listed
from mlops.core.secret import masked

PROGRAMS = ("sbatch", "squeue", "scancel", "sinfo", "scontrol")
OURS = ("export", "output", "error", "array", "chdir", "open-mode")
# What a job starts with; the rest of the environment goes over the line, past Slurm's own files.
EXPORTED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
    *("CONDA_PREFIX", "SLURM_CONF"),
)
ASK_S, ANSWER_S, LEAVE_S = 3.0, 15.0, 5.0
# Reasons for which a job waits for ever.
HOPELESS = (
    *("PartitionConfig", "PartitionNodeLimit", "PartitionTimeLimit", "BadConstraints"),
    *("JobHeldUser", "JobHeldAdmin", "InvalidAccount", "InvalidQOS"),
)
HOME = re.compile(r"SlurmctldHost\[0\]\s*=\s*([^\s(]+)(?:\(([^)]+)\))?")


class Slurm(Elsewhere):
    """Crews of workers that are Slurm jobs: one job each, which does many tasks.

    A job that ends (its time is over, its node is lost, `scancel`) costs the task that it had, and
    another one is handed in. The working folder, ``outputs`` and the Python environment have to
    lie on a file system that all nodes share, and nodes must be able to call this machine, see
    :class:`mlops.compute.elsewhere.Elsewhere`.

    Parameters
    ----------
    partition : str or None
        None for Slurm's default.
    workers : int
        How many jobs.
    threads : int
        Cores of each job, and threads of OpenMP and BLAS in it.
    memory_mb : float or None
        Resident memory, megabytes, above which a worker is ended. What Slurm itself grants:
        ``options: {mem: 4G}``.
    time_min : int or None
        Minutes that a job may take; None for the partition's default.
    wait_s : float or None
        Seconds to wait for the first job to begin; None for as long as the queue takes.
    host : str or None
        Name or address by which nodes reach this machine; None for the one that leads to Slurm.
    options : dict or None
        Other options of ``sbatch``: ``{account: physics, gres: "gpu:1"}``.
    """

    def __init__(
        self,
        *,
        partition: str | None = None,
        workers: int = 2,
        threads: int = 1,
        memory_mb: float | None = None,
        time_min: int | None = None,
        wait_s: float | None = None,
        host: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(workers=workers, threads=threads, memory_mb=memory_mb, wait_s=wait_s)
        self.partition = partition
        self.time_min = time_min
        self.host = host
        self.options = options

    def check(self) -> None:
        """Slurm has to be there and to have the partition."""
        missing = [name for name in PROGRAMS if not shutil.which(name)]
        if missing:
            raise _trouble(
                "program-missing",
                "Slurm's programs are not there.",
                found=f"not on the path: {listed(missing)}",
                accepted=f"{listed(PROGRAMS)} on the path: a login node of a cluster",
                next_step="work on such a machine, or write compute=local",
            )
        self._refuse_ours()
        self._refuse_partition(_asked("sinfo", "--noheader", "--format=%R").split())

    def opened(self, folder: Path) -> Engine:
        """Slurm, after it has said that it is there."""
        self.check()
        host = self.host or _address(_asked("scontrol", "show", "config"))
        return _Queue(self._parameters(), folder, size=self.workers or 1, host=host)

    def _refuse_ours(self) -> None:
        """What would take from jobs what they need, or hand Slurm what is secret."""
        ours = [key for key in self.options or {} if key.replace("_", "-") in OURS]
        if ours:
            raise fail(
                "not-accepted",
                f"compute.options cannot have {ours[0]}.",
                where="compute.options",
                found=listed(ours),
                accepted=f"options of sbatch but {listed(OURS)}",
                next_step=f"remove {ours[0]}",
            )

    def _refuse_partition(self, there: list[str]) -> None:
        if self.partition is not None and not set(self.partition.split(",")) <= set(there):
            raise _trouble(
                "unknown-partition",
                f"Slurm has no partition {self.partition}.",
                where="compute.partition",
                found=self.partition,
                accepted=listed(sorted(set(there))),
                nearest=closest(self.partition, there),
                next_step=f"write compute.partition={closest(self.partition, there) or there[0]}",
            )

    def _parameters(self) -> dict[str, Any]:
        """For submitit."""
        return {
            "job_name": "mlops",
            "partition": self.partition,
            "cpus_per_task": self.threads,
            "time": self.time_min,
            "use_srun": False,  # a step of its own would have one core only
            "additional_parameters": {"export": ",".join(EXPORTED), **(self.options or {})},
        }


class _Queue(Engine):
    """Jobs that wait or run."""

    def __init__(self, parameters: dict[str, Any], folder: Path, *, size: int, host: str) -> None:
        from submitit import SlurmExecutor

        super().__init__("slurm", size=size, threads=parameters["cpus_per_task"], host=host)
        self._executor = SlurmExecutor(folder=folder / "slurm")
        self._executor.update_parameters(**parameters)
        self._jobs: list[Any] = []
        self._asked = 0.0

    def place(self, call: Path) -> None:
        try:
            self._jobs.append(self._executor.submit(keep, str(call)))
        except Exception as error:
            raise _refused(masked(str(error)).strip().split("\n")[-1][:300]) from error

    def going(self) -> int:
        if self._jobs and time.monotonic() - self._asked > ASK_S:
            self._asked = time.monotonic()
            states = self._states()
            for job in [each for each in self._jobs if each.job_id not in states]:
                self._jobs.remove(job)
                self._over(_said(job))
            for number, state in states.items():
                self.said = f"job {number} is {state}"
                if state.partition("(")[2].rstrip(")") in HOPELESS:
                    raise _refused(self.said)
        return len(self._jobs)

    def close(self) -> None:
        ids = [job.job_id for job in self._jobs]
        if not ids:
            return
        _told("scancel", "--state=PENDING", *ids)
        until = time.monotonic() + LEAVE_S
        while (left := self._states()) and time.monotonic() < until:
            time.sleep(0.1)
        _told("scancel", *left)

    def _states(self) -> dict[str, str]:
        """State and reason of our jobs that are not over; all of them where Slurm is silent."""
        ids = [job.job_id for job in self._jobs]
        try:
            listing = _asked("squeue", "--noheader", "--me", "--format=%A %T (%r)")
        except MlopsError:
            return dict.fromkeys(ids, "unknown: squeue does not answer")
        found = dict(line.split(" ", 1) for line in listing.splitlines() if line.strip())
        return {each: found[each] for each in ids if not _is_over(found.get(each, ""))}


def _refused(says: str) -> MlopsError:
    return _trouble(
        "slurm-refuses",
        "Slurm does not take the job, or never lets it run.",
        found=says,
        accepted="what the cluster allows: sinfo shows its partitions and their limits",
        next_step="correct compute.partition, threads, time_min or options",
    )


def _is_over(state: str) -> bool:
    return not state.startswith(("PENDING", "RUNNING", "CONFIGURING", "SUSPENDED", "REQUEUE"))


def _said(job: Any) -> str:
    """What a job that is over left behind: its result, or the last line of its log."""
    if job.paths.result_pickle.exists():
        try:
            return str(job.results()[0])
        except Exception as error:
            return f"{type(error).__name__}: {error}".split("\n")[0]
    lines = (job.stderr() or "").strip().splitlines()
    return f"job {job.job_id} has ended" + (f": {lines[-1]}" if lines else "")


def _told(program: str, *words: str) -> None:
    """Have one of Slurm's programs do something, if it can."""
    if words:
        subprocess.run([program, *words], capture_output=True, check=False)


def _asked(*command: str) -> str:
    """What one of Slurm's programs answers.

    Raises
    ------
    MlopsError
        It cannot.
    """
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
        says = "" if ran.returncode == 0 else ran.stderr.strip().split("\n")[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        ran, says = None, str(error)
    if ran is None or ran.returncode:
        raise _trouble(
            "engine-away",
            "Slurm does not answer.",
            found=f"{command[0]}: {masked(says)[:200] or 'no answer'}",
            accepted="a cluster whose controller runs",
            next_step="run sinfo to see what is wrong, or write compute=local",
        )
    return ran.stdout


def _address(config: str) -> str:
    """This machine's address on the way to Slurm's controller; nothing is sent there."""
    found = HOME.search(config)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect(((found[2] or found[1]) if found else LOOPBACK, 9))
            return str(way.getsockname()[0])
    except OSError:
        return LOOPBACK


def _trouble(
    code: str, says: str, *, where: str = "compute=slurm", nearest: str = "", **parts: str
) -> MlopsError:
    return fail(code, says, where=where, closest=nearest, exit_code=ENVIRONMENT, **parts)
