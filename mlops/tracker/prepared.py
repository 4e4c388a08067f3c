"""The tracking database in the outputs folder: there at once, whole, and of the right version.

Creating MLflow's schema takes seconds, and several processes that do it at once break the file.
So an empty database travels with the package and is copied into place under a lock. It is used
only if its version is the installed MLflow's; else MLflow makes a new one, under the same lock.

To renew the packaged database after an update of MLflow: ``python -m mlops.tracker.prepared``.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import re
import secrets
import sqlite3
import tempfile
from pathlib import Path

from mlops.core.errors import ENVIRONMENT, fail
from mlops.core.paths import write_whole

PACKED = Path(__file__).with_name("mlflow.db.gz")
_REVISION = re.compile(r"^(down_revision|revision)\s*(?::[^=]+)?=\s*[\"']([0-9a-f]+)[\"']", re.M)


def ready(database: Path, artifacts: Path) -> None:
    """Make sure that `database` exists and can be used by the installed MLflow.

    Parameters
    ----------
    database : pathlib.Path
    artifacts : pathlib.Path
        Where the files of its default experiment go.

    Raises
    ------
    MlopsError
        It is damaged, or of another MLflow's version.
    """
    from filelock import FileLock

    database.parent.mkdir(parents=True, exist_ok=True)
    is_there = False
    while not is_there:  # again, if it was moved away meanwhile
        with FileLock(database.with_name(f".{database.name}.lock")):
            if not database.exists():
                _create(database, artifacts)
        is_there = _checked(database)


def revisions() -> tuple[str, frozenset[str]]:
    """The newest schema revision of the installed MLflow, and all of them; MLflow not imported."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        return "", frozenset()
    folder = Path(spec.submodule_search_locations[0]) / "store" / "db_migrations" / "versions"
    known, followed = set(), set()
    for path in folder.glob("*.py"):
        found = dict(_REVISION.findall(path.read_text(encoding="utf-8")))
        known |= {found[name] for name in ("revision",) if name in found}
        followed |= {found[name] for name in ("down_revision",) if name in found}
    heads = known - followed
    return (heads.pop() if len(heads) == 1 else ""), frozenset(known)


def _create(database: Path, artifacts: Path) -> None:
    """Unpack or migrate to a temporary name, point it to `artifacts`, rename it."""
    temporary = database.with_name(f".{database.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(gzip.decompress(PACKED.read_bytes()) if PACKED.exists() else b"")
        if _version(temporary) != revisions()[0]:
            temporary.unlink()
            _migrate(temporary, artifacts)
        with contextlib.closing(sqlite3.connect(temporary)) as connection, connection:
            # MLflow's tables are MLflow's: this one value is written by hand because it is the
            # absolute path of the machine that made the file, and MLflow has no call for it.
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0",
                (str(artifacts / "0"),),
            )
        temporary.replace(database)
    finally:
        temporary.unlink(missing_ok=True)


def _version(database: Path) -> str:
    """The schema revision of a database file; empty if it has none.

    Raises
    ------
    sqlite3.DatabaseError
        The file is no database, or damaged.
    """
    at = f"{database.absolute().as_uri()}?mode=rw"  # or one that is moved away would come to be
    with contextlib.closing(sqlite3.connect(at, timeout=20, uri=True)) as connection:
        with contextlib.suppress(sqlite3.OperationalError):  # no such table
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            return str(rows[0][0]) if rows else ""
        connection.execute("PRAGMA schema_version").fetchall()
        return ""


def _migrate(database: Path, artifacts: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{database}", str(artifacts))
    store.engine.dispose()


def _checked(database: Path) -> bool:
    """Whether it is there and in order."""
    head, known = revisions()
    try:
        version = _version(database)
    except sqlite3.DatabaseError as error:
        if not database.exists():
            return False
        raise fail(
            "damaged-database",
            "The tracking database cannot be read.",
            where=str(database),
            found=str(error),
            accepted="a SQLite database of MLflow",
            next_step=f"move it away (mv {database} {database}.damaged), then `mlops sync`",
            exit_code=ENVIRONMENT,
        ) from error
    if not head or version == head:
        return True
    is_older = version in known
    raise fail(
        "other-database-version",
        f"The tracking database was made by {'an older' if is_older else 'a newer'} MLflow.",
        where=str(database),
        found=f"schema {version or 'unknown'}",
        accepted=f"schema {head}, that of the installed MLflow",
        next_step=f"copy the file, then `mlflow db upgrade sqlite:///{database}`"
        if is_older
        else "install that MLflow, or move the file away; then `mlops sync`",
        exit_code=ENVIRONMENT,
    )


def pack(packed: Path = PACKED) -> int:
    """Make the packaged database anew with the installed MLflow; return its size in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        _migrate(database, Path("mlartifacts"))
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("VACUUM")
        write_whole(packed, gzip.compress(database.read_bytes(), 9, mtime=0))
    return packed.stat().st_size


if __name__ == "__main__":
    raise SystemExit(0 if pack() else 1)
