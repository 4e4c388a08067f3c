"""`hydra/sweeper=optuna` in an application of Hydra's own, as its forerunner is used today."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import optuna
import pytest
import yaml
from hydra.core.utils import JobReturn, JobStatus

from mlops.config.sweeper.space import Space
from mlops.config.sweeper.study import Asking, take_up

SAMPLERS = "optuna.samplers"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")  # no process that idles
ROOT = Path(__file__).resolve().parents[3]
APPLICATION = """
import os, time
from pathlib import Path
import hydra

@hydra.main(version_base=None, config_path=".", config_name="config")
def main(config):
    Path(config.log).open("a").write(f"{config.x} {config.y} {config.kind}\\n")
    if config.fails_above is not None and config.x > config.fails_above:
        raise ValueError("x is too large")
    if config.waits_for is not None and config.x >= config.waits_at:
        Path(config.here).touch()
        while not Path(config.waits_for).exists():
            time.sleep(0.01)
    Path(config.log).with_name("ended").open("a").write(f"{config.x}\\n")
    loss = (config.x - 1) ** 2 + config.y + (0.5 if config.kind == "a" else 0)
    return (loss, config.y) if config.both else loss

if __name__ == "__main__":
    main()
"""
# As the documentation of hydra-optuna-sweeper shows it.
CONFIG = """
defaults:
  - override hydra/sweeper: optuna
  - override hydra/sweeper/sampler: tpe
hydra:
  sweeper:
    sampler:
      seed: 123
      consider_prior: true
      prior_weight: 1.0
    direction: minimize
    study_name: sphere
    storage: null
    n_trials: 6
    n_jobs: 1
    max_failure_rate: 0.0
    params:
      x: range(-5, 6, 1)
      y: interval(0, 2.5)
      kind: choice(a, b)
