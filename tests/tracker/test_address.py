"""An address goes to MLflow as it is and to everybody else without its secrets."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from mlops.core.secret import Secret, masked
from mlops.tracker.address import Address


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://host:5000", "http://host:5000"),
        ("https://ann:p4ss@host/x", "https://***@host/x"),
        ("postgresql://ann:p@ss:w@host/db", "postgresql://***@host/db"),
        ("failed: https://t0ken@host, retry", "failed: https://***@host, retry"),
        ("https://host/?api_token=abc&page=2", "https://host/?api_token=***&page=2"),
        ("sqlite:////a/b@c/mlflow.db", "sqlite:////a/b@c/mlflow.db"),
    ],
)
def test_what_is_secret_in_an_address_is_masked(text, shown):
    assert masked(text) == shown


def test_without_an_address_records_go_to_a_database_in_the_outputs_folder(outputs):
    address = Address.of(outputs)
    assert address.database == outputs.resolve() / "mlflow.db"
    assert address.artifacts == outputs.resolve() / "mlartifacts"
    assert address.target == "local"


def test_the_environment_is_honoured_and_the_configuration_wins(outputs, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://one:5000")
    assert Address.of(outputs).uri == "http://one:5000"
    assert Address.of(outputs, "http://two:5000").uri == "http://two:5000"
    assert Address.of(outputs).artifacts is None


def test_a_secret_address_is_read_only_where_it_is_used(outputs, monkeypatch):
    monkeypatch.setenv("TRACKING", "http://ann:p4ss@host:5000")
    address = Address.of(outputs, Secret("TRACKING"))
    assert address.uri == "http://ann:p4ss@host:5000"
    assert "p4ss" not in repr(address) + address.shown + address.target


def test_texts_are_scrubbed_of_the_password_wherever_it_stands(outputs, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "tok-123456")
    address = Address.of(outputs, "http://ann:p4%40ss@host:5000")
    text = "to http://ann:p4%40ss@host:5000/api with p4%40ss or p4@ss and Bearer tok-123456"
    assert address.scrubbed(text) == "to http://***@host:5000/api with *** or *** and Bearer ***"


def test_a_port_where_nobody_listens_is_unreachable_and_a_database_never_is(free_port):
    nobody = Address(Path(), f"http://127.0.0.1:{free_port}")
    assert nobody.unreachable() == "connection refused"
    assert Address(Path(), "sqlite:///x.db").unreachable() == ""
    assert "no address" in Address(Path(), "http://host:port").unreachable()
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert Address(Path(), f"http://127.0.0.1:{server.getsockname()[1]}").unreachable() == ""


@pytest.fixture
def free_port(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
