"""Runs become versions; history, promote and rollback go by the ledger, and MLflow follows."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace

import pytest

from mlops.core.errors import MlopsError
from mlops.registry import chain
from mlops.registry.intent import Intent
from mlops.registry.versions import Versions
from mlops.tracker.address import Address
from mlops.tracker.elsewhere import notes
from mlops.tracker.recorder import Recorder
from mlops.tracker.spool import Spool

QUICK = ("mode.folds=2", "mode.bootstrap=0")
HARSH = "evaluator.regression.gates.r2.min=0.99"
REASON = 'better recall, it\'s "ok" # a=b'


class Shop:
    """A folder whose commands leave word for MLflow; a test that asks MLflow delivers it first."""

    def __init__(self, place):
        self.place, self.outputs = place, place.outputs

    def __call__(self, *words):
        return self.place(*words, "tracker=offline")

    def mlflow(self):
        """MLflow's own client, in line with all that was left for it."""
        spool = Spool(self.outputs, Address.of(self.outputs))
        with spool.lock:
            assert Recorder(spool).round() == []
        return self.place.mlflow()

    def names(self):
        """Alias to our own number, as MLflow has it."""
        self.mlflow()
        found = self.place.versions("boston_housing")
        return {name: int(each.tags["mlops.version"]) for each in found for name in each.aliases}


@pytest.fixture(scope="module")
def shop(new_place):
    return Shop(new_place())


@pytest.fixture(scope="module")
def told(shop):
    """Two versions, a third run of the first one's content, and a run that a gate refuses."""
    words = (["model=linear"], ["model=ridge"], ["model=linear"], ["model=linear", HARSH])
    return [shop(*each, *QUICK) for each in words]


@pytest.fixture
def versions(shop, told):
    return Versions(shop.outputs, "boston_housing")


def held(versions):
    return {name: each.number for each in versions.all() for name in each.aliases}


@pytest.fixture
def as_at_first(shop, versions):
    """The first version is the champion, whatever the test before did."""
    if held(versions)["champion"] != 1:
        shop("promote", "version=1")
    return shop


def test_an_accepted_run_is_a_version_and_the_same_content_is_one_only_once(shop, told):
    said = [result.details.get("version", {}).get("says") for result in told]
    assert said == [
        "version 1 (champion)",
        "version 2 (challenger)",
        "already version 1 (champion)",
        None,
    ]
    document = shop.place.document(told[1])
    assert document["details"]["version"]["number"] == 2


def test_mlflow_has_the_same_versions_and_names(shop, versions, told):
    assert shop.names() == held(versions)
    assert len(shop.place.versions("boston_housing")) == 2
    keys = [each.tags["mlops.run_key"] for each in shop.place.versions("boston_housing")]
    assert keys == [result.key for result in told[:2]]


def test_a_version_keeps_what_belongs_together(shop, versions, told):
    about = versions.shelf.manifest(1)
    assert set(about["files"]) >= {
        *("model/model.skops", "report.html", "config.yaml", "contract.yaml", "result.json"),
        *("requirements.txt", "golden/rows.parquet", "golden/expected.json"),
    }
    assert about["run"] == told[0].key
    assert about["metrics"]["rmse"] == pytest.approx(told[0].metrics[0]["value"])
    assert ["crim", "double", True] in about["signature"]["inputs"]


def test_the_golden_rows_are_answered_as_they_were(shop, versions):
    import pandas as pd

    from mlops.core import artefact

    folder = versions.shelf.place(1)
    digest = versions.shelf.manifest(1)["files"]["model/model.skops"]
    pipeline = artefact.load(folder / "model/model.skops", sha256=digest)
    rows = pd.read_parquet(folder / "golden/rows.parquet")
    expected = json.loads((folder / "golden/expected.json").read_text())["values"]
    assert pipeline.predict(rows).tolist() == expected


def test_history_says_who_named_what_when_and_why(as_at_first, versions, told):
    as_at_first("promote", "version=challenger", f"reason={REASON}")
    result = as_at_first("history", "verify=true", "last=0")
    last = result.details["rows"][-1]
    assert (last["act"], last["what"], last["why"]) == ("promote", "champion 1 → 2", REASON)
    assert told[0].key.endswith(result.details["rows"][0]["run"])
    assert result.details["acts"][0]["run"] == told[0].key
    assert "2 versions whole" in result.details["lines"][-1]
    assert as_at_first.names() == held(versions) == {"champion": 2, "challenger": 2}


