"""`mlops report`: quality, speed and stability over time, from ledgers, notes and runs."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from mlops.core import lines
from mlops.core.errors import MlopsError
from mlops.registry.deployments import FILE
from mlops.registry.versions import Versions

QUICK = ("mode.folds=2", "mode.bootstrap=0", "tracker=offline")
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def iso(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Past:
    """A model's past, written as the commands would have, at any time."""

    def __init__(self, outputs, model="houses"):
        self.outputs, self.versions = outputs, Versions(outputs, model)
        self.acts = 0

    def run(self, at, *, outcome="passed", value=3.0, training_s=1.0, refused=()):
        key = f"{at:%Y%m%d-%H%M%S}-{len(list(self.outputs.glob('runs/*'))):08x}"
        metric = {"name": "rmse", "value": value, "low": value - 1, "high": value + 1}
        judged = outcome in ("passed", "refused")
        result = {
            "outcome": outcome,
            "name": self.versions.model,
            "steps": [{"name": "model", "seconds": training_s}],
            "metrics": [{**metric, "greater_is_better": False}] if judged else [],
            "gates": [{"name": name, "passed": False} for name in refused],
            "details": {"choices": {"model": "ridge"}},
            "seconds": training_s + 2,
        }
        folder = self.outputs / "runs" / f"{self.versions.model}-{key}"
        folder.mkdir(parents=True)
        if outcome != "killed":
            (folder / "result.json").write_text(json.dumps(result))
        return key

    def version(self, number, at, *, value=3.0, changed=None, **more):
        """Registered one minute after its run began; the first one is the champion."""
        key = self.run(at - timedelta(minutes=1), value=value, **more)
        folder = self.versions.shelf.place(number)
        folder.mkdir(parents=True)
        source = self.outputs / "runs" / f"{self.versions.model}-{key}" / "result.json"
        (folder / "result.json").write_bytes(source.read_bytes())
        about = {"run": key, "changed": {"data": iso(changed)} if changed else {}}
        (folder / "version.json").write_text(json.dumps(about))
        alias = "champion" if number == 1 else "challenger"
        self.act("register", number, at, alias=alias, run=key)

    def act(self, act, version, at, *, was=0, alias="champion", intent="", **more):
        self.acts += 1
        intent = intent or ("" if act == "register" else f"intent {self.acts}")
        told = {"version": version, "alias": alias, "was": was, "intent": intent}
        self.versions.ledger.append(act=act, at=iso(at), **told, **more)
        return intent

    def note(self, event, version, at, **more):
        told = {"at": iso(at), "event": event, "version": version, **more}
        lines.append(self.versions.folder / FILE, [told])


def told(cli, *words):
    return cli("report", "ui=json", *words).ok().json["details"]["effect"]


@pytest.fixture
def past(cli):
    return Past(cli.folder / "outputs")


def test_an_empty_folder_is_told_kindly_and_nothing_is_written(cli):
    assert "nothing to sum up in outputs yet" in cli("report").ok().text
    assert not (cli.folder / "outputs").exists()


def test_runs_without_a_version_are_summed_up(cli, past):
    past.run(NOW - 2 * DAY, outcome="refused", refused=("no leak",))
    found = told(cli)
    assert found["runs"]["by_outcome"] == {"refused": 1}
    assert found["runs"]["success_share"] == 0
    assert found["stability"]["change_failure_share"] is None
    assert found["speed"]["lead_median_days"] is None
    assert "no release" in cli("report").ok().text


def test_training_time_has_a_median_and_a_trend(cli, past):
    for age, training_s in enumerate([1.0, 1.0, 3.0, 5.0]):
        past.run(NOW - age * DAY, training_s=training_s)
    past.run(NOW - 5 * DAY, outcome="failed", training_s=99)
    training = told(cli)["training"]
    assert training["runs"] == 4, "a run that came to no verdict has no training time"
    assert training["median_s"] == 2
    assert training["trend_share"] == pytest.approx(1 / 4 - 1)
    assert training["median_run_s"] == 4
    assert [each["training_s"] for each in training["each"]] == [5, 3, 1, 1]


