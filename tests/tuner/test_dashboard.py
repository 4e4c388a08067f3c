"""A stored study opens in optuna-dashboard, as it is."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

WORDS = ("tuner=random", "tuner.trials=4", "compute.workers=0")


@pytest.fixture
def served():
    """Open a study in the dashboard; gives a way to ask it."""
    started = []

    def serve(storage: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        program = Path(sys.executable).with_name("optuna-dashboard")
        command = [str(program), "--host", "127.0.0.1", "--port", str(port), storage]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.append(process)

        def ask(path: str):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                return json.load(answer)

        end = time.monotonic() + 60
        while True:
            try:
                ask("/api/meta")
                return ask
            except OSError:
                assert process.poll() is None, process.stdout.read().decode()
                assert time.monotonic() < end
                time.sleep(0.05)

    yield serve
    for process in started:
        process.kill()
        process.communicate()


def seen(ask):
    """Name of the one study, and its trials: state, value and parameters."""
    [study] = ask("/api/studies")["study_summaries"]
    trials = ask(f"/api/studies/{study['study_id']}?after=0")["trials"]
    params = [{each["name"]: each["param_external_value"] for each in t["params"]} for t in trials]
    return study["study_name"], [t["state"] for t in trials], [t["values"] for t in trials], params


@pytest.mark.parametrize("kept", ["a file", "a database"])
def test_the_dashboard_shows_what_the_study_holds(place, served, kept):
    database = f"sqlite:///{place.folder}/studies.db"
    words = [] if kept == "a file" else [f"tuner.storage='{database}'"]
    result = place(*WORDS, *words)
    ask = served(str(place.journal()) if kept == "a file" else database)
    name, states, values, params = seen(ask)
    assert name == "trouble"
    assert states == ["Complete"] * 4
    best = result.details["best"]["model.slope"]
    assert repr(best) in [each["model.slope"] for each in params]
    assert min(value for [value] in values) == pytest.approx(result.metrics[0]["cv_mean"])


def test_whole_options_have_names_of_their_own(place, served):
    place(
        "tuner=random", "tuner.trials=8", "tuner.options.model=choice(trouble, ridge)", *WORDS[2:]
    )
    _, _, _, params = seen(served(str(place.journal())))
    names = {name for each in params for name in each}
    assert names == {
        "model",
        "model.trouble.slope",
        "model.ridge.alpha",
        "model.ridge.fit_intercept",
    }
