"""What is secret reaches the workers, and nothing that an engine writes."""

from __future__ import annotations

from mlops.core.crew import events
from tests.compute.words import ready

SECRET = "correct-horse-battery"


def test_a_secret_reaches_workers_and_no_file(engine, part_of, folder_of, tmp_path, monkeypatch):
    part = part_of(engine, workers=1)
    monkeypatch.setenv("DOOR_PASSWORD", SECRET)
    part.belongs_to(tmp_path / "outputs")
    with part.crew(ready) as crew:
        crew.start("says", ("secret", "DOOR_PASSWORD"))
        crew.start("shouts", ("shout", SECRET))
        crew.start("tells", ("fail", SECRET))
        crew.start("dies", "kill")
        found = {event.key: event for event in events(crew)}
        assert found["says"].value == SECRET
        assert files_with(SECRET, folder_of(engine), tmp_path) == []
    assert files_with(SECRET, folder_of(engine), tmp_path) == []


def files_with(secret, *folders):
    """Files below `folders` that hold `secret`."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files or folders == ()
    return [path for path in files if secret.encode() in content(path)]


def content(path):
    try:
        return path.read_bytes()
    except OSError:  # gone meanwhile
        return b""
