"""The doors of a server: where it may listen, and the sockets on which its workers do.

On Linux each worker has a listening socket of its own on the one port, among which the system
shares out the connections; elsewhere all have the same one. The supervisor holds them all, so
that what has arrived for a worker that was killed waits there for its successor.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import sys
from contextlib import suppress

from mlops.core.errors import ENVIRONMENT, REFUSED, MlopsError, fail
from mlops.serving.settings import Settings

BACKLOG = 1024
EVERY_V4 = "0.0.0.0"  # noqa: S104
IS_LINUX = sys.platform.startswith("linux")


def checked(settings: Settings) -> None:
    """Make sure that nobody can come in who should not.

    Raises
    ------
    MlopsError
        Another address than the loopback one without a token (exit code 3); a secret that is not
        set, or files for TLS that do not fit (2).
    """
    for each in (settings.token, settings.admin_token):
        if each is not None and not each.reveal():
            raise _empty(each)
    if not is_loopback(settings.host) and settings.token is None:
        raise fail(
            "open-without-token",
            "A server that others can reach asks them for a token.",
            where="serving.host",
            found=f"{settings.host}, and no serving.token",
            accepted="127.0.0.1, or a token",
            next_step="put NAME under allowed_env in mlops.yaml, export NAME=…, and add "
            "'serving.token=${secret:NAME}'",
            exit_code=REFUSED,
        )
    if (settings.certificate is None) != (settings.key is None):
        raise _half(settings)
    if settings.certificate is not None:
        tls(settings)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls(settings: Settings) -> ssl.SSLContext:
    """What the certificate and its key make.

    Raises
    ------
    MlopsError
        They are not there, or do not belong together (exit code 2).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(settings.certificate), str(settings.key))
    except (OSError, ValueError) as error:
        raise fail(
            "no-certificate",
            "The certificate and its key cannot be used.",
            where="serving.certificate, serving.key",
            found=f"{settings.certificate}, {settings.key}: {error}",
            accepted="two PEM files that belong together, the key without a passphrase",
            next_step="openssl x509 -in FILE -noout -text shows what a certificate is",
        ) from error
    return context


def listening(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` sockets that listen on one port of `host`; the same one where there can be but one.

    Raises
    ------
    MlopsError
        Somebody listens there already, or there is no such address here (exit code 4).
    """
    family, place = _place(host, port)
    first = _bound(family, place)
    found = [first]
    if IS_LINUX:
        # Only now, so that nobody else's server, nor another of ours, can have joined it.
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found += [_joined(family, first.getsockname()) for _ in range(count - 1)]
    try:
        for each in found:
            each.listen(BACKLOG)
            each.setblocking(False)
    except OSError as error:  # another came between
        for each in found:
            each.close()
        raise _unusable(*place, error, "serving.port") from None
    return [found[index % len(found)] for index in range(count)]


def held(host: str, port: int, *, where: str) -> socket.socket:
    """A socket that keeps `port`, or for 0 a free one, for a process of ours that listens there.

    Between the choice of a port and the moment at which that process listens there lie seconds,
    and again when it is replaced: without this anybody's connection may take the port meanwhile.

    Raises
    ------
    MlopsError
        As :func:`listening`.
    """
    family, place = _place(host, port)
    made = _bound(family, place, where)
    if IS_LINUX:  # ours may join it there, and nobody else; elsewhere the port stays free
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return made


def alone(host: str, port: int) -> tuple[str, socket.socket | None]:
    """`host` as a number, and what keeps who listens there from listening elsewhere, too.

    gRPC takes every address of IPv4 for every address there is; while the port is not to be had
    over IPv6 it stays with those that were meant. Nobody answers at the socket that keeps it.
    """
    _, (number, _) = _place(host, port)
    if number != EVERY_V4:
        return number, None
    try:
        shut = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:  # there is no IPv6 here
        return number, None
    with suppress(OSError):  # taken already
        shut.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        shut.bind(("::", port))
    return number, shut


def address(host: str, port: int) -> str:
    """Host and port as an address has them; for every address of the machine, its own.

    >>> address("127.0.0.1", 80), address("::1", 80), address("0.0.0.0", 80)
    ('127.0.0.1:80', '[::1]:80', '127.0.0.1:80')
    """
    own = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"[{own}]:{port}" if ":" in own else f"{own}:{port}"


def _place(host: str, port: int) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise _unusable(host, port, error, "serving.host") from None
    family, _, _, _, place = sorted(found, key=lambda each: each[0] != socket.AF_INET)[0]
    return family, (str(place[0]), int(place[1]))


def _bound(family: int, place: tuple[str, int], where: str = "serving.port") -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(place)
    except OSError as error:
        made.close()
        raise _unusable(*place, error, where) from None
    return made


def _joined(family: int, place: tuple[str, int]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(place)
    return made


def _unusable(host: str, port: int, error: OSError, where: str) -> MlopsError:
    step = "choose an address of this machine, 127.0.0.1 for itself alone"
    is_taken = error.errno == errno.EADDRINUSE
    if is_taken:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            step = f"end what listens there, or write {where}={probe.getsockname()[1]}"
    elif error.errno == errno.EACCES:
        step = f"choose a port from 1024 to 65535: {where}=8080"
    elif error.errno == errno.EADDRNOTAVAIL:
        where = "serving.host"
    return fail(
        "port-taken" if is_taken else "no-such-address",
        "The server cannot listen there.",
        where=where,
        found=f"{address(host, port)}: {error.strerror}",
        accepted="an address of this machine, and a port that nobody listens on",
        next_step=step,
        exit_code=ENVIRONMENT,
    )


def _half(settings: Settings) -> MlopsError:
    absent = "serving.key" if settings.key is None else "serving.certificate"
    return fail(
        "half-a-certificate",
        "TLS takes two files.",
        where=absent,
        found="nothing",
        accepted="the path of a PEM file, or neither of the two",
        next_step=f"write {absent}=FILE",
    )


def _empty(secret: object) -> MlopsError:
    name = str(secret).rpartition("/")[2]
    return fail(
        "token-empty",
        "An empty token lets everybody in.",
        where=f"the environment variable {name}",
        found="an empty text",
        accepted="a text that nobody can guess",
        next_step=f"export {name}=$(openssl rand -hex 32)",
    )
