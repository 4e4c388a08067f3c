"""Several drivers, as if on several hosts, share one study in a PostgreSQL database."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from mlops.core.errors import MlopsError

pytestmark = pytest.mark.postgres
TOTAL = 12


def program(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else shutil.which(name) or name


def as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] * (
        getpass.getuser() == "root"
    ) or command


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The address of an empty database with a password, on a port of its own."""
    folder = tmp_path_factory.mktemp("pg") / "data"
    folder.mkdir()
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.getuid() and each.is_relative_to(tempfile.gettempdir()):
            os.chmod(each, each.stat().st_mode | 0o755)
    if getpass.getuser() == "root":
        shutil.chown(folder, "postgres", "postgres")
    secret = folder.parent / "password"
    secret.write_text("s3cret-w0rd")
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    init = [program("initdb"), "-D", str(folder), "-U", "ann", "-A", "scram-sha-256"]
    subprocess.run(
        as_owner([*init, f"--pwfile={secret}", "--no-sync"]),
        check=True,
        capture_output=True,
        cwd="/",
    )
    options = ["-c", "fsync=off", "-c", f"unix_socket_directories={folder}", "-p", str(port)]
    server = subprocess.Popen(
        as_owner([program("postgres"), "-D", str(folder), *options]),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
    address = f"postgresql+psycopg://ann:s3cret-w0rd@127.0.0.1:{port}/postgres"
    try:
        wait_for(port, server)
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="ann", password="s3cret-w0rd", dbname="postgres"
            ).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise AssertionError("PostgreSQL does not start")


def words(address: str, name: str) -> list[str]:
    return [
        "tuner=random", f"tuner.trials={TOTAL}", "compute.workers=1", "model.pause_s=0.02",
        f"tuner.storage='{address}'", f"tuner.study={name}",
    ]  # fmt: skip


def load(address: str, name: str):
    import optuna

    return optuna.load_study(study_name=name, storage=address)


def test_two_drivers_share_one_study_up_to_its_total(place, database):
    drivers = [place.start(*words(database, "shared")) for _ in range(2)]
    printed = ["".join(each.communicate(timeout=120)) for each in drivers]
    assert [each.returncode for each in drivers] == [0, 0], printed
    trials = load(database, "shared").get_trials()
    counted = [each for each in trials if "lost" not in each.user_attrs]
    assert Counter(each.state.name for each in counted) == {"COMPLETE": TOTAL}
    fits = Counter(place.fits())
    for each in counted:  # scored once by one driver; the winner is fitted once more by each
        assert fits[repr(each.params["model.slope"])] in (5, 7)
    for path in place.folder.rglob("outputs/**/*"):
        if path.is_file():
            assert b"s3cret-w0rd" not in path.read_bytes(), path
    assert "s3cret-w0rd" not in "".join(printed)


def test_trials_of_a_driver_that_died_are_done_by_another(place, database, monkeypatch):
    monkeypatch.setattr("mlops.tuner.storage.HEARTBEAT_S", 1)
    monkeypatch.setattr("mlops.tuner.storage.GRACE_S", 2)
    process = place.start(*words(database, "orphaned"))
    end = time.monotonic() + 60
    while time.monotonic() < end and len(place_fits(place)) < 12:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert "RUNNING" in [each.state.name for each in load(database, "orphaned").get_trials()]
    place(*words(database, "orphaned"))
    trials = load(database, "orphaned").get_trials()
    scored = [each for each in trials if each.state.name == "COMPLETE"]
    assert len(scored) == TOTAL
    assert {each.state.name for each in trials} == {"COMPLETE", "FAIL"}


def place_fits(place) -> list[str]:
    return place.fits() if (place.folder / "fits.txt").exists() else []


def test_a_wrong_password_is_told_without_showing_it(place, database):
    wrong = database.replace("s3cret-w0rd", "wr0ng-w0rd")
    with pytest.raises(MlopsError) as told:
        place(*words(wrong, "locked"))
    assert told.value.problems[0].code == "storage-unreachable"
    assert told.value.exit_code == 4
    assert "wr0ng-w0rd" not in str(told.value)
