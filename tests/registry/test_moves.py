"""An alias moves to its end or not at all, for one mover at a time, and only to what is whole."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mlops.core.errors import ENVIRONMENT, MlopsError, fail
from mlops.registry.charge import Charge
from mlops.registry.intent import Intent
from mlops.registry.moves import Moves
from mlops.registry.refusals import which_deployer


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


@pytest.mark.parametrize("name", ["Champion", "CHALLENGER", "Shadow"])
def test_a_name_that_differs_in_capitals_only_is_taken_for_a_slip(moves, three, name):
    promote(moves, 2, "shadow")
    with pytest.raises(MlopsError, match="bad-alias-name") as refused:
        promote(moves, 1, name)
    assert refused.value.problems[0].closest == name.lower()
    assert three.version(2).aliases == ("shadow",)


NAMES = ["", "../x", "a b", "latest", "v2", "a.b", "7", "a" * 65, "shadow\n", "v2\n"]


@pytest.mark.parametrize("name", NAMES)
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


def no_server(intent):
    raise fail(
        *("no-server", "The server is away."),
        where="",
        found="",
        accepted="",
        next_step="",
        exit_code=ENVIRONMENT,
    )


def test_what_cannot_be_deployed_is_taken_back_and_that_stands_in_the_history(three):
    with pytest.raises(MlopsError, match="no-server"):
        promote(Moves(three, no_server), 2)
    assert champion(three) == 1
    assert [entry.act for entry in three.ledger.verify()[-2:]] == ["promote", "undone"]
    assert three.ledger.verify()[-1].why == "The server is away."
    assert Intent.read(three.folder) is None


class Server:
    """Answers with one version; may refuse another, before or after it took its place."""

    def __init__(self, *, refuses=(), late=False, error=None):
        self.online, self.asked = 1, []
        self.refuses, self.late, self.error = refuses, late, error

    def __call__(self, intent):
        self.asked.append((intent.act, intent.version))
        if intent.version in self.refuses:
            self.online = intent.version if self.late else self.online
            no_server(intent) if self.error is None else (_ for _ in ()).throw(self.error)
        self.online = intent.version


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("error", [None, OSError("no route"), KeyError("port")])
def test_whatever_a_deployer_raises_and_when_the_old_version_is_online_again(three, late, error):
    server = Server(refuses=(2,), late=late, error=error)
    with pytest.raises(type(error) if error else MlopsError):
        promote(Moves(three, server), 2)
    assert (champion(three), server.online) == (1, 1)
    assert server.asked == [("promote", 2), ("undone", 1)]
    assert Intent.read(three.folder) is None


def test_an_old_version_that_cannot_be_put_back_is_told_beside_the_reason(three):
    with pytest.raises(MlopsError, match="no-server") as refused:
        promote(Moves(three, Server(refuses=(1, 2))), 2)
    assert [each.code for each in refused.value.problems] == ["no-server", "not-back-online"]
    assert "promote name=houses version=1" in refused.value.problems[1].next_step
    assert (champion(three), Intent.read(three.folder)) == (1, None)


def test_the_first_version_is_deployed_in_one_act_with_its_name(houses, a_run, served):
    acts = Moves(houses, lambda intent: served.append((intent.act, intent.version)))
    assert acts.register(a_run()).aliases == ("champion",)
    assert acts.register(a_run()).aliases == ("challenger",)
    assert (served, Intent.read(houses.folder)) == ([("register", 1)], None)


def test_a_first_version_that_cannot_be_deployed_has_no_name_and_the_next_one_may(houses, a_run):
    with pytest.raises(MlopsError, match="no-server") as refused:
        Moves(houses, no_server).register(a_run())
    assert refused.value.problems[1].code == "not-online"
    assert [each.aliases for each in houses.all()] == [()]
    assert Moves(houses, Server()).register(a_run()).aliases == ("champion",)


def test_a_first_version_whose_deployment_was_cut_off_is_put_online_by_the_next(
    houses, a_run, served
):
    with pytest.raises(PowerCut):
        Moves(houses, dark).register(a_run())
    acts = Moves(houses, lambda intent: served.append(intent.version))
    assert acts.settle() == "register of version 1 to champion was cut off and is finished now"
    assert (champion(houses), served) == (1, [1])


def test_a_first_version_cut_off_before_its_line_was_never_there(houses, a_run, served):
    begun = Intent(key="k", act="register", version=1, alias="champion", was=0, why="")
    houses.folder.mkdir(parents=True)
    begun.write(houses.folder)
    acts = Moves(houses, lambda intent: served.append(intent.version))
    assert acts.register(a_run()).number == 1
    assert (champion(houses), served) == (1, [1])


def test_who_has_the_name_is_put_online_again_if_somebody_is_to_do_that(three, served):
    by = Charge(deployer="desk", key="")
    acts = Moves(three, lambda intent: served.append((intent.version, intent.by)), lambda alias: by)
    promote(acts, 1)
    assert (served, len(three.ledger.verify())) == ([(1, by)], 3)
    with pytest.raises(MlopsError, match="nothing-to-move"):
        rollback(acts, to=1)


def test_who_puts_it_online_is_asked_first_and_a_refusal_changes_nothing(three, served):
    def by(alias):
        raise which_deployer("houses", Charge(deployer="desk", key="", words=("deployer=desk",)))

    acts = Moves(three, lambda intent: served.append(intent.version), by)
    with pytest.raises(MlopsError, match="which-deployer") as refused:
        promote(acts, 2)
    assert "add deployer=desk" in refused.value.problems[0].next_step
    assert (champion(three), served, len(three.ledger.verify())) == (1, [], 3)
    assert Intent.read(three.folder) is None


def test_whether_a_name_may_be_given_is_told_before_anything_is_done(moves, three):
    seen = three.holder("champion")
    assert moves.may("champion", seen) is None
    with pytest.raises(MlopsError, match="bad-alias-name"):
        moves.may("Champion", None)
    promote(moves, 2)
    with pytest.raises(MlopsError, match="alias-moved"):
        moves.may("champion", seen)


def test_the_way_back_that_is_proposed_names_model_and_name(moves):
    with pytest.raises(MlopsError, match="nothing-before") as refused:
        rollback(moves)
    back = "mlops rollback name=houses alias=champion to=3"
    assert refused.value.problems[0].next_step == back


def test_an_act_cut_off_keeps_nobody_from_reading_who_may_not_write(three, moves):
    cut_off(three)
    three.ledger.lock_file.unlink()
    three.ledger.lock_file.mkdir()  # as a folder of somebody else's refuses the lock
    assert moves.settle().startswith("The versions of houses cannot be changed here. An act was")
    with pytest.raises(MlopsError, match="registry-locked"):
        promote(moves, 3)


class PowerCut(BaseException):
    """Nothing catches it."""


def dark(intent):
    raise PowerCut


def cut_off(versions, number=2, by=None):
    """Begin a promotion and lose the power while it is deployed."""
    with pytest.raises(PowerCut):
        promote(Moves(versions, dark, lambda alias: by), number)


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


def test_an_act_that_was_cut_off_is_done_again_by_whom_it_was_begun(three):
    by, seen = Charge(deployer="desk", key="ab", words=("deployer=desk",)), []
    cut_off(three, by=by)
    Moves(three, lambda intent: seen.append(intent.by)).settle()
    assert seen == [by]


def test_an_act_that_nobody_here_can_end_stays_and_blocks_further_acts_only(three):
    cut_off(three, by=Charge(deployer="desk", key="ab"))

    def elsewhere(intent):
        raise which_deployer("houses", intent.by)

    acts = Moves(three, elsewhere)
    assert "add deployer=desk" in acts.settle()
    with pytest.raises(MlopsError, match="which-deployer"):
        promote(acts, 3)
    assert (champion(three), Intent.read(three.folder).version) == (2, 2)
    assert Moves(three, lambda intent: None).settle().endswith("finished now")


def test_an_act_cut_off_whose_files_are_not_whole_any_more_is_undone(three, damage):
    cut_off(three)
    damage(three, 2)
    server = Server()
    assert "undone: Version 2 of houses cannot be used" in Moves(three, server).settle()
    assert (champion(three), server.online, server.asked) == (1, 1, [("undone", 1)])


def test_an_act_that_was_undone_and_cut_off_has_the_old_version_online(three):
    def first_refuses_then_dies(intent):
        no_server(intent) if intent.act == "promote" else dark(intent)

    with pytest.raises(PowerCut):
        promote(Moves(three, first_refuses_then_dies), 2)
    server = Server()
    server.online = 2
    assert Moves(three, server).settle().endswith("undone: champion means what it meant before")
    assert (champion(three), server.online, Intent.read(three.folder)) == (1, 1, None)
