"""Files that are no YAML as we take it: each is told with file and line, wherever it lies."""

from __future__ import annotations

import pytest

from mlops.core import yamlfile
from mlops.core.errors import MlopsError

DEEP = 100_000
# name: content, line told, a word of what was found
BROKEN: dict[str, tuple[str | bytes, int, str]] = {
    "a tab": ("model:\n\talpha: 1\n", 2, "tab"),
    "a tab after spaces": ("model:\n  \talpha: 1\n", 2, "tab"),
    "a key twice": ("model:\n  alpha: 1\n  alpha: 2\n", 3, "`alpha` twice"),
    "an alias": ("name: &a x\nmodel: {alpha: *a}\n", 2, "alias *a"),
    "an alias bomb": (
        "a: &a [x, x]\n"
        + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcde", "bcdef", strict=True)),
        2,
        "alias *a",
    ),
    "a merge": ("model: &m {a: 1}\ndata:\n  <<: *m\n", 3, "alias *m"),
    "a tag": ("model: !!python/object/apply:os.system [ls]\n", 1, "tag"),
    "a short tag": ("model: !secret x\n", 1, "tag"),
    "a second document": ("name: x\n---\nname: y\n", 2, "second document"),
    "nested sequences": ("model: " + "[" * DEEP, 1, "deeper nesting"),
    "nested mappings": ("model: " + "{a: " * DEEP, 1, "deeper nesting"),
    "nested blocks": ("".join(" " * n + "a:\n" for n in range(60)), 41, "deeper nesting"),
    "a nested key": ("? " * 500 + "a\n", 1, ""),
    "a list": ("- a\n- b\n", 1, "a list"),
    "a text": ("abc\n", 1, "a str"),
    "a collection as a key": ("name: x\n[a]: 3\n", 2, "a collection as a key"),
    "nothing as a key": ("name: x\nnull: 3\n", 2, "nothing as a key"),
    "an open bracket": ("name: x\nmodel: {alpha: 1\n", 3, ""),
    "an open quote": ('name: "x\nmodel: 1\n', 3, ""),
    "a wrong indent": ("model:\n  alpha: 1\n folds: 2\n", 3, ""),
    "a control character": ("name: x\x00y\n", 1, ""),
    "latin-1": ("# Größe\nname: x\n".encode("latin-1"), 1, "not UTF-8"),
    "utf-16": ("name: x\n".encode("utf-16"), 1, "not UTF-8"),
    "fifty megabytes": (b"# " + b"x" * 50_000_000, 1, "50,000,002 bytes"),
    "a pointer without an end": ('model: {alpha: "${"}\n', 1, "${"),
    "a pointer that is a story": (f'name: "${{{"a" * 2000}}}"\n', 1, "characters"),
    "a pointer nested without end": (f'name: "{"${" * 300}"\n', 1, "${"),
    "a number without end": ("seed: " + "9" * 10_000 + "\n", 1, ""),
}
KINDS = {
    "recipe": ("recipes/broken.yaml", "recipe=broken"),
    "option": ("conf/model/broken.yaml", "model=broken"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_with_its_line(project, kind, name):
    content, line, found = BROKEN[name]
    path, word = KINDS[kind]
    project.write(path, content)
    problem = project.problem(word)
    assert problem.code == "bad-yaml"
    assert problem.where == f"{path}:{line}"
    assert found in problem.found


def test_a_broken_settings_file_is_told_with_its_line(project):
    project.write("mlops.yaml", "allowed_targets: [a.*]\nallowed_evn: [HOME]\n")
    problem = project.problem("model=ridge", "+model.x={_target_: a.b}")
    assert (problem.code, problem.where, problem.closest) == (
        "bad-settings",
        "mlops.yaml:2",
        "allowed_env",
    )


@pytest.mark.parametrize("content", ["", "# Only a comment.\n", "\ufeff# With a mark.\nname: x\n"])
def test_a_recipe_may_say_nothing_or_begin_with_a_mark(project, content):
    project.write("recipes/little.yaml", content)
    assert project.check("recipe=little").choices["recipe"] == "little"


def test_an_empty_option_has_nothing_to_make(project):
    project.write("conf/model/hollow.yaml", "")
    problem = project.problem("model=hollow")
    assert (problem.code, problem.next_step) == ("no-part", "choose an option: model=OPTION")


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("model: 3\n", "not-a-room", 1),
        ("name: x\nmodel: [a]\n", "not-a-room", 2),
        ("name: x\nmodel: ridge\n", "not-a-room", 2),
        ("name: x\nmodle:\n  alpha: 1\n", "unknown-section", 2),
        ("3: 3\n", "unknown-section", 1),
        ("defaults: {model: ridge}\n", "unknown-section", 1),
        ("defaults: ridge\n", "unknown-section", 1),
        ("defaults:\n  - model: ridge\n", "unknown-section", 2),
        ("defaults:\n  - override /modle: ridge\n", "unknown-section", 2),
        ("defaults:\n  - override /model: rigde\n", "unknown-option", 2),
        ("defaults:\n  - override /model: ../model/ridge\n", "unknown-option", 2),
        ("defaults:\n  - override /model: [ridge]\n", "unknown-option", 2),
        ("defaults:\n  - override /model@foo: ridge\n", "unknown-section", 2),
        ("defaults:\n  - null\n", "unknown-section", 2),
        ("defaults:\n  - {}\n", "unknown-section", 2),
        ("model:\n  aplha: 1\n", "unknown-key", 2),
        ("name: x\nsplitter:\n  folds: []\n", "not-composed", 2),
        ("model:\n  3: 1\n", "unknown-key", 2),
        ("seed: abc\n", "wrong-type", 1),
        ("name: [a]\n", "wrong-type", 1),
        ("name: ../x\n", "unsafe-name", 1),
    ],
)
def test_a_recipe_that_says_something_else_is_told_with_its_line(project, text, code, line):
    project.write("recipes/odd.yaml", text)
    problem = project.problem("recipe=odd")
    assert (problem.code, problem.where) == (code, f"recipes/odd.yaml:{line}")


