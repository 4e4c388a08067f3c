"""`mlops` from an empty folder to a registered model, and everything it leaves behind."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import version

import pytest
import yaml

from mlops.cli import run
from mlops.core.record import Result

ROAD = ["data", "contract", "splitter", "tuner", "features", "model", "evaluator"]
FILES = {
    "config.yaml",
    "contract.yaml",
    "overrides.yaml",
    "report.html",
    "requirements.txt",
    "result.json",
    "trials.json",
}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(scope="module")
def empty(new_place):
    """A folder that holds nothing when the first command is typed."""
    return new_place()


@pytest.fixture(scope="module")
def finished(empty, command_line):
    """`mlops` and nothing else, as a process."""
    return command_line(empty.folder)().ok()


@pytest.fixture(scope="module")
def document(finished, empty):
    (found,) = (empty.outputs / "runs").glob("*/result.json")
    return json.loads(found.read_text())


@pytest.fixture(scope="module")
def folder(document, empty):
    return empty.folder / document["folder"]


@pytest.fixture(scope="module")
def recorded(document, empty):
    """The one run in MLflow, as MLflow's own client sees it."""
    (found,) = empty.recorded("boston_housing", f"tags.`mlops.run_key` = '{document['key']}'")
    return found


@pytest.fixture(scope="module")
def refused(document, empty, command_line):
    """The same with a gate that no model passes, as one JSON document."""
    return command_line(empty.folder)("ui=json", "evaluator.regression.gates.r2.min=0.99")


# What a person sees.


def test_the_screen_shows_the_road_the_numbers_the_gates_and_where_to_look_next(finished):
    assert all(re.search(rf"^\S {step} ", finished.stdout, re.MULTILINE) for step in ROAD)
    assert re.search(r"^rmse +\d+\.\d+ +\d+\.\d+ … \d+\.\d+ +\d+\.\d+", finished.stdout, re.M)
    assert "r2 ≥ 0.5" in finished.stdout
    assert "report.html" in finished.stdout
    assert "mlops ui" in finished.stdout


def test_where_the_output_is_no_terminal_it_holds_no_control_characters(finished):
    assert not CONTROL.search(finished.stdout)
    assert finished.stderr == ""


def test_nothing_is_written_outside_the_outputs_folder(finished, empty):
    assert [path.name for path in empty.folder.iterdir()] == ["outputs"]


# The document and the folder of the run.


def test_the_document_holds_outcome_steps_numbers_gates_and_delivery(document):
    assert (document["outcome"], document["exit_code"]) == ("passed", 0)
    assert document["name"] == document["details"]["recipe"] == "boston_housing"
    assert [step["name"] for step in document["steps"]] == ROAD
    assert {step["status"] for step in document["steps"]} == {"done"}
    assert [metric["name"] for metric in document["metrics"]] == ["rmse", "mse", "mae", "r2"]
    for metric in document["metrics"]:
        assert metric["low"] < metric["value"] < metric["high"]
        assert None not in metric.values()
    assert all(gate["passed"] for gate in document["gates"])
    assert document["delivery"]["delivered"]
    assert document["problems"] == []
    assert document["seconds"] > 0


def test_the_loss_is_the_mean_squared_error(document):
    found = {metric["name"]: metric["value"] for metric in document["metrics"]}
    assert found["mse"] == pytest.approx(found["rmse"] ** 2)


def test_the_run_folder_holds_report_configuration_environment_and_model(folder):
    beside = {".lock", "candidate.json", "golden", "model", "plots", "rows.npz"}
    assert {path.name for path in folder.iterdir()} == FILES | beside
    assert [path.name for path in (folder / "model").iterdir()] == ["model.skops"]
    assert len(list((folder / "plots").glob("*.svg"))) >= 2


def test_the_report_page_needs_nothing_from_elsewhere_and_shows_what_was_found(folder, document):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert f"{document['metrics'][0]['value']:.4g}" in page
    for word in (
        "Passed all",
        "boston_housing",
        document["key"],
        "<svg",
        "outlier clipped",
        "sklearn",
    ):
        assert word in page


def test_the_configuration_in_the_folder_is_whole(folder):
    found = yaml.safe_load((folder / "config.yaml").read_text())
    assert found["model"]["fit_intercept"] is True
    assert found["splitter"]["folds"]["n_splits"] == 5
    assert yaml.safe_load((folder / "overrides.yaml").read_text()) == []


def test_the_environment_is_pinned(folder):
    pins = (folder / "requirements.txt").read_text().splitlines()
    assert f"scikit-learn=={version('scikit-learn')}" in pins
    assert all(re.fullmatch(r"[\w.-]+==\S+", pin) for pin in pins)