def test_rollback_puts_the_version_before_back(as_at_first, versions):
    as_at_first("promote", "version=2")
    result = as_at_first("rollback", "reason=worse, alas")
    assert (result.details["was"], result.details["version"]) == (2, 1)
    assert held(versions)["champion"] == 1
    assert versions.ledger.entries()[-1].why == "worse, alas"


def test_a_promoter_who_names_whom_he_replaces_is_refused_where_it_is_another(as_at_first):
    with pytest.raises(MlopsError, match="alias-moved") as refused:
        as_at_first("promote", "version=2", "instead_of=2")
    assert refused.value.exit_code == 3


def test_what_gates_refuse_needs_a_reason_which_stays_in_the_history(as_at_first, versions, told):
    key = told[3].key
    with pytest.raises(MlopsError, match="gates-refuse") as refused:
        as_at_first("promote", f"run={key}")
    assert refused.value.exit_code == 3
    assert "r2 ≥ 0.99" in refused.value.problems[0].found
    with pytest.raises(MlopsError, match="reason-needed"):
        as_at_first("promote", f"run={key}", "override=true")
    count = len(versions.all())
    as_at_first("promote", f"run={key}", "override=true", "reason=we know better", "alias=trial")
    made = versions.all()[-1]
    assert (made.number, made.run, made.aliases) == (count + 1, key, ("trial",))
    shown = as_at_first("history").details["rows"][-2]
    assert shown["why"].startswith("we know better [overridden: r2 ≥ 0.99: r2 is 0.")
    assert as_at_first.names() == held(versions)


def test_a_run_becomes_a_version_of_its_own_model_whatever_recipe_is_the_default(new_place):
    shop = Shop(new_place())
    run = shop("name=trial", "registry=dry_run", *QUICK)
    with pytest.raises(MlopsError, match="another-model") as refused:
        shop("promote", f"run={run.key}", "name=boston_housing")
    assert refused.value.problems[0].accepted == "trial"
    assert not (shop.outputs / "registry").exists()
    assert shop("promote", f"run={run.key}").name == "trial"
    assert [each.name for each in (shop.outputs / "registry").iterdir()] == ["trial"]


def test_words_that_do_not_fit_are_told(as_at_first):
    for words, code in (
        (("promote",), "which-version"),
        (("promote", "version=1", "run=x"), "which-version"),
        (("promote", "version=chalenger"), "no-version"),
        (("promote", "run=../x"), "no-candidate"),
        (("promote", "version=2", "alias=v2"), "bad-alias-name"),
        (("promote", "version=2", "alias=2"), "bad-alias-name"),
        (("compare", "a="), "no-such-model"),
        (("history", "name=houses"), "no-versions"),
        (("rollback", "to=99"), "no-version"),
        (("history", "registry=dry_run"), "nothing-registered"),
        (("history", "registry.nme=x"), "unknown-key"),
        (("rollback", "deployer.port=1"), "unknown-key"),
        (("history", "registry=git", "registry.timeout_s=-5"), "out-of-range"),
    ):
        with pytest.raises(MlopsError, match=code) as refused:
            as_at_first(*words)
        assert refused.value.exit_code == 2


def test_the_word_that_does_not_fit_is_named(as_at_first, place):
    with pytest.raises(MlopsError) as refused:
        as_at_first("rollback", "to=99")
    assert refused.value.problems[0].where == "to"
    with pytest.raises(MlopsError) as refused:
        as_at_first("compare", "a=")
    assert refused.value.problems[0].says == "a names no version and no run."
    with pytest.raises(MlopsError) as refused:
        place("compare")
    assert refused.value.problems[0].next_step == "mlops makes the first one"


def test_a_version_may_be_named_without_its_key(as_at_first, versions):
    as_at_first("promote", "2")
    assert held(versions)["champion"] == 2
    for words in (("rollback", "1"), ("rollback", "version=2"), ("rollback", "to=1")):
        as_at_first(*words)
        assert held(versions)["champion"] == int(words[1][-1])
    with pytest.raises(MlopsError, match="which-version"):
        as_at_first("rollback", "to=1", "version=2")
    with pytest.raises(MlopsError, match="same-model"):
        as_at_first("compare", "1", "champion")


def test_a_rollback_that_was_cut_off_is_finished_by_the_next_command(as_at_first, versions):
    Intent(key="cut", act="rollback", version=2, alias="champion", was=1, why="").write(
        versions.folder
    )
    doctor = {row["check"]: row for row in as_at_first("doctor").details["rows"]}
    assert doctor["versions"]["found"] == "boston_housing: a rollback was cut off"
    lines = as_at_first("history").details["lines"]
    assert lines == ["rollback of version 2 to champion was cut off and is finished now"]
    assert held(versions)["champion"] == 2
    assert as_at_first.names()["champion"] == 2


