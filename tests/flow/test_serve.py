"""`mlops serve` in the foreground, as a person types it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import urllib.request

import pytest

from mlops.core.serving import Status, is_running
from tests.serving.process.server import Server, until

MODEL = "boston_housing"
FREE = ("port=0", "serving.grpc_port=null", "serving.workers=1")


@pytest.fixture
def shop(trained, cli):
    shutil.copytree(trained / "registry", cli.folder / "outputs" / "registry")
    return cli


def folder(shop):
    return shop.folder / "outputs" / "serving" / MODEL


def started(shop, *words):
    """`mlops serve`, when it answers."""
    process = shop.start("serve", *FREE, *words)

    def is_ready():
        assert process.poll() is None, "".join(process.communicate())
        status = Status.read(folder(shop))
        return status if status and status.state == "ready" else None

    try:
        return process, until(is_ready, "ready")
    except BaseException:
        process.kill()
        process.communicate()
        raise


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(shop, number):
    process, status = started(shop)
    try:
        row = Server(shop.folder / "outputs").example()
        body, head = json.dumps({"rows": [row]}).encode(), {"content-type": "application/json"}
        request = urllib.request.Request(f"{status.url}/predict", body, head)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["version"] == 1
        assert process.pid == status.pid
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert f"{status.url} serves main version 1 (lowered)" in out
    assert "boston_housing is no longer served" in out
    assert not err
    assert not is_running(folder(shop))


def test_a_server_that_was_killed_is_told_of(shop):
    process, status = started(shop)
    process.kill()
    process.communicate(timeout=120)
    told = shop("serve", "status").ok().stdout
    assert f"the last server (process {status.pid}) was killed while it was ready" in told


def test_a_version_by_number_and_the_settings_of_its_option(shop):
    process, status = started(shop, "version=3", "serving=strict")
    try:
        assert status.main == 3
        row = {**Server(shop.folder / "outputs").example(), "one_too_many": 1}
        client = Server(shop.folder / "outputs").client()
        assert client("/predict", {"rows": [row]}).status == 422
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_what_cannot_be_served_is_told_in_five_parts(shop):
    nobody = shop("serve", "version=nobody", *FREE)
    assert nobody.exit_code == 2
    assert "error[no-version] No version of boston_housing is called nobody." in nobody.text
    unknown = shop("serve", "name=bosten_housing")
    assert unknown.exit_code == 2
    assert "write name=boston_housing" in unknown.text
    open_to_all = shop("serve", "host=0.0.0.0")
    assert open_to_all.exit_code == 3
    assert "error[open-without-token]" in open_to_all.text
    assert "Traceback" not in nobody.text + unknown.text + open_to_all.text


def test_a_taken_port_is_told_with_a_free_one(shop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = shop("serve", f"port={taken.getsockname()[1]}", "serving.grpc_port=null")
    assert refused.exit_code == 4
    assert "error[port-taken]" in refused.text
    assert "write serving.port=" in refused.text


def test_there_is_nothing_to_tell_where_nothing_was_served(shop):
    assert "is not served" in shop("serve", "status").ok().stdout
    assert "is not served" in shop("serve", "stop").ok().stdout
    assert "nothing was served in the background yet" in shop("serve", "logs").ok().stdout
    wrong = shop("serve", "stat")
    assert wrong.exit_code == 2
    assert "mlops serve status" in wrong.text


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("serving.port=70000", "out-of-range"),
        ("serving.missing=maybe", "out-of-range"),
        ("serving.prot=1", "unknown-key"),
        ("serving=lax", "unknown-option"),
    ],
)
def test_settings_are_checked_first(shop, word, code):
    refused = shop("serve", word)
    assert refused.exit_code == 2
    assert f"error[{code}]" in refused.text
    assert not folder(shop).exists()


def test_a_recipe_does_not_say_who_may_ask(shop):
    (shop.folder / "recipes").mkdir()
    text = "# A recipe.\nserving:\n  host: 0.0.0.0\n"
    (shop.folder / "recipes" / "open.yaml").write_text(text)
    refused = shop("check", "recipe=open")
    assert refused.exit_code == 3
    assert "error[recipe-reaches-outside]" in refused.text
