"""A search space holds only what its key may be, which is told with the place it is written at."""

from __future__ import annotations

import pytest

from mlops.cli import run
from mlops.core.errors import MlopsError

OTHER = """# Another one.
_target_: trouble.line.Line
slope: 1.0
pause_s: 0.0
word: fine
_ranges_: {slope: "(0, 5]", word: [fine, gap], pause_s: "[0, 1]"}
_space_: {slope: "interval(0.1, 4.0)"}
"""


@pytest.fixture
def check(place):
    """Give the problems of a search over an option with ranges."""
    option = place.folder / "conf/model/other.yaml"
    option.write_text(OTHER)

    def ask(*words, text=OTHER, model="other"):
        option.write_text(text)
        try:
            place("flow=check", f"model={model}", "tuner=optuna", *words)
        except MlopsError as error:
            assert not (place.folder / "outputs").exists()
            return error.problems
        return ()

    return ask


@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("slope", "interval(-1, 0.5)", "-1.0 (float)"),
        ("slope", "interval(0.5, 6)", "6.0 (float)"),
        ("slope", "tag(log, interval(0.5, 6)) if word == fine", "6.0 (float)"),
        ("slope", "range(4)", "0 (int)"),
        ("slope", "range(1, 9)", "8 (int)"),
        ("word", "choice(fine, maybe)", "'maybe' (str)"),
    ],
)
def test_a_space_outside_the_range_is_told_where_it_was_typed(check, key, text, found):
    words = {"word": "choice(fine, gap)", key: text}
    (problem,) = check(*(f"tuner.space.model.{each}='{words[each]}'" for each in words))
    assert (problem.code, problem.found) == ("out-of-range", found)
    assert problem.where.startswith(f"command line, `tuner.space.model.{key}=")
    assert problem.accepted in problem.next_step


def test_fractions_for_a_whole_number_are_told_with_what_draws_whole_ones(check):
    text = OTHER.replace('slope: "(0, 5]"', 'slope: [null, "int [1, 9]"]')
    text = text.replace("interval(0.1, 4.0)", "range(1, 4)").replace("slope: 1.0", "slope: 1")
    word = "tuner.space.model.slope"
    (problem,) = check(f"{word}='interval(1.5, 8)'", text=text)
    assert problem.next_step == f"write '{word}=int(interval(2, 8))'"
    assert not check(f"{word}='int(interval(2, 8))'", text=text)
    (problem,) = check(f"{word}='interval(1, 9.6)'", text=text)
    assert "int(" not in problem.next_step


@pytest.mark.parametrize(
    "text",
    ["interval(0.001, 5)", "range(1, 6)", "choice(1, 5)", "tag(int, interval(1, 5))", "null"],
)
def test_a_space_within_the_range_holds_to_its_ends(check, text):
    assert not check(f"tuner.space.model.slope={text}", "tuner.space.model.word=choice(fine)")


def test_the_options_own_space_is_told_by_its_line(check):
    (problem,) = check(text=OTHER.replace("interval(0.1, 4.0)", "interval(0, 4.0)"))
    assert problem.code == "out-of-range"
    assert problem.where == "conf/model/other.yaml:7"
    (problem,) = check(text=OTHER.replace("interval(0.1, 4.0)", "intervall(0.1, 4)"))
    assert (problem.code, problem.closest) == ("bad-space", "interval(0.1, 4)")
    assert problem.where == "conf/model/other.yaml:7"


def test_a_space_of_the_recipe_is_told_by_its_line(place):
    recipe = place.folder / "recipes/trouble.yaml"
    text = recipe.read_text().replace("data: csv", "data: csv\n  - override /tuner: optuna")
    recipe.write_text(text + "tuner:\n  space:\n    model.alpha: interval(-1, 1)\n")
    line = len(recipe.read_text().splitlines())
    with pytest.raises(MlopsError) as told:
        place("flow=check", "model=ridge", "tuner=optuna")
    assert [each.where for each in told.value.problems] == [f"recipes/trouble.yaml:{line}"]


def test_an_option_that_is_drawn_has_its_own_ranges(check):
    drawn = "tuner.options.model=choice(ridge, other)"
    assert not check(drawn, "tuner.space.model.other.slope=interval(1, 5)", model="ridge")
    words = (
        "tuner.space.model.other.slope=interval(1, 6)",
        "tuner.space.model.ridge.alpha=range(3)",
    )
    told = check(drawn, *words, model="ridge")
    assert [each.code for each in told] == ["out-of-range"]
    assert "model.other.slope" in told[0].where


def test_a_value_of_another_type_is_told_by_the_annotation(check):
    (problem,) = check(
        "tuner.space.model.pause_s=choice(0.5, soon)", text=OTHER.partition("_ra")[0]
    )
    assert problem.code == "wrong-type"
    assert problem.found == "'soon' (str)"


def test_one_wrong_space_hides_no_other(check):
    told = check(
        "tuner.space.model.slope=interval(0, 1)",
        "tuner.space.model.word=choice(",
        "tuner.space.model.pause_s=interval(0, 2)",
    )
    assert [each.code for each in told] == ["bad-space", "out-of-range", "out-of-range"]


def test_every_space_that_is_shipped_holds(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = [each for each in root.glob("conf/*/*.yaml") if "\n_space_:" in each.read_text()]
    assert len(files) > 10
    for each in files:
        run("flow=check", f"{each.parent.name}={each.stem}", "tuner=optuna", "ui=silent")
    run("flow=check", "tuner=automl", "ui=silent")
