"""The address of a database that keeps studies, and what that says against being used.

In five parts wherever a study is opened: by the tuner, or by the sweeper of a sweep.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from mlops.core.errors import ENVIRONMENT, MlopsError, closest, fail
from mlops.core.secret import Secret, masked

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
DIALECTS = (*PORTS, "sqlite", "oracle", "mssql")  # those of SQLAlchemy
CONNECT_S = 3.0
NO_DRIVER = "Failed to import DB access module"  # Optuna says it


@dataclass(frozen=True)
class Key:
    """The key that an address is written for.

    Parameters
    ----------
    name : str
    otherwise : str
        Where the study is kept if that is null.
    """

    name: str
    otherwise: str


TUNER = Key("tuner.storage", "outputs/studies")


def address(storage: str | Secret) -> str:
    """The address itself, secrets and all; only for the call that needs it."""
    return storage.reveal() if isinstance(storage, Secret) else storage


def shown(storage: str | Secret) -> str:
    """The address without what is secret in it."""
    return str(storage) if isinstance(storage, Secret) else masked(storage)


def knock(storage: str | Secret) -> None:
    """Look whether a database could be there, without loading what speaks to it.

    Raises
    ------
    MlopsError
        The address is none, or nobody answers there.
    """
    parts = urlsplit(address(storage))
    dialect, _, driver = parts.scheme.partition("+")
    if dialect not in DIALECTS or not re.fullmatch("[a-z0-9_]*", driver):
        raise _no_address(storage, shown(storage), TUNER)
    port = PORTS.get(dialect)
    if parts.hostname is None or port is None:
        return
    try:
        socket.create_connection((parts.hostname, parts.port or port), CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise _unreachable(storage, str(error), TUNER) from error


def is_sqlite(storage: str | Secret) -> bool:
    """Whether the address is that of a file, which serves one driver well."""
    return urlsplit(address(storage)).scheme.startswith("sqlite")


def _no_address(storage: str | Secret, found: str, key: Key) -> MlopsError:
    near = closest(urlsplit(address(storage)).scheme.partition("+")[0], DIALECTS)
    return fail(
        "bad-storage",
        "This is no address of a database.",
        where=key.name,
        found=found,
        accepted=f"null (kept in {key.otherwise}), postgresql://…, mysql://…, sqlite:///…",
        closest=f"{near}://…" if near else "",
        next_step=f"write {key.name}=postgresql://user@host/database",
    )


def _unreachable(storage: str | Secret, said: str, key: Key) -> MlopsError:
    return fail(
        "storage-unreachable",
        "The database of the study cannot be reached.",
        where=key.name,
        found=f"{shown(storage)}: {hidden(storage, said)}",
        accepted="a database that answers and lets us in",
        next_step=f"start it, or correct {key.name}; null keeps the study in {key.otherwise}",
        exit_code=ENVIRONMENT,
    )


def hidden(storage: str | Secret, said: str) -> str:
    """What a database said, in one line and without secrets."""
    text = said.replace(address(storage), shown(storage))
    password = urlsplit(address(storage)).password
    text = text.replace(password, "***") if password else text
    return masked(" ".join(text.split()))[:300]


@contextlib.contextmanager
def explained(storage: str | Secret, key: Key = TUNER) -> Iterator[None]:
    """What a database or its driver says against being used, as an error in five parts.

    Parameters
    ----------
    storage : str or Secret
    key : Key
        For which it is written.
    """
    try:
        yield
    except MlopsError:
        raise
    except Exception as error:
        if not is_of_database(error):
            raise
        raise _database_said(storage, error, key) from error


def is_of_database(error: BaseException) -> bool:
    """Whether a database, or what speaks to it, said `error`."""
    theirs = ("sqlalchemy", "optuna", "psycopg", "alembic", "sqlite3", "pymysql")
    known = "no longer compatible", NO_DRIVER
    return type(error).__module__.startswith(theirs) or any(each in str(error) for each in known)


def _database_said(storage: str | Secret, error: Exception, key: Key) -> MlopsError:
    said = f"{error} {error.__cause__ or ''}"
    if NO_DRIVER in said:
        return fail(
            "storage-driver-missing",
            "The package that speaks to this database is not installed.",
            where=key.name,
            found=f"{shown(storage)}: {error}",
            accepted="an installed driver",
            next_step="pip install 'mlops[postgres]' for PostgreSQL, or the driver for yours",
            exit_code=ENVIRONMENT,
        )
    if "no longer compatible with the table schema" in said or "alembic" in said.lower():
        return fail(
            "storage-version",
            "The database was made by another release of Optuna.",
            where=key.name,
            found=hidden(storage, said),
            accepted="a database of this release",
            next_step="install the release that made it, run `optuna storage upgrade`, or name "
            "another database",
            exit_code=ENVIRONMENT,
        )
    if "locked" in said:
        return fail(
            "storage-locked",
            "The database of the study is locked.",
            where=key.name,
            found=hidden(storage, said),
            accepted="a database that nobody holds; SQLite serves one driver",
            next_step="end what holds it, or use PostgreSQL for several drivers",
            exit_code=ENVIRONMENT,
        )
    if type(error).__name__ in ("ArgumentError", "NoSuchModuleError"):
        return _no_address(storage, f"{shown(storage)}: {hidden(storage, said)}", key)
    return _unreachable(storage, said, key)
