"""An alias moves to its end or not at all, for one mover at a time, and only to what is whole."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves


@pytest.fixture
def served():
    """Versions that were put online, in order."""
    return []


@pytest.fixture
def moves(three, served):
    return Moves(three, lambda intent: served.append(intent.version))


def champion(versions):
    holder = versions.holder("champion")
    return holder.version if holder else 0


def promote(moves, number, alias="champion", why="better"):
    return moves.promote(number, alias, seen=moves.versions.holder(alias), why=why)


def rollback(moves, to=None):
    seen = moves.versions.holder("champion")
    return moves.rollback("champion", to=to, seen=seen, why="worse")


def test_a_promotion_is_one_line_and_is_deployed(moves, three, served):
    promote(moves, 3)
    assert (champion(three), served) == (3, [3])
    entry = three.ledger.verify()[-1]
    assert (entry.act, entry.alias, entry.was, entry.version) == ("promote", "champion", 1, 3)
    assert entry.why == "better"
    assert Intent.read(three.folder) is None


def test_any_safe_name_may_be_given(moves, three):
    promote(moves, 2, "shadow")
    assert three.version(2).aliases == ("shadow",)


@pytest.mark.parametrize("name", ["", "../x", "a b", "latest", "v2", "a.b", "7", "a" * 65])
def test_an_alias_has_a_name_that_every_store_takes(moves, name):
    with pytest.raises(MlopsError, match="bad-alias-name"):
        promote(moves, 2, name)


def test_a_rollback_goes_back_one_step_and_the_next_one_more(moves, three, served):
    promote(moves, 2)
    promote(moves, 3)
    rollback(moves)
    assert champion(three) == 2
    rollback(moves)
    assert (champion(three), served) == (1, [2, 3, 2, 1])
    with pytest.raises(MlopsError, match="nothing-before") as refused:
        rollback(moves)
    assert refused.value.exit_code == 3
    rollback(moves, to=3)
    assert champion(three) == 3


def test_a_version_that_is_not_whole_is_refused_with_those_that_are(moves, three, damage):
    promote(moves, 2)
    damage(three, 1)
    with pytest.raises(MlopsError, match="version-not-whole") as refused:
        rollback(moves)
    (problem,) = refused.value.problems
    assert problem.accepted == "usable: version 2 (champion), version 3 (challenger)"
    assert problem.exit_code == 3
    assert problem.closest == "version 3"
    assert champion(three) == 2


def test_the_version_that_has_the_name_already_is_not_proposed_to_whoever_leaves_it(
    moves, three, damage
):
    promote(moves, 3)
    damage(three, 1)
    damage(three, 2)
    with pytest.raises(MlopsError, match="version-not-whole") as refused:
        rollback(moves)
    (problem,) = refused.value.problems
    assert (problem.accepted, problem.closest) == ("usable: version 3 (challenger, champion)", "")
    assert "choose" not in problem.next_step


def test_a_version_that_is_not_there_is_the_user_s_mistake(moves):
    with pytest.raises(MlopsError, match="no-version") as refused:
        promote(moves, 4)
    assert refused.value.exit_code == 2


def test_who_looked_before_another_moved_is_told_who_did(moves, three):
    seen = three.holder("champion")
    promote(moves, 2, why="recall")
    with pytest.raises(MlopsError, match="alias-moved") as refused:
        moves.promote(3, "champion", seen=seen, why="")
    assert refused.value.exit_code == 3
    found = refused.value.problems[0].found
    assert found.startswith("version 2 since ")
    assert three.ledger.verify()[-1].who in found
    assert "recall" in found


def test_of_thirty_two_racing_promoters_one_wins_and_the_others_are_told_who(moves, three, cli):
    script = [sys.executable, "-c", RACE, str(three.folder.parents[1])]
    told = subprocess.run(
        script, env=cli.environment(), check=False, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    won = [each for each in answers if each["won"]]
    lost = [each for each in answers if not each["won"]]
    assert (len(won), len(lost)) == (1, 31)
    entry = three.holder("champion")
    assert entry.why == f"promoter {won[0]['number']}"
    assert all(entry.why in each["told"] and each["code"] == 3 for each in lost)
    assert len(three.ledger.verify()) == 4


RACE = """
import json, os, sys
from pathlib import Path
from mlops.core.errors import MlopsError
from mlops.registry.moves import Moves
from mlops.registry.versions import Versions

versions = Versions(Path(sys.argv[1]), "houses")
seen = versions.holder("champion")
gate, opener = os.pipe()
for number in range(32):
    if not os.fork():
        os.close(opener)
        os.read(gate, 1)
        moves, told = Moves(versions, lambda intent: None), {"number": number, "won": True}
        try:
            moves.promote(2 + number % 2, "champion", seen=seen, why=f"promoter {number}")
        except MlopsError as error:
            told |= {"won": False, "code": error.exit_code, "told": error.problems[0].found}
        os.write(1, (json.dumps(told) + "\\n").encode())
        os._exit(0)
os.close(opener)
for _ in range(32):
    assert os.wait()[1] == 0
"""


def test_what_cannot_be_deployed_is_taken_back_and_that_stands_in_the_history(three):
    def refuse(intent):
        raise fail(
            *("no-server", "The server is away."),
            where="",
            found="",
            accepted="",
            next_step="",
            exit_code=ENVIRONMENT,
        )

    with pytest.raises(MlopsError, match="no-server"):
        promote(Moves(three, refuse), 2)
    assert champion(three) == 1
    assert [entry.act for entry in three.ledger.verify()[-2:]] == ["promote", "undone"]
    assert three.ledger.verify()[-1].why == "The server is away."
    assert Intent.read(three.folder) is None


class PowerCut(BaseException):
    """Nothing catches it."""


def cut_off(versions, number=2):
    """Begin a promotion and lose the power while it is deployed."""

    def dark(intent):
        raise PowerCut

    with pytest.raises(PowerCut):
        promote(Moves(versions, dark), number)


def test_an_act_that_was_cut_off_is_finished_by_the_next(moves, three, served):
    cut_off(three)
    assert moves.settle() == "promote of version 2 to champion was cut off and is finished now"
    assert (champion(three), served, moves.settle()) == (2, [2], "")
    assert len(three.ledger.verify()) == 4


def test_an_act_cut_off_before_its_line_is_finished_while_it_still_can(moves, three, served):
    Intent(key="k", act="rollback", version=2, alias="champion", was=1, why="w").write(three.folder)
    assert moves.settle().endswith("finished now")
    assert (champion(three), served) == (2, [2])


@pytest.mark.parametrize("why", ["the alias has moved", "the version is not whole"])
def test_an_act_cut_off_before_its_line_is_undone_where_it_no_longer_can(
    moves, three, served, why, damage
):
    was = 3 if why == "the alias has moved" else 1
    if why == "the version is not whole":
        damage(three, 2)
    Intent(key="k", act="rollback", version=2, alias="champion", was=was, why="").write(
        three.folder
    )
    assert moves.settle().endswith("undone: champion means what it meant before")
    assert (champion(three), served, len(three.ledger.verify())) == (1, [], 3)
    assert Intent.read(three.folder) is None


def test_an_act_begins_by_finishing_the_one_before_it(moves, three, served):
    cut_off(three)
    seen = three.holder("champion")
    moves.promote(3, "champion", seen=seen, why="")
    assert (champion(three), served) == (3, [2, 3])
