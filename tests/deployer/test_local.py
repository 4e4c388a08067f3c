"""A server in the background: it outlives the command, follows the ledger, and can be looked at."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request

import pytest

from mlops.core.serving import Spec, Status, is_running
from mlops.registry.shelf import Candidate
from mlops.registry.versions import Versions
from tests.serving.process.server import Server, is_alive, until

MODEL = "boston_housing"
LOCAL = ("deployer=local", "serving.port=0", "serving.grpc_port=null", "serving.workers=1")


@pytest.fixture
def shop(trained, cli):
    """A command line over three versions, whose server is gone afterwards."""
    shutil.copytree(trained / "registry", cli.folder / "outputs" / "registry")
    yield cli
    cli("serve", "stop")
    assert not is_running(folder(cli))


def folder(shop):
    return shop.folder / "outputs" / "serving" / MODEL


def versions(shop):
    return Versions(shop.folder / "outputs", MODEL)


def status(shop):
    return Status.read(folder(shop))


def answers(shop, row=None):
    """The version that answers a request now."""
    row = row or Server(shop.folder / "outputs").example()
    request = urllib.request.Request(
        f"{status(shop).url}/predict",
        json.dumps({"rows": [row]}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["version"]


def with_other_golden_answers(shop):
    """Register a fourth version, whole, that no longer answers its golden rows as written."""
    known = versions(shop)
    run = shop.folder / "outputs" / "runs" / "wrong"
    shutil.copytree(known.shelf.place(2), run)
    about = known.shelf.manifest(2)
    path = run / "golden" / "expected.json"
    expected = json.loads(path.read_text())
    path.write_text(json.dumps({**expected, "values": [each + 1 for each in expected["values"]]}))
    candidate = Candidate(
        run, {**about, "content": "wrong", "hashes": {}, "files": sorted(about["files"])}
    )
    return known.register(candidate).number


def test_it_starts_a_server_that_outlives_the_command_and_follows(shop):
    told = shop("promote", "version=2", *LOCAL).ok().text
    assert "version 2 of boston_housing is champion now" in told
    assert answers(shop) == 2
    first = status(shop)

    shop("promote", "version=3", *LOCAL).ok()
    assert answers(shop) == 3
    assert status(shop).pid == first.pid

    shop("rollback").ok()  # whatever the deployer, the ledger says who answers
    until(lambda: status(shop).main == 2, "it follows")
    assert answers(shop) == 2

    shown = shop("serve", "status", "ui=json").ok().json["details"]
    assert (shown["running"], shown["state"], shown["pid"]) == (True, "ready", first.pid)
    assert shown["serving"][0]["version"] == 2
    assert "serves main version 3" in shop("serve", "logs").ok().stdout
    already = shop("serve", "port=0")
    assert already.exit_code == 4
    assert f"process {first.pid}, ready" in already.text

    assert "no longer served" in shop("serve", "stop").ok().stdout
    assert "is not served" in shop("serve", "status").ok().stdout
    until(lambda: not is_alive(first.pid), "its process has ended")


def test_a_version_that_cannot_be_served_is_taken_back_and_the_old_one_goes_on(shop):
    shop("promote", "version=2", *LOCAL).ok()
    wrong = with_other_golden_answers(shop)
    refused = shop("promote", f"version={wrong}", *LOCAL)
    assert refused.exit_code == 3
    assert "error[not-deployed]" in refused.text
    assert versions(shop).holder("champion").version == 2
    assert [entry.act for entry in versions(shop).ledger.entries()][-2:] == ["promote", "undone"]
    until(lambda: not status(shop).problem, "nothing is wanted that cannot be had")
    assert answers(shop) == 2


def test_a_first_version_that_cannot_be_served_leaves_no_server(shop):
    wrong = with_other_golden_answers(shop)
    refused = shop("promote", f"version={wrong}", *LOCAL)
    assert refused.exit_code == 3
    assert "error[not-deployed]" in refused.text
    assert versions(shop).holder("champion").version == 1
    until(lambda: not is_running(folder(shop)), "it has ended")
    assert "predictions differ" in shop("serve", "status").ok().stdout


def test_serve_with_it_is_a_server_in_the_background_of_any_version(shop):
    shop("serve", "version=3", *LOCAL).ok()
    assert answers(shop) == 3
    refused = shop("promote", "version=2", *LOCAL)
    assert refused.exit_code == 3
    assert "error[other-version]" in refused.text
    assert versions(shop).holder("champion").version == 1


def test_a_server_that_was_killed_is_started_again_by_the_next_command(shop):
    shop("promote", "version=2", *LOCAL).ok()
    killed = status(shop).pid
    os.kill(killed, 9)
    until(lambda: not is_running(folder(shop)), "it is gone")
    assert "is not served" in shop("serve", "status").ok().stdout
    shop("promote", "version=3", *LOCAL).ok()
    assert answers(shop) == 3
    assert status(shop).pid != killed


def test_no_secret_reaches_the_disk(shop):
    (shop.folder / "mlops.yaml").write_text("allowed_env: [API_TOKEN]\n")
    words = (*LOCAL, "serving.token='${secret:API_TOKEN}'")
    shop("promote", "version=2", *words, env={"API_TOKEN": "hush-hush"}).ok()
    spec = Spec.from_json((folder(shop) / "spec.json").read_text())
    assert spec.settings["token"] == "secret://API_TOKEN"
    written = [path for path in (shop.folder / "outputs").rglob("*") if path.is_file()]
    assert not [path for path in written if b"hush-hush" in path.read_bytes()]
