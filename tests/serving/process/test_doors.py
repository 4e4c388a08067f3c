"""Who may come in, and how: addresses, tokens, TLS."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from mlops.core.errors import MlopsError
from mlops.serving.settings import Settings
from mlops.serving.sockets import IS_LINUX, address, checked, held, is_loopback, listening
from tests.serving.grpc.conftest import connected
from tests.serving.process.server import Client, Server

BEARER = {"authorization": "Bearer let-me-in"}


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("TOKEN", "let-me-in")
    return {"token": "secret://TOKEN"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate for the loopback address, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return {
        "certificate": str(folder / "certificate.pem"),
        "key": str(folder / "key.pem"),
    }


def code(settings):
    with pytest.raises(MlopsError) as refused:
        checked(Settings.of(settings))
    return refused.value.problems[0].code


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_another_address_needs_a_token(host, token):
    assert code({"host": host}) == "open-without-token"
    checked(Settings.of({"host": host, **token}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_the_machine_itself_needs_none(host):
    assert is_loopback(host)
    checked(Settings.of({"host": host}))


def test_an_empty_token_is_none(monkeypatch):
    monkeypatch.setenv("TOKEN", "")
    assert code({"token": "secret://TOKEN"}) == "token-empty"
    monkeypatch.delenv("TOKEN")
    assert code({"token": "secret://TOKEN"}) == "secret-missing"


@pytest.mark.parametrize("token", ["hunter2", 12345, ""])
def test_a_token_is_never_written_out_nor_told(token):
    for name in ("token", "admin_token"):
        with pytest.raises(MlopsError) as refused:
            Settings.of({name: token})
        assert refused.value.problems[0].code == "plain-token"
        assert not token or str(token) not in str(refused.value)


def test_a_certificate_has_its_key(pair, tmp_path):
    checked(Settings.of(pair))
    assert code({"certificate": pair["certificate"]}) == "half-a-certificate"
    assert code({**pair, "key": str(tmp_path / "none.pem")}) == "no-certificate"
    assert code({**pair, "key": pair["certificate"]}) == "no-certificate"


def test_nobody_joins_a_port_and_each_worker_has_its_socket():
    found = listening("127.0.0.1", 0, 3)
    port = found[0].getsockname()[1]
    try:
        with pytest.raises(MlopsError) as taken:
            listening("127.0.0.1", port, 1)
        assert taken.value.problems[0].code == "port-taken"
        with pytest.raises(MlopsError):
            held("127.0.0.1", port, where="serving.grpc_port")
        assert {each.getsockname()[1] for each in found} == {port}
    finally:
        for each in found:
            each.close()
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.skipif(not IS_LINUX, reason="elsewhere nobody can hold a port for another process")
def test_a_port_is_held_for_a_process_of_ours_that_listens_there_later():
    with held("127.0.0.1", 0, where="serving.grpc_port") as place, socket.socket() as other:
        at = place.getsockname()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(at)
        with pytest.raises(OSError, match="in use"):  # as where a connection comes from
            socket.create_connection(("127.0.0.1", 9), source_address=at)
        for _ in range(2):  # it, and its successor
            with (
                socket.create_server(at, reuse_port=True) as ours,
                socket.create_connection(at) as caller,
                ours.accept()[0],
            ):
                assert caller.getpeername() == at
    with socket.create_server(at):
        pass


def test_an_address_of_another_machine_is_told(token):
    with pytest.raises(MlopsError) as absent:
        listening("192.0.2.1", 0, 1)
    assert absent.value.problems[0].code == "no-such-address"
    assert absent.value.exit_code == 4


def test_an_address_is_shown_as_it_is_typed():
    assert address("::", 80) == "[::1]:80"
    assert address("example.org", 80) == "example.org:80"


def test_a_server_that_others_could_reach_does_not_start_without_a_token(outputs):
    server = Server(outputs, settings={"host": "0.0.0.0"}).start()
    assert server.process.wait(60) == 3
    assert "open-without-token" in server.log


def test_both_ports_are_open_at_the_same_addresses(serve, token):
    server = serve(**token, host="0.0.0.0", grpc_port=0)
    for place in (urlsplit(server.url).netloc, server.status.grpc):
        host, _, port = place.rpartition(":")
        assert host == "127.0.0.1"
        socket.create_connection((host, int(port))).close()
        with pytest.raises(OSError, match=r"refused|assign|support"):  # or there is no IPv6
            socket.create_connection(("::1", int(port))).close()


@pytest.mark.tensorflow_serving
def test_a_token_is_asked_for_on_both_ports(serve, token):
    import grpc

    from tests.serving.grpc.test_services import asked

    server = serve(**token, grpc_port=0)
    client, row = server.client(), {"rows": [server.example()]}
    assert client("/predict", row).status == 401
    assert client("/predict", row, headers={"authorization": "Bearer let-me"}).status == 401
    assert client("/predict", row, headers=BEARER).status == 200
    assert client("/live").status == 200
    assert client("/admin/status", headers=BEARER).status == 403  # there is no admin token

    stubs = connected(server)
    with pytest.raises(grpc.RpcError) as refused:
        stubs.predict.Predict(asked(stubs), timeout=60)
    assert refused.value.code().name == "UNAUTHENTICATED"
    reply = stubs.predict.Predict(asked(stubs), timeout=60, metadata=tuple(BEARER.items()))
    assert reply.model_spec.version.value == 1
    stubs.channel.close()


@pytest.mark.tensorflow_serving
def test_both_ports_speak_tls(serve, pair):
    import grpc

    from tests.serving.grpc.test_services import asked

    server = serve(**pair, grpc_port=0)
    assert server.url.startswith("https://")
    trusted = ssl.create_default_context(cafile=pair["certificate"])
    row = {"rows": [server.example()]}
    assert Client(server.url, context=trusted)("/predict", row).status == 200
    with pytest.raises(ssl.SSLError):
        Client(server.url, context=ssl.create_default_context())("/predict", row)

    with open(pair["certificate"], "rb") as file:
        stubs = connected(server, grpc.ssl_channel_credentials(file.read()))
    assert stubs.predict.Predict(asked(stubs), timeout=60).model_spec.version.value == 1
    stubs.channel.close()
