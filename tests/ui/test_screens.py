"""What is printed: aligned, harmless, and quiet where nobody looks."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
from typing import Any

import pytest

from mlops.core.record import Result, Step
from mlops.ui.auto import Auto
from mlops.ui.json import Json
from mlops.ui.plain import Plain
from mlops.ui.rich import Rich
from mlops.ui.silent import Silent
from mlops.ui.table import table

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
STEP = Step(name="data", status="done", says="506 rows", seconds=0.034)


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_plain_shows_one_table_the_gates_and_where_to_look(result: Result, capsys: Any) -> None:
    screen = Plain(width=100)
    screen.step("data", "")
    screen.progress(1, 5, "folds")
    screen.done(STEP)
    screen.verdict(dataclasses.replace(result, delivery=None))
    screen.show(result)
    assert printed(capsys) == (
        "✓ data        506 rows" + " " * 71 + "0.03 s\n"
        "\n"
        "metric     test   95 % interval   baseline   cross-validation\n"
        "rmse      4.870   3.921 … 5.812      9.211      4.970 ± 0.610\n"
        "r2        0.719   0.610 … 0.810     -0.003                  –\n"
        "roc_auc       –               –          –                  –\n"
        "\n"
        "✓ rmse better than baseline  4.87\n"
        "✗ r2 ≥ 0.75                  0.7193\n"
        "\n"
        "! the test part has 25 rows\n"
        "\n"
        "refused  boston_housing  3.2 s\n"
        "  report  outputs/runs/one/report.html\n"
        "  record  recorded as run 3f2a\n"
        "  look    mlops ui\n"
    )


def test_a_gate_that_is_not_met_where_nothing_is_judged_has_no_tick(capsys: Any) -> None:
    gates = ({"name": "r2 ≥ 1", "passed": True, "says": "not met: 0.7", "waived": True},)
    Plain(width=100).verdict(Result(outcome="passed", exit_code=0, gates=gates))
    assert "– r2 ≥ 1  not met: 0.7\n" in printed(capsys)


def test_nothing_is_shown_twice(result: Result, capsys: Any) -> None:
    screen = Plain(width=100)
    screen.verdict(result)
    late = dataclasses.replace(result, warnings=(*result.warnings, "the cache is full"))
    screen.show(late)
    text = printed(capsys)
    assert text.count("95 % interval") == 1
    assert text.count("25 rows") == 1
    assert text.count("the cache is full") == 1


def test_rows_of_a_verb_are_a_table(capsys: Any) -> None:
    rows = [{"step": "data", "why": "reused"}, {"step": "model", "why": "ridge " * 30}]
    details = {"rows": rows, "says": "1 of 2 failed", "lines": ["That is all."]}
    Plain(width=60).show(Result(outcome="failed", details=details))
    lines = printed(capsys).splitlines()
    assert lines[0].split() == ["step", "why"]
    assert max(map(len, lines)) <= 60
    assert lines[-3:] == ["", "1 of 2 failed", "That is all."]


@pytest.mark.parametrize("kind", [Plain, Rich])
def test_hostile_text_cannot_reach_the_terminal(kind: Any, result: Result, capsys: Any) -> None:
    evil = "a\x1b]0;title\x07\x1b[2J\r\n\x9b31mb\u202e"
    screen = kind(width=100)
    screen.line(evil)
    screen.done(Step(name=evil, status="failed", says=evil, seconds=1))
    gate = {"name": evil, "passed": False, "says": evil}
    screen.show(dataclasses.replace(result, gates=(gate,), name=evil, warnings=(evil,)))
    screen.show(Result(outcome="done", details={"rows": [{evil: evil}]}))
    text = printed(capsys)
    assert not CONTROL.search(text)
    assert "\u202e" not in text


def test_a_stream_without_the_signs_gets_ascii(result: Result, monkeypatch: Any) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    screen = Plain(width=100)
    screen.done(STEP)
    screen.show(dataclasses.replace(result, name="größe"))
    text = raw.getvalue().decode("ascii")
    assert "x r2 >= 0.75" in text
    assert "4.970 +/- 0.610" in text


def test_json_prints_the_document_and_nothing_else(result: Result, capsys: Any) -> None:
    screen = Json()
    screen.step("data", "")
    screen.done(STEP)
    screen.progress(1, 2, "")
    screen.line("hello")
    screen.verdict(result)
    screen.show(result)
    document = json.loads(printed(capsys))
    assert document["outcome"] == "refused"
    assert document["metrics"][2]["value"] is None


def test_silent_is_silent(result: Result, capsys: Any) -> None:
    screen = Silent()
    screen.line("hello")
    screen.show(result)
    assert printed(capsys) == ""


def test_auto_is_plain_where_there_is_no_terminal() -> None:
    assert isinstance(Auto(width=100).chosen, Plain)


def test_a_terminal_gets_colour_a_moving_line_and_its_cursor_back(
    root: Any, cli: Any, tmp_path: Any
) -> None:
    script = tmp_path / "show.py"
    script.write_text(
        "from mlops.core.errors import fail\n"
        "from mlops.core.record import Step\n"
        "from mlops.ui.auto import Auto\n"
        "from mlops.ui.problems import show_problems\n"
        "screen = Auto(width=100)\n"
        "screen.step('data', '')\n"
        "screen.done(Step(name='data', status='done', says='506 rows', seconds=1))\n"
        "screen.step('tuner', '')\n"
        "screen.progress(3, 12, 'trials')\n"
        "show_problems(fail('bad', 'It broke.', where='w', found='f', accepted='a',"
        " next_step='n'))\n"
    )
    text = _in_a_terminal(str(script), cli.environment(TERM="xterm-256color"))
    assert "\x1b[32m✓" in text
    assert "━" * 6 + "─" * 18 + "  3 of 12 trials" in text
    assert "\x1b[31m\x1b[1merror[bad]" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rindex("error[bad]") > text.rindex("\x1b[?25h")


def _in_a_terminal(script: str, environment: dict[str, str]) -> str:
    import pty
    import sys

    environment.pop("NO_COLOR", None)
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(sys.executable, [sys.executable, script], environment)
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.waitpid(child, 0)
    return b"".join(pieces).decode()


def test_a_table_gives_way_where_it_is_widest() -> None:
    lines = table(["a", "b"], [["x", "word " * 40], ["y" * 30, 1]], 50)
    texts = ["".join(piece for piece, _ in line) for line in lines]
    assert max(map(len, texts)) <= 50
    assert "".join(texts).count("word") == 40


@pytest.mark.parametrize(("terminal", "columns"), [(80, 80), (200, 100), (20, 40)])
def test_plain_fits_a_narrow_terminal(terminal, columns, monkeypatch):
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", str(terminal))
    monkeypatch.setattr("sys.stdout", Terminal())
    assert Plain(width=100).room() == columns


def test_a_table_closes_up_before_its_words_are_broken():
    rows = [["disease_prediction", 0.9]]
    lines = ["".join(text for text, _ in line) for line in table(["recipe", "value"], rows, 26)]
    assert lines == ["recipe               value", "disease_prediction  0.9000"]
