"""What is deployed moves with the champion: by the same deployer, in one act, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from mlops.core.errors import MlopsError
from mlops.registry.charge import Charge
from mlops.registry.deployments import notes
from mlops.registry.intent import Intent
from mlops.registry.versions import Versions

DATA = ("data=csv", "data.path=houses.csv", "data.target=price", "name=houses")
QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")


class Town:
    """A project with a deployer of its own, and what its process answers."""

    def __init__(self, place):
        self.place, self.outputs = place, place.outputs
        shutil.copytree(Path(__file__).with_name("desk_project"), place.folder, dirs_exist_ok=True)
        rows = (f"{n % 7},{n * 37 % 101},{n % 7 + n * 11 % 5 / 10}\n" for n in range(120))
        (place.folder / "houses.csv").write_text("rooms,area,price\n" + "".join(rows))
        self.versions = Versions(self.outputs, "houses")

    def __call__(self, *words):
        return self.place(*words, "name=houses", "tracker=offline")

    def trained(self, model, *words):
        """A run; the first one is the champion."""
        return self.place(*DATA, f"model={model}", *QUICK, *words)

    @property
    def desk(self):
        return self.outputs / "desk"

    @property
    def process(self):
        return json.loads((self.desk / "process.json").read_text())

    @property
    def answer(self):
        """Name, version and sign that the process answers with."""
        with urlopen(f"http://127.0.0.1:{self.process['port']}/", timeout=60) as answer:
            return answer.read().decode()

    @property
    def champion(self):
        holder = self.versions.holder("champion")
        return holder.version if holder else 0

    def closed(self):
        """Let the deployer refuse."""
        self.desk.mkdir(parents=True, exist_ok=True)
        (self.desk / "closed").touch()

    def ended(self):
        """End the process, if there is one, as a machine that is switched off does."""
        if (self.desk / "process.json").exists():
            os.kill(self.process["pid"], signal.SIGKILL)
            (self.desk / "process.json").unlink()


@pytest.fixture
def town(place):
    town = Town(place)
    yield town
    town.ended()


@pytest.fixture
def two(town):
    """Two versions; the first one is online."""
    town.trained("linear", "deployer=desk")
    town.trained("ridge")
    assert town.answer == "houses 1 ready"
    return town


def test_the_first_version_goes_online_and_later_acts_reach_the_same_deployer(two):
    pid = two.process["pid"]
    promoted = two("promote", "version=2", "reason=better")
    assert promoted.details["lines"] == ["desk: answers houses 2 ready"]
    assert two.answer == "houses 2 ready"
    two("rollback", "reason=worse")
    assert (two.answer, two.champion, two.process["pid"]) == ("houses 1 ready", 1, pid)
    assert [(each["version"], each["by"]) for each in notes(two.versions)] == [
        (1, "desk"),
        (2, "desk"),
        (1, "desk"),
    ]


def test_whatever_is_champion_is_watched_however_it_became_that(town):
    watching = "monitor=window"
    town.trained("linear", watching)
    town.trained("ridge", watching)
    town("promote", "version=2", "alias=shadow", watching)
    promoted = town("promote", "version=2", watching)
    town("rollback", watching)
    assert promoted.details["lines"] == ["window: watches houses 2"]
    watched = (town.place.folder / "watched.txt").read_text().split("\n")
    assert watched == ["houses 1", "houses 2", "houses 1", ""]


def test_a_monitor_that_cannot_look_takes_no_act_back(town):
    town.trained("linear")
    town.trained("ridge")
    told = town("promote", "version=2", "monitor=window", "monitor.clean=false").details["lines"]
    assert told == ["window: houses is not watched: the window is dirty"]
    assert town.champion == 2


def test_a_champion_that_others_made_is_told_and_put_online_by_one_word(two):
    two("promote", "version=2", "deployer=dry_run")  # as one that was fetched from elsewhere
    assert two.answer == "houses 1 ready"
    [line] = two("history").details["lines"]
    assert line.startswith("desk has version 1 online, and version 2 is champion")
    two("promote", "version=champion")
    assert two.answer == "houses 2 ready"
    assert two("history").details["lines"] == []


def test_who_only_looks_is_told_that_it_cannot_be_known_who_has_it_online(two):
    (two.versions.folder / "online.json").write_text("{}")
    [line] = two("history").details["lines"]
    assert line.startswith("Who has houses online cannot be understood. mlops promote name=houses")
    with pytest.raises(MlopsError, match="online-unreadable"):
        two("promote", "version=2")
    two("promote", "version=champion", "deployer=desk")  # as the line says
    assert two("history").details["lines"] == []


def test_another_name_is_not_deployed(two):
    two("promote", "version=2", "alias=shadow")
    assert two.answer == "houses 1 ready"


def test_a_deployer_that_refuses_leaves_name_and_process_as_they_were(two):
    two.closed()
    with pytest.raises(MlopsError, match="desk-closed") as refused:
        two("promote", "version=2")
    assert refused.value.exit_code == 4
    assert (two.answer, two.champion) == ("houses 1 ready", 1)
    assert [each.act for each in two.versions.ledger.verify()][-2:] == ["promote", "undone"]


def test_an_act_that_was_cut_off_is_ended_by_any_command_with_the_deployer_it_began_with(two):
    by = Charge.read(two.versions.folder)
    begun = Intent(key="k", act="promote", version=2, alias="champion", was=1, why="", by=by)
    begun.write(two.versions.folder)
    told = two("history").details["lines"]
    assert told[:2] == [
        "promote of version 2 to champion was cut off and is finished now",
        "desk: answers houses 2 ready",
    ]
    assert (two.answer, two.champion) == ("houses 2 ready", 2)


def test_a_champion_that_is_not_online_yet_is_put_there_by_naming_it(town):
    town.trained("linear")
    with pytest.raises(MlopsError, match="nothing-to-move"):
        town("promote", "version=1")
    told = town("promote", "version=1", "deployer=desk").details
    assert told["says"] == "version 1 of houses is champion already"
    assert (town.answer, len(town.versions.ledger.verify())) == ("houses 1 ready", 1)


@pytest.mark.parametrize("again", ["a run", "a promotion"])
def test_after_the_machine_was_off_the_same_words_bring_it_back(two, again):
    two.ended()
    if again == "a run":
        two.trained("linear", "deployer=desk")
    else:
        two("promote", "version=1")
    assert (two.answer, two.champion) == ("houses 1 ready", 1)


def test_a_first_version_that_cannot_go_online_is_kept_without_its_name(town):
    town.closed()
    with pytest.raises(MlopsError, match="desk-closed") as refused:
        town.trained("linear", "deployer=desk")
    assert "promote name=houses version=1" in refused.value.problems[1].next_step
    assert [each.aliases for each in town.versions.all()] == [()]
    (town.desk / "closed").unlink()
    town("promote", "version=1", "deployer=desk")
    assert (town.answer, town.champion) == ("houses 1 ready", 1)


def test_where_it_goes_is_said_at_the_keyboard_and_never_read_from_the_outputs(town):
    town.trained("linear", "deployer=desk", "deployer.sign=open")
    town.trained("ridge")
    with pytest.raises(MlopsError, match="which-deployer") as refused:
        town("promote", "version=2")
    assert refused.value.exit_code == 3
    assert "add deployer=desk deployer.sign=…; or deployer=dry_run" in str(refused.value)
    assert (town.answer, len(town.versions.ledger.verify())) == ("houses 1 open", 2)
    town("promote", "version=2", "deployer=desk", "deployer.sign=open")
    assert town.answer == "houses 2 open"
    town("rollback", "deployer=dry_run")
    assert (town.answer, town.champion) == ("houses 2 open", 1)
    row = next(r for r in town("doctor").details["rows"] if r["check"] == "versions")
    assert row["found"] == "houses: desk was last asked for version 2, and 1 is champion"
    assert row["repair"] == "mlops promote name=houses version=champion"
    town("promote", "version=champion", "deployer=desk", "deployer.sign=open")
    assert town.answer == "houses 1 open"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"deployer": "../x", "key": ""}', '{"deployer": "desk", "key": 1}']
)
def test_who_has_it_online_cannot_be_made_up(two, text):
    (two.versions.folder / "online.json").write_text(text)
    with pytest.raises(MlopsError, match="online-unreadable"):
        two("promote", "version=2")
    assert (two.answer, two.champion) == ("houses 1 ready", 1)
    two("promote", "version=2", "deployer=desk")
    assert two.answer == "houses 2 ready"


def test_a_deployer_that_is_no_option_here_is_told(two):
    Charge(deployer="gone", key="ab", words=("deployer=gone",)).write(two.versions.folder)
    with pytest.raises(MlopsError, match="which-deployer"):
        two("promote", "version=2")
