"""From data to deployments, and back: which models saw this file?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from mlops.core.errors import MlopsError
from mlops.core.store import digest
from mlops.registry.deployments import note
from mlops.registry.versions import Versions

QUICK = ("tracker=offline", "mode.bootstrap=0", "mode.folds=2")
DATA = ("data=csv", "data.path=houses.csv", "data.target=price", "name=houses")


def table(shift=0):
    rows = (f"{n % 7},{n * 37 % 101},{n % 7 + n * 11 % 5 / 10 + shift}\n" for n in range(120))
    return "rooms,area,price\n" + "".join(rows)


@pytest.fixture(scope="module")
def told(new_place):
    """Two versions of one file, one of them by way of a snapshot, and a run of another file."""
    place = new_place()
    (place.folder / "houses.csv").write_text(table())
    runs = [place(*DATA, "model=linear", *QUICK)]
    runs.append(
        place("data=snapshot", "version=1", "name=houses", "recipe=blank", "model=ridge", *QUICK)
    )
    runs.append(place(*DATA, "model=ridge", "evaluator.regression.gates.r2.min=0.9999", *QUICK))
    (place.folder / "other.csv").write_text(table(shift=2))
    runs.append(place(*DATA, "data.path=other.csv", "name=others", *QUICK))
    place("promote", "version=2", "name=houses", "tracker=offline")
    place("rerun", "version=1", "name=houses", "tracker=offline")
    return place, runs


@pytest.fixture
def place(told):
    return told[0]


def lines(nodes, level=0):
    """Each node as ``(level, kind, label, says)``."""
    for node in nodes:
        yield level, node["kind"], node["label"], node["says"]
        yield from lines(node["below"], level + 1)


def kinds(result):
    return [kind for _, kind, _, _ in lines(result.details["tree"])]


def said(result, kind):
    return [(label, says) for _, each, label, says in lines(result.details["tree"]) if each == kind]


def test_a_version_is_traced_from_its_file_to_its_time_online(place, told):
    result = place("lineage", "version=1", "name=houses")
    assert kinds(result) == ["data", "rows", "run", "version", "online"]
    key = digest(place.folder / "houses.csv")[:12]
    assert said(result, "data") == [("houses.csv", f"sha256 {key}")]
    assert said(result, "rows")[0][0] == "120 × 3"
    (run,) = said(result, "run")
    assert run[0] == told[1][0].key
    assert re.match(r"linear, rmse [\d.e-]+", run[1])
    ((span, how),) = said(result, "online")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d → \d\d:\d\d", span)
    assert re.fullmatch(r"at registration by \S+; deployer dry_run", how)


def test_the_champion_is_meant_where_nothing_is_said(place):
    result = place("lineage", "name=houses")
    assert "houses version 2" in result.details["says"]
    (version,) = said(result, "version")
    assert version[0].startswith("2 (")
    ((span, how),) = said(result, "online")
    assert span.endswith("→ now")
    assert how.startswith("promoted by ")


def test_a_snapshot_leads_back_to_the_file(place):
    result = place("lineage", "version=2", "name=houses")
    assert said(result, "data")[0][1].endswith(digest(place.folder / "houses.csv")[:12])
    assert "rows from a snapshot" in said(result, "run")[0][1]


def test_a_file_leads_to_every_model_that_saw_it(place, told):
    result = place("lineage", "file=houses.csv")
    runs = [label for label, _ in said(result, "run")]
    first, second, third, other = (run.key for run in told[1])
    assert runs[:2] == [second, first]  # versions first, the newest of them first
    assert third in runs
    assert other not in runs
    assert any(f"repeats {first}" in says for _, says in said(result, "run"))
    assert re.search(r"4 runs saw .* houses version 1.*, houses version 2", result.details["says"])


def test_a_copy_of_the_file_is_the_same_file(place, tmp_path):
    shutil.copyfile(place.folder / "houses.csv", tmp_path / "copy.csv")
    result = place("lineage", f"file={tmp_path / 'copy.csv'}")
    assert result.details["says"].startswith("4 runs saw")


def test_a_changed_file_was_seen_by_nobody_and_the_one_before_is_told(place, tmp_path):
    (tmp_path / "houses.csv").write_text(table(shift=5))
    result = place("lineage", f"file={tmp_path / 'houses.csv'}")
    assert result.details["says"].startswith("no run has seen")
    assert result.exit_code == 0
    (line,) = result.details["lines"]
    again = place("lineage", line.rpartition("mlops lineage ")[2])
    assert again.details["says"].startswith("4 runs saw")


def test_a_fingerprint_leads_to_the_same_runs(place, told):
    about = json.loads((place.run_folder(told[1][0]) / "candidate.json").read_text())
    for key in (about["data_fingerprint"], about["snapshot"], about["source_key"]):
        result = place("lineage", f"fingerprint={key[:9]}")
        assert result.details["says"].startswith("4 runs saw")


def test_others_that_saw_the_same_rows_are_told_with_what_to_type(place):
    line = place("lineage", "version=1", "name=houses").details["lines"][0]
    assert line.startswith("3 other runs saw the same rows: mlops lineage fingerprint=")


def test_who_deployed_and_when_the_first_request_came_is_told(place, told, tmp_path):
    shutil.copytree(place.folder, tmp_path / "copy")
    versions = Versions(tmp_path / "copy" / "outputs", "houses")
    note(versions, "deployed", version=2, by="somewhere", seconds=1, says="")
    note(versions, "first_served", version=2)
    result = type(place)(tmp_path / "copy")("lineage", "version=2", "name=houses")
    ((_, how),) = said(result, "online")
    assert re.search(r"deployer somewhere; first request \d{4}-", how)


def test_a_time_online_ends_with_the_next_promotion(place, tmp_path):
    shutil.copytree(place.folder, tmp_path / "copy")
    again = type(place)(tmp_path / "copy")
    again("rollback", "name=houses", "tracker=offline")
    result = again("lineage", "version=1", "name=houses")
    spans = [span for span, _ in said(result, "online")]
    assert [span.endswith("now") for span in spans] == [False, True]


def test_a_version_whose_run_folder_is_gone_is_traced_from_its_own_files(place, tmp_path):
    shutil.copytree(place.folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "outputs" / "runs")
    result = type(place)(tmp_path / "copy")("lineage", "file=houses.csv")
    assert len(said(result, "version")) == 2


def test_the_page_needs_nothing_else_and_holds_what_it_tells(place):
    result = place("lineage", "file=houses.csv")
    text = (place.folder / result.details["page"]).read_text()
    assert text.rstrip().endswith("</html>")
    assert not re.search(r"<script|https?://|src=", text)
    for label, _ in said(result, "run"):
        assert label in text
    assert text.count("<svg") == 1


def test_names_in_the_page_and_on_the_screen_are_harmless(place, tmp_path, cli):
    shutil.copytree(place.folder, tmp_path / "copy")
    name = "<img src=x onerror=alert(1)>.csv"
    for file in (tmp_path / "copy" / "outputs" / "runs").glob("houses-*/candidate.json"):
        about = json.loads(file.read_text())
        file.unlink()
        file.write_text(json.dumps({**about, "source": f"{name}\x1b[31m"}))
    shutil.rmtree(tmp_path / "copy" / "outputs" / "registry")
    copy = type(cli)(tmp_path / "copy")
    shown = copy("lineage", "file=houses.csv", "ui=plain").ok()
    assert "\x1b" not in shown.stdout
    (page,) = (tmp_path / "copy" / "outputs" / "lineage").glob(f"data-{'?' * 12}.html")
    assert "<img" not in page.read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("version=99",), "no-such-model"),
        (("run=20200101-000000-00000000",), "no-such-model"),
        (("file=none.csv",), "data-not-found"),
        (("fingerprint=what",), "no-fingerprint"),
        (("fingerprint=12",), "no-fingerprint"),
        (("version=1", "file=houses.csv"), "which-model"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told(place, words, code):
    with pytest.raises(MlopsError, match=code) as wrong:
        place("lineage", "name=houses", *words)
    assert wrong.value.exit_code == 2


def test_nothing_heavy_is_imported(place, cli):
    heavy = ["mlflow", "pandas", "sklearn", "numpy"]
    code = (
        "import sys; from mlops.cli import main; code = main(sys.argv[1:]); "
        f"print(sorted(set(sys.modules) & set({heavy}))); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "lineage", "name=houses", "ui=silent"],
        cwd=place.folder,
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
