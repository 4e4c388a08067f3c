"""How a server behaves: addresses, workers, policies and limits, the same for every model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlops.core.errors import MlopsError, fail
from mlops.core.secret import MARK, Secret

TOKENS = ("token", "admin_token")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The keys of ``conf/serving/standard.yaml``; tokens are secrets and never plain text.

    Parameters
    ----------
    host : str
        Another address than the loopback one needs `token`.
    port : int
        Of REST; 0 takes a free one.
    grpc_port : int or None
        None: no gRPC.
    workers : int or None
        Processes; None for one a core.
    token, admin_token : Secret or None
        What callers send as ``Authorization: Bearer``; without `admin_token` there are no admin
        verbs.
    certificate, key : str or None
        PEM files for TLS.
    missing, extra, unseen : str
        What a missing column, one too many and an unseen category are: ``refuse``, ``warn`` or
        ``ignore``. A missing value that is not refused is filled as the pipeline learned.
    canary : str, int or None
        Name or number of a version that answers `canary_share` of the requests.
    canary_share : float in [0, 1]
    shadow : str, int or None
        Name or number of a version that gets a copy of the requests; its answers are compared,
        never sent.
    queue : int
        Requests under way in one worker; one more is told to come again (429).
    timeout_s : float
        For the head of a request, 10 at most, and then as long for the rest and its answer.
    drain_s : float
        For requests under way when the server is told to end.
    max_bytes, max_rows, max_text : int
        Of a request's body (after unpacking), of its rows, of one text.
    log_share : float in [0, 1]
        Of the requests that are kept for the monitor; 0: none. At most 10,000 rows a second of
        each worker are.
    log_mb : float
        At most so much is kept; the oldest goes.

    Raises
    ------
    MlopsError
        A token is written out.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    grpc_port: int | None = 8081
    workers: int | None = None
    token: Any = None
    admin_token: Any = None
    certificate: str | None = None
    key: str | None = None
    missing: str = "refuse"
    extra: str = "warn"
    unseen: str = "warn"
    canary: str | int | None = None
    canary_share: float = 0.1
    shadow: str | int | None = None
    queue: int = 128
    timeout_s: float = 30.0
    drain_s: float = 10.0
    max_bytes: int = 8 * 2**20
    max_rows: int = 100_000
    max_text: int = 10_000
    log_share: float = 1.0
    log_mb: float = 256.0

    def __post_init__(self) -> None:
        for name in TOKENS:
            if not isinstance(getattr(self, name), Secret | None):
                raise _plain(name)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Settings:
        """Settings from plain data, in which secrets are marks.

        Raises
        ------
        MlopsError
            A token is written out.

        Examples
        --------
        >>> Settings.of({"port": 0, "token": "secret://API_TOKEN"}).token
        secret://API_TOKEN
        """
        secret = {name: _secret(raw[name]) for name in TOKENS if raw.get(name) is not None}
        known = {name: value for name, value in raw.items() if not name.startswith("_")}
        return cls(**{**known, **secret})


def _secret(mark: Any) -> Any:
    """The secret of a mark; anything else is what it is, and refused."""
    is_mark = isinstance(mark, str) and mark.startswith(MARK)
    return Secret(mark.removeprefix(MARK)) if is_mark else mark


def _plain(name: str) -> MlopsError:
    return fail(
        "plain-token",
        "A token is never written out: whoever reads a configuration would know it.",
        where=f"serving.{name}",
        found="something that is no secret's name, and is not shown",
        accepted="${secret:NAME}, the name of an environment variable",
        next_step="put NAME under allowed_env in mlops.yaml, export NAME=…, and write "
        f"'serving.{name}=${{secret:NAME}}'",
    )
