"""The server's own description, and the page that is made of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
import requests

from mlops.core.secret import Secret
from mlops.serving.page import files
from mlops.serving.settings import Settings
from tests.serving.http.state import EXAMPLE, HOUSES, State, credit, houses, running

PRESS = b"""
new MutationObserver((_, watching) => {
  if (at("try").hidden) return;
  watching.disconnect();
  at("form").requestSubmit();
}).observe(at("try"), { attributes: true });
"""


def test_the_description_is_of_the_version_that_answers(server):
    told = requests.get(server.url + "/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert (told["info"]["title"], told["info"]["version"]) == ("houses", "3")
    row = told["components"]["schemas"]["Row"]
    assert row["required"] == list(EXAMPLE)
    assert row["properties"]["rooms"]["type"] == "number"
    assert row["properties"]["age"]["type"] == ["number", "null"]
    assert row["properties"]["city"]["x-categories"] == ["Bern", "Biel", "Zug"]
    assert row["examples"] == [EXAMPLE]
    assert "security" not in told


@pytest.mark.parametrize(("served", "kind"), [(houses, {"type": "number"}), (credit, None)])
def test_labels_are_described_as_what_the_model_answers(serve, served, kind):
    told = requests.get(serve(main=served()).url + "/openapi.json").json()
    content = told["paths"]["/feedback"]["post"]["requestBody"]["content"]["application/json"]
    label = content["schema"]["properties"]["labels"]["items"]["properties"]["label"]
    assert label == (kind or {"enum": ["bad", "good"]})


def test_the_example_of_the_description_is_answered(server):
    told = requests.get(server.url + "/openapi.json").json()
    content = told["paths"]["/predict"]["post"]["requestBody"]["content"]
    body = content["application/json"]["example"]
    assert requests.post(server.url + "/predict", json=body).status_code == 200


def test_policies_stand_in_the_description(serve):
    policies = Settings(missing="ignore", extra="refuse", unseen="refuse")
    row = requests.get(serve(settings=policies).url + "/openapi.json").json()
    row = row["components"]["schemas"]["Row"]
    assert row["required"] == []
    assert row["additionalProperties"] is False
    assert row["properties"]["city"]["enum"] == ["Bern", "Biel", "Zug", None]


def test_what_is_sensitive_is_not_described(serve):
    inputs = [replace(each, categories=("secret",)) for each in HOUSES.inputs if each.sensitive]
    schema = replace(HOUSES, inputs=(*HOUSES.inputs[:-1], *inputs))
    server = serve(main=replace(houses(), schema=schema))
    for path in ("/openapi.json", "/v2/models/houses", "/v1/models/houses/metadata"):
        assert "secret" not in requests.get(server.url + path).text


def test_a_token_is_described(serve, monkeypatch):
    monkeypatch.setenv("TOKEN", "tell-nobody")
    server = serve(settings=Settings(token=Secret("TOKEN")))
    headers = {"Authorization": "Bearer tell-nobody"}
    told = requests.get(server.url + "/openapi.json", headers=headers).json()
    assert told["security"] == [{"token": []}]


def test_the_page_loads_nothing_from_elsewhere(server):
    for path in ("/", "/page.css", "/page.js"):
        answer = requests.get(server.url + path)
        assert answer.status_code == 200
        assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]", answer.text)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_never_makes_markup_of_what_it_is_told():
    script = files.content("page.js").decode()
    assert "textContent" in script
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)


def browse(url, folder):
    """The page after a while, as a browser has it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(path for path in map(shutil.which, names) if path)
    log = folder / "net.json"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--no-first-run", "--enable-logging=stderr", f"--log-net-log={log}"]
    flags += ["--disable-component-update", f"--user-data-dir={folder / 'profile'}"]
    flags += ["--virtual-time-budget=5000"]
    ran = subprocess.run(
        [browser, *flags, "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    asked = set(re.findall(r'"url":"(https?://[^"]+)"', log.read_text()))
    return ran.stdout, [line for line in ran.stderr.splitlines() if "CONSOLE" in line], asked


def text_of(dom, name):
    """What stands in the element of that id, up to the next that has one."""
    found = re.search(rf'id="{name}"[^>]*>(.*?)<[^>]* id=', dom, re.DOTALL)
    return re.sub("<[^>]+>", " ", found[1]).strip()


@pytest.mark.chromium
def test_a_browser_shows_the_form_and_the_answer(tmp_path, serve, monkeypatch):
    real = files.content
    pressed = {"page.js": real("page.js") + PRESS}
    monkeypatch.setattr(files, "content", lambda name: pressed.get(name) or real(name))
    server = serve(main=credit())
    dom, said, asked = browse(server.url + "/", tmp_path)
    assert text_of(dom, "title") == "houses"
    assert text_of(dom, "value") == "good"
    assert text_of(dom, "chances").split() == ["good", "75.0", "%", "bad", "25.0", "%"]
    assert dom.count("<label>") == len(EXAMPLE)
    assert 'value="Zug"' in dom
    assert "curl" in text_of(dom, "shell")
    assert json.dumps(EXAMPLE["city"]) in text_of(dom, "shell")
    assert not said
    assert all(each.startswith(server.url) for each in asked if "127.0.0.1" in each)
    assert not [each for each in asked if server.url not in each and "houses" in each]


@pytest.mark.chromium
def test_a_browser_is_not_taken_in_by_names(tmp_path, serve):
    evil = "<img src=x onerror=console.error('taken')>"
    inputs = (replace(HOUSES.inputs[0], name=evil), *HOUSES.inputs[1:])
    example = {evil if name == "rooms" else name: value for name, value in EXAMPLE.items()}
    schema = replace(HOUSES, inputs=inputs, example=(example,), target=evil)
    dom, said, _ = browse(serve(main=replace(houses(), schema=schema)).url + "/", tmp_path)
    assert not said
    assert "<img" not in dom


class Later(State):
    """It is ready when it has been asked twice."""

    asked = 0

    @property
    def is_ready(self):
        self.asked += 1
        return self.asked > 2


@pytest.mark.chromium
def test_a_browser_asks_again_until_a_version_is_ready(tmp_path):
    with running(Later(tmp_path)) as server:
        dom, _, _ = browse(server.url + "/", tmp_path)
    assert text_of(dom, "title") == "houses"
    assert re.search(r'id="out" hidden', dom)


@pytest.mark.chromium
def test_a_browser_asks_for_the_token(tmp_path, serve, monkeypatch):
    monkeypatch.setenv("TOKEN", "tell-nobody")
    server = serve(settings=Settings(token=Secret("TOKEN")))
    dom, _, _ = browse(server.url + "/", tmp_path)
    assert re.search(r'<section id="locked">', dom)
    assert re.search(r'id="try" hidden', dom)
