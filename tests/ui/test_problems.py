"""Errors reach standard error whole, in five parts."""

from __future__ import annotations

from typing import Any

from mlops.core.errors import MlopsError, Problem
from mlops.ui.problems import show_problems


def _problem(**changed: str) -> Problem:
    parts = {"where": "w", "found": "f", "accepted": "a", "next_step": "n", "closest": "c"}
    return Problem(**{"code": "bad-thing", "says": "It is bad.", **parts, **changed})


def test_every_problem_is_told_in_five_parts(capsys: Any) -> None:
    show_problems(MlopsError(_problem(), _problem(closest="", found="two\nlines")))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error[bad-thing] It is bad.\n"
        "  where     w\n  found     f\n  accepted  a\n  closest   c\n  next      n\n"
        "error[bad-thing] It is bad.\n"
        "  where     w\n  found     two\n            lines\n"
        "  accepted  a\n  closest   -\n  next      n\n"
    )


def test_an_escape_sequence_in_an_error_is_harmless(capsys: Any) -> None:
    show_problems(MlopsError(_problem(found="\x1b[2J\x07", says="a\nb")))
    text = capsys.readouterr().err
    assert "\x1b" not in text
    assert text.startswith("error[bad-thing] a·b\n")