# The run in MLflow.


def test_parameters_are_choices_and_values_flat(recorded):
    told = recorded.data.params
    assert told["model"] == "linear"
    assert told["data.target"] == "medv"
    assert told["cleaner.outliers.factor"] == "1.5"
    assert told["splitter.folds.n_splits"] == "5"
    assert told["seed"] == "0"
    assert not [key for key in told if key.startswith(("ui", "tracker", "flow"))]


def test_metrics_come_with_interval_baseline_and_every_fold(recorded, document, empty):
    found = recorded.data.metrics
    for metric in document["metrics"]:
        name = metric["name"]
        assert found[name] == pytest.approx(metric["value"])
        assert found[f"{name}_low"] == pytest.approx(metric["low"])
        assert found[f"{name}_high"] == pytest.approx(metric["high"])
        assert found[f"{name}_baseline"] == pytest.approx(metric["baseline"])
        assert found[f"{name}_cv"] == pytest.approx(metric["cv_mean"])
        assert found[f"{name}_cv_std"] == pytest.approx(metric["cv_std"])
    folds = empty.mlflow().get_metric_history(recorded.info.run_id, "rmse_fold")
    assert [each.step for each in folds] == [0, 1, 2, 3, 4]
    mean = sum(each.value for each in folds) / 5
    assert mean == pytest.approx(found["rmse_cv"])


def test_tags_name_recipe_mode_outcome_and_the_fingerprint_of_the_data(recorded):
    tags = recorded.data.tags
    assert tags["mlops.recipe"] == "boston_housing"
    assert tags["mlops.mode"] == "full"
    assert tags["mlops.outcome"] == "passed"
    assert len(tags["mlops.data_fingerprint"]) >= 16
    assert recorded.info.status == "FINISHED"


def test_the_data_set_is_the_run_s_input_with_its_digest(recorded):
    (read,) = recorded.inputs.dataset_inputs
    assert "boston_housing" in read.dataset.name
    assert recorded.data.tags["mlops.data_fingerprint"].startswith(read.dataset.digest)
    assert json.loads(read.dataset.profile)["num_rows"] == 506
    columns = [each["name"] for each in json.loads(read.dataset.schema)["mlflow_colspec"]]
    assert len(columns) == 13
    assert "medv" in columns


def test_report_plots_configuration_and_environment_are_artifacts(recorded, empty):
    client = empty.mlflow()
    assert {each.path for each in client.list_artifacts(recorded.info.run_id)} == {*FILES, "plots"}
    assert len(client.list_artifacts(recorded.info.run_id, "plots")) >= 2


def test_the_model_has_signature_example_and_requirements(recorded, empty):
    from mlflow.models import Model

    (made,) = recorded.outputs.model_outputs
    model = Model.load(empty.mlflow().get_logged_model(made.model_id).artifact_location)
    assert model.signature.inputs.input_names()[:3] == ["crim", "zn", "indus"]
    assert "medv" not in model.signature.inputs.input_names()
    assert model.saved_input_example_info is not None
    assert set(model.flavors) == {"python_function", "sklearn"}
    assert model.flavors["sklearn"]["serialization_format"] == "skops"


def test_the_accepted_model_is_version_one_and_champion(recorded, document, empty):
    (registered, *_) = empty.versions("boston_housing")
    assert (str(registered.version), registered.run_id) == ("1", recorded.info.run_id)
    assert registered.aliases == ["champion"]
    assert document["delivery"]["version"] == "1"


# A gate that refuses.


def test_json_prints_the_document_and_nothing_else(refused):
    assert refused.json["outcome"] == "refused"
    assert refused.stderr == ""


def test_a_refused_gate_ends_with_exit_code_three_and_says_the_numbers(refused):
    assert refused.exit_code == refused.json["exit_code"] == 3
    (gate,) = [each for each in refused.json["gates"] if not each["passed"]]
    assert gate["name"] == "r2 ≥ 0.99"
    assert re.fullmatch(r"r2 is 0\.\d+", gate["says"])


def test_what_a_gate_refuses_is_recorded_and_not_registered(refused, empty):
    key = refused.json["key"]
    (kept,) = empty.recorded("boston_housing", f"tags.`mlops.run_key` = '{key}'")
    assert kept.data.tags["mlops.outcome"] == "refused"
    assert kept.data.tags["mlops.overrides"] == "ui=json evaluator.regression.gates.r2.min=0.99"
    assert refused.json["delivery"]["version"] == ""
    assert len(empty.versions("boston_housing")) == 1


