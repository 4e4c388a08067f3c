"""Two thousand random words: each is understood or told, none breaks, none leaves a trace."""

from __future__ import annotations

import random

import pytest

from mlops import cli
from mlops.config.catalogue import catalogue
from mlops.config.commandline import understand
from mlops.core.errors import MlopsError
from mlops.flow.jobs import job_of

OVERRIDES = 2_000
VALUES = [
    *("", "null", "true", "0", "-1", "1e400", "nan", "abc", "[a]", "[]", "{}", "{a: 1}", "[[[["),
    *("'x", '"', "a,b", "range(1,3)", "glob(*)", "choice(1)", "shuffle(1,2)", "int(x)", "${seed}"),
    *("${", "${model}", "${oc.env:HOME}", "${oc.env:HOME,x}", "${secret:HOME}", "secret://HOME"),
    *("${oc.create:{_target_: os.system}}", "???", "{_target_: os.system}", "../../x", "ridge"),
    *("linear", "größe", "🙂", "\x00", "a b", "a=b", "#", "\\", "x" * 3_000, "9" * 5_000),
    *("[{_target_: joblib.load}]", "{_args_: [1]}", "0x1F", "1_000", ".5", "~", "%", "$", ":"),
]
MARKS = ["", "", "", "", "", "+", "++", "~"]


def keys(rng: random.Random, known: list[str]) -> str:
    """A known key, whole, cut, doubled or misspelt; or something that is no key."""
    key = rng.choice(known)
    kind = rng.random()
    if kind < 0.6:
        return key
    if kind < 0.75:
        place = rng.randrange(len(key))
        return key[:place] + rng.choice("abcxyz._@/-*=~ ") + key[place + 1 :]
    if kind < 0.85:
        return f"{key}.{rng.choice(['x', '_target_', '_args_', '0', '_partial_'])}"
    return rng.choice(
        ["", ".", "..", "_", "@", "/", "a@b", "hydra", "hydra.run.dir", "of", "0", "é"]
    )


def known_keys() -> list[str]:
    house = catalogue()
    found = [*house.groups, "recipe", "seed", "name", "outputs", "hydra/launcher"]
    for room in house.groups:
        for option in house.options(room):
            found += [f"{room}.{key}" for key in house.option(room, option).declared]
    return sorted(set(found))


def commands(count: int) -> list[list[str]]:
    """Commands of one to twelve words, `count` random words in all; the same every time."""
    rng = random.Random(20_261)
    known = known_keys()
    made: list[list[str]] = []
    while sum(map(len, made)) < count:
        words = [
            f"{rng.choice(MARKS)}{keys(rng, known)}={rng.choice(VALUES)}"
            for _ in range(rng.choice([1, 4, 8, 12]))
        ]
        if rng.random() < 0.2:
            words.append("model=" + rng.choice(catalogue().options("model")))
        if rng.random() < 0.05:
            words.append(rng.choice(["", "ridge", "-", "--", "~x", "-m", "--cfg", "--nope=3"]))
        made.append(words)
    return made


@pytest.mark.parametrize("part", range(4))
def test_random_words_are_understood_or_told(work, part, files):
    for words in commands(OVERRIDES)[part::4]:
        try:
            job_of(understand(["check", *words], catalogue()))
        except MlopsError as error:
            assert error.exit_code in (2, 3, 4), (words, str(error))
            for problem in error.problems:
                assert problem.where, words
                assert problem.next_step, words
                assert len(str(problem)) < 3_000, words
        except Exception as error:
            raise AssertionError(f"{words}: {type(error).__name__}: {error}") from error
    assert files(work) == {}


def test_random_commands_end_with_an_exit_code_and_no_stack_trace(work, capsys, files):
    for words in commands(150):
        code = cli.main(["check", *words])
        shown = capsys.readouterr()
        assert code in (0, 2, 3, 4), (words, shown.err)
        assert "Traceback" not in shown.err + shown.out
        assert (code == 0) != ("error[" in shown.err), words
    assert files(work) == {}
