"""A server in the background: it outlives the command, follows the ledger, and can be looked at."""

from __future__ import annotations

import json
import os
import shutil
import socket
import urllib.request

import pytest

from mlops.core.errors import MlopsError
from mlops.core.serving import Spec, Status, is_running
from mlops.deployer.local import Local
from mlops.registry.charge import Charge
from mlops.registry.intent import Intent
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
    foreground = shop("serve", f"version={wrong}", *LOCAL[1:])
    assert refused.exit_code == foreground.exit_code == 3
    assert problem(refused) == problem(foreground)
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


TOKENS = {"ADMIN_TOKEN": "hush-hush"}


@pytest.fixture
def own(shop):
    """A server in the background with settings of its own."""
    (shop.folder / "mlops.yaml").write_text("allowed_env: [ADMIN_TOKEN]\n")
    words = (*LOCAL, "serving.admin_token=${secret:ADMIN_TOKEN}", "serving.missing=warn")
    shop("serve", *words, env=TOKENS).ok()
    return shop


def killed(shop):
    """The server is gone as with its machine."""
    os.kill(status(shop).pid, 9)
    until(lambda: not is_running(folder(shop)), "it is gone")


def test_what_was_stopped_is_not_online_until_it_is_asked_for_again(own):
    own("serve", "stop").ok()
    moved = own("promote", "version=2").ok().text
    assert "local" not in moved
    assert not is_running(folder(own))
    own("rollback").ok()
    assert not is_running(folder(own))
    own("promote", "version=3", *LOCAL).ok()
    assert answers(own) == 3


def test_what_was_killed_comes_back_as_it_was_or_not_at_all(own):
    killed(own)
    refused = own("promote", "version=2", env=TOKENS)
    assert refused.exit_code == 3
    again = (
        "serving.admin_token=${secret:ADMIN_TOKEN}",
        "serving.grpc_port=null",
        "serving.missing=warn",
        "serving.port=0",
        "serving.workers=1",
    )
    quoted = " ".join([f"'{again[0]}'", *again[1:]])
    assert f"add deployer=local {quoted}; or deployer=dry_run" in refused.text
    assert versions(own).holder("champion").version == 1
    assert not is_running(folder(own))
    own("promote", "version=2", *again, env=TOKENS).ok()  # the same settings, by the same deployer
    assert answers(own) == 2
    assert Spec.read(folder(own)).settings["admin_token"] == "secret://ADMIN_TOKEN"


def test_a_recipe_that_names_the_deployer_brings_nothing_back_with_other_settings(own):
    (own.folder / "recipes").mkdir()
    text = "# A recipe.\ndefaults:\n  - override /deployer: local\nname: boston_housing\n"
    (own.folder / "recipes" / "here.yaml").write_text(text)
    killed(own)
    refused = own("promote", "version=2", "recipe=here", env=TOKENS)
    assert refused.exit_code == 3
    assert "serving.missing=warn" in refused.text
    assert not is_running(folder(own))


def test_an_act_that_was_cut_off_starts_no_server_of_other_settings(own):
    by = Charge.read(versions(own).folder)
    killed(own)
    intent = Intent(key="k", act="promote", version=2, alias="champion", was=1, why="", by=by)
    intent.write(versions(own).folder)
    told = " ".join(own("history").ok().text.split())
    assert "An act was cut off: add deployer=local" in told
    assert not is_running(folder(own))


KEEPS = "its settings are those of its start"


def said(told):
    """What a command said, on one line however wide the screen is."""
    return " ".join(told.ok().text.split())


def test_only_who_asks_for_other_settings_is_told_that_a_server_keeps_its_own(own):
    for words in (("promote", "version=2"), ("rollback",), ("promote", "version=3", *LOCAL)):
        assert KEEPS not in said(own(*words))
    told = said(own("promote", "version=2", *LOCAL, "serving.queue=7"))
    assert f"{KEEPS}: `mlops serve stop` first, for other serving.queue" in told
    assert Spec.read(folder(own)).settings["missing"] == "warn"


