"""Data as it comes: what no model can learn from is told in five parts, by the real command."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

import pytest

from mlops.cli import main

PARTS = ("error[", "  where ", "  found ", "  accepted ", "  closest ", "  next ")
NAMES = ("rooms", "area", "kind", "price")
WORDS = ("recipe=blank", "data=csv", "data.path=houses.csv", "data.target=price")
QUICK = ("mode=smoke", "mode.judge=true", "mode.bootstrap=20", "tracker=offline", "ui=plain")


def cell(row: int, name: str) -> str:
    values = (row % 7, row * 37 % 101, "abc"[row % 3], row % 7 + row * 11 % 5 / 10)
    return str(values[NAMES.index(name)])


def table(count: int = 60, **changed: Callable[[int], str]) -> str:
    """Rows of houses; `changed` gives the text of a column for each row."""
    rows = (
        [changed[name](row) if name in changed else cell(row, name) for name in NAMES]
        for row in range(count)
    )
    return "".join(",".join(cells) + "\n" for cells in (NAMES, *rows))


@pytest.fixture
def command(work, capsys):
    """Run `mlops` over a table; the exit code, and what went to both streams."""

    def run(content: str | bytes, *words: str) -> tuple[int, str, str]:
        raw = content.encode() if isinstance(content, str) else content
        (work / "houses.csv").write_bytes(raw)
        code = main([*WORDS, *QUICK, *words])
        gc.enable()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run


UNUSABLE = {
    "an empty file": ("", "data-empty"),
    "blank lines": ("\n\n\n", "data-empty"),
    "a header only": (table(0), "data-no-rows"),
    "one row": (table(1), "too-few-rows"),
    "two rows": (table(2), "too-few-rows"),
    "one class": (table(price=lambda row: "yes"), "target-unusable"),
    "one row of a class": (table(price=lambda row: "yn"[row == 9]), "too-few-rows"),
    "two rows of a class": (table(price=lambda row: "yn"[row in (9, 19)]), "cannot-learn"),
    "no known target": (table(price=lambda row: ""), "target-unusable"),
    "rows that are all equal": (table(**{n: lambda row: "1" for n in NAMES}), "target-unusable"),
    "numbers beyond all sums": (
        table(area=lambda row: ("1e308", "-1e308")[row % 2]),
        "cannot-learn",
    ),
    "no text": (bytes(range(256)) * 9, "encoding-wrong"),
    "zero bytes": (table().encode() + b"\x00\x00\x00\n", "encoding-wrong"),
    "another encoding": (table(kind=lambda row: "Käse").encode("cp1252"), "encoding-wrong"),
    "wide characters": (table().encode("utf-16"), "encoding-wrong"),
    "another kind of file": (b"PAR1" + bytes(500), "data-wrong-kind"),
    "no separator": (table().replace(",", "^"), "one-column"),
    "a short line": (table() + "1,2\n" + "3,4,a,5\n" * 9, "ragged-rows"),
    "a long line": (table() + "1,2,3,4,5\n", "ragged-rows"),
    "two columns of one name": (table().replace("rooms,area", "rooms,rooms"), "duplicate-column"),
    "no target column": (table().replace("price", "cost"), "column-unknown"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_cannot_be_learned_from_is_the_user_s_to_mend(command, what):
    content, code = UNUSABLE[what]
    exit_code, _, said = command(content)
    assert said.startswith(f"error[{code}]"), said
    assert all(part in said for part in PARTS)
    assert exit_code == 2


REFUSED = {
    "nothing but infinity": table(area=lambda row: "inf"),
    "many infinite values": table(area=lambda row: ("inf", "3")[row % 3 > 0]),
    "many rows without a target": table(price=lambda row: cell(row, "price") if row % 10 else ""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_too_many_unusable_rows_are_refused_by_the_contract(command, what):
    exit_code, _, said = command(REFUSED[what])
    assert said.startswith("error[contract-broken]"), said
    assert all(part in said for part in PARTS)
    assert exit_code == 3


SOME = {
    "an infinite value": table(area=lambda row: "inf" if row == 5 else str(row)),
    "an infinite target": table(price=lambda row: "inf" if row == 5 else cell(row, "price")),
    "one word among numbers": table(area=lambda row: "many" if row == 5 else str(row)),
}


@pytest.mark.parametrize("what", SOME)
def test_a_row_that_is_unusable_is_put_aside_and_counted(command, what):
    exit_code, out, said = command(SOME[what])
    assert exit_code == 0, said
    assert "1 of 60 rows put aside" in " ".join(out.split())


FINE = {
    "a column without any value": table(area=lambda row: ""),
    "as many words as numbers": table(area=lambda row: ("many", str(row))[row % 2]),
    "semicolons": table().replace(",", ";"),
    "a mark at the start, line ends of Windows": b"\xef\xbb\xbf"
    + table().replace("\n", "\r\n").encode(),
    "five rows": table(5),
}


@pytest.mark.parametrize("what", FINE)
def test_what_looks_odd_and_can_be_learned_from_is_learned_from(command, what):
    exit_code, _, said = command(FINE[what], "mode.judge=false")
    assert exit_code == 0, said
    assert said == ""


def copied(row: int) -> str:
    return cell(row, "price")


def renamed(row: int) -> str:
    return {"yes": "ja", "no": "nein"}[answer(row)]


def answer(row: int) -> str:
    return ("no", "yes")[row * 7 % 3 > 0]


@pytest.mark.parametrize(
    "changed",
    [{"kind": copied}, {"kind": answer, "price": answer}, {"kind": renamed, "price": answer}],
)
def test_a_target_that_was_copied_into_a_feature_is_refused_with_the_evidence(
    command, work, changed
):
    exit_code, out, said = command(table(120, **changed))
    assert (exit_code, said) == (3, "")
    (line,) = [each for each in out.splitlines() if "no leak" in each and "refuse" not in each]
    assert "leak suspected: column 'kind'" in line
    (folder,) = (work / "outputs" / "runs").iterdir()
    assert "leak suspected" in (folder / "report.html").read_text()


def test_what_libraries_warn_of_is_told_with_the_verdict_and_not_in_between(cli, work):
    (work / "houses.csv").write_text(table(area=lambda row: ("1e300", "-1e300")[row % 2]))
    told = cli(*WORDS, *QUICK, "mode.judge=false", "model=dummy").ok()
    assert told.stderr == ""
    assert "! RuntimeWarning: overflow" in told.stdout
    assert "site-packages" not in told.stdout


def test_the_command_says_the_same_as_a_process_of_its_own(cli, work):
    (work / "houses.csv").write_text(table(1))
    told = cli(*WORDS, *QUICK)
    assert told.exit_code == 2
    assert told.stderr.startswith("error[too-few-rows]")
    assert os.listdir(work / "outputs" / "runs")
