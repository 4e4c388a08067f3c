"""Words of a person become overrides of Hydra: verbs, their keys, free text, flags."""

from __future__ import annotations

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st

from mlops.config.catalogue import catalogue
from mlops.config.commandline import quoted, understand
from mlops.core.errors import MlopsError, Problem
from mlops.flow.jobs import job_of

TEXTS = [
    "better recall, slices ok",
    "it's ok",
    'she said "go"',
    "a=b&c=d",
    "issue #7",
    "select * from t where a = 'x' and b > 3",
    "https://host/x?y=1&z=[2]",
    "${oc.env:HOME}",
    "{not: a dict}",
    "[a, b]",
    "1e10",
    "null",
    "",
    " padded ",
    "größe 🙂",
    "back\\slash",
    "ends in \\",
    "\\'",
    "a:b",
    "~model",
    "C:\\data\\x.csv",
]
TELL = """# Tells a reason.
_target_: own_telling.Tell
reason: ???
to: null
wanted: ""
_positionals_: [reason]
_text_: [wanted]
"""
CLASS = """
class Tell:
    def __init__(self, *, reason: str, to: int | None = None, wanted: str = ""):
        self.reason, self.to, self.wanted = reason, to, wanted

    def __call__(self, job):
        raise NotImplementedError
"""


@pytest.fixture
def tell(work, monkeypatch):
    """A verb of the project's own with a text, a number and a text of another name."""
    (work / "conf" / "flow").mkdir(parents=True)
    (work / "conf" / "flow" / "tell.yaml").write_text(TELL)
    (work / "own_telling.py").write_text(CLASS)
    (work / "mlops.yaml").write_text("allowed_targets: [own_telling.Tell]\n")
    monkeypatch.syspath_prepend(str(work))

    def flow(*words):
        return job_of(understand(["tell", *words], catalogue())).values["flow"]

    return flow


def refusal(*words: str) -> Problem:
    with pytest.raises(MlopsError) as caught:
        understand(list(words), catalogue())
    (problem,) = caught.value.problems
    assert problem.where.startswith("command line")
    return problem


@pytest.mark.parametrize("text", [each for each in TEXTS if each and "${" not in each])
@pytest.mark.parametrize("key", ["reason", "flow.reason", "wanted"])
def test_free_text_reaches_the_verb_as_it_was_typed(tell, key, text):
    words = [f"{key}={text}"] if "reason" in key else ["reason=x", f"{key}={text}"]
    assert tell(*words)[key.removeprefix("flow.")] == text


@pytest.mark.parametrize("text", ["better recall, slices ok", "it's #7", "größe"])
def test_free_text_may_be_a_bare_word(tell, text):
    assert tell(text)["reason"] == text


def test_text_in_quotes_of_its_own_is_what_stands_in_them(tell):
    assert tell("reason='a, b'")["reason"] == "a, b"


def test_a_key_of_the_verb_is_written_bare(tell):
    assert tell("x", "to=5")["to"] == 5
    assert tell("x", "flow.to=5")["to"] == 5


def test_a_path_of_the_data_is_free_text_too(work):
    command = understand(["data=csv", "data.path=a, b#1='x'.csv"], catalogue())
    value = OverridesParser.create().parse_override(command.words[-1]).value()
    assert value == "a, b#1='x'.csv"


@given(text=st.text(max_size=60))
@example(text="'")
@example(text="\\")
@example(text="''")
@example(text="'a' or 'b'")
def test_any_text_survives_the_quotes(text):
    word = f"flow.reason={quoted(text)}"
    if "\n" not in text and "\r" not in text:
        value = OverridesParser.create().parse_override(word).value()
        assert value == text or quoted(text) == text


@pytest.mark.parametrize("name", ["nan", "null", "true", "inf"])
def test_an_option_may_be_called_what_hydra_reads_as_a_value(work, name):
    (work / "conf" / "splitter").mkdir(parents=True)
    shipped = catalogue().option("splitter", "kfold").document.text
    (work / "conf" / "splitter" / f"{name}.yaml").write_text(shipped)
    assert job_of(understand([f"splitter={name}"], catalogue())).choices["splitter"] == name