x: 1
y: 1
kind: a
both: false
fails_above: null
waits_for: null
waits_at: -9
here: ${hydra:runtime.cwd}/here
log: ${hydra:runtime.cwd}/log
"""


class Application:
    """A Hydra application in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "app.py").write_text(APPLICATION)
        (folder / "config.yaml").write_text(CONFIG)

    def start(self, *words: str) -> subprocess.Popen[str]:
        paths = (str(ROOT), str(ROOT / "mlops/config/plugins"))
        return subprocess.Popen(
            [sys.executable, "app.py", "-m", "hydra.sweep.dir=swept", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that Ctrl-C can reach all of it, as a terminal's does
        )

    def __call__(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        text = process.communicate(timeout=300)[0]
        assert process.returncode == code, text
        return text

    def jobs(self) -> list[str]:
        """What each job was given, in the order in which they began; forgotten afterwards."""
        lines = (self.folder / "log").read_text().splitlines()
        (self.folder / "log").unlink()
        return lines

    def results(self) -> dict:
        return yaml.safe_load((self.folder / "swept" / "optimization_results.yaml").read_text())

    def study(self) -> optuna.Study:
        address = f"sqlite:///{self.folder}/study.db"
        return optuna.load_study(study_name="sphere", storage=address)


@pytest.fixture
def application(tmp_path):
    return Application(tmp_path)


def test_a_sweep_of_hydra_optuna_sweeper_runs_as_it_is_and_alike_with_the_same_seed(application):
    application()
    first, found = application.jobs(), application.results()
    assert len(first) == 6
    assert found["name"] == "optuna"
    assert found["best_params"].keys() == {"x", "y", "kind"}
    application()
    assert application.jobs() == first
    assert application.results() == found


def test_a_copy_of_the_words_is_kept_where_hydra_is_asked_for_copies(application):
    copy = application.folder / "swept" / "multirun.yaml"
    application("hydra.output_subdir=null")
    assert not copy.exists()
    application()
    assert copy.exists()


def test_the_same_seed_gives_the_same_sweep_whichever_job_ends_first(application):
    """The first of two jobs at once, the one at 6, is held until the other has ended."""
    words = ("hydra/launcher=joblib", "hydra.sweeper.n_jobs=2", "hydra.sweeper.sampler.seed=4")
    words += ("hydra.sweeper.sampler.n_startup_trials=1", "hydra.sweeper.n_trials=8")
    application(*words)
    jobs, found = sorted(application.jobs()), application.results()
    (application.folder / "ended").unlink()
    go = application.folder / "go"
    stored = "hydra.sweeper.storage=sqlite:///study.db"
    process = application.start(*words, stored, f"waits_for={go}", "waits_at=6")
    wait_for(application.folder / "ended", process)
    while not any("returned" in each.user_attrs for each in application.study().trials):
        assert process.poll() is None
        time.sleep(0.05)
    go.touch()
    text = process.communicate(timeout=300)[0]
    assert process.returncode == 0, text
    assert sorted(application.jobs()) == jobs
    assert application.results() == found


def test_words_of_the_command_line_win_over_the_settings(application):
    application("x=2,3", "y=0.5", "hydra.sweeper.n_trials=4")
    jobs = [line.split() for line in application.jobs()]
    assert {x for x, _, _ in jobs} == {"2", "3"}
    assert {y for _, y, _ in jobs} == {"0.5"}


def test_the_older_form_of_a_space_is_read(application):
    text = CONFIG.partition("    params:")[0] + "    search_space:\n"
    text += "      x: {type: int, low: 2, high: 4, step: 2}\n"
    text += "      kind: {type: categorical, choices: [b]}\n"
    (application.folder / "config.yaml").write_text(text + CONFIG[CONFIG.index("x: 1\n") :])
    application("hydra.sweeper.n_trials=5")
    assert {line.split()[0] for line in application.jobs()} == {"2", "4"}


def test_values_keep_what_the_grammar_would_read_otherwise(application):
    words = ("x=1", "y=0", "hydra/sweeper/sampler=grid")
    application(*words, 'kind=choice("c,d","e f")')
    application(*words, 'kind="g,h","i"')
    assert application.jobs() == ["1 0 c,d", "1 0 e f", "1 0 g,h", "1 0 i"]


def test_a_space_that_is_wrong_is_told_with_its_key(application):
    text = application("y=interval(3, 1)", code=1)
    assert "y cannot be searched: `low <= high` must hold" in text
    head, tail = CONFIG.partition("    params:")[0], CONFIG[CONFIG.index("x: 1\n") :]
    older = "    search_space: {x: {type: int, low: 1}}\n"
    (application.folder / "config.yaml").write_text(head + older + tail)
    assert "x cannot be searched: it lacks 'high'" in application(code=1)


def test_the_storage_may_be_described(application):
    described = "{_target_: optuna.storages.RDBStorage, url: 'sqlite:///study.db'}"
    application(f"hydra.sweeper.storage={described}", "hydra.sweeper.n_trials=2")
    assert len(application.study().trials) == 2


def test_several_directions_give_the_solutions_that_none_beats(application):
    application(
        "both=true", "hydra.sweeper.direction=[minimize,maximize]", "hydra/sweeper/sampler=motpe"
    )
    solutions = application.results()["solutions"]
    assert solutions
    for one in solutions:
        for other in solutions:
            (loss, gain), (least, most) = other["values"], one["values"]
            assert loss > least or gain < most or (loss, gain) == (least, most)


def test_a_study_goes_on_only_in_the_direction_in_which_it_began(application):
    stored = "hydra.sweeper.storage=sqlite:///study.db"
    application(stored, "hydra.sweeper.n_trials=1")
    text = application(stored, "hydra.sweeper.direction=maximize", code=1)
    assert "error[bad-sweep]" in text
    assert "minimize: so the study sphere began" in text
    assert len(application.jobs()) == 1


def test_a_failed_job_ends_the_sweep_or_is_tolerated_as_the_settings_say(application):
    text = application("fails_above=3", "x=1,5", "hydra.sweeper.sampler.seed=0", code=1)
    assert "x is too large" in text
    application.jobs()
    text = application("fails_above=3", "x=1,5", "hydra.sweeper.max_failure_rate=0.9")
    assert "Job" in text
    assert "failed: ValueError: x is too large" in text
    assert len(application.jobs()) == 6
    assert application.results()["best_params"]["x"] == 1


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("hydra.sweeper.direction=minimise", "minimize"),
        ("hydra.sweeper.max_failure_rate=2", "-"),
        ("hydra.sweeper.n_trials=0", "-"),
        ("hydra.sweeper.resume=true", "-"),
        ("y=interval(2,1)", "interval(1, 2)"),
        ("y=tag(log,interval(0,1))", "-"),
        ("x=range(5,1)", "range(1, 5)"),
        ("hydra.sweeper.storage=sqlte:///a.db", "sqlite://…"),
        ("hydra.sweeper.storage={_target_: optuna.storages.RDBStrage}", "-"),
        ("hydra.sweeper.sampler._target_=optuna.samplers.TPESamplr", f"{SAMPLERS}.TPESampler"),
        ("hydra.sweeper.sampler._target_=optuna.pruners.MedianPruner", "-"),
        ("hydra.sweeper.sampler.seed=abc", "-"),
        ("hydra.sweeper.sampler=gp", "-"),
        ("hydra.sweeper.custom_search_space=foo.bar", "-"),
        ("hydra.sweeper.custom_search_space=os.nix", "-"),
    ],
)
def test_bad_settings_are_told_in_five_parts_before_the_first_job(application, word, near):
    text = application(word, code=1)
    assert "error[bad-s" in text
    assert f"closest   {near}\n" in text
    assert "Traceback" not in text
    assert not (application.folder / "log").exists()


