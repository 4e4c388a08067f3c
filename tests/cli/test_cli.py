"""The command line as a whole: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import signal
import sys

import pytest

import mlops.cli
from mlops.cli import main, run
from mlops.core.errors import MlopsError

VALUE = "kept-to-myself-7702"


@pytest.fixture
def said(work, capsys):
    """The exit code, standard output and standard error of one command in this process."""

    def command(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return code, shown.out, shown.err

    return command


def test_a_mistake_is_told_in_five_lines_on_standard_error(said):
    code, out, err = said("check", "model=rigde")
    assert (code, out) == (2, "")
    first, *parts = err.splitlines()
    assert first == "error[unknown-option] There is no model called rigde."
    assert [line.split()[0] for line in parts] == ["where", "found", "accepted", "closest", "next"]


def test_all_mistakes_are_told_at_once(said):
    code, _, err = said("check", "model=rigde", "splitter.test_size=7", "nothing=3")
    assert code == 2
    assert err.count("error[") == 3


def test_a_refusal_wins_over_a_mistake(said):
    code, _, _ = said("check", "model=rigde", "data._target_=os.system")
    assert code == 3


@pytest.mark.parametrize("words", [["chek"], ["check", "model=rigde"], ["check", "--nope"]])
def test_as_json_a_mistake_is_one_document_on_standard_output(said, words):
    code, out, err = said(*words, "ui=json")
    document = json.loads(out)
    assert (code, err) == (2, "")
    assert (document["outcome"], document["exit_code"]) == ("failed", 2)
    assert {"code", "where", "found", "accepted", "closest", "next_step"} <= {
        *document["problems"][0]
    }


def test_what_holds_is_said_in_one_line(said):
    code, out, err = said("check")
    assert (code, err) == (0, "")
    assert "recipe boston_housing holds" in out


def test_what_nothing_uses_is_named(said, work):
    (work / "conf" / "modle").mkdir(parents=True)
    code, out, _ = said("check", "ui=plain")
    assert code == 0
    assert "did you mean conf/model?" in out


def test_debug_shows_where_it_happened(work):
    with pytest.raises(MlopsError):
        main(["check", "model=rigde", "--debug"])


def test_a_bug_is_told_without_a_stack_trace(said, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(mlops.cli, "_command", broken)
    code, _, err = said("check")
    assert code == 5
    assert "error[bug]" in err
    assert "--debug" in err


def test_an_interruption_has_its_own_code(said, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(mlops.cli, "_command", stopped)
    before = signal.getsignal(signal.SIGINT)
    code, _, err = said("check")
    assert code == 130
    assert signal.getsignal(signal.SIGINT) is before  # whoever called can be stopped again
    assert "error[interrupted]" in err


def test_python_gets_the_result_or_the_error(work):
    assert run("check", "model=ridge").details["choices"]["model"] == "ridge"
    with pytest.raises(MlopsError) as caught:
        run("check", "model=rigde")
    assert caught.value.problems[0].closest == "ridge"


def test_version(said):
    code, out, _ = said("--version")
    assert code == 0
    assert out.startswith("mlops ")


def test_help_names_every_verb_room_option_and_recipe(said, root):
    code, out, _ = said("--help")
    assert code == 0
    for path in [*(root / "conf").glob("*/*.yaml"), *(root / "recipes").glob("*.yaml")]:
        sentence = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()
        assert path.stem in out
        assert sentence[:60] in out


@pytest.mark.parametrize("columns", [50, 80])
def test_help_fits_the_terminal(said, columns, monkeypatch):
    whole = said("--help", "model", "flow")[1]
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    fitted = said("--help", "model", "flow")[1]
    longest, widest = (max(map(len, text.splitlines())) for text in (fitted, whole))
    assert longest <= columns < widest
    assert fitted.split() == whole.split()


def test_help_of_one_room_is_about_that_room(said):
    _, out, _ = said("--help", "model")
    assert "ridge" in out
    assert "boston_housing" not in out


def test_help_of_a_verb_or_an_option_shows_its_keys(said):
    _, out, _ = said("clean", "--help")
    assert out.splitlines()[0].startswith("mlops clean: Frees cache")
    assert "  keep_runs: 20       # newest run folders that stay, >= 0" in out
    assert "_ranges_" not in out
    _, out, _ = said("--help", "model=ridge", "data=csv")
    assert "  alpha: 1.0                       # strength of the penalty" in out
    assert "data=csv: A CSV file of your own" in out
    assert "_tasks_" not in out + said("--help", "model=random_forest")[1]
    assert "Verbs" in said("--help", "model=../../x")[1]


def test_help_shows_the_project_s_own_options(said, work):
    (work / "conf" / "model").mkdir(parents=True)
    (work / "conf" / "model" / "mine.yaml").write_text("# A model of mine.\n")
    _, out, _ = said("--help")
    assert "A model of mine." in out


@pytest.mark.parametrize("kind", ["job", "hydra", "all"])
def test_the_configuration_is_shown(said, kind):
    code, out, err = said("--cfg", kind, "model=ridge", "model.alpha=3")
    assert (code, err) == (0, "")
    assert ("alpha: 3" in out) == (kind != "hydra")


def test_one_part_of_the_configuration_is_shown(said):
    _, out, _ = said("--cfg", "job", "--package", "model", "model=ridge")
    assert "alpha: 1.0" in out
    assert "splitter" not in out


@pytest.mark.parametrize("what", ["defaults", "defaults-tree", "config", "searchpath", "plugins"])
def test_how_it_was_composed_is_shown(said, what):
    code, out, _ = said("--info", what)
    assert code == 0
    assert out


def test_hydra_s_own_help_is_there(said):
    code, out, _ = said("--hydra-help")
    assert code == 0
    assert "--multirun" in out


@pytest.mark.parametrize("flags", [["--cfg", "job"], ["--cfg", "all"], ["--info", "config"]])
@pytest.mark.parametrize(
    ("word", "code"),
    [("model=rigde", 2), ("data._target_=os.system", 3), ("hydra.run.dir=x", 3)],
)
def test_showing_is_checked_as_well(said, flags, word, code):
    assert said(*flags, word)[0] == code


def test_a_secret_is_shown_as_its_name(said, work, monkeypatch):
    monkeypatch.setenv("PRIVATE", VALUE)
    (work / "mlops.yaml").write_text("allowed_env: [PRIVATE]\n")
    word = "data.positive='${secret:PRIVATE}'"
    code, out, err = said("--cfg", "job", "--resolve", word)
    assert code == 0
    assert "secret://PRIVATE" in out
    assert VALUE not in out + err
    for more in (["check"], ["check", "ui=json"], ["plan"], ["check", "model=rigde"]):
        _, out, err = said(*more, word)
        assert VALUE not in out + err


def test_resolving_reads_only_allowed_variables(said, monkeypatch):
    monkeypatch.setenv("PRIVATE", VALUE)
    code, out, err = said("--cfg", "job", "--resolve", "name=${oc.env:PRIVATE}")
    assert code == 3
    assert VALUE not in out + err


def test_every_job_of_a_sweep_is_checked_before_the_first_starts(said, work):
    code, _, err = said("-m", "model=linear,rigde", "splitter.test_size=0.2,7", "mode=smoke")
    assert code == 2
    assert "unknown-option" in err
    assert "out-of-range" in err
    assert not list(work.iterdir())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["model=glob(r*)", "seed=range(0,100000000000)"], "sweep-size"),
        (["model=glob(zzz*)"], "sweep-size"),
        (["model=[[[["], "unreadable-override"),
        (["check", "model=ridge,linear"], "verb-not-swept"),
        (["model@x=ridge,linear"], "package-refused"),
    ],
)
def test_a_sweep_that_cannot_be_is_told(said, work, words, code):
    exit_code, _, err = said("-m", *words)
    assert exit_code == 2
    assert f"error[{code}]" in err
    assert not list(work.iterdir())


@pytest.mark.parametrize(
    ("word", "code", "nearest", "step"),
    [
        ("seed=range(3,1)", "sweep-size", "range(1,3)", "write 'seed=range(1,3)'"),
        ("seed=range(1,9,-2)", "sweep-size", "range(1,9,2)", "write 'seed=range(1,9,2)'"),
        ("seed=range(0,3,0)", "sweep-size", "range(0,3)", "write 'seed=range(0,3)'"),
        ("seed=range(2,2)", "sweep-size", "-", "write 'seed=range(FIRST,END)'"),
        ("seed=interval(3,5)", "interval-without-sampler", "choice(3,5)", "hydra/sweeper=optuna"),
    ],
)
def test_a_word_of_a_sweep_that_has_no_values_is_told_with_its_key(said, word, code, nearest, step):
    exit_code, _, err = said("-m", "model=ridge,linear", word)
    assert exit_code == 2
    assert f"error[{code}]" in err
    told = dict(line.strip().partition(" ")[::2] for line in err.splitlines()[1:])
    assert told["where"].strip() == f"command line, `{word}`"
    assert told["closest"].strip() == nearest
    assert step in told["next"]


def test_a_range_may_go_down(said):
    code, _, err = said("-m", "seed=range(3,1,-1)", "model.aplha=1")
    assert code == 2
    assert "sweep-size" not in err


@pytest.mark.parametrize(
    "word", ["hydra.launcher._target_=os.system", "hydra.sweeper._target_=joblib.load",
             "+hydra.callbacks.x._target_=os.system", "hydra.sweep.dir=elsewhere"],
)  # fmt: skip
def test_hydra_s_own_parts_are_checked_in_a_sweep(said, work, word):
    assert said("-m", "model=ridge,linear", word)[0] == 3
    assert not list(work.iterdir())
