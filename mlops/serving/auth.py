"""Who may ask: tokens, compared in constant time."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache

from mlops.serving.refusal import Refusal, refused
from mlops.serving.settings import Settings

SCHEME = b"bearer "


class Auth:
    """The tokens of a server, read once from where they are kept.

    Parameters
    ----------
    settings : Settings
        ``token`` for everything but health, ``admin_token`` for the admin verbs.

    Raises
    ------
    MlopsError
        A secret is not set.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = _revealed(settings.token)
        self._admin = _revealed(settings.admin_token)

    @property
    def is_asked(self) -> bool:
        """Whether callers need a token."""
        return self._token is not None

    def check(self, headers: dict[bytes, bytes]) -> None:
        """Let a caller pass.

        Raises
        ------
        Refusal
        """
        if self.lets_in(headers):
            return
        if self._token is None:
            says = "Without a token this server answers to no such name."
            accepted = "localhost or an address; a server with serving.token takes every name"
            raise refused("forbidden", says, "Host", accepted)
        raise _unauthorized()

    def lets_in(self, headers: dict[bytes, bytes]) -> bool:
        """Whether a caller has the token, or reached us by a name that can be nobody else's."""
        if self._token is not None:
            return _has(headers, self._token)
        return _is_private(headers.get(b"host", b"localhost"))

    def check_admin(self, headers: dict[bytes, bytes]) -> None:
        """Let an administrator pass; without an admin token nobody is one.

        Raises
        ------
        Refusal
        """
        if self._admin is None:
            says = "This server has no admin verbs."
            raise refused("forbidden", says, accepted="a server with serving.admin_token")
        if not _has(headers, self._admin):
            raise _unauthorized()


@lru_cache(maxsize=256)
def _is_private(host: bytes) -> bool:
    """Whether no web page elsewhere can have the name for its own.

    A page may let its own name point to this machine (DNS rebinding), and a browser then lets it
    read what we answer. Such a name has a dot and is no address.

    >>> [_is_private(each) for each in (b"localhost:8080", b"127.0.0.1:80", b"[::1]:80", b"model")]
    [True, True, True, True]
    >>> _is_private(b"evil.example:8080"), _is_private(b"shop.localhost")
    (False, True)
    """
    name, bracket, _ = host.decode("latin-1").lower().lstrip("[").partition("]")
    if not bracket:
        name = name.rsplit(":", 1)[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(".localhost")
    return True


def _revealed(secret: object) -> bytes | None:
    found = secret.reveal() if hasattr(secret, "reveal") else secret
    return None if found is None else str(found).encode()


def _has(headers: dict[bytes, bytes], token: bytes) -> bool:
    given = headers.get(b"authorization", b"")
    is_scheme = given[: len(SCHEME)].lower() == SCHEME
    return hmac.compare_digest(given[len(SCHEME) :] if is_scheme else b"", token)


def _unauthorized() -> Refusal:
    says = "A token is needed, and this request has none or another."
    return refused("unauthorized", says, "Authorization", "Bearer and the token")
