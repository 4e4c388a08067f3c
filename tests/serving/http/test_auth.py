"""Who may ask: nobody is asked on the own machine, where there is a token everybody is."""

from __future__ import annotations

import pytest
import requests

from mlops.core.errors import fail
from mlops.core.secret import Secret
from mlops.serving.settings import Settings
from tests.serving.http.state import EXAMPLE

OPEN = ("/live", "/ready", "/v2/health/live", "/v2/health/ready", "/ping", "/version", "/")
CLOSED = ("/metrics", "/openapi.json", "/v2", "/v2/models/houses", "/v1/models/houses")


@pytest.fixture
def locked(serve, monkeypatch):
    monkeypatch.setenv("TOKEN", "tell-nobody")
    monkeypatch.setenv("ADMIN", "tell-me")
    return serve(settings=Settings(token=Secret("TOKEN"), admin_token=Secret("ADMIN")))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", OPEN)
def test_health_and_the_page_need_no_token(locked, path):
    assert requests.get(locked.url + path).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
def test_everything_else_does(locked, path):
    refused = requests.get(locked.url + path)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert requests.get(locked.url + path, headers=bearer("tell-nobody")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("tell-nobod"),
        bearer("tell-nobody2"),
        bearer("tell-me"),
        bearer("t\xe9ll"),
        {"Authorization": "tell-nobody"},
        {"Authorization": "Basic tell-nobody"},
    ],
)
def test_another_token_predicts_nothing_and_is_not_shown(locked, headers):
    answer = requests.post(locked.url + "/predict", json={"rows": [EXAMPLE]}, headers=headers)
    assert answer.status_code == 401
    assert "tell" not in answer.text


def test_the_token_predicts(locked):
    headers = bearer("tell-nobody")
    answer = requests.post(locked.url + "/predict", json={"rows": [EXAMPLE]}, headers=headers)
    assert answer.json()["predictions"] == [116.5]


def test_an_administrator_has_a_token_of_their_own(locked):
    url = locked.url + "/admin/traffic"
    assert requests.post(url, json={}, headers=bearer("tell-nobody")).status_code == 401
    answer = requests.post(url, json={"canary_share": 0.5}, headers=bearer("tell-me"))
    assert answer.json() == {"verb": "traffic", "canary_share": 0.5}
    status = requests.get(locked.url + "/admin/status", headers=bearer("tell-me"))
    assert status.json() == {"verb": "status"}


def test_without_an_admin_token_there_are_no_admin_verbs(server):
    for path in ("/admin/status", "/admin/traffic", "/admin/reload"):
        method = "GET" if path.endswith("status") else "POST"
        assert requests.request(method, server.url + path, json={}).status_code == 403


def test_what_the_supervisor_refuses_is_told_in_its_words(locked, monkeypatch):
    async def refuse(_verb, _payload):
        raise fail(
            "no-version", "There is no version 9.", where="canary", found="9", accepted="1 to 3",
            next_step="-",
        )  # fmt: skip

    monkeypatch.setattr(locked.state, "admin", refuse)
    answer = requests.post(locked.url + "/admin/traffic", json={}, headers=bearer("tell-me"))
    told = answer.json()["error"]
    assert answer.status_code == 400
    assert (told["path"], told["accepted"]) == ("canary", "1 to 3")
    assert "no version 9" in told["message"]


def test_a_body_that_a_foreign_page_can_send_moves_nothing(locked):
    headers = {**bearer("tell-me"), "Content-Type": "text/plain"}
    url = locked.url + "/admin/traffic"
    assert requests.post(url, data="{}", headers=headers).status_code == 415
    headers.pop("Content-Type")
    assert requests.post(url, data=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("path", ["/predict", "/invocations", "/metrics"])
def test_a_foreign_page_that_points_its_name_to_us_reads_nothing(server, locked, path):
    method = "GET" if path == "/metrics" else "POST"
    body = {} if method == "GET" else {"json": {"rows": [EXAMPLE]}}

    def asked(of, host, **more):
        headers = {"Host": host, **more}
        return requests.request(method, of.url + path, headers=headers, **body).status_code

    for name in ("evil.example", "evil.example:8080", "localhost.evil.example"):
        assert asked(server, name) == 403
    for name in ("localhost", f"127.0.0.1:{server.port}", "[::1]:80", "shop.localhost", "model:80"):
        assert asked(server, name) != 403
    assert asked(locked, "evil.example", **bearer("tell-nobody")) != 403  # it cannot know that


def test_a_secret_that_is_not_set_is_told_before_anybody_asks(serve):
    with pytest.raises(Exception, match="NOWHERE is not set"):
        serve(settings=Settings(token=Secret("NOWHERE")))
