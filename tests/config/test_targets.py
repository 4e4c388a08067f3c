"""Targets: what a class of the user's own must be before anything of it is imported or made."""

from __future__ import annotations

import sys

import pytest

SETTINGS = 'allowed_targets: ["{}.*"]\n'
GOOD = """
class Own:
    def __init__(self, *, alpha: float = 1.0, words: list[str] | None = None):
        self.alpha, self.words = alpha, words

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return [0] * len(X)

    def get_params(self, deep=True):
        return {"alpha": self.alpha, "words": self.words}
"""


@pytest.fixture
def own(project, request):
    """Writes the module ``<package>.models`` of a package that only this test has."""
    package = "own_" + str(abs(hash(request.node.name)))

    def write(source: str, yaml: str = "", target: str = "models.Own", room: str = "model") -> str:
        project.write("mlops.yaml", SETTINGS.format(package))
        project.write(f"{package}/__init__.py", "")
        project.write(f"{package}/models.py", source)
        project.write(f"conf/{room}/own.yaml", f"# Own.\n_target_: {package}.{target}\n{yaml}")
        return package

    return write


def test_a_class_a_yaml_and_a_line_of_settings_make_a_new_option(project, own):
    package = own(GOOD, 'alpha: 2.0\n_ranges_: {alpha: "(0, inf)"}\n')
    job = project.check("model=own", "model.alpha=3")
    assert job.part("model").alpha == 3
    assert type(job.part("model")).__module__ == f"{package}.models"
    assert project.problem("model=own", "model.alpha=-3").code == "out-of-range"
    assert project.problem("model=own", "model.alhpa=3").closest == "alpha"
    assert project.problem("model=own", "model.words=3").code == "wrong-type"


def test_without_the_settings_it_is_refused_and_not_imported(project, own):
    package = own("open('imported', 'w').close()\n" + GOOD)
    (project.folder / "mlops.yaml").unlink()
    problem = project.problem("model=own")
    assert (problem.code, problem.exit_code) == ("target-refused", 3)
    assert problem.where == "conf/model/own.yaml:2"
    assert "mlops.yaml" in problem.next_step
    assert not (project.folder / "imported").exists()
    assert f"{package}.models" not in sys.modules


def test_a_shipped_option_can_be_laid_over_by_the_project_s_own(project):
    project.write("conf/splitter/holdout.yaml", "# Mine.\n_target_: mlops.splitter.kfold.Kfold\n")
    job = project.check()
    assert type(job.part("splitter")).__name__ == "Kfold"


@pytest.mark.parametrize(
    ("source", "target", "code", "exit_code", "found"),
    [
        (GOOD + "def broken(:\n", "models.Own", "syntax-error", 2, "invalid syntax"),
        ("def broken(:\n" + GOOD, "models.Own", "syntax-error", 2, "invalid syntax"),
        (
            "x = 1\nfrom __future__ import annotations\n" + GOOD,
            "models.Own",
            "syntax-error",
            2,
            "future",
        ),
        ("import nowhere_to_be_had\n" + GOOD, "models.Own", "import-missing", 4, "nowhere"),
        ("from nowhere.b import c\n" + GOOD, "models.Own", "import-missing", 4, "nowhere"),
        (GOOD, "models.Onw", "target-not-found", 2, "Onw"),
        (GOOD, "modles.Own", "target-refused", 3, "modles"),
        (GOOD, "models", "target-not-found", 2, "module"),
        (GOOD, "models.Own.fit", "target-refused", 3, "is nothing in"),
        ("import os\n" + GOOD, "models.os.system", "target-refused", 3, "is nothing in"),
        ("from joblib import load\n" + GOOD, "models.load", "target-refused", 3, "joblib"),
        ("from shutil import rmtree as Own\n", "models.Own", "target-refused", 3, "shutil"),
        ("class Own:\n    def fit(self, X): ...\n", "models.Own", "wrong-kind", 3, "Own"),
        ("class Own: pass\n", "models.Own", "wrong-kind", 3, "Own"),
        ("class A: pass\nclass Own(A):\n    x = 1\n", "models.Own", "wrong-kind", 3, "Own"),
    ],
)
def test_what_cannot_stand_in_a_room_is_told_before_anything_is_made(
    project, own, source, target, code, exit_code, found
):
    package = own(source, target=target)
    problem = project.problem("model=own")
    assert (problem.code, problem.exit_code) == (code, exit_code)
    assert found in problem.found
    assert f"{package}.models" not in sys.modules


