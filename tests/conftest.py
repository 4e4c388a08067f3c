"""What every test may use: an empty folder to work in, the real command line, real components.

A test that needs a component carries its marker (``@pytest.mark.chromium``). Where the component
is absent the test is skipped with the reason; ``--require=all`` or ``--require=chromium,podman``
makes a failure of such a skip, so that a green run proves that nothing was left out.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
PATH, MODULE = pytest.StashKey[list[str]](), pytest.StashKey[Path]()
OURS_TO_CLEAN = ("MLFLOW_", "MLOPS_", "HYDRA_", "OPTUNA_")


# What starts the tests may have Ctrl-C ignored (a shell without job control does that to all it
# puts in the background) or blocked, and every process below inherits that. The tests stop real
# processes, so they begin like a terminal does; what is caught here is the default there.
# It is done for each test: a command that was stopped in this process leaves Ctrl-C ignored, and
# a desk that was opened in it leaves its address in the environment, where the next would look.
def _as_in_a_terminal() -> None:
    for name in [name for name in os.environ if name.startswith(OURS_TO_CLEAN)]:
        del os.environ[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


_as_in_a_terminal()
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as mlops.cli does, and for its reason
signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD))

# The same examples every time: a test that fails, fails for everyone.
settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.load_profile("house")


def _program(*names: str) -> str:
    """Say which of `names` is not on the path; empty if all are."""
    missing = [name for name in names if not shutil.which(name)]
    return f"not on the path: {', '.join(missing)}" if missing else ""


def _module(name: str) -> str:
    """Say that the package `name` is not installed; empty if it is."""
    return "" if importlib.util.find_spec(name) else f"the package {name} is not installed"


def _either(*names: str) -> str:
    """Say that none of the programs is on the path; empty if one is."""
    return "" if any(map(shutil.which, names)) else f"none on the path: {', '.join(names)}"


def _postgres() -> str:
    found = shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return "" if found else "PostgreSQL's initdb is not there"


def _tmpfs() -> str:
    if not sys.platform.startswith("linux"):
        return "small disks are mounted on Linux only"
    if os.geteuid() == 0:
        return ""
    asked = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True)
    return "" if asked and asked.returncode == 0 else "neither root nor sudo without a password"


COMPONENTS: dict[str, Callable[[], str]] = {
    "chromium": lambda: _either("chromium", "chromium-browser", "google-chrome"),
    "dask": lambda: _module("distributed"),
    "git_lfs": lambda: _program("git", "git-lfs"),
    "grafana": lambda: _program("grafana-server"),
    "lightgbm": lambda: _module("lightgbm"),
    "onnx": lambda: _module("onnx") or _module("onnxruntime"),
    "podman": lambda: _program("podman", "runc"),
    "postgres": _postgres,
    "prometheus": lambda: _program("prometheus", "promtool"),
    "ray": lambda: _module("ray"),
    "slurm": lambda: _program("slurmctld", "slurmd", "sbatch", "munged"),
    "spark": lambda: _module("pyspark") or _program("java"),
    "tensorflow": lambda: _module("tensorflow"),
    "tensorflow_serving": lambda: _module("tensorflow_serving"),
    "tmpfs": _tmpfs,
    "xgboost": lambda: _module("xgboost"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require",
        default="",
        metavar="all|NAME,NAME",
        help="components that must be there: a skip because one is absent becomes a failure",
    )


def pytest_configure(config: pytest.Config) -> None:
    wanted = _required(config)
    unknown = wanted - COMPONENTS.keys()
    if unknown:
        raise pytest.UsageError(
            f"--require: no such component: {', '.join(sorted(unknown))}; "
            f"accepted: all, {', '.join(COMPONENTS)}"
        )


def _required(config: pytest.Config) -> set[str]:
    names = {name for name in config.getoption("--require").split(",") if name}
    return set(COMPONENTS) if "all" in names else names


def _needs(item: pytest.Item) -> list[str]:
    return [mark.name for mark in item.iter_markers() if mark.name in COMPONENTS]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave benchmarks out unless their folder is named: they want a quiet machine."""
    if any("benchmark" in str(argument) for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("benchmark")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("benchmark")]


def _forget_projects(item: pytest.Item) -> None:
    """Let no module of tests find the packages of the projects that another one ran."""
    before = item.session.stash.setdefault(PATH, list(sys.path))
    if item.session.stash.get(MODULE, item.path) != item.path:
        projects = [Path(each) for each in sys.path if each not in before]
        sys.path[:] = before
        for name, module in list(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or "/")
            if any(file.is_relative_to(project) for project in projects):
                del sys.modules[name]
    item.session.stash[MODULE] = item.path


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _as_in_a_terminal()
    _forget_projects(item)
    for name in _needs(item):
        if reason := COMPONENTS[name]():
            pytest.skip(f"needs {name}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # a generator, as pytest's wrappers are
    report = yield
    required = [name for name in _needs(item) if name in _required(item.config)]
    if report.skipped and required and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"required by --require={','.join(required)}, but: {reason}"
    return report


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    args: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything it printed."""
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        """What ``ui=json`` printed."""
        return json.loads(self.stdout)

    def ok(self) -> Finished:
        """Itself, after making sure that it succeeded."""
        assert self.exit_code == 0, f"mlops {' '.join(self.args)}: {self.exit_code}\n{self.text}"
        return self


# Carries out commands in one process; its last line names the heavy packages that came with them.
_LIGHT = """
import json, sys
from mlops.cli import main

for words in json.loads(sys.argv[1]):
    assert main(words) == 0, words
heavy = {"mlflow", "numpy", "pandas", "pyarrow", "scipy", "skops", "sklearn", "sqlalchemy"}
print(json.dumps(sorted(heavy & sys.modules.keys())))
"""


@dataclass(frozen=True)
class CommandLine:
    """``python -m mlops`` as a process of its own in `folder`."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The tester's environment without what would change a run, and with this source tree."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(OURS_TO_CLEAN)
        }
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return {**kept, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1", "COLUMNS": "120", **more}

    def start(self, *args: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start it in a process group of its own and return at once; the caller ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "mlops", *args],
            cwd=self.folder,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(
        self, *args: str, env: dict[str, str] | None = None, timeout_s: float = 300
    ) -> Finished:
        """Run it to its end."""
        process = self.start(*args, env=env)
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return Finished(args, process.returncode, stdout, stderr)

    def heavy(self, *commands: list[str]) -> list[str]:
        """The heavy packages that a process imports which carries out `commands`, all well."""
        ran = subprocess.run(
            [sys.executable, "-c", _LIGHT, json.dumps(commands)],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        found: list[str] = json.loads(ran.stdout.splitlines()[-1])
        return found


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, made the current one; no variable of the tester's reaches a run."""
    for name in [name for name in os.environ if name.startswith(OURS_TO_CLEAN)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(work: Path) -> CommandLine:
    """The command line in that empty folder: ``cli("check", "model=ridge").exit_code``."""
    return CommandLine(work)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs for tests to copy: boston_housing (1 is champion, 3 challenger), credit_scoring."""
    from mlops.cli import run

    folder = tmp_path_factory.mktemp("trained")
    quick = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS_TO_CLEAN)]:
            patch.delenv(name)
        patch.chdir(folder)
        for model in ("linear", "ridge", "hist_gbm"):
            assert run(f"model={model}", *quick).outcome == "passed"
        assert run("recipe=credit_scoring", *quick).outcome == "passed"
    return folder / "outputs"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def command_line() -> type[CommandLine]:
    """For fixtures of a wider scope, which bring a folder of their own."""
    return CommandLine
