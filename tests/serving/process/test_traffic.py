"""Several versions at once: a canary, one in the shadow, and orders of an admin."""

from __future__ import annotations

import pytest

from tests.serving.process.server import Server, until

TOKEN = {"authorization": "Bearer let-me-in"}


@pytest.fixture
def admin(monkeypatch):
    monkeypatch.setenv("ADMIN", "let-me-in")
    return {"admin_token": "secret://ADMIN"}


def versions(server, count=200, **more):
    client = server.client()
    row = {"rows": [server.example()]}
    return [
        client("/predict", row, headers={"x-request-id": f"r{n}"}).version for n in range(count)
    ]


def test_a_canary_answers_its_share_and_the_same_requests_every_time(serve):
    server = serve(canary="challenger", canary_share=0.3)
    until(lambda: len(server.status.serving) == 2, "both serve")
    first = versions(server)
    assert set(first) == {1, 3}
    assert 0.15 < first.count(3) / len(first) < 0.45
    assert versions(server) == first
    shares = {each["role"]: each["share"] for each in server.status.serving}
    assert shares == {"main": 0.7, "canary": 0.3}


def test_champion_and_challenger_answer_side_by_side_by_name(serve):
    server = serve(canary="challenger", canary_share=0)
    until(lambda: len(server.status.serving) == 2, "both serve")
    assert set(versions(server, 50)) == {1}
    client, instances = server.client(), {"instances": [server.example()]}
    for called in ("labels/champion", "versions/1", "labels/challenger", "versions/3"):
        answer = client(f"/v1/models/boston_housing/{called}:predict", instances)
        assert (answer.status, answer.version) == (200, 3 if "3" in called or "ll" in called else 1)
    assert client("/v1/models/boston_housing/versions/2:predict", instances).status == 404
    ready = client("/ready").json
    assert [(each["version"], each["role"]) for each in ready["versions"]] == [
        (1, "main"),
        (3, "canary"),
    ]


def test_a_canary_that_is_promoted_is_the_main_one(serve):
    server = serve(canary="challenger", canary_share=0.5)
    until(lambda: len(server.status.serving) == 2, "both serve")
    server.promote(3)
    status = server.serves(3)
    assert [each["role"] for each in status.serving] == ["main"]
    assert set(versions(server, 20)) == {3}


def test_a_version_in_the_shadow_is_compared_and_never_answers(serve):
    server = serve(shadow="challenger", workers=1)
    until(lambda: len(server.status.serving) == 2, "both are there")
    assert set(versions(server, 30)) == {1}

    def counted():
        text = server.client()("/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.startswith("mlops_serving_shadow_")]
        return {line.split()[0]: float(line.split()[1]) for line in lines}

    def told(name):
        return sum(value for key, value in counted().items() if name in key)

    until(lambda: told("compared") >= 5 and told("differed") >= 5, "compared")


def test_a_corrupt_canary_costs_nothing(serve, damage, outputs):
    damage(Server(outputs), 3)
    server = serve(canary="challenger", canary_share=0.5)
    until(lambda: server.status.problem, "it says so")
    assert "version 3" in server.status.problem.lower()
    assert set(versions(server, 20)) == {1}


def test_an_admin_orders_other_traffic(serve, admin):
    server = serve(**admin)
    client = server.client()
    order = {"canary": "challenger", "canary_share": 1.0}
    assert client("/admin/traffic", order).status in (401, 403)
    answer = client("/admin/traffic", order, headers=TOKEN)
    assert answer.status == 200
    assert answer.json["ordered"] == {**order, "shadow": None}
    assert answer.json["says"] == "version 3 is being loaded as the canary"
    assert [each["version"] for each in answer.json["serving"]] == [1]
    until(lambda: len(server.status.serving) == 2, "both serve")
    assert set(versions(server, 20)) == {3}
    assert client("/admin/traffic", {"canary": None}, headers=TOKEN).status == 200
    until(lambda: len(server.status.serving) == 1, "the canary is gone")
    assert set(versions(server, 20)) == {1}
    assert client("/admin/reload", {}, headers=TOKEN).status == 200
    stands = client("/admin/status", headers=TOKEN).json
    assert (stands["state"], stands["says"]) == ("ready", "what is ordered is what serves")


def test_a_number_that_no_version_has_starts_no_server(outputs):
    server = Server(outputs, settings={"shadow": 9}).start()
    assert server.process.wait(60) == 2
    assert "No version of boston_housing is called 9." in server.log
    assert server.status.refused[0]["where"] == "serving.shadow"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"canary": "nobody"}, "canary is nobody"),
        ({"canary": "²"}, "canary is nobody"),
        ({"shadow": "9" * 5000}, "shadow is nobody"),
        ({"canary_share": 2}, "canary_share"),
        ({"canari": 1}, "canari"),
    ],
)
def test_an_order_that_cannot_be_done_is_refused(serve, admin, order, says):
    server = serve(**admin)
    refused = server.client()("/admin/traffic", order, headers=TOKEN)
    assert refused.status == 400
    assert says in refused.body.decode()