def test_a_change_made_in_mlflow_is_found_and_stands_in_the_history(as_at_first, versions):
    as_at_first.names()
    as_at_first.mlflow().set_registered_model_alias("boston_housing", "champion", "2")
    assert as_at_first.names()["champion"] == 1
    result = as_at_first("history")
    assert result.details["lines"][0].startswith("changed elsewhere: in MLflow, champion was given")
    last = result.details["rows"][-1]
    assert (last["act"], last["what"], last["who"]) == (
        *("external", "champion 1 → 2"),
        "somebody in MLflow",
    )
    assert as_at_first("history", "last=0").details["lines"] == []


@pytest.mark.parametrize("words", [("history",), ("promote", "2", "alias=shadow"), ("compare",)])
def test_a_change_made_in_mlflow_is_told_by_the_very_next_command_and_once(
    as_at_first, versions, words, capsys
):
    as_at_first.names()
    before = len(versions.ledger.entries())
    as_at_first.place.mlflow().set_registered_model_alias("boston_housing", "champion", "2")
    as_at_first.place(*words, "ui=plain")
    says = "changed elsewhere: in MLflow, champion was given to version 2; it is version 1 again"
    assert says in " ".join(capsys.readouterr().out.split())
    acts = [entry.act for entry in versions.ledger.entries()]
    assert acts[before:].count("external") == 1
    assert as_at_first.names()["champion"] == 1  # the recorder, which finds it too
    assert as_at_first("history", "last=0").details["lines"] == []


def test_a_change_made_in_mlflow_keeps_nobody_from_reading_who_may_not_write(as_at_first, versions):
    as_at_first.names()
    as_at_first.place.mlflow().set_registered_model_alias("boston_housing", "champion", "2")
    lock = versions.ledger.lock_file
    lock.unlink()
    lock.mkdir()  # as a folder of somebody else's refuses the lock
    try:
        for verb in ("history", "compare", "lineage"):
            assert as_at_first.place(verb).exit_code == 0
        with pytest.raises(MlopsError, match="registry-locked"):
            as_at_first.place("promote", "version=2")
    finally:
        lock.rmdir()
    lines = as_at_first("history").details["lines"]
    assert lines[0].startswith("changed elsewhere: in MLflow, champion was given to version 2")
    assert as_at_first.names()["champion"] == 1


def test_a_change_made_in_mlflow_is_told_by_a_command_that_is_refused_too(
    as_at_first, versions, capsys
):
    as_at_first.names()
    as_at_first.place.mlflow().set_registered_model_alias("boston_housing", "champion", "2")
    for words in (("promote", "version=1"), ("rollback", "to=99")):
        with pytest.raises(MlopsError):
            as_at_first.place(*words, "ui=plain")
    assert capsys.readouterr().out.count("changed elsewhere") == 1


def test_history_lets_the_recorder_look_for_what_cannot_be_seen_at_a_glance(
    as_at_first, versions, monkeypatch
):
    as_at_first.names()
    as_at_first("history")
    as_at_first.place.mlflow().set_registered_model_alias("boston_housing", "champion", "2")
    monkeypatch.setattr("mlops.tracker.glance.glance", lambda *_: None)
    assert as_at_first.place("history", "last=0").details["lines"] == []
    spool = Spool(as_at_first.outputs, Address.of(as_at_first.outputs))
    until = time.monotonic() + 60
    while not notes(as_at_first.outputs, "boston_housing") and time.monotonic() < until:
        time.sleep(0.1)
    with spool.lock:  # the recorder has ended
        lines = as_at_first("history").details["lines"]
    assert lines[0].startswith("changed elsewhere: in MLflow, champion was given to version 2")
    assert as_at_first.names()["champion"] == 1


def test_a_model_s_folder_that_was_taken_away_is_missed_and_nothing_begins_in_its_place(
    as_at_first, versions
):
    away = versions.folder.with_name(".away")
    versions.folder.rename(away)
    try:
        for words in (["history", "verify=true"], ["promote", "version=1"], ["rollback"], QUICK):
            with pytest.raises(MlopsError, match="ledger-broken") as refused:
                as_at_first(*words)
            assert refused.value.exit_code == 3
            assert "the recorder knows a line" in str(refused.value)
        row = next(r for r in as_at_first("doctor").details["rows"] if r["check"] == "versions")
        assert (row["state"], row["repair"][:13]) == ("broken", "mlops restore")
        assert not versions.folder.exists()
    finally:
        away.rename(versions.folder)