def test_outcomes_and_the_gates_that_refuse_are_counted(cli, past):
    for hour, gates in enumerate([("r2",), ("r2", "no leak"), ()]):
        past.run(NOW - hour * HOUR, outcome="refused" if gates else "passed", refused=gates)
    past.run(NOW - DAY, outcome="killed")
    found = told(cli)
    assert found["gates"][0] == {"gate": "r2", "refused_runs": 2}
    assert found["runs"]["by_outcome"] == {"refused": 2, "passed": 1, "killed": 1}
    assert found["runs"]["success_share"] == 0.25


def test_a_release_that_is_rolled_back_before_the_next_one_has_failed(cli, past):
    for number in (1, 2, 3):
        past.version(number, NOW - (40 - number) * DAY)
    past.act("promote", 2, NOW - 20 * DAY, was=1)
    past.act("rollback", 1, NOW - 20 * DAY + 3 * HOUR, was=2)
    past.act("promote", 3, NOW - 10 * DAY, was=1)
    stability = told(cli)["stability"]
    assert stability["releases"] == 3
    assert stability["change_failure_share"] == pytest.approx(1 / 3)
    assert stability["restore_median_s"] == 3 * 3600


def test_a_release_that_could_not_be_deployed_has_failed_and_was_never_online(cli, past):
    past.version(1, NOW - 20 * DAY)
    past.version(2, NOW - 10 * DAY)
    intent = past.act("promote", 2, NOW - 9 * DAY, was=1)
    past.act("undone", 1, NOW - 9 * DAY + timedelta(seconds=30), was=2, intent=intent)
    found = told(cli)
    assert found["stability"]["failed"] == 1
    assert found["stability"]["restore_median_s"] == 30
    assert found["speed"]["deployments"] == 1


def test_a_rollback_that_was_undone_restored_nothing_until_one_did(cli, past):
    past.version(1, NOW - 20 * DAY)
    past.version(2, NOW - 10 * DAY)
    start = NOW - 9 * DAY
    past.act("promote", 2, start, was=1)
    back = past.act("rollback", 1, start + HOUR, was=2)
    past.act("undone", 2, start + 2 * HOUR, was=1, intent=back)
    assert told(cli)["stability"]["restore_median_s"] is None
    past.act("rollback", 1, start + 5 * HOUR, was=2)
    stability = told(cli)["stability"]
    assert (stability["failed"], stability["restore_median_s"]) == (1, 5 * 3600)


def test_lead_time_goes_from_the_change_of_the_data_to_being_online(cli, past):
    past.version(1, NOW - 30 * DAY, changed=NOW - 900 * DAY)
    past.version(2, NOW - 10 * DAY, changed=NOW - 12 * DAY)
    intent = past.act("promote", 2, NOW - 9 * DAY, was=1)
    past.note("deployed", 2, NOW - 9 * DAY + 2 * HOUR, by="local", intent=intent)
    first, second = told(cli)["deployment"]["each"]
    assert first["lead_days"] == pytest.approx(60 / 86400, abs=2e-5), "the run's start, not 2 years"
    assert second["lead_days"] == pytest.approx(3 + 2 / 24, abs=2e-5)
    assert (first["deployment_s"], second["deployment_s"]) == (None, 7200)


def test_a_change_on_the_command_line_begins_with_the_run(cli, past):
    past.version(1, NOW - 30 * DAY, changed=NOW - 40 * DAY)
    past.version(2, NOW - 10 * DAY, changed=NOW - 40 * DAY)
    past.act("promote", 2, NOW - 9 * DAY, was=1)
    second = told(cli)["deployment"]["each"][1]
    assert second["lead_days"] == pytest.approx(1 + 60 / 86400, abs=2e-5)


def test_where_a_server_noted_the_first_request_lead_time_ends_there(cli, past):
    past.version(1, NOW - 10 * DAY)
    past.note("first_served", 1, NOW - 8 * DAY)
    found = told(cli)
    assert found["speed"]["lead_median_days"] == pytest.approx(2 + 60 / 86400, abs=2e-5)
    assert found["speed"]["first_request_noted"] == 1


def test_quality_over_versions_has_the_interval(cli, past):
    for number, value in enumerate([4.0, 3.5], start=1):
        past.version(number, NOW - (9 - number) * DAY, value=value)
    quality = told(cli)["quality"][0]
    assert (quality["model"], quality["metric"]) == ("houses", "rmse")
    points = [(each["version"], each["low"], each["value"]) for each in quality["versions"]]
    assert points == [(1, 3.0, 4.0), (2, 2.5, 3.5)]
    assert "version 2; version 1 had 4.000 (lower is better)" in cli("report").ok().text