NO_FOLDER, NO_DRIVER = "sqlite:///none/a.db", "mssql+pymssql://ann:s3cret@127.0.0.1:1/x"


@pytest.mark.parametrize(
    ("storage", "code"),
    [
        (NO_FOLDER, "storage-unreachable"),
        (f"{{_target_: optuna.storages.RDBStorage, url: '{NO_FOLDER}'}}", "storage-unreachable"),
        (f"'{NO_DRIVER}'", "storage-driver-missing"),
    ],
)
def test_a_database_that_cannot_be_had_is_told_in_five_parts(application, storage, code):
    text = application(f"hydra.sweeper.storage={storage}", code=1)
    assert f"error[{code}]" in text
    assert "where     hydra.sweeper.storage\n" in text
    assert "Traceback" not in text
    assert "s3cret" not in text
    assert not (application.folder / "log").exists()


def test_killed_it_goes_on_to_the_total_and_repeats_nothing_that_finished(application):
    study = ("hydra.sweeper.storage=sqlite:///study.db", "hydra.sweeper.resume=true")
    held = application.start(*study, "waits_for=never", "waits_at=2")
    wait_for(application.folder / "here", held)
    held.send_signal(signal.SIGKILL)
    held.communicate()
    before = application.jobs()
    application(*study)
    after = application.jobs()
    assert len(before) + len(after) == 7  # the one that was cut off ran again
    assert not set(before[:-1]) & set(after)
    assert before[-1] in after
    states = [each.state.name for each in application.study().trials]
    assert (states.count("COMPLETE"), states.count("FAIL"), len(states)) == (6, 1, 7)
    assert "0 jobs to run" in application(*study)