# From Python, in a repository, by gradient descent, and quickly.

SECRETS = ("hunter2", "s3cret-of-the-file")


@pytest.fixture(scope="module")
def repository(new_place):
    """A Git repository with a change that is not committed, and files that hold secrets."""
    made = new_place()
    git = ["git", "-C", str(made.folder), "-c", "user.name=A", "-c", "user.email=a@b.c"]
    for name in (".gitignore", "notes.txt", ".env", "my_secrets.txt"):
        (made.folder / name).write_text("outputs/\n")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    (made.folder / "notes.txt").write_text("outputs/\nan uncommitted thought\n")
    for name in (".env", "my_secrets.txt"):
        (made.folder / name).write_text(f"PASSWORD={SECRETS[1]}\n")
    return made


@pytest.fixture(scope="module")
def descended(repository):
    """Gradient descent, recorded with the words that asked for it."""
    return repository("model=sgd", "mode=smoke", "model.epochs=30", "evaluator=auto")


@pytest.fixture(scope="module")
def descent(descended, repository):
    (found,) = repository.recorded("boston_housing")
    return found


def test_python_gets_the_same_result_as_the_document(descended, repository):
    assert isinstance(descended, Result)
    assert json.loads(descended.to_json()) == repository.document(descended)


def test_the_loss_curve_of_gradient_descent_is_logged_by_epoch(descent, repository):
    losses = repository.mlflow().get_metric_history(descent.info.run_id, "loss")
    assert [each.step for each in losses] == list(range(len(losses)))
    assert len(losses) > 3
    assert losses[-1].value < losses[0].value / 2


def test_overrides_are_kept_as_typed(descended, descent, repository):
    words = ["model=sgd", "mode=smoke", "model.epochs=30", "evaluator=auto"]
    kept = yaml.safe_load((repository.run_folder(descended) / "overrides.yaml").read_text())
    assert kept[: len(words)] == words
    assert descent.data.tags["mlops.overrides"].startswith(" ".join(words))


def test_the_commit_and_what_is_not_committed_are_recorded(descended, descent, repository):
    commit = subprocess.run(
        ["git", "-C", str(repository.folder), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert descent.data.tags["git.commit"] == commit
    assert descent.data.tags["git.clean"] == "false"
    difference = (repository.run_folder(descended) / "uncommitted.diff").read_text()
    assert "+an uncommitted thought" in difference
    files = repository.mlflow().list_artifacts(descent.info.run_id)
    assert "uncommitted.diff" in {each.path for each in files}


def test_files_that_may_hold_secrets_are_not_in_the_difference(descended, repository):
    difference = (repository.run_folder(descended) / "uncommitted.diff").read_text()
    assert ".env" not in difference
    assert "my_secrets" not in difference


def test_smoke_shows_gates_without_refusing_and_registers_nothing(repository, descended):
    result = repository("mode=smoke", "tracker.wait_s=0", "evaluator.regression.gates.r2.min=0.99")
    assert (result.outcome, result.exit_code) == ("passed", 0)
    shown = next(gate for gate in result.gates if gate["name"] == "r2 ≥ 0.99")
    assert "not judged" in shown["says"]
    repository("sync")
    assert repository.versions("boston_housing") == []


def test_secrets_are_nowhere_below_outputs(repository, descended, monkeypatch):
    (repository.folder / "mlops.yaml").write_text("allowed_env: [TRACKING]\n")
    monkeypatch.setenv("TRACKING", f"http://ann:{SECRETS[0]}@127.0.0.1:9")
    shown = {
        "${secret:TRACKING}": "secret://TRACKING is away",
        f"http://ann:{SECRETS[0]}@127.0.0.1:9": "http://***@127.0.0.1:9 is away",
    }
    for uri, says in shown.items():
        result = repository("mode=smoke", f"tracker.uri={uri}")
        assert result.outcome == "passed"
        assert says in result.delivery.says
    for path in repository.outputs.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [each for each in SECRETS if each.encode() in content], path


def test_python_raises_what_the_command_line_prints(place):
    from mlops.core.errors import MlopsError

    with pytest.raises(MlopsError) as caught:
        place("model=lineer")
    assert caught.value.problems[0].closest == "linear"
    assert list(place.folder.iterdir()) == []


def test_python_shows_what_it_is_asked_to_show(place, capsys, monkeypatch):
    monkeypatch.chdir(place.folder)
    run("check", "ui=plain")
    assert "recipe boston_housing holds" in capsys.readouterr().out
    run("check")
    assert capsys.readouterr().out == ""
