"""The ledger: lines are only ever added, one writer at a time, and a change is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.ledger import Ledger


@pytest.fixture
def ledger(outputs):
    return Ledger(outputs / "registry" / "houses", "houses")


@pytest.fixture
def written(ledger):
    """A ledger of five lines."""
    for number in range(1, 6):
        ledger.append(act="register", version=number, run=f"r{number}", why="wie schön, it's ‘ok’")
    return ledger


def lines(ledger):
    return ledger.path.read_bytes().splitlines(keepends=True)


def test_a_ledger_that_nobody_wrote_is_empty(ledger):
    assert ledger.entries() == ledger.verify() == []
    assert not ledger.folder.exists()


def test_what_is_written_is_read_in_order_with_its_words_intact(written):
    entries = written.verify()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.version for entry in entries] == [1, 2, 3, 4, 5]
    assert {entry.why for entry in entries} == {"wie schön, it's ‘ok’"}
    assert all(entry.who and entry.at.endswith("Z") for entry in entries)


def test_a_reason_of_several_lines_is_one_line_of_the_ledger(ledger):
    ledger.append(act="promote", version=1, alias="champion", why='a\nb\r\n"c"\u2028d')
    assert len(lines(ledger)) == 1
    assert ledger.verify()[0].why == 'a\nb\r\n"c"\u2028d'


CHANGES = {
    "changed": (lambda kept: [*kept[:2], kept[2].replace(b"r3", b"r9"), *kept[3:]], "line 3 was"),
    "taken out": (lambda kept: [*kept[:2], *kept[3:]], "line 3 calls itself line 4"),
    "first taken": (lambda kept: kept[1:], "line 1 calls itself line 2"),
    "moved": (lambda kept: [kept[1], kept[0], *kept[2:]], "line 1 calls itself line 2"),
    "twice": (lambda kept: [*kept, kept[-1]], "line 6 calls itself line 5"),
    "no JSON": (lambda kept: [*kept[:3], b"not json\n", *kept[3:]], "line 4 cannot be read"),
    "no line": (lambda kept: [*kept[:3], b"[]\n", *kept[3:]], "line 4 cannot be read"),
    "last taken": (lambda kept: kept[:3], "it ends after line 3; there were 5"),
    "all taken": (lambda kept: [], "it ends after line 0; there were 5"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_line_changed_moved_added_or_taken_away_is_found(written, what):
    change, told = CHANGES[what]
    written.path.write_bytes(b"".join(change(lines(written))))
    with pytest.raises(MlopsError, match=told) as refused:
        written.verify()
    assert refused.value.exit_code == 3
    with pytest.raises(MlopsError, match=told):  # and nothing is added to such a file
        written.append(act="register", version=6)


def test_another_model_s_ledger_is_not_taken_for_one_s_own(written, outputs):
    other = Ledger(outputs / "registry" / "boats", "boats")
    other.append(act="register", version=1)
    other.path.write_bytes(written.path.read_bytes())
    with pytest.raises(MlopsError, match="line 1 does not follow"):
        other.entries()


def test_a_forged_chain_of_the_same_length_is_found_by_its_head(written, outputs):
    forged = Ledger(outputs / "forged", "houses")
    for number in range(1, 6):
        forged.append(act="register", version=number, run="another")
    written.path.write_bytes(forged.path.read_bytes())
    with pytest.raises(MlopsError, match="line 5 is another one"):
        written.verify()


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_line_that_a_crash_cut_off_is_no_act_and_the_next_writer_removes_it(written, cut):
    whole = written.path.read_bytes()
    written.path.write_bytes(whole + lines(written)[-1][:cut])
    assert written.torn() > 0
    assert len(written.verify()) == 5
    written.append(act="promote", version=5, alias="champion")
    assert written.path.read_bytes().startswith(whole)
    assert (written.torn(), len(written.verify())) == (0, 6)


def test_a_crash_before_the_head_is_written_costs_nothing(written):
    head = (written.folder / "head.json").read_bytes()
    written.append(act="register", version=6)
    (written.folder / "head.json").write_bytes(head)
    assert len(written.verify()) == 6
    assert written.append(act="register", version=7).seq == 7


def test_writers_killed_before_the_head_of_the_first_and_of_the_second_line_cost_nothing(
    ledger, cli
):
    for count in (1, 2):
        script = [sys.executable, "-c", NO_HEAD, str(ledger.folder)]
        assert subprocess.run(script, env=cli.environment(), check=False).returncode == -9
        assert len(ledger.verify()) == count
    assert ledger.append(act="register", version=3).seq == 3


NO_HEAD = """
import os, signal, sys
from pathlib import Path
from mlops.registry import ledger

class Cut(ledger.Ledger):
    def _write(self, line):
        super()._write(line)
        os.kill(os.getpid(), signal.SIGKILL)

Cut(Path(sys.argv[1]), "houses").append(act="register", version=1)
"""


def test_an_act_of_one_intent_is_written_once(ledger):
    first = ledger.append(act="promote", version=1, alias="champion", intent="k")
    assert ledger.append(act="promote", version=1, alias="champion", intent="k") == first
    assert ledger.append(act="undone", version=0, alias="champion", intent="k").seq == 2


def test_a_writer_killed_halfway_through_its_line_leaves_the_lines_before_it(written, cli):
    for cut in (0, 1, 40):
        script = [sys.executable, "-c", HALF_A_LINE, str(written.folder), str(cut)]
        assert subprocess.run(script, env=cli.environment(), check=False).returncode == -9
        assert len(written.verify()) == 5
    assert written.append(act="register", version=6).seq == 6


HALF_A_LINE = """
import os, signal, sys
from pathlib import Path
from mlops.registry import ledger

class Cut(ledger.Ledger):
    def _write(self, line):
        with self.path.open("ab") as file:
            file.write(line[: int(sys.argv[2])])
        os.kill(os.getpid(), signal.SIGKILL)

Cut(Path(sys.argv[1]), "houses").append(act="register", version=6)
"""


def test_no_file_is_made_by_reading(ledger, written):
    before = sorted(os.listdir(written.folder))
    written.verify()
    assert sorted(os.listdir(written.folder)) == before
    assert json.loads((written.folder / "head.json").read_text())["seq"] == 5