@pytest.mark.parametrize(
    "launcher", [(), (*JOBLIB, "hydra.sweeper.n_jobs=2")], ids=["basic", "joblib"]
)
def test_ctrl_c_leaves_no_trial_running_and_what_it_cut_off_runs_again(application, launcher):
    study = ("hydra.sweeper.storage=sqlite:///study.db", "hydra.sweeper.resume=true")
    held = application.start(*study, *launcher, "waits_for=never")
    wait_for(application.folder / "log", held, lines=2 if launcher else 1)
    os.killpg(held.pid, signal.SIGINT)
    text = held.communicate(timeout=120)[0]
    assert held.returncode == 130, text
    assert "hydra.sweeper.resume=true goes on" in text
    assert "Traceback" not in text
    cut_off = application.jobs()
    assert [each.state.name for each in application.study().trials] == ["FAIL"] * len(cut_off)
    application(*study)
    again = application.jobs()
    assert len(again) == 6
    assert [again.count(each) for each in cut_off] == [1] * len(cut_off)
    states = [each.state.name for each in application.study().trials]
    assert states == ["FAIL"] * len(cut_off) + ["COMPLETE"] * 6
    assert "0 jobs to run" in application(*study)


def test_without_torch_our_own_gaussian_process_stands_in(application):
    text = application("hydra/sweeper/sampler=gp", "hydra.sweeper.n_trials=12")
    assert len(application.jobs()) == 12
    assert ("GpSampler is used" in text) == (find_spec("torch") is None)


def test_a_job_that_ended_before_its_turn_to_be_told_is_not_run_again():
    space = Space()
    space.add(["x=interval(0, 1)"])
    study = optuna.create_study()
    asking = Asking(study, space, 3)
    (first, _), (second, _) = asking.ask(), asking.ask()
    asking.note(second, JobReturn(status=JobStatus.COMPLETED, _return_value=0.5))
    assert take_up(study, again=True) == 1
    cut_off, ended, again = study.trials
    assert (cut_off.number, cut_off.state.name) == (first, "FAIL")
    assert (ended.number, ended.state.name, ended.value) == (second, "COMPLETE", 0.5)
    assert again.state.name == "WAITING"
    assert again.system_attrs["fixed_params"] == cut_off.params


def test_what_failed_is_a_share_of_the_jobs_of_this_command(application):
    study = ("hydra.sweeper.storage=sqlite:///study.db", "hydra.sweeper.resume=true")
    application(*study, "x=1", "hydra.sweeper.n_trials=4")
    application.jobs()
    more = ("x=5", "fails_above=3", "hydra.sweeper.n_trials=6")
    application(*study, *more, "hydra.sweeper.max_failure_rate=0.4", code=1)
    assert len(application.jobs()) == 1


def test_a_grid_goes_on_with_what_was_not_tried(application):
    study = ("hydra.sweeper.storage=sqlite:///study.db", "hydra.sweeper.resume=true")
    words = (*study, "hydra/sweeper/sampler=grid", "x=1,2,3", "y=0", "kind=a,b")
    application(*words, "hydra.sweeper.n_trials=4")
    assert application.jobs() == ["1 0 a", "1 0 b", "2 0 a", "2 0 b"]
    application(*words, "hydra.sweeper.n_trials=100")
    assert application.jobs() == ["3 0 a", "3 0 b"]


def test_a_job_that_takes_long_holds_no_other_up(application):
    """Three jobs of one place end while the first one of the other still goes on."""
    go = application.folder / "go"
    words = ("hydra/launcher=joblib", "hydra.sweeper.n_jobs=2", f"waits_for={go}", "waits_at=3")
    words += ("hydra/sweeper/sampler=grid", "x=3,0,1,2", "y=0", "kind=a")
    process = application.start(*words)
    log = application.folder / "log"
    wait_for(application.folder / "here", process)
    wait_for(log, process, lines=4)
    go.touch()
    assert process.wait(300) == 0, process.communicate()[0]
    process.communicate()
    assert sorted(application.jobs()) == ["0 0 a", "1 0 a", "2 0 a", "3 0 a"]
    assert application.results()["best_params"]["x"] == 1


def wait_for(path: Path, process: subprocess.Popen[str], lines: int = 0) -> None:
    end = time.monotonic() + 120
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError(process.communicate()[0])
        time.sleep(0.02)
