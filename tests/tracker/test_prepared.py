"""The tracking database is there at once, whole, and of the installed MLflow's version."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlops.core.errors import MlopsError
from mlops.tracker import prepared


@pytest.fixture
def database(outputs):
    return outputs / "mlflow.db"


def set_version(database, version):
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_the_newest_revision_is_the_one_that_mlflow_names():
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert prepared.revisions()[0] == _get_latest_schema_revision()


def test_the_packaged_database_is_that_of_the_installed_mlflow(database):
    database.parent.mkdir()
    prepared.ready(database, database.parent / "mlartifacts")
    assert prepared._version(database) == prepared.revisions()[0]


def test_it_holds_what_a_new_one_of_mlflow_holds(database, work, monkeypatch):
    prepared.ready(database, work / "mlartifacts")
    monkeypatch.setattr(prepared, "PACKED", work / "none.gz")  # so that MLflow makes one
    prepared.ready(work / "new" / "mlflow.db", work / "mlartifacts")
    assert _content(database) == _content(work / "new" / "mlflow.db")


def _content(database):
    """Its tables with their columns, indices and numbers of rows, and where files go."""
    with sqlite3.connect(database) as connection:
        ask = lambda text: sorted(connection.execute(text).fetchall())  # noqa: E731
        tables = [name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
        told = {
            name: (
                [column[1:] for column in ask(f"PRAGMA table_info('{name}')")],
                {index[1:] for index in ask(f"PRAGMA index_list('{name}')") if index[3] == "c"},
                ask(f"SELECT count(*) FROM '{name}'"),
            )
            for name in tables
        }
        return told, ask("SELECT artifact_location FROM experiments")


def test_one_that_is_moved_away_while_it_is_looked_at_is_made_anew(database, monkeypatch):
    database.parent.mkdir()
    database.write_bytes(b"this is no database" * 100)
    look = prepared._version

    def moved(path):
        if path == database and database.read_bytes().startswith(b"this"):
            database.rename(database.with_suffix(".damaged"))
        return look(path)

    monkeypatch.setattr(prepared, "_version", moved)
    prepared.ready(database, database.parent / "mlartifacts")
    assert prepared._version(database) == prepared.revisions()[0]


def test_many_who_come_at_once_find_one(database):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: prepared.ready(database, database.parent / "a"), range(16)))
    found = {path.name for path in database.parent.iterdir()}
    assert found == {"mlflow.db", ".mlflow.db.lock"}


def test_a_damaged_database_is_named_with_the_way_out(database):
    database.parent.mkdir()
    database.write_bytes(b"this is no database" * 100)
    with pytest.raises(MlopsError, match=r"(?s)damaged-database.*move it away"):
        prepared.ready(database, database.parent)
    assert database.read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize(
    ("version", "told"),
    [("ffffffffffff", "a newer MLflow"), ("451aebb31d03", "an older MLflow")],
)
def test_a_database_of_another_mlflow_is_named(database, version, told):
    prepared.ready(database, database.parent)
    set_version(database, version)
    with pytest.raises(MlopsError, match=told):
        prepared.ready(database, database.parent)