def test_no_verb_is_run(work):
    command = understand(["model=ridge"], catalogue())
    assert (command.verb, command.words) == ("run", ("model=ridge",))


def test_a_verb_stands_anywhere_among_the_words(work):
    for words in (
        ["check", "model=ridge"],
        ["model=ridge", "check"],
        ["flow=check", "model=ridge"],
    ):
        assert understand(words, catalogue()).verb == "check"


@pytest.mark.parametrize(
    ("words", "code", "near", "step"),
    [
        (["chek"], "unknown-verb", "check", "write mlops check"),
        (["Check"], "unknown-verb", "check", "write mlops check"),
        (["train"], "unknown-verb", "", "see mlops --help; values are key=value"),
        (["boston_housing"], "unknown-verb", "", "write mlops recipe=boston_housing"),
        (["ridge"], "unknown-verb", "", "write mlops model=ridge"),
        (["model", "ridge"], "unknown-verb", "", "write mlops model=ridge"),
        (["recipe", "boston_housing"], "unknown-verb", "", "write mlops recipe=boston_housing"),
        (["check", "ridge"], "unexpected-word", "", "write model=ridge"),
        (["check", "foo"], "unexpected-word", "", "write key=value, or leave out `foo`"),
        (["run", "check"], "unexpected-word", "", "write mlops check"),
        (["check", "flow=clean"], "two-verbs", "", "write mlops check, or mlops clean"),
        (["check", "model", "=", "ridge"], "empty-word", "", "write model=ridge"),
        (["check", ""], "empty-word", "", "leave it out, or write key=''"),
        (["flow=chek"], "unknown-verb", "check", "write mlops check"),
        (["--model=ridge"], "unknown-flag", "", "write model=ridge, without dashes"),
        (["--model", "ridge"], "unknown-flag", "", "write model=ridge, without dashes"),
        (["--model.alpha=3"], "unknown-flag", "", "write model.alpha=3, without dashes"),
        (["--multirn", "x=1"], "unknown-flag", "--multirun", "write --multirun"),
        (["--foo"], "unknown-flag", "--info", "write --info"),
        (["--cfg", "jbo"], "flag-value", "job", "write --cfg job"),
        (["--cfg"], "flag-value", "", "write --cfg VALUE"),
        (["--info", "defalts"], "flag-value", "defaults", "write --info defaults"),
        (["--config-name", "x"], "flag-refused", "", "write recipe=NAME"),
        (["--config-dir", "x"], "flag-refused", "", "./conf"),
        (["--config-path", "x"], "flag-refused", "", "./conf"),
    ],
)
def test_what_is_no_command_is_told_with_what_was_meant(work, words, code, near, step):
    problem = refusal(*words)
    assert (problem.code, problem.closest, problem.exit_code) == (code, near, 2)
    assert step in problem.next_step


def test_a_rerun_from_a_pickle_is_refused(work):
    (work / "x.pickle").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    problem = refusal("--experimental-rerun", "x.pickle")
    assert (problem.code, problem.exit_code) == ("flag-refused", 3)
    assert not (work / "ran").exists()


def test_the_keys_of_a_verb_are_named_when_one_is_misspelt(work):
    with pytest.raises(MlopsError) as caught:
        job_of(understand(["clean", "aply=true"], catalogue()))
    (problem,) = caught.value.problems
    assert (problem.closest, problem.next_step) == ("apply", "write apply=true")


def test_a_missing_positional_is_asked_for_as_it_is_typed(work):
    with pytest.raises(MlopsError) as caught:
        job_of(understand(["init"], catalogue()))
    (problem,) = caught.value.problems
    assert (problem.code, problem.next_step) == ("missing-value", "write mlops init NAME")


def test_an_option_named_like_a_number_is_chosen_alone_and_in_a_sweep(work):
    (work / "conf" / "model").mkdir(parents=True)
    (work / "conf" / "model" / "nan.yaml").write_text("_target_: sklearn.linear_model.Ridge\n")
    assert understand(["model=nan"], catalogue()).words == ("model='nan'",)
    assert understand(["-m", "model=ridge,nan"], catalogue()).words == ("model=ridge,'nan'",)