PART = "_target_: mlops.model.by_task.ByTask\nalpha: 1\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (PART + "_ranges_: 3\n", "bad-option", 3),
        (PART + '_ranges_: {alpha: "(0, 3"}\n', "bad-option", 3),
        (PART + '_ranges_: {alpha: "(zero, 3)"}\n', "bad-option", 3),
        (PART + '_ranges_: {alpha: "(3, 0)"}\n', "bad-option", 3),
        (PART + "_ranges_: {alpha: {}}\n", "bad-option", 3),
        (PART + "_space_: 3\n", "bad-option", 3),
        (PART + "_tasks_: regression\n", "bad-option", 3),
        (PART + "_extra_: [a]\n", "bad-option", 3),
        (PART + "_extra_: {a: b, c: d}\n", "bad-option", 3),
        (PART + "_extra_: {}\n", "bad-option", 3),
        ("defaults: 3\n" + PART, "bad-option", 1),
        ("defaults:\n  - nope@x\n" + PART, "unknown-option", 1),
        ("defaults:\n  - odd@x\n" + PART, "option-circle", 1),
        (PART.replace("1", "???"), "missing-value", 2),
        ("alpha: 1\n", "no-part", 1),
    ],
)
def test_an_option_file_that_cannot_be_right_is_told_with_its_line(project, text, code, line):
    project.write("conf/model/odd.yaml", text)
    problem = project.problem("model=odd")
    assert (problem.code, problem.where) == (code, f"conf/model/odd.yaml:{line}")


def test_options_that_are_made_of_one_another_are_told(project):
    project.write("conf/model/a.yaml", "defaults: [b@inner]\n" + PART)
    project.write("conf/model/b.yaml", "defaults: [a@inner]\n" + PART)
    assert project.problem("model=a").code == "option-circle"


def test_an_option_can_start_from_another(project):
    project.write("conf/model/strong.yaml", "defaults: [ridge]\nalpha: 50\n")
    assert project.check("model=strong").values["model"]["alpha"] == 50
    assert project.problem("model=strong", "model.alpha=-1").code == "out-of-range"


def test_an_extra_that_is_not_installed_is_the_environment_s_fault(project):
    project.write("conf/model/far.yaml", PART + "_extra_: nowhere_to_be_had\n")
    problem = project.problem("model=far")
    assert (problem.code, problem.exit_code) == ("extra-missing", 4)
    assert problem.next_step == 'pip install "mlops[nowhere_to_be_had]"'


def test_an_option_whose_extra_is_installed_may_be_drawn_by_a_pattern(project):
    project.write("conf/model/far.yaml", PART + "_extra_: {distant: json}\n")
    job = project.check("tuner=random", "tuner.options.model=glob(far*)")
    assert list(job.candidates["model"]) == ["far"]


def test_an_extra_may_be_called_otherwise_than_the_package_it_brings(project):
    project.write("conf/model/far.yaml", PART + "_extra_: {distant: nowhere_to_be_had}\n")
    problem = project.problem("model=far")
    assert (problem.code, problem.found) == ("extra-missing", "no nowhere_to_be_had")
    assert problem.next_step == 'pip install "mlops[distant]"'


def test_every_key_has_its_line(tmp_path):
    text = "a: 1\nb:\n  c: {d: 2}\n  e:\n    - f\n    - g: 3\n"
    document = yamlfile.parse(text, tmp_path / "x.yaml")
    assert document.lines == {
        "a": 1, "b": 2, "b.c": 3, "b.c.d": 3, "b.e": 4, "b.e.0": 5, "b.e.1": 6, "b.e.1.g": 6,
    }  # fmt: skip
    assert document.at("b.e.1.g.x").endswith("x.yaml:6")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("2024-01-01", "2024-01-01"), ("1_000", 1000), ("~", None), ("0x1F", 31)],
)
def test_scalars_are_read_as_hydra_reads_them(tmp_path, text, value):
    assert yamlfile.parse(f"a: {text}", tmp_path / "x.yaml").data == {"a": value}


def test_a_file_that_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(MlopsError) as caught:
        yamlfile.read(tmp_path)
    assert caught.value.problems[0].code == "bad-yaml"
