"""Who may ask: tokens, compared in constant time."""

from __future__ import annotations

import hmac

from mlops.serving.refusal import refused
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
        if self._token is not None:
            _compare(headers, self._token)

    def check_admin(self, headers: dict[bytes, bytes]) -> None:
        """Let an administrator pass; without an admin token nobody is one.

        Raises
        ------
        Refusal
        """
        if self._admin is None:
            says = "This server has no admin verbs."
            raise refused("forbidden", says, accepted="a server with serving.admin_token")
        _compare(headers, self._admin)


def _revealed(secret: object) -> bytes | None:
    found = secret.reveal() if hasattr(secret, "reveal") else secret
    return None if found is None else str(found).encode()


def _compare(headers: dict[bytes, bytes], token: bytes) -> None:
    given = headers.get(b"authorization", b"")
    is_scheme = given[: len(SCHEME)].lower() == SCHEME
    if not hmac.compare_digest(given[len(SCHEME) :] if is_scheme else b"", token):
        says = "A token is needed, and this request has none or another."
        raise refused("unauthorized", says, "Authorization", "Bearer and the token")
