"""A run again, from what it wrote down: to the last bit, whatever has changed around it since."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml

from mlops.core.errors import MlopsError

QUICK = ("tracker=offline", "mode.bootstrap=0", "mode.folds=2")
RECIPE = """# Houses; rmse about 2.
defaults:
  - override /data: houses
  - override /model: ridge
data: {target: price}
model: {alpha: 0.5}
"""
HOUSES = """# The houses of a test.
_target_: mlops.data.csv.Csv
path: houses.csv
target: price
"""


def table(shift=0):
    rows = (
        f"{n % 7},{n * 37 % 101},{'abc'[n % 3]},{n % 7 + n * 11 % 5 / 10 + shift}\n"
        for n in range(120)
    )
    return "rooms,area,kind,price\n" + "".join(rows)


@pytest.fixture(scope="module")
def first(new_place):
    """A project with a recipe and data of its own, and one run of it."""
    place = new_place()
    files = {"recipes/mine.yaml": RECIPE, "conf/data/houses.yaml": HOUSES, "houses.csv": table()}
    for name, text in files.items():
        (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / name).write_text(text)
    return place, place("recipe=mine", *QUICK)


@pytest.fixture
def project(first, place):
    """A copy of it, to be spoiled."""
    shutil.copytree(first[0].folder, place.folder, dirs_exist_ok=True)
    return place


@pytest.fixture
def run(first):
    return first[1]


@pytest.fixture
def again(project, run):
    return lambda *words: project("rerun", f"run={run.key}", "tracker=offline", *words)


def edited(folder, name, change):
    """Change a file of a run that is YAML or JSON; a version that shares it keeps its own."""
    path = folder / name
    data = yaml.safe_load(path.read_text())
    change(data)
    path.unlink()
    path.write_text(json.dumps(data))


def told(result, start):
    return next(line for line in result.details["lines"] if line.startswith(start))


def test_every_metric_is_the_same_to_the_last_bit(again, run):
    result = again()
    then = {metric["name"]: metric["value"] for metric in run.metrics}
    assert result.exit_code == 0
    assert {row["metric"]: row["now"] for row in result.details["rows"]} == then
    assert {row["difference"] for row in result.details["rows"]} == {"same"}
    assert "to the last bit" in result.details["says"]


def test_it_is_a_run_of_its_own_that_says_what_it_repeats_and_becomes_no_version(
    project, again, run
):
    result = again()
    assert result.key != run.key
    record = json.loads((project.outputs / "spool" / f"{result.key}.json").read_text())
    text = json.dumps(record)
    assert f'"mlops.rerun_of": "{run.key}"' in text
    about = json.loads((project.run_folder(result) / "candidate.json").read_text())
    assert about["rerun_of"] == run.key
    assert [row["act"] for row in project("history", "name=mine").details["rows"]] == ["register"]


def test_nothing_comes_from_the_step_cache(again):
    assert {step.status for step in again().steps} == {"done"}


def test_what_was_written_down_counts_whatever_became_of_recipe_and_options(project, again):
    (project.folder / "recipes" / "mine.yaml").write_text(RECIPE.replace("0.5", "500"))
    (project.folder / "conf" / "data" / "houses.yaml").write_text("# Gone wrong.\npath: none\n")
    assert again().exit_code == 0
    (project.folder / "recipes" / "mine.yaml").unlink()
    (project.folder / "conf" / "data" / "houses.yaml").unlink()
    assert again().exit_code == 0
    assert again("rows=source").exit_code == 0


def test_a_changed_file_is_told_and_the_rows_are_those_it_had(project, again):
    (project.folder / "houses.csv").write_text(table(shift=1))
    result = again()
    assert result.exit_code == 0
    assert re.search(
        r"houses.csv has changed since, sha256 \w{12} then, \w{12} now", told(result, "source:")
    )


def test_read_again_a_changed_file_gives_other_metrics_which_is_refused(project, again):
    rows = table().splitlines()
    rows[5] = "6,3,a,80"
    (project.folder / "houses.csv").write_text("\n".join(rows) + "\n")
    result = again("rows=source")
    assert (result.outcome, result.exit_code) == ("refused", 3)
    assert "others than it had" in told(result, "rows:")
    assert all(re.match(r"[+-]\d", row["difference"]) for row in result.details["rows"])


def test_a_file_that_is_gone_hinders_nobody(project, again):
    (project.folder / "houses.csv").unlink()
    result = again()
    assert result.exit_code == 0
    assert "houses.csv cannot be read now: There is no data file." in told(result, "source:")
    with pytest.raises(MlopsError, match="data-not-found"):
        again("rows=source")


@pytest.mark.parametrize("spoil", [shutil.rmtree, lambda path: (path / "frame.parquet").unlink()])
def test_without_a_whole_snapshot_the_source_is_read_again(project, again, spoil):
    (snapshot,) = (project.outputs / "snapshots" / "datasets").iterdir()
    spoil(snapshot)
    result = again()
    assert result.exit_code == 0
    assert "read again from" in told(result, "rows:")
    assert "the same content" in told(result, "rows:")


def test_other_libraries_and_other_code_are_told(project, again, run):
    def older(about):
        about["requirements"] = ["numpy==1.0"]
        about["machine"]["python"] = "3.10.1"
        about["code"] = {"git.commit": "0123456789abcdef", "git.clean": "true"}

    edited(project.run_folder(run), "candidate.json", older)
    shutil.rmtree(project.outputs / "registry")  # there, nothing can be changed
    result = again()
    assert "numpy 1.0 → " in told(result, "environment:")
    assert "python 3.10.1 → 3" in told(result, "environment:")
    assert "commit 01234567 then, not under Git now" in told(result, "code:")


@pytest.mark.parametrize(
    ("room", "node"),
    [
        ("model", {"_target_": "os.system", "command": "touch taken"}),
        ("data", {"_target_": "trap.Trap"}),
        ("tracker", {"_target_": "trap.Trap"}),
        ("hydra", {"callbacks": {"one": {"_target_": "trap.Trap"}}}),
    ],
)
@pytest.mark.parametrize("rows", ["snapshot", "source"])
def test_a_record_that_names_what_may_not_be_is_refused_and_nothing_of_it_imported(
    project, again, run, room, node, rows
):
    (project.folder / "trap.py").write_text("open('taken', 'w').close()\nclass Trap: pass\n")
    shutil.rmtree(project.outputs / "registry")
    edited(project.run_folder(run), "config.yaml", lambda config: config.update({room: node}))
    with pytest.raises(MlopsError, match="target-refused") as refused:
        again(f"rows={rows}")
    assert refused.value.exit_code == 3
    assert any(
        re.search(r"outputs/runs/mine-.*/config.yaml:\d", problem.where)
        for problem in refused.value.problems
    )
    assert not (project.folder / "taken").exists()
    assert len(list((project.outputs / "runs").iterdir())) == 1


def test_a_version_whose_record_was_changed_is_refused(project):
    folder = project.outputs / "registry" / "mine" / "versions" / "1"
    edited(folder, "config.yaml", lambda config: config["model"].update(regression=None))
    with pytest.raises(MlopsError, match="version-not-whole") as refused:
        project("rerun", "version=champion", "name=mine", "tracker=offline")
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda config: config.pop("model"), "no-part"),
        (lambda config: config["splitter"].update(test_size=7), "out-of-range"),
        (lambda config: config["cleaner"].update(what=1), "unknown-key"),
        (lambda config: config.update(seed="one"), "wrong-type"),
        (lambda config: config["data"].update(path="https://***@host/houses.csv"), "masked-value"),
        (lambda config: config["data"].update(path="${oc.env:HOME}"), "data-not-found"),
    ],
)
def test_a_record_that_does_not_hold_is_told_like_any_configuration(
    project, again, run, change, code
):
    shutil.rmtree(project.outputs / "registry")
    edited(project.run_folder(run), "config.yaml", change)
    with pytest.raises(MlopsError, match=code) as wrong:
        again("rows=source")
    assert wrong.value.exit_code == 2


@pytest.mark.parametrize(
    "spoilt",
    [
        {"choices": ["../../etc"], "space": "model", "machine": 3, "code": None},
        {"choices": {"model": "../../../etc/passwd", "data": 7}, "snapshot": "../.."},
        {"metrics": {"rmse": "good", "r2": [1]}, "requirements": 5, "name": None},
    ],
)
def test_whatever_a_run_says_of_itself_breaks_nothing(project, again, run, spoilt):
    shutil.rmtree(project.outputs / "registry")
    edited(project.run_folder(run), "candidate.json", lambda about: about.update(spoilt))
    assert again("name=mine").exit_code == 0
    assert project("lineage", f"run={run.key}").details["tree"]


def test_what_is_to_be_repeated_must_be_said_and_exist(project):
    with pytest.raises(MlopsError, match="which-run"):
        project("rerun")
    with pytest.raises(MlopsError, match="no-such-model"):
        project("rerun", "run=20200101-000000-00000000")
    with pytest.raises(MlopsError, match="out-of-range"):
        project("rerun", "version=1", "rows=mine")


def test_a_winner_of_a_sweep_is_repeated_too(project):
    swept = project("-m", "recipe=mine", "model.alpha=1,2", *QUICK)
    key = swept.folder.partition("sweep-")[2]
    result = project("rerun", f"run={key}", "tracker=offline", "name=mine")
    assert result.exit_code == 0
    ends = {row["run"] for row in swept.details["rows"]}
    assert result.details["rerun_of"][-8:] in ends
