"""Where studies are kept: a journal file that one driver writes, or a database that many share."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlops.core.errors import ENVIRONMENT, MlopsError, closest, fail
from mlops.core.secret import Secret, masked
from mlops.tuner.agreement import AGREED

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
DIALECTS = (*PORTS, "sqlite", "oracle", "mssql")  # those of SQLAlchemy
HEARTBEAT_S, GRACE_S = 10, 40
CONNECT_S = 3.0
CREATE_TRIES, CREATE_PAUSE_S = 5, 0.5


def address(storage: str | Secret) -> str:
    """The address itself, secrets and all; only for the call that needs it."""
    return storage.reveal() if isinstance(storage, Secret) else storage


def shown(storage: str | Secret) -> str:
    """The address without what is secret in it."""
    return str(storage) if isinstance(storage, Secret) else masked(storage)


def check(storage: str | Secret) -> None:
    """Look whether a database could be there, without loading what speaks to it.

    Raises
    ------
    MlopsError
        The address is none, or nobody answers there.
    """
    parts = urlsplit(address(storage))
    dialect, _, driver = parts.scheme.partition("+")
    if dialect not in DIALECTS or not re.fullmatch("[a-z0-9_]*", driver):
        near = closest(dialect, DIALECTS)
        raise _no_address(shown(storage), f"{near}://…" if near else "")
    port = PORTS.get(dialect)
    if parts.hostname is None or port is None:
        return
    try:
        socket.create_connection((parts.hostname, parts.port or port), CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise unreachable(storage, str(error)) from error


def _may_be_in_the_making(error: Exception) -> bool:
    """Whether another driver may be creating the tables at this moment."""
    names = ("IntegrityError", "ProgrammingError", "InternalError", "AssertionError")
    return type(error).__name__ in names or "no longer compatible" in str(error)


def is_sqlite(storage: str | Secret) -> bool:
    """Whether the address is that of a file, which serves one driver well."""
    return urlsplit(address(storage)).scheme.startswith("sqlite")


def _no_address(found: str, near: str = "") -> MlopsError:
    return fail(
        "bad-storage",
        "This is no address of a database.",
        where="tuner.storage",
        found=found,
        accepted="null (a file in outputs/studies), postgresql://…, mysql://…, sqlite:///…",
        closest=near,
        next_step="write tuner.storage=postgresql://user@host/database",
    )


def unreachable(storage: str | Secret, said: str) -> MlopsError:
    """The error for a database that cannot be used now."""
    return fail(
        "storage-unreachable",
        "The database of the study cannot be reached.",
        where="tuner.storage",
        found=f"{shown(storage)}: {hidden(storage, said)}",
        accepted="a database that answers and lets us in",
        next_step="start it, or correct tuner.storage; null keeps the study in outputs/studies",
        exit_code=ENVIRONMENT,
    )


def hidden(storage: str | Secret, said: str) -> str:
    """What a database said, in one line and without secrets."""
    text = said.replace(address(storage), shown(storage))
    password = urlsplit(address(storage)).password
    text = text.replace(password, "***") if password else text
    return masked(" ".join(text.split()))[:300]


def database(storage: str | Secret, again: Any) -> Any:
    """Optuna's storage at an address, whose drivers notice one another's death.

    Parameters
    ----------
    storage : str or Secret
    again : callable
        Takes a study and a trial whose driver has died.

    Raises
    ------
    MlopsError
        It cannot be reached (4), is locked (4), or is of another version (4).
    """
    from optuna.storages import RDBStorage

    options = {"connect_args": {"timeout": 3}} if is_sqlite(storage) else {}
    for tries_left in reversed(range(CREATE_TRIES)):
        try:
            return RDBStorage(
                address(storage),
                engine_kwargs=options,
                heartbeat_interval=HEARTBEAT_S,
                grace_period=GRACE_S,
                heartbeat_stale_trial_callback=again,
            )
        except Exception as error:
            if not tries_left or not _may_be_in_the_making(error):
                raise
            time.sleep(CREATE_PAUSE_S)
    raise AssertionError("unreachable")


def journal(path: Path) -> Any:
    """Optuna's storage in a file, of which a torn end and forgotten locks are taken away.

    Only for who has locked the study.

    Raises
    ------
    MlopsError
        The file holds something else, or was written by a newer release.
    """
    from mlops.tuner.journal_file import Journal

    for left in path.parent.glob(f"{path.name}.lock*"):
        left.unlink(missing_ok=True)
    try:
        _mend(path)
        return Journal(path)
    except (ValueError, KeyError, TypeError, AssertionError, NotImplementedError) as error:
        raise fail(
            "study-unreadable",
            "The study's file cannot be read.",
            where=str(path),
            found=f"{type(error).__name__}: {error}"[:200],
            accepted="a journal of this release of Optuna, or an older one",
            next_step="start a new study: leave out tuner.resume and tuner.study",
            exit_code=ENVIRONMENT,
        ) from error


def described(path: Path) -> dict[str, Any]:
    """What the study in a file says of itself at its beginning; empty where it says nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError), path.open("rb") as file:
        for line in itertools.islice(file, 4):
            if found := json.loads(line).get("user_attr", {}).get(AGREED):
                return dict(found)
    return {}


def _mend(path: Path) -> None:
    """Cut off a last line that was being written when its writer was killed.

    Raises
    ------
    ValueError
        The file holds something else.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    if whole:
        json.loads(whole.partition(b"\n")[0])


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the one driver of the study in `path` while the block runs.

    Raises
    ------
    MlopsError
        Another one is.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.driver"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise fail(
            "study-in-use",
            "Another command is at work on this study.",
            where=str(path),
            found="its lock is held",
            accepted="one driver a study, or a database: tuner.storage=postgresql://…",
            next_step="wait for it to end, or begin another: leave out tuner.resume, or name "
            "another tuner.study",
            exit_code=ENVIRONMENT,
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def explained(storage: str | Secret) -> Iterator[None]:
    """What a database or its driver says against being used, as an error in five parts."""
    try:
        yield
    except MlopsError:
        raise
    except ImportError as error:
        raise fail(
            "storage-driver-missing",
            "The package that speaks to this database is not installed.",
            where="tuner.storage",
            found=f"{shown(storage)}: {error}",
            accepted="an installed driver",
            next_step="pip install 'mlops[postgres]' for PostgreSQL, or the driver for yours",
            exit_code=ENVIRONMENT,
        ) from error
    except Exception as error:
        if not _is_of_database(error):
            raise
        raise _database_said(storage, error) from error


def _is_of_database(error: Exception) -> bool:
    theirs = ("sqlalchemy", "optuna", "psycopg", "alembic", "sqlite3", "pymysql")
    return type(error).__module__.startswith(theirs) or "no longer compatible" in str(error)


def _database_said(storage: str | Secret, error: Exception) -> MlopsError:
    said = f"{error} {error.__cause__ or ''}"
    if "no longer compatible with the table schema" in said or "alembic" in said.lower():
        return fail(
            "storage-version",
            "The database was made by another release of Optuna.",
            where="tuner.storage",
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
            where="tuner.storage",
            found=hidden(storage, said),
            accepted="a database that nobody holds; SQLite serves one driver",
            next_step="end what holds it, or use PostgreSQL for several drivers",
            exit_code=ENVIRONMENT,
        )
    if type(error).__name__ in ("ArgumentError", "NoSuchModuleError"):
        return _no_address(hidden(storage, said))
    return unreachable(storage, said)
