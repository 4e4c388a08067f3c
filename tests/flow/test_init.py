"""A new project appears whole, or not at all, and holds what its README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlops.core.errors import MlopsError
from mlops.flow.init import Init


def test_the_project_holds_a_recipe_a_part_of_its_own_its_test_and_a_workflow(work):
    result = Init(name="houses")()
    made = work / "houses"
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert files == {row["file"] for row in result.details["rows"]}
    assert files >= {
        "recipes/houses.yaml",
        "houses/cap.py",
        "conf/cleaner/cap.yaml",
        "conf/config.yaml",
        "tests/test_cap.py",
        ".github/workflows/ci.yml",
        ".gitignore",
        "mlops.yaml",
        "README.md",
    }
    assert result.outcome == "done"
    assert result.details["next"][0] == "cd houses"


def test_no_mark_of_the_template_is_left(work):
    Init(name="houses")()
    for path in (work / "houses").rglob("*"):
        assert "NAME" not in path.name
        assert not path.name.endswith(".tmpl")
        assert path.is_dir() or not re.search("@[A-Z]+@|EXPECTED", path.read_text(encoding="utf-8"))


def test_the_files_that_the_readme_names_are_there(work):
    Init(name="houses")()
    readme = (work / "houses" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([^`]+)`", readme, re.MULTILINE)
    assert named
    assert all((work / "houses" / name).is_file() for name in named)


def test_every_yaml_of_it_can_be_read(work):
    Init(name="houses")()
    found = [*(work / "houses").rglob("*.yaml"), *(work / "houses").rglob("*.yml")]
    assert all(yaml.safe_load(path.read_text(encoding="utf-8")) for path in found)


def test_the_settings_trust_the_project_s_own_package_and_no_variable(work):
    Init(name="houses")()
    settings = yaml.safe_load((work / "houses" / "mlops.yaml").read_text(encoding="utf-8"))
    assert settings == {"allowed_targets": ["houses.*"], "allowed_env": []}


def test_it_passes_its_own_tests(work, cli):
    Init(name="houses")()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--doctest-modules", "houses", "tests"],
        cwd=work / "houses",
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "7 passed" in ran.stdout


def test_its_source_satisfies_the_linter(work, root):
    Init(name="houses")()
    ruff = str(Path(sys.executable).parent / "ruff")
    command = [ruff, "check", "--no-cache", "--config", str(root / "pyproject.toml"), "."]
    ran = subprocess.run(command, cwd=work / "houses", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_it_can_lie_in_another_folder(work):
    assert Init(name="houses", folder="deep/down")().folder == "deep/down"
    assert (work / "deep" / "down" / "houses" / "cap.py").is_file()


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("my-project", "my_project"),
        ("My Project", "my_project"),
        ("../escape", "escape"),
        ("2fast", "fast"),
        ("class", "my_project"),
        ("", "my_project"),
        ("a" * 41, "a" * 40),
        ("naïve", "na_ve"),
    ],
)
def test_a_name_that_is_no_package_s_is_refused_with_one_that_is(work, name, closest):
    with pytest.raises(MlopsError) as caught:
        Init(name=name)()
    problem = caught.value.problems[0]
    assert (problem.code, problem.exit_code, problem.closest) == ("unsafe-name", 2, closest)
    assert not list(work.iterdir())


@pytest.mark.parametrize("name", ["json", "sklearn", "mlops", "conf", "tests", "antigravity"])
def test_a_name_that_would_hide_a_module_is_refused(work, name):
    with pytest.raises(MlopsError) as caught:
        Init(name=name)()
    assert caught.value.problems[0].code == "name-taken"
    assert not list(work.iterdir())


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_there_is_never_touched(work, kind):
    there = work / "houses"
    if kind == "folder":
        there.mkdir()
    elif kind == "file":
        there.write_text("mine")
    else:
        there.symlink_to("nowhere")
    with pytest.raises(MlopsError) as caught:
        Init(name="houses")()
    assert caught.value.problems[0].code == "folder-exists"
    assert [path.name for path in work.iterdir()] == ["houses"]


def test_a_place_that_cannot_be_written_is_the_environment_s_fault(work):
    (work / "file").write_text("")
    with pytest.raises(MlopsError) as caught:
        Init(name="houses", folder="file/houses")()
    assert caught.value.exit_code == 4


def test_its_recipe_runs_and_finds_the_metric_that_it_promises(work, cli, command_line):
    cli("init", "houses").ok()
    ran = command_line(work / "houses")("ui=json").ok()  # its own recipe
    found = {metric["name"]: metric["value"] for metric in ran.json["metrics"]}
    recipe = (work / "houses" / "recipes" / "houses.yaml").read_text(encoding="utf-8")
    promised = re.search(r"rmse (?P<value>\d+) ± (?P<width>\d+)", recipe)
    assert promised
    assert abs(found["rmse"] - float(promised["value"])) <= float(promised["width"])
    assert ran.json["outcome"] == "passed"


def test_a_mistaken_name_is_told_in_five_parts_on_the_command_line(cli, work):
    ran = cli("init", "my-project")
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error[unsafe-name]")
    assert "mlops init my_project" in ran.stderr
    assert not list(work.iterdir())