def test_a_history_that_was_taken_away_is_told(as_at_first, versions):
    whole = versions.ledger.path.read_bytes()
    versions.ledger.path.unlink()
    try:
        for verb in (
            *(["history", "verify=true"], ["promote", "version=2"], ["rollback"], ["compare"]),
            *(["lineage"], ["lineage", "version=1"], ["rerun", "version=1"]),
        ):
            with pytest.raises(MlopsError, match="ledger-broken") as refused:
                as_at_first(*verb)
            assert refused.value.exit_code == 3
    finally:
        versions.ledger.path.write_bytes(whole)


@pytest.fixture
def written_anew(as_at_first, versions):
    """The history is told and backed up, then somebody writes it anew, whole in itself."""
    as_at_first("backup")
    as_at_first("history")
    told = Spool(versions.outputs).folder / "standings" / "boston_housing.json"
    kept = (versions.ledger.path, versions.folder / "head.json", told)
    before = {path: path.read_bytes() for path in kept}
    lines, entry = [], None
    for each in versions.ledger.entries():
        previous = entry.hash if entry else each.previous
        entry = chain.sealed(replace(each, who="mallory", previous=previous))
        lines.append(chain.line_of(entry))
    versions.ledger.path.write_bytes(b"".join(lines))
    (versions.folder / "head.json").write_text(json.dumps({"seq": entry.seq, "hash": entry.hash}))
    yield as_at_first
    for path, content in before.items():
        path.write_bytes(content)
    shutil.rmtree(versions.outputs / "backups")


def test_a_history_that_was_written_anew_is_told_by_recorder_and_backup(written_anew, versions):
    assert "the recorder knows another line" in written_anew("history").details["lines"][-1]
    told = Spool(versions.outputs).folder / "standings" / "boston_housing.json"
    for who in ("the recorder", "the last backup"):
        with pytest.raises(MlopsError, match="ledger-broken") as refused:
            written_anew("history", "verify=true")
        assert refused.value.exit_code == 3
        assert f"{who} knows another line" in refused.value.problems[0].found
        row = next(r for r in written_anew("doctor").details["rows"] if r["check"] == "versions")
        assert (row["state"], who in row["found"]) == ("broken", True)
        told.unlink(missing_ok=True)


def test_a_server_that_was_away_is_told_later(as_at_first, versions):
    as_at_first.place("promote", "version=2", "tracker.uri=http://127.0.0.1:9")
    assert held(versions)["champion"] == 2
    as_at_first.place("sync", "adopt=true")
    assert as_at_first.names()["champion"] == 2


def test_doctor_says_how_to_do_without_a_damaged_champion(as_at_first, versions):
    model = versions.shelf.place(1) / "model" / "model.skops"
    whole = model.read_bytes()
    model.unlink()
    try:
        row = next(r for r in as_at_first("doctor").details["rows"] if r["check"] == "versions")
        assert row["state"] == "broken"
        assert "version 1 (champion): model.skops is not there" in row["found"]
        assert "mlops rollback name=boston_housing alias=champion to=" in row["repair"]
        with pytest.raises(MlopsError, match="version-not-whole"):
            as_at_first("history", "verify=true")
    finally:
        model.write_bytes(whole)
    assert as_at_first("history", "verify=true").outcome == "done"


def test_clean_touches_no_version(as_at_first, versions):
    as_at_first("clean", "apply=true", "keep_runs=0")
    assert len(versions.usable()) == len(versions.all())


VERBS = (["history", "verify=true"], ["promote", "version=2"], ["rollback"])


def test_history_promote_and_rollback_import_nothing_heavy(as_at_first, command_line):
    assert command_line(as_at_first.place.folder).heavy(*VERBS) == []


def test_a_sweep_registers_its_winner_only(new_place):
    place = new_place()
    result = place("-m", "model=dummy,ridge", *QUICK)
    versions = Versions(place.outputs, "boston_housing")
    (version,) = versions.all()
    winner = next(row for row in result.details["rows"] if row["model"] == "ridge")
    assert version.run.endswith(winner["run"])
    first, page = result.details["lines"]
    assert first == f"boston_housing version 1 (champion): run {version.run}"
    assert page.endswith("report.html")
    assert Shop(place).names() == {"champion": 1}
