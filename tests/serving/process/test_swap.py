"""The ledger moves a name and the server follows: no request is lost, nothing corrupt serves."""

from __future__ import annotations

import json
import os
import signal

from tests.serving.process.server import JSON, Load, until


def test_it_follows_the_name_without_losing_a_request(serve):
    server = serve()
    with Load(server, {"rows": [server.example()]}) as load:
        load.more()
        for number in (2, 3, 1, 2):
            server.promote(number)
            server.serves(number)
            load.more()
    assert not load.errors
    assert {answer.status for answer in load.answers} == {200}
    assert {answer.version for answer in load.answers} == {1, 2, 3}
    assert all(answer.json["version"] == answer.version for answer in load.answers)
    said = {(answer.version, *answer.json["predictions"]) for answer in load.answers}
    assert len(said) == 3  # each version always says the same, and no two of them do
    assert len(server.children("mlops.serving.model_process")) == 1


def test_large_requests_survive_it_too(serve):
    server = serve()
    with Load(server, {"rows": [server.example()] * 300}, clients=2) as load:
        for number in (2, 1):
            load.more(4)
            server.promote(number)
            server.serves(number)
    assert not load.errors
    assert {answer.status for answer in load.answers} == {200}


def test_a_version_may_be_wanted_again_before_its_last_request_is_answered(serve, monkeypatch):
    monkeypatch.setenv("ADMIN", "let-me-in")
    server = serve(workers=1, admin_token="secret://ADMIN")
    (model,) = server.children("mlops.serving.model_process")
    os.kill(model, signal.SIGSTOP)
    body = json.dumps({"rows": [server.example()] * 300}).encode()
    caller, other = server.client().connection, server.client()
    caller.request("POST", "/predict", body, JSON)
    for _ in range(3):  # by then the one worker has taken what came before
        assert other("/live").status == 200
    server.promote(2)
    server.serves(2)
    server.promote(1)
    bearer = {"authorization": "Bearer let-me-in"}
    assert other("/admin/reload", {}, headers=bearer).status == 200  # it knows
    os.kill(model, signal.SIGCONT)
    answer = caller.getresponse()
    assert (answer.status, answer.headers["x-model-version"]) == (200, "1")
    server.serves(1)


def test_a_corrupt_version_never_unseats_the_one_that_serves(serve, damage):
    server = serve()
    server.promote(2)
    server.serves(2)
    damage(server, 1)
    with Load(server, {"rows": [server.example()]}) as load:
        versions = server.versions
        versions.ledger.append(
            act="promote", version=1, alias="champion", was=2, why="", intent="x"
        )
        until(lambda: server.status.problem, "it says why not")
        load.more()
    status = server.status
    assert status.main == 2
    assert status.state == "ready"
    assert status.problem_seq == status.seq == len(versions.ledger.entries())
    assert status.problem.count("model.skops was changed") == 1
    assert {(answer.status, answer.version) for answer in load.answers} == {(200, 2)}
    server.promote(3)
    assert not server.serves(3).problem


def test_a_worker_that_dies_during_a_swap_comes_back_with_the_new_version(serve):
    server = serve()
    server.promote(2)
    os.kill(server.children("mlops.serving.worker")[1], signal.SIGKILL)
    server.serves(2)
    until(lambda: len(server.children("mlops.serving.worker")) == 2, "two workers")
    row = {"rows": [server.example()]}
    assert {server.client()("/predict", row).version for _ in range(20)} == {2}


def test_a_model_process_that_dies_while_it_loads_leaves_the_old_one(serve):
    server = serve()
    old = set(server.children("mlops.serving.model_process"))
    server.promote(2)
    loading = until(lambda: set(server.children("mlops.serving.model_process")) - old, "the next")
    os.kill(loading.pop(), signal.SIGKILL)
    until(lambda: server.status.problem, "it says so")
    assert "was killed by SIGKILL while it was loading" in server.status.problem
    assert server.status.main == 1
    server.promote(3)
    server.serves(3)


def test_small_requests_are_answered_while_its_model_process_cannot_come_back(serve, damage):
    server = serve()
    row = {"rows": [server.example()]}
    damage(server, 1)
    os.kill(server.children("mlops.serving.model_process")[0], signal.SIGKILL)
    until(lambda: server.log.count("version 1 ended") >= 2, "it is tried again and again")
    assert server.client()("/predict", row).status == 200
    damage(server, 1)  # the same bit once more: it is as it was
    many = {"rows": [server.example()] * 300}
    until(lambda: server.client()("/predict", many).status == 200, "large ones, too")


def test_a_broken_ledger_changes_nothing(serve):
    server = serve()
    path = server.versions.ledger.path
    text = path.read_text()
    path.write_text(text.replace('"version": 2', '"version": 9'))
    until(lambda: "is not as it was written" in server.status.problem, "it says so")
    assert server.client()("/predict", {"rows": [server.example()]}).version == 1
    path.write_text(text)
    until(lambda: not server.status.problem, "all is well again")


def test_a_number_is_kept_to(serve):
    server = serve(version=2)
    server.promote(3)
    server.serves(2)
    answer = server.client()("/predict", {"rows": [server.example()]})
    assert answer.version == 2
    assert json.loads(answer.body)["version"] == 2