@pytest.mark.parametrize(
    "source",
    [
        GOOD + "\n\nx = (\n",
        "\ndef f(:\n    pass\n",  # and no class of that name
        "\n\nclass Own:\n    def f(:\n        pass\n",
    ],
)
def test_a_syntax_error_is_told_with_the_line_of_the_module(project, own, source):
    package = own(source)
    problem = project.problem("model=own")
    line = source[: source.index("(\n" if "x =" in source else "(:")].count("\n") + 1
    assert (problem.code, problem.where) == ("syntax-error", f"{package}/models.py:{line}")


def test_the_nearest_class_of_a_module_is_named(project, own):
    package = own(GOOD, target="models.Onw")
    problem = project.problem("model=own")
    assert problem.closest == "Own"
    assert problem.next_step == f"write {package}.models.Own"


def test_a_package_that_is_not_installed_is_told(project):
    project.write("mlops.yaml", "allowed_targets: [nowhere_to_be_had.*]\n")
    problem = project.problem("model._target_=nowhere_to_be_had.models.Own")
    assert (problem.code, problem.found) == (
        "target-not-found",
        "no package nowhere_to_be_had is installed",
    )


@pytest.mark.parametrize("raised", ["ValueError('bad')", "RuntimeError('bad')", "OSError('bad')"])
def test_a_constructor_that_raises_is_told_without_a_stack_trace(project, own, raised):
    own(GOOD.replace("self.alpha, self.words = alpha, words", f"raise {raised}"))
    problem = project.problem("model=own")
    assert (problem.code, problem.exit_code) == ("not-built", 2)
    assert problem.found == raised.replace("('", ": ").replace("')", "")
    assert problem.where == "conf/model/own.yaml:2"


def test_a_module_that_raises_while_it_is_imported_is_told(project, own):
    own("1 / 0\n" + GOOD)
    problem = project.problem("model=own")
    assert problem.code == "import-failed"
    assert "ZeroDivisionError" in problem.found


def test_the_identity_is_looked_at_when_the_part_is_made(project, own):
    """What a source does not show: a name that is another thing once the module has run."""
    own(GOOD + "\nimport builtins\nOwn = builtins.open\n")
    problem = project.problem("model=own")
    assert (problem.code, problem.exit_code) == ("target-refused", 3)


@pytest.mark.parametrize("swapped", ["import joblib\nOwn = joblib.Memory\n", "Own = 3\n"])
def test_another_class_under_an_allowed_name_is_refused(project, own, swapped):
    own(GOOD + swapped)
    assert project.problem("model=own").exit_code == 3


def test_required_arguments_of_an_own_class_are_asked_for(project, own):
    own(GOOD.replace("alpha: float = 1.0", "alpha: float"))
    problem = project.problem("model=own")
    assert (problem.code, problem.next_step) == ("missing-value", "write model.alpha=VALUE")


def test_an_argument_of_the_wrong_type_in_the_own_file_is_told_with_its_line(project, own):
    own(GOOD, "words: 7\n")
    problem = project.problem("model=own")
    assert (problem.code, problem.where) == ("wrong-type", "conf/model/own.yaml:3")


def test_a_base_class_of_the_same_module_counts(project, own):
    own(GOOD + "\nclass Better(Own):\n    pass\n", target="models.Better")
    assert project.check("model=own").choices["model"] == "own"