def test_who_types_the_default_option_asks_for_what_it_has_otherwise(shop):
    shop("serve", *LOCAL, "serving=strict").ok()
    for words in (("promote", "version=2"), ("rollback", "serving=strict")):
        assert KEEPS not in said(shop(*words))
    for words in (("promote", "version=3"), ("promote", "version=2", *LOCAL)):
        told = said(shop(*words, "serving=standard"))
        assert f"{KEEPS}: `mlops serve stop` first, for other serving.extra, serving.unseen" in told
    assert Spec.read(folder(shop)).settings["extra"] == "refuse"


def problem(told):
    """The five parts of the first error, but for what is another free port every time."""
    lines = told.text[told.text.index("error[") :].splitlines()[:6]
    return [line for line in lines if not line.lstrip().startswith("next")]


def test_a_start_that_fails_is_told_as_in_the_foreground(shop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ("serve", f"serving.port={taken.getsockname()[1]}", "serving.grpc_port=null")
        foreground, background = shop(*words), shop(*words, "deployer=local")
    assert foreground.exit_code == background.exit_code == 4
    assert problem(foreground) == problem(background)
    assert "error[port-taken]" in background.text
    assert "write serving.port=" in background.text
    assert not is_running(folder(shop))


def test_of_two_who_start_at_once_the_second_is_told_as_in_the_foreground(shop):
    class Overtaken(Spec):
        """What is to be served, when somebody else is quicker."""

        def to_json(self):
            """Asked for after the look whether anybody serves, and before the server goes on."""
            shop("serve", *LOCAL).ok()
            return super().to_json()

    own, deployer = Server(shop.folder / "outputs").spec, Local()
    deployer.serves(Overtaken(**vars(own)), seq=versions(shop).ledger.entries()[-1].seq)
    with pytest.raises(MlopsError, match="already-served") as background:
        deployer.deploy(MODEL, versions(shop).shelf.place(1))
    foreground = shop("serve", *LOCAL[1:])
    assert background.value.exit_code == foreground.exit_code == 4
    assert str(background.value) in foreground.text
    assert f"process {status(shop).pid}, ready" in foreground.text
    assert answers(shop) == 1


def test_a_token_that_is_written_out_starts_nothing(shop):
    for words in (("serve", *LOCAL), ("serve", *LOCAL[1:]), ("check",)):
        refused = shop(*words, "serving.admin_token=abcdefgh")
        assert refused.exit_code == 2
        assert "error[plain-token]" in refused.text
        assert "abcdefgh" not in refused.text
    assert not folder(shop).exists()


def test_a_canary_is_waited_for_by_name_and_refused_by_number(shop):
    for words in (("serve", *LOCAL), ("check",), ("promote", "version=2", *LOCAL)):
        refused = shop(*words, "serving.canary=9")
        assert refused.exit_code == 2
        assert "No version of boston_housing is called 9." in refused.text
        assert "1 to 3" in refused.text
    assert not folder(shop).exists()
    says = "no version is called challanger yet: the canary waits for it (there is challenger)"
    assert says in " ".join(shop("check", "serving.canary=challanger").ok().text.split())
    assert says in " ".join(shop("serve", *LOCAL, "serving.canary=challanger").ok().text.split())
    assert says in shop("serve", "status", "ui=json").ok().json["details"]["says"]
    shop("promote", "version=2", "alias=challanger").ok()
    until(lambda: len(status(shop).serving) == 2, "the name has appeared")
    assert not status(shop).waits


def test_no_secret_reaches_the_disk(shop):
    (shop.folder / "mlops.yaml").write_text("allowed_env: [API_TOKEN]\n")
    words = (*LOCAL, "serving.token='${secret:API_TOKEN}'")
    shop("promote", "version=2", *words, env={"API_TOKEN": "hush-hush"}).ok()
    spec = Spec.from_json((folder(shop) / "spec.json").read_text())
    assert spec.settings["token"] == "secret://API_TOKEN"
    written = [path for path in (shop.folder / "outputs").rglob("*") if path.is_file()]
    assert not [path for path in written if b"hush-hush" in path.read_bytes()]
