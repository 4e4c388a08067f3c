"""A disk that is full or read-only: told in five parts, nothing half-written, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.tracker.sync import pending

PARTS = ("error[", "  where ", "  found ", "  accepted ", "  closest ", "  next ")
WORDS = ("mode=smoke", "ui=plain")


class Disk:
    """A small file system of its own at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        self._run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))

    def remount(self, options: str) -> None:
        self._run("mount", "-o", f"remount,{options}", str(self.folder))

    def unmount(self) -> None:
        # A recorder may still have its log open: out of sight is enough.
        self._run("umount", "--lazy", str(self.folder))

    @staticmethod
    def _run(*command: str) -> None:
        rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
        done = subprocess.run([*rights, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(done.stderr.strip())


@pytest.fixture
def disk(work):
    """The outputs folder as a small disk; who asks for it is marked ``tmpfs``."""
    folder = work / "outputs"
    folder.mkdir()
    made = Disk(folder)
    try:
        made.mount("size=4k")
    except OSError as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    yield made
    made.unmount()


def told_in_five_parts(ran) -> None:
    assert ran.exit_code == 4, ran.text
    assert "Traceback" not in ran.text
    assert all(part in ran.stderr for part in PARTS), ran.stderr


def no_temporary_file(folder: Path) -> None:
    assert list(folder.rglob("*.tmp")) == []
    for path in folder.rglob("*.json"):
        json.loads(path.read_text())


@pytest.mark.tmpfs
@pytest.mark.parametrize("size", ["4k", "16k", "64k"])
def test_a_full_disk_stops_the_run_and_the_next_one_with_room_goes_through(cli, disk, size):
    disk.remount(f"size={size}")
    ran = cli(*WORDS, "tracker=offline")
    told_in_five_parts(ran)
    assert "No space left on device" in ran.stderr
    no_temporary_file(disk.folder)
    disk.remount("size=20m")
    cli(*WORDS, "tracker=offline").ok()


@pytest.mark.tmpfs
@pytest.mark.parametrize("size", ["100k", "120k"])
def test_no_room_for_the_cache_costs_only_the_reuse(cli, disk, size):
    disk.remount(f"size={size}")
    ran = cli(*WORDS, "tracker=offline")
    if ran.exit_code:  # where even the report has no room
        told_in_five_parts(ran)
    else:
        assert "! the step cache could not be written" in ran.stdout
    no_temporary_file(disk.folder)


@pytest.mark.tmpfs
@pytest.mark.parametrize("size", ["200k", "1200k"])
def test_no_room_for_the_tracking_database_costs_one_line_and_sync_delivers_later(cli, disk, size):
    disk.remount(f"size={size}")
    ran = cli(*WORDS).ok()
    (line,) = [each for each in ran.stdout.splitlines() if each.startswith("  record ")]
    assert "mlops sync" in line
    assert "error[" not in ran.text
    assert len(pending(disk.folder)) == 1
    disk.remount("size=20m")
    assert "1 record delivered" in cli("sync").ok().text
    assert pending(disk.folder) == {}


@pytest.mark.tmpfs
def test_a_read_only_disk_is_told_by_every_verb_that_writes(cli, disk):
    disk.remount("size=20m")
    cli(*WORDS, "tracker=offline").ok()
    disk.remount("ro")
    for verb in [(), ("sync",), ("clean", "apply=true"), ("ui", "port=5098"), ("-m", "seed=1,2")]:
        told_in_five_parts(cli(*verb, "ui=plain"))
    assert cli("doctor", "ui=plain").exit_code == 4
    assert cli("check").ok()
    assert "steps would be reused" in cli("plan", "ui=plain").ok().text


def test_an_outputs_folder_that_cannot_be_made_is_told(cli, work):
    (work / "outputs").write_text("a file")
    told_in_five_parts(cli(*WORDS))
    assert (work / "outputs").read_text() == "a file"


def test_a_folder_without_rights_is_told(cli, work):
    # Root may write everywhere, unless that right is taken from it first.
    dropped = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    work.chmod(0o555)
    try:
        for words in (WORDS, ("doctor", "ui=plain")):
            ran = subprocess.run(
                [*dropped, sys.executable, "-m", "mlops", *words],
                cwd=work,
                env=cli.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 4, ran.stdout + ran.stderr
            assert "Traceback" not in ran.stderr
            assert words != WORDS or all(part in ran.stderr for part in PARTS), ran.stderr
        assert list(work.iterdir()) == []
    finally:
        work.chmod(0o755)


def test_files_may_be_limited_in_size(cli, work):
    """What `ulimit -f` does: a write beyond 20 kB is refused, as by a full disk."""
    limited = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from mlops.cli import main
sys.exit(main({[*WORDS, "tracker=offline"]!r}))
"""
    ended = subprocess.run(
        [sys.executable, "-c", limited],
        cwd=work,
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4, ended.stdout + ended.stderr
    assert all(part in ended.stderr for part in PARTS)
    no_temporary_file(work / "outputs")