def test_since_and_name_choose_what_counts(cli, past):
    past.version(1, NOW - 200 * DAY)
    past.version(2, NOW - 150 * DAY)
    past.act("promote", 2, NOW - 5 * DAY, was=1)
    Past(past.outputs, "loans").version(1, NOW - 3 * DAY)
    assert told(cli)["stability"]["releases"] == 3
    recent = told(cli, "since=2w")
    assert recent["speed"]["deployments"] == 2
    assert recent["speed"]["deployments_per_week"] == pytest.approx(1, rel=0.01)
    assert told(cli, "since=90d", "name=loans")["runs"]["ended"] == 1
    assert told(cli, "since=99999w")["window_days"] < 201, "nothing was measured before"
    day = f"{NOW - 100 * DAY:%Y-%m-%d}"
    assert told(cli, f"since={day}", "name=houses")["stability"]["releases"] == 1


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("since=yesterday", "no-such-time"),
        ("since=2999-01-01", "no-such-time"),
        ("name=huoses", "no-such-name"),
    ],
)
def test_words_that_mean_nothing_are_told(cli, past, word, code):
    past.version(1, NOW - DAY)
    refused = cli("report", word)
    assert refused.exit_code == 2
    assert f"error[{code}]" in refused.text


def test_a_ledger_that_was_changed_is_not_summed_up(cli, past):
    past.version(1, NOW - DAY)
    ledger = past.versions.ledger.path
    ledger.write_bytes(ledger.read_bytes().replace(b"champion", b"champ10n"))
    refused = cli("report")
    assert refused.exit_code == 3
    assert "ledger-broken" in refused.text
    assert "is not as it was written" in cli("runs").ok().text, "the list of runs goes on"


class Seen(HTMLParser):
    """The tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_page_stands_alone_and_shows_every_measure(cli, past):
    for number in (1, 2, 3):
        past.version(number, NOW - (9 - number) * DAY, value=4.0 - number / 10)
    past.run(NOW - DAY, outcome="refused", refused=("<script>alert(1)</script>",))
    result = cli("report", "name=houses", "ui=json").ok().json["details"]
    assert result["page"] == os.path.join("outputs", "reports", "effect-houses.html")
    text = (cli.folder / result["page"]).read_text()
    page = Seen(text)
    assert "script" not in page.tags
    assert "://" not in text
    assert page.tags.count("figure") >= 6
    for each in ("Lead time", "Change failure rate", "Time to restore", "Quality over versions"):
        assert each in page.text


def test_real_commands_leave_what_the_report_tells(new_place):
    place = new_place()
    place("model=linear", *QUICK)
    place("model=ridge", *QUICK)
    place("promote", "version=2", "tracker=offline")
    place("rollback", "tracker=offline")
    found = place("report").details["effect"]
    assert found["deployment"]["measured"] == 2
    assert found["deployment"]["by"] == ["dry_run"]
    assert all(each["deployment_s"] >= 0 for each in found["deployment"]["each"])
    assert found["stability"]["change_failure_share"] == 0.5
    assert found["stability"]["restore_median_s"] > 0
    assert 0 < found["speed"]["lead_median_days"] < 1
    assert [each["version"] for each in found["quality"][0]["versions"]] == [1, 2]
    with pytest.raises(MlopsError, match="no-such-name"):
        place("report", "name=boston")


def test_when_data_and_recipe_were_written_is_kept_with_a_version(new_place):
    place = new_place()
    rows = "".join(f"{n % 7},{n * 37 % 101},{n % 7 + n * 11 % 5 / 10}\n" for n in range(80))
    (place.folder / "houses.csv").write_text("rooms,area,price\n" + rows)
    os.utime(place.folder / "houses.csv", (1767225600, 1767225600))
    place("recipe=blank", "data=csv", "data.path=houses.csv", "data.target=price", *QUICK)
    [candidate] = place.outputs.glob("runs/*/candidate.json")
    assert json.loads(candidate.read_text())["changed"] == {"data": "2026-01-01T00:00:00Z"}
